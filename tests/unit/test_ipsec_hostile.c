/* SPDX-License-Identifier: MIT */
/* The IKE engine among losses, copies, forgeries and silence: what must not harm it, and what each
 * failure is said to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipsec/internal.h"
#include "ipsec_harness.h"

#include <errno.h>

#define SETUP_MESSAGES 9

static struct world w;

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

static bool has(unsigned end, const char *text)
{
	return strstr(w.end[end].reason.text, text) != NULL;
}

/* Lost, doubled, spoilt */

static bool lose_one(struct world *world, struct datagram *d)
{
	(void)d;
	return world->count != world->want;
}

static void each_message_may_be_lost_once(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= SETUP_MESSAGES; n++) {
		world_set(&w, n);
		w.want = n;
		w.filter = lose_one;
		world_start(&w);
		world_run(&w, w.now + 3000);
		if (!world_is_up(&w))
			fail_msg("without message %u", n);
		world_free(&w);
	}
}

static bool double_each(struct world *world, struct datagram *d)
{
	world_put(world, d, DELAY_MS);
	world_put(world, d, 7 * DELAY_MS);
	return true;
}

static void each_message_may_come_three_times(void **state)
{
	(void)state;
	world_set(&w, 20);
	w.filter = double_each;
	world_start(&w);
	world_run(&w, w.now + 10000);
	assert_true(world_is_up(&w));
	assert_int_equal(w.end[0].receives, 1);
	assert_int_equal(w.end[1].receives, 1);
	assert_true(w.count < 40);
	world_free(&w);
}

enum spoil { FLIPPED, CUT, LONGER, SPOILS };
static enum spoil spoil;
static size_t at; /* where it is spoilt */
static bool besides;

static bool spoil_one(struct world *world, struct datagram *d)
{
	struct datagram copy = *d;

	if (world->count != world->want)
		return true;
	if (at >= d->len) {
		at = 0; /* no such octet: done with this message */
		return true;
	}
	if (spoil == FLIPPED)
		copy.octets[at] ^= (uint8_t)(1u << at % 8);
	else if (spoil == CUT)
		copy.len = at ? at : 1;
	else
		copy.len = copy.len + 1 + at % 40;
	world_put(world, &copy, besides ? DELAY_MS + 1 : DELAY_MS);
	return besides;
}

/* Message WANT spoilt at each STEPth octet, in place of the right one or behind it. */
static void spoil_message(unsigned want, bool beside, size_t step)
{
	for (size_t i = 1;; i += step) {
		world_set(&w, (uint32_t)(want * 1000 + i));
		w.end[0].config.setup_limit_ms = 12000;
		w.want = want;
		w.filter = spoil_one;
		besides = beside;
		at = i;
		world_start(&w);
		world_run(&w, w.now + 9000);
		bool up = world_is_up(&w);
		if (beside && !up)
			fail_msg("message %u, spoilt (%d) at %zu: %s", want, (int)spoil, i,
				 w.end[0].reason.text);
		/* Whoever is up has the keys of the other. */
		assert_true(!w.end[0].ups || w.end[0].closes || world_carries(&w, 0));
		world_free(&w);
		if (!at)
			break;
	}
}

static void spoilt_copies_of_each_message_harm_nothing(void **state)
{
	(void)state;
	for (spoil = FLIPPED; spoil < SPOILS; spoil++)
		for (unsigned n = 1; n <= SETUP_MESSAGES; n++)
			spoil_message(n, true, spoil == FLIPPED ? 3 : 29);
}

static void spoilt_messages_never_lead_to_other_keys(void **state)
{
	(void)state;
	for (spoil = FLIPPED; spoil < SPOILS; spoil++)
		for (unsigned n = 1; n <= SETUP_MESSAGES; n++)
			spoil_message(n, false, spoil == FLIPPED ? 7 : 37);
}

/* Recorded and said again */

static struct datagram recorded[64];
static unsigned records;

static bool record(struct world *world, struct datagram *d)
{
	(void)world;
	if (records < 64)
		recorded[records++] = *d;
	return true;
}

static void all_of_the_past_said_again_changes_nothing(void **state)
{
	(void)state;
	records = 0;
	world_set(&w, 21);
	w.filter = record;
	world_start(&w);
	world_run(&w, w.now + 100000); /* with questions and answers of DPD */
	assert_true(world_is_up(&w) && records > SETUP_MESSAGES);
	w.filter = NULL;
	for (unsigned twice = 0; twice < 2; twice++) {
		for (unsigned i = 0; i < records; i++) {
			world_put(&w, &recorded[i], 1);
			recorded[i].to = !recorded[i].to; /* and to who said it */
			world_put(&w, &recorded[i], 1);
			world_run(&w, w.now + 10);
		}
	}
	world_run(&w, w.now + 2000);
	assert_true(world_is_up(&w));
	assert_int_equal(w.end[0].sends + w.end[1].sends, 2);
	assert_int_equal(w.end[0].closes + w.end[1].closes, 0);
	world_free(&w);
}

/* Messages of a first call mean nothing to a second one. */
static void messages_of_another_call_change_nothing(void **state)
{
	(void)state;
	world_set(&w, 22);
	for (unsigned n = 1; n <= SETUP_MESSAGES; n++) {
		world_set(&w, 22 + n);
		world_start(&w);
		world_run(&w, w.now + n * DELAY_MS);
		for (unsigned i = 0; i < records; i++)
			world_put(&w, &recorded[i], 1);
		world_run(&w, w.now + 60000);
		assert_true(world_is_up(&w));
		world_free(&w);
	}
}

/* Forged */

static void say_clear(unsigned to, const struct phase *p, uint16_t type)
{
	struct isakmp_header h = {.exchange = ISAKMP_INFORMATIONAL, .id = 77};
	const struct isakmp_notification n = {.protocol = ISAKMP_PROTOCOL_IKE, .type = type};
	struct datagram d = {.to = to, .port = p->port};
	struct isakmp_writer m;

	memcpy(h.initiator, p->cookie[0], ISAKMP_COOKIE);
	memcpy(h.responder, p->cookie[1], ISAKMP_COOKIE);
	isakmp_begin(&m, d.octets, sizeof d.octets, &h);
	isakmp_add_notify(&m, &n);
	isakmp_open(&m, ISAKMP_DELETE);
	writer_u32(&m.w, 1);
	writer_u32(&m.w, 0x01100001);
	writer_bytes(&m.w, p->cookie, 16);
	isakmp_close(&m);
	d.len = isakmp_end(&m, 1);
	world_put(&w, &d, 1);
}

static void clear_notifies_and_deletes_end_nothing(void **state)
{
	static const uint16_t types[] = {ISAKMP_NO_PROPOSAL, ISAKMP_INVALID_COOKIE,
					 ISAKMP_AUTHENTICATION_FAILED, ISAKMP_INVALID_ID, 16384};
	(void)state;
	for (unsigned when = 0; when <= 200; when += 15) {
		world_set(&w, 30 + when);
		world_start(&w);
		world_run(&w, w.now + when);
		for (unsigned i = 0; i < 5; i++)
			for (unsigned end = 0; end < 2; end++)
				say_clear(end, &w.end[end].s->phases[0], types[i]);
		world_run(&w, w.now + 10000);
		if (!world_is_up(&w) || w.end[0].closes)
			fail_msg("after %u ms: %s", when, w.end[0].reason.text);
		world_free(&w);
	}
}

static void icmp_ends_nothing_that_was_heard(void **state)
{
	(void)state;
	world_set(&w, 31);
	world_start(&w);
	world_run(&w, w.now + 60);
	for (unsigned i = 0; i < 100; i++)
		ipsec_lost(w.end[0].s, IPSEC_PORT_NAT, ECONNREFUSED, w.now);
	world_run(&w, w.now + 2000);
	assert_true(world_is_up(&w));
	for (unsigned i = 0; i < 100; i++)
		ipsec_lost(w.end[0].s, IPSEC_PORT_NAT, ECONNREFUSED, w.now);
	world_run(&w, w.now + 2000);
	assert_int_equal(w.end[0].closes, 0);
	world_free(&w);
}

/* A thousand first messages at an answerer, in each state. */
static void a_flood_of_first_messages_ends_nothing(void **state)
{
	(void)state;
	records = 0;
	world_set(&w, 32);
	w.filter = record;
	world_start(&w);
	world_run(&w, w.now + 1000);
	world_free(&w);
	for (unsigned when = 30; when <= 330; when += 100) {
		world_set(&w, 33 + when);
		w.end[0].config.setup_limit_ms = 39000;
		world_start(&w);
		world_run(&w, w.now + when);
		for (unsigned i = 0; i < 1000; i++) {
			struct datagram d = recorded[0];
			d.octets[1] = (uint8_t)i;
			d.octets[2] = (uint8_t)(i >> 8);
			d.to = 1;
			world_put(&w, &d, 1);
			if (i % 10 == 9)
				world_run(&w, w.now + 1);
		}
		world_run(&w, w.now + 60000);
		if (when > 300)
			assert_true(world_is_up(&w));
		assert_true(w.end[0].ups == 0 || world_carries(&w, 0));
		world_free(&w);
	}
}

static void random_octets_harm_nothing(void **state)
{
	(void)state;
	world_set(&w, 34);
	world_start(&w);
	for (unsigned i = 0; i < 20000; i++) {
		static struct datagram d;
		d = (struct datagram){
			.to = i & 1, .port = i >> 1 & 1, .len = 1 + world_draw(&w, 200)};
		world_random(&w.seed, d.octets, d.len);
		const struct phase *p = &w.end[d.to].s->phases[i % PHASES];
		if (d.len >= ISAKMP_HEADER) { /* a header that fits */
			static const uint8_t exchanges[] = {ISAKMP_MAIN, ISAKMP_QUICK,
							    ISAKMP_INFORMATIONAL, 4};
			memcpy(d.octets, p->cookie, 16);
			d.octets[17] = 0x10;
			d.octets[18] = exchanges[world_draw(&w, 4)];
			d.octets[19] &= 1;
			memset(d.octets + 24, 0, 4);
			d.octets[27] = (uint8_t)d.len;
		}
		world_put(&w, &d, 1);
		world_run(&w, w.now + (i < 100 ? 5 : 1));
	}
	assert_true(world_is_up(&w));
	world_free(&w);
}

/* Public values that are none */

static uint8_t bad_value;

static bool spoil_ke(struct world *world, struct datagram *d)
{
	struct isakmp_header h;
	struct isakmp_chain chain;
	const struct isakmp_payload *ke;

	(void)world;
	if (!isakmp_header_decode(d->octets, d->len, &h) || h.flags || d->to != world->want ||
	    !isakmp_chain_decode(h.first, d->octets + ISAKMP_HEADER, d->len - ISAKMP_HEADER,
				 &chain) ||
	    !(ke = isakmp_find(&chain, ISAKMP_KE, 0)))
		return true;
	memset(&d->octets[ke->body - d->octets], bad_value == 2 ? 0xff : 0, ke->len);
	d->octets[ke->body - d->octets + (ptrdiff_t)ke->len - 1] = bad_value == 1 ? 1 : 0xff;
	return true;
}

static void public_values_that_are_none_are_not_taken(void **state)
{
	static const char *const suites[] = {"aes256-sha1-modp1024", "aes256-sha1-ecp256"};
	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		world_set(&w, 35 + i);
		w.want = i & 1;
		bad_value = (uint8_t)(i >> 1 & 1 ? 1 : 2);
		const char *suite = suites[i >> 2 & 1];
		w.end[0].config.settings.ike.count = 1;
		ipsec_suite_read(suite, strlen(suite), &w.end[0].config.settings.ike.at[0]);
		w.filter = spoil_ke;
		world_start(&w);
		world_run(&w, w.now + 50000);
		assert_int_equal(w.end[0].ups + w.end[1].ups, 0);
		assert_int_equal(w.end[0].closes, 1);
		assert_int_equal(w.end[0].s->phases[0].keys.len, 0);
		world_free(&w);
	}
}

/* What a failure is said to be */

static bool silence(struct world *world, struct datagram *d)
{
	(void)world;
	(void)d;
	return false;
}

static void silence_is_told(void **state)
{
	(void)state;
	world_set(&w, 40);
	w.filter = silence;
	w.end[0].config.silence_limit_ms = 5000;
	world_start(&w);
	world_run(&w, w.now + 5001);
	assert_true(has(0, "no answer to IKE from vpn.example.com"));
	assert_int_equal(w.end[0].weight, REASON_SILENCE);
	assert_int_equal(w.end[0].said, 3); /* at 0, 1 and 3 seconds */
	world_free(&w);
	world_set(&w, 40);
	w.filter = silence;
	world_start(&w);
	world_run(&w, w.now + 22000);
	assert_int_equal(w.end[0].closes, 0);
	assert_int_equal(w.end[0].said, 5);
	world_run(&w, w.now + 2000);
	assert_int_equal(w.end[0].closes, 1);
	world_free(&w);
}

static void icmp_is_told(void **state)
{
	(void)state;
	world_set(&w, 41);
	w.filter = silence;
	world_start(&w);
	for (unsigned i = 0; i < 3; i++)
		ipsec_lost(w.end[0].s, IPSEC_PORT_IKE, ECONNREFUSED, w.now);
	assert_true(has(0, "nothing listens on UDP port 500 of vpn.example.com"));
	assert_int_equal(w.end[0].weight, REASON_NETWORK);
	world_free(&w);
}

static bool block_4500(struct world *world, struct datagram *d)
{
	(void)world;
	return d->port != IPSEC_PORT_NAT;
}

static void blocked_4500_is_told(void **state)
{
	(void)state;
	world_set(&w, 42);
	w.filter = block_4500;
	world_start(&w);
	world_run(&w, w.now + 30000);
	assert_true(has(0, "blocks UDP port 4500"));
	assert_int_equal(w.end[0].reason.code, EXIT_CONNECT_FAILED);
	world_free(&w);
}

/* A server that cannot read message 5, as one kind answers and as the other does. */
static bool answer_garbage(struct world *world, struct datagram *d)
{
	const struct phase *p = &world->end[0].s->phases[0];
	struct datagram g = *d;

	if (d->to != 1 || p->state != PHASE_ID_SENT)
		return true;
	g.to = 0;
	g.octets[18] = ISAKMP_INFORMATIONAL;
	g.octets[20] = (uint8_t)world->count;
	world_put(world, &g, DELAY_MS);
	return false;
}

static bool repeat_message_4(struct world *world, struct datagram *d)
{
	if (d->to == 0 && d->octets[16] == ISAKMP_KE)
		world->kept = *d;
	if (d->to != 1 || world->end[0].s->phases[0].state != PHASE_ID_SENT)
		return true;
	for (unsigned i = 0; i < 3; i++) {
		world->kept.port = world->want ? IPSEC_PORT_NAT : IPSEC_PORT_IKE;
		world_put(world, &world->kept, DELAY_MS);
	}
	return false;
}

static void wrong_key_is_told(void **state)
{
	(void)state;
	world_set(&w, 43);
	w.filter = answer_garbage;
	world_start(&w);
	world_run(&w, w.now + 8000);
	assert_true(has(0, "pre-shared key (ipsec-secret) is not that of vpn.example.com"));
	assert_int_equal(w.end[0].reason.code, EXIT_AUTH_FAILED);
	world_free(&w);
	for (unsigned nat = 0; nat < 2; nat++) {
		world_set(&w, 44);
		w.want = nat;
		w.filter = repeat_message_4;
		world_start(&w);
		world_run(&w, w.now + 8000);
		assert_true(has(0, nat ? "is not that of" : "something on the way blocks"));
		world_free(&w);
	}
}

static void wrong_key_at_our_answerer_is_told_by_both(void **state)
{
	(void)state;
	world_set(&w, 45);
	secret_set(&w.end[1].config.settings.secret, "another", 7);
	world_start(&w);
	world_run(&w, w.now + 45000);
	assert_int_equal(w.end[0].ups + w.end[1].ups, 0);
	assert_true(has(0, "pre-shared key"));
	assert_int_equal(w.end[0].reason.code, EXIT_AUTH_FAILED);
	assert_true(has(1, "pre-shared key"));
	world_free(&w);
}

/* Message 5 never has an answer, but port 4500 has: the key, not the way. */
static bool lose_sealed(struct world *world, struct datagram *d)
{
	(void)world;
	return !(d->octets[19] & ISAKMP_ENCRYPTED);
}

static void open_4500_tells_wrong_key_from_blocked_port(void **state)
{
	(void)state;
	world_set(&w, 46);
	w.filter = lose_sealed;
	world_start(&w);
	world_run(&w, w.now + 30000);
	assert_true(has(0, "answers on UDP port 4500, and not our proof"));
	assert_int_equal(w.end[0].reason.code, EXIT_AUTH_FAILED);
	assert_int_equal(w.end[0].weight, REASON_PEER);
	world_free(&w);
}

static bool blank_vendors(struct world *world, struct datagram *d)
{
	struct isakmp_header h;
	struct isakmp_chain chain;

	if (!isakmp_header_decode(d->octets, d->len, &h) || d->to != world->want ||
	    !isakmp_chain_decode(h.first, d->octets + ISAKMP_HEADER, d->len - ISAKMP_HEADER,
				 &chain))
		return true;
	for (unsigned i = 0; i < chain.count; i++)
		if (chain.at[i].type == ISAKMP_VENDOR)
			d->octets[chain.at[i].body - d->octets] ^= 1;
	return true;
}

static void server_without_nat_traversal_is_told(void **state)
{
	(void)state;
	world_set(&w, 46);
	w.want = 0;
	w.filter = blank_vendors;
	world_start(&w);
	world_run(&w, w.now + 1000);
	assert_true(has(0, "does not know NAT traversal, which vpdial needs"));
	world_free(&w);
	world_set(&w, 46); /* and our answerer refuses a caller without it */
	w.want = 1;
	w.filter = blank_vendors;
	world_start(&w);
	world_run(&w, w.now + 45000);
	assert_int_equal(w.end[1].ups, 0);
	assert_true(has(1, "NAT traversal"));
	world_free(&w);
}

static bool drop_quick(struct world *world, struct datagram *d)
{
	(void)world;
	return d->octets[18] != ISAKMP_QUICK;
}

static void unanswered_quick_mode_is_told(void **state)
{
	(void)state;
	world_set(&w, 47);
	w.filter = drop_quick;
	world_start(&w);
	world_run(&w, w.now + 30000);
	assert_true(has(0, "did not answer Quick Mode"));
	world_free(&w);
}

static void setup_ends_at_its_limit(void **state)
{
	(void)state;
	world_set(&w, 48);
	w.filter = drop_quick;
	w.end[0].config.setup_limit_ms = 4000;
	world_start(&w);
	world_run(&w, w.now + 3999);
	assert_int_equal(w.end[0].closes, 0);
	world_run(&w, w.now + 2);
	assert_int_equal(w.end[0].closes, 1);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_may_be_lost_once),
		cmocka_unit_test(each_message_may_come_three_times),
		cmocka_unit_test(spoilt_copies_of_each_message_harm_nothing),
		cmocka_unit_test(spoilt_messages_never_lead_to_other_keys),
		cmocka_unit_test(all_of_the_past_said_again_changes_nothing),
		cmocka_unit_test(messages_of_another_call_change_nothing),
		cmocka_unit_test(clear_notifies_and_deletes_end_nothing),
		cmocka_unit_test(icmp_ends_nothing_that_was_heard),
		cmocka_unit_test(a_flood_of_first_messages_ends_nothing),
		cmocka_unit_test(random_octets_harm_nothing),
		cmocka_unit_test(public_values_that_are_none_are_not_taken),
		cmocka_unit_test(silence_is_told),
		cmocka_unit_test(icmp_is_told),
		cmocka_unit_test(blocked_4500_is_told),
		cmocka_unit_test(wrong_key_is_told),
		cmocka_unit_test(open_4500_tells_wrong_key_from_blocked_port),
		cmocka_unit_test(wrong_key_at_our_answerer_is_told_by_both),
		cmocka_unit_test(server_without_nat_traversal_is_told),
		cmocka_unit_test(unanswered_quick_mode_is_told),
		cmocka_unit_test(setup_ends_at_its_limit),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
