/* SPDX-License-Identifier: MIT */
/* IPCP (RFC 1332, RFC 1877): addresses and name servers. */
#include "ppp/link.h"

#include <arpa/inet.h>
#include <string.h>

#define MUST_ROUNDS_MAX 5

static struct ipcp *ipcp_of(void *ctx)
{
	return &((struct ppp_link *)ctx)->ipcp;
}

static struct in_addr option_address(const struct option *o)
{
	return (struct in_addr){.s_addr = htonl(option_u32(o))};
}

static void write_address(struct writer *w, uint8_t type, struct in_addr a)
{
	option_write_u32(w, type, ntohl(a.s_addr));
}

/* An address that a host can have: not 0/8, loopback, multicast or above. */
static bool host_address(struct in_addr a)
{
	uint32_t v = ntohl(a.s_addr);

	return v >> 24 != 0 && v >> 24 != 127 && v >> 28 < 0xe;
}

/* ---- IP-Address: our own ---- */

static void address_build(void *ctx, struct writer *w)
{
	if (ipcp_of(ctx)->ask_address)
		write_address(w, IPCP_OPTION_ADDRESS, ipcp_of(ctx)->local);
}

static void address_nak(void *ctx, const struct option *o)
{
	struct ppp_link *link = ctx;
	struct ipcp *ipcp = &link->ipcp;
	struct in_addr given = option_address(o);
	char theirs[INET_ADDRSTRLEN], ours[INET_ADDRSTRLEN];

	if (!ipcp->ask_address || given.s_addr == 0)
		return;
	if (link->config.role == ROLE_ANSWERER)
		return; /* it is ours to say: a caller that demands another one gives up */
	if (!link->config.settings.local_must ||
	    given.s_addr == link->config.settings.local.s_addr) {
		ipcp->local = given; /* judged when it is final */
		return;
	}
	if (++ipcp->local_naks < MUST_ROUNDS_MAX)
		return;
	inet_ntop(AF_INET, &given, theirs, sizeof(theirs));
	inet_ntop(AF_INET, &link->config.settings.local, ours, sizeof(ours));
	link_fail(link, EXIT_NEGOTIATION_FAILED,
		  "%s assigns the address %s, but the profile demands %s", link_peer(link), theirs,
		  ours);
}

static void address_reject(void *ctx, const struct option *o)
{
	struct ppp_link *link = ctx;

	(void)o;
	link->ipcp.ask_address = false;
	/* What it named in Naks, one after the other, it never agreed to. */
	if (link->config.role == ROLE_CALLER)
		link->ipcp.local = link->config.settings.local;
}

/* ---- IP-Address: the peer's ---- */

/* The address that an answerer gives, or that a caller wishes the server to have. */
static struct in_addr remote_wanted(const struct ppp_link *link)
{
	if (link->config.role == ROLE_ANSWERER && link->account.remote.s_addr)
		return link->account.remote;
	return link->config.settings.remote;
}

static enum option_verdict address_request(void *ctx, const struct option *o, struct writer *nak)
{
	struct ppp_link *link = ctx;
	struct ipcp *ipcp = &link->ipcp;
	struct in_addr told = option_address(o), wanted = remote_wanted(link);
	bool must = link->config.role == ROLE_ANSWERER || link->config.settings.remote_must;
	char theirs[INET_ADDRSTRLEN], ours[INET_ADDRSTRLEN];

	if (wanted.s_addr == 0) {
		if (told.s_addr == 0)
			return OPTION_REJECT; /* "tell me mine": there is nothing to tell */
	} else if (told.s_addr != wanted.s_addr &&
		   (must || ipcp->remote_naks == 0 || !told.s_addr)) {
		if (ipcp->remote_naks++ < MUST_ROUNDS_MAX) {
			write_address(nak, IPCP_OPTION_ADDRESS, wanted);
			return OPTION_NAK_FIRM;
		}
		inet_ntop(AF_INET, &told, theirs, sizeof(theirs));
		inet_ntop(AF_INET, &wanted, ours, sizeof(ours));
		if (must)
			link_fail(link, EXIT_NEGOTIATION_FAILED,
				  "%s insists on the address %s for itself, which has to be %s",
				  link_peer(link), theirs, ours);
		return OPTION_REJECT;
	}
	ipcp->staged = told;
	return OPTION_ACK;
}

/* ---- DNS and WINS ---- */

static const uint8_t server_types[IPCP_SERVERS] = {
	[IPCP_DNS1] = IPCP_OPTION_DNS1,
	[IPCP_WINS1] = IPCP_OPTION_WINS1,
	[IPCP_DNS2] = IPCP_OPTION_DNS2,
	[IPCP_WINS2] = IPCP_OPTION_WINS2,
};

static int server_index(uint8_t type)
{
	for (int i = 0; i < IPCP_SERVERS; i++)
		if (server_types[i] == type)
			return i;
	return -1;
}

/* All four are written by the rule of the first, in the order of their numbers. */
static void servers_build(void *ctx, struct writer *w)
{
	struct ipcp *ipcp = ipcp_of(ctx);

	for (int i = 0; i < IPCP_SERVERS; i++)
		if (ipcp->ask[i])
			write_address(w, server_types[i], ipcp->server[i]);
}

/* Answerer: gives what it has. */
static enum option_verdict server_request(void *ctx, const struct option *o, struct writer *nak)
{
	const struct ppp_config *c = &((struct ppp_link *)ctx)->config;
	const struct in_addr ours[IPCP_SERVERS] = {
		[IPCP_DNS1] = c->dns[0],
		[IPCP_WINS1] = c->wins[0],
		[IPCP_DNS2] = c->dns[1],
		[IPCP_WINS2] = c->wins[1],
	};
	int i = server_index(o->type);

	if (c->role == ROLE_CALLER || i < 0 || ours[i].s_addr == 0)
		return OPTION_REJECT;
	if (option_address(o).s_addr == ours[i].s_addr)
		return OPTION_ACK;
	write_address(nak, o->type, ours[i]);
	return OPTION_NAK;
}

static void server_nak(void *ctx, const struct option *o)
{
	struct ipcp *ipcp = ipcp_of(ctx);
	struct in_addr given = option_address(o);
	int i = server_index(o->type);

	if (i < 0 || !ipcp->ask[i])
		return; /* told unasked */
	if (given.s_addr == 0)
		ipcp->ask[i] = false; /* it has none */
	else
		ipcp->server[i] = given;
}

static void server_reject(void *ctx, const struct option *o)
{
	int i = server_index(o->type);

	if (i >= 0)
		ipcp_of(ctx)->ask[i] = false;
}

/* VJ compression and the obsolete option 1 are rejected. */
static const struct option_rule rules[] = {
	{IPCP_OPTION_ADDRESS, address_build, address_request, address_nak, address_reject, NULL},
	{IPCP_OPTION_DNS1, servers_build, server_request, server_nak, server_reject, NULL},
	{IPCP_OPTION_WINS1, NULL, server_request, server_nak, server_reject, NULL},
	{IPCP_OPTION_DNS2, NULL, server_request, server_nak, server_reject, NULL},
	{IPCP_OPTION_WINS2, NULL, server_request, server_nak, server_reject, NULL},
};

/* ---- hooks of the automaton ---- */

static void judge(void *ctx)
{
	ipcp_of(ctx)->staged.s_addr = 0;
}

static void accepted(void *ctx)
{
	ipcp_of(ctx)->remote = ipcp_of(ctx)->staged;
}

/* False, and the call is ended, when our own address is not one to use. */
static bool local_usable(struct ppp_link *link)
{
	struct in_addr local = link->ipcp.local;
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &local, text, sizeof(text));
	if (local.s_addr == 0)
		link_fail(link, EXIT_NEGOTIATION_FAILED, "%s assigns no address", link_peer(link));
	else if (!host_address(local))
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "%s assigns the address %s, which no host can have", link_peer(link),
			  text);
	else if (link->config.outer_peer.s_addr && local.s_addr == link->config.outer_peer.s_addr)
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "%s assigns us its own outer address %s, which would lead the tunnel "
			  "into itself",
			  link_peer(link), text);
	else
		return true;
	return false;
}

/* The usable ones of two servers, the first first. */
static void take_servers(const struct ipcp *ipcp, int first, int second, struct in_addr out[2])
{
	const int order[] = {first, second};
	size_t n = 0;

	for (size_t i = 0; i < 2; i++) {
		struct in_addr a = ipcp->server[order[i]];

		if (ipcp->ask[order[i]] && host_address(a) && (n == 0 || out[0].s_addr != a.s_addr))
			out[n++] = a;
	}
}

static void up(void *ctx)
{
	struct ppp_link *link = ctx;
	struct ipcp *ipcp = &link->ipcp;
	struct ppp_addresses *a = &link->addresses;

	ipcp->remote_naks = ipcp->local_naks = 0;
	if (!local_usable(link))
		return;
	a->local = ipcp->local;
	/* A peer without an address of its own, or with a senseless one, does no harm: routes go
	 * to the device. */
	a->remote = host_address(ipcp->remote) ? ipcp->remote : (struct in_addr){0};
	memset(a->dns, 0, sizeof(a->dns));
	memset(a->wins, 0, sizeof(a->wins));
	take_servers(ipcp, IPCP_DNS1, IPCP_DNS2, a->dns);
	take_servers(ipcp, IPCP_WINS1, IPCP_WINS2, a->wins);
	link->up->ncp_up(link);
}

static void down(void *ctx)
{
	struct ppp_link *link = ctx;

	link->up->ncp_down(link);
}

static void finished(void *ctx, enum automaton_event why)
{
	struct ppp_link *link = ctx;
	char refusal[PPP_REFUSAL_MAX];

	/* The peer may hold it for open: IPv6 alone would leave it with an address in vain. */
	if (why == AUTOMATON_EXHAUSTED && !link->ending)
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  link->ipcp.fsm.naks_received ? "%s does not agree on addresses in IPCP%s"
						       : "%s does not answer any more in IPCP%s",
			  link_peer(link), ppp_refusal(link, refusal, sizeof(refusal)));
	else
		link->up->ncp_lost(link, &link->ipcp.fsm,
				   why == AUTOMATON_REJECT_FATAL
					   ? "does not carry IPv4 (it rejected IPCP)"
					   : "closed IPCP");
}

static void stuck(void *ctx)
{
	struct ppp_link *link = ctx;

	link_stuck(link, &link->ipcp.fsm);
}

static void terminated(void *ctx, const struct control_packet *p)
{
	struct ppp_link *link = ctx;
	char text[120], why[160];
	struct str s = str_make(why, sizeof(why));

	str_printf(&s, "closed IPCP");
	if (p->len > 0)
		str_printf(&s, ": \"%s\"",
			   link_clean(text, sizeof(text), (struct octets){p->data, p->len}, 80));
	link->up->ncp_lost(link, &link->ipcp.fsm, why);
}

static const struct automaton_driver driver = {
	.protocol = FRAME_IPCP,
	.name = "IPCP",
	.rules = rules,
	.rule_count = sizeof(rules) / sizeof(rules[0]),
	.judge = judge,
	.accepted = accepted,
	.terminated = terminated,
	.up = up,
	.down = down,
	.finished = finished,
	.stuck = stuck,
};

void ipcp_init(struct ppp_link *link)
{
	memset(&link->ipcp, 0, sizeof(link->ipcp));
	automaton_init(&link->ipcp.fsm, &driver, link, &link->host);
}

void ipcp_reset(struct ppp_link *link)
{
	struct ipcp *ipcp = &link->ipcp;
	const struct ppp_config *c = &link->config;
	bool caller = c->role == ROLE_CALLER;

	ipcp->local_naks = ipcp->remote_naks = 0;
	ipcp->remote.s_addr = 0;
	ipcp->local =
		!caller && link->account.local.s_addr ? link->account.local : c->settings.local;
	/* An answerer without an address of its own stays unnumbered. */
	ipcp->ask_address = caller || ipcp->local.s_addr;
	memset(ipcp->server, 0, sizeof(ipcp->server));
	ipcp->ask[IPCP_DNS1] = ipcp->ask[IPCP_DNS2] = caller && c->ask_dns;
	ipcp->ask[IPCP_WINS1] = ipcp->ask[IPCP_WINS2] = caller && c->ask_wins;
}
