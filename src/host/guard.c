/* SPDX-License-Identifier: MIT */
/* The guardian: a small process that outlives a killed supervisor by a moment and takes back
 * what would otherwise stay, such as a rewritten resolv.conf. */
#include "base/child.h"
#include "host/internal.h"
#include "host/recover.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLEAN_END    'c'
#define OUR_FD	     3	  /* tells when the other process is gone */
#define LOCK_WAIT_MS 3000 /* the dead process's lock goes with its last descriptor */

/* Runs in the child; no memory is shared with anyone, nothing but the journal is touched. */
static _Noreturn void watch(const char *run_dir, const char *name)
{
	const struct log silent = {.fd = 2, .level = LOG_LEVEL_ERROR};
	char c = 0;
	ssize_t n;

	(void)prctl(PR_SET_NAME, "vpdial-guard");
	/* The parent's memory came along by fork, but for its secrets: no core file, no debugger.
	 */
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)!chdir("/"); /* RUN_DIR is absolute */
	do
		n = read(OUR_FD, &c, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1 && c == CLEAN_END)
		_exit(0);
	(void)host_recover_wait(run_dir, name, &silent, LOCK_WAIT_MS);
	_exit(0);
}

void host_set_forget(struct host *host, void (*forget)(void *ctx), void *ctx)
{
	host->forget = forget;
	host->forget_ctx = ctx;
}

int host_guard_start(struct host *host)
{
	/* A stop of the whole group must not take it before its work is done. */
	struct child_setup setup = {.fds = {-1, -1, -1, [OUR_FD] = -1},
				    .fd_count = OUR_FD + 1,
				    .group = CHILD_SESSION_OWN,
				    .signals = CHILD_SIGNALS_IGNORED};
	int ends[2];
	pid_t pid;

	if (host->guard_fd >= 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	setup.fds[OUR_FD] = ends[0];
	pid = child_fork(&setup);
	if (pid == 0) {
		if (host->forget)
			host->forget(host->forget_ctx);
		watch(host->run_dir, host->name);
	}
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return pid;
	}
	host->guard_fd = ends[1];
	host->guard_pid = pid;
	return 0;
}

void host_guard_stop(struct host *host)
{
	const char c = CLEAN_END;

	if (host->guard_fd < 0)
		return;
	(void)!send(host->guard_fd, &c, 1, MSG_NOSIGNAL);
	close(host->guard_fd);
	host->guard_fd = -1;
	/* Not our child any more if the caller went into the background since. */
	while (waitpid(host->guard_pid, NULL, 0) < 0 && errno == EINTR)
		;
	host->guard_pid = -1;
}
