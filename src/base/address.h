/* SPDX-License-Identifier: MIT */
/* Socket addresses of IPv4 and IPv6: the only place that looks into their storage.
 *
 * `const void *` is a sockaddr, sockaddr_in, sockaddr_in6 or sockaddr_storage, of which no more is
 * read than its family has.  A family that is neither is read as IPv4, unless it says otherwise. */
#ifndef VPDIAL_BASE_ADDRESS_H
#define VPDIAL_BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Of the whole structure, as bind and connect want it. */
socklen_t address_len(const void *address);

/* The address alone: where it stands, in network order, and of how many octets it is (4 or 16). */
const uint8_t *address_octets(const void *address);
size_t address_size(const void *address);

/* The IPv4 address; 0.0.0.0 if it is of another family. */
struct in_addr address_ipv4(const void *address);

/* One kind of address for both families: IPv4 as ::ffff:a.b.c.d; all zero for other families. */
void address_map(uint8_t out[static 16], const void *address);

/* 0.0.0.0 or ::? */
bool address_is_any(const void *address);

/* Of one family and with the same octets, whatever the ports? */
bool address_same(const void *a, const void *b);

/* Where the port stands, in network order; it is the same place in both families. */
static inline in_port_t *address_port_at(struct sockaddr_storage *address)
{
	return &((struct sockaddr_in *)address)->sin_port;
}

/* In the machine's order. */
uint16_t address_port(const void *address);
void address_set_port(struct sockaddr_storage *address, uint16_t port);

/* Family and address; port and scope stay. */
void address_set(struct sockaddr_storage *address, int family, const void *octets);

/* TEXT without a port into *OUT; FAMILY is AF_INET, AF_INET6 or AF_UNSPEC for either.  False, and
 * *OUT all zero, if it is none. */
bool address_parse(struct sockaddr_storage *out, int family, const char *text);

/* Family, address, port and scope of FROM, all else zero; all zero for other families. */
void address_bare(struct sockaddr_storage *out, const struct sockaddr_storage *from);

/* Without its port into BUF, which holds INET6_ADDRSTRLEN octets; "" for other families.  Returns
 * BUF. */
char *address_text(const void *address, char *buf, size_t cap);

#endif
