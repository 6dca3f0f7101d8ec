/* SPDX-License-Identifier: MIT */
/* Do both ends still understand each other?  Keep-alives are not encrypted: they go on where data
 * cannot be read any more, and a call that is up and carries nothing is the worst of all. */
#include "path/path.h"
#include "session/internal.h"

#define NEVER_READ	 20    /* packets of nonsense, and never a good one */
#define NEVER_READ_THERE 5     /* as many of ours were nonsense to the peer, and it sent none */
#define STEP_LOST	 100   /* packets of nonsense since the last good one */
#define STEP_LOST_MS	 10000 /* and for so long */

/* A Linux server comes to keys of its own when CCP's Configure-Ack reaches it twice in a moment. */
static void never_agreed(const struct session *s, uint32_t nonsense, struct reason *why)
{
	const char *peer = s->start.role == ROLE_ANSWERER ? "caller" : "server";

	if (path_rx_counters(s->path)->rx_bad_mppe >= NEVER_READ)
		reason_set(why, EXIT_NEGOTIATION_FAILED,
			   "what the %s encrypts cannot be read: the keys of both ends differ",
			   peer);
	else if (s->data.tx.bits && nonsense >= NEVER_READ_THERE)
		reason_set(
			why, EXIT_NEGOTIATION_FAILED,
			"the %s cannot read what is encrypted for it: the keys of both ends differ",
			peer);
}

bool keys_lost(struct session *s, uint32_t nonsense, struct reason *why)
{
	const struct path_counters *c = path_rx_counters(s->path);
	struct session_keys *k = &s->keys;
	uint64_t bad = c->rx_bad_mppe + c->rx_too_late, now = loop_now(s->loop);

	if (c->rx_packets == 0)
		never_agreed(s, nonsense, why);
	if (c->rx_packets != k->good) {
		*k = (struct session_keys){.good = c->rx_packets, .bad = bad, .since_ms = now};
	} else if (c->rx_packets && bad - k->bad >= STEP_LOST &&
		   now - k->since_ms >= STEP_LOST_MS) {
		reason_set(why, EXIT_PEER_DEAD,
			   "what the %s encrypts cannot be read any more: too many packets in a "
			   "row got lost",
			   s->start.role == ROLE_ANSWERER ? "caller" : "server");
	}
	return reason_is_set(why);
}
