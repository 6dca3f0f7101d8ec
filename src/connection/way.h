/* SPDX-License-Identifier: MIT */
/* The way to the server outside the tunnel, and the TUN device. */
#ifndef VPDIAL_CONNECTION_WAY_H
#define VPDIAL_CONNECTION_WAY_H

#include "connection/run.h"

/* The server and the device that changes of the network are judged by. */
void way_watch(struct supervisor *s);
unsigned bind_ifindex(const struct supervisor *s);
/* 0 = the TUN device is there, 1 = it was made (anew), or -errno with *REASON. */
int tun_ensure(struct supervisor *s, struct reason *reason);

enum way_change { WAY_SAME, WAY_LOST, WAY_CHANGED };
/* That of a dial or call, found anew; with WAY_CHANGED, IN says what became of it. */
enum way_change way_check(struct supervisor *s, struct life_input *in);
/* A wait for the next dial begins: changes are judged by the way to the server as it is now. */
void way_note(struct supervisor *s);
/* Is there one, another than before, to end a wait for?  IN says so. */
bool way_check_wait(struct supervisor *s, struct life_input *in);

#endif
