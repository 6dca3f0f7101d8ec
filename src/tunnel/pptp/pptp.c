/* SPDX-License-Identifier: MIT */
/* The PPTP control connection (RFC 2637 section 3) as tunnel.h wants it: stream, timers, end. */
#include "base/clock.h"
#include "tunnel/pptp/internal.h"

#include <errno.h>
#include <string.h>

/* Each of the two steps of an orderly end waits so long for the peer. */
#define CLOSE_STEP_MS 1000

static const char *const state_names[PPTP_STATE_COUNT] = {
	[PPTP_IDLE] = "idle",		[PPTP_WAIT_START] = "wait-start",
	[PPTP_WAIT_CALL] = "wait-call", [PPTP_UP] = "up",
	[PPTP_CLEARING] = "clearing",	[PPTP_DRAINING] = "draining",
	[PPTP_STOPPING] = "stopping",	[PPTP_CLOSED] = "closed",
};

void pptp_enter(struct pptp_tunnel *p, enum pptp_state state)
{
	log_debug(p->base.log, "PPTP state %s -> %s", state_names[p->state], state_names[state]);
	p->state = state;
	p->close_deadline =
		PPTP_IN(state) & PPTP_IN_CLOSING ? p->now_ms + CLOSE_STEP_MS : DEADLINE_NONE;
	if (!(PPTP_IN(state) & PPTP_IN_SETUP))
		p->setup_deadline = DEADLINE_NONE;
}

static void log_message(const struct pptp_tunnel *p, char direction, const struct pptp_message *m)
{
	char text[768];

	if (!log_enabled(p->base.log, LOG_LEVEL_DEBUG))
		return;
	struct str s = str_make(text, sizeof text);
	pptp_print(&s, m);
	log_debug(p->base.log, "[PPTP %c %s]", direction, text);
}

void pptp_send(struct pptp_tunnel *p, const struct pptp_message *m)
{
	uint8_t octets[PPTP_MESSAGE_MAX];
	size_t len = pptp_encode(octets, sizeof octets, m);

	log_message(p, '>', m);
	p->base.counters.tx_messages++;
	p->base.callbacks.send(p->base.callbacks.ctx, octets, len);
}

enum exit_status pptp_loss_status(const struct pptp_tunnel *p)
{
	return p->was_up ? EXIT_HANGUP : EXIT_CONNECT_FAILED;
}

void pptp_stop(struct pptp_tunnel *p, unsigned stop_reason)
{
	const struct pptp_message m = {.type = PPTP_STOP_REQUEST, .reason = (uint8_t)stop_reason};

	pptp_enter(p, PPTP_STOPPING);
	pptp_send(p, &m);
}

/* Without one message: what TCP said, or that it was there and nothing came. */
static enum reason_weight weight_of(const struct pptp_tunnel *p)
{
	if (p->base.counters.rx_messages > 0)
		return p->stalled ? REASON_PEER : REASON_REFUSAL;
	if (p->lost_error == ETIMEDOUT)
		return REASON_SILENCE;
	return p->state == PPTP_IDLE ? REASON_NETWORK : REASON_PEER;
}

void pptp_finish(struct pptp_tunnel *p)
{
	p->base.weight = weight_of(p);
	pptp_enter(p, PPTP_CLOSED);
	tunnel_emit_closed(&p->base, &p->reason);
}

static void pptp_init(struct tunnel *t)
{
	struct pptp_tunnel *p = pptp_of(t);

	p->setup_deadline = DEADLINE_NONE;
	p->close_deadline = DEADLINE_NONE;
	p->echo_id = random_u32(t->random);
	p->call.local_call_id = t->config.local_call_id;
}

static void send_start_request(struct pptp_tunnel *p)
{
	struct pptp_message m = {
		.type = PPTP_START_REQUEST,
		.version = PPTP_VERSION,
		.framing = PPTP_CAPABILITIES,
		.bearer = PPTP_CAPABILITIES,
		.firmware = PPTP_FIRMWARE,
	};

	pptp_text_set(m.host, sizeof m.host, p->base.config.host_name);
	pptp_text_set(m.vendor, sizeof m.vendor, "vpdial");
	pptp_send(p, &m);
}

static void pptp_start(struct tunnel *t, uint64_t now_ms)
{
	struct pptp_tunnel *p = pptp_of(t);

	if (p->state != PPTP_IDLE)
		return;
	p->now_ms = p->heard_ms = now_ms;
	pptp_enter(p, PPTP_WAIT_START);
	if (t->config.setup_limit_ms > 0)
		p->setup_deadline = now_ms + t->config.setup_limit_ms;
	if (t->config.role == ROLE_CALLER)
		send_start_request(p);
}

/* --- the stream --- */

static void message_input(struct pptp_tunnel *p, size_t len)
{
	struct pptp_message m;
	unsigned number;

	p->heard_ms = p->now_ms;
	p->echo_unanswered = false;
	p->base.counters.rx_messages++;
	if (pptp_decode(&m, p->buffer, len, &number)) {
		log_message(p, '<', &m);
		pptp_handle(p, &m);
		return;
	}
	p->base.counters.unexpected++;
	log_debug(p->base.log, "[PPTP < message of unknown type %u, %zu octets: skipped]", number,
		  len);
}

static void stream_broken(struct pptp_tunnel *p, const char *fault)
{
	const char *peer = tunnel_peer_word(&p->base);

	p->base.counters.malformed++;
	if (p->base.counters.rx_messages == 0)
		reason_set(&p->reason, pptp_loss_status(p),
			   "the %s does not speak PPTP: it sent %s", peer, fault);
	else
		reason_set(&p->reason, pptp_loss_status(p),
			   "the %s broke the PPTP protocol: it sent %s", peer, fault);
	pptp_finish(p);
}

static void pptp_input(struct tunnel *t, const uint8_t *octets, size_t len, uint64_t now_ms)
{
	struct pptp_tunnel *p = pptp_of(t);
	const char *fault = NULL;

	p->now_ms = now_ms;
	while (len > 0 && (PPTP_IN(p->state) & PPTP_IN_LIVE)) {
		size_t n = sizeof p->buffer - p->have;
		if (n > len)
			n = len;
		memcpy(p->buffer + p->have, octets, n);
		p->have += n;
		octets += n;
		len -= n;
		/* The buffer holds the longest message, so that this always makes room. */
		int whole;
		while ((whole = pptp_frame(p->buffer, p->have, &fault)) > 0) {
			message_input(p, (size_t)whole);
			if (!(PPTP_IN(p->state) & PPTP_IN_LIVE))
				return;
			p->have -= (size_t)whole;
			memmove(p->buffer, p->buffer + whole, p->have);
		}
		if (whole < 0) {
			stream_broken(p, fault);
			return;
		}
	}
}

/* --- the end --- */

static const char *awaited(const struct pptp_tunnel *p)
{
	bool caller = p->base.config.role == ROLE_CALLER;

	if (p->state == PPTP_WAIT_START)
		return caller ? "its Start-Control-Connection-Reply"
			      : "its Start-Control-Connection-Request";
	return caller ? "its Outgoing-Call-Reply" : "its Outgoing-Call-Request";
}

/* A server that has no room seldom says so: some close the connection, pptpd lets it wait. */
static const char *unsaid(const struct pptp_tunnel *p)
{
	return p->base.config.role == ROLE_CALLER && p->state == PPTP_WAIT_START
		       ? "; it may have no room for another call, or not admit this address"
		       : "";
}

/* Errors of the TCP connection in words that say what to do, of the other end and its port. */
static const struct {
	int error;
	bool interrupts; /* a wait: say what for */
	const char *text;
} lost_texts[] = {
	{0, true, "the %s closed the control connection"},
	{ECONNRESET, true, "the %s reset the control connection"},
	{EPIPE, true, "the %s closed the control connection"},
	{ECONNABORTED, true, "the control connection to the %s was aborted"},
	{ECONNREFUSED, false,
	 "nothing listens on TCP port %2$u of the %1$s: PPTP is not running there, or a firewall "
	 "refuses it"},
	{ETIMEDOUT, false,
	 "the %s does not answer on TCP port %u: it is down, the address is wrong, or a firewall "
	 "drops the packets"},
	{EHOSTUNREACH, false, "the %s cannot be reached: a router on the way knows no route to it"},
	{EHOSTDOWN, false, "the %s cannot be reached: its host is down"},
	{ENETUNREACH, false,
	 "the network of the %s cannot be reached: check that this machine is online"},
	{ENETDOWN, false, "the network interface towards the %s is down"},
	{ENOBUFS, false,
	 "the %s floods the control connection: it sends requests but does not read the answers"},
	{EACCES, false, "a firewall on this machine forbids the connection to the %s"},
	{EPERM, false, "a firewall on this machine forbids the connection to the %s"},
	{EADDRNOTAVAIL, false, "this machine has no address from which the %s can be reached"},
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void set_lost_reason(struct pptp_tunnel *p, int error)
{
	const char *peer = tunnel_peer_word(&p->base);
	bool in_setup = PPTP_IN(p->state) & PPTP_IN_SETUP;
	char text[REASON_TEXT_MAX];
	struct str s = str_make(text, sizeof text);
	size_t i = 0, count = sizeof lost_texts / sizeof lost_texts[0];

	while (i < count && lost_texts[i].error != error)
		i++;
	if (i == count)
		str_printf(&s, "the control connection to the %s failed: %s", peer,
			   strerror(error));
	else
		str_printf(&s, lost_texts[i].text, peer, (unsigned)p->base.config.port);
	if (i < count && lost_texts[i].interrupts && in_setup)
		str_printf(&s, " while we waited for %s%s", awaited(p), unsaid(p));
	reason_set(&p->reason, pptp_loss_status(p), "%s", text);
}
#pragma GCC diagnostic pop

static void pptp_lost(struct tunnel *t, int error, uint64_t now_ms)
{
	struct pptp_tunnel *p = pptp_of(t);

	if (p->state == PPTP_CLOSED)
		return;
	p->now_ms = now_ms;
	p->lost_error = error;
	p->stalled = !reason_is_set(&p->reason);
	set_lost_reason(p, error);
	pptp_finish(p);
}

/* Caller: gives up the call.  RFC 2637 section 2.12: the call id is our own. */
static void send_call_clear(struct pptp_tunnel *p)
{
	const struct pptp_message m = {.type = PPTP_CALL_CLEAR_REQUEST,
				       .call_id = p->call.local_call_id};
	pptp_enter(p, PPTP_CLEARING);
	pptp_send(p, &m);
}

/* The field for statistics is text of the sender's choice (RFC 2637 section 2.13). */
static void send_disconnect_notify(struct pptp_tunnel *p, const char *farewell)
{
	struct pptp_message m = {.type = PPTP_CALL_DISCONNECT_NOTIFY,
				 .call_id = p->call.local_call_id,
				 .result = PPTP_DISCONNECT_ADMINISTRATIVE};

	if (farewell)
		pptp_text_set(m.statistics, sizeof m.statistics, farewell);
	pptp_send(p, &m);
}

static void set_close_reason(struct pptp_tunnel *p, const struct reason *reason)
{
	reason_set(&p->reason, reason->code, "%s",
		   reason_is_set(reason) ? reason->text : "hung up");
}

static void pptp_close(struct tunnel *t, const struct reason *reason, const char *farewell,
		       uint64_t now_ms)
{
	struct pptp_tunnel *p = pptp_of(t);
	bool caller = t->config.role == ROLE_CALLER;

	p->now_ms = now_ms;
	switch (p->state) {
	case PPTP_IDLE:
	case PPTP_WAIT_START:
		set_close_reason(p, reason);
		pptp_finish(p);
		break;
	case PPTP_WAIT_CALL:
	case PPTP_UP:
		set_close_reason(p, reason);
		if (caller) {
			send_call_clear(p);
			break;
		}
		if (p->state == PPTP_UP)
			send_disconnect_notify(p, farewell);
		pptp_stop(p, PPTP_STOP_REASON_SHUTDOWN);
		break;
	case PPTP_CLEARING:
	case PPTP_DRAINING:
	case PPTP_STOPPING:
	case PPTP_CLOSED:
	case PPTP_STATE_COUNT:
		break; /* under way or done: the first reason is the true one */
	}
}

/* --- time --- */

static uint64_t echo_deadline(const struct pptp_tunnel *p)
{
	const struct tunnel_config *config = &p->base.config;

	if (config->echo_interval_ms == 0 || (p->state != PPTP_WAIT_CALL && p->state != PPTP_UP))
		return DEADLINE_NONE;
	if (p->echo_unanswered)
		return p->echo_sent_ms + config->echo_limit_ms;
	return p->heard_ms + config->echo_interval_ms;
}

static uint64_t pptp_deadline(const struct tunnel *t)
{
	const struct pptp_tunnel *p = (const struct pptp_tunnel *)t;
	return deadline_min(deadline_min(p->setup_deadline, p->close_deadline), echo_deadline(p));
}

static void setup_expired(struct pptp_tunnel *p)
{
	p->stalled = true;
	reason_set(&p->reason, EXIT_CONNECT_FAILED,
		   "the %s took the TCP connection, but %s did not come within %u s%s",
		   tunnel_peer_word(&p->base), awaited(p), p->base.config.setup_limit_ms / 1000,
		   unsaid(p));
	if (p->state == PPTP_WAIT_CALL) {
		const struct pptp_message m = {.type = PPTP_STOP_REQUEST,
					       .reason = PPTP_STOP_REASON_NONE};
		pptp_send(p, &m);
	}
	pptp_finish(p);
}

static void close_step_expired(struct pptp_tunnel *p)
{
	if (p->state == PPTP_STOPPING)
		pptp_finish(p);
	else
		pptp_stop(p, PPTP_STOP_REASON_NONE);
}

static void echo_expired(struct pptp_tunnel *p)
{
	const struct pptp_message m = {.type = PPTP_ECHO_REQUEST, .identifier = p->echo_id + 1};

	if (p->echo_unanswered) {
		reason_set(&p->reason, EXIT_PEER_DEAD,
			   "the %s is dead: it has not answered an Echo-Request for %u s",
			   tunnel_peer_word(&p->base), p->base.config.echo_limit_ms / 1000);
		pptp_finish(p);
		return;
	}
	p->echo_id++;
	p->echo_pending = true;
	p->echo_unanswered = true;
	p->echo_sent_ms = p->now_ms;
	pptp_send(p, &m);
}

static void pptp_tick(struct tunnel *t, uint64_t now_ms)
{
	struct pptp_tunnel *p = pptp_of(t);

	p->now_ms = now_ms;
	if (now_ms >= p->setup_deadline)
		setup_expired(p);
	else if (now_ms >= p->close_deadline)
		close_step_expired(p);
	else if (now_ms >= echo_deadline(p))
		echo_expired(p);
}

const struct tunnel_ops tunnel_pptp_ops = {
	.size = sizeof(struct pptp_tunnel),
	.init = pptp_init,
	.start = pptp_start,
	.input = pptp_input,
	.lost = pptp_lost,
	.close = pptp_close,
	.deadline = pptp_deadline,
	.tick = pptp_tick,
};
