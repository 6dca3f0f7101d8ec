/* SPDX-License-Identifier: MIT */
/* The pinned route: outer packets keep to the path that they would have without our tunnel. */
#include "host/internal.h"
#include "host/stack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define METRICS_TRIED 8

bool host_owns_route(const struct host *host, const struct host_rt *rt)
{
	for (size_t i = 0; i < host->step_count; i++) {
		const struct undo_step *s = &host->steps[i];

		if (s->kind == UNDO_LINK && s->link.ifindex == rt->oif)
			return true;
		if ((s->kind == UNDO_PIN || s->kind == UNDO_KEEP || s->kind == UNDO_BLOCK) &&
		    rt->protocol == HOST_ROUTE_PROTOCOL && host_rt_equal(&s->route, rt))
			return true;
	}
	return false;
}

struct outside_search {
	const struct host *host;
	const uint8_t *dst;
	unsigned oif;
	struct host_rt best;
	bool found;
};

static void outside_visit(void *ctx, const struct host_rt *rt)
{
	struct outside_search *s = ctx;
	uint8_t whole = (uint8_t)(8 * host_family_len(rt->family));

	if (rt->dead || (s->oif && rt->oif != s->oif) || host_owns_route(s->host, rt) ||
	    !host_prefix_covers(rt->family, rt->dst, rt->prefix_len, s->dst, whole))
		return;
	/* Of equals the kernel takes the first. */
	if (s->found && (rt->prefix_len < s->best.prefix_len ||
			 (rt->prefix_len == s->best.prefix_len && rt->metric >= s->best.metric)))
		return;
	s->best = *rt;
	s->found = true;
}

int host_outside(struct host *host, int family, const uint8_t *dst, const uint8_t *src,
		 unsigned oif, struct host_rt *entry)
{
	struct outside_search s = {.host = host, .dst = dst, .oif = oif};
	struct host_rt hop;
	int r = host_rt_get(&host->nl, family, dst, src, oif, true, entry);

	if (r == 0 && entry->oif && !entry->dead && !host_owns_route(host, entry)) {
		/* Of several next hops the one that the kernel takes. */
		r = host_rt_get(&host->nl, family, dst, src, oif, false, &hop);
		if (r == 0) {
			entry->oif = hop.oif;
			entry->gateway_family = hop.gateway_family;
			memcpy(entry->gateway, hop.gateway, sizeof(entry->gateway));
		}
		return r;
	}
	r = host_rt_dump(&host->nl, family, outside_visit, &s);
	if (r < 0)
		return r;
	host->nl.text[0] = '\0';
	if (!s.found || s.best.type != RTN_UNICAST || !s.best.oif)
		return -ENETUNREACH;
	*entry = s.best;
	return 0;
}

struct same_search {
	const struct host *host;
	const struct host_rt *wanted;
	bool foreign; /* somebody's own route does the same */
	bool profile; /* another profile has this very route, and may take it away */
};

static void same_visit(void *ctx, const struct host_rt *rt)
{
	struct same_search *s = ctx;
	const struct host_rt *w = s->wanted;

	if (rt->prefix_len != w->prefix_len || rt->type != w->type || rt->oif != w->oif ||
	    rt->gateway_family != w->gateway_family || memcmp(rt->dst, w->dst, 16) != 0 ||
	    memcmp(rt->gateway, w->gateway, 16) != 0 || host_owns_route(s->host, rt))
		return;
	if (rt->protocol != HOST_ROUTE_PROTOCOL)
		s->foreign = true;
	else if (rt->metric == w->metric)
		s->profile = true;
}

int host_pin(struct host *host, enum undo_kind kind, const uint8_t *dst,
	     const struct host_rt *entry)
{
	struct undo_step step = {.kind = kind, .lasting = host->locked, .route = *entry};
	struct host_rt *pin = &step.route;
	struct same_search same;
	int r;

	memset(pin->dst, 0, sizeof(pin->dst));
	memcpy(pin->dst, dst, host_family_len(pin->family));
	pin->prefix_len = (uint8_t)(8 * host_family_len(pin->family));
	pin->type = RTN_UNICAST;
	pin->scope =
		pin->family == AF_INET && !pin->gateway_family ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	pin->protocol = HOST_ROUTE_PROTOCOL;
	pin->table = RT_TABLE_MAIN;
	pin->metric = host_rt_own_metric(pin->family);
	pin->mtu = 0;
	/* The entry's source only where it names one: else it may change with the lease. */
	for (int i = 0; i < METRICS_TRIED; i++, pin->metric++) {
		same = (struct same_search){.host = host, .wanted = pin};
		r = host_rt_dump(&host->nl, pin->family, same_visit, &same);
		if (r < 0)
			return r;
		if (same.foreign)
			return 0;
		if (!same.profile)
			break;
	}
	return host_want(host, &step);
}

/* Would a route that CONFIG wants catch the server's address? */
static bool config_catches(const struct host_config *c, const struct host_server *server)
{
	uint8_t whole = (uint8_t)(8 * host_family_len(server->family));

	if ((c->default_route && (server->family == AF_INET || c->lockdown)) ||
	    (c->block_ipv6 && server->family == AF_INET6))
		return true;
	for (size_t i = 0; i < c->route_count; i++)
		if (c->routes[i].family == server->family &&
		    host_prefix_covers(server->family, (const uint8_t *)&c->routes[i].dst6,
				       c->routes[i].prefix_len, server->octets, whole))
			return true;
	return false;
}

void host_server_find(struct host *host, const struct host_config *config,
		      struct host_server *server)
{
	const struct sockaddr *sa = (const struct sockaddr *)&config->server;

	memset(server, 0, sizeof(*server));
	server->family = host_sockaddr_octets(sa, server->octets);
	if (!server->family)
		return;
	server->reached = host_outside(host, server->family, server->octets,
				       host_source(host, server->family), config->bind_ifindex,
				       &server->entry) == 0;
	/* On this machine itself, or where a table of the user's own decides. */
	if (server->reached &&
	    (server->entry.type != RTN_UNICAST || server->entry.table != RT_TABLE_MAIN))
		server->family = 0;
}

int host_server_pin(struct host *host, const struct host_config *config,
		    const struct host_server *server)
{
	if (!server->family || !config_catches(config, server))
		return 0;
	if (server->reached)
		return host_pin(host, UNDO_PIN, server->octets, &server->entry);
	/* Pinned already, and there is no better path now: the old one may come back.  Never
	 * pinned: host_repin will, when there is a path. */
	for (size_t i = 0; i < host->step_count; i++) {
		struct undo_step *s = &host->steps[i];

		if (s->kind == UNDO_PIN && s->route.family == server->family &&
		    memcmp(s->route.dst, server->octets, 16) == 0)
			s->wanted = true;
	}
	return 0;
}

/* Does a route of ours catch DST? */
static bool caught(const struct host *host, int family, const uint8_t *dst)
{
	uint8_t whole = (uint8_t)(8 * host_family_len(family));

	for (size_t i = 0; i < host->step_count; i++) {
		const struct undo_step *s = &host->steps[i];

		if ((s->kind == UNDO_ROUTE || s->kind == UNDO_BLOCK) && s->route.family == family &&
		    host_prefix_covers(family, s->route.dst, s->route.prefix_len, dst, whole))
			return true;
	}
	return false;
}

static bool is_old_pin(const struct undo_step *step)
{
	return step->kind == UNDO_PIN && !step->wanted;
}

static int move_pin(struct host *host, const uint8_t *dst, const struct host_rt *entry)
{
	int r = 0;

	for (size_t i = 0; i < host->step_count; i++)
		host->steps[i].wanted = false;
	/* Where a table of the user's own decides, ours has no say. */
	if (entry->type == RTN_UNICAST && entry->table == RT_TABLE_MAIN &&
	    caught(host, entry->family, dst))
		r = host_pin(host, UNDO_PIN, dst, entry);
	if (r == 0)
		host_undo_if(host, is_old_pin);
	return r;
}

int host_repin(struct host *host, const struct sockaddr_storage *server, unsigned bind_ifindex,
	       struct host_path *path, struct reason *reason)
{
	char name[INET6_ADDRSTRLEN], text[200];
	struct host_rt entry, now = {0};
	uint8_t dst[16];
	int family = host_sockaddr_octets((const struct sockaddr *)server, dst), r;

	memset(path, 0, sizeof(*path));
	if (family) {
		inet_ntop(family, dst, name, sizeof(name));
		r = host_outside(host, family, dst, host_source(host, family), bind_ifindex,
				 &entry);
		if (r < 0)
			reason_set(reason, EXIT_CONNECT_FAILED,
				   "there is no path to the server %s now: %s", name,
				   host_nl_error(&host->nl, r, text, sizeof(text)));
		if (r == 0) {
			r = move_pin(host, dst, &entry);
			if (r < 0)
				reason_set(reason, EXIT_FATAL,
					   "cannot add the route to the server %s: %s", name,
					   host_nl_error(&host->nl, r, text, sizeof(text)));
		}
		if (r < 0)
			return r;
	}
	r = host_path_to(host, (const struct sockaddr *)server, bind_ifindex, path, reason);
	now.oif = path->ifindex;
	if (r == 0 && host_owns_route(host, &now)) {
		reason_set(reason, EXIT_LOOPBACK,
			   "the path to the server %s would lead through its own tunnel %s: a "
			   "route loop; take that address out of `routes`",
			   name, path->ifname);
		return -ELOOP;
	}
	return r;
}
