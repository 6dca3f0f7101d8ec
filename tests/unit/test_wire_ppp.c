/* SPDX-License-Identifier: MIT */
/* Codecs of PPP frames, control packets, options and authentication packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vectors.h"
#include "wire/auth.h"
#include "wire/control_packet.h"
#include "wire/frame.h"
#include "wire/options.h"
#include "wire/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF 1200

static void frame_heads_are_read_in_every_compression(void **state)
{
	static const struct {
		const char *hex;
		bool good;
		uint16_t protocol;
		size_t header;
	} cases[] = {
		{"ff030021aa", true, 0x0021, 4},
		{"ff0321aa", true, 0x0021, 3},
		{"0021aa", true, 0x0021, 2},
		{"21aa", true, 0x0021, 1},
		{"ff03c021aa", true, 0xc021, 4},
		{"c021aa", true, 0xc021, 2},
		{"fd9000", true, 0x00fd, 1},
		{"ff030021", false, 0, 0}, /* no information */
		{"21", false, 0, 0},
		{"ff03", false, 0, 0},
		{"ff", false, 0, 0},
		{"ff0421aa", false, 0, 0},
		{"0020aa", false, 0, 0}, /* low bit of the second octet is 0 */
		{"0100aa", true, 0x0001, 1},
		{"0200aa", false, 0, 0},
		{"EMPTY", false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t octets[16];
		size_t len = vector_decode(cases[i].hex, octets, sizeof(octets)), header = 0;
		uint16_t protocol = 0;

		assert_int_equal(frame_decode(octets, len, &protocol, &header), cases[i].good);
		if (cases[i].good) {
			assert_int_equal(protocol, cases[i].protocol);
			assert_int_equal(header, cases[i].header);
		}
	}
}

static void frame_heads_are_written_in_every_compression(void **state)
{
	uint8_t p[FRAME_HEAD_MAX];

	(void)state;
	assert_int_equal(frame_head_write(p, 0x0021, false, false), 4);
	assert_memory_equal(p, "\xff\x03\x00\x21", 4);
	assert_int_equal(frame_head_write(p, 0x0021, true, true), 1);
	assert_memory_equal(p, "\x21", 1);
	assert_int_equal(frame_head_write(p, 0xc021, true, true), 2);
	assert_memory_equal(p, "\xc0\x21", 2);
}

/* Each frame is decoded at every length from a buffer of just that size, so that the address
 * sanitizer sees a read past the end. */
static void decode_everything(const uint8_t *frame, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct control_packet p;
	struct eap_packet e;
	struct eap_mschap m;
	struct mschap_failure failure;
	struct octets a, b;
	uint16_t protocol;
	size_t header;
	uint8_t proof[42];
	char text[300];
	struct str s = str_make(text, sizeof(text));

	assert_non_null(copy);
	if (len)
		memcpy(copy, frame, len);
	if (frame_decode(copy, len, &protocol, &header)) {
		const uint8_t *info = copy + header;
		size_t n = len - header;

		print_frame(&s, protocol, info, n);
		if (control_packet_decode(info, n, &p)) {
			assert_true(p.len + CONTROL_HEADER <= n);
			(void)options_valid(p.data, p.len);
			(void)pap_request_decode(p.data, p.len, &a, &b);
			(void)pap_message_decode(p.data, p.len);
			(void)chap_value_decode(p.data, p.len, &a, &b);
			mschap_failure_parse(p.data, p.len, &failure);
			(void)mschap2_success_parse(p.data, p.len, proof, &a);
		}
		if (eap_decode(info, n, &e))
			(void)eap_mschap_decode(e.data, &m);
	}
	free(copy);
}

static void every_truncation(void *ctx, const char *name, const char *value)
{
	uint8_t octets[VECTOR_MAX];
	size_t len = vector_decode(value, octets, sizeof(octets));

	(void)name;
	for (size_t n = 0; n <= len; n++)
		decode_everything(octets, n);
	/* Every value of every octet of the head and of the first option. */
	for (size_t i = 0; i < len && i < 16; i++) {
		uint8_t saved = octets[i];

		for (unsigned v = 0; v < 256; v++) {
			octets[i] = (uint8_t)v;
			decode_everything(octets, len);
		}
		octets[i] = saved;
	}
	(*(size_t *)ctx)++;
}

static void every_truncation_and_wrong_octet_of_every_frame_is_survived(void **state)
{
	size_t frames = 0, named;

	(void)state;
	named = vector_each("ppp.txt", "frames", every_truncation, &frames);
	assert_int_equal(named, frames);
	assert_true(frames > 30);
}

static void control_packet_length_is_judged_and_padding_cut(void **state)
{
	static const uint8_t octets[] = {9, 4, 0, 8, 1, 2, 3, 4, 0, 0};
	uint8_t bad[] = {9, 4, 0, 3, 1, 2};
	struct control_packet p;

	(void)state;
	assert_true(control_packet_decode(octets, sizeof(octets), &p));
	assert_int_equal(p.code, 9);
	assert_int_equal(p.id, 4);
	assert_int_equal(p.len, 4);
	assert_ptr_equal(p.data, octets + 4);
	assert_false(control_packet_decode(octets, 7, &p));
	assert_false(control_packet_decode(bad, sizeof(bad), &p));
	bad[3] = 7;
	assert_false(control_packet_decode(bad, sizeof(bad), &p));
	for (size_t n = 0; n < 4; n++)
		assert_false(control_packet_decode(octets, n, &p));
}

static void option_lengths_zero_and_one_and_past_the_end_are_broken(void **state)
{
	static const uint8_t zero[] = {1, 0, 5, 220}, one[] = {1, 1}, past[] = {1, 5, 5, 220};
	static const uint8_t half[] = {7, 2, 8}, good[] = {7, 2, 8, 2, 1, 4, 5, 220};

	(void)state;
	assert_false(options_valid(zero, sizeof(zero)));
	assert_false(options_valid(one, sizeof(one)));
	assert_false(options_valid(past, sizeof(past)));
	assert_false(options_valid(half, sizeof(half)));
	assert_true(options_valid(good, sizeof(good)));
	assert_true(options_valid(good, 0));
}

static void the_server_request_of_the_vectors_is_read_and_written(void **state)
{
	uint8_t frame[BUF], buf[BUF];
	size_t len = vector_hex("ppp.txt", "frames", "lcp_confreq_server", frame, sizeof(frame));
	struct writer w = writer_make(buf, sizeof(buf));
	struct control_packet p;
	struct cursor c;
	struct option o;

	(void)state;
	assert_true(control_packet_decode(frame + 4, len - 4, &p));
	c = cursor_make(p.data, p.len);
	control_packet_begin(&w, CONTROL_CONFIGURE_REQUEST, p.id);
	assert_true(option_next(&c, &o));
	assert_int_equal(option_u16(&o), 1460);
	option_write_u16(&w, LCP_OPTION_MRU, 1460);
	assert_true(option_next(&c, &o));
	option_write_u32(&w, LCP_OPTION_ACCM, option_u32(&o));
	assert_true(option_next(&c, &o));
	assert_int_equal(o.type, LCP_OPTION_AUTH);
	assert_int_equal(option_u16(&o), FRAME_CHAP);
	assert_int_equal(o.data[2], CHAP_ALGORITHM_MSCHAP2);
	option_write(&w, LCP_OPTION_AUTH, o.data, o.len);
	assert_true(option_next(&c, &o));
	assert_int_equal(option_u32(&o), 0x55667788);
	option_write_raw(&w, &o);
	while (option_next(&c, &o))
		option_write(&w, o.type, NULL, 0);
	control_packet_end(&w);
	assert_false(c.failed || w.failed);
	assert_int_equal(writer_len(&w), len - 4);
	assert_memory_equal(buf, frame + 4, len - 4);
}

static void pap_packets_match_the_vectors(void **state)
{
	uint8_t wanted[BUF], buf[BUF];
	size_t len = vector_hex("auth.txt", "pap", "request", wanted, sizeof(wanted));
	struct writer w = writer_make(buf, sizeof(buf));
	struct secret password;
	struct octets user, pass;

	(void)state;
	secret_set(&password, "clientPass", 10);
	pap_request_encode(&w, 5, "User", 4, &password);
	assert_int_equal(writer_len(&w), len);
	assert_memory_equal(buf, wanted, len);
	assert_true(pap_request_decode(wanted + 4, len - 4, &user, &pass));
	assert_memory_equal(user.at, "User", 4);
	assert_int_equal(pass.len, 10);
	len = vector_hex("auth.txt", "pap", "ack", wanted, sizeof(wanted));
	assert_int_equal(pap_message_decode(wanted + 4, len - 4).len, 0);
	assert_int_equal(pap_message_decode(wanted + 4, 0).len, 0); /* length octet absent */
	len = vector_hex("auth.txt", "pap", "nak", wanted, sizeof(wanted));
	assert_int_equal(pap_message_decode(wanted + 4, len - 4).len, 5);
	w = writer_make(buf, sizeof(buf));
	pap_message_encode(&w, PAP_NAK, 5, "Sorry");
	assert_memory_equal(buf, wanted, len);
}

static void pap_refuses_fields_longer_than_their_length_octet(void **state)
{
	uint8_t buf[BUF];
	struct writer w = writer_make(buf, sizeof(buf));
	struct secret password;
	char user[256];

	(void)state;
	memset(user, 'u', sizeof(user));
	secret_set(&password, user, 256);
	pap_request_encode(&w, 1, "u", 1, &password);
	assert_true(w.failed);
	w = writer_make(buf, sizeof(buf));
	secret_set(&password, user, 255);
	pap_request_encode(&w, 1, user, 256, &password);
	assert_true(w.failed);
}

static void chap_packets_match_the_vectors(void **state)
{
	static const char *const cases[] = {"c1", "c2", "c3"};
	uint8_t packet[BUF], buf[BUF];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (unsigned r = 0; r < 2; r++) {
			char name[32];
			size_t len;
			struct control_packet p;
			struct octets value, who;
			struct writer w = writer_make(buf, sizeof(buf));

			snprintf(name, sizeof(name), "%s.%s_pkt", cases[i],
				 r ? "response" : "challenge");
			len = vector_hex("auth.txt", "chap_md5", name, packet, sizeof(packet));
			assert_true(control_packet_decode(packet, len, &p));
			assert_true(chap_value_decode(p.data, p.len, &value, &who));
			chap_value_encode(&w, p.code, p.id, value.at, value.len, who.at, who.len);
			assert_int_equal(writer_len(&w), len);
			assert_memory_equal(buf, packet, len);
		}
}

static void empty_and_overlong_chap_values_are_refused(void **state)
{
	static const uint8_t empty[] = {0, 'n'}, past[] = {5, 1, 2, 3, 4},
			     exact[] = {4, 1, 2, 3, 4};
	struct octets value, name;

	(void)state;
	assert_false(chap_value_decode(empty, sizeof(empty), &value, &name));
	assert_false(chap_value_decode(past, sizeof(past), &value, &name));
	assert_false(chap_value_decode(past, 0, &value, &name));
	assert_true(chap_value_decode(exact, sizeof(exact), &value, &name));
	assert_int_equal(name.len, 0);
}

static void parse_failure(const char *text, struct mschap_failure *f)
{
	mschap_failure_parse((const uint8_t *)text, strlen(text), f);
}

static void failure_texts_are_read_in_any_order(void **state)
{
	struct mschap_failure f;

	(void)state;
	parse_failure("E=691 R=1 C=5B5D7C7D7B3F2F3E3C2C602132262628 V=3 M=Authentication failed",
		      &f);
	assert_true(f.has_error && f.retry);
	assert_int_equal(f.error, 691);
	assert_int_equal(f.version, 3);
	assert_int_equal(f.challenge_len, 16);
	assert_int_equal(f.challenge[0], 0x5b);
	assert_int_equal(f.message.len, 21);
	parse_failure("V=2 X=1 R=0 E=648", &f);
	assert_int_equal(f.error, 648);
	assert_false(f.retry);
	assert_int_equal(f.message.len, 0);
	parse_failure("M=E=691 R=1", &f); /* the message runs to the end */
	assert_false(f.has_error);
	assert_int_equal(f.message.len, 9);
	parse_failure("E= R=x C=12 V=99999999999 E=99999999999", &f);
	assert_int_equal(f.challenge_len, 0);
	assert_int_equal(f.error, UINT32_MAX); /* ten digits */
	parse_failure("", &f);
	assert_false(f.has_error);
	parse_failure("   E", &f);
	assert_false(f.has_error);
	parse_failure("E=691 C=102DB5DF085D304 V=2", &f); /* odd number of digits */
	assert_int_equal(f.challenge_len, 0);
}

static void failure_packets_of_the_vectors_are_read(void **state)
{
	static const struct {
		const char *name;
		uint32_t error;
		bool retry;
		size_t challenge;
		uint32_t version;
	} cases[] = {
		{"v2_691.pkt", 691, true, 16, 3}, {"v2_648.pkt", 648, false, 16, 3},
		{"v1_691.pkt", 691, true, 8, 2},  {"v1_noc.pkt", 691, true, 0, 2},
		{"v1_pppd.pkt", 691, true, 8, 0}, {"v2_649.pkt", 649, false, 16, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t packet[BUF];
		size_t len = vector_hex("auth.txt", "mschap_failure", cases[i].name, packet,
					sizeof(packet));
		struct control_packet p;
		struct mschap_failure f;

		assert_true(control_packet_decode(packet, len, &p));
		assert_int_equal(p.code, CHAP_FAILURE);
		mschap_failure_parse(p.data, p.len, &f);
		assert_int_equal(f.error, cases[i].error);
		assert_int_equal(f.retry, cases[i].retry);
		assert_int_equal(f.challenge_len, cases[i].challenge);
		assert_int_equal(f.version, cases[i].version);
	}
}

static void success_proofs_are_read_in_either_case_and_without_message(void **state)
{
	static const char good[] = "S=407A5589115FD0D6209F510FE9C04566932CDA56";
	char text[64];
	uint8_t proof[42];
	struct octets message;

	(void)state;
	snprintf(text, sizeof(text), "%s M=Hi", good);
	assert_true(mschap2_success_parse((uint8_t *)text, strlen(text), proof, &message));
	assert_memory_equal(proof, good, 42);
	assert_int_equal(message.len, 2);
	assert_true(mschap2_success_parse((const uint8_t *)good, 42, proof, &message));
	assert_int_equal(message.len, 0);
	assert_false(mschap2_success_parse((const uint8_t *)good, 41, proof, &message));
	for (size_t i = 2; i < 42; i++)
		if (text[i] >= 'A')
			text[i] = (char)(text[i] + 32);
	assert_true(mschap2_success_parse((uint8_t *)text, strlen(text), proof, &message));
	assert_memory_equal(proof, good, 42);
	text[41] = 'g';
	assert_false(mschap2_success_parse((uint8_t *)text, strlen(text), proof, &message));
}

static void eap_packet_reencodes(const char *section, const char *name)
{
	uint8_t packet[BUF], buf[BUF];
	size_t len = vector_hex("auth.txt", section, name, packet, sizeof(packet));
	struct writer w = writer_make(buf, sizeof(buf));
	struct eap_packet e;
	struct eap_mschap m;

	assert_true(eap_decode(packet, len, &e));
	if (e.code >= EAP_SUCCESS) {
		eap_result_encode(&w, e.code, e.id);
	} else if (e.type == EAP_MSCHAPV2 && eap_mschap_decode(e.data, &m) && m.body.len > 0) {
		assert_false(m.length_differs);
		eap_mschap_encode(&w, e.code, e.id, m.op, m.id, m.body.at, m.body.len);
	} else {
		eap_encode(&w, e.code, e.id, e.type, e.data.at, e.data.len);
	}
	assert_int_equal(writer_len(&w), len);
	assert_memory_equal(buf, packet, len);
}

static void eap_packets_match_the_vectors(void **state)
{
	static const char *const plain[] = {
		"identity_request",
		"identity_response",
		"notification_request",
		"notification_response",
		"nak_response",
		"nak_none",
		"md5_request",
		"md5_response",
		"success",
		"failure",
	};
	static const char *const mschap[] = {
		"challenge",	    "response",	       "success_request",
		"success_response", "failure_request", "failure_response",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		eap_packet_reencodes("eap", plain[i]);
	for (size_t i = 0; i < sizeof(mschap) / sizeof(mschap[0]); i++)
		eap_packet_reencodes("eap_mschapv2", mschap[i]);
}

static void eap_without_type_or_of_unknown_code_is_refused(void **state)
{
	static const uint8_t no_type[] = {1, 1, 0, 4}, code[] = {5, 1, 0, 5, 1};
	struct eap_packet e;
	struct eap_mschap m;

	(void)state;
	assert_false(eap_decode(no_type, sizeof(no_type), &e));
	assert_false(eap_decode(code, sizeof(code), &e));
	assert_false(eap_mschap_decode((struct octets){(const uint8_t *)"", 0}, &m));
	assert_false(eap_mschap_decode((struct octets){(const uint8_t *)"\x01", 1}, &m));
	assert_false(eap_mschap_decode((struct octets){(const uint8_t *)"\x03\x01\x00", 3}, &m));
	assert_true(
		eap_mschap_decode((struct octets){(const uint8_t *)"\x03\x01\x00\x09S", 5}, &m));
	assert_true(m.length_differs);
}

static void mschap_values_stand_as_in_the_vectors(void **state)
{
	uint8_t value[49], wanted[49], nt[24], peer[16];

	(void)state;
	vector_hex_exact("auth.txt", "mschap_v1", "nt_response", nt, 24);
	vector_hex_exact("auth.txt", "mschap_v1", "response_value", wanted, 49);
	mschap1_value_write(value, nt);
	assert_memory_equal(value, wanted, 49);
	vector_hex_exact("auth.txt", "mschap_v2", "nt_response", nt, 24);
	vector_hex_exact("auth.txt", "mschap_v2", "peer_challenge", peer, 16);
	vector_hex_exact("auth.txt", "mschap_v2", "response_value", wanted, 49);
	mschap2_value_write(value, peer, nt);
	assert_memory_equal(value, wanted, 49);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame_heads_are_read_in_every_compression),
		cmocka_unit_test(frame_heads_are_written_in_every_compression),
		cmocka_unit_test(every_truncation_and_wrong_octet_of_every_frame_is_survived),
		cmocka_unit_test(control_packet_length_is_judged_and_padding_cut),
		cmocka_unit_test(option_lengths_zero_and_one_and_past_the_end_are_broken),
		cmocka_unit_test(the_server_request_of_the_vectors_is_read_and_written),
		cmocka_unit_test(pap_packets_match_the_vectors),
		cmocka_unit_test(pap_refuses_fields_longer_than_their_length_octet),
		cmocka_unit_test(chap_packets_match_the_vectors),
		cmocka_unit_test(empty_and_overlong_chap_values_are_refused),
		cmocka_unit_test(failure_texts_are_read_in_any_order),
		cmocka_unit_test(failure_packets_of_the_vectors_are_read),
		cmocka_unit_test(success_proofs_are_read_in_either_case_and_without_message),
		cmocka_unit_test(eap_packets_match_the_vectors),
		cmocka_unit_test(eap_without_type_or_of_unknown_code_is_refused),
		cmocka_unit_test(mschap_values_stand_as_in_the_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
