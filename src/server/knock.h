/* SPDX-License-Identifier: MIT */
/* L2TP over IPsec: what the reader says of IKE and ESP from places that no call's socket is
 * connected to. */
#ifndef VPDIAL_SERVER_KNOCK_H
#define VPDIAL_SERVER_KNOCK_H

#include "ipc/request.h"

struct server;

/* A phase 1 whose peer has proved where it is begins a call, or is that of one.  False for what
 * cannot be. */
bool knock_on_proved(struct server *s, const struct request_ike_proved *m);
/* A datagram for the session of a call that is there.  Likewise. */
bool knock_on_message(struct server *s, const struct request_ike *m);

#endif
