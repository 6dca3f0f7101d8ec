/* SPDX-License-Identifier: MIT */
/* What a session follows in mid-call: the path MTU (what is believed, what is told, when more is
 * tried again) and the round trips of keep-alives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "path/internal.h"
#include "session/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct bench {
	struct session *s;
	struct request_channel supervisor;
	struct log log;
	int fds[2], null[2];
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	struct session *s = calloc(1, sizeof *s);
	const struct path_config config = {.encap = PROTOCOL_PPTP};
	const struct path_callbacks callbacks = {.ctx = s};

	assert_non_null(b);
	assert_non_null(s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, b->fds), 0);
	b->log = (struct log){.fd = -1, .level = LOG_LEVEL_ERROR};
	b->supervisor = (struct request_channel){b->fds[0], true, REQUEST_PHASE_CALL};
	s->channel = (struct request_channel){b->fds[1], false, REQUEST_PHASE_CALL};
	s->log = &b->log;
	s->loop = loop_new();
	s->path = path_new(&config, &callbacks, &b->log);
	assert_true(s->loop && s->path);
	s->start.protocol = PROTOCOL_PPTP;
	s->start.clamp_mss = true;
	s->start.max_mtu = 1460;
	s->start.path_mtu = 1500;
	s->data = (struct ppp_data){.ipv4 = true, .peer_mru = 1500, .own_mru = 1460};
	s->data.tx.bits = 128;
	s->network.local.s_addr = htonl(0x0a070002);
	mtu_begin(s);
	b->s = s;
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	path_free(b->s->path);
	loop_free(b->s->loop);
	close(b->fds[0]);
	close(b->fds[1]);
	free(b->s);
	free(b);
	return 0;
}

/* The MTU that the supervisor hears now; 0 if nothing. */
static unsigned told(struct bench *b)
{
	static struct request_message m;
	int rc = request_receive(&b->supervisor, &m);

	assert_true(rc >= 0);
	if (rc == 0)
		return 0;
	assert_int_equal(m.type, REQUEST_NETWORK);
	assert_int_equal(m.network.local.s_addr, htonl(0x0a070002));
	return m.network.mtu;
}

static void expire(struct bench *b)
{
	b->s->mtu.timer.expired(b->s);
}

static void what_passes_less_is_told_once(void **state)
{
	struct bench *b = *state;

	assert_int_equal(session_effective_mtu(b->s), 1500 - 44);
	mtu_too_big(b->s, 1300);
	mtu_too_big(b->s, 1300);
	mtu_too_big(b->s, 1400); /* an older message, late */
	assert_int_equal(session_effective_mtu(b->s), 1300 - 44);
	assert_int_equal(told(b), 0);
	expire(b);
	assert_int_equal(told(b), 1300 - 44);
	expire(b);
	assert_int_equal(told(b), 0);
}

static void many_changes_are_told_once_a_second(void **state)
{
	struct bench *b = *state;
	uint64_t now = loop_now(b->s->loop);

	mtu_too_big(b->s, 1400);
	assert_int_equal(b->s->mtu.timer.deadline_ms, now);
	expire(b);
	assert_int_equal(told(b), 1400 - 44);
	for (uint32_t mtu = 1399; mtu > 1300; mtu--)
		mtu_too_big(b->s, mtu);
	assert_true(b->s->mtu.timer.deadline_ms >= now + 1000);
	expire(b);
	assert_int_equal(told(b), 1301 - 44);
	assert_int_equal(told(b), 0);
}

static void forged_messages_cannot_go_below_the_floor(void **state)
{
	static const uint32_t forged[] = {0, 1, 68, 551, 552};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++)
		mtu_too_big(b->s, forged[i]);
	assert_int_equal(session_effective_mtu(b->s), 552 - 44);
	b->s->start.protocol = PROTOCOL_L2TP;
	b->s->start.peer.ss_family = AF_INET6;
	mtu_begin(b->s);
	mtu_too_big(b->s, 0);
	assert_int_equal(session_effective_mtu(b->s), 1280 - 62);
}

static void sizes_that_make_no_sense_change_nothing(void **state)
{
	struct bench *b = *state;

	mtu_too_big(b->s, 1500);
	mtu_too_big(b->s, 65536);
	mtu_too_big(b->s, UINT32_MAX);
	assert_int_equal(session_effective_mtu(b->s), 1500 - 44);
	assert_int_equal(b->s->mtu.timer.deadline_ms, DEADLINE_NONE);
}

static void more_is_tried_again_after_ten_minutes(void **state)
{
	struct bench *b = *state;
	uint64_t now = loop_now(b->s->loop);

	mtu_too_big(b->s, 1300);
	expire(b);
	assert_int_equal(told(b), 1300 - 44);
	assert_int_equal(b->s->mtu.timer.deadline_ms, now + 605000);
	b->s->mtu.raise_ms = loop_now(b->s->loop); /* that time has come */
	expire(b);
	assert_int_equal(told(b), 1500 - 44);
	assert_int_equal(b->s->mtu.timer.deadline_ms, DEADLINE_NONE);
	/* It still does not pass: the kernel says so at the first large packet. */
	mtu_too_big(b->s, 1300);
	expire(b);
	assert_int_equal(told(b), 1300 - 44);
}

static void nothing_is_told_before_there_is_a_network(void **state)
{
	struct bench *b = *state;

	b->s->network.local.s_addr = 0;
	mtu_too_big(b->s, 1300);
	expire(b);
	assert_int_equal(told(b), 0);
	assert_int_equal(session_effective_mtu(b->s), 1300 - 44);
}

static void a_header_that_grew_is_told_too(void **state)
{
	const struct path_call call = {.sequencing = true};
	const struct path_config config = {.encap = PROTOCOL_L2TP};
	const struct path_callbacks callbacks = {.ctx = NULL};
	struct bench *b = *state;

	b->s->start.protocol = PROTOCOL_L2TP;
	path_free(b->s->path);
	b->s->path = path_new(&config, &callbacks, &b->log);
	b->s->network.mtu = session_effective_mtu(b->s);
	assert_int_equal(b->s->network.mtu, 1500 - 42);
	path_set_call(b->s->path, &call); /* numbers, from now on */
	mtu_too_big(b->s, 1500);
	expire(b);
	assert_int_equal(told(b), 1500 - 46);
	mtu_too_big(b->s, 1500);
	assert_int_equal(b->s->mtu.timer.deadline_ms, DEADLINE_NONE);
}

/* Multilink: max-mtu and the path bound the pieces, the MRRUs the MTU. */
static void the_mtu_of_multilink_is_the_peers_mrru(void **state)
{
	static const struct {
		uint32_t own;
		uint16_t peers;
		uint8_t bits;
		const char *vendor;
		unsigned mtu;
	} rows[] = {
		{1600, 1614, 0, "xelerance.com", 1600},
		{1614, 1600, 0, "xelerance.com", 1600},
		{600, 1614, 0, "", 1500},
		{1600, 1000, 0, "", 1000},
		{1614, 1614, 128, "linux", 1500},
		{1614, 1500, 128, "linux", 1496},
		{1614, 1504, 128, "Microsoft", 1500},
		{1614, 1614, 128, "vpdial", 1610},
		{65535, 65535, 0, "", 65535},
		{1614, 0, 128, "vpdial", 1456},
		{0, 0, 0, "", 1460},
	};
	struct bench *b = *state;
	struct session *s = b->s;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned most = request_mtu_most(s->start.max_mtu, rows[i].own);

		s->start.ppp.mrru = rows[i].own;
		s->data.own_mrru = (uint16_t)rows[i].own;
		s->data.peer_mrru = rows[i].peers;
		s->data.tx.bits = rows[i].bits;
		(void)snprintf(s->peer.vendor, sizeof s->peer.vendor, "%s", rows[i].vendor);
		assert_int_equal(session_effective_mtu(s), rows[i].mtu);
		assert_true(session_effective_mtu(s) <= most);
	}
}

static void a_path_that_shrinks_makes_the_pieces_smaller(void **state)
{
	struct bench *b = *state;
	struct path_state path;

	b->s->start.ppp.mrru = b->s->data.own_mrru = b->s->data.peer_mrru = 1614;
	b->s->data.tx.bits = 0;
	session_path_state(b->s, &path);
	assert_int_equal(path.mp_room, 1460);
	assert_int_equal(path.mp_tx.mrru, 1614);
	assert_int_equal(path.mss_mtu, 1614);
	session_tell_network(b->s);
	assert_int_equal(told(b), 1614);
	mtu_too_big(b->s, 1300);
	expire(b);
	assert_int_equal(told(b), 1614);
	assert_int_equal(b->s->network.link_mtu, 1300 - 40);
	assert_int_equal(b->s->path->tx_state.mp_room, 1300 - 40);
}

static void round_trips_are_summed_up(void **state)
{
	static const uint32_t trips[] = {20, 30, 10, 20};
	struct request_stats stats = {0};
	struct session_echo echo = {0};

	(void)state;
	echo_fill(&echo, &stats);
	assert_false(stats.echo_known);
	assert_int_equal(stats.echo_avg_ms, 0);
	for (size_t i = 0; i < sizeof trips / sizeof trips[0]; i++)
		echo_note(&echo, trips[i]);
	echo_fill(&echo, &stats);
	assert_true(stats.echo_known);
	assert_int_equal(stats.echo_count, 4);
	assert_int_equal(stats.echo_rtt_ms, 20);
	assert_int_equal(stats.echo_min_ms, 10);
	assert_int_equal(stats.echo_avg_ms, 20);
	assert_int_equal(stats.echo_jitter_ms, 2); /* (10 + 20 + 10) / 16, less what fades */
	for (int i = 0; i < 300; i++)
		echo_note(&echo, i & 1 ? 10 : 14);
	echo_fill(&echo, &stats);
	assert_int_equal(stats.echo_jitter_ms, 4);
	for (int i = 0; i < 300; i++)
		echo_note(&echo, 10);
	echo_fill(&echo, &stats);
	assert_true(stats.echo_jitter_ms <= 1);
}

static void second_thread_is_wanted_when_one_core_is_full_both_ways(void **state)
{
	/* of 250 ms: asleep, sending */
	static const struct {
		unsigned asleep_ms, sending_ms;
		bool two;
	} rows[] = {
		{0, 125, true},	  {25, 110, true}, {26, 110, false}, /* waits too often */
		{0, 37, false},	  {0, 38, true},		     /* one direction is small */
		{0, 212, true},	  {0, 213, false}, {250, 0, false},
		{125, 60, false}, {0, 0, false},   {0, 250, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct load_window w = {.spent_us = 250000,
					      .asleep_us = rows[i].asleep_ms * 1000,
					      .sending_us = rows[i].sending_ms * 1000};

		if (load_wants_two(&w) != rows[i].two)
			fail_msg("row %zu", i);
	}
}

static void second_thread_goes_when_one_would_do(void **state)
{
	/* of 500 ms: the first thread asleep, the second one busy */
	static const struct {
		unsigned asleep_ms, worker_ms;
		bool one;
	} rows[] = {
		{0, 500, false},  {250, 250, false}, {250, 60, false},	{250, 50, true},
		{500, 0, true},	  {0, 0, true},	     {0, 25, true},	{0, 26, false},
		{500, 500, true}, {475, 500, true},  {474, 500, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct load_window w = {.spent_us = 500000,
					      .asleep_us = rows[i].asleep_ms * 1000,
					      .worker_us = rows[i].worker_ms * 1000};

		if (load_wants_one(&w) != rows[i].one)
			fail_msg("row %zu", i);
	}
}

/* The last burst's time may lie behind the end of the window that it is counted in. */
static void one_direction_is_one_however_its_time_is_counted(void **state)
{
	const struct load_window w = {.spent_us = 250000, .asleep_us = 2000, .sending_us = 251000};

	(void)state;
	assert_false(load_wants_two(&w));
}

/* What makes the second thread come does not make it go, whatever the shares: no flapping. */
static void what_calls_the_second_thread_keeps_it(void **state)
{
	(void)state;
	for (uint64_t asleep = 0; asleep <= 250; asleep++)
		for (uint64_t sending = 0; sending <= 250 - asleep; sending++) {
			struct load_window w = {250, asleep, sending, 0};

			if (!load_wants_two(&w))
				continue;
			/* The same work, each direction in its own thread. */
			w.worker_us = sending;
			w.asleep_us += sending;
			assert_false(load_wants_one(&w));
		}
}

/* ---- ends that do not understand each other ---- */

static bool lost(struct bench *b, uint32_t nonsense, const char *text)
{
	struct reason why = {0};
	bool is = keys_lost(b->s, nonsense, &why);

	if (is)
		assert_non_null(strstr(why.text, text));
	return is;
}

static void keys_that_never_agreed_end_the_call(void **state)
{
	struct bench *b = *state;
	struct path_counters *c = &b->s->path->rx_counters;

	assert_false(lost(b, 4, ""));
	assert_true(lost(b, 5, "the server cannot read what is encrypted for it"));
	c->rx_bad_mppe = 19;
	assert_false(lost(b, 0, ""));
	c->rx_bad_mppe = 20;
	assert_true(lost(b, 0, "what the server encrypts cannot be read: the keys"));
	c->rx_packets = 1;
	assert_false(lost(b, 5, ""));
}

static void a_lost_step_ends_the_call_only_after_ten_seconds_of_nonsense(void **state)
{
	struct bench *b = *state;
	struct path_counters *c = &b->s->path->rx_counters;

	c->rx_packets = 1000;
	c->rx_bad_mppe = 500; /* of before */
	assert_false(lost(b, 0, ""));
	c->rx_bad_mppe = 550;
	c->rx_too_late = 50;
	assert_false(lost(b, 0, ""));
	b->s->keys.since_ms -= 9999;
	assert_false(lost(b, 0, ""));
	b->s->keys.since_ms -= 1;
	assert_true(lost(b, 0, "too many packets in a row got lost"));
	c->rx_packets++; /* one that could be read: all is well */
	assert_false(lost(b, 0, ""));
	b->s->keys.since_ms -= 60000; /* silence alone is nothing */
	assert_false(lost(b, 0, ""));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(what_passes_less_is_told_once),
		T(many_changes_are_told_once_a_second),
		T(forged_messages_cannot_go_below_the_floor),
		T(sizes_that_make_no_sense_change_nothing),
		T(more_is_tried_again_after_ten_minutes),
		T(a_header_that_grew_is_told_too),
		T(the_mtu_of_multilink_is_the_peers_mrru),
		T(a_path_that_shrinks_makes_the_pieces_smaller),
		T(round_trips_are_summed_up),
		T(keys_that_never_agreed_end_the_call),
		T(a_lost_step_ends_the_call_only_after_ten_seconds_of_nonsense),
		T(nothing_is_told_before_there_is_a_network),
		cmocka_unit_test(second_thread_is_wanted_when_one_core_is_full_both_ways),
		cmocka_unit_test(one_direction_is_one_however_its_time_is_counted),
		cmocka_unit_test(second_thread_goes_when_one_would_do),
		cmocka_unit_test(what_calls_the_second_thread_keeps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
