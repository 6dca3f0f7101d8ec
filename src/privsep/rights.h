/* SPDX-License-Identifier: MIT */
/* The capabilities that the privileged processes work with: those they need and no others. */
#ifndef VPDIAL_PRIVSEP_RIGHTS_H
#define VPDIAL_PRIVSEP_RIGHTS_H

#include "base/log.h"

#include <stdbool.h>

/* Lets no capability be in effect but the few of the table in rights.c.  What is executed
 * afterwards (scripts, resolvconf, the session) gets what the kernel gives to its user, as before.
 * SERVING: the server, which answers IKE on port 500.  A system that refuses is told of in LOG: the
 * process goes on with what it has. */
void rights_reduce(bool serving, const struct log *log);

#endif
