/* SPDX-License-Identifier: MIT */
/* Where a datagram came from and to, as the reader or a session says it: judged. */
#ifndef VPDIAL_SERVER_PLACE_H
#define VPDIAL_SERVER_PLACE_H

#include "ipc/request.h"

struct call;
struct listener;
struct server;

/* The N-th socket that the reader has, or NULL. */
struct listener *place_listener(struct server *s, uint32_t n);
/* The number of the one for SERVICE of those at OWN, or -1. */
int place_number(struct server *s, enum request_service service,
		 const struct sockaddr_storage *own);
/* PLACE into KNOWN's addresses and nothing else.  Its listener, or NULL for what cannot be. */
const struct listener *place_take(struct server *s, const struct request_place *place,
				  struct call *known);

#endif
