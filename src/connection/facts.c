/* SPDX-License-Identifier: MIT */
/* What the administrator's scripts are told of a connection. */
#include "connection/facts.h"

const struct hook_facts *facts_gather(struct script_facts *f, struct supervisor *s,
				      const struct reason *why)
{
	routes_collect(s, s->applied.local, false, &f->routes);
	s->status.uptime_ms = s->scripts.up ? loop_now(s->loop) - s->up_since_ms : 0;
	f->hook = (struct hook_facts){
		.profile = &s->profile,
		.status = &s->status,
		.routes = f->routes.routes,
		.route_count = f->routes.count,
		.carrier = &s->dialer.server_path,
		.reason = why,
	};
	return &f->hook;
}
