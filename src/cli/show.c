/* SPDX-License-Identifier: MIT */
/* `vpdial status`, `list`, `enable`, `disable` and `check`. */
#include "base/str.h"
#include "cli/boot.h"
#include "cli/cli.h"
#include "cli/text.h"
#include "client/client.h"
#include "conf/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What still holds although nothing runs. */
static void describe_leftovers(const struct cli *cli, const char *name,
			       struct control_status *status)
{
	if (cli_has_leftover(cli, name, ".lockdown"))
		(void)snprintf(status->message, sizeof(status->message),
			       "the lockdown holds until: vpdial disconnect %s", name);
	else if (cli_has_leftover(cli, name, ".journal"))
		(void)snprintf(status->message, sizeof(status->message),
			       "an unclean end left changes, undo them by: vpdial disconnect %s",
			       name);
}

/* How the last run ended, which is all that is known of it now. */
static void describe_end(const struct cli *cli, const char *name, struct control_status *status)
{
	struct control_last *last = malloc(sizeof(*last));

	if (last && client_last(cli->run_dir, name, last) == 0) {
		status->ended = status->last_end = last->reason;
		status->last_end_day_ms = last->time_ms;
	}
	free(last);
}

void cli_describe_profile(const struct cli *cli, const char *name, struct control_status *status)
{
	struct conf_faults faults = {0};
	struct conf_profile p;
	int r = conf_load(cli->config_dir, name, &p, &faults);

	status_terminated(status, name);
	describe_leftovers(cli, name, status);
	describe_end(cli, name, status);
	conf_faults_free(&faults);
	if (r < 0)
		return;
	(void)str_copy(status->type, sizeof(status->type), word_of(protocol_words, p.type));
	(void)str_copy(status->server, sizeof(status->server), p.connect_to);
	(void)str_copy(status->user, sizeof(status->user), p.user);
	conf_profile_wipe(&p);
}

/* The state of NAME, whether it runs or not: 0 or an exit status. */
static int status_of(const struct cli *cli, const char *name, struct control_status *status)
{
	int r = conf_name_valid(name) ? client_status(cli->run_dir, name, status) : -ENOENT;

	if (r == 0)
		return 0;
	if (r != -ENOENT)
		return cli_no_answer(cli, name, r);
	if (!cli_profile_exists(cli, name))
		return cli_unknown_profile(cli, name);
	cli_describe_profile(cli, name, status);
	return 0;
}

static int print_status(const struct cli *cli, const struct control_status *records, size_t count)
{
	if (cli->given & CLI_OPTION_JSON)
		return json_status(stdout, records, count) < 0 ? EXIT_FATAL : EXIT_OK;
	if (count == 0)
		printf("no profiles in %s\n", cli->config_dir);
	for (size_t i = 0; i < count; i++) {
		if (cli->arg_count == 0)
			printf("%s%s\n", i ? "\n" : "", records[i].profile);
		text_status(stdout, &records[i]);
	}
	return EXIT_OK;
}

static int status_all(const struct cli *cli)
{
	struct control_status *records;
	char **names = NULL;
	size_t count = 0, good = 0;
	int result = EXIT_OK, r = cli_known_names(cli, &names, &count);

	if (r < 0 && r != -ENOENT) {
		cli_names_free(names, count);
		return cli_no_profiles(cli, r);
	}
	records = calloc(count + 1, sizeof(*records));
	for (size_t i = 0; records && i < count; i++) {
		if (!cli_is_known(cli, names[i])) /* a dead socket and no profile */
			continue;
		r = status_of(cli, names[i], &records[good]);
		if (r == 0)
			good++;
		else
			result = r;
	}
	r = records ? print_status(cli, records, good) : EXIT_FATAL;
	free(records);
	cli_names_free(names, count);
	return r ? r : result;
}

int cli_status(struct cli *cli)
{
	struct control_status status;
	int r;

	if (cli->arg_count == 0)
		return status_all(cli);
	r = status_of(cli, cli->args[0], &status);
	return r ? r : print_status(cli, &status, 1);
}

static bool is_connected(const struct cli *cli, const char *name)
{
	struct control_status status;
	struct control_other other;
	int r = client_status(cli->run_dir, name, &status);

	if (r == -EPIPE || r == -EPROTONOSUPPORT)
		return client_other(cli->run_dir, name, CLI_OTHER_LIMIT_MS, &other) &&
		       other.phase == CONTROL_CONNECTED;
	return r == 0 && status.phase == CONTROL_CONNECTED;
}

/* One line of `list`. */
static void list_row(const struct cli *cli, const char *name)
{
	struct conf_faults faults = {0};
	struct conf_profile p;
	int r = conf_load(cli->config_dir, name, &p, &faults);
	bool running = is_connected(cli, name);

	conf_faults_free(&faults);
	if (r < 0) {
		printf("%c%c    %-20s  -     -  (faulty, run: vpdial check %s)\n", ' ',
		       running ? 'R' : ' ', name, name);
		return;
	}
	str_blank(p.user);
	str_blank(p.comment);
	printf("%c%c    %-20s  %-4s  %-30s  %s%s%s\n", p.disabled ? 'X' : ' ', running ? 'R' : ' ',
	       name, word_of(protocol_words, p.type), p.connect_to, p.user,
	       *p.comment ? "  ;;; " : "", p.comment);
	conf_profile_wipe(&p);
}

int cli_list(struct cli *cli)
{
	char **names = NULL;
	size_t count = 0;
	int r = conf_list(cli->config_dir, &names, &count);

	if (r < 0)
		return cli_no_profiles(cli, r);
	printf("Flags: X - disabled, R - running\n");
	printf("FLAGS %-20s  %-4s  %-30s  %s\n", "NAME", "TYPE", "SERVER", "USER");
	for (size_t i = 0; i < count; i++)
		list_row(cli, names[i]);
	cli_names_free(names, count);
	return EXIT_OK;
}

/* Only root's own profiles are dialed by services; the flag alone dials nothing. */
static void say_who_dials(const struct cli *cli, const char *name, bool disabled)
{
	char unit[CONF_NAME_MAX + 32];
	bool system = geteuid() == 0 && strcmp(cli->config_dir, CONF_SYSTEM_DIR) == 0;
	bool all = system && boot_is_enabled("vpdial.service"), alone;

	(void)snprintf(unit, sizeof(unit), "vpdial@%s.service", name);
	alone = system && boot_is_enabled(unit);
	if (disabled && alone)
		printf("%s still dials it at boot; to end that: systemctl disable %s\n", unit,
		       unit);
	else if (!disabled && (all || alone))
		printf("dialed at boot by %s\n", all ? "vpdial.service" : unit);
	else if (!disabled && system && boot_is_systemd())
		printf("nothing dials it at boot yet; to have all enabled profiles dialed: "
		       "systemctl "
		       "enable vpdial\n");
	else if (!disabled)
		printf("dialed by vpdial connect --all; nothing runs that at boot by itself\n");
}

static void say_it_runs(const struct cli *cli, const char *name)
{
	struct control_status status;

	if (client_status(cli->run_dir, name, &status) != -ENOENT)
		printf("it still runs; to hang it up: vpdial disconnect %s\n", name);
}

static int set_disabled(const struct cli *cli, bool disabled)
{
	const char *name = cli->args[0];
	int r = cli_profile_exists(cli, name) ? conf_set_disabled(cli->config_dir, name, disabled)
					      : -ENOENT;

	if (r == -ENOENT)
		return cli_unknown_profile(cli, name);
	if (r == -EINVAL) {
		cli_error("%s has faults, nothing was changed; run: vpdial check %s", name, name);
		return EXIT_OPTIONS;
	}
	if (r < 0) {
		cli_error("%s: %s", name, strerror(-r));
		return cli_status_of(r);
	}
	printf("%s %s\n", name, disabled ? "disabled" : "enabled");
	if (disabled)
		say_it_runs(cli, name);
	say_who_dials(cli, name, disabled);
	return EXIT_OK;
}

int cli_enable(struct cli *cli)
{
	return set_disabled(cli, false);
}

int cli_disable(struct cli *cli)
{
	return set_disabled(cli, true);
}

/* Is this word a file rather than a profile's name? */
static bool is_file(const char *word)
{
	size_t len = strlen(word);

	return strchr(word, '/') || (len > 5 && strcmp(word + len - 5, ".conf") == 0);
}

static int check_server(const char *path, struct conf_faults *faults)
{
	struct conf_server server;
	int r = conf_server_load(path, &server, faults);

	if (r == 0)
		conf_server_free(&server);
	return r;
}

static int check_file(const char *path, struct conf_faults *faults)
{
	const char *slash = strrchr(path, '/');
	struct conf_profile profile;
	int r;

	if (strcmp(slash ? slash + 1 : path, "ppp-profiles.conf") == 0)
		return conf_check_ppp_file(path, faults);
	if (strcmp(slash ? slash + 1 : path, "server.conf") == 0)
		return check_server(path, faults);
	r = conf_load_file(path, &profile, faults);
	if (r == 0) {
		cli_check_program(profile.ip_up);
		cli_check_program(profile.ip_down);
		conf_profile_wipe(&profile);
	}
	return r;
}

/* Prints the verdict on one profile or file: 0 or an exit status. */
static int check_one(const struct cli *cli, const char *word)
{
	const size_t kept = sizeof(((struct conf_faults *)NULL)->lines) / sizeof(char *);
	struct conf_faults faults = {0};
	char path[2 * CONF_PATH_LEN];
	int r;

	if (is_file(word))
		(void)str_copy(path, sizeof(path), word);
	else if (cli_profile_exists(cli, word))
		(void)snprintf(path, sizeof(path), "%s/%s.conf", cli->config_dir, word);
	else
		return cli_unknown_profile(cli, word);
	r = check_file(path, &faults);
	if (r == -EINVAL && cli_say_foreign(path)) {
		conf_faults_free(&faults);
		return EXIT_OPTIONS;
	}
	for (size_t i = 0; i < faults.count && i < kept; i++)
		printf("%s\n", faults.lines[i] ? faults.lines[i] : "out of memory");
	for (size_t i = 0; i < faults.warning_count; i++)
		printf("%s\n", faults.warnings[i]);
	if (faults.count > kept)
		printf("%s: and %zu more\n", path, faults.count - kept);
	if (r == 0)
		printf("%s: ok\n", word);
	else if (faults.count == 0)
		cli_error("%s: %s", word, strerror(-r));
	conf_faults_free(&faults);
	return r == 0 ? EXIT_OK : r == -EACCES ? EXIT_NOT_PERMITTED : EXIT_OPTIONS;
}

static int check_all(const struct cli *cli)
{
	char **names = NULL;
	size_t count = 0;
	int result = EXIT_OK, r = conf_list(cli->config_dir, &names, &count);

	if (r < 0)
		return cli_no_profiles(cli, r);
	if (count == 0)
		printf("no profiles in %s\n", cli->config_dir);
	for (size_t i = 0; i < count; i++) {
		r = check_one(cli, names[i]);
		if (r)
			result = r;
	}
	cli_names_free(names, count);
	cli_check_scripts(cli);
	return result;
}

int cli_check(struct cli *cli)
{
	int result = EXIT_OK;

	if (cli->arg_count == 0)
		return check_all(cli);
	for (size_t i = 0; i < cli->arg_count; i++) {
		int r = check_one(cli, cli->args[i]);

		if (r)
			result = r;
	}
	return result;
}
