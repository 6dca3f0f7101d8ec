/* SPDX-License-Identifier: MIT */
/* Routes: what the kernel has, how it would reach an address, adding and deleting. */
#ifndef VPDIAL_HOST_ROUTE_H
#define VPDIAL_HOST_ROUTE_H

#include "host/netlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* rtm_protocol of all our routes, so that a deletion can never hit somebody else's. */
#define HOST_ROUTE_PROTOCOL 118

/* Metric of the routes of a lockdown, worse than any that leads somewhere; several profiles that
 * block the same take one each. */
#define HOST_BLOCK_METRIC  4000000000u
#define HOST_BLOCK_METRICS 16u

struct host_rt {
	int family;
	uint8_t prefix_len;
	uint8_t type, scope, protocol; /* as in struct rtmsg */
	int gateway_family;	       /* 0 = no gateway */
	bool has_source;
	bool onlink;	   /* take the gateway's reachability on trust */
	bool cloned;	   /* from the kernel's cache, no route */
	bool encapsulated; /* by a light-weight tunnel of the route */
	bool dead;	   /* its interface is down or has no carrier */
	uint8_t dst[16], gateway[16], source[16];
	uint32_t oif, metric, table;
	uint32_t mtu; /* 0 = none */
};
/* Of a multipath route the first next hop that lives stands for all. */

/* Octets of an address of FAMILY. */
size_t host_family_len(int family);
/* The address octets of ADDR into OUT (16); its family, or 0 if it is neither IP nor IPv6. */
int host_sockaddr_octets(const struct sockaddr *addr, uint8_t out[static 16]);

/* Does prefix A/A_LEN hold all of B/B_LEN? */
bool host_prefix_covers(int family, const uint8_t *a, uint8_t a_len, const uint8_t *b,
			uint8_t b_len);

/* "10.0.0.0/8", "default"; BUF of at least 64 octets. */
char *host_rt_text(const struct host_rt *rt, char *buf, size_t cap);

/* METRIC, or what the kernel makes of none. */
uint32_t host_rt_metric(int family, uint32_t metric);
/* The metric of a route of ours for which the profile names none: better than what the kernel makes
 * of none, and not the same. */
uint32_t host_rt_own_metric(int family);

/* Clears the bits behind the prefix, which the kernel would refuse. */
void host_rt_mask(struct host_rt *rt);
/* RT in 2^BITS parts, which win against it by their prefix; BITS is HOST_SPLIT_MOST at most, and
 * the prefix must have room for it.  Returns how many. */
#define HOST_SPLIT_MOST 3
#define HOST_PARTS_MAX	(1 << HOST_SPLIT_MOST)
size_t host_rt_split(const struct host_rt *rt, unsigned bits,
		     struct host_rt out[static HOST_PARTS_MAX]);

/* Is it the same entry: destination, metric, type, next hop, source? */
bool host_rt_equal(const struct host_rt *a, const struct host_rt *b);

/* Adds RT, in front of what others have at the same prefix and metric.  0, -EEXIST if the very same
 * route is there, or -errno. */
int host_rt_add(struct host_nl *nl, const struct host_rt *rt);
/* 0 (also if it is not there any more) or -errno. */
int host_rt_del(struct host_nl *nl, const struct host_rt *rt);

/* A message RTM_NEWROUTE or RTM_DELROUTE; false if it is none. */
bool host_rt_parse(struct nlmsghdr *h, struct host_rt *rt);

/* Calls VISIT for each route of the main table. */
int host_rt_dump(struct host_nl *nl, int family, void (*visit)(void *ctx, const struct host_rt *rt),
		 void *ctx);

/* The route the kernel takes to DST, from SRC if that is not NULL, by OIF if that is not 0.  With
 * MATCH the entry of the table (prefix, metric), else the result (gateway, source, path MTU).  0 or
 * -errno. */
int host_rt_get(struct host_nl *nl, int family, const uint8_t *dst, const uint8_t *src,
		unsigned oif, bool match, struct host_rt *rt);

#endif
