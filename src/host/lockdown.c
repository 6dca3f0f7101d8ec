/* SPDX-License-Identifier: MIT */
/* The lockdown: what belongs into the tunnel goes nowhere else, also while there is no tunnel.
 *
 * Routes that lead nowhere, with a metric worse than that of the tunnel's own.  They depend on no
 * process and no device, so there is no moment without them. */
#include "host/internal.h"
#include "host/recover.h"
#include "host/stack.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

#define WIDE_BITS     8	    /* a route for so much may well be meant as a default one */
#define MAIN_PRIORITY 32766 /* of the rule that asks the main table */
#define TOLD_MAX      8

struct metric_search {
	const struct host *host;
	unsigned taken; /* bit N: another profile has HOST_BLOCK_METRIC + N */
};

static void metric_visit(void *ctx, const struct host_rt *rt)
{
	struct metric_search *s = ctx;

	if (rt->type == RTN_UNREACHABLE && rt->protocol == HOST_ROUTE_PROTOCOL &&
	    rt->metric - HOST_BLOCK_METRIC < HOST_BLOCK_METRICS && !host_owns_route(s->host, rt))
		s->taken |= 1u << (rt->metric - HOST_BLOCK_METRIC);
}

/* The metric of this profile's blocks.  0 or -errno. */
static int find_metric(struct host *host, int family, uint32_t *metric)
{
	struct metric_search s = {.host = host};
	int r = host_rt_dump(&host->nl, family, metric_visit, &s);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < HOST_BLOCK_METRICS; i++) {
		*metric = HOST_BLOCK_METRIC + i;
		if (!(s.taken >> i & 1))
			return 0;
	}
	return -ENOSPC;
}

static int want_block(struct host *host, const struct host_rt *whole, bool lasting)
{
	struct undo_step step = {.kind = UNDO_BLOCK, .lasting = lasting};
	struct host_rt part[HOST_PARTS_MAX];
	size_t count = host_rt_split(whole, whole->prefix_len == 0, part);
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		step.route = part[i];
		host_rt_mask(&step.route);
		r = host_want(host, &step);
		/* No IPv6 in this kernel: nothing can leave by it. */
		if (r == -EAFNOSUPPORT || r == -EOPNOTSUPP)
			r = 0;
	}
	return r;
}

static struct host_rt block(int family, uint32_t metric)
{
	return (struct host_rt){
		.family = family,
		.type = RTN_UNREACHABLE,
		.protocol = HOST_ROUTE_PROTOCOL,
		.table = RT_TABLE_MAIN,
		.metric = metric,
	};
}

static int want_blocks_of(struct host *host, const struct host_config *c, int family)
{
	struct host_rt rt;
	uint32_t metric;
	int r = find_metric(host, family, &metric);

	if (r == 0 && c->default_route) {
		rt = block(family, metric);
		r = want_block(host, &rt, true);
	}
	for (size_t i = 0; r == 0 && i < c->route_count; i++) {
		if (c->routes[i].family != family)
			continue;
		rt = block(family, metric);
		rt.prefix_len = c->routes[i].prefix_len;
		memcpy(rt.dst, &c->routes[i].dst6, host_family_len(family));
		r = want_block(host, &rt, true);
	}
	return r;
}

static int failed(struct host *host, int r, const char *what, struct reason *reason)
{
	char text[200];

	reason_set(reason, r == -EPERM ? EXIT_NOT_PERMITTED : EXIT_FATAL, "cannot %s: %s", what,
		   host_nl_error(&host->nl, r, text, sizeof(text)));
	return r;
}

int host_blocks_want(struct host *host, const struct host_config *config, struct reason *reason)
{
	int r = want_blocks_of(host, config, AF_INET);

	if (r == 0)
		r = want_blocks_of(host, config, AF_INET6);
	return r < 0 ? failed(host, r, "lock the network down", reason) : 0;
}

int host_ipv6_block_want(struct host *host, const struct host_config *config, struct reason *reason)
{
	struct host_rt rt;
	uint32_t metric;
	int r;

	/* The lockdown has the same routes. */
	if (!config->block_ipv6 || (config->lockdown && config->default_route))
		return 0;
	r = find_metric(host, AF_INET6, &metric);
	if (r == 0) {
		rt = block(AF_INET6, metric);
		r = want_block(host, &rt, false);
	}
	return r < 0 ? failed(host, r, "block IPv6", reason) : 0;
}

int host_lockdown_begin(struct host *host, struct reason *reason)
{
	int r = 0;

	if (host->lockdown.fd < 0)
		/* At once: one that was there is held since host_new. */
		r = journal_open(&host->lockdown, JOURNAL_LOCKDOWN, host->run_dir, host->name, true,
				 0);
	if (r == 0)
		r = journal_reserve(&host->lockdown);
	if (r < 0) {
		host_journal_failed(host, r, reason);
		return r;
	}
	host->locked = true;
	return 0;
}

int host_lockdown_take_over(struct host *host, unsigned wait_ms, struct reason *reason)
{
	struct journal_content content;
	int r = journal_open(&host->lockdown, JOURNAL_LOCKDOWN, host->run_dir, host->name, false,
			     wait_ms);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		host_journal_failed(host, r, reason);
		return r;
	}
	r = journal_read(&host->lockdown, &content);
	if (r < 0) {
		log_error(host->log,
			  "%s is no journal of ours (%s): nothing in it was acted on; `ip route "
			  "show proto %d` tells what may be left",
			  host->lockdown.path, strerror(-r), HOST_ROUTE_PROTOCOL);
		host->lockdown.unread = true;
		if (r == -EBADMSG)
			r = journal_set_aside(&host->lockdown);
		if (r < 0)
			host_journal_failed(host, r, reason);
	} else if (content.same_boot && content.same_netns) {
		host->locked = content.count > 0;
		host->lockdown.records = content.count;
		while (host->step_count < content.count) {
			host->steps[host->step_count] = content.steps[host->step_count];
			host->step_count++;
		}
		return 0; /* what they own is the host's now */
	} else {
		(void)journal_clear(&host->lockdown);
		journal_close(&host->lockdown);
	}
	journal_content_free(&content);
	return r;
}

bool host_is_locked_down(const struct host *host)
{
	for (size_t i = 0; i < host->step_count; i++)
		if (host->steps[i].lasting)
			return true;
	return false;
}

void host_lockdown_close(struct host *host)
{
	if (host_is_locked_down(host))
		return;
	host->locked = false;
	journal_close(&host->lockdown);
}

static bool is_lasting(const struct undo_step *step)
{
	return step->lasting;
}

static bool is_old_lasting(const struct undo_step *step)
{
	return step->lasting && !step->wanted;
}

struct bypass {
	const struct host *host;
	unsigned told;
};

static void wide_visit(void *ctx, const struct host_rt *rt)
{
	struct bypass *b = ctx;
	char text[64], name[IFNAMSIZ] = "?";

	if (rt->type != RTN_UNICAST || rt->prefix_len == 0 || rt->prefix_len > WIDE_BITS ||
	    host_owns_route(b->host, rt) || b->told++ >= TOLD_MAX)
		return;
	(void)if_indextoname(rt->oif, name);
	log_warn(b->host->log,
		 "the route %s by %s goes past the lockdown: delete it if it must not",
		 host_rt_text(rt, text, sizeof(text)), name);
}

static void rule_visit(void *ctx, struct nlmsghdr *h)
{
	struct bypass *b = ctx;
	const struct fib_rule_hdr *rule = nlmsg_data(h);
	struct nlattr *a;
	uint32_t table, priority = 0;

	if (h->nlmsg_type != RTM_NEWRULE || nlmsg_datalen(h) < (int)sizeof(*rule) ||
	    rule->action != FR_ACT_TO_TBL)
		return;
	a = nlmsg_find_attr(h, sizeof(*rule), FRA_TABLE);
	table = a && nla_len(a) >= 4 ? nla_get_u32(a) : rule->table;
	a = nlmsg_find_attr(h, sizeof(*rule), FRA_PRIORITY);
	if (a && nla_len(a) >= 4)
		priority = nla_get_u32(a);
	if (table == RT_TABLE_UNSPEC || table == RT_TABLE_LOCAL || table == RT_TABLE_MAIN ||
	    priority >= MAIN_PRIORITY || b->told++ >= TOLD_MAX)
		return;
	log_warn(b->host->log,
		 "the routing rule %u is asked before the main table: what its table %u holds goes "
		 "past the lockdown",
		 priority, table);
}

/* What the user has to know: ways out that are not ours to close. */
static void tell_bypasses(struct host *host)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct bypass b = {.host = host};

	for (size_t i = 0; i < 2; i++) {
		struct fib_rule_hdr rule = {.family = (uint8_t)families[i]};

		(void)host_rt_dump(&host->nl, families[i], wide_visit, &b);
		(void)host_nl_call(&host->nl,
				   host_nl_msg(RTM_GETRULE, NLM_F_DUMP, &rule, sizeof(rule)),
				   rule_visit, &b);
	}
}

int host_lockdown(struct host *host, const struct host_config *config, struct reason *reason)
{
	bool before = host->locked;
	struct host_server server;
	int r = host_lockdown_begin(host, reason);

	if (r < 0)
		return r;
	for (size_t i = 0; i < host->step_count; i++)
		host->steps[i].wanted = false;
	host_server_find(host, config, &server);
	r = host_server_pin(host, config, &server);
	if (r < 0)
		(void)failed(host, r, "lock the network down", reason);
	if (r == 0) {
		host_sessions_keep(host, config);
		host_overlap_judge(host, config, false);
		r = host_blocks_want(host, config, reason);
	}
	if (r == 0 && !before)
		tell_bypasses(host);
	if (r == 0)
		host_undo_if(host, is_old_lasting);
	else if (!before)
		host_lockdown_lift(host);
	return r;
}

void host_lockdown_lift(struct host *host)
{
	host_undo_if(host, is_lasting);
	host_lockdown_close(host);
}

int host_lockdown_end(const char *run_dir, const char *name, const struct log *log)
{
	struct journal j;
	int r = journal_open(&j, JOURNAL_LOCKDOWN, run_dir, name, false, HOST_LOCK_WAIT_MS);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = host_journal_undo(&j, log);
	journal_close(&j);
	if (r > 0)
		log_notice(log, "the lockdown is over");
	return r;
}
