/* SPDX-License-Identifier: MIT */
/* recover.c: undoing by journal. */
#ifndef VPDIAL_HOST_RECOVER_H
#define VPDIAL_HOST_RECOVER_H

#include "host/internal.h"

/* *REASON of a journal that cannot be kept. */
void host_journal_failed(const struct host *host, int r, struct reason *reason);
/* Undoes what the open journal J holds.  The number of things undone, or -errno. */
int host_journal_undo(struct journal *j, const struct log *log);
/* host_recover, waiting WAIT_MS for a lock that its holder may be about to leave. */
int host_recover_wait(const char *run_dir, const char *name, const struct log *log,
		      unsigned wait_ms);

#endif
