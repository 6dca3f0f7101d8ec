/* SPDX-License-Identifier: MIT */
/* Joins received packets of one flow that follow each other into one write to the TUN device (what
 * a network card does as receive offload).  Joined are only packets whose checksum is right, since
 * the kernel takes the joined one's for granted.  Order inside a flow never changes. */
#ifndef VPDIAL_PATH_JOIN_H
#define VPDIAL_PATH_JOIN_H

#include "path/offload.h"

#include <stdbool.h>
#include <sys/uio.h>

#define JOIN_FLOWS 8
#define JOIN_MAX   64 /* packets in one; the kernel's own limit for UDP */

struct join;

struct join_config {
	bool udp; /* the kernel takes joined UDP too */
	/* Writes one packet to the device, its struct offload included: 0 or -errno. */
	int (*write)(void *ctx, const struct iovec *iov, int count);
	/* PACKETS with together OCTETS were taken by the device. */
	void (*taken)(void *ctx, unsigned packets, size_t octets);
	void *ctx;
};

/* NULL without memory. */
struct join *join_new(const struct join_config *config);
void join_free(struct join *join);

/* One IP packet.  It must stay where it is, unchanged, until join_flush. */
void join_put(struct join *join, uint8_t *packet, size_t len);
/* Writes all that waits. */
void join_flush(struct join *join);

#endif
