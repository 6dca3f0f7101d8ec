/* SPDX-License-Identifier: MIT */
/* A tunnel whose session died: the next session tells the server that it is over. */
#ifndef VPDIAL_CONNECTION_CRASHED_H
#define VPDIAL_CONNECTION_CRASHED_H

#include "connection/run.h"

void crashed_note(struct supervisor *s, const struct request_call *ids);
void crashed_forget(struct supervisor *s);
/* At the start: what a killed run has left. */
void crashed_load(struct supervisor *s);
/* For the session that dials the same server now, once; all zero if there is none. */
struct request_call crashed_take(struct supervisor *s);

#endif
