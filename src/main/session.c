/* SPDX-License-Identifier: MIT */
/* vpdial-session: executed afresh by the supervisor for one call, or by the server as its reader.
 *
 * argv: EMPTY-DIRECTORY UID GID ["reader"].  Descriptor 2 is the pipe for log lines, 3 the
 * supervisor's socket; nothing else is open.  It is of no use to call it by hand. */
#include "session/session.h"
#include "crypto/crypto.h"
#include "ipc/request.h"
#include "path/worker.h"
#include "session/reader.h"
#include "session/sandbox.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUPERVISOR_FD 3

/* Tells the supervisor why there will be no call. */
static int give_up(const struct reason *reason)
{
	struct request_channel channel = {.fd = SUPERVISOR_FD, .phase = REQUEST_PHASE_SPAWNED};
	struct request_ended ended = {.reason = *reason, .weight = REASON_LOCAL};

	request_send(&channel, REQUEST_ENDED, &ended, NULL, 0);
	return (int)reason->code;
}

/* One for the data path, where there is a second core for it.  Without one all goes on in one
 * thread. */
static void make_worker(void *ctx)
{
	struct path_worker **worker = ctx;
	cpu_set_t cores;

	if (sched_getaffinity(0, sizeof cores, &cores) == 0 && CPU_COUNT(&cores) == 1)
		return;
	*worker = path_worker_new();
}

/* What a terminal, a service manager or `pkill vpdial` sends to all is the supervisor's to judge.
 */
static void ignore_signals(void)
{
	static const int signals[] = {SIGPIPE, SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGUSR1, SIGUSR2};

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		signal(signals[i], SIG_IGN);
}

int main(int argc, char **argv)
{
	struct log log = {.fd = 2, .level = LOG_LEVEL_INFO, .format = LOG_FORMAT_RELAY};
	struct reason reason = {0};
	struct path_worker *worker = NULL;
	int rc;

	bool reader = argc == 5 && strcmp(argv[4], "reader") == 0;

	if (argc != 4 && !reader) {
		fputs("vpdial-session is started by vpdial; see vpdial(8)\n", stderr);
		return EXIT_OPTIONS;
	}
	ignore_signals();
	if (crypto_init(&reason) < 0)
		return give_up(&reason);
	rc = sandbox_enter(argv[1], (uid_t)strtoul(argv[2], NULL, 10),
			   (gid_t)strtoul(argv[3], NULL, 10), reader ? NULL : make_worker, &worker,
			   &log);
	if (rc < 0) {
		reason_set(&reason, EXIT_FATAL, "the session could not be confined: %s",
			   strerror(-rc));
		return give_up(&reason);
	}
	rc = reader ? reader_run(SUPERVISOR_FD, &log) : session_run(SUPERVISOR_FD, worker, &log);
	path_worker_free(worker);
	crypto_exit();
	return rc;
}
