/* SPDX-License-Identifier: MIT */
/* What each L2TP control message means to the tunnel and its call (RFC 2661 sections 6 and 7). */
#include "crypto/avp_hide.h"
#include "tunnel/l2tp/internal.h"

#include <string.h>

static void text_append(struct str *s, const uint8_t *text, size_t len)
{
	if (len == 0)
		return;
	str_printf(s, ", it says \"");
	str_clean(s, text, len, 130);
	str_printf(s, "\"");
}

/* The meaning of a code; one that has none is told by its number. */
static void code_append(struct str *s, const char *meaning, unsigned code)
{
	str_printf(s, "%s", meaning);
	if (strncmp(meaning, "unknown", 7) == 0)
		str_printf(s, " %u", code);
}

static void error_append(struct str *s, unsigned error)
{
	str_printf(s, " (");
	code_append(s, l2tp_error_text(error), error);
	str_printf(s, ")");
}

/* A call that never was up failed for want of room: by its CDN's result (BUSY), or by the error
 * code, which follows the same result in both messages. */
static void no_room_append(const struct l2tp_tunnel *l, struct str *s,
			   const struct l2tp_result *result, bool busy)
{
	if (result->result == STOPCCN_ERROR && result->has_error &&
	    result->error == L2TP_ERROR_RESOURCES)
		busy = true;
	if (busy && !l->was_up)
		str_printf(s, "; " TUNNEL_NO_ROOM_HINT);
}

/* --- the tunnel --- */

static void peer_set(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	struct tunnel_peer *peer = &l->call.peer;
	struct str host = str_make(peer->host_name, sizeof peer->host_name);
	struct str vendor = str_make(peer->vendor, sizeof peer->vendor);

	if (l2tp_has(m, AVP_HOST_NAME))
		str_clean(&host, m->avp[AVP_HOST_NAME].octets, m->avp[AVP_HOST_NAME].len,
			  TUNNEL_NAME_MAX);
	if (l2tp_has(m, AVP_VENDOR_NAME))
		str_clean(&vendor, m->avp[AVP_VENDOR_NAME].octets, m->avp[AVP_VENDOR_NAME].len,
			  TUNNEL_NAME_MAX);
	peer->firmware = l2tp_u16(m, AVP_FIRMWARE_REVISION);
	if (l2tp_has(m, AVP_RECEIVE_WINDOW_SIZE))
		reliable_set_window(&l->reliable, l2tp_u16(m, AVP_RECEIVE_WINDOW_SIZE));
	l->call.peer_tunnel_id = l2tp_u16(m, AVP_ASSIGNED_TUNNEL_ID);
	l->reliable.peer_tunnel_id = l->call.peer_tunnel_id;
}

static bool version_ok(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	uint16_t version = l2tp_u16(m, AVP_PROTOCOL_VERSION);

	if (version == L2TP_VERSION)
		return true;
	reason_set(&l->reason, EXIT_CONNECT_FAILED, "the %s speaks L2TP version %u.%u, vpdial 1.0",
		   tunnel_peer_word(&l->base), version >> 8, version & 0xff);
	l2tp_stop(l, STOPCCN_VERSION, L2TP_VERSION, NULL);
	return false;
}

/* The peer wants us to prove that we know the secret; the proof goes into our SCCCN. */
static bool challenge_answer(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	const struct l2tp_value *challenge = &m->avp[AVP_CHALLENGE];

	if (!l2tp_has(m, AVP_CHALLENGE))
		return true;
	if (!l2tp_has_secret(l)) {
		reason_set(&l->reason, EXIT_AUTH_FAILED,
			   "the %s asks for a tunnel secret, but none is configured",
			   tunnel_peer_word(&l->base));
		l2tp_stop(l, STOPCCN_NOT_AUTHORIZED, 0, "no tunnel secret");
		return false;
	}
	l2tp_challenge_response(l->response, L2TP_SCCCN, &l->base.config.settings.secret,
				challenge->octets, challenge->len);
	l->has_response = true;
	return true;
}

/* The peer's proof, if we asked for one. */
static bool response_ok(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	uint8_t want[L2TP_RESPONSE_LEN];
	bool sent = l2tp_has(m, AVP_CHALLENGE_RESPONSE);

	if (!l2tp_has_secret(l))
		return true;
	l2tp_challenge_response(want, (uint8_t)m->type, &l->base.config.settings.secret,
				l->challenge, sizeof l->challenge);
	if (sent && bytes_equal_ct(want, m->avp[AVP_CHALLENGE_RESPONSE].octets, sizeof want))
		return true;
	reason_set(&l->reason, EXIT_PEER_AUTH_FAILED,
		   sent ? "the %s does not know the tunnel secret: check tunnel-secret on both ends"
			: "the %s does not prove that it knows the tunnel secret: it may have none",
		   tunnel_peer_word(&l->base));
	l2tp_stop(l, STOPCCN_NOT_AUTHORIZED, 0, "wrong challenge response");
	return false;
}

void l2tp_tunnel_up(struct l2tp_tunnel *l)
{
	log_info(l->base.log, "tunnel up: host \"%s\" vendor \"%s\" firmware %04x",
		 l->call.peer.host_name, l->call.peer.vendor, l->call.peer.firmware);
	l2tp_enter(l, L2TP_WAIT_CALL);
}

static void on_sccrp(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	reliable_set_interval(&l->reliable, 1000);
	peer_set(l, m);
	if (!version_ok(l, m) || !response_ok(l, m) || !challenge_answer(l, m))
		return;
	l2tp_tunnel_up(l);
	l2tp_send_scccn(l);
	l2tp_send_icrq(l);
	tunnel_emit_progress(&l->base, "tunnel up");
}

/* Results and causes that may stand for anything, a refused caller too; all others tell of
 * something else.  Cause 16 is just that refusal. */
static const uint8_t plain_stopccn[] = {STOPCCN_GENERAL, STOPCCN_ERROR, STOPCCN_NOT_AUTHORIZED};
static const uint8_t plain_cdn[] = {CDN_LOST_CARRIER, CDN_ERROR, CDN_ADMINISTRATIVE};
static const uint8_t plain_causes[] = {0, 1, 3, 16};

static bool is_one_of(unsigned code, const uint8_t *codes, size_t count)
{
	return code <= UINT8_MAX && memchr(codes, (int)code, count);
}

static bool explains_nothing(const struct l2tp_result *r, const uint8_t *plain, size_t count)
{
	return is_one_of(r->result, plain, count) &&
	       (r->error == 0 || r->error == L2TP_ERROR_VENDOR);
}

/* The peer's end.  It may come instead of SCCRP, and then brings the id to acknowledge to. */
static void on_stopccn(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	char text[REASON_TEXT_MAX];
	struct str s = str_make(text, sizeof text);
	struct l2tp_result result;

	if (l->call.peer_tunnel_id == 0)
		l->reliable.peer_tunnel_id = l2tp_u16(m, AVP_ASSIGNED_TUNNEL_ID);
	str_printf(&s, "the %s closed the tunnel", tunnel_peer_word(&l->base));
	l->base.unexplained = !reason_is_set(&l->reason);
	if (l2tp_result(m, &result)) {
		l->base.unexplained &=
			explains_nothing(&result, plain_stopccn, sizeof plain_stopccn);
		str_printf(&s, ": ");
		code_append(&s, l2tp_stopccn_text(result.result), result.result);
		if (result.result == STOPCCN_VERSION && result.has_error)
			str_printf(&s, " (it knows %u.%u)", result.error >> 8, result.error & 0xff);
		else if (result.has_error && (result.error != 0 || result.result == STOPCCN_ERROR))
			error_append(&s, result.error);
		text_append(&s, result.text, result.text_len);
		l->has_text |= result.text_len > 0;
		if (result.result == STOPCCN_NOT_AUTHORIZED)
			str_printf(&s, "; check the tunnel secret and the host name");
		no_room_append(l, &s, &result, false);
	}
	reason_set(&l->reason, l2tp_loss_status(l), "%s", text);
	reliable_ack_now(&l->reliable);
	l2tp_finish(l);
}

/* The acknowledgment is all that it wants. */
static void on_hello(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	(void)l;
	(void)m;
}

/* --- the call --- */

static void call_up(struct l2tp_tunnel *l)
{
	l->was_up = true;
	l2tp_enter(l, L2TP_UP);
	log_info(l->base.log, "call up: our tunnel %u session %u, the %s's tunnel %u session %u%s",
		 l->call.local_tunnel_id, l->call.local_call_id, tunnel_peer_word(&l->base),
		 l->call.peer_tunnel_id, l->call.peer_call_id,
		 l->call.sequencing ? ", data numbered" : "");
}

static void refuse_call(struct l2tp_tunnel *l, const struct l2tp_message *m, const char *text)
{
	l2tp_send_cdn(l, l2tp_u16(m, AVP_ASSIGNED_SESSION_ID), random_u16_nonzero(l->base.random),
		      CDN_NO_FACILITIES, 0, text);
}

static void on_icrq(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	if (l->base.config.role == ROLE_CALLER || l->state != L2TP_WAIT_CALL) {
		refuse_call(l, m, "one call only");
		return;
	}
	l->call.peer_call_id = l2tp_u16(m, AVP_ASSIGNED_SESSION_ID);
	l2tp_enter(l, L2TP_WAIT_CALL_CONNECTED);
	l2tp_send_icrp(l);
}

static void on_ocrq(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	refuse_call(l, m, "no outgoing calls");
}

static void on_icrp(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	l->call.peer_call_id = l2tp_u16(m, AVP_ASSIGNED_SESSION_ID);
	l->call.speed_bps = L2TP_SPEED_BPS;
	l->call.sequencing = l->base.config.settings.sequencing;
	call_up(l);
	l2tp_send_iccn(l);
	tunnel_emit_call_up(&l->base, &l->call);
}

static void on_iccn(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	l->call.speed_bps = l2tp_u32(m, AVP_TX_CONNECT_SPEED);
	l->call.sequencing =
		l2tp_has(m, AVP_SEQUENCING_REQUIRED) || l->base.config.settings.sequencing;
	call_up(l);
	tunnel_emit_call_up(&l->base, &l->call);
}

static void on_cdn(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	char text[REASON_TEXT_MAX];
	struct str s = str_make(text, sizeof text);
	struct l2tp_result result;
	struct l2tp_cause cause;

	str_printf(&s, "the %s ended the call", tunnel_peer_word(&l->base));
	l->base.unexplained = !reason_is_set(&l->reason);
	if (l2tp_result(m, &result)) {
		l->base.unexplained &= explains_nothing(&result, plain_cdn, sizeof plain_cdn);
		str_printf(&s, ": ");
		code_append(&s, l2tp_cdn_text(result.result), result.result);
		if (result.has_error && (result.error != 0 || result.result == CDN_ERROR))
			error_append(&s, result.error);
		text_append(&s, result.text, result.text_len);
		l->has_text |= result.text_len > 0;
		no_room_append(l, &s, &result,
			       result.result == CDN_NO_FACILITIES || result.result == CDN_BUSY);
	}
	if (l2tp_cause(m, &cause)) {
		l->base.unexplained &= is_one_of(cause.code, plain_causes, sizeof plain_causes);
		str_printf(&s, "; PPP: ");
		code_append(&s, l2tp_cause_text(cause.code), cause.code);
		text_append(&s, cause.text, cause.text_len);
	}
	reason_set(&l->reason, l2tp_loss_status(l), "%s", text);
	l2tp_stop(l, STOPCCN_GENERAL, 0, NULL);
}

static void on_wen(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	(void)m;
	l->base.counters.wan_errors++;
}

/* The link is synchronous, so that there is nothing to map. */
static void on_sli(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	struct cursor c = cursor_make(m->avp[AVP_ACCM].octets, m->avp[AVP_ACCM].len);

	cursor_skip(&c, 2);
	uint32_t send = cursor_u32(&c);
	log_debug(l->base.log, "the %s's ACCM: send %08x receive %08x", tunnel_peer_word(&l->base),
		  (unsigned)send, (unsigned)cursor_u32(&c));
}

/* --- judging --- */

/* In which states a message is taken, by role, and which header session id it must have. */
struct rule {
	unsigned caller, answerer;
	void (*handle)(struct l2tp_tunnel *l, const struct l2tp_message *m);
	bool our_session; /* only with our session id in the header */
	bool fatal;	  /* at another time it ends the tunnel: state machine error */
};

static const struct rule rules[L2TP_TYPE_COUNT] = {
	[L2TP_SCCRQ] = {0, 0, NULL, false, true}, /* half_open.c has those that begin a tunnel */
	[L2TP_SCCRP] = {L2TP_IN(L2TP_WAIT_TUNNEL), 0, on_sccrp, false, true},
	[L2TP_SCCCN] = {0, 0, NULL, false, true}, /* and the first SCCCN */
	[L2TP_STOPCCN] = {L2TP_IN_LIVE, L2TP_IN_LIVE, on_stopccn, false, false},
	[L2TP_HELLO] = {L2TP_IN_LIVE, L2TP_IN_LIVE, on_hello, false, false},
	[L2TP_OCRQ] = {L2TP_IN_TUNNEL, L2TP_IN_TUNNEL, on_ocrq, false, false},
	[L2TP_OCRP] = {0, 0, NULL, true, false},
	[L2TP_OCCN] = {0, 0, NULL, true, false},
	[L2TP_ICRQ] = {L2TP_IN_TUNNEL, L2TP_IN_TUNNEL, on_icrq, false, false},
	[L2TP_ICRP] = {L2TP_IN(L2TP_WAIT_CALL), 0, on_icrp, true, false},
	[L2TP_ICCN] = {0, L2TP_IN(L2TP_WAIT_CALL_CONNECTED), on_iccn, true, false},
	[L2TP_CDN] = {L2TP_IN(L2TP_WAIT_CALL) | L2TP_IN(L2TP_UP),
		      L2TP_IN(L2TP_WAIT_CALL_CONNECTED) | L2TP_IN(L2TP_UP), on_cdn, true, false},
	[L2TP_WEN] = {0, L2TP_IN(L2TP_UP), on_wen, true, false},
	[L2TP_SLI] = {L2TP_IN(L2TP_UP), 0, on_sli, true, false},
};

/* A CDN from a peer that does not know our session id yet has 0 there and names its own; instead of
 * an answer to our ICRQ it may name any. */
static bool is_our_session(const struct l2tp_tunnel *l, const struct l2tp_header *h,
			   const struct l2tp_message *m)
{
	if (h->session_id == l->call.local_call_id)
		return true;
	if (m->type != L2TP_CDN || h->session_id != 0)
		return false;
	return l->state == L2TP_WAIT_CALL ||
	       (l->call.peer_call_id != 0 &&
		l2tp_u16(m, AVP_ASSIGNED_SESSION_ID) == l->call.peer_call_id);
}

void l2tp_handle(struct l2tp_tunnel *l, const struct l2tp_header *h, const struct l2tp_message *m)
{
	const struct rule *rule = &rules[m->type];
	unsigned states = l->base.config.role == ROLE_CALLER ? rule->caller : rule->answerer;
	const char *peer = tunnel_peer_word(&l->base);

	if ((states & L2TP_IN(l->state)) && (!rule->our_session || is_our_session(l, h, m))) {
		rule->handle(l, m);
		return;
	}
	l->base.counters.unexpected++;
	/* At the end messages of both cross each other. */
	if (l->state < L2TP_CLOSING && log_limit_allow(&l->noise, l->now_ms, NULL))
		log_warn(l->base.log, "%s of the %s ignored: not expected now",
			 l2tp_type_name(m->type), peer);
	if (rule->fatal && l->state != L2TP_CLOSING) {
		reason_set(&l->reason, l2tp_loss_status(l),
			   "the %s broke the L2TP protocol: it sent a %s out of order", peer,
			   l2tp_type_name(m->type));
		l2tp_stop(l, STOPCCN_FSM, 0, l2tp_type_name(m->type));
	}
}

void l2tp_handle_fault(struct l2tp_tunnel *l, const struct l2tp_message *m,
		       const struct l2tp_fault *fault)
{
	const char *peer = tunnel_peer_word(&l->base);
	char which[80];
	struct str s = str_make(which, sizeof which);
	bool stranger = fault->session && (m->type == L2TP_ICRQ || m->type == L2TP_OCRQ);

	l->base.counters.malformed++;
	if (l->state == L2TP_CLOSING)
		return;
	if (l->call.peer_tunnel_id == 0 && l2tp_has(m, AVP_ASSIGNED_TUNNEL_ID))
		l->call.peer_tunnel_id = l->reliable.peer_tunnel_id =
			l2tp_u16(m, AVP_ASSIGNED_TUNNEL_ID);
	if (fault->vendor != 0)
		str_printf(&s, " (AVP %u of vendor %u)", fault->avp, fault->vendor);
	else if (fault->avp != AVP_MESSAGE_TYPE)
		str_printf(&s, " (AVP %u, %s)", fault->avp, l2tp_avp_name(fault->avp));
	if (stranger) {
		log_warn(l->base.log, "call of the %s refused: %s%s", peer, fault->what, which);
		l2tp_send_cdn(l, l2tp_u16(m, AVP_ASSIGNED_SESSION_ID),
			      random_u16_nonzero(l->base.random), CDN_ERROR, fault->error,
			      fault->what);
		return;
	}
	reason_set(&l->reason, l2tp_loss_status(l), "the %s sent %s%s", peer, fault->what, which);
	if (fault->session)
		l2tp_send_cdn(l, l->call.peer_call_id, l->call.local_call_id, CDN_ERROR,
			      fault->error, fault->what);
	l2tp_stop(l, fault->session ? STOPCCN_GENERAL : STOPCCN_ERROR,
		  fault->session ? 0 : fault->error, fault->session ? NULL : fault->what);
}

void l2tp_handle_collision(struct l2tp_tunnel *l, const struct l2tp_message *m)
{
	/* Without a Tie Breaker of the peer's both tunnels may live; ours does not mind. */
	if (!l2tp_has(m, AVP_TIE_BREAKER) ||
	    memcmp(l->tie_breaker, m->avp[AVP_TIE_BREAKER].octets, sizeof l->tie_breaker) < 0)
		return;
	/* The lower value wins; with equal ones both give up. */
	reason_set(&l->reason, EXIT_CONNECT_FAILED,
		   "the server dials this machine at the same time, and its call goes first");
	l2tp_finish(l);
}
