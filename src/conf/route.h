/* SPDX-License-Identifier: MIT */
/* The value of `routes`. */
#ifndef VPDIAL_CONF_ROUTE_H
#define VPDIAL_CONF_ROUTE_H

#include "base/str.h"
#include "conf/profile.h"

/* Reads "dst-address[/prefix] [gateway [metric]], ..." into ROUTES and *COUNT.  Empty text is an
 * empty list.  False with what is wrong in WHY; then nothing is written. */
bool conf_routes_read(const char *text, struct conf_route routes[static CONF_ROUTES_MAX],
		      size_t *count, struct str *why);

#endif
