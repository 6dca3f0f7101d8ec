/* SPDX-License-Identifier: MIT */
/* The L2TP tunnel as tunnel.h wants it: datagrams, timers, the end. */
#include "tunnel/l2tp/internal.h"

#include "base/clock.h"
#include "crypto/avp_hide.h"

#include <errno.h>
#include <string.h>

/* An orderly end waits so long for its acknowledgments. */
#define CLOSE_LIMIT_MS 2500
/* The first SCCRQ is often lost, for instance while IPsec is still coming up. */
#define FIRST_INTERVAL_MS   500
#define CLOSING_INTERVAL_MS 500
/* A peer that says something while we close may be closing, too: its own StopCCN is on its way, and
 * unanswered it would be repeated for half a minute (RFC 2661 section 5.7). */
#define LINGER_MS 100
/* A message may make us send this many; it is only taken in if they fit the queue. */
#define ROOM_FOR_ANSWERS 4
/* ICMP errors can be forged: so many are taken for true while nothing was heard. */
#define SOFT_ERRORS_MAX 3

static const char *const state_names[L2TP_STATE_COUNT] = {
	[L2TP_IDLE] = "idle",
	[L2TP_WAIT_TUNNEL] = "wait-tunnel",
	[L2TP_WAIT_CALL] = "wait-call",
	[L2TP_WAIT_CALL_CONNECTED] = "wait-call-connected",
	[L2TP_UP] = "up",
	[L2TP_CLOSING] = "closing",
	[L2TP_CLOSED] = "closed",
};

void l2tp_enter(struct l2tp_tunnel *l, enum l2tp_state state)
{
	log_debug(l->base.log, "L2TP state %s -> %s", state_names[l->state], state_names[state]);
	l->state = state;
	l->close_deadline = state == L2TP_CLOSING ? l->now_ms + CLOSE_LIMIT_MS : DEADLINE_NONE;
	if (!(L2TP_IN(state) & L2TP_IN_SETUP))
		l->setup_deadline = DEADLINE_NONE;
}

enum exit_status l2tp_loss_status(const struct l2tp_tunnel *l)
{
	return l->was_up ? EXIT_HANGUP : EXIT_CONNECT_FAILED;
}

/* One that was heard and then fell silent, or named no cause, may do better another time. */
static enum reason_weight weight_of(const struct l2tp_tunnel *l)
{
	if (!l->heard)
		return l->last_error ? REASON_NETWORK : REASON_SILENCE;
	return l->stalled || (l->base.unexplained && !l->has_text) ? REASON_PEER : REASON_REFUSAL;
}

void l2tp_finish(struct l2tp_tunnel *l)
{
	l->base.weight = weight_of(l);
	l2tp_enter(l, L2TP_CLOSED);
	tunnel_emit_closed(&l->base, &l->reason);
}

void l2tp_stop(struct l2tp_tunnel *l, uint16_t result, uint16_t error, const char *text)
{
	l2tp_enter(l, L2TP_CLOSING);
	reliable_set_interval(&l->reliable, CLOSING_INTERVAL_MS);
	l2tp_send_stopccn(l, result, error, text);
}

void l2tp_rules_of(const struct l2tp_tunnel *l, struct l2tp_rules *rules)
{
	rules->cipher = l2tp_has_secret(l) ? &l->cipher : NULL;
}

/* --- glue to the codecs --- */

static void cipher_hide(void *ctx, uint16_t type, const uint8_t *rv, size_t rv_len, uint8_t *octets,
			size_t len)
{
	const struct l2tp_tunnel *l = ctx;
	avp_hide(octets, octets, len, type, &l->base.config.settings.secret, rv, rv_len);
}

static void cipher_unhide(void *ctx, uint16_t type, const uint8_t *rv, size_t rv_len,
			  uint8_t *octets, size_t len)
{
	const struct l2tp_tunnel *l = ctx;
	avp_unhide(octets, octets, len, type, &l->base.config.settings.secret, rv, rv_len);
}

void l2tp_log(const struct log *log, char direction, const struct l2tp_header *h,
	      const struct l2tp_message *m)
{
	char text[900];
	struct str s = str_make(text, sizeof text);

	if (!log_enabled(log, LOG_LEVEL_DEBUG))
		return;
	l2tp_print(&s, h, m);
	log_debug(log, "[L2TP %c %s]", direction, text);
}

/* Everything that leaves passes here: new messages, retransmissions and ZLBs. */
static void transmit(void *ctx, const uint8_t *octets, size_t len)
{
	struct l2tp_tunnel *l = ctx;
	struct l2tp_header h;

	if (log_enabled(l->base.log, LOG_LEVEL_DEBUG) && l2tp_decode(octets, len, &h)) {
		struct l2tp_message m;
		struct l2tp_rules rules;
		struct l2tp_fault fault;
		l2tp_rules_of(l, &rules);
		bool good = l2tp_message_decode(&m, h.payload, h.payload_len, &rules, &fault) ==
			    L2TP_GOOD;
		l2tp_log(l->base.log, '>', &h, good ? &m : NULL);
	}
	l->base.callbacks.send(l->base.callbacks.ctx, octets, len);
}

static void l2tp_init(struct tunnel *t)
{
	struct l2tp_tunnel *l = l2tp_of(t);
	const struct tunnel_config *config = &t->config;

	l->setup_deadline = l->close_deadline = DEADLINE_NONE;
	l->cipher = (struct l2tp_cipher){cipher_hide, cipher_unhide, l};
	reliable_init(&l->reliable, transmit, l);
	/* Ids that cannot be guessed are all that guards the data channel. */
	l->call.local_tunnel_id =
		config->local_tunnel_id ? config->local_tunnel_id : random_u16_nonzero(t->random);
	l->call.local_call_id =
		config->local_session_id ? config->local_session_id : random_u16_nonzero(t->random);
	random_fill(t->random, l->tie_breaker, sizeof l->tie_breaker);
	random_fill(t->random, l->challenge, sizeof l->challenge);
}

/* Who says nothing at all is given up sooner, if so configured. */
uint64_t l2tp_setup_limit(const struct l2tp_tunnel *l)
{
	const struct tunnel_config *config = &l->base.config;

	if (!l->heard && config->silence_limit_ms > 0)
		return l->start_ms + config->silence_limit_ms;
	return config->setup_limit_ms > 0 ? l->start_ms + config->setup_limit_ms : DEADLINE_NONE;
}

static void l2tp_start(struct tunnel *t, uint64_t now_ms)
{
	struct l2tp_tunnel *l = l2tp_of(t);

	if (l->state != L2TP_IDLE || t->config.role == ROLE_ANSWERER)
		return;
	l->now_ms = l->heard_ms = now_ms;
	l2tp_enter(l, L2TP_WAIT_TUNNEL);
	l->start_ms = now_ms;
	l->setup_deadline = l2tp_setup_limit(l);
	reliable_set_interval(&l->reliable, FIRST_INTERVAL_MS);
	l2tp_send_sccrq(l);
}

/* --- datagrams --- */

static void message_input(struct l2tp_tunnel *l, const struct l2tp_header *h)
{
	struct l2tp_message m;
	struct l2tp_rules rules;
	struct l2tp_fault fault;

	l->base.counters.rx_messages++;
	l2tp_rules_of(l, &rules);
	enum l2tp_verdict verdict =
		l2tp_message_decode(&m, h->payload, h->payload_len, &rules, &fault);
	if (verdict == L2TP_SKIP) {
		l->base.counters.unexpected++;
		log_debug(l->base.log, "[L2TP < message of unknown type %u: skipped]",
			  l2tp_message_type(h->payload, h->payload_len));
		return;
	}
	if (verdict == L2TP_BAD) {
		l2tp_handle_fault(l, &m, &fault);
		return;
	}
	l2tp_log(l->base.log, '<', h, &m);
	l2tp_handle(l, h, &m);
}

/* Takes the message that is next in order, and then those kept behind it. */
static void messages_in_order(struct l2tp_tunnel *l, const struct l2tp_header *first)
{
	struct reliable *r = &l->reliable;
	struct reliable_held *held;
	struct l2tp_header h = *first;

	for (;;) {
		if (reliable_room(r) < ROOM_FOR_ANSWERS)
			return; /* not acknowledged: it comes again */
		reliable_accept(r, l->now_ms);
		message_input(l, &h);
		if (!(L2TP_IN(l->state) & L2TP_IN_LIVE))
			return;
		held = reliable_unhold(r);
		if (!held)
			return;
		held->used = false;
		if (!l2tp_decode(held->octets, held->len, &h))
			return;
	}
}

/* Is it for this tunnel?  A SCCRQ has tunnel id 0, since its sender does not know ours. */
static bool is_for_us(struct l2tp_tunnel *l, const struct l2tp_header *h)
{
	struct l2tp_message m;
	struct l2tp_rules rules;
	struct l2tp_fault fault;

	if (h->tunnel_id == l->call.local_tunnel_id)
		return true;
	if (h->tunnel_id != 0 || l2tp_message_type(h->payload, h->payload_len) != L2TP_SCCRQ)
		return false;
	l2tp_rules_of(l, &rules);
	if (l2tp_message_decode(&m, h->payload, h->payload_len, &rules, &fault) != L2TP_GOOD)
		return false;
	if (l->base.config.role == ROLE_ANSWERER)
		return l2tp_is_repetition(l, h, &m);
	/* It begins a tunnel of the peer's own, outside of our sequence numbers. */
	if (l->state == L2TP_WAIT_TUNNEL)
		l2tp_handle_collision(l, &m);
	return false;
}

void l2tp_say_hello(struct l2tp_tunnel *l)
{
	l->hello_pending = true;
	l->hello_sent_ms = l->now_ms;
	l->hello_ns = l->reliable.ns_next;
	l->hello_repeats = l->reliable.retransmitted;
	l2tp_send_hello(l);
}

static void hello_check(struct l2tp_tunnel *l)
{
	if (!l->hello_pending || (int16_t)(uint16_t)(l->reliable.una - l->hello_ns) <= 0)
		return;
	l->hello_pending = false;
	/* Of one that was repeated nobody knows which copy is acknowledged. */
	if (l->reliable.retransmitted == l->hello_repeats)
		tunnel_emit_echo(&l->base, (uint32_t)(l->now_ms - l->hello_sent_ms));
}

/* Our StopCCN, and all before it. */
static void all_acknowledged(struct l2tp_tunnel *l)
{
	reliable_ack_now(&l->reliable);
	if (!l->crossed)
		l2tp_finish(l);
	else
		l->close_deadline = deadline_min(l->close_deadline, l->now_ms + LINGER_MS);
}

static void l2tp_input(struct tunnel *t, const uint8_t *octets, size_t len, uint64_t now_ms)
{
	struct l2tp_tunnel *l = l2tp_of(t);
	struct l2tp_header h;

	if (!(L2TP_IN(l->state) & L2TP_IN_LIVE))
		return;
	l->now_ms = now_ms;
	if (!l2tp_decode(octets, len, &h) || !h.control || h.payload_len > L2TP_MESSAGE_MAX) {
		t->counters.malformed++;
		return;
	}
	if (!is_for_us(l, &h)) {
		t->counters.unexpected++;
		return;
	}
	if (!l->heard) {
		l->heard = true;
		if (L2TP_IN(l->state) & L2TP_IN_SETUP)
			l->setup_deadline = l2tp_setup_limit(l);
	}
	l->heard_ms = now_ms;
	if (h.tunnel_id != 0)
		l2tp_probe_answered(l);
	switch (reliable_receive(&l->reliable, &h, now_ms)) {
	case RELIABLE_NEXT:
		l->crossed |= l->state == L2TP_CLOSING;
		messages_in_order(l, &h);
		break;
	case RELIABLE_AHEAD:
		reliable_hold(&l->reliable, h.ns, octets,
			      (size_t)(h.payload - octets) + h.payload_len);
		break;
	case RELIABLE_EMPTY:
		l2tp_log(t->log, '<', &h, NULL);
		break;
	case RELIABLE_DUPLICATE:
	case RELIABLE_FAR:
		break;
	}
	t->counters.retransmitted = l->reliable.retransmitted;
	if (l->state == L2TP_CLOSING && reliable_idle(&l->reliable)) {
		all_acknowledged(l);
	} else if (L2TP_IN(l->state) & L2TP_IN_LIVE) {
		hello_check(l);
	}
}

/* --- the end --- */

static const char *awaited(const struct l2tp_tunnel *l)
{
	bool caller = l->base.config.role == ROLE_CALLER;

	if (l->state == L2TP_WAIT_TUNNEL)
		return "SCCRP";
	if (l->state == L2TP_WAIT_CALL)
		return caller ? "ICRP" : "ICRQ";
	return "ICCN";
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
/* What ICMP said, in words; the network may also lie. */
static void hint_append(struct str *s, const struct l2tp_tunnel *l)
{
	static const struct {
		int error;
		const char *text;
	} hints[] = {
		{ECONNREFUSED, "nothing listens on UDP port %u there, or a firewall refuses it"},
		{EHOSTUNREACH, "a router on the way knows no route to it"},
		{ENETUNREACH, "its network cannot be reached: check that this machine is online"},
		{EHOSTDOWN, "its host is down"},
		{EACCES, "a firewall on this machine forbids the connection"},
		{EPERM, "a firewall on this machine forbids the connection"},
	};

	unsigned port = l->base.config.port;

	for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
		if (hints[i].error == l->last_error) {
			str_printf(s, hints[i].text, port);
			return;
		}
	if (l->base.config.settings.hide_avps && l2tp_has_secret(l))
		str_printf(s, "it is down, or cannot read what hide-avps hides (xl2tpd cannot), or "
			      "does not know the tunnel secret");
	else
		str_printf(s,
			   "it is down, the address is wrong, a firewall drops UDP port %u, it "
			   "answers from another address, or it wants IPsec",
			   port);
}
#pragma GCC diagnostic pop

/* What was sent, what came back, and what that may mean. */
static void set_silent_reason(struct l2tp_tunnel *l)
{
	const char *peer = tunnel_peer_word(&l->base);
	char hint[REASON_TEXT_MAX];
	struct str s = str_make(hint, sizeof hint);

	hint_append(&s, l);
	if (l->last_error == EPERM || l->last_error == EACCES)
		reason_set(&l->reason, EXIT_CONNECT_FAILED, "the %s cannot be called: %s", peer,
			   hint);
	else
		reason_set(&l->reason, EXIT_CONNECT_FAILED,
			   "the %s does not answer: %u SCCRQ sent, %s came back; %s", peer,
			   1 + (unsigned)l->reliable.retransmitted,
			   l->last_error ? "an ICMP error" : "nothing", hint);
}

/* UDP has no connection that could be lost: an error is a hint that ICMP brought, and the
 * retransmissions find out the truth, unless nothing was heard at all. */
static void l2tp_lost(struct tunnel *t, int error, uint64_t now_ms)
{
	struct l2tp_tunnel *l = l2tp_of(t);

	if (l->state == L2TP_CLOSED)
		return;
	l->now_ms = now_ms;
	l->last_error = error;
	switch (error) {
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case EACCES:
	case EPERM:
	case EMSGSIZE:
	case ENOBUFS:
	case ENOPROTOOPT:
	case EPROTO:
		if (l->state == L2TP_CLOSING && error == ECONNREFUSED)
			break; /* it is gone already: no use to wait */
		if (l->heard || ++l->soft_errors < SOFT_ERRORS_MAX)
			return;
		set_silent_reason(l);
		break;
	case 0:
		reason_set(&l->reason, l2tp_loss_status(l), "the socket of the tunnel was closed");
		break;
	default:
		reason_set(&l->reason, l2tp_loss_status(l), "the socket of the tunnel failed: %s",
			   strerror(error));
		break;
	}
	l2tp_finish(l);
}

static void l2tp_close(struct tunnel *t, const struct reason *reason, const char *farewell,
		       uint64_t now_ms)
{
	struct l2tp_tunnel *l = l2tp_of(t);

	if (l->state == L2TP_CLOSING || l->state == L2TP_CLOSED)
		return;
	l->now_ms = now_ms;
	reason_set(&l->reason, reason->code, "%s",
		   reason_is_set(reason) ? reason->text : "hung up");
	if (l->call.peer_tunnel_id == 0) {
		l2tp_finish(l); /* nobody to tell */
		return;
	}
	if (l->call.peer_call_id != 0 && (L2TP_IN(l->state) & L2TP_IN_TUNNEL))
		l2tp_send_cdn(l, l->call.peer_call_id, l->call.local_call_id, CDN_ADMINISTRATIVE, 0,
			      farewell);
	l2tp_stop(l, STOPCCN_SHUTTING_DOWN, 0, NULL);
}

/* --- time --- */

static uint64_t hello_deadline(const struct l2tp_tunnel *l)
{
	const struct tunnel_config *config = &l->base.config;

	if (config->echo_interval_ms == 0 || !(L2TP_IN(l->state) & L2TP_IN_TUNNEL))
		return DEADLINE_NONE;
	if (l->hello_pending)
		return l->hello_sent_ms + config->echo_limit_ms;
	if (reliable_room(&l->reliable) == 0)
		return DEADLINE_NONE; /* what fills the queue finds out as well whether the peer
					 lives */
	return l->heard_ms + config->echo_interval_ms;
}

static uint64_t l2tp_deadline(const struct tunnel *t)
{
	const struct l2tp_tunnel *l = (const struct l2tp_tunnel *)t;
	uint64_t own = deadline_min(deadline_min(l->setup_deadline, l->close_deadline),
				    l2tp_probe_deadline(l));

	if (!(L2TP_IN(l->state) & L2TP_IN_LIVE))
		return DEADLINE_NONE;
	return deadline_min(deadline_min(own, hello_deadline(l)), reliable_deadline(&l->reliable));
}

static void setup_expired(struct l2tp_tunnel *l)
{
	l->stalled = true;
	if (l->heard)
		reason_set(&l->reason, EXIT_CONNECT_FAILED,
			   "the %s answers, but its %s did not come within %u s",
			   tunnel_peer_word(&l->base), awaited(l),
			   l->base.config.setup_limit_ms / 1000);
	else
		set_silent_reason(l);
	/* Before its SCCCN nobody knows whether a caller is where it says. */
	if (l->call.peer_tunnel_id != 0)
		l2tp_send_stopccn(l, STOPCCN_GENERAL, 0,
				  L2TP_IN(l->state) & L2TP_IN_TUNNEL ? "no call came in time"
								     : NULL);
	l2tp_finish(l);
}

static void peer_dead(struct l2tp_tunnel *l)
{
	l->stalled = !reason_is_set(&l->reason);
	if (!l->heard)
		set_silent_reason(l);
	else
		reason_set(&l->reason, l->was_up ? EXIT_PEER_DEAD : EXIT_CONNECT_FAILED,
			   "the %s is dead: it has not acknowledged a message for %u s",
			   tunnel_peer_word(&l->base),
			   (unsigned)((l->now_ms - l->heard_ms) / 1000));
	l2tp_finish(l);
}

static void hello_expired(struct l2tp_tunnel *l)
{
	if (l->hello_pending) {
		peer_dead(l);
		return;
	}
	l2tp_say_hello(l);
}

static void l2tp_tick(struct tunnel *t, uint64_t now_ms)
{
	struct l2tp_tunnel *l = l2tp_of(t);

	if (!(L2TP_IN(l->state) & L2TP_IN_LIVE))
		return;
	l->now_ms = now_ms;
	if (now_ms >= l->setup_deadline)
		setup_expired(l);
	else if (now_ms >= l->close_deadline)
		l2tp_finish(l);
	else if (now_ms >= l2tp_probe_deadline(l))
		l2tp_probe_expired(l);
	else if (!reliable_tick(&l->reliable, now_ms))
		peer_dead(l);
	else if (now_ms >= hello_deadline(l))
		hello_expired(l);
	t->counters.retransmitted = l->reliable.retransmitted;
}

const struct tunnel_ops tunnel_l2tp_ops = {
	.size = sizeof(struct l2tp_tunnel),
	.init = l2tp_init,
	.start = l2tp_start,
	.input = l2tp_input,
	.lost = l2tp_lost,
	.close = l2tp_close,
	.deadline = l2tp_deadline,
	.tick = l2tp_tick,
};
