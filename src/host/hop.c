/* SPDX-License-Identifier: MIT */
/* Whom a packet is handed to on its link: the route's next hop and its neighbour entry. */
#include "host/hop.h"

#include "base/str.h"
#include "host/internal.h"
#include "host/route.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <net/if_arp.h>
#include <netlink/attr.h>
#include <string.h>
#include <unistd.h>

/* States in which the kernel itself sends to the entry's link address. */
#define USABLE (NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)

struct neighbour {
	bool usable;
	uint8_t link_address[6];
};

static void neighbour_visit(void *ctx, struct nlmsghdr *h)
{
	struct neighbour *n = ctx;
	const struct ndmsg *nd = nlmsg_data(h);
	struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWNEIGH || nlmsg_datalen(h) < (int)sizeof(*nd))
		return;
	a = nlmsg_find_attr(h, sizeof(*nd), NDA_LLADDR);
	n->usable = (nd->ndm_state & USABLE) && a && nla_len(a) == sizeof(n->link_address);
	if (n->usable)
		memcpy(n->link_address, nla_data(a), sizeof(n->link_address));
}

/* 0 with the link address in *HOP, or -errno. */
static int neighbour_get(struct host_nl *nl, struct host_hop *hop)
{
	struct ndmsg nd = {.ndm_family = (uint8_t)hop->family, .ndm_ifindex = (int)hop->ifindex};
	struct nl_msg *msg = host_nl_msg(RTM_GETNEIGH, 0, &nd, sizeof(nd));
	struct neighbour n = {0};
	int r;

	if (msg && nla_put(msg, NDA_DST, (int)host_family_len(hop->family), hop->address) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	r = host_nl_call(nl, msg, neighbour_visit, &n);
	if (r == 0 && !n.usable)
		r = -ENOENT;
	if (r == 0)
		memcpy(hop->link_address, n.link_address, sizeof(hop->link_address));
	return r;
}

static void policies_visit(void *ctx, struct nlmsghdr *h)
{
	uint32_t *out = ctx;
	struct xfrmu_spdinfo info;
	struct nlattr *a;

	if (h->nlmsg_type != XFRM_MSG_NEWSPDINFO)
		return;
	a = nlmsg_find_attr(h, sizeof(uint32_t), XFRMA_SPD_INFO);
	if (!a || nla_len(a) < (int)sizeof(info))
		return;
	memcpy(&info, nla_data(a), sizeof(info));
	*out = info.outcnt;
}

/* Could an IPsec policy be for what we send?  Any one counts: which packets it is for is the
 * kernel's art, and to err would send in clear what was to be encrypted. */
static bool ipsec_may_apply(void)
{
	struct host_nl nl;
	uint32_t flags = 0, out = UINT32_MAX;
	int r = host_nl_open(&nl, NETLINK_XFRM);

	/* A kernel without IPsec, or one that is told its policies by PF_KEY only. */
	if (r == -EPROTONOSUPPORT)
		out = access("/proc/net/pfkey", F_OK) == 0 ? 1 : 0;
	else if (r == 0)
		(void)host_nl_call(&nl, host_nl_msg(XFRM_MSG_GETSPDINFO, 0, &flags, sizeof(flags)),
				   policies_visit, &out);
	host_nl_close(&nl);
	return out != 0;
}

static int refuse(int error, const char *text, const char **why)
{
	*why = text;
	return error;
}

int host_hop_find(struct host *host, struct in_addr source, struct in_addr destination,
		  unsigned oif, struct host_hop *hop, const char **why)
{
	const uint8_t *dst = (const uint8_t *)&destination;
	struct host_link link;
	struct host_rt rt;
	int r;

	memset(hop, 0, sizeof(*hop));
	r = host_rt_get(&host->nl, AF_INET, dst, (const uint8_t *)&source, oif, false, &rt);
	if (r < 0 || !rt.oif || rt.type != RTN_UNICAST)
		return refuse(r < 0 ? r : -ENETUNREACH, "there is no route to the server", why);
	hop->ifindex = rt.oif;
	if (host_link_get(&host->nl, rt.oif, &link) < 0)
		return refuse(-ENODEV, "the interface is gone", why);
	str_copy(hop->ifname, sizeof(hop->ifname), link.name);
	hop->family = rt.gateway_family ? rt.gateway_family : AF_INET;
	memcpy(hop->address, rt.gateway_family ? rt.gateway : dst, host_family_len(hop->family));
	if (rt.encapsulated)
		return refuse(-EOPNOTSUPP, "the route puts something around packets", why);
	if (link.type != ARPHRD_ETHER || (link.flags & (IFF_NOARP | IFF_LOOPBACK)))
		return refuse(-EOPNOTSUPP, "the interface is no Ethernet", why);
	if (!host_link_works(link.flags))
		return refuse(-ENETDOWN, "the interface is down", why);
	if (ipsec_may_apply())
		return refuse(-EPERM, "this machine has IPsec policies", why);
	r = neighbour_get(&host->nl, hop);
	if (r == -EOPNOTSUPP || r == -EINVAL)
		return refuse(r, "the kernel is older than Linux 5.0", why);
	return r < 0 ? refuse(r, "the next hop's link address is not known", why) : 0;
}
