/* SPDX-License-Identifier: MIT */
/* Every connection that the monitor shows, with its supervisor's control socket. */
#ifndef VPDIAL_TUI_CALLS_H
#define VPDIAL_TUI_CALLS_H

#include "loop/loop.h"
#include "tui/model.h"
#include "tui/tui.h"

#define CALLS_MAX 256

struct calls;

struct watched {
	struct calls *owner;
	struct call call;
	struct loop_fd handle; /* fd -1 = no supervisor */
};

struct calls {
	struct loop *loop;
	const struct tui_source *source;
	struct watched *list[CALLS_MAX];
	const struct call *view[CALLS_MAX]; /* the same, to be painted */
	size_t count, selected;
	char notice[300];	    /* why there are none */
	void (*changed)(void *ctx); /* something of note happened: draw at once */
	void *ctx;
};

/* Looks which connections there are now, and keeps the selected one selected. */
void calls_scan(struct calls *calls);

/* Once a second: looks for supervisors, for what changed of the selected one, and lets time pass.
 */
void calls_tick(struct calls *calls);

void calls_close(struct calls *calls);

/* The selected one, or NULL. */
struct watched *calls_selected(struct calls *calls);

/* The one with this name, or NULL. */
struct watched *calls_find(struct calls *calls, const char *name);

/* One that does not run: its profile, and what its end has left, may have changed. */
void watched_refresh(struct watched *w);

/* An event of the monitor's own. */
void watched_event(struct watched *w, enum log_level level, const char *text);

/* Tells the supervisor, if there is one: true if it was told. */
bool watched_tell(struct watched *w, enum control_op op);

#endif
