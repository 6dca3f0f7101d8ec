/* SPDX-License-Identifier: MIT */
/* One session process, the server's reader or its RADIUS process: spawned, watched, ended. */
#ifndef VPDIAL_PRIVSEP_PROCESS_H
#define VPDIAL_PRIVSEP_PROCESS_H

#include "base/allowance.h"
#include "base/log.h"
#include "ipc/request.h"
#include "loop/loop.h"

#include <limits.h>
#include <sys/types.h>

#define RELAY_LINE_MAX 1280

struct process_events {
	/* A request that the table permits, its texts checked; the values are for the owner to
	 * judge.  After REQUEST_ENDED the owner calls process_stop. */
	void (*request)(void *ctx, struct request_message *m);
	/* It ended without saying so, or was killed for what it sent. */
	void (*died)(void *ctx, const struct reason *reason);
};

/* A session that has ended its call and may wipe and free what it has. */
struct parting {
	pid_t pid; /* 0 = none */
	struct loop_fd process;
	struct loop_timer limit_timer;
};

struct session_process {
	pid_t pid;		/* 0 = none */
	struct parting parting; /* the one before */
	struct request_channel channel;
	struct loop_fd channel_handle, log_handle;
	char path[PATH_MAX + 32]; /* of the program */
	char line[RELAY_LINE_MAX];
	size_t line_len;
	struct allowance lines, states, requests;
	unsigned lines_left_out;
	bool ready, started, ended; /* started is the owner's: it has sent REQUEST_START */
	const char *role;	    /* as configured */
	struct loop *loop;
	const struct log *log;
	const struct process_events *events;
	void *ctx;
};

struct process_config {
	const char *run_dir;
	struct loop *loop;
	const struct log *log; /* its lines go here; must outlive the process */
	const struct process_events *events;
	void *ctx;
	const char *role;    /* NULL: a session; "reader": see session/reader.h */
	const char *program; /* NULL: vpdial-session; else it is told no role */
};

/* Starts the program; an earlier one that is parting still is killed.  0 or -errno with *REASON;
 * process_stop in any case. */
int process_spawn(struct session_process *p, const struct process_config *config,
		  struct reason *reason);
/* Relays its last lines and closes.  It parts within a second by itself, beside the loop, or
 * (KILL_IT) is killed.  May be called again, and for one that is all zero. */
void process_stop(struct session_process *p, bool kill_it);
/* At the very end: waits until one that parts is gone. */
void process_finish(struct session_process *p);

#endif
