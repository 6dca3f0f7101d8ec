/* SPDX-License-Identifier: MIT */
/* What the files of this room share: the host's state and the steps by which each change is
 * undone. */
#ifndef VPDIAL_HOST_INTERNAL_H
#define VPDIAL_HOST_INTERNAL_H

#include "base/log.h"
#include "host/host.h"
#include "host/journal.h"
#include "host/netlink.h"
#include "host/run.h"
#include "host/undo.h"

#define HOST_STEPS_MAX 512

/* The name servers that are wanted, and the way by which they are in force. */
struct host_names {
	enum host_dns_way way;
	bool exclusively, all_names; /* every name is asked there */
	char ifname[IFNAMSIZ];
	struct in_addr servers[2];
	size_t server_count;
	char search[256]; /* "" = none */
};

/* names.c: how far they are set. */
enum naming_at {
	NAMING_IDLE,
	NAMING_ASK, /* whether resolved answers */
	NAMING_SERVERS,
	NAMING_DOMAINS,
	NAMING_ROUTE,
	NAMING_REVERT, /* resolved does not take all of it */
	NAMING_ADD,    /* a record of resolvconf's */
	NAMING_DELETE, /* resolvconf does not take it */
	NAMING_FILE,
	NAMING_UNDO_RESOLVED,
	NAMING_UNDO_RESOLVCONF,
	NAMING_UNDO_FILE,
};

struct naming {
	enum naming_at at;
	bool stale; /* others are wanted than those that are being set */
	struct run run;
	/* Somebody else edits resolv.conf: it is tried again until then, and done in any case. */
	struct loop_timer retry_timer;
	uint64_t retry_until_ms; /* 0 = nobody does */
};

struct host {
	struct host_nl nl;
	const struct log *log;
	char run_dir[HOST_PATH_MAX]; /* absolute */
	char name[HOST_NAME_MAX];
	struct journal journal, lockdown;
	bool locked;  /* what is pinned now outlasts us, in the second journal */
	int guard_fd; /* our end of the guardian's socket, -1 = none */
	pid_t guard_pid;
	void (*forget)(void *ctx); /* in the guardian; may be NULL */
	void *forget_ctx;
	size_t step_count;			/* lasting ones stay through host_undo */
	struct undo_step steps[HOST_STEPS_MAX]; /* undone from the last to the first */
	struct host_names names;
	struct naming naming;
	void (*settled)(void *ctx); /* no program is at work any more; may be NULL */
	void *settled_ctx;
	/* Of the configuration's name servers, why one is left out (NULL = it is not), and whether
	 * it has a route of its own. */
	const char *names_left[2];
	bool names_routed[2];
	const char *local_harm; /* whose our address in the tunnel is too; NULL = nobody's */
	const char *peer_harm;	/* why there is no route to the peer; NULL = there is one */
	int source_family;	/* 0 = any */
	uint8_t source[16];
};

/* Does RT lead into our tunnel, or is it a route that we added beside it? */
bool host_owns_route(const struct host *host, const struct host_rt *rt);
/* The table's entry by which DST is reached, from SRC if that is not NULL and by OIF if that is not
 * 0, as it would be if there were no routes of ours.  Its oif and gateway are those of one next
 * hop.  0, -ENETUNREACH if there is none that works, or another -errno. */
int host_outside(struct host *host, int family, const uint8_t *dst, const uint8_t *src,
		 unsigned oif, struct host_rt *entry);
/* The source address of outer packets, if it is of FAMILY and was set; else NULL. */
const uint8_t *host_source(const struct host *host, int family);
/* Wants a host route, UNDO_PIN or UNDO_KEEP, to DST by the next hop of ENTRY, unless somebody else
 * has it.  0 or -errno. */
int host_pin(struct host *host, enum undo_kind kind, const uint8_t *dst,
	     const struct host_rt *entry);

/* The server's outer address and the way to it. */
struct host_server {
	int family; /* 0 = no route of ours matters to it */
	uint8_t octets[16];
	bool reached; /* by this entry, if it were not for us */
	struct host_rt entry;
};
void host_server_find(struct host *host, const struct host_config *config,
		      struct host_server *server);
/* Wants the pinned route if a route that CONFIG wants would catch the server.  While the server is
 * not reached an old pinned route stays, and no new one is made.  0 or -errno. */
int host_server_pin(struct host *host, const struct host_config *config,
		    const struct host_server *server);

/* Where a route of ours goes that nobody else has to leave: sets the metric of RT and into 2^BITS
 * how many parts it is cut (host_rt_split).  The default route, which wins unless CONFIG names a
 * distance; any other, of which RT has the metric that the profile names (0 = none).  0 or -errno.
 */
int host_place_default(struct host *host, const struct host_config *config, struct host_rt *rt,
		       unsigned *bits);
int host_place_route(struct host *host, struct host_rt *rt, unsigned *bits);

/* What ADDRESS is here already, or NULL if it is nothing: as our address in the tunnel, as the
 * peer's, as that of a name server behind it. */
enum host_harm_kind { HOST_HARM_LOCAL, HOST_HARM_PEER, HOST_HARM_SERVER };
const char *host_harm(struct host *host, const struct host_config *config, struct in_addr address,
		      enum host_harm_kind kind);
/* Is ADDRESS of a network that a link of this machine is in? */
bool host_on_link(struct host *host, const struct host_config *config, struct in_addr address);

/* Wants the paths that routes of CONFIG would take from SSH sessions to this machine. */
void host_sessions_keep(struct host *host, const struct host_config *config);
/* Wants the paths to gateways on networks here that routes of CONFIG would take; with TELL says
 * of routes that are new which hosts of both are reached where. */
void host_overlap_judge(struct host *host, const struct host_config *config, bool tell);

/* From now on pinned routes belong to the lockdown.  0 or -errno with *REASON. */
int host_lockdown_begin(struct host *host, struct reason *reason);
/* Wants the routes that lead nowhere.  0 or -errno with *REASON. */
int host_blocks_want(struct host *host, const struct host_config *config, struct reason *reason);
/* Wants those of `block_ipv6`, which end with the call. */
int host_ipv6_block_want(struct host *host, const struct host_config *config,
			 struct reason *reason);
/* Takes over what an earlier run left of its lockdown; waits so long for its journal's lock. */
int host_lockdown_take_over(struct host *host, unsigned wait_ms, struct reason *reason);
/* Lets go of the journal of a lockdown that is over. */
void host_lockdown_close(struct host *host);

/* Starts the process that undoes the journal when this one dies; once.  0 or -errno. */
int host_guard_start(struct host *host);
/* Tells it that there is nothing to undo, and waits for its end. */
void host_guard_stop(struct host *host);

/* Wants everything of CONFIG but DNS.  0 or -errno with *REASON; on failure some of it is done. */
int host_network_apply(struct host *host, const struct host_config *config, struct reason *reason);
/* What is left in resolv.conf since the machine lost its power in a call. */
void host_dns_clear_old(struct host *host);
/* Is what was set there still?  Only a file is lost to others. */
bool host_dns_stands(const struct host *host);
/* Edits the file for host->names.  0 or -errno: -EWOULDBLOCK as LOCK says. */
int host_dns_edit_file(struct host *host, enum resolv_lock lock);
/* After name servers were undone: what is over with the last change of a call. */
void host_tidy(struct host *host);
/* DNS: a failure is only a warning.  What is in force already is left alone. */
void host_dns_apply(struct host *host, const struct host_config *config,
		    struct host_applied *applied);

#endif
