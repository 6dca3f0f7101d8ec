/* SPDX-License-Identifier: MIT */
/* The session: one call in a process of its own, with no privilege and no file system.  It joins
 * tunnel, PPP and data path, and asks the supervisor for what it cannot do itself. */
#ifndef VPDIAL_SESSION_SESSION_H
#define VPDIAL_SESSION_SESSION_H

#include "base/log.h"

struct path_worker;

/* Runs one call over the supervisor's socket SUPERVISOR_FD (not owned), whose first request is
 * expected to be START; the process must be confined already.  WORKER (not owned, may be NULL) is
 * the second thread of the data path.  Returns an exit status. */
int session_run(int supervisor_fd, struct path_worker *worker, struct log *log);

#endif
