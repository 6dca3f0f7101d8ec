/* SPDX-License-Identifier: MIT */
/* xl2tpd.conf: [global], each [lac NAME] and [lns NAME], with pppd's options and the tunnel's
 * secrets.
 *
 * Lines are "words = value"; a ';' begins a comment, and so does a '#' at the start of a line. */
#include "import/formats.h"

#include "base/secret.h"
#include "base/str.h"
#include "import/text.h"
#include "import/words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct reading {
	struct import_job *job;
	struct import_list *list;
	const struct import_file *file;
	enum import_table table; /* of the section */
	size_t section;		 /* of ours; IMPORT_NONE for [global] */
	size_t ppp;		 /* of an [lns] */
	bool challenge;
	char options[IMPORT_PATH_MAX]; /* pppoptfile */
	char secrets[IMPORT_PATH_MAX]; /* auth file */
	char listen[64], port[16];     /* of [global], for each connection */
};

/* "vpn.example.com:1701" */
static void take_lns(struct reading *r, const char *value)
{
	const char *colon = strchr(value, ':');
	char host[IMPORT_VALUE_MAX];

	if (import_get(r->list, r->section, "connect-to")) {
		import_lost(r->list, r->section, "lns", value, "a profile has one server");
		return;
	}
	if (colon && strchr(colon + 1, ':'))
		colon = NULL; /* an address of IPv6 */
	(void)snprintf(host, sizeof(host), "%.*s",
		       colon ? (int)(colon - value) : (int)strlen(value), value);
	import_set(r->list, r->section, "connect-to", host);
	if (colon && strcmp(colon + 1, "1701") != 0)
		import_set(r->list, r->section, "port", colon + 1);
}

static void take_global(struct reading *r, const char *word, const char *value)
{
	if (strcmp(word, "auth file") == 0)
		(void)str_copy(r->secrets, sizeof(r->secrets), value);
	else if (strcmp(word, "port") == 0)
		(void)str_copy(r->port, sizeof(r->port), value);
}

/* "10.0.0.10-10.0.0.50", a range of the server's pool */
static void take_lns_own(struct reading *r, const char *word, const char *value)
{
	if (strcmp(word, "ip range") == 0)
		import_set(r->list, r->ppp, "remote-address", value);
	else if (strcmp(word, "local ip") == 0)
		import_set(r->list, r->ppp, "local-address", value);
	else if (strcmp(word, "challenge") == 0)
		r->challenge = text_is_yes(value);
	else
		import_lost(
			r->list, r->section, word, value,
			"pppd's options decide the method; authentication has the methods here");
}

static void take_own(struct reading *r, const char *word, const char *value)
{
	if (r->table == IMPORT_XL2TPD_GLOBAL)
		take_global(r, word, value);
	else if (r->table == IMPORT_XL2TPD_LNS)
		take_lns_own(r, word, value);
	else if (strcmp(word, "lns") == 0)
		take_lns(r, value);
	else if (strcmp(word, "pppoptfile") == 0)
		(void)str_copy(r->options, sizeof(r->options), value);
	else if (strcmp(word, "challenge") == 0)
		r->challenge = text_is_yes(value);
}

/* What of [global] every connection has. */
static void take_common(struct reading *r)
{
	if (*r->listen && strcmp(r->listen, "0.0.0.0") != 0)
		import_set(r->list, r->section, "src-address", r->listen);
	if (strcmp(r->port, "1701") == 0)
		import_set(r->list, r->section, "source-port", "1701");
	else if (*r->port)
		import_lost(r->list, r->section, "port", r->port,
			    "only 1701 can be chosen: source-port");
}

/* The tunnel's secret, of the table that the file names, or that was named beside it. */
static void find_tunnel_secret(struct reading *r)
{
	const char *server = import_get(r->list, r->section, "connect-to");
	const struct import_file *table = NULL;
	char secret[IMPORT_VALUE_MAX];
	size_t at = 0;

	table = import_next(r->job, IMPORT_FORMAT_L2TP_SECRETS, &at);
	if (!table && *r->secrets)
		table = import_follow(r->job, r->file, r->secrets);
	if (!table)
		table = import_follow(r->job, r->file, "l2tp-secrets");
	/* us, them, secret; whose name we are to the server no one knows but xl2tpd */
	if (table && (import_secret_of(table, "*", server ? server : "", secret, sizeof(secret)) ||
		      import_secret_of(table, "*", "", secret, sizeof(secret)))) {
		import_set(r->list, r->section, "tunnel-secret", secret);
		wipe(secret, sizeof(secret));
	} else
		import_note(r->list, r->section,
			    "tunnel-secret: challenge = yes, but there is no secret for all in "
			    "l2tp-secrets: write it");
}

/* The end of a section: what must have all of it. */
static void finish(struct reading *r)
{
	const struct import_file *options;

	if (r->section == IMPORT_NONE)
		return;
	if (r->challenge)
		find_tunnel_secret(r);
	if (r->table == IMPORT_XL2TPD_LNS)
		return;
	take_common(r);
	options = *r->options ? import_follow(r->job, r->file, r->options) : NULL;
	if (options)
		import_pppd_options(r->job, options, r->section);
	else {
		if (*r->options)
			import_lost(r->list, r->section, "pppoptfile", r->options,
				    "this file cannot be read");
		import_set(r->list, r->section, "use-encryption", "yes");
	}
	import_set(r->list, r->section, "type", "l2tp");
}

static void begin_lac(struct reading *r, const char *name)
{
	r->table = IMPORT_XL2TPD_LAC;
	r->section = import_connection(r->job, name, "l2tp");
}

static void begin_lns(struct reading *r)
{
	r->table = IMPORT_XL2TPD_LNS;
	r->section = import_find(r->list, IMPORT_SERVER, "l2tp-server");
	if (r->section == IMPORT_NONE)
		r->section = import_section(r->list, IMPORT_SERVER, "l2tp-server");
	r->ppp = import_find(r->list, IMPORT_PPP, "l2tp-clients");
	if (r->ppp == IMPORT_NONE)
		r->ppp = import_section(r->list, IMPORT_PPP, "l2tp-clients");
	import_set(r->list, r->section, "enabled", "yes");
	import_set(r->list, r->section, "default-profile", "l2tp-clients");
}

static void begin(struct reading *r, char *header)
{
	char *close = strchr(header, ']'), *name;

	finish(r);
	r->section = r->ppp = IMPORT_NONE;
	r->challenge = false;
	r->options[0] = '\0';
	if (close)
		*close = '\0';
	header = text_trim(header);
	name = header + strcspn(header, " \t");
	if (*name)
		*name++ = '\0';
	name = text_trim(name);
	r->table = IMPORT_XL2TPD_GLOBAL;
	if (strcasecmp(header, "lac") == 0 && strcasecmp(name, "default") != 0)
		begin_lac(r, name);
	else if (strcasecmp(header, "lns") == 0)
		begin_lns(r);
}

/* A pair of [global] has no section of ours until there is one. */
static void take_pair(struct reading *r, const char *word, const char *value)
{
	const struct import_word *row;

	if (r->table != IMPORT_XL2TPD_GLOBAL) {
		row = import_take(r->list, r->section, r->table, word, value);
		if (row && row->how == IMPORT_OWN)
			take_own(r, row->word, value);
		return;
	}
	row = import_word_find(IMPORT_XL2TPD_GLOBAL, word);
	if (row && row->how == IMPORT_OWN)
		take_own(r, row->word, value);
	else if (row && row->key)
		(void)str_copy(r->listen, sizeof(r->listen), value);
}

/* What [global] has and we have not is said once, at the first connection. */
static void note_global(struct reading *r)
{
	struct cursor c = cursor_make(r->file->text, r->file->len);
	size_t section = import_find(r->list, IMPORT_CONNECTION, NULL);
	char line[IMPORT_VALUE_MAX], *word, *value;
	bool global = false;

	if (section == IMPORT_NONE)
		section = import_find(r->list, IMPORT_SERVER, NULL);
	while (text_line(&c, line, sizeof(line), NULL)) {
		char *at = text_trim(line);
		const struct import_word *row;

		at[strcspn(at, ";")] = '\0';
		if (*at == '[')
			global = strncasecmp(text_trim(at + 1), "global", 6) == 0;
		if (!global || *at == '#' || *at == '[' || !text_pair(at, '=', &word, &value))
			continue;
		row = import_word_find(IMPORT_XL2TPD_GLOBAL, word);
		if (!row || row->how == IMPORT_LOST)
			(void)import_take(r->list, section, IMPORT_XL2TPD_GLOBAL, word, value);
	}
}

void import_xl2tpd(struct import_job *job, const struct import_file *file)
{
	struct reading r = {.job = job,
			    .list = job->list,
			    .file = file,
			    .section = IMPORT_NONE,
			    .ppp = IMPORT_NONE};
	struct cursor c = cursor_make(file->text, file->len);
	char line[IMPORT_VALUE_MAX], *word, *value;

	while (text_line(&c, line, sizeof(line), NULL)) {
		char *at = text_trim(line);

		at[strcspn(at, ";")] = '\0';
		if (*at == '[')
			begin(&r, at + 1);
		else if (*at && *at != '#' && text_pair(at, '=', &word, &value))
			take_pair(&r, word, text_unquote(value, '"'));
	}
	finish(&r);
	note_global(&r);
}
