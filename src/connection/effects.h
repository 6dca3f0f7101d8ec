/* SPDX-License-Identifier: MIT */
/* Which of a configuration is in effect. */
#ifndef VPDIAL_CONNECTION_EFFECTS_H
#define VPDIAL_CONNECTION_EFFECTS_H

#include "connection/run.h"

/* Of C, into the status, whose routes are those of C; what changed since the last look is logged.
 */
void effects_look(struct supervisor *s, const struct host_config *c);

#endif
