/* SPDX-License-Identifier: MIT */
/* What the files of the supervisor share. */
#ifndef VPDIAL_SUPERVISOR_INTERNAL_H
#define VPDIAL_SUPERVISOR_INTERNAL_H

#include "base/log.h"
#include "conf/profile.h"
#include "host/host.h"
#include "host/watch.h"
#include "ipc/events.h"
#include "ipc/request.h"
#include "loop/loop.h"
#include "supervisor/notify.h"
#include "supervisor/process.h"
#include "supervisor/redial.h"

#include <sys/types.h>

#define ADDRESSES_MAX 8
#define CLIENTS_MAX   16
#define RUN_DIR_MAX   256

struct options {
	const char *name;
	const char *config; /* NULL = default */
	const char *run_dir;
	bool debug, foreground, recover, redial;
	uint32_t timeout_s;
	int control_fd, secrets_fd; /* -1 = none */
};

/* resolve.c: the server's name, looked up by a child without privileges. */
struct resolver {
	pid_t pid; /* 0 = not running */
	struct loop_fd handle;
	struct resolver_answer {
		int32_t error; /* of getaddrinfo */
		uint32_t count;
		struct sockaddr_storage addresses[ADDRESSES_MAX];
	} answer;
	size_t answer_len;
};

/* sockets.c: made before the session is ready to take them; -1 = none. */
struct call_sockets {
	int control, wire;
	int packet; /* `fast-gre` */
};

struct hooks;
struct supervisor;

struct control_client {
	struct supervisor *owner;
	struct loop_fd handle;	/* fd -1 = free */
	bool watching, waiting; /* waiting: for fresh statistics */
	bool missed;		/* the newest status did not get through */
	bool other;		/* it speaks another version */
};

struct supervisor {
	struct options options;
	char config_dir[CONF_PATH_LEN], run_dir[RUN_DIR_MAX];
	struct conf_profile profile;
	struct conf_secrets secrets;
	struct log log;
	struct loop *loop;
	struct host *host;
	struct host_tun tun;
	struct loop_fd signal_handle, listen_handle;
	struct loop_timer limit_timer;	/* --timeout, then the end of an unanswered hang-up */
	struct loop_timer second_timer; /* fresh statistics while someone watches */
	struct loop_timer wait_timer;	/* until the next dial */
	struct loop_timer lookup_timer;
	struct loop_fd traffic_handle; /* dial-on-demand: the TUN device, watched, not read */
	struct loop_fd clock_handle;   /* tells of sleep */
	struct host_watch *watch;
	struct redial redial;
	struct notify notify;
	bool tell_encoding; /* to it, when it is known */
	struct control_client clients[CLIENTS_MAX];
	struct resolver resolver;
	struct session_process session;
	struct call_sockets sockets;
	struct sockaddr_storage addresses[ADDRESSES_MAX];
	size_t address_count, address_at;
	struct sockaddr_storage last_address; /* of the last call that was up; family 0 = none */
	struct host_path server_path;
	struct host_path wait_path; /* as the wait for the next dial knows it; ifindex 0 = none */
	uint16_t call_id, tunnel_id;
	struct {
		bool on;   /* the session has a packet socket */
		bool owed; /* what it was told last did not reach it */
		struct in_addr source;
		uint8_t ttl;
		struct request_next_hop told; /* to the session */
		const char *why_not;	      /* as said last */
		uint64_t lines_ms;	      /* of the log: their minute began */
		unsigned lines;
	} fast;
	struct sockaddr_storage covered_from; /* our end, with use-ipsec = external */
	bool source_port_1701;		      /* L2TP: this attempt sends from port 1701 */
	struct request_network applied;	      /* what the machine has now */
	struct host_applied ways;	      /* how it got that */
	unsigned lost_routes;		      /* without effect, as said last; the first of them: */
	char lost_route[240];
	struct request_routes told; /* by the server, by DHCP, for that address */
	bool told_any;		    /* once only */
	bool network_up, detached, hanging_up;
	bool done;	 /* all is undone; scripts may run still */
	bool over;	 /* nothing runs any more */
	bool ending;	 /* the session hangs up by itself */
	bool redial_now; /* the call ends only to be dialed again */
	bool wait_dials; /* the wait ends with a dial, also with dial-on-demand */
	bool preparing;	 /* dial-on-demand: the look-up before the device can be ready */
	bool path_lost;	 /* no way to the server now */
	struct hooks *hooks;
	bool event_waits; /* the call waits for vpn-pre-up */
	bool event_stats; /* which waits for statistics */
	bool event_up;	  /* vpn-up was due, so vpn-down will be */
	unsigned pre_ups; /* of this call and of those before it, not ended yet */
	uint64_t begun_ms, dialed_ms, slept_ms;
	uint64_t signal_ms; /* of the last request to end by signal */
	uint64_t state_since_ms, up_since_ms;
	struct control_status status;
	struct control_events history;
	struct reason reason;
	struct {
		struct request_call ids;
		char server[64]; /* its address as text */
	} crashed;
	bool last_end_before;  /* the status' last_end is of the run before this one */
	struct reason failure; /* of this dial's attempts so far, the one that tells most */
	enum reason_weight failure_weight;
};

/* supervisor.c */
/* Says what its own timers do; none is started. */
void supervisor_timers(struct supervisor *s);
void supervisor_set_state(struct supervisor *s, enum control_state state, const char *message);
/* The call will not come up, or is over: undoes all and ends. */
void supervisor_end(struct supervisor *s, enum exit_status code, const char *text);
void supervisor_hang_up(struct supervisor *s, enum exit_status code, const char *text);
/* What follows the scripts of an event: the call is up; the session is told to hang up; after the
 * end of all, the loop stops. */
void supervisor_connected(struct supervisor *s);
void supervisor_farewell(struct supervisor *s);
void supervisor_finish(struct supervisor *s);
/* The session said that it is hanging up: it may take only so long. */
void supervisor_expect_end(struct supervisor *s);

/* profile.c */
/* Profile, scripts and password.  0, or -errno (> 0: no password) with the reason in S. */
int profile_load(struct supervisor *s);
/* What the status tells of it. */
void profile_describe(struct supervisor *s);
/* The machine's side learns of `src-address`. */
void profile_set_source(struct supervisor *s);
/* Reads it anew; what cannot be read leaves the old one. */
void profile_reload(struct supervisor *s);
/* In a child that goes on without it: wipes its copies of the secrets; CTX is the supervisor. */
void profile_forget(void *ctx);

/* dial.c */
/* A dial from its beginning: the name is looked up anew, all its addresses are tried. */
void dial_start(struct supervisor *s);
/* Only the look-up; dial_addresses follows. */
void dial_look_up(struct supervisor *s);
void dial_addresses(struct supervisor *s, const char *error);
/* The call is handed over as soon as both the session and the sockets are ready. */
void dial_session_ready(struct supervisor *s);
void dial_session_ended(struct supervisor *s, const struct reason *reason,
			enum reason_weight weight);
/* Puts away whatever there is of a dial or call. */
void dial_abandon(struct supervisor *s);

/* persist.c */
void persist_init(struct supervisor *s);
/* A dial failed at all addresses, or a call ended: wait and dial again, or end. */
void persist_over(struct supervisor *s, const struct reason *reason);
/* Hangs up what there is and dials at once; TEXT says why. */
void persist_dial_now(struct supervisor *s, const char *text);
/* TEXT ended what there is of a call, and no farewell can reach the server, or it cuts short the
 * wait: a dial follows soon, but not sooner than `redial-min` permits. */
void persist_dial_soon(struct supervisor *s, const char *text);
/* Dial on demand: looks up the server, then makes the device ready and waits for traffic. */
void demand_begin(struct supervisor *s);
void demand_prepare(struct supervisor *s);
void demand_wait(struct supervisor *s);
void demand_stop(struct supervisor *s);

/* roam.c */
/* The server and the device that changes of the network are judged by. */
void roam_set(struct supervisor *s);
/* A wait for the next dial begins: changes are judged by the way to the server as it is now. */
void roam_note(struct supervisor *s);
/* Somebody says that the network changed or that the machine was asleep. */
void roam_check(struct supervisor *s);
int roam_begin(struct supervisor *s, struct reason *reason);
void roam_end(struct supervisor *s);
unsigned bind_ifindex(const struct supervisor *s);
/* 0 = the TUN device is there, 1 = it was made (anew), or -errno with *REASON. */
int tun_ensure(struct supervisor *s, struct reason *reason);

/* options.c: 0, or an exit status after a message on stderr. */
int options_parse(struct options *o, int argc, char **argv);

/* resolve.c */
int resolver_start(struct supervisor *s);
void resolver_stop(struct supervisor *s);

/* sockets.c: the sockets for one call to the present address, and its call id.  The connection is
 * under way when sockets_open returns: its round trip passes while the session gets ready.  0 or
 * -errno with *REASON. */
int sockets_open(struct supervisor *s, struct reason *reason);
void sockets_close(struct supervisor *s);

/* cover.c: `use-ipsec = external`. */
/* Holds the socket FD, for datagrams to TO, to the policy that covers them.  0, or -errno with
 * *REASON, if there is none. */
int cover_hold(struct supervisor *s, int fd, const struct sockaddr_storage *to,
	       struct reason *reason);
/* Policies changed: without one the call ends. */
void cover_check(struct supervisor *s);

/* fast.c: `fast-gre`. */
/* The packet socket of a call, beside its raw socket; without one the call does. */
void fast_open(struct supervisor *s);
/* The session has it: tells it the next hop, now and when that changes. */
void fast_begin(struct supervisor *s);
void fast_check(struct supervisor *s);
void fast_end(struct supervisor *s);

/* spawn.c */
int session_spawn(struct supervisor *s, struct reason *reason);
void session_stop(struct supervisor *s, bool kill_it);
int session_start_call(struct supervisor *s, struct reason *reason);

/* crashed.c: a tunnel whose session died. */
void crashed_note(struct supervisor *s, const struct request_call *ids);
void crashed_forget(struct supervisor *s);
/* At the start: what a killed run has left. */
void crashed_load(struct supervisor *s);
/* For the session that dials the same server now, once; all zero if there is none. */
struct request_call crashed_take(struct supervisor *s);

/* last.c: ipc/last.h. */
/* At the start: the status tells how the run before this one ended. */
void last_begin(struct supervisor *s);
/* A dial or call ended because of WHY, and the run goes on. */
void last_note(struct supervisor *s, const struct reason *why);
/* A call is up: what a run before this one met is of no interest any more. */
void last_up(struct supervisor *s);
void last_end(struct supervisor *s);

/* judge.c: what the session asked to apply, checked against the profile and applied. */
void judge_network(struct supervisor *s, const struct request_network *n);
void judge_routes(struct supervisor *s, const struct request_routes *routes);
void judge_stats(struct supervisor *s, const struct request_stats *stats);
/* With `lockdown`, before a dial: what goes into the tunnel goes nowhere else from now on.  0 or
 * -errno with *REASON. */
int judge_lockdown(struct supervisor *s, struct reason *reason);
/* Repairs what somebody else took away of what is applied. */
void judge_again(struct supervisor *s);
/* The status of the call that is up, from what the kernel answers now. */
void judge_look(struct supervisor *s);
/* The device before there is a call: the profile's addresses or stand-ins, and the routes.  0 or
 * -errno with *REASON. */
int judge_demand(struct supervisor *s, struct reason *reason);

/* events.c: the administrator's scripts (hooks.h). */
int events_open(struct supervisor *s);
/* The profile was read anew. */
void events_reload(struct supervisor *s);
/* The network is applied: vpn-pre-up, supervisor_connected, vpn-up. */
void events_network(struct supervisor *s);
void events_stats(struct supervisor *s);
/* True if scripts run now and supervisor_farewell follows them. */
bool events_pre_down(struct supervisor *s);
/* The call is lost and another one is to come: nobody waits for these scripts. */
void events_lost(struct supervisor *s, const struct reason *why);
/* All is undone: true if scripts run now and supervisor_finish follows them. */
bool events_down(struct supervisor *s);
void events_abort(struct supervisor *s);
void events_close(struct supervisor *s);

/* routes.c: the routes of the call with where each came from: of the profile, told by the server,
 * by the class of the address; the default route is the host's own matter. */
struct call_routes {
	struct route routes[CONTROL_ROUTES_MAX];
	enum control_route_from from[CONTROL_ROUTES_MAX];
	size_t count;
};
/* What may be of it; with WARN, what may not is logged with the reason. */
void routes_collect(const struct supervisor *s, struct in_addr local, bool warn,
		    struct call_routes *out);
/* Into the status: ROUTES first, the default route last. */
void routes_show(const struct call_routes *routes, const struct host_config *c,
		 const struct host_applied *ways, struct control_status *st);

/* effects.c: which of C is in effect, into the status, whose routes are those of C; what changed
 * since the last look is logged. */
void effects_look(struct supervisor *s, const struct host_config *c);

/* manager.c: the service manager is told the state when it changes. */
void manager_open(struct supervisor *s);
void manager_tell(struct supervisor *s);
/* The first statistics of a call tell its encoding. */
void manager_stats(struct supervisor *s);
/* The profile is about to be read anew. */
void manager_reloading(struct supervisor *s);
void manager_close(struct supervisor *s);

/* control.c */
int control_listen(struct supervisor *s, struct reason *reason);
void control_adopt(struct supervisor *s, int fd);
void control_broadcast(struct supervisor *s, bool to_waiting);
/* Removes the socket of a supervisor that was killed. */
void control_remove_dead(const char *run_dir, const char *name);
void control_close(struct supervisor *s);
bool control_watched(const struct supervisor *s);

#endif
