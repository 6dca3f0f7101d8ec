/* SPDX-License-Identifier: MIT */
/* One path. */
#include "ipc/history.h"

#include <stdio.h>
#include <stdlib.h>

#define LOGS_DIR "/var/log/vpdial"

bool history_path(char *out, size_t cap)
{
	const char *given = getenv("LOGS_DIRECTORY");

	return (size_t)snprintf(out, cap, "%s/accounting",
				given && given[0] == '/' ? given : LOGS_DIR) < cap;
}
