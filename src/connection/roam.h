/* SPDX-License-Identifier: MIT */
/* Tells when the machine's network moves below the call, and when the machine was asleep. */
#ifndef VPDIAL_CONNECTION_ROAM_H
#define VPDIAL_CONNECTION_ROAM_H

#include "connection/life.h"
#include "host/watch.h"
#include "loop/loop.h"

struct roam {
	struct life *life;
	struct loop *loop;
	struct host_watch *watch;
	struct loop_fd clock_handle; /* tells of sleep; fd -1 = none */
	uint64_t slept_ms;
};

int roam_begin(struct roam *roam, struct host *host, struct loop *loop, struct life *life,
	       struct reason *reason);
void roam_end(struct roam *roam);
/* Somebody says that the network changed or that the machine was asleep. */
void roam_check(struct roam *roam);

#endif
