/* SPDX-License-Identifier: MIT */
/* What commands say of errors and of profiles that are not there. */
#include "cli/cli.h"

#include "base/str.h"
#include "client/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void cli_error(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("vpdial: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int cli_status_of(int error)
{
	return error == -EACCES || error == -EPERM ? EXIT_NOT_PERMITTED : EXIT_OPTIONS;
}

int cli_no_answer(const struct cli *cli, const char *name, int error)
{
	bool strange = error == -EPIPE || error == -EPROTO || error == -EPROTONOSUPPORT;
	struct control_other other;

	if (strange && client_other(cli->run_dir, name, CLI_OTHER_LIMIT_MS, &other)) {
		cli_error("%s (%s) was started by %s, which is not this version; run: vpdial "
			  "disconnect %s, then connect it again",
			  name, control_phase_text((enum control_phase)other.phase), other.program,
			  name);
		return EXIT_FATAL;
	}
	cli_error("%s: control socket: %s", name, strerror(-error));
	return error == -ENAMETOOLONG || cli_status_of(error) == EXIT_NOT_PERMITTED
		       ? cli_status_of(error)
		       : EXIT_FATAL;
}

int cli_no_profiles(const struct cli *cli, int error)
{
	if (error == -ENOENT)
		cli_error("there is no %s: write a profile there as vpdial.conf(5) says",
			  cli->config_dir);
	else
		cli_error("profiles in %s: %s", cli->config_dir, strerror(-error));
	return cli_status_of(error);
}

/* NAME is root's, and we are not: 0 or an exit status, with the sentence said. */
static int unknown_but_roots(const struct cli *cli, const char *name)
{
	struct cli root = {.config_dir = CONF_SYSTEM_DIR};

	if (geteuid() == 0 || cli->given & CLI_OPTION_CONFIG || !cli_profile_exists(&root, name))
		return 0;
	cli_error("no profile %s in %s, but in %s: run this as root, with sudo for one", name,
		  cli->config_dir, CONF_SYSTEM_DIR);
	return EXIT_OPTIONS;
}

int cli_unknown_profile(const struct cli *cli, const char *name)
{
	char **names = NULL, shown[128], stem[2 * CONF_NAME_MAX];
	struct str s = str_make(shown, sizeof(shown));
	const char *nearest;
	size_t count = 0, len = strlen(name);
	int r = unknown_but_roots(cli, name);

	if (r)
		return r;
	str_clean(&s, name, strlen(name), CONF_NAME_MAX);
	if (strchr(name, '/')) {
		cli_error("%s is no profile's name: write the name alone, and where it is as "
			  "--config DIR",
			  shown);
		return EXIT_OPTIONS;
	}
	if (len > 5 && strcmp(name + len - 5, ".conf") == 0) /* the file's name */
		len -= 5;
	(void)snprintf(stem, sizeof(stem), "%.*s", (int)len, name);
	(void)conf_list(cli->config_dir, &names, &count);
	nearest = str_nearest(stem, (const char *const *)names, count, 3, 1);
	if (nearest)
		cli_error("no profile %s in %s, did you mean %s", shown, cli->config_dir, nearest);
	else if (conf_name_profile(stem))
		cli_error(
			"no profile %s in %s: write %s/%s.conf as vpdial.conf(5) says, or have it "
			"written by vpdial connect l2tp://USER@SERVER --save %s",
			shown, cli->config_dir, cli->config_dir, shown, shown);
	else
		cli_error("no profile %s in %s", shown, cli->config_dir);
	cli_names_free(names, count);
	return EXIT_OPTIONS;
}
