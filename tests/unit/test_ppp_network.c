/* SPDX-License-Identifier: MIT */
/* A calling link against a scripted peer: encryption, addresses, life and end of the call. */
#include "ppp_harness.h"

#include "crypto/mschap.h"

static void vector_random(void *ctx, void *buf, size_t len)
{
	if (len == 16)
		vector_hex_exact("auth.txt", "mschap_v2", "peer_challenge", buf, 16);
	else
		end_random(ctx, buf, len);
}

/* A link in the network phase, logged on by MS-CHAPv2 with the keys of the vectors. */
static struct end *logged_on(struct ppp_config *c)
{
	struct end *e = dial_new(c);

	e->random.fill = vector_random;
	open_lcp(e, AUTH_MS2);
	inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
	inject_vector(e, FRAME_CHAP, "mschap_v2", "success_pkt");
	assert_int_equal(e->authenticated, 1);
	assert_int_equal(e->phase, PPP_PHASE_NETWORK);
	return e;
}

static struct end *mppe_dial(enum mppe_policy policy, unsigned bits, enum mppe_mode mode)
{
	struct ppp_config c = caller_config();

	c.settings.mppe.policy = policy;
	c.settings.mppe.strengths = bits;
	c.settings.mppe.mode = mode;
	return logged_on(&c);
}

static void mppe_opens(struct end *e)
{
	send_back(e, take(e, FRAME_CCP, 1), 2);
	peer_request(e, FRAME_CCP, 1, "120601000040");
	take(e, FRAME_CCP, 2);
}

/* ---- encryption ---- */

static void nothing_may_pass_until_ccp_settled_and_keys_match_the_vectors(void **state)
{
	struct end *e = mppe_dial(MPPE_REQUIRE, MPPE_128, MPPE_STATELESS);
	uint8_t send_key[16], receive_key[16], msk[64];
	struct frame *f = take(e, FRAME_CCP, 1);

	(void)state;
	vector_hex_exact("auth.txt", "eap_mschapv2", "msk", msk, 64);
	memcpy(receive_key, msk, 16);
	memcpy(send_key, msk + 16, 16);
	expect_frame(f, "0101000a120601000040");
	/* The peer may encrypt as soon as it has that request. */
	assert_int_equal(e->data.rx.bits, 128);
	assert_memory_equal(e->data.rx.start, receive_key, 16);
	assert_true(e->data.tx_blocked && !e->data.rx_clear);
	none_sent(e, FRAME_IPCP, 1);
	send_back(e, f, 2);
	assert_true(e->data.tx_blocked && e->data.tx.bits == 0);
	peer_request(e, FRAME_CCP, 1, "120601000040");
	take(e, FRAME_CCP, 2);
	assert_false(e->data.tx_blocked || e->data.rx_clear);
	assert_int_equal(e->data.tx.bits, 128);
	assert_false(e->data.tx.stateful);
	assert_memory_equal(e->data.tx.start, send_key, 16);
	assert_false(e->data.ipv4);
	open_ipcp_ours(e);
	open_ipcp(e);
	assert_true(e->data.ipv4);
	assert_int_equal(e->networks, 1);
	end_free(e);
}

static void required_encryption_fails_with_the_servers_offer_in_words(void **state)
{
	static const struct {
		const char *frame;
		uint16_t protocol;
		const char *words;
	} cases[] = {
		{"0401000a120601000040", FRAME_CCP, "offers no MPPE (it rejected it)"},
		{"0808001080fd0101000a120601000040", FRAME_LCP, "offers no MPPE (it rejected CCP)"},
		{"0301000a120601000020", FRAME_CCP,
		 "the server wants MPPE 40 bit, the profile permits only 128 bit (mppe-strength)"},
		{"0301000a1206000000a0", FRAME_CCP,
		 "the server wants MPPE 40 or 56 bit, the profile permits only 128 bit"},
		{"0301000a120600000000", FRAME_CCP, "wants MPPE of no strength"},
		{"05010007627965", FRAME_CCP, "ended CCP: \"bye\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct end *e = mppe_dial(MPPE_REQUIRE, MPPE_128, MPPE_STATELESS);

		inject(e, cases[i].protocol, cases[i].frame);
		take(e, FRAME_LCP, 5);
		run_timers(e, 5000);
		expect_end(e, EXIT_NEGOTIATION_FAILED, "encryption is required");
		expect_end(e, EXIT_NEGOTIATION_FAILED, cases[i].words);
		none_sent(e, FRAME_IPCP, 1);
		end_free(e);
	}
}

static void required_encryption_fails_when_ccp_is_silent_or_empty(void **state)
{
	struct end *e = mppe_dial(MPPE_REQUIRE, MPPE_128, MPPE_STATELESS);

	(void)state;
	run_timers(e, 60000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "it does not answer CCP");
	end_free(e);
	e = mppe_dial(MPPE_REQUIRE, MPPE_128, MPPE_STATELESS);
	send_back(e, take(e, FRAME_CCP, 1), 2);
	for (uint8_t id = 1; id < 20; id++)
		peer_request(e, FRAME_CCP, id, id % 2 ? "EMPTY" : "1a047800");
	take(e, FRAME_CCP, 3); /* it was asked for */
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "does not ask for any");
	end_free(e);
}

static void an_all_zero_request_is_acked_or_naked_by_policy(void **state)
{
	struct end *e = mppe_dial(MPPE_YES, MPPE_128, MPPE_STATELESS);

	(void)state;
	send_back(e, take(e, FRAME_CCP, 1), 4);
	send_back(e, take(e, FRAME_CCP, 1), 2);
	peer_request(e, FRAME_CCP, 1, "120600000000");
	take(e, FRAME_CCP, 2);
	assert_true(e->data.rx_clear && !e->data.tx_blocked && e->data.tx.bits == 0);
	end_free(e);
	e = mppe_dial(MPPE_REQUIRE, MPPE_128, MPPE_STATELESS);
	for (uint8_t id = 1; id < 10; id++)
		peer_request(e, FRAME_CCP, id, "120600000000");
	expect_frame(take(e, FRAME_CCP, 3), "0301000a120601000040");
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "names no strength");
	end_free(e);
}

static void requests_of_the_peer_are_brought_to_one_permitted_strength(void **state)
{
	static const struct {
		unsigned bits;
		enum mppe_mode mode;
		const char *request, *nak; /* NULL: acked */
	} cases[] = {
		{MPPE_128, MPPE_STATELESS, "120601000040", NULL},
		{MPPE_128, MPPE_STATELESS, "120600000040", "120601000040"},
		{MPPE_128, MPPE_STATELESS, "1206010000e1", "120601000040"},
		{MPPE_128, MPPE_STATELESS, "120601000020", "120601000040"},
		{MPPE_128, MPPE_STATELESS, "120681000040", "120601000040"},
		{MPPE_128, MPPE_STATEFUL, "120600000040", NULL},
		{MPPE_128, MPPE_STATEFUL, "120601000040", NULL},
		{MPPE_128, MPPE_ANY, "120600000040", NULL},
		{MPPE_128, MPPE_ANY, "120600000060", "120601000040"},
		{MPPE_40 | MPPE_56, MPPE_STATELESS, "1206010000e0", "120601000080"},
		{MPPE_40 | MPPE_128, MPPE_STATELESS, "120601000020", NULL},
		{MPPE_40, MPPE_STATELESS, "120601000040", "120601000020"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct end *e = mppe_dial(MPPE_REQUIRE, cases[i].bits, cases[i].mode);
		char hex[40];

		peer_request(e, FRAME_CCP, 1, cases[i].request);
		if (cases[i].nak) {
			snprintf(hex, sizeof(hex), "0301000a%s", cases[i].nak);
			expect_frame(take(e, FRAME_CCP, 3), hex);
		} else {
			/* Ours goes first. */
			send_back(e, take(e, FRAME_CCP, 1), 2);
			take(e, FRAME_CCP, 2);
		}
		end_free(e);
	}
}

/* A server that has stateful MPPE only, in the three ways in which it may say so. */
static void a_server_with_stateful_mppe_only_is_encrypted_to_by_default(void **state)
{
	static const char *const answers[] = {"0301000a120600000040", "0401000a120601000040"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct end *e = mppe_dial(MPPE_YES, MPPE_128, MPPE_ANY);

		peer_request(e, FRAME_CCP, 1, "120600000040");
		expect_frame(take(e, FRAME_CCP, 1), "0101000a120601000040");
		inject(e, FRAME_CCP, answers[i]);
		send_back(e, take(e, FRAME_CCP, 1), 2);
		take(e, FRAME_CCP, 2);
		assert_true(!e->data.tx_blocked && !e->data.rx_clear);
		assert_true(e->data.tx.bits == 128 && e->data.tx.stateful);
		assert_true(e->data.rx.bits == 128 && e->data.rx.stateful);
		end_free(e);
	}
}

static void a_server_that_insists_on_stateful_mppe_gets_it_in_the_second_nak(void **state)
{
	struct end *e = mppe_dial(MPPE_REQUIRE, MPPE_128, MPPE_ANY);

	(void)state;
	peer_request(e, FRAME_CCP, 1, "120600000060");
	expect_frame(take(e, FRAME_CCP, 3), "0301000a120601000040");
	peer_request(e, FRAME_CCP, 2, "120600000060");
	expect_frame(take(e, FRAME_CCP, 3), "0302000a120600000040");
	end_free(e);
}

static void strict_stateless_names_the_mode_and_its_key(void **state)
{
	static const char *const words =
		"the server wants stateful MPPE, the profile permits only stateless (mppe-mode = "
		"any permits both)";
	struct end *e = mppe_dial(MPPE_REQUIRE, MPPE_128, MPPE_STATELESS);
	char nak[40];

	(void)state;
	for (unsigned i = 0; i < 8 && e->phase == PPP_PHASE_NETWORK; i++) {
		snprintf(nak, sizeof(nak), "03%02x000a120600000040",
			 take(e, FRAME_CCP, 1)->info[1]);
		inject(e, FRAME_CCP, nak);
	}
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, words);
	end_free(e);
	e = mppe_dial(MPPE_REQUIRE, MPPE_128, MPPE_STATELESS);
	peer_request(e, FRAME_CCP, 1, "120600000040");
	inject(e, FRAME_CCP, "0401000a120601000040");
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, words);
	end_free(e);
}

static void naks_are_followed_inside_the_permitted_strengths(void **state)
{
	struct end *e = mppe_dial(MPPE_REQUIRE, MPPE_40 | MPPE_128, MPPE_STATEFUL);
	uint32_t generation = e->data.rx.generation;

	(void)state;
	expect_frame(take(e, FRAME_CCP, 1), "0101000a120600000060");
	assert_true(e->data.rx.stateful);
	inject(e, FRAME_CCP, "0301000a120601000020");
	expect_frame(take(e, FRAME_CCP, 1), "0102000a120601000020");
	assert_int_equal(e->data.rx.bits, 40);
	assert_false(e->data.rx.stateful);
	assert_int_equal(e->data.rx.generation, generation + 1);
	end_free(e);
}

static void a_wish_for_encryption_goes_on_in_clear_when_refused_or_unanswered(void **state)
{
	struct end *e = mppe_dial(MPPE_YES, MPPE_128, MPPE_STATELESS);

	(void)state;
	inject(e, FRAME_LCP, "0808001080fd0101000a120601000040");
	assert_true(e->data.rx_clear && !e->data.tx_blocked);
	take(e, FRAME_IPCP, 1);
	end_free(e);
	e = mppe_dial(MPPE_YES, MPPE_128, MPPE_STATELESS);
	peer_request(e, FRAME_IPCP, 1, "03060a000001"); /* it went on without CCP */
	assert_true(e->data.tx_blocked);
	run_timers(e, 4900);
	assert_true(e->data.tx_blocked);
	run_timers(e, 200);
	assert_true(e->data.rx_clear && !e->data.tx_blocked);
	take(e, FRAME_IPCP, 2);
	end_free(e);
}

static void refused_encryption_answers_ccp_with_protocol_reject(void **state)
{
	struct end *e = mppe_dial(MPPE_NO, MPPE_128, MPPE_STATELESS);
	struct frame *f;

	(void)state;
	none_sent(e, FRAME_CCP, 1);
	assert_true(e->data.rx_clear && !e->data.tx_blocked);
	peer_request(e, FRAME_CCP, 1, "120601000040");
	f = take(e, FRAME_LCP, 8);
	assert_memory_equal(f->info + 4, "\x80\xfd\x01\x01\x00\x0a", 6);
	end_free(e);
}

static void losing_encryption_in_mid_call_blocks_at_once_and_ends_the_call(void **state)
{
	static const char *const ways[] = {"0502000462", "0104000a120601000020"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct end *e = mppe_dial(MPPE_REQUIRE, MPPE_128, MPPE_STATELESS);

		mppe_opens(e);
		assert_false(e->data.tx_blocked);
		if (i < 2)
			inject(e, FRAME_CCP, ways[i]);
		else
			inject(e, FRAME_LCP, "0808000a80fd01010004");
		assert_true(e->data.tx_blocked && !e->data.rx_clear);
		assert_int_equal(e->data.tx.bits, 0);
		run_timers(e, 30000);
		assert_int_equal(e->closed, 1);
		expect_end(e, EXIT_NEGOTIATION_FAILED, i < 2 ? "" : "(it rejected CCP)");
		end_free(e);
	}
}

static void ccp_negotiated_anew_starts_new_key_generations(void **state)
{
	struct end *e = mppe_dial(MPPE_REQUIRE, MPPE_128, MPPE_STATELESS);
	uint32_t rx, tx;

	(void)state;
	mppe_opens(e);
	rx = e->data.rx.generation;
	tx = e->data.tx.generation;
	peer_request(e, FRAME_CCP, 2, "120601000040");
	assert_true(e->data.tx_blocked);
	send_back(e, take(e, FRAME_CCP, 1), 2);
	assert_false(e->data.tx_blocked);
	assert_int_equal(e->data.rx.generation, rx + 1);
	assert_int_equal(e->data.tx.generation, tx + 1);
	end_free(e);
}

static void a_server_silent_in_ccp_begun_anew_is_said_to_be_silent(void **state)
{
	struct end *e = mppe_dial(MPPE_REQUIRE, MPPE_128, MPPE_STATELESS);

	(void)state;
	mppe_opens(e);
	peer_request(e, FRAME_CCP, 2, "120601000040");
	run_timers(e, 30000);
	expect_end(e, EXIT_NEGOTIATION_FAILED,
		   "the server does not answer CCP, which began anew in mid-call");
	end_free(e);
}

static void resets_are_answered_and_asked_for_at_a_bounded_rate(void **state)
{
	struct end *e = mppe_dial(MPPE_REQUIRE, MPPE_128, MPPE_STATELESS);
	struct frame *first, *second;

	(void)state;
	mppe_opens(e);
	inject(e, FRAME_CCP, "0e070004");
	expect_frame(take(e, FRAME_CCP, 15), "0f070004");
	assert_int_equal(e->resets, 1);
	ppp_request_reset(e->link, e->now_ms);
	first = take(e, FRAME_CCP, 14);
	ppp_request_reset(e->link, e->now_ms + 999);
	none_sent(e, FRAME_CCP, 14);
	ppp_request_reset(e->link, e->now_ms + 1000);
	second = take(e, FRAME_CCP, 14);
	assert_int_not_equal(first->info[1], second->info[1]);
	end_free(e);
}

/* ---- addresses ---- */

static struct end *clear_dial(struct ppp_config *c)
{
	return logged_on(c);
}

static void addresses_and_servers_are_taken_from_naks(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;
	struct frame *f;

	(void)state;
	c.ask_wins = true;
	e = clear_dial(&c);
	f = take(e, FRAME_IPCP, 1);
	assert_int_equal(f->len, 4 + 5 * 6);
	/* DNS2 and both WINS rejected, then address and DNS1 named, as pppd does */
	inject(e, FRAME_IPCP, "04010016820600000000830600000000840600000000");
	f = take(e, FRAME_IPCP, 1);
	expect_frame(f, "01020010030600000000810600000000");
	inject(e, FRAME_IPCP, "0302001003060a00000281060a000035");
	f = take(e, FRAME_IPCP, 1);
	expect_frame(f, "0103001003060a00000281060a000035");
	assert_int_equal(e->networks, 0);
	send_back(e, f, 2);
	open_ipcp(e);
	assert_int_equal(e->networks, 1);
	assert_int_equal(e->addresses.local.s_addr, ip("10.0.0.2").s_addr);
	assert_int_equal(e->addresses.remote.s_addr, ip("10.0.0.1").s_addr);
	assert_int_equal(e->addresses.dns[0].s_addr, ip("10.0.0.53").s_addr);
	assert_int_equal(e->addresses.dns[1].s_addr, 0);
	assert_int_equal(e->addresses.wins[0].s_addr, 0);
	end_free(e);
}

static void impossible_addresses_end_the_call(void **state)
{
	static const struct {
		const char *address, *words;
	} cases[] = {
		{"00000000", "assigns no address"},
		{"7f000001", "the address 127.0.0.1, which no host can have"},
		{"e0000001", "which no host can have"},
		{"ffffffff", "which no host can have"},
		{"00000005", "which no host can have"},
		{"c0000201", "its own outer address 192.0.2.1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ppp_config c = caller_config();
		struct end *e;
		char hex[40];

		c.outer_peer = ip("192.0.2.1");
		e = clear_dial(&c);
		snprintf(hex, sizeof(hex), "0301000a0306%s", cases[i].address);
		take(e, FRAME_IPCP, 1);
		inject(e, FRAME_IPCP, hex);
		send_back(e, take(e, FRAME_IPCP, 1), 2);
		open_ipcp(e);
		run_timers(e, 5000);
		expect_end(e, EXIT_NEGOTIATION_FAILED, cases[i].words);
		assert_int_equal(e->networks, 0);
		end_free(e);
	}
}

static void a_wished_address_yields_and_a_demanded_one_does_not(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;
	char hex[40];

	(void)state;
	c.settings.local = ip("10.0.0.7");
	c.ask_dns = false;
	e = clear_dial(&c);
	expect_frame(take(e, FRAME_IPCP, 1), "0101000a03060a000007");
	inject(e, FRAME_IPCP, "0301000a03060a000002");
	expect_frame(take(e, FRAME_IPCP, 1), "0102000a03060a000002");
	end_free(e);
	c.settings.local_must = true;
	e = clear_dial(&c);
	for (uint8_t id = 1; id < 8; id++) {
		snprintf(hex, sizeof(hex), "03%02x000a03060a000002", id);
		inject(e, FRAME_IPCP, hex);
	}
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED,
		   "assigns the address 10.0.0.2, but the profile demands 10.0.0.7");
	end_free(e);
	c.settings.local_must = false;
	c.settings.remote = ip("10.0.0.9");
	e = clear_dial(&c);
	peer_request(e, FRAME_IPCP, 1,
		     "0206002d0f01"
		     "03060a000001");
	expect_frame(take(e, FRAME_IPCP, 4), "0401000a0206002d0f01");
	peer_request(e, FRAME_IPCP, 2, "03060a000001"); /* the wish is told once */
	expect_frame(take(e, FRAME_IPCP, 3), "0302000a03060a000009");
	peer_request(e, FRAME_IPCP, 3, "03060a000001");
	take(e, FRAME_IPCP, 2);
	end_free(e);
	c.settings.remote_must = true;
	e = clear_dial(&c);
	for (uint8_t id = 1; id < 10; id++)
		peer_request(e, FRAME_IPCP, id, "03060a000001");
	expect_frame(take(e, FRAME_IPCP, 3), "0301000a03060a000009");
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "10.0.0.1 for itself, which has to be 10.0.0.9");
	end_free(e);
}

static void an_unnumbered_peer_is_fine_and_vj_is_rejected(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = clear_dial(&c);

	(void)state;
	open_ipcp_ours(e);
	peer_request(e, FRAME_IPCP, 1, "0206002d0f01");
	expect_frame(take(e, FRAME_IPCP, 4), "0401000a0206002d0f01");
	peer_request(e, FRAME_IPCP, 2, "030600000000"); /* "tell me mine" */
	expect_frame(take(e, FRAME_IPCP, 4), "0402000a030600000000");
	peer_request(e, FRAME_IPCP, 3, "EMPTY");
	assert_int_equal(e->networks, 1);
	assert_int_equal(e->addresses.remote.s_addr, 0);
	end_free(e);
}

static void endless_address_naks_end(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = clear_dial(&c);
	char hex[40];

	(void)state;
	for (unsigned i = 1; i < 100 && e->phase == PPP_PHASE_NETWORK; i++) {
		snprintf(hex, sizeof(hex), "03%02x000a03060a0000%02x", i, i);
		inject(e, FRAME_IPCP, hex);
	}
	run_timers(e, 60000);
	assert_int_equal(e->closed, 1);
	assert_int_equal(e->reason.code, EXIT_NEGOTIATION_FAILED);
	end_free(e);
}

static void a_rejected_ipcp_ends_the_call_and_a_rejected_ipv6cp_does_not(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;

	(void)state;
	c.settings.ipv6 = true;
	e = clear_dial(&c);
	take(e, FRAME_IPV6CP, 1);
	inject(e, FRAME_LCP, "0808000a805701010004");
	e->read_count = 0;
	open_ipcp_ours(e);
	open_ipcp(e);
	assert_int_equal(e->networks, 1);
	end_free(e);
	c.settings.ipv6 = false;
	e = clear_dial(&c);
	inject(e, FRAME_LCP, "0808000a802101010004");
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "it rejected IPCP");
	end_free(e);
}

static void ipv6_is_told_when_it_opens_after_ipv4(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;
	struct frame *f;

	(void)state;
	c.settings.ipv6 = true;
	e = clear_dial(&c);
	e->random.fill = end_random;
	f = take(e, FRAME_IPV6CP, 1);
	assert_int_equal(f->len, 14);
	assert_int_equal(f->info[6] & 2, 0);
	send_back(e, f, 2);
	send_back(e, f, 1); /* our own identifier */
	assert_memory_not_equal(take(e, FRAME_IPV6CP, 3)->info + 6, f->info + 6, 8);
	peer_request(e, FRAME_IPV6CP, 2, "010a0000000000000000");
	take(e, FRAME_IPV6CP, 3);
	peer_request(e, FRAME_IPV6CP, 3, "010a0211223344556677");
	assert_int_equal(e->networks, 0); /* IPv4 is still to come */
	assert_true(e->data.ipv6 && !e->data.ipv4);
	e->read_count = 0;
	open_ipcp_ours(e);
	open_ipcp(e);
	assert_int_equal(e->networks, 1);
	assert_memory_equal(e->addresses.remote_ifid, "\x02\x11\x22\x33\x44\x55\x66\x77", 8);
	end_free(e);
}

static void a_server_that_closes_ipcp_ends_the_call_with_its_words(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = clear_dial(&c);

	(void)state;
	inject(e, FRAME_IPCP, "0502000a6e6f20706f6f"); /* "no poo" */
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "the server closed IPCP: \"no poo\"");
	end_free(e);
}

static void a_server_silent_in_ipcp_is_said_to_be_silent(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = clear_dial(&c);

	(void)state;
	take(e, FRAME_IPCP, 1);
	run_timers(e, 40000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "the server does not answer any more in IPCP");
	end_free(e);
}

/* IPv6 alone would be a call without an address that anybody waits for. */
static void ipv4_that_is_lost_ends_the_call_also_where_ipv6_is_open(void **state)
{
	static const struct {
		uint16_t protocol;
		const char *frame, *words;
	} cases[] = {
		{FRAME_LCP, "0808000a802101010004", "does not carry IPv4 (it rejected IPCP)"},
		{FRAME_IPCP, "0502000a6e6f20706f6f", "the server closed IPCP: \"no poo\""},
	};
	struct ppp_config c = caller_config();

	(void)state;
	c.settings.ipv6 = true;
	for (unsigned i = 0; i < 4; i++) {
		struct end *e = clear_dial(&c);

		e->random.fill = end_random;
		send_back(e, take(e, FRAME_IPV6CP, 1), 2);
		peer_request(e, FRAME_IPV6CP, 1, "010a0211223344556677");
		assert_true(e->data.ipv6);
		if (i & 1) { /* in mid-call */
			e->read_count = 0;
			open_ipcp_ours(e);
			open_ipcp(e);
		}
		inject(e, cases[i / 2].protocol, cases[i / 2].frame);
		assert_int_equal(e->networks, i & 1);
		run_timers(e, 5000);
		expect_end(e, i & 1 ? EXIT_HANGUP : EXIT_NEGOTIATION_FAILED, cases[i / 2].words);
		end_free(e);
	}
}

static void a_server_without_name_servers_is_fine(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = clear_dial(&c);

	(void)state;
	inject(e, FRAME_IPCP, "0301001603060a0000028106000000008306000000000000");
	take(e, FRAME_IPCP, 1);
	expect_frame(take(e, FRAME_IPCP, 1), "0102000a03060a000002");
	end_free(e);
}

static void interface_identifiers_follow_naks(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;
	struct frame *f;

	(void)state;
	c.settings.ipv6 = true;
	e = clear_dial(&c);
	f = take(e, FRAME_IPV6CP, 1);
	inject(e, FRAME_IPV6CP, "0301000e010a0011223344556677");
	expect_frame(take(e, FRAME_IPV6CP, 1), "0102000e010a0011223344556677");
	inject(e, FRAME_IPV6CP, "0302000e010a0000000000000000"); /* "another one" */
	f = take(e, FRAME_IPV6CP, 1);
	assert_memory_not_equal(f->info + 6, "\0\0\0\0\0\0\0\0", 8);
	send_back(e, f, 4);
	assert_int_equal(take(e, FRAME_IPV6CP, 1)->len, 4);
	inject(e, FRAME_IPV6CP, "05090004"); /* and no IPv6 at all in the end */
	e->read_count = 0;
	open_ipcp_ours(e);
	open_ipcp(e);
	assert_int_equal(e->networks, 1);
	assert_int_equal(e->closed, 0);
	end_free(e);
}

static void the_phase_limit_names_the_layer_that_is_stuck(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;

	(void)state;
	c.phase_limit_ms = 10000;
	e = dial_new(&c);
	open_lcp(e, AUTH_MS2);
	run_timers(e, 15000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "authentication with mschap2 did not end");
	end_free(e);
	e = clear_dial(&c);
	run_timers(e, 15000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "did not agree on addresses within 10 seconds");
	end_free(e);
	c.settings.mppe.policy = MPPE_REQUIRE;
	e = clear_dial(&c);
	run_timers(e, 15000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "encryption is required");
	end_free(e);
}

/* ---- an answerer ---- */

static void an_eap_caller_that_wants_md5_gets_it_where_it_may_be(void **state)
{
	struct end *e = answerer_dial(METHOD_EAP);
	uint8_t response[16], packet[40] = {2, 0, 0, 26, 4, 16};
	struct secret password;
	struct frame *f = take(e, FRAME_EAP, 1);
	char hex[64];

	(void)state;
	snprintf(hex, sizeof(hex), "02%02x00090155736572", f->info[1]);
	inject(e, FRAME_EAP, hex);
	f = take(e, FRAME_EAP, 1);
	assert_int_equal(f->info[4], 26);
	snprintf(hex, sizeof(hex), "02%02x00060304", f->info[1]);
	inject(e, FRAME_EAP, hex);
	f = take(e, FRAME_EAP, 1);
	assert_int_equal(f->info[4], 4);
	secret_set(&password, "clientPass", 10);
	chap_md5_response(response, f->info[1], &password, f->info + 6, f->info[5]);
	packet[1] = f->info[1];
	memcpy(packet + 6, response, 16);
	memcpy(packet + 22, "User", 4);
	input_frame(e, FRAME_EAP, packet, 26);
	take(e, FRAME_EAP, 3);
	assert_int_equal(e->authenticated, 1);
	input_frame(e, FRAME_EAP, packet, 26); /* our Success was lost */
	take(e, FRAME_EAP, 3);
	assert_int_equal(e->authenticated, 1);
	end_free(e);
}

static void an_eap_caller_cannot_skip_the_proof(void **state)
{
	static const char *const shortcuts[] = {"00061a03", "00061a04", "000604aa",
						"00090155736572"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct end *e = answerer_dial(METHOD_EAP);
		char hex[64];

		snprintf(hex, sizeof(hex), "02%02x00090155736572", take(e, FRAME_EAP, 1)->info[1]);
		inject(e, FRAME_EAP, hex);
		snprintf(hex, sizeof(hex), "02%02x%s", take(e, FRAME_EAP, 1)->info[1],
			 shortcuts[i]);
		inject(e, FRAME_EAP, hex);
		assert_int_equal(e->authenticated, 0);
		none_sent(e, FRAME_EAP, 3);
		end_free(e);
	}
}

static void a_caller_that_refuses_to_authenticate_is_turned_away(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;
	struct frame *f;
	char hex[64];

	(void)state;
	c.role = ROLE_ANSWERER;
	c.settings.allow = METHOD_MSCHAP2;
	e = dial_new(&c);
	f = take(e, FRAME_LCP, 1);
	snprintf(hex, sizeof(hex), "04%02x00090305c22381", f->info[1]);
	inject(e, FRAME_LCP, hex);
	run_timers(e, 5000);
	expect_end(e, EXIT_PEER_AUTH_FAILED, "refuses to authenticate");
	end_free(e);
}

/* ---- life and end ---- */

static struct end *connected(struct ppp_config *c)
{
	struct end *e = clear_dial(c);

	open_ipcp_ours(e);
	open_ipcp(e);
	assert_int_equal(e->networks, 1);
	return e;
}

static void keepalive_asks_each_second_then_gives_up(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;
	struct frame *f;
	unsigned echoes = 0;

	(void)state;
	c.keepalive_ms = 10000;
	e = connected(&c);
	run_timers(e, 9900);
	none_sent(e, FRAME_LCP, 9);
	run_timers(e, 200);
	f = take(e, FRAME_LCP, 9);
	e->now_ms += 30;
	send_back(e, f, 9);			  /* looped, not an answer: but a sign */
	inject(e, FRAME_LCP, "0aff000855667788"); /* another identifier */
	assert_int_equal(e->echoes, 0);
	memcpy(f->info + 4, "\x55\x66\x77\x88", 4);
	send_back(e, f, 10);
	assert_int_equal(e->echoes, 1);
	assert_true(e->rtt_ms >= 30 && e->rtt_ms < 150);
	run_timers(e, 9900);
	none_sent(e, FRAME_LCP, 9);
	ppp_heard(e->link, e->now_ms); /* data keeps the line alive */
	run_timers(e, 9900);
	none_sent(e, FRAME_LCP, 9);
	run_timers(e, 9000);
	while (find_sent(e, FRAME_LCP, 9))
		echoes++;
	assert_int_equal(echoes, 9);
	assert_int_equal(e->closed, 0);
	run_timers(e, 5000);
	expect_end(e, EXIT_PEER_DEAD, "has not answered for");
	end_free(e);
}

/* Who tries ids and numbers does not know it; which of the requests is answered does not matter. */
static void an_echo_reply_with_the_peers_magic_number_is_a_proof(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = connected(&c);
	struct frame first;

	(void)state;
	ppp_probe(e->link, e->now_ms);
	first = *take(e, FRAME_LCP, 9);
	ppp_probe(e->link, e->now_ms + 700);
	take(e, FRAME_LCP, 9);
	inject(e, FRAME_LCP, "0a01000800000000");
	inject(e, FRAME_LCP, "0a01000812345678");
	assert_int_equal(e->proofs, 0);
	memcpy(first.info + 4, "\x55\x66\x77\x88", 4);
	send_back(e, &first, 10);
	assert_int_equal(e->proofs, 1);
	assert_int_equal(e->echoes, 0);
	end_free(e);
}

static void hanging_up_is_in_order(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = connected(&c);
	struct reason reason = {EXIT_OK, "the user hung up"};

	(void)state;
	ppp_close(e->link, &reason, e->now_ms);
	assert_true(e->data.tx_blocked && !e->data.rx_clear);
	assert_int_equal(e->closed, 0);
	send_back(e, take(e, FRAME_LCP, 5), 6);
	expect_end(e, EXIT_OK, "the user hung up");
	assert_true(ppp_deadline(e->link) == DEADLINE_NONE);
	end_free(e);
	e = connected(&c); /* a peer that does not answer */
	ppp_close(e->link, &reason, e->now_ms);
	run_timers(e, 2100);
	expect_end(e, EXIT_OK, "the user hung up");
	end_free(e);
}

static void a_hang_up_of_the_server_is_told_with_its_words(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = connected(&c);

	(void)state;
	inject(e, FRAME_LCP, "05020007627965");
	take(e, FRAME_LCP, 6);
	assert_true(e->data.tx_blocked);
	run_timers(e, 1100);
	expect_end(e, EXIT_HANGUP, "the server hung up: \"bye\"");
	end_free(e);
}

/* Its magic number, three octets that are always the same behind a zero, an error of RAS. */
static void a_windows_server_hangs_up_with_a_number_which_is_told_in_words(void **state)
{
	static const struct {
		const char *frame, *words;
		enum exit_status code;
	} cases[] = {
		{"050400107ff04cbc003ccd74000002b3", "wrong user name or password (error 691)",
		 EXIT_AUTH_FAILED},
		{"050400107ff04cbc003ccd7400000289",
		 "the account has no permission to dial in (error 649)", EXIT_AUTH_FAILED},
		{"0504001057ad016c003ccd74000003a2",
		 "hung up during authentication: its authentication server does not answer (error "
		 "930)",
		 EXIT_NEGOTIATION_FAILED},
		{"050400107ff04cbc003ccd74000002e6",
		 "hung up during authentication: it wants another kind of encryption (error 742)",
		 EXIT_NEGOTIATION_FAILED},
		{"050400107ff04cbc003ccd740000ffff", "hung up during authentication: error 65535",
		 EXIT_NEGOTIATION_FAILED},
		{"050400107ff04cbc003ccd7400000000", "hung up during authentication",
		 EXIT_NEGOTIATION_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ppp_config c = caller_config();
		struct end *e = dial_new(&c);

		open_lcp(e, AUTH_MS2);
		inject(e, FRAME_LCP, cases[i].frame);
		run_timers(e, 5000);
		expect_end(e, cases[i].code, cases[i].words);
		assert_null(strchr(e->reason.text, '\\'));
		end_free(e);
	}
}

static void a_lost_tunnel_ends_without_farewell(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = connected(&c);
	size_t sent = e->sent_count;

	(void)state;
	ppp_down(e->link, e->now_ms);
	assert_int_equal(e->sent_count, sent);
	expect_end(e, EXIT_HANGUP, "the tunnel was closed");
	assert_true(e->data.tx_blocked && !e->data.rx_clear && !e->data.ipv4);
	ppp_input(e->link, FRAME_LCP, (const uint8_t *)"\x09\x01\x00\x08\0\0\0\0", 8, e->now_ms);
	ppp_tick(e->link, e->now_ms + 100000);
	end_free(e);
}

static void lcp_negotiated_anew_blocks_and_redoes_everything(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;

	(void)state;
	c.settings.mppe.policy = MPPE_REQUIRE;
	e = clear_dial(&c);
	mppe_opens(e);
	open_ipcp_ours(e);
	open_ipcp(e);
	assert_true(e->data.ipv4 && e->data.tx.bits == 128);
	peer_request(e, FRAME_LCP, 7, AUTH_MS2 "0506aabbccdd");
	assert_true(e->data.tx_blocked && !e->data.rx_clear && !e->data.ipv4);
	assert_int_equal(e->data.tx.bits, 0);
	assert_int_equal(e->data.rx.bits, 0);
	assert_int_equal(e->phase, PPP_PHASE_ESTABLISH);
	e->read_count = e->sent_count - 2;
	send_back(e, take(e, FRAME_LCP, 1), 2);
	assert_int_equal(e->phase, PPP_PHASE_AUTHENTICATE);
	inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
	inject_vector(e, FRAME_CHAP, "mschap_v2", "success_pkt");
	mppe_opens(e);
	open_ipcp_ours(e);
	open_ipcp(e);
	assert_true(e->data.ipv4 && e->data.tx.bits == 128);
	assert_int_equal(e->networks, 2);
	end_free(e);
}

static void unknown_protocols_are_rejected_only_in_the_network_phase_and_not_endlessly(void **state)
{
	static const uint8_t info[] = {1, 1, 0, 4};
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);
	unsigned rejects = 0;

	(void)state;
	ppp_unknown_protocol(e->link, 0x0031, info, sizeof(info), e->now_ms);
	inject(e, 0x8053, "01010004");
	open_lcp(e, AUTH_MS2);
	inject(e, 0x8053, "01010004");
	none_sent(e, FRAME_LCP, 8);
	end_free(e);
	e = connected(&c);
	for (unsigned i = 0; i < 100; i++)
		ppp_unknown_protocol(e->link, 0x0031, info, sizeof(info), e->now_ms);
	assert_memory_equal(take(e, FRAME_LCP, 8)->info + 2, "\x00\x0a\x00\x31\x01\x01\x00\x04", 8);
	while (find_sent(e, FRAME_LCP, 8))
		rejects++;
	assert_int_equal(rejects, 4);
	e->now_ms += 1000;
	inject(e, 0x8053, "01010004");
	take(e, FRAME_LCP, 8);
	end_free(e);
}

static void a_rejected_data_protocol_does_not_end_the_call(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = connected(&c);

	(void)state;
	inject(e, FRAME_LCP, "0808000800210000");
	inject(e, FRAME_LCP, "080900080a5b0000");
	run_timers(e, 5000);
	assert_int_equal(e->closed, 0);
	assert_true(e->data.ipv4);
	assert_int_equal(ppp_counters(e->link)->protocol_rejects_rx, 2);
	assert_int_equal(ppp_counters(e->link)->nonsense_rejects_rx, 1);
	end_free(e);
}

/* ---- hostile input in every phase ---- */

struct hostile {
	struct end *(*make)(void);
	uint64_t seed;
	const char *head; /* of the frame, before the octets of the vector */
};

static struct end *make_establish(void)
{
	struct ppp_config c = caller_config();

	return dial_new(&c);
}

static struct end *make_authenticate(void)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);

	open_lcp(e, AUTH_EAP);
	return e;
}

static struct end *make_network(void)
{
	struct ppp_config c = caller_config();

	c.settings.mppe.policy = MPPE_YES;
	c.settings.ipv6 = true;
	return logged_on(&c);
}

static struct end *make_answerer(void)
{
	return answerer_dial(METHOD_EAP);
}

static struct end *make_answerer_chap(void)
{
	return answerer_dial(METHOD_MSCHAP2);
}

static void feed(struct end *e, const uint8_t *frame, size_t len)
{
	uint16_t protocol;
	size_t header;

	if (!frame_decode(frame, len, &protocol, &header))
		return;
	e->sent_count = e->read_count = 0;
	input_frame(e, protocol, frame + header, len - header);
}

static void every_cut(void *ctx, const char *name, const char *value)
{
	struct hostile *h = ctx;
	uint8_t frame[VECTOR_MAX + 4], bent[VECTOR_MAX + 4];
	size_t head = vector_decode(h->head, frame, 4), len;
	struct end *e;

	if (strspn(value, "0123456789abcdef") != strlen(value))
		return; /* a text of the section */
	(void)name;
	len = head + vector_decode(value, frame + head, VECTOR_MAX);
	e = h->make();
	for (size_t n = 0; n <= len; n++)
		feed(e, frame, n);
	for (unsigned i = 0; i < 300; i++) {
		memcpy(bent, frame, len);
		for (unsigned k = prng(&h->seed) % 4; k > 0; k--)
			bent[prng(&h->seed) % len] = (uint8_t)prng(&h->seed);
		feed(e, bent, len);
		if (i % 50 == 0) {
			e->sent_count = 0;
			run_timers(e, 700);
		}
		if (e->closed) {
			end_free(e);
			e = h->make();
		}
	}
	end_free(e);
}

static void bent_and_cut_frames_are_survived_in_every_phase(void **state)
{
	static struct end *(*const makers[])(void) = {
		make_establish, make_authenticate, make_network, make_answerer, make_answerer_chap};

	(void)state;
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		struct hostile h = {makers[i], i + 1, "EMPTY"};

		assert_true(vector_each("ppp.txt", "frames", every_cut, &h) > 30);
		h.head = "c227";
		vector_each("auth.txt", "eap", every_cut, &h);
		vector_each("auth.txt", "eap_mschapv2", every_cut, &h);
		h.head = "c223";
		vector_each("auth.txt", "mschap_v2", every_cut, &h);
		vector_each("auth.txt", "mschap_failure", every_cut, &h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_may_pass_until_ccp_settled_and_keys_match_the_vectors),
		cmocka_unit_test(required_encryption_fails_with_the_servers_offer_in_words),
		cmocka_unit_test(required_encryption_fails_when_ccp_is_silent_or_empty),
		cmocka_unit_test(an_all_zero_request_is_acked_or_naked_by_policy),
		cmocka_unit_test(requests_of_the_peer_are_brought_to_one_permitted_strength),
		cmocka_unit_test(a_server_with_stateful_mppe_only_is_encrypted_to_by_default),
		cmocka_unit_test(a_server_that_insists_on_stateful_mppe_gets_it_in_the_second_nak),
		cmocka_unit_test(strict_stateless_names_the_mode_and_its_key),
		cmocka_unit_test(naks_are_followed_inside_the_permitted_strengths),
		cmocka_unit_test(a_wish_for_encryption_goes_on_in_clear_when_refused_or_unanswered),
		cmocka_unit_test(refused_encryption_answers_ccp_with_protocol_reject),
		cmocka_unit_test(losing_encryption_in_mid_call_blocks_at_once_and_ends_the_call),
		cmocka_unit_test(ccp_negotiated_anew_starts_new_key_generations),
		cmocka_unit_test(a_server_silent_in_ccp_begun_anew_is_said_to_be_silent),
		cmocka_unit_test(resets_are_answered_and_asked_for_at_a_bounded_rate),
		cmocka_unit_test(addresses_and_servers_are_taken_from_naks),
		cmocka_unit_test(impossible_addresses_end_the_call),
		cmocka_unit_test(a_wished_address_yields_and_a_demanded_one_does_not),
		cmocka_unit_test(an_unnumbered_peer_is_fine_and_vj_is_rejected),
		cmocka_unit_test(endless_address_naks_end),
		cmocka_unit_test(a_rejected_ipcp_ends_the_call_and_a_rejected_ipv6cp_does_not),
		cmocka_unit_test(ipv6_is_told_when_it_opens_after_ipv4),
		cmocka_unit_test(a_server_that_closes_ipcp_ends_the_call_with_its_words),
		cmocka_unit_test(a_server_silent_in_ipcp_is_said_to_be_silent),
		cmocka_unit_test(ipv4_that_is_lost_ends_the_call_also_where_ipv6_is_open),
		cmocka_unit_test(a_server_without_name_servers_is_fine),
		cmocka_unit_test(interface_identifiers_follow_naks),
		cmocka_unit_test(the_phase_limit_names_the_layer_that_is_stuck),
		cmocka_unit_test(an_eap_caller_that_wants_md5_gets_it_where_it_may_be),
		cmocka_unit_test(an_eap_caller_cannot_skip_the_proof),
		cmocka_unit_test(a_caller_that_refuses_to_authenticate_is_turned_away),
		cmocka_unit_test(keepalive_asks_each_second_then_gives_up),
		cmocka_unit_test(an_echo_reply_with_the_peers_magic_number_is_a_proof),
		cmocka_unit_test(hanging_up_is_in_order),
		cmocka_unit_test(a_hang_up_of_the_server_is_told_with_its_words),
		cmocka_unit_test(a_windows_server_hangs_up_with_a_number_which_is_told_in_words),
		cmocka_unit_test(a_lost_tunnel_ends_without_farewell),
		cmocka_unit_test(lcp_negotiated_anew_blocks_and_redoes_everything),
		cmocka_unit_test(
			unknown_protocols_are_rejected_only_in_the_network_phase_and_not_endlessly),
		cmocka_unit_test(a_rejected_data_protocol_does_not_end_the_call),
		cmocka_unit_test(bent_and_cut_frames_are_survived_in_every_phase),
	};

	return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
