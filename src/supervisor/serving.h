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

#define EARLY_MAX	  4 /* datagrams kept for a session that is not there yet */
#define LISTENERS_MAX	  (2 * CONF_LISTEN_MAX)
#define USERS_CLIENTS_MAX 16
#define RUN_DIR_MAX	  256

struct server;

struct listener {
	struct server *owner;
	struct loop_fd handle; /* fd -1 = none; L2TP's is read by the reader only */
	enum protocol type;
	struct sockaddr_storage at; /* with its port */
};

/* reader.c */
struct reader {
	struct session_process process;
	struct log log;
	struct loop_timer timer; /* until it is started again */
	unsigned failures;
	uint64_t since_ms;
	struct allowance tunnels, datagrams;
	struct request_shut told;
};

/* One call, from its acceptance to the end of its session. */
struct call {
	struct server *server;
	struct call *next;
	enum protocol type;
	unsigned number;
	struct log log;
	struct sockaddr_storage peer, own; /* outer addresses; own without port for PPTP */
	struct session_process session;
	int control, wire; /* until the session has them; -1 = none */
	/* L2TP: as the reader named it, and what came before its session was there. */
	struct request_place place;
	struct adopted_tunnel adopted;
	struct sockaddr_storage listener;	   /* where its listener is bound */
	struct request_datagram *early[EARLY_MAX]; /* owned */
	size_t early_count;
	uint16_t call_id, tunnel_id;
	size_t slot;
	struct host *host;
	struct host_tun tun;
	struct loop_timer limit_timer; /* half-open, then the end of an unanswered hang-up */
	unsigned accounts_asked;       /* by its session */
	int secret;		       /* index; -1 = not known yet */
	const struct conf_interface *interface; /* static entry, NULL = dynamic */
	struct in_addr remote;			/* to be given */
	bool refused; /* PPTP: its session only tells the caller that there is no room: no slot */
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
	struct reader reader;
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
void listeners_close(struct server *s, enum protocol type);

/* listen.c: ids, and the socket for the data of a call that was accepted.  0 or -errno. */
int call_sockets_open(struct call *c);

/* reader.c: starts it if there is an L2TP socket.  0 or -errno with *REASON; later it is started
 * again by itself. */
int reader_start(struct server *s, struct reason *reason);
void reader_stop(struct server *s);
/* Whether tunnels may begin: to be called where that may have changed. */
void reader_tell(struct server *s);
/* The tunnel KNOWN gets no call. */
void reader_turn_away(struct server *s, const struct call *known, const char *why);

/* call.c: a call of TYPE with what is KNOWN of it: addresses, control (PPTP) or place and adopted
 * (L2TP).  The descriptor becomes the call's, also on failure. */
void call_begin(struct server *s, enum protocol type, const struct call *known);
/* A datagram of its tunnel that came to the reader. */
void call_early(struct call *c, const struct request_datagram *datagram);
void call_hang_up(struct call *c, enum exit_status code, const char *text);
/* Ends it at once and without farewell. */
void call_kill(struct call *c);
void calls_reap(struct server *s);
const struct conf_secret *call_secret(const struct call *c);

/* users.c */
int users_listen(struct server *s, struct reason *reason);
void users_close(struct server *s);

/* The name that sessions and reader give to callers. */
void serve_host_name(char *buf, size_t cap);

#endif
