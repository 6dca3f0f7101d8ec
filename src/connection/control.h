/* SPDX-License-Identifier: MIT */
/* The control socket: a few clients, each of which may ask, watch and hang up. */
#ifndef VPDIAL_CONNECTION_CONTROL_H
#define VPDIAL_CONNECTION_CONTROL_H

#include "connection/life.h"
#include "connection/roam.h"
#include "ipc/control.h"
#include "ipc/events.h"
#include "loop/loop.h"
#include "privsep/process.h"

#define CLIENTS_MAX 16

struct control;

enum client_wants {
	WANTS_NOTHING,
	WANTS_STATUS, /* one, after fresh statistics */
	WANTS_EACH,
};

struct control_client {
	struct control *owner;
	struct loop_fd handle; /* fd -1 = free */
	enum client_wants wants;
	uint32_t version; /* that it speaks */
	/* The newest status did not get through: of its socket, whatever it wants. */
	bool missed;
};

struct control {
	struct loop *loop;
	const struct log *log;
	struct life *life;
	struct roam *roam;
	struct session_process *session; /* gives the statistics */
	struct control_status *status;
	const struct control_events *history;
	const uint64_t *up_since_ms;
	const char *run_dir, *name;
	struct loop_fd listen_handle;
	struct loop_timer second_timer; /* fresh statistics while someone watches */
	struct control_client clients[CLIENTS_MAX];
	struct control_client *dialer; /* goes away: nobody wants the call; NULL = none */
};

/* The members that come first in CONTROL are set; the rest is made here. */
void control_init(struct control *control);
int control_listen(struct control *control, struct reason *reason);
/* FD is that of the program that dialed. */
void control_adopt(struct control *control, int fd);
/* The call does not depend on the program that dialed any more. */
void control_let_go(struct control *control);
void control_broadcast(struct control *control, bool to_waiting);
/* If somebody watches: once a second from now on, until nobody does. */
void control_pace(struct control *control);
/* Asks the session, if there is one, for statistics. */
void control_ask_session(struct control *control);
/* Removes the socket of a supervisor that was killed. */
void control_remove_dead(const char *run_dir, const char *name);
void control_close(struct control *control);

#endif
