/* SPDX-License-Identifier: MIT */
/* SSH sessions to this machine keep their path: whoever administers it from afar must not be cut
 * off by the call that he dials. */
#include "host/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>

#define SESSIONS_MAX 16
#define SSH_PORT     22
#define ESTABLISHED  1 /* TCP_ESTABLISHED of the kernel */

struct session {
	int family;
	uint8_t local[16], peer[16];
};

struct session_search {
	uint16_t ports[2]; /* network order */
	size_t count;
	struct session found[SESSIONS_MAX];
	bool more;
};

/* The port at which the user came in: SSH_CONNECTION is "peer port address port". */
static uint16_t callers_port(void)
{
	const char *text = secure_getenv("SSH_CONNECTION"),
		   *last = text ? strrchr(text, ' ') : NULL;
	unsigned long port = last ? strtoul(last + 1, NULL, 10) : 0;

	return port > 0 && port <= UINT16_MAX ? (uint16_t)port : SSH_PORT;
}

static void take_address(struct session *s, uint8_t out[static 16], const uint32_t from[4])
{
	memcpy(out, from, host_family_len(s->family));
}

/* IPv4 to a socket of IPv6 */
static void unmap(struct session *s)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (s->family != AF_INET6 || memcmp(s->peer, mapped, 12) != 0)
		return;
	s->family = AF_INET;
	memmove(s->peer, s->peer + 12, 4);
	memmove(s->local, s->local + 12, 4);
	memset(s->peer + 4, 0, 12);
	memset(s->local + 4, 0, 12);
}

static bool worth_keeping(const struct session *s)
{
	const struct in6_addr *peer6 = (const struct in6_addr *)(const void *)s->peer;

	if (s->family == AF_INET)
		return s->peer[0] != 127 && s->peer[0] != 0;
	return !IN6_IS_ADDR_LOOPBACK(peer6) && !IN6_IS_ADDR_LINKLOCAL(peer6);
}

static void session_visit(void *ctx, struct nlmsghdr *h)
{
	struct session_search *f = ctx;
	const struct inet_diag_msg *m = nlmsg_data(h);
	struct session s = {0};

	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY || nlmsg_datalen(h) < (int)sizeof(*m) ||
	    m->idiag_state != ESTABLISHED ||
	    (m->id.idiag_sport != f->ports[0] && m->id.idiag_sport != f->ports[1]))
		return;
	s.family = m->idiag_family == AF_INET6 ? AF_INET6 : AF_INET;
	take_address(&s, s.local, m->id.idiag_src);
	take_address(&s, s.peer, m->id.idiag_dst);
	unmap(&s);
	if (!worth_keeping(&s))
		return;
	for (size_t i = 0; i < f->count; i++)
		if (f->found[i].family == s.family && memcmp(f->found[i].peer, s.peer, 16) == 0)
			return;
	if (f->count < SESSIONS_MAX)
		f->found[f->count++] = s;
	else
		f->more = true;
}

static int find_sessions(struct session_search *f)
{
	struct inet_diag_req_v2 request = {.sdiag_protocol = IPPROTO_TCP,
					   .idiag_states = 1u << ESTABLISHED};
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct host_nl nl;
	int r = host_nl_open(&nl, NETLINK_SOCK_DIAG);

	for (size_t i = 0; r == 0 && i < 2; i++) {
		request.sdiag_family = families[i];
		r = host_nl_call(
			&nl,
			host_nl_msg(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request)),
			session_visit, f);
		if (families[i] == AF_INET6 && r == -ENOENT)
			r = 0; /* a kernel without IPv6 */
	}
	host_nl_close(&nl);
	return r;
}

/* Would a route of CONFIG take the peer from an entry of LEN bits? */
static bool taken(const struct host_config *c, const struct session *s, uint8_t len)
{
	uint8_t whole = (uint8_t)(8 * host_family_len(s->family));

	bool all = (c->default_route && (s->family == AF_INET || c->lockdown)) ||
		   (c->block_ipv6 && s->family == AF_INET6);

	if (all && len <= HOST_SPLIT_MOST)
		return true;
	for (size_t i = 0; i < c->route_count; i++)
		if (c->routes[i].family == s->family && c->routes[i].prefix_len >= len &&
		    host_prefix_covers(s->family, (const uint8_t *)&c->routes[i].dst6,
				       c->routes[i].prefix_len, s->peer, whole))
			return true;
	return false;
}

/* Does it come through the tunnel, or did, before the last call ended?  Such a one must not be led
 * past it. */
static bool in_tunnel(struct host *host, const struct host_config *c, const struct session *s)
{
	size_t len = host_family_len(s->family);
	const void *local = s->family == AF_INET6 ? (const void *)&c->local6 : &c->local;
	struct host_rt rt;

	if (memcmp(s->local, local, len) == 0)
		return true;
	for (size_t i = 0; i < host->step_count; i++)
		if (host->steps[i].kind == UNDO_ADDRESS &&
		    host->steps[i].address.family == s->family &&
		    memcmp(host->steps[i].address.local, s->local, len) == 0)
			return true;
	return host_rt_get(&host->nl, s->family, s->local, NULL, 0, false, &rt) < 0 ||
	       rt.type != RTN_LOCAL;
}

static bool is_server(const struct host_config *c, const struct session *s)
{
	uint8_t server[16];

	return host_sockaddr_octets((const struct sockaddr *)&c->server, server) == s->family &&
	       memcmp(s->peer, server, 16) == 0;
}

static void keep(struct host *host, const struct host_config *c, const struct session *s)
{
	char peer[INET6_ADDRSTRLEN], name[IFNAMSIZ] = "?", text[200];
	size_t before = host->step_count;
	struct host_rt entry;
	int r;

	if (is_server(c, s) || in_tunnel(host, c, s) ||
	    host_outside(host, s->family, s->peer, s->local, 0, &entry) < 0 ||
	    entry.type != RTN_UNICAST || entry.table != RT_TABLE_MAIN ||
	    !taken(c, s, entry.prefix_len))
		return;
	inet_ntop(s->family, s->peer, peer, sizeof(peer));
	r = host_pin(host, UNDO_KEEP, s->peer, &entry);
	if (r < 0) {
		log_warn(host->log, "the SSH session from %s may hang: cannot keep its path: %s",
			 peer, host_nl_error(&host->nl, r, text, sizeof(text)));
	} else if (host->step_count > before) {
		(void)if_indextoname(entry.oif, name);
		log_notice(host->log, "the SSH session from %s keeps its path by %s", peer, name);
	}
}

void host_sessions_keep(struct host *host, const struct host_config *config)
{
	struct session_search f = {.ports = {htons(SSH_PORT), htons(callers_port())}};
	int r;

	if (!config->keep_ssh ||
	    (!config->default_route && !config->block_ipv6 && config->route_count == 0))
		return;
	r = find_sessions(&f);
	if (r < 0)
		log_info(host->log, "cannot look for SSH sessions: %s", strerror(-r));
	if (f.more)
		log_warn(host->log, "more than %d SSH peers: only so many keep their path",
			 SESSIONS_MAX);
	for (size_t i = 0; i < f.count; i++)
		keep(host, config, &f.found[i]);
}
