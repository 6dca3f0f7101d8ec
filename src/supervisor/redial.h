/* SPDX-License-Identifier: MIT */
/* When to dial again after a dial failed or a call ended: policy only, no clock, no process. */
#ifndef VPDIAL_SUPERVISOR_REDIAL_H
#define VPDIAL_SUPERVISOR_REDIAL_H

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

	bool ever_up;
	uint32_t failures; /* in a row */
};

/* A call is up. */
void redial_up(struct redial *r);

/* A dial failed (UP_MS = 0) or a call ended after UP_MS because of WHY.  RANDOM spreads the waits
 * of many clients.  True: dial again after *DELAY_MS, which doubles with each failure in a row.
 * False: no more (reason_is_permanent, or too many). */
bool redial_next(struct redial *r, const struct reason *why, uint64_t up_ms, uint32_t random,
		 uint64_t *delay_ms);

#endif
