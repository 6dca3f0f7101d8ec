/* SPDX-License-Identifier: MIT */
/* The sockets of a call that begins. */
#ifndef VPDIAL_SERVER_SOCKETS_H
#define VPDIAL_SERVER_SOCKETS_H

struct call;

/* Ids, and the sockets for the data of a call that was accepted.  0 or -errno. */
int call_sockets_open(struct call *c);
/* A UDP socket of a call's own between KNOWN's addresses, one of them at KNOWN's listener.  Or
 * -errno. */
int call_socket_open(const struct call *known);

#endif
