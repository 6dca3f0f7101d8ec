/* SPDX-License-Identifier: MIT */
/* The marked block in the text of resolv.conf. */
#include "host/resolvconf_text.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVERS_MAX 3 /* MAXNS of the C libraries */
#define MARK_MAX    (HOST_NAME_MAX + 64)
#define BOOT_MARK   "# boot "

struct marks {
	char begin[MARK_MAX], end[MARK_MAX], aside[MARK_MAX];
};

static void marks_make(struct marks *m, const char *name)
{
	struct str s = str_make(m->begin, sizeof(m->begin));

	str_printf(&s, "# vpdial %s begin: removed at hang-up", name);
	s = str_make(m->end, sizeof(m->end));
	str_printf(&s, "# vpdial %s end", name);
	s = str_make(m->aside, sizeof(m->aside));
	str_printf(&s, "#vpdial %s# ", name);
}

/* One line at *AT, without its line feed; false at the end.  *FEED tells whether it had one. */
static bool next_line(const struct resolv_text *t, size_t *at, const char **line, size_t *len,
		      bool *feed)
{
	const char *p = t->text + *at, *lf;

	if (*at >= t->len)
		return false;
	lf = memchr(p, '\n', t->len - *at);
	*feed = lf != NULL;
	*len = lf ? (size_t)(lf - p) : t->len - *at;
	*line = p;
	*at += *len + *feed;
	return true;
}

static bool is_line(const char *line, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(line, text, len) == 0;
}

static bool is_keyword(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len > n && memcmp(line, word, n) == 0 && (line[n] == ' ' || line[n] == '\t');
}

static void put_block(FILE *out, const struct marks *m, const struct resolv_wish *wish)
{
	char text[INET_ADDRSTRLEN];

	fprintf(out, "%s\n", m->begin);
	if (wish->boot)
		fprintf(out, BOOT_MARK "%s\n", wish->boot);
	for (size_t i = 0; i < wish->server_count; i++)
		fprintf(out, "nameserver %s\n",
			inet_ntop(AF_INET, &wish->servers[i], text, sizeof(text)));
	if (*wish->search)
		fprintf(out, "search %s\n", wish->search);
	fprintf(out, "%s\n", m->end);
}

static int finish(FILE *out, struct resolv_text *t, int error)
{
	bool failed = ferror(out) != 0;

	if (fclose(out) != 0 || failed || error) {
		free(t->text);
		*t = (struct resolv_text){0};
		return error ? error : -ENOMEM;
	}
	return 0;
}

int resolv_text_make(const char *name, const struct resolv_text *before,
		     const struct resolv_wish *wish, struct resolv_text *after)
{
	struct marks m;
	size_t at = 0, len, servers = wish->server_count;
	const char *line;
	bool feed, aside;
	FILE *out = open_memstream(&after->text, &after->len);

	if (!out)
		return -ENOMEM;
	marks_make(&m, name);
	put_block(out, &m, wish);
	while (next_line(before, &at, &line, &len, &feed)) {
		aside = false;
		if (is_keyword(line, len, "nameserver"))
			aside = wish->exclusively || servers++ >= SERVERS_MAX;
		else if (is_keyword(line, len, "search") || is_keyword(line, len, "domain"))
			aside = *wish->search != '\0';
		fprintf(out, "%s", aside ? m.aside : "");
		fwrite(line, 1, len, out);
		fprintf(out, "%s", feed ? "\n" : "");
	}
	return finish(out, after, 0);
}

/* Is there an end mark behind AT, so that what stands between is ours? */
static bool block_whole(const struct resolv_text *t, size_t at, const struct marks *m)
{
	const char *line;
	size_t len;
	bool feed;

	while (next_line(t, &at, &line, &len, &feed))
		if (is_line(line, len, m->end))
			return true;
	return false;
}

int resolv_text_unmake(const char *name, const struct resolv_text *current,
		       struct resolv_text *result)
{
	struct marks m;
	size_t at = 0, len;
	const char *line;
	bool feed, inside = false;
	FILE *out = open_memstream(&result->text, &result->len);

	if (!out)
		return -ENOMEM;
	marks_make(&m, name);
	while (next_line(current, &at, &line, &len, &feed)) {
		if (is_line(line, len, m.begin)) {
			inside = block_whole(current, at, &m);
			continue;
		}
		if (is_line(line, len, m.end)) {
			inside = false;
			continue;
		}
		if (inside)
			continue;
		while (len >= strlen(m.aside) && memcmp(line, m.aside, strlen(m.aside)) == 0) {
			line += strlen(m.aside);
			len -= strlen(m.aside);
		}
		fwrite(line, 1, len, out);
		fprintf(out, "%s", feed ? "\n" : "");
	}
	return finish(out, result, 0);
}

/* A whole block of NAME's; *AT is then behind its first line. */
static bool find_block(const struct resolv_text *t, const char *name, size_t *at)
{
	struct marks m;
	const char *line;
	size_t len;
	bool feed;

	*at = 0;
	marks_make(&m, name);
	while (next_line(t, at, &line, &len, &feed))
		if (is_line(line, len, m.begin) && block_whole(t, *at, &m))
			return true;
	return false;
}

bool resolv_text_has_block(const struct resolv_text *t, const char *name)
{
	size_t at;

	return find_block(t, name, &at);
}

bool resolv_text_has_old_block(const struct resolv_text *t, const char *name, const char *boot)
{
	const size_t mark = sizeof(BOOT_MARK) - 1;
	const char *line;
	size_t at, len;
	bool feed;

	return find_block(t, name, &at) && next_line(t, &at, &line, &len, &feed) && len > mark &&
	       memcmp(line, BOOT_MARK, mark) == 0 && !is_line(line + mark, len - mark, boot);
}

bool resolv_text_ends_with_block(const struct resolv_text *t, const char *name)
{
	struct marks m;
	size_t len;

	marks_make(&m, name);
	len = strlen(m.end);
	return t->len > len && t->text[t->len - 1] == '\n' &&
	       memcmp(t->text + t->len - 1 - len, m.end, len) == 0;
}
