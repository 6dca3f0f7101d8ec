/* SPDX-License-Identifier: MIT */
/* Lines and words. */
#include "import/text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

bool text_line(struct cursor *c, char *line, size_t cap, unsigned *number)
{
	size_t n = 0;
	uint8_t octet;

	if (cursor_left(c) == 0)
		return false;
	while (cursor_left(c) && (octet = cursor_u8(c)) != '\n')
		if (n + 1 < cap)
			line[n++] = (char)octet;
	if (n && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	if (number)
		(*number)++;
	return true;
}

bool text_word(struct cursor *c, bool escapes, char *out, size_t cap)
{
	char quote = '\0';
	size_t n = 0;

	while (cursor_left(c) && *c->at != '\n' && isspace(*c->at))
		cursor_skip(c, 1);
	if (cursor_left(c) == 0 || *c->at == '\n' || *c->at == '#')
		return false;
	while (cursor_left(c)) {
		char o = (char)*c->at;

		if (!quote && isspace((unsigned char)o))
			break;
		if (quote && o == '\n' && !escapes)
			break;
		cursor_skip(c, 1);
		if (quote ? o == quote : o == '"' || o == '\'') {
			quote = (char)(quote ? 0 : o);
			continue;
		}
		if (escapes && o == '\\' && cursor_left(c)) {
			o = (char)cursor_u8(c);
			if (o == '\n') /* the line goes on */
				continue;
		}
		if (n + 1 < cap && o)
			out[n++] = o;
	}
	out[n] = '\0';
	return true;
}

bool text_next_line(struct cursor *c)
{
	while (cursor_left(c))
		if (cursor_u8(c) == '\n')
			break;
	return cursor_left(c) > 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

char *text_trim(char *line)
{
	size_t n;

	while (is_blank(*line))
		line++;
	n = strlen(line);
	while (n && is_blank(line[n - 1]))
		n--;
	line[n] = '\0';
	return line;
}

char *text_unquote(char *text, char quote)
{
	size_t n = strlen(text);

	if (n < 2 || text[0] != quote || text[n - 1] != quote)
		return text;
	text[n - 1] = '\0';
	return text + 1;
}

bool text_pair(char *line, char separator, char **key, char **value)
{
	char *at = strchr(line, separator);

	if (!at)
		return false;
	*at = '\0';
	*key = text_trim(line);
	*value = text_trim(at + 1);
	return **key != '\0';
}

bool text_is_yes(const char *text)
{
	static const char *const words[] = {"yes", "true", "on", "1", "enabled", "$true"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

void text_list_remove(char *list, const char *word)
{
	size_t len = strlen(word);
	char *at = list;

	while (*at) {
		size_t n = strcspn(at, ",");
		size_t whole = n + (at[n] == ',');

		if (n == len && memcmp(at, word, n) == 0)
			memmove(at, at + whole, strlen(at + whole) + 1);
		else
			at += whole;
	}
	len = strlen(list);
	if (len && list[len - 1] == ',')
		list[len - 1] = '\0';
}

bool text_base64(const char *text, char *out, size_t cap)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	for (; *text && *text != '='; text++) {
		const char *digit = strchr(digits, *text);

		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		out[n] = (char)(bits >> have);
		if (!out[n] || ++n == cap)
			return false;
	}
	out[n] = '\0';
	return text[strspn(text, "=")] == '\0';
}

const char *text_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
