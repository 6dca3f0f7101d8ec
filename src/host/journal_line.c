/* SPDX-License-Identifier: MIT */
/* One record of the journal as a line of text, and back.  Parsing believes nothing: the file lies
 * in a directory of our own, but root acts on it. */
#include "host/journal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 12

static void put_hex(FILE *out, const struct resolv_text *t)
{
	static const char digits[] = "0123456789abcdef";

	if (t->len == 0)
		fputc('-', out);
	for (size_t i = 0; i < t->len; i++) {
		fputc(digits[(uint8_t)t->text[i] >> 4], out);
		fputc(digits[(uint8_t)t->text[i] & 15], out);
	}
}

static void put_address(FILE *out, int family, const uint8_t *octets)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(out, " %s", family ? inet_ntop(family, octets, text, sizeof(text)) : "-");
}

static void put_route(FILE *out, const char *word, const struct host_rt *rt)
{
	fprintf(out, "%s", word);
	put_address(out, rt->family, rt->dst);
	fprintf(out, " %u", rt->prefix_len);
	put_address(out, rt->gateway_family, rt->gateway);
	fprintf(out, " %u %u %u %u %u", rt->oif, rt->metric, rt->table, rt->type, rt->scope);
}

char *journal_line_make(const struct undo_step *step)
{
	const struct resolv_edit *e;
	char *line = NULL;
	size_t len = 0;
	FILE *out;

	if (!undo_step_journaled(step))
		return NULL;
	out = open_memstream(&line, &len);
	if (!out)
		return NULL;
	if (step->kind == UNDO_PIN || step->kind == UNDO_KEEP) {
		put_route(out, step->kind == UNDO_PIN ? "pin" : "keep", &step->route);
	} else if (step->kind == UNDO_BLOCK) {
		fprintf(out, "block");
		put_address(out, step->route.family, step->route.dst);
		fprintf(out, " %u %u", step->route.prefix_len, step->route.metric);
	} else if (step->kind == UNDO_PROXY) {
		fprintf(out, "proxy %u", step->proxy.ifindex);
		put_address(out, AF_INET, step->proxy.address);
	} else if (step->kind == UNDO_RESOLVCONF) {
		fprintf(out, "resolvconf %s", step->record);
	} else {
		e = step->edit;
		fprintf(out, "file %s %d %u %u %u ", e->path, e->was_there, (unsigned)e->mode,
			(unsigned)e->uid, (unsigned)e->gid);
		put_hex(out, &e->before);
		fputc(' ', out);
		put_hex(out, &e->after);
	}
	if (ferror(out) | fclose(out)) {
		free(line);
		return NULL;
	}
	return line;
}

static bool get_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 12)
		return false;
	*value = strtoull(text, &end, 10);
	return *end == '\0' && *value <= max;
}

/* Family and octets of an address, or 0 for "-"; false if it is neither. */
static bool get_address(const char *text, int *family, uint8_t out[static 16])
{
	memset(out, 0, 16);
	*family = 0;
	if (strcmp(text, "-") == 0)
		return true;
	*family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(*family, text, out) == 1;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool get_hex(const char *text, struct resolv_text *t)
{
	size_t len = strcmp(text, "-") == 0 ? 0 : strlen(text);
	int high, low;

	if (len % 2 || len / 2 > 2 * RESOLV_SIZE_MAX)
		return false;
	t->len = len / 2;
	t->text = calloc(1, t->len + 1);
	if (!t->text)
		return false;
	for (size_t i = 0; i < t->len; i++) {
		high = hex_value(text[2 * i]);
		low = hex_value(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		t->text[i] = (char)(high << 4 | low);
	}
	return true;
}

/* pin|keep DST LEN GATEWAY OIF METRIC TABLE TYPE SCOPE */
static int parse_pin(char *const *f, const char *name, struct undo_step *step)
{
	struct host_rt *rt = &step->route;
	uint64_t len, oif, metric, table, type, scope;

	(void)name;
	*step = (struct undo_step){.kind = strcmp(f[0], "pin") == 0 ? UNDO_PIN : UNDO_KEEP};
	if (!get_address(f[1], &rt->family, rt->dst) || !rt->family ||
	    !get_address(f[3], &rt->gateway_family, rt->gateway) || !get_number(f[2], 128, &len) ||
	    !get_number(f[4], INT32_MAX, &oif) || !get_number(f[5], UINT32_MAX, &metric) ||
	    !get_number(f[6], UINT32_MAX, &table) || !get_number(f[7], 255, &type) ||
	    !get_number(f[8], 255, &scope))
		return -EBADMSG;
	/* A pinned route is a unicast host route by some interface, and nothing else. */
	if (len != 8 * host_family_len(rt->family) || oif == 0 || type != RTN_UNICAST)
		return -EBADMSG;
	rt->prefix_len = (uint8_t)len;
	rt->oif = (uint32_t)oif;
	rt->metric = (uint32_t)metric;
	rt->table = (uint32_t)table;
	rt->type = (uint8_t)type;
	rt->scope = (uint8_t)scope;
	rt->protocol = HOST_ROUTE_PROTOCOL;
	return 0;
}

/* block DST LEN METRIC */
static int parse_block(char *const *f, const char *name, struct undo_step *step)
{
	struct host_rt *rt = &step->route;
	uint64_t len, metric;

	(void)name;
	*step = (struct undo_step){.kind = UNDO_BLOCK};
	if (!get_address(f[1], &rt->family, rt->dst) || !rt->family ||
	    !get_number(f[2], 8 * host_family_len(rt->family), &len) || len == 0 ||
	    !get_number(f[3], HOST_BLOCK_METRIC + HOST_BLOCK_METRICS - 1, &metric) ||
	    metric < HOST_BLOCK_METRIC)
		return -EBADMSG;
	rt->prefix_len = (uint8_t)len;
	rt->metric = (uint32_t)metric;
	rt->type = RTN_UNREACHABLE;
	rt->table = RT_TABLE_MAIN;
	rt->protocol = HOST_ROUTE_PROTOCOL;
	return 0;
}

/* proxy IFINDEX ADDRESS */
static int parse_proxy(char *const *f, const char *name, struct undo_step *step)
{
	uint8_t octets[16];
	uint64_t ifindex;
	int family;

	(void)name;
	if (!get_number(f[1], INT32_MAX, &ifindex) || ifindex == 0 ||
	    !get_address(f[2], &family, octets) || family != AF_INET)
		return -EBADMSG;
	*step = (struct undo_step){.kind = UNDO_PROXY, .proxy.ifindex = (unsigned)ifindex};
	memcpy(step->proxy.address, octets, 4);
	return 0;
}

/* resolvconf IFNAME.vpdial */
static int parse_resolvconf(char *const *f, const char *name, struct undo_step *step)
{
	static const char suffix[] = ".vpdial";
	size_t len = strlen(f[1]);

	(void)name;
	if (len >= HOST_RECORD_MAX || len < sizeof(suffix) || f[1][0] == '-' ||
	    strcmp(f[1] + len - (sizeof(suffix) - 1), suffix) != 0 || strchr(f[1], '/'))
		return -EBADMSG;
	*step = (struct undo_step){.kind = UNDO_RESOLVCONF};
	memcpy(step->record, f[1], len + 1);
	return 0;
}

static int parse_edit(char *const *f, const char *name, struct resolv_edit *e)
{
	uint64_t was_there, mode, uid, gid;
	struct resolv_text check = {0};
	bool plain;

	if (f[1][0] != '/' || strstr(f[1], "/../") || strlen(f[1]) >= sizeof(e->path) ||
	    strlen(name) >= sizeof(e->name) || !get_number(f[2], 1, &was_there) ||
	    !get_number(f[3], 0777, &mode) || !get_number(f[4], UINT32_MAX, &uid) ||
	    !get_number(f[5], UINT32_MAX, &gid) || !get_hex(f[6], &e->before) ||
	    !get_hex(f[7], &e->after))
		return -EBADMSG;
	memcpy(e->path, f[1], strlen(f[1]) + 1);
	memcpy(e->name, name, strlen(name) + 1);
	e->was_there = was_there == 1;
	e->mode = (mode_t)mode;
	e->uid = (uid_t)uid;
	e->gid = (gid_t)gid;
	/* The text we wrote must be the old one with our block, or it is no record of ours. */
	if (resolv_text_unmake(name, &e->after, &check) < 0)
		return -EBADMSG;
	plain = check.len == e->before.len && memcmp(check.text, e->before.text, check.len) == 0;
	free(check.text);
	return plain && e->after.len > e->before.len ? 0 : -EBADMSG;
}

/* file PATH WAS_THERE MODE UID GID BEFORE AFTER */
static int parse_file(char *const *f, const char *name, struct undo_step *step)
{
	struct resolv_edit *e = resolv_edit_new();

	if (!e)
		return -EBADMSG;
	if (parse_edit(f, name, e) < 0) {
		resolv_edit_free(e);
		return -EBADMSG;
	}
	*step = (struct undo_step){.kind = UNDO_FILE, .edit = e};
	return 0;
}

static const struct record {
	const char *word;
	size_t fields;
	int (*parse)(char *const *f, const char *name, struct undo_step *step);
} records[] = {
	{"pin", 9, parse_pin},
	{"keep", 9, parse_pin},
	{"block", 4, parse_block},
	{"proxy", 3, parse_proxy},
	{"resolvconf", 2, parse_resolvconf},
	{"file", 8, parse_file},
};

int journal_line_parse(char *line, const char *name, struct undo_step *step)
{
	char *f[FIELDS_MAX];
	size_t count = 0;

	while (line && count < FIELDS_MAX) {
		f[count] = strsep(&line, " ");
		if (f[count++][0] == '\0')
			return -EBADMSG;
	}
	if (line || count == 0)
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		if (strcmp(f[0], records[i].word) == 0)
			return count == records[i].fields ? records[i].parse(f, name, step)
							  : -EBADMSG;
	return -EBADMSG;
}
