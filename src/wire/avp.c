/* SPDX-License-Identifier: MIT */
/* The tables of L2TP's AVPs and messages, and the loop that judges messages by them. */
#include "wire/avp.h"

#include <string.h>

#define AVP_HEADER_LEN 6
#define BIT_M	       0x8000
#define BIT_H	       0x4000
#define BITS_RESERVED  0x3c00
#define LENGTH_MASK    0x03ff
#define VALUE_MAX      (LENGTH_MASK - AVP_HEADER_LEN)

enum value_kind { VALUE_NONE, VALUE_NUMBER, VALUE_HEX, VALUE_TEXT, VALUE_OCTETS, VALUE_RESULT };

enum {
	M = 1,	     /* is sent with the M bit */
	HIDE = 2,    /* may be hidden */
	NONZERO = 4, /* zero is a bad value */
};

struct avp_info {
	const char *name;
	enum value_kind kind;
	uint16_t min, max; /* octets of the value */
	uint8_t flags;
};

static const struct avp_info avps[AVP_COUNT] = {
	[AVP_MESSAGE_TYPE] = {"Message-Type", VALUE_NUMBER, 2, 2, M},
	[AVP_RESULT_CODE] = {"Result-Code", VALUE_RESULT, 2, VALUE_MAX, M},
	[AVP_PROTOCOL_VERSION] = {"Protocol-Version", VALUE_HEX, 2, 2, M},
	[AVP_FRAMING_CAPABILITIES] = {"Framing-Capabilities", VALUE_HEX, 4, 4, M | HIDE},
	[AVP_BEARER_CAPABILITIES] = {"Bearer-Capabilities", VALUE_HEX, 4, 4, M | HIDE},
	[AVP_TIE_BREAKER] = {"Tie-Breaker", VALUE_OCTETS, 8, 8, 0},
	[AVP_FIRMWARE_REVISION] = {"Firmware-Revision", VALUE_HEX, 2, 2, HIDE},
	[AVP_HOST_NAME] = {"Host-Name", VALUE_TEXT, 1, VALUE_MAX, M},
	[AVP_VENDOR_NAME] = {"Vendor-Name", VALUE_TEXT, 0, VALUE_MAX, HIDE},
	[AVP_ASSIGNED_TUNNEL_ID] = {"Assigned-Tunnel-ID", VALUE_NUMBER, 2, 2, M | HIDE | NONZERO},
	[AVP_RECEIVE_WINDOW_SIZE] = {"Receive-Window-Size", VALUE_NUMBER, 2, 2, M | NONZERO},
	[AVP_CHALLENGE] = {"Challenge", VALUE_OCTETS, 1, VALUE_MAX, M | HIDE},
	[AVP_Q931_CAUSE] = {"Q931-Cause", VALUE_OCTETS, 3, VALUE_MAX, M},
	[AVP_CHALLENGE_RESPONSE] = {"Challenge-Response", VALUE_OCTETS, 16, 16, M | HIDE},
	[AVP_ASSIGNED_SESSION_ID] = {"Assigned-Session-ID", VALUE_NUMBER, 2, 2, M | HIDE | NONZERO},
	[AVP_CALL_SERIAL_NUMBER] = {"Call-Serial-Number", VALUE_NUMBER, 4, 4, M | HIDE},
	[AVP_MINIMUM_BPS] = {"Minimum-BPS", VALUE_NUMBER, 4, 4, M | HIDE},
	[AVP_MAXIMUM_BPS] = {"Maximum-BPS", VALUE_NUMBER, 4, 4, M | HIDE},
	[AVP_BEARER_TYPE] = {"Bearer-Type", VALUE_HEX, 4, 4, M | HIDE},
	[AVP_FRAMING_TYPE] = {"Framing-Type", VALUE_HEX, 4, 4, M | HIDE},
	[AVP_CALLED_NUMBER] = {"Called-Number", VALUE_TEXT, 0, VALUE_MAX, M | HIDE},
	[AVP_CALLING_NUMBER] = {"Calling-Number", VALUE_TEXT, 0, VALUE_MAX, M | HIDE},
	[AVP_SUB_ADDRESS] = {"Sub-Address", VALUE_TEXT, 0, VALUE_MAX, M | HIDE},
	[AVP_TX_CONNECT_SPEED] = {"Tx-Connect-Speed", VALUE_NUMBER, 4, 4, M | HIDE},
	[AVP_PHYSICAL_CHANNEL_ID] = {"Physical-Channel-ID", VALUE_NUMBER, 4, 4, HIDE},
	[AVP_INITIAL_LCP_CONFREQ] = {"Initial-LCP-Confreq", VALUE_OCTETS, 0, VALUE_MAX, HIDE},
	[AVP_LAST_SENT_LCP_CONFREQ] = {"Last-Sent-LCP-Confreq", VALUE_OCTETS, 0, VALUE_MAX, HIDE},
	[AVP_LAST_RECEIVED_LCP_CONFREQ] = {"Last-Received-LCP-Confreq", VALUE_OCTETS, 0, VALUE_MAX,
					   HIDE},
	[AVP_PROXY_AUTHEN_TYPE] = {"Proxy-Authen-Type", VALUE_NUMBER, 2, 2, HIDE},
	[AVP_PROXY_AUTHEN_NAME] = {"Proxy-Authen-Name", VALUE_TEXT, 0, VALUE_MAX, HIDE},
	[AVP_PROXY_AUTHEN_CHALLENGE] = {"Proxy-Authen-Challenge", VALUE_OCTETS, 0, VALUE_MAX, HIDE},
	[AVP_PROXY_AUTHEN_ID] = {"Proxy-Authen-ID", VALUE_NUMBER, 2, 2, HIDE},
	[AVP_PROXY_AUTHEN_RESPONSE] = {"Proxy-Authen-Response", VALUE_OCTETS, 0, VALUE_MAX, HIDE},
	[AVP_CALL_ERRORS] = {"Call-Errors", VALUE_OCTETS, 26, 26, M | HIDE},
	[AVP_ACCM] = {"ACCM", VALUE_OCTETS, 10, 10, M | HIDE},
	[AVP_RANDOM_VECTOR] = {"Random-Vector", VALUE_OCTETS, 1, VALUE_MAX, M},
	[AVP_PRIVATE_GROUP_ID] = {"Private-Group-ID", VALUE_TEXT, 0, VALUE_MAX, HIDE},
	[AVP_RX_CONNECT_SPEED] = {"Rx-Connect-Speed", VALUE_NUMBER, 4, 4, HIDE},
	[AVP_SEQUENCING_REQUIRED] = {"Sequencing-Required", VALUE_OCTETS, 0, 0, M},
	[AVP_DISCONNECT_CAUSE] = {"PPP-Disconnect-Cause", VALUE_OCTETS, 5, VALUE_MAX, HIDE},
};

#define SET(avp) (UINT64_C(1) << (avp))

struct message_info {
	const char *name;
	bool session;	   /* about a call */
	bool ending;	   /* ends something: never refused for what is in it */
	uint64_t required; /* besides the Message Type */
	uint64_t optional;
};

/* RFC 2661 section 6.  Known AVPs that a row does not name are passed over. */
static const struct message_info messages[L2TP_TYPE_COUNT] = {
	[L2TP_SCCRQ] = {"SCCRQ", false, false,
			SET(AVP_PROTOCOL_VERSION) | SET(AVP_HOST_NAME) |
				SET(AVP_FRAMING_CAPABILITIES) | SET(AVP_ASSIGNED_TUNNEL_ID),
			SET(AVP_BEARER_CAPABILITIES) | SET(AVP_RECEIVE_WINDOW_SIZE) |
				SET(AVP_CHALLENGE) | SET(AVP_TIE_BREAKER) |
				SET(AVP_FIRMWARE_REVISION) | SET(AVP_VENDOR_NAME)},
	[L2TP_SCCRP] = {"SCCRP", false, false,
			SET(AVP_PROTOCOL_VERSION) | SET(AVP_FRAMING_CAPABILITIES) |
				SET(AVP_HOST_NAME) | SET(AVP_ASSIGNED_TUNNEL_ID),
			SET(AVP_BEARER_CAPABILITIES) | SET(AVP_FIRMWARE_REVISION) |
				SET(AVP_VENDOR_NAME) | SET(AVP_RECEIVE_WINDOW_SIZE) |
				SET(AVP_CHALLENGE) | SET(AVP_CHALLENGE_RESPONSE)},
	[L2TP_SCCCN] = {"SCCCN", false, false, 0, SET(AVP_CHALLENGE_RESPONSE)},
	[L2TP_STOPCCN] = {"StopCCN", false, true,
			  SET(AVP_ASSIGNED_TUNNEL_ID) | SET(AVP_RESULT_CODE), 0},
	[L2TP_HELLO] = {"HELLO", false, false, 0, 0},
	[L2TP_OCRQ] = {"OCRQ", true, false,
		       SET(AVP_ASSIGNED_SESSION_ID) | SET(AVP_CALL_SERIAL_NUMBER) |
			       SET(AVP_MINIMUM_BPS) | SET(AVP_MAXIMUM_BPS) | SET(AVP_BEARER_TYPE) |
			       SET(AVP_FRAMING_TYPE) | SET(AVP_CALLED_NUMBER),
		       SET(AVP_SUB_ADDRESS)},
	[L2TP_OCRP] = {"OCRP", true, false, SET(AVP_ASSIGNED_SESSION_ID),
		       SET(AVP_PHYSICAL_CHANNEL_ID)},
	[L2TP_OCCN] = {"OCCN", true, false, SET(AVP_TX_CONNECT_SPEED) | SET(AVP_FRAMING_TYPE),
		       SET(AVP_RX_CONNECT_SPEED) | SET(AVP_SEQUENCING_REQUIRED)},
	[L2TP_ICRQ] = {"ICRQ", true, false,
		       SET(AVP_ASSIGNED_SESSION_ID) | SET(AVP_CALL_SERIAL_NUMBER),
		       SET(AVP_BEARER_TYPE) | SET(AVP_PHYSICAL_CHANNEL_ID) |
			       SET(AVP_CALLING_NUMBER) | SET(AVP_CALLED_NUMBER) |
			       SET(AVP_SUB_ADDRESS)},
	[L2TP_ICRP] = {"ICRP", true, false, SET(AVP_ASSIGNED_SESSION_ID), 0},
	[L2TP_ICCN] = {"ICCN", true, false, SET(AVP_TX_CONNECT_SPEED) | SET(AVP_FRAMING_TYPE),
		       SET(AVP_INITIAL_LCP_CONFREQ) | SET(AVP_LAST_SENT_LCP_CONFREQ) |
			       SET(AVP_LAST_RECEIVED_LCP_CONFREQ) | SET(AVP_PROXY_AUTHEN_TYPE) |
			       SET(AVP_PROXY_AUTHEN_NAME) | SET(AVP_PROXY_AUTHEN_CHALLENGE) |
			       SET(AVP_PROXY_AUTHEN_ID) | SET(AVP_PROXY_AUTHEN_RESPONSE) |
			       SET(AVP_PRIVATE_GROUP_ID) | SET(AVP_RX_CONNECT_SPEED) |
			       SET(AVP_SEQUENCING_REQUIRED)},
	[L2TP_CDN] = {"CDN", true, true, SET(AVP_RESULT_CODE) | SET(AVP_ASSIGNED_SESSION_ID),
		      SET(AVP_Q931_CAUSE) | SET(AVP_DISCONNECT_CAUSE)},
	[L2TP_WEN] = {"WEN", true, false, SET(AVP_CALL_ERRORS), 0},
	[L2TP_SLI] = {"SLI", true, false, SET(AVP_ACCM), 0},
};

static const struct message_info *message_info(unsigned type)
{
	return type < L2TP_TYPE_COUNT && messages[type].name ? &messages[type] : NULL;
}

static const struct avp_info *avp_info(unsigned avp)
{
	return avp < AVP_COUNT && avps[avp].name ? &avps[avp] : NULL;
}

const char *l2tp_type_name(unsigned type)
{
	const struct message_info *info = message_info(type);
	return info ? info->name : "unknown";
}

const char *l2tp_avp_name(unsigned avp)
{
	const struct avp_info *info = avp_info(avp);
	return info ? info->name : "unknown";
}

bool l2tp_type_is_session(unsigned type)
{
	const struct message_info *info = message_info(type);
	return info && info->session;
}

uint64_t l2tp_type_required(unsigned type)
{
	const struct message_info *info = message_info(type);
	return info ? info->required : 0;
}

uint64_t l2tp_type_optional(unsigned type)
{
	const struct message_info *info = message_info(type);
	return info ? info->optional : 0;
}

/* --- decoding --- */

/* One AVP as it stands in the message. */
struct raw_avp {
	uint16_t flags, vendor, type;
	struct cursor value;
};

struct decoder {
	struct l2tp_message *m;
	const struct message_info *info;
	const struct l2tp_rules *rules;
	struct l2tp_fault *fault;
	const uint8_t *rv; /* the latest Random Vector */
	size_t rv_len;
};

static bool raw_next(struct cursor *c, struct raw_avp *avp)
{
	avp->flags = cursor_u16(c);
	avp->vendor = cursor_u16(c);
	avp->type = cursor_u16(c);
	size_t length = avp->flags & LENGTH_MASK;
	if (c->failed || length < AVP_HEADER_LEN)
		return false;
	avp->value = cursor_sub(c, length - AVP_HEADER_LEN);
	return !c->failed;
}

static void fault_set(struct decoder *d, uint16_t error, const char *what, unsigned vendor,
		      unsigned avp)
{
	*d->fault = (struct l2tp_fault){.session = d->info && d->info->session,
					.error = error,
					.what = what,
					.vendor = vendor,
					.avp = avp};
}

/* A fault of one AVP: fatal if it is mandatory, unless the message ends something anyway. */
static bool avp_fault(struct decoder *d, const struct raw_avp *avp, uint16_t error,
		      const char *what)
{
	if (!(avp->flags & BIT_M) || d->info->ending)
		return true;
	fault_set(d, error, what, avp->vendor, avp->type);
	return false;
}

/* The clear value of a hidden AVP (RFC 2661 section 4.3) goes to the message's own store. */
static bool unhide(struct decoder *d, const struct raw_avp *avp, struct l2tp_value *value)
{
	const struct l2tp_cipher *cipher = d->rules->cipher;
	struct l2tp_message *m = d->m;
	size_t len = cursor_left(&avp->value);
	uint8_t *clear = m->clear + m->clear_len;

	if (!cipher || !d->rv || len < 2 || len > sizeof m->clear - m->clear_len)
		return false;
	memcpy(clear, avp->value.at, len);
	cipher->unhide(cipher->ctx, avp->type, d->rv, d->rv_len, clear, len);
	struct cursor c = cursor_make(clear, len);
	value->len = cursor_u16(&c);
	value->octets = cursor_bytes(&c, value->len);
	value->hidden = true;
	m->clear_len += len;
	return !c.failed;
}

static const char *hidden_fault(const struct decoder *d)
{
	if (!d->rules->cipher)
		return "a hidden AVP, but there is no tunnel secret to read it";
	return d->rv ? "a hidden AVP that cannot be read: the tunnel secrets may differ"
		     : "a hidden AVP without a Random Vector";
}

static bool value_is_zero(const struct l2tp_value *value)
{
	for (size_t i = 0; i < value->len; i++) {
		if (value->octets[i] != 0)
			return false;
	}
	return true;
}

/* Judges one AVP and stores it; false ends the message. */
static bool avp_judge(struct decoder *d, const struct raw_avp *avp)
{
	const struct avp_info *info = avp->vendor == 0 ? avp_info(avp->type) : NULL;
	struct l2tp_value value = {.octets = avp->value.at,
				   .len = (uint16_t)cursor_left(&avp->value)};

	if (!info || (avp->flags & BITS_RESERVED))
		return avp_fault(d, avp, L2TP_ERROR_UNKNOWN_AVP, "a mandatory AVP that is unknown");
	if ((avp->flags & BIT_H) && (!(info->flags & HIDE) || !unhide(d, avp, &value)))
		return avp_fault(d, avp, L2TP_ERROR_UNKNOWN_AVP, hidden_fault(d));
	if (value.len < info->min || value.len > info->max)
		return avp_fault(d, avp, L2TP_ERROR_LENGTH, "an AVP of a wrong length");
	if ((info->flags & NONZERO) && value_is_zero(&value))
		return avp_fault(d, avp, L2TP_ERROR_VALUE, "an AVP with a bad value");
	if (avp->type == AVP_RANDOM_VECTOR) {
		d->rv = value.octets;
		d->rv_len = value.len;
	} else if (d->m->present & SET(avp->type)) {
		return true; /* the first one counts */
	}
	d->m->avp[avp->type] = value;
	d->m->present |= SET(avp->type);
	return true;
}

/* The first AVP must be the Message Type. */
static enum l2tp_verdict type_judge(struct decoder *d, struct cursor *c)
{
	struct raw_avp avp;

	if (!raw_next(c, &avp) || avp.vendor != 0 || avp.type != AVP_MESSAGE_TYPE ||
	    (avp.flags & (BIT_H | BITS_RESERVED)) || cursor_left(&avp.value) != 2) {
		fault_set(d, L2TP_ERROR_LENGTH, "a message without a type", 0, AVP_MESSAGE_TYPE);
		return L2TP_BAD;
	}
	uint16_t type = cursor_u16(&avp.value);
	d->info = message_info(type);
	if (!d->info) {
		if (!(avp.flags & BIT_M))
			return L2TP_SKIP;
		fault_set(d, L2TP_ERROR_UNKNOWN_AVP, "a message of an unknown mandatory type", 0,
			  AVP_MESSAGE_TYPE);
		return L2TP_BAD;
	}
	d->m->type = (enum l2tp_type)type;
	return L2TP_GOOD;
}

unsigned l2tp_message_type(const uint8_t *p, size_t len)
{
	struct cursor c = cursor_make(p, len);
	struct raw_avp avp;

	if (!raw_next(&c, &avp) || avp.vendor != 0 || avp.type != AVP_MESSAGE_TYPE ||
	    cursor_left(&avp.value) != 2)
		return 0;
	return cursor_u16(&avp.value);
}

enum l2tp_verdict l2tp_message_decode(struct l2tp_message *m, const uint8_t *p, size_t len,
				      const struct l2tp_rules *rules, struct l2tp_fault *fault)
{
	struct decoder d = {.m = m, .rules = rules, .fault = fault};
	struct cursor c = cursor_make(p, len);
	struct raw_avp avp;

	memset(fault, 0, sizeof *fault);
	m->type = (enum l2tp_type)0;
	m->present = SET(AVP_MESSAGE_TYPE);
	m->clear_len = 0;
	enum l2tp_verdict verdict = type_judge(&d, &c);
	if (verdict != L2TP_GOOD)
		return verdict;
	while (cursor_left(&c) > 0) {
		if (!raw_next(&c, &avp)) {
			if (d.info->ending)
				break;
			fault_set(&d, L2TP_ERROR_LENGTH, "AVPs that do not fit the message", 0, 0);
			return L2TP_BAD;
		}
		if (!avp_judge(&d, &avp))
			return L2TP_BAD;
	}
	uint64_t missing = d.info->required & ~m->present;
	if (missing == 0 || d.info->ending)
		return L2TP_GOOD;
	fault_set(&d, L2TP_ERROR_VALUE, "a message without a required AVP", 0,
		  (unsigned)__builtin_ctzll(missing));
	return L2TP_BAD;
}

uint16_t l2tp_u16(const struct l2tp_message *m, enum l2tp_avp avp)
{
	if (!l2tp_has(m, avp))
		return 0;
	struct cursor c = cursor_make(m->avp[avp].octets, m->avp[avp].len);
	return cursor_u16(&c);
}

uint32_t l2tp_u32(const struct l2tp_message *m, enum l2tp_avp avp)
{
	if (!l2tp_has(m, avp))
		return 0;
	struct cursor c = cursor_make(m->avp[avp].octets, m->avp[avp].len);
	return cursor_u32(&c);
}

bool l2tp_result(const struct l2tp_message *m, struct l2tp_result *out)
{
	memset(out, 0, sizeof *out);
	if (!l2tp_has(m, AVP_RESULT_CODE))
		return false;
	struct cursor c = cursor_make(m->avp[AVP_RESULT_CODE].octets, m->avp[AVP_RESULT_CODE].len);
	out->result = cursor_u16(&c);
	out->has_error = cursor_left(&c) >= 2;
	if (out->has_error)
		out->error = cursor_u16(&c);
	out->text = c.at;
	out->text_len = out->has_error ? cursor_left(&c) : 0;
	return true;
}

bool l2tp_cause(const struct l2tp_message *m, struct l2tp_cause *out)
{
	memset(out, 0, sizeof *out);
	if (!l2tp_has(m, AVP_DISCONNECT_CAUSE))
		return false;
	struct cursor c =
		cursor_make(m->avp[AVP_DISCONNECT_CAUSE].octets, m->avp[AVP_DISCONNECT_CAUSE].len);
	out->code = cursor_u16(&c);
	out->protocol = cursor_u16(&c);
	out->direction = cursor_u8(&c);
	out->text = c.at;
	out->text_len = cursor_left(&c);
	return !c.failed;
}

/* --- encoding --- */

void l2tp_build(struct l2tp_builder *b, uint8_t *out, size_t cap, enum l2tp_type type,
		uint16_t tunnel_id, uint16_t session_id)
{
	const struct l2tp_header header = {.tunnel_id = tunnel_id, .session_id = session_id};

	*b = (struct l2tp_builder){.w = writer_make(out, cap)};
	uint8_t *start = writer_reserve(&b->w, L2TP_CONTROL_HEADER_LEN);
	if (start)
		l2tp_control_header_write(start, &header, 0);
	l2tp_add_u16(b, AVP_MESSAGE_TYPE, (uint16_t)type);
}

void l2tp_build_hide(struct l2tp_builder *b, const struct l2tp_cipher *cipher, const uint8_t *rv,
		     size_t rv_len)
{
	b->cipher = cipher;
	b->rv_len = rv_len < sizeof b->rv ? rv_len : sizeof b->rv;
	memcpy(b->rv, rv, b->rv_len);
	l2tp_add(b, AVP_RANDOM_VECTOR, b->rv, b->rv_len);
}

void l2tp_add(struct l2tp_builder *b, enum l2tp_avp avp, const void *value, size_t len)
{
	bool hide = b->rv_len > 0 && (avps[avp].flags & HIDE);
	size_t on_wire = len + (hide ? 2 : 0);

	if (hide && on_wire < b->hidden_min)
		on_wire = b->hidden_min;
	if (on_wire > VALUE_MAX) {
		b->w.failed = true;
		return;
	}
	writer_u16(&b->w, (uint16_t)(((avps[avp].flags & M) ? BIT_M : 0) | (hide ? BIT_H : 0) |
				     (AVP_HEADER_LEN + on_wire)));
	writer_u16(&b->w, 0);
	writer_u16(&b->w, (uint16_t)avp);
	uint8_t *start = b->w.at;
	if (hide)
		writer_u16(&b->w, (uint16_t)len);
	writer_bytes(&b->w, value, len);
	for (size_t n = hide ? len + 2 : on_wire; n < on_wire; n++)
		writer_u8(&b->w, 0);
	if (hide && !b->w.failed)
		b->cipher->hide(b->cipher->ctx, (uint16_t)avp, b->rv, b->rv_len, start, on_wire);
}

void l2tp_add_u16(struct l2tp_builder *b, enum l2tp_avp avp, uint16_t value)
{
	const uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};
	l2tp_add(b, avp, octets, sizeof octets);
}

void l2tp_add_u32(struct l2tp_builder *b, enum l2tp_avp avp, uint32_t value)
{
	const uint8_t octets[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
				   (uint8_t)(value >> 8), (uint8_t)value};
	l2tp_add(b, avp, octets, sizeof octets);
}

void l2tp_add_result(struct l2tp_builder *b, uint16_t result, bool with_error, uint16_t error,
		     const char *text)
{
	uint8_t value[160];
	struct writer w = writer_make(value, sizeof value);
	size_t len = text ? strlen(text) : 0;

	writer_u16(&w, result);
	if (with_error) {
		writer_u16(&w, error);
		writer_bytes(&w, text, len < sizeof value - 4 ? len : sizeof value - 4);
	}
	l2tp_add(b, AVP_RESULT_CODE, value, writer_len(&w));
}

size_t l2tp_build_end(struct l2tp_builder *b)
{
	writer_patch_u16(&b->w, 2, (uint16_t)writer_len(&b->w));
	return b->w.failed ? 0 : writer_len(&b->w);
}

/* --- texts --- */

static void value_print(struct str *out, const struct l2tp_message *m, unsigned avp)
{
	const struct l2tp_value *value = &m->avp[avp];
	bool wide = value->len == 4;
	unsigned number = wide ? l2tp_u32(m, (enum l2tp_avp)avp) : l2tp_u16(m, (enum l2tp_avp)avp);
	struct l2tp_result result;

	str_printf(out, " <%s", avps[avp].name);
	switch (avps[avp].kind) {
	case VALUE_NUMBER:
		str_printf(out, " %u", number);
		break;
	case VALUE_HEX:
		str_printf(out, " 0x%x", number);
		break;
	case VALUE_TEXT:
		str_printf(out, " \"");
		str_clean(out, value->octets, value->len, 64);
		str_printf(out, "\"");
		break;
	case VALUE_RESULT:
		(void)l2tp_result(m, &result);
		str_printf(out, " %u", result.result);
		if (result.has_error)
			str_printf(out, " error %u", result.error);
		if (result.text_len > 0) {
			str_printf(out, " \"");
			str_clean(out, result.text, result.text_len, 64);
			str_printf(out, "\"");
		}
		break;
	case VALUE_OCTETS:
		if (value->len > 0)
			str_printf(out, " %u octets", value->len);
		break;
	case VALUE_NONE:
		break;
	}
	str_printf(out, value->hidden ? " hidden>" : ">");
}

void l2tp_print(struct str *out, const struct l2tp_header *h, const struct l2tp_message *m)
{
	str_printf(out, "%s <tunnel %u> <session %u> <Ns %u> <Nr %u>",
		   m ? l2tp_type_name(m->type) : "ZLB", h->tunnel_id, h->session_id, h->ns, h->nr);
	if (!m)
		return;
	for (unsigned avp = AVP_MESSAGE_TYPE + 1; avp < AVP_COUNT; avp++) {
		if (m->present & SET(avp))
			value_print(out, m, avp);
	}
}
