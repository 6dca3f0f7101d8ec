/* SPDX-License-Identifier: MIT */
/* Cuts what the kernel hands out in one piece into packets that fit the tunnel (what a network card
 * does as segmentation offload), and completes checksums that it left open. */
#ifndef VPDIAL_PATH_CUT_H
#define VPDIAL_PATH_CUT_H

#include "path/offload.h"

#include <stdbool.h>

struct cut {
	const uint8_t *packet; /* not owned */
	size_t len;
	size_t transport, payload; /* where they begin */
	size_t at;		   /* the next piece's first octet */
	size_t size;		   /* payload of each piece, but perhaps the last one */
	unsigned done;		   /* pieces so far */
	bool udp;
	uint64_t pseudo; /* checksum of the pseudo header without the length */
};

/* Completes the checksum of a PACKET that is not to be cut, in place.  False if the header makes no
 * sense. */
bool cut_complete(const struct offload *offload, uint8_t *packet, size_t len);

/* Gets ready to cut PACKET, whose gso_type is not OFFLOAD_NONE.  False if the header makes no
 * sense: then the packet must be dropped. */
bool cut_begin(struct cut *cut, const struct offload *offload, const uint8_t *packet, size_t len);
/* Length of the next piece, 0 after the last one. */
size_t cut_next_len(const struct cut *cut);
/* Writes the next piece to OUT, which has room for cut_next_len octets. */
void cut_next(struct cut *cut, uint8_t *out);

#endif
