/* SPDX-License-Identifier: MIT */
/* pppd: peers/NAME with the files it follows, and the tables of secrets.
 *
 * A file is words; those between quotes hold blanks, a backslash takes the next octet as it is, a
 * '#' where a word could begin starts a comment. */
#include "import/formats.h"

#include "base/secret.h"
#include "base/str.h"
#include "import/text.h"
#include "import/words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 8

struct reading {
	struct import_job *job;
	struct import_list *list;
	size_t section;
	unsigned depth, follows;       /* of files in files; all in all */
	char remote[IMPORT_VALUE_MAX]; /* remotename */
};

/* "pptp vpn.example.com --nolaunchpppd ...": the server, and what else is of use. */
static void take_pty(struct reading *r, const char *command)
{
	struct cursor c = cursor_make(command, strlen(command));
	char word[IMPORT_VALUE_MAX];
	bool host = false;

	if (!text_word(&c, true, word, sizeof(word)) || strcmp(text_base_name(word), "pptp") != 0) {
		import_lost(r->list, r->section, "pty", command,
			    "a program of another kind of tunnel");
		return;
	}
	import_set(r->list, r->section, "type", "pptp");
	while (text_word(&c, true, word, sizeof(word))) {
		if (word[0] != '-' && !host) {
			import_set(r->list, r->section, "connect-to", word);
			host = true;
		} else if (strcmp(word, "--localbind") == 0 &&
			   text_word(&c, true, word, sizeof(word)))
			import_set(r->list, r->section, "src-address", word);
		else if (strcmp(word, "--nolaunchpppd") != 0)
			import_lost(r->list, r->section, "pptp", word,
				    "pptp's own, has no part here");
	}
}

static void take_plugin(struct reading *r, const char *name)
{
	if (strcasestr(name, "pptp"))
		import_set(r->list, r->section, "type", "pptp");
	else if (strcasestr(name, "l2tp"))
		import_set(r->list, r->section, "type", "l2tp");
	else
		import_lost(r->list, r->section, "plugin", name, "plugins of pppd do not run here");
}

/* "require-mppe-128", "required,no40,stateless" */
static void take_mppe(struct reading *r, const char *word, const char *value)
{
	bool old = strcmp(word, "mppe") == 0;
	const char *strength = "40,128";

	if (old ? strstr(value, "no40") != NULL : strstr(word, "128") != NULL)
		strength = "128";
	else if (old ? strstr(value, "no128") != NULL : strstr(word, "40") != NULL)
		strength = "40";
	import_set(r->list, r->section, "use-encryption",
		   !old || strstr(value, "required") ? "require" : "yes");
	import_set(r->list, r->section, "mppe-strength", strength);
	if (old && strstr(value, "stateless"))
		import_set(r->list, r->section, "mppe-mode", "stateless");
}

/* "10.0.0.2:10.0.0.1", each of which may be missing. */
static bool take_addresses(struct reading *r, const char *word)
{
	const char *colon = strchr(word, ':');
	char local[64];

	if (!colon || strspn(word, "0123456789.:") != strlen(word) || strchr(colon + 1, ':'))
		return false;
	(void)snprintf(local, sizeof(local), "%.*s", (int)(colon - word), word);
	if (*local && strcmp(local, "0.0.0.0") != 0)
		import_set(r->list, r->section, "local-address", local);
	if (colon[1] && strcmp(colon + 1, "0.0.0.0") != 0)
		import_set(r->list, r->section, "remote-address", colon + 1);
	return true;
}

static void read_options(struct reading *r, const struct import_file *file);

/* `file` and `call` name another file of options. */
static void follow(struct reading *r, const struct import_file *from, const char *word,
		   const char *path)
{
	bool bounded = r->depth < DEPTH_MAX && r->follows++ < IMPORT_FILES_MAX;
	const struct import_file *file = bounded ? import_follow(r->job, from, path) : NULL;

	if (!file) {
		import_lost(r->list, r->section, word, path,
			    bounded ? "this file cannot be read" : "files nest too deep");
		return;
	}
	if (file->format != IMPORT_FORMAT_PPPD) {
		import_lost(r->list, r->section, word, path, "it is no file of pppd's options");
		return;
	}
	r->depth++;
	read_options(r, file);
	r->depth--;
}

static void take_own(struct reading *r, const struct import_file *file, const char *word,
		     const char *value)
{
	if (strcmp(word, "pty") == 0)
		take_pty(r, value);
	else if (strcmp(word, "plugin") == 0)
		take_plugin(r, value);
	else if (strcmp(word, "remotename") == 0)
		(void)str_copy(r->remote, sizeof(r->remote), value);
	else if (strcmp(word, "name") == 0) {
		if (!import_get(r->list, r->section, "user")) /* `user` says more */
			import_set(r->list, r->section, "user", value);
	} else if (strcmp(word, "file") == 0 || strcmp(word, "call") == 0)
		follow(r, file, word, value);
	else if (strstr(word, "mppe"))
		take_mppe(r, word, value);
}

/* One option with what follows it. */
static void take_option(struct reading *r, const struct import_file *file, struct cursor *c,
			const char *word)
{
	const struct import_word *row = import_word_find(IMPORT_PPPD, word);
	char value[IMPORT_VALUE_MAX] = "", more[IMPORT_VALUE_MAX];

	if (!row && take_addresses(r, word))
		return;
	/* What is unknown may have an argument; nobody writes two options in a line behind it. */
	if ((!row || row->args) && text_word(c, true, value, sizeof(value)) && !row)
		while (text_word(c, true, more, sizeof(more)))
			;
	row = import_take(r->list, r->section, IMPORT_PPPD, word, value);
	if (row && row->how == IMPORT_OWN)
		take_own(r, file, row->word, value);
	wipe(value, sizeof(value));
}

static void read_options(struct reading *r, const struct import_file *file)
{
	struct cursor c = cursor_make(file->text, file->len);
	char word[IMPORT_VALUE_MAX];

	do {
		while (text_word(&c, true, word, sizeof(word)))
			take_option(r, file, &c, word);
	} while (text_next_line(&c));
}

/* One line of a table of secrets: does it name this pair?  The secret to OUT. */
static bool secret_line(struct cursor *c, const char *user, const char *server, char *out,
			size_t cap)
{
	char client[IMPORT_VALUE_MAX], peer[IMPORT_VALUE_MAX];

	if (!text_word(c, true, client, sizeof(client)) ||
	    !text_word(c, true, peer, sizeof(peer)) || !text_word(c, true, out, cap))
		return false;
	return (strcmp(client, user) == 0 || strcmp(client, "*") == 0) &&
	       (!*server || strcmp(peer, server) == 0 || strcmp(peer, "*") == 0);
}

bool import_secret_of(const struct import_file *file, const char *user, const char *server,
		      char *out, size_t cap)
{
	struct cursor c = cursor_make(file->text, file->len);

	do {
		if (secret_line(&c, user, server, out, cap))
			return true;
	} while (text_next_line(&c));
	wipe(out, cap);
	return false;
}

/* "@/path": the first line of that file. */
static void secret_elsewhere(struct reading *r, const struct import_file *from, const char *path)
{
	const struct import_file *file = import_follow(r->job, from, path);
	struct cursor c = cursor_make(file ? file->text : "", file ? file->len : 0);
	char line[IMPORT_VALUE_MAX];

	if (text_line(&c, line, sizeof(line), NULL) && *line)
		import_set(r->list, r->section, "password", line);
	else
		import_lost(r->list, r->section, "password", "", "its file cannot be read");
	wipe(line, sizeof(line));
}

static bool look_up(struct reading *r, const struct import_file *file)
{
	const char *user = import_get(r->list, r->section, "user");
	char secret[IMPORT_VALUE_MAX];
	bool found = user && import_secret_of(file, user, r->remote, secret, sizeof(secret));

	if (found && secret[0] == '@')
		secret_elsewhere(r, file, secret + 1);
	else if (found)
		import_set(r->list, r->section, "password", secret);
	if (found)
		wipe(secret, sizeof(secret));
	return found;
}

/* Is FILE of pppd's own directory, beside whose peers the tables of secrets are? */
static bool in_peers(const struct import_file *file, char *dir, size_t cap)
{
	static const char peers[] = "peers/";
	size_t len = (size_t)(text_base_name(file->path) - file->path);

	if (len < sizeof(peers) - 1 ||
	    strncmp(file->path + len - (sizeof(peers) - 1), peers, sizeof(peers) - 1) != 0)
		return false;
	return snprintf(dir, cap, "%.*s", (int)(len - (sizeof(peers) - 1)), file->path) < (int)cap;
}

static void find_password(struct reading *r, const struct import_file *file)
{
	static const char *const tables[] = {"chap-secrets", "pap-secrets"};
	const struct import_file *table;
	char dir[IMPORT_PATH_MAX], path[IMPORT_PATH_MAX + 32];
	size_t at = 0;

	if (import_get(r->list, r->section, "password"))
		return;
	while ((table = import_next(r->job, IMPORT_FORMAT_PPP_SECRETS, &at)))
		if (look_up(r, table))
			return;
	for (size_t i = 0; in_peers(file, dir, sizeof(dir)) && i < 2; i++) {
		(void)snprintf(path, sizeof(path), "../%s", tables[i]);
		table = import_follow(r->job, file, path);
		if (table && look_up(r, table))
			return;
	}
	import_note(r->list, r->section,
		    "password: not found; name chap-secrets too where you import, or be asked for "
		    "it when you connect");
}

void import_pppd_options(struct import_job *job, const struct import_file *file, size_t section)
{
	struct reading r = {.job = job, .list = job->list, .section = section};

	read_options(&r, file);
	find_password(&r, file);
	if (!import_get(r.list, section, "use-encryption"))
		import_set(r.list, section, "use-encryption", "yes");
}

void import_pppd_words(struct import_job *job, const char *text, size_t section)
{
	struct import_file none = {.path = ""};
	struct reading r = {.job = job, .list = job->list, .section = section, .depth = DEPTH_MAX};
	struct cursor c = cursor_make(text, strlen(text));
	char word[IMPORT_VALUE_MAX];

	while (text_word(&c, true, word, sizeof(word)))
		take_option(&r, &none, &c, word);
}

void import_pppd(struct import_job *job, const struct import_file *file)
{
	const char *name = text_base_name(file->path);
	size_t section, at = 0;

	/* The options that a file of xl2tpd names are read with that. */
	if (import_next(job, IMPORT_FORMAT_XL2TPD, &at) || file->followed)
		return;
	section = import_connection(job, name, NULL);
	if (section == IMPORT_NONE)
		return;
	import_pppd_options(job, file, section);
	if (import_get(job->list, section, "type"))
		return;
	job->list->sections[section].dropped = true;
	import_refuse(job, file,
		      "has options of pppd, but neither pptp nor an L2TP plugin in them");
}
