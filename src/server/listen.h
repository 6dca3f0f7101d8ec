/* SPDX-License-Identifier: MIT */
/* The server's sockets, and those of a call that begins. */
#ifndef VPDIAL_SERVER_LISTEN_H
#define VPDIAL_SERVER_LISTEN_H

#include "conf/server.h"
#include "loop/loop.h"

#include <sys/socket.h>

#define LISTENERS_MAX (2 * CONF_LISTEN_MAX)

struct call;
struct server;

struct listener {
	struct server *owner;
	struct loop_fd handle; /* fd -1 = none; L2TP's is read by the reader only */
	enum protocol type;
	struct sockaddr_storage at; /* with its port */
};

/* All sockets of the enabled listeners.  0 or -errno with *REASON. */
int listeners_open(struct server *s, struct reason *reason);
void listeners_close(struct server *s, enum protocol type);

/* Ids, and the socket for the data of a call that was accepted.  0 or -errno. */
int call_sockets_open(struct call *c);

#endif
