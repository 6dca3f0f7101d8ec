/* SPDX-License-Identifier: MIT */
/* The header of L2TPv2 messages (RFC 2661 section 3.1). */
#include "wire/l2tp.h"

#include "base/cursor.h"

#define FLAG_T	     0x8000
#define FLAG_L	     0x4000
#define FLAG_S	     0x0800
#define FLAG_O	     0x0200
#define FLAG_P	     0x0100
#define VERSION_MASK 0x000f
#define VERSION	     2

bool l2tp_decode(const uint8_t *p, size_t len, struct l2tp_header *out)
{
	struct cursor c = cursor_make(p, len);
	uint16_t flags = cursor_u16(&c);

	out->control = flags & FLAG_T;
	out->has_length = flags & FLAG_L;
	out->has_seq = flags & FLAG_S;
	out->has_offset = flags & FLAG_O;
	out->priority = flags & FLAG_P;
	if ((flags & VERSION_MASK) != VERSION)
		return false;
	if (out->control && (!out->has_length || !out->has_seq || out->has_offset))
		return false;
	if (out->has_length) {
		uint16_t length = cursor_u16(&c);
		if (length < 4 || length > len)
			return false;
		c.end = p + length;
	}
	out->tunnel_id = cursor_u16(&c);
	out->session_id = cursor_u16(&c);
	out->ns = out->has_seq ? cursor_u16(&c) : 0;
	out->nr = out->has_seq ? cursor_u16(&c) : 0;
	out->offset = out->has_offset ? cursor_u16(&c) : 0;
	cursor_skip(&c, out->offset);
	out->payload_len = cursor_left(&c);
	out->payload = c.at;
	return !c.failed;
}

static uint8_t *put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

size_t l2tp_data_header_write(uint8_t out[static L2TP_DATA_HEADER_MAX], const struct l2tp_header *h,
			      size_t payload_len)
{
	uint8_t *p = out;
	unsigned flags = VERSION | (h->has_length ? FLAG_L : 0) | (h->has_seq ? FLAG_S : 0) |
			 (h->has_offset ? FLAG_O : 0) | (h->priority ? FLAG_P : 0);

	p = put_u16(p, (uint16_t)flags);
	if (h->has_length)
		p = put_u16(p, (uint16_t)(l2tp_data_header_len(h) + payload_len));
	p = put_u16(p, h->tunnel_id);
	p = put_u16(p, h->session_id);
	if (h->has_seq) {
		p = put_u16(p, h->ns);
		p = put_u16(p, h->nr);
	}
	if (h->has_offset)
		p = put_u16(p, 0);
	return (size_t)(p - out);
}

void l2tp_control_header_write(uint8_t out[static L2TP_CONTROL_HEADER_LEN],
			       const struct l2tp_header *h, size_t length)
{
	uint8_t *p = put_u16(out, FLAG_T | FLAG_L | FLAG_S | VERSION);

	p = put_u16(p, (uint16_t)length);
	p = put_u16(p, h->tunnel_id);
	p = put_u16(p, h->session_id);
	p = put_u16(p, h->ns);
	put_u16(p, h->nr);
}
