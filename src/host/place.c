/* SPDX-License-Identifier: MIT */
/* The place of a route of ours: prefix and metric.
 *
 * `ip route add` and those that manage an uplink demand that nobody has their prefix and metric
 * yet.  So ours never takes the metric that a route has which names none, nor one that is in use:
 * it gets a better one, or, where there is none, two halves, which win by their prefix. */
#include "host/internal.h"
#include "host/stack.h"

#include <string.h>

#define IPV4_OWN    1	 /* better than all but none at all */
#define IPV6_OWN    1000 /* better than the 1024 of a route that names none */
#define METRICS_MAX 64

/* What others have at, and below, a route of ours. */
struct rivals {
	const struct host_rt *ours;
	size_t metric_count;
	uint32_t metrics[METRICS_MAX];	       /* at the very same prefix */
	unsigned parts[HOST_SPLIT_MOST + 1];   /* routes of so many bits more */
	unsigned winners[HOST_SPLIT_MOST + 1]; /* of those with a metric that ours cannot beat */
};

uint32_t host_rt_own_metric(int family)
{
	return family == AF_INET6 ? IPV6_OWN : IPV4_OWN;
}

static void rivals_visit(void *ctx, const struct host_rt *rt)
{
	struct rivals *r = ctx;
	const struct host_rt *ours = r->ours;
	unsigned deeper = rt->prefix_len - (unsigned)ours->prefix_len;

	if (rt->oif == ours->oif || rt->prefix_len < ours->prefix_len || deeper > HOST_SPLIT_MOST ||
	    !host_prefix_covers(rt->family, ours->dst, ours->prefix_len, rt->dst, rt->prefix_len))
		return;
	r->parts[deeper]++;
	r->winners[deeper] += rt->metric <= ours->metric;
	if (deeper == 0 && r->metric_count < METRICS_MAX)
		r->metrics[r->metric_count++] = rt->metric;
}

static bool in_use(const struct rivals *r, uint32_t metric)
{
	for (size_t i = 0; i < r->metric_count; i++)
		if (r->metrics[i] == metric)
			return true;
	return false;
}

static bool is_there(struct host *host, const struct host_rt *rt, unsigned bits)
{
	struct host_rt part[HOST_PARTS_MAX];
	struct undo_step step = {.kind = UNDO_ROUTE};

	(void)host_rt_split(rt, bits, part);
	step.route = part[0];
	return host_find_step(host, &step) != NULL;
}

/* Would a default route in 2^BITS parts lose against what others have in so many or more? */
static bool is_beaten(const struct rivals *r, unsigned bits)
{
	for (unsigned i = bits; i <= HOST_SPLIT_MOST; i++)
		if ((i == bits ? r->winners[i] : r->parts[i]) >= 1u << i)
			return true;
	return false;
}

/* Into how many bits a default route that must win is cut.  Halves stay halves: the route that
 * they had to beat may come back at any time.  And what is in place gives way to a VPN that came
 * later: two that go deeper in turn would never end. */
static unsigned winning_bits(struct host *host, const struct host_rt *rt, const struct rivals *r)
{
	unsigned bits = 0;

	for (unsigned i = 1; i <= HOST_SPLIT_MOST; i++)
		if (is_there(host, rt, i))
			return i;
	/* Without another one now, the next may come without a metric. */
	if (r->parts[0] == 0 || r->winners[0])
		bits = 1;
	else if (is_there(host, rt, 0))
		return 0;
	while (bits < HOST_SPLIT_MOST && is_beaten(r, bits))
		bits++;
	return bits;
}

/* The best metric up to WANTED that nobody has; ours of before goes first.  0 = there is none. */
static uint32_t free_metric(struct host *host, const struct host_rt *rt, const struct rivals *r,
			    uint32_t wanted)
{
	struct host_rt before = *rt;
	uint32_t metric = wanted;

	before.metric = wanted - 1;
	if (before.metric && is_there(host, &before, 0) && !in_use(r, before.metric))
		return before.metric;
	while (metric && in_use(r, metric))
		metric--;
	return metric;
}

static int find_rivals(struct host *host, const struct host_rt *ours, struct rivals *r)
{
	int rc;

	memset(r, 0, sizeof(*r));
	r->ours = ours;
	rc = host_rt_dump(&host->nl, ours->family, rivals_visit, r);
	return rc;
}

int host_place_default(struct host *host, const struct host_config *config, struct host_rt *rt,
		       unsigned *bits)
{
	bool must_win = !config->distance_set || !config->distance;
	struct rivals rivals;
	int r;

	rt->metric = must_win ? host_rt_own_metric(rt->family) : config->distance;
	r = find_rivals(host, rt, &rivals);
	if (r < 0)
		return r;
	*bits = config->lockdown;
	if (must_win) {
		unsigned win = winning_bits(host, rt, &rivals);

		*bits = win > *bits ? win : *bits;
	} else if (!config->lockdown) {
		rt->metric = free_metric(host, rt, &rivals, config->distance);
		*bits = rt->metric == 0;
		rt->metric += *bits;
	}
	return 0;
}

int host_place_route(struct host *host, struct host_rt *rt, unsigned *bits)
{
	uint8_t whole = (uint8_t)(8 * host_family_len(rt->family));
	uint32_t wanted = rt->metric ? rt->metric : host_rt_own_metric(rt->family);
	bool named = rt->metric != 0;
	struct rivals rivals;
	int r;

	rt->metric = wanted;
	*bits = 0;
	r = find_rivals(host, rt, &rivals);
	if (r < 0)
		return r;
	if (named) {
		rt->metric = free_metric(host, rt, &rivals, wanted);
		*bits = rt->metric == 0;
	} else if (rt->family == AF_INET) {
		*bits = rivals.winners[0] || is_there(host, rt, 1);
	}
	/* A single address has no halves: then the other's route wins, and status says so. */
	if (rt->prefix_len == whole)
		*bits = 0;
	if (rt->metric == 0)
		rt->metric = host_rt_own_metric(rt->family);
	return 0;
}
