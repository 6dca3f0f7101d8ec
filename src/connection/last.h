/* SPDX-License-Identifier: MIT */
/* How a run ended, for who asks when it is over (ipc/last.h). */
#ifndef VPDIAL_CONNECTION_LAST_H
#define VPDIAL_CONNECTION_LAST_H

#include "connection/run.h"

/* At the start: the status tells how the run before this one ended. */
void last_begin(struct supervisor *s);
/* A dial or call ended because of WHY, and the run goes on. */
void last_note(struct supervisor *s, const struct reason *why);
/* A call is up: what a run before this one met is of no interest any more. */
void last_up(struct supervisor *s);
void last_end(struct supervisor *s);

#endif
