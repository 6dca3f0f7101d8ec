/* SPDX-License-Identifier: MIT */
/* `vpdial monitor`: the screen. */
#ifndef VPDIAL_TUI_TUI_H
#define VPDIAL_TUI_TUI_H

#include "client/client.h"

/* What the monitor needs of rooms that it may not see. */
struct tui_source {
	void *ctx;
	const char *run_dir;
	const char *only; /* the one connection to show; NULL = all */
	/* Names of profiles and of whatever runs, sorted; the caller frees each and the array.  0
	 * or -errno with ERROR (one sentence). */
	int (*names)(void *ctx, char ***names, size_t *count, char *error, size_t cap);
	/* What the profile tells of a connection that does not run. */
	void (*describe)(void *ctx, const char *name, struct control_status *status);
	/* Will `vpdial connect NAME` ask for a password? */
	bool (*asks)(void *ctx, const char *name);
	/* Becomes `vpdial COMMAND NAME`; returns only on failure. */
	void (*become)(void *ctx, const char *command, const char *name);
};

/* Shows the screen until the user leaves it or a signal ends it.  An exit status; -ENOTTY if the
 * terminal cannot place text; else -errno. */
int tui_run(const struct tui_source *source);

#endif
