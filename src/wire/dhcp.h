/* SPDX-License-Identifier: MIT */
/* DHCPINFORM over a PPP link (RFC 2131 section 3.4): the question with its IP and UDP headers, and
 * what the answer tells.  Pure: no socket, no clock. */
#ifndef VPDIAL_WIRE_DHCP_H
#define VPDIAL_WIRE_DHCP_H

#include "vocabulary/route.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCP_INFORM_LEN 328 /* octets of the whole IP packet */
#define DHCP_ROUTES_MAX 64
#define DHCP_DNS_MAX	2
#define DHCP_DOMAIN_LEN 256

struct dhcp_inform {
	struct in_addr client; /* our address on the link */
	uint32_t xid;
	uint16_t secs; /* since the first question, seconds */
};

struct dhcp_answer {
	struct in_addr server; /* Server Identifier, else the sender */
	struct in_addr dns[DHCP_DNS_MAX];
	char domain[DHCP_DOMAIN_LEN]; /* letters, digits, '-', '_' and '.' only; "" = none */
	struct route routes[DHCP_ROUTES_MAX];
	size_t route_count;
	size_t routes_beyond; /* further ones that found no room */
	bool routes_broken;   /* an option of routes was there but makes no sense */
};

/* Writes the question as a Windows client on a PPP link asks it, from INFORM->client to everybody:
 * an IPv4 packet of DHCP_INFORM_LEN octets with its checksums into the CAP octets at PACKET.
 * Returns its length, 0 if there is no room. */
size_t dhcp_inform_write(const struct dhcp_inform *inform, uint8_t *packet, size_t cap);

/* Is the IPv4 packet at IP (any LEN octets) the DHCPACK to INFORM, whole, unfragmented and with
 * good checksums?  Then *ANSWER is filled.  Options that make no sense by themselves are left out;
 * a packet whose options cannot be told apart is no answer. */
bool dhcp_answer_decode(const uint8_t *ip, size_t len, const struct dhcp_inform *inform,
			struct dhcp_answer *answer);

#endif
