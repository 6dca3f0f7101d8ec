/* SPDX-License-Identifier: MIT */
/* A ring of slots indexed by sequence number; `next` is the only moving edge. */
#include "path/reorder.h"

#include "base/clock.h"

#include <string.h>

static struct reorder_slot *slot_of(struct reorder *r, uint32_t number)
{
	return &r->slots[number % REORDER_SLOTS];
}

void reorder_init(struct reorder *r)
{
	r->any = false;
	r->held = r->gone = 0;
	for (unsigned i = 0; i < REORDER_SLOTS; i++)
		r->slots[i].state = REORDER_EMPTY;
}

/* What was noted behind the gap is forgotten. */
static void jump(struct reorder *r, uint32_t next)
{
	if (r->held || r->gone)
		reorder_init(r);
	r->any = true;
	r->next = next;
}

bool reorder_is_far(const struct reorder *r, uint32_t number)
{
	int32_t ahead = (int32_t)(number - r->next);

	return r->held && ahead >= REORDER_SLOTS;
}

enum reorder_verdict reorder_put(struct reorder *r, uint32_t number, const uint8_t *frame,
				 size_t len, bool holdable, uint64_t now_ms)
{
	struct reorder_slot *slot;
	uint32_t ahead;

	if (!r->any) {
		r->any = true;
		r->next = number;
	}
	ahead = number - r->next;
	if (ahead == 0) {
		r->next++;
		r->since_ms = now_ms;
		return REORDER_TAKE;
	}
	/* Behind, or too far ahead to be held: it is taken as it comes. */
	if (ahead >= REORDER_SLOTS || (holdable && len > REORDER_FRAME)) {
		if ((int32_t)ahead > 0)
			jump(r, number + 1);
		return REORDER_TAKE;
	}
	slot = slot_of(r, number);
	if (r->held + r->gone == 0)
		r->since_ms = now_ms;
	if (!holdable) {
		r->gone += slot->state == REORDER_EMPTY;
		slot->state = REORDER_GONE;
		return REORDER_TAKE;
	}
	slot->state = REORDER_HELD;
	slot->len = len;
	memcpy(slot->frame, frame, len);
	r->held++;
	return REORDER_KEPT;
}

uint8_t *reorder_next(struct reorder *r, size_t *len, uint32_t *number, bool force, uint64_t now_ms)
{
	for (unsigned i = 0; i < REORDER_SLOTS; i++) {
		struct reorder_slot *slot = slot_of(r, r->next);

		if (slot->state == REORDER_EMPTY && (!force || !r->held))
			return NULL;
		*number = r->next++;
		r->since_ms = now_ms;
		if (slot->state == REORDER_HELD) {
			slot->state = REORDER_EMPTY;
			r->held--;
			*len = slot->len;
			return slot->frame;
		}
		r->gone -= slot->state == REORDER_GONE;
		slot->state = REORDER_EMPTY;
	}
	return NULL;
}

uint64_t reorder_deadline(const struct reorder *r)
{
	return r->held ? r->since_ms + REORDER_WAIT_MS : DEADLINE_NONE;
}
