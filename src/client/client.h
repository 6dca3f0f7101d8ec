/* SPDX-License-Identifier: MIT */
/* Asking a running supervisor through its control socket. */
#ifndef VPDIAL_CLIENT_CLIENT_H
#define VPDIAL_CLIENT_CLIENT_H

#include "ipc/last.h"
#include "ipc/version.h"

/* The run directory, as control_run_dir finds it. */
int client_run_dir(char *out, size_t cap, const char *dir);

/* Creates the run directory if it is missing: 0755 for root, else for its owner alone. */
int client_run_dir_make(const char *run_dir);

/* Connects to the supervisor of NAME.  A descriptor (close-on-exec, the caller's) or -errno;
 * -ENOENT if none is running (also when a socket was left behind by a crash), -ETIMEDOUT if it
 * takes nobody (within half a second). */
int client_open(const char *run_dir, const char *name);

/* Sends one request.  0 or -errno. */
int client_send(int fd, enum control_op op);

/* The same in the words of another version, which understands CONTROL_HANGUP. */
int client_send_as(int fd, uint32_t version, enum control_op op);

/* Receives one record, which is checked.  0; -ETIMEDOUT after TIMEOUT_MS (-1 = waits for ever);
 * -EPIPE when the other end is gone; -EPROTONOSUPPORT for a record of another version; -EPROTO for
 * one that is none of ours; else -errno. */
int client_receive(int fd, struct control_status *status, int timeout_ms);

/* Does a supervisor of another version answer for NAME?  Then *OTHER says of it what it tells.
 * Each of two questions waits TIMEOUT_MS. */
bool client_other(const char *run_dir, const char *name, int timeout_ms,
		  struct control_other *other);

/* Open, ask once, close: 0 or -errno as above. */
int client_status(const char *run_dir, const char *name, struct control_status *status);

/* How the last run of NAME, which is over, ended, and its events: as control_last_read. */
int client_last(const char *run_dir, const char *name, struct control_last *last);

/* The last events of the supervisor of NAME; waits TIMEOUT_MS for them.  0 or -errno as above. */
int client_events(const char *run_dir, const char *name, struct control_events *events,
		  int timeout_ms);

#endif
