/* SPDX-License-Identifier: MIT */
/* The end of a tunnel whose session dies, told by the next one. */
#include "session/internal.h"

/* The dead one may have sent that many messages after it last told its numbers. */
#define GUESSES 3

void session_tell_call(struct session *s)
{
	struct tunnel_ids ids;
	struct request_call body;

	if (s->start.role == ROLE_ANSWERER || s->closing || !tunnel_ids(s->tunnel, &ids))
		return;
	body = (struct request_call){ids.local_tunnel_id, ids.peer_tunnel_id, ids.ns, ids.nr};
	if (s->call.peer_tunnel_id == body.peer_tunnel_id && s->call.ns == body.ns)
		return;
	s->call = body;
	(void)request_send(&s->channel, REQUEST_CALL, &body, NULL, 0);
}

void session_bid_farewell(struct session *s)
{
	const struct request_call *dead = &s->start.farewell;
	struct tunnel_ids ids = {dead->local_tunnel_id, dead->peer_tunnel_id, dead->ns, dead->nr};
	uint8_t octets[64];

	for (unsigned i = 0; dead->peer_tunnel_id && i < GUESSES; i++, ids.ns++) {
		size_t len = tunnel_farewell(&ids, octets, sizeof octets);

		if (len)
			(void)path_send_tunnel(s->path, octets, len);
	}
}
