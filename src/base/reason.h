/* SPDX-License-Identifier: MIT */
/* Why something ended: an exit status of pppd's published table and one sentence. */
#ifndef VPDIAL_BASE_REASON_H
#define VPDIAL_BASE_REASON_H

#include <stdbool.h>

/* Exit statuses, numbered as pppd(8) does so that scripts carry over. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_FATAL = 1,		      /* internal fault, out of memory */
	EXIT_OPTIONS = 2,	      /* bad option or profile */
	EXIT_NOT_PERMITTED = 3,	      /* a privilege is missing */
	EXIT_NO_DEVICE = 4,	      /* no TUN device */
	EXIT_SIGNAL = 5,	      /* ended by SIGINT, SIGTERM or SIGHUP */
	EXIT_BUSY = 6,		      /* profile already connected */
	EXIT_OPEN_FAILED = 7,	      /* socket or interface could not be opened */
	EXIT_CONNECT_FAILED = 8,      /* server not reachable */
	EXIT_PTY_FAILED = 9,	      /* vpdial-session cannot be run */
	EXIT_NEGOTIATION_FAILED = 10, /* LCP, CCP or an NCP failed; GRE silent */
	EXIT_PEER_AUTH_FAILED = 11,   /* the server failed to prove itself */
	EXIT_IDLE_TIMEOUT = 12,
	EXIT_CONNECT_TIME = 13, /* session-timeout reached */
	EXIT_CALLBACK = 14,
	EXIT_PEER_DEAD = 15,   /* peer not answering echoes */
	EXIT_HANGUP = 16,      /* hung up by the server or the network */
	EXIT_LOOPBACK = 17,    /* link or route loop */
	EXIT_INIT_FAILED = 18, /* a pre-up hook failed */
	EXIT_AUTH_FAILED = 19, /* we failed to authenticate ourselves */
};

#define REASON_TEXT_MAX 240

struct reason {
	enum exit_status code;
	char text[REASON_TEXT_MAX]; /* one sentence, no full stop, printable; "" if none */
};

/* Where a reason comes from, the one that tells least first: of several attempts at one server the
 * most telling reason is kept. */
enum reason_weight {
	REASON_LOCAL,	/* this machine could not even try */
	REASON_SILENCE, /* nobody answered */
	REASON_NETWORK, /* a router or a host's kernel said no */
	REASON_PEER,	/* the server was heard, and no more came of it */
	REASON_REFUSAL, /* the server, or what it sent, says why: another attempt would hear the
			   same */
};

/* Sets *R unless it already holds a text: the first reason is the true one. */
__attribute__((format(printf, 3, 4))) void reason_set(struct reason *r, enum exit_status code,
						      const char *fmt, ...);

/* True when a reason has been set. */
static inline bool reason_is_set(const struct reason *r)
{
	return r->text[0] != '\0';
}

/* May no redial follow?  True where the next dial would meet the same (a wrong password, an expired
 * account, a profile at fault) and could lock the account, and where the end was wanted (by a
 * signal, on request, by idle-timeout); false for what may pass: network, server, a fault of the
 * session.  A reason whose code is unknown is permanent. */
bool reason_is_permanent(const struct reason *r);

/* The meaning of an exit status, as the manual page lists it. */
const char *exit_status_text(enum exit_status code);

#endif
