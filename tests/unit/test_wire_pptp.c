/* SPDX-License-Identifier: MIT */
/* PPTP control messages and enhanced GRE headers against the vectors, and malformed ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vectors.h"
#include "wire/gre.h"
#include "wire/pptp.h"

#include <stdlib.h>
#include <string.h>

#define FILE_NAME "pptp.txt"

static size_t message_vector(const char *name, uint8_t out[PPTP_MESSAGE_MAX])
{
	return vector_hex(FILE_NAME, "control", name, out, PPTP_MESSAGE_MAX);
}

static struct pptp_message decoded(const char *name)
{
	uint8_t octets[PPTP_MESSAGE_MAX];
	struct pptp_message m;
	assert_true(pptp_decode(&m, octets, message_vector(name, octets), NULL));
	return m;
}

static void table_rows_add_up_to_their_length_and_have_unique_names(void **state)
{
	(void)state;
	for (unsigned t = PPTP_START_REQUEST; t < PPTP_TYPE_COUNT; t++) {
		assert_int_equal(pptp_type_field_sum(t), pptp_type_length(t));
		assert_true(pptp_type_length(t) <= PPTP_MESSAGE_MAX);
		assert_in_range(pptp_type_direction(t), PPTP_FROM_CLIENT, PPTP_FROM_BOTH);
		for (unsigned u = PPTP_START_REQUEST; u < t; u++)
			assert_string_not_equal(pptp_type_name(t), pptp_type_name(u));
	}
	assert_int_equal(pptp_type_length(0), 0);
	assert_int_equal(pptp_type_length(PPTP_TYPE_COUNT), 0);
	assert_int_equal(pptp_type_direction(16), 0);
	assert_string_equal(pptp_type_name(16), "unknown");
}

static void round_trip(void *ctx, const char *name, const char *value)
{
	unsigned *seen = ctx;
	uint8_t in[PPTP_MESSAGE_MAX], out[PPTP_MESSAGE_MAX];
	size_t len = vector_decode(value, in, sizeof in);
	const char *fault = NULL;
	struct pptp_message m;

	(void)name;
	assert_int_equal(pptp_frame(in, len, &fault), len);
	assert_true(pptp_decode(&m, in, len, NULL));
	assert_int_equal(pptp_type_length(m.type), len);
	assert_int_equal(pptp_encode(out, sizeof out, &m), len);
	assert_memory_equal(in, out, len);
	for (size_t cap = 0; cap < len; cap++)
		assert_int_equal(pptp_encode(out, cap, &m), 0);
	*seen |= 1u << m.type;
}

static void every_vector_decodes_and_encodes_to_the_same_octets(void **state)
{
	unsigned seen = 0;
	(void)state;
	vector_each(FILE_NAME, "control", round_trip, &seen);
	assert_int_equal(seen, 0xfffe); /* all fifteen types */
}

static void start_messages_have_the_listed_fields(void **state)
{
	struct pptp_message m = decoded("sccrq");
	(void)state;
	assert_int_equal(m.type, PPTP_START_REQUEST);
	assert_int_equal(m.version, 0x0100);
	assert_int_equal(m.framing, 3);
	assert_int_equal(m.bearer, 3);
	assert_int_equal(m.channels, 0);
	assert_int_equal(m.firmware, 1);
	assert_string_equal((char *)m.host, "local");
	assert_string_equal((char *)m.vendor, "client");
	m = decoded("sccrp_generr");
	assert_int_equal(m.result, 2);
	assert_int_equal(m.error, 4);
	assert_int_equal(m.channels, 1);
	m = decoded("sccrp_badver");
	assert_int_equal(m.result, 5);
	assert_string_equal(pptp_result_text(m.type, m.result), "protocol version not supported");
	assert_int_equal(decoded("stop_request_shutdown").reason, 3);
	assert_int_equal(decoded("stop_reply").result, 1);
	assert_int_equal(decoded("echo_request").identifier, 0x01020304);
	assert_int_equal(decoded("echo_reply").identifier, 0x01020304);
	assert_int_equal(decoded("echo_reply").result, 1);
}

static void call_messages_have_the_listed_fields(void **state)
{
	struct pptp_message m = decoded("ocrq");
	(void)state;
	assert_int_equal(m.call_id, 0x1234);
	assert_int_equal(m.serial, 1);
	assert_int_equal(m.min_bps, 2400);
	assert_int_equal(m.max_bps, 100000000);
	assert_int_equal(m.window, 64);
	m = decoded("ocrp_ok");
	assert_int_equal(m.call_id, 0x5678);
	assert_int_equal(m.peer_call_id, 0x1234);
	assert_int_equal(m.result, 1);
	assert_int_equal(m.speed, 100000000);
	assert_int_equal(m.window, 64);
	assert_string_equal(pptp_result_text(m.type, decoded("ocrp_busy").result), "busy");
	m = decoded("icrq");
	assert_int_equal(m.call_id, 9);
	assert_int_equal(m.bearer, 1);
	m = decoded("icrp");
	assert_int_equal(m.call_id, 10);
	assert_int_equal(m.peer_call_id, 9);
	assert_int_equal(m.window, 64);
	m = decoded("iccn");
	assert_int_equal(m.peer_call_id, 10);
	assert_int_equal(m.speed, 64000);
	assert_int_equal(m.framing, 1);
	assert_int_equal(decoded("call_clear_request").call_id, 0x1234);
	m = decoded("call_disconnect_notify");
	assert_int_equal(m.call_id, 0x5678);
	assert_int_equal(m.result, 4);
	m = decoded("wan_error_notify");
	assert_int_equal(m.peer_call_id, 0x1234);
	assert_int_equal(m.crc_errors, 1);
	m = decoded("set_link_info");
	assert_int_equal(m.peer_call_id, 0x5678);
	assert_int_equal(m.send_accm, 0xffffffff);
	assert_int_equal(m.receive_accm, 0xffffffff);
}

static void frame_waits_until_the_message_is_whole(void **state)
{
	uint8_t octets[2 * PPTP_MESSAGE_MAX];
	const char *fault = NULL;
	size_t len = message_vector("icrq", octets);
	(void)state;
	for (size_t n = 0; n < len; n++)
		assert_int_equal(pptp_frame(octets, n, &fault), 0);
	memset(octets + len, 0xff, 10);
	assert_int_equal(pptp_frame(octets, len + 10, &fault), len);
	assert_null(fault);
}

static void frame_refuses_what_can_never_be_a_message(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *fault;
		size_t known_after;
	} cases[] = {
		{0, 1, "an impossible message length", 2}, /* 0x1_xx, above 220 */
		{1, 11, "an impossible message length", 2},
		{1, 0, "an impossible message length", 2},
		{1, 221, "an impossible message length", 2},
		{3, 3, "an unknown PPTP message type", 4},
		{3, 0, "an unknown PPTP message type", 4},
		{4, 0x1b, "a wrong magic cookie", 8},
		{7, 0x4e, "a wrong magic cookie", 8},
		{1, 15, "a message shorter than its type allows", 10},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t octets[PPTP_MESSAGE_MAX];
		const char *fault = NULL;
		size_t len = message_vector("echo_request", octets);
		octets[cases[i].at] = cases[i].value;
		assert_int_equal(pptp_frame(octets, cases[i].known_after - 1, &fault), 0);
		assert_int_equal(pptp_frame(octets, cases[i].known_after, &fault), -1);
		assert_string_equal(fault, cases[i].fault);
		assert_int_equal(pptp_frame(octets, len, &fault), -1);
	}
}

static void longer_messages_and_reserved_octets_are_accepted(void **state)
{
	uint8_t octets[PPTP_MESSAGE_MAX] = {0};
	const char *fault = NULL;
	struct pptp_message m;
	(void)state;
	message_vector("echo_request", octets);
	octets[1] = 60;
	octets[10] = 0xaa;
	octets[40] = 0xbb;
	assert_int_equal(pptp_frame(octets, 60, &fault), 60);
	assert_true(pptp_decode(&m, octets, 60, NULL));
	assert_int_equal(m.type, PPTP_ECHO_REQUEST);
	assert_int_equal(m.identifier, 0x01020304);
}

static void unknown_types_are_framed_but_not_decoded(void **state)
{
	uint8_t octets[PPTP_MESSAGE_MAX];
	const char *fault = NULL;
	unsigned number = 0;
	struct pptp_message m;
	size_t len = message_vector("echo_request", octets);
	(void)state;
	octets[9] = 99;
	assert_int_equal(pptp_frame(octets, len, &fault), len);
	assert_false(pptp_decode(&m, octets, len, &number));
	assert_int_equal(number, 99);
	octets[9] = 5;
	octets[3] = 2; /* management message */
	assert_int_equal(pptp_frame(octets, len, &fault), len);
	assert_false(pptp_decode(&m, octets, len, &number));
}

static void decode_fails_on_every_shorter_length(void **state)
{
	uint8_t octets[PPTP_MESSAGE_MAX];
	struct pptp_message m;
	size_t len = message_vector("wan_error_notify", octets);
	(void)state;
	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		memcpy(exact, octets, n);
		assert_false(pptp_decode(&m, exact, n, NULL));
		free(exact);
	}
}

static void print_names_fields_and_cleans_text(void **state)
{
	char text[512];
	struct str out = str_make(text, sizeof text);
	struct pptp_message m = decoded("ocrp_ok");
	(void)state;
	pptp_print(&out, &m);
	assert_string_equal(text, "Outgoing-Call-Reply <call 22136> <peer-call 4660> <result 1> "
				  "<error 0> <cause 0> <speed 100000000> <window 64> <delay 0> "
				  "<channel 0>");
	m = decoded("sccrq");
	m.host[0] = '\n';
	out = str_make(text, sizeof text);
	pptp_print(&out, &m);
	assert_non_null(strstr(text, "<version 1.0> <framing 0x3>"));
	assert_non_null(strstr(text, "<host \"\\x0aocal\">"));
}

static void text_fields_are_cut_and_padded(void **state)
{
	uint8_t field[4];
	(void)state;
	pptp_text_set(field, 4, "abcdef");
	assert_memory_equal(field, "abcd", 4);
	assert_int_equal(pptp_text_len(field, 4), 4);
	pptp_text_set(field, 4, "x");
	assert_memory_equal(field, "x\0\0\0", 4);
	assert_int_equal(pptp_text_len(field, 4), 1);
}

static void code_texts_know_all_codes_and_no_others(void **state)
{
	(void)state;
	assert_string_equal(pptp_result_text(PPTP_OUTGOING_CALL_REPLY, 5), "no dial tone");
	assert_string_equal(pptp_result_text(PPTP_OUTGOING_CALL_REPLY, 8), "unknown result");
	assert_string_equal(pptp_result_text(PPTP_OUTGOING_CALL_REPLY, 0), "unknown result");
	assert_string_equal(pptp_result_text(PPTP_SET_LINK_INFO, 1), "unknown result");
	assert_string_equal(pptp_error_text(4), "not enough resources");
	assert_string_equal(pptp_error_text(6), "an error of the access concentrator");
	assert_string_equal(pptp_error_text(7), "unknown error");
}

/* --- enhanced GRE --- */

static void gre_vector_round_trip(void *ctx, const char *name, const char *value)
{
	uint8_t in[128], hdr[GRE_HEADER_MAX];
	size_t len = vector_decode(value, in, sizeof in);
	struct gre_packet packet;

	(void)ctx;
	(void)name;
	assert_true(gre_decode(in, len, &packet));
	size_t hdr_len = gre_header_write(hdr, &packet);
	assert_int_equal(hdr_len, gre_header_len(packet.has_seq, packet.has_ack));
	assert_int_equal(hdr_len + packet.payload_len, len);
	assert_memory_equal(hdr, in, hdr_len);
	assert_ptr_equal(packet.payload, in + hdr_len);
	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		memcpy(exact, in, n);
		assert_false(gre_decode(exact, n, &packet));
		free(exact);
	}
}

static void gre_vectors_round_trip_and_fail_when_cut(void **state)
{
	(void)state;
	assert_int_equal(vector_each(FILE_NAME, "gre", gre_vector_round_trip, NULL), 5);
}

static struct gre_packet gre_decoded(const char *name, uint8_t octets[128])
{
	struct gre_packet packet;
	size_t len = vector_hex(FILE_NAME, "gre", name, octets, 128);
	assert_true(gre_decode(octets, len, &packet));
	return packet;
}

static void gre_vectors_have_the_listed_fields(void **state)
{
	uint8_t octets[128];
	struct gre_packet p = gre_decoded("data_seq0", octets);
	(void)state;
	assert_true(p.has_seq && !p.has_ack);
	assert_int_equal(p.call_id, 0x5678);
	assert_int_equal(p.seq, 0);
	assert_int_equal(p.payload_len, 14);
	p = gre_decoded("ack_only", octets);
	assert_true(!p.has_seq && p.has_ack);
	assert_int_equal(p.ack, 5);
	assert_int_equal(p.payload_len, 0);
	p = gre_decoded("data_wrap", octets);
	assert_true(p.has_seq && p.has_ack);
	assert_int_equal(p.seq, 0xffffffff);
	assert_int_equal(p.ack, 0xfffffffe);
	p = gre_decoded("data_compressed", octets);
	assert_int_equal(p.payload[0], 0x21);
}

static void gre_drops_every_reserved_bit_and_other_kinds(void **state)
{
	static const struct {
		size_t at;
		uint8_t flip;
	} cases[] = {
		{0, 0x80}, {0, 0x40}, {0, 0x20}, {0, 0x08}, {0, 0x04}, {0, 0x02},
		{0, 0x01}, {1, 0x40}, {1, 0x20}, {1, 0x10}, {1, 0x08}, {1, 0x01},
		{1, 0x02}, {1, 0x04}, {2, 0x01}, {3, 0x01},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t octets[128];
		struct gre_packet p;
		size_t len = vector_hex(FILE_NAME, "gre", "data_seq1_ack0", octets, 128);
		octets[cases[i].at] ^= cases[i].flip;
		assert_false(gre_decode(octets, len, &p));
	}
}

static void gre_drops_a_payload_without_sequence_number(void **state)
{
	static const uint8_t octets[] = {0x20, 0x01, 0x88, 0x0b, 0, 2, 0x12, 0x34, 0xff, 0x03};
	struct gre_packet p;
	(void)state;
	assert_false(gre_decode(octets, sizeof octets, &p));
}

static void gre_takes_the_payload_length_and_ignores_padding(void **state)
{
	static const uint8_t octets[] = {0x30, 0x01, 0x88, 0x0b, 0,    1,    0x12, 0x34,
					 0,    0,    0,	   9,	 0xc0, 0xee, 0xee, 0xee};
	struct gre_packet p;
	(void)state;
	assert_true(gre_decode(octets, sizeof octets, &p));
	assert_int_equal(p.payload_len, 1);
	assert_int_equal(p.payload[0], 0xc0);
}

static void gre_takes_a_sequence_number_without_data(void **state)
{
	static const uint8_t octets[] = {0x30, 0x01, 0x88, 0x0b, 0, 0, 0x12, 0x34, 0, 0, 0, 9};
	struct gre_packet p;
	(void)state;
	assert_true(gre_decode(octets, sizeof octets, &p));
	assert_true(p.has_seq);
	assert_int_equal(p.seq, 9);
	assert_int_equal(p.payload_len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_rows_add_up_to_their_length_and_have_unique_names),
		cmocka_unit_test(every_vector_decodes_and_encodes_to_the_same_octets),
		cmocka_unit_test(start_messages_have_the_listed_fields),
		cmocka_unit_test(call_messages_have_the_listed_fields),
		cmocka_unit_test(frame_waits_until_the_message_is_whole),
		cmocka_unit_test(frame_refuses_what_can_never_be_a_message),
		cmocka_unit_test(longer_messages_and_reserved_octets_are_accepted),
		cmocka_unit_test(unknown_types_are_framed_but_not_decoded),
		cmocka_unit_test(decode_fails_on_every_shorter_length),
		cmocka_unit_test(print_names_fields_and_cleans_text),
		cmocka_unit_test(text_fields_are_cut_and_padded),
		cmocka_unit_test(code_texts_know_all_codes_and_no_others),
		cmocka_unit_test(gre_vectors_round_trip_and_fail_when_cut),
		cmocka_unit_test(gre_vectors_have_the_listed_fields),
		cmocka_unit_test(gre_drops_every_reserved_bit_and_other_kinds),
		cmocka_unit_test(gre_drops_a_payload_without_sequence_number),
		cmocka_unit_test(gre_takes_the_payload_length_and_ignores_padding),
		cmocka_unit_test(gre_takes_a_sequence_number_without_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
