/* SPDX-License-Identifier: MIT */
/* The routes of a call and where each came from; what a server may not tell is left out here. */
#include "connection/routes.h"

#include "base/address.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* A wider network is half the Internet: it may only come with the default route's consent. */
#define WIDEST_PREFIX 8

static uint32_t mask_of(uint8_t prefix_len)
{
	return prefix_len ? UINT32_MAX << (32 - prefix_len) : 0;
}

static bool covers(const struct route *r, uint32_t address)
{
	return ((ntohl(r->dst4.s_addr) ^ address) & mask_of(r->prefix_len)) == 0;
}

static bool covers_socket_address(const struct route *r, const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET && covers(r, ntohl(address_ipv4(a).s_addr));
}

/* Does it share an address with the network of PREFIX_LEN bits at NETWORK? */
static bool meets(const struct route *r, uint32_t network, uint8_t prefix_len)
{
	uint8_t shorter = r->prefix_len < prefix_len ? r->prefix_len : prefix_len;

	return ((ntohl(r->dst4.s_addr) ^ network) & mask_of(shorter)) == 0;
}

/* Why a route that the server told, or that follows from what it told, is left out; or NULL. */
static const char *objection(const struct supervisor *s, const struct route *r)
{
	const struct host_path *way = &s->dialer.server_path;
	bool all = s->profile.add_default_route;

	if (r->prefix_len > 32)
		return "no network has such a prefix";
	if (r->family != AF_INET)
		return "it is no IPv4 network";
	if (all && r->prefix_len == 0)
		return "the default route is there already";
	if (r->prefix_len == 0)
		return "it is a default route, and add-default-route is no";
	if (r->prefix_len < WIDEST_PREFIX && !all)
		return "it is wider than /8, and add-default-route is no";
	if (meets(r, 0, 8) || meets(r, 0x7f000000, 8))
		return "it holds addresses of this machine itself";
	if (meets(r, 0xe0000000, 3))
		return "it holds multicast or reserved addresses";
	if (covers_socket_address(r, dialer_server(&s->dialer)))
		return "it holds the server's own address";
	if (way->has_gateway && covers_socket_address(r, &way->gateway))
		return "it holds the gateway on the way to the server";
	if (covers_socket_address(r, &way->source))
		return "it holds this machine's address outside the tunnel";
	return NULL;
}

static bool has(const struct call_routes *out, const struct route *r)
{
	for (size_t i = 0; i < out->count; i++)
		if (out->routes[i].family == AF_INET &&
		    out->routes[i].prefix_len == r->prefix_len &&
		    out->routes[i].dst4.s_addr == r->dst4.s_addr)
			return true;
	return false;
}

static void consider(const struct supervisor *s, const struct route *r,
		     enum control_route_from from, bool warn, struct call_routes *out)
{
	const char *why = objection(s, r);
	char text[INET_ADDRSTRLEN];

	if (why) {
		if (warn)
			log_warn(&s->log, "route %s/%u (%s) left out: %s",
				 inet_ntop(AF_INET, &r->dst4, text, sizeof text), r->prefix_len,
				 control_route_from_text(from), why);
		return;
	}
	if (out->count == CONTROL_ROUTES_MAX || has(out, r))
		return;
	out->from[out->count] = from;
	/* What else the session says of it counts for nothing. */
	out->routes[out->count++] =
		(struct route){.family = AF_INET, .prefix_len = r->prefix_len, .dst4 = r->dst4};
}

/* The classes of before 1993; what Windows still adds without a default route. */
static struct route class_of(struct in_addr local)
{
	uint8_t first = (uint8_t)(ntohl(local.s_addr) >> 24);
	struct route r = {.family = AF_INET, .prefix_len = first < 128 ? 8 : first < 192 ? 16 : 24};

	r.dst4.s_addr = local.s_addr & htonl(mask_of(r.prefix_len));
	return r;
}

void routes_collect(const struct supervisor *s, struct in_addr local, bool warn,
		    struct call_routes *out)
{
	const struct conf_profile *p = &s->profile;

	memset(out, 0, sizeof *out);
	out->count = p->route_count;
	memcpy(out->routes, p->routes, p->route_count * sizeof *p->routes);
	for (size_t i = 0; p->use_peer_routes && i < s->told.count; i++) {
		struct route r = s->told.routes[i];

		if (r.prefix_len <= 32)
			r.dst4.s_addr &= htonl(mask_of(r.prefix_len));
		consider(s, &r, CONTROL_ROUTE_DHCP, warn, out);
	}
	if (p->class_route && !p->add_default_route && local.s_addr) {
		struct route r = class_of(local);

		consider(s, &r, CONTROL_ROUTE_CLASS, warn, out);
	}
}

static void show(struct control_status *st, int family, const void *dst, unsigned prefix_len,
		 enum control_route_from from)
{
	struct control_route *r = &st->routes[st->route_count];
	char text[INET6_ADDRSTRLEN];

	if (st->route_count == CONTROL_ROUTES_MAX || !inet_ntop(family, dst, text, sizeof text))
		return;
	(void)snprintf(r->dst, sizeof r->dst, "%s/%u", text, prefix_len);
	r->from = from;
	st->route_count++;
}

void routes_show(const struct call_routes *routes, const struct host_config *c,
		 const struct host_applied *ways, struct control_status *st)
{
	static const struct in_addr any;

	memset(st->routes, 0, sizeof st->routes);
	st->route_count = 0;
	for (size_t i = 0; i < routes->count; i++)
		show(st, routes->routes[i].family, &routes->routes[i].dst6,
		     routes->routes[i].prefix_len, routes->from[i]);
	for (size_t i = 0; i < 2; i++)
		if (ways->dns_routed[i])
			show(st, AF_INET, &c->dns[i], 32, CONTROL_ROUTE_DNS);
	if (c->default_route)
		show(st, AF_INET, &any, 0, CONTROL_ROUTE_DEFAULT);
}
