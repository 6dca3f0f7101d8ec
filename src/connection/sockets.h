/* SPDX-License-Identifier: MIT */
/* The sockets of one call. */
#ifndef VPDIAL_CONNECTION_SOCKETS_H
#define VPDIAL_CONNECTION_SOCKETS_H

#include "connection/dialer.h"

/* The sockets for one call to the present address, and its call id.  The connection is under way
 * when sockets_open returns: its round trip passes while the session gets ready.  0 or -errno with
 * *REASON. */
int sockets_open(struct dialer *dialer, struct reason *reason);
/* That of the server: the profile's, else the protocol's. */
uint16_t sockets_port(const struct conf_profile *profile);
void sockets_close(struct dialer *dialer);

#endif
