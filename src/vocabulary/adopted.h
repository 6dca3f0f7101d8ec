/* SPDX-License-Identifier: MIT */
/* An L2TP tunnel, or a phase 1 of IKE, on its way from the one that let it in to the one that goes
 * on with it. */
#ifndef VPDIAL_VOCABULARY_ADOPTED_H
#define VPDIAL_VOCABULARY_ADOPTED_H

#include "vocabulary/ipsec.h"

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

#define ADOPTED_COOKIE 8
#define ADOPTED_SA     1024 /* octets of a proposal that is answered */

/* Main Mode after message 2, the answerer's.  The body of the SA payload is the peer's octets, as
 * both hashes want them; nothing else of it is hostile. */
struct adopted_phase {
	uint8_t cookie[2][ADOPTED_COOKIE]; /* the initiator's, the responder's */
	struct ipsec_suite suite;
	uint32_t seconds; /* of life, 0 = not told */
	uint8_t dialect;  /* of NAT traversal, the engine's number */
	uint8_t dpd;	  /* the peer knows dead peer detection */
	uint8_t by_nat;	  /* it came to port 4500 */
	uint16_t sa_len;
	uint8_t sa[ADOPTED_SA];
};

#endif
