/* SPDX-License-Identifier: MIT */
/* What the files of this room share: the host's state and the steps by which each change is
 * undone. */
#ifndef VPDIAL_HOST_INTERNAL_H
#define VPDIAL_HOST_INTERNAL_H

#include "base/log.h"
#include "host/host.h"
#include "host/journal.h"
#include "host/netlink.h"
#include "host/undo.h"

#define HOST_STEPS_MAX 96

struct host {
	struct host_nl nl;
	const struct log *log;
	char run_dir[HOST_PATH_MAX]; /* absolute */
	char name[HOST_NAME_MAX];
	struct journal journal;
	int guard_fd; /* our end of the guardian's socket, -1 = none */
	pid_t guard_pid;
	size_t step_count;
	struct undo_step steps[HOST_STEPS_MAX]; /* undone from the last to the first */
};

/* Remembers STEP (its memory goes over to HOST).  Steps that outlive the device are written to
 * the journal first, and the guardian is started: call this BEFORE doing the change.
 * 0 or -errno, and then STEP has been freed. */
int host_push(struct host *host, struct undo_step *step);
/* Forgets the last step: its change was not done. */
void host_pop(struct host *host);

/* host_recover, waiting WAIT_MS for a lock that its holder may be about to leave. */
int host_recover_wait(const char *run_dir, const char *name, const struct log *log,
		      unsigned wait_ms);

/* Starts the process that undoes the journal when this one dies; once.  0 or -errno. */
int host_guard_start(struct host *host);
/* Tells it that there is nothing to undo, and waits for its end. */
void host_guard_stop(struct host *host);

/* Everything of CONFIG but DNS.  0 or -errno with *REASON. */
int host_network_apply(struct host *host, const struct host_config *config,
		       struct host_applied *applied, struct reason *reason);
/* DNS: a failure is only a warning. */
void host_dns_apply(struct host *host, const struct host_config *config,
		    struct host_applied *applied);

#endif
