/* SPDX-License-Identifier: MIT */
/* L2TP over IPsec in the privileged process: a call that began with a phase 1 which the reader let
 * in, and the socket by which ESP comes.  Nothing that the peer sent is looked at here: the reader
 * and the call's session say where from it came. */
#ifndef VPDIAL_SERVER_SECURED_H
#define VPDIAL_SERVER_SECURED_H

#include "base/allowance.h"
#include "ipc/request.h"

struct call;

/* Of one call. */
struct secured {
	bool use;
	struct adopted_phase phase;
	bool proved;	/* the client knows the key, says the session */
	unsigned wires; /* made before that */
	struct allowance datagrams, moves;
};

/* The socket by which ESP of C's client, now at KNOWN, comes and goes from now on. */
void secured_change_wire(struct call *c, const struct call *known);
/* Another call that was secured between the addresses and ports of C, or NULL.  The kernel tells
 * calls apart by those alone, so this is the same client again, and it knows nothing of the older
 * call any more.  Another client behind the same address has another port, whatever it says of
 * itself. */
struct call *secured_before(const struct call *c);
/* C's session says that ESP came from PLACE.  False for what cannot be. */
bool secured_on_moved(struct call *c, const struct request_place *place);
/* C's session says that this came to its socket and is none of its IKE: the reader may know. */
void secured_on_stray(struct call *c, struct request_datagram *m);
/* For START. */
void secured_fill(const struct call *c, struct request_start *m);

#endif
