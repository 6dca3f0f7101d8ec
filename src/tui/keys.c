/* SPDX-License-Identifier: MIT */
/* The table of keys. */
#include "tui/keys.h"

static const struct key table[] = {
	{"c", "connect", "dial the selected connection", ACTION_CONNECT},
	{"d", "disconnect", "hang up; undo what a killed supervisor left", ACTION_DISCONNECT},
	{"r", "redial", "hang up and dial again at once", ACTION_REDIAL},
	{"l", "log", "the last events on the whole screen, and back", ACTION_LOG},
	{"u", "units", "bits or bytes a second", ACTION_UNITS},
	{"j/k", "select", "the next or previous connection (also arrow keys)", ACTION_SELECT},
	{"?", "help", "this text, and back (also h)", ACTION_HELP},
	{"q", "quit", "leave the monitor; connections stay as they are", ACTION_QUIT},
};

static const struct {
	int code;
	enum action action;
} codes[] = {
	{'c', ACTION_CONNECT}, {'d', ACTION_DISCONNECT},   {'r', ACTION_REDIAL},
	{'l', ACTION_LOG},     {'u', ACTION_UNITS},	   {'j', ACTION_DOWN},
	{'k', ACTION_UP},      {'?', ACTION_HELP},	   {'h', ACTION_HELP},
	{'q', ACTION_QUIT},    {'C' - 64, ACTION_QUIT},	   {'L' - 64, ACTION_REDRAW},
	{27, ACTION_BACK},     {'Z' - 64, ACTION_SUSPEND},
};

const struct key *keys_table(size_t *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}

enum action keys_action(int code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			return codes[i].action;
	return ACTION_NONE;
}
