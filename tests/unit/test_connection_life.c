/* SPDX-License-Identifier: MIT */
/* Whole lives of a connection: what is asked of host, session and scripts, in order. */
#include "connection_world.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

#define WANT(s, where, trace)                                                                  \
	do {                                                                                   \
		assert_string_equal(life_state_name((s)->life.state), life_state_name(where)); \
		want_trace(trace);                                                             \
	} while (0)

static void dial_until_started(struct supervisor *s)
{
	life_post(&s->life, ON_DIAL, NULL);
	life_post(&s->life, ON_RESOLVED, NULL);
	session_says(s, ON_READY);
	assert_int_equal(s->life.state, LIFE_DIALING);
	world.trace[0] = '\0';
}

static void dial_until_up(struct supervisor *s)
{
	dial_until_started(s);
	session_says(s, ON_NETWORK);
	assert_int_equal(s->life.state, LIFE_UP);
	world.trace[0] = '\0';
}

/* Whole lives */

static void call_comes_up_and_is_hung_up(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	life_post(&s->life, ON_DIAL, NULL);
	WANT(s, LIFE_RESOLVING, "spawn look-up");
	life_post(&s->life, ON_RESOLVED, NULL);
	WANT(s, LIFE_CONNECTING, "sockets");
	session_says(s, ON_READY);
	WANT(s, LIFE_DIALING, "start");
	session_says(s, ON_PROGRESS);
	assert_int_equal(s->status.state, CONTROL_STATE_AUTHENTICATING);
	session_says(s, ON_NETWORK);
	WANT(s, LIFE_UP, "apply applied get-stats vpn-up");
	assert_int_equal(s->status.state, CONTROL_STATE_UP);
	life_tell(&s->life, ON_HANG_UP, EXIT_OK, "hung up on request");
	world.busy = false;
	WANT(s, LIFE_PRE_DOWN, "vpn-pre-down");
	scripts_end(NULL);
	WANT(s, LIFE_FAREWELL, "hangup");
	session_ends(s, EXIT_HANGUP, REASON_PEER);
	WANT(s, LIFE_OVER, "stop undo vpn-down last-end");
	assert_string_equal(s->reason.text, "hung up on request");
	assert_int_equal(s->status.state, CONTROL_STATE_DOWN);
	end(s);
}

static void session_that_is_ready_first_gets_the_call_with_the_address(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	life_post(&s->life, ON_DIAL, NULL);
	session_says(s, ON_READY);
	WANT(s, LIFE_RESOLVING, "spawn look-up");
	life_post(&s->life, ON_RESOLVED, NULL);
	WANT(s, LIFE_DIALING, "sockets start");
	end(s);
}

static void call_and_end_wait_for_name_servers(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	world.slow_names = true;
	dial_until_started(s);
	session_says(s, ON_NETWORK);
	WANT(s, LIFE_NAMING, "apply applied");
	assert_int_equal(s->status.state, CONTROL_STATE_CONFIGURING);
	world.slow_names = false;
	life_post(&s->life, ON_NAMES, NULL);
	WANT(s, LIFE_UP, "get-stats vpn-up");
	life_tell(&s->life, ON_HANG_UP, EXIT_OK, "hung up on request");
	scripts_end(NULL);
	WANT(s, LIFE_FAREWELL, "vpn-pre-down hangup");
	world.slow_names = true;
	session_ends(s, EXIT_HANGUP, REASON_PEER);
	WANT(s, LIFE_UNDOING, "stop undo");
	life_post(&s->life, ON_NAMES, NULL);
	WANT(s, LIFE_OVER, "vpn-down last-end");
	end(s);
}

static void statistics_start_scripts_only_where_they_are_awaited(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	world.scripts = 1u << HOOK_PRE_UP | 1u << HOOK_UP;
	dial_until_started(s);
	session_says(s, ON_STATS);
	WANT(s, LIFE_DIALING, "");
	session_says(s, ON_NETWORK);
	WANT(s, LIFE_AGREED, "apply applied get-stats");
	session_says(s, ON_STATS);
	WANT(s, LIFE_PRE_UP, "vpn-pre-up");
	session_says(s, ON_STATS);
	WANT(s, LIFE_PRE_UP, "");
	scripts_end(NULL);
	WANT(s, LIFE_UP, "get-stats vpn-up");
	session_says(s, ON_STATS);
	WANT(s, LIFE_UP, "");
	end(s);
}

static void failing_pre_up_script_ends_the_connection_with_18(void **state)
{
	const struct reason failure = {EXIT_INIT_FAILED, "vpn-pre-up: 10-gate says no"};
	struct supervisor *s = begin(false);

	(void)state;
	world.scripts = 1u << HOOK_PRE_UP;
	dial_until_started(s);
	session_says(s, ON_NETWORK);
	session_says(s, ON_STATS);
	WANT(s, LIFE_PRE_UP, "apply applied get-stats vpn-pre-up");
	scripts_end(&failure);
	WANT(s, LIFE_FAREWELL, "hangup");
	session_ends(s, EXIT_HANGUP, REASON_PEER);
	WANT(s, LIFE_OVER, "stop undo last-end");
	assert_int_equal(s->reason.code, EXIT_INIT_FAILED);
	end(s);
}

static void pre_up_of_a_call_before_lets_no_other_call_up(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	world.scripts = 1u << HOOK_PRE_UP;
	dial_until_started(s);
	session_says(s, ON_NETWORK);
	session_says(s, ON_STATS);
	session_ends(s, EXIT_HANGUP, REASON_PEER);
	assert_int_equal(s->life.state, LIFE_WAITING);
	life_post(&s->life, ON_WAIT_OVER, NULL);
	life_post(&s->life, ON_RESOLVED, NULL);
	session_says(s, ON_READY);
	session_says(s, ON_NETWORK);
	assert_int_equal(s->life.state, LIFE_AGREED);
	scripts_end(NULL); /* of the call before */
	assert_int_equal(s->life.state, LIFE_AGREED);
	assert_int_equal(faults, 0);
	end(s);
}

static void lost_call_waits_and_dials_while_the_device_stays(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	dial_until_up(s);
	session_ends(s, EXIT_HANGUP, REASON_PEER);
	WANT(s, LIFE_WAITING, "stop suspend vpn-down");
	assert_true(s->wait_timer.link != NULL);
	life_post(&s->life, ON_WAIT_OVER, NULL);
	WANT(s, LIFE_RESOLVING, "spawn look-up");
	end(s);
}

static void redial_says_farewell_and_dials_at_once(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	dial_until_up(s);
	life_tell(&s->life, ON_DIAL_NOW, EXIT_HANGUP, "told by the user");
	WANT(s, LIFE_REDIALING, "hangup");
	session_says(s, ON_ENDING);
	assert_string_equal(s->status.message, "hanging up to dial again");
	session_ends(s, EXIT_OK, REASON_PEER);
	WANT(s, LIFE_RESOLVING, "stop suspend vpn-down spawn look-up");
	end(s);
}

static void hang_up_during_a_redial_is_shown_with_its_own_reason(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	dial_until_up(s);
	life_tell(&s->life, ON_DIAL_NOW, EXIT_HANGUP, "told by the user");
	session_says(s, ON_ENDING);
	life_tell(&s->life, ON_HANG_UP, EXIT_OK, "hung up on request");
	WANT(s, LIFE_PRE_DOWN, "hangup vpn-pre-down");
	assert_string_equal(s->status.message, "hung up on request");
	end(s);
}

static void call_that_ends_during_pre_up_does_not_come_up_first(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	world.scripts = 1u << HOOK_PRE_UP;
	dial_until_started(s);
	session_says(s, ON_NETWORK);
	session_says(s, ON_STATS);
	session_says(s, ON_ENDING);
	WANT(s, LIFE_CALL_ENDING, "apply applied get-stats vpn-pre-up");
	scripts_end(NULL);
	WANT(s, LIFE_CALL_ENDING, "");
	session_ends(s, EXIT_HANGUP, REASON_PEER);
	WANT(s, LIFE_WAITING, "stop suspend");
	end(s);
}

static void redial_of_a_session_that_is_gone_dials_at_once(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	dial_until_up(s);
	world.no_send = true;
	life_tell(&s->life, ON_DIAL_NOW, EXIT_HANGUP, "told by the user");
	WANT(s, LIFE_RESOLVING, "hangup kill suspend vpn-down spawn look-up");
	end(s);
}

static void wrong_password_ends_the_connection(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	dial_until_started(s);
	session_ends(s, EXIT_AUTH_FAILED, REASON_REFUSAL);
	WANT(s, LIFE_OVER, "stop undo last-end");
	assert_int_equal(s->reason.code, EXIT_AUTH_FAILED);
	end(s);
}

static void next_address_is_tried_before_the_dial_fails(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	s->dialer.address_count = 2;
	dial_until_started(s);
	session_ends(s, EXIT_CONNECT_FAILED, REASON_SILENCE);
	WANT(s, LIFE_CONNECTING, "stop spawn sockets");
	assert_int_equal(s->dialer.address_at, 1);
	session_ends(s, EXIT_CONNECT_FAILED, REASON_SILENCE);
	WANT(s, LIFE_WAITING, "stop");
	end(s);
}

static void traffic_dials_and_an_idle_call_waits_for_more(void **state)
{
	struct supervisor *s = begin(true);

	(void)state;
	life_post(&s->life, ON_PREPARE, NULL);
	WANT(s, LIFE_PREPARING, "look-up");
	life_post(&s->life, ON_RESOLVED, NULL);
	WANT(s, LIFE_DEMAND, "apply");
	assert_true(s->demand.traffic_handle.added);
	life_post(&s->life, ON_TRAFFIC, NULL);
	WANT(s, LIFE_RESOLVING, "spawn look-up");
	assert_false(s->demand.traffic_handle.added);
	life_post(&s->life, ON_RESOLVED, NULL);
	session_says(s, ON_READY);
	session_says(s, ON_NETWORK);
	assert_int_equal(s->life.state, LIFE_UP);
	world.trace[0] = '\0';
	session_says(s, ON_ENDING);
	session_ends(s, EXIT_IDLE_TIMEOUT, REASON_LOCAL);
	WANT(s, LIFE_DEMAND, "stop suspend vpn-down apply");
	end(s);
}

static void failed_dial_on_demand_rests_before_traffic_counts_again(void **state)
{
	struct supervisor *s = begin(true);

	(void)state;
	dial_until_started(s);
	session_ends(s, EXIT_CONNECT_FAILED, REASON_SILENCE);
	WANT(s, LIFE_RESTING, "stop");
	life_post(&s->life, ON_WAIT_OVER, NULL);
	WANT(s, LIFE_DEMAND, "apply");
	end(s);
}

static void another_way_to_the_server_ends_the_call_for_a_dial_soon(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	dial_until_up(s);
	life_post(&s->life, ON_ROUTE, NULL);
	WANT(s, LIFE_UP, "apply"); /* what is in place already stays */
	world.way_moved = true;
	life_post(&s->life, ON_ROUTE, NULL);
	WANT(s, LIFE_WAITING, "kill suspend vpn-down");
	end(s);
}

static void second_signal_ends_hanging_scripts(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	world.scripts = 1u << HOOK_PRE_DOWN | 1u << HOOK_DOWN;
	dial_until_up(s);
	life_tell(&s->life, ON_HANG_UP, EXIT_SIGNAL, "ended by a signal");
	WANT(s, LIFE_PRE_DOWN, "vpn-pre-down");
	life_tell(&s->life, ON_AT_ONCE, EXIT_SIGNAL, "ended at once by a second signal");
	WANT(s, LIFE_FINISHING, "abort kill undo vpn-down");
	life_tell(&s->life, ON_AT_ONCE, EXIT_SIGNAL, "ended at once by a second signal");
	WANT(s, LIFE_FINISHING, "abort");
	scripts_end(NULL);
	WANT(s, LIFE_OVER, "last-end");
	end(s);
}

static void only_who_was_told_to_end_lifts_a_lockdown(void **state)
{
	struct supervisor *s = begin(false);

	(void)state;
	s->redial.enabled = false;
	s->profile.lockdown = true;
	dial_until_up(s);
	session_ends(s, EXIT_OK, REASON_PEER); /* says the session */
	assert_int_equal(s->life.state, LIFE_OVER);
	assert_int_equal(world.lifted, 0);
	end(s);

	s = begin(false);
	s->profile.lockdown = true;
	dial_until_up(s);
	life_tell(&s->life, ON_HANG_UP, EXIT_OK, "hung up on request");
	scripts_end(NULL);
	session_ends(s, EXIT_OK, REASON_PEER);
	assert_int_equal(s->life.state, LIFE_OVER);
	assert_int_equal(world.lifted, 1);
	end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_comes_up_and_is_hung_up),
		cmocka_unit_test(session_that_is_ready_first_gets_the_call_with_the_address),
		cmocka_unit_test(call_and_end_wait_for_name_servers),
		cmocka_unit_test(statistics_start_scripts_only_where_they_are_awaited),
		cmocka_unit_test(failing_pre_up_script_ends_the_connection_with_18),
		cmocka_unit_test(pre_up_of_a_call_before_lets_no_other_call_up),
		cmocka_unit_test(lost_call_waits_and_dials_while_the_device_stays),
		cmocka_unit_test(redial_says_farewell_and_dials_at_once),
		cmocka_unit_test(hang_up_during_a_redial_is_shown_with_its_own_reason),
		cmocka_unit_test(call_that_ends_during_pre_up_does_not_come_up_first),
		cmocka_unit_test(redial_of_a_session_that_is_gone_dials_at_once),
		cmocka_unit_test(wrong_password_ends_the_connection),
		cmocka_unit_test(next_address_is_tried_before_the_dial_fails),
		cmocka_unit_test(traffic_dials_and_an_idle_call_waits_for_more),
		cmocka_unit_test(failed_dial_on_demand_rests_before_traffic_counts_again),
		cmocka_unit_test(another_way_to_the_server_ends_the_call_for_a_dial_soon),
		cmocka_unit_test(second_signal_ends_hanging_scripts),
		cmocka_unit_test(only_who_was_told_to_end_lifts_a_lockdown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
