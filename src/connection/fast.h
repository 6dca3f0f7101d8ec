/* SPDX-License-Identifier: MIT */
/* `fast-gre`: a packet socket for the session, and the next hop that it sends to. */
#ifndef VPDIAL_CONNECTION_FAST_H
#define VPDIAL_CONNECTION_FAST_H

#include "base/log.h"
#include "host/watch.h"
#include "ipc/request.h"
#include "loop/loop.h"

enum fast_state {
	FAST_OFF,  /* the session has no packet socket */
	FAST_TOLD, /* it knows the next hop, or that there is none */
	FAST_OWED, /* what it was told last did not reach it */
};

struct fast {
	const struct log *log;
	struct loop *loop;
	struct request_channel *channel; /* to the session */
	enum fast_state state;
	struct host *host;
	struct host_watch *watch;
	struct in_addr source, destination;
	unsigned ifindex; /* of the way to the server */
	uint8_t ttl;
	struct request_next_hop told;
	const char *why_not; /* as said last */
	uint64_t lines_ms;   /* of the log: their minute began */
	unsigned lines;
};

/* The packet socket of a call to SERVER by WAY, beside its raw socket WIRE; -1 without one, which
 * the call does without. */
int fast_open(struct fast *f, int wire, const struct host_path *way,
	      const struct sockaddr_storage *server);
/* The session has it: tells it the next hop, now and when that changes. */
void fast_begin(struct fast *f, struct host *host, struct host_watch *watch);
void fast_check(struct fast *f);
void fast_end(struct fast *f);

#endif
