/* SPDX-License-Identifier: MIT */
/* A profile out of the command line. */
#include "cli/call.h"

#include "base/str.h"
#include "cli/place.h"
#include "client/client.h"
#include "conf/foreign.h"
#include "conf/options.h"
#include "import/import.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALLS "calls" /* below the run directory */

static const char no_secret[] =
	"a secret is never on the command line, where every user of this machine can read it: "
	"leave "
	"it out and you are asked for it, or write it into a profile with --save NAME";

struct telling {
	struct cli *cli;
	struct import_job *job;
	size_t section;
	char host[CONF_HOST_MAX];
};

bool call_is_told(const struct cli *cli)
{
	if (cli->arg_count && strstr(cli->args[0], "://"))
		return true;
	for (size_t i = 1; i < cli->arg_count; i++)
		if (strchr(cli->args[i], '='))
			return true;
	return false;
}

static void set(struct telling *t, const char *key, const char *value)
{
	import_set(t->job->list, t->section, key, value);
}

/* Says why KEY = VALUE is not legal. */
static bool is_legal(const char *key, const char *value)
{
	char buf[500], hint[300];
	struct str why = str_make(buf, sizeof(buf));

	if (!conf_option_find(key, CONF_IN_CONNECTION) && foreign_hint(key, hint, sizeof(hint)))
		cli_error("%s: unknown key: %s", key, hint);
	else if (!conf_option_find(key, CONF_IN_CONNECTION) &&
		 conf_option_nearest(key, CONF_IN_CONNECTION))
		cli_error("%s: unknown key, did you mean %s", key,
			  conf_option_nearest(key, CONF_IN_CONNECTION));
	else if (!conf_option_find(key, CONF_IN_CONNECTION))
		cli_error("%s: unknown key, see vpdial help options", key);
	else if (!conf_value_legal(key, CONF_IN_CONNECTION, value, &why))
		cli_error("%s: %s", key, buf);
	else
		return true;
	return false;
}

/* One "key=value". */
static int take_pair(struct telling *t, const char *word)
{
	const char *eq = strchr(word, '=');
	char key[64];

	if (!eq || eq == word || eq - word >= (int)sizeof(key)) {
		cli_error(
			"%s: write key=value behind the server, as vpdial help options lists them",
			word);
		return EXIT_OPTIONS;
	}
	(void)snprintf(key, sizeof(key), "%.*s", (int)(eq - word), word);
	if (strcmp(key, "password") == 0 || strcmp(key, "tunnel-secret") == 0 ||
	    strcmp(key, "ipsec-secret") == 0) {
		cli_error("%s: %s", key, no_secret);
		return EXIT_OPTIONS;
	}
	if (!is_legal(key, eq + 1))
		return EXIT_OPTIONS;
	set(t, key, eq + 1);
	return 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* LEN octets of a URL's part, with its %XX, to OUT. */
static bool decode(const char *text, size_t len, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high = text[i] == '%' && i + 2 < len + 0 ? hex(text[i + 1]) : -1;
		int low = high < 0 ? -1 : hex(text[i + 2]);
		char c = text[i];

		if (text[i] == '%') {
			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (!c || n + 1 >= cap)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

/* "host", "host:port", "[address]:port" */
static bool take_host(struct telling *t, const char *text)
{
	const char *end = *text == '[' ? strchr(text, ']') : text + strcspn(text, ":");
	const char *port;

	if (!end)
		return false;
	text += *text == '[';
	if (!decode(text, (size_t)(end - text), t->host, sizeof(t->host)) || !t->host[0])
		return false;
	port = *end == ']' ? end + 1 : end;
	if (!*port)
		return true;
	if (*port != ':' || !is_legal("port", port + 1))
		return false;
	set(t, "port", port + 1);
	return true;
}

static int take_user(struct telling *t, const char *text, size_t len)
{
	char user[CONF_USER_MAX];

	if (memchr(text, ':', len)) {
		cli_error("%s", no_secret);
		return EXIT_OPTIONS;
	}
	if (!decode(text, len, user, sizeof(user)) || !is_legal("user", user))
		return EXIT_OPTIONS;
	set(t, "user", user);
	return 0;
}

/* "l2tp://john@vpn.example.com:1701/" */
static int take_url(struct telling *t, const char *url)
{
	const char *rest = strstr(url, "://") + 3, *at = strrchr(rest, '@');
	size_t scheme = (size_t)(rest - url) - 3;
	char host[CONF_HOST_MAX];
	int r = 0;

	if (scheme == 4 && strncmp(url, "pptp", 4) == 0)
		set(t, "type", "pptp");
	else if (scheme == 4 && strncmp(url, "l2tp", 4) == 0)
		set(t, "type", "l2tp");
	else {
		cli_error("%.*s: write pptp://USER@SERVER or l2tp://USER@SERVER", (int)scheme, url);
		return EXIT_OPTIONS;
	}
	if (at)
		r = take_user(t, rest, (size_t)(at - rest));
	if (r)
		return r;
	(void)str_copy(host, sizeof(host), at ? at + 1 : rest);
	if (*host && host[strlen(host) - 1] == '/')
		host[strlen(host) - 1] = '\0';
	if (!take_host(t, host) || !is_legal("connect-to", t->host)) {
		cli_error("no server in it: write %.4s://USER@SERVER", url);
		return EXIT_OPTIONS;
	}
	return 0;
}

static int take_arguments(struct telling *t)
{
	const char *first = t->cli->args[0];
	int r = 0;

	if (strstr(first, "://"))
		r = take_url(t, first);
	else if (cli_profile_exists(t->cli, first)) {
		cli_error(
			"%s is a profile, whose keys stand in %s/%s.conf; the host of that name is "
			"pptp://%s or l2tp://%s",
			first, t->cli->config_dir, first, first, first);
		r = EXIT_OPTIONS;
	} else if (is_legal("connect-to", first))
		(void)str_copy(t->host, sizeof(t->host), first);
	else
		r = EXIT_OPTIONS;
	if (r == 0)
		set(t, "connect-to", t->host);
	for (size_t i = 1; i < t->cli->arg_count && r == 0; i++)
		r = take_pair(t, t->cli->args[i]);
	return r;
}

/* A name that no profile has: the host's, else with the protocol before it. */
static void choose_name(const struct telling *t, char name[static CONF_NAME_MAX])
{
	const char *type = import_get(t->job->list, t->section, "type");
	char clean[IMPORT_NAME_MAX], text[2 * CONF_NAME_MAX];

	import_clean_name(t->host, clean);
	(void)str_copy(name, CONF_NAME_MAX, clean);
	if (!cli_profile_exists(t->cli, name))
		return;
	(void)snprintf(text, sizeof(text), "%s-%s", type ? type : "pptp", clean);
	(void)str_copy(name, CONF_NAME_MAX, text);
}

/* The directory of such calls, with what profiles have beside them. */
static int make_place(const struct cli *cli, struct cli *calls)
{
	char from[2 * CONF_PATH_LEN], to[2 * CONF_PATH_LEN];
	int r = client_run_dir_make(cli->run_dir);

	*calls = *cli;
	calls->given = CLI_OPTION_FORCE;
	if (r == 0 && snprintf(calls->config_dir, sizeof(calls->config_dir), "%s/" CALLS,
			       cli->run_dir) >= (int)sizeof(calls->config_dir))
		r = -ENAMETOOLONG;
	if (r == 0 && mkdir(calls->config_dir, 0700) < 0 && errno != EEXIST)
		r = -errno;
	if (r < 0) {
		cli_error("run directory %s: %s", cli->run_dir, strerror(-r));
		return cli_status_of(r);
	}
	(void)snprintf(from, sizeof(from), "%s/dispatcher.d", cli->config_dir);
	(void)snprintf(to, sizeof(to), "%s/dispatcher.d", calls->config_dir);
	(void)unlink(to);
	if (access(from, F_OK) == 0 && symlink(from, to) < 0)
		cli_error("%s: %s; no script of yours runs", to, strerror(errno));
	return place_copy_ppp(cli->config_dir, calls->config_dir);
}

static int keep(struct telling *t, char name[static CONF_NAME_MAX])
{
	struct cli *cli = t->cli;

	if (!conf_name_profile(cli->save)) {
		cli_error("--save %s: no name of a profile, use letters, digits and _ . @ + -",
			  cli->save);
		return EXIT_OPTIONS;
	}
	(void)str_copy(name, CONF_NAME_MAX, cli->save);
	import_rename(t->job->list, t->section, name);
	return place_list(cli, t->job->list, PLACE_OWN);
}

static int keep_for_now(struct telling *t, char name[static CONF_NAME_MAX])
{
	struct cli calls;
	int r = make_place(t->cli, &calls);

	choose_name(t, name);
	import_rename(t->job->list, t->section, name);
	if (r == 0)
		r = place_list(&calls, t->job->list, PLACE_OWN | PLACE_QUIET);
	if (r == 0)
		(void)str_copy(t->cli->config_dir, sizeof(t->cli->config_dir), calls.config_dir);
	return r;
}

int call_make(struct cli *cli, char name[static CONF_NAME_MAX])
{
	struct telling t = {.cli = cli, .job = import_job_new()};
	int r;

	if (!t.job) {
		cli_error("out of memory");
		return EXIT_FATAL;
	}
	t.section = import_section(t.job->list, IMPORT_CONNECTION, "call");
	r = take_arguments(&t);
	if (r == 0)
		r = cli->save ? keep(&t, name) : keep_for_now(&t, name);
	import_job_free(t.job);
	return r;
}

void call_forget(const struct cli *cli, const char *name)
{
	char path[2 * CONF_PATH_LEN];

	(void)snprintf(path, sizeof(path), "%s/" CALLS "/%s.conf", cli->run_dir, name);
	(void)unlink(path);
}
