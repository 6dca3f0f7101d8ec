/* SPDX-License-Identifier: MIT */
/* strongSwan and libreswan: ipsec.conf with ipsec.secrets, and swanctl.conf.  What they say goes to
 * the connection of L2TP that dials the same server; where there is none it begins one. */
#include "import/formats.h"

#include "base/secret.h"
#include "base/str.h"
#include "import/text.h"
#include "import/words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ALSO_MAX  4
#define DEPTH_MAX 8
#define SCANS_MAX 600

struct reading {
	struct import_job *job;
	struct import_list *list;
	const struct import_file *file;
	enum import_table table;
	size_t section; /* a sketch, until its connection is found */
	unsigned scans; /* of the file, all in all */
	bool transport; /* type = transport, or L2TP's port is named: it is for L2TP */
};

/* "aes256-sha1;modp1024,3des-sha1!" as we write it. */
void import_ipsec_offer(struct import_list *list, size_t section, const char *key,
			const char *value)
{
	char text[IMPORT_VALUE_MAX];
	size_t n = 0;

	for (; *value && n + 1 < sizeof(text); value++)
		if (*value != '!' && *value != ' ')
			text[n++] = (char)(*value == ';' || *value == '+' ? '-' : *value);
	text[n] = '\0';
	if (n)
		import_set(list, section, key, text);
}

/* %any, %defaultroute and the like name nobody. */
static bool is_somebody(const char *value)
{
	return *value && *value != '%' && strcmp(value, "0.0.0.0") != 0 && strcmp(value, "::") != 0;
}

static void take_auth(struct reading *r, const char *word, const char *value)
{
	if (strcasecmp(value, "secret") == 0 || strcasecmp(value, "psk") == 0)
		import_set(r->list, r->section, "use-ipsec", "yes");
	else
		import_lost(r->list, r->section, word, value,
			    "only a pre-shared key is supported: use-ipsec = yes and ipsec-secret");
}

static void take_version(struct reading *r, const char *word, const char *value)
{
	if (strstr(value, "2") || strcasecmp(value, "insist") == 0)
		import_lost(r->list, r->section, word, value, "L2TP over IPsec is IKEv1 here");
}

static void take_own(struct reading *r, const struct import_word *row, const char *value)
{
	const char *key = row->key;

	if (strstr(row->word, "protoport"))
		r->transport |= strstr(value, "1701") || strstr(value, "l2tp") ||
				strncmp(value, "17", 2) == 0;
	else if (strncmp(row->word, "aggr", 4) == 0) {
		if (text_is_yes(value))
			import_lost(
				r->list, r->section, row->word, value,
				"Aggressive Mode is not supported: it lets anybody guess the key");
	} else if (!key)
		take_version(r, row->word, value);
	else if (strcmp(key, "use-ipsec") == 0)
		take_auth(r, row->word, value);
	else if (strcmp(key, "connect-to") == 0 || strcmp(key, "src-address") == 0 ||
		 strcmp(key, "ipsec-remote-id") == 0) {
		if (is_somebody(value))
			import_set(r->list, r->section, key, value);
	} else
		import_ipsec_offer(r->list, r->section, key, value);
}

static void take(struct reading *r, const char *word, const char *value)
{
	const struct import_word *row = import_take(r->list, r->section, r->table, word, value);

	if (row && strcmp(row->word, "type") == 0)
		r->transport |= strcasecmp(value, "transport") == 0;
	if (row && strcmp(row->word, "children.mode") == 0)
		r->transport |= strcasecmp(value, "transport") == 0;
	if (row && row->how == IMPORT_OWN)
		take_own(r, row, value);
}

/* The connection of L2TP that dials SERVER, or the only one that has no IPsec yet. */
static size_t find_partner(const struct import_list *list, const char *server)
{
	size_t only = IMPORT_NONE, count = 0;

	for (size_t i = 0; i < list->section_count; i++) {
		const char *type = import_get(list, i, "type");
		const char *to = import_get(list, i, "connect-to");

		if (list->sections[i].place != IMPORT_CONNECTION || list->sections[i].dropped ||
		    !type || strcmp(type, "l2tp") != 0)
			continue;
		if (server && to && strcmp(to, server) == 0)
			return i;
		if (!import_get(list, i, "use-ipsec")) {
			only = i;
			count++;
		}
	}
	return count == 1 && !server ? only : IMPORT_NONE;
}

/* All of the sketch into TO. */
static void merge(struct import_list *list, size_t from, size_t to)
{
	size_t count = list->item_count;

	for (size_t i = 0; i < count; i++) {
		struct import_item item = list->items[i];

		if (item.section != from || item.replaced)
			continue;
		if (!item.key)
			import_note(list, to, "%s", item.value);
		else if (strcmp(item.key, "connect-to") != 0 &&
			 strcmp(item.key, "src-address") != 0)
			import_set(list, to, item.key, item.value);
	}
}

/* The end of a sketch: to its connection, to a new one, or away. */
static void settle(struct reading *r, const char *name)
{
	const char *server = import_get(r->list, r->section, "connect-to");
	size_t partner = find_partner(r->list, server);

	r->list->sections[r->section].dropped = true;
	if (partner == IMPORT_NONE && !r->transport) {
		r->job->skipped++; /* a tunnel of its own */
		return;
	}
	if (partner == IMPORT_NONE && server) {
		partner = import_connection(r->job, name, "l2tp");
		import_set(r->list, partner, "connect-to", server);
		import_note(
			r->list, partner,
			"user, password: they are L2TP's, whose configuration was not named: name "
			"both files where you import");
	}
	if (partner == IMPORT_NONE)
		return;
	merge(r->list, r->section, partner);
	if (!import_get(r->list, partner, "use-ipsec"))
		import_set(r->list, partner, "use-ipsec", "yes");
}

static void sketch(struct reading *r)
{
	r->section = import_section(r->list, IMPORT_CONNECTION, "(ipsec)");
	r->transport = false;
	if (r->section != IMPORT_NONE)
		r->list->sections[r->section].dropped = true;
}

/* All pairs of "conn NAME", with those of the conns it names by also. */
static void read_conn(struct reading *r, const char *name, unsigned depth)
{
	struct cursor c = cursor_make(r->file->text, r->file->len);
	char line[IMPORT_VALUE_MAX], *key, *value;
	bool inside = false;

	if (r->scans++ >= SCANS_MAX) {
		r->list->full = true;
		return;
	}
	while (text_line(&c, line, sizeof(line), NULL)) {
		bool indented = line[0] == ' ' || line[0] == '\t';
		char *at = text_trim(line);

		if (!*at || *at == '#')
			continue;
		if (!indented) {
			inside =
				strncmp(at, "conn", 4) == 0 && strcmp(text_trim(at + 4), name) == 0;
			continue;
		}
		if (!inside || !text_pair(at, '=', &key, &value))
			continue;
		if (*value != '"')
			value[strcspn(value, "#")] = '\0';
		value = text_unquote(text_trim(value), '"');
		if (strcasecmp(key, "also") == 0 && depth < ALSO_MAX)
			read_conn(r, value, depth + 1);
		else
			take(r, key, value);
	}
}

/* One line of ipsec.secrets, "[ID]... : PSK SECRET": is it for one of these names?  0 = no, 1 = for
 * anybody, 2 = by name; the secret to OUT. */
static int secret_line(struct cursor *c, const char *server, const char *id, char *out, size_t cap)
{
	char word[IMPORT_VALUE_MAX];
	bool named = false, fits = false;

	while (text_word(c, false, word, sizeof(word)) && strcmp(word, ":") != 0) {
		bool colon = *word && word[strlen(word) - 1] == ':';

		if (colon)
			word[strlen(word) - 1] = '\0';
		named |= is_somebody(word);
		fits |= (server && strcmp(word, server) == 0) || (id && strcmp(word, id) == 0);
		if (colon)
			break;
	}
	if (!text_word(c, false, word, sizeof(word)) || strcasecmp(word, "PSK") != 0 ||
	    !text_word(c, false, out, cap))
		return 0;
	return fits ? 2 : !named;
}

/* The key for SERVER, called ID, of a table of secrets. */
static bool find_psk(const struct import_file *table, const char *server, const char *id, char *out,
		     size_t cap)
{
	struct cursor c = cursor_make(table->text, table->len);
	char secret[IMPORT_VALUE_MAX];
	int best = 0;

	do {
		int fit = secret_line(&c, server, id, secret, sizeof(secret));

		if (fit <= best)
			continue;
		best = fit;
		if (strncmp(secret, "0s", 2) != 0 || !text_base64(secret + 2, out, cap))
			(void)str_copy(out, cap, secret);
	} while (text_next_line(&c));
	wipe(secret, sizeof(secret));
	return best > 0;
}

/* The keys of TABLE to those that have none. */
static void take_secrets(struct import_list *list, const struct import_file *table, bool ipsec_only)
{
	for (size_t i = 0; i < list->section_count; i++) {
		const char *type = import_get(list, i, "type"),
			   *use = import_get(list, i, "use-ipsec");
		char secret[IMPORT_VALUE_MAX];

		if (list->sections[i].place != IMPORT_CONNECTION || list->sections[i].dropped ||
		    !type || strcmp(type, "l2tp") != 0 || (ipsec_only && !use) ||
		    import_get(list, i, "ipsec-secret") ||
		    !find_psk(table, import_get(list, i, "connect-to"),
			      import_get(list, i, "ipsec-remote-id"), secret, sizeof(secret)))
			continue;
		import_set(list, i, "ipsec-secret", secret);
		if (!use)
			import_set(list, i, "use-ipsec", "yes");
		wipe(secret, sizeof(secret));
	}
}

void import_ipsec_secrets(struct import_job *job, const struct import_file *file)
{
	take_secrets(job->list, file, false);
}

void import_ipsec_conf(struct import_job *job, const struct import_file *file)
{
	struct reading r = {
		.job = job, .list = job->list, .file = file, .table = IMPORT_IPSEC_CONF};
	struct cursor c = cursor_make(file->text, file->len);
	const struct import_file *secrets;
	char line[IMPORT_VALUE_MAX];

	while (text_line(&c, line, sizeof(line), NULL)) {
		char name[64];

		if (strncmp(line, "conn", 4) != 0 || (line[4] != ' ' && line[4] != '\t'))
			continue;
		(void)snprintf(name, sizeof(name), "%.63s", text_trim(line + 4));
		if (strcmp(name, "%default") == 0)
			continue;
		sketch(&r);
		if (r.section == IMPORT_NONE)
			return;
		read_conn(&r, "%default", ALSO_MAX);
		read_conn(&r, name, 0);
		settle(&r, name);
	}
	secrets = import_follow(job, file, "ipsec.secrets");
	if (secrets && secrets->format == IMPORT_FORMAT_IPSEC_SECRETS)
		take_secrets(job->list, secrets, true);
}

/* Where a reader of swanctl.conf stands. */
struct swanctl {
	struct reading r;
	char path[DEPTH_MAX][64];
	unsigned depth;
	bool secrets; /* the second pass */
	char secret[IMPORT_VALUE_MAX];
	char id[256];
};

/* The word of our table for KEY inside of these blocks: "children.mode", "local.id". */
static void swanctl_word(const struct swanctl *s, const char *key, char *out, size_t cap)
{
	const char *group = s->depth > 2 ? s->path[2] : "";

	if (strncmp(group, "local", 5) == 0)
		group = "local.";
	else if (strncmp(group, "remote", 6) == 0)
		group = "remote.";
	else if (strcmp(group, "children") == 0)
		group = "children.";
	else
		group = "";
	(void)snprintf(out, cap, "%s%s", group, key);
}

static void swanctl_pair(struct swanctl *s, const char *key, const char *value)
{
	char word[128];

	if (s->depth >= 2 && !s->secrets && strcmp(s->path[0], "connections") == 0) {
		swanctl_word(s, key, word, sizeof(word));
		take(&s->r, word, value);
	} else if (s->depth == 2 && s->secrets && strcmp(s->path[0], "secrets") == 0 &&
		   strncmp(s->path[1], "ike", 3) == 0) {
		if (strcmp(key, "secret") == 0)
			(void)str_copy(s->secret, sizeof(s->secret), value);
		else if (strncmp(key, "id", 2) == 0 && is_somebody(value))
			(void)str_copy(s->id, sizeof(s->id), value);
	}
}

/* The end of secrets.ike*: its key to whom it is for. */
static void swanctl_secret(struct swanctl *s)
{
	struct import_list *list = s->r.list;

	for (size_t i = 0; i < list->section_count && *s->secret; i++) {
		const char *to = import_get(list, i, "connect-to");
		const char *id = import_get(list, i, "ipsec-remote-id");
		const char *own = import_get(list, i, "ipsec-id");
		char secret[IMPORT_VALUE_MAX];

		if (list->sections[i].place != IMPORT_CONNECTION || list->sections[i].dropped ||
		    !import_get(list, i, "use-ipsec") || import_get(list, i, "ipsec-secret"))
			continue;
		if (*s->id && !(to && strcmp(to, s->id) == 0) && !(id && strcmp(id, s->id) == 0) &&
		    !(own && strcmp(own, s->id) == 0))
			continue;
		if (strncmp(s->secret, "0s", 2) == 0 &&
		    text_base64(s->secret + 2, secret, sizeof(secret)))
			import_set(list, i, "ipsec-secret", secret);
		else
			import_set(list, i, "ipsec-secret", s->secret);
		wipe(secret, sizeof(secret));
	}
	wipe(s->secret, sizeof(s->secret));
	s->id[0] = '\0';
}

static void swanctl_open(struct swanctl *s, const char *name)
{
	if (s->depth < DEPTH_MAX)
		(void)snprintf(s->path[s->depth], sizeof(s->path[0]), "%.63s", name);
	s->depth++;
	if (s->depth == 2 && !s->secrets && strcmp(s->path[0], "connections") == 0)
		sketch(&s->r);
}

static void swanctl_close(struct swanctl *s)
{
	if (s->depth == 2 && !s->secrets && strcmp(s->path[0], "connections") == 0 &&
	    s->r.section != IMPORT_NONE)
		settle(&s->r, s->path[1]);
	if (s->depth == 2 && s->secrets)
		swanctl_secret(s);
	if (s->depth)
		s->depth--;
}

/* A line may open a block, hold a pair, and close blocks. */
static void swanctl_line(struct swanctl *s, char *line)
{
	char *at = text_trim(line), *key, *value, *brace;

	while (*at && *at != '#') {
		brace = strpbrk(at, "{}=");
		if (!brace)
			return;
		if (*brace == '=') {
			if (!text_pair(at, '=', &key, &value))
				return;
			if (*value != '"')
				value[strcspn(value, "#")] = '\0';
			value = text_trim(value);
			/* "{ secret = x }" in one line */
			if (*value && *value != '"' && value[strlen(value) - 1] == '}') {
				value[strlen(value) - 1] = '\0';
				swanctl_pair(s, key, text_trim(value));
				swanctl_close(s);
			} else
				swanctl_pair(s, key, text_unquote(value, '"'));
			return;
		}
		if (*brace == '{') {
			*brace = '\0';
			swanctl_open(s, text_trim(at));
		} else
			swanctl_close(s);
		at = text_trim(brace + 1);
	}
}

void import_swanctl(struct import_job *job, const struct import_file *file)
{
	struct swanctl s = {.r = {.job = job,
				  .list = job->list,
				  .file = file,
				  .table = IMPORT_SWANCTL,
				  .section = IMPORT_NONE}};
	char line[IMPORT_VALUE_MAX];

	for (int pass = 0; pass < 2; pass++) {
		struct cursor c = cursor_make(file->text, file->len);

		s.secrets = pass == 1;
		s.depth = 0;
		while (text_line(&c, line, sizeof(line), NULL))
			swanctl_line(&s, line);
	}
	wipe(line, sizeof(line));
}
