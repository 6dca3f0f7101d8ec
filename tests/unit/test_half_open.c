/* SPDX-License-Identifier: MIT */
/* What strangers can cost an L2TP server: the table's bounds, one answer each and none too large,
 * proofs, and what hostile messages do. */
#include "crypto/avp_hide.h"
#include "crypto/crypto.h"
#include "tunnel/half_open.h"
#include "wire/avp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define SECRET "tunnelsecret"

static uint32_t seed;

static void fill(void *ctx, void *buf, size_t len)
{
	uint8_t *p = buf;
	(void)ctx;
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525u + 1013904223u;
		p[i] = (uint8_t)(seed >> 24);
	}
}

static const struct random_source source = {fill, NULL};

static struct half_open *h;
static struct half_open_result r;
static uint64_t now;

static struct half_open *table_of(const char *secret, const char *host)
{
	struct half_open_config config = {0};

	strcpy(config.host_name, host);
	if (secret)
		secret_set(&config.secret, secret, strlen(secret));
	return half_open_new(&config, &source, NULL);
}

static int set_up(void **state)
{
	struct reason reason = {0};
	(void)state;
	seed = 7;
	now = 1000;
	assert_int_equal(crypto_init(&reason), 0);
	h = table_of(NULL, "lns");
	assert_non_null(h);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	half_open_free(h);
	h = NULL;
	crypto_exit();
	return 0;
}

static void with_secret(void)
{
	half_open_free(h);
	h = table_of(SECRET, "lns");
}

/* 10.x.y.z port 1701, or another port. */
static struct half_open_key at_port(uint32_t n, uint16_t port)
{
	struct half_open_key key = {.port = port};

	key.peer[10] = key.peer[11] = key.own[10] = key.own[11] = 0xff;
	key.peer[12] = 10;
	key.peer[13] = (uint8_t)(n >> 16);
	key.peer[14] = (uint8_t)(n >> 8);
	key.peer[15] = (uint8_t)n;
	return key;
}

static struct half_open_key at(uint32_t n)
{
	return at_port(n, 1701);
}

struct message {
	struct l2tp_builder b;
	uint8_t octets[1500];
	size_t len;
};

static void numbers(struct message *m, uint16_t ns, uint16_t nr)
{
	writer_patch_u16(&m->b.w, 8, ns);
	writer_patch_u16(&m->b.w, 10, nr);
	m->len = l2tp_build_end(&m->b);
	assert_true(m->len > 0);
}

/* The shortest there is: 53 octets. */
static void sccrq(struct message *m, uint16_t tunnel)
{
	l2tp_build(&m->b, m->octets, sizeof m->octets, L2TP_SCCRQ, 0, 0);
	l2tp_add_u16(&m->b, AVP_PROTOCOL_VERSION, L2TP_VERSION);
	l2tp_add_u32(&m->b, AVP_FRAMING_CAPABILITIES, 3);
	l2tp_add(&m->b, AVP_HOST_NAME, "h", 1);
	l2tp_add_u16(&m->b, AVP_ASSIGNED_TUNNEL_ID, tunnel);
	numbers(m, 0, 0);
}

static void put(struct half_open_key from, const struct message *m)
{
	half_open_input(h, &from, m->octets, m->len, now, &r);
	assert_true(r.answer_len <= HALF_OPEN_FACTOR * m->len);
}

static void ask(struct half_open_key from, uint16_t tunnel)
{
	struct message m;

	sccrq(&m, tunnel);
	put(from, &m);
}

static struct l2tp_message answer;
static struct l2tp_header head;

/* The answer that came, as a message of TYPE; its id for us. */
static uint16_t answered(unsigned type)
{
	const struct l2tp_rules rules = {0};
	struct l2tp_fault fault;

	assert_true(r.answer_len > 0);
	assert_true(l2tp_decode(r.answer, r.answer_len, &head));
	assert_int_equal(l2tp_message_type(head.payload, head.payload_len), type);
	assert_int_equal(
		l2tp_message_decode(&answer, head.payload, head.payload_len, &rules, &fault),
		L2TP_GOOD);
	return l2tp_u16(&answer, AVP_ASSIGNED_TUNNEL_ID);
}

static void stopped(unsigned result, unsigned error)
{
	struct l2tp_result found;

	(void)answered(L2TP_STOPCCN);
	assert_true(l2tp_result(&answer, &found));
	assert_int_equal(found.result, result);
	assert_int_equal(found.error, error);
	assert_int_equal(r.verdict, HALF_OPEN_NOTHING);
	assert_true(reason_is_set(&r.refused));
}

static void silent(void)
{
	assert_int_equal(r.answer_len, 0);
	assert_int_equal(r.verdict, HALF_OPEN_NOTHING);
}

static void say(struct half_open_key from, enum l2tp_type type, uint16_t tunnel, uint16_t ns,
		uint16_t nr)
{
	struct message m;

	l2tp_build(&m.b, m.octets, sizeof m.octets, type, tunnel, 0);
	if (type == L2TP_STOPCCN) {
		l2tp_add_u16(&m.b, AVP_ASSIGNED_TUNNEL_ID, 7);
		l2tp_add_result(&m.b, STOPCCN_GENERAL, false, 0, NULL);
	}
	numbers(&m, ns, nr);
	put(from, &m);
}

static void prove(struct half_open_key from, uint16_t tunnel)
{
	say(from, L2TP_SCCCN, tunnel, 1, 1);
}

static void a_sccrq_is_answered_once_for_each_copy_by_the_same_sccrp(void **state)
{
	uint8_t first[HALF_OPEN_ANSWER_MAX];
	size_t len;
	(void)state;
	ask(at(1), 0x1111);
	assert_int_not_equal(answered(L2TP_SCCRP), 0);
	assert_int_equal(head.tunnel_id, 0x1111);
	assert_int_equal(head.ns, 0);
	assert_int_equal(head.nr, 1);
	len = r.answer_len;
	memcpy(first, r.answer, len);
	now += 1000;
	ask(at(1), 0x1111);
	assert_int_equal(r.answer_len, len);
	assert_memory_equal(r.answer, first, len);
	assert_int_equal(half_open_count(h), 1);
}

static void a_tunnel_is_proved_by_its_id_and_told_whole(void **state)
{
	struct message m;
	uint16_t id;
	(void)state;
	sccrq(&m, 0x1111);
	l2tp_add_u16(&m.b, AVP_RECEIVE_WINDOW_SIZE, 9);
	l2tp_add_u16(&m.b, AVP_FIRMWARE_REVISION, 0x0690);
	l2tp_add(&m.b, AVP_VENDOR_NAME, "xelerance.com", 13);
	numbers(&m, 0, 0);
	put(at(1), &m);
	id = answered(L2TP_SCCRP);
	assert_int_equal(r.verdict, HALF_OPEN_NOTHING);
	prove(at(1), id);
	assert_int_equal(r.verdict, HALF_OPEN_PROVED);
	assert_int_equal(r.answer_len, 0);
	assert_int_equal(r.tunnel.local_tunnel_id, id);
	assert_int_equal(r.tunnel.peer_tunnel_id, 0x1111);
	assert_int_equal(r.tunnel.window, 9);
	assert_int_equal(r.tunnel.firmware, 0x0690);
	assert_int_equal(r.tunnel.host_len, 1);
	assert_int_equal(r.tunnel.vendor_len, 13);
	assert_memory_equal(r.tunnel.vendor, "xelerance.com", 13);
}

static void nothing_is_proved_by_other_ids_addresses_ports_or_numbers(void **state)
{
	struct half_open_key other = at(1);
	uint16_t id;
	(void)state;
	ask(at(1), 0x1111);
	id = answered(L2TP_SCCRP);
	prove(at(2), id);
	silent();
	prove(at_port(1, 1702), id);
	silent();
	other.own[15] = 9;
	prove(other, id);
	silent();
	other = at(1);
	other.listener = 1;
	prove(other, id);
	silent();
	prove(at(1), id ^ 1);
	silent();
	say(at(1), L2TP_SCCCN, id, 2, 1);
	silent();
	say(at(1), L2TP_SCCCN, id, 1, 0);
	silent();
	say(at(1), L2TP_HELLO, id, 1, 1);
	silent();
	prove(at(1), id);
	assert_int_equal(r.verdict, HALF_OPEN_PROVED);
}

static void guesses_of_the_id_cost_the_entry(void **state)
{
	uint16_t id;
	(void)state;
	ask(at(1), 0x1111);
	id = answered(L2TP_SCCRP);
	for (unsigned i = 1; i < HALF_OPEN_GUESSES; i++)
		prove(at(1), (uint16_t)(id + i));
	assert_int_equal(half_open_count(h), 1);
	prove(at(1), (uint16_t)(id + 1000));
	assert_int_equal(half_open_count(h), 0);
	prove(at(1), id);
	silent();
}

static void another_tunnel_id_begins_anew_in_the_same_entry(void **state)
{
	uint16_t first, second;
	(void)state;
	ask(at(1), 0x1111);
	first = answered(L2TP_SCCRP);
	ask(at(1), 0x2222);
	second = answered(L2TP_SCCRP);
	assert_int_equal(half_open_count(h), 1);
	assert_int_not_equal(first, second);
	prove(at(1), first);
	silent();
	prove(at(1), second);
	assert_int_equal(r.verdict, HALF_OPEN_PROVED);
	assert_int_equal(r.tunnel.peer_tunnel_id, 0x2222);
	/* ... also once a session has it: its client lost its state. */
	ask(at(1), 0x2222);
	silent();
	ask(at(1), 0x3333);
	(void)answered(L2TP_SCCRP);
}

static void the_oldest_unproved_entry_gives_way(void **state)
{
	uint16_t proved, last = 0, honest;
	(void)state;
	ask(at(0), 1);
	proved = answered(L2TP_SCCRP);
	prove(at(0), proved);
	assert_int_equal(r.verdict, HALF_OPEN_PROVED);
	for (uint32_t i = 1; i <= HALF_OPEN_MAX + 500; i++) {
		ask(at(i), 1);
		last = answered(L2TP_SCCRP);
		assert_true(half_open_count(h) <= HALF_OPEN_MAX);
	}
	assert_int_equal(half_open_count(h), HALF_OPEN_MAX);
	/* Who comes now, and the newest of them, are attended to; the oldest is forgotten. */
	prove(at(HALF_OPEN_MAX + 500), last);
	assert_int_equal(r.verdict, HALF_OPEN_PROVED);
	prove(at(0), proved);
	assert_int_equal(r.verdict, HALF_OPEN_PROVED);
	ask(at(0x200000), 1);
	honest = answered(L2TP_SCCRP);
	for (uint32_t i = 0; i < 4000; i++)
		ask(at(0x300000 + i), 1);
	prove(at(0x200000), honest);
	assert_int_equal(r.verdict, HALF_OPEN_PROVED);
}

static void one_address_has_a_bound_and_its_neighbour_keeps_its_place(void **state)
{
	uint16_t neighbour, first;
	(void)state;
	ask(at(1), 1);
	neighbour = answered(L2TP_SCCRP);
	ask(at_port(2, 1), 1);
	first = answered(L2TP_SCCRP);
	for (unsigned i = 1; i < 5 * HALF_OPEN_SOURCE_MAX; i++) {
		ask(at_port(2, (uint16_t)(1 + i)), 1);
		(void)answered(L2TP_SCCRP);
	}
	assert_int_equal(half_open_count(h), HALF_OPEN_SOURCE_MAX + 1);
	prove(at_port(2, 1), first);
	silent();
	prove(at(1), neighbour);
	assert_int_equal(r.verdict, HALF_OPEN_PROVED);
}

static void an_ipv6_network_counts_as_one_address(void **state)
{
	struct half_open_key key = {.peer = {0x20, 1, 0xd, 0xb8}, .port = 1701};
	(void)state;
	for (unsigned i = 0; i < 2 * HALF_OPEN_SOURCE_MAX; i++) {
		key.peer[14] = (uint8_t)(i >> 8);
		key.peer[15] = (uint8_t)i;
		ask(key, 1);
	}
	assert_int_equal(half_open_count(h), HALF_OPEN_SOURCE_MAX);
	key.peer[7] = 1;
	ask(key, 1);
	assert_int_equal(half_open_count(h), HALF_OPEN_SOURCE_MAX + 1);
}

static void an_entry_ends_after_its_time(void **state)
{
	uint16_t id;
	(void)state;
	ask(at(1), 1);
	id = answered(L2TP_SCCRP);
	now += HALF_OPEN_MS;
	prove(at(1), id);
	silent();
	assert_int_equal(half_open_count(h), 0);
}

static void no_answer_is_more_than_three_times_what_came(void **state)
{
	char name[TUNNEL_NAME_MAX];
	struct message m;
	(void)state;
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	for (int secret = 0; secret < 2; secret++) {
		half_open_free(h);
		h = table_of(secret ? SECRET : NULL, name);
		ask(at(1), 1);
		(void)answered(L2TP_SCCRP);
		assert_true(r.answer_len <= 159); /* to 53 octets */
		if (!secret)
			continue;
		sccrq(&m, 2);
		l2tp_add(&m.b, AVP_CHALLENGE, "c", 1);
		numbers(&m, 0, 0);
		put(at(2), &m);
		(void)answered(L2TP_SCCRP);
		assert_true(l2tp_has(&answer, AVP_CHALLENGE_RESPONSE));
		assert_true(l2tp_has(&answer, AVP_CHALLENGE));
	}
	/* A refusal leaves its text out where it would be too large. */
	l2tp_build(&m.b, m.octets, sizeof m.octets, L2TP_SCCRQ, 0, 0);
	l2tp_add_u16(&m.b, AVP_ASSIGNED_TUNNEL_ID, 7);
	numbers(&m, 0, 0);
	put(at(3), &m);
	stopped(STOPCCN_ERROR, L2TP_ERROR_VALUE);
}

static void respond(struct half_open_key from, uint16_t id, const uint8_t *response, size_t len)
{
	struct message m;

	l2tp_build(&m.b, m.octets, sizeof m.octets, L2TP_SCCCN, id, 0);
	if (response)
		l2tp_add(&m.b, AVP_CHALLENGE_RESPONSE, response, len);
	numbers(&m, 1, 1);
	put(from, &m);
}

static void the_secret_is_proved_by_both(void **state)
{
	const struct secret secret = {.len = sizeof SECRET - 1, .bytes = SECRET};
	uint8_t want[16], response[16];
	struct message m;
	uint16_t id;
	(void)state;
	with_secret();
	sccrq(&m, 1);
	l2tp_add(&m.b, AVP_CHALLENGE, "their challenge", 15);
	numbers(&m, 0, 0);
	put(at(1), &m);
	id = answered(L2TP_SCCRP);
	l2tp_challenge_response(want, L2TP_SCCRP, &secret, (const uint8_t *)"their challenge", 15);
	assert_memory_equal(answer.avp[AVP_CHALLENGE_RESPONSE].octets, want, 16);
	l2tp_challenge_response(response, L2TP_SCCCN, &secret, answer.avp[AVP_CHALLENGE].octets,
				answer.avp[AVP_CHALLENGE].len);
	respond(at(1), id, response, 16);
	assert_int_equal(r.verdict, HALF_OPEN_PROVED);
}

static void a_wrong_secret_is_told_once_and_ten_times_at_most(void **state)
{
	static const uint8_t wrong[16];
	uint16_t id;
	(void)state;
	with_secret();
	for (unsigned i = 0; i < 10; i++) {
		ask(at(1), (uint16_t)(1 + i));
		id = answered(L2TP_SCCRP);
		respond(at(1), id, i & 1 ? wrong : NULL, sizeof wrong);
		stopped(STOPCCN_NOT_AUTHORIZED, 0);
		assert_int_equal(r.refused.code, EXIT_PEER_AUTH_FAILED);
		respond(at(1), id, wrong, sizeof wrong);
		silent();
	}
	ask(at_port(1, 99), 50);
	stopped(STOPCCN_NOT_AUTHORIZED, 0);
	assert_true(r.turned_away);
	ask(at(2), 1);
	(void)answered(L2TP_SCCRP);
	now += 30000;
	ask(at(1), 60);
	(void)answered(L2TP_SCCRP);
}

static void a_challenge_without_a_secret_is_refused(void **state)
{
	struct message m;
	(void)state;
	sccrq(&m, 1);
	l2tp_add(&m.b, AVP_CHALLENGE, "c", 1);
	numbers(&m, 0, 0);
	put(at(1), &m);
	stopped(STOPCCN_NOT_AUTHORIZED, 0);
	assert_int_equal(half_open_count(h), 0);
}

static void a_shut_server_says_why_and_keeps_nothing(void **state)
{
	struct message m;
	(void)state;
	half_open_shut(h, "max-sessions is reached", false);
	for (uint32_t i = 0; i < 100; i++) {
		ask(at(i), 1);
		stopped(STOPCCN_ERROR, L2TP_ERROR_RESOURCES);
		assert_true(r.answer_len <= 53);
		assert_true(r.turned_away);
		assert_string_equal(r.refused.text, "max-sessions is reached");
	}
	l2tp_build(&m.b, m.octets, sizeof m.octets, L2TP_SCCRQ, 0, 0);
	l2tp_add_u16(&m.b, AVP_ASSIGNED_TUNNEL_ID, 7);
	numbers(&m, 0, 0);
	put(at(1), &m);
	silent();
	half_open_shut(h, "the server is stopping", true);
	ask(at(1), 1);
	stopped(STOPCCN_SHUTTING_DOWN, 0);
	assert_int_equal(half_open_count(h), 0);
	half_open_shut(h, NULL, false);
	ask(at(1), 1);
	(void)answered(L2TP_SCCRP);
}

static void who_was_proved_may_be_turned_away(void **state)
{
	struct half_open_key from = at(1);
	uint16_t id;
	(void)state;
	ask(from, 0x1111);
	id = answered(L2TP_SCCRP);
	prove(from, id);
	half_open_turn_away(h, &from, id ^ 1, "no", now, &r);
	silent();
	half_open_turn_away(h, &from, id, "too many calls are being set up", now, &r);
	(void)answered(L2TP_STOPCCN);
	assert_int_equal(head.tunnel_id, 0x1111);
	assert_int_equal(head.ns, 1);
	assert_int_equal(head.nr, 2);
	assert_int_equal(half_open_count(h), 0);
}

static void early_datagrams_are_handed_on_within_a_bound(void **state)
{
	uint16_t id;
	(void)state;
	ask(at(1), 1);
	id = answered(L2TP_SCCRP);
	say(at(1), L2TP_HELLO, id, 2, 1); /* before the proof */
	silent();
	prove(at(1), id);
	for (unsigned i = 0; i < 300; i++) {
		say(at(1), L2TP_HELLO, id, (uint16_t)(2 + i), 1);
		assert_int_equal(r.verdict, i < HALF_OPEN_EARLY ? HALF_OPEN_EARLY_DATAGRAM
								: HALF_OPEN_NOTHING);
	}
	/* The proof may come again: perhaps the server did not take it. */
	prove(at(1), id);
	assert_int_equal(r.verdict, HALF_OPEN_PROVED);
}

static void a_stopccn_ends_the_entry(void **state)
{
	uint16_t id;
	(void)state;
	ask(at(1), 1);
	id = answered(L2TP_SCCRP);
	say(at(1), L2TP_STOPCCN, id, 1, 1);
	assert_int_equal(r.answer_len, L2TP_CONTROL_HEADER_LEN);
	assert_int_equal(half_open_count(h), 0);
	say(at(1), L2TP_STOPCCN, id, 1, 1);
	silent();
}

static void strange_messages_are_nothing(void **state)
{
	struct message m;
	(void)state;
	for (int type = L2TP_SCCRP; type < L2TP_TYPE_COUNT; type++) {
		say(at(1), (enum l2tp_type)type, 0, 0, 0);
		silent();
	}
	sccrq(&m, 1);
	numbers(&m, 5, 0);
	put(at(1), &m);
	silent();
	m.octets[1] = 3; /* another version */
	put(at(1), &m);
	silent();
	for (size_t len = 0; len < m.len; len++) {
		const struct half_open_key from = at(1);
		uint8_t copy[60];

		sccrq(&m, 1);
		memcpy(copy, m.octets, m.len);
		half_open_input(h, &from, copy, len, now, &r);
		assert_int_equal(r.verdict, HALF_OPEN_NOTHING);
		assert_int_equal(r.answer_len, 0);
	}
	assert_int_equal(half_open_count(h), 0);
}

static void faults_are_told_once_and_no_entry_is_made(void **state)
{
	struct message m;
	(void)state;
	sccrq(&m, 1);
	m.octets[m.len++] = 0x80; /* an AVP of one octet */
	m.octets[3]++;
	put(at(1), &m);
	stopped(STOPCCN_ERROR, L2TP_ERROR_LENGTH);
	sccrq(&m, 0);
	put(at(1), &m);
	stopped(STOPCCN_ERROR, L2TP_ERROR_VALUE);
	l2tp_build(&m.b, m.octets, sizeof m.octets, L2TP_SCCRQ, 0, 0);
	l2tp_add_u16(&m.b, AVP_PROTOCOL_VERSION, 0x0200);
	l2tp_add_u32(&m.b, AVP_FRAMING_CAPABILITIES, 3);
	l2tp_add(&m.b, AVP_HOST_NAME, "h", 1);
	l2tp_add_u16(&m.b, AVP_ASSIGNED_TUNNEL_ID, 1);
	numbers(&m, 0, 0);
	put(at(1), &m);
	stopped(STOPCCN_VERSION, L2TP_VERSION);
	assert_int_equal(half_open_count(h), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_sccrq_is_answered_once_for_each_copy_by_the_same_sccrp),
		TEST(a_tunnel_is_proved_by_its_id_and_told_whole),
		TEST(nothing_is_proved_by_other_ids_addresses_ports_or_numbers),
		TEST(guesses_of_the_id_cost_the_entry),
		TEST(another_tunnel_id_begins_anew_in_the_same_entry),
		TEST(the_oldest_unproved_entry_gives_way),
		TEST(one_address_has_a_bound_and_its_neighbour_keeps_its_place),
		TEST(an_ipv6_network_counts_as_one_address),
		TEST(an_entry_ends_after_its_time),
		TEST(no_answer_is_more_than_three_times_what_came),
		TEST(the_secret_is_proved_by_both),
		TEST(a_wrong_secret_is_told_once_and_ten_times_at_most),
		TEST(a_challenge_without_a_secret_is_refused),
		TEST(a_shut_server_says_why_and_keeps_nothing),
		TEST(who_was_proved_may_be_turned_away),
		TEST(early_datagrams_are_handed_on_within_a_bound),
		TEST(a_stopccn_ends_the_entry),
		TEST(strange_messages_are_nothing),
		TEST(faults_are_told_once_and_no_entry_is_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
