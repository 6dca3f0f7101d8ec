/* SPDX-License-Identifier: MIT */
/* A ring of slots indexed by sequence number; `next` is the only moving edge. */
#include "path/reorder.h"

#include "base/clock.h"

#include <string.h>

static struct reorder_slot *slot_of(struct reorder *r, uint32_t number)
{
	return &r->slots[number % REORDER_SLOTS];
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
			r->next = number + 1;
		return REORDER_TAKE;
	}
	slot = slot_of(r, number);
	if (!holdable) {
		slot->state = REORDER_GONE;
		return REORDER_TAKE;
	}
	if (r->held == 0)
		r->since_ms = now_ms;
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
		slot->state = REORDER_EMPTY;
	}
	return NULL;
}

uint64_t reorder_deadline(const struct reorder *r)
{
	return r->held ? r->since_ms + REORDER_WAIT_MS : DEADLINE_NONE;
}
