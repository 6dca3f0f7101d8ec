/* SPDX-License-Identifier: MIT */
/* A call inside IPsec of another program (`use-ipsec = external`). */
#ifndef VPDIAL_CONNECTION_COVER_H
#define VPDIAL_CONNECTION_COVER_H

#include "connection/run.h"

/* Holds the socket of this attempt to the policy that covers it, where the profile wants that.  0,
 * or -errno with *REASON, if there is none. */
int cover_hold(struct supervisor *s, struct reason *reason);
/* Policies changed: false, with *WHY, if the call is not covered any more. */
bool cover_check(const struct supervisor *s, struct reason *why);

#endif
