/* SPDX-License-Identifier: MIT */
/* What each PPTP control message means to the control connection (RFC 2637 section 3.2). */
#include "base/clock.h"
#include "base/str.h"
#include "tunnel/pptp/internal.h"

#include <string.h>

#define CALL_MIN_BPS 2400
#define CALL_MAX_BPS 100000000
#define ACCM_ALL     0xffffffffu

/* " (general error: not enough resources, cause 34)" as far as there is something to tell. */
static void details_append(struct str *s, unsigned result, unsigned error, unsigned cause)
{
	/* Result 2 is the general error in each message that has an error code. */
	bool tell_error = result == PPTP_RESULT_ERROR || error != 0;

	if (tell_error)
		str_printf(s, " (%s", pptp_error_text(error));
	if (cause != 0)
		str_printf(s, "%scause %u", tell_error ? ", " : " (", cause);
	if (tell_error || cause != 0)
		str_printf(s, ")");
}

static void peer_set(struct pptp_tunnel *p, const struct pptp_message *m)
{
	struct tunnel_peer *peer = &p->call.peer;
	struct str host = str_make(peer->host_name, sizeof peer->host_name);
	struct str vendor = str_make(peer->vendor, sizeof peer->vendor);

	str_clean(&host, m->host, pptp_text_len(m->host, sizeof m->host), sizeof m->host);
	str_clean(&vendor, m->vendor, pptp_text_len(m->vendor, sizeof m->vendor), sizeof m->vendor);
	peer->firmware = m->firmware;
	log_info(p->base.log, "control connection up: host \"%s\" vendor \"%s\" firmware %u",
		 peer->host_name, peer->vendor, peer->firmware);
}

/* --- caller --- */

static void send_call_request(struct pptp_tunnel *p)
{
	const struct pptp_message m = {
		.type = PPTP_OUTGOING_CALL_REQUEST,
		.call_id = p->call.local_call_id,
		.serial = random_u16_nonzero(p->base.random),
		.min_bps = CALL_MIN_BPS,
		.max_bps = CALL_MAX_BPS,
		.bearer = PPTP_CAPABILITIES,
		.framing = PPTP_CAPABILITIES,
		.window = p->base.config.receive_window,
	};
	pptp_send(p, &m);
}

static void refused(struct pptp_tunnel *p, const char *what, const struct pptp_message *m,
		    const char *hint)
{
	char text[REASON_TEXT_MAX];
	struct str s = str_make(text, sizeof text);

	str_printf(&s, "the server refused the %s: %s", what, pptp_result_text(m->type, m->result));
	if (strcmp(pptp_result_text(m->type, m->result), "unknown result") == 0)
		str_printf(&s, " %u", m->result);
	details_append(&s, m->result, m->error, m->cause);
	if (m->result == PPTP_RESULT_ERROR && m->error == PPTP_ERROR_RESOURCES)
		hint = TUNNEL_NO_ROOM_HINT;
	if (hint)
		str_printf(&s, "; %s", hint);
	reason_set(&p->reason, EXIT_CONNECT_FAILED, "%s", text);
}

static void on_start_reply(struct pptp_tunnel *p, const struct pptp_message *m)
{
	static const char *const hints[] = {
		[PPTP_START_CHANNEL_EXISTS] = "hang up the other call from this machine first",
		[4] = "the server does not admit this address",
	};
	const size_t count = sizeof hints / sizeof hints[0];

	if (m->result != PPTP_RESULT_OK) {
		refused(p, "control connection", m, m->result < count ? hints[m->result] : NULL);
		pptp_finish(p);
		return;
	}
	if (m->version >> 8 != PPTP_VERSION >> 8) {
		reason_set(&p->reason, EXIT_CONNECT_FAILED,
			   "the server speaks PPTP version %u.%u, vpdial only 1.0", m->version >> 8,
			   m->version & 0xff);
		pptp_stop(p, PPTP_STOP_REASON_PROTOCOL);
		return;
	}
	peer_set(p, m);
	pptp_enter(p, PPTP_WAIT_CALL);
	send_call_request(p);
	tunnel_emit_progress(&p->base, "control connection up");
}

static void call_up(struct pptp_tunnel *p, uint16_t peer_call_id, uint16_t window, uint32_t speed)
{
	p->call.peer_call_id = peer_call_id;
	p->call.peer_window = window;
	p->call.speed_bps = speed;
	p->was_up = true;
	pptp_enter(p, PPTP_UP);
	log_info(p->base.log, "call up: our call id %u, the %s's %u, window %u, %u bit/s",
		 p->call.local_call_id, tunnel_peer_word(&p->base), peer_call_id, window,
		 (unsigned)speed);
}

static void on_outgoing_call_reply(struct pptp_tunnel *p, const struct pptp_message *m)
{
	static const char *const hints[] = {
		[3] = NULL,
		[PPTP_CALL_BUSY] = TUNNEL_NO_ROOM_HINT,
		[7] = "it may have no place for this client",
	};
	const size_t count = sizeof hints / sizeof hints[0];

	if (m->result != PPTP_RESULT_OK) {
		refused(p, "call", m, m->result < count ? hints[m->result] : NULL);
		pptp_stop(p, PPTP_STOP_REASON_NONE);
		return;
	}
	if (m->peer_call_id != p->call.local_call_id) {
		reason_set(&p->reason, EXIT_CONNECT_FAILED,
			   "the server answered call %u, but ours is %u: a NAT on the way may have "
			   "changed it",
			   m->peer_call_id, p->call.local_call_id);
		pptp_stop(p, PPTP_STOP_REASON_PROTOCOL);
		return;
	}
	call_up(p, m->call_id, m->window, m->speed);
	/* Windows servers and some NATs want it at once (RFC 2637 section 2.15). */
	const struct pptp_message info = {.type = PPTP_SET_LINK_INFO,
					  .peer_call_id = p->call.peer_call_id,
					  .send_accm = ACCM_ALL,
					  .receive_accm = ACCM_ALL};
	pptp_send(p, &info);
	tunnel_emit_call_up(&p->base, &p->call);
}

/* The server wants to hand us a call from outside: no, thanks, and go on. */
static void on_incoming_call_request(struct pptp_tunnel *p, const struct pptp_message *m)
{
	const struct pptp_message reply = {.type = PPTP_INCOMING_CALL_REPLY,
					   .peer_call_id = m->call_id,
					   .result = PPTP_INCOMING_DO_NOT_ACCEPT};
	pptp_send(p, &reply);
}

/* With one call per control connection any call id in it is ours: some servers put the wrong one
 * or swap its octets. */
static void on_call_disconnect_notify(struct pptp_tunnel *p, const struct pptp_message *m)
{
	char text[REASON_TEXT_MAX];
	struct str s = str_make(text, sizeof text);
	size_t len = pptp_text_len(m->statistics, sizeof m->statistics);

	str_printf(&s, "the server ended the call: %s", pptp_result_text(m->type, m->result));
	details_append(&s, m->result, m->error, m->cause);
	if (len > 0) {
		str_printf(&s, ", it says \"");
		str_clean(&s, m->statistics, len, sizeof m->statistics);
		str_printf(&s, "\"");
	}
	reason_set(&p->reason, pptp_loss_status(p), "%s", text);
	pptp_stop(p, PPTP_STOP_REASON_NONE);
}

static void on_wan_error_notify(struct pptp_tunnel *p, const struct pptp_message *m)
{
	(void)m;
	p->base.counters.wan_errors++;
}

/* --- answerer --- */

static void send_start_reply(struct pptp_tunnel *p, unsigned result)
{
	struct pptp_message m = {
		.type = PPTP_START_REPLY,
		.version = PPTP_VERSION,
		.result = (uint8_t)result,
		.framing = PPTP_CAPABILITIES,
		.bearer = PPTP_CAPABILITIES,
		.channels = 1,
		.firmware = PPTP_FIRMWARE,
	};

	pptp_text_set(m.host, sizeof m.host, p->base.config.host_name);
	pptp_text_set(m.vendor, sizeof m.vendor, "vpdial");
	pptp_send(p, &m);
}

static void on_start_request(struct pptp_tunnel *p, const struct pptp_message *m)
{
	if (p->state != PPTP_WAIT_START) {
		send_start_reply(p, PPTP_START_CHANNEL_EXISTS);
		return;
	}
	if (m->version >> 8 != PPTP_VERSION >> 8) {
		send_start_reply(p, PPTP_START_BAD_VERSION);
		reason_set(&p->reason, EXIT_CONNECT_FAILED,
			   "the client speaks PPTP version %u.%u, vpdial only 1.0", m->version >> 8,
			   m->version & 0xff);
		pptp_finish(p);
		return;
	}
	peer_set(p, m);
	pptp_enter(p, PPTP_WAIT_CALL);
	send_start_reply(p, PPTP_RESULT_OK);
	tunnel_emit_progress(&p->base, "control connection up");
}

static void on_outgoing_call_request(struct pptp_tunnel *p, const struct pptp_message *m)
{
	bool refuse = p->base.config.refuse, busy = refuse || p->state != PPTP_WAIT_CALL;
	uint32_t speed = m->max_bps < CALL_MAX_BPS ? m->max_bps : CALL_MAX_BPS;
	const struct pptp_message reply = {
		.type = PPTP_OUTGOING_CALL_REPLY,
		.call_id = busy ? 0 : p->call.local_call_id,
		.peer_call_id = m->call_id,
		.result = busy ? PPTP_CALL_BUSY : PPTP_RESULT_OK,
		.speed = speed,
		.window = p->base.config.receive_window,
	};

	if (busy) {
		pptp_send(p, &reply);
		if (refuse) {
			reason_set(&p->reason, EXIT_CONNECT_FAILED,
				   "there is no room for it: it was told so");
			pptp_enter(p, PPTP_DRAINING);
		}
		return;
	}
	call_up(p, m->call_id, m->window, speed);
	pptp_send(p, &reply);
	tunnel_emit_call_up(&p->base, &p->call);
}

static void on_call_clear_request(struct pptp_tunnel *p, const struct pptp_message *m)
{
	const struct pptp_message notify = {.type = PPTP_CALL_DISCONNECT_NOTIFY,
					    .call_id = p->call.local_call_id,
					    .result = PPTP_DISCONNECT_REQUEST};
	(void)m;
	reason_set(&p->reason, pptp_loss_status(p), "the client ended the call");
	pptp_enter(p, PPTP_DRAINING);
	pptp_send(p, &notify);
}

/* --- both --- */

static void on_stop_request(struct pptp_tunnel *p, const struct pptp_message *m)
{
	const struct pptp_message reply = {.type = PPTP_STOP_REPLY, .result = PPTP_RESULT_OK};

	reason_set(&p->reason, pptp_loss_status(p), "the %s closed the control connection: %s",
		   tunnel_peer_word(&p->base), pptp_result_text(m->type, m->reason));
	pptp_send(p, &reply);
	pptp_finish(p);
}

static void on_stop_reply(struct pptp_tunnel *p, const struct pptp_message *m)
{
	(void)m;
	pptp_finish(p);
}

static void on_echo_request(struct pptp_tunnel *p, const struct pptp_message *m)
{
	const struct pptp_message reply = {
		.type = PPTP_ECHO_REPLY, .identifier = m->identifier, .result = PPTP_RESULT_OK};
	pptp_send(p, &reply);
}

static void on_echo_reply(struct pptp_tunnel *p, const struct pptp_message *m)
{
	if (!p->echo_pending || m->identifier != p->echo_id) {
		p->base.counters.unexpected++;
		return;
	}
	p->echo_pending = false;
	tunnel_emit_echo(&p->base, (uint32_t)(p->now_ms - p->echo_sent_ms));
}

/* The link is synchronous behind GRE, so that there is nothing to map. */
static void on_set_link_info(struct pptp_tunnel *p, const struct pptp_message *m)
{
	log_debug(p->base.log, "the %s's ACCM: send %08x receive %08x", tunnel_peer_word(&p->base),
		  (unsigned)m->send_accm, (unsigned)m->receive_accm);
}

/* In which states a message is taken, by role.  What comes at another time, or from the side that
 * must not send it, is counted and dropped: nothing a peer may do wrong there is worth the call. */
struct rule {
	unsigned caller, answerer;
	void (*handle)(struct pptp_tunnel *p, const struct pptp_message *m);
};

static const struct rule rules[PPTP_TYPE_COUNT] = {
	[PPTP_START_REQUEST] = {0, PPTP_IN_LIVE, on_start_request},
	[PPTP_START_REPLY] = {PPTP_IN(PPTP_WAIT_START), 0, on_start_reply},
	[PPTP_STOP_REQUEST] = {PPTP_IN_LIVE, PPTP_IN_LIVE, on_stop_request},
	[PPTP_STOP_REPLY] = {PPTP_IN(PPTP_STOPPING), PPTP_IN(PPTP_STOPPING), on_stop_reply},
	[PPTP_ECHO_REQUEST] = {PPTP_IN_LIVE, PPTP_IN_LIVE, on_echo_request},
	[PPTP_ECHO_REPLY] = {PPTP_IN_LIVE, PPTP_IN_LIVE, on_echo_reply},
	[PPTP_OUTGOING_CALL_REQUEST] = {0, PPTP_IN(PPTP_WAIT_CALL) | PPTP_IN(PPTP_UP),
					on_outgoing_call_request},
	[PPTP_OUTGOING_CALL_REPLY] = {PPTP_IN(PPTP_WAIT_CALL), 0, on_outgoing_call_reply},
	[PPTP_INCOMING_CALL_REQUEST] = {PPTP_IN(PPTP_WAIT_CALL) | PPTP_IN(PPTP_UP), 0,
					on_incoming_call_request},
	[PPTP_INCOMING_CALL_REPLY] = {0, 0, NULL},
	[PPTP_INCOMING_CALL_CONNECTED] = {0, 0, NULL},
	[PPTP_CALL_CLEAR_REQUEST] = {0, PPTP_IN(PPTP_UP), on_call_clear_request},
	[PPTP_CALL_DISCONNECT_NOTIFY] = {PPTP_IN(PPTP_WAIT_CALL) | PPTP_IN(PPTP_UP) |
						 PPTP_IN(PPTP_CLEARING),
					 0, on_call_disconnect_notify},
	[PPTP_WAN_ERROR_NOTIFY] = {PPTP_IN(PPTP_UP), 0, on_wan_error_notify},
	[PPTP_SET_LINK_INFO] = {PPTP_IN(PPTP_UP), PPTP_IN(PPTP_UP), on_set_link_info},
};

void pptp_handle(struct pptp_tunnel *p, const struct pptp_message *m)
{
	const struct rule *rule = &rules[m->type];
	unsigned states = p->base.config.role == ROLE_CALLER ? rule->caller : rule->answerer;

	if (states & PPTP_IN(p->state)) {
		rule->handle(p, m);
		return;
	}
	p->base.counters.unexpected++;
	/* At the end messages of both cross each other. */
	if (p->state < PPTP_CLEARING && log_limit_allow(&p->noise, p->now_ms, NULL))
		log_warn(p->base.log, "%s of the %s ignored: not expected now",
			 pptp_type_name(m->type), tunnel_peer_word(&p->base));
}
