/* SPDX-License-Identifier: MIT */
/* The sockets that the server answers at. */
#ifndef VPDIAL_SERVER_LISTEN_H
#define VPDIAL_SERVER_LISTEN_H

#include "conf/server.h"
#include "ipc/request.h"
#include "loop/loop.h"

#include <sys/socket.h>

#define LISTENERS_MAX (CONF_LISTEN_MAX + REQUEST_FDS_MAX)

struct server;

struct listener {
	struct server *owner;
	struct loop_fd handle; /* fd -1 = none; L2TP's is read by the reader only */
	enum protocol type;
	enum request_service service; /* L2TP */
	struct sockaddr_storage at;   /* with its port */
};

/* All sockets of the enabled listeners.  0 or -errno with *REASON. */
int listeners_open(struct server *s, struct reason *reason);
void listeners_close(struct server *s, enum protocol type);

#endif
