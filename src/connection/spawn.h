/* SPDX-License-Identifier: MIT */
/* The session process of a profile: what it is told at its start; what it says are events. */
#ifndef VPDIAL_CONNECTION_SPAWN_H
#define VPDIAL_CONNECTION_SPAWN_H

#include "connection/run.h"

int session_spawn(struct supervisor *s, struct reason *reason);
void session_stop(struct supervisor *s, bool kill_it);
int session_start_call(struct supervisor *s, struct reason *reason);

#endif
