/* SPDX-License-Identifier: MIT */
/* GRE by a packet socket: the IPv4 header is ours, the link's next hop was told. */
#ifndef VPDIAL_PATH_PACKET_H
#define VPDIAL_PATH_PACKET_H

#include "path/path.h"

#include <linux/if_packet.h>

#define PACKET_IPV4_HEADER 20

struct packet {
	bool known; /* there is a next hop */
	struct sockaddr_ll to;
	uint8_t header[PACKET_IPV4_HEADER]; /* but for length, id and checksum */
	uint64_t sum;			    /* of it */
	uint16_t id;			    /* of the packet before */
	uint64_t now_ms;		    /* of this burst */
	uint64_t raw_due_ms;		    /* then a burst must pass the raw socket first */
	uint64_t rest_until_ms;		    /* after an error */
};

void packet_set(struct packet *p, const struct path_next_hop *hop);
/* The header of the next packet, whose content has LEN octets, into the PACKET_IPV4_HEADER octets
 * at OUT. */
void packet_header(struct packet *p, uint8_t *out, size_t len);

#endif
