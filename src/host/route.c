/* SPDX-License-Identifier: MIT */
/* Routes by rtnetlink. */
#include "host/route.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

#define IPV6_METRIC 1024 /* the kernel's IP6_RT_PRIO_USER */

size_t host_family_len(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

int host_sockaddr_octets(const struct sockaddr *addr, uint8_t out[static 16])
{
	memset(out, 0, 16);
	if (addr->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, addr, sizeof(in));
		memcpy(out, &in.sin_addr, 4);
		return AF_INET;
	}
	if (addr->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, addr, sizeof(in6));
		memcpy(out, &in6.sin6_addr, 16);
		return AF_INET6;
	}
	return 0;
}

bool host_prefix_covers(int family, const uint8_t *a, uint8_t a_len, const uint8_t *b,
			uint8_t b_len)
{
	size_t whole = a_len / 8, bits = a_len % 8;

	if (a_len > b_len || a_len > 8 * host_family_len(family))
		return false;
	if (memcmp(a, b, whole) != 0)
		return false;
	return bits == 0 || (uint8_t)(a[whole] ^ b[whole]) >> (8 - bits) == 0;
}

uint32_t host_rt_metric(int family, uint32_t metric)
{
	return metric == 0 && family == AF_INET6 ? IPV6_METRIC : metric;
}

void host_rt_mask(struct host_rt *rt)
{
	for (size_t i = 0; i < 16; i++) {
		if (8 * i >= rt->prefix_len)
			rt->dst[i] = 0;
		else if (8 * (i + 1) > rt->prefix_len)
			rt->dst[i] &= (uint8_t)(0xff << (8 * (i + 1) - rt->prefix_len));
	}
}

size_t host_rt_split(const struct host_rt *rt, unsigned bits,
		     struct host_rt out[static HOST_PARTS_MAX])
{
	size_t count = (size_t)1 << bits;

	for (size_t i = 0; i < count; i++) {
		out[i] = *rt;
		out[i].prefix_len = (uint8_t)(rt->prefix_len + bits);
		for (unsigned k = 0; k < bits; k++)
			if (i >> (bits - 1 - k) & 1)
				out[i].dst[(rt->prefix_len + k) / 8] |=
					(uint8_t)(0x80 >> (rt->prefix_len + k) % 8);
	}
	return count;
}

bool host_rt_equal(const struct host_rt *a, const struct host_rt *b)
{
	return a->family == b->family && a->prefix_len == b->prefix_len && a->type == b->type &&
	       /* What leads nowhere leaves by no interface, or IPv6 by "lo". */
	       (a->oif == b->oif || a->type != RTN_UNICAST) && a->metric == b->metric &&
	       a->table == b->table && a->gateway_family == b->gateway_family &&
	       a->has_source == b->has_source && memcmp(a->dst, b->dst, 16) == 0 &&
	       memcmp(a->gateway, b->gateway, 16) == 0 &&
	       (!a->has_source || memcmp(a->source, b->source, 16) == 0);
}

char *host_rt_text(const struct host_rt *rt, char *buf, size_t cap)
{
	struct str s = str_make(buf, cap);
	char text[INET6_ADDRSTRLEN];

	if (rt->prefix_len == 0) {
		str_printf(&s, "default");
		return buf;
	}
	inet_ntop(rt->family, rt->dst, text, sizeof(text));
	str_printf(&s, "%s/%u", text, rt->prefix_len);
	return buf;
}

static int put_gateway(struct nl_msg *msg, const struct host_rt *rt)
{
	size_t len = host_family_len(rt->gateway_family);
	uint8_t via[2 + 16];
	uint16_t family = (uint16_t)rt->gateway_family;

	if (rt->gateway_family == rt->family)
		return nla_put(msg, RTA_GATEWAY, (int)len, rt->gateway);
	/* IPv4 through an IPv6 neighbour: struct rtvia */
	memcpy(via, &family, 2);
	memcpy(via + 2, rt->gateway, len);
	return nla_put(msg, RTA_VIA, (int)(2 + len), via);
}

static struct nl_msg *route_msg(int type, int flags, const struct host_rt *rt)
{
	int len = (int)host_family_len(rt->family);
	struct rtmsg rtm = {
		.rtm_family = (uint8_t)rt->family,
		.rtm_dst_len = rt->prefix_len,
		.rtm_table = rt->table < 256 ? (uint8_t)rt->table : RT_TABLE_UNSPEC,
		.rtm_protocol = rt->protocol,
		.rtm_scope = rt->scope,
		.rtm_type = rt->type,
		.rtm_flags = rt->onlink ? RTNH_F_ONLINK : 0,
	};
	struct nl_msg *msg = host_nl_msg(type, flags, &rtm, sizeof(rtm));
	int r = 0;

	if (!msg)
		return NULL;
	if (rt->prefix_len)
		r |= nla_put(msg, RTA_DST, len, rt->dst);
	r |= nla_put_u32(msg, RTA_TABLE, rt->table);
	if (rt->oif)
		r |= nla_put_u32(msg, RTA_OIF, rt->oif);
	if (rt->metric)
		r |= nla_put_u32(msg, RTA_PRIORITY, rt->metric);
	if (rt->gateway_family)
		r |= put_gateway(msg, rt);
	if (rt->has_source)
		r |= nla_put(msg, RTA_PREFSRC, len, rt->source);
	if (r) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int host_rt_add(struct host_nl *nl, const struct host_rt *rt)
{
	/* CREATE alone, without EXCL, REPLACE or APPEND, puts it before its equals. */
	return host_nl_call(nl, route_msg(RTM_NEWROUTE, NLM_F_CREATE, rt), NULL, NULL);
}

int host_rt_del(struct host_nl *nl, const struct host_rt *rt)
{
	int r = host_nl_call(nl, route_msg(RTM_DELROUTE, 0, rt), NULL, NULL);

	return r == -ESRCH || r == -ENODEV ? 0 : r;
}

static void parse_nexthop(struct host_rt *rt, struct nlattr *gateway, struct nlattr *via)
{
	const uint8_t *p;
	uint16_t family;

	if (gateway && nla_len(gateway) == (int)host_family_len(rt->family)) {
		rt->gateway_family = rt->family;
		memcpy(rt->gateway, nla_data(gateway), host_family_len(rt->family));
	} else if (via && nla_len(via) > 2) {
		p = nla_data(via);
		memcpy(&family, p, 2);
		if (nla_len(via) == 2 + (int)host_family_len(family)) {
			rt->gateway_family = family;
			memcpy(rt->gateway, p + 2, host_family_len(family));
		}
	}
}

#define HOP_DEAD (RTNH_F_DEAD | RTNH_F_LINKDOWN)

static void parse_multipath(struct host_rt *rt, struct nlattr *hops)
{
	struct nlattr *a[RTA_MAX + 1];
	struct rtnexthop *hop = nla_data(hops);
	int left = nla_len(hops), own;

	rt->dead = true;
	while (rt->dead && left >= (int)sizeof(*hop) && RTNH_OK(hop, left)) {
		own = hop->rtnh_len - (int)RTNH_LENGTH(0);
		if (nla_parse(a, RTA_MAX, (struct nlattr *)(void *)RTNH_DATA(hop), own, NULL) < 0)
			return;
		rt->gateway_family = 0;
		memset(rt->gateway, 0, sizeof(rt->gateway));
		parse_nexthop(rt, a[RTA_GATEWAY], a[RTA_VIA]);
		rt->oif = (uint32_t)hop->rtnh_ifindex;
		rt->onlink = (hop->rtnh_flags & RTNH_F_ONLINK) != 0;
		rt->dead = (hop->rtnh_flags & HOP_DEAD) != 0;
		left -= RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
}

static uint32_t parse_mtu(struct nlattr *metrics)
{
	struct nlattr *mtu;

	if (!metrics)
		return 0;
	mtu = nla_find(nla_data(metrics), nla_len(metrics), RTAX_MTU);
	return mtu && nla_len(mtu) >= 4 ? nla_get_u32(mtu) : 0;
}

bool host_rt_parse(struct nlmsghdr *h, struct host_rt *rt)
{
	struct nlattr *a[RTA_MAX + 1];
	const struct rtmsg *rtm = nlmsg_data(h);
	int len;

	if ((h->nlmsg_type != RTM_NEWROUTE && h->nlmsg_type != RTM_DELROUTE) ||
	    nlmsg_datalen(h) < (int)sizeof(*rtm) ||
	    (rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6) ||
	    nlmsg_parse(h, sizeof(*rtm), a, RTA_MAX, NULL) < 0)
		return false;
	len = (int)host_family_len(rtm->rtm_family);
	memset(rt, 0, sizeof(*rt));
	rt->family = rtm->rtm_family;
	rt->prefix_len = rtm->rtm_dst_len;
	rt->type = rtm->rtm_type;
	rt->scope = rtm->rtm_scope;
	rt->protocol = rtm->rtm_protocol;
	rt->table = a[RTA_TABLE] ? nla_get_u32(a[RTA_TABLE]) : rtm->rtm_table;
	if (a[RTA_DST] && nla_len(a[RTA_DST]) == len)
		memcpy(rt->dst, nla_data(a[RTA_DST]), (size_t)len);
	if (a[RTA_PREFSRC] && nla_len(a[RTA_PREFSRC]) == len) {
		rt->has_source = true;
		memcpy(rt->source, nla_data(a[RTA_PREFSRC]), (size_t)len);
	}
	if (a[RTA_OIF])
		rt->oif = nla_get_u32(a[RTA_OIF]);
	if (a[RTA_PRIORITY])
		rt->metric = nla_get_u32(a[RTA_PRIORITY]);
	rt->mtu = parse_mtu(a[RTA_METRICS]);
	rt->onlink = (rtm->rtm_flags & RTNH_F_ONLINK) != 0;
	rt->dead = (rtm->rtm_flags & HOP_DEAD) != 0;
	rt->encapsulated = a[RTA_ENCAP_TYPE] != NULL;
	rt->cloned = (rtm->rtm_flags & RTM_F_CLONED) != 0;
	if (a[RTA_MULTIPATH])
		parse_multipath(rt, a[RTA_MULTIPATH]);
	else
		parse_nexthop(rt, a[RTA_GATEWAY], a[RTA_VIA]);
	return true;
}

struct dump {
	int family; /* a kernel without IPv6 answers with IPv4 */
	void (*visit)(void *ctx, const struct host_rt *rt);
	void *ctx;
};

static void dump_visit(void *ctx, struct nlmsghdr *h)
{
	const struct dump *dump = ctx;
	struct host_rt rt;

	/* Clones are the cache of path MTUs, not routes. */
	if (host_rt_parse(h, &rt) && rt.family == dump->family && rt.table == RT_TABLE_MAIN &&
	    !rt.cloned)
		dump->visit(dump->ctx, &rt);
}

int host_rt_dump(struct host_nl *nl, int family, void (*visit)(void *ctx, const struct host_rt *rt),
		 void *ctx)
{
	struct rtmsg rtm = {.rtm_family = (uint8_t)family, .rtm_table = RT_TABLE_MAIN};
	struct dump dump = {.family = family, .visit = visit, .ctx = ctx};
	int r = host_nl_call(nl, host_nl_msg(RTM_GETROUTE, NLM_F_DUMP, &rtm, sizeof(rtm)),
			     dump_visit, &dump);

	/* An IPv6 table that nobody used yet, or for which there is no kernel, is not there. */
	return r == -ENOENT || r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

static void get_visit(void *ctx, struct nlmsghdr *h)
{
	(void)host_rt_parse(h, ctx);
}

int host_rt_get(struct host_nl *nl, int family, const uint8_t *dst, const uint8_t *src,
		unsigned oif, bool match, struct host_rt *rt)
{
	struct rtmsg rtm = {
		.rtm_family = (uint8_t)family,
		.rtm_dst_len = (uint8_t)(8 * host_family_len(family)),
		.rtm_src_len = src ? (uint8_t)(8 * host_family_len(family)) : 0,
		/* IPv6 names the table unasked, and refuses the flag. */
		.rtm_flags = (family == AF_INET ? RTM_F_LOOKUP_TABLE : 0) |
			     (match ? RTM_F_FIB_MATCH : 0),
	};
	struct nl_msg *msg = host_nl_msg(RTM_GETROUTE, 0, &rtm, sizeof(rtm));

	memset(rt, 0, sizeof(*rt));
	if (msg && (nla_put(msg, RTA_DST, (int)host_family_len(family), dst) < 0 ||
		    (src && nla_put(msg, RTA_SRC, (int)host_family_len(family), src) < 0) ||
		    (oif && nla_put_u32(msg, RTA_OIF, oif) < 0))) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return host_nl_call(nl, msg, get_visit, rt);
}
