/* SPDX-License-Identifier: MIT */
/* The line scanner: where sections and values stand, and what is wrong with a file.  The values
 * themselves are iniparser's (values.c). */
#include "conf/ini.h"
#include "conf/ini_values.h"

#include "base/secret.h"
#include "conf/trust.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ini_scan {
	struct ini *ini;
	struct fault_list *faults;
	unsigned line;
	bool in_section; /* a section header was seen */
	bool dead;	 /* the present section is a fault: its keys are not looked at */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

bool ini_key_secret(const char *key)
{
	return strstr(key, "pas") || strstr(key, "pw") || strstr(key, "secret");
}

const char *ini_key_shown(const char *key)
{
	for (const char *p = key; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) &&
		    !strchr("-_ .", *p))
			return "(key)";
	return *key ? key : "(key)";
}

static void lower_copy(char *dst, size_t cap, const char *src, size_t n)
{
	size_t i = 0;

	for (; i < n && i + 1 < cap; i++) {
		dst[i] = src[i];
		if (src[i] >= 'A' && src[i] <= 'Z')
			dst[i] |= 0x20;
	}
	dst[i] = '\0';
}

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	return p;
}

static const char *trim_end(const char *p, const char *end)
{
	while (end > p && is_space(end[-1]))
		end--;
	return end;
}

/* Only white space or a comment between P and END? */
static bool only_comment(const char *p, const char *end)
{
	p = skip_space(p, end);
	return p == end || *p == ';' || *p == '#';
}

static void *grow(void *array, size_t count, size_t size)
{
	/* Doubles at each power of two, so that no capacity has to be kept. */
	if (count & (count - 1))
		return array;
	return realloc(array, (count ? 2 * count : 1) * size);
}

static int scan_section(struct ini_scan *s, const char *p, const char *end)
{
	struct ini *ini = s->ini;
	const char *close = memchr(p, ']', (size_t)(end - p));
	struct ini_section sec = {.line = s->line};
	const char *from, *to;
	void *grown;

	s->in_section = true;
	s->dead = true;
	if (!close || !only_comment(close + 1, end)) {
		fault_add(s->faults, s->line, NULL,
			  "section header is not closed, write [name] on a line of its own");
		return 0;
	}
	from = skip_space(p + 1, close);
	to = trim_end(from, close);
	if (to == from || to - from >= INI_NAME_LEN || memchr(from, ':', (size_t)(to - from))) {
		fault_add(s->faults, s->line, NULL,
			  "section name is empty, too long or holds a colon");
		return 0;
	}
	lower_copy(sec.name, sizeof(sec.name), from, (size_t)(to - from));
	for (size_t i = 0; i < ini->section_count; i++)
		if (strcmp(ini->sections[i].name, sec.name) == 0) {
			fault_add(s->faults, s->line, NULL,
				  "section is there twice (first in line %u), write its keys once",
				  ini->sections[i].line);
			return 0;
		}
	sec.next_line = (size_t)(end - ini->text) + (end < ini->text + ini->len);
	if (ini->section_count >= INI_ITEMS_MAX)
		return -E2BIG;
	grown = grow(ini->sections, ini->section_count, sizeof(sec));
	if (!grown)
		return -ENOMEM;
	ini->sections = grown;
	ini->sections[ini->section_count++] = sec;
	s->dead = false;
	return 0;
}

/* Finds the end of the quoted value at P ('"' itself).  False with a fault. */
static bool scan_quoted(struct ini_scan *s, struct ini_entry *e, const char *p, const char *end)
{
	const char *q = p + 1;

	for (; q < end && *q != '"'; q++)
		if (*q == '\\' && q + 1 < end && (q[1] == '"' || q[1] == '\\'))
			q++;
	e->quoted = true;
	if (q >= end) {
		fault_add(s->faults, s->line, ini_key_shown(e->key),
			  "closing quote is missing; inside quotes write \\\" for \" and \\\\ for "
			  "\\");
		return false;
	}
	if (!only_comment(q + 1, end)) {
		fault_add(s->faults, s->line, ini_key_shown(e->key),
			  "text after the closing quote; inside quotes write \\\" for \"");
		return false;
	}
	e->raw_end = (size_t)(q + 1 - s->ini->text);
	return true;
}

/* Finds the end of the value without quotes at P.  False with a fault. */
static bool scan_plain(struct ini_scan *s, struct ini_entry *e, const char *p, const char *end)
{
	const char *q = p;
	const char *wrong = NULL;

	for (; q < end; q++)
		if (*q == ';' || *q == '#') {
			if (q > p && !is_space(q[-1]))
				wrong = "';' or '#' inside a value, put the value in double quotes";
			break;
		}
	if (q == p && q < end)
		wrong = "';' or '#' where the value begins, put the value in double quotes";
	q = trim_end(p, q);
	if (q > p && (*p == '\'' || memchr(p, '"', (size_t)(q - p))))
		wrong = "stray quote, write the whole value in double quotes";
	if (q > p && q[-1] == '\\')
		wrong = "backslash at the end, lines are not continued; use double quotes";
	if (wrong) {
		fault_add(s->faults, s->line, ini_key_shown(e->key), "%s", wrong);
		return false;
	}
	e->raw_end = (size_t)(q - s->ini->text);
	return true;
}

static bool entry_repeated(struct ini_scan *s, const struct ini_entry *e)
{
	const struct ini *ini = s->ini;

	for (size_t i = 0; i < ini->entry_count; i++)
		if (ini->entries[i].section == e->section &&
		    strcmp(ini->entries[i].key, e->key) == 0) {
			fault_add(s->faults, s->line, ini_key_shown(e->key),
				  "key is there twice (first in line %u), keep one of them",
				  ini->entries[i].line);
			return true;
		}
	return false;
}

static int entry_keep(struct ini_scan *s, const struct ini_entry *e)
{
	struct ini *ini = s->ini;
	void *grown;

	if (entry_repeated(s, e))
		return 0;
	if (ini->entry_count >= INI_ITEMS_MAX)
		return -E2BIG;
	grown = grow(ini->entries, ini->entry_count, sizeof(*e));
	if (!grown)
		return -ENOMEM;
	ini->entries = grown;
	ini->entries[ini->entry_count++] = *e;
	return 0;
}

static int scan_entry(struct ini_scan *s, const char *p, const char *end)
{
	const char *eq = memchr(p, '=', (size_t)(end - p));
	struct ini_entry e = {.line = s->line, .section = s->ini->section_count - 1};
	const char *value;

	if (!eq || trim_end(p, eq) == p || trim_end(p, eq) - p >= INI_NAME_LEN) {
		fault_add(s->faults, s->line, NULL, "not understood, write key = value");
		return 0;
	}
	lower_copy(e.key, sizeof(e.key), p, (size_t)(trim_end(p, eq) - p));
	if (!s->in_section) {
		fault_add(s->faults, s->line, ini_key_shown(e.key),
			  "key outside of a section, put a [section] line above it");
		return 0;
	}
	if (s->dead)
		return 0;
	value = skip_space(eq + 1, end);
	e.raw_at = (size_t)(value - s->ini->text);
	e.faulty = value < end && *value == '"' ? !scan_quoted(s, &e, value, end)
						: !scan_plain(s, &e, value, end);
	if (e.faulty) /* the key stays, so that it does not count as missing */
		e.raw_end = (size_t)(trim_end(value, end) - s->ini->text);
	return entry_keep(s, &e);
}

static int scan_line(struct ini_scan *s, const char *p, const char *end)
{
	size_t len = (size_t)(end - p);

	if (memchr(p, '\0', len)) {
		fault_add(s->faults, s->line, NULL, "NUL octet, only text is legal");
		return 0;
	}
	p = skip_space(p, end);
	if (p == end || *p == '#' || *p == ';')
		return 0;
	if (len > INI_LINE_MAX) {
		fault_add(s->faults, s->line, NULL, "line is too long, at most %d octets are legal",
			  INI_LINE_MAX);
		return 0;
	}
	return *p == '[' ? scan_section(s, p, end) : scan_entry(s, p, end);
}

static int scan_text(struct ini *ini, struct fault_list *faults)
{
	struct ini_scan s = {.ini = ini, .faults = faults};
	const char *p = ini->text, *stop = ini->text + ini->len;
	int r = 0;

	if (ini->len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3; /* a byte order mark, as editors of another system leave it */
	while (p < stop && r == 0) {
		const char *nl = memchr(p, '\n', (size_t)(stop - p));
		const char *end = nl ? nl : stop;

		s.line++;
		r = scan_line(&s, p, end);
		p = nl ? nl + 1 : stop;
	}
	return r;
}

static int read_file(const char *path, struct ini *ini)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &ini->st) < 0)
		r = -errno;
	else if (!S_ISREG(ini->st.st_mode))
		r = -EISDIR;
	else if (ini->st.st_size > INI_FILE_MAX)
		r = -EFBIG;
	if (r == 0) {
		ini->text = malloc((size_t)INI_FILE_MAX + 1);
		r = ini->text ? 0 : -ENOMEM;
	}
	while (r == 0 && n > 0 && ini->len <= INI_FILE_MAX) {
		n = read(fd, ini->text + ini->len, (size_t)INI_FILE_MAX + 1 - ini->len);
		if (n < 0 && errno != EINTR)
			r = -errno;
		else if (n > 0)
			ini->len += (size_t)n;
		else if (n < 0)
			n = 1;
	}
	if (r == 0 && ini->len > INI_FILE_MAX)
		r = -EFBIG;
	close(fd);
	return r;
}

/* What root reads nobody else may change: whom it dials, with which of root's secrets, is there. */
static void judge_owner(const char *path, struct ini *ini, struct fault_list *faults)
{
	char buf[600];
	struct str why = str_make(buf, sizeof(buf));

	if (trust_is_root() && !trust_opened(path, &ini->st, &why)) {
		fault_add(faults, 0, NULL, "root takes no settings that others may change: %s",
			  buf);
		ini->untrusted = true;
	} else if (ini->st.st_mode & 002) {
		fault_add(faults, 0, NULL, "everybody may change it (mode %04o), run: chmod o-w %s",
			  ini->st.st_mode & 07777, path);
		ini->untrusted = true;
	}
}

int ini_load(const char *path, struct ini *ini, struct fault_list *faults)
{
	int r;

	*ini = (struct ini){0};
	r = read_file(path, ini);
	if (r == 0)
		judge_owner(path, ini, faults);
	if (r == 0)
		r = scan_text(ini, faults);
	if (r == 0)
		r = ini_values_read(ini, faults);
	if (r < 0)
		ini_free(ini);
	return r;
}

void ini_free(struct ini *ini)
{
	for (size_t i = 0; i < ini->entry_count; i++) {
		wipe(ini->entries[i].value, ini->entries[i].value_len);
		free(ini->entries[i].value);
	}
	free(ini->entries);
	free(ini->sections);
	if (ini->text)
		wipe(ini->text, ini->len);
	free(ini->text);
	*ini = (struct ini){0};
}
