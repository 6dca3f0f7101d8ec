/* SPDX-License-Identifier: MIT */
/* rtnetlink requests, links and addresses. */
#include "host/netlink.h"

#include "base/str.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/handlers.h>
#include <string.h>
#include <sys/socket.h>

#define DUMP_TRIES 5
#define LOWER_UP   0x10000u /* IFF_LOWER_UP, which net/if.h does not have */

struct call {
	struct host_nl *nl;
	host_nl_visit visit;
	void *ctx;
	uint32_t sequence;
	bool done;
	int error;
};

int host_nl_open(struct host_nl *nl, int protocol)
{
	int on = 1, fd;

	memset(nl, 0, sizeof(*nl));
	nl->sock = nl_socket_alloc();
	if (!nl->sock)
		return -ENOMEM;
	errno = 0;
	if (nl_connect(nl->sock, protocol) < 0)
		return errno ? -errno : -EIO; /* libnl's own codes tell less */
	fd = nl_socket_get_fd(nl->sock);
	/* Old kernels lack the last two: then errors are bare and dumps unfiltered. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return 0;
}

void host_nl_close(struct host_nl *nl)
{
	if (nl->sock)
		nl_socket_free(nl->sock);
	nl->sock = NULL;
}

struct nl_msg *host_nl_msg(int type, int flags, const void *header, size_t len)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	if (msg && nlmsg_append(msg, (void *)(uintptr_t)header, len, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/* What belongs to a request before this one, which failed half-way, is passed over.  (libnl counts
 * by itself otherwise, and never finds its place again after one that it could not send.) */
static int on_sequence(struct nl_msg *msg, void *arg)
{
	const struct call *call = arg;

	return nlmsg_hdr(msg)->nlmsg_seq == call->sequence ? NL_OK : NL_SKIP;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct call *call = arg;

	if (call->visit)
		call->visit(call->ctx, nlmsg_hdr(msg));
	return NL_OK;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	struct call *call = arg;

	(void)msg;
	call->done = true;
	return NL_STOP;
}

/* The extended text stands behind the error, whose copy of our request is only a header
 * (NETLINK_CAP_ACK). */
static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	struct call *call = arg;
	const struct nlmsghdr *h =
		(const struct nlmsghdr *)(const void *)((const char *)error - NLMSG_HDRLEN);
	struct nlattr *first = (struct nlattr *)(void *)(error + 1);
	struct nlattr *text;
	int left = (int)h->nlmsg_len - (int)NLMSG_HDRLEN - (int)sizeof(*error);

	(void)from;
	call->done = true;
	call->error = error->error;
	if ((h->nlmsg_flags & NLM_F_ACK_TLVS) && left > 0) {
		text = nla_find(first, left, NLMSGERR_ATTR_MSG);
		if (text)
			nla_strlcpy(call->nl->text, text, sizeof(call->nl->text));
	}
	return NL_STOP;
}

/* One exchange.  -EAGAIN: a dump was interrupted by changes. */
static int exchange(struct call *call, struct nl_msg *msg, struct nl_cb *cb)
{
	bool dump = (nlmsg_hdr(msg)->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int r;

	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_sequence, call);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, call);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, call);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, call);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, call);
	r = nl_send_auto(call->nl->sock, msg);
	call->sequence = nlmsg_hdr(msg)->nlmsg_seq;
	while (r >= 0 && !call->done)
		r = nl_recvmsgs(call->nl->sock, cb);
	if (call->error)
		return call->error;
	if (r == -NLE_DUMP_INTR && dump)
		return -EAGAIN;
	return r < 0 && !call->done ? -EIO : 0;
}

int host_nl_call(struct host_nl *nl, struct nl_msg *msg, host_nl_visit visit, void *ctx)
{
	struct nl_cb *cb;
	int r = -ENOMEM;

	nl->text[0] = '\0';
	if (!msg)
		return -ENOMEM;
	for (int i = 0; i < DUMP_TRIES; i++) {
		struct call call = {.nl = nl, .visit = visit, .ctx = ctx};

		cb = nl_cb_alloc(NL_CB_DEFAULT);
		if (!cb)
			break;
		nlmsg_hdr(msg)->nlmsg_seq = NL_AUTO_SEQ;
		r = exchange(&call, msg, cb);
		nl_cb_put(cb);
		if (r != -EAGAIN)
			break;
	}
	nlmsg_free(msg);
	return r;
}

char *host_nl_error(const struct host_nl *nl, int error, char *buf, size_t cap)
{
	struct str s = str_make(buf, cap);

	str_printf(&s, "%s", strerror(-error));
	if (nl->text[0])
		str_printf(&s, " (%s)", nl->text);
	return buf;
}

bool host_link_works(unsigned flags)
{
	return (flags & IFF_UP) && (flags & LOWER_UP);
}

static void take_counters(struct host_link *link, const struct nlattr *a)
{
	struct rtnl_link_stats64 stats = {0};
	size_t len = (size_t)nla_len(a);

	memcpy(&stats, nla_data(a), len < sizeof(stats) ? len : sizeof(stats));
	link->rx_packets = stats.rx_packets;
	link->rx_bytes = stats.rx_bytes;
	link->tx_packets = stats.tx_packets;
	link->tx_bytes = stats.tx_bytes;
}

static void link_visit(void *ctx, struct nlmsghdr *h)
{
	const struct ifinfomsg *ifi = nlmsg_data(h);
	struct host_link *link = ctx;
	struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWLINK || nlmsg_datalen(h) < (int)sizeof(*ifi))
		return;
	link->type = ifi->ifi_type;
	link->flags = ifi->ifi_flags;
	a = nlmsg_find_attr(h, sizeof(struct ifinfomsg), IFLA_IFNAME);
	if (a)
		nla_strlcpy(link->name, a, sizeof(link->name));
	a = nlmsg_find_attr(h, sizeof(struct ifinfomsg), IFLA_MTU);
	if (a && nla_len(a) >= 4)
		link->mtu = nla_get_u32(a);
	a = nlmsg_find_attr(h, sizeof(struct ifinfomsg), IFLA_STATS64);
	if (a)
		take_counters(link, a);
}

int host_link_get(struct host_nl *nl, unsigned ifindex, struct host_link *link)
{
	struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex};

	memset(link, 0, sizeof(*link));
	return host_nl_call(nl, host_nl_msg(RTM_GETLINK, 0, &ifi, sizeof(ifi)), link_visit, link);
}

static int link_send(struct host_nl *nl, struct nl_msg *msg, bool whole)
{
	if (msg && !whole) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return host_nl_call(nl, msg, NULL, NULL);
}

/* A protocol that the kernel does not have needs no setting. */
static int forgive_family(int r)
{
	return r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

static int no_own_addresses(struct host_nl *nl, const struct ifinfomsg *ifi)
{
	struct nl_msg *msg = host_nl_msg(RTM_NEWLINK, 0, ifi, sizeof(*ifi));
	struct nlattr *spec = msg ? nla_nest_start(msg, IFLA_AF_SPEC) : NULL;
	struct nlattr *inet6 = spec ? nla_nest_start(msg, AF_INET6) : NULL;
	bool whole =
		inet6 && nla_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE) == 0;

	if (whole) {
		nla_nest_end(msg, inet6);
		nla_nest_end(msg, spec);
	}
	return forgive_family(link_send(nl, msg, whole));
}

/* The new address of a call must outlive the old one, as whose secondary it is added. */
static int promote_secondaries(struct host_nl *nl, const struct ifinfomsg *ifi)
{
	struct nl_msg *msg = host_nl_msg(RTM_NEWLINK, 0, ifi, sizeof(*ifi));
	struct nlattr *spec = msg ? nla_nest_start(msg, IFLA_AF_SPEC) : NULL;
	struct nlattr *inet = spec ? nla_nest_start(msg, AF_INET) : NULL;
	struct nlattr *conf = inet ? nla_nest_start(msg, IFLA_INET_CONF) : NULL;
	bool whole = conf && nla_put_u32(msg, IPV4_DEVCONF_PROMOTE_SECONDARIES, 1) == 0;

	if (whole) {
		nla_nest_end(msg, conf);
		nla_nest_end(msg, inet);
		nla_nest_end(msg, spec);
	}
	return forgive_family(link_send(nl, msg, whole));
}

int host_link_prepare(struct host_nl *nl, unsigned ifindex, uint32_t queue_len)
{
	struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex};
	struct nl_msg *msg = host_nl_msg(RTM_NEWLINK, 0, &ifi, sizeof(ifi));
	int r = link_send(nl, msg, msg && nla_put_u32(msg, IFLA_TXQLEN, queue_len) == 0);

	if (r == 0)
		r = no_own_addresses(nl, &ifi);
	return r == 0 ? promote_secondaries(nl, &ifi) : r;
}

int host_link_set(struct host_nl *nl, unsigned ifindex, bool up, uint32_t mtu)
{
	struct ifinfomsg ifi = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = (int)ifindex,
		.ifi_flags = up ? IFF_UP : 0,
		.ifi_change = IFF_UP,
	};
	struct nl_msg *msg = host_nl_msg(RTM_NEWLINK, 0, &ifi, sizeof(ifi));

	return link_send(nl, msg, msg && (!mtu || nla_put_u32(msg, IFLA_MTU, mtu) == 0));
}

int host_link_rename(struct host_nl *nl, unsigned ifindex, const char *name)
{
	struct ifinfomsg ifi = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex};
	struct nl_msg *msg = host_nl_msg(RTM_NEWLINK, 0, &ifi, sizeof(ifi));

	return link_send(nl, msg, msg && nla_put_string(msg, IFLA_IFNAME, name) == 0);
}

static int proxy(struct host_nl *nl, int type, int flags, unsigned ifindex,
		 const uint8_t address[4])
{
	struct ndmsg nd = {.ndm_family = AF_INET,
			   .ndm_ifindex = (int)ifindex,
			   .ndm_state = NUD_PERMANENT,
			   .ndm_flags = NTF_PROXY};
	struct nl_msg *msg = host_nl_msg(type, flags, &nd, sizeof(nd));

	return link_send(nl, msg, msg && nla_put(msg, NDA_DST, 4, address) == 0);
}

int host_proxy_add(struct host_nl *nl, unsigned ifindex, const uint8_t address[4])
{
	return proxy(nl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, ifindex, address);
}

int host_proxy_del(struct host_nl *nl, unsigned ifindex, const uint8_t address[4])
{
	return proxy(nl, RTM_DELNEIGH, 0, ifindex, address);
}

static struct nl_msg *address_msg(int type, int flags, const struct host_address *a)
{
	int len = a->family == AF_INET6 ? 16 : 4;
	struct ifaddrmsg ifa = {
		.ifa_family = (uint8_t)a->family,
		.ifa_prefixlen = a->prefix_len,
		.ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0,
		.ifa_scope = a->family == AF_INET6 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.ifa_index = a->ifindex,
	};
	struct nl_msg *msg = host_nl_msg(type, flags, &ifa, sizeof(ifa));

	if (!msg)
		return NULL;
	if ((a->metric && nla_put_u32(msg, IFA_RT_PRIORITY, a->metric) < 0) ||
	    nla_put(msg, IFA_LOCAL, len, a->local) < 0 ||
	    nla_put(msg, IFA_ADDRESS, len, a->has_peer ? a->peer : a->local) < 0) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int host_address_add(struct host_nl *nl, const struct host_address *a)
{
	return host_nl_call(nl, address_msg(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, a), NULL, NULL);
}

int host_address_del(struct host_nl *nl, const struct host_address *a)
{
	return host_nl_call(nl, address_msg(RTM_DELADDR, 0, a), NULL, NULL);
}

struct address_search {
	unsigned ifindex, except;
	int family;
	const uint8_t *local;
	bool found;
};

static void address_visit(void *ctx, struct nlmsghdr *h)
{
	const struct ifaddrmsg *ifa = nlmsg_data(h);
	struct address_search *s = ctx;
	int len = s->family == AF_INET6 ? 16 : 4;
	struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWADDR || nlmsg_datalen(h) < (int)sizeof(*ifa) ||
	    ifa->ifa_family != s->family || (s->ifindex && ifa->ifa_index != s->ifindex) ||
	    ifa->ifa_index == s->except)
		return;
	/* IPv6 tells only this one where there is no peer. */
	a = nlmsg_find_attr(h, sizeof(*ifa), s->family == AF_INET6 ? IFA_ADDRESS : IFA_LOCAL);
	if (a && nla_len(a) == len && memcmp(nla_data(a), s->local, (size_t)len) == 0)
		s->found = true;
}

bool host_address_there(struct host_nl *nl, unsigned ifindex, unsigned except, int family,
			const uint8_t local[static 16])
{
	struct ifaddrmsg ifa = {.ifa_family = (uint8_t)family};
	struct address_search s = {
		.ifindex = ifindex, .except = except, .family = family, .local = local};

	(void)host_nl_call(nl, host_nl_msg(RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa)),
			   address_visit, &s);
	return s.found;
}
