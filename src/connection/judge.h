/* SPDX-License-Identifier: MIT */
/* What the session asks to apply, checked against the profile and applied. */
#ifndef VPDIAL_CONNECTION_JUDGE_H
#define VPDIAL_CONNECTION_JUDGE_H

#include "connection/run.h"

/* FIRST of this call; the session is answered.  True if the machine has it. */
bool judge_network(struct supervisor *s, const struct request_network *n, bool first);
/* False with *WHY where the call cannot go on. */
bool judge_routes(struct supervisor *s, const struct request_routes *routes, struct reason *why);
/* LATE: of a call that ends. */
void judge_stats(struct supervisor *s, const struct request_stats *stats, bool late);
/* With `lockdown`, before a dial: what goes into the tunnel goes nowhere else from now on.  0 or
 * -errno with *REASON. */
int judge_lockdown(struct supervisor *s, struct reason *reason);
/* Repairs what somebody else took away of what is applied.  False with *WHY where that fails. */
bool judge_again(struct supervisor *s, struct reason *why);
/* The device before there is a call: the profile's addresses or stand-ins, and the routes.  0 or
 * -errno with *REASON. */
int judge_demand(struct supervisor *s, struct reason *reason);
/* Name servers are set, or back. */
void judge_names(struct supervisor *s);

#endif
