/* SPDX-License-Identifier: MIT */
/* A route through the tunnel. */
#ifndef VPDIAL_VOCABULARY_ROUTE_H
#define VPDIAL_VOCABULARY_ROUTE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct route {
	int family; /* AF_INET or AF_INET6 */
	uint8_t prefix_len;
	union { /* no bit set behind the prefix */
		struct in_addr dst4;
		struct in6_addr dst6;
	};
	bool has_gateway;
	struct in_addr gateway4; /* IPv4 only; on-link through the tunnel if none */
	uint32_t metric;	 /* 0 = the kernel's default */
};

#endif
