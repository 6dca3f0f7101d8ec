/* SPDX-License-Identifier: MIT */
/* Puts the fragments of Multilink PPP together again (RFC 1990 section 3): one packet at a time,
 * whose fragments come in the order of their numbers; bounded in size and age.
 *
 * Whole packets lie in a slab one behind the other, so that several of them can wait for what a
 * burst does with all of them at its end. */
#ifndef VPDIAL_PATH_ASSEMBLY_H
#define VPDIAL_PATH_ASSEMBLY_H

#include "wire/mp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSEMBLY_MAX	65600		   /* a packet, with what stands before it */
#define ASSEMBLY_SLAB	(4 * ASSEMBLY_MAX) /* octets */
#define ASSEMBLY_AGE_MS 2000		   /* a packet's last fragment comes no later */

struct assembly {
	uint8_t *slab;	   /* ASSEMBLY_SLAB, not owned */
	size_t max;	   /* of a packet, at most ASSEMBLY_MAX */
	size_t used;	   /* by whole packets */
	size_t len;	   /* of the packet in hand, behind them */
	unsigned pieces;   /* of it; 0 = there is none */
	uint32_t next;	   /* number of its next fragment */
	uint64_t since_ms; /* of its first */
};

/* How many fragments an event has cost, and the packet that it completed. */
struct assembly_result {
	uint8_t *packet; /* NULL = none; valid until assembly_rewind */
	size_t len;
	unsigned dropped;
};

/* Nothing in hand. PACKETS may be of MAX octets, which is cut to ASSEMBLY_MAX. */
void assembly_init(struct assembly *a, uint8_t *slab, size_t max);

/* Is there room for another packet of the largest size?  If not, whole packets have to be done
 * with before assembly_rewind, to be followed by assembly_add of a first fragment. */
bool assembly_has_room(const struct assembly *a);
void assembly_rewind(struct assembly *a);

/* The packet in hand will not be completed; of how many fragments it was. */
unsigned assembly_give_up(struct assembly *a);
/* Takes one fragment, LEN octets at DATA, its number in H extended to 32 bits; not one that is a
 * whole packet. */
struct assembly_result assembly_add(struct assembly *a, const struct mp_header *h,
				    const uint8_t *data, size_t len, uint64_t now_ms);

#endif
