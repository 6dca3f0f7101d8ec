/* SPDX-License-Identifier: MIT */
#include "host/cover.h"

#include "base/address.h"
#include "host/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <string.h>

#define TEMPLATES_MAX 6 /* XFRM_MAX_DEPTH of the kernel */

/* Datagrams of one direction. */
struct flow {
	const struct sockaddr_storage *from, *to;
	unsigned ifindex;
	uint8_t direction; /* XFRM_POLICY_IN or _OUT */
};

/* The policy that counts for a flow: that of the lowest priority number. */
struct search {
	const struct flow *flow;
	bool found;
	struct xfrm_userpolicy_info policy;
	unsigned template_count;
	struct xfrm_user_tmpl templates[TEMPLATES_MAX];
};

/* What IP_XFRM_POLICY takes. */
struct socket_policy {
	struct xfrm_userpolicy_info policy;
	struct xfrm_user_tmpl templates[TEMPLATES_MAX];
};

static bool prefix_holds(const xfrm_address_t *net, unsigned bits,
			 const struct sockaddr_storage *address)
{
	const uint8_t *a = (const uint8_t *)net, *b = address_octets(address);
	unsigned whole = bits / 8, rest = bits % 8;

	return b && bits <= (address->ss_family == AF_INET6 ? 128 : 32) &&
	       memcmp(a, b, whole) == 0 &&
	       (!rest || !((a[whole] ^ b[whole]) & (uint8_t)(0xff << (8 - rest))));
}

static bool port_fits(uint16_t port, uint16_t mask, const struct sockaddr_storage *address)
{
	return !((port ^ htons(address_port(address))) & mask);
}

static bool is_for(const struct xfrm_userpolicy_info *p, const struct flow *f)
{
	const struct xfrm_selector *s = &p->sel;

	return p->dir == f->direction && s->family == f->from->ss_family &&
	       (s->proto == 0 || s->proto == IPPROTO_UDP) &&
	       (s->ifindex == 0 || (unsigned)s->ifindex == f->ifindex) &&
	       prefix_holds(&s->saddr, s->prefixlen_s, f->from) &&
	       prefix_holds(&s->daddr, s->prefixlen_d, f->to) &&
	       port_fits(s->sport, s->sport_mask, f->from) &&
	       port_fits(s->dport, s->dport_mask, f->to);
}

static void visit(void *ctx, struct nlmsghdr *h)
{
	struct search *s = ctx;
	struct xfrm_userpolicy_info policy;
	struct nlattr *a;
	size_t len;

	if (h->nlmsg_type != XFRM_MSG_NEWPOLICY || nlmsg_datalen(h) < (int)sizeof(policy))
		return;
	memcpy(&policy, nlmsg_data(h), sizeof(policy));
	if (!is_for(&policy, s->flow) || (s->found && s->policy.priority <= policy.priority))
		return;
	a = nlmsg_find_attr(h, sizeof(policy), XFRMA_TMPL);
	len = a ? (size_t)nla_len(a) : 0;
	s->found = true;
	s->policy = policy;
	s->template_count = len > sizeof(s->templates) ? 0 : len / sizeof(s->templates[0]);
	if (s->template_count)
		memcpy(s->templates, nla_data(a), s->template_count * sizeof(s->templates[0]));
}

/* Would the kernel send them in clear, or not at all? */
static bool protects(const struct search *s)
{
	for (unsigned i = 0; i < s->template_count; i++)
		if (s->templates[i].id.proto == IPPROTO_ESP && !s->templates[i].optional)
			return s->policy.action == XFRM_POLICY_ALLOW;
	return false;
}

static int no_cover(const struct flow *f, const char *what, struct reason *reason)
{
	char text[64];

	reason_set(reason, EXIT_CONNECT_FAILED,
		   "%s for UDP from port %u to %s: with use-ipsec = external another program, such "
		   "as strongSwan, has to set IPsec up first",
		   what, address_port(f->from), address_text(f->to, text, sizeof(text)));
	return -ENOENT;
}

static int find(const struct flow *f, struct search *s, struct reason *reason)
{
	struct xfrm_userpolicy_id any = {0};
	struct host_nl nl;
	char text[128];
	int r = host_nl_open(&nl, NETLINK_XFRM);

	*s = (struct search){.flow = f};
	if (r == 0)
		r = host_nl_call(&nl,
				 host_nl_msg(XFRM_MSG_GETPOLICY, NLM_F_DUMP, &any, sizeof(any)),
				 visit, s);
	if (r < 0)
		reason_set(reason, EXIT_CONNECT_FAILED,
			   "the kernel does not tell its IPsec policies (%s), and use-ipsec = "
			   "external needs one",
			   host_nl_error(&nl, r, text, sizeof(text)));
	host_nl_close(&nl);
	if (r < 0)
		return r;
	if (!s->found)
		return no_cover(f, "there is no IPsec policy", reason);
	return protects(s) ? 0
			   : no_cover(f, "the IPsec policy does not insist on encryption", reason);
}

/* The socket's own policy: the same templates, for whatever it sends or receives. */
static int hold(int fd, const struct search *s)
{
	int family = s->flow->to->ss_family;
	struct socket_policy own = {.policy = {.dir = s->flow->direction,
					       .action = XFRM_POLICY_ALLOW,
					       .sel = {.family = (uint16_t)family}}};
	struct xfrm_lifetime_cfg *life = &own.policy.lft;

	life->soft_byte_limit = life->hard_byte_limit = XFRM_INF;
	life->soft_packet_limit = life->hard_packet_limit = XFRM_INF;
	memcpy(own.templates, s->templates, s->template_count * sizeof(own.templates[0]));
	if (setsockopt(fd, family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP,
		       family == AF_INET6 ? IPV6_XFRM_POLICY : IP_XFRM_POLICY, &own,
		       (socklen_t)(sizeof(own.policy) +
				   s->template_count * sizeof(own.templates[0]))) < 0)
		return -errno;
	return 0;
}

int host_cover_look(const struct sockaddr_storage *from, const struct sockaddr_storage *to,
		    unsigned ifindex, struct reason *reason)
{
	const struct flow out = {from, to, ifindex, XFRM_POLICY_OUT};
	struct search s;

	return find(&out, &s, reason);
}

int host_cover_hold(int fd, const struct sockaddr_storage *from, const struct sockaddr_storage *to,
		    unsigned ifindex, struct reason *reason)
{
	const struct flow flows[] = {{from, to, ifindex, XFRM_POLICY_OUT},
				     {to, from, ifindex, XFRM_POLICY_IN}};
	struct search s;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < 2; i++) {
		r = find(&flows[i], &s, reason);
		if (r < 0)
			break;
		r = hold(fd, &s);
		if (r < 0)
			reason_set(reason, EXIT_OPEN_FAILED,
				   "the socket cannot be held to the IPsec policy: %s",
				   strerror(-r));
	}
	return r;
}
