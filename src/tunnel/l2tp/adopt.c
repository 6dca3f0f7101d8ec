/* SPDX-License-Identifier: MIT */
/* Taking over a tunnel that half_open.c has let in. */
#include "tunnel/l2tp/internal.h"

/* SCCRP was our number 0, SCCRQ and SCCCN were the peer's 0 and 1. */
#define OUR_NEXT  1
#define PEER_NEXT 2

static void name(char *out, size_t cap, const uint8_t *octets, size_t len, size_t most)
{
	struct str s = str_make(out, cap);

	str_clean(&s, octets, len < most ? len : most, TUNNEL_NAME_MAX);
}

void tunnel_adopt(struct tunnel *t, const struct adopted_tunnel *a, uint64_t now_ms)
{
	struct l2tp_tunnel *l = l2tp_of(t);
	struct tunnel_peer *peer = &l->call.peer;

	if (t->ops != &tunnel_l2tp_ops || l->state != L2TP_IDLE)
		return;
	l->now_ms = l->start_ms = l->heard_ms = now_ms;
	l->heard = true;
	l->setup_deadline = l2tp_setup_limit(l);
	l->call.local_tunnel_id = a->local_tunnel_id;
	l->call.peer_tunnel_id = l->reliable.peer_tunnel_id = a->peer_tunnel_id;
	name(peer->host_name, sizeof peer->host_name, a->host, a->host_len, sizeof a->host);
	name(peer->vendor, sizeof peer->vendor, a->vendor, a->vendor_len, sizeof a->vendor);
	peer->firmware = a->firmware;
	if (a->window)
		reliable_set_window(&l->reliable, a->window);
	reliable_resume(&l->reliable, OUR_NEXT, PEER_NEXT, now_ms);
	l2tp_tunnel_up(l);
	tunnel_emit_progress(t, "tunnel up");
}
