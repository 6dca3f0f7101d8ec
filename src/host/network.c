/* SPDX-License-Identifier: MIT */
/* Link, addresses and routes of a connected call. */
#include "host/internal.h"
#include "host/stack.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* One application of a config, on the stack. */
struct work {
	struct host *host;
	const struct host_config *config;
	struct reason *reason;
	struct host_server server;
	bool ipv6;
};

static int failed(struct work *w, int r, const char *what)
{
	char text[200];

	reason_set(w->reason, r == -EPERM ? EXIT_NOT_PERMITTED : EXIT_FATAL, "cannot %s: %s", what,
		   host_nl_error(&w->host->nl, r, text, sizeof(text)));
	return r;
}

static int set_link(struct work *w)
{
	struct undo_step step = {.kind = UNDO_LINK, .link = {w->config->ifindex, w->config->mtu}};
	int r = host_want(w->host, &step);

	return r < 0 ? failed(w, r, "bring the interface up") : 0;
}

static int pin_server(struct work *w)
{
	int r = host_server_pin(w->host, w->config, &w->server);

	return r < 0 ? failed(w, r, "add the route to the server") : 0;
}

/* Once for each address that is new: what the user loses by it. */
static void warn_of_local(struct work *w)
{
	const char *harm = w->host->local_harm;
	struct in_addr local = w->config->local;
	uint8_t octets[16] = {0};
	char text[INET_ADDRSTRLEN];

	memcpy(octets, &local, 4);
	inet_ntop(AF_INET, &local, text, sizeof(text));
	if (harm && host_address_there(&w->host->nl, 0, w->config->ifindex, AF_INET, octets))
		log_warn(w->host->log,
			 "the server gives this machine the address %s, which another interface "
			 "has already: hosts of the two networks may get each other's answers",
			 text);
	else if (harm || host_on_link(w->host, w->config, local))
		log_warn(w->host->log,
			 "the server gives this machine the address %s, which is %s: nothing else "
			 "with it can be reached during the call",
			 text, harm ? harm : "in a network of this machine's own links");
}

static void warn_of_peer(struct work *w)
{
	const char *harm = w->host->peer_harm;
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &w->config->remote, text, sizeof(text));
	if (harm)
		log_warn(w->host->log, "the peer calls itself %s, which is %s: no route to it",
			 text, harm);
	else if (w->config->server.ss_family && host_on_link(w->host, w->config, w->config->remote))
		log_warn(w->host->log,
			 "the peer calls itself %s, which is in a network of this machine's own "
			 "links: a host there with it cannot be reached during the call",
			 text);
}

static int add_address(struct work *w, const struct host_address *address)
{
	const struct undo_step step = {.kind = UNDO_ADDRESS, .address = *address};

	return host_want(w->host, &step);
}

/* The kernel's own route to the peer, should somebody have deleted it. */
static int restore_peer_route(struct work *w, const struct host_address *a)
{
	struct host_rt rt = {
		.family = AF_INET,
		.prefix_len = 32,
		.type = RTN_UNICAST,
		.scope = RT_SCOPE_LINK,
		.protocol = RTPROT_KERNEL,
		.table = RT_TABLE_MAIN,
		.oif = a->ifindex,
		.metric = a->metric,
		.has_source = true,
	};
	int r;

	if (!a->has_peer)
		return 0;
	memcpy(rt.dst, a->peer, 4);
	memcpy(rt.source, a->local, 4);
	r = host_rt_add(&w->host->nl, &rt);
	return r == -EEXIST ? 0 : r;
}

static int set_address4(struct work *w)
{
	const struct host_config *c = w->config;
	struct host_address a = {.ifindex = c->ifindex,
				 .family = AF_INET,
				 .prefix_len = 32,
				 .metric = host_rt_own_metric(AF_INET)};
	struct undo_step step = {.kind = UNDO_ADDRESS};
	bool again;
	int r;

	w->host->local_harm = w->host->peer_harm = NULL;
	if (!c->local.s_addr)
		return 0;
	memcpy(a.local, &c->local, 4);
	if (c->remote.s_addr) {
		w->host->peer_harm = host_harm(w->host, c, c->remote, HOST_HARM_PEER);
		a.has_peer = !w->host->peer_harm;
		memcpy(a.peer, &c->remote, 4);
	}
	if (c->server.ss_family) /* we answer: our address is the same in every call */
		w->host->local_harm = host_harm(w->host, c, c->local, HOST_HARM_LOCAL);
	step.address = a;
	again = host_find_step(w->host, &step) != NULL;
	if (!again && c->server.ss_family)
		warn_of_local(w);
	if (!again && c->remote.s_addr)
		warn_of_peer(w);
	r = add_address(w, &a);
	if (r == 0 && again)
		r = restore_peer_route(w, &a);
	return r < 0 ? failed(w, r, "set the address of the tunnel") : 0;
}

static int set_address6(struct work *w)
{
	const struct host_config *c = w->config;
	struct host_address a = {.ifindex = c->ifindex, .family = AF_INET6, .prefix_len = 64};
	char text[200];
	int r;

	if (IN6_IS_ADDR_UNSPECIFIED(&c->local6))
		return 0;
	memcpy(a.local, &c->local6, 16);
	r = add_address(w, &a);
	/* IPv6 switched off on this machine (or an MTU below 1280) is not a reason to hang up. */
	if (r == -EACCES || r == -EOPNOTSUPP || r == -EAFNOSUPPORT || r == -EPERM || r == -EINVAL ||
	    r == -ENODEV || r == -ENOBUFS) {
		log_notice(w->host->log, "no IPv6 in the tunnel: %s",
			   host_nl_error(&w->host->nl, r, text, sizeof(text)));
		return 0;
	}
	w->ipv6 = r == 0;
	return r < 0 ? failed(w, r, "set the IPv6 address of the tunnel") : 0;
}

static int loop(struct work *w)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(w->server.family, w->server.octets, text, sizeof(text));
	reason_set(w->reason, EXIT_LOOPBACK,
		   "the path to the server %s would lead through its own tunnel %s: a route loop; "
		   "take that address out of `routes`",
		   text, w->config->ifname);
	return -ELOOP;
}

/* The outer packets must not be sent through the tunnel that they carry. */
static int check_loop(struct work *w)
{
	const struct host_server *s = &w->server;
	struct host_rt rt;

	if (!s->family || !s->reached ||
	    host_rt_get(&w->host->nl, s->family, s->octets, host_source(w->host, s->family),
			w->config->bind_ifindex, false, &rt) < 0)
		return 0;
	return rt.oif == w->config->ifindex ? loop(w) : 0;
}

/* Before anything is changed: no pinned route helps against a route that is as specific. */
static int judge_routes(struct work *w)
{
	const struct host_config *c = w->config;
	size_t len = host_family_len(w->server.family);

	for (size_t i = 0; w->server.family && i < c->route_count; i++)
		if (c->routes[i].family == w->server.family && c->routes[i].prefix_len == 8 * len &&
		    memcmp(&c->routes[i].dst6, w->server.octets, len) == 0)
			return loop(w);
	return 0;
}

static int add_route(struct work *w, const struct host_rt *rt)
{
	const struct undo_step step = {.kind = UNDO_ROUTE, .route = *rt};
	char what[100], text[64];
	struct str s = str_make(what, sizeof(what));
	int r = host_want(w->host, &step);

	if (r == 0)
		return check_loop(w);
	str_printf(&s, "add the route %s through the tunnel", host_rt_text(rt, text, sizeof(text)));
	return failed(w, r, what);
}

static struct host_rt tunnel_route(const struct work *w, int family)
{
	return (struct host_rt){
		.family = family,
		.type = RTN_UNICAST,
		.scope = family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.protocol = HOST_ROUTE_PROTOCOL,
		.table = RT_TABLE_MAIN,
		.oif = w->config->ifindex,
	};
}

static int add_parts(struct work *w, const struct host_rt *rt, unsigned bits)
{
	struct host_rt part[HOST_PARTS_MAX];
	size_t count = host_rt_split(rt, bits, part);
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_route(w, &part[i]);
	return r;
}

static int add_routes(struct work *w)
{
	const struct host_config *c = w->config;
	char text[64];
	unsigned bits;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->route_count; i++) {
		const struct route *in = &c->routes[i];
		struct host_rt rt = tunnel_route(w, in->family);

		rt.prefix_len = in->prefix_len;
		rt.metric = in->metric;
		memcpy(rt.dst, &in->dst6, host_family_len(in->family));
		host_rt_mask(&rt);
		if (in->family == AF_INET6 ? !w->ipv6 : !c->local.s_addr) {
			log_warn(w->host->log,
				 "route %s left out: the tunnel has no address of its kind",
				 host_rt_text(&rt, text, sizeof(text)));
			continue;
		}
		if (in->has_gateway) {
			rt.gateway_family = AF_INET;
			rt.onlink = true;
			rt.scope = RT_SCOPE_UNIVERSE;
			memcpy(rt.gateway, &in->gateway4, 4);
		}
		r = host_place_route(w->host, &rt, &bits);
		if (r < 0)
			return failed(w, r, "read the routes");
		r = add_parts(w, &rt, bits);
	}
	return r;
}

/* Beside the old default route, never in its place. */
static int add_default(struct work *w)
{
	struct host_rt rt = tunnel_route(w, AF_INET);
	unsigned bits;
	int r;

	if (!w->config->default_route || !w->config->local.s_addr)
		return 0;
	r = host_place_default(w->host, w->config, &rt, &bits);
	return r < 0 ? failed(w, r, "read the routes") : add_parts(w, &rt, bits);
}

/* A name server that the peer has named is asked through the tunnel or not at all: past it nobody
 * may answer, which costs each look-up seconds. */
static int add_name_server(struct work *w, size_t i)
{
	struct host_rt rt = tunnel_route(w, AF_INET), got;
	struct undo_step step = {.kind = UNDO_ROUTE};
	unsigned bits;
	int r;

	rt.prefix_len = 32;
	memcpy(rt.dst, &w->config->dns[i], 4);
	r = host_place_route(w->host, &rt, &bits);
	if (r < 0)
		return failed(w, r, "read the routes");
	step.route = rt;
	if (!host_find_step(w->host, &step) &&
	    host_rt_get(&w->host->nl, AF_INET, rt.dst, NULL, 0, false, &got) == 0 &&
	    got.oif == rt.oif)
		return 0; /* by a route that is there */
	w->host->names_left[i] = host_harm(w->host, w->config, w->config->dns[i], HOST_HARM_SERVER);
	if (w->host->names_left[i])
		return 0;
	r = add_route(w, &rt);
	w->host->names_routed[i] = r == 0;
	if (r == 0 && (host_rt_get(&w->host->nl, AF_INET, rt.dst, NULL, 0, false, &got) < 0 ||
		       got.oif != rt.oif))
		w->host->names_left[i] = "led past the tunnel by this machine";
	return r;
}

static int add_name_servers(struct work *w)
{
	const struct host_config *c = w->config;
	int r = 0;

	memset(w->host->names_left, 0, sizeof(w->host->names_left));
	memset(w->host->names_routed, 0, sizeof(w->host->names_routed));
	for (size_t i = 0; r == 0 && i < 2; i++)
		if (c->dns_announced && c->dns_mode != HOST_DNS_NO && c->local.s_addr &&
		    c->dns[i].s_addr)
			r = add_name_server(w, i);
	return r;
}

/* The peer has an address of a network of ours: answer for it there. */
static int add_proxy(struct work *w)
{
	const struct host_config *c = w->config;
	struct undo_step step = {.kind = UNDO_PROXY, .proxy.ifindex = c->proxy_ifindex};
	int r;

	if (!c->proxy_ifindex || !c->remote.s_addr)
		return 0;
	memcpy(step.proxy.address, &c->remote, 4);
	r = host_want(w->host, &step);
	return r < 0 ? failed(w, r, "answer ARP for the client") : 0;
}

static int network(struct work *w)
{
	int r = set_link(w);

	if (r == 0)
		r = pin_server(w);
	if (r < 0)
		return r;
	host_sessions_keep(w->host, w->config);
	host_overlap_judge(w->host, w->config, true);
	if (w->config->lockdown)
		r = host_blocks_want(w->host, w->config, w->reason);
	if (r == 0)
		r = host_ipv6_block_want(w->host, w->config, w->reason);
	if (r == 0)
		r = set_address4(w);
	if (r == 0)
		r = set_address6(w);
	if (r == 0)
		r = add_routes(w);
	if (r == 0)
		r = add_default(w);
	if (r == 0)
		r = add_name_servers(w);
	if (r == 0)
		r = add_proxy(w);
	return r == 0 ? check_loop(w) : r;
}

int host_network_apply(struct host *host, const struct host_config *config, struct reason *reason)
{
	struct work w = {.host = host, .config = config, .reason = reason};
	int r = 0;

	if (config->lockdown)
		r = host_lockdown_begin(host, reason);
	else
		host->locked = false;
	if (r < 0)
		return r;
	host_server_find(host, config, &w.server);
	r = judge_routes(&w);
	return r == 0 ? network(&w) : r;
}
