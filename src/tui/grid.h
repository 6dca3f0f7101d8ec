/* SPDX-License-Identifier: MIT */
/* A screen as cells with roles, painted without a terminal. */
#ifndef VPDIAL_TUI_GRID_H
#define VPDIAL_TUI_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

/* What a cell means; the screen knows how that looks. */
enum role {
	ROLE_PLAIN,
	ROLE_TITLE,
	ROLE_LABEL,
	ROLE_GOOD,
	ROLE_BUSY,
	ROLE_BAD,
	ROLE_SELECTED,
	ROLE_RULE, /* lines and scales */
	ROLE_RX,
	ROLE_TX,
	ROLE_KEY,
	ROLE_COUNT
};

struct cell {
	wchar_t c; /* 0 = the right half of a wide character */
	uint8_t role;
};

struct grid {
	int width, height;
	bool utf8;	    /* may characters beyond ASCII be shown? */
	struct cell *cells; /* owned; row by row */
};

struct rect {
	int x, y, width, height;
};

/* 0 or -ENOMEM; grid_free also after a failure. */
int grid_resize(struct grid *grid, int width, int height);
void grid_free(struct grid *grid);
void grid_clear(struct grid *grid);

void grid_put(struct grid *grid, int x, int y, enum role role, wchar_t c);
void grid_fill(struct grid *grid, struct rect r, enum role role, wchar_t c);

/* TEXT (of the locale's encoding) at X, Y in at most WIDTH cells.  What does not fit is cut at the
 * end of a word, if there is one, and dots tell; what cannot be printed becomes '?'.  The number of
 * cells. */
int grid_text(struct grid *grid, int x, int y, int width, enum role role, const char *text);

/* Cells that TEXT takes. */
int grid_width(const char *text);

#endif
