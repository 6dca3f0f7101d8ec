/* SPDX-License-Identifier: MIT */
/* Lines of text that the parts of the screen are made of. */
#ifndef VPDIAL_TUI_PAINT_TEXT_H
#define VPDIAL_TUI_PAINT_TEXT_H

#include "tui/grid.h"
#include "tui/model.h"

/* Good, busy or bad, by the status. */
enum role status_role(const struct control_status *status);

/* "resolving 2 ms, connecting 21 ms, ...": the states of the dial with the time each took; ""
 * before the first. */
void phases_text(const struct call *call, uint64_t now_ms, char *out, size_t cap);

/* "3 received twice, 1 received, malformed": dropped packets by reason; "" if none. */
void drops_text(const struct control_status *status, char *out, size_t cap);

/* Words over the lines of R; what does not fit the last one is cut.  The number of lines; GRID NULL
 * only counts how many it takes. */
int paint_wrapped(struct grid *grid, struct rect r, enum role role, const char *text);

/* The first line of R as a line with a heading. */
void paint_rule(struct grid *grid, struct rect r, const char *heading);

/* Time and text, over at most the lines of R: the number.  GRID NULL only counts. */
int paint_event(struct grid *grid, struct rect r, const struct control_event *event);

/* The line of keys, over as many lines as its width needs: the number.  GRID NULL only counts. */
int paint_keys(struct grid *grid, struct rect r);

void paint_help(struct grid *grid, struct rect r);

#endif
