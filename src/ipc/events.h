/* SPDX-License-Identifier: MIT */
/* The last events of a supervisor: what CONTROL_EVENTS is answered with. */
#ifndef VPDIAL_IPC_EVENTS_H
#define VPDIAL_IPC_EVENTS_H

#include "ipc/control.h"

#define CONTROL_EVENTS_MAGIC 0x56504445u
#define CONTROL_EVENTS_MAX   64
#define CONTROL_EVENT_TEXT   200

struct control_event {
	uint64_t time_ms; /* of the day: CLOCK_REALTIME */
	uint32_t level;	  /* enum log_level of base/log.h */
	char text[CONTROL_EVENT_TEXT];
};

/* A ring: event number N since the start stands at N % CONTROL_EVENTS_MAX. */
struct control_events {
	uint32_t magic, version, size;
	uint64_t count; /* since the start; those that were overwritten count too */
	struct control_event ring[CONTROL_EVENTS_MAX];
};

void control_events_init(struct control_events *events);

/* Appends one, over the oldest if there are too many.  TEXT is cut to what fits, at the end of a
 * character, and cleaned of what a terminal would act on. */
void control_events_add(struct control_events *events, uint64_t time_ms, uint32_t level,
			const char *text);

/* How many there are to read, and number I of them, oldest first. */
size_t control_events_kept(const struct control_events *events);
const struct control_event *control_events_at(const struct control_events *events, size_t i);

/* Is this record whole, of our version, with every text terminated and every level in range? */
bool control_events_valid(const void *record, size_t len);

#endif
