/* SPDX-License-Identifier: MIT */
/* OpenWrt's /etc/config/network: interfaces of proto pptp and l2tp, and the routes through them. */
#include "import/formats.h"

#include "base/str.h"
#include "import/text.h"
#include "import/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PAIRS_MAX 64

/* One "config TYPE NAME" with its options. */
struct block {
	char type[64], name[64];
	struct {
		char key[64], value[512];
	} pairs[PAIRS_MAX];
	size_t count;
};

struct reading {
	struct import_job *job;
	struct import_list *list;
	bool routes; /* the second pass */
	struct block block;
};

static const char *value_of(const struct block *b, const char *key)
{
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->pairs[i].key, key) == 0)
			return b->pairs[i].value;
	return NULL;
}

/* "5 10", failures and seconds between two questions, or "10". */
static void take_keepalive(struct reading *r, size_t section, const char *value)
{
	const char *space = strpbrk(value, " ,");

	import_set(r->list, section, "keepalive-timeout", space ? space + 1 : value);
	if (space)
		import_note(r->list, section,
			    "keepalive %s: how often the server is asked before it is given up is "
			    "fixed",
			    value);
}

static void take_own(struct reading *r, size_t section, const char *word, const char *value)
{
	if (strcmp(word, "demand") == 0) {
		if (strcmp(value, "0") != 0) {
			import_set(r->list, section, "dial-on-demand", "yes");
			import_set(r->list, section, "idle-timeout", value);
		}
	} else if (strcmp(word, "keepalive") == 0)
		take_keepalive(r, section, value);
	else if (strcmp(word, "ipv6") == 0)
		import_set(r->list, section, "ipv6", strcmp(value, "0") == 0 ? "no" : "yes");
	else if (strcmp(word, "pppd_options") == 0)
		import_pppd_words(r->job, value, section);
	else if (strcmp(word, "interface") == 0 || strcmp(word, "ifname") == 0)
		import_lost(r->list, section, word, value,
			    "a network of OpenWrt's; bind-interface names a device");
}

static void interface(struct reading *r)
{
	const struct block *b = &r->block;
	const char *proto = value_of(b, "proto");
	size_t section;

	if (!proto || (strcmp(proto, "pptp") != 0 && strcmp(proto, "l2tp") != 0)) {
		r->job->skipped++;
		return;
	}
	section = import_connection(r->job, *b->name ? b->name : proto, proto);
	import_set(r->list, section, "use-encryption", "yes");
	/* What OpenWrt does where nothing is written. */
	import_set(r->list, section, "add-default-route", "yes");
	import_set(r->list, section, "use-peer-dns", "yes");
	import_set(r->list, section, "disabled", "no");
	for (size_t i = 0; i < b->count; i++) {
		const struct import_word *row = import_take(r->list, section, IMPORT_OPENWRT,
							    b->pairs[i].key, b->pairs[i].value);

		if (row && row->how == IMPORT_OWN)
			take_own(r, section, row->word, b->pairs[i].value);
	}
}

static void route(struct reading *r)
{
	const char *to = value_of(&r->block, "interface"), *target = value_of(&r->block, "target");
	const char *mask = value_of(&r->block, "netmask"), *before;
	char clean[IMPORT_NAME_MAX], text[IMPORT_VALUE_MAX];
	size_t section;

	import_clean_name(to ? to : "", clean);
	section = to ? import_find(r->list, IMPORT_CONNECTION, clean) : IMPORT_NONE;
	if (section == IMPORT_NONE || !target) {
		r->job->skipped++;
		return;
	}
	before = import_get(r->list, section, "routes");
	(void)snprintf(text, sizeof(text), "%s%s%s%s%s", before ? before : "", before ? ", " : "",
		       target, mask ? " " : "", mask ? mask : "");
	import_set(r->list, section, "routes", text);
	for (size_t i = 0; i < r->block.count; i++) {
		char word[80];
		const struct import_word *row;

		(void)snprintf(word, sizeof(word), "route.%s", r->block.pairs[i].key);
		row = import_word_find(IMPORT_OPENWRT, word);
		if (!row || row->how != IMPORT_OWN)
			(void)import_take(r->list, section, IMPORT_OPENWRT, word,
					  r->block.pairs[i].value);
	}
}

static void finish(struct reading *r)
{
	bool is_route = strncmp(r->block.type, "route", 5) == 0;

	if (is_route && r->routes)
		route(r);
	else if (!r->routes && strcmp(r->block.type, "interface") == 0)
		interface(r);
	else if (!r->routes && *r->block.type && !is_route)
		r->job->skipped++;
	memset(&r->block, 0, sizeof(r->block));
}

static void keep_pair(struct block *b, struct cursor *c)
{
	if (b->count == PAIRS_MAX ||
	    !text_word(c, false, b->pairs[b->count].key, sizeof(b->pairs[0].key)) ||
	    !text_word(c, false, b->pairs[b->count].value, sizeof(b->pairs[0].value)))
		return;
	b->count++;
}

static void pass(struct reading *r, const struct import_file *file)
{
	struct cursor c = cursor_make(file->text, file->len);
	char word[64];

	do {
		if (!text_word(&c, false, word, sizeof(word)))
			continue;
		if (strcmp(word, "config") == 0) {
			finish(r);
			(void)text_word(&c, false, r->block.type, sizeof(r->block.type));
			(void)text_word(&c, false, r->block.name, sizeof(r->block.name));
		} else if (strcmp(word, "option") == 0 || strcmp(word, "list") == 0)
			keep_pair(&r->block, &c);
	} while (text_next_line(&c));
	finish(r);
}

void import_openwrt(struct import_job *job, const struct import_file *file)
{
	struct reading *r = calloc(1, sizeof(*r));

	if (!r) {
		job->list->full = true;
		return;
	}
	r->job = job;
	r->list = job->list;
	pass(r, file);
	r->routes = true;
	pass(r, file);
	memset(r, 0, sizeof(*r));
	free(r);
}
