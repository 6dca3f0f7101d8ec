/* SPDX-License-Identifier: MIT */
/* Links between network namespaces of our own making, for `vpdial demo`.  Nothing is journaled: it
 * all ends with the namespaces. */
#ifndef VPDIAL_HOST_LAB_H
#define VPDIAL_HOST_LAB_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

/* A pair of veth devices, NAME here and PEER in the network namespace of process PID.  0 or
 * -errno. */
int host_lab_veth(const char *name, const char *peer, pid_t pid);

/* Brings interface NAME up, with an address unless that is zero.  0 or -errno. */
int host_lab_up(const char *name, struct in_addr address, uint8_t prefix_len);

#endif
