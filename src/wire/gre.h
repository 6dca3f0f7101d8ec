/* SPDX-License-Identifier: MIT */
/* Enhanced GRE, version 1 (RFC 2637 section 4.1), as it stands behind the IP header.
 *
 *     0                   1                   2                   3
 *    |C|R|K|S|s|Recur|A| Flags | Ver |         Protocol 880b         |
 *    |          Payload length       |    Call id of the receiver    |
 *    |  Sequence number, only if S   |  Acknowledgment, only if A    |
 */
#ifndef VPDIAL_WIRE_GRE_H
#define VPDIAL_WIRE_GRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRE_IP_PROTOCOL 47
#define GRE_HEADER_MAX	16
#define GRE_HEADER_ACK	12 /* an acknowledgment alone */

struct gre_packet {
	uint16_t call_id; /* of the receiver */
	bool has_seq, has_ack;
	uint32_t seq, ack;
	const uint8_t *payload; /* NULL when encoding */
	size_t payload_len;	/* may be 0 with has_seq: a number without data */
};

/* Decodes LEN octets at P into *OUT, whose payload points into P.  False for anything a receiver
 * must drop: no key, another version or protocol, a reserved bit, a payload longer than the
 * packet, or a payload without a sequence number.  Octets behind the payload are padding.  The
 * caller compares the call id. */
bool gre_decode(const uint8_t *p, size_t len, struct gre_packet *out);

/* Writes the header of *PACKET (payload_len at most 65535; the payload itself is not touched);
 * returns its length: 8, and 4 more for each of sequence number and acknowledgment. */
size_t gre_header_write(uint8_t hdr[static GRE_HEADER_MAX], const struct gre_packet *packet);

/* The length that gre_header_write returns. */
static inline size_t gre_header_len(bool has_seq, bool has_ack)
{
	return 8 + 4 * (size_t)has_seq + 4 * (size_t)has_ack;
}

#endif
