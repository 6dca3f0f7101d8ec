/* SPDX-License-Identifier: MIT */
/* The L2TP tunnel with one call in it: what its source files share. */
#ifndef VPDIAL_TUNNEL_L2TP_INTERNAL_H
#define VPDIAL_TUNNEL_L2TP_INTERNAL_H

#include "tunnel/l2tp/reliable.h"
#include "tunnel/ops.h"
#include "wire/avp.h"

/* What we tell about ourselves. */
#define L2TP_CAPABILITIES 3 /* framing sync and async, bearer digital and analog */
#define L2TP_FIRMWARE	  0x0001
#define L2TP_SPEED_BPS	  100000000
#define L2TP_FRAMING_SYNC 1

/* The control connection's and the session's states (RFC 2661 section 7.2 to 7.5) in one, since
 * there is one session only. */
enum l2tp_state {
	L2TP_IDLE,
	L2TP_WAIT_TUNNEL,	  /* caller: for SCCRP */
	L2TP_WAIT_CALL,		  /* caller: for ICRP; answerer: for ICRQ */
	L2TP_WAIT_CALL_CONNECTED, /* answerer: for ICCN */
	L2TP_UP,		  /* the call is up */
	L2TP_CLOSING,		  /* StopCCN sent: its acknowledgment is waited for */
	L2TP_CLOSED,		  /* for good */
	L2TP_STATE_COUNT
};

/* Sets of states. */
#define L2TP_IN(state) (1u << (state))
#define L2TP_IN_SETUP \
	(L2TP_IN(L2TP_WAIT_TUNNEL) | L2TP_IN(L2TP_WAIT_CALL) | L2TP_IN(L2TP_WAIT_CALL_CONNECTED))
#define L2TP_IN_TUNNEL \
	(L2TP_IN(L2TP_WAIT_CALL) | L2TP_IN(L2TP_WAIT_CALL_CONNECTED) | L2TP_IN(L2TP_UP))
#define L2TP_IN_LIVE (L2TP_IN_SETUP | L2TP_IN(L2TP_UP) | L2TP_IN(L2TP_CLOSING))

#define L2TP_CHALLENGE_LEN 16
#define L2TP_RESPONSE_LEN  16

struct l2tp_tunnel {
	struct tunnel base;
	enum l2tp_state state;
	bool was_up;
	bool heard;    /* anything at all of the peer */
	bool stalled;  /* it was waited for in vain */
	bool has_text; /* it ended the call in words of its own */
	bool crossed;  /* it said something after our StopCCN */
	struct reason reason;
	struct tunnel_call call;
	uint64_t now_ms; /* of the entry being handled */
	uint64_t start_ms;
	uint64_t setup_deadline;
	uint64_t close_deadline;
	uint64_t heard_ms;
	uint64_t hello_sent_ms;
	uint16_t hello_ns;
	uint32_t hello_repeats; /* messages that had been repeated when it was sent */
	bool hello_pending;
	uint64_t probe_ms; /* of the last SCCRQ that made us ask whether the peer still knows us */
	bool probing;
	unsigned soft_errors; /* ICMP said no so often while nothing was heard */
	int last_error;
	uint8_t tie_breaker[8];
	uint8_t challenge[L2TP_CHALLENGE_LEN]; /* ours, if there is a secret */
	uint8_t response[L2TP_RESPONSE_LEN];   /* to the peer's challenge */
	bool has_response;
	struct l2tp_cipher cipher;
	struct log_limit noise; /* complaints about the peer */
	struct reliable reliable;
};

static inline struct l2tp_tunnel *l2tp_of(struct tunnel *t)
{
	return (struct l2tp_tunnel *)t;
}

static inline bool l2tp_has_secret(const struct l2tp_tunnel *l)
{
	return l->base.config.settings.secret.len > 0;
}

/* l2tp.c */
void l2tp_enter(struct l2tp_tunnel *l, enum l2tp_state state);
enum exit_status l2tp_loss_status(const struct l2tp_tunnel *l);
/* The end: CLOSED event with l->reason, which is set already. */
void l2tp_finish(struct l2tp_tunnel *l);
/* Sends StopCCN and waits for its acknowledgment; l->reason is set already. */
void l2tp_stop(struct l2tp_tunnel *l, uint16_t result, uint16_t error, const char *text);
void l2tp_rules_of(const struct l2tp_tunnel *l, struct l2tp_rules *rules);
/* One line for each message, at the level of debugging; M NULL: a ZLB, or one that is faulty. */
void l2tp_log(const struct log *log, char direction, const struct l2tp_header *h,
	      const struct l2tp_message *m);
/* When the set-up must be done. */
uint64_t l2tp_setup_limit(const struct l2tp_tunnel *l);

/* Asks for an acknowledgment, whose round trip is told. */
void l2tp_say_hello(struct l2tp_tunnel *l);

/* probe.c: a SCCRQ came to the answerer of a tunnel.  True if it is a copy of the one that began
 * it; a new one is a question to the peer: do you still know this tunnel? */
bool l2tp_is_repetition(struct l2tp_tunnel *l, const struct l2tp_header *h,
			const struct l2tp_message *m);
/* A message to this tunnel's id came. */
void l2tp_probe_answered(struct l2tp_tunnel *l);
uint64_t l2tp_probe_deadline(const struct l2tp_tunnel *l);
void l2tp_probe_expired(struct l2tp_tunnel *l);

/* handlers.c: judges one message by the table of rules and hands it to its handler. */
void l2tp_handle(struct l2tp_tunnel *l, const struct l2tp_header *h, const struct l2tp_message *m);
/* A message that l2tp_message_decode found to be bad. */
void l2tp_handle_fault(struct l2tp_tunnel *l, const struct l2tp_message *m,
		       const struct l2tp_fault *fault);
/* The control connection is there: now calls may come or be made. */
void l2tp_tunnel_up(struct l2tp_tunnel *l);
/* A SCCRQ that met ours on the way (RFC 2661 section 4.4.3, Tie Breaker). */
void l2tp_handle_collision(struct l2tp_tunnel *l, const struct l2tp_message *m);

/* send.c: one function for each message. */
void l2tp_send_sccrq(struct l2tp_tunnel *l);
void l2tp_send_scccn(struct l2tp_tunnel *l);
void l2tp_send_stopccn(struct l2tp_tunnel *l, uint16_t result, uint16_t error, const char *text);
void l2tp_send_hello(struct l2tp_tunnel *l);
void l2tp_send_icrq(struct l2tp_tunnel *l);
void l2tp_send_icrp(struct l2tp_tunnel *l);
void l2tp_send_iccn(struct l2tp_tunnel *l);
/* Ends our call, or refuses another one of the peer's under an id of our own. */
void l2tp_send_cdn(struct l2tp_tunnel *l, uint16_t peer_session, uint16_t own_session,
		   uint16_t result, uint16_t error, const char *text);

#endif
