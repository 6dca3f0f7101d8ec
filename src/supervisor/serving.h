/* SPDX-License-Identifier: MIT */
/* What the files of the server's privileged process share. */
#ifndef VPDIAL_SUPERVISOR_SERVING_H
#define VPDIAL_SUPERVISOR_SERVING_H

#include "base/log.h"
#include "host/host.h"
#include "ipc/users.h"
#include "loop/loop.h"
#include "supervisor/notify.h"
#include "supervisor/process.h"
#include "supervisor/serve.h"

#define LISTENERS_MAX	  (2 * CONF_LISTEN_MAX)
#define USERS_CLIENTS_MAX 16
#define RUN_DIR_MAX	  256

struct server;

struct listener {
	struct server *owner;
	struct loop_fd handle; /* fd -1 = none */
	enum conf_type type;
};

/* One call, from its acceptance to the end of its session. */
struct call {
	struct server *server;
	struct call *next;
	enum conf_type type;
	unsigned number;
	struct log log;
	struct sockaddr_storage peer, own; /* outer addresses; own without port for PPTP */
	struct session_process session;
	int control, wire; /* until the session has them; -1 = none */
	size_t first_len;
	uint8_t first[REQUEST_FIRST_MAX]; /* L2TP: as it came, looked at by nobody */
	uint16_t call_id, tunnel_id;
	size_t slot;
	struct host *host;
	struct host_tun tun;
	struct loop_timer limit_timer; /* half-open, then the end of an unanswered hang-up */
	unsigned accounts_asked;       /* by its session */
	int secret;		       /* index; -1 = not known yet */
	const struct conf_interface *interface; /* static entry, NULL = dynamic */
	struct in_addr remote;			/* to be given */
	bool refused; /* its session only tells the caller that there is no room: no slot */
	bool proved;  /* the password was right, says the session */
	bool open, ending, dead;
	uint64_t up_since_ms;
	struct request_network network; /* what the machine has */
	struct request_stats stats;
};

struct users_client {
	struct server *owner;
	struct loop_fd handle; /* fd -1 = free */
};

struct server {
	const struct serve_options *options;
	const struct serve_policy *rules;
	void *policy;
	struct conf_server conf;
	char run_dir[RUN_DIR_MAX];
	struct log log;
	struct notify notify;
	struct loop *loop;
	struct loop_fd signal_handle, users_handle;
	struct loop_timer reap_timer; /* dead calls are freed outside of their callbacks */
	struct loop_timer end_timer;
	struct listener listeners[LISTENERS_MAX];
	size_t listener_count;
	struct users_client clients[USERS_CLIENTS_MAX];
	struct call *calls;
	unsigned last_number;
	bool stopping;
	uint64_t turned_away;
	struct log_limit limit; /* of lines about it */
	struct reason reason;
};

/* listen.c: all sockets of the enabled listeners.  0 or -errno with *REASON. */
int listeners_open(struct server *s, struct reason *reason);
void listeners_close(struct server *s);

/* listen.c: ids, and the socket for the data of a call that was accepted.  0 or -errno. */
int call_sockets_open(struct call *c);

/* call.c: a call of TYPE with what is KNOWN of it: addresses, control (PPTP) or first (L2TP).  The
 * descriptor becomes the call's, also on failure. */
void call_begin(struct server *s, enum conf_type type, const struct call *known);
void call_hang_up(struct call *c, enum exit_status code, const char *text);
/* Ends it at once and without farewell. */
void call_kill(struct call *c);
void calls_reap(struct server *s);
const struct conf_secret *call_secret(const struct call *c);

/* users.c */
int users_listen(struct server *s, struct reason *reason);
void users_close(struct server *s);

/* "10.0.0.1 port 4711" into BUF; returns BUF. */
char *serve_address(const struct sockaddr_storage *a, char *buf, size_t cap);

#endif
