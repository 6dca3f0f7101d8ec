/* SPDX-License-Identifier: MIT */
/* L2TP headers, AVPs, hidden AVPs and tunnel authentication against the vectors, and malformed
 * messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/reason.h"
#include "base/secret.h"
#include "crypto/avp_hide.h"
#include "crypto/crypto.h"
#include "vectors.h"
#include "wire/avp.h"
#include "wire/l2tp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "l2tp.txt"

static int set_up(void **state)
{
	struct reason reason = {0};
	(void)state;
	return crypto_init(&reason);
}

static int tear_down(void **state)
{
	(void)state;
	crypto_exit();
	return 0;
}

static struct secret secret_vector(const char *section, const char *name)
{
	struct secret s;
	uint8_t octets[64];
	size_t len = vector_hex(FILE_NAME, section, name, octets, sizeof octets);
	assert_true(secret_set(&s, octets, len));
	return s;
}

static void hide(void *ctx, uint16_t type, const uint8_t *rv, size_t rv_len, uint8_t *octets,
		 size_t len)
{
	avp_hide(octets, octets, len, type, ctx, rv, rv_len);
}

static void unhide(void *ctx, uint16_t type, const uint8_t *rv, size_t rv_len, uint8_t *octets,
		   size_t len)
{
	avp_unhide(octets, octets, len, type, ctx, rv, rv_len);
}

/* --- authentication and hiding --- */

static void challenge_responses_match(void **state)
{
	static const struct {
		const char *secret, *challenge, *response;
		uint8_t carrier;
	} cases[] = {
		{"sccrp.secret", "sccrp.challenge", "sccrp.response", L2TP_SCCRP},
		{"scccn.secret", "scccn.challenge", "scccn.response", L2TP_SCCCN},
		{NULL, "sccrp.challenge", "empty_secret", L2TP_SCCRP},
		{"sccrp.secret", "long_challenge", "long_response", L2TP_SCCCN},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct secret secret = {0};
		uint8_t challenge[128], want[16], got[16];
		if (cases[i].secret)
			secret = secret_vector("auth", cases[i].secret);
		size_t len = vector_hex(FILE_NAME, "auth", cases[i].challenge, challenge,
					sizeof challenge);
		vector_hex_exact(FILE_NAME, "auth", cases[i].response, want, 16);
		l2tp_challenge_response(got, cases[i].carrier, &secret, challenge, len);
		assert_memory_equal(got, want, 16);
	}
}

/* An AVP decoded as the third one of a HELLO, behind a Random Vector. */
static void check_hidden_avp(struct secret *secret, const uint8_t *rv, size_t rv_len,
			     const uint8_t *avp, size_t avp_len, unsigned type,
			     const uint8_t *clear, size_t clear_len)
{
	const struct l2tp_cipher cipher = {hide, unhide, secret};
	const struct l2tp_rules rules = {.cipher = &cipher};
	uint8_t payload[512];
	struct l2tp_message m;
	struct l2tp_fault fault;
	struct writer w = writer_make(payload, sizeof payload);
	static const uint8_t hello[] = {0x80, 8, 0, 0, 0, 0, 0, 6};

	writer_bytes(&w, hello, sizeof hello);
	writer_u16(&w, (uint16_t)(0x8000 | (6 + rv_len)));
	writer_u16(&w, 0);
	writer_u16(&w, AVP_RANDOM_VECTOR);
	writer_bytes(&w, rv, rv_len);
	writer_bytes(&w, avp, avp_len);
	assert_int_equal(l2tp_message_decode(&m, payload, writer_len(&w), &rules, &fault),
			 L2TP_GOOD);
	assert_true(l2tp_has(&m, (enum l2tp_avp)type));
	assert_true(m.avp[type].hidden);
	assert_int_equal(m.avp[type].len, clear_len);
	assert_memory_equal(m.avp[type].octets, clear, clear_len);
}

struct hidden_case {
	struct secret secret;
	uint8_t rv[16];
	size_t rv_len;
	unsigned checked;
};

static void check_hidden(void *ctx, const char *name, const char *value)
{
	struct hidden_case *c = ctx;
	const char *dot = strchr(name, '.');
	char other[64];
	uint8_t sub[256], out[256], want[256], avp[256], clear[256];

	if (!dot || strcmp(dot, ".clear") != 0)
		return;
	int stem = (int)(dot - name);
	snprintf(other, sizeof other, "%.*s.type_dec", stem, name);
	unsigned type = (unsigned)vector_dec(FILE_NAME, "hidden", other);
	size_t clear_len = vector_decode(value, clear, sizeof clear);
	sub[0] = (uint8_t)(clear_len >> 8);
	sub[1] = (uint8_t)clear_len;
	memcpy(sub + 2, clear, clear_len);
	snprintf(other, sizeof other, "%.*s.pad", stem, name);
	size_t len =
		2 + clear_len + vector_hex(FILE_NAME, "hidden", other, sub + 2 + clear_len, 64);
	snprintf(other, sizeof other, "%.*s.hidden", stem, name);
	vector_hex_exact(FILE_NAME, "hidden", other, want, len);
	avp_hide(out, sub, len, (uint16_t)type, &c->secret, c->rv, c->rv_len);
	assert_memory_equal(out, want, len);
	avp_unhide(out, out, len, (uint16_t)type, &c->secret, c->rv, c->rv_len);
	assert_memory_equal(out, sub, len);
	snprintf(other, sizeof other, "%.*s.avp", stem, name);
	size_t avp_len = vector_hex(FILE_NAME, "hidden", other, avp, sizeof avp);
	check_hidden_avp(&c->secret, c->rv, c->rv_len, avp, avp_len, type, clear, clear_len);
	c->checked++;
}

static void hidden_avps_match_both_ways(void **state)
{
	struct hidden_case c = {.secret = secret_vector("hidden", "secret")};
	uint8_t short_rv[4], want[4], sub[4] = {0, 2, 0x22, 0x22};
	(void)state;
	c.rv_len = vector_hex(FILE_NAME, "hidden", "rv", c.rv, sizeof c.rv);
	vector_each(FILE_NAME, "hidden", check_hidden, &c);
	assert_int_equal(c.checked, 8);
	size_t len = vector_hex(FILE_NAME, "hidden", "rv_short", short_rv, sizeof short_rv);
	vector_hex_exact(FILE_NAME, "hidden", "tid_rvshort.hidden", want, 4);
	avp_hide(sub, sub, 4, 9, &c.secret, short_rv, len);
	assert_memory_equal(sub, want, 4);
}

/* --- tables --- */

static void tables_are_consistent(void **state)
{
	uint64_t named = 0;
	(void)state;
	for (unsigned avp = 0; avp < AVP_COUNT; avp++) {
		if (strcmp(l2tp_avp_name(avp), "unknown") != 0)
			named |= UINT64_C(1) << avp;
		for (unsigned other = 0; other < avp; other++) {
			if (named >> avp & named >> other & 1)
				assert_string_not_equal(l2tp_avp_name(avp), l2tp_avp_name(other));
		}
	}
	assert_int_equal(__builtin_popcountll(named), 40);
	for (unsigned type = 0; type < 20; type++) {
		uint64_t required = l2tp_type_required(type), optional = l2tp_type_optional(type);
		assert_true((required & optional) == 0);
		assert_true(((required | optional) & ~named) == 0);
		bool known = strcmp(l2tp_type_name(type), "unknown") != 0;
		assert_int_equal(known, type >= 1 && type <= 16 && type != 5 && type != 13);
		assert_int_equal(l2tp_type_is_session(type), known && type >= 7);
	}
}

/* --- control messages --- */

/* Encodes M again, its AVPs in the order in which they stand in PAYLOAD. */
static size_t encode_again(uint8_t *out, size_t cap, const struct l2tp_header *h,
			   const struct l2tp_message *m, const struct l2tp_cipher *cipher)
{
	struct l2tp_builder b;
	struct cursor c = cursor_make(h->payload, h->payload_len);

	l2tp_build(&b, out, cap, m->type, h->tunnel_id, h->session_id);
	for (unsigned n = 0; cursor_left(&c) > 0; n++) {
		size_t len = cursor_u16(&c) & 0x3ff;
		cursor_skip(&c, 2);
		unsigned type = cursor_u16(&c);
		cursor_skip(&c, len - 6);
		assert_false(c.failed);
		if (type == AVP_RANDOM_VECTOR)
			l2tp_build_hide(&b, cipher, m->avp[type].octets, m->avp[type].len);
		else if (n > 0)
			l2tp_add(&b, (enum l2tp_avp)type, m->avp[type].octets, m->avp[type].len);
	}
	size_t len = l2tp_build_end(&b);
	if (len > 0)
		l2tp_control_header_write(out, h, len);
	return len;
}

struct control_case {
	struct l2tp_cipher cipher;
	uint32_t seen;
};

static void round_trip(void *ctx, const char *name, const char *value)
{
	struct control_case *c = ctx;
	const struct l2tp_rules rules = {.cipher = &c->cipher};
	uint8_t in[256], out[256];
	size_t len = vector_decode(value, in, sizeof in);
	struct l2tp_header h;
	struct l2tp_message m;
	struct l2tp_fault fault;

	assert_true(l2tp_decode(in, len, &h));
	assert_true(h.control && h.has_length && h.has_seq && !h.has_offset);
	if (strcmp(name, "zlb") == 0) {
		assert_int_equal(h.payload_len, 0);
		l2tp_control_header_write(out, &h, L2TP_CONTROL_HEADER_LEN);
		assert_memory_equal(out, in, len);
		return;
	}
	if (l2tp_message_decode(&m, h.payload, h.payload_len, &rules, &fault) != L2TP_GOOD)
		fail_msg("%s: %s", name, fault.what);
	assert_int_equal(l2tp_message_type(h.payload, h.payload_len), m.type);
	assert_int_equal(encode_again(out, sizeof out, &h, &m, &c->cipher), len);
	assert_memory_equal(out, in, len);
	for (size_t cap = 0; cap < len; cap++)
		assert_int_equal(encode_again(out, cap, &h, &m, &c->cipher), 0);
	c->seen |= 1u << m.type;
}

static void every_control_vector_decodes_and_encodes_to_the_same_octets(void **state)
{
	struct secret secret = secret_vector("hidden", "secret");
	struct control_case c = {.cipher = {hide, unhide, &secret}};
	(void)state;
	vector_each(FILE_NAME, "control", round_trip, &c);
	/* SCCRQ SCCRP SCCCN StopCCN HELLO ICRQ ICRP ICCN CDN WEN SLI */
	assert_int_equal(c.seen, 0x1dc5e);
}

struct loaded {
	uint8_t octets[512];
	struct l2tp_header h;
	struct l2tp_message m;
	struct l2tp_fault fault;
	enum l2tp_verdict verdict;
};

static const struct l2tp_rules strict = {0};

static void load(struct loaded *v, const char *name, const struct l2tp_rules *rules)
{
	size_t len = vector_hex(FILE_NAME, "control", name, v->octets, sizeof v->octets);
	assert_true(l2tp_decode(v->octets, len, &v->h));
	v->verdict = l2tp_message_decode(&v->m, v->h.payload, v->h.payload_len, rules, &v->fault);
}

static void control_vectors_have_the_listed_fields(void **state)
{
	struct loaded v;
	struct l2tp_result result;
	(void)state;
	load(&v, "sccrq_challenge", &strict);
	assert_int_equal(v.h.tunnel_id, 0);
	assert_int_equal(l2tp_u16(&v.m, AVP_PROTOCOL_VERSION), L2TP_VERSION);
	assert_int_equal(l2tp_u32(&v.m, AVP_FRAMING_CAPABILITIES), 3);
	assert_int_equal(l2tp_u16(&v.m, AVP_ASSIGNED_TUNNEL_ID), 0x1111);
	assert_int_equal(l2tp_u16(&v.m, AVP_RECEIVE_WINDOW_SIZE), 4);
	assert_memory_equal(v.m.avp[AVP_HOST_NAME].octets, "lac.example", 11);
	assert_int_equal(v.m.avp[AVP_CHALLENGE].len, 16);
	assert_int_equal(v.m.avp[AVP_TIE_BREAKER].len, 8);
	load(&v, "icrq", &strict);
	assert_int_equal(v.h.tunnel_id, 0x2222);
	assert_int_equal(v.h.ns, 2);
	assert_int_equal(v.h.nr, 1);
	assert_int_equal(l2tp_u16(&v.m, AVP_ASSIGNED_SESSION_ID), 0x3333);
	assert_int_equal(l2tp_u32(&v.m, AVP_CALL_SERIAL_NUMBER), 1);
	load(&v, "iccn_seqreq", &strict);
	assert_true(l2tp_has(&v.m, AVP_SEQUENCING_REQUIRED));
	assert_int_equal(l2tp_u32(&v.m, AVP_TX_CONNECT_SPEED), 100000000);
	load(&v, "cdn", &strict);
	assert_true(l2tp_result(&v.m, &result));
	assert_int_equal(result.result, CDN_ADMINISTRATIVE);
	assert_false(result.has_error);
	assert_int_equal(result.text_len, 0);
	load(&v, "cdn_error", &strict);
	assert_true(l2tp_result(&v.m, &result));
	assert_int_equal(result.result, CDN_ERROR);
	assert_true(result.has_error);
	assert_int_equal(result.error, 4);
	assert_int_equal(result.text_len, 12);
	assert_memory_equal(result.text, "no resources", 12);
	load(&v, "stopccn_ver", &strict);
	assert_true(l2tp_result(&v.m, &result));
	assert_int_equal(result.result, STOPCCN_VERSION);
	assert_int_equal(result.error, 0x0100);
}

static void random_vector_without_secret_makes_hidden_avps_unreadable(void **state)
{
	struct loaded v;
	(void)state;
	load(&v, "sccrp_hidden_tid", &strict);
	assert_int_equal(v.verdict, L2TP_BAD);
	assert_int_equal(v.fault.error, L2TP_ERROR_UNKNOWN_AVP);
	assert_int_equal(v.fault.avp, AVP_ASSIGNED_TUNNEL_ID);
	assert_non_null(strstr(v.fault.what, "no tunnel secret"));
	assert_false(v.fault.session);
}

static void wrong_secret_never_reads_beyond_the_avp(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 2000; n++) {
		struct secret secret = {.len = 2, .bytes = {(uint8_t)n, (uint8_t)(n >> 8)}};
		const struct l2tp_cipher cipher = {hide, unhide, &secret};
		const struct l2tp_rules rules = {.cipher = &cipher};
		struct loaded v;
		load(&v, "sccrp_hidden_tid", &rules);
		if (v.verdict == L2TP_GOOD)
			assert_int_equal(v.m.avp[AVP_ASSIGNED_TUNNEL_ID].len, 2);
		else
			assert_in_range(v.fault.error, L2TP_ERROR_LENGTH, L2TP_ERROR_UNKNOWN_AVP);
	}
}

/* --- judging --- */

/* A message of TYPE with the given AVPs (hexadecimal), decoded. */
static enum l2tp_verdict judge(const char *hex, const struct l2tp_rules *rules,
			       struct l2tp_message *m, struct l2tp_fault *fault)
{
	uint8_t octets[1024];
	size_t len = vector_decode(hex, octets, sizeof octets);
	uint8_t *exact = malloc(len ? len : 1);
	memcpy(exact, octets, len);
	enum l2tp_verdict verdict = l2tp_message_decode(m, exact, len, rules, fault);
	free(exact);
	return verdict;
}

#define HELLO "8008000000000006"
#define ICRP  "800800000000000b"
#define CDN   "800800000000000e"

static void faulty_avps_are_judged_by_their_m_bit(void **state)
{
	static const struct {
		const char *hex;
		enum l2tp_verdict verdict;
		unsigned error, avp, vendor;
		bool session;
	} cases[] = {
		{HELLO, L2TP_GOOD, 0, 0, 0, false},
		{"EMPTY", L2TP_BAD, 2, 0, 0, false},
		{"80080000000000", L2TP_BAD, 2, 0, 0, false},
		{"8008000000090001", L2TP_BAD, 2, 0, 0, false},		/* not the type first */
		{"c008000000000006", L2TP_BAD, 2, 0, 0, false},		/* the type hidden */
		{"8008000000000063", L2TP_BAD, 8, 0, 0, false},		/* unknown type, M */
		{"0008000000000063", L2TP_SKIP, 0, 0, 0, false},	/* unknown type, not M */
		{"8008000000000005", L2TP_BAD, 8, 0, 0, false},		/* reserved type */
		{HELLO "80060000004d", L2TP_BAD, 8, 77, 0, false},	/* unknown, M */
		{HELLO "00060000004d", L2TP_GOOD, 0, 0, 0, false},	/* unknown, not M */
		{HELLO "800600090009", L2TP_BAD, 8, 9, 9, false},	/* vendor, M */
		{HELLO "000600090009", L2TP_GOOD, 0, 0, 0, false},	/* vendor, not M */
		{HELLO "84080000000900ff", L2TP_BAD, 8, 9, 0, false},	/* reserved bit, M */
		{HELLO "04080000000900ff", L2TP_GOOD, 0, 0, 0, false},	/* reserved bit */
		{HELLO "80070000000900", L2TP_BAD, 2, 9, 0, false},	/* too short, M */
		{HELLO "00070000000900", L2TP_GOOD, 0, 0, 0, false},	/* too short */
		{HELLO "8009000000090000ff", L2TP_BAD, 2, 9, 0, false}, /* too long, M */
		{HELLO "8008000000090000", L2TP_BAD, 3, 9, 0, false},	/* id 0 */
		{HELLO "80080000000a0000", L2TP_BAD, 3, 10, 0, false},	/* window 0 */
		{HELLO "800500000009", L2TP_BAD, 2, 0, 0, false},	/* length 5 */
		{HELLO "800000000009", L2TP_BAD, 2, 0, 0, false},	/* length 0 */
		{HELLO "83ff00000009", L2TP_BAD, 2, 0, 0, false},	/* beyond the end */
		{HELLO "8006", L2TP_BAD, 2, 0, 0, false},		/* half a header */
		{HELLO "c0080000000211ff", L2TP_BAD, 8, 2, 0, false},	/* may not be hidden */
		{HELLO "c0080000000911ff", L2TP_BAD, 8, 9, 0, false},	/* hidden, no vector */
		{ICRP "80080000000e4444", L2TP_GOOD, 0, 0, 0, false},
		{ICRP, L2TP_BAD, 3, 14, 0, true}, /* required one missing */
		{ICRP "80060000004d", L2TP_BAD, 8, 77, 0, true},
		{CDN, L2TP_GOOD, 0, 0, 0, false}, /* an end is never refused */
		{CDN "80060000004d", L2TP_GOOD, 0, 0, 0, false},
		{CDN "80070000000100", L2TP_GOOD, 0, 0, 0, false},
		{CDN "83ff00000009", L2TP_GOOD, 0, 0, 0, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct l2tp_message m;
		struct l2tp_fault fault;
		enum l2tp_verdict verdict = judge(cases[i].hex, &strict, &m, &fault);
		if (verdict != cases[i].verdict || fault.error != cases[i].error ||
		    fault.avp != cases[i].avp || fault.vendor != cases[i].vendor ||
		    fault.session != cases[i].session)
			fail_msg("%s: verdict %d error %u avp %u vendor %u", cases[i].hex, verdict,
				 fault.error, fault.avp, fault.vendor);
	}
}

static void first_of_two_equal_avps_counts(void **state)
{
	struct l2tp_message m;
	struct l2tp_fault fault;
	uint8_t octets[64];
	size_t len = vector_decode(ICRP "80080000000e444480080000000e5555", octets, sizeof octets);
	(void)state;
	assert_int_equal(l2tp_message_decode(&m, octets, len, &strict, &fault), L2TP_GOOD);
	assert_int_equal(l2tp_u16(&m, AVP_ASSIGNED_SESSION_ID), 0x4444);
}

static void disconnect_cause_of_rfc3145_is_read(void **state)
{
	struct l2tp_message m;
	struct l2tp_fault fault;
	struct l2tp_cause cause;
	uint8_t octets[64];
	size_t len = vector_decode(CDN "000f0000002e0010c223016e6f7065", octets, sizeof octets);
	(void)state;
	assert_int_equal(l2tp_message_decode(&m, octets, len, &strict, &fault), L2TP_GOOD);
	assert_true(l2tp_cause(&m, &cause));
	assert_int_equal(cause.code, 16);
	assert_int_equal(cause.protocol, 0xc223);
	assert_int_equal(cause.direction, 1);
	assert_int_equal(cause.text_len, 4);
	assert_memory_equal(cause.text, "nope", 4);
	assert_non_null(strstr(l2tp_cause_text(cause.code), "password"));
	len = vector_decode(CDN "000a0000002e0010c223", octets, sizeof octets);
	assert_int_equal(l2tp_message_decode(&m, octets, len, &strict, &fault), L2TP_GOOD);
	assert_false(l2tp_cause(&m, &cause)); /* too short: passed over */
}

static bool ends_between_avps(const uint8_t *p, size_t len)
{
	size_t at = 0;
	while (at < len)
		at += (size_t)((p[at] & 3) << 8 | p[at + 1]);
	return at == len;
}

static void cut_messages_are_never_read_beyond(void **state)
{
	static const char *const names[] = {"sccrq_challenge", "icrq", "cdn_error", "wen"};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct loaded v;
		struct l2tp_message m;
		struct l2tp_fault fault;
		load(&v, names[i], &strict);
		for (size_t n = 0; n < v.h.payload_len; n++) {
			uint8_t *exact = malloc(n ? n : 1);
			memcpy(exact, v.h.payload, n);
			enum l2tp_verdict verdict =
				l2tp_message_decode(&m, exact, n, &strict, &fault);
			/* Good only where whole AVPs end and all that is required is there. */
			if (verdict == L2TP_GOOD && v.m.type != L2TP_CDN) {
				assert_true(ends_between_avps(v.h.payload, n));
				assert_true((l2tp_type_required(v.m.type) & ~m.present) == 0);
			}
			free(exact);
		}
	}
}

static void damaged_messages_are_never_read_beyond(void **state)
{
	struct secret secret = secret_vector("hidden", "secret");
	const struct l2tp_cipher cipher = {hide, unhide, &secret};
	const struct l2tp_rules rules = {.cipher = &cipher};
	(void)state;
	srand(7);
	for (unsigned n = 0; n < 20000; n++) {
		struct loaded v;
		struct l2tp_header h;
		uint8_t octets[512];
		char text[600];
		struct str s = str_make(text, sizeof text);
		size_t len =
			vector_hex(FILE_NAME, "control", n % 2 ? "sccrp_hidden_tid" : "cdn_error",
				   octets, sizeof octets);
		for (int i = rand() % 4; i >= 0; i--)
			octets[rand() % (int)len] = (uint8_t)rand();
		len -= (size_t)(rand() % 8);
		uint8_t *exact = malloc(len);
		memcpy(exact, octets, len);
		if (l2tp_decode(exact, len, &h) &&
		    l2tp_message_decode(&v.m, h.payload, h.payload_len, &rules, &v.fault) ==
			    L2TP_GOOD)
			l2tp_print(&s, &h, &v.m);
		free(exact);
	}
}

static void too_long_values_fail_the_builder(void **state)
{
	uint8_t out[4096], value[1018] = {0};
	struct l2tp_builder b;
	(void)state;
	l2tp_build(&b, out, sizeof out, L2TP_SCCRQ, 0, 0);
	l2tp_add(&b, AVP_HOST_NAME, value, 1017);
	assert_int_equal(l2tp_build_end(&b), 12 + 8 + 1023);
	l2tp_build(&b, out, sizeof out, L2TP_SCCRQ, 0, 0);
	l2tp_add(&b, AVP_HOST_NAME, value, 1018);
	assert_int_equal(l2tp_build_end(&b), 0);
}

static void print_cleans_text_and_keeps_secrets(void **state)
{
	struct secret secret = secret_vector("hidden", "secret");
	const struct l2tp_cipher cipher = {hide, unhide, &secret};
	const struct l2tp_rules rules = {.cipher = &cipher};
	struct loaded v;
	char text[600];
	struct str s = str_make(text, sizeof text);
	(void)state;
	load(&v, "sccrq_challenge", &strict);
	l2tp_print(&s, &v.h, &v.m);
	assert_non_null(strstr(text, "SCCRQ <tunnel 0> <session 0> <Ns 0> <Nr 0>"));
	assert_non_null(strstr(text, "<Host-Name \"lac.example\">"));
	assert_non_null(strstr(text, "<Challenge 16 octets>"));
	load(&v, "sccrp_hidden_tid", &rules);
	s = str_make(text, sizeof text);
	l2tp_print(&s, &v.h, &v.m);
	assert_non_null(strstr(text, "<Assigned-Tunnel-ID 8738 hidden>"));
	load(&v, "cdn_error", &strict);
	v.octets[34] = '\n';
	s = str_make(text, sizeof text);
	l2tp_print(&s, &v.h, &v.m);
	assert_non_null(strstr(text, "<Result-Code 2 error 4 \"no r\\x0asources\">"));
	s = str_make(text, sizeof text);
	l2tp_print(&s, &v.h, NULL);
	assert_memory_equal(text, "ZLB <tunnel", 11);
}

static void code_texts_know_all_codes_and_no_others(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 7; n++)
		assert_string_not_equal(l2tp_stopccn_text(n), "unknown result");
	assert_string_equal(l2tp_stopccn_text(8), "unknown result");
	for (unsigned n = 1; n <= 11; n++)
		assert_string_not_equal(l2tp_cdn_text(n), "unknown result");
	assert_string_equal(l2tp_cdn_text(0), "unknown result");
	assert_string_equal(l2tp_error_text(9), "unknown error");
	assert_string_equal(l2tp_cause_text(21), "unknown cause");
}

/* --- data --- */

static void check_data(void *ctx, const char *name, const char *value)
{
	unsigned *count = ctx;
	static const uint8_t with_ff03[] = {0xff, 0x03, 0xc0, 0x21, 1, 1, 0, 10};
	uint8_t octets[128];
	size_t len = vector_decode(value, octets, sizeof octets);
	size_t skip = strcmp(name, "no_acfc") == 0 ? 2 : 0;
	struct l2tp_header h;

	assert_true(l2tp_decode(octets, len, &h));
	assert_false(h.control);
	assert_int_equal(h.tunnel_id, 0x2222);
	assert_int_equal(h.session_id, 0x4444);
	assert_int_equal(h.payload_len, 14 - skip);
	assert_memory_equal(h.payload, with_ff03 + skip, 8 - skip);
	if (strncmp(name, "seq", 3) == 0)
		assert_true(h.has_seq);
	if (strcmp(name, "seq_noL") == 0)
		assert_int_equal(h.ns, 0xffff);
	if (strcmp(name, "all") == 0)
		assert_true(h.has_length && h.has_seq && h.has_offset && h.priority && h.ns == 9);
	if (strcmp(name, "offset4") == 0)
		assert_int_equal(h.offset, 4);
	if (h.offset == 0) {
		uint8_t out[L2TP_DATA_HEADER_MAX];
		size_t hdr = l2tp_data_header_write(out, &h, h.payload_len);
		assert_int_equal(hdr + h.payload_len, len);
		assert_memory_equal(out, octets, hdr);
	}
	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		memcpy(exact, octets, n);
		bool good = l2tp_decode(exact, n, &h);
		assert_true(!good || (!h.has_length && n >= 6));
		free(exact);
	}
	(*count)++;
}

static void data_vectors_decode_and_headers_encode(void **state)
{
	unsigned count = 0;
	(void)state;
	vector_each(FILE_NAME, "data", check_data, &count);
	assert_int_equal(count, 8);
}

static void every_combination_of_header_bits_round_trips(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 16; bits++) {
		const struct l2tp_header in = {.has_length = bits & 1,
					       .has_seq = bits & 2,
					       .has_offset = bits & 4,
					       .priority = bits & 8,
					       .tunnel_id = 0x1234,
					       .session_id = 0xfedc,
					       .ns = bits & 2 ? 0xffff : 0,
					       .nr = bits & 2 ? 0x8000 : 0};
		uint8_t octets[L2TP_DATA_HEADER_MAX + 40] = {0};
		struct l2tp_header out;
		size_t hdr = l2tp_data_header_write(octets, &in, 5);
		assert_int_equal(hdr, l2tp_data_header_len(&in));
		assert_true(l2tp_decode(octets, hdr + 5, &out));
		assert_int_equal(out.has_length, in.has_length);
		assert_int_equal(out.has_seq, in.has_seq);
		assert_int_equal(out.has_offset, in.has_offset);
		assert_int_equal(out.priority, in.priority);
		assert_int_equal(out.tunnel_id, in.tunnel_id);
		assert_int_equal(out.session_id, in.session_id);
		assert_int_equal(out.ns, in.ns);
		assert_int_equal(out.nr, in.nr);
		assert_int_equal(out.payload_len, 5);
		assert_ptr_equal(out.payload, octets + hdr);
		/* What is behind the length is padding. */
		assert_true(l2tp_decode(octets, hdr + 9, &out));
		assert_int_equal(out.payload_len, in.has_length ? 5 : 9);
	}
}

static void headers_that_lie_are_dropped(void **state)
{
	static const char *const cases[] = {
		"0001222244440000",		/* L2F */
		"0003222244440000",		/* L2TPv3 */
		"00022222",			/* too short */
		"40020100222244440000",		/* length beyond the datagram */
		"400200032222444400",		/* length within the header */
		"4002000722224444ff",		/* likewise */
		"020222224444ffff0000",		/* offset beyond the datagram */
		"8002000c2222000000020001",	/* control without L and S */
		"c00200082222000000020001",	/* control without S */
		"ca02000e22220000000200010000", /* control with O */
		"c802000b2222000000020001",	/* control shorter than its header */
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t octets[32];
		struct l2tp_header h;
		size_t len = vector_decode(cases[i], octets, sizeof octets);
		if (l2tp_decode(octets, len, &h))
			fail_msg("%s was taken", cases[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(challenge_responses_match),
		cmocka_unit_test(hidden_avps_match_both_ways),
		cmocka_unit_test(tables_are_consistent),
		cmocka_unit_test(every_control_vector_decodes_and_encodes_to_the_same_octets),
		cmocka_unit_test(control_vectors_have_the_listed_fields),
		cmocka_unit_test(random_vector_without_secret_makes_hidden_avps_unreadable),
		cmocka_unit_test(wrong_secret_never_reads_beyond_the_avp),
		cmocka_unit_test(faulty_avps_are_judged_by_their_m_bit),
		cmocka_unit_test(first_of_two_equal_avps_counts),
		cmocka_unit_test(disconnect_cause_of_rfc3145_is_read),
		cmocka_unit_test(cut_messages_are_never_read_beyond),
		cmocka_unit_test(damaged_messages_are_never_read_beyond),
		cmocka_unit_test(too_long_values_fail_the_builder),
		cmocka_unit_test(print_cleans_text_and_keeps_secrets),
		cmocka_unit_test(code_texts_know_all_codes_and_no_others),
		cmocka_unit_test(data_vectors_decode_and_headers_encode),
		cmocka_unit_test(every_combination_of_header_bits_round_trips),
		cmocka_unit_test(headers_that_lie_are_dropped),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
