/* SPDX-License-Identifier: MIT */
/* A host, a session, scripts and a look-up that only note what is asked of them, and a connection
 * upon them.  Linked with --wrap: no process is started, and nothing of this machine is changed. */
#ifndef VPDIAL_TESTS_CONNECTION_WORLD_H
#define VPDIAL_TESTS_CONNECTION_WORLD_H

#include "connection/run.h"

extern struct world {
	struct supervisor *s;
	char trace[1024]; /* what was asked for, in order */
	unsigned undone, suspended, lifted;
	bool session, locked, busy;
	/* What fails */
	bool no_spawn, no_send, no_sockets, no_repin, no_apply, no_hooks_run, no_look_up,
		slow_names, no_tun;
	bool way_moved, known_at_once;
	unsigned scripts; /* 1 << HOOK_...: there are some */
	void (*done)(void *ctx, const struct reason *failure);
	void *done_ctx;
} world;

/* Lines that say that the impossible happened, and the last line. */
extern unsigned faults;
extern char said[2048];
extern const struct log quiet;

/* What was asked for since the last time, in order. */
void want_trace(const char *trace);
/* A connection of which nothing has begun; end is to follow. */
struct supervisor *begin(bool demand);
void end(struct supervisor *s);
/* What an honest session says with EVENT; its end, as spawn.c tells it. */
void session_says(struct supervisor *s, enum life_event event);
void session_ends(struct supervisor *s, enum exit_status code, enum reason_weight weight);
/* The scripts of the last event that ran have ended. */
void scripts_end(const struct reason *failure);

#endif
