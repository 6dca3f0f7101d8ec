/* SPDX-License-Identifier: MIT */
/* What the supervisor is told of a call. */
#include "base/str.h"
#include "session/internal.h"

void session_tell_state(struct session *s, enum control_state state, const char *message)
{
	struct request_state body = {.state = state};

	str_copy(body.message, sizeof body.message, message);
	request_send(&s->channel, REQUEST_STATE, &body, NULL, 0);
}

void session_tell_network(struct session *s)
{
	s->network.mtu = session_effective_mtu(s);
	s->network.mru = s->data.own_mru;
	s->network.link_mtu = session_link_mtu(s);
	s->network.mrru = s->data.own_mrru;
	s->network.peer_mrru = s->data.peer_mrru;
	/* One that cannot be sent: the supervisor is gone, its end of the channel tells. */
	(void)request_send(&s->channel, REQUEST_NETWORK, &s->network, NULL, 0);
}
