/* SPDX-License-Identifier: MIT */
/* An L2TP tunnel on its way from the one that let it in to the one that goes on with it. */
#ifndef VPDIAL_VOCABULARY_ADOPTED_H
#define VPDIAL_VOCABULARY_ADOPTED_H

#include <stdint.h>

#define ADOPTED_HOST   40
#define ADOPTED_VENDOR 24

/* Set up as far as the peer's SCCCN.  What the peer said of itself is hostile octets, may be cut,
 * and its lengths are to be judged again. */
struct adopted_tunnel {
	uint16_t local_tunnel_id, peer_tunnel_id;
	uint16_t window; /* of the peer, 0 = not told */
	uint16_t firmware;
	uint8_t host_len, vendor_len;
	uint8_t host[ADOPTED_HOST], vendor[ADOPTED_VENDOR];
};

#endif
