/* SPDX-License-Identifier: MIT */
/* How a call ends: orderly, by a limit, with the reason that tells most; and what an event in one
 * room means for the others. */
#include "base/str.h"
#include "session/internal.h"

#include <errno.h>

#define FAREWELL_DEAD_MS 300  /* to one who has not answered for long */
#define PROBE_MS	 700  /* so that the answers are a series, should the peer number anew */
#define HANGUP_LIMIT_MS	 6000 /* PPP's farewell 2 s, the tunnel's 3 s */

/* The end: whatever still waits is dropped, the supervisor learns why. */
void session_finish(struct session *s)
{
	struct request_ended body = {0};
	struct request_stats stats;

	if (s->ended)
		return;
	s->ended = true;
	secure_close(s);
	if (s->network_up) {
		session_fill_stats(s, &stats);
		request_send(&s->channel, REQUEST_STATS, &stats, NULL, 0);
	}
	reason_set(&s->reason, EXIT_HANGUP, "the call ended");
	body.reason = s->reason;
	body.weight = s->weight;
	request_send(&s->channel, REQUEST_ENDED, &body, NULL, 0);
	loop_stop(s->loop);
}

/* Starts the orderly end. */
void session_close(struct session *s, const struct reason *why)
{
	uint64_t now = loop_now(s->loop);

	reason_set(&s->reason, why->code, "%s", why->text);
	if (s->closing || s->ended)
		return;
	s->closing = true;
	session_tell_state(s, CONTROL_STATE_HANGING_UP, s->reason.text);
	loop_timer_set(s->loop, &s->limit_timer, now + HANGUP_LIMIT_MS);
	if (s->call_up && !s->ppp_closed)
		ppp_close(s->ppp, &s->reason, now);
	else if (s->control_connected)
		tunnel_close(s->tunnel, &s->reason, ppp_farewell(s->ppp), now);
	else
		session_finish(s);
}

/* The classic blocked protocol 47. */
void session_explain_silence(struct session *s)
{
	const struct path_counters *c = path_counters(s->path);

	if (!s->call_up || s->start.protocol != PROTOCOL_PPTP || s->network_up)
		return;
	if (s->send_refused) {
		reason_set(&s->reason, EXIT_NEGOTIATION_FAILED,
			   "a firewall on this machine forbids to send GRE packets: its rules for "
			   "output must let IP protocol 47 pass");
		return;
	}
	if (ppp_is_unheard(s->ppp)) {
		reason_set(&s->reason, EXIT_NEGOTIATION_FAILED,
			   "GRE packets of the %s come in, but it answers none of ours: a firewall "
			   "on the way probably blocks IP protocol 47 in that direction",
			   s->start.role == ROLE_ANSWERER ? "caller" : "server");
		return;
	}
	if (c->wire_rx || s->ppp_heard_any)
		return;
	if (s->start.role == ROLE_ANSWERER) {
		reason_set(&s->reason, EXIT_NEGOTIATION_FAILED,
			   "the caller's control connection is there, but no GRE packet came: a "
			   "firewall or NAT on the way probably blocks IP protocol 47");
		return;
	}
	reason_set(&s->reason, EXIT_NEGOTIATION_FAILED,
		   "the server accepted the call, but no GRE packet came back (%llu sent): a "
		   "firewall or "
		   "NAT on the way probably blocks IP protocol 47",
		   (unsigned long long)c->wire_tx);
}

/* Some L2TP servers (l2tpns) answer a wrong password by ending the call, without a word of CHAP. */
void session_explain_refusal(struct session *s, const struct reason *why)
{
	if (s->start.role == ROLE_CALLER && s->authenticating)
		reason_set(&s->reason, EXIT_AUTH_FAILED,
			   "%s; it did so while checking the password: user name or password may "
			   "be wrong",
			   why->text);
}

void session_explain_ipsec(struct session *s, const struct reason *why)
{
	if (s->start.role == ROLE_CALLER && s->secure.up && !s->closing &&
	    !tunnel_counters(s->tunnel)->rx_messages)
		reason_set(&s->reason, why->code,
			   "IPsec is up, but the server does not answer L2TP inside: its L2TP "
			   "server is down, or wants source-port = 1701, or another client behind "
			   "this address uses the same port");
}

void session_begin_tunnel(struct session *s)
{
	s->control_connected = true;
	session_bid_farewell(s);
	tunnel_start(s->tunnel, loop_now(s->loop));
}

/* The peer is asked, again and again, whether it is there. */
static void probe(void *ctx)
{
	struct session *s = ctx;

	if (!path_in_doubt(s->path) || s->closing)
		return;
	ppp_probe(s->ppp, loop_now(s->loop));
	loop_timer_set(s->loop, &s->probe_timer, loop_now(s->loop) + PROBE_MS);
}

static void check_doubt(struct session *s)
{
	if (!s->network_up || s->closing || s->probe_timer.link || !path_in_doubt(s->path))
		return;
	log_info(s->log, "the sequence numbers of the other end jumped");
	s->probe_timer.expired = probe;
	s->probe_timer.ctx = s;
	probe(s);
}

static void check_keys(struct session *s)
{
	struct reason r = {0};

	if (!s->closing && keys_lost(s, ppp_counters(s->ppp)->nonsense_rejects_rx, &r))
		session_close(s, &r);
}

static void begin_in_esp(struct session *s)
{
	if (s->start.role == ROLE_CALLER)
		session_begin_tunnel(s);
	else if (!s->secure.door)
		secure_open_door(s);
}

/* What one room's event means for the others. */
void session_settle(struct session *s)
{
	uint64_t now = loop_now(s->loop), due;

	if (s->ended)
		return;
	if (s->closing)
		session_release_wire(s);
	if (s->secure.closed) {
		session_finish(s);
		return;
	}
	if (s->secure.resized) {
		s->secure.resized = false;
		mtu_too_big(s, s->mtu.path);
	}
	if (s->secure.up && !s->control_connected && !s->closing)
		begin_in_esp(s);
	if (s->output_overflow) {
		/* It does not read what it asked for: there is no use in waiting to tell it more.
		 */
		s->output_len = 0;
		if (!s->tunnel_closed)
			tunnel_lost(s->tunnel, ENOBUFS, now);
	}
	if (s->tunnel_refused) {
		int error = s->tunnel_refused;

		s->tunnel_refused = 0;
		if (!s->tunnel_closed)
			tunnel_lost(s->tunnel, error, now);
	}
	check_keys(s);
	check_doubt(s);
	if (s->tunnel_closed && s->call_up && !s->ppp_closed)
		ppp_down(s->ppp, now);
	if (s->ppp_closed && !s->tunnel_closed && !s->tunnel_closing) {
		bool dead = s->reason.code == EXIT_PEER_DEAD;

		s->tunnel_closing = true;
		if (!s->closing || dead)
			loop_timer_set(s->loop, &s->limit_timer,
				       now + (dead ? FAREWELL_DEAD_MS : HANGUP_LIMIT_MS));
		s->closing = true;
		tunnel_close(s->tunnel, &s->reason, ppp_farewell(s->ppp), now);
	}
	if (s->tunnel_closed && s->output_len == 0) {
		session_finish(s);
		return;
	}
	if (s->tunnel_closed && !s->closing) { /* last words wait for a peer that may never read */
		s->closing = true;
		loop_timer_set(s->loop, &s->limit_timer, now + HANGUP_LIMIT_MS);
	}
	session_tell_call(s);
	due = deadline_min(tunnel_deadline(s->tunnel), path_deadline(s->path));
	due = deadline_min(due, secure_deadline(s));
	due = deadline_min(due, s->call_up ? ppp_deadline(s->ppp) : DEADLINE_NONE);
	if (due != s->tick_timer.deadline_ms || !s->tick_timer.link)
		loop_timer_set(s->loop, &s->tick_timer, due);
}
