/* SPDX-License-Identifier: MIT */
/* Round trips of keep-alives: LCP echoes and those of the control connection. */
#include "session/internal.h"

void echo_note(struct session_echo *e, uint32_t rtt_ms)
{
	uint32_t change = rtt_ms > e->last_ms ? rtt_ms - e->last_ms : e->last_ms - rtt_ms;

	if (e->count++ == 0) {
		e->min_ms = rtt_ms;
		change = 0;
	}
	if (rtt_ms < e->min_ms)
		e->min_ms = rtt_ms;
	e->last_ms = rtt_ms;
	e->sum_ms += rtt_ms;
	e->jitter_16 += change - (e->jitter_16 + 8) / 16; /* RFC 3550 section A.8 */
}

void echo_fill(const struct session_echo *e, struct request_stats *stats)
{
	stats->echo_known = e->count > 0;
	stats->echo_count = e->count;
	stats->echo_rtt_ms = e->last_ms;
	stats->echo_min_ms = e->min_ms;
	stats->echo_avg_ms = e->count ? (uint32_t)((e->sum_ms + e->count / 2) / e->count) : 0;
	stats->echo_jitter_ms = (e->jitter_16 + 8) / 16;
}
