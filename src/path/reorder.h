/* SPDX-License-Identifier: MIT */
/* Holds frames back until those before them came, for streams that depend on order (stateful
 * MPPE).  Bounded in frames and in time. */
#ifndef VPDIAL_PATH_REORDER_H
#define VPDIAL_PATH_REORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REORDER_SLOTS	32
#define REORDER_WAIT_MS 100
#define REORDER_FRAME	9216 /* larger frames are not held but taken as they come */

struct reorder {
	bool any;
	uint32_t next;	     /* the number that is due */
	uint64_t since_ms;   /* since when the gap at `next` is open */
	unsigned held, gone; /* frames behind the gap: kept here, handled already */
	struct reorder_slot {
		enum { REORDER_EMPTY, REORDER_HELD, REORDER_GONE } state;
		size_t len;
		uint8_t frame[REORDER_FRAME];
	} slots[REORDER_SLOTS];
};

/* What to do with a frame of NUMBER now. */
enum reorder_verdict {
	REORDER_TAKE, /* it is due: handle it, then drain with reorder_next */
	REORDER_KEPT, /* copied, to be handled later */
};

/* Nothing is held, and the next frame begins the order. */
void reorder_init(struct reorder *r);
/* Is NUMBER beyond what can be held?  Then give up on the gap first (reorder_next with FORCE). */
bool reorder_is_far(const struct reorder *r, uint32_t number);
/* Judges one frame.  HOLDABLE false: it is handled at once whatever its place (control frames)
 * and only counted. */
enum reorder_verdict reorder_put(struct reorder *r, uint32_t number, const uint8_t *frame,
				 size_t len, bool holdable, uint64_t now_ms);
/* The next held frame that is due, or NULL.  FORCE gives up on a gap.  The octets are valid until
 * the next call of reorder_put. */
uint8_t *reorder_next(struct reorder *r, size_t *len, uint32_t *number, bool force,
		      uint64_t now_ms);
/* When to force, or DEADLINE_NONE. */
uint64_t reorder_deadline(const struct reorder *r);

#endif
