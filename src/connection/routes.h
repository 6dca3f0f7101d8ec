/* SPDX-License-Identifier: MIT */
/* The routes of a call, with where each came from. */
#ifndef VPDIAL_CONNECTION_ROUTES_H
#define VPDIAL_CONNECTION_ROUTES_H

#include "connection/run.h"

/* Of the profile, told by the server, by the class of the address; the default route is the host's
 * own matter. */
struct call_routes {
	struct route routes[CONTROL_ROUTES_MAX];
	enum control_route_from from[CONTROL_ROUTES_MAX];
	size_t count;
};
/* What may be of it; with WARN, what may not is logged with the reason. */
void routes_collect(const struct supervisor *s, struct in_addr local, bool warn,
		    struct call_routes *out);
/* Into the status: ROUTES first, the default route last. */
void routes_show(const struct call_routes *routes, const struct host_config *c,
		 const struct host_applied *ways, struct control_status *st);

#endif
