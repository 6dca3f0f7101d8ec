/* SPDX-License-Identifier: MIT */
/* What each kind of tunnel puts behind tunnel.h, and what all kinds share. */
#ifndef VPDIAL_TUNNEL_OPS_H
#define VPDIAL_TUNNEL_OPS_H

#include "tunnel/tunnel.h"

struct tunnel_ops {
	size_t size; /* of the whole object; struct tunnel comes first in it, the rest is zeroed */
	void (*init)(struct tunnel *t);
	void (*release)(struct tunnel *t); /* may be NULL; the memory itself is not its business */
	void (*start)(struct tunnel *t, uint64_t now_ms);
	void (*input)(struct tunnel *t, const uint8_t *octets, size_t len, uint64_t now_ms);
	void (*lost)(struct tunnel *t, int error, uint64_t now_ms);
	void (*close)(struct tunnel *t, const struct reason *reason, const char *farewell,
		      uint64_t now_ms);
	uint64_t (*deadline)(const struct tunnel *t);
	void (*tick)(struct tunnel *t, uint64_t now_ms);
};

struct tunnel {
	const struct tunnel_ops *ops;
	struct tunnel_config config;
	struct tunnel_callbacks callbacks;
	const struct random_source *random;
	const struct log *log;
	struct tunnel_counters counters;
	bool unexplained; /* see struct tunnel_event */
	enum reason_weight weight;
};

extern const struct tunnel_ops tunnel_pptp_ops, tunnel_l2tp_ops;

/* "server" for a caller, "client" for an answerer: the other end in sentences. */
static inline const char *tunnel_peer_word(const struct tunnel *t)
{
	return t->config.role == ROLE_CALLER ? "server" : "client";
}

/* What follows a refusal for want of room. */
#define TUNNEL_NO_ROOM_HINT "it has no room for another call now, try again later"

/* emit.c */
void tunnel_emit_progress(struct tunnel *t, const char *text);
void tunnel_emit_call_up(struct tunnel *t, const struct tunnel_call *call);
void tunnel_emit_echo(struct tunnel *t, uint32_t rtt_ms);
/* The last event of a tunnel. */
void tunnel_emit_closed(struct tunnel *t, const struct reason *reason);

#endif
