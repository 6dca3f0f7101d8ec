/* SPDX-License-Identifier: MIT */
/* Asking a running server who is connected. */
#ifndef VPDIAL_CLIENT_USERS_H
#define VPDIAL_CLIENT_USERS_H

#include "ipc/users.h"

/* The rows of OP (NAME for USERS_DISCONNECT, else NULL) from the server of RUN_DIR into *ROWS,
 * which the caller frees, and *COUNT.  0; -ENOENT if no server runs there; -EPROTO; -ETIMEDOUT;
 * else -errno. */
int client_users(const char *run_dir, enum users_op op, const char *name, struct users_row **rows,
		 size_t *count);

#endif
