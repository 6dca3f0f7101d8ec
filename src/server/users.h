/* SPDX-License-Identifier: MIT */
/* The control socket of `vpdial users`: who is connected, and hanging up. */
#ifndef VPDIAL_SERVER_USERS_H
#define VPDIAL_SERVER_USERS_H

#include "base/reason.h"
#include "ipc/users.h"
#include "loop/loop.h"

#define USERS_CLIENTS_MAX 16

struct server;

struct users_client {
	struct server *owner;
	struct loop_fd handle; /* fd -1 = free */
};

int users_listen(struct server *s, struct reason *reason);
void users_close(struct server *s);

#endif
