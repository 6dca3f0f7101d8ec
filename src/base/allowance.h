/* SPDX-License-Identifier: MIT */
/* How often something may happen: so many times at once, then one time each interval. */
#ifndef VPDIAL_BASE_ALLOWANCE_H
#define VPDIAL_BASE_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

/* All zero is one of which nothing has been taken. */
struct allowance {
	uint64_t full_ms; /* when nothing of it will be taken any more */
};

/* Takes one of BURST, of which each comes back INTERVAL_MS after the one before it; false if there
 * is none at NOW_MS. */
static inline bool allowance_take(struct allowance *a, unsigned burst, unsigned interval_ms,
				  uint64_t now_ms)
{
	uint64_t from = a->full_ms > now_ms ? a->full_ms : now_ms;

	if (from + interval_ms > now_ms + (uint64_t)burst * interval_ms)
		return false;
	a->full_ms = from + interval_ms;
	return true;
}

#endif
