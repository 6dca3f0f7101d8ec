/* SPDX-License-Identifier: MIT */
/* The control socket: how programs ask a running supervisor.
 *
 * RUN_DIR/NAME.sock, SOCK_SEQPACKET.  A client sends one struct control_request per record, the
 * supervisor answers each with one struct control_status (CONTROL_EVENTS: struct control_events);
 * after CONTROL_WATCH it also sends one at every change and once a second, until the client closes.
 * Records of another size, magic or version end the connection.  All texts are NUL-terminated and
 * already cleaned. */
#ifndef VPDIAL_IPC_CONTROL_H
#define VPDIAL_IPC_CONTROL_H

#include "base/reason.h"
#include "vocabulary/counters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#define CONTROL_MAGIC	0x56504443u
#define CONTROL_VERSION 7
/* Its members may use the control sockets of root's connections, where the group exists. */
#define CONTROL_GROUP "vpdial"

enum control_op {
	CONTROL_STATUS = 1, /* one status */
	CONTROL_WATCH,	    /* a status now and at each change */
	CONTROL_HANGUP,	    /* end the call in order; statuses follow as with WATCH to the end */
	CONTROL_REDIAL,	    /* hang up what there is and dial at once; statuses as with WATCH */
	CONTROL_RECHECK,    /* the network may have changed: redial only if it did; one status */
	CONTROL_EVENTS,	    /* the last events (ipc/events.h) */
};

struct control_request {
	uint32_t magic, version;
	uint32_t op;
};

/* The mission's four status words. */
enum control_phase {
	CONTROL_DIALING,    /* "dialing" */
	CONTROL_VERIFYING,  /* "verifying password..." */
	CONTROL_CONNECTED,  /* "connected" */
	CONTROL_TERMINATED, /* "terminated" */
};
const char *control_phase_text(enum control_phase phase);

/* The finer state, in order of a dial. */
enum control_state {
	CONTROL_STATE_RESOLVING,   /* looking up the server's name */
	CONTROL_STATE_CONNECTING,  /* TCP connection (PPTP) or first message (L2TP) */
	CONTROL_STATE_SECURING,	   /* IKE, before L2TP */
	CONTROL_STATE_CALLING,	   /* control connection and call set-up */
	CONTROL_STATE_NEGOTIATING, /* LCP */
	CONTROL_STATE_AUTHENTICATING,
	CONTROL_STATE_NETWORK,	   /* CCP, IPCP, IPV6CP */
	CONTROL_STATE_CONFIGURING, /* addresses, routes, DNS of this machine */
	CONTROL_STATE_UP,
	CONTROL_STATE_WAITING, /* for the time of the next dial */
	CONTROL_STATE_DEMAND,  /* for traffic (dial-on-demand) */
	CONTROL_STATE_HANGING_UP,
	CONTROL_STATE_DOWN,
	CONTROL_STATE_COUNT
};
const char *control_state_text(enum control_state state);

/* Where a route through the tunnel came from. */
enum control_route_from {
	CONTROL_ROUTE_PROFILE, /* key `routes` */
	CONTROL_ROUTE_DHCP,    /* the server told it */
	CONTROL_ROUTE_CLASS,   /* key `class-route` */
	CONTROL_ROUTE_DEFAULT, /* key `add-default-route` */
	CONTROL_ROUTE_DNS,     /* to a name server that the server told */
	CONTROL_ROUTE_FROM_COUNT
};
const char *control_route_from_text(enum control_route_from from);

/* The profile's, the server's, one by class, two to name servers and the default route. */
#define CONTROL_ROUTES_MAX (64 + 64 + 4)

/* What a call sets on this machine, apart from routes. */
enum control_effect {
	CONTROL_EFFECT_LINK,
	CONTROL_EFFECT_LOCAL,
	CONTROL_EFFECT_REMOTE,
	CONTROL_EFFECT_DEFAULT,
	CONTROL_EFFECT_DNS,
	CONTROL_EFFECT_IPV6, /* which must not leave past a default route */
	CONTROL_EFFECT_COUNT
};
/* The label that it has in the status. */
const char *control_effect_text(enum control_effect effect);
#define CONTROL_WHY_MAX 128

#define CONTROL_IPSEC_MAX 96

struct control_route {
	char dst[52]; /* network/prefix */
	uint32_t from;
	char why_not[CONTROL_WHY_MAX]; /* in effect, by the kernel's answer; "" = it is */
};

struct control_status {
	uint32_t magic, version, size;
	uint32_t phase; /* enum control_phase */
	uint32_t state; /* enum control_state */
	uint32_t pid;	/* of the supervisor */
	char profile[64], type[8], ifname[16];
	char server[256], server_address[64], user[256];
	uint64_t started_ms;			/* clock_now_ms() at the start of the dial */
	uint64_t state_ms[CONTROL_STATE_COUNT]; /* time spent in each state of this dial */
	uint64_t uptime_ms, idle_ms;		/* 0 while not connected */
	uint64_t stats_ms;	  /* clock_now_ms() when the counters were taken; 0 = never */
	uint64_t event_count;	  /* events since the supervisor started (ipc/events.h) */
	uint32_t mtu, mru;	  /* effective; 0 = not known */
	uint32_t link_mtu;	  /* of the link, whose packets Multilink joins; 0 = not known */
	uint32_t mrru, peer_mrru; /* Multilink; 0 = not in use in that direction */
	char encoding[48], auth_method[16];
	char ipsec[CONTROL_IPSEC_MAX]; /* what protects the call outside of PPP; "" = nothing of
					  ours */
	char local[64], remote[64], local6[64], remote6[64];
	char dns[2][64], wins[2][64], dns_way[16];
	bool default_route, server_pinned; /* wanted; added */
	char why_not[CONTROL_EFFECT_COUNT]
		    [CONTROL_WHY_MAX]; /* in effect; "" = it is, or not wanted */
	uint32_t attempt;	       /* dials since the last call was up; from 1 */
	uint32_t calls;		       /* that were up since the supervisor started */
	uint64_t next_dial_ms;	       /* clock_now_ms() of the next dial; 0 = none is waited for */
	uint32_t next_dial_s;	       /* until then, rounded up */
	uint32_t route_count;
	struct control_route routes[CONTROL_ROUTES_MAX];
	char domain[256]; /* told by the server and used */
	uint32_t echo_rtt_ms, echo_min_ms, echo_avg_ms, echo_jitter_ms, echo_count;
	bool echo_known;
	char peer_host[256], peer_vendor[256];
	struct counters counters;
	char message[240];	  /* last event in plain words */
	struct reason ended;	  /* set when state is CONTROL_STATE_DOWN */
	struct reason last_end;	  /* of the dial or call before this one */
	uint64_t last_end_day_ms; /* when that was, of the day; 0 = not known */
};

/* RUN_DIR/NAME.sock into *ADDR; -ENAMETOOLONG if it does not fit. */
int control_address(struct sockaddr_un *addr, const char *run_dir, const char *name);

#define RUN_DIR_MAX 256

/* The run directory: DIR if not NULL, else /run/vpdial for root, else $XDG_RUNTIME_DIR/vpdial
 * (or /tmp/vpdial-UID).  -errno on failure. */
int control_run_dir(char *out, size_t cap, const char *dir);

/* The run directory of root's connections. */
#define CONTROL_SYSTEM_DIR "/run/vpdial"

/* Is this record a whole status of our version, with every text terminated and every enum in
 * range? */
bool control_status_valid(const void *record, size_t len);

#endif
