/* SPDX-License-Identifier: MIT */
/* Which help of the kernel with many packets at once is asked for: all there is, unless a test
 * names some in VPDIAL_TEST_OFFLOAD (words of: tun tun-udp segment gro none).  And whether the data
 * path has a second thread: when it is worth it, unless VPDIAL_TEST_THREADS says always or never.
 */
#ifndef VPDIAL_PRIVSEP_OFFLOAD_H
#define VPDIAL_PRIVSEP_OFFLOAD_H

#include "host/host.h"
#include "ipc/request.h"

/* For the TUN device. */
enum host_offload offload_tun(void);
/* An L2TP socket receives many datagrams as one from now on, if the kernel can. */
void offload_receive(int fd);
/* What START says of the device and the L2TP socket WIRE (-1 = GRE). */
void offload_fill(struct request_start *start, const struct host_tun *tun, int wire);

#endif
