/* SPDX-License-Identifier: MIT */
/* Where the server writes records of calls, and `vpdial users --history` reads them. */
#ifndef VPDIAL_IPC_HISTORY_H
#define VPDIAL_IPC_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#define HISTORY_PATH_MAX 512

/* $LOGS_DIRECTORY/accounting (systemd's, of LogsDirectory=), else /var/log/vpdial/accounting.
 * False if it does not fit. */
bool history_path(char *out, size_t cap);

#endif
