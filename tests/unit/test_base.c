/* SPDX-License-Identifier: MIT */
/* Cursors, texts, durations, reasons and the event loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/reason.h"
#include "base/secret.h"
#include "base/str.h"
#include "loop/loop.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void cursor_fails_once_and_for_all_at_every_length(void **state)
{
	static const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 8};

	(void)state;
	for (size_t len = 0; len <= sizeof data; len++) {
		uint8_t *exact = malloc(len ? len : 1); /* the sanitizer watches its end */
		struct cursor c;

		memcpy(exact, data, len);
		c = cursor_make(exact, len);
		assert_int_equal(cursor_u8(&c), len >= 1 ? 1 : 0);
		assert_int_equal(cursor_u16(&c), len >= 3 ? 0x0203 : 0);
		assert_int_equal(cursor_u32(&c), len >= 7 ? 0x04050607 : 0);
		assert_int_equal(c.failed, len < 7);
		if (c.failed) {
			assert_int_equal(cursor_left(&c), 0);
			assert_null(cursor_bytes(&c, 0));
		}
		free(exact);
	}
}

static void cursor_sub_is_bounded_and_a_failed_one_gives_failed_subs(void **state)
{
	static const uint8_t data[] = {1, 2, 3, 4};
	struct cursor c = cursor_make(data, sizeof data), sub = cursor_sub(&c, 3);

	(void)state;
	assert_int_equal(cursor_u8(&sub), 1);
	cursor_skip(&sub, 2);
	assert_int_equal(cursor_left(&sub), 0);
	assert_int_equal(cursor_u8(&c), 4);
	sub = cursor_sub(&c, 1);
	assert_true(sub.failed && c.failed);
	assert_int_equal(cursor_u32(&sub), 0);
}

static void writer_never_writes_behind_its_end(void **state)
{
	uint8_t room[8];
	struct writer w = writer_make(room, 7);

	(void)state;
	memset(room, 0xee, sizeof room);
	writer_u16(&w, 0x0102);
	writer_u32(&w, 0x03040506);
	writer_u16(&w, 0x0708);
	assert_true(w.failed);
	assert_int_equal(writer_len(&w), 6);
	writer_u8(&w, 9);
	assert_int_equal(room[6], 0xee);
	w = writer_make(room, 4);
	writer_zeros(&w, 4);
	writer_patch_u16(&w, 2, 0xabcd);
	assert_false(w.failed);
	assert_int_equal(room[3], 0xcd);
	writer_patch_u16(&w, 3, 1);
	assert_true(w.failed);
}

static void check_clean(const char *hostile, size_t len, const char *wanted)
{
	char buf[64];
	struct str s = str_make(buf, sizeof buf);

	str_clean(&s, hostile, len, 20);
	assert_string_equal(buf, wanted);
}

static void hostile_text_is_cleaned(void **state)
{
	(void)state;
	check_clean("plain text", 10, "plain text");
	check_clean("a\x1b[2Jb\n", 7, "a\\x1b[2Jb\\x0a");
	check_clean("\xc3\xa4\xe2\x82\xac", 5, "\xc3\xa4\xe2\x82\xac");
	check_clean("\xc2\x9b", 2, "\\xc2\\x9b");	   /* C1 control as UTF-8 */
	check_clean("\xe2\x80\xae", 3, "\\xe2\\x80\\xae"); /* right-to-left override */
	check_clean("\xc0\xaf\xff", 3, "\\xc0\\xaf\\xff"); /* over-long, invalid */
	check_clean("a\\b\0c", 5, "a\\\\b\\x00c");
	check_clean("123456789012345678901", 21, "12345678901234567890...");
}

static void text_never_overruns_its_buffer(void **state)
{
	char buf[9];
	struct str s = str_make(buf, 8);

	(void)state;
	buf[8] = 'x';
	str_printf(&s, "%s", "1234567890");
	assert_string_equal(buf, "1234567");
	str_clean(&s, "\x01\x02", 2, 2);
	assert_int_equal(buf[8], 'x');
	assert_false(str_copy(buf, 4, "abcdef"));
	assert_string_equal(buf, "abc");
}

static void nearest_word_is_found_or_none(void **state)
{
	static const char *const words[] = {"connect-to", "password", "profile", "user"};

	(void)state;
	assert_string_equal(str_nearest("pasword", words, 4, 5, 2), "password");
	assert_string_equal(str_nearest("connect-ot", words, 4, 5, 1), "connect-to");
	assert_string_equal(str_nearest("paswod", words, 4, 5, 2), "password");
	assert_null(str_nearest("paswod", words, 4, 5, 1));
	assert_null(str_nearest("pswod", words, 4, 5, 2));
	assert_null(str_nearest("zzzzzzzz", words, 4, 5, 2));
}

static void no_word_is_guessed_from_few_letters_or_from_its_denial(void **state)
{
	static const char *const words[] = {"--all", "--redial", "redial", "lockdown", "notify"};

	(void)state;
	assert_null(str_nearest("--wait", words, 5, 5, 2));
	assert_null(str_nearest("dial", words, 5, 5, 2));
	assert_null(str_nearest("undial", words, 5, 5, 2));
	assert_null(str_nearest("nolockdown", words, 5, 5, 2));
	assert_null(str_nearest("--noall", words, 5, 5, 2));
	assert_string_equal(str_nearest("notifi", words, 5, 5, 2), "notify");
	assert_string_equal(str_nearest("redail", words, 5, 5, 1), "redial");
}

static void durations_read_as_in_the_mission(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(duration_format(buf, sizeof buf, 7 * 3600 + 24 * 60 + 18), "7h24m18s");
	assert_string_equal(duration_format(buf, sizeof buf, 4 * 3600 + 35), "4h35s");
	assert_string_equal(duration_format(buf, sizeof buf, 86400 + 2 * 3600 + 5), "1d2h5s");
	assert_string_equal(duration_format(buf, sizeof buf, 0), "0s");
	assert_string_equal(duration_format(buf, sizeof buf, 60), "1m");
}

static void first_reason_counts(void **state)
{
	struct reason r = {0};

	(void)state;
	reason_set(&r, EXIT_AUTH_FAILED, "wrong password");
	reason_set(&r, EXIT_HANGUP, "closed");
	assert_int_equal(r.code, 19);
	assert_string_equal(r.text, "wrong password");
	for (int i = 0; i <= 19; i++)
		assert_true(strlen(exit_status_text((enum exit_status)i)) > 5);
	assert_string_equal(exit_status_text((enum exit_status)99), "unknown exit status");
}

static void no_redial_after_what_would_fail_again(void **state)
{
	static const enum exit_status may_pass[] = {
		EXIT_FATAL,	EXIT_OPEN_FAILED, EXIT_CONNECT_FAILED, EXIT_NEGOTIATION_FAILED,
		EXIT_PEER_DEAD, EXIT_HANGUP,
	};
	unsigned temporary = 0;

	(void)state;
	for (size_t i = 0; i < sizeof may_pass / sizeof may_pass[0]; i++)
		assert_false(reason_is_permanent(&(struct reason){.code = may_pass[i]}));
	for (unsigned i = 0; i <= EXIT_AUTH_FAILED; i++)
		temporary += !reason_is_permanent(&(struct reason){.code = (enum exit_status)i});
	assert_int_equal(temporary, sizeof may_pass / sizeof may_pass[0]);
	assert_true(reason_is_permanent(&(struct reason){.code = EXIT_AUTH_FAILED}));
	assert_true(reason_is_permanent(&(struct reason){.code = EXIT_PEER_AUTH_FAILED}));
	assert_true(reason_is_permanent(&(struct reason){.code = (enum exit_status)99}));
}

static void log_lines_cannot_be_forged(void **state)
{
	struct log log = {.level = LOG_LEVEL_NOTICE, .name = "office"};
	char text[128] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	log.fd = fds[1];
	log_notice(&log, "peer says %s", "hi\nvpdial[office]: connected\x1b[0m");
	log_info(&log, "not at this level");
	assert_true(read(fds[0], text, sizeof text - 1) > 0);
	assert_string_equal(text, "vpdial[office]: peer says hi?vpdial[office]: connected?[0m\n");
	close(fds[0]);
	close(fds[1]);
}

/* The two ends of a terminal; what is written at FDS[1] is read at FDS[0]. */
static int terminal(int fds[2])
{
	fds[0] = posix_openpt(O_RDWR | O_NOCTTY);
	if (fds[0] < 0 || grantpt(fds[0]) < 0 || unlockpt(fds[0]) < 0)
		return -1;
	fds[1] = open(ptsname(fds[0]), O_RDWR | O_NOCTTY);
	return fds[1] < 0 ? -1 : 0;
}

/* Its reader pauses (a pager, a terminal after Ctrl-S or behind a line that is broken): the program
 * goes on, what it says is lost. */
static void a_log_that_nobody_reads_holds_nothing_up(void **state)
{
	struct log to = {.level = LOG_LEVEL_NOTICE, .name = "office"};
	char text[64];
	int fds[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(i ? terminal(fds) : pipe(fds), 0);
		to.fd = fds[1];
		alarm(20);
		for (int k = 0; k < 5000; k++)
			log_notice(&to, "line %d of many that fill every pipe", k);
		alarm(0);
		assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
		assert_int_equal(read(fds[0], text, 22), 22);
		assert_memory_equal(text, "vpdial[office]: line 0", 22);
		close(fds[0]);
		close(fds[1]);
	}
}

static void secrets_are_wiped_and_bounded(void **state)
{
	static struct secret s;
	static uint8_t big[SECRET_MAX + 1];

	(void)state;
	assert_true(secret_set(&s, "abc", 3));
	assert_false(secret_set(&s, big, sizeof big));
	assert_int_equal(s.len, 0);
	assert_memory_equal(s.bytes, big, 3);
	assert_true(bytes_equal_ct("abc", "abd", 2));
	assert_false(bytes_equal_ct("abc", "abd", 3));
}

struct turn {
	struct loop *loop;
	struct loop_timer timers[3];
	struct loop_fd handle;
	unsigned fired, ready;
};

static void on_timer(void *ctx)
{
	struct turn *t = ctx;

	if (++t->fired == 2)
		loop_stop(t->loop);
	/* A callback may take another's handle out of the loop. */
	loop_timer_del(t->loop, &t->timers[2]);
}

static void on_ready(void *ctx, uint32_t events)
{
	struct turn *t = ctx;

	(void)events;
	t->ready++;
	loop_fd_del(t->loop, &t->handle);
}

static void loop_runs_timers_and_descriptors_and_forgets_what_was_deleted(void **state)
{
	struct turn t = {.loop = loop_new()};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	t.handle = (struct loop_fd){.fd = fds[0], .ready = on_ready, .ctx = &t};
	assert_int_equal(loop_fd_add(t.loop, &t.handle, EPOLLIN), 0);
	for (unsigned i = 0; i < 3; i++) {
		t.timers[i] = (struct loop_timer){.expired = on_timer, .ctx = &t};
		loop_timer_set(t.loop, &t.timers[i], loop_now(t.loop) + 1 + i * 10);
	}
	assert_int_equal(loop_run(t.loop), 0);
	assert_int_equal(t.fired, 2);
	assert_int_equal(t.ready, 1);
	loop_timer_del(t.loop, &t.timers[0]);
	loop_free(t.loop);
	close(fds[0]);
	close(fds[1]);
}

/* --- socket addresses */

static struct sockaddr_storage address(const char *text, uint16_t port)
{
	struct sockaddr_storage a;

	assert_true(address_parse(&a, AF_UNSPEC, text));
	address_set_port(&a, port);
	return a;
}

static void address_is_read_and_written_in_both_families(void **state)
{
	static const struct {
		const char *text;
		int family;
		size_t size, len;
	} cases[] = {{"192.0.2.1", AF_INET, 4, sizeof(struct sockaddr_in)},
		     {"2001:db8::1", AF_INET6, 16, sizeof(struct sockaddr_in6)}};
	char text[INET6_ADDRSTRLEN];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sockaddr_storage a = address(cases[i].text, 1701);

		assert_int_equal(a.ss_family, cases[i].family);
		assert_int_equal(address_size(&a), cases[i].size);
		assert_int_equal(address_len(&a), cases[i].len);
		assert_int_equal(address_port(&a), 1701);
		assert_int_equal(*address_port_at(&a), htons(1701));
		assert_string_equal(address_text(&a, text, sizeof(text)), cases[i].text);
		assert_false(address_is_any(&a));
		assert_true(address_parse(&a, cases[i].family, cases[i].text));
		assert_false(address_parse(&a, cases[1 - i].family, cases[i].text));
		assert_int_equal(a.ss_family, 0);
	}
}

static void address_of_no_family_has_no_text_and_is_no_ipv4(void **state)
{
	struct sockaddr_storage none = {0}, six = address("2001:db8::1", 1);
	uint8_t mapped[16], zero[16] = {0};
	char text[INET6_ADDRSTRLEN] = "x";

	(void)state;
	assert_false(address_parse(&none, AF_UNSPEC, "vpn.example.com"));
	assert_string_equal(address_text(&none, text, sizeof(text)), "");
	address_map(mapped, &none);
	assert_memory_equal(mapped, zero, sizeof(zero));
	assert_int_equal(address_ipv4(&six).s_addr, 0);
	assert_int_equal(address_ipv4(&none).s_addr, 0);
}

static void addresses_are_the_same_whatever_their_ports(void **state)
{
	struct sockaddr_storage a = address("192.0.2.1", 1), b = address("192.0.2.1", 2),
				other = address("192.0.2.2", 1),
				mapped = address("::ffff:192.0.2.1", 1);
	uint8_t one[16], two[16];

	(void)state;
	assert_true(address_same(&a, &b));
	assert_false(address_same(&a, &other));
	assert_false(address_same(&a, &mapped));
	address_map(one, &a);
	address_map(two, &mapped);
	assert_memory_equal(one, two, sizeof(one));
}

static void bare_address_has_only_what_names_a_peer(void **state)
{
	struct sockaddr_storage from, bare, zero = {0};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6,
				   .sin6_port = htons(7),
				   .sin6_flowinfo = 9,
				   .sin6_scope_id = 3,
				   .sin6_addr.s6_addr = {0xfe, 0x80, [15] = 1}},
			    got;

	(void)state;
	memset(&from, 0xff, sizeof(from));
	memcpy(&from, &six, sizeof(six));
	address_bare(&bare, &from);
	memcpy(&got, &bare, sizeof(got));
	six.sin6_flowinfo = 0;
	assert_memory_equal(&got, &six, sizeof(six));
	memset(&from, 0xff, sizeof(from));
	address_set(&from, AF_INET, "\xc0\x00\x02\x01");
	address_set_port(&from, 8);
	address_bare(&bare, &from);
	from = address("192.0.2.1", 8);
	assert_memory_equal(&bare, &from, sizeof(from));
	from.ss_family = AF_UNIX;
	address_bare(&bare, &from);
	assert_memory_equal(&bare, &zero, sizeof(zero));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cursor_fails_once_and_for_all_at_every_length),
		cmocka_unit_test(cursor_sub_is_bounded_and_a_failed_one_gives_failed_subs),
		cmocka_unit_test(writer_never_writes_behind_its_end),
		cmocka_unit_test(hostile_text_is_cleaned),
		cmocka_unit_test(text_never_overruns_its_buffer),
		cmocka_unit_test(nearest_word_is_found_or_none),
		cmocka_unit_test(no_word_is_guessed_from_few_letters_or_from_its_denial),
		cmocka_unit_test(durations_read_as_in_the_mission),
		cmocka_unit_test(first_reason_counts),
		cmocka_unit_test(no_redial_after_what_would_fail_again),
		cmocka_unit_test(log_lines_cannot_be_forged),
		cmocka_unit_test(a_log_that_nobody_reads_holds_nothing_up),
		cmocka_unit_test(secrets_are_wiped_and_bounded),
		cmocka_unit_test(loop_runs_timers_and_descriptors_and_forgets_what_was_deleted),
		cmocka_unit_test(address_is_read_and_written_in_both_families),
		cmocka_unit_test(address_of_no_family_has_no_text_and_is_no_ipv4),
		cmocka_unit_test(addresses_are_the_same_whatever_their_ports),
		cmocka_unit_test(bare_address_has_only_what_names_a_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
