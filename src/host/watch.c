/* SPDX-License-Identifier: MIT */
/* The monitor of rtnetlink's notifications. */
#include "host/watch.h"

#include "host/internal.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <netlink/attr.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUIET_MS       50
#define LATEST_MS      500
#define READS_A_TURN   16
#define RECEIVE_OCTETS (256 * 1024)
#define LINKS_MAX      64
#define GROUPS                                                                       \
	(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR | \
	 RTMGRP_IPV6_ROUTE | 1 << (RTNLGRP_IPV4_RULE - 1) | 1 << (RTNLGRP_IPV6_RULE - 1))
#define WIDE_BITS 8 /* a route for so much may be meant as a default one (effect.c) */

struct host_watch {
	struct host *host;
	struct loop *loop;
	void (*changed)(void *ctx, unsigned changes);
	void *ctx;
	struct loop_fd handle;
	struct loop_timer timer;
	uint64_t first_ms; /* of the changes that wait */
	unsigned changes;
	unsigned tun_ifindex;
	bool tun_up;
	int server_family;
	uint8_t server[16];
	unsigned working[LINKS_MAX];  /* interfaces that are up and have a carrier; 0 = free */
	struct loop_fd policy_handle; /* IPsec's notifications, while a next hop matters */
	struct host_hop hop;	      /* ifindex 0 = none */
	bool hop_watched, policies_wanted;
	bool overflow; /* more of them: then every word about a link counts */
	char buffer[32768] __attribute__((aligned(8)));
};

static unsigned *find_link(struct host_watch *w, unsigned ifindex)
{
	for (size_t i = 0; i < LINKS_MAX; i++)
		if (w->working[i] == ifindex)
			return &w->working[i];
	return NULL;
}

/* True if that is news. */
static bool note_link(struct host_watch *w, unsigned ifindex, bool works)
{
	unsigned *known = find_link(w, ifindex);

	if (!known == !works)
		return w->overflow;
	if (known) {
		*known = 0;
		return true;
	}
	known = find_link(w, 0);
	if (known)
		*known = ifindex;
	else
		w->overflow = true;
	return true;
}

static bool link_works(const struct ifinfomsg *ifi)
{
	return host_link_works(ifi->ifi_flags);
}

static unsigned judge_link(struct host_watch *w, struct nlmsghdr *h)
{
	const struct ifinfomsg *ifi = nlmsg_data(h);
	bool deleted = h->nlmsg_type == RTM_DELLINK, was_up = w->tun_up;

	/* A bridge speaks of its ports with the same messages. */
	if (nlmsg_datalen(h) < (int)sizeof(*ifi) || ifi->ifi_family != AF_UNSPEC ||
	    ifi->ifi_index <= 0)
		return 0;
	if ((unsigned)ifi->ifi_index != w->tun_ifindex)
		return note_link(w, (unsigned)ifi->ifi_index, !deleted && link_works(ifi))
			       ? HOST_CHANGE_LINK
			       : 0;
	if (deleted)
		return HOST_CHANGE_TUN_GONE;
	w->tun_up = (ifi->ifi_flags & IFF_UP) != 0;
	return was_up && !w->tun_up ? HOST_CHANGE_TAKEN : 0;
}

static bool by_us(const struct host_watch *w, const struct nlmsghdr *h)
{
	return h->nlmsg_pid == nl_socket_get_local_port(w->host->nl.sock);
}

static unsigned judge_address(const struct host_watch *w, struct nlmsghdr *h)
{
	const struct ifaddrmsg *ifa = nlmsg_data(h);

	if (nlmsg_datalen(h) < (int)sizeof(*ifa) || by_us(w, h))
		return 0;
	if (ifa->ifa_index == w->tun_ifindex)
		return h->nlmsg_type == RTM_DELADDR && w->tun_up ? HOST_CHANGE_TAKEN : 0;
	/* Link-local ones come by themselves and reach no server. */
	if (ifa->ifa_family == AF_INET6 &&
	    (ifa->ifa_scope == RT_SCOPE_LINK || (ifa->ifa_flags & IFA_F_TENTATIVE)))
		return 0;
	return HOST_CHANGE_ADDRESS;
}

/* Can it lead past a route of ours?  More specific ones are meant to. */
static bool concerns_ours(const struct host_watch *w, const struct host_rt *rt)
{
	if (rt->family == AF_INET6 && rt->prefix_len < WIDE_BITS)
		return true;
	for (size_t i = 0; i < w->host->step_count; i++) {
		const struct host_rt *ours = &w->host->steps[i].route;

		if (w->host->steps[i].kind == UNDO_ROUTE && ours->family == rt->family &&
		    (rt->prefix_len <= ours->prefix_len + 1 || rt->prefix_len <= WIDE_BITS) &&
		    (host_prefix_covers(rt->family, rt->dst, rt->prefix_len, ours->dst,
					ours->prefix_len) ||
		     host_prefix_covers(rt->family, ours->dst, ours->prefix_len, rt->dst,
					rt->prefix_len)))
			return true;
	}
	return false;
}

static unsigned judge_route(const struct host_watch *w, struct nlmsghdr *h)
{
	struct host_rt rt;

	if (!host_rt_parse(h, &rt) || by_us(w, h) || rt.table == RT_TABLE_LOCAL || rt.cloned)
		return 0;
	if (w->tun_ifindex && rt.oif == w->tun_ifindex)
		return h->nlmsg_type == RTM_DELROUTE && rt.protocol == HOST_ROUTE_PROTOCOL
			       ? HOST_CHANGE_TAKEN
			       : 0;
	if (rt.prefix_len == 0 || (rt.family == w->server_family &&
				   host_prefix_covers(rt.family, rt.dst, rt.prefix_len, w->server,
						      (uint8_t)(8 * host_family_len(rt.family)))))
		return HOST_CHANGE_ROUTE;
	return concerns_ours(w, &rt) ? HOST_CHANGE_EFFECT : 0;
}

static unsigned judge_neighbour(const struct host_watch *w, struct nlmsghdr *h)
{
	const struct ndmsg *nd = nlmsg_data(h);
	int len = (int)host_family_len(w->hop.family);
	struct nlattr *dst;

	if (nlmsg_datalen(h) < (int)sizeof(*nd) || !w->hop.ifindex ||
	    (unsigned)nd->ndm_ifindex != w->hop.ifindex || nd->ndm_family != w->hop.family)
		return 0;
	dst = nlmsg_find_attr(h, sizeof(*nd), NDA_DST);
	return dst && nla_len(dst) == len && memcmp(nla_data(dst), w->hop.address, len) == 0
		       ? HOST_CHANGE_HOP
		       : 0;
}

static unsigned judge(struct host_watch *w, struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return judge_link(w, h);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return judge_address(w, h);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return judge_route(w, h);
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		return judge_neighbour(w, h);
	case RTM_NEWRULE:
	case RTM_DELRULE:
		return HOST_CHANGE_EFFECT;
	}
	return 0;
}

static void seed_visit(void *ctx, struct nlmsghdr *h)
{
	struct host_watch *w = ctx;
	const struct ifinfomsg *ifi = nlmsg_data(h);

	if (h->nlmsg_type != RTM_NEWLINK || nlmsg_datalen(h) < (int)sizeof(*ifi) ||
	    ifi->ifi_index <= 0)
		return;
	if ((unsigned)ifi->ifi_index == w->tun_ifindex)
		w->tun_up = (ifi->ifi_flags & IFF_UP) != 0;
	else
		(void)note_link(w, (unsigned)ifi->ifi_index, link_works(ifi));
}

/* The links as they are now. */
static void seed(struct host_watch *w)
{
	struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC};

	memset(w->working, 0, sizeof(w->working));
	w->overflow = w->tun_up = false;
	(void)host_nl_call(&w->host->nl, host_nl_msg(RTM_GETLINK, NLM_F_DUMP, &ifi, sizeof(ifi)),
			   seed_visit, w);
}

/* Words were lost: anything may have happened. */
static unsigned overrun(struct host_watch *w)
{
	char name[IFNAMSIZ];
	unsigned gone =
		w->tun_ifindex && !if_indextoname(w->tun_ifindex, name) ? HOST_CHANGE_TUN_GONE : 0;

	seed(w);
	return HOST_CHANGE_LINK | HOST_CHANGE_ADDRESS | HOST_CHANGE_ROUTE | HOST_CHANGE_TAKEN |
	       HOST_CHANGE_HOP | HOST_CHANGE_EFFECT | gone;
}

static void note(struct host_watch *w, unsigned changes)
{
	uint64_t now = loop_now(w->loop), at = now + QUIET_MS;

	if (!changes)
		return;
	if (!w->changes)
		w->first_ms = now;
	w->changes |= changes;
	if (at > w->first_ms + LATEST_MS)
		at = w->first_ms + LATEST_MS;
	loop_timer_set(w->loop, &w->timer, at);
}

static void on_rest(void *ctx)
{
	struct host_watch *w = ctx;
	unsigned changes = w->changes;

	w->changes = 0;
	w->changed(w->ctx, changes);
}

static unsigned judge_all(struct host_watch *w, int len)
{
	unsigned changes = 0;

	for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)w->buffer; nlmsg_ok(h, len);
	     h = nlmsg_next(h, &len))
		changes |= judge(w, h);
	return changes;
}

static void on_ready(void *ctx, uint32_t events)
{
	struct host_watch *w = ctx;
	struct sockaddr_nl from = {0};
	unsigned changes = 0;
	socklen_t len;
	ssize_t n = 1;

	(void)events;
	for (int i = 0; n > 0 && i < READS_A_TURN; i++) {
		len = sizeof(from);
		n = recvfrom(w->handle.fd, w->buffer, sizeof(w->buffer), MSG_TRUNC,
			     (struct sockaddr *)&from, &len);
		if (n > (ssize_t)sizeof(w->buffer) || (n < 0 && errno == ENOBUFS))
			changes |= overrun(w);
		else if (n > 0 && from.nl_pid == 0)
			changes |= judge_all(w, (int)n);
	}
	note(w, changes);
}

/* What changed there matters to nobody but the kernel: only that something did. */
static void on_policy(void *ctx, uint32_t events)
{
	struct host_watch *w = ctx;

	(void)events;
	for (int i = 0; i < READS_A_TURN; i++)
		if (recv(w->policy_handle.fd, w->buffer, sizeof(w->buffer), 0) < 0 &&
		    errno != ENOBUFS)
			break;
	note(w, HOST_CHANGE_HOP | HOST_CHANGE_POLICY);
}

static int open_socket(int protocol, uint32_t groups)
{
	struct sockaddr_nl local = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int size = RECEIVE_OCTETS, r;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

/* A kernel without IPsec has no policies that could change. */
static void watch_policies(struct host_watch *w, bool on)
{
	if (on && w->policy_handle.fd < 0) {
		w->policy_handle.fd = open_socket(NETLINK_XFRM, 1u << (XFRMNLGRP_POLICY - 1));
		if (w->policy_handle.fd >= 0)
			(void)loop_fd_add(w->loop, &w->policy_handle, EPOLLIN);
	} else if (!on && w->policy_handle.fd >= 0) {
		loop_fd_del(w->loop, &w->policy_handle);
		close(w->policy_handle.fd);
		w->policy_handle.fd = -1;
	}
}

struct host_watch *host_watch_new(struct host *host, struct loop *loop,
				  void (*changed)(void *ctx, unsigned changes), void *ctx,
				  struct reason *reason)
{
	struct host_watch *w = calloc(1, sizeof(*w));
	int r = -ENOMEM;

	if (w) {
		w->host = host;
		w->loop = loop;
		w->changed = changed;
		w->ctx = ctx;
		w->policy_handle = (struct loop_fd){.fd = -1, .ready = on_policy, .ctx = w};
		w->timer = (struct loop_timer){DEADLINE_NONE, on_rest, w, NULL, NULL};
		r = open_socket(NETLINK_ROUTE, GROUPS);
		w->handle = (struct loop_fd){.fd = r, .ready = on_ready, .ctx = w};
		if (r >= 0)
			r = loop_fd_add(loop, &w->handle, EPOLLIN);
	}
	if (r < 0) {
		reason_set(reason, EXIT_OPEN_FAILED, "cannot watch the network for changes: %s",
			   strerror(-r));
		host_watch_free(w);
		return NULL;
	}
	seed(w);
	return w;
}

void host_watch_free(struct host_watch *w)
{
	if (!w)
		return;
	watch_policies(w, false);
	loop_fd_del(w->loop, &w->handle);
	loop_timer_del(w->loop, &w->timer);
	if (w->handle.fd >= 0)
		close(w->handle.fd);
	free(w);
}

void host_watch_set(struct host_watch *w, unsigned tun_ifindex,
		    const struct sockaddr_storage *server)
{
	w->tun_ifindex = tun_ifindex;
	w->server_family =
		server ? host_sockaddr_octets((const struct sockaddr *)server, w->server) : 0;
	seed(w);
}

void host_watch_policies(struct host_watch *w, bool on)
{
	w->policies_wanted = on;
	watch_policies(w, on || w->hop_watched);
}

bool host_watch_hop(struct host_watch *w, const struct host_hop *hop)
{
	struct host_hop before = w->hop;
	int group = RTNLGRP_NEIGH;

	if (!hop != !w->hop_watched) {
		w->hop_watched = hop != NULL;
		(void)setsockopt(w->handle.fd, SOL_NETLINK,
				 hop ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP, &group,
				 sizeof(group));
		watch_policies(w, hop || w->policies_wanted);
		before.ifindex = 0;
	}
	w->hop = hop ? *hop : (struct host_hop){0};
	return w->hop.ifindex != before.ifindex || w->hop.family != before.family ||
	       memcmp(w->hop.address, before.address, sizeof(before.address)) != 0;
}
