/* SPDX-License-Identifier: MIT */
/* The L2TP control messages that we send. */
#include "tunnel/l2tp/internal.h"

/* l2tpns refuses hidden values that are shorter. */
#define HIDDEN_MIN 8

struct outgoing {
	struct l2tp_builder b;
	uint8_t octets[RELIABLE_MESSAGE_MAX];
};

static void begin(struct l2tp_tunnel *l, struct outgoing *out, enum l2tp_type type,
		  uint16_t session_id)
{
	l2tp_build(&out->b, out->octets, sizeof out->octets, type, l->call.peer_tunnel_id,
		   session_id);
}

/* From here on, what may be hidden is, if the profile says so. */
static void hide(struct l2tp_tunnel *l, struct outgoing *out)
{
	uint8_t rv[16];

	if (!l->base.config.settings.hide_avps || !l2tp_has_secret(l))
		return;
	random_fill(l->base.random, rv, sizeof rv);
	l2tp_build_hide(&out->b, &l->cipher, rv, sizeof rv);
	out->b.hidden_min = HIDDEN_MIN;
}

static void finish(struct l2tp_tunnel *l, struct outgoing *out)
{
	size_t len = l2tp_build_end(&out->b);

	l->base.counters.tx_messages++;
	/* Every message fits, and messages are only taken in while the queue has room. */
	if (!reliable_queue(&l->reliable, out->octets, len, l->now_ms))
		log_warn(l->base.log, "an L2TP message could not be queued");
}

static void add_own_identity(struct l2tp_tunnel *l, struct outgoing *out)
{
	const struct tunnel_config *config = &l->base.config;
	const char *host = config->host_name[0] ? config->host_name : "vpdial";

	/* The name comes before what is hidden, since a peer may choose the secret by it; the
	 * challenge too: it is no secret, and l2tpns deciphers only 16 octets rightly. */
	l2tp_add_u16(&out->b, AVP_PROTOCOL_VERSION, L2TP_VERSION);
	l2tp_add(&out->b, AVP_HOST_NAME, host, strlen(host));
	if (l2tp_has_secret(l))
		l2tp_add(&out->b, AVP_CHALLENGE, l->challenge, sizeof l->challenge);
	hide(l, out);
	l2tp_add_u32(&out->b, AVP_FRAMING_CAPABILITIES, L2TP_CAPABILITIES);
	l2tp_add_u32(&out->b, AVP_BEARER_CAPABILITIES, L2TP_CAPABILITIES);
	l2tp_add_u16(&out->b, AVP_FIRMWARE_REVISION, L2TP_FIRMWARE);
	l2tp_add(&out->b, AVP_VENDOR_NAME, "vpdial", 6);
	l2tp_add_u16(&out->b, AVP_ASSIGNED_TUNNEL_ID, l->call.local_tunnel_id);
	l2tp_add_u16(&out->b, AVP_RECEIVE_WINDOW_SIZE,
		     config->receive_window > 0 && config->receive_window < RELIABLE_HOLD
			     ? config->receive_window
			     : RELIABLE_HOLD);
}

void l2tp_send_sccrq(struct l2tp_tunnel *l)
{
	struct outgoing out;

	begin(l, &out, L2TP_SCCRQ, 0);
	add_own_identity(l, &out);
	l2tp_add(&out.b, AVP_TIE_BREAKER, l->tie_breaker, sizeof l->tie_breaker);
	finish(l, &out);
}

void l2tp_send_scccn(struct l2tp_tunnel *l)
{
	struct outgoing out;

	begin(l, &out, L2TP_SCCCN, 0);
	if (l->has_response) {
		hide(l, &out);
		l2tp_add(&out.b, AVP_CHALLENGE_RESPONSE, l->response, sizeof l->response);
	}
	finish(l, &out);
}

/* What ends something is never hidden: the other end may not have the secret. */
void l2tp_send_stopccn(struct l2tp_tunnel *l, uint16_t result, uint16_t error, const char *text)
{
	struct outgoing out;

	begin(l, &out, L2TP_STOPCCN, 0);
	l2tp_add_u16(&out.b, AVP_ASSIGNED_TUNNEL_ID, l->call.local_tunnel_id);
	l2tp_add_result(&out.b, result, error != 0 || text, error, text);
	finish(l, &out);
}

void l2tp_send_hello(struct l2tp_tunnel *l)
{
	struct outgoing out;

	begin(l, &out, L2TP_HELLO, 0);
	finish(l, &out);
}

void l2tp_send_icrq(struct l2tp_tunnel *l)
{
	struct outgoing out;

	begin(l, &out, L2TP_ICRQ, 0);
	hide(l, &out);
	l2tp_add_u16(&out.b, AVP_ASSIGNED_SESSION_ID, l->call.local_call_id);
	l2tp_add_u32(&out.b, AVP_CALL_SERIAL_NUMBER, random_u16_nonzero(l->base.random));
	l2tp_add_u32(&out.b, AVP_BEARER_TYPE, 0);
	finish(l, &out);
}

void l2tp_send_icrp(struct l2tp_tunnel *l)
{
	struct outgoing out;

	begin(l, &out, L2TP_ICRP, l->call.peer_call_id);
	hide(l, &out);
	l2tp_add_u16(&out.b, AVP_ASSIGNED_SESSION_ID, l->call.local_call_id);
	finish(l, &out);
}

void l2tp_send_iccn(struct l2tp_tunnel *l)
{
	struct outgoing out;

	begin(l, &out, L2TP_ICCN, l->call.peer_call_id);
	hide(l, &out);
	l2tp_add_u32(&out.b, AVP_TX_CONNECT_SPEED, L2TP_SPEED_BPS);
	l2tp_add_u32(&out.b, AVP_FRAMING_TYPE, L2TP_FRAMING_SYNC);
	if (l->base.config.settings.sequencing)
		l2tp_add(&out.b, AVP_SEQUENCING_REQUIRED, NULL, 0);
	finish(l, &out);
}

void l2tp_send_cdn(struct l2tp_tunnel *l, uint16_t peer_session, uint16_t own_session,
		   uint16_t result, uint16_t error, const char *text)
{
	struct outgoing out;

	begin(l, &out, L2TP_CDN, peer_session);
	l2tp_add_result(&out.b, result, error != 0 || text, error, text);
	l2tp_add_u16(&out.b, AVP_ASSIGNED_SESSION_ID, own_session);
	finish(l, &out);
}
