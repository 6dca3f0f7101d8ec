/* SPDX-License-Identifier: MIT */
/* The server's confined process that reads what strangers send by UDP: its start, its end, what it
 * says. */
#ifndef VPDIAL_SERVER_READER_H
#define VPDIAL_SERVER_READER_H

#include "base/allowance.h"
#include "privsep/process.h"

struct call;
struct server;

struct reader {
	struct session_process process;
	struct log log;
	struct loop_timer timer; /* until it is started again */
	unsigned failures;
	uint64_t since_ms;
	struct allowance tunnels, datagrams;
	struct request_shut told;
};

/* Starts it if there is an L2TP socket.  0 or -errno with *REASON; later it is started
 * again by itself. */
int reader_start(struct server *s, struct reason *reason);
void reader_stop(struct server *s);
/* Whether tunnels may begin: to be called where that may have changed. */
void reader_tell(struct server *s);
/* May its word begin one more call now?  So many at once, then one each so many ms: what is beyond
 * that the peers ask for again. */
#define READER_BEGIN_BURST 200
#define READER_BEGIN_MS	   10
static inline bool reader_may_begin(struct reader *r, uint64_t now_ms)
{
	return allowance_take(&r->tunnels, READER_BEGIN_BURST, READER_BEGIN_MS, now_ms);
}
/* The tunnel KNOWN gets no call. */
void reader_turn_away(struct server *s, const struct call *known, const char *why);

#endif
