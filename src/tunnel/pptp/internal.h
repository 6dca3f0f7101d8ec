/* SPDX-License-Identifier: MIT */
/* The PPTP control connection: what its two source files share. */
#ifndef VPDIAL_TUNNEL_PPTP_INTERNAL_H
#define VPDIAL_TUNNEL_PPTP_INTERNAL_H

#include "tunnel/ops.h"
#include "wire/pptp.h"

/* What both roles offer, as common clients and servers do: framing and bearer of any kind. */
#define PPTP_CAPABILITIES 3
#define PPTP_FIRMWARE	  1

/* A state of control connection and call together, since there is one call only. */
enum pptp_state {
	PPTP_IDLE,	 /* no TCP connection yet */
	PPTP_WAIT_START, /* caller: for the Start-Reply; answerer: for the Start-Request */
	PPTP_WAIT_CALL,	 /* control connection is up; for Outgoing-Call-Reply or -Request */
	PPTP_UP,	 /* the call is up */
	PPTP_CLEARING,	 /* caller: Call-Clear-Request sent, for Call-Disconnect-Notify */
	PPTP_DRAINING,	 /* answerer: the call is cleared or refused, for the Stop-Request */
	PPTP_STOPPING,	 /* Stop-Request sent, for the Stop-Reply */
	PPTP_CLOSED,	 /* for good */
	PPTP_STATE_COUNT
};

/* Sets of states. */
#define PPTP_IN(state)	(1u << (state))
#define PPTP_IN_SETUP	(PPTP_IN(PPTP_WAIT_START) | PPTP_IN(PPTP_WAIT_CALL))
#define PPTP_IN_CLOSING (PPTP_IN(PPTP_CLEARING) | PPTP_IN(PPTP_DRAINING) | PPTP_IN(PPTP_STOPPING))
#define PPTP_IN_LIVE	(PPTP_IN_SETUP | PPTP_IN(PPTP_UP) | PPTP_IN_CLOSING)

struct pptp_tunnel {
	struct tunnel base;
	enum pptp_state state;
	bool was_up;
	bool stalled;	      /* it was waited for in vain */
	int lost_error;	      /* with which TCP ended */
	struct reason reason; /* of the end, once it is known */
	struct tunnel_call call;
	uint64_t now_ms;	 /* of the entry being handled */
	uint64_t setup_deadline; /* of the whole set-up */
	uint64_t close_deadline; /* of the present closing step */
	uint64_t heard_ms;	 /* last message of the peer */
	uint64_t echo_sent_ms;
	uint32_t echo_id;
	bool echo_pending;	/* its reply gives the round-trip time */
	bool echo_unanswered;	/* nothing was heard since */
	struct log_limit noise; /* complaints about the peer */
	size_t have;
	uint8_t buffer[PPTP_MESSAGE_MAX]; /* of a message that is not whole yet */
};

static inline struct pptp_tunnel *pptp_of(struct tunnel *t)
{
	return (struct pptp_tunnel *)t;
}

/* Changes the state and logs it. */
void pptp_enter(struct pptp_tunnel *p, enum pptp_state state);
void pptp_send(struct pptp_tunnel *p, const struct pptp_message *m);
/* The exit status of an end that the peer or the network brought about. */
enum exit_status pptp_loss_status(const struct pptp_tunnel *p);
/* Sends Stop-Request and waits for the answer; p->reason is set already. */
void pptp_stop(struct pptp_tunnel *p, unsigned stop_reason);
/* The end: CLOSED event with p->reason. */
void pptp_finish(struct pptp_tunnel *p);

/* Judges one message by the table of rules and hands it to its handler. */
void pptp_handle(struct pptp_tunnel *p, const struct pptp_message *m);

#endif
