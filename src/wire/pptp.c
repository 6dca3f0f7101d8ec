/* SPDX-License-Identifier: MIT */
/* The table of PPTP control messages (RFC 2637 section 2) and its interpreter. */
#include "wire/pptp.h"

#include "base/cursor.h"

#define COOKIE		   0x1a2b3c4du
#define MESSAGE_CONTROL	   1
#define MESSAGE_MANAGEMENT 2

enum field_kind { FIELD_END, FIELD_NUMBER, FIELD_HEX, FIELD_VERSION, FIELD_TEXT, FIELD_ZERO };

struct field {
	enum field_kind kind;
	uint8_t width; /* octets on the wire */
	uint16_t offset;
	const char *name;
};

#define FIELDS_MAX     15
#define OFFSET(member) (uint16_t) offsetof(struct pptp_message, member)
#define WIDTH(member)  (uint8_t)sizeof(((struct pptp_message *)NULL)->member)
#define NUMBER(m, text)                                 \
	{                                               \
		FIELD_NUMBER, WIDTH(m), OFFSET(m), text \
	}
#define HEX(m, text)                                 \
	{                                            \
		FIELD_HEX, WIDTH(m), OFFSET(m), text \
	}
#define TEXT(m, text)                                 \
	{                                             \
		FIELD_TEXT, WIDTH(m), OFFSET(m), text \
	}
#define ZERO(octets)                        \
	{                                   \
		FIELD_ZERO, octets, 0, NULL \
	}
#define VERSION                                              \
	{                                                    \
		FIELD_VERSION, 2, OFFSET(version), "version" \
	}

struct message_info {
	const char *name;
	uint8_t length;
	uint8_t direction;
	struct field fields[FIELDS_MAX];
};

/* Fields in the order of the wire, behind the header of twelve octets. */
static const struct message_info messages[PPTP_TYPE_COUNT] = {
	[PPTP_START_REQUEST] = {"Start-Control-Connection-Request",
				156,
				PPTP_FROM_CLIENT,
				{VERSION, ZERO(2), HEX(framing, "framing"), HEX(bearer, "bearer"),
				 NUMBER(channels, "channels"), NUMBER(firmware, "firmware"),
				 TEXT(host, "host"), TEXT(vendor, "vendor")}},
	[PPTP_START_REPLY] = {"Start-Control-Connection-Reply",
			      156,
			      PPTP_FROM_SERVER,
			      {VERSION, NUMBER(result, "result"), NUMBER(error, "error"),
			       HEX(framing, "framing"), HEX(bearer, "bearer"),
			       NUMBER(channels, "channels"), NUMBER(firmware, "firmware"),
			       TEXT(host, "host"), TEXT(vendor, "vendor")}},
	[PPTP_STOP_REQUEST] = {"Stop-Control-Connection-Request",
			       16,
			       PPTP_FROM_BOTH,
			       {NUMBER(reason, "reason"), ZERO(3)}},
	[PPTP_STOP_REPLY] = {"Stop-Control-Connection-Reply",
			     16,
			     PPTP_FROM_BOTH,
			     {NUMBER(result, "result"), NUMBER(error, "error"), ZERO(2)}},
	[PPTP_ECHO_REQUEST] = {"Echo-Request", 16, PPTP_FROM_BOTH, {HEX(identifier, "identifier")}},
	[PPTP_ECHO_REPLY] = {"Echo-Reply",
			     20,
			     PPTP_FROM_BOTH,
			     {HEX(identifier, "identifier"), NUMBER(result, "result"),
			      NUMBER(error, "error"), ZERO(2)}},
	[PPTP_OUTGOING_CALL_REQUEST] = {"Outgoing-Call-Request",
					168,
					PPTP_FROM_CLIENT,
					{NUMBER(call_id, "call"), NUMBER(serial, "serial"),
					 NUMBER(min_bps, "min-bps"), NUMBER(max_bps, "max-bps"),
					 HEX(bearer, "bearer"), HEX(framing, "framing"),
					 NUMBER(window, "window"), NUMBER(delay, "delay"),
					 NUMBER(phone_len, "phone-length"), ZERO(2),
					 TEXT(phone, "phone"), TEXT(subaddress, "subaddress")}},
	[PPTP_OUTGOING_CALL_REPLY] = {"Outgoing-Call-Reply",
				      32,
				      PPTP_FROM_SERVER,
				      {NUMBER(call_id, "call"), NUMBER(peer_call_id, "peer-call"),
				       NUMBER(result, "result"), NUMBER(error, "error"),
				       NUMBER(cause, "cause"), NUMBER(speed, "speed"),
				       NUMBER(window, "window"), NUMBER(delay, "delay"),
				       NUMBER(channel, "channel")}},
	[PPTP_INCOMING_CALL_REQUEST] = {"Incoming-Call-Request",
					220,
					PPTP_FROM_SERVER,
					{NUMBER(call_id, "call"), NUMBER(serial, "serial"),
					 HEX(bearer, "bearer"), NUMBER(channel, "channel"),
					 NUMBER(phone_len, "dialed-length"),
					 NUMBER(dialing_len, "dialing-length"),
					 TEXT(phone, "dialed"), TEXT(dialing, "dialing"),
					 TEXT(subaddress, "subaddress")}},
	[PPTP_INCOMING_CALL_REPLY] = {"Incoming-Call-Reply",
				      24,
				      PPTP_FROM_CLIENT,
				      {NUMBER(call_id, "call"), NUMBER(peer_call_id, "peer-call"),
				       NUMBER(result, "result"), NUMBER(error, "error"),
				       NUMBER(window, "window"), NUMBER(delay, "delay"), ZERO(2)}},
	[PPTP_INCOMING_CALL_CONNECTED] = {"Incoming-Call-Connected",
					  28,
					  PPTP_FROM_SERVER,
					  {NUMBER(peer_call_id, "peer-call"), ZERO(2),
					   NUMBER(speed, "speed"), NUMBER(window, "window"),
					   NUMBER(delay, "delay"), HEX(framing, "framing")}},
	[PPTP_CALL_CLEAR_REQUEST] = {"Call-Clear-Request",
				     16,
				     PPTP_FROM_CLIENT,
				     {NUMBER(call_id, "call"), ZERO(2)}},
	[PPTP_CALL_DISCONNECT_NOTIFY] = {"Call-Disconnect-Notify",
					 148,
					 PPTP_FROM_SERVER,
					 {NUMBER(call_id, "call"), NUMBER(result, "result"),
					  NUMBER(error, "error"), NUMBER(cause, "cause"), ZERO(2),
					  TEXT(statistics, "statistics")}},
	[PPTP_WAN_ERROR_NOTIFY] = {"WAN-Error-Notify",
				   40,
				   PPTP_FROM_SERVER,
				   {NUMBER(peer_call_id, "peer-call"), ZERO(2),
				    NUMBER(crc_errors, "crc"), NUMBER(framing_errors, "framing"),
				    NUMBER(hardware_overruns, "hardware-overruns"),
				    NUMBER(buffer_overruns, "buffer-overruns"),
				    NUMBER(timeouts, "timeouts"),
				    NUMBER(alignment_errors, "alignment")}},
	/* The RFC lets only the client send it; some servers do too. */
	[PPTP_SET_LINK_INFO] = {"Set-Link-Info",
				24,
				PPTP_FROM_BOTH,
				{NUMBER(peer_call_id, "peer-call"), ZERO(2),
				 HEX(send_accm, "send-accm"), HEX(receive_accm, "receive-accm")}},
};

static const struct message_info *message_info(unsigned type)
{
	return type >= PPTP_START_REQUEST && type < PPTP_TYPE_COUNT ? &messages[type] : NULL;
}

const char *pptp_type_name(unsigned type)
{
	const struct message_info *info = message_info(type);
	return info ? info->name : "unknown";
}

size_t pptp_type_length(unsigned type)
{
	const struct message_info *info = message_info(type);
	return info ? info->length : 0;
}

unsigned pptp_type_direction(unsigned type)
{
	const struct message_info *info = message_info(type);
	return info ? info->direction : 0;
}

size_t pptp_type_field_sum(unsigned type)
{
	const struct message_info *info = message_info(type);
	size_t sum = PPTP_HEADER_LEN;

	if (!info)
		return 0;
	for (const struct field *f = info->fields; f->kind != FIELD_END; f++)
		sum += f->width;
	return sum;
}

int pptp_frame(const uint8_t *p, size_t len, const char **fault)
{
	struct cursor c = cursor_make(p, len);
	uint16_t length = cursor_u16(&c);

	/* Each field is judged as soon as it is there, so that a peer that speaks something
	 * else is not waited for. */
	if (!c.failed && (length < PPTP_HEADER_LEN || length > PPTP_MESSAGE_MAX)) {
		*fault = "an impossible message length";
		return -1;
	}
	uint16_t kind = cursor_u16(&c);
	if (!c.failed && kind != MESSAGE_CONTROL && kind != MESSAGE_MANAGEMENT) {
		*fault = "an unknown PPTP message type";
		return -1;
	}
	uint32_t cookie = cursor_u32(&c);
	if (!c.failed && cookie != COOKIE) {
		*fault = "a wrong magic cookie";
		return -1;
	}
	uint16_t type = cursor_u16(&c);
	if (!c.failed && kind == MESSAGE_CONTROL && length < pptp_type_length(type)) {
		*fault = "a message shorter than its type allows";
		return -1;
	}
	return len >= 2 && len >= length ? length : 0;
}

static void number_set(struct pptp_message *m, const struct field *f, uint32_t value)
{
	uint8_t *at = (uint8_t *)m + f->offset;
	uint16_t half = (uint16_t)value;

	switch (f->width) {
	case 1:
		*at = (uint8_t)value;
		break;
	case 2:
		memcpy(at, &half, sizeof half);
		break;
	case 4:
		memcpy(at, &value, sizeof value);
		break;
	}
}

static uint32_t number_get(const struct pptp_message *m, const struct field *f)
{
	const uint8_t *at = (const uint8_t *)m + f->offset;
	uint16_t half;
	uint32_t value;

	if (f->width == 1)
		return *at;
	if (f->width == 2) {
		memcpy(&half, at, sizeof half);
		return half;
	}
	memcpy(&value, at, sizeof value);
	return value;
}

static uint32_t number_read(struct cursor *c, unsigned width)
{
	return width == 1 ? cursor_u8(c) : width == 2 ? cursor_u16(c) : cursor_u32(c);
}

static void number_write(struct writer *w, unsigned width, uint32_t value)
{
	if (width == 1)
		writer_u8(w, (uint8_t)value);
	else if (width == 2)
		writer_u16(w, (uint16_t)value);
	else
		writer_u32(w, value);
}

bool pptp_decode(struct pptp_message *m, const uint8_t *p, size_t len, unsigned *number)
{
	struct cursor c = cursor_make(p, len);

	memset(m, 0, sizeof *m);
	cursor_skip(&c, 2);
	uint16_t kind = cursor_u16(&c);
	cursor_skip(&c, 4);
	uint16_t type = cursor_u16(&c);
	cursor_skip(&c, 2);
	if (number)
		*number = type;
	const struct message_info *info = kind == MESSAGE_CONTROL ? message_info(type) : NULL;
	if (!info)
		return false;
	m->type = (enum pptp_type)type;
	for (const struct field *f = info->fields; f->kind != FIELD_END; f++) {
		switch (f->kind) {
		case FIELD_NUMBER:
		case FIELD_HEX:
		case FIELD_VERSION:
			number_set(m, f, number_read(&c, f->width));
			break;
		case FIELD_TEXT:
			cursor_copy(&c, (uint8_t *)m + f->offset, f->width);
			break;
		case FIELD_ZERO:
			cursor_skip(&c, f->width);
			break;
		case FIELD_END:
			break;
		}
	}
	return !c.failed;
}

size_t pptp_encode(uint8_t *out, size_t cap, const struct pptp_message *m)
{
	const struct message_info *info = message_info(m->type);
	struct writer w = writer_make(out, cap);

	if (!info)
		return 0;
	writer_u16(&w, info->length);
	writer_u16(&w, MESSAGE_CONTROL);
	writer_u32(&w, COOKIE);
	writer_u16(&w, (uint16_t)m->type);
	writer_u16(&w, 0);
	for (const struct field *f = info->fields; f->kind != FIELD_END; f++) {
		switch (f->kind) {
		case FIELD_NUMBER:
		case FIELD_HEX:
		case FIELD_VERSION:
			number_write(&w, f->width, number_get(m, f));
			break;
		case FIELD_TEXT:
			writer_bytes(&w, (const uint8_t *)m + f->offset, f->width);
			break;
		case FIELD_ZERO:
			writer_zeros(&w, f->width);
			break;
		case FIELD_END:
			break;
		}
	}
	return w.failed ? 0 : writer_len(&w);
}

static void text_print(struct str *out, const struct pptp_message *m, const struct field *f)
{
	const uint8_t *text = (const uint8_t *)m + f->offset;
	size_t len = pptp_text_len(text, f->width);

	if (len == 0)
		return;
	str_printf(out, " <%s \"", f->name);
	str_clean(out, text, len, len);
	str_printf(out, "\">");
}

void pptp_print(struct str *out, const struct pptp_message *m)
{
	const struct message_info *info = message_info(m->type);

	str_printf(out, "%s", pptp_type_name(m->type));
	if (!info)
		return;
	for (const struct field *f = info->fields; f->kind != FIELD_END; f++) {
		switch (f->kind) {
		case FIELD_NUMBER:
			str_printf(out, " <%s %u>", f->name, (unsigned)number_get(m, f));
			break;
		case FIELD_HEX:
			str_printf(out, " <%s 0x%x>", f->name, (unsigned)number_get(m, f));
			break;
		case FIELD_VERSION:
			str_printf(out, " <%s %u.%u>", f->name, m->version >> 8, m->version & 0xff);
			break;
		case FIELD_TEXT:
			text_print(out, m, f);
			break;
		case FIELD_ZERO:
		case FIELD_END:
			break;
		}
	}
}

size_t pptp_text_len(const uint8_t *text, size_t cap)
{
	size_t len = 0;

	while (len < cap && text[len] != '\0')
		len++;
	return len;
}

void pptp_text_set(uint8_t *field, size_t cap, const char *text)
{
	size_t len = strlen(text);

	memset(field, 0, cap);
	memcpy(field, text, len < cap ? len : cap);
}

#define RESULTS_MAX 8

/* Index: message type, result code. */
static const char *const results[PPTP_TYPE_COUNT][RESULTS_MAX] = {
	[PPTP_START_REPLY] = {NULL, "success", "general error",
			      "a control connection exists already",
			      "not authorized to set up a control connection",
			      "protocol version not supported"},
	[PPTP_STOP_REQUEST] = {NULL, "no special reason", "protocol version not supported",
			       "shutting down"},
	[PPTP_STOP_REPLY] = {NULL, "success", "general error"},
	[PPTP_ECHO_REPLY] = {NULL, "success", "general error"},
	[PPTP_OUTGOING_CALL_REPLY] = {NULL, "connected", "general error", "no carrier", "busy",
				      "no dial tone", "the call took too long to set up",
				      "outgoing calls are not accepted"},
	[PPTP_INCOMING_CALL_REPLY] = {NULL, "connected", "general error", "call not accepted"},
	[PPTP_CALL_DISCONNECT_NOTIFY] = {NULL, "carrier lost", "general error",
					 "administrative shutdown", "on request"},
};

const char *pptp_result_text(enum pptp_type type, unsigned result)
{
	if (!message_info(type) || result >= RESULTS_MAX || !results[type][result])
		return "unknown result";
	return results[type][result];
}

const char *pptp_error_text(unsigned error)
{
	static const char *const texts[] = {
		"no error",
		"no control connection yet",
		"message of a bad format",
		"a bad value",
		"not enough resources",
		"a bad call id",
		"an error of the access concentrator",
	};

	return error < sizeof texts / sizeof texts[0] ? texts[error] : "unknown error";
}
