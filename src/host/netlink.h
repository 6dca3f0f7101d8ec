/* SPDX-License-Identifier: MIT */
/* Requests to the kernel by netlink, one at a time, with its extended error text.
 *
 * Messages are built by hand on libnl's core: the caches of libnl-route would merge two default
 * routes of one metric, which is just the case that matters here. */
#ifndef VPDIAL_HOST_NETLINK_H
#define VPDIAL_HOST_NETLINK_H

#include <net/if.h>
#include <netinet/in.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_nl {
	struct nl_sock *sock;
	char text[128]; /* the kernel's words on the last failure, "" if it had none */
};

typedef void (*host_nl_visit)(void *ctx, struct nlmsghdr *h);

/* A socket of PROTOCOL (NETLINK_ROUTE).  0, -EPROTONOSUPPORT if the kernel does not know it, or
 * another -errno; host_nl_close in any case. */
int host_nl_open(struct host_nl *nl, int protocol);
void host_nl_close(struct host_nl *nl);

/* A message of TYPE with its fixed header of LEN octets; NULL when out of memory. */
struct nl_msg *host_nl_msg(int type, int flags, const void *header, size_t len);

/* Sends MSG (freed here; NULL is -ENOMEM) and waits for the answer.  VISIT (may be NULL) is
 * called for each message of it; after an interrupted dump it starts again, so what VISIT
 * collects must bear repetition.  0 or -errno. */
int host_nl_call(struct host_nl *nl, struct nl_msg *msg, host_nl_visit visit, void *ctx);

/* "No such device (kernel's own text)" for -errno ERROR into BUF; returns BUF. */
char *host_nl_error(const struct host_nl *nl, int error, char *buf, size_t cap);

struct host_link {
	char name[IFNAMSIZ];
	uint32_t mtu;
	uint16_t type;	/* ARPHRD_ETHER and the like */
	unsigned flags; /* IFF_UP and the like */
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
};
/* Is it up, with a carrier? */
bool host_link_works(unsigned flags);
/* 0 or -errno. */
int host_link_get(struct host_nl *nl, unsigned ifindex, struct host_link *link);
/* Queue length, no link-local address of the kernel's own making, and an address that outlives the
 * one it was added after. */
int host_link_prepare(struct host_nl *nl, unsigned ifindex, uint32_t queue_len);
/* MTU 0 leaves it as it is. */
int host_link_set(struct host_nl *nl, unsigned ifindex, bool up, uint32_t mtu);

int host_link_rename(struct host_nl *nl, unsigned ifindex, const char *name);
/* An IPv4 address that the kernel shall answer ARP for on an interface not its own. */
int host_proxy_add(struct host_nl *nl, unsigned ifindex, const uint8_t address[4]);
int host_proxy_del(struct host_nl *nl, unsigned ifindex, const uint8_t address[4]);

struct host_address {
	unsigned ifindex;
	int family;
	uint8_t prefix_len;
	bool has_peer; /* IPv4: the other end, to which the kernel then makes a host route */
	uint8_t local[16], peer[16];
	uint32_t metric; /* of that route; 0 = none.  Before Linux 4.18 it has none */
};
int host_address_add(struct host_nl *nl, const struct host_address *a);
int host_address_del(struct host_nl *nl, const struct host_address *a);
/* Has an interface this address?  IFINDEX 0 = any, but not EXCEPT. */
bool host_address_there(struct host_nl *nl, unsigned ifindex, unsigned except, int family,
			const uint8_t local[static 16]);

#endif
