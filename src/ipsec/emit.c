/* SPDX-License-Identifier: MIT */
/* What the engine tells its owner. */
#include "ipsec/internal.h"

void emit_progress(struct ipsec *s, const char *text)
{
	const struct ipsec_event event = {.kind = IPSEC_EVENT_PROGRESS, .text = text};
	s->callbacks.event(s->callbacks.ctx, &event);
}

void emit_ike_key(struct ipsec *s, const struct ipsec_ike_key *key)
{
	const struct ipsec_event event = {.kind = IPSEC_EVENT_IKE_KEY, .ike_key = key};
	s->callbacks.event(s->callbacks.ctx, &event);
}

void emit_keys(struct ipsec *s, enum ipsec_event_kind kind, const struct esp_keys *keys)
{
	const struct ipsec_event event = {.kind = kind, .keys = keys};
	s->callbacks.event(s->callbacks.ctx, &event);
}

void emit_up(struct ipsec *s)
{
	const struct ipsec_event event = {.kind = IPSEC_EVENT_UP};
	s->callbacks.event(s->callbacks.ctx, &event);
}

void emit_forget(struct ipsec *s, uint32_t spi)
{
	const struct ipsec_event event = {.kind = IPSEC_EVENT_FORGET, .spi = spi};
	s->callbacks.event(s->callbacks.ctx, &event);
}

void emit_closed(struct ipsec *s)
{
	const struct ipsec_event event = {
		.kind = IPSEC_EVENT_CLOSED, .weight = s->weight, .reason = &s->reason};
	s->callbacks.event(s->callbacks.ctx, &event);
}
