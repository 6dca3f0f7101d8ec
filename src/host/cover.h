/* SPDX-License-Identifier: MIT */
/* IPsec of another program around datagrams of ours: is there a policy for them, and how a socket
 * is held to it, so that the kernel drops what would go or come past it. */
#ifndef VPDIAL_HOST_COVER_H
#define VPDIAL_HOST_COVER_H

#include "base/reason.h"

#include <stdint.h>
#include <sys/socket.h>

/* Finds what the kernel's policies say of datagrams from FROM to TO (addresses with ports, of one
 * family) that leave by interface IFINDEX, and holds the UDP socket FD to it: what IPsec does not
 * carry is neither sent nor received any more (setsockopt IP_XFRM_POLICY; needs CAP_NET_ADMIN).
 * 0; or -errno with *REASON (EXIT_CONNECT_FAILED): -ENOENT where no policy covers them, or one that
 * lets them go in clear too. */
int host_cover_hold(int fd, const struct sockaddr_storage *from, const struct sockaddr_storage *to,
		    unsigned ifindex, struct reason *reason);
/* The same without a socket: is there still one? */
int host_cover_look(const struct sockaddr_storage *from, const struct sockaddr_storage *to,
		    unsigned ifindex, struct reason *reason);

#endif
