/* SPDX-License-Identifier: MIT */
/* What the service manager is told: sd_notify(3)'s protocol, datagrams of lines to the socket that
 * $NOTIFY_SOCKET names.  Without that variable nothing is said and nothing fails. */
#ifndef VPDIAL_PRIVSEP_NOTIFY_H
#define VPDIAL_PRIVSEP_NOTIFY_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* -1 = nobody listens */
	struct sockaddr_un address;
	socklen_t address_len;
	bool ready, reloading, stopping; /* said already */
};

/* Takes the variable out of the environment, so that no child speaks for us.  A value that is no
 * socket's name counts as none. */
void notify_open(struct notify *n);
void notify_close(struct notify *n);

/* READY=1, once for the start and once for each reload. */
void notify_ready(struct notify *n);
/* RELOADING=1; notify_ready is to follow.  Before the first notify_ready it is the start that goes
 * on, and nothing is said. */
void notify_reloading(struct notify *n);
/* STOPPING=1, once. */
void notify_stopping(struct notify *n);
/* STATUS=TEXT, one line for people; control characters are replaced. */
void notify_status(const struct notify *n, const char *text);

#endif
