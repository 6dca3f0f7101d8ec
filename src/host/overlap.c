/* SPDX-License-Identifier: MIT */
/* Networks behind the tunnel that overlap one that this machine is linked to: hosts of one of the
 * two cannot be reached.  The more specific route wins; of equals ours, as two halves.
 * Gateways stay reachable in any case, being name server and DHCP server in most small networks. */
#include "host/internal.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define LINKED_MAX   32
#define GATEWAYS_MAX 16
#define ROUTES_MAX   256

struct networks {
	const struct host *host;
	const struct host_config *config;
	bool there[ROUTES_MAX]; /* routes of CONFIG that lead into the tunnel already */
	size_t linked_count, gateway_count;
	struct host_rt linked[LINKED_MAX];     /* networks on links of this machine */
	struct host_rt gateways[GATEWAYS_MAX]; /* routes by a gateway */
};

/* What is there was told of, also what the server told later: it could take a LAN's hosts by it. */
static void note_ours(struct networks *n, const struct host_rt *rt)
{
	const struct host_config *c = n->config;

	for (size_t i = 0; i < c->route_count && i < ROUTES_MAX; i++)
		if (c->routes[i].family == rt->family &&
		    /* whole, or as its first half */
		    (c->routes[i].prefix_len == rt->prefix_len ||
		     c->routes[i].prefix_len + 1 == rt->prefix_len) &&
		    memcmp(&c->routes[i].dst6, rt->dst, host_family_len(rt->family)) == 0)
			n->there[i] = true;
}

static void networks_visit(void *ctx, const struct host_rt *rt)
{
	struct networks *n = ctx;

	if (rt->type == RTN_UNICAST && rt->oif == n->config->ifindex)
		note_ours(n, rt);
	if (rt->type != RTN_UNICAST || rt->oif == n->config->ifindex ||
	    host_owns_route(n->host, rt))
		return;
	if (rt->gateway_family == rt->family) {
		if (n->gateway_count < GATEWAYS_MAX)
			n->gateways[n->gateway_count++] = *rt;
	} else if (!rt->gateway_family && rt->prefix_len && rt->protocol != HOST_ROUTE_PROTOCOL &&
		   n->linked_count < LINKED_MAX) {
		n->linked[n->linked_count++] = *rt;
	}
}

static bool covers(const struct host_rt *a, const struct host_rt *b)
{
	return a->family == b->family &&
	       host_prefix_covers(a->family, a->dst, a->prefix_len, b->dst, b->prefix_len);
}

/* Gateways on LINKED that OURS would take; the last one's address into TEXT. */
static void keep_gateways(struct host *host, const struct networks *n, const struct host_rt *ours,
			  const struct host_rt *linked, char text[static INET6_ADDRSTRLEN])
{
	uint8_t whole = (uint8_t)(8 * host_family_len(ours->family));

	text[0] = '\0';
	for (size_t i = 0; i < n->gateway_count; i++) {
		const struct host_rt *g = &n->gateways[i];

		if (g->family != ours->family || g->oif != linked->oif ||
		    !host_prefix_covers(g->family, ours->dst, ours->prefix_len, g->gateway, whole))
			continue;
		if (host_pin(host, UNDO_KEEP, g->gateway, linked) == 0)
			inet_ntop(g->family, g->gateway, text, INET6_ADDRSTRLEN);
	}
}

static void judge(struct host *host, const struct host_config *c, const struct networks *n,
		  const struct host_rt *ours, const struct host_rt *linked, bool tell)
{
	char a[64], b[64], name[IFNAMSIZ] = "?", gateway[INET6_ADDRSTRLEN] = "";
	uint8_t whole = (uint8_t)(8 * host_family_len(ours->family));
	/* Of equals ours, as two halves (host_place_route): of a single address there are none. */
	bool wins = ours->prefix_len > linked->prefix_len ||
		    (ours->prefix_len == linked->prefix_len && ours->metric <= linked->metric &&
		     (ours->prefix_len < whole || linked->metric > 1));

	if (wins)
		keep_gateways(host, n, ours, linked, gateway);
	if (!tell)
		return;
	(void)if_indextoname(linked->oif, name);
	log_warn(host->log,
		 "route %s through the tunnel overlaps %s on %s: hosts in both are reached by "
		 "%s%s%s",
		 host_rt_text(ours, a, sizeof(a)), host_rt_text(linked, b, sizeof(b)), name,
		 wins ? c->ifname : name, *gateway ? ", but for the gateway " : "", gateway);
}

void host_overlap_judge(struct host *host, const struct host_config *config, bool tell)
{
	struct networks n = {.host = host, .config = config};

	if (config->route_count == 0 || host_rt_dump(&host->nl, AF_INET, networks_visit, &n) < 0 ||
	    host_rt_dump(&host->nl, AF_INET6, networks_visit, &n) < 0)
		return;
	for (size_t i = 0; i < config->route_count; i++) {
		const struct route *in = &config->routes[i];
		struct host_rt ours = {.family = in->family,
				       .prefix_len = in->prefix_len,
				       .metric = host_rt_metric(in->family, in->metric)};

		memcpy(ours.dst, &in->dst6, host_family_len(in->family));
		for (size_t k = 0; in->prefix_len && k < n.linked_count; k++)
			if (covers(&ours, &n.linked[k]) || covers(&n.linked[k], &ours))
				judge(host, config, &n, &ours, &n.linked[k],
				      tell && !(i < ROUTES_MAX && n.there[i]));
	}
}
