/* SPDX-License-Identifier: MIT */
/* What RADIUS grants, judged field by field and made an account.  Where an Accept is silent, the
 * listener's default-profile speaks. */
#include "base/str.h"
#include "server/serving.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX    4000000u /* in milliseconds it fits 32 bits */
#define FRAMED_MTU_MIN 128
#define NETMASK_MIN    8 /* a prefix that is shorter is no client's network */

/* MS-MPPE-Encryption-Policy and -Types (RFC 2548 sections 2.4.4 and 2.4.5). */
enum { POLICY_ALLOWED = 1, POLICY_REQUIRED = 2, TYPE_40 = 2, TYPE_128 = 4, TYPE_56 = 8 };

/* An address that a client may have. */
static bool is_host(struct in_addr a)
{
	uint8_t first = (uint8_t)(ntohl(a.s_addr) >> 24);

	return first != 0 && first != 127 && first < 224;
}

static void left_out(const struct call *c, const char *what)
{
	log_warn(&c->log, "RADIUS: %s is left out", what);
}

static void take_address(struct call *c, const struct radius_grant *g, struct conf_secret *to)
{
	if (g->address_kind != RADIUS_ADDRESS_GIVEN)
		return;
	if (!is_host(g->address)) {
		left_out(c, "a Framed-IP-Address that no client can have");
		return;
	}
	to->remote = (struct address_pool){g->address, g->address};
}

static unsigned prefix_of(struct in_addr mask)
{
	uint32_t m = ntohl(mask.s_addr);
	unsigned n = 0;

	while (n < 32 && m & 0x80000000u >> n)
		n++;
	return n < 32 && m << n ? 0 : n; /* with a hole it is no mask */
}

static void add_route(struct call *c, struct conf_secret *to, const struct route *r)
{
	struct route route = {.family = AF_INET, .prefix_len = r->prefix_len, .metric = r->metric};
	uint32_t dst = ntohl(r->dst4.s_addr);

	if (r->family != AF_INET || r->prefix_len == 0 || r->prefix_len > 32 || !is_host(r->dst4) ||
	    to->route_count == CONF_ROUTES_MAX) {
		left_out(c, "a Framed-Route that leads nowhere a client can be");
		return;
	}
	route.dst4.s_addr = htonl(dst & UINT32_MAX << (32 - r->prefix_len));
	to->routes[to->route_count++] = route;
}

static void take_routes(struct call *c, const struct radius_grant *g, struct conf_secret *to)
{
	unsigned prefix = prefix_of(g->netmask);

	for (uint32_t i = 0; i < g->route_count && i < RADIUS_ROUTES_MAX; i++)
		add_route(c, to, &g->routes[i]);
	if (prefix >= NETMASK_MIN && prefix < 32 && g->address_kind == RADIUS_ADDRESS_GIVEN) {
		const struct route net = {
			.family = AF_INET, .prefix_len = (uint8_t)prefix, .dst4 = g->address};

		add_route(c, to, &net);
	}
}

static unsigned strengths_of(uint32_t types)
{
	return (types & TYPE_40 ? MPPE_40 : 0u) | (types & TYPE_56 ? MPPE_56 : 0u) |
	       (types & TYPE_128 ? MPPE_128 : 0u);
}

/* After MS-CHAPv1 keys of 40 and 56 bits come from the LM hash, which some servers do not have. */
static bool lacks_short_keys(const struct auth_judged *j)
{
	static const uint8_t zeros[sizeof j->lm_key];

	return j->has_keys_v1 && memcmp(j->lm_key, zeros, sizeof zeros) == 0;
}

/* RADIUS may ask for more than the profile, never for less. */
static const char *take_types(const struct radius_grant *g, struct mppe_settings *mppe)
{
	unsigned strengths = mppe->strengths & strengths_of(g->mppe_types);
	bool required = g->mppe_policy == POLICY_REQUIRED;

	if (!g->mppe_said || (g->mppe_policy != POLICY_ALLOWED && !required))
		return NULL;
	if (!strengths && (required || mppe->policy == MPPE_REQUIRE))
		return "RADIUS and use-encryption have no length of MPPE's key in common";
	if (required)
		mppe->policy = MPPE_REQUIRE;
	else if (!strengths)
		mppe->policy = MPPE_NO;
	if (strengths)
		mppe->strengths = strengths;
	return NULL;
}

static const char *take_mppe(const struct radius_verdict *v, struct mppe_settings *mppe)
{
	const char *fault = take_types(&v->grant, mppe);

	if (fault || !lacks_short_keys(&v->judged) || mppe->policy == MPPE_NO)
		return fault;
	if (mppe->strengths & MPPE_128)
		mppe->strengths = MPPE_128;
	else if (mppe->policy == MPPE_REQUIRE)
		return "after mschap1 the RADIUS server gives keys for 128 bits only: it has no LM "
		       "hash";
	else
		mppe->policy = MPPE_NO;
	return NULL;
}

static uint32_t seconds(uint32_t said, uint32_t ours)
{
	return !said ? ours : said > SECONDS_MAX ? SECONDS_MAX : said;
}

static void take_limits(const struct radius_grant *g, struct conf_ppp *ppp)
{
	ppp->session_timeout = seconds(g->session_s, ppp->session_timeout);
	ppp->idle_timeout = seconds(g->idle_s, ppp->idle_timeout);
	if (g->dns[0].s_addr || g->dns[1].s_addr)
		memcpy(ppp->dns_server, g->dns, sizeof ppp->dns_server);
}

static bool make_room(struct call *c)
{
	if (!c->granted)
		c->granted = malloc(sizeof *c->granted);
	if (!c->grant)
		c->grant = malloc(sizeof *c->grant);
	if (c->granted && c->grant)
		return true;
	free(c->granted);
	c->granted = NULL;
	return false;
}

const char *aaa_grant(struct call *c, const struct radius_verdict *verdict)
{
	const struct radius_grant *g = &verdict->grant;
	const struct conf_ppp *ppp = &c->server->conf.ppp[c->type];
	struct conf_secret *to;

	if (!make_room(c))
		return "out of memory";
	to = c->granted;
	*c->grant = *g;
	memset(to, 0, sizeof *to);
	(void)str_copy(to->name, sizeof to->name, c->question.user);
	to->service = PROTOCOL_BIT(c->type);
	to->local = ppp->local;
	to->remote = ppp->remote;
	to->ppp[c->type] = *ppp;
	if (g->pool[0])
		log_warn(&c->log,
			 "RADIUS: Framed-Pool \"%s\": there are no pools with names, the "
			 "profile's remote-address counts",
			 g->pool);
	if (g->mtu && g->mtu < FRAMED_MTU_MIN) {
		left_out(c, "a Framed-MTU below 128");
		c->grant->mtu = 0;
	}
	take_address(c, g, to);
	take_routes(c, g, to);
	take_limits(g, &to->ppp[c->type]);
	return take_mppe(verdict, &to->ppp[c->type].mppe);
}
