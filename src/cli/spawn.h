/* SPDX-License-Identifier: MIT */
/* Starting the supervisor, which main/ gives us as a function, in a process of its own. */
#ifndef VPDIAL_CLI_SPAWN_H
#define VPDIAL_CLI_SPAWN_H

#include "cli/cli.h"
#include "conf/profile.h"

#include <sys/types.h>

/* A supervisor that dials. */
struct spawned {
	pid_t pid;
	int control_fd; /* owned: its statuses come here, CONTROL_HANGUP may go there */
};

/* Starts the supervisor of NAME, in a session of its own, with the secrets in a pipe; *SECRETS
 * are wiped, so that what is forked has no copy.  0 or -errno. */
int spawn_supervisor(const struct cli *cli, const char *name, struct conf_secrets *secrets,
		     struct spawned *out);

/* Becomes the supervisor of NAME, *SECRETS are wiped likewise: its exit status, or -errno if it
 * could not be started. */
int spawn_in_place(const struct cli *cli, const char *name, struct conf_secrets *secrets);

/* Runs `supervise --recover NAME` and waits: its exit status, or -errno. */
int spawn_recovery(const struct cli *cli, const char *name);

#endif
