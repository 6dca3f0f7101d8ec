/* SPDX-License-Identifier: MIT */
/* What the screen needs of profiles and of the program itself. */
#include "main/monitor.h"

#include "base/str.h"
#include "client/status.h"
#include "tui/tui.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not a dead socket alone: a profile, what runs, or what an end has left. */
static bool is_shown(const struct cli *cli, const char *name)
{
	return cli_profile_exists(cli, name) || cli_has_leftover(cli, name, ".journal") ||
	       cli_has_leftover(cli, name, ".lockdown") || cli_is_known(cli, name);
}

static int names_of(void *ctx, char ***names, size_t *count, char *error, size_t cap)
{
	const struct cli *cli = ctx;
	int profiles = cli_known_names(cli, names, count);
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++)
		if (is_shown(cli, (*names)[i]))
			(*names)[kept++] = (*names)[i];
		else
			free((*names)[i]);
	*count = kept;
	if (profiles == -ENOMEM || *count)
		return *count ? 0 : profiles;
	if (profiles < 0 && profiles != -ENOENT)
		(void)snprintf(error, cap,
			       "Profiles in %s: %s. Run vpdial as a user who may read "
			       "them.",
			       cli->config_dir, strerror(-profiles));
	else
		(void)snprintf(error, cap, "No profiles in %s. Write one as vpdial.conf(5) says.",
			       cli->config_dir);
	return 0;
}

static void describe(void *ctx, const char *name, struct control_status *status)
{
	cli_describe_profile(ctx, name, status);
}

static bool asks(void *ctx, const char *name)
{
	const struct cli *cli = ctx;
	struct conf_faults faults = {0};
	struct conf_profile p;
	bool any = false;
	int r = conf_load(cli->config_dir, name, &p, &faults);

	conf_faults_free(&faults);
	if (r < 0)
		return false;
	for (unsigned kind = 0; kind < CONF_SECRET_KINDS; kind++)
		any |= conf_secret_asks(&p, (enum conf_secret_kind)kind);
	conf_profile_wipe(&p);
	return any;
}

static void become(void *ctx, const char *command, const char *name)
{
	const struct cli *cli = ctx;

	execl("/proc/self/exe", "vpdial", "--config", cli->config_dir, "--run-dir", cli->run_dir,
	      command, "--", name, (char *)NULL);
}

int monitor_run(const struct cli *cli)
{
	struct cli copy = *cli;
	const struct tui_source source = {.ctx = &copy,
					  .run_dir = copy.run_dir,
					  .only = cli->arg_count ? cli->args[0] : NULL,
					  .names = names_of,
					  .describe = describe,
					  .asks = asks,
					  .become = become};
	int r = tui_run(&source);

	if (r == -ENOTTY) {
		cli_error("the terminal type %s cannot show the monitor; use --once",
			  getenv("TERM") ? getenv("TERM") : "(none)");
		return EXIT_OPTIONS;
	}
	if (r < 0) {
		cli_error("the monitor: %s", strerror(-r));
		return EXIT_FATAL;
	}
	return r;
}
