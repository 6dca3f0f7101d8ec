/* SPDX-License-Identifier: MIT */
/* CCP's request that follows the MS-CHAP response at once, and the order of the two Acks. */
#include "ppp_harness.h"

static void vector_random(void *ctx, void *buf, size_t len)
{
	if (len == 16)
		vector_hex_exact("auth.txt", "mschap_v2", "peer_challenge", buf, 16);
	else
		end_random(ctx, buf, len);
}

/* A link that has answered the challenge and does not know the result yet. */
static struct end *answered(enum mppe_policy policy)
{
	struct ppp_config c = caller_config();
	struct end *e;

	c.settings.mppe.policy = policy;
	c.settings.mppe.strengths = MPPE_128;
	c.settings.mppe.mode = MPPE_STATELESS;
	e = dial_new(&c);
	e->random.fill = vector_random;
	open_lcp(e, AUTH_MS2);
	inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
	take(e, FRAME_CHAP, 2);
	return e;
}

static void success(struct end *e)
{
	inject_vector(e, FRAME_CHAP, "mschap_v2", "success_pkt");
	assert_int_equal(e->phase, PPP_PHASE_NETWORK);
}

static void finish(struct end *e)
{
	peer_request(e, FRAME_CCP, 1, "120601000040");
	take(e, FRAME_CCP, 2);
	assert_false(e->data.tx_blocked);
	assert_int_equal(e->data.tx.bits, 128);
	end_free(e);
}

static void the_request_follows_the_proof_and_is_not_repeated_before_the_result(void **state)
{
	struct end *e = answered(MPPE_REQUIRE);
	struct frame *f = take(e, FRAME_CCP, 1);

	(void)state;
	assert_true(e->data.tx_blocked && !e->data.rx_clear);
	run_timers(e, 3000);
	none_sent(e, FRAME_CCP, 1);
	success(e);
	none_sent(e, FRAME_CCP, 1);
	send_back(e, f, 2);
	finish(e);
}

static void after_a_hang_up_during_authentication_the_request_waits(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;

	(void)state;
	c.settings.mppe.policy = MPPE_REQUIRE;
	c.settings.mppe.strengths = MPPE_128;
	c.settings.mppe.mode = MPPE_STATELESS;
	c.late_ccp = true;
	e = dial_new(&c);
	e->random.fill = vector_random;
	open_lcp(e, AUTH_MS2);
	inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
	take(e, FRAME_CHAP, 2);
	none_sent(e, FRAME_CCP, 1);
	success(e);
	send_back(e, take(e, FRAME_CCP, 1), 2);
	finish(e);
}

static void without_encryption_or_keys_nothing_is_sent_early(void **state)
{
	struct end *e = answered(MPPE_NO);
	struct ppp_config c = caller_config();

	(void)state;
	none_sent(e, FRAME_CCP, 1);
	end_free(e);
	c.settings.mppe.policy = MPPE_YES;
	e = dial_new(&c);
	open_lcp(e, "0305c22305");
	inject_vector(e, FRAME_CHAP, "chap_md5", "c1.challenge_pkt");
	take(e, FRAME_CHAP, 2);
	none_sent(e, FRAME_CCP, 1);
	end_free(e);
}

static void an_early_request_that_was_dropped_is_repeated_soon_after_the_result(void **state)
{
	struct end *e = answered(MPPE_REQUIRE);
	struct frame *f;

	(void)state;
	take(e, FRAME_CCP, 1);
	success(e);
	run_timers(e, 200);
	f = take(e, FRAME_CCP, 1);
	send_back(e, f, 2);
	finish(e);
}

/* The server's own request shows that it listens: a round trip later ours is said again. */
static void an_early_request_that_was_dropped_follows_the_servers_own(void **state)
{
	struct end *e = answered(MPPE_REQUIRE);
	struct frame *f;

	(void)state;
	take(e, FRAME_CCP, 1);
	success(e);
	peer_request(e, FRAME_CCP, 1, "120601000040");
	run_timers(e, 29);
	none_sent(e, FRAME_CCP, 1);
	run_timers(e, 2);
	f = take(e, FRAME_CCP, 1);
	none_sent(e, FRAME_CCP, 2);
	send_back(e, f, 2);
	take(e, FRAME_CCP, 2);
	assert_false(e->data.tx_blocked);
	end_free(e);
}

static void a_request_that_came_too_early_for_ipcp_follows_the_servers_own(void **state)
{
	struct end *e = answered(MPPE_REQUIRE);
	struct frame *f = take(e, FRAME_CCP, 1);

	(void)state;
	success(e);
	peer_request(e, FRAME_CCP, 1, "120601000040");
	send_back(e, f, 2);
	take(e, FRAME_IPCP, 1);
	run_timers(e, 20);
	none_sent(e, FRAME_IPCP, 1);
	peer_request(e, FRAME_IPCP, 1, "03060a000001");
	take(e, FRAME_IPCP, 2);
	run_timers(e, 31);
	f = take(e, FRAME_IPCP, 1);
	assert_int_equal(f->info[1], 1); /* a repetition: an answer to either will do */
	run_timers(e, 300);
	none_sent(e, FRAME_IPCP, 1); /* and then by the timer */
	end_free(e);
}

static void an_early_request_that_was_rejected_is_no_refusal(void **state)
{
	struct end *e = answered(MPPE_REQUIRE);
	struct frame *f;

	(void)state;
	take(e, FRAME_CCP, 1);
	inject(e, FRAME_LCP, "0808001080fd0101000a120601000040");
	success(e);
	f = take(e, FRAME_CCP, 1);
	send_back(e, f, 2);
	finish(e);
	/* The same words after the result are a refusal. */
	e = answered(MPPE_REQUIRE);
	take(e, FRAME_CCP, 1);
	success(e);
	inject(e, FRAME_LCP, "0808001080fd0101000a120601000040");
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "offers no MPPE (it rejected CCP)");
	end_free(e);
}

static void a_new_challenge_makes_the_early_keys_void(void **state)
{
	struct ppp_config c = caller_config();
	uint8_t early[16];
	struct end *e;

	(void)state;
	c.settings.mppe.policy = MPPE_REQUIRE;
	c.settings.mppe.strengths = MPPE_128;
	e = dial_new(&c);
	open_lcp(e, AUTH_MS1);
	inject(e, FRAME_CHAP, "0121001008102db5df085d3041737276");
	take(e, FRAME_CCP, 1);
	memcpy(early, e->data.rx.start, sizeof early);
	inject(e, FRAME_CHAP, "0122001008202db5df085d3041737276");
	inject(e, FRAME_CHAP,
	       "03220006"
	       "6f6b");
	assert_int_equal(e->phase, PPP_PHASE_NETWORK);
	assert_memory_not_equal(e->data.rx.start, early, sizeof early);
	send_back(e, take(e, FRAME_CCP, 1), 2);
	finish(e);
}

/* pppd hangs up when a request for CCP reaches it in Opened, so it must not get there while we may
 * have to repeat ours. */
static void the_peers_request_is_acked_only_after_ours_was(void **state)
{
	struct end *e = answered(MPPE_REQUIRE);
	struct frame *f = take(e, FRAME_CCP, 1);

	(void)state;
	success(e);
	peer_request(e, FRAME_CCP, 1, "120601000040");
	none_sent(e, FRAME_CCP, 2);
	run_timers(e, 2000);
	take(e, FRAME_CCP, 1);
	none_sent(e, FRAME_CCP, 2);
	assert_true(e->data.tx_blocked);
	send_back(e, f, 2);
	take(e, FRAME_CCP, 2);
	assert_false(e->data.tx_blocked);
	run_timers(e, 5000);
	none_sent(e, FRAME_CCP, 1);
	end_free(e);
}

/* Success was lost, and so may be the answer to the first repetition. */
static void the_response_is_repeated_until_the_result_comes(void **state)
{
	struct end *e = answered(MPPE_REQUIRE);

	(void)state;
	take(e, FRAME_CCP, 1);
	run_timers(e, 1000);
	none_sent(e, FRAME_CHAP, 2); /* the authenticator's to repeat, so far */
	peer_request(e, FRAME_CCP, 1, "120601000040");
	take(e, FRAME_CHAP, 2);
	run_timers(e, 2500);
	take(e, FRAME_CHAP, 2);
	take(e, FRAME_CHAP, 2);
	success(e);
	run_timers(e, 200);
	send_back(e, take(e, FRAME_CCP, 1), 2);
	take(e, FRAME_CCP, 2);
	assert_false(e->data.tx_blocked);
	end_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_request_follows_the_proof_and_is_not_repeated_before_the_result),
		cmocka_unit_test(after_a_hang_up_during_authentication_the_request_waits),
		cmocka_unit_test(without_encryption_or_keys_nothing_is_sent_early),
		cmocka_unit_test(
			an_early_request_that_was_dropped_is_repeated_soon_after_the_result),
		cmocka_unit_test(an_early_request_that_was_dropped_follows_the_servers_own),
		cmocka_unit_test(a_request_that_came_too_early_for_ipcp_follows_the_servers_own),
		cmocka_unit_test(an_early_request_that_was_rejected_is_no_refusal),
		cmocka_unit_test(a_new_challenge_makes_the_early_keys_void),
		cmocka_unit_test(the_response_is_repeated_until_the_result_comes),
		cmocka_unit_test(the_peers_request_is_acked_only_after_ours_was),
	};

	return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
