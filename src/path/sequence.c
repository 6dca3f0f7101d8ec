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

enum sequence_place sequence_judge(struct sequence *s, uint32_t number)
{
	int32_t ahead = (int32_t)(number - s->newest);

	if (!s->any || ahead > 0)
		return SEQUENCE_NEW;
	if (ahead > -SEQUENCE_WINDOW)
		return bit_get(s, number) ? SEQUENCE_DUPLICATE : SEQUENCE_LATE;
	if (++s->behind_run >= SEQUENCE_RESYNC) {
		memset(s, 0, sizeof *s);
		return SEQUENCE_NEW;
	}
	return SEQUENCE_BEHIND;
}

uint32_t sequence_accept(struct sequence *s, uint32_t number)
{
	int32_t ahead = (int32_t)(number - s->newest);
	uint32_t skipped = 0;

	s->behind_run = 0;
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
