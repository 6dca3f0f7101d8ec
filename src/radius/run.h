/* SPDX-License-Identifier: MIT */
/* The server's RADIUS process: it holds the secrets of the RADIUS servers and the sockets that are
 * connected to them, and is the only one that reads what they send. */
#ifndef VPDIAL_RADIUS_RUN_H
#define VPDIAL_RADIUS_RUN_H

#include "base/log.h"

/* Serves the server's socket SERVER_FD (not owned); the process must be confined already.  Returns
 * an exit status. */
int radius_run(int server_fd, struct log *log);

#endif
