/* SPDX-License-Identifier: MIT */
/* Starting the supervisor, which main/ gives us as a function, in a process of its own. */
#ifndef VPDIAL_CLI_SPAWN_H
#define VPDIAL_CLI_SPAWN_H

#include "base/secret.h"
#include "cli/cli.h"

#include <sys/types.h>

/* A supervisor that dials. */
struct spawned {
	pid_t pid;
	int control_fd; /* owned: its statuses come here, CONTROL_HANGUP may go there */
};

/* Starts the supervisor of NAME, in a session of its own, with the password in a pipe; *PASSWORD
 * is wiped, so that what is forked has no copy.  0 or -errno. */
int spawn_supervisor(const struct cli *cli, const char *name, struct secret *password,
		     struct spawned *out);

/* Becomes the supervisor of NAME, *PASSWORD is wiped likewise: its exit status, or -errno if it
 * could not be started. */
int spawn_in_place(const struct cli *cli, const char *name, struct secret *password);

/* Runs `supervise --recover NAME` and waits: its exit status, or -errno. */
int spawn_recovery(const struct cli *cli, const char *name);

#endif
