/* SPDX-License-Identifier: MIT */
/* tunnel.h for all kinds of tunnels: one table of operations for each. */
#include "tunnel/tunnel.h"

#include "tunnel/ops.h"

#include <stdlib.h>

static const struct tunnel_ops *const kinds[] = {
	[PROTOCOL_PPTP] = &tunnel_pptp_ops,
	[PROTOCOL_L2TP] = &tunnel_l2tp_ops,
};

struct tunnel *tunnel_new(const struct tunnel_config *config,
			  const struct tunnel_callbacks *callbacks,
			  const struct random_source *random, const struct log *log)
{
	const struct tunnel_ops *ops = kinds[config->type];
	struct tunnel *t = calloc(1, ops->size);

	if (!t)
		return NULL;
	t->ops = ops;
	t->config = *config;
	t->callbacks = *callbacks;
	t->random = random;
	t->log = log;
	ops->init(t);
	return t;
}

void tunnel_free(struct tunnel *t)
{
	if (!t)
		return;
	size_t size = t->ops->size;
	if (t->ops->release)
		t->ops->release(t);
	wipe(t, size);
	free(t);
}

void tunnel_start(struct tunnel *t, uint64_t now_ms)
{
	t->ops->start(t, now_ms);
}

void tunnel_input(struct tunnel *t, const uint8_t *octets, size_t len, uint64_t now_ms)
{
	t->ops->input(t, octets, len, now_ms);
}

void tunnel_lost(struct tunnel *t, int error, uint64_t now_ms)
{
	t->ops->lost(t, error, now_ms);
}

void tunnel_close(struct tunnel *t, const struct reason *reason, const char *farewell,
		  uint64_t now_ms)
{
	t->ops->close(t, reason, t->config.role == ROLE_ANSWERER ? farewell : NULL, now_ms);
}

uint64_t tunnel_deadline(const struct tunnel *t)
{
	return t->ops->deadline(t);
}

void tunnel_tick(struct tunnel *t, uint64_t now_ms)
{
	t->ops->tick(t, now_ms);
}

const struct tunnel_counters *tunnel_counters(const struct tunnel *t)
{
	return &t->counters;
}
