/* SPDX-License-Identifier: MIT */
/* Records for RADIUS servers, until one has taken them: in memory, and those of calls' starts and
 * ends in files too, which the next server sends where this one could not. */
#ifndef VPDIAL_SERVER_QUEUE_H
#define VPDIAL_SERVER_QUEUE_H

#include "base/log.h"
#include "loop/loop.h"
#include "vocabulary/radius.h"

#define QUEUE_MAX      1000 /* records; beyond that the oldest is given up */
#define QUEUE_SENT_MAX 64   /* that wait for their answer at once */

struct server;

enum queue_keep {
	QUEUE_ONCE,   /* sent once: the next one says more */
	QUEUE_MEMORY, /* until it is taken or the server ends */
	QUEUE_FILE,   /* until it is taken */
};

struct queued;

struct queue {
	struct queued *first, **last; /* the oldest first */
	unsigned count, sent;
	uint32_t last_serial;
	uint64_t given_up;
	char dir[256]; /* "" = none can be used */
	struct loop_timer timer;
	struct log_limit limit;
	void (*settled)(struct server *s);
};

/* Reads what an earlier server left.  SETTLED is called after each answer. */
void queue_open(struct server *s, void (*settled)(struct server *s));
/* Forgets them; files stay. */
void queue_close(struct server *s);
void queue_add(struct server *s, const struct radius_record *record, enum queue_keep keep);
/* The RADIUS process is there, anew: it knows none. */
void queue_kick(struct server *s);
void queue_recorded(struct server *s, uint32_t serial, bool taken);
/* Is none on its way to a server that may answer still? */
bool queue_is_idle(const struct server *s);

#endif
