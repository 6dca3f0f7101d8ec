/* SPDX-License-Identifier: MIT */
/* Whether what was set is so: the kernel is asked which way packets would go. */
#include "host/internal.h"
#include "host/names.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

#define WIDE_BITS 8 /* a route for so much may well be meant as a default one */

/* Addresses of the Internet, two in each quarter, none in a range with a meaning of its own:
 * nothing is sent to them. */
static const uint8_t anywhere4[][4] = {{4, 20, 30, 40},	  {45, 20, 30, 40},  {70, 20, 30, 40},
				       {97, 20, 30, 40},  {130, 20, 30, 40}, {170, 20, 30, 40},
				       {194, 20, 30, 40}, {217, 20, 30, 40}};
static const uint8_t anywhere6[][16] = {{0x20, 0x01, 0x05, 0x03, [15] = 1},
					{0x24, 0x00, 0x12, 0x34, [15] = 1},
					{0x26, 0x00, 0x12, 0x34, [15] = 1},
					{0x2a, 0x00, 0x12, 0x34, [15] = 1}};

struct rule_search {
	uint32_t table, priority;
	bool found;
};

static void rule_visit(void *ctx, struct nlmsghdr *h)
{
	const struct fib_rule_hdr *rule = nlmsg_data(h);
	struct rule_search *s = ctx;
	uint32_t table, priority = 0;
	struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWRULE || nlmsg_datalen(h) < (int)sizeof(*rule) ||
	    rule->action != FR_ACT_TO_TBL)
		return;
	a = nlmsg_find_attr(h, sizeof(*rule), FRA_TABLE);
	table = a && nla_len(a) >= 4 ? nla_get_u32(a) : rule->table;
	a = nlmsg_find_attr(h, sizeof(*rule), FRA_PRIORITY);
	if (a && nla_len(a) >= 4)
		priority = nla_get_u32(a);
	if (table != s->table || (s->found && priority >= s->priority))
		return;
	s->priority = priority;
	s->found = true;
}

static void say_rule(struct host *host, const struct host_rt *got, const char *name,
		     struct str *why)
{
	struct fib_rule_hdr rule = {.family = (uint8_t)got->family};
	struct rule_search s = {.table = got->table};

	(void)host_nl_call(&host->nl, host_nl_msg(RTM_GETRULE, NLM_F_DUMP, &rule, sizeof(rule)),
			   rule_visit, &s);
	if (s.found)
		str_printf(why, "a routing rule (pref %u) sends it to table %u, by %s", s.priority,
			   got->table, name);
	else
		str_printf(why, "table %u sends it by %s", got->table, name);
}

/* The answer GOT (or the error R) and the entry that it comes from, in words. */
static void say_way(struct host *host, int r, const struct host_rt *got,
		    const struct host_rt *entry, char why[static HOST_WHY_MAX])
{
	struct str s = str_make(why, HOST_WHY_MAX);
	char name[IFNAMSIZ] = "?", text[64];

	(void)if_indextoname(got->oif, name);
	if (r < 0)
		str_printf(&s, "the kernel has no way there: %s", strerror(-r));
	else if (got->type == RTN_LOCAL)
		str_printf(&s, "it is an address of this machine");
	else if (got->table != RT_TABLE_MAIN && got->table != RT_TABLE_DEFAULT)
		say_rule(host, got, name, &s);
	else
		str_printf(&s, "the route %s by %s goes before",
			   host_rt_text(entry, text, sizeof(text)), name);
}

/* Does what this machine sends to DST enter the tunnel?  Also true where it keeps its path on
 * purpose, or by a route of more than LEN bits: that is no fault of ours.  Else WHY says why not.
 */
static bool enters(struct host *host, const struct host_config *c, int family, const uint8_t *dst,
		   uint8_t len, char why[static HOST_WHY_MAX])
{
	bool has_local = family == AF_INET && c->local.s_addr;
	struct host_rt got, entry;
	uint8_t local[16] = {0};
	const uint8_t *source = NULL;
	int r = host_rt_get(&host->nl, family, dst, NULL, 0, false, &got);

	/* A connected socket asks again, with the address that the first answer gave it. */
	if (r == 0 && got.oif == c->ifindex && has_local) {
		memcpy(local, &c->local, 4);
		source = local;
		r = host_rt_get(&host->nl, family, dst, source, 0, false, &got);
		if (r < 0) /* the address is gone, which is another matter */
			return true;
	}
	if (r == 0 && got.oif == c->ifindex)
		return true;
	memset(&entry, 0, sizeof(entry));
	if (r == 0 && host_rt_get(&host->nl, family, dst, source, 0, true, &entry) == 0 &&
	    entry.type == RTN_UNICAST && entry.table == RT_TABLE_MAIN &&
	    (host_owns_route(host, &entry) || entry.prefix_len > len))
		return true;
	say_way(host, r, &got, &entry, why);
	return false;
}

bool host_effect_route(struct host *host, const struct host_config *config, size_t index,
		       char why[static HOST_WHY_MAX])
{
	const struct route *route = &config->routes[index];
	uint8_t whole = (uint8_t)(8 * host_family_len(route->family));
	struct host_rt rt = {.family = route->family, .prefix_len = route->prefix_len};
	struct host_rt half[HOST_PARTS_MAX];
	size_t count;

	why[0] = '\0';
	if (route->family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&config->local6)) {
		struct str s = str_make(why, HOST_WHY_MAX);

		str_printf(&s, "there is no IPv6 in the tunnel");
		return false;
	}
	memcpy(rt.dst, &route->dst6, host_family_len(route->family));
	host_rt_mask(&rt);
	count = host_rt_split(&rt, rt.prefix_len + 2 <= whole, half);
	for (size_t i = 0; i < count; i++) {
		if (count == 2) /* a host, not the network itself */
			half[i].dst[whole / 8 - 1] |= 1;
		if (!enters(host, config, rt.family, half[i].dst, rt.prefix_len, why))
			return false;
	}
	return true;
}

static bool link_is(struct host *host, const struct host_config *c, char why[static HOST_WHY_MAX])
{
	struct str s = str_make(why, HOST_WHY_MAX);
	struct host_link link;

	if (host_link_get(&host->nl, c->ifindex, &link) < 0)
		str_printf(&s, "the interface is gone");
	else if (!(link.flags & IFF_UP))
		str_printf(&s, "the interface is down");
	else if (c->mtu && link.mtu != c->mtu)
		str_printf(&s, "its MTU is %u", link.mtu);
	return !s.len;
}

static bool address_is(struct host *host, const struct host_config *c,
		       char why[static HOST_WHY_MAX])
{
	struct str s = str_make(why, HOST_WHY_MAX);
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < host->step_count; i++) {
		const struct host_address *a = &host->steps[i].address;

		if (host->steps[i].kind != UNDO_ADDRESS ||
		    host_address_there(&host->nl, a->ifindex, 0, a->family, a->local))
			continue;
		str_printf(&s, "%s does not have %s", c->ifname,
			   inet_ntop(a->family, a->local, text, sizeof(text)));
		return false;
	}
	if (c->local.s_addr && host->local_harm)
		str_printf(&s, "it is %s too", host->local_harm);
	return !s.len;
}

static bool peer_is(struct host *host, const struct host_config *c, char why[static HOST_WHY_MAX])
{
	uint8_t remote[16] = {0};
	struct str s = str_make(why, HOST_WHY_MAX);

	if (!c->local.s_addr || !c->remote.s_addr)
		return true;
	if (host->peer_harm) {
		str_printf(&s, "no route to it, it is %s", host->peer_harm);
		return false;
	}
	memcpy(remote, &c->remote, 4);
	return enters(host, c, AF_INET, remote, 32, why);
}

static bool default_is(struct host *host, const struct host_config *c,
		       char why[static HOST_WHY_MAX])
{
	if (!c->default_route || !c->local.s_addr)
		return true;
	for (size_t i = 0; i < sizeof(anywhere4) / sizeof(anywhere4[0]); i++)
		if (!enters(host, c, AF_INET, anywhere4[i], WIDE_BITS, why))
			return false;
	return true;
}

static bool dns_is(struct host *host, const struct host_config *c, char why[static HOST_WHY_MAX])
{
	char text[INET_ADDRSTRLEN], way[HOST_WHY_MAX];
	struct str s = str_make(why, HOST_WHY_MAX);
	const struct host_names *names = &host->names;
	uint8_t octets[16] = {0};

	for (size_t i = 0; i < 2; i++) {
		if (!c->dns[i].s_addr || !host->names_left[i])
			continue;
		inet_ntop(AF_INET, &c->dns[i], text, sizeof(text));
		str_printf(&s, "%s left out, it is %s", text, host->names_left[i]);
		return false;
	}
	for (size_t i = 0; i < names->server_count; i++) {
		memcpy(octets, &names->servers[i], 4);
		if (enters(host, c, AF_INET, octets, 32, way))
			continue;
		inet_ntop(AF_INET, octets, text, sizeof(text));
		str_printf(&s, "%s is asked past the tunnel, add it to routes: %s", text, way);
		return false;
	}
	if (names_busy(host))
		return true; /* not yet */
	if (!host_dns_stands(host))
		str_printf(&s, "others have changed " RESOLV_FILE);
	else if (names->server_count && names->way == HOST_DNS_WAY_NONE)
		str_printf(&s, "nothing on this machine takes them");
	return !s.len;
}

/* With a default route IPv6 enters the tunnel or goes nowhere; else the user must know. */
static bool ipv6_is(struct host *host, const struct host_config *c, char why[static HOST_WHY_MAX])
{
	struct str s = str_make(why, HOST_WHY_MAX);
	char name[IFNAMSIZ] = "?";
	struct host_rt got;

	for (size_t i = 0;
	     (c->default_route || c->block_ipv6) && i < sizeof(anywhere6) / sizeof(anywhere6[0]);
	     i++) {
		if (host_rt_get(&host->nl, AF_INET6, anywhere6[i], NULL, 0, false, &got) < 0 ||
		    got.type != RTN_UNICAST || !got.oif || got.oif == c->ifindex)
			continue;
		(void)if_indextoname(got.oif, name);
		str_printf(&s, "leaves by %s, past the tunnel", name);
		return false;
	}
	return true;
}

bool host_effect(struct host *host, const struct host_config *config, enum host_effect what,
		 char why[static HOST_WHY_MAX])
{
	static bool (*const is[])(struct host *, const struct host_config *, char *) = {
		[HOST_EFFECT_LINK] = link_is, [HOST_EFFECT_ADDRESS] = address_is,
		[HOST_EFFECT_PEER] = peer_is, [HOST_EFFECT_DEFAULT] = default_is,
		[HOST_EFFECT_DNS] = dns_is,   [HOST_EFFECT_IPV6] = ipv6_is,
	};

	why[0] = '\0';
	return is[what](host, config, why);
}
