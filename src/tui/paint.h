/* SPDX-License-Identifier: MIT */
/* What the monitor shows, painted into cells: pure. */
#ifndef VPDIAL_TUI_PAINT_H
#define VPDIAL_TUI_PAINT_H

#include "tui/grid.h"
#include "tui/model.h"

enum view_mode {
	VIEW_MAIN,
	VIEW_LOG,
	VIEW_HELP,
};

struct view {
	enum view_mode mode;
	const struct call *const *calls;
	size_t count, selected; /* count may be 0 */
	size_t scroll;		/* lines of the log that are below the screen */
	bool bits;
	const char *notice; /* shown where there is no connection */
	uint64_t now_ms;    /* clock_now_ms() */
};

/* Paints all of GRID. */
void paint(struct grid *grid, const struct view *view);

#endif
