/* SPDX-License-Identifier: MIT */
/* The monitor without a terminal: model, layout and what is painted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

#include "client/status.h"
#include "tui/keys.h"
#include "tui/layout.h"
#include "tui/paint.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

static struct control_status connected(void)
{
	struct control_status s;

	status_terminated(&s, "office");
	s.phase = CONTROL_CONNECTED;
	s.state = CONTROL_STATE_UP;
	s.uptime_ms = 26658000;
	s.idle_ms = 3000;
	s.mtu = 1456;
	s.mru = 1460;
	s.started_ms = 1000;
	s.state_ms[CONTROL_STATE_RESOLVING] = 7;
	s.state_ms[CONTROL_STATE_CALLING] = 31;
	s.default_route = true;
	s.echo_known = true;
	s.echo_rtt_ms = 12;
	strcpy(s.encoding, "MPPE128 stateless");
	strcpy(s.type, "pptp");
	strcpy(s.auth_method, "mschap2");
	strcpy(s.ifname, "pptp-out1");
	strcpy(s.server, "vpn.example.com");
	strcpy(s.server_address, "203.0.113.1");
	strcpy(s.user, "john");
	strcpy(s.local, "10.0.103.10");
	strcpy(s.remote, "10.0.103.1");
	strcpy(s.message, "traffic can flow");
	return s;
}

/* A call that runs, with SECONDS of traffic, 1000 * second octets in and half of that out. */
static struct call *running(unsigned seconds)
{
	struct call *c = calloc(1, sizeof(*c));
	struct control_status s = connected();

	assert_non_null(c);
	call_init(c, &s);
	call_opened(c, 1000);
	for (unsigned i = 0; i <= seconds; i++) {
		s.stats_ms = 1000 * (i + 1);
		s.counters.rx_bytes += 1000 * i;
		s.counters.tx_bytes += 500 * i;
		call_heard(c, &s, s.stats_ms);
		call_tick(c, s.stats_ms);
	}
	return c;
}

static struct grid painted(const struct call *c, int width, int height, bool utf8,
			   enum view_mode mode)
{
	struct grid g = {.utf8 = utf8};
	const struct call *calls[3] = {c, c, c};
	struct view v = {.mode = mode,
			 .calls = calls,
			 .count = c ? 1 : 0,
			 .bits = true,
			 .notice = "No profiles in /nowhere.",
			 .now_ms = 61000};

	assert_int_equal(grid_resize(&g, width, height), 0);
	paint(&g, &v);
	return g;
}

/* Line Y of G as UTF-8, without blanks at its end. */
static char *line(const struct grid *g, int y)
{
	static char text[2048];
	char *end = text;

	for (int x = 0; x < g->width; x++) {
		wchar_t c = g->cells[y * g->width + x].c;

		if (c)
			end += wcrtomb(end, c, &(mbstate_t){0});
	}
	while (end > text && end[-1] == ' ')
		end--;
	*end = '\0';
	return text;
}

static bool shows(const struct grid *g, const char *text)
{
	for (int y = 0; y < g->height; y++)
		if (strstr(line(g, y), text))
			return true;
	return false;
}

static const char *message(const struct call *c)
{
	static char text[CALL_MESSAGE_MAX];

	return call_message(c, text, sizeof(text));
}

static void rates_are_octets_over_the_time_of_the_counters(void **state)
{
	struct call *c = running(3);
	struct control_status s = c->status;
	(void)state;

	assert_int_equal(c->rate_count, 3);
	assert_int_equal(call_rate(c, 0).rx, 3000);
	assert_int_equal(call_rate(c, 0).tx, 1500);
	assert_int_equal(call_rate(c, 2).rx, 1000);
	assert_int_equal(call_rate(c, 3).rx, 0);
	call_heard(c, &s, 4500); /* the same counters tell nothing new */
	assert_int_equal(c->rate_count, 3);
	s.stats_ms += 2000;
	s.counters.rx_bytes += 5000;
	call_heard(c, &s, 6000);
	assert_int_equal(call_rate(c, 0).rx, 2500);
	s.stats_ms += 1000;
	s.counters.rx_bytes = 10; /* a new call counts anew */
	call_heard(c, &s, 7000);
	assert_int_equal(call_rate(c, 0).rx, 0);
	free(c);
}

static void each_second_of_silence_is_one_column_of_the_graph(void **state)
{
	struct call *c = running(2);
	(void)state;

	for (uint64_t now = 4000; now <= 12000; now += 1000)
		call_tick(c, now);
	assert_in_range(c->rate_count, 2 + 8, 2 + 9);
	call_tick(c, 112000); /* the monitor was stopped for so long */
	assert_in_range(c->rate_count, 2 + 108, 2 + 109);
	free(c);
}

static void silence_is_nothing_in_the_graph_and_a_note_later(void **state)
{
	struct call *c = running(2);
	(void)state;

	call_tick(c, 2999); /* a tick that was due before the last record came */
	assert_string_equal(message(c), "traffic can flow");
	call_tick(c, 4000);
	assert_int_equal(c->rate_count, 2);
	call_tick(c, 4600);
	assert_int_equal(c->rate_count, 3);
	assert_int_equal(call_rate(c, 0).rx, 0);
	assert_string_equal(message(c), "traffic can flow");
	call_tick(c, 3000 + MODEL_SILENT_MS + 1);
	assert_non_null(strstr(message(c), "does not answer"));
	free(c);
}

static void supervisor_that_vanishes_is_an_error_and_one_that_ends_is_not(void **state)
{
	struct control_status gone;
	struct call *c = running(2);
	const struct control_event *e;
	(void)state;

	status_terminated(&gone, "office");
	call_closed(c, &gone, 5);
	e = control_events_at(&c->events, 0);
	assert_int_equal(e->level, LOG_LEVEL_ERROR);
	assert_non_null(strstr(e->text, "ended unexpectedly"));
	assert_false(c->running);
	free(c);
	c = running(2);
	c->status.state = CONTROL_STATE_DOWN;
	reason_set(&c->status.ended, EXIT_OK, "hung up on request");
	call_closed(c, &gone, 5);
	e = control_events_at(&c->events, 0);
	assert_int_equal(e->level, LOG_LEVEL_NOTICE);
	assert_string_equal(e->text, "ended: hung up on request");
	assert_string_equal(message(c), "hung up on request");
	free(c);
	c = running(2);
	c->status.state = CONTROL_STATE_DOWN;
	reason_set(&c->status.ended, EXIT_AUTH_FAILED, "wrong password");
	strcpy(gone.message, "the lockdown holds");
	call_closed(c, &gone, 5);
	assert_string_equal(message(c), "wrong password; the lockdown holds");
	free(c);
}

static void events_are_taken_once_each(void **state)
{
	struct control_events *fresh = calloc(1, sizeof(*fresh));
	struct call *c = running(1);
	(void)state;

	assert_non_null(fresh);
	control_events_init(fresh);
	control_events_add(fresh, 1, 2, "one");
	call_take_events(c, fresh);
	call_take_events(c, fresh);
	call_add_event(c, 2, LOG_LEVEL_NOTICE, "ours");
	control_events_add(fresh, 3, 2, "two");
	call_take_events(c, fresh);
	assert_int_equal(control_events_kept(&c->events), 3);
	assert_string_equal(control_events_at(&c->events, 0)->text, "one");
	assert_string_equal(control_events_at(&c->events, 1)->text, "ours");
	assert_string_equal(control_events_at(&c->events, 2)->text, "two");
	free(fresh);
	free(c);
}

static void numbers_have_three_digits_and_scales_are_round(void **state)
{
	char buf[24];
	(void)state;

	assert_string_equal(rate_format(buf, sizeof(buf), 0, true), "0 bit/s");
	assert_string_equal(rate_format(buf, sizeof(buf), 125, true), "1.00 kbit/s");
	assert_string_equal(rate_format(buf, sizeof(buf), 156250, true), "1.25 Mbit/s");
	assert_string_equal(rate_format(buf, sizeof(buf), 156250, false), "156 kB/s");
	assert_string_equal(rate_format(buf, sizeof(buf), 999600, false), "1.00 MB/s");
	assert_string_equal(size_format(buf, sizeof(buf), 12345678), "12.3 MB");
	assert_int_equal(scale_above(0), 1000);
	assert_int_equal(scale_above(1001), 2000);
	assert_int_equal(scale_above(2000), 2000);
	assert_int_equal(scale_above(4999999), 5000000);
	assert_true(scale_above(UINT64_MAX) >= UINT64_MAX / 10);
	assert_string_equal(scale_format(buf, sizeof(buf), 500000), "500k");
	assert_string_equal(scale_format(buf, sizeof(buf), 2000000000), "2G");
}

static void mark(struct rect r, int width, int height, uint8_t *used)
{
	for (int y = r.y; y < r.y + r.height; y++)
		for (int x = r.x; x < r.x + r.width; x++) {
			assert_in_range(x, 0, width - 1);
			assert_in_range(y, 0, height - 1);
			assert_int_equal(used[y * width + x], 0);
			used[y * width + x] = 1;
		}
}

static void parts_never_overlap_or_leave_the_screen(void **state)
{
	static uint8_t used[210 * 70];
	(void)state;

	for (int width = LAYOUT_MIN_WIDTH; width < 210; width += 5)
		for (int height = LAYOUT_MIN_HEIGHT; height < 70; height++)
			for (int i = 0; i < 16; i++) {
				const struct layout_wants wants = {.calls = i & 1 ? 9 : 1,
								   .keys = 1 + (i & 2),
								   .phases = i & 4 ? 2 : 0,
								   .drops = i & 4,
								   .message = 1 + (i & 2),
								   .urgent = i & 8};
				struct layout l;

				assert_true(layout_make(width, height, &wants, &l));
				memset(used, 0, sizeof(used));
				const struct rect parts[] = {
					l.title,    l.list,	l.link,	  l.network, l.rates,
					l.graph[0], l.graph[1], l.totals, l.drops,   l.phases,
					l.events,   l.message,	l.keys};
				for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++)
					mark(parts[p], width, height, used);
				assert_true(l.title.height == 1 && l.keys.height > 0 &&
					    l.link.height > 0);
				assert_true(!wants.urgent || l.message.height > 0);
			}
	assert_false(layout_make(LAYOUT_MIN_WIDTH - 1, 24, &(struct layout_wants){0},
				 &(struct layout){0}));
}

static void fields_stand_in_the_manuals_order_at_80x24(void **state)
{
	static const char *const want[] = {
		" vpdial  office                                                       connected",
		"    status: connected                   server: vpn.example.com (203.0.113.1)",
		"    uptime: 7h24m18s                      user: john",
		" idle-time: 3s                   local-address: 10.0.103.10",
		"  encoding: MPPE128 stateless   remote-address: 10.0.103.1",
		"       mtu: 1456                           dns: -",
		"       mru: 1460                        routes: default",
		"     state: up                        protocol: pptp, mschap2",
		" interface: pptp-out1                echo-time: 12 ms, avg 0, min 0, jitter 0",
		" received 24.0 kbit/s                    sent 12.0 kbit/s",
	};
	struct call *c = running(3);
	struct grid g = painted(c, 80, 24, true, VIEW_MAIN);
	(void)state;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_string_equal(line(&g, (int)i), want[i]);
	assert_true(shows(&g, "dial  in all 38 ms: resolving 7 ms, calling 31 ms"));
	assert_string_equal(line(&g, 23), " c connect  d disconnect  r redial  l log  u units  "
					  "j/k select  ? help  q quit");
	grid_free(&g);
	free(c);
}

static void graph_rises_with_the_rate_and_has_a_scale(void **state)
{
	struct call *c = running(4);
	struct grid g = painted(c, 80, 24, true, VIEW_MAIN);
	(void)state;

	/* 8, 16, 24, 32 kbit/s under 50k: the newest at the right edge of its half */
	assert_non_null(strstr(line(&g, 10), "  50k\u2502"));
	assert_non_null(strstr(line(&g, 14), "   0\u2502"));
	assert_non_null(strstr(line(&g, 14), "\u2587\u2588\u2588\u2588 "));
	assert_non_null(strstr(line(&g, 12), " \u2583\u2588 "));
	grid_free(&g);
	g = painted(c, 80, 24, false, VIEW_MAIN);
	assert_non_null(strstr(line(&g, 14), "#### "));
	assert_non_null(strstr(line(&g, 13), " :## "));
	grid_free(&g);
	free(c);
}

static void small_screen_keeps_the_six_fields_and_every_key(void **state)
{
	static const char *const words[] = {
		"status:", "uptime:", "idle-time:", "encoding:", "mtu:", "mru:", "in ", "out "};
	struct call *c = running(3);
	struct grid g = painted(c, 40, 10, true, VIEW_MAIN);
	size_t count;
	const struct key *keys = keys_table(&count);
	(void)state;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_true(shows(&g, words[i]));
	for (size_t i = 0; i < count; i++)
		assert_true(shows(&g, keys[i].word));
	grid_free(&g);
	free(c);
}

static void only_ascii_where_there_is_no_utf8(void **state)
{
	struct call *c = running(30);
	(void)state;

	strcpy(c->status.user, "j\xc3\xb6hn");
	setlocale(LC_CTYPE, "C");
	for (int mode = VIEW_MAIN; mode <= VIEW_HELP; mode++) {
		struct grid g = painted(c, 100, 40, false, (enum view_mode)mode);

		for (int i = 0; i < g.width * g.height; i++)
			assert_in_range(g.cells[i].c, 0x20, 0x7e);
		grid_free(&g);
	}
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	free(c);
}

static void no_text_reaches_the_screen_as_an_escape(void **state)
{
	static const char nasty[] = "\033[31mred\r\n\xc2\x9b"
				    "1m \xe2\x80\xae\xff\x07";
	struct call *c = running(3);
	(void)state;

	strcpy(c->status.server, nasty);
	strcpy(c->status.user, nasty);
	strcpy(c->status.message, nasty);
	strcpy(c->status.ifname, "\033]0;x\a");
	memcpy(c->events.ring[0].text, nasty, sizeof(nasty)); /* past what cleans it */
	c->events.count = 1;
	for (int width = 20; width < 130; width += 13) {
		struct grid g = painted(c, width, 30, true, VIEW_MAIN);

		for (int i = 0; i < g.width * g.height; i++)
			assert_true(iswprint((wint_t)g.cells[i].c));
		grid_free(&g);
	}
	free(c);
}

static void text_is_cut_at_the_end_of_a_word(void **state)
{
	struct grid g = {.utf8 = true};
	(void)state;

	assert_int_equal(grid_resize(&g, 20, 1), 0);
	assert_int_equal(grid_text(&g, 0, 0, 20, ROLE_PLAIN, "exactly twenty cells"), 20);
	assert_string_equal(line(&g, 0), "exactly twenty cells");
	grid_clear(&g);
	assert_int_equal(grid_text(&g, 0, 0, 12, ROLE_PLAIN, "alpha, beta, gamma"), 12);
	assert_string_equal(line(&g, 0), "alpha, beta\u2026");
	grid_clear(&g);
	g.utf8 = false;
	grid_text(&g, 0, 0, 12, ROLE_PLAIN, "alpha, beta, gamma");
	assert_string_equal(line(&g, 0), "alpha..");
	grid_clear(&g);
	grid_text(&g, 0, 0, 8, ROLE_PLAIN, "unbreakable");
	assert_string_equal(line(&g, 0), "unbrea..");
	grid_free(&g);
}

static void wide_characters_take_two_cells_and_are_never_halved(void **state)
{
	struct grid g = {.utf8 = true};
	(void)state;

	assert_int_equal(grid_width("\u65e5\u672c"), 4);
	assert_int_equal(grid_resize(&g, 8, 1), 0);
	assert_int_equal(grid_text(&g, 0, 0, 4, ROLE_PLAIN, "\u65e5\u672c"), 4);
	assert_int_equal(g.cells[1].c, 0);
	grid_clear(&g);
	assert_int_equal(grid_text(&g, 0, 0, 3, ROLE_PLAIN, "\u65e5\u672c"), 3);
	assert_int_equal(g.cells[2].c, 0x2026);
	grid_clear(&g);
	assert_int_equal(grid_text(&g, 0, 0, 2, ROLE_PLAIN, "\u65e5\u672c"), 1);
	assert_int_equal(g.cells[0].c, 0x2026);
	grid_free(&g);
}

static void what_cannot_be_told_is_unknown_and_says_why(void **state)
{
	struct call *c = running(0);
	struct grid g;
	(void)state;

	call_unknown(c);
	strcpy(c->note, "its control socket belongs to another user");
	g = painted(c, 40, 10, true, VIEW_MAIN);
	assert_non_null(strstr(line(&g, 0), "unknown"));
	assert_true(shows(&g, "socket belongs to another"));
	grid_free(&g);
	g = painted(NULL, 40, 10, true, VIEW_MAIN);
	assert_true(shows(&g, "No profiles in /nowhere."));
	grid_free(&g);
	free(c);
}

static void every_size_is_painted(void **state)
{
	struct call *c = running(600);
	(void)state;

	c->status.counters.rx_duplicate = 3;
	for (int width = 1; width < 220; width += 3)
		for (int height = 1; height < 64; height += 3)
			for (int mode = VIEW_MAIN; mode <= VIEW_HELP; mode++) {
				struct grid g =
					painted(c, width, height, true, (enum view_mode)mode);

				grid_free(&g);
			}
	free(c);
}

static void each_key_of_the_table_does_what_it_says(void **state)
{
	size_t count;
	const struct key *keys = keys_table(&count);
	(void)state;

	for (size_t i = 0; i < count; i++)
		if (keys[i].action != ACTION_SELECT)
			assert_int_equal(keys_action(keys[i].key[0]), keys[i].action);
	assert_int_equal(keys_action('j'), ACTION_DOWN);
	assert_int_equal(keys_action('k'), ACTION_UP);
	assert_int_equal(keys_action('x'), ACTION_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_octets_over_the_time_of_the_counters),
		cmocka_unit_test(each_second_of_silence_is_one_column_of_the_graph),
		cmocka_unit_test(silence_is_nothing_in_the_graph_and_a_note_later),
		cmocka_unit_test(supervisor_that_vanishes_is_an_error_and_one_that_ends_is_not),
		cmocka_unit_test(events_are_taken_once_each),
		cmocka_unit_test(numbers_have_three_digits_and_scales_are_round),
		cmocka_unit_test(parts_never_overlap_or_leave_the_screen),
		cmocka_unit_test(fields_stand_in_the_manuals_order_at_80x24),
		cmocka_unit_test(graph_rises_with_the_rate_and_has_a_scale),
		cmocka_unit_test(small_screen_keeps_the_six_fields_and_every_key),
		cmocka_unit_test(only_ascii_where_there_is_no_utf8),
		cmocka_unit_test(no_text_reaches_the_screen_as_an_escape),
		cmocka_unit_test(text_is_cut_at_the_end_of_a_word),
		cmocka_unit_test(wide_characters_take_two_cells_and_are_never_halved),
		cmocka_unit_test(what_cannot_be_told_is_unknown_and_says_why),
		cmocka_unit_test(every_size_is_painted),
		cmocka_unit_test(each_key_of_the_table_does_what_it_says),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		fprintf(stderr, "no locale C.UTF-8\n");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
