/* SPDX-License-Identifier: MIT */
/* Has the client begun anew?  One that lost its state and calls again from the same port (1701, as
 * a rule) reaches the socket of its old call.  That call must not lock it out; nor may a forged
 * SCCRQ end the call of somebody who is still there. */
#include "tunnel/l2tp/internal.h"

#include "base/clock.h"

/* Time for three HELLOs; then another question only after so long. */
#define PROBE_LIMIT_MS	  2500
#define PROBE_INTERVAL_MS 500
#define PROBE_PAUSE_MS	  5000
#define USUAL_INTERVAL_MS 1000

static void probe(struct l2tp_tunnel *l)
{
	if (l->probing || (l->probe_ms && l->now_ms - l->probe_ms < PROBE_PAUSE_MS))
		return;
	l->probing = true;
	l->probe_ms = l->now_ms;
	reliable_set_interval(&l->reliable, PROBE_INTERVAL_MS);
	/* What waits for its acknowledgment already asks the same. */
	if (reliable_idle(&l->reliable))
		l2tp_say_hello(l);
}

bool l2tp_is_repetition(struct l2tp_tunnel *l, const struct l2tp_header *h,
			const struct l2tp_message *m)
{
	if (l2tp_u16(m, AVP_ASSIGNED_TUNNEL_ID) == l->call.peer_tunnel_id)
		return (int16_t)(uint16_t)(h->ns - l->reliable.nr) < 0;
	if (L2TP_IN(l->state) & L2TP_IN_TUNNEL)
		probe(l);
	return false;
}

void l2tp_probe_answered(struct l2tp_tunnel *l)
{
	if (!l->probing)
		return;
	l->probing = false;
	reliable_set_interval(&l->reliable, USUAL_INTERVAL_MS);
}

uint64_t l2tp_probe_deadline(const struct l2tp_tunnel *l)
{
	return l->probing && (L2TP_IN(l->state) & L2TP_IN_TUNNEL) ? l->probe_ms + PROBE_LIMIT_MS
								  : DEADLINE_NONE;
}

void l2tp_probe_expired(struct l2tp_tunnel *l)
{
	reason_set(&l->reason, l2tp_loss_status(l),
		   "the client began anew: it asks for another tunnel and does not answer in this "
		   "one");
	l2tp_finish(l);
}
