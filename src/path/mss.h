/* SPDX-License-Identifier: MIT */
/* Lowers the maximum segment size that TCP connections through the tunnel announce, so that their
 * packets fit it (profile key change-tcp-mss). */
#ifndef VPDIAL_PATH_MSS_H
#define VPDIAL_PATH_MSS_H

#include <stddef.h>
#include <stdint.h>

/* Looks at an IP packet in place; if it opens a TCP connection with an MSS larger than MTU
 * permits, the option is lowered and the checksum adjusted.  Any octets may come. */
void mss_clamp(uint8_t *packet, size_t len, unsigned mtu);

#endif
