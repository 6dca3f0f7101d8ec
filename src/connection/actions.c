/* SPDX-License-Identifier: MIT */
/* The actions of life_table.c, in its order.  What goes wrong in one is the event that follows. */
#include "connection/actions.h"

#include "base/str.h"
#include "base/trim.h"
#include "connection/cover.h"
#include "connection/dial.h"
#include "connection/ending.h"
#include "connection/facts.h"
#include "connection/judge.h"
#include "connection/last.h"
#include "connection/persist.h"
#include "connection/spawn.h"
#include "connection/status.h"
#include "connection/way.h"

#define FAREWELL_MS 2500 /* of a call that is to be dialed again at once */

static enum life_event nothing(void *ctx, struct life_input *in)
{
	(void)ctx;
	(void)in;
	return ON_NONE;
}

/* Dials */

static enum life_event dial(void *ctx, struct life_input *in)
{
	return dial_start(ctx, in);
}

static enum life_event dial_for_traffic(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;

	log_notice(&s->log, "traffic for the tunnel: dialing");
	return dial_start(s, in);
}

static enum life_event dial_again(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;

	log_notice(&s->log, "%s: dialing again", in->why.text);
	persist_leave(s, false, &in->why);
	return dial_start(s, in);
}

static enum life_event redial(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;

	persist_leave(s, true, &in->why);
	return dial_start(s, in);
}

static enum life_event prepare(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;

	status_set(s, CONTROL_STATE_RESOLVING, "looking up the server");
	return dial_look_up(s, in);
}

static enum life_event prepare_again(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;

	log_notice(&s->log, "%s: dialing again", in->why.text);
	persist_leave(s, false, &in->why);
	return prepare(s, in);
}

static enum life_event try_address(void *ctx, struct life_input *in)
{
	return dial_try(ctx, in);
}

static enum life_event try_next(void *ctx, struct life_input *in)
{
	return dial_try_next(ctx, in);
}

static enum life_event hand_over(void *ctx, struct life_input *in)
{
	return dial_hand_over(ctx, in);
}

static enum life_event dial_over(void *ctx, struct life_input *in)
{
	return persist_dial_over(ctx, in);
}

static enum life_event call_over(void *ctx, struct life_input *in)
{
	return persist_call_over(ctx, in);
}

/* Waits */

static enum life_event watch(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;
	struct reason reason = {0};
	int rc;

	demand_stop(&s->demand);
	if (s->status.state == CONTROL_STATE_WAITING)
		demand_drain(s->tun.fd);
	rc = tun_ensure(s, &reason);
	if (rc >= 0)
		rc = judge_demand(s, &reason); /* what is in place already stays */
	if (rc >= 0) {
		s->status.attempt = 0;
		s->status.next_dial_ms = 0;
		rc = demand_start(&s->demand, s->tun.fd);
		if (rc < 0)
			reason_set(&reason, EXIT_FATAL, "the event loop refused the TUN device");
	}
	if (rc < 0) {
		in->why = reason;
		return ON_FAILED;
	}
	status_set(s, CONTROL_STATE_DEMAND, "waiting for traffic");
	status_detach(s);
	return ON_NONE;
}

static enum life_event wait_for_dial(void *ctx, struct life_input *in)
{
	way_note(ctx);
	persist_wait(ctx, in);
	return ON_NONE;
}

static enum life_event wait_less(void *ctx, struct life_input *in)
{
	persist_wait_less(ctx, in);
	return ON_NONE;
}

static enum life_event leave(struct supervisor *s, bool was_call, const struct life_input *in)
{
	persist_leave(s, was_call, &in->why);
	way_note(s);
	persist_wait_soon(s, in);
	return ON_NONE;
}

static enum life_event leave_dial(void *ctx, struct life_input *in)
{
	return leave(ctx, false, in);
}

static enum life_event leave_call(void *ctx, struct life_input *in)
{
	return leave(ctx, true, in);
}

/* The network moves */

static enum life_event look_waiting(void *ctx, struct life_input *in)
{
	return way_check_wait(ctx, in) ? ON_DIAL_SOON : ON_NONE;
}

static enum life_event look_hop(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;

	(void)in;
	fast_check(&s->fast);
	return ON_NONE;
}

static enum life_event look_cover(void *ctx, struct life_input *in)
{
	return cover_check(ctx, &in->why) ? ON_NONE : ON_DIAL_SOON;
}

static enum life_event look_dialing(void *ctx, struct life_input *in)
{
	return way_check(ctx, in) == WAY_CHANGED ? ON_DIAL_SOON : look_hop(ctx, in);
}

static enum life_event look_call(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;
	enum way_change change = way_check(s, in);

	if (change == WAY_CHANGED || (change == WAY_SAME && !judge_again(s, &in->why)))
		return ON_DIAL_SOON;
	return look_hop(s, in);
}

/* The session speaks */

static enum life_event show(void *ctx, struct life_input *in)
{
	const struct request_state *state = &in->message->state;

	status_set(ctx, (enum control_state)state->state, state->message);
	return ON_NONE;
}

static enum life_event show_ending(void *ctx, struct life_input *in)
{
	show(ctx, in);
	ending_limit(ctx);
	return ON_NONE;
}

static enum life_event show_redialing(void *ctx, struct life_input *in)
{
	(void)in;
	status_set(ctx, CONTROL_STATE_HANGING_UP, "hanging up to dial again");
	ending_limit(ctx);
	return ON_NONE;
}

static enum life_event apply(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;

	if (!judge_network(s, &in->message->network, true))
		return ON_NONE;
	return host_is_settled(s->host) ? ON_APPLIED : ON_NAMING;
}

static enum life_event apply_again(void *ctx, struct life_input *in)
{
	judge_network(ctx, &in->message->network, false);
	return ON_NONE;
}

static enum life_event routes(void *ctx, struct life_input *in)
{
	return judge_routes(ctx, &in->message->routes, &in->why) ? ON_NONE : ON_DIAL_SOON;
}

static enum life_event stats(void *ctx, struct life_input *in)
{
	judge_stats(ctx, &in->message->stats, false);
	return ON_NONE;
}

static enum life_event stats_late(void *ctx, struct life_input *in)
{
	judge_stats(ctx, &in->message->stats, true);
	return ON_NONE;
}

/* Scripts hear of the encoding, which statistics tell. */
static enum life_event ask_scripts(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;

	(void)in;
	if (!scripts_wait_for_up(&s->scripts))
		return ON_CLEAR;
	control_ask_session(&s->control);
	return ON_NONE;
}

static enum life_event naming(void *ctx, struct life_input *in)
{
	(void)in;
	status_set(ctx, CONTROL_STATE_CONFIGURING, "setting name servers");
	return ON_NONE;
}

static enum life_event names(void *ctx, struct life_input *in)
{
	(void)in;
	judge_names(ctx);
	return ON_NONE;
}

static enum life_event names_first(void *ctx, struct life_input *in)
{
	names(ctx, in);
	return ask_scripts(ctx, in);
}

static enum life_event pre_up(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;
	struct script_facts facts;

	judge_stats(s, &in->message->stats, false);
	return scripts_pre_up(&s->scripts, facts_gather(&facts, s, NULL), in);
}

static enum life_event up(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;
	struct script_facts facts;

	(void)in;
	s->up_since_ms = loop_now(s->loop);
	status_set(s, CONTROL_STATE_UP,
		   s->status.why_not[CONTROL_EFFECT_DEFAULT][0]
			   ? "up, but the default route is not in effect"
			   : "traffic can flow");
	loop_timer_del(s->loop, &s->limit_timer);
	redial_up(&s->redial);
	s->dialer.last_address = *dialer_server(&s->dialer);
	s->way_now = s->dialer.server_path;
	last_up(s);
	s->status.attempt = 0;
	s->status.calls++;
	control_ask_session(&s->control);
	control_pace(&s->control);
	status_detach(s);
	memory_trim();
	scripts_up(&s->scripts, facts_gather(&facts, s, NULL));
	return ON_NONE;
}

static enum life_event break_off(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;

	log_notice(&s->log, "%s: dialing again", in->why.text);
	if (request_send(&s->session.channel, REQUEST_HANGUP, &in->why, NULL, 0) < 0)
		return ON_ENDED;
	loop_timer_set(s->loop, &s->limit_timer, loop_now(s->loop) + FAREWELL_MS);
	return ON_NONE;
}

static enum life_event kill_session(void *ctx, struct life_input *in)
{
	session_stop(ctx, true);
	in->weight = REASON_LOCAL;
	reason_set(&in->why, EXIT_HANGUP, "the session did not end in time");
	return ON_ENDED;
}

const struct life_actions connection_actions = {{
	[DO_IMPOSSIBLE] = nothing,
	[DO_NOTHING] = nothing,
	[DO_DIAL] = dial,
	[DO_DIAL_FOR_TRAFFIC] = dial_for_traffic,
	[DO_DIAL_AGAIN] = dial_again,
	[DO_REDIAL] = redial,
	[DO_PREPARE] = prepare,
	[DO_PREPARE_AGAIN] = prepare_again,
	[DO_WATCH] = watch,
	[DO_TRY] = try_address,
	[DO_TRY_NEXT] = try_next,
	[DO_HAND_OVER] = hand_over,
	[DO_DIAL_OVER] = dial_over,
	[DO_CALL_OVER] = call_over,
	[DO_WAIT] = wait_for_dial,
	[DO_WAIT_LESS] = wait_less,
	[DO_LEAVE_DIAL] = leave_dial,
	[DO_LEAVE_CALL] = leave_call,
	[DO_LOOK_WAITING] = look_waiting,
	[DO_LOOK_DIALING] = look_dialing,
	[DO_LOOK_CALL] = look_call,
	[DO_LOOK_HOP] = look_hop,
	[DO_LOOK_COVER] = look_cover,
	[DO_SHOW] = show,
	[DO_SHOW_ENDING] = show_ending,
	[DO_SHOW_REDIALING] = show_redialing,
	[DO_APPLY] = apply,
	[DO_APPLY_AGAIN] = apply_again,
	[DO_ROUTES] = routes,
	[DO_STATS] = stats,
	[DO_STATS_LATE] = stats_late,
	[DO_NAMING] = naming,
	[DO_NAMES_FIRST] = names_first,
	[DO_NAMES] = names,
	[DO_ASK_SCRIPTS] = ask_scripts,
	[DO_PRE_UP] = pre_up,
	[DO_UP] = up,
	[DO_BREAK_OFF] = break_off,
	[DO_KILL] = kill_session,
	[DO_HANG_UP] = ending_hang_up,
	[DO_TOO_LATE] = ending_too_late,
	[DO_FAREWELL] = ending_farewell,
	[DO_END] = ending_end,
	[DO_END_WANTED] = ending_end_wanted,
	[DO_END_LATE] = ending_end_late,
	[DO_ABORT] = ending_abort,
	[DO_ABORT_SCRIPTS] = ending_abort_scripts,
	[DO_TELL_DOWN] = ending_tell_down,
	[DO_FINISH] = ending_finish,
}};
