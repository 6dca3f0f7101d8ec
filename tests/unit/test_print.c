/* SPDX-License-Identifier: MIT */
/* Control frames as lines of text; no secret in any of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vectors.h"
#include "wire/frame.h"
#include "wire/print.h"

#include <stdio.h>
#include <string.h>

static void print_octets(char *text, size_t cap, const uint8_t *frame, size_t len)
{
	struct str s = str_make(text, cap);
	uint16_t protocol = 0;
	size_t header = 0;

	assert_true(frame_decode(frame, len, &protocol, &header));
	print_frame(&s, protocol, frame + header, len - header);
}

static void frames_print_as_pppd_prints_them(void **state)
{
	static const struct {
		const char *name, *line;
	} cases[] = {
		{"lcp_confreq",
		 "[LCP ConfReq id=# <mru 1400> <magic 0x11223344> <pcomp> <accomp>]"},
		{"lcp_confreq_server",
		 "[LCP ConfReq id=# <mru 1460> <asyncmap 0x0> <auth chap MS-v2> "
		 "<magic 0x55667788> <pcomp> <accomp>]"},
		{"lcp_confack", "[LCP ConfAck id=# <mru 1400> <magic 0x11223344>]"},
		{"lcp_confnak_auth", "[LCP ConfNak id=# <auth chap MD5>]"},
		{"lcp_confrej", "[LCP ConfRej id=# <callback CBCP>]"},
		{"lcp_termreq", "[LCP TermReq id=# \"bye\"]"},
		{"lcp_termack", "[LCP TermAck id=#]"},
		{"lcp_coderej", "[LCP CodeRej id=# code=0x63 (4 octets)]"},
		{"lcp_protrej", "[LCP ProtRej id=# CCP (12 octets)]"},
		{"lcp_echoreq", "[LCP EchoReq id=# magic=0x55667788]"},
		{"lcp_identification", "[LCP Ident id=# magic=0x11223344 \"MSRASV5.20\"]"},
		{"lcp_timeremaining", "[LCP TimeRem id=# magic=0x11223344 seconds=600]"},
		{"chap_challenge",
		 "[CHAP Challenge id=# <5b5d7c7d7b3f2f3e3c2c602132262628>, name = \"srv\"]"},
		{"chap_response", "[CHAP Response id=# <hidden>, name = \"User\"]"},
		{"pap_request", "[PAP AuthReq id=# user=\"User\" password=<hidden>]"},
		{"ipcp_confreq_zero",
		 "[IPCP ConfReq id=# <addr 0.0.0.0> <ms-dns1 0.0.0.0> <ms-dns2 0.0.0.0> "
		 "<ms-wins1 0.0.0.0> <ms-wins2 0.0.0.0>]"},
		{"ipcp_confreq_vj", "[IPCP ConfReq id=# <compress 00 2d 0f 01> <addr 0.0.0.0>]"},
		{"ip6cp_confreq", "[IPV6CP ConfReq id=# <addr fe80::0211:2233:4455:6677>]"},
		{"ccp_confreq", "[CCP ConfReq id=# <mppe +H -M +S -L -D -C>]"},
		{"ccp_resetreq", "[CCP ResetReq id=#]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t frame[VECTOR_MAX];
		char text[400], expected[400];
		size_t len = vector_hex("ppp.txt", "frames", cases[i].name, frame, sizeof(frame));
		const char *id = strchr(cases[i].line, '#');

		print_octets(text, sizeof(text), frame, len);
		assert_non_null(id); /* the vector's own identifier stands there */
		snprintf(expected, sizeof(expected), "%.*s0x%x%s", (int)(id - cases[i].line),
			 cases[i].line, frame[5], id + 1);
		assert_string_equal(text, expected);
	}
}

static void print_auth_vector(const char *section, const char *name, uint16_t protocol, char *text,
			      size_t cap)
{
	uint8_t packet[VECTOR_MAX];
	size_t len = vector_hex("auth.txt", section, name, packet, sizeof(packet));
	struct str s = str_make(text, cap);

	print_frame(&s, protocol, packet, len);
}

static void no_response_proof_or_password_is_printed(void **state)
{
	static const struct {
		const char *section, *name;
		uint16_t protocol;
	} cases[] = {
		{"pap", "request", FRAME_PAP},
		{"chap_md5", "c1.response_pkt", FRAME_CHAP},
		{"mschap_v1", "response_pkt", FRAME_CHAP},
		{"mschap_v2", "response_pkt", FRAME_CHAP},
		{"mschap_v2", "success_pkt", FRAME_CHAP},
		{"eap", "md5_response", FRAME_EAP},
		{"eap_mschapv2", "response", FRAME_EAP},
		{"eap_mschapv2", "success_request", FRAME_EAP},
	};
	static const char *const secrets[] = {"clientPass", "740e86", "74 0e", "4e9d3c", "4e 9d",
					      "82309e",	    "82 30",  "407A",  "96d516", "96 d5"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[400];

		print_auth_vector(cases[i].section, cases[i].name, cases[i].protocol, text,
				  sizeof(text));
		assert_non_null(strstr(text, "<hidden>"));
		for (size_t k = 0; k < sizeof(secrets) / sizeof(secrets[0]); k++)
			assert_null(strstr(text, secrets[k]));
	}
}

static void a_rejected_pap_request_does_not_show_its_password(void **state)
{
	uint8_t packet[128] = {8, 1, 0, 26, 0xc0, 0x23};
	char text[300];
	struct str s = str_make(text, sizeof(text));

	(void)state;
	assert_int_equal(vector_hex("auth.txt", "pap", "request", packet + 6, 100), 20);
	print_frame(&s, FRAME_LCP, packet, 26);
	assert_string_equal(text, "[LCP ProtRej id=0x1 PAP (22 octets)]");
}

static void hostile_text_is_cleaned(void **state)
{
	static const uint8_t packet[] = {5, 1, 0, 9, 'a', '\n', 0x1b, '"', 0xff};
	char text[100];
	struct str s = str_make(text, sizeof(text));

	(void)state;
	print_frame(&s, FRAME_LCP, packet, sizeof(packet));
	assert_null(strchr(text, '\n'));
	assert_null(strchr(text, 0x1b));
	assert_non_null(strstr(text, "\\x0a"));
}

static void broken_and_foreign_packets_have_a_line(void **state)
{
	static const uint8_t broken[] = {1, 1, 0, 9, 1, 1, 0, 0}, list[] = {1, 1, 0, 8, 1, 0, 0, 0};
	static const uint8_t foreign[] = {1, 2, 0, 6, 0xaa, 0xbb};
	char text[200];
	struct str s = str_make(text, sizeof(text));

	(void)state;
	print_frame(&s, FRAME_LCP, broken, sizeof(broken));
	assert_string_equal(text, "[LCP broken packet of 8 octets]");
	s = str_make(text, sizeof(text));
	print_frame(&s, FRAME_LCP, list, sizeof(list));
	assert_string_equal(text, "[LCP ConfReq id=0x1 broken option list]");
	s = str_make(text, sizeof(text));
	print_frame(&s, 0xc0ff, foreign, sizeof(foreign));
	assert_non_null(strstr(text, "proto=0xc0ff"));
	s = str_make(text, sizeof(text));
	print_frame(&s, FRAME_IPV4, foreign, sizeof(foreign));
	assert_string_equal(text, "[IP 6 octets]");
}

static void a_small_buffer_cuts_the_line(void **state)
{
	uint8_t frame[VECTOR_MAX];
	size_t len = vector_hex("ppp.txt", "frames", "ipcp_confreq_zero", frame, sizeof(frame));

	(void)state;
	for (size_t cap = 1; cap < 140; cap++) {
		char text[140];

		print_octets(text, cap, frame, len);
		assert_true(strlen(text) < cap);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_print_as_pppd_prints_them),
		cmocka_unit_test(no_response_proof_or_password_is_printed),
		cmocka_unit_test(a_rejected_pap_request_does_not_show_its_password),
		cmocka_unit_test(hostile_text_is_cleaned),
		cmocka_unit_test(broken_and_foreign_packets_have_a_line),
		cmocka_unit_test(a_small_buffer_cuts_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
