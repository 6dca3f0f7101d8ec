/* SPDX-License-Identifier: MIT */
/* Code, identifier, length: the packets of all PPP control protocols. */
#include "wire/control_packet.h"

#include "wire/frame.h"

bool control_packet_decode(const uint8_t *info, size_t len, struct control_packet *out)
{
	struct cursor c = cursor_make(info, len);
	uint8_t code = cursor_u8(&c);
	uint8_t id = cursor_u8(&c);
	size_t length = cursor_u16(&c);

	if (c.failed || length < CONTROL_HEADER || length > len)
		return false;
	*out = (struct control_packet){
		.code = code,
		.id = id,
		.data = info + CONTROL_HEADER,
		.len = length - CONTROL_HEADER,
		.raw = info,
	};
	return true;
}

void control_packet_begin(struct writer *w, uint8_t code, uint8_t id)
{
	writer_u8(w, code);
	writer_u8(w, id);
	writer_u16(w, 0);
}

void control_packet_end(struct writer *w)
{
	writer_patch_u16(w, 2, (uint16_t)writer_len(w));
}

static const char *const configure_names[] = {
	[CONTROL_CONFIGURE_REQUEST] = "ConfReq", [CONTROL_CONFIGURE_ACK] = "ConfAck",
	[CONTROL_CONFIGURE_NAK] = "ConfNak",	 [CONTROL_CONFIGURE_REJECT] = "ConfRej",
	[CONTROL_TERMINATE_REQUEST] = "TermReq", [CONTROL_TERMINATE_ACK] = "TermAck",
	[CONTROL_CODE_REJECT] = "CodeRej",	 [CONTROL_PROTOCOL_REJECT] = "ProtRej",
	[CONTROL_ECHO_REQUEST] = "EchoReq",	 [CONTROL_ECHO_REPLY] = "EchoRep",
	[CONTROL_DISCARD_REQUEST] = "DiscReq",	 [CONTROL_IDENTIFICATION] = "Ident",
	[CONTROL_TIME_REMAINING] = "TimeRem",	 [CONTROL_RESET_REQUEST] = "ResetReq",
	[CONTROL_RESET_ACK] = "ResetAck",
};
static const char *const pap_names[] = {[1] = "AuthReq", [2] = "AuthAck", [3] = "AuthNak"};
static const char *const chap_names[] = {
	[1] = "Challenge", [2] = "Response", [3] = "Success", [4] = "Failure"};
static const char *const eap_names[] = {
	[1] = "Request", [2] = "Response", [3] = "Success", [4] = "Failure"};

#define NAMES(table) table, sizeof(table) / sizeof((table)[0])

/* Which codes beyond 7 a protocol has. */
static const struct {
	uint16_t protocol;
	const char *const *names;
	size_t count;
	uint8_t gap_from, gap_to; /* codes in between are not this protocol's */
} code_tables[] = {
	{FRAME_LCP, configure_names, 14, 0, 0},		 {FRAME_CCP, NAMES(configure_names), 8, 13},
	{FRAME_LINK_CCP, NAMES(configure_names), 8, 13}, {FRAME_PAP, NAMES(pap_names), 0, 0},
	{FRAME_CHAP, NAMES(chap_names), 0, 0},		 {FRAME_EAP, NAMES(eap_names), 0, 0},
};

const char *control_code_name(uint16_t protocol, uint8_t code)
{
	for (size_t i = 0; i < sizeof(code_tables) / sizeof(code_tables[0]); i++) {
		if (code_tables[i].protocol != protocol)
			continue;
		if (code >= code_tables[i].count)
			return NULL;
		if (code_tables[i].gap_from && code >= code_tables[i].gap_from &&
		    code <= code_tables[i].gap_to)
			return NULL;
		return code_tables[i].names[code];
	}
	return code <= CONTROL_CODE_REJECT ? configure_names[code] : NULL;
}
