/* SPDX-License-Identifier: MIT */
/* Dial on demand: traffic for the tunnel starts a dial. */
#include "connection/demand.h"

#include <unistd.h>

#define DRAIN_MAX 1024 /* packets: more than the device's queue holds */

void demand_drain(int fd)
{
	char packet[64]; /* the rest of each is cut off */

	for (int i = 0; i < DRAIN_MAX && read(fd, packet, sizeof packet) > 0; i++)
		;
}

static void on_traffic(void *ctx, uint32_t events)
{
	struct demand *d = ctx;

	(void)events;
	demand_stop(d);
	life_post(d->life, ON_TRAFFIC, NULL);
}

int demand_start(struct demand *d, int fd)
{
	d->traffic_handle = (struct loop_fd){.fd = fd, .ready = on_traffic, .ctx = d};
	return loop_fd_add(d->loop, &d->traffic_handle, EPOLLIN);
}

void demand_stop(struct demand *d)
{
	if (d->traffic_handle.added)
		loop_fd_del(d->loop, &d->traffic_handle);
}
