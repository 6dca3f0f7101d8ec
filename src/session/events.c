/* SPDX-License-Identifier: MIT */
/* The callbacks of tunnel, PPP and data path.  They only send and take notes; what follows in
 * another room is done by session_settle() after the callback has returned. */
#include "base/address.h"
#include "base/str.h"
#include "session/internal.h"
#include "wire/control_packet.h"
#include "wire/frame.h"
#include "wire/l2tp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define GRE_SILENCE_MS 15000 /* the call is up and not one packet has come back */

/* Callbacks of the tunnel */

void session_flush_output(struct session *s)
{
	ssize_t n;

	if (s->output_len == 0 || !s->control_handle.added)
		return;
	n = send(s->control_fd, s->output, s->output_len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0) {
		s->output_len -= (size_t)n;
		memmove(s->output, s->output + n, s->output_len);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		s->output_len = 0; /* the read side reports the error */
	}
	loop_fd_events(s->loop, &s->control_handle, EPOLLIN | (s->output_len ? EPOLLOUT : 0u));
}

static void on_tunnel_send(void *ctx, const uint8_t *octets, size_t len)
{
	struct session *s = ctx;

	if (s->start.protocol == PROTOCOL_L2TP) {
		/* A lost datagram is repeated by the control channel itself. */
		int rc = path_send_tunnel(s->path, octets, len);

		if (rc < 0)
			log_debug(s->log, "control message not sent: %s", strerror(-rc));
		if (rc == -EPERM || rc == -EACCES)
			s->tunnel_refused = -rc;
		return;
	}
	if (len > sizeof s->output - s->output_len) {
		s->output_overflow = true;
		return;
	}
	memcpy(s->output + s->output_len, octets, len);
	s->output_len += len;
	session_flush_output(s);
}

static void on_call_up(struct session *s, const struct tunnel_call *call)
{
	struct path_call path_call = {
		.local_tunnel_id = call->local_tunnel_id,
		.peer_tunnel_id = call->peer_tunnel_id,
		.local_call_id = call->local_call_id,
		.peer_call_id = call->peer_call_id,
		.sequencing = call->sequencing,
	};

	s->peer = call->peer;
	s->call_up = true;
	s->call_up_ms = loop_now(s->loop);
	path_set_call(s->path, &path_call);
	/* Frames that came ahead of the reply wait in the socket: none may be lost for want of ids.
	 */
	if (s->start.protocol == PROTOCOL_PPTP)
		loop_fd_events(s->loop, &s->wire_handle, EPOLLIN);
	session_tell_state(s, CONTROL_STATE_NEGOTIATING, "call accepted");
	loop_timer_set(s->loop, &s->limit_timer, s->call_up_ms + GRE_SILENCE_MS);
	ppp_up(s->ppp, s->call_up_ms);
}

static void on_tunnel_event(void *ctx, const struct tunnel_event *event)
{
	char refusal[PPP_REFUSAL_MAX];
	struct session *s = ctx;

	switch (event->kind) {
	case TUNNEL_EVENT_PROGRESS:
		/* What came from this port was the server's: from now on only that port counts. */
		if (s->start.protocol == PROTOCOL_L2TP)
			path_lock_peer(s->path);
		log_info(s->log, "%s", event->text);
		session_tell_state(s, CONTROL_STATE_CALLING, event->text);
		break;
	case TUNNEL_EVENT_CALL_UP:
		on_call_up(s, event->call);
		break;
	case TUNNEL_EVENT_ECHO:
		echo_note(&s->echo, event->echo_rtt_ms);
		break;
	case TUNNEL_EVENT_CLOSED:
		s->tunnel_closed = true;
		s->weight = event->weight;
		/* What the peer said in PPP tells more than that the tunnel ended after it. */
		if (s->call_up && reason_is_set(ppp_reason(s->ppp)))
			reason_set(&s->reason, ppp_reason(s->ppp)->code, "%s",
				   ppp_reason(s->ppp)->text);
		if (event->unexplained)
			session_explain_refusal(s, event->reason);
		session_explain_ipsec(s, event->reason);
		reason_set(&s->reason, event->reason->code, "%s%s%s", event->reason->text,
			   s->call_up && !s->network_up && !s->closing
				   ? ppp_refusal(s->ppp, refusal, sizeof refusal)
				   : "",
			   tunnel_counters(s->tunnel)->rx_messages ? "" : probe_finding(s));
		break;
	}
}

/* Callbacks of PPP */

static void on_ppp_send(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct session *s = ctx;
	int rc = path_send_control(s->path, protocol, info, len);

	s->send_refused = rc == -EPERM || rc == -EACCES;
}

static void on_phase(struct session *s, enum ppp_phase phase)
{
	s->authenticating = phase == PPP_PHASE_AUTHENTICATE;
	switch (phase) {
	case PPP_PHASE_DEAD:
	case PPP_PHASE_ESTABLISH:
		break;
	case PPP_PHASE_AUTHENTICATE:
		session_tell_state(s, CONTROL_STATE_AUTHENTICATING, "verifying password");
		break;
	case PPP_PHASE_NETWORK:
		session_tell_state(s, CONTROL_STATE_NETWORK,
				   s->auth_method ? "password accepted"
						  : "no password was asked for");
		break;
	case PPP_PHASE_TERMINATE:
		session_tell_state(s, CONTROL_STATE_HANGING_UP, "closing the link");
		break;
	}
}

static void on_network(struct session *s, const struct ppp_addresses *a)
{
	struct request_network *body = &s->network;

	if (a->local.s_addr == 0)
		return; /* going down: the end of the call says the rest */
	if (!body->local.s_addr)
		mtu_check_mru(s);
	body->local = a->local;
	body->remote = a->remote;
	memcpy(body->dns, a->dns, sizeof body->dns);
	memcpy(body->wins, a->wins, sizeof body->wins);
	memcpy(body->local_ifid, a->local_ifid, sizeof body->local_ifid);
	memcpy(body->remote_ifid, a->remote_ifid, sizeof body->remote_ifid);
	str_copy(body->auth_method, sizeof body->auth_method, word_of(auth_words, s->auth_method));
	session_tell_network(s);
	if (s->start.role == ROLE_ANSWERER)
		session_hold_wire(s);
}

static void on_data(struct session *s, const struct ppp_data *data)
{
	struct path_state state;

	s->data = *data;
	session_path_state(s, &state);
	path_set_state(s->path, &state);
	wipe(&state, sizeof state);
}

static void on_ppp_event(void *ctx, const struct ppp_event *event)
{
	struct session *s = ctx;

	switch (event->kind) {
	case PPP_EVENT_PHASE:
		on_phase(s, event->phase);
		break;
	case PPP_EVENT_AUTHENTICATED:
		s->auth_method = event->method;
		break;
	case PPP_EVENT_DATA:
		on_data(s, event->data);
		break;
	case PPP_EVENT_NETWORK:
		on_network(s, event->addresses);
		break;
	case PPP_EVENT_RESET_PEER:
		path_flush_tx(s->path);
		break;
	case PPP_EVENT_ECHO:
		echo_note(&s->echo, event->echo_rtt_ms);
		break;
	case PPP_EVENT_PROOF:
		path_proved(s->path);
		break;
	case PPP_EVENT_CLOSED:
		s->ppp_closed = true;
		session_explain_silence(s);
		reason_set(&s->reason, event->reason->code, "%s", event->reason->text);
		break;
	}
}

/* Callbacks of the data path */

/* What may change nothing of a call: LCP's echoes and what is behind them. */
static bool is_harmless(uint16_t protocol, const uint8_t *info, size_t len)
{
	return protocol == FRAME_LCP && len > 0 && info[0] >= CONTROL_ECHO_REQUEST;
}

static void on_control_frame(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct session *s = ctx;

	if (!s->call_up)
		return;
	/* Somebody may try ids and numbers to end the call: what the peer means it says again. */
	if (s->network_up && path_in_doubt(s->path) && !is_harmless(protocol, info, len)) {
		log_debug(s->log, "control frame left out: the peer's numbers jumped");
		return;
	}
	s->ppp_heard_any = true;
	ppp_input(s->ppp, protocol, info, len, loop_now(s->loop));
}

static void on_unknown_frame(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct session *s = ctx;

	if (s->call_up)
		ppp_unknown_protocol(s->ppp, protocol, info, len, loop_now(s->loop));
}

static void on_tunnel_datagram(void *ctx, const uint8_t *octets, size_t len)
{
	struct session *s = ctx;

	if (s->secure.door)
		secure_door_input(s, octets, len);
	else
		tunnel_input(s->tunnel, octets, len, loop_now(s->loop));
}

static void on_wire_error(void *ctx, int error)
{
	struct session *s = ctx;

	if (s->secure.ike) {
		secure_lost(s, error);
		return;
	}
	tunnel_lost(s->tunnel, error, loop_now(s->loop));
}

static void on_resync(void *ctx)
{
	struct session *s = ctx;

	ppp_request_reset(s->ppp, loop_now(s->loop));
}

bool session_make_rooms(struct session *s)
{
	const struct tunnel_callbacks tunnel_cb = {on_tunnel_send, on_tunnel_event, s};
	const struct ppp_callbacks ppp_cb = {
		on_ppp_send, on_ppp_event, s->start.role == ROLE_ANSWERER ? session_account : NULL,
		s};
	const struct path_callbacks path_cb = {
		.control = on_control_frame,
		.unknown = on_unknown_frame,
		.tunnel = on_tunnel_datagram,
		.error = on_wire_error,
		.resync = on_resync,
		.inner = inform_take,
		.too_big = mtu_too_big,
		.ike = secure_input,
		.ctx = s,
	};
	struct path_config path_config = {
		.encap = (enum protocol)s->start.protocol,
		.tun_fd = s->tun_fd,
		.wire_fd = s->wire_fd,
		.packet_fd = s->packet_fd,
		.tun_offload = s->start.tun_offload,
		.tun_offload_udp = s->start.tun_offload_udp,
		.udp_segment = s->start.udp_segment && s->start.protocol == PROTOCOL_L2TP,
		.udp_gro = s->start.udp_gro && s->start.protocol == PROTOCOL_L2TP,
		.esp = s->start.ipsec.use == IPSEC_USE_YES,
		.inner_port = s->start.inner_port,
		.peer_inner_port = s->start.role == ROLE_CALLER ? L2TP_PORT : 0,
		.own = s->start.own,
		.peer = s->start.peer,
		.peer_len = address_len(&s->start.peer),
	};
	struct tunnel_config *tunnel_config = calloc(1, sizeof *tunnel_config);
	struct ppp_config *ppp_config = calloc(1, sizeof *ppp_config);
	bool good = false;

	if (tunnel_config && ppp_config) {
		session_tunnel_config(s, tunnel_config);
		session_ppp_config(s, ppp_config);
		s->tunnel = tunnel_new(tunnel_config, &tunnel_cb, &random_kernel, s->log);
		s->ppp = ppp_new(ppp_config, &ppp_cb, &random_kernel, s->log);
		s->path = path_new(&path_config, &path_cb, s->log);
		good = secure_make(s);
		s->secure.tunnel_secret = s->start.tunnel.secret;
		wipe(tunnel_config, sizeof *tunnel_config);
		wipe(ppp_config, sizeof *ppp_config);
	}
	free(tunnel_config);
	free(ppp_config);
	secret_wipe(&s->start.password);
	secret_wipe(&s->start.tunnel.secret);
	secret_wipe(&s->start.ipsec.secret);
	return s->tunnel && s->ppp && s->path && good;
}
