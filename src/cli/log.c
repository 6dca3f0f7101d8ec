/* SPDX-License-Identifier: MIT */
/* `vpdial log`: the last events of a connection. */
#include "base/log.h"
#include "cli/cli.h"
#include "client/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LIMIT_MS 5000

static void print_event(const struct control_event *e)
{
	static const char *const levels[] = {
		[LOG_LEVEL_ERROR] = "error: ", [LOG_LEVEL_WARN] = "warning: ",
		[LOG_LEVEL_NOTICE] = "",       [LOG_LEVEL_INFO] = "",
		[LOG_LEVEL_DEBUG] = "",
	};
	time_t seconds = (time_t)(e->time_ms / 1000);
	char when[32] = "?";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	printf("%s.%03u  %s%s\n", when, (unsigned)(e->time_ms % 1000), levels[e->level], e->text);
}

int cli_log(struct cli *cli)
{
	const char *name = cli->args[0];
	struct control_events events;
	int r = conf_name_valid(name) ? client_events(cli->run_dir, name, &events, LIMIT_MS)
				      : -ENOENT;

	if (r == -ENOENT && !cli_profile_exists(cli, name))
		return cli_unknown_profile(cli, name);
	if (r == -ENOENT) {
		cli_error("%s is not running; older events are in the system's log", name);
		return EXIT_HANGUP;
	}
	if (r < 0) {
		cli_error("%s: control socket: %s", name, strerror(-r));
		return r == -EACCES || r == -EPERM ? EXIT_NOT_PERMITTED : EXIT_FATAL;
	}
	for (size_t i = 0; i < control_events_kept(&events); i++)
		print_event(control_events_at(&events, i));
	return EXIT_OK;
}
