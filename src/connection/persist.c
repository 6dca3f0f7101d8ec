/* SPDX-License-Identifier: MIT */
/* What follows a failed dial or a lost call: the end, or a wait and another dial, while the TUN
 * device, its addresses and its routes stay. */
#include "connection/persist.h"

#include "base/random.h"
#include "base/str.h"
#include "connection/dial.h"
#include "connection/facts.h"
#include "connection/last.h"
#include "connection/status.h"

#include <stdio.h>

static void leave(struct supervisor *s, bool was_call, const struct reason *why)
{
	dial_abandon(s);
	if (was_call)
		host_suspend(s->host);
	s->status.uptime_ms = 0;
	last_note(s, why);
}

static void tell_scripts(struct supervisor *s, const struct reason *why)
{
	struct script_facts facts;

	scripts_lost(&s->scripts, facts_gather(&facts, s, why));
}

void persist_leave(struct supervisor *s, bool was_call, const struct reason *why)
{
	leave(s, was_call, why);
	tell_scripts(s, why);
}

void persist_wait(struct supervisor *s, const struct life_input *in)
{
	char time[32], text[REASON_TEXT_MAX + 64];

	(void)snprintf(text, sizeof text, "%s; dialing again in %s", in->why.text,
		       duration_format(time, sizeof time, (in->delay_ms + 999) / 1000));
	log_notice(&s->log, "%s", text);
	s->status.next_dial_ms = loop_now(s->loop) + in->delay_ms;
	status_set(s, CONTROL_STATE_WAITING, text);
	loop_timer_set(s->loop, &s->wait_timer, s->status.next_dial_ms);
}

static struct life_input soon(const struct supervisor *s, const struct life_input *in)
{
	struct life_input at = *in;
	uint64_t now = loop_now(s->loop);

	at.delay_ms =
		redial_soon(&s->redial, now, s->dialer.dialed_ms, random_u32(&random_kernel)) - now;
	return at;
}

void persist_wait_soon(struct supervisor *s, const struct life_input *in)
{
	struct life_input at = soon(s, in);

	persist_wait(s, &at);
}

void persist_wait_less(struct supervisor *s, const struct life_input *in)
{
	struct life_input at = soon(s, in);

	if (loop_now(s->loop) + at.delay_ms < s->status.next_dial_ms)
		persist_wait(s, &at);
}

static enum life_event give_up(const struct supervisor *s, struct life_input *in)
{
	const struct reason why = in->why;
	char text[REASON_TEXT_MAX + 64];

	if (!s->redial.limit || s->redial.failures < s->redial.limit)
		return ON_FAILED;
	(void)snprintf(text, sizeof text, "%s (after %u failures in a row: redial-limit)", why.text,
		       s->redial.failures);
	in->why = (struct reason){0};
	reason_set(&in->why, why.code, "%s", text);
	return ON_FAILED;
}

static enum life_event dial_again(struct supervisor *s, uint64_t up_ms, struct life_input *in)
{
	if (!redial_next(&s->redial, &in->why, up_ms, random_u32(&random_kernel), &in->delay_ms))
		return give_up(s, in);
	tell_scripts(s, &in->why);
	return s->profile.dial_on_demand ? ON_REST : ON_WAIT;
}

enum life_event persist_dial_over(struct supervisor *s, struct life_input *in)
{
	leave(s, false, &in->why);
	return dial_again(s, 0, in);
}

/* With dial-on-demand the end of a call that was used is nothing but the wait for more traffic. */
static bool waits_for_traffic(const struct supervisor *s, const struct reason *why)
{
	return s->profile.dial_on_demand &&
	       (!reason_is_permanent(why) || why->code == EXIT_IDLE_TIMEOUT ||
		why->code == EXIT_CONNECT_TIME);
}

enum life_event persist_call_over(struct supervisor *s, struct life_input *in)
{
	leave(s, true, &in->why);
	if (!waits_for_traffic(s, &in->why))
		return dial_again(s, loop_now(s->loop) - s->up_since_ms, in);
	tell_scripts(s, &in->why);
	return ON_WATCH;
}
