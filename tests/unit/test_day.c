/* SPDX-License-Identifier: MIT */
/* A day of a call in seconds: the pair of the simulated network over a link that loses and
 * reorders. All counters start just before their wrap and pass it many times.  What comes out of
 * the tunnel is what went in, once.
 *
 * VPDIAL_DAY_HOURS=N makes the day shorter (for valgrind). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "path/internal.h"
#include "sim/pair.h"
#include "tunnel/l2tp/internal.h"
#include "wire/frame.h"
#include "wire/l2tp.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS	    3600000u
#define HELLO_MS    200 /* so often that a day passes 65536 several times */
#define PACKETS_MAX 400000u

static const struct net calm = {.delay_ms = 15};
static const struct net rough = {.loss = 10, .reordering = 20, .duplicates = 5, .delay_ms = 15};

enum { DATA_NUMBER, MPPE_COUNT, CONTROL_NUMBER, NUMBERS };

struct day {
	enum protocol type;
	struct pair *pair;
	struct coverage coverage;
	uint64_t seed;
	uint64_t wraps[2][NUMBERS]; /* seen on the wire, from each side */
	uint32_t last[2][NUMBERS];
};

/* ---- what is on the wire, as a bystander reads it ---- */

/* A counter of MODULUS: a large step back is a wrap (the network has not touched the order yet). */
static void note_number(struct day *d, int side, int which, uint32_t number, uint32_t modulus)
{
	uint32_t *last = &d->last[side][which];

	if (*last > number && *last - number > modulus / 2)
		d->wraps[side][which]++;
	*last = number;
}

static void note_frame(struct day *d, int side, const uint8_t *frame, size_t len)
{
	struct cursor c = cursor_make(frame, len);

	if (cursor_u16(&c) == 0xff03 && cursor_u16(&c) == FRAME_COMPRESSED)
		note_number(d, side, MPPE_COUNT, cursor_u16(&c) & 0xfff, 4096);
}

static void on_seen(void *ctx, int side, const uint8_t *octets, size_t len)
{
	struct day *d = ctx;
	struct l2tp_header h;
	struct cursor c = cursor_make(octets, len);
	uint16_t flags;

	if (d->type == PROTOCOL_L2TP) {
		assert_true(l2tp_decode(octets, len, &h));
		note_number(d, side, h.control ? CONTROL_NUMBER : DATA_NUMBER, h.ns, 65536);
		if (!h.control)
			note_frame(d, side, h.payload, h.payload_len);
		return;
	}
	flags = cursor_u16(&c);
	cursor_skip(&c, 6);
	if (!(flags & 0x1000))
		return; /* an acknowledgment */
	note_number(d, side, DATA_NUMBER, cursor_u32(&c), UINT32_MAX);
	if (flags & 0x0080)
		cursor_skip(&c, 4);
	assert_false(c.failed);
	note_frame(d, side, c.at, cursor_left(&c));
}

/* ---- set-up ---- */

static void set_tunnels(const struct day *d, struct pair_config *c)
{
	for (int i = 0; i < 2; i++)
		c->tunnel[i] = (struct tunnel_config){
			.type = d->type,
			.role = i ? ROLE_ANSWERER : ROLE_CALLER,
			.host_name = "host",
			.local_call_id = 0x1111,
			.receive_window = 16,
			.setup_limit_ms = 30000,
			.echo_interval_ms = d->type == PROTOCOL_L2TP ? HELLO_MS : 60000,
			.echo_limit_ms = 60000,
			.settings.sequencing = true,
		};
}

static void set_links(struct pair_config *c, bool stateful)
{
	for (int i = 0; i < 2; i++)
		c->ppp[i] = (struct ppp_config){
			.role = i ? ROLE_ANSWERER : ROLE_CALLER,
			.settings.allow = METHOD_MSCHAP2,
			.settings.mppe.policy = MPPE_REQUIRE,
			.settings.mppe.strengths = MPPE_128,
			.settings.mppe.mode = stateful ? MPPE_STATEFUL : MPPE_STATELESS,
			.settings.mru = 1460,
			.ipv4 = true,
			.restart_ms = 500,
			.restart_max_ms = 3000,
			.phase_limit_ms = 60000,
			.keepalive_ms = 30000,
		};
	strcpy(c->ppp[0].user, c->user);
	secret_set(&c->ppp[0].password, c->password, strlen(c->password));
	strcpy(c->ppp[1].host_name, "server");
	inet_pton(AF_INET, "10.7.0.1", &c->ppp[1].settings.local);
	inet_pton(AF_INET, "10.7.0.2", &c->ppp[1].settings.remote);
}

/* L2TP's control numbers, as if so many messages had gone before. */
static void go_on_at(struct day *d, int from, uint16_t number)
{
	struct reliable *r = &l2tp_of(side_tunnel(d->pair, from))->reliable;

	r->una = r->ns_sent = r->ns_top = r->ns_next = number;
	l2tp_of(side_tunnel(d->pair, 1 - from))->reliable.nr = number;
}

static bool control_idle(const struct day *d, int side)
{
	const struct l2tp_tunnel *l = l2tp_of(side_tunnel(d->pair, side));

	return reliable_idle(&l->reliable) && !l->hello_pending &&
	       l->reliable.ack_at == DEADLINE_NONE;
}

static void run_to(struct day *d, uint64_t then)
{
	pair_run(d->pair, then, NULL);
	if (pair_fault(d->pair))
		fail_msg("%s", pair_fault(d->pair));
	for (int i = 0; i < 2; i++)
		if (side_over(d->pair, i))
			fail_msg("ended after %llu s: %s",
				 (unsigned long long)(pair_now(d->pair) / 1000),
				 side_reason(d->pair, i)->text);
}

static struct day *day_new(enum protocol type, bool stateful)
{
	struct day *d = calloc(1, sizeof *d);
	struct pair_config c = {
		.type = type,
		.seed = 42,
		.net = calm,
		.user = "User",
		.password = "clientPass",
		.silence_limit_ms = 15000,
		.packets_max = PACKETS_MAX,
		.seen = on_seen,
		.seen_ctx = d,
	};

	assert_non_null(d);
	d->type = type;
	d->seed = 42;
	set_tunnels(d, &c);
	set_links(&c, stateful);
	d->pair = pair_new(&c, &d->coverage);
	assert_non_null(d->pair);
	pair_start(d->pair);
	pair_run(d->pair, pair_now(d->pair) + 10000, pair_up);
	run_to(d, pair_now(d->pair) + 2000);
	if (type == PROTOCOL_L2TP) {
		while (pair_flying(d->pair) || !control_idle(d, 0) || !control_idle(d, 1))
			run_to(d, pair_now(d->pair) + 7);
		go_on_at(d, 0, 0xfffe);
		go_on_at(d, 1, 0xfffd);
	}
	assert_true(pair_up(d->pair));
	assert_int_equal(side_bits(d->pair, 0), 128);
	assert_int_equal(side_bits(d->pair, 1), 128);
	return d;
}

static void day_free(struct day *d)
{
	pair_free(d->pair);
	free(d);
}

/* ---- the day ---- */

static unsigned hours(void)
{
	const char *text = getenv("VPDIAL_DAY_HOURS");

	return text ? (unsigned)atoi(text) : 24;
}

static void skip_word(_Atomic uint64_t *word, uint32_t skip)
{
	if (*word)
		*word = PATH_NUMBER | (uint32_t)(*word + skip);
}

/* A day has not 2^32 packets: once an hour, while nothing is on its way, both ends agree that so
 * many have gone before that the next wrap is near.  The number is a multiple of the receiver's
 * window. */
static void skip_numbers(struct day *d, int from)
{
	struct path *tx = side_path(d->pair, from), *rx = side_path(d->pair, 1 - from);
	uint32_t mask = d->type == PROTOCOL_PPTP ? UINT32_MAX : 0xffff;
	uint32_t skip = (0xffffff00u - tx->tx_number) & mask & ~(uint32_t)(SEQUENCE_WINDOW - 1);
	uint32_t *last = &d->last[from][DATA_NUMBER];

	tx->tx_number += skip;
	rx->sequence.newest += skip;
	rx->mppe_number += skip;
	skip_word(&rx->shared.heard, skip);
	skip_word(&rx->shared.acked, skip);
	if (rx->reorder)
		rx->reorder->next += skip;
	*last = (*last + skip) & mask;
}

static void skip_all_numbers(struct day *d)
{
	while (pair_flying(d->pair)) /* a moment without anything on its way */
		run_to(d, pair_now(d->pair) + 7);
	skip_numbers(d, 0);
	skip_numbers(d, 1);
}

/* Forty minutes of traffic in bursts, then twenty of silence. */
static void one_hour(struct day *d)
{
	uint64_t start = pair_now(d->pair);
	unsigned echoes = side_echoes(d->pair, 0) + side_echoes(d->pair, 1);

	skip_all_numbers(d);
	while (pair_now(d->pair) < start + 40 * 60000) {
		for (int i = 0; i < 2; i++)
			for (unsigned n = prng(&d->seed) % 12; n > 0; n--)
				pair_packet(d->pair, i);
		run_to(d, pair_now(d->pair) + 10 + prng(&d->seed) % 6000);
	}
	run_to(d, start + HOUR_MS);
	assert_true(side_echoes(d->pair, 0) + side_echoes(d->pair, 1) > echoes + 20);
}

static void check_side(struct day *d, int side, unsigned loss_permitted)
{
	const struct path_counters *c = path_counters(side_path(d->pair, side));
	uint64_t sent = side_sent(d->pair, 1 - side), got = side_got(d->pair, side);
	const uint64_t *wraps = d->wraps[side];

	/* What got lost was lost by the network, and (stateful) until the reset that followed. */
	assert_true(got * 1000 >= sent * (1000 - loss_permitted));
	assert_true(got < sent && sent < PACKETS_MAX);
	assert_int_equal(c->tx_blocked + c->tx_too_big + c->tx_full, 0);
	assert_int_equal(c->rx_malformed + c->rx_wrong_id + c->rx_clear_refused + c->rx_not_open,
			 0);
	assert_true(c->rx_late > 0 && c->rx_duplicate > 0 && c->rx_lost > 0);
	assert_true(wraps[DATA_NUMBER] >= hours());
	assert_true(wraps[MPPE_COUNT] >= hours() / 2);
	if (d->type == PROTOCOL_L2TP)
		assert_true(wraps[CONTROL_NUMBER] >= 1 + hours() / 12);
}

static void run_day(enum protocol type, bool stateful, unsigned loss_permitted)
{
	struct day *d = day_new(type, stateful);

	pair_set_net(d->pair, &rough);
	for (unsigned h = 0; h < hours(); h++)
		one_hour(d);
	run_to(d, pair_now(d->pair) + 1000);
	check_side(d, 0, loss_permitted);
	check_side(d, 1, loss_permitted);
	print_message("%u h: %u + %u packets, %u lost on the way, wraps %llu/%llu/%llu\n", hours(),
		      side_sent(d->pair, 0), side_sent(d->pair, 1), pair_lost(d->pair),
		      (unsigned long long)d->wraps[0][DATA_NUMBER],
		      (unsigned long long)d->wraps[0][MPPE_COUNT],
		      (unsigned long long)d->wraps[0][CONTROL_NUMBER]);
	day_free(d);
}

static void a_day_of_pptp_loses_only_what_the_network_loses(void **state)
{
	(void)state;
	run_day(PROTOCOL_PPTP, false, 15);
}

static void a_day_of_l2tp_loses_only_what_the_network_loses(void **state)
{
	(void)state;
	run_day(PROTOCOL_L2TP, false, 15);
}

static void a_day_of_stateful_pptp_comes_back_after_each_loss(void **state)
{
	(void)state;
	run_day(PROTOCOL_PPTP, true, 80);
}

static void a_day_of_stateful_l2tp_comes_back_after_each_loss(void **state)
{
	(void)state;
	run_day(PROTOCOL_L2TP, true, 80);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_of_pptp_loses_only_what_the_network_loses),
		cmocka_unit_test(a_day_of_l2tp_loses_only_what_the_network_loses),
		cmocka_unit_test(a_day_of_stateful_pptp_comes_back_after_each_loss),
		cmocka_unit_test(a_day_of_stateful_l2tp_comes_back_after_each_loss),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
