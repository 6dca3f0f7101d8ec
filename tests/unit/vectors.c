/* SPDX-License-Identifier: MIT */
/* Reader of the test vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vectors.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN (2 * VECTOR_MAX + 128)

const char *vector_dir(void)
{
	const char *dir = getenv("VPDIAL_TESTDIR");
	return dir ? dir : "tests";
}

static FILE *vector_open(const char *file)
{
	char path[512];
	snprintf(path, sizeof path, "%s/vectors/%s", vector_dir(), file);
	FILE *f = fopen(path, "r");
	if (!f)
		fail_msg("cannot open %s (run from the top of the tree or set VPDIAL_TESTDIR)",
			 path);
	return f;
}

static char *trim(char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	size_t len = strlen(s);
	while (len > 0 && isspace((unsigned char)s[len - 1]))
		s[--len] = '\0';
	return s;
}

/* The next "name = value" line of SECTION, cut in two inside LINE; false at the end. */
static bool next_value(FILE *f, const char *section, bool *inside, char *line, char **name,
		       char **value)
{
	while (fgets(line, LINE_MAX_LEN, f)) {
		char *s = trim(line);
		if (*s == '\0' || *s == '#')
			continue;
		if (*s == '[') {
			size_t len = strlen(section);
			*inside = strncmp(s + 1, section, len) == 0 && s[len + 1] == ']';
			continue;
		}
		char *eq = strchr(s, '=');
		if (!*inside || !eq)
			continue;
		*eq = '\0';
		*name = trim(s);
		*value = trim(eq + 1);
		return true;
	}
	return false;
}

static bool find(const char *file, const char *section, const char *name, char *out, size_t cap)
{
	char line[LINE_MAX_LEN];
	char *got, *value;
	bool inside = false, found = false;
	FILE *f = vector_open(file);

	while (!found && next_value(f, section, &inside, line, &got, &value)) {
		if (strcmp(got, name) != 0)
			continue;
		found = true;
		snprintf(out, cap, "%s", value);
	}
	fclose(f);
	return found;
}

static void find_or_fail(const char *file, const char *section, const char *name, char *out,
			 size_t cap)
{
	if (!find(file, section, name, out, cap))
		fail_msg("%s: [%s] has no %s", file, section, name);
}

bool vector_has(const char *file, const char *section, const char *name)
{
	char value[LINE_MAX_LEN];
	return find(file, section, name, value, sizeof value);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

size_t vector_decode(const char *text, uint8_t *out, size_t cap)
{
	size_t len = strlen(text);

	if (strcmp(text, "EMPTY") == 0)
		return 0;
	if (len % 2 != 0 || len / 2 > cap)
		fail_msg("bad length of hexadecimal value: %zu digits for %zu octets", len, cap);
	for (size_t i = 0; i < len / 2; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			fail_msg("not hexadecimal: %.40s", text);
		out[i] = (uint8_t)(high << 4 | low);
	}
	return len / 2;
}

size_t vector_hex(const char *file, const char *section, const char *name, uint8_t *out, size_t cap)
{
	char value[LINE_MAX_LEN];
	find_or_fail(file, section, name, value, sizeof value);
	return vector_decode(value, out, cap);
}

void vector_hex_exact(const char *file, const char *section, const char *name, uint8_t *out,
		      size_t len)
{
	size_t got = vector_hex(file, section, name, out, len);
	if (got != len)
		fail_msg("%s: [%s] %s has %zu octets, not %zu", file, section, name, got, len);
}

size_t vector_text(const char *file, const char *section, const char *name, char *out, size_t cap)
{
	char value[LINE_MAX_LEN];
	find_or_fail(file, section, name, value, sizeof value);
	if (strlen(value) >= cap)
		fail_msg("%s: [%s] %s does not fit %zu octets", file, section, name, cap);
	strcpy(out, value);
	return strlen(value);
}

unsigned long vector_dec(const char *file, const char *section, const char *name)
{
	char value[LINE_MAX_LEN], *end;
	find_or_fail(file, section, name, value, sizeof value);
	unsigned long n = strtoul(value, &end, 10);
	if (end == value || *end != '\0')
		fail_msg("%s: [%s] %s is not a decimal number", file, section, name);
	return n;
}

size_t vector_each(const char *file, const char *section,
		   void (*each)(void *ctx, const char *name, const char *value), void *ctx)
{
	char line[LINE_MAX_LEN];
	char *name, *value;
	bool inside = false;
	size_t count = 0;
	FILE *f = vector_open(file);

	while (next_value(f, section, &inside, line, &name, &value)) {
		each(ctx, name, value);
		count++;
	}
	fclose(f);
	if (count == 0)
		fail_msg("%s: no section [%s]", file, section);
	return count;
}
