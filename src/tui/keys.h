/* SPDX-License-Identifier: MIT */
/* The keys of the monitor: one table for what they do, the line of keys and the help. */
#ifndef VPDIAL_TUI_KEYS_H
#define VPDIAL_TUI_KEYS_H

#include <stddef.h>

enum action {
	ACTION_NONE,
	ACTION_CONNECT,
	ACTION_DISCONNECT,
	ACTION_REDIAL,
	ACTION_LOG,
	ACTION_UNITS,
	ACTION_SELECT, /* in the table only: those below do it */
	ACTION_HELP,
	ACTION_QUIT,
	ACTION_UP,
	ACTION_DOWN,
	ACTION_BACK, /* out of log and help */
	ACTION_REDRAW,
	ACTION_SUSPEND,
};

struct key {
	const char *key;
	const char *word; /* in the line of keys */
	const char *help;
	enum action action;
};
const struct key *keys_table(size_t *count);

/* What the character CODE asks for. */
enum action keys_action(int code);

#endif
