/* SPDX-License-Identifier: MIT */
/* PAP, CHAP, EAP and EAP-MSCHAPv2 packets; the texts of MS-CHAP Success and Failure. */
#include "wire/auth.h"

#include "wire/control_packet.h"

#include <string.h>

#define PAP_FIELD_MAX 255
#define PROOF_LEN     42

static struct octets cursor_octets(struct cursor *c, size_t n)
{
	const uint8_t *p = cursor_bytes(c, n);

	return (struct octets){.at = p, .len = p ? n : 0};
}

bool pap_request_decode(const uint8_t *data, size_t len, struct octets *user,
			struct octets *password)
{
	struct cursor c = cursor_make(data, len);

	*user = cursor_octets(&c, cursor_u8(&c));
	*password = cursor_octets(&c, cursor_u8(&c));
	return !c.failed;
}

void pap_request_encode(struct writer *w, uint8_t id, const void *user, size_t user_len,
			const struct secret *password)
{
	if (user_len > PAP_FIELD_MAX || password->len > PAP_FIELD_MAX) {
		w->failed = true;
		return;
	}
	control_packet_begin(w, PAP_REQUEST, id);
	writer_u8(w, (uint8_t)user_len);
	writer_bytes(w, user, user_len);
	writer_u8(w, (uint8_t)password->len);
	writer_bytes(w, password->bytes, password->len);
	control_packet_end(w);
}

struct octets pap_message_decode(const uint8_t *data, size_t len)
{
	struct cursor c = cursor_make(data, len);

	return cursor_octets(&c, cursor_u8(&c));
}

void pap_message_encode(struct writer *w, uint8_t code, uint8_t id, const char *message)
{
	size_t len = strnlen(message, PAP_FIELD_MAX);

	control_packet_begin(w, code, id);
	writer_u8(w, (uint8_t)len);
	writer_bytes(w, message, len);
	control_packet_end(w);
}

bool chap_value_decode(const uint8_t *data, size_t len, struct octets *value, struct octets *name)
{
	struct cursor c = cursor_make(data, len);

	*value = cursor_octets(&c, cursor_u8(&c));
	*name = cursor_octets(&c, cursor_left(&c));
	return !c.failed && value->len > 0;
}

void chap_value_encode(struct writer *w, uint8_t code, uint8_t id, const void *value,
		       size_t value_len, const void *name, size_t name_len)
{
	if (value_len == 0 || value_len > 255) {
		w->failed = true;
		return;
	}
	control_packet_begin(w, code, id);
	writer_u8(w, (uint8_t)value_len);
	writer_bytes(w, value, value_len);
	writer_bytes(w, name, name_len);
	control_packet_end(w);
}

void chap_message_encode(struct writer *w, uint8_t code, uint8_t id, const void *text, size_t len)
{
	control_packet_begin(w, code, id);
	writer_bytes(w, text, len);
	control_packet_end(w);
}

void mschap1_value_write(uint8_t value[static MSCHAP_RESPONSE_LEN],
			 const uint8_t nt_response[static 24])
{
	memset(value, 0, 24); /* no LM response: it would give the password away */
	memcpy(value + MSCHAP_NT_RESPONSE_AT, nt_response, 24);
	value[48] = 1; /* use the NT response */
}

void mschap2_value_write(uint8_t value[static MSCHAP_RESPONSE_LEN],
			 const uint8_t peer_challenge[static 16],
			 const uint8_t nt_response[static 24])
{
	memcpy(value, peer_challenge, 16);
	memset(value + 16, 0, 8);
	memcpy(value + MSCHAP_NT_RESPONSE_AT, nt_response, 24);
	value[48] = 0;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* At most ten digits count (RFC 2759 section 6); false when there is none. */
static bool parse_decimal(struct octets t, uint32_t *value)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < t.len && i < 10 && t.at[i] >= '0' && t.at[i] <= '9'; i++)
		v = v * 10 + (uint64_t)(t.at[i] - '0');
	if (i == 0)
		return false;
	*value = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
	return true;
}

static size_t parse_hex(struct octets t, uint8_t *out, size_t cap)
{
	size_t n = t.len / 2;

	if (t.len % 2 || n > cap)
		return 0;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(t.at[2 * i]), low = hex_digit(t.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return 0;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return n;
}

static void failure_token(struct mschap_failure *out, uint8_t key, struct octets value)
{
	uint32_t number;

	switch (key) {
	case 'E':
		out->has_error = parse_decimal(value, &out->error);
		break;
	case 'R':
		out->retry = parse_decimal(value, &number) && number == 1;
		break;
	case 'V':
		(void)parse_decimal(value, &out->version);
		break;
	case 'C':
		out->challenge_len = parse_hex(value, out->challenge, sizeof(out->challenge));
		if (out->challenge_len != MSCHAP1_CHALLENGE_LEN)
			out->challenge_len = out->challenge_len == MSCHAP2_CHALLENGE_LEN
						     ? out->challenge_len
						     : 0;
		break;
	default: /* unknown tokens are ignored */
		break;
	}
}

void mschap_failure_parse(const uint8_t *text, size_t len, struct mschap_failure *out)
{
	size_t i = 0;

	memset(out, 0, sizeof(*out));
	while (i < len) {
		size_t start, end;

		while (i < len && text[i] == ' ')
			i++;
		if (len - i < 2)
			return;
		if (text[i] == 'M' && text[i + 1] == '=') {
			out->message = (struct octets){.at = text + i + 2, .len = len - i - 2};
			return;
		}
		for (start = end = i; end < len && text[end] != ' '; end++)
			;
		if (end - start > 2 && text[start + 1] == '=')
			failure_token(
				out, text[start],
				(struct octets){.at = text + start + 2, .len = end - start - 2});
		i = end;
	}
}

bool mschap2_success_parse(const uint8_t *text, size_t len, uint8_t proof[static 42],
			   struct octets *message)
{
	*message = (struct octets){0};
	if (len < PROOF_LEN || text[0] != 'S' || text[1] != '=')
		return false;
	proof[0] = 'S';
	proof[1] = '=';
	for (size_t i = 2; i < PROOF_LEN; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return false;
		proof[i] = (uint8_t) "0123456789ABCDEF"[digit];
	}
	for (size_t i = PROOF_LEN; i + 2 <= len; i++)
		if (text[i] == 'M' && text[i + 1] == '=') {
			*message = (struct octets){.at = text + i + 2, .len = len - i - 2};
			break;
		}
	return true;
}

bool eap_decode(const uint8_t *info, size_t len, struct eap_packet *out)
{
	struct control_packet p;

	if (!control_packet_decode(info, len, &p) || p.code < EAP_REQUEST || p.code > EAP_FAILURE)
		return false;
	*out = (struct eap_packet){.code = p.code, .id = p.id};
	if (p.code == EAP_SUCCESS || p.code == EAP_FAILURE)
		return true;
	if (p.len < 1)
		return false;
	out->type = p.data[0];
	out->data = (struct octets){.at = p.data + 1, .len = p.len - 1};
	return true;
}

void eap_encode(struct writer *w, uint8_t code, uint8_t id, uint8_t type, const void *data,
		size_t len)
{
	control_packet_begin(w, code, id);
	writer_u8(w, type);
	writer_bytes(w, data, len);
	control_packet_end(w);
}

void eap_result_encode(struct writer *w, uint8_t code, uint8_t id)
{
	control_packet_begin(w, code, id);
	control_packet_end(w);
}

bool eap_mschap_decode(struct octets data, struct eap_mschap *out)
{
	struct cursor c = cursor_make(data.at, data.len);
	size_t length;

	*out = (struct eap_mschap){.op = cursor_u8(&c)};
	if (c.failed)
		return false;
	if (cursor_left(&c) == 0) /* the short answers of Success and Failure */
		return out->op == EAP_MSCHAP_SUCCESS || out->op == EAP_MSCHAP_FAILURE;
	out->id = cursor_u8(&c);
	length = cursor_u16(&c);
	out->body = cursor_octets(&c, cursor_left(&c));
	out->length_differs = length != data.len;
	return !c.failed;
}

void eap_mschap_encode(struct writer *w, uint8_t code, uint8_t id, uint8_t op, uint8_t ms_id,
		       const void *body, size_t len)
{
	control_packet_begin(w, code, id);
	writer_u8(w, EAP_MSCHAPV2);
	writer_u8(w, op);
	writer_u8(w, ms_id);
	writer_u16(w, (uint16_t)(len + 4));
	writer_bytes(w, body, len);
	control_packet_end(w);
}
