/* SPDX-License-Identifier: MIT */
/* What is written down of calls: for RADIUS servers, in the log, and in a file of records. */
#ifndef VPDIAL_SERVER_LEDGER_H
#define VPDIAL_SERVER_LEDGER_H

#include "base/log.h"
#include "base/reason.h"

struct call;
struct server;

struct ledger {
	uint64_t lost; /* records that the file did not take */
	struct log_limit limit;
};

/* The server begins, and ends. */
void ledger_on(struct server *s);
void ledger_off(struct server *s);

/* Of one call: made ready; its addresses are agreed; its counters are new; its end, while its
 * device is there still. */
void ledger_prepare(struct call *c);
void ledger_started(struct call *c);
void ledger_counted(struct call *c);
void ledger_ended(struct call *c, const struct reason *reason);

#endif
