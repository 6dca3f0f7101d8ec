/* SPDX-License-Identifier: MIT */
/* RouterOS: exports, pasted lines and what stands behind a prompt.
 *
 * A command is "/menu submenu verb word=value ...", with the menu of an earlier line where it has
 * none.  Long ones are continued behind a backslash.  Values between double quotes know \" \\ \n \r
 * \t \$ \? \_ and \XX, an octet in hexadecimal digits. */
#include "import/formats.h"

#include "base/str.h"
#include "import/text.h"
#include "import/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define OURS	   "# vpdial: " /* what RouterOS has no word for, see export.c */
#define TOKENS_MAX 128
#define MENU_MAX   128

struct token {
	const char *word;  /* before the '=', or all of it */
	const char *value; /* NULL = no '=' */
	bool bracket;	   /* the word stood between [ and ] */
};

struct command {
	char text[16384];
	size_t used;
	struct token tokens[TOKENS_MAX];
	size_t count;
	bool cut;  /* did not fit */
	bool ours; /* a comment of the exporter: KEY=VALUE of ours */
};

struct reading {
	struct import_job *job;
	struct import_list *list;
	bool routes; /* the second pass */
	size_t last; /* the connection that was read last */
	char menu[MENU_MAX];
	struct command command;
};

static char peek(const struct cursor *c, size_t ahead)
{
	return (char)(cursor_left(c) > ahead ? c->at[ahead] : 0);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void put(struct command *m, char c)
{
	if (m->used + 1 < sizeof(m->text))
		m->text[m->used++] = c;
	else
		m->cut = true;
}

/* The text since START is finished. */
static const char *finish(struct command *m, size_t start)
{
	m->text[m->used++] = '\0';
	if (m->used == sizeof(m->text))
		m->used--;
	return m->text + start;
}

/* A backslash at the end of a line, with what indents the next one. */
static bool skip_continuation(struct cursor *c)
{
	size_t n = 1;

	if (peek(c, 0) != '\\')
		return false;
	while (is_space(peek(c, n)))
		n++;
	if (peek(c, n) != '\n')
		return false;
	cursor_skip(c, n + 1);
	while (is_space(peek(c, 0)))
		cursor_skip(c, 1);
	if (cursor_left(c) >= 4 && memcmp(c->at, "\\...", 4) == 0) /* the prompt of a console */
		cursor_skip(c, 4);
	while (is_space(peek(c, 0)))
		cursor_skip(c, 1);
	return true;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void read_escape(struct command *m, struct cursor *c)
{
	static const char from[] = "nrt_abfv", to[] = "\n\r\t \a\b\f\v";
	char e = peek(c, 0);
	int high = hex(e), low = high < 0 ? -1 : hex(peek(c, 1));
	const char *known = e ? strchr(from, e) : NULL;

	if (low >= 0) {
		cursor_skip(c, 2);
		if (high || low)
			put(m, (char)(high << 4 | low));
		return;
	}
	cursor_skip(c, 1);
	put(m, (char)(known ? to[known - from] : e));
}

static void read_quoted(struct command *m, struct cursor *c)
{
	cursor_skip(c, 1);
	while (cursor_left(c) && peek(c, 0) != '"') {
		char o;

		if (skip_continuation(c))
			continue;
		o = (char)cursor_u8(c);
		if (o == '\\')
			read_escape(m, c);
		else
			put(m, o);
	}
	cursor_skip(c, 1);
	c->failed = false; /* an open quote ends with the file */
}

/* "[ find name=x ]" to "find name=x", the quotes with it taken off. */
static void read_bracket(struct command *m, struct cursor *c)
{
	unsigned depth = 0;

	while (cursor_left(c) && peek(c, 0) != '\n') {
		char o = peek(c, 0);

		if (o == '"') {
			read_quoted(m, c);
			continue;
		}
		cursor_skip(c, 1);
		if (o == '[' && depth++ == 0)
			continue;
		if (o == ']' && --depth == 0)
			return;
		put(m, o);
	}
}

static void read_plain(struct command *m, struct cursor *c, bool stop_at_equals)
{
	while (cursor_left(c)) {
		char o = peek(c, 0);

		if (skip_continuation(c))
			continue;
		if (is_space(o) || o == '\n' || o == ';' || (stop_at_equals && o == '='))
			return;
		put(m, (char)cursor_u8(c));
	}
}

static void read_token(struct command *m, struct cursor *c)
{
	struct token token = {.value = NULL};
	size_t start = m->used;

	if (peek(c, 0) == '[') {
		token.bracket = true;
		read_bracket(m, c);
	} else if (peek(c, 0) == '"')
		read_quoted(m, c);
	else
		read_plain(m, c, true);
	token.word = finish(m, start);
	if (peek(c, 0) == '=') {
		cursor_skip(c, 1);
		start = m->used;
		while (skip_continuation(c))
			;
		if (peek(c, 0) == '"')
			read_quoted(m, c);
		else if (peek(c, 0) == '[')
			read_bracket(m, c);
		else
			read_plain(m, c, false);
		token.value = finish(m, start);
	}
	if (m->count < TOKENS_MAX)
		m->tokens[m->count++] = token;
	else
		m->cut = true;
}

/* The next command; one without tokens is a blank or a comment.  False at the end. */
static bool read_command(struct command *m, struct cursor *c)
{
	m->used = m->count = 0;
	m->cut = m->ours = false;
	if (cursor_left(c) == 0)
		return false;
	while (cursor_left(c)) {
		char o = peek(c, 0);

		if (skip_continuation(c))
			continue;
		if (o == '\n' || o == ';') {
			cursor_skip(c, 1);
			break;
		}
		if (is_space(o))
			cursor_skip(c, 1);
		else if (m->count == 0 && cursor_left(c) > sizeof(OURS) - 1 &&
			 memcmp(c->at, OURS, sizeof(OURS) - 1) == 0) {
			cursor_skip(c, sizeof(OURS) - 1);
			m->ours = true;
		} else if (o == '#' && m->count == 0)
			while (cursor_left(c) && peek(c, 0) != '\n')
				cursor_skip(c, 1);
		else
			read_token(m, c);
	}
	return true;
}

/* The value of word WORD behind token FROM, or NULL. */
static const char *value_of(const struct command *m, size_t from, const char *word)
{
	for (size_t i = from; i < m->count; i++)
		if (m->tokens[i].value && strcasecmp(m->tokens[i].word, word) == 0)
			return m->tokens[i].value;
	return NULL;
}

/* Which item `set` means: "x", "numbers=x", "[ find name=x ]", "[ find default=yes ]". */
static void target(const struct command *m, size_t from, char *out, size_t cap)
{
	const struct token *t = from < m->count ? &m->tokens[from] : NULL;
	const char *name = value_of(m, from, "numbers"), *at;

	out[0] = '\0';
	if (t && t->bracket) {
		at = strstr(t->word, "name=");
		if (at)
			(void)snprintf(out, cap, "%.*s", (int)strcspn(at + 5, " ]"), at + 5);
		else if (strstr(t->word, "default=yes"))
			(void)str_copy(out, cap, "default");
	} else if (t && !t->value)
		(void)str_copy(out, cap, t->word);
	else if (name)
		(void)str_copy(out, cap, name);
	if (strcasecmp(out, "*0") == 0)
		(void)str_copy(out, cap, "default");
	else if (strcasecmp(out, "*FFFFFFFE") == 0)
		(void)str_copy(out, cap, "default-encryption");
}

/* Is the verb "add"?  Else NAME is what is changed. */
static bool is_new(const char *verb, const struct command *m, size_t from, const char *by_default,
		   char *name, size_t cap)
{
	const char *given = value_of(m, from, "name");

	if (strcmp(verb, "add") == 0) {
		(void)str_copy(name, cap, given ? given : by_default);
		return true;
	}
	target(m, from, name, cap);
	return false;
}

/* All words of the command that the table's rows do; the others are the caller's. */
static void take_all(struct reading *r, size_t section, enum import_table table, size_t from)
{
	for (size_t i = from; i < r->command.count; i++)
		if (r->command.tokens[i].value)
			(void)import_take(r->list, section, table, r->command.tokens[i].word,
					  r->command.tokens[i].value);
}

/* `enable x`, `disable x` */
static bool switched(struct reading *r, size_t section, const char *verb)
{
	bool off = strcmp(verb, "disable") == 0;

	if (!off && strcmp(verb, "enable") != 0)
		return false;
	import_set(r->list, section, "disabled", off ? "yes" : "no");
	return true;
}

/* "host@vrf" */
static void set_server(struct reading *r, size_t section, const char *value)
{
	const char *at = strrchr(value, '@');
	char host[IMPORT_VALUE_MAX];

	(void)snprintf(host, sizeof(host), "%.*s", at ? (int)(at - value) : (int)strlen(value),
		       value);
	import_set(r->list, section, "connect-to", host);
	if (at && strcasecmp(at + 1, "main") != 0)
		import_set(r->list, section, "bind-interface", at + 1);
}

static void client(struct reading *r, const char *type, const char *verb, size_t from)
{
	const struct command *m = &r->command;
	char name[200], clean[IMPORT_NAME_MAX];
	const char *server = value_of(m, from, "connect-to"), *given = value_of(m, from, "name");
	size_t section;

	if (is_new(verb, m, from, strcmp(type, "pptp") == 0 ? "pptp-out1" : "l2tp-out1", name,
		   sizeof(name))) {
		section = import_connection(r->job, name, type);
	} else {
		import_clean_name(name, clean);
		section = import_find(r->list, IMPORT_CONNECTION, *name ? clean : NULL);
	}
	if (section == IMPORT_NONE) {
		r->job->skipped++;
		return;
	}
	r->last = section;
	if (switched(r, section, verb))
		return;
	take_all(r, section, IMPORT_ROUTEROS_CLIENT, from);
	if (given)
		import_set(r->list, section, "name", given);
	if (server)
		set_server(r, section, server);
	if (strcmp(verb, "add") == 0 && !value_of(m, from, "password"))
		import_note(
			r->list, section,
			"password: the file has none; RouterOS writes secrets only where `export "
			"show-sensitive` asks for them. It is asked for when you connect");
	if (strcmp(verb, "add") == 0 && value_of(m, from, "use-ipsec") &&
	    !value_of(m, from, "ipsec-secret") && text_is_yes(value_of(m, from, "use-ipsec")))
		import_note(r->list, section,
			    "ipsec-secret: the file has none; it is asked for when you connect");
}

static void pptp_client(struct reading *r, const char *verb, size_t from)
{
	client(r, "pptp", verb, from);
}

static void l2tp_client(struct reading *r, const char *verb, size_t from)
{
	client(r, "l2tp", verb, from);
}

static void ppp_profile(struct reading *r, const char *verb, size_t from)
{
	char name[200], clean[IMPORT_NAME_MAX];
	size_t section;

	(void)is_new(verb, &r->command, from, "imported", name, sizeof(name));
	import_clean_name(name, clean);
	section = import_find(r->list, IMPORT_PPP, clean);
	if (section == IMPORT_NONE)
		section = import_section(r->list, IMPORT_PPP, clean);
	take_all(r, section, IMPORT_ROUTEROS_PPP, from);
}

/* The section "WORD NAME" of server.conf, new or not. */
static size_t server_section(struct reading *r, const char *word, const char *name)
{
	char clean[IMPORT_NAME_MAX], title[IMPORT_NAME_MAX + 16];
	size_t section;

	import_clean_name(name, clean);
	(void)snprintf(title, sizeof(title), "%s%s%.48s", word, *word ? " " : "", clean);
	section = import_find(r->list, IMPORT_SERVER, title);
	return section == IMPORT_NONE ? import_section(r->list, IMPORT_SERVER, title) : section;
}

static void ppp_secret(struct reading *r, const char *verb, size_t from)
{
	const char *service = value_of(&r->command, from, "service");
	char name[200];
	size_t section;

	if (service && strcasecmp(service, "any") != 0 && strcasecmp(service, "pptp") != 0 &&
	    strcasecmp(service, "l2tp") != 0) {
		r->job->skipped++; /* of another kind of tunnel */
		return;
	}
	(void)is_new(verb, &r->command, from, "imported", name, sizeof(name));
	section = server_section(r, "secret", name);
	if (switched(r, section, verb))
		return;
	take_all(r, section, IMPORT_ROUTEROS_SECRET, from);
	if (service)
		import_set(r->list, section, "service", service);
	if (!value_of(&r->command, from, "password") && !import_get(r->list, section, "password"))
		import_note(
			r->list, section,
			"password: the file has none; RouterOS writes secrets only where `export "
			"show-sensitive` asks for them");
}

static void pptp_server(struct reading *r, const char *verb, size_t from)
{
	if (strcmp(verb, "set") == 0)
		take_all(r, server_section(r, "", "pptp-server"), IMPORT_ROUTEROS_SERVER, from);
}

static void l2tp_server(struct reading *r, const char *verb, size_t from)
{
	if (strcmp(verb, "set") == 0)
		take_all(r, server_section(r, "", "l2tp-server"), IMPORT_ROUTEROS_SERVER, from);
}

static void binding(struct reading *r, const char *service, const char *verb, size_t from)
{
	char name[200];
	size_t section;

	(void)is_new(verb, &r->command, from, "imported", name, sizeof(name));
	section = server_section(r, "interface", name);
	if (switched(r, section, verb))
		return;
	take_all(r, section, IMPORT_ROUTEROS_BINDING, from);
	import_set(r->list, section, "service", service);
}

static void pptp_binding(struct reading *r, const char *verb, size_t from)
{
	binding(r, "pptp", verb, from);
}

static void l2tp_binding(struct reading *r, const char *verb, size_t from)
{
	binding(r, "l2tp", verb, from);
}

static void ip_pool(struct reading *r, const char *verb, size_t from)
{
	char name[200];

	(void)is_new(verb, &r->command, from, "imported", name, sizeof(name));
	take_all(r, server_section(r, "pool", name), IMPORT_ROUTEROS_POOL, from);
}

/* The connection whose interface is GATEWAY, also as "10.0.0.1%l2tp-out1", or IMPORT_NONE. */
static size_t behind(const struct reading *r, const char *gateway)
{
	const char *percent = strchr(gateway, '%');

	if (percent)
		gateway = percent + 1;
	for (size_t i = 0; i < r->list->section_count; i++) {
		const char *name = import_get(r->list, i, "name");

		if (r->list->sections[i].place == IMPORT_CONNECTION &&
		    (strcmp(r->list->sections[i].name, gateway) == 0 ||
		     (name && strcmp(name, gateway) == 0)))
			return i;
	}
	return IMPORT_NONE;
}

static void default_route(struct reading *r, size_t section, const char *distance)
{
	import_set(r->list, section, "add-default-route", "yes");
	if (distance)
		import_set(r->list, section, "default-route-distance", distance);
}

static void route(struct reading *r, const char *verb, size_t from)
{
	const struct command *m = &r->command;
	const char *gateway = value_of(m, from, "gateway"), *dst = value_of(m, from, "dst-address");
	const char *off = value_of(m, from, "disabled"), *distance = value_of(m, from, "distance");
	size_t section = gateway ? behind(r, gateway) : IMPORT_NONE;

	if (strcmp(verb, "add") != 0 || section == IMPORT_NONE) {
		r->job->skipped++;
		return;
	}
	if (off && text_is_yes(off)) {
		import_lost(r->list, section, "route", dst ? dst : "0.0.0.0/0", "it is disabled");
		return;
	}
	for (size_t i = from; i < m->count; i++) {
		const struct import_word *row =
			m->tokens[i].value
				? import_word_find(IMPORT_ROUTEROS_ROUTE, m->tokens[i].word)
				: NULL;

		if (m->tokens[i].value && (!row || row->how != IMPORT_OWN))
			(void)import_take(r->list, section, IMPORT_ROUTEROS_ROUTE,
					  m->tokens[i].word, m->tokens[i].value);
	}
	if (!dst || strcmp(dst, "0.0.0.0/0") == 0) {
		default_route(r, section, distance);
		return;
	}
	if (distance && strcmp(distance, "1") != 0)
		import_lost(r->list, section, "distance", distance,
			    "a route without a gateway has no metric here");
	if (value_of(m, from, "comment"))
		import_note(r->list, section, "route %s: %s", dst, value_of(m, from, "comment"));
	if (import_get(r->list, section, "routes")) {
		char text[IMPORT_VALUE_MAX];

		if (snprintf(text, sizeof(text), "%s, %s", import_get(r->list, section, "routes"),
			     dst) < (int)sizeof(text))
			import_set(r->list, section, "routes", text);
	} else
		import_set(r->list, section, "routes", dst);
}

static const struct {
	const char *menu;
	void (*take)(struct reading *r, const char *verb, size_t from);
	bool later; /* in the second pass, when all interfaces are known */
} menus[] = {
	{"interface pptp-client", pptp_client, false},
	{"interface l2tp-client", l2tp_client, false},
	{"ppp profile", ppp_profile, false},
	{"ppp secret", ppp_secret, false},
	{"interface pptp-server server", pptp_server, false},
	{"interface l2tp-server server", l2tp_server, false},
	{"interface pptp-server", pptp_binding, false},
	{"interface l2tp-server", l2tp_binding, false},
	{"ip pool", ip_pool, false},
	{"ip route", route, true},
	{"ipv6 route", route, true},
};

static bool is_verb(const char *word)
{
	static const char *const verbs[] = {"add",    "set",	 "enable", "disable",
					    "remove", "print",	 "export", "edit",
					    "move",   "comment", "monitor"};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(word, verbs[i]) == 0)
			return true;
	return false;
}

/* Adds the words of "a/b c" to the menu; what is a verb goes to *VERB and ends it. */
static void walk(char *menu, const char *word, char *verb, size_t cap)
{
	while (*word && !*verb) {
		size_t n = strcspn(word, "/");
		char part[64];

		(void)snprintf(part, sizeof(part), "%.*s", (int)n, word);
		if (is_verb(part))
			(void)str_copy(verb, cap, part);
		else if (n) {
			struct str s = {.text = menu, .len = strlen(menu), .cap = MENU_MAX};

			str_printf(&s, "%s%s", *menu ? " " : "", part);
		}
		word += n + (word[n] == '/');
	}
}

/* "[admin@router] interface l2tp-client>": where the command proper begins. */
static size_t skip_prompt(struct reading *r)
{
	const struct command *m = &r->command;
	char none[16] = "";

	if (m->count < 2 || !m->tokens[0].bracket)
		return 0;
	for (size_t i = 1; i < m->count; i++) {
		const char *word = m->tokens[i].word;
		size_t len = strlen(word);
		char part[MENU_MAX];

		if (i == 1)
			r->menu[0] = '\0';
		if (len == 0 || len >= sizeof(part))
			return 0;
		(void)snprintf(part, sizeof(part), "%.*s", (int)(len - (word[len - 1] == '>')),
			       word);
		walk(r->menu, part, none, sizeof(none));
		if (word[len - 1] == '>')
			return i + 1;
	}
	return 0;
}

static void run(struct reading *r)
{
	const struct command *m = &r->command;
	char menu[MENU_MAX], verb[16] = "";
	size_t at = skip_prompt(r);

	if (at >= m->count)
		return;
	(void)str_copy(menu, sizeof(menu), m->tokens[at].word[0] == '/' ? "" : r->menu);
	for (; at < m->count && !*verb && !m->tokens[at].value && !m->tokens[at].bracket; at++)
		walk(menu, m->tokens[at].word, verb, sizeof(verb));
	if (!*verb) {
		(void)str_copy(r->menu, sizeof(r->menu), menu);
		return;
	}
	for (size_t i = 0; i < sizeof(menus) / sizeof(menus[0]); i++) {
		if (strcmp(menus[i].menu, menu) != 0)
			continue;
		if (menus[i].later == r->routes)
			menus[i].take(r, verb, at);
		return;
	}
	r->job->skipped += !r->routes;
}

/* A key of ours, by the exporter; which may be taken is judged as that of every value. */
static void take_ours(struct reading *r)
{
	const struct command *m = &r->command;

	if (m->count == 1 && m->tokens[0].value && !r->routes && r->last != IMPORT_NONE &&
	    strspn(m->tokens[0].word, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
		    strlen(m->tokens[0].word) &&
	    m->tokens[0].word[0])
		import_set(r->list, r->last, m->tokens[0].word, m->tokens[0].value);
}

static void pass(struct reading *r, const struct import_file *file)
{
	struct cursor c = cursor_make(file->text, file->len);

	r->menu[0] = '\0';
	while (read_command(&r->command, &c))
		if (r->command.cut)
			r->list->full = true;
		else if (r->command.ours)
			take_ours(r);
		else if (r->command.count && r->command.tokens[0].word[0] != ':')
			run(r);
}

void import_routeros(struct import_job *job, const struct import_file *file)
{
	struct reading r = {.job = job, .list = job->list, .last = IMPORT_NONE};

	pass(&r, file);
	r.routes = true;
	pass(&r, file);
	memset(&r.command, 0, sizeof(r.command));
}
