/* SPDX-License-Identifier: MIT */
/* Hanging up, undoing, finishing. */
#include "connection/ending.h"

#include "base/str.h"
#include "connection/dial.h"
#include "connection/facts.h"
#include "connection/last.h"
#include "connection/status.h"

#define HANGUP_LIMIT_MS 8000 /* the session's own limit is shorter */

void ending_limit(struct supervisor *s)
{
	loop_timer_set(s->loop, &s->limit_timer, loop_now(s->loop) + HANGUP_LIMIT_MS);
}

enum life_event ending_hang_up(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;
	struct script_facts facts;

	reason_set(&s->reason, in->why.code, "%s", in->why.text);
	status_set(s, CONTROL_STATE_HANGING_UP, in->why.text);
	return scripts_pre_down(&s->scripts, facts_gather(&facts, s, &s->reason));
}

enum life_event ending_too_late(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;
	char text[REASON_TEXT_MAX];
	struct str words = str_make(text, sizeof text);

	/* In the words of `connect`, whose own limit may be a moment later. */
	str_printf(&words, "not connected after %u seconds (state: %s)", s->options.timeout_s,
		   control_state_text(s->status.state));
	if (s->dialer.failure_weight >= REASON_PEER)
		str_printf(&words, "; before: %s", s->dialer.failure.text);
	in->why = (struct reason){0};
	reason_set(&in->why, EXIT_CONNECT_FAILED, "%s", text);
	return ending_hang_up(s, in);
}

enum life_event ending_farewell(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;

	in->why = s->reason;
	if (!s->session.started ||
	    request_send(&s->session.channel, REQUEST_HANGUP, &s->reason, NULL, 0) < 0)
		return ON_ENDED;
	ending_limit(s);
	return ON_NONE;
}

/* Only the user ends it. */
static void end_lockdown(struct supervisor *s, bool wanted)
{
	/* Also one that the profile, read anew, does not ask for any more. */
	if (!s->host || !host_is_locked_down(s->host))
		return;
	if (wanted && (s->reason.code == EXIT_OK || s->reason.code == EXIT_SIGNAL))
		host_lockdown_lift(s->host);
	else
		log_warn(&s->log,
			 "lockdown: what goes into the tunnel stays blocked until "
			 "`vpdial disconnect %s`",
			 s->options.name);
}

/* True while scripts run. */
static bool tell_scripts(struct supervisor *s)
{
	struct script_facts facts;

	if (!s->scripts.hooks)
		return false;
	scripts_lost(&s->scripts, facts_gather(&facts, s, &s->reason));
	return scripts_busy(&s->scripts);
}

static enum life_event end(struct supervisor *s, const struct life_input *in, bool wanted)
{
	reason_set(&s->reason, in->why.code, "%s", in->why.text);
	dial_abandon(s);
	demand_stop(&s->demand);
	if (s->host)
		host_undo(s->host);
	end_lockdown(s, wanted);
	s->status.ended = s->reason;
	/* While `connect` watches, it is the one that tells. */
	if (s->reason.code != EXIT_OK && (s->options.control_fd < 0 || status_detached(s)))
		log_error(&s->log, "%s", s->reason.text);
	return !s->host || host_is_settled(s->host) ? ON_NAMES : ON_NONE;
}

/* So long scripts wait, which may ask for names. */
enum life_event ending_tell_down(void *ctx, struct life_input *in)
{
	(void)in;
	return tell_scripts(ctx) ? ON_NONE : ON_SCRIPTS_OVER;
}

enum life_event ending_end(void *ctx, struct life_input *in)
{
	return end(ctx, in, false);
}

enum life_event ending_end_wanted(void *ctx, struct life_input *in)
{
	return end(ctx, in, true);
}

enum life_event ending_end_late(void *ctx, struct life_input *in)
{
	reason_set(&in->why, EXIT_HANGUP, "the session did not end in time");
	return end(ctx, in, true);
}

enum life_event ending_abort_scripts(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;

	(void)in;
	scripts_abort(&s->scripts);
	return ON_NONE;
}

enum life_event ending_abort(void *ctx, struct life_input *in)
{
	ending_abort_scripts(ctx, in);
	return end(ctx, in, true);
}

enum life_event ending_finish(void *ctx, struct life_input *in)
{
	struct supervisor *s = ctx;

	(void)in;
	status_set(s, CONTROL_STATE_DOWN, s->reason.text);
	control_broadcast(&s->control, true);
	last_end(s);
	loop_stop(s->loop);
	return ON_NONE;
}
