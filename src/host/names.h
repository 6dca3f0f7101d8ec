/* SPDX-License-Identifier: MIT */
/* Putting name servers in force: which programs run, one after the other, and what follows from
 * what each says.  Beside the event loop, if the host has one. */
#ifndef VPDIAL_HOST_NAMES_H
#define VPDIAL_HOST_NAMES_H

#include "host/internal.h"

/* From now on host->names is what is wanted: what is set goes back first, and what is being set is
 * given up. */
void names_change(struct host *host);
/* Is a program at work? */
bool names_busy(const struct host *host);
/* Waits for the programs, each until its limit. */
void names_finish(struct host *host);

#endif
