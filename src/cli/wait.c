/* SPDX-License-Identifier: MIT */
/* `vpdial wait`: until a connection that somebody else dials is up, or will not be. */
#include "base/clock.h"
#include "cli/cli.h"
#include "client/client.h"

#include <errno.h>
#include <unistd.h>

/* What ended before it was up; its own exit status. */
static int ended(const char *name, const struct reason *reason)
{
	int code = reason->code == EXIT_OK ? EXIT_HANGUP : (int)reason->code;

	cli_error("%s: %s", name,
		  reason_is_set(reason) ? reason->text : exit_status_text((enum exit_status)code));
	return code;
}

/* The time is over: what the connection says of itself is the reason. */
static int late(const struct cli *cli, const struct control_status *last)
{
	cli_error("%s: not connected after %u seconds: %s", cli->args[0], cli->timeout_s,
		  last->message[0] ? last->message
				   : control_state_text((enum control_state)last->state));
	return EXIT_CONNECT_FAILED;
}

static int watch(const struct cli *cli, int fd)
{
	uint64_t end = clock_now_ms() + 1000ull * cli->timeout_s;
	struct control_status status = {0};

	for (;;) {
		uint64_t now = clock_now_ms();
		int left = !cli->timeout_s ? -1 : now < end ? (int)(end - now) : 0;
		int r = client_receive(fd, &status, left);

		if (r == -ETIMEDOUT)
			return late(cli, &status);
		if (r < 0)
			return cli_no_answer(cli, cli->args[0], r);
		if (status.state == CONTROL_STATE_UP || status.state == CONTROL_STATE_DEMAND)
			return EXIT_OK;
		if (status.state == CONTROL_STATE_DOWN)
			return ended(cli->args[0], &status.ended);
	}
}

int cli_wait(struct cli *cli)
{
	const char *name = cli->args[0];
	int fd, r;

	if (!conf_name_valid(name))
		return cli_unknown_profile(cli, name);
	fd = client_open(cli->run_dir, name);
	if (fd == -ENOENT && !cli_profile_exists(cli, name))
		return cli_unknown_profile(cli, name);
	if (fd == -ENOENT) {
		cli_error("%s is not running; run: vpdial connect %s", name, name);
		return EXIT_HANGUP;
	}
	r = fd < 0 ? fd : client_send(fd, CONTROL_WATCH);
	if (r == 0)
		r = watch(cli, fd);
	else
		r = cli_no_answer(cli, name, r);
	if (fd >= 0)
		close(fd);
	return r;
}
