/* SPDX-License-Identifier: MIT */
/* The option negotiation automaton of RFC 1661 section 4, one table for LCP and all NCPs.
 *
 * A protocol is a driver: rules for its options and hooks for what the automaton decides.  The
 * driver never touches the state.  Events raised while one is being handled wait their turn. */
#ifndef VPDIAL_PPP_AUTOMATON_H
#define VPDIAL_PPP_AUTOMATON_H

#include "base/cursor.h"
#include "base/log.h"
#include "ppp/ppp.h"
#include "wire/control_packet.h"
#include "wire/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum automaton_state {
	AUTOMATON_INITIAL,
	AUTOMATON_STARTING,
	AUTOMATON_CLOSED,
	AUTOMATON_STOPPED,
	AUTOMATON_CLOSING,
	AUTOMATON_STOPPING,
	AUTOMATON_REQ_SENT,
	AUTOMATON_ACK_RCVD,
	AUTOMATON_ACK_SENT,
	AUTOMATON_OPENED,
	AUTOMATON_STATES
};

enum automaton_event {
	AUTOMATON_NONE,
	AUTOMATON_UP,
	AUTOMATON_DOWN,
	AUTOMATON_OPEN,
	AUTOMATON_CLOSE,
	AUTOMATON_TIMEOUT,	/* TO+: the counter allows another try */
	AUTOMATON_EXHAUSTED,	/* TO- */
	AUTOMATON_REQUEST_GOOD, /* RCR+ */
	AUTOMATON_REQUEST_BAD,	/* RCR- */
	AUTOMATON_ACKED,	/* RCA */
	AUTOMATON_NAKED,	/* RCN */
	AUTOMATON_TERMINATE,	/* RTR */
	AUTOMATON_TERMINATED,	/* RTA */
	AUTOMATON_UNKNOWN_CODE, /* RUC */
	AUTOMATON_REJECT_MILD,	/* RXJ+ */
	AUTOMATON_REJECT_FATAL, /* RXJ- */
	AUTOMATON_OWN_CODE,	/* RXR */
	AUTOMATON_EVENTS
};

/* Actions, as a set.  They run in this order, in which every cell of the RFC agrees. */
enum automaton_action {
	AUTOMATON_TLS = 1 << 0,	 /* this layer started */
	AUTOMATON_TLD = 1 << 1,	 /* this layer down */
	AUTOMATON_IRC = 1 << 2,	 /* initialise restart count */
	AUTOMATON_ZRC = 1 << 3,	 /* zero restart count */
	AUTOMATON_SCR = 1 << 4,	 /* send Configure-Request */
	AUTOMATON_SCA = 1 << 5,	 /* send Configure-Ack */
	AUTOMATON_SCN = 1 << 6,	 /* send Configure-Nak or -Reject */
	AUTOMATON_STR = 1 << 7,	 /* send Terminate-Request */
	AUTOMATON_STA = 1 << 8,	 /* send Terminate-Ack */
	AUTOMATON_SCJ = 1 << 9,	 /* send Code-Reject */
	AUTOMATON_SER = 1 << 10, /* handle a code of the protocol's own, e.g. answer an echo */
	AUTOMATON_TLU = 1 << 11, /* this layer up */
	AUTOMATON_TLF = 1 << 12, /* this layer finished */
};

struct automaton_cell {
	uint16_t actions;
	uint8_t next;
	bool never; /* the event cannot happen in this state: logged and ignored */
};

/* The table's cell, for the interpreter and its test. */
const struct automaton_cell *automaton_cell(enum automaton_event event, enum automaton_state state);
const char *automaton_state_name(enum automaton_state state);
const char *automaton_event_name(enum automaton_event event);

enum option_verdict {
	OPTION_ACK,
	OPTION_NAK,	 /* the wanted value was written */
	OPTION_NAK_FIRM, /* likewise; the rule counts by itself, Max-Failure does not turn it
			  * into a Reject */
	OPTION_REJECT,
};

/* One option of a protocol: the three reactions to it and its place in our request.  A hook that
 * is NULL does nothing (request: NULL rejects).  Lengths are judged before the hooks run. */
struct option_rule {
	uint8_t type;
	void (*build)(void *ctx, struct writer *w);
	enum option_verdict (*request)(void *ctx, const struct option *o, struct writer *nak);
	void (*nak)(void *ctx, const struct option *o);
	void (*reject)(void *ctx, const struct option *o);
	bool (*wanted)(const void *ctx); /* false: as if the rule were not there; NULL: it is */
};

struct automaton_driver {
	uint16_t protocol;
	const char *name;
	const struct option_rule *rules;
	size_t rule_count;
	uint32_t own_codes;	  /* bit set of codes beyond 7 that exchange() takes */
	void (*judge)(void *ctx); /* a request comes: forget what the last one said */
	bool (*missing)(void *ctx, struct writer *nak); /* writes Naks for options not sent */
	void (*accepted)(void *ctx);			/* we are about to ack the peer's request */
	void (*requesting)(void *ctx, bool anew); /* our request goes out; ANEW: not a repetition */
	void (*exchange)(void *ctx, const struct control_packet *p);
	void (*terminated)(void *ctx, const struct control_packet *p); /* Terminate-Request came */
	void (*up)(void *ctx);
	void (*down)(void *ctx);
	void (*finished)(void *ctx, enum automaton_event why);
	void (*stuck)(void *ctx); /* the peer asks again and again for what was refused */
};

/* What all automata of a link share. */
struct automaton_host {
	void (*send)(void *ctx, uint16_t protocol, const uint8_t *info, size_t len);
	void *ctx;
	const struct log *log;
	struct ppp_counters *counters;
	uint64_t now_ms;
	uint32_t restart_ms, restart_max_ms;
	uint32_t rtt_ms; /* the shortest that a request took to its answer; 0 = not known */
};

#define AUTOMATON_PACKET_MAX  1500
#define AUTOMATON_REQUEST_MAX 256
#define AUTOMATON_QUEUE	      8
#define AUTOMATON_REFUSAL     64 /* octets by which two refusals are held for the same */

struct automaton {
	const struct automaton_driver *driver;
	void *ctx;
	struct automaton_host *host;
	enum automaton_state state;
	/* our Configure-Request */
	uint8_t id; /* of the last request of any kind */
	uint8_t request_id;
	bool answered;		/* its answer came: another one is a duplicate */
	bool refused;		/* a Terminate-Ack came for it: the peer has closed this layer */
	uint32_t requests_sent; /* since the lower layer came up */
	uint32_t answers;	/* to them, good or bad */
	size_t request_len;
	uint8_t request[AUTOMATON_REQUEST_MAX];
	/* timers and limits */
	unsigned tries_left;
	uint32_t interval_ms;
	uint64_t deadline_ms, repeat_after_ms;
	uint64_t asked_ms; /* when this request went out first */
	bool repeated;	   /* and again since: nobody knows which copy an answer is for */
	unsigned naks_sent, naks_received;
	/* the packet in hand and the reply to it */
	struct control_packet packet;
	uint8_t reply_code;
	size_t reply_len;
	uint8_t reply[AUTOMATON_PACKET_MAX];
	uint8_t refusals; /* so often in sequence with the same words */
	size_t refusal_len;
	uint8_t refusal[AUTOMATON_REFUSAL];
	uint64_t refused_ms; /* when that reply last went out as a Nak or Reject; 0 = never */
	/* the peer's request that was answered last, to know its repetition */
	bool seen, seen_good;
	uint8_t seen_id;
	size_t seen_len;
	uint8_t seen_options[AUTOMATON_REQUEST_MAX];
	unsigned reacks;
	const char *farewell; /* text of our Terminate-Request, not owned; NULL = none */
	bool running;
	unsigned queued;
	enum automaton_event queue[AUTOMATON_QUEUE];
};

void automaton_init(struct automaton *a, const struct automaton_driver *driver, void *ctx,
		    struct automaton_host *host);
/* Handles EVENT now, or after the one that is being handled. */
void automaton_raise(struct automaton *a, enum automaton_event event);
/* One packet of the protocol, from the code octet on.  Any octets may come. */
void automaton_input(struct automaton *a, const uint8_t *info, size_t len);
void automaton_tick(struct automaton *a);
/* The peer's own request has come, so that it listens by now: ours, if it was sent once and has no
 * answer, is repeated after about a round trip and not only by the timer. */
void automaton_hurry(struct automaton *a);
/* Sends (or repeats) our Configure-Request; for the automaton's own files. */
void automaton_send_request(struct automaton *a);
/* Sends a packet of CODE with a new identifier (or ID if not negative), carrying DATA. */
void automaton_send(struct automaton *a, uint8_t code, int id, const void *data, size_t len);

static inline bool automaton_opened(const struct automaton *a)
{
	return a->state == AUTOMATON_OPENED;
}

#endif
