/* SPDX-License-Identifier: MIT */
/* Packets of LCP, the NCPs and the authentication protocols: code, identifier, length, data
 * (RFC 1661 section 5). */
#ifndef VPDIAL_WIRE_CONTROL_PACKET_H
#define VPDIAL_WIRE_CONTROL_PACKET_H

#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Codes of LCP and the NCPs (RFC 1661 section 5; 12 and 13 RFC 1570; 14 and 15 RFC 1962). */
enum control_code {
	CONTROL_CONFIGURE_REQUEST = 1,
	CONTROL_CONFIGURE_ACK = 2,
	CONTROL_CONFIGURE_NAK = 3,
	CONTROL_CONFIGURE_REJECT = 4,
	CONTROL_TERMINATE_REQUEST = 5,
	CONTROL_TERMINATE_ACK = 6,
	CONTROL_CODE_REJECT = 7,
	CONTROL_PROTOCOL_REJECT = 8,
	CONTROL_ECHO_REQUEST = 9,
	CONTROL_ECHO_REPLY = 10,
	CONTROL_DISCARD_REQUEST = 11,
	CONTROL_IDENTIFICATION = 12,
	CONTROL_TIME_REMAINING = 13,
	CONTROL_RESET_REQUEST = 14,
	CONTROL_RESET_ACK = 15,
};

#define CONTROL_HEADER 4

struct control_packet {
	uint8_t code;
	uint8_t id;
	const uint8_t *data; /* behind the header, inside the received octets */
	size_t len;	     /* of data; padding behind it is cut off */
	const uint8_t *raw;  /* the whole packet, CONTROL_HEADER + len octets */
};

/* Reads a packet from an information field.  False when its length field is below four or beyond
 * what was received (RFC 1661 section 5.1); *OUT is then untouched. */
bool control_packet_decode(const uint8_t *info, size_t len, struct control_packet *out);

/* Starts a packet at the start of *W; control_packet_end then fills in its length. */
void control_packet_begin(struct writer *w, uint8_t code, uint8_t id);
void control_packet_end(struct writer *w);

/* The name of a code as pppd prints it ("ConfReq") under PROTOCOL, or NULL if it has none. */
const char *control_code_name(uint16_t protocol, uint8_t code);

#endif
