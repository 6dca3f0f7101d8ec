/* SPDX-License-Identifier: MIT */
/* The helper programs of DNS set-up: run without a shell, with an empty environment and a limit of
 * five seconds. */
#ifndef VPDIAL_HOST_RUN_H
#define VPDIAL_HOST_RUN_H

#include "base/log.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Is there an executable NAME in the search path? */
bool run_found(const char *name);

/* One program at work.  Zero but for what its owner sets. */
struct run {
	struct loop *loop; /* the owner's; NULL = run_wait is called */
	const struct log *log;
	/* With a loop: it has ended, as run_program says; another may be started. */
	void (*ended)(void *ctx, int r);
	void *ctx;
	pid_t pid; /* 0 = none */
	int out;
	bool timed_out, killed;
	uint64_t end_ms;
	char name[32];
	struct loop_fd process;
	struct loop_timer limit_timer, look_timer;
};

/* Starts ARGV[0] (looked up in the search path) with LEN octets of INPUT on its standard input.
 * 0, -ENOENT or another -errno. */
int run_start(struct run *run, const char *const argv[], const char *input, size_t len);
/* It is not needed any more and ends with -ECANCELED. */
void run_kill(struct run *run);
/* Waits for its end, until its limit, instead of a call of ENDED. */
int run_wait(struct run *run);

/* Starts a program and waits.  0 if it exited with 0; -ENOENT, -ETIMEDOUT (killed), -EIO (its last
 * words are logged at level info), or another -errno. */
int run_program(const char *const argv[], const char *input, size_t len, const struct log *log);

#endif
