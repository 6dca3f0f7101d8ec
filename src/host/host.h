/* SPDX-License-Identifier: MIT */
/* Everything that changes the machine for one profile: TUN device, addresses, routes, DNS, and
 * the journal by which all of it is undone, also after a crash.
 *
 * All netlink goes through libnl; no `ip` is run.  Calls are synchronous (netlink answers at
 * once); the only programs ever run are resolvectl and resolvconf, without a shell and, where there
 * is an event loop, beside it. */
#ifndef VPDIAL_HOST_HOST_H
#define VPDIAL_HOST_HOST_H

#include "base/log.h"
#include "base/reason.h"
#include "vocabulary/route.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct host;
struct loop;

/* May this process change interfaces and routes?  If not, *REASON names the missing capability and
 * how to grant it. */
bool host_permitted(struct reason *reason);

/* RUN_DIR must exist; the journal is RUN_DIR/NAME.journal, for whose lock it waits so long (a
 * guardian may be at work still; 0 beside an event loop).  NULL with *REASON on failure (EXIT_BUSY:
 * the journal is held; EXIT_NOT_PERMITTED names the missing capability and how to grant it). */
#define HOST_LOCK_WAIT_MS 500
struct host *host_new(const char *run_dir, const char *name, unsigned wait_ms,
		      const struct log *log, struct reason *reason);
/* FORGET(CTX) is called in a process that HOST forks and that goes on as it is: it wipes what that
 * one need not know. */
void host_set_forget(struct host *host, void (*forget)(void *ctx), void *ctx);
/* Undoes nothing by itself: call host_undo first. */
void host_free(struct host *host);

/* From now on name servers are set and go back beside LOOP, which must outlive host_finish: the
 * calls below return while programs are at work, and SETTLED(CTX) tells when none is any more. */
void host_set_loop(struct host *host, struct loop *loop, void (*settled)(void *ctx), void *ctx);
bool host_is_settled(const struct host *host);
/* Waits for these programs, each until its limit of some seconds; SETTLED is not called.  For the
 * very end, before the TUN device is closed. */
void host_finish(struct host *host);

/* The TUN device.  PATTERN is an interface name; one ending in the letter N stands for the
 * first free number from 1 ("pptp-outN").  IFF_TUN | IFF_NO_PI, not persistent, down. */
struct host_tun {
	int fd;		  /* owned by the caller; non-blocking, close-on-exec */
	bool offload;	  /* struct virtio_net_hdr before each packet, which may be a large one */
	bool offload_udp; /* large ones of UDP too (Linux 6.2) */
	unsigned ifindex;
	char ifname[IFNAMSIZ];
};
enum host_offload { HOST_OFFLOAD_NONE, HOST_OFFLOAD_TCP, HOST_OFFLOAD_UDP };
/* WANTED: at most so much offload; what the kernel does not know is done without.
 * 0 or -errno with *REASON (EXIT_NO_DEVICE, EXIT_NOT_PERMITTED, EXIT_BUSY). */
int host_tun_open(struct host *host, const char *pattern, enum host_offload wanted,
		  struct host_tun *tun, struct reason *reason);

/* Another name for a device that is still down.  0 or -errno with *REASON. */
int host_tun_rename(struct host *host, struct host_tun *tun, const char *name,
		    struct reason *reason);

/* What the kernel has counted on the device: TX is what went into the tunnel.  0 or -errno. */
struct host_counters {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
};
int host_tun_counters(struct host *host, const struct host_tun *tun,
		      struct host_counters *counters);

/* Outer packets are sent from SOURCE, whose routing rules then count for the path to the server;
 * NULL = from any address. */
void host_set_source(struct host *host, const struct sockaddr *source);

/* How the kernel would reach ADDR now. */
struct host_path {
	unsigned ifindex;
	char ifname[IFNAMSIZ];
	bool has_gateway;
	struct sockaddr_storage gateway;
	struct sockaddr_storage source;
	uint32_t mtu;	 /* path MTU if the route has one, else the link's MTU */
	uint32_t metric; /* of the route that was used */
	bool local;	 /* the address is one of this machine's own */
};
int host_path_to(struct host *host, const struct sockaddr *addr, unsigned bind_ifindex,
		 struct host_path *path, struct reason *reason);

enum host_dns_mode { HOST_DNS_NO, HOST_DNS_YES, HOST_DNS_EXCLUSIVELY };

/* What a connected call wants of the machine. */
struct host_config {
	char ifname[IFNAMSIZ];
	unsigned ifindex;
	struct sockaddr_storage server; /* outer address: to be pinned if a route would cover it */
	unsigned bind_ifindex;		/* 0 = any */
	struct in_addr local, remote;	/* zero local = no IPv4 */
	struct in6_addr local6;		/* link-local; zero = no IPv6 */
	uint32_t mtu;
	bool default_route;
	bool distance_set;
	uint32_t distance; /* metric wanted; must win against the present one if !distance_set */
	const struct route *routes;
	size_t route_count;
	enum host_dns_mode dns_mode;
	struct in_addr dns[2];
	bool dns_announced; /* by the server: asked through the tunnel, or not at all */
	char search_domains[256];
	bool block_ipv6;	/* IPv6 goes nowhere but to networks here and by routes of ours */
	bool lockdown;		/* nothing past the tunnel for what it covers */
	bool keep_ssh;		/* SSH sessions to this machine keep their path */
	unsigned proxy_ifindex; /* answer ARP for REMOTE on this interface; 0 = nowhere */
};

/* Which way DNS went, for `status`. */
enum host_dns_way {
	HOST_DNS_WAY_NONE,
	HOST_DNS_WAY_RESOLVED,
	HOST_DNS_WAY_RESOLVCONF,
	HOST_DNS_WAY_FILE
};
const char *host_dns_way_name(enum host_dns_way way);
/* Which way it went, once the host is settled. */
enum host_dns_way host_dns_way_now(const struct host *host);

struct host_applied {
	enum host_dns_way dns_way; /* so far */
	bool pinned;		   /* a host route to the server was added */
	bool dns_used[2];	   /* of the name servers of the configuration */
	bool dns_routed[2];	   /* they have a route of their own through the tunnel */
	/* Warned of: */
	bool local_shared;  /* our address in the tunnel is also another's */
	bool peer_left_out; /* a route to the peer would cut off something else */
};

/* Applies CONFIG: addresses, MTU, link up, the pinned route, the routes, DNS; each journaled
 * before it is done where it does not vanish with the TUN device.  After the routes are in it
 * checks that the path to the server does not leave by the tunnel (a loop), else rolls back.
 *
 * Where a configuration is applied already it changes only what differs: what both have is left
 * untouched, so that traffic goes on, and put back if others have taken it away meanwhile.
 * All or nothing: on failure everything is undone, also what earlier calls did; only where there is
 * no room for the journal (-ENOSPC, -EROFS) nothing is changed at all.  0 or -errno with *REASON.
 */
int host_apply(struct host *host, const struct host_config *config, struct host_applied *applied,
	       struct reason *reason);

/* Whether what CONFIG wants, and host_apply has set, is so now, by the kernel's own answers. */
enum host_effect {
	HOST_EFFECT_LINK,    /* the interface is up and has the MTU */
	HOST_EFFECT_ADDRESS, /* the interface has our address, which is nobody else's */
	HOST_EFFECT_PEER,    /* packets to the peer enter the tunnel */
	HOST_EFFECT_DEFAULT, /* those to anywhere do */
	HOST_EFFECT_DNS,     /* the name servers are in use, and asked through the tunnel */
	HOST_EFFECT_IPV6,    /* beside a default route no IPv6 leaves past the tunnel */
	HOST_EFFECT_COUNT
};
#define HOST_WHY_MAX 128
/* True, also where CONFIG does not want it; else WHY says why not. */
bool host_effect(struct host *host, const struct host_config *config, enum host_effect what,
		 char why[static HOST_WHY_MAX]);
/* The same for route INDEX of CONFIG. */
bool host_effect_route(struct host *host, const struct host_config *config, size_t index,
		       char why[static HOST_WHY_MAX]);

/* The call is lost but will come back: DNS goes back to what it was before, so that the server's
 * name resolves; addresses, routes and the TUN device stay.  The next host_apply resumes. */
void host_suspend(struct host *host);

/* Before a dial, and when the network moved: the path to SERVER as it would be without routes of
 * ours, which may lead into the tunnel by now; *PATH as of host_path_to.  Where routes into the
 * tunnel are in place and would catch SERVER, the pinned route is added or moves (also to another
 * server's address).  0; -ENETUNREACH with *REASON while there is no path (the pinned route waits
 * where it is); -ELOOP or another -errno with *REASON. */
int host_repin(struct host *host, const struct sockaddr_storage *server, unsigned bind_ifindex,
	       struct host_path *path, struct reason *reason);

/* Before the first dial and before each other server: what CONFIG would lead into the tunnel leads
 * nowhere from now on, but to the server, which is pinned first, and to hosts on networks of this
 * machine's own links.  Of CONFIG only server, bind_ifindex, default_route, routes and keep_ssh
 * count.  The tunnel's routes of host_apply with `lockdown` win while it is up.  It outlasts
 * host_undo, this process and its death, until host_lockdown_lift, host_lockdown_end, an apply
 * without `lockdown` or the machine's next start.  0 or -errno with *REASON; then it is as before.
 */
int host_lockdown(struct host *host, const struct host_config *config, struct reason *reason);
/* Is there one, of this run or of one before it? */
bool host_is_locked_down(const struct host *host);
/* Ends the lockdown.  After host_undo, when the user hangs up. */
void host_lockdown_lift(struct host *host);
/* The same where no process of the profile lives.  The number of things undone (0 if there was no
 * lockdown), -EBUSY if one does, or another -errno. */
int host_lockdown_end(const char *run_dir, const char *name, const struct log *log);

/* Undoes what host_apply did.  The device itself vanishes when its last descriptor is closed. */
void host_undo(struct host *host);

/* Undoes what a crashed run of NAME left in its journal, but for a lockdown; a journal that a
 * living process holds (its lock) is left alone.  Returns the number of things undone, or -errno.
 */
int host_recover(const char *run_dir, const char *name, const struct log *log);

#endif
