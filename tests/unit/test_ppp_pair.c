/* SPDX-License-Identifier: MIT */
/* Two links mouth to ear, over a network that loses, doubles and reorders, under virtual time. */
#include "ppp_harness.h"

struct flying {
	uint64_t due_ms;
	uint64_t order;
	struct end *to;
	struct frame frame;
	bool used;
};

#define FLYING_MAX 256

struct world {
	struct end *ends[2];
	struct flying flying[FLYING_MAX];
	uint64_t now_ms, order, seed;
	unsigned loss, doubling, reordering; /* percent */
};

static void put(struct world *w, struct end *from, uint16_t protocol, const uint8_t *info,
		size_t len)
{
	for (size_t i = 0; i < FLYING_MAX; i++) {
		struct flying *f = &w->flying[i];

		if (f->used)
			continue;
		f->used = true;
		f->to = from == w->ends[0] ? w->ends[1] : w->ends[0];
		f->due_ms = w->now_ms + 20;
		if (prng(&w->seed) % 100 < w->reordering)
			f->due_ms += prng(&w->seed) % 60;
		f->order = w->order++;
		f->frame.protocol = protocol;
		f->frame.len = len;
		memcpy(f->frame.info, info, len);
		return;
	}
	fail_msg("too many frames on the way");
}

static void carry(void *ctx, struct end *from, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct world *w = ctx;

	if (prng(&w->seed) % 100 < w->loss)
		return;
	put(w, from, protocol, info, len);
	if (prng(&w->seed) % 100 < w->doubling)
		put(w, from, protocol, info, len);
}

static struct flying *next_flying(struct world *w)
{
	struct flying *best = NULL;

	for (size_t i = 0; i < FLYING_MAX; i++) {
		struct flying *f = &w->flying[i];

		if (f->used && (!best || f->due_ms < best->due_ms ||
				(f->due_ms == best->due_ms && f->order < best->order)))
			best = f;
	}
	return best;
}

/* One event; false when nothing will ever happen again. */
static bool step(struct world *w)
{
	struct flying *f = next_flying(w);
	uint64_t first = ppp_deadline(w->ends[0]->link), second = ppp_deadline(w->ends[1]->link);
	uint64_t timer = deadline_min(first, second);
	struct frame frame;
	struct end *to;

	if (timer != DEADLINE_NONE && (!f || timer < f->due_ms)) {
		w->now_ms = timer > w->now_ms ? timer : w->now_ms;
		ppp_tick(w->ends[first <= second ? 0 : 1]->link, w->now_ms);
		return true;
	}
	if (!f)
		return false;
	w->now_ms = f->due_ms;
	frame = f->frame;
	to = f->to;
	f->used = false;
	ppp_input(to->link, frame.protocol, frame.info, frame.len, w->now_ms);
	return true;
}

static struct world *world_new(const struct ppp_config *caller, const struct ppp_config *answerer,
			       uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->seed = seed;
	w->now_ms = 1000;
	w->ends[0] = end_new(caller, seed * 2 + 1);
	w->ends[1] = end_new(answerer, seed * 2 + 2);
	for (int i = 0; i < 2; i++) {
		w->ends[i]->carry = carry;
		w->ends[i]->carry_ctx = w;
		w->ends[i]->clock = &w->now_ms;
	}
	w->ends[1]->account_user = "User";
	w->ends[1]->account_password = "clientPass";
	return w;
}

static void world_free(struct world *w)
{
	end_free(w->ends[0]);
	end_free(w->ends[1]);
	free(w);
}

static void world_start(struct world *w)
{
	ppp_up(w->ends[0]->link, w->now_ms);
	ppp_up(w->ends[1]->link, w->now_ms);
}

static bool can_send(const struct end *e)
{
	return e->networks > 0 && e->data.ipv4 && !e->data.tx_blocked;
}

/* Until both can send and the line is quiet, or the time is over, or an end closed. */
static bool run_up(struct world *w, uint64_t limit_ms)
{
	uint64_t until = w->now_ms + limit_ms;
	unsigned steps = 0;

	while (w->now_ms < until && steps++ < 100000) {
		if (can_send(w->ends[0]) && can_send(w->ends[1]) && !next_flying(w))
			return true;
		if (w->ends[0]->closed || w->ends[1]->closed || !step(w))
			return false;
	}
	return false;
}

static void run_for(struct world *w, uint64_t ms)
{
	uint64_t until = w->now_ms + ms;

	while (w->now_ms < until && step(w))
		;
}

static struct ppp_config answerer_config(unsigned allow)
{
	struct ppp_config c = caller_config();

	c.role = ROLE_ANSWERER;
	c.settings.allow = allow;
	secret_set(&c.password, "", 0);
	snprintf(c.host_name, sizeof(c.host_name), "srv");
	c.settings.local = ip("10.0.0.1");
	c.settings.remote = ip("10.0.0.2");
	c.dns[0] = ip("10.0.0.53");
	c.wins[0] = ip("10.0.0.54");
	return c;
}

static const enum auth_method methods[] = {METHOD_PAP, METHOD_CHAP, METHOD_MSCHAP1, METHOD_MSCHAP2,
					   METHOD_EAP};
static const struct {
	enum mppe_policy policy;
	unsigned bits;
	enum mppe_mode mode;
} encryptions[] = {
	{MPPE_NO, MPPE_128, MPPE_STATELESS},
	{MPPE_YES, MPPE_128, MPPE_STATELESS},
	{MPPE_REQUIRE, MPPE_128, MPPE_STATELESS},
	{MPPE_REQUIRE, MPPE_128, MPPE_STATEFUL},
	{MPPE_REQUIRE, MPPE_56, MPPE_STATELESS},
	{MPPE_REQUIRE, MPPE_40, MPPE_ANY},
	{MPPE_YES, MPPE_40 | MPPE_56 | MPPE_128, MPPE_STATEFUL},
};
#define METHODS	    (sizeof(methods) / sizeof(methods[0]))
#define ENCRYPTIONS (sizeof(encryptions) / sizeof(encryptions[0]))

static void keys_agree(const struct ppp_mppe_key *tx, const struct ppp_mppe_key *rx)
{
	assert_int_equal(tx->bits, rx->bits);
	assert_int_equal(tx->stateful, rx->stateful);
	assert_memory_equal(tx->start, rx->start, tx->bits == 128 ? 16 : tx->bits ? 8 : 0);
}

static void both_agree(const struct world *w)
{
	const struct ppp_data *a = &w->ends[0]->data, *b = &w->ends[1]->data;

	keys_agree(&a->tx, &b->rx);
	keys_agree(&b->tx, &a->rx);
	assert_int_equal(a->rx_clear, a->rx.bits == 0);
	assert_int_equal(w->ends[0]->addresses.local.s_addr, ip("10.0.0.2").s_addr);
	assert_int_equal(w->ends[0]->addresses.remote.s_addr, ip("10.0.0.1").s_addr);
	assert_int_equal(w->ends[0]->addresses.dns[0].s_addr, ip("10.0.0.53").s_addr);
	assert_int_equal(w->ends[1]->addresses.local.s_addr, ip("10.0.0.1").s_addr);
	assert_int_equal(w->ends[1]->addresses.remote.s_addr, ip("10.0.0.2").s_addr);
}

static bool has_keys(enum auth_method method)
{
	return method != METHOD_PAP && method != METHOD_CHAP;
}

static void dial(enum auth_method method, size_t encryption, uint64_t seed, unsigned trouble)
{
	struct ppp_config caller = caller_config(), answerer = answerer_config(method);
	struct world *w;
	bool encrypted = encryptions[encryption].policy != MPPE_NO && has_keys(method);
	bool hopeless = encryptions[encryption].policy == MPPE_REQUIRE && !has_keys(method);

	caller.settings.mppe.policy = answerer.settings.mppe.policy =
		encryptions[encryption].policy;
	caller.settings.mppe.strengths = answerer.settings.mppe.strengths =
		encryptions[encryption].bits;
	caller.settings.mppe.mode = answerer.settings.mppe.mode = encryptions[encryption].mode;
	w = world_new(&caller, &answerer, seed);
	w->loss = trouble;
	w->doubling = w->reordering = trouble;
	world_start(w);
	if (hopeless) {
		assert_false(run_up(w, 90000));
		assert_int_equal(w->ends[0]->networks, 0);
		world_free(w);
		return;
	}
	if (!run_up(w, 90000))
		fail_msg("method %s, encryption %zu, seed %llu: not up (%s / %s)",
			 word_of(auth_words, method), encryption, (unsigned long long)seed,
			 w->ends[0]->reason.text, w->ends[1]->reason.text);
	assert_int_equal(w->ends[0]->method, method);
	if (trouble == 0) {
		assert_int_equal(w->ends[0]->data.tx.bits != 0, encrypted);
		assert_true(w->now_ms < 2000); /* no timer had to expire */
	}
	if (trouble) { /* farewells of what one end gave up may still be repeated */
		run_for(w, 10000);
		assert_true(can_send(w->ends[0]) && can_send(w->ends[1]));
	}
	both_agree(w);
	world_free(w);
}

static void every_combination_on_a_good_line_comes_up_without_waiting(void **state)
{
	(void)state;
	for (size_t m = 0; m < METHODS; m++)
		for (size_t e = 0; e < ENCRYPTIONS; e++)
			for (uint64_t seed = 1; seed <= 3; seed++)
				dial(methods[m], e, seed, 0);
}

static void every_combination_comes_up_on_a_bad_line(void **state)
{
	const char *seeds = getenv("PPP_TEST_SEEDS");
	uint64_t count = seeds ? strtoull(seeds, NULL, 10) : 20;

	(void)state;
	for (size_t m = 0; m < METHODS; m++)
		for (size_t e = 0; e < ENCRYPTIONS; e++)
			for (uint64_t seed = 1; seed <= count; seed++)
				dial(methods[m], e, 1000 * (m * ENCRYPTIONS + e) + seed, 15);
}

static void a_wrong_password_is_told_at_both_ends(void **state)
{
	(void)state;
	for (size_t m = 0; m < METHODS; m++) {
		struct ppp_config caller = caller_config(), answerer = answerer_config(methods[m]);
		struct world *w;

		for (unsigned unknown = 0; unknown < 2; unknown++) {
			w = world_new(&caller, &answerer, 7);
			if (unknown)
				w->ends[1]->account_user = "Other";
			else
				w->ends[1]->account_password = "somethingElse";
			world_start(w);
			assert_false(run_up(w, 30000));
			run_for(w, 5000);
			expect_end(w->ends[0], EXIT_AUTH_FAILED, "wrong user name or password");
			expect_end(w->ends[1], EXIT_PEER_AUTH_FAILED, "\"User\"");
			assert_int_equal(w->ends[0]->networks + w->ends[1]->networks, 0);
			assert_int_equal(w->ends[1]->authenticated, 0);
			world_free(w);
		}
	}
}

static void the_answerer_follows_naks_inside_its_own_set(void **state)
{
	(void)state;
	for (size_t m = 0; m < METHODS; m++) {
		struct ppp_config caller = caller_config();
		struct ppp_config answerer = answerer_config(caller.settings.allow);
		struct world *w;

		caller.settings.allow = methods[m];
		w = world_new(&caller, &answerer, 9);
		world_start(w);
		assert_true(run_up(w, 10000));
		assert_int_equal(w->ends[0]->method, methods[m]);
		assert_int_equal(w->ends[1]->method, methods[m]);
		world_free(w);
	}
}

static void ends_without_a_common_method_part(void **state)
{
	struct ppp_config caller = caller_config();
	struct ppp_config answerer = answerer_config(METHOD_PAP | METHOD_CHAP);
	struct world *w;

	(void)state;
	caller.settings.allow = METHOD_MSCHAP2;
	w = world_new(&caller, &answerer, 9);
	world_start(w);
	assert_false(run_up(w, 30000));
	run_for(w, 5000);
	assert_int_equal(w->ends[0]->closed, 1);
	assert_int_equal(w->ends[1]->closed, 1);
	assert_int_equal(w->ends[1]->reason.code, EXIT_NEGOTIATION_FAILED);
	assert_int_equal(w->ends[0]->authenticated + w->ends[1]->authenticated, 0);
	world_free(w);
}

static void ends_that_need_different_strengths_part(void **state)
{
	struct ppp_config caller = caller_config(), answerer = answerer_config(METHOD_MSCHAP2);
	struct world *w;

	(void)state;
	caller.settings.mppe.policy = answerer.settings.mppe.policy = MPPE_REQUIRE;
	caller.settings.mppe.strengths = MPPE_128;
	answerer.settings.mppe.strengths = MPPE_40;
	w = world_new(&caller, &answerer, 9);
	world_start(w);
	assert_false(run_up(w, 30000));
	run_for(w, 5000);
	assert_int_equal(w->ends[0]->closed, 1);
	assert_int_equal(w->ends[1]->closed, 1);
	assert_int_equal(w->ends[0]->networks + w->ends[1]->networks, 0);
	world_free(w);
}

static void a_strength_that_both_permit_is_found(void **state)
{
	struct ppp_config caller = caller_config(), answerer = answerer_config(METHOD_MSCHAP2);
	struct world *w;

	(void)state;
	caller.settings.mppe.policy = answerer.settings.mppe.policy = MPPE_REQUIRE;
	caller.settings.mppe.strengths = MPPE_128 | MPPE_56 | MPPE_40;
	answerer.settings.mppe.strengths = MPPE_40 | MPPE_56;
	w = world_new(&caller, &answerer, 9);
	world_start(w);
	assert_true(run_up(w, 30000));
	assert_int_equal(w->ends[0]->data.tx.bits, 56);
	assert_int_equal(w->ends[0]->data.rx.bits, 56);
	both_agree(w);
	world_free(w);
}

/* A Nak does not change an answerer's address: who wishes another one takes it, who demands one is
 * left with a sentence. */
static void the_answerer_keeps_its_own_address(void **state)
{
	struct ppp_config caller = caller_config(), answerer = answerer_config(METHOD_MSCHAP2);
	struct world *w;

	(void)state;
	caller.settings.remote = ip("10.0.0.77");
	w = world_new(&caller, &answerer, 9);
	world_start(w);
	assert_true(run_up(w, 30000));
	both_agree(w);
	world_free(w);
	caller.settings.remote_must = true;
	w = world_new(&caller, &answerer, 9);
	world_start(w);
	assert_false(run_up(w, 30000));
	run_for(w, 5000);
	assert_int_equal(w->ends[0]->reason.code, EXIT_NEGOTIATION_FAILED);
	assert_string_equal(
		w->ends[0]->reason.text,
		"the server insists on the address 10.0.0.1 for itself, which has to be "
		"10.0.0.77");
	assert_int_equal(w->ends[0]->networks + w->ends[1]->networks, 0);
	world_free(w);
}

static void either_end_can_hang_up(void **state)
{
	struct reason reason = {EXIT_OK, "enough"};

	(void)state;
	for (int by = 0; by < 2; by++) {
		struct ppp_config caller = caller_config(), answerer = answerer_config(METHOD_PAP);
		struct world *w = world_new(&caller, &answerer, 9);

		world_start(w);
		assert_true(run_up(w, 10000));
		ppp_close(w->ends[by]->link, &reason, w->now_ms);
		run_for(w, 5000);
		expect_end(w->ends[by], EXIT_OK, "enough");
		/* The server gives its reason, the caller keeps it. */
		expect_end(w->ends[!by], EXIT_HANGUP,
			   by ? "the server hung up: \"enough\"" : "the caller hung up");
		assert_true(by || !strstr(w->ends[1]->reason.text, "enough"));
		world_free(w);
	}
}

/* Whatever ends the call at the server: what the policies did not agree on reaches the caller. */
static void the_server_says_what_was_not_agreed_on(void **state)
{
	static const struct {
		unsigned caller_bits;
		enum mppe_policy caller;
		const char *words;
	} cases[] = {
		{MPPE_40, MPPE_YES,
		 "hung up while the network was being set up after we refused MPPE of 128 bit "
		 "(mppe-strength): \"encryption is required, but the caller wants MPPE 40 bit, the "
		 "profile permits only 128 bit (mppe-strength)\""},
		{MPPE_128, MPPE_NO,
		 "\"encryption is required, but the caller offers no MPPE (it rejected CCP)\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ppp_config caller = caller_config();
		struct ppp_config answerer = answerer_config(METHOD_MSCHAP2);
		struct world *w;

		caller.settings.mppe.policy = cases[i].caller;
		caller.settings.mppe.strengths = cases[i].caller_bits;
		answerer.settings.mppe.policy = MPPE_REQUIRE;
		w = world_new(&caller, &answerer, 9);
		world_start(w);
		run_for(w, 20000);
		expect_end(w->ends[0], EXIT_NEGOTIATION_FAILED, cases[i].words);
		assert_non_null(strstr(w->ends[0]->reason.text, w->ends[1]->reason.text));
		assert_string_equal(ppp_farewell(w->ends[1]->link), w->ends[1]->reason.text);
		world_free(w);
	}
}

static void the_server_gives_no_reason_before_the_password(void **state)
{
	struct reason reason = {EXIT_NEGOTIATION_FAILED, "enough"};
	struct ppp_config caller = caller_config(), answerer = answerer_config(METHOD_MSCHAP2);
	struct world *w = world_new(&caller, &answerer, 9);

	(void)state;
	world_start(w);
	while (w->ends[1]->phase != PPP_PHASE_AUTHENTICATE)
		assert_true(step(w));
	ppp_close(w->ends[1]->link, &reason, w->now_ms);
	run_for(w, 5000);
	expect_end(w->ends[1], EXIT_NEGOTIATION_FAILED, "enough");
	assert_int_equal(w->ends[0]->closed, 1);
	assert_null(strstr(w->ends[0]->reason.text, "enough"));
	world_free(w);
}

static void keepalives_hold_a_quiet_line_and_find_a_dead_one(void **state)
{
	struct ppp_config caller = caller_config(), answerer = answerer_config(METHOD_MSCHAP2);
	struct world *w;

	(void)state;
	caller.keepalive_ms = answerer.keepalive_ms = 5000;
	w = world_new(&caller, &answerer, 9);
	world_start(w);
	assert_true(run_up(w, 10000));
	run_for(w, 600000);
	assert_int_equal(w->ends[0]->closed + w->ends[1]->closed, 0);
	assert_true(w->ends[0]->echoes > 50 || w->ends[1]->echoes > 50);
	w->loss = 100;
	run_for(w, 20000);
	expect_end(w->ends[0], EXIT_PEER_DEAD, "has not answered");
	expect_end(w->ends[1], EXIT_PEER_DEAD, "has not answered");
	world_free(w);
}

/* Exactly until then, whether or not anything happens. */
static void run_to(struct world *w, uint64_t then)
{
	for (;;) {
		struct flying *f = next_flying(w);
		uint64_t due = deadline_min(ppp_deadline(w->ends[0]->link),
					    ppp_deadline(w->ends[1]->link));

		if (deadline_min(due, f ? f->due_ms : DEADLINE_NONE) > then)
			break;
		assert_true(step(w));
	}
	w->now_ms = then;
}

/* Whenever the line dies, and whether echoes or data have held it up until then. */
static void a_dead_peer_is_found_within_twice_the_keepalive(void **state)
{
	struct ppp_config caller = caller_config(), answerer = answerer_config(METHOD_MSCHAP2);

	(void)state;
	caller.keepalive_ms = answerer.keepalive_ms = 5000;
	for (uint64_t quiet = 0; quiet < 12000; quiet += 370) {
		struct world *w = world_new(&caller, &answerer, 100 + quiet);
		uint64_t died, echoes;

		world_start(w);
		assert_true(run_up(w, 10000));
		echoes = w->ends[0]->echoes;
		for (int i = 0; i < 30; i++) { /* data flows: nothing is asked */
			run_to(w, w->now_ms + 1000);
			ppp_heard(w->ends[0]->link, w->now_ms);
			ppp_heard(w->ends[1]->link, w->now_ms);
		}
		assert_int_equal(w->ends[0]->echoes, echoes);
		run_to(w, w->now_ms + quiet);
		died = w->now_ms;
		w->loss = 100;
		while (!w->ends[0]->closed || !w->ends[1]->closed) {
			assert_true(step(w));
			/* 20 ms: what was on its way still arrives. */
			assert_true(w->now_ms <= died + 20 + 2 * 5000);
		}
		expect_end(w->ends[0], EXIT_PEER_DEAD, "has not answered");
		world_free(w);
	}
}

static void ipv6_comes_up_beside_ipv4(void **state)
{
	struct ppp_config caller = caller_config(), answerer = answerer_config(METHOD_MSCHAP2);
	struct world *w;

	(void)state;
	caller.settings.ipv6 = answerer.settings.ipv6 = true;
	w = world_new(&caller, &answerer, 9);
	world_start(w);
	assert_true(run_up(w, 10000));
	run_for(w, 3000);
	assert_true(w->ends[0]->data.ipv6 && w->ends[1]->data.ipv6);
	assert_memory_equal(w->ends[0]->addresses.local_ifid, w->ends[1]->addresses.remote_ifid, 8);
	assert_memory_equal(w->ends[1]->addresses.local_ifid, w->ends[0]->addresses.remote_ifid, 8);
	assert_memory_not_equal(w->ends[0]->addresses.local_ifid, w->ends[1]->addresses.local_ifid,
				8);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination_on_a_good_line_comes_up_without_waiting),
		cmocka_unit_test(every_combination_comes_up_on_a_bad_line),
		cmocka_unit_test(a_wrong_password_is_told_at_both_ends),
		cmocka_unit_test(the_answerer_follows_naks_inside_its_own_set),
		cmocka_unit_test(ends_without_a_common_method_part),
		cmocka_unit_test(ends_that_need_different_strengths_part),
		cmocka_unit_test(a_strength_that_both_permit_is_found),
		cmocka_unit_test(the_answerer_keeps_its_own_address),
		cmocka_unit_test(either_end_can_hang_up),
		cmocka_unit_test(the_server_says_what_was_not_agreed_on),
		cmocka_unit_test(the_server_gives_no_reason_before_the_password),
		cmocka_unit_test(keepalives_hold_a_quiet_line_and_find_a_dead_one),
		cmocka_unit_test(a_dead_peer_is_found_within_twice_the_keepalive),
		cmocka_unit_test(ipv6_comes_up_beside_ipv4),
	};

	return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
