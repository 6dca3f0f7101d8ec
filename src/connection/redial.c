/* SPDX-License-Identifier: MIT */
/* The redial policy: exponential backoff with jitter. */
#include "connection/redial.h"

#define SHIFT_MAX 20

void redial_up(struct redial *r)
{
	r->ever_up = true;
}

/* From 3/4 to 5/4 of MS. */
static uint64_t spread(uint64_t ms, uint32_t random)
{
	return ms - ms / 4 + ms / 2 * (random >> 16) / 65535;
}

bool redial_next(struct redial *r, const struct reason *why, uint64_t up_ms, uint32_t random,
		 uint64_t *delay_ms)
{
	uint32_t shift;
	uint64_t ms;

	if (!r->enabled || reason_is_permanent(why))
		return false;
	if (!r->ever_up && !r->from_start)
		return false;
	if (up_ms >= REDIAL_STABLE_MS)
		r->failures = 0;
	if (r->limit && r->failures >= r->limit)
		return false;
	shift = r->failures < SHIFT_MAX ? r->failures : SHIFT_MAX;
	ms = (uint64_t)r->min_ms << shift;
	r->failures++;
	*delay_ms = spread(ms < r->max_ms ? ms : r->max_ms, random);
	return true;
}

uint64_t redial_soon(const struct redial *r, uint64_t now_ms, uint64_t dialed_ms, uint32_t random)
{
	uint64_t at = dialed_ms + r->min_ms;

	return (at > now_ms ? at : now_ms) + (uint64_t)r->min_ms / 2 * (random >> 16) / 65535;
}
