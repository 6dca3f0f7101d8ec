/* SPDX-License-Identifier: MIT */
/* Whom a packet is handed to on its link. */
#ifndef VPDIAL_HOST_HOP_H
#define VPDIAL_HOST_HOP_H

#include "host/host.h"

struct host_hop {
	unsigned ifindex; /* 0 = not even the link is known */
	char ifname[IFNAMSIZ];
	int family;		 /* of the next hop's address; 0 = not known */
	uint8_t address[16];	 /* the gateway's, or the destination's own */
	uint8_t link_address[6]; /* Ethernet */
};

/* The next hop of packets from SOURCE to DESTINATION, by interface OIF (0 = any), if they can be
 * sent to it past routing and IPsec: it is on an Ethernet, its link address is resolved, and no
 * IPsec policy asks for anything to be encrypted.
 *
 * 0 with all of *HOP; else -errno, *WHY in words (static), and *HOP as far as it is known. */
int host_hop_find(struct host *host, struct in_addr source, struct in_addr destination,
		  unsigned oif, struct host_hop *hop, const char **why);

#endif
