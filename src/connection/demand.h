/* SPDX-License-Identifier: MIT */
/* Dial on demand: the TUN device, watched for traffic, which is not read. */
#ifndef VPDIAL_CONNECTION_DEMAND_H
#define VPDIAL_CONNECTION_DEMAND_H

#include "connection/life.h"
#include "loop/loop.h"

struct demand {
	struct loop *loop;
	struct life *life;
	struct loop_fd traffic_handle;
};

/* ON_TRAFFIC follows when the TUN device FD has a packet.  0 or -errno. */
int demand_start(struct demand *demand, int fd);
void demand_stop(struct demand *demand);
/* Packets of a dial that failed have waited in vain; they must not start the next one. */
void demand_drain(int fd);

#endif
