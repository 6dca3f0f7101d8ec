/* SPDX-License-Identifier: MIT */
/* What the kernel puts before packets of a TUN device that was opened with IFF_VNET_HDR: packets
 * larger than the MTU, to be cut by the reader or by the kernel, and checksums left open. */
#ifndef VPDIAL_PATH_OFFLOAD_H
#define VPDIAL_PATH_OFFLOAD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OFFLOAD_HEADER	   10
#define OFFLOAD_PACKET_MAX 65535

/* As struct virtio_net_hdr of linux/virtio_net.h, in this machine's byte order. */
struct offload {
	uint8_t flags, gso_type;
	uint16_t header_len, gso_size, csum_start, csum_offset;
};

_Static_assert(sizeof(struct offload) == OFFLOAD_HEADER, "as the kernel has it");

#define OFFLOAD_NEEDS_CSUM 1
#define OFFLOAD_NONE	   0
#define OFFLOAD_TCP4	   1
#define OFFLOAD_TCP6	   4
#define OFFLOAD_UDP	   5
#define OFFLOAD_ECN	   0x80

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_CWR 0x80

#define IP_TCP 6
#define IP_UDP 17

static inline unsigned offload_get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static inline void offload_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline uint32_t offload_get32(const uint8_t *p)
{
	return (uint32_t)offload_get16(p) << 16 | offload_get16(p + 2);
}

static inline void offload_put32(uint8_t *p, uint32_t v)
{
	offload_put16(p, v >> 16);
	offload_put16(p + 2, v & 0xffff);
}

#endif
