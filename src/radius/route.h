/* SPDX-License-Identifier: MIT */
/* Framed-Route (RFC 2865 section 5.22): "10.9.0.0/16 10.0.0.2 1", gateway and metric optional. */
#ifndef VPDIAL_RADIUS_ROUTE_H
#define VPDIAL_RADIUS_ROUTE_H

#include "vocabulary/route.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The LEN octets at TEXT into *OUT; without a prefix length it is that of the address's class.  The
 * gateway is always the call.  False if they are no route. */
bool radius_route_parse(const uint8_t *text, size_t len, struct route *out);

#endif
