/* SPDX-License-Identifier: MIT */
/* What may happen when.  What is not here is impossible: a fault of ours, which is logged.  Events
 * that a session can cause at any time, and those of people and of the machine, are never that. */
#include "connection/life.h"

/* clang-format off */
#define IGNORED {DO_NOTHING, 0}

/* Scripts that nobody waits for any more. */
#define STALE_SCRIPTS \
	[ON_PRE_UP_DONE]    = IGNORED, \
	[ON_PRE_UP_FAILED]  = IGNORED, \
	[ON_SCRIPTS_OVER]   = IGNORED
#define NETWORK_IGNORED \
	[ON_POLICY]         = IGNORED, \
	[ON_HOP]            = IGNORED, \
	[ON_EFFECT]         = IGNORED, \
	[ON_ROUTE]          = IGNORED
/* Those of a call before. */
#define STALE_NAMES \
	[ON_NAMES]          = IGNORED
#define MAY_END \
	[ON_HANG_UP]        = {DO_HANG_UP, LIFE_PRE_DOWN}, \
	[ON_FAILED]         = {DO_END, LIFE_UNDOING}

/* No call is lost by another dial: what there is of one is put away. */
#define DIAL_ANEW \
	[ON_DIAL_NOW]       = {DO_DIAL_AGAIN, LIFE_RESOLVING}, \
	[ON_SLEPT]          = {DO_DIAL_AGAIN, LIFE_RESOLVING}, \
	[ON_SLEPT_LONG]     = {DO_DIAL_AGAIN, LIFE_RESOLVING}
#define DIAL_MAY_FAIL(state) \
	[ON_DIAL_FAILED]    = {DO_DIAL_OVER, state}, \
	[ON_WAIT]           = {DO_WAIT, LIFE_WAITING}, \
	[ON_REST]           = {DO_WAIT, LIFE_RESTING}, \
	[ON_LIMIT]          = {DO_TOO_LATE, LIFE_PRE_DOWN}

/* A time is waited for. */
#define A_WAIT(state) \
	MAY_END, \
	STALE_SCRIPTS, \
	[ON_POLICY]         = IGNORED, \
	[ON_HOP]            = IGNORED, \
	[ON_EFFECT]         = IGNORED, \
	[ON_ROUTE]          = {DO_LOOK_WAITING, state}, \
	[ON_DIAL_SOON]      = {DO_WAIT_LESS, state}, \
	[ON_SLEPT]          = {DO_WAIT_LESS, state}, \
	[ON_SLEPT_LONG]     = {DO_WAIT_LESS, state}

/* The machine has the call's network. */
#define A_CALL(state) \
	MAY_END, \
	CALL_MAY_END(state), \
	[ON_PROGRESS]       = IGNORED, /* PPP that renegotiates does not make the call undone */ \
	[ON_ENDING]         = {DO_SHOW_ENDING, LIFE_CALL_ENDING}, \
	[ON_NETWORK]        = {DO_APPLY_AGAIN, state}, \
	[ON_ROUTES]         = {DO_ROUTES, state}, \
	[ON_DIAL_NOW]       = {DO_BREAK_OFF, LIFE_REDIALING}, \
	[ON_SLEPT]          = IGNORED, \
	[ON_SLEPT_LONG]     = {DO_BREAK_OFF, LIFE_REDIALING}, \
	[ON_DIAL_SOON]      = {DO_LEAVE_CALL, LIFE_WAITING}, \
	[ON_POLICY]         = {DO_LOOK_COVER, state}, \
	[ON_HOP]            = {DO_LOOK_HOP, state}, \
	[ON_ROUTE]          = {DO_LOOK_CALL, state}
#define CALL_MAY_END(state) \
	[ON_ENDED]          = {DO_CALL_OVER, state}, \
	[ON_WATCH]          = {DO_WATCH, LIFE_DEMAND}, \
	[ON_WAIT]           = {DO_WAIT, LIFE_WAITING}, \
	[ON_REST]           = {DO_WAIT, LIFE_RESTING}

/* The session hangs up: what it says besides counts no more. */
#define FAREWELL_TAKEN(state) \
	[ON_PROGRESS]       = IGNORED, \
	[ON_NETWORK]        = IGNORED, \
	[ON_ROUTES]         = IGNORED, \
	[ON_STATS]          = {DO_STATS_LATE, state}

/* It was told to end. */
#define ENDS(state) \
	FAREWELL_TAKEN(state), \
	STALE_SCRIPTS, \
	NETWORK_IGNORED, \
	[ON_HANG_UP]        = IGNORED, \
	[ON_DIAL_NOW]       = IGNORED, \
	[ON_SLEPT]          = IGNORED, \
	[ON_SLEPT_LONG]     = IGNORED, \
	[ON_ENDING]         = {DO_SHOW_ENDING, state}, \
	[ON_ENDED]          = {DO_END_WANTED, LIFE_UNDOING}, \
	[ON_FAILED]         = {DO_END, LIFE_UNDOING}, \
	[ON_LIMIT]          = {DO_END_LATE, LIFE_UNDOING}, \
	[ON_AT_ONCE]        = {DO_ABORT, LIFE_UNDOING}

/* There is no session any more. */
#define IS_UNDONE \
	NETWORK_IGNORED, \
	[ON_HANG_UP]        = IGNORED, \
	[ON_DIAL_NOW]       = IGNORED, \
	[ON_SLEPT]          = IGNORED, \
	[ON_SLEPT_LONG]     = IGNORED, \
	[ON_FAILED]         = IGNORED, \
	[ON_PRE_UP_DONE]    = IGNORED, \
	[ON_PRE_UP_FAILED]  = IGNORED, \
	[ON_PRE_DOWN_DONE]  = IGNORED

const struct life_cell life_table[LIFE_STATE_COUNT][LIFE_EVENT_COUNT] = {
	[LIFE_IDLE] = {
		[ON_DIAL]           = {DO_DIAL, LIFE_RESOLVING},
		[ON_PREPARE]        = {DO_PREPARE, LIFE_PREPARING},
		[ON_FAILED]         = {DO_END, LIFE_UNDOING},
	},
	[LIFE_PREPARING] = {
		MAY_END,
		STALE_SCRIPTS,
		NETWORK_IGNORED,
		[ON_RESOLVED]       = {DO_WATCH, LIFE_DEMAND},
		[ON_DIAL_FAILED]    = {DO_DIAL_OVER, LIFE_PREPARING},
		[ON_WAIT]           = {DO_WAIT, LIFE_PREPARE_WAIT},
		[ON_REST]           = {DO_WAIT, LIFE_PREPARE_WAIT},
		[ON_DIAL_NOW]       = {DO_PREPARE_AGAIN, LIFE_PREPARING},
		[ON_SLEPT]          = {DO_PREPARE_AGAIN, LIFE_PREPARING},
		[ON_SLEPT_LONG]     = {DO_PREPARE_AGAIN, LIFE_PREPARING},
		STALE_NAMES,
	},
	[LIFE_PREPARE_WAIT] = {
		A_WAIT(LIFE_PREPARE_WAIT),
		[ON_WAIT_OVER]      = {DO_PREPARE, LIFE_PREPARING},
		[ON_DIAL_NOW]       = {DO_PREPARE_AGAIN, LIFE_PREPARING},
		STALE_NAMES,
	},
	[LIFE_DEMAND] = {
		MAY_END,
		STALE_SCRIPTS,
		[ON_TRAFFIC]        = {DO_DIAL_FOR_TRAFFIC, LIFE_RESOLVING},
		[ON_DIAL_NOW]       = {DO_DIAL_AGAIN, LIFE_RESOLVING},
		[ON_ROUTE]          = {DO_WATCH, LIFE_DEMAND},
		[ON_HOP]            = IGNORED,
		[ON_EFFECT]         = IGNORED,
		[ON_SLEPT]          = IGNORED,
		[ON_SLEPT_LONG]     = IGNORED,
		STALE_NAMES,
		[ON_POLICY]         = IGNORED,
	},
	[LIFE_RESOLVING] = {
		MAY_END,
		STALE_SCRIPTS,
		NETWORK_IGNORED,
		DIAL_ANEW,
		DIAL_MAY_FAIL(LIFE_RESOLVING),
		[ON_RESOLVED]       = {DO_TRY, LIFE_CONNECTING},
		[ON_READY]          = IGNORED, /* it is asked when there are sockets */
		[ON_ENDED]          = {DO_DIAL_OVER, LIFE_RESOLVING},
		STALE_NAMES,
	},
	[LIFE_CONNECTING] = {
		MAY_END,
		STALE_SCRIPTS,
		DIAL_ANEW,
		DIAL_MAY_FAIL(LIFE_CONNECTING),
		[ON_READY]          = {DO_HAND_OVER, LIFE_DIALING},
		[ON_ENDED]          = {DO_TRY_NEXT, LIFE_CONNECTING},
		[ON_ATTEMPT_FAILED] = {DO_TRY_NEXT, LIFE_CONNECTING},
		[ON_HOP]            = IGNORED,
		[ON_EFFECT]         = IGNORED,
		[ON_ROUTE]          = {DO_LOOK_DIALING, LIFE_CONNECTING},
		[ON_DIAL_SOON]      = {DO_LEAVE_DIAL, LIFE_WAITING},
		STALE_NAMES,
		[ON_POLICY]         = {DO_LOOK_COVER, LIFE_CONNECTING},
	},
	[LIFE_DIALING] = {
		MAY_END,
		STALE_SCRIPTS,
		DIAL_ANEW,
		[ON_PROGRESS]       = {DO_SHOW, LIFE_DIALING},
		[ON_NETWORK]        = {DO_APPLY, LIFE_DIALING},
		[ON_APPLIED]        = {DO_ASK_SCRIPTS, LIFE_AGREED},
		[ON_ROUTES]         = IGNORED,
		[ON_STATS]          = {DO_STATS, LIFE_DIALING},
		[ON_ENDING]         = {DO_SHOW_ENDING, LIFE_DIAL_ENDING},
		[ON_ENDED]          = {DO_TRY_NEXT, LIFE_CONNECTING},
		[ON_ATTEMPT_FAILED] = {DO_TRY_NEXT, LIFE_CONNECTING},
		[ON_LIMIT]          = {DO_TOO_LATE, LIFE_PRE_DOWN},
		[ON_HOP]            = {DO_LOOK_HOP, LIFE_DIALING},
		[ON_EFFECT]         = {DO_LOOK_HOP, LIFE_DIALING},
		[ON_ROUTE]          = {DO_LOOK_DIALING, LIFE_DIALING},
		[ON_DIAL_SOON]      = {DO_LEAVE_DIAL, LIFE_WAITING},
		STALE_NAMES,
		[ON_NAMING]         = {DO_NAMING, LIFE_NAMING},
		[ON_POLICY]         = {DO_LOOK_COVER, LIFE_DIALING},
	},
	[LIFE_DIAL_ENDING] = {
		MAY_END,
		STALE_SCRIPTS,
		DIAL_ANEW,
		FAREWELL_TAKEN(LIFE_DIAL_ENDING),
		[ON_ENDING]         = {DO_SHOW_ENDING, LIFE_DIAL_ENDING},
		[ON_ENDED]          = {DO_TRY_NEXT, LIFE_CONNECTING},
		[ON_LIMIT]          = {DO_KILL, LIFE_DIAL_ENDING},
		[ON_HOP]            = {DO_LOOK_HOP, LIFE_DIAL_ENDING},
		[ON_EFFECT]         = {DO_LOOK_HOP, LIFE_DIAL_ENDING},
		[ON_ROUTE]          = IGNORED,
		STALE_NAMES,
		[ON_POLICY]         = IGNORED,
	},
	[LIFE_NAMING] = {
		A_CALL(LIFE_NAMING),
		STALE_SCRIPTS,
		[ON_NAMES]          = {DO_NAMES_FIRST, LIFE_AGREED},
		[ON_STATS]          = {DO_STATS, LIFE_NAMING},
		[ON_LIMIT]          = {DO_TOO_LATE, LIFE_PRE_DOWN},
		[ON_EFFECT]         = {DO_LOOK_HOP, LIFE_NAMING},
	},
	[LIFE_AGREED] = {
		A_CALL(LIFE_AGREED),
		STALE_SCRIPTS,
		[ON_STATS]          = {DO_PRE_UP, LIFE_PRE_UP},
		[ON_CLEAR]          = {DO_UP, LIFE_UP},
		[ON_LIMIT]          = {DO_TOO_LATE, LIFE_PRE_DOWN},
		[ON_EFFECT]         = {DO_LOOK_HOP, LIFE_AGREED},
		[ON_NAMES]          = {DO_NAMES, LIFE_AGREED},
	},
	[LIFE_PRE_UP] = {
		A_CALL(LIFE_PRE_UP),
		[ON_STATS]          = {DO_STATS, LIFE_PRE_UP},
		[ON_CLEAR]          = {DO_UP, LIFE_UP},
		[ON_PRE_UP_DONE]    = {DO_UP, LIFE_UP},
		[ON_PRE_UP_FAILED]  = {DO_HANG_UP, LIFE_PRE_DOWN},
		[ON_SCRIPTS_OVER]   = IGNORED,
		[ON_LIMIT]          = {DO_TOO_LATE, LIFE_PRE_DOWN},
		[ON_EFFECT]         = {DO_LOOK_HOP, LIFE_PRE_UP},
		[ON_NAMES]          = {DO_NAMES, LIFE_PRE_UP},
	},
	[LIFE_UP] = {
		A_CALL(LIFE_UP),
		STALE_SCRIPTS,
		[ON_STATS]          = {DO_STATS, LIFE_UP},
		[ON_EFFECT]         = {DO_LOOK_CALL, LIFE_UP},
		[ON_NAMES]          = {DO_NAMES, LIFE_UP},
	},
	[LIFE_CALL_ENDING] = {
		MAY_END,
		STALE_SCRIPTS,
		CALL_MAY_END(LIFE_CALL_ENDING),
		FAREWELL_TAKEN(LIFE_CALL_ENDING),
		[ON_ENDING]         = {DO_SHOW_ENDING, LIFE_CALL_ENDING},
		[ON_LIMIT]          = {DO_KILL, LIFE_CALL_ENDING},
		[ON_DIAL_NOW]       = {DO_BREAK_OFF, LIFE_REDIALING},
		[ON_SLEPT]          = IGNORED,
		[ON_SLEPT_LONG]     = {DO_BREAK_OFF, LIFE_REDIALING},
		[ON_HOP]            = {DO_LOOK_HOP, LIFE_CALL_ENDING},
		[ON_EFFECT]         = {DO_LOOK_HOP, LIFE_CALL_ENDING},
		[ON_ROUTE]          = IGNORED,
		STALE_NAMES,
		[ON_POLICY]         = IGNORED,
	},
	[LIFE_REDIALING] = {
		MAY_END,
		STALE_SCRIPTS,
		NETWORK_IGNORED,
		FAREWELL_TAKEN(LIFE_REDIALING),
		[ON_ENDING]         = {DO_SHOW_REDIALING, LIFE_REDIALING},
		[ON_ENDED]          = {DO_REDIAL, LIFE_RESOLVING},
		[ON_LIMIT]          = {DO_KILL, LIFE_REDIALING},
		[ON_DIAL_NOW]       = IGNORED,
		[ON_SLEPT]          = IGNORED,
		[ON_SLEPT_LONG]     = IGNORED,
		STALE_NAMES,
	},
	[LIFE_WAITING] = {
		A_WAIT(LIFE_WAITING),
		[ON_WAIT_OVER]      = {DO_DIAL, LIFE_RESOLVING},
		[ON_DIAL_NOW]       = {DO_DIAL_AGAIN, LIFE_RESOLVING},
		STALE_NAMES,
	},
	[LIFE_RESTING] = {
		A_WAIT(LIFE_RESTING),
		[ON_WAIT_OVER]      = {DO_WATCH, LIFE_DEMAND},
		[ON_DIAL_NOW]       = {DO_DIAL_AGAIN, LIFE_RESOLVING},
		STALE_NAMES,
	},
	[LIFE_PRE_DOWN] = {
		ENDS(LIFE_PRE_DOWN),
		[ON_PRE_DOWN_DONE]  = {DO_FAREWELL, LIFE_FAREWELL},
		STALE_NAMES,
	},
	[LIFE_FAREWELL] = {
		ENDS(LIFE_FAREWELL),
		[ON_PRE_DOWN_DONE]  = IGNORED,
		STALE_NAMES,
	},
	[LIFE_UNDOING] = {
		IS_UNDONE,
		[ON_NAMES]          = {DO_TELL_DOWN, LIFE_FINISHING},
		[ON_SCRIPTS_OVER]   = IGNORED,
		[ON_AT_ONCE]        = {DO_ABORT_SCRIPTS, LIFE_UNDOING},
	},
	[LIFE_FINISHING] = {
		IS_UNDONE,
		[ON_SCRIPTS_OVER]   = {DO_FINISH, LIFE_OVER},
		[ON_AT_ONCE]        = {DO_ABORT_SCRIPTS, LIFE_FINISHING},
		STALE_NAMES,
	},
	[LIFE_OVER] = {
		IS_UNDONE,
		[ON_SCRIPTS_OVER]   = IGNORED,
		[ON_AT_ONCE]        = IGNORED,
		STALE_NAMES,
	},
};
/* clang-format on */
