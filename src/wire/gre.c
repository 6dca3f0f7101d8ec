/* SPDX-License-Identifier: MIT */
/* Enhanced GRE (RFC 2637 section 4.1). */
#include "wire/gre.h"

#include "base/cursor.h"

/* The first four octets as one number. */
#define GRE_KEY		     0x20000000u
#define GRE_SEQ		     0x10000000u
#define GRE_ACK		     0x00800000u
#define GRE_VERSION_PROTOCOL 0x0001880bu
/* C, R, s, recursion, flags, version and protocol have one legal value each. */
#define GRE_FIXED_MASK (~(GRE_KEY | GRE_SEQ | GRE_ACK))

bool gre_decode(const uint8_t *p, size_t len, struct gre_packet *out)
{
	struct cursor c = cursor_make(p, len);
	uint32_t first = cursor_u32(&c);

	if ((first & GRE_FIXED_MASK) != GRE_VERSION_PROTOCOL || !(first & GRE_KEY))
		return false;
	out->payload_len = cursor_u16(&c);
	out->call_id = cursor_u16(&c);
	out->has_seq = first & GRE_SEQ;
	out->has_ack = first & GRE_ACK;
	out->seq = out->has_seq ? cursor_u32(&c) : 0;
	out->ack = out->has_ack ? cursor_u32(&c) : 0;
	out->payload = cursor_bytes(&c, out->payload_len);
	return !c.failed && (out->has_seq || out->payload_len == 0);
}

static inline uint8_t *put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	return p + 4;
}

size_t gre_header_write(uint8_t hdr[static GRE_HEADER_MAX], const struct gre_packet *packet)
{
	uint8_t *p = hdr;

	p = put_u32(p, GRE_VERSION_PROTOCOL | GRE_KEY | (packet->has_seq ? GRE_SEQ : 0) |
			       (packet->has_ack ? GRE_ACK : 0));
	p = put_u32(p, (uint32_t)packet->payload_len << 16 | packet->call_id);
	if (packet->has_seq)
		p = put_u32(p, packet->seq);
	if (packet->has_ack)
		p = put_u32(p, packet->ack);
	return (size_t)(p - hdr);
}
