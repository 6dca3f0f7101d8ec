/* SPDX-License-Identifier: MIT */
/* NetworkManager's keyfiles: NAME.nmconnection with a [vpn] of pptp or l2tp. */
#include "import/formats.h"

#include "base/secret.h"
#include "base/str.h"
#include "import/text.h"
#include "import/words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct reading {
	struct import_list *list;
	size_t section;
	enum import_table table; /* of [vpn] and [vpn-secrets] */
	bool secret_elsewhere;
	bool psk_elsewhere;
};

/* GLib's escapes, in place: \s \t \n \r \\ and \; */
static void unescape(char *text)
{
	static const char from[] = "stnr", to[] = " \t\n\r";
	char *out = text;

	for (; *text; text++) {
		const char *known;

		if (*text != '\\' || !text[1]) {
			*out++ = *text;
			continue;
		}
		known = strchr(from, *++text);
		*out++ = (char)(known ? to[known - from] : *text);
	}
	*out = '\0';
}

/* "a;b;" to "a,b" */
static void list_of(struct reading *r, const char *key, char *value)
{
	const char *before = import_get(r->list, r->section, key);
	char text[IMPORT_VALUE_MAX];
	size_t n = strlen(value);

	while (n && (value[n - 1] == ';' || value[n - 1] == ','))
		value[--n] = '\0';
	for (char *p = value; *p; p++)
		if (*p == ';')
			*p = ',';
	if (!*value)
		return;
	(void)snprintf(text, sizeof(text), "%s%s%s", before ? before : "", before ? "," : "",
		       value);
	import_set(r->list, r->section, key, text);
}

/* "10.0.0.0/8,10.1.1.1,100" to "10.0.0.0/8 10.1.1.1 100", one more route. */
static void take_route(struct reading *r, char *value)
{
	const char *before = import_get(r->list, r->section, "routes");
	char text[IMPORT_VALUE_MAX], *gateway = strchr(value, ','), *metric;

	if (gateway)
		*gateway++ = '\0';
	metric = gateway ? strchr(gateway, ',') : NULL;
	if (metric)
		*metric++ = '\0';
	if (gateway && (!*gateway || strcmp(gateway, "0.0.0.0") == 0 || strcmp(gateway, "::") == 0))
		gateway = NULL;
	if (metric && *metric && !gateway)
		import_lost(r->list, r->section, "route metric", metric,
			    "a route without a gateway has no metric here");
	(void)snprintf(text, sizeof(text), "%s%s%s%s%s%s%s", before ? before : "",
		       before ? ", " : "", value, gateway ? " " : "", gateway ? gateway : "",
		       gateway && metric && *metric ? " " : "", gateway && metric ? metric : "");
	import_set(r->list, r->section, "routes", text);
}

/* [connection], [ipv4], [ipv6], [proxy] */
static void take_general(struct reading *r, const char *group, const char *key, char *value)
{
	const struct import_word *row;
	char word[128];

	if (strncmp(key, "route", 5) == 0 && key[5] >= '0' && key[5] <= '9') {
		if (strstr(key, "_options"))
			import_lost(r->list, r->section, key, value,
				    "options of routes are not set");
		else
			take_route(r, value);
		return;
	}
	if (strncmp(key, "address", 7) == 0 && key[7] >= '0' && key[7] <= '9')
		key = "address";
	(void)snprintf(word, sizeof(word), "%s.%s", group, key);
	row = import_take(r->list, r->section, IMPORT_NM_CONNECTION, word, value);
	if (!row || row->how != IMPORT_OWN)
		return;
	if (strcmp(row->word, "ipv4.dns") == 0 || strcmp(row->word, "ipv4.dns-search") == 0)
		list_of(r, row->key, value);
	else if (strcmp(row->word, "ipv4.routes") == 0)
		list_of(r, "routes", value);
	else if (strcmp(row->word, "ipv6.method") == 0)
		import_set(r->list, r->section, "ipv6",
			   strcasecmp(value, "auto") == 0 ? "yes" : "no");
}

static void take_mppe(struct reading *r, const char *word)
{
	const char *strength = strstr(word, "128") ? "128" : strstr(word, "40") ? "40" : "40,128";

	import_set(r->list, r->section, "use-encryption", "require");
	import_set(r->list, r->section, "mppe-strength", strength);
}

/* "0s" and base64, or the key itself */
static void take_psk(struct reading *r, const char *value)
{
	char secret[IMPORT_VALUE_MAX];

	if (strncmp(value, "0s", 2) == 0 && text_base64(value + 2, secret, sizeof(secret)))
		import_set(r->list, r->section, "ipsec-secret", secret);
	else
		import_set(r->list, r->section, "ipsec-secret", value);
	wipe(secret, sizeof(secret));
}

static void take_refusal(struct reading *r, const char *word, const char *value)
{
	char option[32];

	if (!text_is_yes(value))
		return;
	(void)snprintf(option, sizeof(option), "%s",
		       strcmp(word, "refuse-mschapv2") == 0 ? "refuse-mschap-v2" : word);
	(void)import_take(r->list, r->section, IMPORT_PPPD, option, "");
}

static void take_vpn(struct reading *r, const char *word, char *value)
{
	const struct import_word *row;

	if (import_word_find(IMPORT_NM_CONNECTION, word) || strcmp(word, "service-type") == 0)
		return;
	row = import_take(r->list, r->section, r->table, word, value);
	if (!row || row->how != IMPORT_OWN)
		return;
	if (strncmp(row->word, "refuse-", 7) == 0)
		take_refusal(r, row->word, value);
	else if (strncmp(row->word, "require-mppe", 12) == 0 && text_is_yes(value))
		take_mppe(r, row->word);
	else if (strcmp(row->word, "password-flags") == 0)
		r->secret_elsewhere = strcmp(value, "0") != 0;
	else if (strcmp(row->word, "ipsec-psk-flags") == 0)
		r->psk_elsewhere = strcmp(value, "0") != 0;
	else if (strcmp(row->word, "ipsec-psk") == 0)
		take_psk(r, value);
	else if (strcmp(row->word, "user-auth-type") == 0 && strcasecmp(value, "password") != 0)
		import_lost(r->list, r->section, word, value, "EAP-TLS is not supported");
	else if (strcmp(row->word, "machine-auth-type") == 0 && strcasecmp(value, "psk") != 0)
		import_lost(r->list, r->section, word, value, "certificates are not supported");
	else if (row->key && strncmp(row->word, "ipsec-", 6) == 0)
		import_ipsec_offer(r->list, r->section, row->key, value);
	else if (row->key && *value && strcmp(row->key, "use-encryption") != 0)
		import_set(r->list, r->section, row->key, value);
}

/* The values that NetworkManager has where nothing is written. */
static void defaults(struct reading *r)
{
	import_set(r->list, r->section, "add-default-route", "yes");
	import_set(r->list, r->section, "use-peer-dns", "yes");
	import_set(r->list, r->section, "use-encryption", "yes");
}

static void finish(struct reading *r)
{
	const char *ipsec = import_get(r->list, r->section, "use-ipsec");

	if (!import_get(r->list, r->section, "password"))
		import_note(r->list, r->section,
			    "password: not in the file%s; you are asked for it",
			    r->secret_elsewhere ? ", but in a keyring or typed each time" : "");
	if (ipsec && strcmp(ipsec, "yes") == 0 && !import_get(r->list, r->section, "ipsec-secret"))
		import_note(r->list, r->section,
			    "ipsec-secret: not in the file%s; you are asked for it",
			    r->psk_elsewhere ? ", but in a keyring" : "");
}

/* The value of KEY in GROUP, the first there is. */
static bool find(const struct import_file *file, const char *group, const char *wanted, char *out,
		 size_t cap)
{
	struct cursor c = cursor_make(file->text, file->len);
	char line[IMPORT_VALUE_MAX], *key, *value;
	bool inside = false;

	while (text_line(&c, line, sizeof(line), NULL)) {
		char *at = text_trim(line);

		if (*at == '[')
			inside = strncmp(at + 1, group, strlen(group)) == 0 &&
				 at[1 + strlen(group)] == ']';
		else if (inside && text_pair(at, '=', &key, &value) && strcmp(key, wanted) == 0) {
			unescape(value);
			return str_copy(out, cap, value);
		}
	}
	return false;
}

static void read_pairs(struct reading *r, const struct import_file *file)
{
	struct cursor c = cursor_make(file->text, file->len);
	char line[IMPORT_VALUE_MAX], group[64] = "", *key, *value;

	while (text_line(&c, line, sizeof(line), NULL)) {
		char *at = text_trim(line);

		if (*at == '[') {
			(void)snprintf(group, sizeof(group), "%.*s", (int)strcspn(at + 1, "]"),
				       at + 1);
			continue;
		}
		if (*at == '#' || !text_pair(at, '=', &key, &value))
			continue;
		unescape(value);
		if (strcmp(group, "vpn") == 0 || strcmp(group, "vpn-secrets") == 0) {
			if (import_word_find(r->table, key))
				take_vpn(r, key, value);
			else
				take_general(r, "vpn", key, value);
		} else
			take_general(r, group, key, value);
	}
	wipe(line, sizeof(line));
}

void import_nm(struct import_job *job, const struct import_file *file)
{
	struct reading r = {.list = job->list};
	char service[128], name[IMPORT_VALUE_MAX];
	bool l2tp;

	if (!find(file, "vpn", "service-type", service, sizeof(service)) ||
	    !strstr(service, "pptp") == !strstr(service, "l2tp")) {
		import_refuse(job, file, "is a connection of NetworkManager, but no PPTP or L2TP");
		return;
	}
	l2tp = strstr(service, "l2tp") != NULL;
	if (!find(file, "connection", "id", name, sizeof(name)))
		(void)snprintf(name, sizeof(name), "%.200s", text_base_name(file->path));
	r.table = l2tp ? IMPORT_NM_L2TP : IMPORT_NM_PPTP;
	r.section = import_connection(job, name, l2tp ? "l2tp" : "pptp");
	if (r.section == IMPORT_NONE)
		return;
	defaults(&r);
	read_pairs(&r, file);
	finish(&r);
}
