/* SPDX-License-Identifier: MIT */
/* A graph of rates in cells. */
#ifndef VPDIAL_TUI_GRAPH_H
#define VPDIAL_TUI_GRAPH_H

#include "tui/grid.h"
#include "tui/model.h"

/* The rates of CALL, received or sent, in R: the newest at the right, a second each, with a scale
 * at the left.  TOP is the value at the upper edge, in the unit of BITS. */
void graph_paint(struct grid *grid, struct rect r, const struct call *call, bool rx, uint64_t top,
		 bool bits);

/* The largest rate that a graph in R would show, in the unit of BITS. */
uint64_t graph_largest(struct rect r, const struct call *call, bool rx, bool bits);

#endif
