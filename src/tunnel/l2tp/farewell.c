/* SPDX-License-Identifier: MIT */
/* Ending a tunnel in the place of a process that died. */
#include "tunnel/l2tp/internal.h"

#define OFFSET_NS	 8 /* of a control message (RFC 2661 section 3.1) */
#define OFFSET_NR	 10
#define RESULT_REQUESTED 1 /* general request to clear the control connection, section 4.4.2 */

static void put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

bool tunnel_ids(const struct tunnel *t, struct tunnel_ids *ids)
{
	const struct l2tp_tunnel *l = (const struct l2tp_tunnel *)t;

	if (t->ops != &tunnel_l2tp_ops || l->state != L2TP_UP)
		return false;
	*ids = (struct tunnel_ids){.local_tunnel_id = l->call.local_tunnel_id,
				   .peer_tunnel_id = l->call.peer_tunnel_id,
				   .ns = l->reliable.ns_next,
				   .nr = l->reliable.nr};
	return true;
}

size_t tunnel_farewell(const struct tunnel_ids *ids, uint8_t *out, size_t cap)
{
	struct l2tp_builder b;
	size_t len;

	l2tp_build(&b, out, cap, L2TP_STOPCCN, ids->peer_tunnel_id, 0);
	l2tp_add_u16(&b, AVP_ASSIGNED_TUNNEL_ID, ids->local_tunnel_id);
	l2tp_add_result(&b, RESULT_REQUESTED, false, 0, NULL);
	len = l2tp_build_end(&b);
	if (len < OFFSET_NR + 2)
		return 0;
	put_u16(out + OFFSET_NS, ids->ns);
	put_u16(out + OFFSET_NR, ids->nr);
	return len;
}
