/* SPDX-License-Identifier: MIT */
/* When a dial is followed by another. */
#include "connection/redial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

#define MIDDLE 0x7fffffffu

static const struct reason lost = {EXIT_HANGUP, "lost"};
static const struct reason unreachable = {EXIT_CONNECT_FAILED, "unreachable"};

static struct redial usual(void)
{
	return (struct redial){.enabled = true, .min_ms = 2000, .max_ms = 300000, .ever_up = true};
}

static void waits_double_up_to_the_longest(void **state)
{
	struct redial r = usual();
	uint64_t delay = 0, want = 2000;

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_true(redial_next(&r, &unreachable, 0, MIDDLE, &delay));
		assert_in_range(delay, want - 10, want + 10);
		want = want * 2 < 300000 ? want * 2 : 300000;
	}
}

static void waits_are_spread_by_a_quarter(void **state)
{
	struct redial r = usual();
	uint64_t least, most;

	(void)state;
	assert_true(redial_next(&r, &lost, 0, 0, &least));
	r.failures = 0;
	assert_true(redial_next(&r, &lost, 0, UINT32_MAX, &most));
	assert_int_equal(least, 1500);
	assert_int_equal(most, 2500);
}

static void a_stable_call_makes_the_wait_short_again(void **state)
{
	struct redial r = usual();
	uint64_t delay = 0;

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_true(redial_next(&r, &lost, REDIAL_STABLE_MS - 1, MIDDLE, &delay));
	assert_true(delay > 200000);
	assert_true(redial_next(&r, &lost, REDIAL_STABLE_MS, MIDDLE, &delay));
	assert_true(delay < 2500);
}

static void a_limit_ends_it(void **state)
{
	struct redial r = usual();
	uint64_t delay;

	(void)state;
	r.limit = 3;
	for (int i = 0; i < 3; i++)
		assert_true(redial_next(&r, &unreachable, 0, MIDDLE, &delay));
	assert_false(redial_next(&r, &unreachable, 0, MIDDLE, &delay));
	assert_int_equal(r.failures, 3);
	/* a call that held counts anew */
	assert_true(redial_next(&r, &lost, REDIAL_STABLE_MS, MIDDLE, &delay));
}

static void some_ends_are_final(void **state)
{
	static const enum exit_status final[] = {
		EXIT_OK,	   EXIT_SIGNAL,	      EXIT_AUTH_FAILED, EXIT_PEER_AUTH_FAILED,
		EXIT_IDLE_TIMEOUT, EXIT_CONNECT_TIME, EXIT_OPTIONS,	EXIT_NOT_PERMITTED};
	uint64_t delay;

	(void)state;
	for (size_t i = 0; i < sizeof final / sizeof final[0]; i++) {
		struct reason why = {final[i], "end"};
		struct redial r = usual();

		assert_false(redial_next(&r, &why, 1000000, MIDDLE, &delay));
	}
}

static void the_first_dial_is_repeated_only_when_told(void **state)
{
	struct redial r = usual();
	uint64_t delay;

	(void)state;
	r.ever_up = false;
	assert_false(redial_next(&r, &unreachable, 0, MIDDLE, &delay));
	r.from_start = true;
	assert_true(redial_next(&r, &unreachable, 0, MIDDLE, &delay));
	r.from_start = false;
	redial_up(&r);
	assert_true(redial_next(&r, &lost, 10, MIDDLE, &delay));
	r.enabled = false;
	assert_false(redial_next(&r, &lost, 10, MIDDLE, &delay));
}

static void a_new_way_is_dialed_soon_but_not_sooner_than_the_shortest_wait(void **state)
{
	struct redial r = usual();

	(void)state;
	r.failures = 9;
	assert_int_equal(redial_soon(&r, 100000, 99500, 0), 101500);
	assert_int_equal(redial_soon(&r, 100000, 99500, UINT32_MAX), 102500);
	assert_int_equal(redial_soon(&r, 100000, 50000, 0), 100000);
	assert_int_equal(redial_soon(&r, 100000, 50000, UINT32_MAX), 101000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_double_up_to_the_longest),
		cmocka_unit_test(waits_are_spread_by_a_quarter),
		cmocka_unit_test(a_stable_call_makes_the_wait_short_again),
		cmocka_unit_test(a_limit_ends_it),
		cmocka_unit_test(some_ends_are_final),
		cmocka_unit_test(the_first_dial_is_repeated_only_when_told),
		cmocka_unit_test(a_new_way_is_dialed_soon_but_not_sooner_than_the_shortest_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
