/* SPDX-License-Identifier: MIT */
/* `vpdial disconnect`: hang up in order, or repair what a crash left. */
#include "base/clock.h"
#include "cli/call.h"
#include "cli/spawn.h"
#include "client/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SILENCE_MS   10000
#define ROOM_MS	     2000 /* so long a place among its clients is waited for */
#define ROOM_STEP_MS 50

/* Waits until the supervisor closes the socket, which it does when everything is put back.  It
 * bounds each step by itself, and as long as it lives it tells its state once a second.  -EPIPE if
 * it closes without a word: then it has no room for us, or has just ended. */
static int wait_gone(int fd)
{
	struct control_status status;
	bool heard = false;
	int r;

	while ((r = client_receive(fd, &status, SILENCE_MS)) == 0 || r == -EPROTONOSUPPORT)
		heard = true;
	return r == -EPIPE && heard ? 0 : r;
}

/* 0 when it is gone; -ENOENT if there is none, -EPIPE if it does not take us, or another -errno. */
static int hang_up(const char *run_dir, const char *name)
{
	const struct timespec pause = {.tv_nsec = ROOM_STEP_MS * 1000000L};
	uint64_t end = clock_now_ms() + ROOM_MS, silent = clock_now_ms() + SILENCE_MS;
	uint32_t version = CONTROL_VERSION;
	int fd, r;

	for (;;) {
		fd = client_open(run_dir, name);
		if (fd == -ETIMEDOUT && clock_now_ms() < silent)
			continue;
		if (fd < 0)
			return fd;
		r = client_send_as(fd, version, CONTROL_HANGUP);
		if (r == 0)
			r = wait_gone(fd);
		close(fd);
		if (r != -EPIPE || clock_now_ms() >= end)
			return r;
		/* One that was started before an upgrade may not have understood. */
		version = version == CONTROL_VERSION ? CONTROL_VERSION_OLDEST : CONTROL_VERSION;
		(void)nanosleep(&pause, NULL);
	}
}

/* What a killed supervisor may have left: a journal of changes, a lockdown's, a dead socket. */
static const char *const leftovers[] = {".sock", ".journal", ".lockdown"};

/* A journal without supervisor: the machine may still be changed. */
static int recover(const struct cli *cli, const char *name)
{
	int r = spawn_recovery(cli, name);

	if (r == EXIT_OK)
		printf("%s is not connected; what an unclean end had left was undone\n", name);
	else
		cli_error("%s: what an unclean end left could not be undone", name);
	return r < 0 ? EXIT_FATAL : r;
}

static bool has_leftovers(const struct cli *cli, const char *name)
{
	for (size_t i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++)
		if (cli_has_leftover(cli, name, leftovers[i]))
			return true;
	return false;
}

/* Not hung up by us: it had ended before, and of what. */
static void print_end(const struct cli *cli, const char *name)
{
	struct control_status status;
	char when[32];

	cli_describe_profile(cli, name, &status);
	printf("%s is not connected", name);
	if (status.last_end_day_ms)
		printf(" since %s", day_format(when, sizeof(when), status.last_end_day_ms));
	if (reason_is_set(&status.last_end))
		printf(": %s (exit code %d)", status.last_end.text, (int)status.last_end.code);
	putchar('\n');
}

static int not_running(const struct cli *cli, const char *name)
{
	if (has_leftovers(cli, name))
		return recover(cli, name);
	if (!cli_profile_exists(cli, name))
		return cli_unknown_profile(cli, name);
	print_end(cli, name);
	return EXIT_OK;
}

static int disconnect_one(const struct cli *cli, const char *name)
{
	int r;

	if (!conf_name_valid(name))
		return cli_unknown_profile(cli, name);
	r = hang_up(cli->run_dir, name);
	if (r == -ENOENT)
		return not_running(cli, name);
	if (r == -ETIMEDOUT)
		cli_error("%s did not hang up: nothing was heard of it for %d seconds", name,
			  SILENCE_MS / 1000);
	else if (r == -EPIPE)
		cli_error("%s has no room for another client: end programs that watch it, as "
			  "monitors, and try again",
			  name);
	else if (r < 0)
		cli_error("%s: control socket: %s", name, strerror(-r));
	else {
		call_forget(cli, name);
		printf("%s disconnected\n", name);
	}
	if (r == -ETIMEDOUT || r == -EPIPE || r == -EPROTO)
		return EXIT_FATAL;
	return r < 0 ? cli_status_of(r) : EXIT_OK;
}

/* Every name with a file of that ending in the run directory. */
static int disconnect_ending(const struct cli *cli, const char *suffix)
{
	char **names;
	size_t count = cli_running_names(cli->run_dir, suffix, &names);
	int result = EXIT_OK;

	for (size_t i = 0; i < count; i++) {
		int r = disconnect_one(cli, names[i]);

		if (r && result == EXIT_OK)
			result = r;
	}
	cli_names_free(names, count);
	return result;
}

int cli_disconnect(struct cli *cli)
{
	int result = EXIT_OK;

	if (!(cli->given & CLI_OPTION_ALL))
		return disconnect_one(cli, cli->args[0]);
	for (size_t i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++) {
		int r = disconnect_ending(cli, leftovers[i]); /* those that are left now */

		result = result ? result : r;
	}
	return result;
}
