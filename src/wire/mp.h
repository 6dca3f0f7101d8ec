/* SPDX-License-Identifier: MIT */
/* The header of Multilink PPP (RFC 1990 section 3): what stands between protocol 003d and the
 * octets of a fragment.  Two formats; the receiver of a direction chooses, by LCP option 18. */
#ifndef VPDIAL_WIRE_MP_H
#define VPDIAL_WIRE_MP_H

#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MP_HEADER_LONG	4 /* a number of 24 bits */
#define MP_HEADER_SHORT 2 /* of 12 bits */
#define MP_HEADER_MAX	MP_HEADER_LONG

struct mp_header {
	bool begin, end; /* first, last fragment of a packet; a whole one is both */
	uint32_t number; /* of the fragment, as wide as its format */
};

static inline size_t mp_header_len(bool short_numbers)
{
	return short_numbers ? MP_HEADER_SHORT : MP_HEADER_LONG;
}

/* Reads the header at the start of an information field of LEN octets.  False if there is none, or
 * if a bit between the flags and the number is set: those are of classes (RFC 2686), which nobody
 * asked for. */
static inline bool mp_decode(const uint8_t *info, size_t len, bool short_numbers,
			     struct mp_header *out)
{
	struct cursor c = cursor_make(info, len);
	uint32_t word = short_numbers ? (uint32_t)cursor_u16(&c) << 16 : cursor_u32(&c);

	*out = (struct mp_header){
		.begin = word >> 31,
		.end = word >> 30 & 1,
		.number = short_numbers ? word >> 16 & 0xfff : word & 0xffffff,
	};
	return !c.failed && (word & (short_numbers ? 0x30000000u : 0x3f000000u)) == 0;
}

/* Writes a header to P (room for MP_HEADER_MAX octets), the number cut to its format; returns its
 * length. */
static inline size_t mp_header_write(uint8_t *p, const struct mp_header *h, bool short_numbers)
{
	uint8_t flags = (uint8_t)(h->begin << 7 | h->end << 6);

	if (short_numbers) {
		p[0] = (uint8_t)(flags | (h->number >> 8 & 0xf));
		p[1] = (uint8_t)h->number;
		return MP_HEADER_SHORT;
	}
	p[0] = flags;
	p[1] = (uint8_t)(h->number >> 16);
	p[2] = (uint8_t)(h->number >> 8);
	p[3] = (uint8_t)h->number;
	return MP_HEADER_LONG;
}

/* A number of the wire as one of 32 bits: of all that end like it the nearest to NEWEST. */
static inline uint32_t mp_number_extend(uint32_t newest, uint32_t number, bool short_numbers)
{
	unsigned spare = short_numbers ? 20 : 8;

	return newest + (uint32_t)((int32_t)((number - newest) << spare) >> spare);
}

#endif
