/* SPDX-License-Identifier: MIT */
/* The header of L2TPv2 messages, control and data (RFC 2661 section 3.1).
 *
 *    |T|L|x|x|S|x|O|P|x|x|x|x|  Ver  |          Length, only if L      |
 *    |           Tunnel ID           |           Session ID            |
 *    |         Ns, only if S         |         Nr, only if S           |
 *    |    Offset size, only if O     |    that many octets of padding  |
 *
 * Both ids are those that the receiver has assigned. */
#ifndef VPDIAL_WIRE_L2TP_H
#define VPDIAL_WIRE_L2TP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define L2TP_PORT		1701
#define L2TP_CONTROL_HEADER_LEN 12
#define L2TP_DATA_HEADER_MAX	14 /* what we write: no padding behind the offset size */

struct l2tp_header {
	bool control;	 /* T */
	bool has_length; /* L */
	bool has_seq;	 /* S */
	bool has_offset; /* O */
	bool priority;	 /* P */
	uint16_t tunnel_id, session_id;
	uint16_t ns, nr;
	uint16_t offset; /* octets of padding */
	const uint8_t *payload;
	size_t payload_len;
};

/* Decodes the LEN octets of a datagram into *OUT, whose payload points into P.  False for what a
 * receiver must drop: another version, a length beyond the datagram or within the header, a
 * control message without L and S or with O.  Octets behind the length are ignored. */
bool l2tp_decode(const uint8_t *p, size_t len, struct l2tp_header *out);

/* Writes the header of a data message for PAYLOAD_LEN octets that will follow it; HEADER's offset
 * must be 0, its payload is not looked at.  Returns the header's length. */
size_t l2tp_data_header_write(uint8_t out[static L2TP_DATA_HEADER_MAX],
			      const struct l2tp_header *header, size_t payload_len);

/* The length that l2tp_data_header_write returns. */
static inline size_t l2tp_data_header_len(const struct l2tp_header *h)
{
	return 6 + 2 * (size_t)h->has_length + 4 * (size_t)h->has_seq + 2 * (size_t)h->has_offset;
}

/* Writes a control header with LENGTH octets in all. */
void l2tp_control_header_write(uint8_t out[static L2TP_CONTROL_HEADER_LEN],
			       const struct l2tp_header *header, size_t length);

#endif
