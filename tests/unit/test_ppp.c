/* SPDX-License-Identifier: MIT */
/* A calling link against a scripted peer: LCP and authentication. */
#include "ppp_harness.h"

/* ---- LCP ---- */

static void a_silent_peer_ends_with_the_number_of_requests(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);

	(void)state;
	run_timers(e, 60000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "no answer to 10 LCP requests (0 frames received)");
	assert_int_equal(e->phase, PPP_PHASE_DEAD);
	end_free(e);
}

static void the_phase_limit_ends_a_peer_that_naks_for_ever(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);

	(void)state;
	c.phase_limit_ms = 20000;
	end_free(e);
	e = dial_new(&c);
	for (unsigned i = 0; i < 200 && !e->closed; i++) {
		char options[32];

		snprintf(options, sizeof options, "010400%02x05060000000a", 20 + i % 100); /* MRU */
		peer_request(e, FRAME_LCP, (uint8_t)i, options);
		run_timers(e, 400);
	}
	expect_end(e, EXIT_NEGOTIATION_FAILED,
		   "LCP did not open within 20 seconds after we refused packets of less than 128");
	end_free(e);
}

/* Asked the same a hundred times, or one request repeated: nobody waits for the limit. */
static void a_peer_that_insists_is_left_after_a_few_rounds(void **state)
{
	static const struct {
		const char *options, *sentence;
		uint8_t step; /* of the identifier */
	} rows[] = {
		{"0d0305", "the server insists in LCP after we refused to be called back", 1},
		{"0d0305", "the server insists in LCP after we refused to be called back", 0},
		{"0304c023", "the server only offers pap", 1},
		{"0304c023", "the server only offers pap", 0},
	};
	(void)state;

	for (unsigned n = 0; n < sizeof rows / sizeof rows[0]; n++) {
		struct ppp_config c = caller_config();
		struct end *e;
		unsigned rounds = 0;

		c.settings.allow = METHOD_MSCHAP2;
		e = dial_new(&c);
		while (!e->closed && rounds < 100) {
			peer_request(e, FRAME_LCP, (uint8_t)(1 + rounds++ * rows[n].step),
				     rows[n].options);
			run_timers(e, 300);
		}
		assert_in_range(rounds, 6, 15); /* the farewell waits for its Ack */
		expect_end(e, EXIT_NEGOTIATION_FAILED, rows[n].sentence);
		end_free(e);
	}
}

static void the_request_is_repeated_when_the_peer_is_heard(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);
	struct frame *first = take(e, FRAME_LCP, 1), *second;

	(void)state;
	e->now_ms += 20;
	peer_request(e, FRAME_LCP, 1, "050655667788");
	second = take(e, FRAME_LCP, 1);
	assert_int_equal(first->len, second->len);
	assert_memory_equal(first->info, second->info, first->len);
	take(e, FRAME_LCP, 2); /* after the repetition, so that it is not seen in Opened */
	end_free(e);
}

static void unsupported_options_are_rejected_and_no_others(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);
	uint8_t frame[FRAME_MAX];
	size_t len = vector_hex("ppp.txt", "frames", "lcp_confreq_win", frame, sizeof(frame));
	struct frame *f;

	(void)state;
	input_frame(e, FRAME_LCP, frame + 4, len - 4);
	f = take(e, FRAME_LCP, 4);
	assert_memory_equal(f->info + 4, "\x11\x04\x06\x4e\x13\x17", 6);
	peer_request(e, FRAME_LCP, 2,
		     "0405c0250008020702020600000000"
		     "0d0306");
	expect_frame(take(e, FRAME_LCP, 4), "0402000c0405c025000d0306");
	end_free(e);
}

static void an_mru_beyond_1500_is_asked_for_up_to_9000(void **state)
{
	static const struct {
		uint16_t wanted;
		const char *option;
	} cases[] = {{1501, "\x01\x04\x05\xdd"},
		     {9000, "\x01\x04\x23\x28"},
		     {65535, "\x01\x04\x23\x28"}};
	struct frame *f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ppp_config c = caller_config();
		struct end *e;

		c.settings.mru = cases[i].wanted;
		e = dial_new(&c);
		f = take(e, FRAME_LCP, 1);
		assert_memory_equal(f->info + 4, cases[i].option, 4);
		end_free(e);
	}
}

/* What is rejected goes back whole, and we say no more than 1500 octets (end_send looks). */
static void a_request_of_1500_octets_is_answered_a_longer_one_is_not(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);
	uint8_t request[1504] = {1, 7, 1500 >> 8, 1500 & 255};
	size_t at = 4;

	(void)state;
	for (; at < 4 + 5 * 255; at += 255) { /* an option that no one has */
		request[at] = 99;
		request[at + 1] = 255;
	}
	request[at] = 99;
	request[at + 1] = (uint8_t)(1500 - at);
	input_frame(e, FRAME_LCP, request, 1500);
	assert_int_equal(take(e, FRAME_LCP, 4)->len, 1500);
	request[1] = 8;
	request[3] = 1504 & 255;
	request[at + 1] += 4;
	input_frame(e, FRAME_LCP, request, 1504);
	none_sent(e, FRAME_LCP, 4);
	end_free(e);
}

static void rejected_and_naked_options_of_ours_are_followed(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;
	struct frame *f;
	char hex[64];

	(void)state;
	c.settings.ask_pfc = c.settings.ask_acfc = true;
	e = dial_new(&c);
	f = take(e, FRAME_LCP, 1);
	assert_int_equal(f->len, 4 + 4 + 6 + 2 + 2);
	snprintf(hex, sizeof(hex), "04%02x000807020802", f->info[1]);
	inject(e, FRAME_LCP, hex);
	f = take(e, FRAME_LCP, 1);
	assert_int_equal(f->len, 4 + 4 + 6);
	snprintf(hex, sizeof(hex), "03%02x000801040578", f->info[1]);
	inject(e, FRAME_LCP, hex); /* MRU 1400 */
	f = take(e, FRAME_LCP, 1);
	assert_memory_equal(f->info + 4, "\x01\x04\x05\x78", 4);
	send_back(e, f, 4); /* all rejected */
	f = take(e, FRAME_LCP, 1);
	assert_int_equal(f->len, 4);
	send_back(e, f, 2);
	peer_request(e, FRAME_LCP, 9, "0104057807020802");
	assert_int_equal(e->data.own_mru, 1500);
	assert_int_equal(e->data.peer_mru, 1400);
	assert_true(e->data.tx_pfc && e->data.tx_acfc);
	end_free(e);
}

/* RFC 1661 section 5.3: a Nak may name what the request lacks, and insists on it. */
static void an_mru_that_was_not_asked_for_is_asked_for_when_a_nak_wants_it(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;
	struct frame *f;
	char hex[64];

	(void)state;
	c.settings.mru = 1500;
	e = dial_new(&c);
	f = take(e, FRAME_LCP, 1);
	assert_int_equal(f->len, 4 + 6);
	snprintf(hex, sizeof(hex), "03%02x000801040578", f->info[1]);
	inject(e, FRAME_LCP, hex); /* MRU 1400 */
	f = take(e, FRAME_LCP, 1);
	assert_memory_equal(f->info + 4, "\x01\x04\x05\x78", 4);
	send_back(e, f, 2);
	peer_request(e, FRAME_LCP, 1, AUTH_MS2);
	assert_int_equal(e->data.own_mru, 1400);
	end_free(e);
}

static void the_strongest_allowed_method_is_named_in_a_nak(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;

	(void)state;
	c.settings.allow = METHOD_MSCHAP2;
	e = dial_new(&c);
	peer_request(e, FRAME_LCP, 1, AUTH_PAP);
	expect_frame(take(e, FRAME_LCP, 3), "030100090305c22381");
	peer_request(e, FRAME_LCP, 2, AUTH_MS2);
	take(e, FRAME_LCP, 2);
	end_free(e);
}

/* A Windows server begins with EAP, callback and multilink: its method's turn comes when the others
 * are out of the way, and no method of ours may be passed over meanwhile. */
static void the_strongest_method_is_named_also_after_a_reject(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;

	(void)state;
	c.settings.allow = METHOD_MSCHAP2 | METHOD_MSCHAP1 | METHOD_CHAP | METHOD_PAP;
	e = dial_new(&c);
	peer_request(e, FRAME_LCP, 0,
		     "01040578" AUTH_EAP "05061122334407020802"
		     "0d03061104064e");
	expect_frame(take(e, FRAME_LCP, 4), "0400000b0d03061104064e");
	peer_request(e, FRAME_LCP, 1, "01040578" AUTH_EAP "05061122334407020802");
	expect_frame(take(e, FRAME_LCP, 3), "030100090305c22381");
	peer_request(e, FRAME_LCP, 2, "01040578" AUTH_EAP "05061122334407020802");
	expect_frame(take(e, FRAME_LCP, 3), "030200090305c22380");
	end_free(e);
}

static void a_server_that_insists_on_pap_is_left_with_a_sentence(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;

	(void)state;
	c.settings.allow = METHOD_MSCHAP2;
	e = dial_new(&c);
	for (uint8_t id = 1; id < 12; id++)
		peer_request(e, FRAME_LCP, id, AUTH_PAP);
	take(e, FRAME_LCP, 5);
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED,
		   "the server only offers pap, which the profile's allow list (mschap2) does not "
		   "permit");
	none_sent(e, FRAME_PAP, 1);
	end_free(e);
}

static void a_server_that_hangs_up_on_our_method_is_left_with_what_it_wanted(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;

	(void)state;
	c.settings.allow = METHOD_PAP;
	c.settings.mppe.policy = MPPE_NO;
	e = dial_new(&c);
	peer_request(e, FRAME_LCP, 1, AUTH_MS2);
	take(e, FRAME_LCP, 3);
	inject(e, FRAME_LCP, "05020004");
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED,
		   "the server only offers mschap2, which the profile's allow list (pap) does not "
		   "permit");
	end_free(e);
}

static void a_server_that_hangs_up_after_a_method_was_agreed_is_quoted(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;

	(void)state;
	c.settings.allow = METHOD_MSCHAP2;
	e = dial_new(&c);
	peer_request(e, FRAME_LCP, 1, AUTH_PAP);
	peer_request(e, FRAME_LCP, 2, AUTH_MS2);
	inject(e, FRAME_LCP,
	       "05030008"
	       "66756c6c");
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED,
		   "the server hung up during LCP negotiation: \"full\"");
	end_free(e);
}

/* A server that takes its time has not answered our requests yet when it says what it thinks. */
static void a_slow_server_that_says_why_is_not_taken_for_a_deaf_one(void **state)
{
	static const struct {
		const char *packet, *words;
	} cases[] = {
		{"05020004", NULL},
		{"0502000866756c6c", "\"full\""},
		{"050200101122334400"
		 "3ccd740000032c",
		 "(error 812)"},
		{"01020008" AUTH_PAP, "only offers pap"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ppp_config c = caller_config();
		struct end *e;

		c.settings.allow = METHOD_PAP;
		c.settings.mppe.policy = MPPE_REQUIRE;
		e = dial_new(&c);
		run_timers(e, 4000);
		assert_false(ppp_is_unheard(e->link));
		inject(e, FRAME_LCP, cases[i].packet);
		assert_int_equal(ppp_is_unheard(e->link), !cases[i].words);
		run_timers(e, 5000);
		if (cases[i].words)
			assert_non_null(strstr(e->reason.text, cases[i].words));
		end_free(e);
	}
}

static void a_nak_never_names_what_is_forbidden(void **state)
{
	static const char *const offers[] = {AUTH_PAP, AUTH_MD5,     AUTH_MS1,
					     AUTH_EAP, "0305c22377", "0304c0ff"};
	struct ppp_config c = caller_config();
	struct end *e;
	struct frame *f;

	(void)state;
	c.settings.allow = METHOD_MSCHAP2;
	e = dial_new(&c);
	for (uint8_t i = 0; i < 6; i++)
		peer_request(e, FRAME_LCP, i, offers[i]);
	while ((f = find_sent(e, FRAME_LCP, 3)))
		assert_memory_equal(f->info + 4, "\x03\x05\xc2\x23\x81", 5);
	end_free(e);
}

static void encryption_without_authentication_is_refused(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;

	(void)state;
	c.settings.mppe.policy = MPPE_REQUIRE;
	e = dial_new(&c);
	send_back(e, take(e, FRAME_LCP, 1), 2);
	for (uint8_t id = 1; id < 12; id++)
		peer_request(e, FRAME_LCP, id, "050655667788");
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "asks for no authentication");
	end_free(e);
}

static void encryption_makes_weak_methods_unacceptable(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;

	(void)state;
	c.settings.mppe.policy = MPPE_REQUIRE;
	e = dial_new(&c);
	peer_request(e, FRAME_LCP, 1, AUTH_PAP);
	expect_frame(take(e, FRAME_LCP, 3), "030100090305c22381");
	end_free(e);
	c.settings.allow = METHOD_PAP | METHOD_CHAP;
	e = dial_new(&c);
	peer_request(e, FRAME_LCP, 1, AUTH_PAP);
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "needs MS-CHAP or EAP");
	end_free(e);
}

static void a_looped_line_is_known_by_its_magic(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);

	(void)state;
	for (unsigned i = 0; i < 200 && e->phase != PPP_PHASE_TERMINATE; i++) {
		while (e->read_count < e->sent_count && e->phase != PPP_PHASE_TERMINATE) {
			struct frame f = e->sent[e->read_count++];

			input_frame(e, f.protocol, f.info, f.len);
		}
		run_timers(e, 100);
	}
	run_timers(e, 5000);
	expect_end(e, EXIT_LOOPBACK, "looped back");
	end_free(e);
}

static void echoes_are_answered_with_our_magic(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);
	struct frame *request = &e->sent[0], *reply;

	(void)state;
	open_lcp(e, AUTH_MS2);
	inject(e, FRAME_LCP, "0904000a55667788abcd");
	reply = take(e, FRAME_LCP, 10);
	assert_int_equal(reply->len, 10);
	assert_int_equal(reply->info[1], 4);
	assert_memory_equal(reply->info + 4, request->info + 10, 4); /* behind <mru> */
	assert_memory_equal(reply->info + 8, "\xab\xcd", 2);
	inject(e, FRAME_LCP, "09040007556677"); /* too short for a magic number */
	none_sent(e, FRAME_LCP, 10);
	end_free(e);
}

static void identification_discard_and_time_remaining_need_no_answer(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);
	size_t sent;

	(void)state;
	open_lcp(e, AUTH_MS2);
	sent = e->sent_count;
	inject(e, FRAME_LCP, "0c050012112233444d5352415356352e3230");
	inject(e, FRAME_LCP, "0d05000c1122334400000258");
	inject(e, FRAME_LCP, "0b04000800000000");
	inject(e, FRAME_LCP, "0c050004");
	inject(e, FRAME_LCP, "0d0500081122");
	assert_int_equal(e->sent_count, sent);
	inject(e, FRAME_LCP, "63050004");
	take(e, FRAME_LCP, 7);
	end_free(e);
}

/* ---- PAP ---- */

static void pap_logs_on_and_repeats_until_answered(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);
	struct frame *first, *second;
	char hex[32];

	(void)state;
	open_lcp(e, AUTH_PAP);
	first = take(e, FRAME_PAP, 1);
	assert_memory_equal(first->info + 4,
			    "\x04User\x0a"
			    "clientPass",
			    16);
	/* Some servers count each copy of a wrong password: a slow one has time to answer. */
	run_timers(e, c.restart_max_ms - 1);
	none_sent(e, FRAME_PAP, 1);
	run_timers(e, 1);
	second = take(e, FRAME_PAP, 1);
	assert_int_equal(second->info[1], (uint8_t)(first->info[1] + 1));
	snprintf(hex, sizeof(hex), "02%02x0004", (uint8_t)(second->info[1] + 1));
	inject(e, FRAME_PAP, hex); /* an identifier never sent */
	assert_int_equal(e->authenticated, 0);
	snprintf(hex, sizeof(hex), "02%02x0004", first->info[1]); /* the late answer to the first */
	inject(e, FRAME_PAP, hex);
	assert_int_equal(e->authenticated, 1);
	assert_int_equal(e->method, METHOD_PAP);
	end_free(e);
}

static void a_pap_nak_ends_with_the_servers_words(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);
	char hex[64];

	(void)state;
	open_lcp(e, AUTH_PAP);
	snprintf(hex, sizeof(hex), "03%02x000a05536f727279", take(e, FRAME_PAP, 1)->info[1]);
	inject(e, FRAME_PAP, hex);
	take(e, FRAME_LCP, 5);
	run_timers(e, 5000);
	expect_end(e, EXIT_AUTH_FAILED, "wrong user name or password (the server says \"Sorry\")");
	end_free(e);
}

static void a_pap_server_that_never_answers_is_given_up(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);

	(void)state;
	open_lcp(e, AUTH_PAP);
	run_timers(e, 60000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "does not answer during authentication with pap");
	end_free(e);
}

/* ---- CHAP ---- */

static void chap_md5_answers_as_the_vectors(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;
	uint8_t wanted[FRAME_MAX];
	size_t len;
	struct frame *f;

	(void)state;
	secret_set(&c.password, "secret", 6);
	e = dial_new(&c);
	open_lcp(e, AUTH_MD5);
	inject_vector(e, FRAME_CHAP, "chap_md5", "c1.challenge_pkt");
	f = take(e, FRAME_CHAP, 2);
	len = vector_hex("auth.txt", "chap_md5", "c1.response_pkt", wanted, sizeof(wanted));
	assert_int_equal(f->len, len);
	assert_memory_equal(f->info, wanted, len);
	inject(e, FRAME_CHAP, "03020004"); /* another identifier */
	assert_int_equal(e->authenticated, 0);
	inject(e, FRAME_CHAP, "03010004");
	assert_int_equal(e->authenticated, 1);
	end_free(e);
}

static void mschap1_answers_as_the_vectors(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e;
	uint8_t wanted[FRAME_MAX];
	struct frame *f;

	(void)state;
	secret_set(&c.password, "MyPw", 4);
	e = dial_new(&c);
	open_lcp(e, AUTH_MS1);
	inject(e, FRAME_CHAP, "0121000604aabbcc"); /* a challenge of wrong length */
	none_sent(e, FRAME_CHAP, 2);
	inject_vector(e, FRAME_CHAP, "mschap_v1", "challenge_pkt");
	f = take(e, FRAME_CHAP, 2);
	assert_int_equal(f->len, vector_hex("auth.txt", "mschap_v1", "response_pkt", wanted,
					    sizeof(wanted)));
	assert_memory_equal(f->info, wanted, f->len);
	end_free(e);
}

/* Gives the peer challenge of the vectors whenever sixteen octets are asked for. */
static void vector_random(void *ctx, void *buf, size_t len)
{
	if (len == 16)
		vector_hex_exact("auth.txt", "mschap_v2", "peer_challenge", buf, 16);
	else
		end_random(ctx, buf, len);
}

static struct end *mschap2_dial(const char *user)
{
	struct ppp_config c = caller_config();
	struct end *e;

	snprintf(c.user, sizeof(c.user), "%s", user);
	e = dial_new(&c);
	e->random.fill = vector_random;
	open_lcp(e, AUTH_MS2);
	return e;
}

static void mschap2_answers_as_the_vectors_and_checks_the_proof(void **state)
{
	struct end *e = mschap2_dial("User");
	uint8_t wanted[FRAME_MAX];
	struct frame *f;

	(void)state;
	inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
	f = take(e, FRAME_CHAP, 2);
	assert_int_equal(f->len, vector_hex("auth.txt", "mschap_v2", "response_pkt", wanted,
					    sizeof(wanted)));
	assert_memory_equal(f->info, wanted, f->len);
	inject_vector(e, FRAME_CHAP, "mschap_v2", "success_pkt");
	assert_int_equal(e->authenticated, 1);
	assert_int_equal(e->method, METHOD_MSCHAP2);
	inject_vector(e, FRAME_CHAP, "mschap_v2", "success_pkt"); /* doubled */
	assert_int_equal(e->authenticated, 1);
	end_free(e);
}

static void mschap2_keeps_the_domain_in_the_name_only(void **state)
{
	struct end *e = mschap2_dial("BIGCO\\User");
	uint8_t wanted[FRAME_MAX];
	struct frame *f;

	(void)state;
	inject(e, FRAME_CHAP, "01080018105b5d7c7d7b3f2f3e3c2c602132262628737276");
	f = take(e, FRAME_CHAP, 2);
	assert_int_equal(f->len, vector_hex("auth.txt", "mschap_v2_domain", "response_pkt", wanted,
					    sizeof(wanted)));
	assert_memory_equal(f->info, wanted, f->len);
	end_free(e);
}

static void a_proof_in_lower_case_or_without_message_is_good(void **state)
{
	uint8_t packet[FRAME_MAX];
	size_t len;
	struct end *e = mschap2_dial("User");

	(void)state;
	inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
	inject_vector(e, FRAME_CHAP, "mschap_v2", "success_pkt_no_message");
	assert_int_equal(e->authenticated, 1);
	end_free(e);
	e = mschap2_dial("User");
	inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
	len = vector_hex("auth.txt", "mschap_v2", "success_pkt", packet, sizeof(packet));
	for (size_t i = 6; i < 46; i++)
		if (packet[i] >= 'A')
			packet[i] = (uint8_t)(packet[i] + 32);
	input_frame(e, FRAME_CHAP, packet, len);
	assert_int_equal(e->authenticated, 1);
	end_free(e);
}

static void a_false_or_missing_proof_ends_the_call(void **state)
{
	static const char *const words[] = {"its proof is wrong", "does not prove"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct end *e = mschap2_dial("User");

		inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
		if (i == 0)
			inject_vector(e, FRAME_CHAP, "mschap_v2", "success_pkt_wrong");
		else
			inject(e, FRAME_CHAP, "0307000b57656c636f6d65");
		assert_int_equal(e->authenticated, 0);
		none_sent(e, FRAME_IPCP, 1);
		run_timers(e, 5000);
		expect_end(e, EXIT_PEER_AUTH_FAILED, words[i]);
		end_free(e);
	}
}

static void a_repeated_challenge_gets_the_same_octets(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c); /* with real randomness */
	struct frame *first, *second;

	(void)state;
	open_lcp(e, AUTH_MS2);
	inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
	first = take(e, FRAME_CHAP, 2);
	inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
	second = take(e, FRAME_CHAP, 2);
	assert_memory_equal(first->info, second->info, first->len);
	inject(e, FRAME_CHAP, "01080018105b5d7c7d7b3f2f3e3c2c602132262628737276");
	second = take(e, FRAME_CHAP, 2); /* a new one: a new peer challenge */
	assert_memory_not_equal(first->info + 5, second->info + 5, 16);
	end_free(e);
}

static void a_challenge_before_lcp_opens_is_kept(void **state)
{
	struct ppp_config c = caller_config();
	struct end *e = dial_new(&c);

	(void)state;
	peer_request(e, FRAME_LCP, 1, AUTH_MS2);
	inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
	none_sent(e, FRAME_CHAP, 2);
	send_back(e, take(e, FRAME_LCP, 1), 2);
	take(e, FRAME_CHAP, 2);
	end_free(e);
}

static void a_lost_success_is_asked_for_when_ipcp_comes(void **state)
{
	struct end *e = mschap2_dial("User");
	struct frame *first, *second;

	(void)state;
	inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
	first = take(e, FRAME_CHAP, 2);
	e->now_ms += 1000;
	peer_request(e, FRAME_IPCP, 1, "03060a000001");
	second = take(e, FRAME_CHAP, 2);
	assert_memory_equal(first->info, second->info, first->len);
	peer_request(e, FRAME_IPCP, 1, "03060a000001"); /* not twice in a moment */
	none_sent(e, FRAME_CHAP, 2);
	inject_vector(e, FRAME_CHAP, "mschap_v2", "success_pkt");
	assert_int_equal(e->authenticated, 1);
	take(e, FRAME_IPCP, 2); /* the request that came too early is answered now */
	end_free(e);
}

static void a_challenge_in_mid_call_is_answered_and_its_failure_ends_the_call(void **state)
{
	struct end *e = mschap2_dial("User");

	(void)state;
	inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
	inject_vector(e, FRAME_CHAP, "mschap_v2", "success_pkt");
	take(e, FRAME_CHAP, 2);
	inject(e, FRAME_CHAP, "01080018105b5d7c7d7b3f2f3e3c2c602132262628737276");
	take(e, FRAME_CHAP, 2);
	assert_int_equal(e->authenticated, 1);
	inject(e, FRAME_CHAP, "0408000d453d36343720523d30");
	run_timers(e, 5000);
	expect_end(e, EXIT_AUTH_FAILED, "the account is disabled");
	end_free(e);
}

/* Before there is a proof it means a loop; after it the peer merely copies the number. */
static void echoes_with_our_magic_end_no_call_that_is_proved(void **state)
{
	(void)state;
	for (unsigned proved = 0; proved < 2; proved++) {
		struct end *e = mschap2_dial("User");
		struct frame *request = &e->sent[0];
		uint8_t echo[8] = {9, 4, 0, 8};

		memcpy(echo + 4, request->info + 10, 4);
		inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
		if (proved)
			inject_vector(e, FRAME_CHAP, "mschap_v2", "success_pkt");
		for (unsigned i = 0; i < 5 && !e->closed; i++) {
			ppp_input(e->link, FRAME_LCP, echo, sizeof echo, e->now_ms);
			if (proved)
				take(e, FRAME_LCP, 10);
		}
		run_timers(e, proved ? 10 : 5000);
		if (!proved)
			expect_end(e, EXIT_LOOPBACK, "our own LCP echoes return");
		else
			assert_false(e->closed);
		end_free(e);
	}
}

static void failures_are_told_in_sentences(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"E=646 R=0 V=3", "may not log on at this time"},
		{"E=647 R=0 V=3", "the account is disabled"},
		{"E=648 R=0 V=3 M=Expired",
		 "the password has expired (the server says \"Expired\")"},
		{"E=649 R=0 V=3", "no permission to dial in"},
		{"E=691 R=1 C=5B5D7C7D7B3F2F3E3C2C602132262628 V=0 M=Access denied",
		 "wrong user name or password (the server says \"Access denied\")"},
		{"V=3 E=709", "the new password was refused"},
		{"E=700 M=\x1b[31mred",
		 "refused with error 700 (the server says \"\\x1b[31mred\")"},
		{"go away", "wrong user name or password"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct end *e = mschap2_dial("User");
		uint8_t packet[200] = {4, 7};
		size_t len = strlen(cases[i].text);

		inject_vector(e, FRAME_CHAP, "mschap_v2", "challenge_pkt");
		packet[3] = (uint8_t)(len + 4);
		memcpy(packet + 4, cases[i].text, len);
		input_frame(e, FRAME_CHAP, packet, len + 4);
		run_timers(e, 5000);
		expect_end(e, EXIT_AUTH_FAILED, cases[i].words);
		end_free(e);
	}
}

static void only_the_agreed_protocol_is_answered(void **state)
{
	struct end *e = mschap2_dial("User");
	size_t sent;

	(void)state;
	sent = e->sent_count;
	inject_vector(e, FRAME_EAP, "eap", "identity_request");
	inject_vector(e, FRAME_PAP, "pap", "ack");
	inject_vector(e, FRAME_CHAP, "mschap_v2", "success_pkt"); /* no response was sent yet */
	assert_int_equal(e->sent_count, sent);
	assert_int_equal(e->authenticated, 0);
	end_free(e);
}

/* ---- EAP ---- */

static struct end *eap_dial(unsigned allow, enum mppe_policy mppe)
{
	struct ppp_config c = caller_config();
	struct end *e;

	c.settings.allow = allow;
	c.settings.mppe.policy = mppe;
	e = dial_new(&c);
	e->random.fill = vector_random;
	open_lcp(e, AUTH_EAP);
	return e;
}

static void expect_eap(struct end *e, const char *section, const char *name)
{
	uint8_t wanted[FRAME_MAX];
	size_t len = vector_hex("auth.txt", section, name, wanted, sizeof(wanted));
	struct frame *f = take(e, FRAME_EAP, 2);

	assert_int_equal(f->len, len);
	assert_memory_equal(f->info, wanted, len);
}

static void eap_mschapv2_runs_as_the_vectors(void **state)
{
	struct end *e = eap_dial(METHOD_EAP, MPPE_REQUIRE);

	(void)state;
	inject_vector(e, FRAME_EAP, "eap", "identity_request");
	expect_eap(e, "eap", "identity_response");
	inject_vector(e, FRAME_EAP, "eap", "notification_request");
	expect_eap(e, "eap", "notification_response");
	inject_vector(e, FRAME_EAP, "eap_mschapv2", "challenge");
	expect_eap(e, "eap_mschapv2", "response");
	inject_vector(e, FRAME_EAP, "eap_mschapv2", "challenge"); /* repeated */
	expect_eap(e, "eap_mschapv2", "response");
	inject(e, FRAME_EAP, "03040004"); /* too early: no proof yet */
	assert_int_equal(e->authenticated, 0);
	inject_vector(e, FRAME_EAP, "eap_mschapv2", "success_request");
	expect_eap(e, "eap_mschapv2", "success_response");
	inject(e, FRAME_EAP, "03050004");
	assert_int_equal(e->authenticated, 1);
	take(e, FRAME_CCP, 1); /* it has keys */
	end_free(e);
}

static void eap_mschapv2_failure_is_told_and_confirmed(void **state)
{
	struct end *e = eap_dial(METHOD_EAP, MPPE_NO);

	(void)state;
	inject_vector(e, FRAME_EAP, "eap", "identity_request");
	inject_vector(e, FRAME_EAP, "eap_mschapv2", "challenge");
	inject_vector(e, FRAME_EAP, "eap_mschapv2", "failure_request");
	take(e, FRAME_EAP, 2);
	take(e, FRAME_EAP, 2);
	expect_eap(e, "eap_mschapv2", "failure_response");
	run_timers(e, 5000);
	expect_end(e, EXIT_AUTH_FAILED, "wrong user name or password (the server says \"no\")");
	end_free(e);
}

static void eap_mschapv2_with_a_false_proof_ends_the_call(void **state)
{
	struct end *e = eap_dial(METHOD_EAP, MPPE_NO);
	uint8_t packet[FRAME_MAX];
	size_t len =
		vector_hex("auth.txt", "eap_mschapv2", "success_request", packet, sizeof(packet));

	(void)state;
	inject_vector(e, FRAME_EAP, "eap_mschapv2", "challenge");
	packet[20] ^= 1;
	input_frame(e, FRAME_EAP, packet, len);
	run_timers(e, 5000);
	expect_end(e, EXIT_PEER_AUTH_FAILED, "the server does not");
	end_free(e);
}

static void eap_md5_is_used_where_it_may_be(void **state)
{
	struct end *e = eap_dial(METHOD_EAP | METHOD_CHAP, MPPE_NO);

	(void)state;
	inject_vector(e, FRAME_EAP, "eap", "md5_request");
	expect_eap(e, "eap", "md5_response");
	inject(e, FRAME_EAP, "03030004");
	assert_int_equal(e->authenticated, 1);
	end_free(e);
	e = eap_dial(METHOD_EAP | METHOD_MSCHAP2, MPPE_NO);
	inject_vector(e, FRAME_EAP, "eap", "md5_request");
	expect_eap(e, "eap", "nak_response");
	end_free(e);
	e = eap_dial(METHOD_EAP | METHOD_CHAP, MPPE_REQUIRE);
	inject_vector(e, FRAME_EAP, "eap", "md5_request");
	expect_eap(e, "eap", "nak_response");
	end_free(e);
}

static void eap_refuses_unknown_methods_and_endless_requests(void **state)
{
	struct end *e = eap_dial(METHOD_EAP, MPPE_REQUIRE);
	char hex[32];

	(void)state;
	inject(e, FRAME_EAP, "0103000a0d2000000000"); /* TLS */
	expect_eap(e, "eap", "nak_response");
	for (unsigned id = 4; id < 40; id++) {
		snprintf(hex, sizeof(hex), "01%02x00060d20", id);
		inject(e, FRAME_EAP, hex);
	}
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED, "asks without end");
	end_free(e);
}

static void an_eap_success_that_was_lost_is_taken_from_ipcp(void **state)
{
	struct end *e = eap_dial(METHOD_EAP, MPPE_NO);

	(void)state;
	inject_vector(e, FRAME_EAP, "eap_mschapv2", "challenge");
	peer_request(e, FRAME_IPCP, 1, "03060a000001");
	assert_int_equal(e->authenticated, 0); /* nothing is proved yet */
	inject_vector(e, FRAME_EAP, "eap_mschapv2", "success_request");
	peer_request(e, FRAME_IPCP, 1, "03060a000001");
	assert_int_equal(e->authenticated, 1);
	end_free(e);
}

/* As a Windows server does that is set up for PEAP alone. */
static void a_server_without_a_common_eap_method_does_not_blame_the_password(void **state)
{
	struct end *e = eap_dial(METHOD_EAP, MPPE_REQUIRE);

	(void)state;
	inject_vector(e, FRAME_EAP, "eap", "identity_request");
	inject(e, FRAME_EAP, "010300061920"); /* PEAP */
	take(e, FRAME_EAP, 2);
	expect_eap(e, "eap", "nak_response");
	inject(e, FRAME_EAP, "04030004");
	run_timers(e, 5000);
	expect_end(e, EXIT_NEGOTIATION_FAILED,
		   "the server only offers PEAP in EAP, but here only MSCHAPv2 may be used");
	end_free(e);
	/* What counts is the method that was gone through last. */
	e = eap_dial(METHOD_EAP, MPPE_NO);
	inject(e, FRAME_EAP, "010100060d20"); /* TLS */
	inject_vector(e, FRAME_EAP, "eap_mschapv2", "challenge");
	inject(e, FRAME_EAP, "04040004");
	run_timers(e, 5000);
	expect_end(e, EXIT_AUTH_FAILED, "wrong user name or password");
	end_free(e);
}

/* RFC 3748 section 4.2 lets a server ask again during the call (pppd's eap-interval). */
static void eap_asked_again_all_day_is_answered_each_time(void **state)
{
	struct end *e = eap_dial(METHOD_EAP | METHOD_CHAP, MPPE_NO);
	char hex[64];

	(void)state;
	for (unsigned i = 0; i < 48; i++) {
		unsigned id = i < 24 ? 3 * i & 0xff : 1; /* or each time from the start */

		snprintf(hex, sizeof(hex), "01%02x000501", id);
		inject(e, FRAME_EAP, hex);
		assert_int_equal(take(e, FRAME_EAP, 2)->info[4], 1); /* Identity */
		snprintf(hex, sizeof(hex), "01%02x000e0408%016x", id + 1, i);
		inject(e, FRAME_EAP, hex);
		assert_int_equal(take(e, FRAME_EAP, 2)->info[4], 4); /* MD5 */
		snprintf(hex, sizeof(hex), "03%02x0004", id + 1);
		inject(e, FRAME_EAP, hex);
	}
	assert_int_equal(e->authenticated, 1);
	assert_int_equal(e->phase, PPP_PHASE_NETWORK);
	end_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_peer_ends_with_the_number_of_requests),
		cmocka_unit_test(the_phase_limit_ends_a_peer_that_naks_for_ever),
		cmocka_unit_test(a_peer_that_insists_is_left_after_a_few_rounds),
		cmocka_unit_test(the_request_is_repeated_when_the_peer_is_heard),
		cmocka_unit_test(unsupported_options_are_rejected_and_no_others),
		cmocka_unit_test(an_mru_beyond_1500_is_asked_for_up_to_9000),
		cmocka_unit_test(a_request_of_1500_octets_is_answered_a_longer_one_is_not),
		cmocka_unit_test(rejected_and_naked_options_of_ours_are_followed),
		cmocka_unit_test(an_mru_that_was_not_asked_for_is_asked_for_when_a_nak_wants_it),
		cmocka_unit_test(the_strongest_allowed_method_is_named_in_a_nak),
		cmocka_unit_test(the_strongest_method_is_named_also_after_a_reject),
		cmocka_unit_test(a_server_that_insists_on_pap_is_left_with_a_sentence),
		cmocka_unit_test(a_server_that_hangs_up_on_our_method_is_left_with_what_it_wanted),
		cmocka_unit_test(a_server_that_hangs_up_after_a_method_was_agreed_is_quoted),
		cmocka_unit_test(a_slow_server_that_says_why_is_not_taken_for_a_deaf_one),
		cmocka_unit_test(a_nak_never_names_what_is_forbidden),
		cmocka_unit_test(encryption_without_authentication_is_refused),
		cmocka_unit_test(encryption_makes_weak_methods_unacceptable),
		cmocka_unit_test(a_looped_line_is_known_by_its_magic),
		cmocka_unit_test(echoes_are_answered_with_our_magic),
		cmocka_unit_test(identification_discard_and_time_remaining_need_no_answer),
		cmocka_unit_test(pap_logs_on_and_repeats_until_answered),
		cmocka_unit_test(a_pap_nak_ends_with_the_servers_words),
		cmocka_unit_test(a_pap_server_that_never_answers_is_given_up),
		cmocka_unit_test(chap_md5_answers_as_the_vectors),
		cmocka_unit_test(mschap1_answers_as_the_vectors),
		cmocka_unit_test(mschap2_answers_as_the_vectors_and_checks_the_proof),
		cmocka_unit_test(mschap2_keeps_the_domain_in_the_name_only),
		cmocka_unit_test(a_proof_in_lower_case_or_without_message_is_good),
		cmocka_unit_test(a_false_or_missing_proof_ends_the_call),
		cmocka_unit_test(a_repeated_challenge_gets_the_same_octets),
		cmocka_unit_test(a_challenge_before_lcp_opens_is_kept),
		cmocka_unit_test(a_lost_success_is_asked_for_when_ipcp_comes),
		cmocka_unit_test(a_challenge_in_mid_call_is_answered_and_its_failure_ends_the_call),
		cmocka_unit_test(echoes_with_our_magic_end_no_call_that_is_proved),
		cmocka_unit_test(failures_are_told_in_sentences),
		cmocka_unit_test(only_the_agreed_protocol_is_answered),
		cmocka_unit_test(eap_mschapv2_runs_as_the_vectors),
		cmocka_unit_test(eap_mschapv2_failure_is_told_and_confirmed),
		cmocka_unit_test(eap_mschapv2_with_a_false_proof_ends_the_call),
		cmocka_unit_test(eap_md5_is_used_where_it_may_be),
		cmocka_unit_test(eap_refuses_unknown_methods_and_endless_requests),
		cmocka_unit_test(an_eap_success_that_was_lost_is_taken_from_ipcp),
		cmocka_unit_test(a_server_without_a_common_eap_method_does_not_blame_the_password),
		cmocka_unit_test(eap_asked_again_all_day_is_answered_each_time),
	};

	return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
