/* SPDX-License-Identifier: MIT */
/* What a tunnel of any kind tells its owner. */
#include "tunnel/ops.h"

void tunnel_emit_progress(struct tunnel *t, const char *text)
{
	const struct tunnel_event event = {.kind = TUNNEL_EVENT_PROGRESS, .text = text};
	t->callbacks.event(t->callbacks.ctx, &event);
}

void tunnel_emit_call_up(struct tunnel *t, const struct tunnel_call *call)
{
	const struct tunnel_event event = {.kind = TUNNEL_EVENT_CALL_UP, .call = call};
	t->callbacks.event(t->callbacks.ctx, &event);
}

void tunnel_emit_echo(struct tunnel *t, uint32_t rtt_ms)
{
	const struct tunnel_event event = {.kind = TUNNEL_EVENT_ECHO, .echo_rtt_ms = rtt_ms};
	t->callbacks.event(t->callbacks.ctx, &event);
}

void tunnel_emit_closed(struct tunnel *t, const struct reason *reason)
{
	const struct tunnel_event event = {.kind = TUNNEL_EVENT_CLOSED,
					   .unexplained = t->unexplained,
					   .weight = t->weight,
					   .reason = reason};
	t->callbacks.event(t->callbacks.ctx, &event);
}
