/* SPDX-License-Identifier: MIT */
/* What everybody is told of the state: log, clients, the service manager. */
#ifndef VPDIAL_CONNECTION_STATUS_H
#define VPDIAL_CONNECTION_STATUS_H

#include "connection/run.h"

void status_set(struct supervisor *s, enum control_state state, const char *message);
/* From now on nobody's terminal is held; what is to be said goes to syslog. */
void status_detach(struct supervisor *s);
bool status_detached(const struct supervisor *s);

#endif
