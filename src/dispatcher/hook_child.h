/* SPDX-License-Identifier: MIT */
/* One script as a process: started, its output read line by line, its time limited. */
#ifndef VPDIAL_DISPATCHER_HOOK_CHILD_H
#define VPDIAL_DISPATCHER_HOOK_CHILD_H

#include "base/log.h"
#include "loop/loop.h"

#include <limits.h>
#include <sys/types.h>

#define HOOK_LINE_MAX	512	     /* octets of a line that are shown */
#define HOOK_LINES_MAX	100	     /* lines of one script */
#define HOOK_OUTPUT_MAX (256 * 1024) /* octets that are looked at; the rest is dropped */
#define HOOK_ARGS_MAX	8

/* All zero = free.  After its end it stays as long as somebody it has left behind holds its
 * output: who writes there shall not be killed for it. */
struct hook_child {
	pid_t pid; /* 0 = has ended */
	struct loop_fd process, output;
	struct loop_timer limit_timer;
	struct loop_timer look_timer; /* without pidfd (before Linux 5.3): is it still there? */
	uint64_t started_ms;
	bool timed_out;
	struct loop *loop;
	const struct log *log;
	char name[NAME_MAX + 1];
	char line[HOOK_LINE_MAX];
	size_t line_len; /* may be more than what is kept */
	unsigned lines;
	size_t octets;
	/* FAILURE is "" or one sentence; the child may be used again when this returns. */
	void (*ended)(void *ctx, struct hook_child *child, const char *failure);
	void *ctx;
	size_t event; /* the owner's */
};

struct hook_start {
	struct loop *loop;
	const struct log *log;
	const char *name;	 /* for the log */
	const char *real;	 /* to be executed, see script_check */
	const char *const *args; /* after the program's own name; ends with NULL */
	char *const *env;
	uint32_t limit_ms;
	bool dies_with_us;
	void (*ended)(void *ctx, struct hook_child *child, const char *failure);
	void *ctx;
};

/* 0 or -errno; ENDED is called later. */
int hook_child_start(struct hook_child *c, const struct hook_start *start);
/* From now on it may run so long still. */
void hook_child_limit(struct hook_child *c, uint32_t limit_ms);
/* Its whole process group; ENDED is called by the event loop. */
void hook_child_kill(struct hook_child *c);
/* Leaves the process alone; ENDED is not called. */
void hook_child_forget(struct hook_child *c);

static inline bool hook_child_is_free(const struct hook_child *c)
{
	return c->pid == 0 && !c->output.added;
}

#endif
