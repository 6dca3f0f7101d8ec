/* SPDX-License-Identifier: MIT */
/* Sequence numbers: comparison by signed difference, and a ring of bits for what was seen. */
#include "path/sequence.h"

#include <string.h>

static bool bit_get(const struct sequence *s, uint32_t number)
{
	uint32_t bit = number % SEQUENCE_WINDOW;

	return s->seen[bit / 64] >> (bit % 64) & 1;
}

static void bit_put(struct sequence *s, uint32_t number, bool value)
{
	uint32_t bit = number % SEQUENCE_WINDOW;

	if (value)
		s->seen[bit / 64] |= UINT64_C(1) << (bit % 64);
	else
		s->seen[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
}

enum sequence_place sequence_judge(const struct sequence *s, uint32_t number)
{
	int32_t ahead = (int32_t)(number - s->newest);

	if (!s->any || (ahead > 0 && ahead <= SEQUENCE_WINDOW))
		return SEQUENCE_NEW;
	if (ahead <= 0 && ahead > -SEQUENCE_WINDOW)
		return bit_get(s, number) ? SEQUENCE_DUPLICATE : SEQUENCE_LATE;
	return SEQUENCE_FAR;
}

bool sequence_follow(struct sequence *s, uint32_t number, bool seen, uint64_t now_ms)
{
	int32_t step = (int32_t)(number - s->far_last);
	bool lasts;

	if (s->far_run && step <= 0 && step > -SEQUENCE_STEP)
		return false; /* a copy, or out of order */
	if (!s->far_run || step <= 0 || step > SEQUENCE_STEP) {
		s->far_run = 0;
		s->far_since_ms = now_ms;
	}
	s->far_last = number;
	s->far_run++;
	lasts = s->far_run > 1 && now_ms - s->far_since_ms >= SEQUENCE_RESYNC_MS;
	if (!lasts && (seen || s->far_run < SEQUENCE_RESYNC))
		return false;
	s->any = false;
	return true;
}

uint32_t sequence_accept(struct sequence *s, uint32_t number)
{
	int32_t ahead = (int32_t)(number - s->newest);
	uint32_t skipped = 0;

	s->far_run = 0;
	if (!s->any) {
		/* What came before the first number counts as seen, not as lost. */
		memset(s->seen, 0xff, sizeof s->seen);
		s->any = true;
		s->newest = number;
	} else if (ahead > 0) {
		skipped = (uint32_t)ahead - 1;
		if (ahead >= SEQUENCE_WINDOW)
			memset(s->seen, 0, sizeof s->seen);
		else
			for (uint32_t n = s->newest + 1; n != number; n++)
				bit_put(s, n, false);
		s->newest = number;
	}
	bit_put(s, number, true);
	return skipped;
}
