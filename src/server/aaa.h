/* SPDX-License-Identifier: MIT */
/* The server's RADIUS process: its start, its end, what it is asked, and what it says, judged. */
#ifndef VPDIAL_SERVER_AAA_H
#define VPDIAL_SERVER_AAA_H

#include "privsep/process.h"

struct call;
struct server;

/* What comes back; filled by the calls. */
struct aaa_events {
	void (*judged)(struct server *s, const struct radius_verdict *verdict);
	/* No question that is out will be answered. */
	void (*broke)(struct server *s, const char *why);
};

struct aaa {
	const struct aaa_events *events;
	struct session_process process;
	struct log log;
	struct loop_timer timer; /* until it is started again */
	unsigned failures;
	uint64_t since_ms;
	uint32_t last_serial, last_session;
	struct log_limit limit; /* of lines about servers that do not answer */
};

/* Starts it if the file names a RADIUS server and wants it used.  0 or -errno with *REASON; later
 * it is started again by itself. */
int aaa_start(struct server *s, struct reason *reason);
void aaa_stop(struct server *s);

/* Gives the call its Acct-Session-Id, which no other has, also of another run. */
void aaa_name_session(struct call *c);
/* Asks for the caller whom the call's session asks for; the answer is an event.  1, 0 if RADIUS is
 * not used or does not know the way in which the caller proves itself, -EPIPE if it is away. */
int aaa_ask(struct call *c, const struct request_account *question);
/* The account of a verdict, judged field by field, as the call's.  NULL, or why the call must end;
 * without an account the caller learns nothing of it. */
const char *aaa_grant(struct call *c, const struct radius_verdict *verdict);

#endif
