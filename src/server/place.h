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
/* PLACE into KNOWN's addresses and nothing else.  Its listener, or NULL for what cannot be. */
const struct listener *place_take(struct server *s, const struct request_place *place,
				  struct call *known);

#endif
