/* SPDX-License-Identifier: MIT */
/* The terminal: cells go out, keys come in. */
#ifndef VPDIAL_TUI_SCREEN_H
#define VPDIAL_TUI_SCREEN_H

#include "tui/grid.h"
#include "tui/keys.h"

/* 0, or -ENOTTY if this terminal cannot place text. */
int screen_open(void);
void screen_close(void);

/* The terminal as it was, for a while, and back. */
void screen_leave(void);
void screen_enter(void);

/* Asks the terminal how large it is and makes GRID so; 0 or -ENOMEM. */
int screen_size(struct grid *grid);

/* May characters beyond ASCII be shown? */
bool screen_utf8(void);

/* Sends what differs from what is there. */
void screen_draw(const struct grid *grid);

/* All of it anew at the next screen_draw: another program has written over it. */
void screen_forget(void);

/* The next key, or ACTION_NONE with *MORE false if there is none. */
enum action screen_key(bool *more);

#endif
