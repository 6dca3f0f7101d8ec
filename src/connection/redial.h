/* SPDX-License-Identifier: MIT */
/* When to dial again after a dial failed or a call ended: policy only, no clock, no process. */
#ifndef VPDIAL_CONNECTION_REDIAL_H
#define VPDIAL_CONNECTION_REDIAL_H

#include "base/reason.h"

#include <stdbool.h>
#include <stdint.h>

/* A call that was up so long was a good one: the next wait is the shortest again. */
#define REDIAL_STABLE_MS 60000

struct redial {
	bool enabled;
	bool from_start;	 /* also when no call of this run was up yet */
	uint32_t min_ms, max_ms; /* the first wait, and the longest */
	uint32_t limit;		 /* failures in a row; 0 = no limit */

	bool ever_up;	   /* a call of this run was: through all states that may follow */
	uint32_t failures; /* in a row */
};

/* A call is up. */
void redial_up(struct redial *r);

/* A dial failed (UP_MS = 0) or a call ended after UP_MS because of WHY.  RANDOM spreads the waits
 * of many clients.  True: dial again after *DELAY_MS, which doubles with each failure in a row.
 * False: no more (reason_is_permanent, or too many). */
bool redial_next(struct redial *r, const struct reason *why, uint64_t up_ms, uint32_t random,
		 uint64_t *delay_ms);

/* Something asks for a dial at NOW_MS, such as another way to the server: when it is to be, after
 * the last one at DIALED_MS.  Not sooner than the shortest wait after that one, and by RANDOM up to
 * half of that wait later: many profiles see the same change. */
uint64_t redial_soon(const struct redial *r, uint64_t now_ms, uint64_t dialed_ms, uint32_t random);

#endif
