/* SPDX-License-Identifier: MIT */
/* Text in fixed buffers, and the cleaning of hostile text. */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct str str_make(char *buf, size_t cap)
{
	buf[0] = '\0';
	return (struct str){.text = buf, .cap = cap};
}

void str_printf(struct str *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (s->len + 1 >= s->cap)
		return;
	va_start(ap, fmt);
	n = vsnprintf(s->text + s->len, s->cap - s->len, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	s->len += (size_t)n;
	if (s->len >= s->cap)
		s->len = s->cap - 1;
}

bool str_copy(char *dst, size_t cap, const char *src)
{
	size_t n = strlen(src);
	bool whole = n < cap;

	if (!whole)
		n = cap - 1;
	memmove(dst, src, n);
	dst[n] = '\0';
	return whole;
}

/* Code points that would act on the terminal or reorder the line. */
static bool code_point_is_harmful(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff ||
	       cp >= 0xe0000;
}

/* Length of the valid UTF-8 sequence at P (at most LEFT octets), or 0; *CP its code point. */
static size_t utf8_length(const uint8_t *p, size_t left, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = p[0] < 0x80	     ? 1
		   : p[0] >> 5 == 6  ? 2
		   : p[0] >> 4 == 14 ? 3
		   : p[0] >> 3 == 30 ? 4
				     : 0;

	if (n == 0 || n > left)
		return 0;
	*cp = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		*cp = *cp << 6 | (p[i] & 0x3f);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return 0;
	return n;
}

void str_blank(char *text)
{
	uint8_t *p = (uint8_t *)text;
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t cp = 0;
		size_t n = utf8_length(p, left, &cp);

		if (n == 0 || code_point_is_harmful(cp)) {
			n = n ? n : 1;
			memset(p, '?', n);
		}
		p += n;
		left -= n;
	}
}

static bool str_append_whole(struct str *s, const char *text, size_t n)
{
	if (s->len + n >= s->cap)
		return false;
	memcpy(s->text + s->len, text, n);
	s->len += n;
	s->text[s->len] = '\0';
	return true;
}

void str_clean(struct str *s, const void *src, size_t n, size_t limit)
{
	const uint8_t *p = src;
	size_t take = n < limit ? n : limit;

	for (size_t i = 0; i < take;) {
		char escape[8];
		uint32_t cp = 0;
		size_t used = utf8_length(p + i, take - i, &cp);
		bool fits;

		if (used && cp == '\\') {
			fits = str_append_whole(s, "\\\\", 2);
		} else if (used && !code_point_is_harmful(cp)) {
			fits = str_append_whole(s, (const char *)p + i, used);
		} else {
			used = 1;
			snprintf(escape, sizeof escape, "\\x%02x", p[i]);
			fits = str_append_whole(s, escape, 4);
		}
		if (!fits)
			return;
		i += used;
	}
	if (take < n)
		str_printf(s, "...");
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

#define NEAREST_MAX 48

/* Optimal string alignment distance of two words of at most NEAREST_MAX characters. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t d[3][NEAREST_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > NEAREST_MAX || lb > NEAREST_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = d[i % 3], *before = d[(i - 1) % 3], *two = d[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			now[j] = min3(before[j] + 1, now[j - 1] + 1,
				      before[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    two[j - 2] + 1 < now[j])
				now[j] = two[j - 2] + 1;
		}
	}
	return d[la % 3][lb];
}

static const char *letters_of(const char *word)
{
	return word + strspn(word, "-");
}

/* Is WORD a denial, such as --no-redial or nodebug, and CANDIDATE none? */
static bool denies(const char *word, const char *candidate)
{
	static const char *const prefixes[] = {"no", "un", "dis", "without"};

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		size_t n = strlen(prefixes[i]);

		if (strncmp(letters_of(word), prefixes[i], n) == 0 &&
		    strncmp(letters_of(candidate), prefixes[i], n) != 0)
			return true;
	}
	return false;
}

const char *str_nearest(const char *word, const char *const *candidates, size_t count,
			size_t shortest, size_t limit)
{
	const char *nearest = NULL;
	size_t least = limit + 1;

	for (size_t i = 0; i < count && strlen(letters_of(word)) >= shortest; i++) {
		size_t distance = edit_distance(word, candidates[i]);

		if (distance < least && !denies(word, candidates[i])) {
			least = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}
