/* SPDX-License-Identifier: MIT */
/* The judgement of what the session asks for: it speaks for a peer that nobody trusts. */
#include "connection/judge.h"

#include "base/address.h"
#include "base/str.h"
#include "connection/effects.h"
#include "connection/routes.h"
#include "connection/status.h"
#include "connection/way.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MTU_MIN 68 /* RFC 791 */
/* Stand-ins while dial-on-demand waits for its first call, as pppd(8) has them. */
#define DEMAND_LOCAL  0x0a404040u /* 10.64.64.64 */
#define DEMAND_REMOTE 0x0a707070u /* 10.112.112.112 */

/* May this be an address of a host at all? */
static bool is_host(struct in_addr a)
{
	uint32_t v = ntohl(a.s_addr);

	return v >> 24 != 0 && v >> 24 != 127 && v >> 28 < 14;
}

static bool is_server(const struct supervisor *s, struct in_addr a)
{
	const struct sockaddr_storage *to = dialer_server(&s->dialer);

	return to->ss_family == AF_INET && address_ipv4(to).s_addr == a.s_addr;
}

static const char *fault_of(const struct supervisor *s, const struct request_network *n)
{
	if (!is_host(n->local))
		return "the server gave an address that no host can have";
	if (is_server(s, n->local))
		return "the server gave its own address to us";
	if (n->remote.s_addr && !is_host(n->remote))
		return "the server names an address as its own that no host can have";
	if (n->mtu < MTU_MIN || n->mtu > request_mtu_most(s->profile.max_mtu, s->profile.ppp.mrru))
		return "the negotiated MTU is out of range";
	return NULL;
}

static struct in6_addr link_local(const uint8_t ifid[8])
{
	struct in6_addr a = {0};
	static const uint8_t none[8];

	if (memcmp(ifid, none, sizeof none) == 0)
		return a;
	a.s6_addr[0] = 0xfe;
	a.s6_addr[1] = 0x80;
	memcpy(a.s6_addr + 8, ifid, 8);
	return a;
}

/* The profile's servers, else those of the peer that make sense: PPP's, else DHCP's.  True if they
 * are the peer's. */
static bool fill_dns(const struct supervisor *s, const struct request_network *n,
		     struct in_addr dns[2])
{
	const struct conf_profile *p = &s->profile;
	size_t count = 0;

	memset(dns, 0, 2 * sizeof *dns);
	for (size_t i = 0; i < 2; i++)
		if (p->dns_server[i].s_addr)
			dns[count++] = p->dns_server[i];
	if (count || p->use_peer_dns == CONF_PEER_DNS_NO)
		return false;
	for (size_t i = 0; i < 2; i++)
		if (n->dns[i].s_addr && is_host(n->dns[i]))
			dns[count++] = n->dns[i];
	for (size_t i = 0; n->dns[0].s_addr == 0 && i < 2; i++)
		if (s->told.dns[i].s_addr && is_host(s->told.dns[i]))
			dns[count++] = s->told.dns[i];
	return count > 0;
}

/* The domain that the server told counts where the profile names none. */
static bool domain_is_used(const struct supervisor *s)
{
	return s->told.domain[0] && !s->profile.search_domains[0] &&
	       s->profile.use_peer_dns != CONF_PEER_DNS_NO;
}

static void fill_config(const struct supervisor *s, const struct request_network *n,
			const struct call_routes *routes, struct host_config *c)
{
	const struct conf_profile *p = &s->profile;

	memset(c, 0, sizeof *c);
	str_copy(c->ifname, sizeof c->ifname, s->tun.ifname);
	c->ifindex = s->tun.ifindex;
	c->server = *dialer_server(&s->dialer);
	c->bind_ifindex = bind_ifindex(s);
	c->local = n->local;
	c->remote = n->remote;
	c->local6 = link_local(n->local_ifid);
	c->mtu = n->mtu;
	c->default_route = p->add_default_route;
	c->distance_set = p->distance_set;
	c->distance = p->default_route_distance;
	c->lockdown = p->lockdown;
	c->block_ipv6 = p->block_ipv6;
	c->keep_ssh = p->keep_ssh;
	c->routes = routes->routes;
	c->route_count = routes->count;
	c->dns_mode =
		p->use_peer_dns == CONF_PEER_DNS_EXCLUSIVELY ? HOST_DNS_EXCLUSIVELY : HOST_DNS_YES;
	c->dns_announced = fill_dns(s, n, c->dns);
	if (!c->dns[0].s_addr)
		c->dns_mode = HOST_DNS_NO;
	str_copy(c->search_domains, sizeof c->search_domains,
		 domain_is_used(s) ? s->told.domain : p->search_domains);
}

static void put_address(char *out, size_t cap, struct in_addr a)
{
	out[0] = '\0';
	if (a.s_addr)
		inet_ntop(AF_INET, &a, out, (socklen_t)cap);
}

static void put_address6(char *out, size_t cap, const uint8_t ifid[8])
{
	struct in6_addr a = link_local(ifid);

	out[0] = '\0';
	if (a.s6_addr[0])
		inet_ntop(AF_INET6, &a, out, (socklen_t)cap);
}

/* All that the status says of the network of a call is written here: what was agreed on, what was
 * done, and what the kernel makes of it. */
static void show_network(struct supervisor *s, const struct request_network *n,
			 const struct host_config *c, const struct call_routes *routes)
{
	struct control_status *st = &s->status;
	size_t servers = 0;

	st->mtu = n->mtu;
	st->mru = n->mru;
	st->link_mtu = n->link_mtu;
	st->mrru = n->mrru;
	st->peer_mrru = n->peer_mrru;
	str_copy(st->auth_method, sizeof st->auth_method, n->auth_method);
	put_address(st->local, sizeof st->local, n->local);
	put_address(st->remote, sizeof st->remote, n->remote);
	put_address6(st->local6, sizeof st->local6, n->local_ifid);
	put_address6(st->remote6, sizeof st->remote6, n->remote_ifid);
	memset(st->dns, 0, sizeof st->dns);
	for (size_t i = 0; i < 2; i++) {
		if (s->ways.dns_used[i])
			put_address(st->dns[servers++], sizeof st->dns[0], c->dns[i]);
		put_address(st->wins[i], sizeof st->wins[i], n->wins[i]);
	}
	str_copy(st->dns_way, sizeof st->dns_way, host_dns_way_name(s->ways.dns_way));
	str_copy(st->domain, sizeof st->domain, domain_is_used(s) ? s->told.domain : "");
	st->default_route = c->default_route;
	st->server_pinned = s->ways.pinned;
	routes_show(routes, c, &s->ways, st);
	effects_look(s, c);
}

/* What differs from before; WARN about routes that are left out. */
static int apply(struct supervisor *s, const struct request_network *n, bool warn,
		 struct reason *reason)
{
	struct host_applied applied = {0};
	struct call_routes routes;
	struct host_config config;
	int rc;

	routes_collect(s, n->local, warn, &routes);
	fill_config(s, n, &routes, &config);
	rc = host_apply(s->host, &config, &applied, reason);
	if (rc < 0)
		return rc;
	s->ways = applied;
	show_network(s, n, &config, &routes);
	return 0;
}

static void look(struct supervisor *s)
{
	struct call_routes routes;
	struct host_config config;

	routes_collect(s, s->applied.local, false, &routes);
	fill_config(s, &s->applied, &routes, &config);
	show_network(s, &s->applied, &config, &routes);
}

void judge_names(struct supervisor *s)
{
	s->ways.dns_way = host_dns_way_now(s->host);
	look(s);
	control_broadcast(&s->control, false);
}

int judge_lockdown(struct supervisor *s, struct reason *reason)
{
	const struct request_network none = {0};
	struct call_routes routes;
	struct host_config config;

	if (!s->profile.lockdown)
		return 0;
	routes_collect(s, s->applied.local, false, &routes); /* of the call before, if any */
	fill_config(s, &none, &routes, &config);
	if (!config.default_route && config.route_count == 0 && s->status.attempt <= 1)
		log_warn(&s->log, "lockdown holds nothing back: write add-default-route = yes, or "
				  "the networks into routes");
	return host_lockdown(s->host, &config, reason);
}

bool judge_again(struct supervisor *s, struct reason *why)
{
	struct reason reason = {0};
	int rc = apply(s, &s->applied, false, &reason);

	if (rc == -ENOSPC || rc == -EROFS)
		log_warn(&s->log, "%s", reason.text); /* what is applied is still there */
	else if (rc < 0) {
		*why = (struct reason){0};
		reason_set(why, EXIT_HANGUP, "%s", reason.text);
		return false;
	}
	return true;
}

int judge_demand(struct supervisor *s, struct reason *reason)
{
	struct request_network n = {.mtu = s->profile.max_mtu, .mru = s->profile.ppp.mru};

	/* The addresses of the call before are the best guess of those of the next. */
	n.local = s->applied.local.s_addr ? s->applied.local : s->profile.ppp.local;
	n.remote = s->applied.remote.s_addr ? s->applied.remote : s->profile.ppp.remote;
	if (!n.local.s_addr)
		n.local.s_addr = htonl(DEMAND_LOCAL);
	if (!n.remote.s_addr)
		n.remote.s_addr = htonl(DEMAND_REMOTE);
	return apply(s, &n, false, reason);
}

bool judge_network(struct supervisor *s, const struct request_network *n, bool first)
{
	struct request_applied answer = {0};
	const char *fault = fault_of(s, n);

	if (fault)
		reason_set(&answer.reason, EXIT_NEGOTIATION_FAILED, "%s", fault);
	else if (first)
		status_set(s, CONTROL_STATE_CONFIGURING, "setting addresses and routes");
	if (n->local.s_addr != s->applied.local.s_addr) /* what was told was for another one */
		memset(&s->told, 0, sizeof s->told);
	answer.error = fault ? -EINVAL : apply(s, n, first, &answer.reason);
	request_send(&s->session.channel, REQUEST_APPLIED, &answer, NULL, 0);
	if (answer.error) {
		log_info(&s->log, "%s", answer.reason.text); /* the end of the call will tell */
		return false;
	}
	s->told_any &= n->local.s_addr == s->applied.local.s_addr;
	s->applied = *n;
	if (first)
		s->up_since_ms = loop_now(s->loop);
	return true;
}

static bool same_routes(const struct call_routes *a, const struct call_routes *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (a->from[i] != b->from[i] ||
		    a->routes[i].prefix_len != b->routes[i].prefix_len ||
		    a->routes[i].dst4.s_addr != b->routes[i].dst4.s_addr)
			return false;
	return a->count == b->count;
}

/* Would the machine look different with what the server told now? */
static bool told_matters(const struct supervisor *s, const struct call_routes *before,
			 const struct in_addr *dns_before)
{
	struct call_routes now;
	struct in_addr dns[2];

	routes_collect(s, s->applied.local, true, &now);
	(void)fill_dns(s, &s->applied, dns);
	return !same_routes(before, &now) || memcmp(dns, dns_before, sizeof dns) != 0 ||
	       strcmp(domain_is_used(s) ? s->told.domain : "", s->status.domain) != 0;
}

bool judge_routes(struct supervisor *s, const struct request_routes *told, struct reason *why)
{
	struct request_network now = s->applied;
	struct reason reason = {0}, again = {0};
	char server[INET_ADDRSTRLEN] = "";
	struct call_routes before;
	struct in_addr dns[2];

	if (s->told_any)
		return true;
	put_address(server, sizeof server, told->server);
	log_info(&s->log, "DHCP server %s tells %u routes%s%s", server, told->count,
		 told->domain[0] ? ", domain " : "", told->domain);
	routes_collect(s, now.local, false, &before);
	(void)fill_dns(s, &now, dns);
	s->told = *told;
	s->told_any = true;
	if (!told_matters(s, &before, dns))
		return true;
	if (apply(s, &now, false, &reason) == 0) {
		control_broadcast(&s->control, false);
		return true;
	}
	log_warn(&s->log, "what the server tells by DHCP is not used: %s", reason.text);
	memset(&s->told, 0, sizeof s->told);
	if (apply(s, &now, false, &again) == 0)
		return true;
	*why = (struct reason){0};
	reason_set(why, EXIT_HANGUP, "%s", again.text);
	return false;
}

void judge_stats(struct supervisor *s, const struct request_stats *stats, bool late)
{
	struct control_status *st = &s->status;

	/* At its end PPP closes MPPE first; what the call had is what matters then. */
	if (!late)
		str_copy(st->encoding, sizeof st->encoding, stats->encoding);
	str_copy(st->ipsec, sizeof st->ipsec,
		 s->profile.ipsec.use == IPSEC_USE_EXTERNAL ? "by another program" : stats->ipsec);
	str_copy(st->peer_host, sizeof st->peer_host, stats->peer_host);
	str_copy(st->peer_vendor, sizeof st->peer_vendor, stats->peer_vendor);
	st->echo_known = stats->echo_known != 0;
	st->echo_rtt_ms = stats->echo_rtt_ms;
	st->echo_min_ms = stats->echo_min_ms;
	st->echo_avg_ms = stats->echo_avg_ms;
	st->echo_jitter_ms = stats->echo_jitter_ms;
	st->echo_count = stats->echo_count;
	st->idle_ms = stats->idle_ms;
	st->stats_ms = loop_now(s->loop);
	st->counters = stats->counters;
	if (s->status.state == CONTROL_STATE_UP)
		look(s);
	control_broadcast(&s->control, true);
	manager_stats(&s->manager);
}
