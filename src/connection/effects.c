/* SPDX-License-Identifier: MIT */
/* What a call has set, as the kernel has it now: into the status, and to the log when it changes.
 */
#include "connection/effects.h"

#include "base/str.h"

#include <string.h>

_Static_assert(CONTROL_EFFECT_COUNT == (int)HOST_EFFECT_COUNT, "the same, in the same order");
_Static_assert(CONTROL_WHY_MAX == HOST_WHY_MAX, "one text");

static void say(struct supervisor *s, enum control_effect what, const char *why)
{
	const char *label = control_effect_text(what);
	/* The host has warned of these addresses. */
	bool said = (what == CONTROL_EFFECT_LOCAL && s->ways.local_shared) ||
		    (what == CONTROL_EFFECT_REMOTE && s->ways.peer_left_out);

	if (!*why)
		log_notice(&s->log, "%s: in effect again", label);
	else if (what == CONTROL_EFFECT_IPV6)
		log_warn(&s->log, "IPv6 %s%s", why,
			 s->profile.block_ipv6 ? "" : "; block-ipv6 = yes closes that");
	else
		log_line(&s->log, said ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "%s is not in effect: %s",
			 label, why);
}

static void look_at_routes(struct supervisor *s, const struct host_config *c)
{
	struct control_status *st = &s->status;
	char first[sizeof s->lost_route] = "";
	struct str text = str_make(first, sizeof first);
	unsigned lost = 0;

	for (size_t i = 0; i < c->route_count && i < st->route_count; i++) {
		struct control_route *r = &st->routes[i];

		if (host_effect_route(s->host, c, i, r->why_not))
			continue;
		if (!lost++)
			str_printf(&text, "route %s is not in effect: %s", r->dst, r->why_not);
	}
	if (lost == s->lost_routes && strcmp(first, s->lost_route) == 0)
		return;
	if (lost > 1)
		log_warn(&s->log, "%s; and %u more", first, lost - 1);
	else if (lost)
		log_warn(&s->log, "%s", first);
	else
		log_notice(&s->log, "routes: in effect again");
	s->lost_routes = lost;
	memcpy(s->lost_route, first, sizeof first);
}

void effects_look(struct supervisor *s, const struct host_config *c)
{
	struct control_status *st = &s->status;
	char why[CONTROL_WHY_MAX];

	for (int i = 0; i < CONTROL_EFFECT_COUNT; i++) {
		(void)host_effect(s->host, c, (enum host_effect)i, why);
		if (strcmp(why, st->why_not[i]) != 0)
			say(s, (enum control_effect)i, why);
		memcpy(st->why_not[i], why, sizeof why);
	}
	look_at_routes(s, c);
	/* The default route stands behind the others. */
	if (c->default_route && st->route_count)
		memcpy(st->routes[st->route_count - 1].why_not, st->why_not[CONTROL_EFFECT_DEFAULT],
		       CONTROL_WHY_MAX);
}
