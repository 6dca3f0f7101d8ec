/* SPDX-License-Identifier: MIT */
/* Every codec of the wire room: the first byte chooses it, the rest is what came.  What is decoded
 * and encoded again must decode to the same. */
#include "fuzz.h"

#include "wire/auth.h"
#include "wire/avp.h"
#include "wire/control_packet.h"
#include "wire/dhcp.h"
#include "wire/frame.h"
#include "wire/gre.h"
#include "wire/l2tp.h"
#include "wire/options.h"
#include "wire/pptp.h"
#include "wire/print.h"

#include <arpa/inet.h>

static char line[512];

/* A text that was built: terminated, within its room, nothing but what a terminal may see. */
static void check_text(const struct str *s)
{
	FUZZ_CHECK(s->len < sizeof line && s->text[s->len] == '\0');
	fuzz_check_text(s->text, s->len);
}

static bool within(struct octets part, const uint8_t *p, size_t len)
{
	return part.len == 0 || (part.at >= p && part.at + part.len <= p + len);
}

static void frame(const uint8_t *p, size_t len)
{
	uint16_t protocol, again;
	uint8_t head[FRAME_HEAD_MAX + 1];
	size_t head_len, n;
	struct str s = str_make(line, sizeof line);

	if (!frame_decode(p, len, &protocol, &head_len))
		return;
	FUZZ_CHECK(head_len < len);
	n = frame_head_write(head, protocol, false, true);
	head[n] = 0;
	FUZZ_CHECK(frame_decode(head, n + 1, &again, &n) && again == protocol);
	(void)frame_protocol_name(protocol);
	print_frame(&s, protocol, p + head_len, len - head_len);
	check_text(&s);
}

static void options(const uint8_t *p, size_t len)
{
	struct cursor c = cursor_make(p, len);
	struct option o;
	uint8_t again[4096];
	struct writer w = writer_make(again, sizeof again);
	bool valid = options_valid(p, len);

	while (option_next(&c, &o)) {
		(void)option_u16(&o);
		(void)option_u32(&o);
		option_write(&w, o.type, o.data, o.len);
	}
	FUZZ_CHECK(c.failed == !valid);
	if (valid && len <= sizeof again)
		FUZZ_CHECK(!w.failed && writer_len(&w) == len && (!len || !memcmp(again, p, len)));
}

static void authentication(const uint8_t *p, size_t len)
{
	struct octets a, b;
	struct mschap_failure failure;
	struct eap_packet eap;
	struct eap_mschap ms;
	uint8_t proof[42];

	if (pap_request_decode(p, len, &a, &b))
		FUZZ_CHECK(within(a, p, len) && within(b, p, len));
	FUZZ_CHECK(within(pap_message_decode(p, len), p, len));
	if (chap_value_decode(p, len, &a, &b))
		FUZZ_CHECK(a.len && within(a, p, len) && within(b, p, len));
	mschap_failure_parse(p, len, &failure);
	FUZZ_CHECK(within(failure.message, p, len) && failure.challenge_len <= 16);
	if (mschap2_success_parse(p, len, proof, &a))
		FUZZ_CHECK(within(a, p, len) && proof[0] == 'S' && proof[1] == '=');
	if (eap_decode(p, len, &eap)) {
		FUZZ_CHECK(within(eap.data, p, len));
		if (eap_mschap_decode(eap.data, &ms))
			FUZZ_CHECK(within(ms.body, p, len));
	}
}

static void pptp(const uint8_t *p, size_t len)
{
	struct pptp_message m, again;
	uint8_t out[PPTP_MESSAGE_MAX], twice[PPTP_MESSAGE_MAX];
	struct str s = str_make(line, sizeof line);
	const char *fault = NULL;
	unsigned number;
	int n = pptp_frame(p, len, &fault);
	size_t out_len;

	FUZZ_CHECK(n >= -1 && (n <= 0 || (size_t)n <= len));
	FUZZ_CHECK(n != 0 || len < PPTP_MESSAGE_MAX);
	FUZZ_CHECK(n != -1 || fault);
	if (n <= 0 || !pptp_decode(&m, p, (size_t)n, &number))
		return;
	pptp_print(&s, &m);
	check_text(&s);
	(void)pptp_result_text(m.type, m.result);
	(void)pptp_error_text(m.error);
	out_len = pptp_encode(out, sizeof out, &m);
	FUZZ_CHECK(out_len == pptp_type_length(m.type));
	FUZZ_CHECK(pptp_decode(&again, out, out_len, &number));
	FUZZ_CHECK(pptp_encode(twice, sizeof twice, &again) == out_len &&
		   !memcmp(out, twice, out_len));
}

static void gre(const uint8_t *p, size_t len)
{
	struct gre_packet g, again;
	uint8_t *out;
	size_t n;

	if (!gre_decode(p, len, &g))
		return;
	FUZZ_CHECK(within((struct octets){g.payload, g.payload_len}, p, len));
	out = malloc(GRE_HEADER_MAX + g.payload_len);
	FUZZ_CHECK(out);
	n = gre_header_write(out, &g);
	FUZZ_CHECK(n == gre_header_len(g.has_seq, g.has_ack));
	if (g.payload_len)
		memcpy(out + n, g.payload, g.payload_len);
	FUZZ_CHECK(gre_decode(out, n + g.payload_len, &again));
	FUZZ_CHECK(again.call_id == g.call_id && again.has_seq == g.has_seq &&
		   again.has_ack == g.has_ack && again.payload_len == g.payload_len);
	FUZZ_CHECK((!g.has_seq || again.seq == g.seq) && (!g.has_ack || again.ack == g.ack));
	free(out);
}

static void no_cipher(void *ctx, uint16_t type, const uint8_t *rv, size_t rv_len, uint8_t *octets,
		      size_t len)
{
	(void)ctx;
	/* Its own inverse, and it reads all that it is given. */
	for (size_t i = 0; i < len; i++)
		octets[i] ^= (uint8_t)(rv_len ? rv[i % rv_len] ^ type : type);
}

static void l2tp(const uint8_t *p, size_t len)
{
	static const struct l2tp_cipher cipher = {no_cipher, no_cipher, NULL};
	static struct l2tp_message m;
	struct str s = str_make(line, sizeof line);
	struct l2tp_header h;
	struct l2tp_rules rules;
	struct l2tp_fault fault = {0};
	struct l2tp_result result;
	struct l2tp_cause cause;
	enum l2tp_verdict verdict;

	if (!l2tp_decode(p, len, &h))
		return;
	FUZZ_CHECK(within((struct octets){h.payload, h.payload_len}, p, len));
	if (!h.control || !h.payload_len)
		return;
	for (int i = 0; i < 2; i++) {
		rules = (struct l2tp_rules){i ? &cipher : NULL};
		verdict = l2tp_message_decode(&m, h.payload, h.payload_len, &rules, &fault);
		FUZZ_CHECK(verdict != L2TP_BAD || fault.what);
		if (verdict != L2TP_GOOD)
			continue;
		FUZZ_CHECK(m.clear_len <= sizeof m.clear);
		for (unsigned a = 0; a < AVP_COUNT; a++) {
			(void)l2tp_u16(&m, a);
			(void)l2tp_u32(&m, a);
		}
		if (l2tp_result(&m, &result))
			(void)l2tp_cdn_text(result.result);
		if (l2tp_cause(&m, &cause))
			(void)l2tp_cause_text(cause.code);
		s = str_make(line, sizeof line);
		l2tp_print(&s, &h, &m);
		check_text(&s);
	}
}

static uint16_t sum(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	if (len & 1)
		sum += (uint32_t)p[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_sum(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The heads of an answer before the LEN octets at P, with true checksums.  Octet AT of them is
 * VALUE, if AT is not 0. */
static void dhcp_answer(const uint8_t *p, size_t len, uint16_t at, uint8_t value, bool checked)
{
	const struct dhcp_inform inform = {.client = {htonl(0x0a000002)}, .xid = 0x11223344};
	uint8_t question[DHCP_INFORM_LEN], *packet;
	size_t all = 28 + 240 + len;
	struct dhcp_answer answer;
	uint32_t pseudo = 0x0a00 + 1 + 0x0a00 + 2 + 17;

	FUZZ_CHECK(dhcp_inform_write(&inform, question, sizeof question) == sizeof question);
	FUZZ_CHECK(dhcp_inform_write(&inform, question, sizeof question - 1) == 0);
	packet = malloc(all);
	FUZZ_CHECK(packet);
	memcpy(packet, question, 28 + 240);
	if (len)
		memcpy(packet + 268, p, len);
	packet[2] = (uint8_t)(all >> 8);
	packet[3] = (uint8_t)all;
	memcpy(packet + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
	packet[10] = packet[11] = 0;
	packet[20] = packet[22] = 0;
	packet[21] = 67;
	packet[23] = 68;
	packet[24] = (uint8_t)((all - 20) >> 8);
	packet[25] = (uint8_t)(all - 20);
	packet[26] = packet[27] = 0; /* none, as UDP permits */
	packet[28] = 2;		     /* BOOTREPLY */
	if (at)
		packet[at % all] = value;
	put_sum(packet + 10, sum(packet, 20, 0));
	if (checked)
		put_sum(packet + 26, sum(packet + 20, all - 20, pseudo + (uint32_t)(all - 20)));
	if (dhcp_answer_decode(packet, all, &inform, &answer)) {
		FUZZ_CHECK(answer.route_count <= DHCP_ROUTES_MAX);
		FUZZ_CHECK(memchr(answer.domain, 0, sizeof answer.domain));
		for (size_t i = 0; i < answer.route_count; i++)
			FUZZ_CHECK(answer.routes[i].prefix_len <= 32);
	}
	free(packet);
}

/* Raw, and as options of an answer: its checks would stop nearly all else. */
static void dhcp(const uint8_t *p, size_t len)
{
	const struct dhcp_inform inform = {.client = {htonl(0x0a000002)}, .xid = 0x11223344};
	struct dhcp_answer answer;

	(void)dhcp_answer_decode(p, len, &inform, &answer);
	if (len <= 1232)
		dhcp_answer(p, len, 0, 0, false);
}

/* An answer with one octet of its heads changed. */
static void dhcp_changed(const uint8_t *p, size_t len)
{
	struct cursor script = cursor_make(p, len);
	uint16_t at = fuzz_u16(&script);
	uint8_t value = fuzz_u8(&script), how = fuzz_u8(&script);
	const uint8_t *options = fuzz_octets(&script, 1232, &len);

	dhcp_answer(options, len, (uint16_t)(at & 0x1ff), value, how & 1);
}

static void control(const uint8_t *p, size_t len)
{
	struct str s = str_make(line, sizeof line);
	struct control_packet c;
	uint16_t protocol;

	if (len < 2)
		return;
	protocol = (uint16_t)(p[0] << 8 | p[1]);
	print_frame(&s, protocol, p + 2, len - 2);
	check_text(&s);
	if (control_packet_decode(p + 2, len - 2, &c)) {
		FUZZ_CHECK(within((struct octets){c.data, c.len}, p, len));
		(void)control_code_name(protocol, c.code);
	}
}

/* A message of L2TP as the script composes it, with hidden AVPs or not: it fits its room or there
 * is none, and what is there can be read again. */
static void l2tp_composed(const uint8_t *p, size_t len)
{
	static const struct l2tp_cipher cipher = {no_cipher, no_cipher, NULL};
	static struct l2tp_message m;
	const struct l2tp_rules rules = {&cipher};
	struct cursor script = cursor_make(p, len);
	uint8_t out[700], name[4 * 255] = {0}, type = fuzz_u8(&script), how = fuzz_u8(&script);
	char text[256];
	struct l2tp_fault fault = {0};
	struct l2tp_builder b;
	struct l2tp_header h;
	const uint8_t *octets;
	size_t n, built;

	/* Names for whatever number; the sets belong to types that have names. */
	FUZZ_CHECK(l2tp_type_name(type)[0] && l2tp_avp_name(how)[0]);
	(void)l2tp_type_is_session(type);
	(void)l2tp_type_required(type);
	(void)l2tp_type_optional(type);
	l2tp_build(&b, out, how & 1 ? sizeof out : type % sizeof out, type, 1, 2);
	if (how & 2) {
		octets = fuzz_octets(&script, how >> 3, &n);
		l2tp_build_hide(&b, &cipher, octets ? octets : (const uint8_t *)"", n);
		b.hidden_min = how & 4 ? 16 : 0;
	}
	while (cursor_left(&script)) {
		unsigned avp = fuzz_u8(&script), room = fuzz_u8(&script);

		octets = fuzz_octets(&script, room, &n);
		if (avp == AVP_RESULT_CODE) {
			memcpy(text, octets, n);
			text[n] = '\0';
			l2tp_add_result(&b, (uint16_t)(room & 15), room & 1, 6, text);
		} else if (avp == AVP_VENDOR_NAME) { /* perhaps too long for a message */
			memcpy(name, octets, n);
			l2tp_add(&b, avp, name, 4 * n);
		} else if (avp < AVP_COUNT && l2tp_avp_name(avp)[0] != 'u') {
			l2tp_add(&b, avp, octets, n);
		}
	}
	built = l2tp_build_end(&b);
	FUZZ_CHECK(built <= sizeof out);
	if (!built)
		return;
	FUZZ_CHECK(l2tp_decode(out, built, &h) && h.control && h.payload_len);
	FUZZ_CHECK(l2tp_message_type(h.payload, h.payload_len) == type);
	(void)l2tp_message_decode(&m, h.payload, h.payload_len, &rules, &fault);
}

/* A message of PPTP with any fields. */
static void pptp_composed(const uint8_t *p, size_t len)
{
	struct pptp_message m = {0}, again;
	uint8_t out[PPTP_MESSAGE_MAX];
	struct str s = str_make(line, sizeof line);
	unsigned number;
	size_t n;

	if (len)
		memcpy(&m, p, len < sizeof m ? len : sizeof m);
	m.type = len ? p[len - 1] & 31 : 0;
	FUZZ_CHECK(pptp_type_name(m.type)[0]);
	(void)pptp_type_direction(m.type);
	if (pptp_type_length(m.type))
		FUZZ_CHECK(pptp_type_field_sum(m.type) == pptp_type_length(m.type));
	n = pptp_encode(out, sizeof out, &m);
	FUZZ_CHECK(n == pptp_type_length(m.type));
	FUZZ_CHECK(!n || pptp_encode(out, n - 1, &m) == 0);
	pptp_print(&s, &m);
	check_text(&s);
	if (n)
		FUZZ_CHECK(pptp_encode(out, sizeof out, &m) == n &&
			   pptp_decode(&again, out, n, &number) && again.type == m.type);
	(void)pptp_result_text(m.type, m.result);
	(void)pptp_error_text(m.error);
}

/* Names and passwords of any length either fit or are refused. */
static void authentication_composed(const uint8_t *p, size_t len)
{
	struct cursor script = cursor_make(p, len);
	static uint8_t out[1024];
	struct writer w = writer_make(out, fuzz_u16(&script) % sizeof out);
	uint16_t first = fuzz_u16(&script) % 400, second = fuzz_u16(&script) % 400;
	struct secret password = {0};
	struct control_packet c;
	struct octets a, b;
	uint8_t octets[400];

	memset(octets, 'o', sizeof octets);
	FUZZ_CHECK(secret_set(&password, octets, second));
	pap_request_encode(&w, 1, octets, first, &password);
	FUZZ_CHECK(w.failed || (first <= 255 && second <= 255));
	if (!w.failed)
		FUZZ_CHECK(control_packet_decode(out, writer_len(&w), &c) &&
			   pap_request_decode(c.data, c.len, &a, &b) && a.len == first &&
			   b.len == second);
	w = writer_make(out, sizeof out);
	chap_value_encode(&w, 1, 1, octets, second, octets, first);
	FUZZ_CHECK(w.failed == (second == 0 || second > 255));
	if (!w.failed)
		FUZZ_CHECK(control_packet_decode(out, writer_len(&w), &c) &&
			   chap_value_decode(c.data, c.len, &a, &b) && a.len == second &&
			   b.len == first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const codecs[])(const uint8_t *, size_t) = {
		frame, options, authentication, pptp, gre, l2tp, dhcp, control};
	static void (*const more[])(const uint8_t *, size_t) = {
		dhcp_changed, l2tp_composed, pptp_composed, authentication_composed};
	uint8_t *copy;

	if (len == 0)
		return 0;
	copy = fuzz_copy(data + 1, len - 1);
	if (data[0] >= 0xf0)
		more[data[0] % (sizeof more / sizeof more[0])](copy, len - 1);
	else
		codecs[data[0] % (sizeof codecs / sizeof codecs[0])](copy, len - 1);
	free(copy);
	return 0;
}
