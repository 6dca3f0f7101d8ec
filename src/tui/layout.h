/* SPDX-License-Identifier: MIT */
/* Where each part of the monitor stands on a screen of a size: pure. */
#ifndef VPDIAL_TUI_LAYOUT_H
#define VPDIAL_TUI_LAYOUT_H

#include "tui/grid.h"

#define LAYOUT_MIN_WIDTH  20
#define LAYOUT_MIN_HEIGHT 4

/* What there is to show. */
struct layout_wants {
	int calls;   /* a list, if more than one */
	int keys;    /* lines of keys at this width */
	int phases;  /* lines of phases at this width */
	bool drops;  /* packets were dropped */
	int message; /* lines of the message at this width */
	bool urgent; /* it must be seen */
};

/* Parts without a place have height 0.  When lines run short, events go first, then phases, drops,
 * totals, graph, message, list; title, fields and keys stay. */
struct layout {
	struct rect title, list;
	struct rect link, network; /* fields; network is empty where there is one column */
	struct rect rates;	   /* received and sent now, over the graph */
	struct rect graph[2];	   /* received, sent */
	struct rect totals, drops, phases, message, keys;
	struct rect events; /* with a line above them as heading */
	struct rect body;   /* all between title and keys: for help and log */
};

/* False if the screen is too small for anything. */
bool layout_make(int width, int height, const struct layout_wants *wants, struct layout *layout);

#endif
