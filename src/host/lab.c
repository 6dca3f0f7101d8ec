/* SPDX-License-Identifier: MIT */
/* Links for namespaces of our own making. */
#include "host/lab.h"

#include "host/netlink.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>

static bool put_peer(struct nl_msg *msg, const char *peer, pid_t pid)
{
	struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC};
	struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO), *data, *end;

	if (!info || nla_put_string(msg, IFLA_INFO_KIND, "veth") < 0)
		return false;
	data = nla_nest_start(msg, IFLA_INFO_DATA);
	end = data ? nla_nest_start(msg, VETH_INFO_PEER) : NULL;
	if (!end || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(msg, IFLA_IFNAME, peer) < 0 ||
	    nla_put_u32(msg, IFLA_NET_NS_PID, (uint32_t)pid) < 0)
		return false;
	nla_nest_end(msg, end);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return true;
}

int host_lab_veth(const char *name, const char *peer, pid_t pid)
{
	struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC};
	struct host_nl nl;
	struct nl_msg *msg;
	int r = host_nl_open(&nl, NETLINK_ROUTE);

	if (r == 0) {
		msg = host_nl_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi));
		if (msg &&
		    (nla_put_string(msg, IFLA_IFNAME, name) < 0 || !put_peer(msg, peer, pid))) {
			nlmsg_free(msg);
			msg = NULL;
		}
		r = host_nl_call(&nl, msg, NULL, NULL);
	}
	host_nl_close(&nl);
	return r;
}

int host_lab_up(const char *name, struct in_addr address, uint8_t prefix_len)
{
	struct host_address a = {
		.ifindex = if_nametoindex(name), .family = AF_INET, .prefix_len = prefix_len};
	struct host_nl nl;
	int r = a.ifindex ? host_nl_open(&nl, NETLINK_ROUTE) : -ENODEV;

	if (!a.ifindex)
		return r;
	memcpy(a.local, &address, sizeof(address));
	if (r == 0)
		r = host_link_set(&nl, a.ifindex, true, 0);
	if (r == 0 && address.s_addr)
		r = host_address_add(&nl, &a);
	host_nl_close(&nl);
	return r;
}
