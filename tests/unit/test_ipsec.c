/* SPDX-License-Identifier: MIT */
/* The IKE engine's initiator against its responder: what both agree on, new keys, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipsec/internal.h"
#include "ipsec_harness.h"

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

static void one_suite(struct ipsec_suites *list, const char *text)
{
	memset(list, 0, sizeof *list);
	list->count = 1;
	assert_true(ipsec_suite_read(text, strlen(text), &list->at[0]));
}

static void caller_and_answerer_come_up(void **state)
{
	struct ipsec_status st;
	(void)state;
	world_set(&w, 1);
	world_start(&w);
	world_run(&w, w.now + 1000);
	assert_true(world_is_up(&w));
	ipsec_status(w.end[0].s, &st);
	assert_true(st.up && !st.nat_us && st.nat_peer); /* each pretends */
	assert_int_equal(st.inner_port, 41001);
	assert_int_equal(w.end[0].closes + w.end[1].closes, 0);
	world_free(&w);
}

static void every_suite_comes_up(void **state)
{
	static const char *const ike[] = {
		"aes256-sha256-ecp256", "aes256-sha384-ecp384",	  "aes256-sha256-modp2048",
		"aes256-sha1-modp1536", "aes256-sha512-modp4096", "aes128-sha1-modp1024",
		"3des-md5-modp1024",	"aes192-sha512-modp3072", "3des-sha1-modp2048"};
	static const char *const esp[] = {
		"aes256gcm16",	     "aes128gcm16",   "aes256-sha256", "aes128-sha1",
		"3des-md5",	     "aes256-sha512", "aes192-sha384", "aes256-sha1-modp2048",
		"aes128-sha1-ecp256"};
	(void)state;
	for (unsigned i = 0; i < sizeof ike / sizeof ike[0]; i++) {
		world_set(&w, 100 + i);
		for (unsigned e = 0; e < 2; e++) {
			one_suite(&w.end[e].config.settings.ike, ike[i]);
			one_suite(&w.end[e].config.settings.esp, esp[i]);
		}
		world_start(&w);
		world_run(&w, w.now + 2000);
		if (!world_is_up(&w))
			fail_msg("%s with %s: %s", ike[i], esp[i], w.end[0].reason.text);
		world_free(&w);
	}
}

/* New keys */

static void set_lives(uint32_t caller_ike, uint32_t caller, uint32_t answerer_ike,
		      uint32_t answerer)
{
	w.end[0].config.settings.ike_lifetime = caller_ike;
	w.end[0].config.settings.lifetime = caller;
	w.end[1].config.settings.ike_lifetime = answerer_ike;
	w.end[1].config.settings.lifetime = answerer;
}

/* Runs SECONDS, in each of which both ends carry, and nothing is kept without an end. */
static void run_carrying(unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		unsigned kept = 0;
		world_run(&w, w.now + 1000);
		if (w.end[0].closes || w.end[1].closes)
			fail_msg("second %u: %s%s", i, w.end[0].reason.text, w.end[1].reason.text);
		assert_true(world_carries(&w, 0) && world_carries(&w, 1));
		for (unsigned k = 0; k < KEYS_MAX; k++)
			kept += w.end[0].in[k].spi != 0;
		assert_true(kept <= 6);
	}
}

static void new_keys_come_from_the_caller(void **state)
{
	struct ipsec_status st;
	(void)state;
	world_set(&w, 2);
	set_lives(28800, 60, 28800, 60);
	world_start(&w);
	world_run(&w, w.now + 1000);
	run_carrying(600);
	ipsec_status(w.end[0].s, &st);
	assert_in_range(st.rekeys, 9, 12);
	assert_int_equal(w.end[0].receives, w.end[0].sends);
	assert_in_range(w.end[0].forgets, w.end[0].receives - 3, w.end[0].receives - 1);
	world_free(&w);
}

static void new_keys_come_from_the_answerer(void **state)
{
	struct ipsec_status st;
	(void)state;
	world_set(&w, 3);
	set_lives(28800, 3600, 28800, 40);
	world_start(&w);
	world_run(&w, w.now + 1000);
	run_carrying(300);
	ipsec_status(w.end[0].s, &st);
	assert_in_range(st.rekeys, 7, 8);
	world_free(&w);
}

static void new_phase_1_from_either_side(void **state)
{
	(void)state;
	for (unsigned who = 0; who < 2; who++) {
		world_set(&w, 4 + who);
		set_lives(who ? 28800 : 30, 50, who ? 30 : 28800, 50);
		world_start(&w);
		world_run(&w, w.now + 1000);
		run_carrying(300);
		assert_non_null(strstr(w.end[0].progress, "IKE: "));
		world_free(&w);
	}
}

static void crossing_rekeys_of_both_leave_keys_for_both(void **state)
{
	(void)state;
	for (unsigned gap = 0; gap <= 60; gap += 5) {
		world_set(&w, 50 + gap);
		set_lives(28800, 300, 28800, 300);
		world_start(&w);
		world_run(&w, w.now + 1000);
		ipsec_sent_sequence(w.end[0].s, 0xf0000000u);
		world_run(&w, w.now + gap);
		ipsec_sent_sequence(w.end[1].s, 0xf0000000u);
		run_carrying(320);
		assert_true(w.end[0].sends >= 3);
		world_free(&w);
	}
}

static bool drop_main_mode(struct world *world, struct datagram *d)
{
	(void)world;
	return d->octets[18] != ISAKMP_MAIN;
}

static void esp_outlives_phase_1_and_gets_keys_by_a_new_one(void **state)
{
	(void)state;
	world_set(&w, 6);
	set_lives(20, 120, 20, 120);
	world_start(&w);
	world_run(&w, w.now + 1000);
	w.filter = drop_main_mode;
	for (unsigned i = 0; i < 80; i++) { /* there is traffic, and no phase 1 */
		ipsec_heard(w.end[0].s, w.now);
		ipsec_heard(w.end[1].s, w.now);
		run_carrying(1);
	}
	w.filter = NULL;
	assert_int_equal(w.end[0].sends, 1);
	run_carrying(120);
	assert_true(w.end[0].sends > 1);
	world_free(&w);
}

static bool drop_all(struct world *world, struct datagram *d)
{
	(void)world;
	(void)d;
	return false;
}

static bool drop_quick(struct world *world, struct datagram *d)
{
	(void)world;
	return d->octets[18] != ISAKMP_QUICK;
}

static void keys_that_run_out_end_with_that_reason(void **state)
{
	(void)state;
	world_set(&w, 7);
	set_lives(28800, 60, 28800, 60);
	world_start(&w);
	world_run(&w, w.now + 1000);
	w.filter = drop_quick;
	world_run(&w, w.now + 85000);
	assert_int_equal(w.end[0].closes, 0);
	world_run(&w, w.now + 300000);
	assert_int_equal(w.end[0].closes, 1);
	assert_int_equal(w.end[0].reason.code, EXIT_PEER_DEAD);
	assert_non_null(strstr(w.end[0].reason.text, "ran out"));
	world_free(&w);
}

/* Dead peer detection, the end */

static void dead_peer_is_found(void **state)
{
	(void)state;
	world_set(&w, 8);
	world_start(&w);
	world_run(&w, w.now + 1000);
	world_run(&w, w.now + 200000);
	assert_int_equal(w.end[0].closes, 0);
	w.filter = drop_all;
	world_run(&w, w.now + 29000);
	assert_int_equal(w.end[0].closes, 0);
	world_run(&w, w.now + 61000);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(w.end[i].closes, 1);
		assert_int_equal(w.end[i].reason.code, EXIT_PEER_DEAD);
	}
	world_free(&w);
}

static void nobody_asks_while_esp_is_heard(void **state)
{
	(void)state;
	world_set(&w, 9);
	world_start(&w);
	world_run(&w, w.now + 1000);
	w.count = 0;
	for (unsigned i = 0; i < 200; i++) {
		ipsec_heard(w.end[0].s, w.now);
		ipsec_heard(w.end[1].s, w.now);
		world_run(&w, w.now + 1000);
	}
	assert_int_equal(w.count, 0);
	world_run(&w, w.now + 35000);
	assert_true(w.count >= 2);
	world_free(&w);
}

static void close_tells_the_peer(void **state)
{
	struct reason reason = {0};
	(void)state;
	reason_set(&reason, EXIT_OK, "on request");
	for (unsigned who = 0; who < 2; who++) {
		world_set(&w, 10);
		world_start(&w);
		world_run(&w, w.now + 1000);
		ipsec_close(w.end[who].s, &reason, w.now);
		assert_int_equal(w.end[who].closes, 1);
		assert_string_equal(w.end[who].reason.text, "on request");
		assert_true(ipsec_deadline(w.end[who].s) == DEADLINE_NONE);
		world_run(&w, w.now + 6000);
		assert_int_equal(w.end[!who].closes, 1);
		assert_int_equal(w.end[!who].reason.code, EXIT_HANGUP);
		world_free(&w);
	}
}

static void keys_are_wiped_at_the_end(void **state)
{
	static const uint8_t none[sizeof(struct phase)];
	struct reason reason = {0};
	(void)state;
	reason_set(&reason, EXIT_OK, "on request");
	world_set(&w, 11);
	world_start(&w);
	world_run(&w, w.now + 1000);
	ipsec_close(w.end[0].s, &reason, w.now);
	for (unsigned i = 0; i < PHASES; i++)
		assert_memory_equal(&w.end[0].s->phases[i], none, sizeof none);
	for (unsigned i = 0; i < PAIRS; i++)
		assert_memory_equal(&w.end[0].s->pairs[i], none, sizeof(struct pair));
	for (unsigned i = 0; i < QUICKS; i++)
		assert_memory_equal(w.end[0].s->quicks[i].shared, none, IKE_DH_MAX);
	world_free(&w);
}

/* Dialects and identities */

static unsigned hidden_vendors; /* the first so many of a list: RFC 3947, then draft 3, then 2 */

static bool hide_vendors(struct world *world, struct datagram *d)
{
	struct isakmp_header h;
	struct isakmp_chain chain;
	unsigned n = 0;

	(void)world;
	if (!isakmp_header_decode(d->octets, d->len, &h) || d->to != 1 || h.flags ||
	    !isakmp_chain_decode(h.first, d->octets + ISAKMP_HEADER, d->len - ISAKMP_HEADER,
				 &chain))
		return true;
	for (unsigned i = 0; i < chain.count; i++)
		if (chain.at[i].type == ISAKMP_VENDOR && n++ < hidden_vendors)
			d->octets[chain.at[i].body - d->octets] ^= 1;
	return true;
}

static void drafts_of_nat_traversal_are_spoken(void **state)
{
	(void)state;
	for (hidden_vendors = 1; hidden_vendors <= 3; hidden_vendors++) {
		world_set(&w, 12);
		w.filter = hide_vendors;
		world_start(&w);
		world_run(&w, w.now + 1000);
		assert_true(world_is_up(&w));
		assert_int_equal(w.end[0].s->phases[0].dialect,
				 hidden_vendors == 1 ? NATT_DRAFT_03 : NATT_DRAFT_02);
		world_free(&w);
	}
}

static void identities_are_compared_if_named(void **state)
{
	static const struct {
		const char *id, *wanted;
		bool good;
	} cases[] = {
		{"", "", true},
		{"", "198.51.100.7", true},
		{"", "198.51.100.8", false},
		{"client.example.com", "Client.Example.com", true},
		{"@client.example.com", "client.example.com", true},
		{"client.example.com", "client.example.org", false},
		{"john@example.com", "john@example.com", true},
		{"john@example.com", "@example.com", false},
		{"keyid:42", "keyid:42", true},
		{"keyid:aB", "keyid:ab", false},
		{"2001:db8::1", "2001:db8:0::1", true},
	};
	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		world_set(&w, 13);
		strcpy(w.end[0].config.settings.id, cases[i].id);
		strcpy(w.end[1].config.settings.remote_id, cases[i].wanted);
		world_start(&w);
		world_run(&w, w.now + 1000);
		if (world_is_up(&w) != cases[i].good)
			fail_msg("%s, wanted %s", cases[i].id, cases[i].wanted);
		if (!cases[i].good)
			assert_non_null(strstr(w.end[1].reason.text, "ipsec-remote-id"));
		world_free(&w);
	}
}

static void ipv6_outside_comes_up(void **state)
{
	(void)state;
	world_set(&w, 14);
	for (unsigned i = 0; i < 2; i++) {
		struct ipsec_config *c = &w.end[i].config;
		address_parse(i ? &c->local : &c->peer, AF_INET6, "2001:db8::1");
		address_parse(i ? &c->peer : &c->local, AF_INET6, "2001:db8::2");
	}
	world_start(&w);
	world_run(&w, w.now + 1000);
	assert_true(world_is_up(&w));
	world_free(&w);
}

/* Refusals, and what follows them */

static void old_list_follows_a_refusal_where_it_may(void **state)
{
	(void)state;
	for (unsigned may = 0; may < 2; may++) {
		world_set(&w, 15);
		ipsec_suites_named(may ? "old" : "default", false, &w.end[0].config.settings.ike);
		one_suite(&w.end[1].config.settings.ike, "3des-sha1-modp1024");
		world_start(&w);
		world_run(&w, w.now + 10000);
		assert_true(world_is_up(&w) == (may == 1));
		assert_true(may || strstr(w.end[0].reason.text, "ipsec-ike"));
		assert_true(may || w.end[0].weight == REASON_REFUSAL);
		world_free(&w);
	}
}

static void each_group_of_pfs_is_tried(void **state)
{
	struct ipsec_suites *list;
	(void)state;
	world_set(&w, 16);
	list = &w.end[0].config.settings.esp;
	one_suite(list, "aes256-sha1");
	ipsec_suite_read("aes256-sha1-modp1024", 20, &list->at[1]);
	ipsec_suite_read("aes256-sha256-ecp256", 20, &list->at[2]);
	list->count = 3;
	one_suite(&w.end[1].config.settings.esp, "aes256-sha256-ecp256");
	world_start(&w);
	world_run(&w, w.now + 2000);
	assert_true(world_is_up(&w));
	assert_int_equal(w.end[0].out.suite.group, IPSEC_ECP256);
	world_free(&w);
}

static void no_esp_proposal_is_told_with_pfs(void **state)
{
	(void)state;
	world_set(&w, 17);
	one_suite(&w.end[1].config.settings.esp, "aes256-sha256-ecp256");
	world_start(&w);
	world_run(&w, w.now + 2000);
	assert_int_equal(w.end[0].closes, 1);
	assert_int_equal(w.end[0].reason.code, EXIT_NEGOTIATION_FAILED);
	assert_non_null(strstr(w.end[0].reason.text, "PFS"));
	assert_int_equal(w.end[0].ups, 0);
	world_free(&w);
}

/* The answerer says instead of message 2 of Quick Mode what the test wants. */
static uint16_t said;

static bool refuse_quick(struct world *world, struct datagram *d)
{
	struct ipsec *s = world->end[1].s;

	if (d->octets[18] != ISAKMP_QUICK || d->to != 0 || !said)
		return true;
	uint16_t type = said;
	said = 0;
	inform_notify(s, phase_current(s), ISAKMP_PROTOCOL_ESP, 0, type);
	return false;
}

static void source_port_1701_is_tried_where_the_server_wants_it(void **state)
{
	struct ipsec_status st;
	(void)state;
	world_set(&w, 18);
	w.filter = refuse_quick;
	said = ISAKMP_INVALID_ID;
	world_start(&w);
	world_run(&w, w.now + 2000);
	assert_int_equal(w.end[0].closes, 0);
	ipsec_status(w.end[0].s, &st);
	assert_true(st.up);
	assert_int_equal(st.inner_port, 1701);
	world_free(&w);
	world_set(&w, 18);
	w.end[0].config.inner_port = 1701;
	w.filter = refuse_quick;
	said = ISAKMP_INVALID_ID;
	world_start(&w);
	world_run(&w, w.now + 2000);
	assert_int_equal(w.end[0].reason.code, EXIT_NEGOTIATION_FAILED);
	world_free(&w);
}

static void refused_rekey_leaves_the_old_keys(void **state)
{
	(void)state;
	world_set(&w, 19);
	set_lives(28800, 60, 28800, 60);
	world_start(&w);
	world_run(&w, w.now + 1000);
	w.filter = refuse_quick;
	said = ISAKMP_NO_PROPOSAL;
	run_carrying(200);
	assert_true(w.end[0].sends > 1);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caller_and_answerer_come_up),
		cmocka_unit_test(every_suite_comes_up),
		cmocka_unit_test(new_keys_come_from_the_caller),
		cmocka_unit_test(new_keys_come_from_the_answerer),
		cmocka_unit_test(new_phase_1_from_either_side),
		cmocka_unit_test(crossing_rekeys_of_both_leave_keys_for_both),
		cmocka_unit_test(esp_outlives_phase_1_and_gets_keys_by_a_new_one),
		cmocka_unit_test(keys_that_run_out_end_with_that_reason),
		cmocka_unit_test(dead_peer_is_found),
		cmocka_unit_test(nobody_asks_while_esp_is_heard),
		cmocka_unit_test(close_tells_the_peer),
		cmocka_unit_test(keys_are_wiped_at_the_end),
		cmocka_unit_test(drafts_of_nat_traversal_are_spoken),
		cmocka_unit_test(identities_are_compared_if_named),
		cmocka_unit_test(ipv6_outside_comes_up),
		cmocka_unit_test(old_list_follows_a_refusal_where_it_may),
		cmocka_unit_test(each_group_of_pfs_is_tried),
		cmocka_unit_test(no_esp_proposal_is_told_with_pfs),
		cmocka_unit_test(source_port_1701_is_tried_where_the_server_wants_it),
		cmocka_unit_test(refused_rekey_leaves_the_old_keys),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
