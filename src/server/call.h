/* SPDX-License-Identifier: MIT */
/* One call, from its acceptance to the end of its session. */
#ifndef VPDIAL_SERVER_CALL_H
#define VPDIAL_SERVER_CALL_H

#include "conf/server.h"
#include "host/host.h"
#include "privsep/process.h"
#include "server/secured.h"

#define EARLY_MAX 4 /* datagrams kept for a session that is not there yet */

struct server;

struct call {
	struct server *server;
	struct call *next;
	enum protocol type;
	unsigned number;
	struct log log;
	struct sockaddr_storage peer, own; /* outer addresses; own without port for PPTP */
	struct session_process session;
	int control, wire; /* until the session has them; -1 = none */
	/* L2TP: as the reader named it, and what came before its session was there. */
	struct request_place place;
	struct adopted_tunnel adopted;
	struct sockaddr_storage listener;	   /* where its listener is bound */
	struct request_datagram *early[EARLY_MAX]; /* owned */
	size_t early_count;
	struct secured secured;
	uint16_t call_id, tunnel_id;
	size_t slot;
	struct host *host;
	struct host_tun tun;
	struct loop_timer limit_timer; /* half-open, then the end of an unanswered hang-up */
	unsigned accounts_asked;       /* by its session */
	int secret;		       /* index; -1 = none of ours, or not known yet */
	struct account_question {
		uint32_t serial;	  /* of the question to RADIUS; 0 = none is out */
		uint32_t number;	  /* of the session's */
		char user[CONF_USER_MAX]; /* cleaned; and as the caller gave it: */
		uint16_t raw_len;
		uint8_t raw[RADIUS_USER_MAX];
	} question;
	struct conf_secret *granted; /* owned: the account as RADIUS knows it, NULL = none */
	struct radius_grant *grant;  /* owned, beside it */
	char session_id[RADIUS_SESSION_MAX];
	const struct conf_interface *interface; /* static entry, NULL = dynamic */
	struct in_addr remote;			/* to be given */
	bool refused; /* PPTP: its session only tells the caller that there is no room: no slot */
	bool proved;  /* the password was right, says the session */
	bool open, ending, dead;
	uint64_t up_since_ms;
	struct loop_timer interim_timer;
	bool interim_due;		/* with the next counters */
	struct request_network network; /* what the machine has */
	struct request_stats stats;
};

/* A call of TYPE with what is KNOWN of it: addresses, control (PPTP) or place and adopted
 * (L2TP).  The descriptor becomes the call's, also on failure. */
void call_begin(struct server *s, enum protocol type, const struct call *known);
/* A datagram of its tunnel that came to the reader. */
void call_early(struct call *c, const struct request_datagram *datagram);
void call_hang_up(struct call *c, enum exit_status code, const char *text);
/* Ends it at once and without farewell. */
void call_kill(struct call *c);
void calls_reap(struct server *s);
/* What RADIUS says to the questions that are out. */
extern const struct aaa_events call_aaa_events;

#endif
