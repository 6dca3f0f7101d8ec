/* SPDX-License-Identifier: MIT */
/* One packet under assembly. */
#include "path/assembly.h"

#include <string.h>

#define PLACE_ALIGNED 64

void assembly_init(struct assembly *a, uint8_t *slab, size_t max)
{
	*a = (struct assembly){.slab = slab, .max = max < ASSEMBLY_MAX ? max : ASSEMBLY_MAX};
}

bool assembly_has_room(const struct assembly *a)
{
	return a->max <= ASSEMBLY_SLAB - a->used;
}

void assembly_rewind(struct assembly *a)
{
	a->used = 0;
}

unsigned assembly_give_up(struct assembly *a)
{
	unsigned pieces = a->pieces;

	a->pieces = 0;
	return pieces;
}

/* The packet in hand is whole. */
static void finish(struct assembly *a, struct assembly_result *result)
{
	size_t end = a->used + a->len;

	result->packet = a->slab + a->used;
	result->len = a->len;
	a->pieces = 0;
	a->used = (end + PLACE_ALIGNED - 1) & ~(size_t)(PLACE_ALIGNED - 1);
	if (a->used > ASSEMBLY_SLAB)
		a->used = ASSEMBLY_SLAB;
}

struct assembly_result assembly_add(struct assembly *a, const struct mp_header *h,
				    const uint8_t *data, size_t len, uint64_t now_ms)
{
	struct assembly_result result = {0};
	bool old = a->pieces && now_ms - a->since_ms > ASSEMBLY_AGE_MS;

	if (old || (a->pieces && (int32_t)(h->number - a->next) > 0))
		result.dropped = assembly_give_up(a);
	if (a->pieces && h->number != a->next) {
		result.dropped++; /* late: of one that was given up */
		return result;
	}
	if (h->begin) {
		result.dropped += assembly_give_up(a);
		a->len = 0;
		a->since_ms = now_ms;
	} else if (!a->pieces) {
		result.dropped++; /* what it continues did not come, or was given up */
		return result;
	}
	a->pieces++;
	if (!assembly_has_room(a) || len > a->max - a->len) {
		result.dropped += assembly_give_up(a);
		return result;
	}
	memcpy(a->slab + a->used + a->len, data, len);
	a->len += len;
	a->next = h->number + 1;
	if (h->end)
		finish(a, &result);
	return result;
}
