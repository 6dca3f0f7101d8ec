/* SPDX-License-Identifier: MIT */
/* Filters on sockets that a session gets: what is not of its call the kernel drops.  Once set a
 * filter cannot be taken off.  All return 0 or -errno. */
#ifndef VPDIAL_PRIVSEP_FILTER_H
#define VPDIAL_PRIVSEP_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Raw GRE socket: only enhanced GRE (RFC 2637) of call CALL_ID passes. */
int filter_gre(int fd, uint16_t call_id);
/* UDP socket: only datagrams from this address, and with PORT from its port too. */
int filter_source(int fd, const struct sockaddr_storage *from, bool port);
/* UDP socket of a server: of L2TP's messages only those that a tunnel may begin with, and what
 * follows in a tunnel. */
int filter_strangers(int fd);

/* UDP socket of a server, before it is bound: what no call's own socket takes is this one's alone,
 * also at the moment when a call's socket is bound to the same address and not yet connected. */
int filter_first_of_port(int fd);

/* No fragments outside the tunnel: what is too large for the path is told by the socket's error
 * queue, as are ICMP's errors. */
void filter_follow_path_mtu(int fd, int family);
/* Room for bursts in a socket's queues. */
void filter_widen_buffers(int fd);

#endif
