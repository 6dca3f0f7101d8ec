/* SPDX-License-Identifier: MIT */
/* What follows a failed dial or a lost call. */
#ifndef VPDIAL_CONNECTION_PERSIST_H
#define VPDIAL_CONNECTION_PERSIST_H

#include "connection/run.h"

/* A dial failed at all addresses, or a call ended, because of what IN says: what is to come. */
enum life_event persist_dial_over(struct supervisor *s, struct life_input *in);
enum life_event persist_call_over(struct supervisor *s, struct life_input *in);
/* Puts away what there is of a dial or call, which ended because of WHY; what is to stay for the
 * next one stays. */
void persist_leave(struct supervisor *s, bool was_call, const struct reason *why);
/* Waits for the time of the next dial, and says why. */
void persist_wait(struct supervisor *s, const struct life_input *in);
/* The same until `redial-min` permits a dial; of a wait already, only if that is sooner. */
void persist_wait_soon(struct supervisor *s, const struct life_input *in);
void persist_wait_less(struct supervisor *s, const struct life_input *in);

#endif
