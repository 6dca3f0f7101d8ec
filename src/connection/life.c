/* SPDX-License-Identifier: MIT */
/* The table's interpreter. */
#include "connection/life.h"

static const char *const states[LIFE_STATE_COUNT] = {
	[LIFE_IDLE] = "idle",
	[LIFE_PREPARING] = "preparing",
	[LIFE_PREPARE_WAIT] = "waiting to prepare",
	[LIFE_DEMAND] = "on demand",
	[LIFE_RESOLVING] = "resolving",
	[LIFE_CONNECTING] = "connecting",
	[LIFE_DIALING] = "dialing",
	[LIFE_DIAL_ENDING] = "dial ending",
	[LIFE_NAMING] = "naming",
	[LIFE_AGREED] = "agreed",
	[LIFE_PRE_UP] = "pre-up",
	[LIFE_UP] = "up",
	[LIFE_CALL_ENDING] = "call ending",
	[LIFE_REDIALING] = "redialing",
	[LIFE_WAITING] = "waiting",
	[LIFE_RESTING] = "resting",
	[LIFE_PRE_DOWN] = "pre-down",
	[LIFE_FAREWELL] = "farewell",
	[LIFE_UNDOING] = "undoing",
	[LIFE_FINISHING] = "finishing",
	[LIFE_OVER] = "over",
};

static const char *const events[LIFE_EVENT_COUNT] = {
	[ON_NONE] = "none",
	[ON_DIAL] = "dial",
	[ON_PREPARE] = "prepare",
	[ON_HANG_UP] = "hang-up",
	[ON_AT_ONCE] = "at once",
	[ON_DIAL_NOW] = "dial now",
	[ON_RESOLVED] = "resolved",
	[ON_READY] = "ready",
	[ON_PROGRESS] = "progress",
	[ON_ENDING] = "ending",
	[ON_NETWORK] = "network",
	[ON_ROUTES] = "routes",
	[ON_STATS] = "statistics",
	[ON_ENDED] = "ended",
	[ON_ATTEMPT_FAILED] = "attempt failed",
	[ON_DIAL_FAILED] = "dial failed",
	[ON_APPLIED] = "applied",
	[ON_NAMING] = "naming",
	[ON_NAMES] = "names",
	[ON_FAILED] = "failed",
	[ON_WAIT] = "wait",
	[ON_REST] = "rest",
	[ON_WATCH] = "watch",
	[ON_DIAL_SOON] = "dial soon",
	[ON_CLEAR] = "clear",
	[ON_PRE_UP_DONE] = "pre-up done",
	[ON_PRE_UP_FAILED] = "pre-up failed",
	[ON_PRE_DOWN_DONE] = "pre-down done",
	[ON_SCRIPTS_OVER] = "scripts over",
	[ON_LIMIT] = "limit",
	[ON_WAIT_OVER] = "wait over",
	[ON_TRAFFIC] = "traffic",
	[ON_HOP] = "hop",
	[ON_EFFECT] = "effect",
	[ON_ROUTE] = "route",
	[ON_POLICY] = "policy",
	[ON_SLEPT] = "slept",
	[ON_SLEPT_LONG] = "slept long",
};

const char *life_state_name(enum life_state state)
{
	return (unsigned)state < LIFE_STATE_COUNT ? states[state] : "unknown";
}

const char *life_event_name(enum life_event event)
{
	return (unsigned)event < LIFE_EVENT_COUNT ? events[event] : "unknown";
}

static void note_fault(struct life *life, enum life_event event)
{
	life->faults++;
	log_error(life->log, "a fault of this program: \"%s\" while %s", life_event_name(event),
		  life_state_name(life->state));
}

static enum life_event step(struct life *life, const struct life_cell *cell, struct life_input *in)
{
	life->state = (enum life_state)cell->next;
	return life->actions->act[cell->action](life->ctx, in);
}

bool life_post(struct life *life, enum life_event event, const struct life_input *in)
{
	struct life_input input = in ? *in : (struct life_input){0};
	bool done = false;

	while (event != ON_NONE) {
		const struct life_cell *cell = &life_table[life->state][event];

		if (cell->action == DO_IMPOSSIBLE)
			note_fault(life, event);
		if (cell->action <= DO_NOTHING)
			return done;
		done = true;
		event = step(life, cell, &input);
	}
	return done;
}

bool life_tell(struct life *life, enum life_event event, enum exit_status code, const char *text)
{
	struct life_input in = {0};

	reason_set(&in.why, code, "%s", text);
	return life_post(life, event, &in);
}
