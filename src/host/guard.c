/* SPDX-License-Identifier: MIT */
/* The guardian: a small process that outlives a killed supervisor by a moment and takes back
 * what would otherwise stay, such as a rewritten resolv.conf. */
#include "host/internal.h"
#include "host/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLEAN_END    'c'
#define LOCK_WAIT_MS 3000 /* the dead process's lock goes with its last descriptor */

static void close_all_but(int keep)
{
	if (keep != 3)
		(void)dup3(keep, 3, O_CLOEXEC);
	if (syscall(SYS_close_range, 4u, ~0u, 0u) < 0)
		for (int fd = 4; fd < 4096; fd++)
			(void)close(fd);
	for (int fd = 0; fd < 3; fd++)
		(void)close(fd);
	/* Standard streams must not be handed out to files. */
	(void)open("/dev/null", O_RDWR);
	(void)!dup(0);
	(void)!dup(0);
}

/* Runs in the child; no memory is shared with anyone, nothing but the journal is touched. */
static _Noreturn void watch(int fd, const char *run_dir, const char *name)
{
	const struct log silent = {.fd = 2, .level = LOG_LEVEL_ERROR};
	sigset_t none;
	char c = 0;
	ssize_t n;

	/* A stop of the whole group must not take us before our work is done. */
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	(void)prctl(PR_SET_NAME, "vpdial-guard");
	(void)prctl(PR_SET_PDEATHSIG, 0);
	/* The parent's memory came along by fork, but for its secrets: no core file, no debugger.
	 */
	(void)prctl(PR_SET_DUMPABLE, 0);
	close_all_but(fd);
	(void)!chdir("/"); /* RUN_DIR is absolute */
	do
		n = read(3, &c, 1);
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
	int ends[2];
	pid_t pid;

	if (host->guard_fd >= 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		if (host->forget)
			host->forget(host->forget_ctx);
		close(ends[1]);
		watch(ends[0], host->run_dir, host->name);
	}
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return -errno;
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
