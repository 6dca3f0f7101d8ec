/* SPDX-License-Identifier: MIT */
/* Limits, accounts and the address pool. */
#include "server/policy.h"

#include "base/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	bool used, opened;
	enum protocol service;
	struct in6_addr source; /* IPv4 as mapped address, IPv6 cut to its /64 */
	struct in6_addr whole;
	struct in_addr address; /* reserved; zero = none */
};

struct source {
	struct in6_addr address;
	uint64_t since_ms; /* 0 = free */
	unsigned failures;
};

/* A place from which a caller is told that there is no room. */
struct refusal {
	struct in6_addr source;
	uint64_t until_ms; /* free from then on */
};

struct policy {
	struct policy_config config;
	unsigned count[PROTOCOL_COUNT], half_open[PROTOCOL_COUNT];
	struct source sources[POLICY_SOURCES_MAX];
	struct refusal refusals[POLICY_REFUSALS_MAX];
	struct slot slots[POLICY_SESSIONS_MAX];
};

const char *policy_verdict_text(enum policy_verdict verdict)
{
	switch (verdict) {
	case POLICY_ADMITTED:
		return "admitted";
	case POLICY_FULL:
	case POLICY_BUSY:
		return "max-sessions is reached";
	case POLICY_HALF_OPEN:
		return "too many calls are being set up";
	case POLICY_WAIT:
		return "too many of its calls failed";
	}
	return "";
}

struct policy *policy_new(const struct policy_config *config)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (p)
		p->config = *config;
	return p;
}

void policy_free(struct policy *policy)
{
	free(policy);
}

/* One kind of address for both families. */
static struct in6_addr whole_of(const struct sockaddr *sa)
{
	struct in6_addr a = {0};

	address_map(a.s6_addr, sa);
	return a;
}

/* Of IPv6 only the /64, all of which one host may have for itself. */
static struct in6_addr source_of(const struct sockaddr *sa)
{
	struct in6_addr a = whole_of(sa);

	if (sa->sa_family == AF_INET6) {
		memset(a.s6_addr + 8, 0, 8);
		a.s6_addr[15] = 1; /* ::1 and the like keep apart from nothing at all */
	}
	return a;
}

static bool same(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static struct source *find_source(struct policy *p, const struct in6_addr *address, uint64_t now_ms)
{
	for (size_t i = 0; i < POLICY_SOURCES_MAX; i++) {
		struct source *s = &p->sources[i];

		if (s->since_ms && now_ms - s->since_ms >= POLICY_FAILURES_MS)
			s->since_ms = 0;
		if (s->since_ms && same(&s->address, address))
			return s;
	}
	return NULL;
}

static void note_failure(struct policy *p, const struct in6_addr *address, uint64_t now_ms)
{
	struct source *s = find_source(p, address, now_ms);

	if (!s) {
		s = &p->sources[0];
		for (size_t i = 1; i < POLICY_SOURCES_MAX; i++)
			if (p->sources[i].since_ms < s->since_ms)
				s = &p->sources[i];
		*s = (struct source){.address = *address, .since_ms = now_ms ? now_ms : 1};
	}
	s->failures++;
}

static unsigned half_open_of(const struct policy *p, enum protocol service,
			     const struct in6_addr *address)
{
	unsigned n = 0;

	for (size_t i = 0; i < POLICY_SESSIONS_MAX; i++) {
		const struct slot *s = &p->slots[i];

		n += s->used && !s->opened && s->service == service && same(&s->source, address);
	}
	return n;
}

static bool take_refusal(struct policy *p, const struct in6_addr *address, uint64_t now_ms)
{
	struct refusal *place = NULL;
	unsigned own = 0;

	for (size_t i = 0; i < POLICY_REFUSALS_MAX; i++) {
		struct refusal *r = &p->refusals[i];

		if (r->until_ms <= now_ms)
			place = r;
		else
			own += same(&r->source, address);
	}
	if (!place || own >= POLICY_REFUSALS_SOURCE_MAX)
		return false;
	*place = (struct refusal){*address, now_ms + POLICY_REFUSAL_MS};
	return true;
}

bool policy_has_room(const struct policy *p, enum protocol service)
{
	unsigned sum = 0;

	for (int i = 0; i < PROTOCOL_COUNT; i++)
		sum += p->count[i];
	return sum < POLICY_SESSIONS_MAX && p->count[service] < p->config.max_sessions[service];
}

enum policy_verdict policy_admit(struct policy *p, enum protocol service, const struct sockaddr *sa,
				 uint64_t now_ms, size_t *slot)
{
	struct in6_addr address = source_of(sa);
	const struct source *s = find_source(p, &address, now_ms);
	size_t i = 0;

	if (s && s->failures >= POLICY_FAILURES_MAX)
		return POLICY_WAIT;
	if (p->half_open[service] >= POLICY_HALF_OPEN_MAX ||
	    half_open_of(p, service, &address) >= POLICY_HALF_OPEN_SOURCE_MAX)
		return POLICY_HALF_OPEN;
	while (i < POLICY_SESSIONS_MAX && p->slots[i].used)
		i++;
	if (!policy_has_room(p, service))
		return service == PROTOCOL_L2TP || take_refusal(p, &address, now_ms) ? POLICY_BUSY
										     : POLICY_FULL;
	p->slots[i] = (struct slot){
		.used = true, .service = service, .source = address, .whole = whole_of(sa)};
	p->count[service]++;
	p->half_open[service]++;
	*slot = i;
	return POLICY_ADMITTED;
}

static bool is_caller(const struct policy_account *a, const struct slot *s)
{
	struct in6_addr wanted = {0};

	if (!a->caller_id[0])
		return true;
	if (inet_pton(AF_INET, a->caller_id, wanted.s6_addr + 12) == 1)
		wanted.s6_addr[10] = wanted.s6_addr[11] = 0xff;
	else if (inet_pton(AF_INET6, a->caller_id, &wanted) != 1)
		return false;
	return same(&wanted, &s->whole);
}

static int find_account(const struct policy *p, const struct slot *s, const uint8_t *user,
			size_t len)
{
	for (size_t i = 0; i < p->config.account_count; i++) {
		const struct policy_account *a = &p->config.accounts[i];

		if (strlen(a->name) == len && memcmp(a->name, user, len) == 0 &&
		    a->service[s->service] && is_caller(a, s))
			return (int)i;
	}
	return POLICY_NO_ACCOUNT;
}

/* By a call, or for good by an account that has it as its own. */
static bool is_taken(const struct policy *p, struct in_addr address)
{
	for (size_t i = 0; i < p->config.account_count; i++)
		for (int service = 0; service < PROTOCOL_COUNT; service++) {
			const struct address_pool *own = &p->config.accounts[i].remote[service];

			if (own->first.s_addr == address.s_addr &&
			    own->last.s_addr == address.s_addr)
				return true;
		}
	for (size_t i = 0; i < POLICY_SESSIONS_MAX; i++)
		if (p->slots[i].used && p->slots[i].address.s_addr == address.s_addr)
			return true;
	return false;
}

/* A pool of one is the account's own address, which its newest call takes over. */
static struct in_addr choose(const struct policy *p, const struct address_pool *pool)
{
	struct in_addr address = pool->first;

	if (pool->first.s_addr == pool->last.s_addr)
		return address;
	for (uint32_t a = ntohl(pool->first.s_addr); a <= ntohl(pool->last.s_addr); a++) {
		address.s_addr = htonl(a);
		if (!is_taken(p, address))
			return address;
		if (a == UINT32_MAX)
			break;
	}
	return (struct in_addr){0};
}

int policy_account(struct policy *p, size_t slot, const uint8_t *user, size_t len,
		   struct in_addr *address, bool *exhausted)
{
	static const struct address_pool none;
	const struct slot *s = &p->slots[slot];
	int account = find_account(p, s, user, len);

	policy_address(p, slot,
		       account == POLICY_NO_ACCOUNT
			       ? &none
			       : &p->config.accounts[account].remote[s->service],
		       address, exhausted);
	return account;
}

void policy_address(struct policy *p, size_t slot, const struct address_pool *pool,
		    struct in_addr *address, bool *exhausted)
{
	struct slot *s = &p->slots[slot];

	s->address.s_addr = 0;
	if (pool->first.s_addr)
		s->address = choose(p, pool);
	*address = s->address;
	*exhausted = pool->first.s_addr && !address->s_addr;
}

void policy_opened(struct policy *p, size_t slot)
{
	struct slot *s = &p->slots[slot];

	if (!s->used || s->opened)
		return;
	s->opened = true;
	p->half_open[s->service]--;
}

void policy_release(struct policy *p, size_t slot, bool failed, uint64_t now_ms)
{
	struct slot *s = &p->slots[slot];

	if (!s->used)
		return;
	p->count[s->service]--;
	if (!s->opened)
		p->half_open[s->service]--;
	if (failed && !s->opened)
		note_failure(p, &s->source, now_ms);
	*s = (struct slot){0};
}

unsigned policy_count(const struct policy *policy, enum protocol service)
{
	return policy->count[service];
}
