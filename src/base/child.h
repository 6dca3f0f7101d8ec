/* SPDX-License-Identifier: MIT */
/* Starting a process: the one place that forks, where the descriptors, signals and process group of
 * a child are settled.  What it becomes then, a program or a part of this one, is its caller's. */
#ifndef VPDIAL_BASE_CHILD_H
#define VPDIAL_BASE_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#define CHILD_FDS_MAX 6

/* Exit status of a child that could not be set up or did not find its program. */
#define CHILD_NOT_RUN 127

enum child_group {
	CHILD_GROUP_OURS,
	CHILD_GROUP_OWN,   /* to be killed with all that it starts: kill(-pid, ...) */
	CHILD_SESSION_OWN, /* out of reach of our terminal too */
};

/* No signal is blocked in the child. */
enum child_signals {
	CHILD_SIGNALS_DEFAULT, /* none is ignored, no handler is left */
	CHILD_SIGNALS_KEPT,    /* what is ignored stays so */
	CHILD_SIGNALS_IGNORED, /* all but SIGCHLD */
};

struct child_setup {
	/* These become descriptors 0, 1, 2 and on; one that is not open, as -1, stands for
	 * /dev/null.  All others are closed. */
	int fds[CHILD_FDS_MAX];
	size_t fd_count; /* at least 3 */
	enum child_group group;
	enum child_signals signals;
	int death_signal; /* when our process ends; 0 = it goes on */
};

/* As fork(): in the parent the child's pid or -errno, in the child 0. */
pid_t child_fork(const struct child_setup *setup);

/* Executes the program PATH with ARGV and ENV, which end with NULL, in such a child.  Its pid or
 * -errno; what goes wrong after the fork is its exit status CHILD_NOT_RUN. */
pid_t child_run(const struct child_setup *setup, const char *path, const char *const argv[],
		char *const env[]);

/* Kills PID, a child in a group of its own, with all of that group; it is still to be waited for.
 */
void child_kill(pid_t pid);

#endif
