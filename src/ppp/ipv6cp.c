/* SPDX-License-Identifier: MIT */
/* IPV6CP (RFC 5072): the interface identifiers of both ends. */
#include "ppp/link.h"

#include <string.h>

#define UNIVERSAL_BIT 0x02

static struct ipv6cp *ipv6cp_of(void *ctx)
{
	return &((struct ppp_link *)ctx)->ipv6cp;
}

static bool zero_id(const uint8_t id[static 8])
{
	static const uint8_t zero[8];

	return memcmp(id, zero, sizeof(zero)) == 0;
}

/* Random, nonzero, not claiming to be a universal one (RFC 5072 section 4.1). */
static void random_id(struct ppp_link *link, uint8_t id[static 8])
{
	do {
		random_fill(link->random, id, 8);
		id[0] &= (uint8_t)~UNIVERSAL_BIT;
	} while (zero_id(id));
}

static void id_build(void *ctx, struct writer *w)
{
	if (ipv6cp_of(ctx)->ask)
		option_write(w, IPV6CP_OPTION_IFID, ipv6cp_of(ctx)->local, 8);
}

static enum option_verdict id_request(void *ctx, const struct option *o, struct writer *nak)
{
	struct ipv6cp *v6 = ipv6cp_of(ctx);
	uint8_t other[8];

	if (!zero_id(o->data) && memcmp(o->data, v6->local, 8) != 0) {
		memcpy(v6->staged, o->data, 8);
		return OPTION_ACK;
	}
	do
		random_id(ctx, other);
	while (memcmp(other, v6->local, 8) == 0);
	option_write(nak, IPV6CP_OPTION_IFID, other, 8);
	return OPTION_NAK;
}

static void id_nak(void *ctx, const struct option *o)
{
	struct ipv6cp *v6 = ipv6cp_of(ctx);

	if (zero_id(o->data))
		random_id(ctx, v6->local);
	else
		memcpy(v6->local, o->data, 8);
}

static void id_reject(void *ctx, const struct option *o)
{
	(void)o;
	ipv6cp_of(ctx)->ask = false;
}

static const struct option_rule rules[] = {
	{IPV6CP_OPTION_IFID, id_build, id_request, id_nak, id_reject, NULL},
};

static void judge(void *ctx)
{
	memset(ipv6cp_of(ctx)->staged, 0, 8);
}

static void accepted(void *ctx)
{
	memcpy(ipv6cp_of(ctx)->remote, ipv6cp_of(ctx)->staged, 8);
}

static void up(void *ctx)
{
	struct ppp_link *link = ctx;

	memcpy(link->addresses.local_ifid, link->ipv6cp.local, 8);
	memcpy(link->addresses.remote_ifid, link->ipv6cp.remote, 8);
	link->up->ncp_up(link);
}

static void down(void *ctx)
{
	struct ppp_link *link = ctx;

	memset(link->addresses.local_ifid, 0, 8);
	memset(link->addresses.remote_ifid, 0, 8);
	link->up->ncp_down(link);
}

static void finished(void *ctx, enum automaton_event why)
{
	struct ppp_link *link = ctx;

	link->up->ncp_lost(link, &link->ipv6cp.fsm,
			   why == AUTOMATON_REJECT_FATAL
				   ? "does not carry IPv6 (it rejected IPV6CP)"
				   : "does not agree on IPv6");
}

static void terminated(void *ctx, const struct control_packet *p)
{
	struct ppp_link *link = ctx;

	(void)p;
	link->up->ncp_lost(link, &link->ipv6cp.fsm, "closed IPV6CP");
}

static const struct automaton_driver driver = {
	.protocol = FRAME_IPV6CP,
	.name = "IPV6CP",
	.rules = rules,
	.rule_count = sizeof(rules) / sizeof(rules[0]),
	.judge = judge,
	.accepted = accepted,
	.terminated = terminated,
	.up = up,
	.down = down,
	.finished = finished,
};

void ipv6cp_init(struct ppp_link *link)
{
	memset(&link->ipv6cp, 0, sizeof(link->ipv6cp));
	automaton_init(&link->ipv6cp.fsm, &driver, link, &link->host);
}

void ipv6cp_reset(struct ppp_link *link)
{
	link->ipv6cp.ask = true;
	random_id(link, link->ipv6cp.local);
	memset(link->ipv6cp.remote, 0, 8);
}
