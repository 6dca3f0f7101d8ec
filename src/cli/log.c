/* SPDX-License-Identifier: MIT */
/* `vpdial log`: the last events of a connection. */
#include "base/log.h"
#include "base/clock.h"
#include "cli/cli.h"
#include "client/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 5000
#define OLDER	 "; older events: journalctl -u vpdial@%s, or journalctl -t vpdial\n"

static void print_event(const struct control_event *e)
{
	static const char *const levels[] = {
		[LOG_LEVEL_ERROR] = "error: ", [LOG_LEVEL_WARN] = "warning: ",
		[LOG_LEVEL_NOTICE] = "",       [LOG_LEVEL_INFO] = "",
		[LOG_LEVEL_DEBUG] = "",
	};
	char when[32];

	printf("%s.%03u  %s%s\n", day_format(when, sizeof(when), e->time_ms),
	       (unsigned)(e->time_ms % 1000), levels[e->level], e->text);
}

static void print_events(const struct control_events *events)
{
	for (size_t i = 0; i < control_events_kept(events); i++)
		print_event(control_events_at(events, i));
}

/* What the last run left, and where the rest is. */
static int log_of_last(const struct cli *cli, const char *name)
{
	struct control_last *last = malloc(sizeof(*last));
	int r = last ? client_last(cli->run_dir, name, last) : -ENOMEM;

	if (r == 0) {
		print_events(&last->events);
		fflush(stdout);
		fprintf(stderr, "%s is not running: %s (exit code %d)" OLDER, name,
			last->reason.text, (int)last->reason.code, name);
	} else
		fprintf(stderr,
			"%s is not running, and was not dialed since this machine started" OLDER,
			name, name);
	free(last);
	return r == 0 ? EXIT_OK : EXIT_HANGUP;
}

int cli_log(struct cli *cli)
{
	const char *name = cli->args[0];
	struct control_events events;
	int r = conf_name_valid(name) ? client_events(cli->run_dir, name, &events, LIMIT_MS)
				      : -ENOENT;

	if (r == -ENOENT && !cli_profile_exists(cli, name))
		return cli_unknown_profile(cli, name);
	if (r == -ENOENT)
		return log_of_last(cli, name);
	if (r < 0)
		return cli_no_answer(cli, name, r);
	print_events(&events);
	return EXIT_OK;
}
