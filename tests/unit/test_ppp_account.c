/* SPDX-License-Identifier: MIT */
/* An answerer whose callers' accounts somebody else knows: he may answer late, or never. */
#include "ppp_harness.h"

#include "crypto/mschap.h"

#define LIMIT_MS 20000

/* PAP's Authenticate-Request of "User" with the right password. */
#define PAP_USER "0107001404557365720a636c69656e7450617373"

static struct end *asking(unsigned method)
{
	struct end *e = answerer_dial(method);

	e->account_later = true;
	return e;
}

static void respond_md5(struct end *e, const struct frame *challenge)
{
	uint8_t packet[25] = {2, challenge->info[1], 0, 25, 16};
	struct secret password;

	secret_set(&password, "clientPass", 10);
	chap_md5_response(packet + 5, challenge->info[1], &password, challenge->info + 5,
			  challenge->info[4]);
	memcpy(packet + 21, "User", 4);
	input_frame(e, FRAME_CHAP, packet, sizeof(packet));
}

static void an_answer_in_the_question_lets_pap_in_at_once(void **state)
{
	struct end *e = answerer_dial(METHOD_PAP);

	(void)state;
	inject(e, FRAME_PAP, PAP_USER);
	take(e, FRAME_PAP, 2);
	assert_int_equal(e->accounts, 1);
	assert_int_equal(e->phase, PPP_PHASE_NETWORK);
	end_free(e);
}

static void a_late_answer_lets_pap_in(void **state)
{
	struct end *e = asking(METHOD_PAP);

	(void)state;
	inject(e, FRAME_PAP, PAP_USER);
	run_timers(e, LIMIT_MS - 1);
	assert_null(find_sent(e, FRAME_PAP, 2));
	assert_int_equal(e->phase, PPP_PHASE_AUTHENTICATE);
	end_answer(e, true);
	take(e, FRAME_PAP, 2);
	assert_int_equal(e->authenticated, 1);
	assert_int_equal(e->phase, PPP_PHASE_NETWORK);
	end_free(e);
}

static void a_late_unknown_is_turned_away(void **state)
{
	struct end *e = asking(METHOD_PAP);

	(void)state;
	inject(e, FRAME_PAP, PAP_USER);
	end_answer(e, false);
	take(e, FRAME_PAP, 3);
	run_timers(e, 10000);
	expect_end(e, EXIT_PEER_AUTH_FAILED, "gave a wrong user name or password");
	end_free(e);
}

static void the_challenge_is_not_repeated_while_asked(void **state)
{
	struct end *e = asking(METHOD_CHAP);

	(void)state;
	respond_md5(e, take(e, FRAME_CHAP, 1));
	run_timers(e, LIMIT_MS - 1);
	assert_null(find_sent(e, FRAME_CHAP, 1));
	e->read_count = 0;
	end_answer(e, true);
	take(e, FRAME_CHAP, 3);
	assert_int_equal(e->phase, PPP_PHASE_NETWORK);
	run_timers(e, 1000);
	assert_null(find_sent(e, FRAME_CHAP, 1));
	end_free(e);
}

static void without_an_answer_the_call_ends_and_says_why(void **state)
{
	struct end *e = asking(METHOD_CHAP);

	(void)state;
	respond_md5(e, take(e, FRAME_CHAP, 1));
	run_timers(e, LIMIT_MS - 1);
	assert_int_equal(e->phase, PPP_PHASE_AUTHENTICATE);
	run_timers(e, 10000);
	expect_end(e, EXIT_NEGOTIATION_FAILED,
		   "nobody said within 20 s whether the caller has an account");
	end_answer(e, true); /* now he does */
	assert_int_equal(e->authenticated, 0);
	end_free(e);
}

static void repeats_while_asked_ask_nobody(void **state)
{
	struct end *e = asking(METHOD_PAP);

	(void)state;
	for (int i = 0; i < 5; i++) {
		inject(e, FRAME_PAP, PAP_USER);
		run_timers(e, 500);
	}
	inject(e, FRAME_PAP, "0108000a025a5a025a5a"); /* nor another name */
	assert_int_equal(e->accounts, 1);
	end_answer(e, true);
	assert_int_equal(take(e, FRAME_PAP, 2)->info[1], 7);
	assert_int_equal(e->phase, PPP_PHASE_NETWORK);
	end_free(e);
}

static void after_a_hang_up_the_answer_does_nothing(void **state)
{
	const struct reason reason = {EXIT_SIGNAL, "asked to"};
	struct end *e = asking(METHOD_PAP);

	(void)state;
	inject(e, FRAME_PAP, PAP_USER);
	ppp_close(e->link, &reason, e->now_ms);
	end_answer(e, true);
	assert_null(find_sent(e, FRAME_PAP, 2));
	run_timers(e, LIMIT_MS + 10000);
	expect_end(e, EXIT_SIGNAL, "asked to");
	end_free(e);
}

static void an_answer_from_before_lcp_began_anew_does_nothing(void **state)
{
	struct end *e = asking(METHOD_PAP);

	(void)state;
	inject(e, FRAME_PAP, PAP_USER);
	e->read_count = e->sent_count;
	peer_request(e, FRAME_LCP, 9, "050655667799");
	send_back(e, take(e, FRAME_LCP, 1), 2);
	assert_int_equal(e->phase, PPP_PHASE_AUTHENTICATE);
	end_answer(e, true);
	assert_null(find_sent(e, FRAME_PAP, 2));
	inject(e, FRAME_PAP, PAP_USER);
	assert_int_equal(e->accounts, 2);
	end_answer(e, true);
	take(e, FRAME_PAP, 2);
	end_free(e);
}

static void an_answer_that_nobody_asked_for_does_nothing(void **state)
{
	struct end *e = asking(METHOD_PAP);

	(void)state;
	end_answer(e, true);
	inject(e, FRAME_PAP, PAP_USER);
	assert_int_equal(e->accounts, 1);
	assert_null(find_sent(e, FRAME_PAP, 2));
	end_answer(e, true);
	end_answer(e, false); /* the first one counts */
	take(e, FRAME_PAP, 2);
	assert_int_equal(e->phase, PPP_PHASE_NETWORK);
	end_free(e);
}

static void eap_goes_on_with_a_late_answer_and_asks_once(void **state)
{
	struct end *e = asking(METHOD_EAP);
	char hex[64];

	(void)state;
	snprintf(hex, sizeof(hex), "02%02x00090155736572", take(e, FRAME_EAP, 1)->info[1]);
	inject(e, FRAME_EAP, hex);
	run_timers(e, 5000);
	assert_null(find_sent(e, FRAME_EAP, 1));
	e->read_count = e->sent_count;
	end_answer(e, true);
	assert_int_equal(take(e, FRAME_EAP, 1)->info[4], 26);
	assert_int_equal(e->accounts, 1);
	end_free(e);
}

static void a_packet_too_long_to_be_kept_is_dropped(void **state)
{
	struct end *e = asking(METHOD_PAP);
	uint8_t packet[601];

	(void)state;
	vector_decode(PAP_USER, packet, sizeof(packet));
	memset(packet + 20, 0, sizeof(packet) - 20); /* padding */
	input_frame(e, FRAME_PAP, packet, sizeof(packet));
	assert_int_equal(e->accounts, 0);
	input_frame(e, FRAME_PAP, packet, sizeof(packet) - 1);
	end_answer(e, true);
	take(e, FRAME_PAP, 2);
	end_free(e);
}

/* ---- somebody elsewhere judges ---- */

static void answer_judged(struct end *e, enum auth_verdict verdict, const char *said)
{
	struct ppp_account account = {.known = true, .judged.verdict = (uint8_t)verdict};

	snprintf(account.judged.said, sizeof(account.judged.said), "%s", said);
	ppp_account_answer(e->link, &account, e->now_ms);
}

static void pap_shows_the_password_and_obeys_the_verdict(void **state)
{
	(void)state;
	for (int good = 0; good < 2; good++) {
		struct end *e = asking(METHOD_PAP);
		const struct frame *f;

		inject(e, FRAME_PAP, PAP_USER);
		assert_int_equal(e->proof.method, METHOD_PAP);
		assert_int_equal(e->proof.value_len, 10);
		assert_memory_equal(e->proof.value, "clientPass", 10);
		answer_judged(e, good ? VERDICT_GOOD : VERDICT_BAD, "call the help desk");
		f = take(e, FRAME_PAP, good ? 2 : 3);
		assert_int_equal(f->info[4], 18);
		assert_memory_equal(f->info + 5, "call the help desk", 18);
		assert_int_equal(e->authenticated, good);
		end_free(e);
	}
}

static void chap_shows_its_response_and_obeys_the_verdict(void **state)
{
	struct end *e = asking(METHOD_CHAP);
	const struct frame *challenge = take(e, FRAME_CHAP, 1);
	uint8_t id = challenge->info[1], octets[16];

	(void)state;
	memcpy(octets, challenge->info + 5, 16);
	respond_md5(e, challenge);
	assert_int_equal(e->proof.method, METHOD_CHAP);
	assert_int_equal(e->proof.id, id);
	assert_int_equal(e->proof.challenge_len, 16);
	assert_memory_equal(e->proof.challenge, octets, 16);
	assert_int_equal(e->proof.value_len, 16);
	/* The password would be right: it does not count. */
	answer_judged(e, VERDICT_BAD, "");
	take(e, FRAME_CHAP, 4);
	assert_int_equal(e->authenticated, 0);
	end_free(e);
}

/* E=648 of the judge reaches the caller. */
static void mschap2_needs_the_judges_proof_and_tells_his_error(void **state)
{
	(void)state;
	for (int with = 0; with < 3; with++) {
		struct end *e = asking(METHOD_MSCHAP2);
		struct ppp_account account = {.known = true, .judged.verdict = VERDICT_GOOD};
		uint8_t packet[4 + 1 + 49 + 4] = {2, take(e, FRAME_CHAP, 1)->info[1], 0, 58, 49};
		const struct frame *f;

		memcpy(packet + 54, "User", 4);
		input_frame(e, FRAME_CHAP, packet, sizeof(packet));
		assert_int_equal(e->proof.value_len, 49);
		account.judged.has_success = with == 1;
		memset(account.judged.success, 'S', sizeof(account.judged.success));
		if (with == 2) {
			account.judged.verdict = VERDICT_BAD;
			account.judged.error = 648;
			strcpy(account.judged.said, "expired");
		}
		ppp_account_answer(e->link, &account, e->now_ms);
		f = take(e, FRAME_CHAP, with == 1 ? 3 : 4);
		if (with == 1)
			assert_memory_equal(f->info + 4,
					    "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS M=", 45);
		if (with == 2)
			assert_memory_equal(f->info + 4, "E=648 R=0 V=3 M=expired", 23);
		assert_int_equal(e->authenticated, with == 1);
		end_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_in_the_question_lets_pap_in_at_once),
		cmocka_unit_test(a_late_answer_lets_pap_in),
		cmocka_unit_test(a_late_unknown_is_turned_away),
		cmocka_unit_test(the_challenge_is_not_repeated_while_asked),
		cmocka_unit_test(without_an_answer_the_call_ends_and_says_why),
		cmocka_unit_test(repeats_while_asked_ask_nobody),
		cmocka_unit_test(after_a_hang_up_the_answer_does_nothing),
		cmocka_unit_test(an_answer_from_before_lcp_began_anew_does_nothing),
		cmocka_unit_test(an_answer_that_nobody_asked_for_does_nothing),
		cmocka_unit_test(eap_goes_on_with_a_late_answer_and_asks_once),
		cmocka_unit_test(a_packet_too_long_to_be_kept_is_dropped),
		cmocka_unit_test(pap_shows_the_password_and_obeys_the_verdict),
		cmocka_unit_test(chap_shows_its_response_and_obeys_the_verdict),
		cmocka_unit_test(mschap2_needs_the_judges_proof_and_tells_his_error),
	};

	return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
