/* SPDX-License-Identifier: MIT */
/* Windows: phonebooks (rasphone.pbk), and lines of Add-VpnConnection and its sisters. */
#include "import/formats.h"

#include "base/secret.h"
#include "base/str.h"
#include "import/text.h"
#include "import/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reading {
	struct import_job *job;
	struct import_list *list;
	size_t section;
	bool other; /* the entry is of another kind of tunnel */
};

/* VpnStrategy: which protocols are tried. */
static void take_strategy(struct reading *r, const char *value)
{
	long n = strtol(value, NULL, 10);

	r->other = n > 4;
	import_set(r->list, r->section, "type", n == 3 || n == 4 ? "l2tp" : "pptp");
	if (n == 0 || n == 2 || n == 4)
		import_note(
			r->list, r->section,
			"VpnStrategy = %ld: Windows tries several protocols, a profile has one: "
			"this "
			"one is taken to be %s",
			n, n == 4 ? "l2tp" : "pptp");
	if (n == 3 || n == 4)
		import_set(r->list, r->section, "use-ipsec", "yes");
}

static void take_encryption(struct reading *r, long n)
{
	import_set(r->list, r->section, "use-encryption", n >= 256 ? "require" : n ? "yes" : "no");
}

static bool is_unset(const char *value)
{
	return !*value || strcmp(value, "0") == 0 || strcmp(value, "0.0.0.0") == 0;
}

static void add_dns(struct reading *r, const char *value)
{
	const char *before = import_get(r->list, r->section, "dns-server");
	char text[IMPORT_VALUE_MAX];

	(void)snprintf(text, sizeof(text), "%s%s%s", before ? before : "", before ? "," : "",
		       value);
	import_set(r->list, r->section, "dns-server", text);
}

static void take_pbk_own(struct reading *r, const struct import_word *row, const char *value)
{
	const char *word = row->word;

	if (strcmp(word, "vpnstrategy") == 0)
		take_strategy(r, value);
	else if (strcmp(word, "phonenumber") == 0) {
		if (*value && !import_get(r->list, r->section, "connect-to"))
			import_set(r->list, r->section, "connect-to", value);
	} else if (strcmp(word, "dataencryption") == 0)
		take_encryption(r, strtol(value, NULL, 10));
	else if (strcmp(word, "authrestrictions") == 0) {
		if (strcmp(value, "512") == 0)
			import_set(r->list, r->section, "allow", "mschap2");
		else
			import_lost(r->list, r->section, word, value,
				    "only 512, MS-CHAPv2, is understood: write allow");
	} else if (is_unset(value) || !row->key)
		import_lost(r->list, r->section, word, value, "the default, here too");
	else if (strncmp(word, "ipdns", 5) == 0)
		add_dns(r, value);
	else
		import_set(r->list, r->section, row->key, value);
}

static void finish_pbk(struct reading *r)
{
	const char *type;

	if (r->section == IMPORT_NONE)
		return;
	type = import_get(r->list, r->section, "type");
	if (!type || r->other) {
		r->list->sections[r->section].dropped = true;
		r->job->skipped++;
		return;
	}
	import_note(
		r->list, r->section,
		"user, password%s: Windows keeps them elsewhere: write user; secrets are asked for",
		strcmp(type, "l2tp") == 0 ? ", ipsec-secret" : "");
}

void import_rasphone(struct import_job *job, const struct import_file *file)
{
	struct reading r = {.job = job, .list = job->list, .section = IMPORT_NONE};
	struct cursor c = cursor_make(file->text, file->len);
	char line[IMPORT_VALUE_MAX], *key, *value;

	while (text_line(&c, line, sizeof(line), NULL)) {
		const struct import_word *row;
		char *at = text_trim(line), *close = strrchr(at, ']');

		if (*at == '[' && close) {
			finish_pbk(&r);
			*close = '\0';
			r.other = false;
			r.section = import_connection(job, at + 1, NULL);
			continue;
		}
		/* Much is there and empty. */
		if (r.section == IMPORT_NONE || !text_pair(at, '=', &key, &value))
			continue;
		row = import_take(r.list, r.section, IMPORT_RASPHONE, key, value);
		if (row && row->how == IMPORT_OWN)
			take_pbk_own(&r, row, value);
	}
	finish_pbk(&r);
}

/* The next word of a command of PowerShell: quotes of both kinds, a backtick before an octet,
 * commas and @( ) hold a list together.  False at the command's end. */
static bool shell_word(struct cursor *c, char *out, size_t cap)
{
	char quote = '\0';
	size_t n = 0;
	bool any = false;

	for (; cursor_left(c); cursor_skip(c, 1)) {
		char o = (char)*c->at;

		if (!quote && (o == '\n' || o == ';' || o == '|' || (o == '#' && !any)))
			break;
		if (!quote && (o == ' ' || o == '\t' || o == '\r')) {
			if (any && out[n ? n - 1 : 0] != ',')
				break;
			continue;
		}
		any = true;
		if (quote ? o == quote : o == '"' || o == '\'') {
			quote = (char)(quote ? 0 : o);
			continue;
		}
		if (o == '`' && quote != '\'' && cursor_left(c) > 1) {
			cursor_skip(c, 1);
			o = (char)*c->at;
			if (o == '\r' && cursor_left(c) > 1 && c->at[1] == '\n') {
				cursor_skip(c, 1);
				o = '\n';
			}
			if (o == '\n') { /* the command goes on */
				any = n > 0;
				if (any) {
					cursor_skip(c, 1);
					break;
				}
				continue;
			}
		}
		if (!quote && strchr("@()", o))
			continue;
		if (n + 1 < cap && o)
			out[n++] = o;
		out[n < cap ? n : cap - 1] = '\0';
	}
	out[n] = '\0';
	return any;
}

static const char *method_of(const char *word)
{
	static const char *const methods[][2] = {
		{"Pap", "pap"}, {"Chap", "chap"}, {"MSChapv2", "mschap2"}, {"Eap", "eap"}};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcasecmp(word, methods[i][0]) == 0)
			return methods[i][1];
	return NULL;
}

/* "Pap, MSChapv2" */
static void take_methods(struct reading *r, char *value)
{
	char text[64] = "", *save = NULL;
	struct str s = str_make(text, sizeof(text));

	for (char *word = strtok_r(value, ", ", &save); word; word = strtok_r(NULL, ", ", &save)) {
		const char *method = method_of(word);

		if (method)
			str_printf(&s, "%s%s", s.len ? "," : "", method);
		else
			import_lost(r->list, r->section, "AuthenticationMethod", word,
				    "this method is not supported");
	}
	if (*text)
		import_set(r->list, r->section, "allow", text);
}

static void take_tunnel(struct reading *r, const char *value)
{
	if (strcasecmp(value, "L2tp") == 0) {
		import_set(r->list, r->section, "type", "l2tp");
		import_set(r->list, r->section, "use-ipsec", "yes");
	} else if (strcasecmp(value, "Pptp") == 0 || strcasecmp(value, "Automatic") == 0)
		import_set(r->list, r->section, "type", "pptp");
	else
		r->other = true;
	if (strcasecmp(value, "Automatic") == 0)
		import_note(r->list, r->section,
			    "TunnelType = Automatic: Windows tries several protocols, a profile "
			    "has one");
}

static void take_shell_own(struct reading *r, const struct import_word *row, char *value)
{
	const char *word = row->word;
	const char *before;
	char text[IMPORT_VALUE_MAX];

	if (strcmp(word, "tunneltype") == 0)
		take_tunnel(r, value);
	else if (strcmp(word, "authenticationmethod") == 0)
		take_methods(r, value);
	else if (strcmp(word, "encryptionlevel") == 0)
		import_set(r->list, r->section, "use-encryption",
			   strcasecmp(value, "NoEncryption") == 0 ? "no"
			   : strcasecmp(value, "Optional") == 0	  ? "yes"
								  : "require");
	else if (strcmp(word, "splittunneling") == 0)
		import_set(r->list, r->section, "add-default-route",
			   *value && !text_is_yes(value) ? "yes" : "no");
	else if (strcmp(word, "destinationprefix") == 0) {
		before = import_get(r->list, r->section, "routes");
		(void)snprintf(text, sizeof(text), "%s%s%s", before ? before : "",
			       before ? ", " : "", value);
		import_set(r->list, r->section, "routes", text);
	}
}

struct command {
	char verb[64], name[256];
	struct {
		char key[64], value[512];
	} pairs[48];
	size_t count;
};

/* "-Key value", "-Key:value", "-Switch"; the first words without a '-' are name and server. */
static void read_shell(struct command *m, struct cursor *c)
{
	static const char *const places[] = {"name", "serveraddress"};
	char word[512];
	size_t place = 0;

	memset(m, 0, sizeof(*m));
	(void)shell_word(c, m->verb, sizeof(m->verb));
	while (shell_word(c, word, sizeof(word))) {
		char *colon = strchr(word, ':');

		if (m->count == sizeof(m->pairs) / sizeof(m->pairs[0]))
			continue;
		if (word[0] == '-') {
			if (colon)
				*colon = '\0';
			(void)snprintf(m->pairs[m->count].key, sizeof(m->pairs[0].key), "%.60s",
				       word + 1);
			if (colon)
				(void)str_copy(m->pairs[m->count].value, sizeof(m->pairs[0].value),
					       colon + 1);
			m->count++;
		} else if (m->count && !m->pairs[m->count - 1].value[0])
			(void)str_copy(m->pairs[m->count - 1].value, sizeof(m->pairs[0].value),
				       word);
		else if (place < 2) {
			(void)str_copy(m->pairs[m->count].key, sizeof(m->pairs[0].key),
				       places[place++]);
			(void)str_copy(m->pairs[m->count++].value, sizeof(m->pairs[0].value), word);
		}
	}
	for (size_t i = 0; i < m->count; i++)
		if (strcasecmp(m->pairs[i].key, "Name") == 0 ||
		    strcasecmp(m->pairs[i].key, "ConnectionName") == 0)
			(void)str_copy(m->name, sizeof(m->name), m->pairs[i].value);
}

static void begin_shell(struct reading *r, const struct command *m)
{
	char clean[IMPORT_NAME_MAX];

	r->other = false;
	if (strcasecmp(m->verb, "Add-VpnConnection") == 0) {
		r->section = import_connection(r->job, m->name, "pptp");
		import_set(r->list, r->section, "add-default-route", "yes");
		import_note(r->list, r->section,
			    "user, password: Windows asks for them when it connects: write user; "
			    "secrets are asked for");
		return;
	}
	import_clean_name(m->name, clean);
	r->section = import_find(r->list, IMPORT_CONNECTION, clean);
}

static void run_shell(struct reading *r, struct command *m)
{
	if (!strcasestr(m->verb, "-VpnConnection")) {
		r->job->skipped += *m->verb != '\0';
		return;
	}
	begin_shell(r, m);
	if (r->section == IMPORT_NONE) {
		r->job->skipped++;
		return;
	}
	for (size_t i = 0; i < m->count; i++) {
		const struct import_word *row = import_take(r->list, r->section, IMPORT_POWERSHELL,
							    m->pairs[i].key, m->pairs[i].value);

		if (row && row->how == IMPORT_OWN)
			take_shell_own(r, row, m->pairs[i].value);
	}
	if (r->other) {
		r->list->sections[r->section].dropped = true;
		r->job->skipped++;
	}
}

void import_powershell(struct import_job *job, const struct import_file *file)
{
	struct reading r = {.job = job, .list = job->list, .section = IMPORT_NONE};
	struct command *m = malloc(sizeof(*m));
	struct cursor c = cursor_make(file->text, file->len);

	if (!m) {
		job->list->full = true;
		return;
	}
	while (cursor_left(&c)) {
		read_shell(m, &c);
		run_shell(&r, m);
		/* What ended the command: a new line, a ';', a '|' or a comment. */
		if (cursor_left(&c) && *c.at == '#')
			(void)text_next_line(&c);
		else if (cursor_left(&c))
			cursor_skip(&c, 1);
	}
	wipe(m, sizeof(*m));
	free(m);
}
