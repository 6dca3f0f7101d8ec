/* SPDX-License-Identifier: MIT */
/* One line for each control frame, for the debug log. */
#include "wire/print.h"

#include "wire/auth.h"
#include "wire/control_packet.h"
#include "wire/frame.h"
#include "wire/options.h"

#define HEX_LIMIT  32
#define TEXT_LIMIT 96

static void print_hex(struct str *s, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len && i < HEX_LIMIT; i++)
		str_printf(s, " %02x", p[i]);
	if (len > HEX_LIMIT)
		str_printf(s, " ...");
}

static void print_packed_hex(struct str *s, struct octets o)
{
	str_printf(s, "<");
	for (size_t i = 0; i < o.len && i < HEX_LIMIT; i++)
		str_printf(s, "%02x", o.at[i]);
	str_printf(s, "%s>", o.len > HEX_LIMIT ? "..." : "");
}

static void print_text(struct str *s, const char *before, struct octets o)
{
	str_printf(s, "%s\"", before);
	str_clean(s, o.at, o.len, TEXT_LIMIT);
	str_printf(s, "\"");
}

static void print_protocol(struct str *s, uint16_t protocol)
{
	const char *name = frame_protocol_name(protocol);

	if (name)
		str_printf(s, "%s", name);
	else
		str_printf(s, "proto=0x%04x", protocol);
}

void print_auth_option(struct str *s, const uint8_t *data, size_t len)
{
	static const struct {
		uint16_t protocol;
		int algorithm; /* -1: none follows */
		const char *name;
	} names[] = {
		{FRAME_PAP, -1, "pap"},
		{FRAME_EAP, -1, "eap"},
		{FRAME_CHAP, CHAP_ALGORITHM_MD5, "chap MD5"},
		{FRAME_CHAP, CHAP_ALGORITHM_MSCHAP1, "chap MS"},
		{FRAME_CHAP, CHAP_ALGORITHM_MSCHAP2, "chap MS-v2"},
	};
	struct cursor c = cursor_make(data, len);
	uint16_t protocol = cursor_u16(&c);
	int algorithm = cursor_left(&c) > 0 ? cursor_u8(&c) : -1;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!c.failed && names[i].protocol == protocol && names[i].algorithm == algorithm) {
			str_printf(s, "%s", names[i].name);
			return;
		}
	str_printf(s, "0x%04x", protocol);
	if (algorithm >= 0)
		str_printf(s, " 0x%02x", (unsigned)algorithm);
}

static void print_mppe(struct str *s, uint32_t bits)
{
	static const struct {
		uint32_t bit;
		char letter;
	} letters[] = {
		{MPPE_OPTION_STATELESS, 'H'}, {MPPE_OPTION_56, 'M'},	   {MPPE_OPTION_128, 'S'},
		{MPPE_OPTION_40, 'L'},	      {MPPE_OPTION_OBSOLETE, 'D'}, {MPPE_OPTION_MPPC, 'C'},
	};
	uint32_t known = 0;

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		known |= letters[i].bit;
		str_printf(s, " %c%c", bits & letters[i].bit ? '+' : '-', letters[i].letter);
	}
	if (bits & ~known)
		str_printf(s, " unknown 0x%08x", bits & ~known);
}

static void print_option_data(struct str *s, enum option_format format, const struct option *o)
{
	const uint8_t *d = o->data;

	switch (format) {
	case OPTION_HEX:
		print_hex(s, d, o->len);
		break;
	case OPTION_NOTHING:
		break;
	case OPTION_DECIMAL:
		str_printf(s, " %u", option_u16(o));
		break;
	case OPTION_NUMBER:
		str_printf(s, " 0x%x", option_u32(o));
		break;
	case OPTION_AUTH:
		str_printf(s, " ");
		print_auth_option(s, d, o->len);
		break;
	case OPTION_CALLBACK:
		if (d[0] == 6)
			str_printf(s, " CBCP");
		else
			print_hex(s, d, o->len);
		break;
	case OPTION_ADDRESS:
		str_printf(s, " %u.%u.%u.%u", d[0], d[1], d[2], d[3]);
		break;
	case OPTION_IFID:
		str_printf(s, " fe80::%02x%02x:%02x%02x:%02x%02x:%02x%02x", d[0], d[1], d[2], d[3],
			   d[4], d[5], d[6], d[7]);
		break;
	case OPTION_MPPE:
		print_mppe(s, option_u32(o));
		break;
	}
}

static void print_option(struct str *s, uint16_t protocol, const struct option *o)
{
	const struct option_info *info = option_info(protocol, o->type);

	if (!info || o->len < info->min || o->len > info->max) {
		str_printf(s, " <%s", info ? info->name : "");
		print_hex(s, o->raw, (size_t)o->len + 2);
	} else {
		str_printf(s, " <%s", info->name);
		print_option_data(s, info->format, o);
	}
	str_printf(s, ">");
}

static void print_options(struct str *s, uint16_t protocol, const struct control_packet *p)
{
	struct cursor c = cursor_make(p->data, p->len);
	struct option o;

	while (option_next(&c, &o))
		print_option(s, protocol, &o);
	if (c.failed)
		str_printf(s, " broken option list");
}

static void print_magic(struct str *s, const struct control_packet *p)
{
	struct cursor c = cursor_make(p->data, p->len);
	uint32_t magic = cursor_u32(&c);

	if (c.failed)
		return;
	str_printf(s, " magic=0x%x", magic);
	if (p->code == CONTROL_IDENTIFICATION)
		print_text(s, " ", (struct octets){.at = c.at, .len = cursor_left(&c)});
	else if (p->code == CONTROL_TIME_REMAINING && cursor_left(&c) >= 4)
		str_printf(s, " seconds=%u", cursor_u32(&c));
	else
		print_hex(s, c.at, cursor_left(&c));
}

/* A rejected packet is named, not dumped: it may be our own with a password in it. */
static void print_rejected(struct str *s, uint16_t protocol, const struct control_packet *p)
{
	struct cursor c = cursor_make(p->data, p->len);

	str_printf(s, " ");
	if (p->code == CONTROL_PROTOCOL_REJECT) {
		protocol = cursor_u16(&c);
		if (!c.failed)
			print_protocol(s, protocol);
	} else {
		uint8_t code = cursor_u8(&c);
		const char *name = control_code_name(protocol, code);

		if (!c.failed && name)
			str_printf(s, "%s", name);
		else if (!c.failed)
			str_printf(s, "code=0x%x", code);
	}
	str_printf(s, " (%zu octets)", p->len);
}

static void print_control(struct str *s, uint16_t protocol, const struct control_packet *p)
{
	switch (p->code) {
	case CONTROL_CONFIGURE_REQUEST:
	case CONTROL_CONFIGURE_ACK:
	case CONTROL_CONFIGURE_NAK:
	case CONTROL_CONFIGURE_REJECT:
		print_options(s, protocol, p);
		break;
	case CONTROL_TERMINATE_REQUEST:
	case CONTROL_TERMINATE_ACK:
		if (p->len > 0)
			print_text(s, " ", (struct octets){.at = p->data, .len = p->len});
		break;
	case CONTROL_CODE_REJECT:
	case CONTROL_PROTOCOL_REJECT:
		print_rejected(s, protocol, p);
		break;
	case CONTROL_ECHO_REQUEST:
	case CONTROL_ECHO_REPLY:
	case CONTROL_DISCARD_REQUEST:
	case CONTROL_IDENTIFICATION:
	case CONTROL_TIME_REMAINING:
		print_magic(s, p);
		break;
	default: /* codes of the peer's invention */
		print_hex(s, p->data, p->len);
		break;
	}
}

static void print_pap(struct str *s, const struct control_packet *p)
{
	struct octets user, password;

	if (p->code != PAP_REQUEST)
		print_text(s, " ", pap_message_decode(p->data, p->len));
	else if (pap_request_decode(p->data, p->len, &user, &password)) {
		print_text(s, " user=", user);
		str_printf(s, " password=<hidden>");
	}
}

/* "S=..." is as good as a response to someone who guesses passwords. */
static void print_success(struct str *s, struct octets text)
{
	uint8_t proof[42];
	struct octets message;

	if (mschap2_success_parse(text.at, text.len, proof, &message)) {
		str_printf(s, " S=<hidden>");
		print_text(s, " ", message);
	} else {
		print_text(s, " ", text);
	}
}

static void print_chap(struct str *s, const struct control_packet *p)
{
	struct octets value, name;

	if (p->code == CHAP_SUCCESS) {
		print_success(s, (struct octets){.at = p->data, .len = p->len});
	} else if (p->code == CHAP_FAILURE) {
		print_text(s, " ", (struct octets){.at = p->data, .len = p->len});
	} else if (chap_value_decode(p->data, p->len, &value, &name)) {
		str_printf(s, " ");
		if (p->code == CHAP_CHALLENGE)
			print_packed_hex(s, value);
		else
			str_printf(s, "<hidden>");
		print_text(s, ", name = ", name);
	}
}

static void print_eap_mschap(struct str *s, const struct eap_packet *e)
{
	static const char *const ops[] = {
		[1] = "Challenge", [2] = "Response", [3] = "Success",	     [4] = "Failure",
		[5] = NULL,	   [6] = NULL,	     [7] = "Change-Password"};
	struct eap_mschap m;
	const char *op;

	if (!eap_mschap_decode(e->data, &m))
		return;
	op = m.op < sizeof(ops) / sizeof(ops[0]) ? ops[m.op] : NULL;
	str_printf(s, " %s", op ? op : "?");
	if (m.op == EAP_MSCHAP_RESPONSE)
		str_printf(s, " <hidden>");
	else if (m.op == EAP_MSCHAP_SUCCESS && m.body.len > 0)
		print_success(s, m.body);
	else if (m.op == EAP_MSCHAP_FAILURE && m.body.len > 0)
		print_text(s, " ", m.body);
}

static void print_eap(struct str *s, const uint8_t *info, size_t len)
{
	struct eap_packet e;

	if (!eap_decode(info, len, &e) || e.code > EAP_RESPONSE)
		return;
	switch (e.type) {
	case EAP_IDENTITY:
		print_text(s, " Identity ", e.data);
		break;
	case EAP_NOTIFICATION:
		print_text(s, " Notification ", e.data);
		break;
	case EAP_NAK:
		str_printf(s, " Nak");
		print_hex(s, e.data.at, e.data.len);
		break;
	case EAP_MD5:
		str_printf(s, " MD5 %s", e.code == EAP_RESPONSE ? "<hidden>" : "challenge");
		break;
	case EAP_MSCHAPV2:
		str_printf(s, " MSCHAPv2");
		print_eap_mschap(s, &e);
		break;
	default: /* a method we do not speak: its type is enough */
		str_printf(s, " type=%u", e.type);
		break;
	}
}

static void print_body(struct str *s, uint16_t protocol, const struct control_packet *p,
		       const uint8_t *info, size_t len)
{
	if (protocol == FRAME_PAP)
		print_pap(s, p);
	else if (protocol == FRAME_CHAP)
		print_chap(s, p);
	else if (protocol == FRAME_EAP)
		print_eap(s, info, len);
	else
		print_control(s, protocol, p);
}

void print_frame(struct str *s, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct control_packet p;
	const char *name;

	str_printf(s, "[");
	print_protocol(s, protocol);
	if (!frame_is_control(protocol)) {
		str_printf(s, " %zu octets]", len);
		return;
	}
	if (!control_packet_decode(info, len, &p)) {
		str_printf(s, " broken packet of %zu octets]", len);
		return;
	}
	name = control_code_name(protocol, p.code);
	if (name)
		str_printf(s, " %s id=0x%x", name, p.id);
	else
		str_printf(s, " code=0x%x id=0x%x", p.code, p.id);
	print_body(s, protocol, &p, info, len);
	str_printf(s, "]");
}
