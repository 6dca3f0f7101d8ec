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
	/* It can be told of calls from now on; what it was told before and did not confirm is lost.
	 */
	void (*ready)(struct server *s);
	/* A RADIUS server has record SERIAL, or (!TAKEN) none answered. */
	void (*recorded)(struct server *s, uint32_t serial, bool taken);
};

struct aaa {
	const struct aaa_events *events;
	struct session_process process;
	struct log log;
	struct loop_timer timer; /* until it is started again */
	unsigned failures;
	uint64_t since_ms;
	uint32_t last_serial;
	uint32_t last_session, names; /* of Acct-Session-Ids: the run's part, then a count */
	struct log_limit limit;	      /* of lines about servers that do not answer */
};

/* Does the file name RADIUS servers that are to be told of calls? */
bool aaa_accounts(const struct server *s);
/* Sends a record; false if that is not possible now. */
bool aaa_record(struct server *s, uint32_t serial, const struct radius_record *record);
/* What all requests say of a call. */
void aaa_fill_caller(const struct call *c, struct radius_caller *to);

/* Starts it if the file names a RADIUS server and wants it used.  0 or -errno with *REASON; later
 * it is started again by itself. */
int aaa_start(struct server *s, struct reason *reason);
void aaa_stop(struct server *s);

/* Makes an Acct-Session-Id, which no other has, also of another run. */
void aaa_name(struct aaa *a, char name[static RADIUS_SESSION_MAX]);
/* Asks for the caller whom the call's session asks for; the answer is an event.  1, 0 if RADIUS is
 * not used or does not know the way in which the caller proves itself, -EPIPE if it is away. */
int aaa_ask(struct call *c, const struct request_account *question);
/* The account of a verdict, judged field by field, as the call's.  NULL, or why the call must end;
 * without an account the caller learns nothing of it. */
const char *aaa_grant(struct call *c, const struct radius_verdict *verdict);

#endif
