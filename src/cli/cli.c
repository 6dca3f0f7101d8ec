/* SPDX-License-Identifier: MIT */
/* Reading a command line and running its command. */
#include "cli/cli.h"

#include "base/str.h"
#include "client/client.h"
#include "conf/foreign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MAX 86400

/* Where the parser stands. */
struct parse {
	struct cli *cli;
	char **argv;
	int argc, at;
	const char *config, *run_dir; /* as given */
};

static int unknown_option(const struct cli *cli, const char *word)
{
	const char *names[32], *nearest;
	size_t count, n = 0;
	const struct cli_option *o = cli_options(&count);
	unsigned legal = CLI_OPTIONS_GLOBAL | (cli->command ? cli->command->options : 0);
	const struct cli_option *known = cli_option_find(word);
	const char *foreign = foreign_text(FOREIGN_OPTION, word);

	if (known && cli->command) {
		cli_error("%s has no option %s", cli->command->name, word);
		return EXIT_OPTIONS;
	}
	for (size_t i = 0; i < count && n < 32; i++)
		if (!cli->command || (o[i].id & legal))
			names[n++] = o[i].name;
	nearest = str_nearest(word, names, n, 5, 1);
	if (foreign)
		cli_error("unknown option %s: %s", word, foreign);
	else if (nearest)
		cli_error("unknown option %s, did you mean %s", word, nearest);
	else
		cli_error("unknown option %s, see vpdial%s%s --help", word, cli->command ? " " : "",
			  cli->command ? cli->command->name : "");
	return EXIT_OPTIONS;
}

/* `vpdial office`, where office is a profile, or a URL. */
static bool is_to_connect(const struct parse *p, const char *word)
{
	struct cli cli = {.command = NULL};

	return strstr(word, "://") ||
	       (conf_dir(cli.config_dir, sizeof(cli.config_dir), p->config) == 0 &&
		cli_profile_exists(&cli, word));
}

static int unknown_command(const struct parse *p, const char *word)
{
	const char *foreign = foreign_text(FOREIGN_COMMAND, word);
	const char *names[32], *nearest;
	size_t count, n = 0;
	const struct cli_command *c = cli_commands(&count);

	for (size_t i = 0; i < count && n < 32; i++)
		if (!c[i].hidden)
			names[n++] = c[i].name;
	nearest = str_nearest(word, names, n, 5, 1);
	if (is_to_connect(p, word))
		cli_error("unknown command %s: to dial it, write vpdial connect %s", word, word);
	else if (foreign)
		cli_error("unknown command %s: %s", word, foreign);
	else if (nearest)
		cli_error("unknown command %s, did you mean %s", word, nearest);
	else
		cli_error("unknown command %s, see vpdial --help", word);
	return EXIT_OPTIONS;
}

static int set_timeout(struct cli *cli, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > TIMEOUT_MAX) {
		cli_error("--timeout %s: write a number of seconds from 1 to %d", text,
			  TIMEOUT_MAX);
		return EXIT_OPTIONS;
	}
	cli->timeout_s = (uint32_t)n;
	return 0;
}

/* One "--name", "--name=value" or "--name value". */
static int parse_option(struct parse *p)
{
	const char *word = p->argv[p->at], *eq = strchr(word, '='), *value = NULL;
	char name[32];
	const struct cli_option *o;

	(void)snprintf(name, sizeof(name), "%.*s", (int)(eq ? eq - word : (long)strlen(word)),
		       word);
	if (strcmp(name, "-h") == 0)
		(void)str_copy(name, sizeof(name), "--help");
	o = cli_option_find(name);
	if (!o)
		return unknown_option(p->cli, name);
	if (!o->value && eq) {
		cli_error("%s takes no value", name);
		return EXIT_OPTIONS;
	}
	if (o->value) {
		value = eq ? eq + 1 : p->at + 1 < p->argc ? p->argv[++p->at] : NULL;
		if (!value || !*value) {
			cli_error("%s needs a value: %s %s", name, name, o->value);
			return EXIT_OPTIONS;
		}
	}
	p->cli->given |= o->id;
	if (o->id == CLI_OPTION_CONFIG)
		p->config = value;
	else if (o->id == CLI_OPTION_RUN_DIR)
		p->run_dir = value;
	else if (o->id == CLI_OPTION_DISCONNECT)
		p->cli->disconnect = value;
	else if (o->id == CLI_OPTION_IPSEC_KEYS)
		p->cli->ipsec_keys = value;
	else if (o->id == CLI_OPTION_SAVE)
		p->cli->save = value;
	else if (o->id == CLI_OPTION_NAME)
		p->cli->name = value;
	else if (o->id == CLI_OPTION_TIMEOUT && value)
		return set_timeout(p->cli, value);
	return 0;
}

static int parse_word(struct parse *p, bool *only_words)
{
	char *word = p->argv[p->at];
	struct cli *cli = p->cli;

	if (!*only_words && strcmp(word, "--") == 0) {
		*only_words = true;
		return 0;
	}
	if (!*only_words && word[0] == '-' && word[1])
		return parse_option(p);
	if (cli->command) {
		cli->args[cli->arg_count++] = word;
		return 0;
	}
	cli->command = cli_command_find(word);
	if (!cli->command)
		return unknown_command(p, word);
	*only_words = cli->command->raw;
	return 0;
}

/* Are options and number of arguments those of the command? */
static int judge(struct cli *cli)
{
	const struct cli_command *c = cli->command;
	unsigned foreign = cli->given & ~(CLI_OPTIONS_GLOBAL | c->options);
	size_t count;
	const struct cli_option *o = cli_options(&count);

	for (size_t i = 0; i < count; i++)
		if (foreign & o[i].id)
			return unknown_option(cli, o[i].name);
	if (cli->arg_count < c->min || cli->arg_count > c->max) {
		cli_error("usage: vpdial %s%s%s", c->name, *c->synopsis ? " " : "", c->synopsis);
		return EXIT_OPTIONS;
	}
	if ((c->options & CLI_OPTION_ALL) &&
	    (cli->arg_count == 0) != ((cli->given & CLI_OPTION_ALL) != 0)) {
		cli_error("%s needs either a profile's name or --all", c->name);
		return EXIT_OPTIONS;
	}
	return 0;
}

/* May the user ask how the last run of root's connection ended? */
static bool system_end_is_open(const struct cli *cli, const char *name)
{
	char path[2 * CONF_PATH_LEN];

	(void)snprintf(path, sizeof(path), CONTROL_SYSTEM_DIR "/%s.last", name);
	return (cli->command->run == cli_status || cli->command->run == cli_log) &&
	       !cli_profile_exists(cli, name) && access(path, R_OK) == 0;
}

/* A connection that is not the user's own, but root's, and open to the user by the control socket's
 * group. */
static void use_system_connection(struct cli *cli, const char *name, bool profiles_given)
{
	struct sockaddr_un own, system;

	if (geteuid() == 0 || !conf_name_valid(name) ||
	    control_address(&own, cli->run_dir, name) < 0 ||
	    control_address(&system, CONTROL_SYSTEM_DIR, name) < 0 ||
	    access(own.sun_path, F_OK) == 0)
		return;
	if (access(system.sun_path, W_OK) == 0)
		(void)str_copy(cli->run_dir, sizeof(cli->run_dir), CONTROL_SYSTEM_DIR);
	else if (!profiles_given && system_end_is_open(cli, name)) {
		(void)str_copy(cli->run_dir, sizeof(cli->run_dir), CONTROL_SYSTEM_DIR);
		(void)str_copy(cli->config_dir, sizeof(cli->config_dir), CONF_SYSTEM_DIR);
	}
}

static int find_directories(struct parse *p)
{
	struct cli *cli = p->cli;
	int r = conf_dir(cli->config_dir, sizeof(cli->config_dir), p->config);

	if (r < 0) {
		cli_error("no place for profiles: %s; use --config DIR", strerror(-r));
		return EXIT_OPTIONS;
	}
	r = client_run_dir(cli->run_dir, sizeof(cli->run_dir), p->run_dir);
	if (r < 0) {
		cli_error("run directory %s: %s; use --run-dir DIR", cli->run_dir, strerror(-r));
		return cli_status_of(r);
	}
	if (!p->run_dir && cli->arg_count == 1 && cli->command->run != cli_connect &&
	    cli->command->run != cli_import)
		use_system_connection(cli, cli->args[0], p->config != NULL);
	return 0;
}

static int run(struct parse *p)
{
	struct cli *cli = p->cli;
	bool only_words = false;
	int r = 0;

	for (; p->at < p->argc && r == 0; p->at++)
		r = parse_word(p, &only_words);
	if (r)
		return r;
	if (cli->given & CLI_OPTION_VERSION) {
		printf("vpdial %s\n", VPDIAL_VERSION);
		return EXIT_OK;
	}
	if (cli->given & CLI_OPTION_HELP) {
		cli_help_print(cli->command);
		return EXIT_OK;
	}
	if (!cli->command) {
		cli_error("no command given, see vpdial --help");
		return EXIT_OPTIONS;
	}
	r = judge(cli);
	if (r == 0)
		r = find_directories(p);
	return r ? r : cli->command->run(cli);
}

int cli_main(int argc, char **argv, const struct cli_programs *programs)
{
	struct cli cli = {.args = calloc((size_t)argc + 1, sizeof(char *)),
			  .keys_fd = -1,
			  .supervise = programs->supervise,
			  .programs = programs};
	struct parse p = {.cli = &cli, .argv = argv, .argc = argc, .at = 1};
	int r;

	if (!cli.args) {
		cli_error("out of memory");
		return EXIT_FATAL;
	}
	r = run(&p);
	free(cli.args);
	if (fflush(stdout) != 0 && (r == EXIT_OK || r == EXIT_FATAL)) {
		cli_error("standard output: %s", strerror(errno));
		r = EXIT_FATAL;
	}
	return r;
}
