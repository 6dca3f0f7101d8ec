/* SPDX-License-Identifier: MIT */
/* Tells when the machine's network moves: links, addresses and routes of others. */
#ifndef VPDIAL_HOST_WATCH_H
#define VPDIAL_HOST_WATCH_H

#include "host/hop.h"
#include "host/host.h"
#include "loop/loop.h"

enum host_change {
	HOST_CHANGE_LINK = 1 << 0,    /* an interface or its carrier came or went */
	HOST_CHANGE_ADDRESS = 1 << 1, /* an address of this machine came or went */
	HOST_CHANGE_ROUTE = 1 << 2,   /* a default route did, or one that holds the server */
	HOST_CHANGE_TUN_GONE = 1 << 3,
	HOST_CHANGE_TAKEN = 1 << 4,  /* others took away what is ours in the tunnel: apply again */
	HOST_CHANGE_HOP = 1 << 5,    /* the next hop's neighbour entry changed, or IPsec policies */
	HOST_CHANGE_POLICY = 1 << 7, /* IPsec policies did */
	/* a routing rule did, or another route that may lead past one of ours: look at the effect
	 */
	HOST_CHANGE_EFFECT = 1 << 6,
};

struct host_watch;

/* Calls CHANGED(CTX, set of enum host_change) on LOOP when changes have come to rest: after 50 ms
 * without another, 500 ms after the first at the latest.  What HOST itself changes is left out.
 * After an overrun everything counts as changed.  CHANGED may free the watch.  HOST and LOOP must
 * outlive it.  NULL with *REASON on failure. */
struct host_watch *host_watch_new(struct host *host, struct loop *loop,
				  void (*changed)(void *ctx, unsigned changes), void *ctx,
				  struct reason *reason);
void host_watch_free(struct host_watch *watch);

/* Our TUN device and the server from now on; 0 and NULL = none. */
void host_watch_set(struct host_watch *watch, unsigned tun_ifindex,
		    const struct sockaddr_storage *server);

/* Tells of HOP's neighbour entry too, and of IPsec policies; NULL = not any more.  True if that is
 * another entry than before: what was found out about it until now may be out of date. */
bool host_watch_hop(struct host_watch *watch, const struct host_hop *hop);
/* Also notes changes of IPsec policies, or does so no more. */
void host_watch_policies(struct host_watch *watch, bool on);

#endif
