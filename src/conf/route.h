/* SPDX-License-Identifier: MIT */
/* The value of `routes`. */
#ifndef VPDIAL_CONF_ROUTE_H
#define VPDIAL_CONF_ROUTE_H

#include "base/str.h"
#include "conf/profile.h"

/* Can a host have this address, by its first octet?  Not one of 0, multicast and beyond. */
bool conf_address_of_host(struct in_addr address);

/* Reads "dst-address[/prefix] [mask] [gateway [metric]], ..." into ROUTES and *COUNT; a mask may
 * also stand for the prefix.  Empty text is an empty list.  False with what is wrong in WHY; then
 * nothing is written.  True with a text in WHY: legal, but probably not what is meant. */
bool conf_routes_read(const char *text, struct route routes[static CONF_ROUTES_MAX], size_t *count,
		      struct str *why);

#endif
