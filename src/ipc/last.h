/* SPDX-License-Identifier: MIT */
/* How the last run of a connection ended, with its last events: what is known of it when nothing
 * runs any more.  RUN_DIR/NAME.last, written by its supervisor, which writes it at its start too:
 * a run that could not say its end is known by that. */
#ifndef VPDIAL_IPC_LAST_H
#define VPDIAL_IPC_LAST_H

#include "ipc/events.h"

#define CONTROL_LAST_MAGIC 0x5650444cu

struct control_last {
	uint32_t magic, version, size;
	uint32_t running; /* 1 until the end was written */
	uint64_t time_ms; /* of the end, or while running of the start; CLOCK_REALTIME */
	struct reason reason;
	struct control_events events;
};

void control_last_init(struct control_last *last);

/* Puts *LAST in the place of what there is; who may use the control socket of NAME may read it.
 * While running, or where there is no room, without the events: journals need the room more.  0 or
 * -errno. */
int control_last_write(const char *run_dir, const char *name, const struct control_last *last);

/* Reads, judges and cleans it.  Of a run without an end, which the caller knows to be over, the
 * reason says so.  0, -ENOENT if NAME was not dialed since the run directory is there, or another
 * -errno (-EPROTO for a file that is none of ours). */
int control_last_read(const char *run_dir, const char *name, struct control_last *last);

/* Is this record whole (with events or without), of our version, with all its texts terminated and
 * enums in range? */
bool control_last_valid(const void *record, size_t len);

#endif
