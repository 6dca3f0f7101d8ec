/* SPDX-License-Identifier: MIT */
/* Writing sections so that the reader of profiles reads the same again. */
#include "import/writer.h"

#include "base/secret.h"
#include "import/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool import_out_new(struct import_out *out)
{
	*out = (struct import_out){.text = calloc(1, IMPORT_OUT_MAX + 1)};
	return out->text != NULL;
}

void import_out_free(struct import_out *out)
{
	if (out->text)
		wipe(out->text, out->len);
	free(out->text);
	*out = (struct import_out){.text = NULL};
}

void import_out_printf(struct import_out *out, const char *fmt, ...)
{
	size_t room = IMPORT_OUT_MAX + 1 - out->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out->text + out->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room) {
		out->full = true;
		out->text[out->len] = '\0';
	} else
		out->len += (size_t)n;
}

static bool is_plain(const char *value)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_.@+-:/,!";

	return *value && strspn(value, legal) == strlen(value);
}

/* The keys whose values are secrets: written between quotes, or in base64. */
static bool is_secret_key(const char *key)
{
	return strcmp(key, "password") == 0 || strcmp(key, "tunnel-secret") == 0 ||
	       strcmp(key, "ipsec-secret") == 0;
}

static void write_base64(struct import_out *out, const char *value)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)value;

	import_out_printf(out, "base64:");
	for (size_t left = strlen(value); left > 0;) {
		size_t n = left < 3 ? left : 3;
		unsigned bits = (unsigned)p[0] << 16;

		bits |= n > 1 ? (unsigned)p[1] << 8 : 0;
		bits |= n > 2 ? (unsigned)p[2] : 0;
		import_out_printf(out, "%c%c%c%c", digits[bits >> 18], digits[bits >> 12 & 63],
				  n > 1 ? digits[bits >> 6 & 63] : '=',
				  n > 2 ? digits[bits & 63] : '=');
		p += n;
		left -= n;
	}
}

static void write_quoted(struct import_out *out, const char *value)
{
	import_out_printf(out, "\"");
	for (; *value; value++)
		import_out_printf(out, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
	import_out_printf(out, "\"");
}

void import_write_value(struct import_out *out, const char *key, const char *value)
{
	import_out_printf(out, "%s = ", key);
	if (is_secret_key(key) && strpbrk(value, "\r\n"))
		write_base64(out, value);
	else if (is_secret_key(key) || !is_plain(value))
		write_quoted(out, value);
	else
		import_out_printf(out, "%s", value);
	import_out_printf(out, "\n");
}

bool import_section_secret(const struct import_list *list, size_t section)
{
	for (size_t i = 0; i < list->item_count; i++)
		if (list->items[i].section == section && list->items[i].key &&
		    !list->items[i].replaced && is_secret_key(list->items[i].key))
			return true;
	return false;
}

static void write_item(struct import_out *out, const struct import_item *item, bool shown)
{
	if (is_secret_key(item->key) && !shown)
		import_out_printf(out, "%s = (not shown)\n", item->key);
	else if (strpbrk(item->value, "\r\n") && !is_secret_key(item->key))
		import_out_printf(out, "# %s: its value is of several lines, write it anew\n",
				  item->key);
	else
		import_write_value(out, item->key, item->value);
}

void import_write_section(struct import_out *out, const struct import_list *list, size_t section,
			  const char *title, bool shown)
{
	bool notes = false;

	import_out_printf(out, "[%s]\n", title);
	for (size_t i = 0; i < list->item_count; i++) {
		const struct import_item *item = &list->items[i];

		if (item->section == section && item->key && !item->replaced)
			write_item(out, item, shown);
	}
	for (size_t i = 0; i < list->item_count; i++) {
		const struct import_item *item = &list->items[i];

		if (item->section != section || item->key)
			continue;
		if (!notes)
			import_out_printf(out, "# Not carried over, or to be looked at:\n");
		notes = true;
		import_out_printf(out, "#   %s\n", item->value);
	}
}

/* The name in a header "[name]", in place, or NULL. */
static char *header(char *line)
{
	char *at = text_trim(line), *close;

	close = *at == '[' ? strchr(at, ']') : NULL;
	if (!close)
		return NULL;
	*close = '\0';
	return text_trim(at + 1);
}

void import_write_others(struct import_out *out, const struct import_list *list,
			 enum import_place place, const char *text)
{
	bool left_out = false;

	while (*text) {
		size_t n = strcspn(text, "\n");
		char line[256], *name;

		n += text[n] == '\n';
		(void)snprintf(line, sizeof(line), "%.*s", (int)(n < 255 ? n : 255), text);
		line[strcspn(line, "\n")] = '\0';
		name = header(line);
		if (name)
			left_out = import_find(list, place, name) != IMPORT_NONE;
		if (!left_out)
			import_out_printf(out, "%.*s", (int)n, text);
		text += n;
	}
	if (out->len && out->text[out->len - 1] != '\n')
		import_out_printf(out, "\n");
}

bool import_has_section(const char *text, const char *name)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		char line[256], *found;

		(void)snprintf(line, sizeof(line), "%.*s", (int)(n < 255 ? n : 255), text);
		found = header(line);
		if (found && strcasecmp(found, name) == 0)
			return true;
		text += n + (text[n] == '\n');
	}
	return false;
}
