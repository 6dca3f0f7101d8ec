/* SPDX-License-Identifier: MIT */
/* Addresses to choose from. */
#ifndef VPDIAL_VOCABULARY_POOL_H
#define VPDIAL_VOCABULARY_POOL_H

#include <netinet/in.h>

/* One address, or all from first to last; first zero = none. */
struct address_pool {
	struct in_addr first, last;
};

#endif
