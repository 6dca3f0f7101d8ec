/* SPDX-License-Identifier: MIT */
/* vpdial-radius: executed afresh by the server, which names RADIUS servers in its file.
 *
 * argv: EMPTY-DIRECTORY UID GID.  Descriptor 2 is the pipe for log lines, 3 the server's socket;
 * nothing else is open.  It is of no use to call it by hand. */
#include "crypto/crypto.h"
#include "ipc/request.h"
#include "radius/run.h"
#include "session/sandbox.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVER_FD 3

/* Tells the server why nobody will be asked. */
static int give_up(const struct reason *reason)
{
	struct request_channel channel = {.fd = SERVER_FD, .phase = REQUEST_PHASE_SPAWNED};
	struct request_ended ended = {.reason = *reason, .weight = REASON_LOCAL};

	request_send(&channel, REQUEST_ENDED, &ended, NULL, 0);
	return (int)reason->code;
}

int main(int argc, char **argv)
{
	/* What a terminal or `pkill vpdial` sends to all is the server's to judge. */
	static const int signals[] = {SIGPIPE, SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGUSR1, SIGUSR2};
	struct log log = {.fd = 2, .level = LOG_LEVEL_INFO, .format = LOG_FORMAT_RELAY};
	struct reason reason = {0};
	int rc;

	if (argc != 4) {
		fputs("vpdial-radius is started by vpdial; see vpdial(8)\n", stderr);
		return EXIT_OPTIONS;
	}
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		signal(signals[i], SIG_IGN);
	if (crypto_init(&reason) < 0)
		return give_up(&reason);
	rc = sandbox_enter(argv[1], (uid_t)strtoul(argv[2], NULL, 10),
			   (gid_t)strtoul(argv[3], NULL, 10), NULL, NULL, &log);
	if (rc < 0) {
		reason_set(&reason, EXIT_FATAL, "the RADIUS process could not be confined: %s",
			   strerror(-rc));
		return give_up(&reason);
	}
	rc = radius_run(SERVER_FD, &log);
	crypto_exit();
	return rc;
}
