/* SPDX-License-Identifier: MIT */
/* A server that hangs up right after we refused what it asked for: the sentence names it. */
#include "ppp_harness.h"

#define MPPE_128 "120601000040"
#define MPPE_40	 "120601000020"

/* In the network phase, logged on by PAP (no keys) or MS-CHAPv2. */
static struct end *logged_on(struct ppp_config *c, bool keys)
{
	struct end *e = dial_new(c);
	char ack[16];

	open_lcp(e, keys ? AUTH_MS1 : AUTH_PAP);
	if (keys) {
		inject(e, FRAME_CHAP,
		       "0101000e080102030405060708"
		       "78");
		inject(e, FRAME_CHAP, "03010004");
	} else {
		snprintf(ack, sizeof(ack), "02%02x000500", take(e, FRAME_PAP, 1)->info[1]);
		inject(e, FRAME_PAP, ack);
	}
	assert_int_equal(e->phase, PPP_PHASE_NETWORK);
	return e;
}

static struct end *dial_with(enum mppe_policy mppe, enum mppe_mode mode, bool keys)
{
	struct ppp_config c = caller_config();

	c.settings.mppe.policy = mppe;
	c.settings.mppe.mode = mode;
	return logged_on(&c, keys);
}

static void hangs_up(struct end *e, const char *words)
{
	inject(e, FRAME_LCP, "05630004");
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, words);
	end_free(e);
}

static void encryption_that_the_profile_cannot_have_is_named_with_its_key(void **state)
{
	struct end *e = dial_with(MPPE_YES, MPPE_ANY, false);

	(void)state;
	peer_request(e, FRAME_CCP, 1, MPPE_128);
	take(e, FRAME_LCP, 8);
	hangs_up(e, "the server hung up while the network was being set up after we refused "
		    "encryption: authentication with pap gives no keys for it (allow = mschap2 "
		    "does)");
	e = dial_with(MPPE_NO, MPPE_STATELESS, true);
	peer_request(e, FRAME_CCP, 1, MPPE_128);
	peer_request(e, FRAME_IPV6CP, 1, "010a0000000000000001"); /* does not cover it */
	hangs_up(e, "after we refused encryption (use-encryption = no)");
	e = dial_with(MPPE_NO, MPPE_STATELESS, true);
	peer_request(e, FRAME_CCP, 1, "1a047800");
	hangs_up(e, "after we refused compression");
}

static void the_kind_of_encryption_is_named_with_its_key(void **state)
{
	struct end *e = dial_with(MPPE_YES, MPPE_STATELESS, true);

	(void)state;
	peer_request(e, FRAME_CCP, 1, MPPE_40);
	take(e, FRAME_CCP, 3);
	hangs_up(e, "after we refused MPPE of 40 bit (mppe-strength)");
	e = dial_with(MPPE_YES, MPPE_STATELESS, true);
	inject(e, FRAME_CCP, "0301000a" MPPE_40);
	hangs_up(e, "after we refused MPPE of 40 bit (mppe-strength)");
	e = dial_with(MPPE_YES, MPPE_STATELESS, true);
	peer_request(e, FRAME_CCP, 1, "120600000040");
	hangs_up(e, "after we refused stateful MPPE (mppe-mode = any permits it)");
	e = dial_with(MPPE_REQUIRE, MPPE_STATELESS, true);
	peer_request(e, FRAME_CCP, 1, MPPE_40);
	inject(e, FRAME_CCP, "05010007627965");
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED,
		   "encryption is required, but the server ended CCP after we refused MPPE of 40 "
		   "bit (mppe-strength): \"bye\"");
	end_free(e);
}

static void a_reject_of_ours_does_not_hide_what_the_server_wants(void **state)
{
	struct end *e = dial_with(MPPE_REQUIRE, MPPE_STATELESS, true);

	(void)state;
	peer_request(e, FRAME_CCP, 1, MPPE_40);
	send_back(e, take(e, FRAME_CCP, 1), 4);
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED,
		   "the server wants MPPE 40 bit, the profile permits only 128 bit "
		   "(mppe-strength)");
	end_free(e);
}

static void options_of_lcp_are_named_until_the_server_does_without(void **state)
{
	static const struct {
		const char *options, *words;
	} cases[] = {
		{"0d0306", "hung up during LCP negotiation after we refused to be called back"},
		{"01040040", "after we refused packets of less than 128 bytes (mru)"},
		{"110405dc", "after we refused Multilink (mrru)"},
		{"0408c02500000000", "after we refused reports of line quality"},
		{"6303ff", "after we refused an option unknown here"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ppp_config c = caller_config();
		struct end *e = dial_new(&c);

		peer_request(e, FRAME_LCP, 1, cases[i].options);
		hangs_up(e, cases[i].words);
		e = dial_new(&c);
		peer_request(e, FRAME_LCP, 1, cases[i].options);
		peer_request(e, FRAME_LCP, 2, "050655667788");
		inject(e, FRAME_LCP, "05630004");
		run_timers(e, 5000);
		assert_null(strstr(e->reason.text, "refused"));
		end_free(e);
	}
}

static void options_of_ipcp_are_named(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;

	(void)state;
	c.settings.remote = ip("10.0.0.9");
	c.settings.remote_must = true;
	e = logged_on(&c, true);
	peer_request(e, FRAME_IPCP, 1, "03060a000001");
	take(e, FRAME_IPCP, 3);
	hangs_up(e, "after we refused the address that it wants (remote-address)");
	e = dial_with(MPPE_NO, MPPE_STATELESS, true);
	peer_request(e, FRAME_IPCP, 1, "0206002d0f01");
	hangs_up(e, "after we refused compression of headers");
	e = dial_with(MPPE_NO, MPPE_STATELESS, true);
	peer_request(e, FRAME_IPCP, 1, "0206002d0f01");
	inject(e, FRAME_IPCP, "05090004");
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED,
		   "the server closed IPCP after we refused compression of headers");
	end_free(e);
}

/* The tunnel's end, without a word of PPP, asks for it. */
static void a_refusal_is_old_news_after_half_a_minute_and_once_the_network_is_up(void **state)
{
	char buf[PPP_REFUSAL_MAX];
	struct end *e = dial_with(MPPE_NO, MPPE_STATELESS, true);

	(void)state;
	assert_string_equal(ppp_refusal(e->link, buf, sizeof(buf)), "");
	peer_request(e, FRAME_IPV6CP, 1, "010a0000000000000001");
	assert_string_equal(ppp_refusal(e->link, buf, sizeof(buf)),
			    " after we refused IPv6 (ipv6 = no)");
	open_ipcp_ours(e);
	open_ipcp(e);
	assert_string_equal(ppp_refusal(e->link, buf, sizeof(buf)), "");
	peer_request(e, FRAME_CCP, 1, MPPE_128);
	assert_string_equal(ppp_refusal(e->link, buf, sizeof(buf)),
			    " after we refused encryption (use-encryption = no)");
	run_timers(e, 31000);
	ppp_tick(e->link, e->now_ms);
	assert_string_equal(ppp_refusal(e->link, buf, sizeof(buf)), "");
	end_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encryption_that_the_profile_cannot_have_is_named_with_its_key),
		cmocka_unit_test(the_kind_of_encryption_is_named_with_its_key),
		cmocka_unit_test(a_reject_of_ours_does_not_hide_what_the_server_wants),
		cmocka_unit_test(options_of_lcp_are_named_until_the_server_does_without),
		cmocka_unit_test(options_of_ipcp_are_named),
		cmocka_unit_test(
			a_refusal_is_old_news_after_half_a_minute_and_once_the_network_is_up),
	};

	return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
