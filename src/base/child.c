/* SPDX-License-Identifier: MIT */
/* Starting a process. */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OUT_OF_THE_WAY 16   /* a number that no descriptor of a setup is to have */
#define LAST_FD	       4096 /* to be closed where the kernel has no close_range (before 5.9) */

static void set_signals(enum child_signals signals)
{
	sigset_t none;

	for (int i = 1; i < NSIG && signals != CHILD_SIGNALS_KEPT; i++)
		(void)signal(i,
			     signals == CHILD_SIGNALS_IGNORED && i != SIGCHLD ? SIG_IGN : SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_fds(const struct child_setup *setup)
{
	int moved[CHILD_FDS_MAX], last = (int)setup->fd_count - 1;

	/* First out of each other's way: one may have the number that another is to get. */
	for (int i = 0; i <= last; i++) {
		moved[i] = fcntl(setup->fds[i], F_DUPFD, OUT_OF_THE_WAY);
		if (moved[i] < 0 && errno == EBADF)
			moved[i] = fcntl(open("/dev/null", O_RDWR), F_DUPFD, OUT_OF_THE_WAY);
		if (moved[i] < 0)
			return -1;
	}
	for (int i = 0; i <= last; i++)
		if (dup2(moved[i], i) < 0)
			return -1;
	if (syscall(SYS_close_range, (unsigned)last + 1, ~0u, 0u) < 0)
		for (int fd = last + 1; fd < LAST_FD; fd++)
			(void)close(fd);
	return 0;
}

/* In the child. */
static int set_up(const struct child_setup *setup, pid_t parent)
{
	set_signals(setup->signals);
	if (setup->group == CHILD_GROUP_OWN)
		(void)setpgid(0, 0);
	else if (setup->group == CHILD_SESSION_OWN)
		(void)setsid();
	/* It may have ended before we asked to be told. */
	if (setup->death_signal &&
	    (prctl(PR_SET_PDEATHSIG, setup->death_signal) < 0 || getppid() != parent))
		return -1;
	return set_fds(setup);
}

pid_t child_fork(const struct child_setup *setup)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0 && set_up(setup, parent) < 0)
		_exit(CHILD_NOT_RUN);
	if (pid > 0 && setup->group == CHILD_GROUP_OWN)
		(void)setpgid(pid, pid); /* whoever comes first: it may be killed at once */
	return pid;
}

pid_t child_run(const struct child_setup *setup, const char *path, const char *const argv[],
		char *const env[])
{
	pid_t pid = child_fork(setup);

	if (pid != 0)
		return pid;
	(void)execve(path, (char *const *)(uintptr_t)argv, env);
	_exit(CHILD_NOT_RUN);
}

void child_kill(pid_t pid)
{
	if (kill(-pid, SIGKILL) < 0)
		(void)kill(pid, SIGKILL);
}
