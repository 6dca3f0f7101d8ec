/* SPDX-License-Identifier: MIT */
/* The life of a connection as a table of states and events: what may happen when stands in
 * life_table.c and nowhere else.  What is done then are the actions, functions of the owner. */
#ifndef VPDIAL_CONNECTION_LIFE_H
#define VPDIAL_CONNECTION_LIFE_H

#include "base/log.h"
#include "ipc/request.h"

#include <stdbool.h>
#include <stdint.h>

enum life_state {
	LIFE_IDLE,	   /* nothing has begun */
	LIFE_PREPARING,	   /* dial-on-demand: the look-up before the device can be ready */
	LIFE_PREPARE_WAIT, /* it failed, and is tried again at a time */
	LIFE_DEMAND,	   /* the device waits for traffic */
	LIFE_RESOLVING,	   /* a dial: the server is looked up while a session gets ready */
	LIFE_CONNECTING,   /* the sockets are there, the session is not ready yet */
	LIFE_DIALING,	   /* the session has the call */
	LIFE_DIAL_ENDING,  /* it hangs up by itself before there was a network */
	LIFE_NAMING,	   /* the network is applied; name servers are being set */
	LIFE_AGREED,	   /* all is applied; the scripts wait for statistics to tell */
	LIFE_PRE_UP,	   /* the scripts of vpn-pre-up run */
	LIFE_UP,
	LIFE_CALL_ENDING, /* the session hangs up by itself */
	LIFE_REDIALING,	  /* it was told to hang up, and a dial follows at once */
	LIFE_WAITING,	  /* for the time of the next dial */
	LIFE_RESTING,	  /* dial-on-demand: before traffic counts again */
	/* From here on the connection was told to end; nothing leads back. */
	LIFE_PRE_DOWN,	/* the scripts of vpn-pre-down run */
	LIFE_FAREWELL,	/* the session was told to hang up */
	LIFE_UNDOING,	/* all is undone but for name servers, which are going back */
	LIFE_FINISHING, /* all is undone; scripts run still */
	LIFE_OVER,
	LIFE_STATE_COUNT
};

enum life_event {
	ON_NONE,
	/* What is wanted; those with a reason have it in the input. */
	ON_DIAL,
	ON_PREPARE,
	ON_HANG_UP,  /* why */
	ON_AT_ONCE,  /* why; a second signal: without farewell */
	ON_DIAL_NOW, /* why */
	/* The look-up */
	ON_RESOLVED,
	/* The session; the four in the middle with its message */
	ON_READY,
	ON_PROGRESS,
	ON_ENDING, /* it hangs up by itself */
	ON_NETWORK,
	ON_ROUTES,
	ON_STATS,
	ON_ENDED, /* why, weight */
	/* What became of an attempt, a dial, a request */
	ON_ATTEMPT_FAILED, /* why, weight */
	ON_DIAL_FAILED,	   /* why */
	ON_APPLIED,
	ON_NAMING, /* but for name servers */
	ON_NAMES,  /* they are set, or back */
	ON_FAILED, /* why; it cannot go on */
	/* What follows it */
	ON_WAIT, /* why, delay: the next dial is at a time */
	ON_REST, /* why, delay: traffic counts again at a time */
	ON_WATCH,
	ON_DIAL_SOON, /* why */
	/* Scripts */
	ON_CLEAR, /* none stands in the way */
	ON_PRE_UP_DONE,
	ON_PRE_UP_FAILED, /* why */
	ON_PRE_DOWN_DONE,
	ON_SCRIPTS_OVER,
	/* Timers */
	ON_LIMIT,
	ON_WAIT_OVER,
	/* The machine */
	ON_TRAFFIC,
	ON_HOP,	       /* the next hop's link address, perhaps */
	ON_EFFECT,     /* perhaps what is applied is in effect no more */
	ON_ROUTE,      /* links, addresses or routes changed */
	ON_POLICY,     /* of IPsec: one came or went */
	ON_SLEPT,      /* why; the machine was asleep for a moment */
	ON_SLEPT_LONG, /* why; so long that a server has given the call up */
	LIFE_EVENT_COUNT
};

/* What is done: connection/actions.c says by which function. */
enum life_action {
	DO_IMPOSSIBLE, /* a fault of ours: it is logged */
	DO_NOTHING,    /* the event is ignored, the state stays */
	DO_DIAL,
	DO_DIAL_FOR_TRAFFIC,
	DO_DIAL_AGAIN, /* what there is of a dial is put away */
	DO_REDIAL,     /* the call that ended was to be dialed again */
	DO_PREPARE,
	DO_PREPARE_AGAIN,
	DO_WATCH,
	DO_TRY,
	DO_TRY_NEXT,
	DO_HAND_OVER,
	DO_DIAL_OVER,
	DO_CALL_OVER,
	DO_WAIT,
	DO_WAIT_LESS,
	DO_LEAVE_DIAL, /* a dial follows soon */
	DO_LEAVE_CALL,
	DO_LOOK_WAITING, /* after changes of the network */
	DO_LOOK_DIALING,
	DO_LOOK_CALL,
	DO_LOOK_HOP,
	DO_LOOK_COVER,
	DO_SHOW,
	DO_SHOW_ENDING,
	DO_SHOW_REDIALING,
	DO_APPLY,
	DO_APPLY_AGAIN,
	DO_ROUTES,
	DO_STATS,
	DO_STATS_LATE, /* of a call that ends */
	DO_NAMING,
	DO_NAMES_FIRST, /* and asks the scripts */
	DO_NAMES,
	DO_ASK_SCRIPTS,
	DO_PRE_UP,
	DO_UP,
	DO_BREAK_OFF, /* tells the session to hang up; a dial follows */
	DO_KILL,      /* the session did not end in time */
	DO_HANG_UP,
	DO_TOO_LATE, /* not up in time: hangs up */
	DO_FAREWELL,
	DO_END,
	DO_END_WANTED, /* as it was told to */
	DO_END_LATE,
	DO_ABORT,
	DO_ABORT_SCRIPTS,
	DO_TELL_DOWN,
	DO_FINISH,
	LIFE_ACTION_COUNT
};

struct life_cell {
	uint8_t action, next; /* the state that the action is done in */
};

extern const struct life_cell life_table[LIFE_STATE_COUNT][LIFE_EVENT_COUNT];

/* What comes with an event.  An action may write into it what comes with the event that follows. */
struct life_input {
	struct reason why;
	enum reason_weight weight;
	uint64_t delay_ms;
	const struct request_message *message; /* the sender's */
};

/* Each returns the event that follows at once, or ON_NONE; posts none itself. */
struct life_actions {
	enum life_event (*act[LIFE_ACTION_COUNT])(void *ctx, struct life_input *in);
};

struct life {
	enum life_state state;
	const struct life_actions *actions;
	void *ctx;
	const struct log *log;
	unsigned faults; /* events that were impossible */
};

/* Does what the table says of EVENT, and of those that follow.  IN (NULL: nothing comes with it) is
 * not kept.  False if the event was ignored or impossible. */
bool life_post(struct life *life, enum life_event event, const struct life_input *in);
/* The same of an event that has a reason. */
bool life_tell(struct life *life, enum life_event event, enum exit_status code, const char *text);

/* The connection was told to end, or has ended. */
static inline bool life_ends(const struct life *life)
{
	return life->state >= LIFE_PRE_DOWN;
}

/* "up" ...; "network" ... */
const char *life_state_name(enum life_state state);
const char *life_event_name(enum life_event event);

#endif
