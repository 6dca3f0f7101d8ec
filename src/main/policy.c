/* SPDX-License-Identifier: MIT */
/* The server room's policy in the words of the supervisor's room, which may not include it. */
#include "main/policy.h"

#include "server/policy.h"

#include <stdlib.h>
#include <string.h>

struct wired {
	struct policy *policy;
	struct policy_account *accounts;
};

static void destroy(void *ctx)
{
	struct wired *w = ctx;

	if (!w)
		return;
	policy_free(w->policy);
	free(w->accounts);
	free(w);
}

static struct address_pool pool_of(const struct conf_secret *s, int type)
{
	return s->remote.first.s_addr ? s->remote : s->ppp[type].remote;
}

static void *create(const struct conf_server *conf)
{
	struct wired *w = calloc(1, sizeof(*w));
	struct policy_config config = {.account_count = conf->secret_count};

	if (!w)
		return NULL;
	w->accounts = calloc(conf->secret_count + 1, sizeof(*w->accounts));
	for (size_t i = 0; w->accounts && i < conf->secret_count; i++) {
		const struct conf_secret *s = &conf->secrets[i];
		struct policy_account *a = &w->accounts[i];

		a->name = s->name;
		a->caller_id = s->caller_id;
		for (int p = 0; p < PROTOCOL_COUNT; p++) {
			a->service[p] = !s->disabled && (s->service & PROTOCOL_BIT(p));
			a->remote[p] = pool_of(s, p);
		}
	}
	config.accounts = w->accounts;
	for (int p = 0; p < PROTOCOL_COUNT; p++)
		config.max_sessions[p] = conf->listener[p].max_sessions;
	w->policy = w->accounts ? policy_new(&config) : NULL;
	if (w->policy)
		return w;
	destroy(w);
	return NULL;
}

static const char *admit(void *ctx, enum protocol type, const struct sockaddr *source,
			 uint64_t now_ms, size_t *slot, bool *tell)
{
	struct wired *w = ctx;
	enum policy_verdict v = policy_admit(w->policy, type, source, now_ms, slot);

	*tell = v == POLICY_BUSY;
	return v == POLICY_ADMITTED ? NULL : policy_verdict_text(v);
}

static bool has_room(void *ctx, enum protocol type)
{
	struct wired *w = ctx;

	return policy_has_room(w->policy, type);
}

static int account(void *ctx, size_t slot, const uint8_t *user, size_t len, struct in_addr *out,
		   bool *exhausted)
{
	struct wired *w = ctx;

	return policy_account(w->policy, slot, user, len, out, exhausted);
}

static void address(void *ctx, size_t slot, const struct address_pool *pool, struct in_addr *out,
		    bool *exhausted)
{
	policy_address(((struct wired *)ctx)->policy, slot, pool, out, exhausted);
}

static void opened(void *ctx, size_t slot)
{
	policy_opened(((struct wired *)ctx)->policy, slot);
}

static void release(void *ctx, size_t slot, bool failed, uint64_t now_ms)
{
	policy_release(((struct wired *)ctx)->policy, slot, failed, now_ms);
}

const struct serve_policy main_policy = {
	.create = create,
	.destroy = destroy,
	.admit = admit,
	.has_room = has_room,
	.account = account,
	.address = address,
	.opened = opened,
	.release = release,
	.half_open_ms = POLICY_HALF_OPEN_MS,
	.refusal_ms = POLICY_REFUSAL_MS,
};
