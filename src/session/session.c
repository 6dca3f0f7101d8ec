/* SPDX-License-Identifier: MIT */
/* One call: descriptors and timers on one side, the sans-I/O rooms on the other.
 *
 * The rooms' callbacks only send and take notes; what follows from an event in another room is
 * done by settle() after the callback has returned. */
#include "session/session.h"

#include "base/str.h"
#include "base/trim.h"
#include "session/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GRE_SILENCE_MS	 15000 /* the call is up and not one packet has come back */
#define FAREWELL_DEAD_MS 300   /* to one who has not answered for long */
#define HANGUP_LIMIT_MS	 6000  /* PPP's farewell 2 s, the tunnel's 3 s */

static void tell_state(struct session *s, enum control_state state, const char *message)
{
	struct request_state body = {.state = state};

	str_copy(body.message, sizeof body.message, message);
	request_send(&s->channel, REQUEST_STATE, &body, NULL, 0);
}

/* The end: whatever still waits is dropped, the supervisor learns why. */
static void finish(struct session *s)
{
	struct request_stats stats;

	if (s->ended)
		return;
	s->ended = true;
	if (s->network_up) {
		session_fill_stats(s, &stats);
		request_send(&s->channel, REQUEST_STATS, &stats, NULL, 0);
	}
	reason_set(&s->reason, EXIT_HANGUP, "the call ended");
	request_send(&s->channel, REQUEST_ENDED, &s->reason, NULL, 0);
	loop_stop(s->loop);
}

/* Starts the orderly end. */
static void begin_close(struct session *s, const struct reason *why)
{
	uint64_t now = loop_now(s->loop);

	reason_set(&s->reason, why->code, "%s", why->text);
	if (s->closing || s->ended)
		return;
	s->closing = true;
	tell_state(s, CONTROL_STATE_HANGING_UP, s->reason.text);
	loop_timer_set(s->loop, &s->limit_timer, now + HANGUP_LIMIT_MS);
	if (s->call_up && !s->ppp_closed)
		ppp_close(s->ppp, &s->reason, now);
	else if (s->control_connected)
		tunnel_close(s->tunnel, &s->reason, now);
	else
		finish(s);
}

/* Nothing came back through the tunnel's data channel: the classic blocked protocol 47. */
static void explain_silence(struct session *s)
{
	const struct path_counters *c = path_counters(s->path);

	if (!s->call_up || c->wire_rx || s->start.tunnel != REQUEST_PPTP || s->ppp_heard_any)
		return;
	if (s->start.answerer) {
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
static void explain_refusal(struct session *s, const struct reason *why)
{
	if (s->start.tunnel == REQUEST_L2TP && !s->start.answerer && s->authenticating &&
	    why->code == EXIT_HANGUP)
		reason_set(&s->reason, EXIT_AUTH_FAILED,
			   "%s; it did so while checking the password: user name or password may "
			   "be wrong",
			   why->text);
}

static void check_keys(struct session *s)
{
	struct reason r = {0};

	if (!s->closing && keys_lost(s, ppp_counters(s->ppp)->nonsense_rejects_rx, &r))
		begin_close(s, &r);
}

static void catch_up(struct session *s);

/* What one room's event means for the others. */
static void settle(struct session *s)
{
	uint64_t now = loop_now(s->loop), due;

	if (s->ended)
		return;
	if (s->answers.applied || s->answers.hangup || s->answers.stats || s->answers.gone)
		catch_up(s);
	if (s->output_overflow) {
		/* It does not read what it asked for: there is no use in waiting to tell it more.
		 */
		s->output_len = 0;
		if (!s->tunnel_closed)
			tunnel_lost(s->tunnel, ENOBUFS, now);
	}
	check_keys(s);
	if (s->tunnel_closed && s->call_up && !s->ppp_closed)
		ppp_down(s->ppp, now);
	if (s->ppp_closed && !s->tunnel_closed && !s->tunnel_closing) {
		bool dead = s->reason.code == EXIT_PEER_DEAD;

		s->tunnel_closing = true;
		if (!s->closing || dead)
			loop_timer_set(s->loop, &s->limit_timer,
				       now + (dead ? FAREWELL_DEAD_MS : HANGUP_LIMIT_MS));
		s->closing = true;
		tunnel_close(s->tunnel, &s->reason, now);
	}
	if (s->tunnel_closed && s->output_len == 0) {
		finish(s);
		return;
	}
	if (s->tunnel_closed && !s->closing) { /* last words wait for a peer that may never read */
		s->closing = true;
		loop_timer_set(s->loop, &s->limit_timer, now + HANGUP_LIMIT_MS);
	}
	session_tell_call(s);
	due = deadline_min(tunnel_deadline(s->tunnel), path_deadline(s->path));
	due = deadline_min(due, s->call_up ? ppp_deadline(s->ppp) : DEADLINE_NONE);
	if (due != s->tick_timer.deadline_ms || !s->tick_timer.link)
		loop_timer_set(s->loop, &s->tick_timer, due);
}

/* Callbacks of the tunnel */

static void flush_output(struct session *s)
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

	if (s->start.tunnel == REQUEST_L2TP) {
		/* A lost datagram is repeated by the control channel itself. */
		int rc = path_send_tunnel(s->path, octets, len);

		if (rc < 0)
			log_debug(s->log, "control message not sent: %s", strerror(-rc));
		return;
	}
	if (len > sizeof s->output - s->output_len) {
		s->output_overflow = true;
		return;
	}
	memcpy(s->output + s->output_len, octets, len);
	s->output_len += len;
	flush_output(s);
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
	if (s->start.tunnel == REQUEST_PPTP)
		loop_fd_events(s->loop, &s->wire_handle, EPOLLIN);
	tell_state(s, CONTROL_STATE_NEGOTIATING, "call accepted");
	loop_timer_set(s->loop, &s->limit_timer, s->call_up_ms + GRE_SILENCE_MS);
	ppp_up(s->ppp, s->call_up_ms);
}

static void on_tunnel_event(void *ctx, const struct tunnel_event *event)
{
	struct session *s = ctx;

	switch (event->kind) {
	case TUNNEL_EVENT_PROGRESS:
		/* What came from this port was the server's: from now on only that port counts. */
		if (s->start.tunnel == REQUEST_L2TP)
			path_lock_peer(s->path);
		log_info(s->log, "%s", event->text);
		tell_state(s, CONTROL_STATE_CALLING, event->text);
		break;
	case TUNNEL_EVENT_CALL_UP:
		on_call_up(s, event->call);
		break;
	case TUNNEL_EVENT_ECHO:
		echo_note(&s->echo, event->echo_rtt_ms);
		break;
	case TUNNEL_EVENT_CLOSED:
		s->tunnel_closed = true;
		/* What the peer said in PPP tells more than that the tunnel ended after it. */
		if (s->call_up && reason_is_set(ppp_reason(s->ppp)))
			reason_set(&s->reason, ppp_reason(s->ppp)->code, "%s",
				   ppp_reason(s->ppp)->text);
		explain_refusal(s, event->reason);
		reason_set(&s->reason, event->reason->code, "%s", event->reason->text);
		break;
	}
}

/* Callbacks of PPP */

static void on_ppp_send(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct session *s = ctx;

	path_send_control(s->path, protocol, info, len);
}

static void on_phase(struct session *s, enum ppp_phase phase)
{
	s->authenticating = phase == PPP_PHASE_AUTHENTICATE;
	switch (phase) {
	case PPP_PHASE_DEAD:
	case PPP_PHASE_ESTABLISH:
		break;
	case PPP_PHASE_AUTHENTICATE:
		tell_state(s, CONTROL_STATE_AUTHENTICATING, "verifying password");
		break;
	case PPP_PHASE_NETWORK:
		tell_state(s, CONTROL_STATE_NETWORK,
			   s->auth_method ? "password accepted" : "no password was asked for");
		break;
	case PPP_PHASE_TERMINATE:
		tell_state(s, CONTROL_STATE_HANGING_UP, "closing the link");
		break;
	}
}

void session_tell_network(struct session *s)
{
	s->network.mtu = session_effective_mtu(s);
	s->network.mru = s->data.own_mru;
	/* One that cannot be sent: the supervisor is gone, its end of the channel tells. */
	(void)request_send(&s->channel, REQUEST_NETWORK, &s->network, NULL, 0);
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
	str_copy(body->auth_method, sizeof body->auth_method,
		 s->auth_method ? ppp_auth_name(s->auth_method) : "none");
	session_tell_network(s);
	if (s->start.answerer)
		session_await_applied(s);
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
	case PPP_EVENT_CLOSED:
		s->ppp_closed = true;
		explain_silence(s);
		reason_set(&s->reason, event->reason->code, "%s", event->reason->text);
		break;
	}
}

/* Callbacks of the data path */

static void on_control_frame(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct session *s = ctx;

	if (!s->call_up)
		return;
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

	tunnel_input(s->tunnel, octets, len, loop_now(s->loop));
}

static void on_wire_error(void *ctx, int error)
{
	struct session *s = ctx;

	tunnel_lost(s->tunnel, error, loop_now(s->loop));
}

static void on_resync(void *ctx)
{
	struct session *s = ctx;

	ppp_request_reset(s->ppp, loop_now(s->loop));
}

/* Descriptors */

static void on_tun_ready(void *ctx, uint32_t events)
{
	struct session *s = ctx;

	if ((events & (EPOLLERR | EPOLLHUP)) && !(events & EPOLLIN)) {
		struct reason r = {0};

		loop_fd_del(s->loop, &s->tun_handle);
		reason_set(&r, EXIT_HANGUP, "the TUN device was deleted");
		begin_close(s, &r);
	} else {
		uint64_t start = clock_now_us();

		path_burst_tx(s->path, loop_now(s->loop));
		load_sent(s, clock_now_us() - start);
		load_check(s);
	}
	settle(s);
}

static void on_wire_ready(void *ctx, uint32_t events)
{
	struct session *s = ctx;

	(void)events;
	path_burst_rx(s->path, loop_now(s->loop));
	load_check(s);
	settle(s);
}

static void control_connected(struct session *s)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(s->control_fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error) {
		tunnel_lost(s->tunnel, error, loop_now(s->loop));
		return;
	}
	s->control_connected = true;
	loop_timer_del(s->loop, &s->limit_timer);
	loop_fd_events(s->loop, &s->control_handle, EPOLLIN);
	tell_state(s, CONTROL_STATE_CALLING, "connected to the server");
	tunnel_start(s->tunnel, loop_now(s->loop));
}

static void control_read(struct session *s)
{
	uint8_t octets[4096];
	ssize_t n = recv(s->control_fd, octets, sizeof octets, MSG_DONTWAIT);

	if (n > 0) {
		tunnel_input(s->tunnel, octets, (size_t)n, loop_now(s->loop));
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	loop_fd_del(s->loop, &s->control_handle);
	s->output_len = 0;
	tunnel_lost(s->tunnel, n < 0 ? errno : 0, loop_now(s->loop));
}

static void on_control_ready(void *ctx, uint32_t events)
{
	struct session *s = ctx;

	if (!s->control_connected && !s->tunnel_closed) {
		control_connected(s);
		if (!s->control_connected)
			loop_fd_del(s->loop, &s->control_handle);
	} else {
		if (events & EPOLLOUT)
			flush_output(s);
		if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
			control_read(s);
	}
	settle(s);
}

/* Timers */

static void on_tick(void *ctx)
{
	struct session *s = ctx;
	uint64_t now = loop_now(s->loop);

	tunnel_tick(s->tunnel, now);
	path_tick(s->path, now);
	if (s->call_up) {
		ppp_heard(s->ppp, path_rx_counters(s->path)->last_heard_ms);
		ppp_tick(s->ppp, now);
	}
	settle(s);
}

/* One deadline at a time: for the connection, for the first GRE packet, for the farewell. */
static void on_limit(void *ctx)
{
	struct session *s = ctx;
	struct reason r = {0};

	if (s->closing) {
		finish(s);
	} else if (!s->control_connected) {
		tunnel_lost(s->tunnel, ETIMEDOUT, loop_now(s->loop));
	} else if (s->call_up && path_rx_counters(s->path)->wire_rx == 0) {
		explain_silence(s);
		r = s->reason;
		begin_close(s, &r);
	}
	settle(s);
}

static void on_time(void *ctx)
{
	struct session *s = ctx;
	const struct path_counters *c = path_counters(s->path);
	uint64_t now = loop_now(s->loop), used = s->network_up_ms, idle_end, session_end;
	struct reason r = {0};

	used = c->last_tx_ms > used ? c->last_tx_ms : used;
	used = c->last_rx_ms > used ? c->last_rx_ms : used;
	idle_end = s->start.idle_ms ? used + s->start.idle_ms : DEADLINE_NONE;
	session_end = s->start.session_ms ? s->network_up_ms + s->start.session_ms : DEADLINE_NONE;
	if (session_end <= now)
		reason_set(&r, EXIT_CONNECT_TIME, "session-timeout reached");
	else if (idle_end <= now)
		reason_set(&r, EXIT_IDLE_TIMEOUT, "idle-timeout reached: no traffic");
	if (reason_is_set(&r))
		begin_close(s, &r);
	else
		loop_timer_set(s->loop, &s->time_timer, deadline_min(idle_end, session_end));
	settle(s);
}

/* Requests of the supervisor */

static bool start_is_sane(const struct request_start *start)
{
	return start->tunnel <= REQUEST_L2TP &&
	       request_text_valid(start->profile, sizeof start->profile) &&
	       request_text_valid(start->server, sizeof start->server) &&
	       request_text_valid(start->host_name, sizeof start->host_name) &&
	       memchr(start->user, '\0', sizeof start->user) &&
	       start->password.len <= sizeof start->password.bytes &&
	       start->mppe_policy <= PPP_MPPE_REQUIRE &&
	       start->mppe_mode <= PPP_MPPE_PREFER_STATELESS &&
	       start->threads <= REQUEST_THREADS_TWO && start->first_len <= sizeof start->first;
}

static bool make_rooms(struct session *s)
{
	const struct tunnel_callbacks tunnel_cb = {on_tunnel_send, on_tunnel_event, s};
	const struct ppp_callbacks ppp_cb = {on_ppp_send, on_ppp_event,
					     s->start.answerer ? session_account : NULL, s};
	const struct path_callbacks path_cb = {
		.control = on_control_frame,
		.unknown = on_unknown_frame,
		.tunnel = on_tunnel_datagram,
		.error = on_wire_error,
		.resync = on_resync,
		.inner = inform_take,
		.too_big = mtu_too_big,
		.ctx = s,
	};
	struct path_config path_config = {
		.encap = s->start.tunnel == REQUEST_L2TP ? PATH_L2TP : PATH_GRE,
		.tun_fd = s->tun_fd,
		.wire_fd = s->wire_fd,
		.packet_fd = s->packet_fd,
		.tun_offload = s->start.tun_offload,
		.tun_offload_udp = s->start.tun_offload_udp,
		.udp_segment = s->start.udp_segment && s->start.tunnel == REQUEST_L2TP,
		.udp_gro = s->start.udp_gro && s->start.tunnel == REQUEST_L2TP,
		.peer = s->start.peer,
		.peer_len = s->start.peer.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
								: sizeof(struct sockaddr_in),
	};
	struct tunnel_config *tunnel_config = calloc(1, sizeof *tunnel_config);
	struct ppp_config *ppp_config = calloc(1, sizeof *ppp_config);

	if (tunnel_config && ppp_config) {
		session_tunnel_config(s, tunnel_config);
		session_ppp_config(s, ppp_config);
		s->tunnel = tunnel_new(tunnel_config, &tunnel_cb, &random_kernel, s->log);
		s->ppp = ppp_new(ppp_config, &ppp_cb, &random_kernel, s->log);
		s->path = path_new(&path_config, &path_cb, s->log);
		wipe(tunnel_config, sizeof *tunnel_config);
		wipe(ppp_config, sizeof *ppp_config);
	}
	free(tunnel_config);
	free(ppp_config);
	secret_wipe(&s->start.password);
	secret_wipe(&s->start.tunnel_secret);
	return s->tunnel && s->ppp && s->path;
}

static bool watch(struct session *s, struct loop_fd *h, int fd,
		  void (*ready)(void *ctx, uint32_t events), uint32_t events)
{
	h->fd = fd;
	h->ready = ready;
	h->ctx = s;
	return loop_fd_add(s->loop, h, events) == 0;
}

/* The caller has connected already, or (L2TP) its first datagram came along. */
static void begin_answering(struct session *s)
{
	uint64_t now = loop_now(s->loop);

	s->control_connected = true;
	tunnel_start(s->tunnel, now);
	if (s->start.tunnel == REQUEST_PPTP)
		return;
	path_lock_peer(s->path);
	tunnel_input(s->tunnel, s->start.first, s->start.first_len, now);
	/* Stray datagrams of a call that is long over must not cost a session's time. */
	if (tunnel_counters(s->tunnel)->tx_messages == 0) {
		reason_set(&s->reason, EXIT_NEGOTIATION_FAILED,
			   "the first datagram does not ask for a tunnel");
		finish(s);
	}
}

static void on_start(struct session *s, struct request_message *m)
{
	bool pptp = m->start.tunnel == REQUEST_PPTP;
	uint64_t now = loop_now(s->loop);

	s->start = m->start;
	s->tun_fd = m->fds[REQUEST_FD_TUN];
	s->wire_fd = m->fds[REQUEST_FD_WIRE];
	if (m->fd_count > REQUEST_FD_CONTROL)
		s->control_fd = m->fds[REQUEST_FD_CONTROL];
	if (m->fd_count > REQUEST_FD_PACKET)
		s->packet_fd = m->fds[REQUEST_FD_PACKET];
	if (!start_is_sane(&s->start) || pptp != (s->control_fd >= 0) || !make_rooms(s)) {
		reason_set(&s->reason, EXIT_FATAL, "the session could not be started");
		finish(s);
		return;
	}
	mtu_begin(s);
	str_copy(s->log->name, sizeof s->log->name, s->start.profile);
	s->log->level = s->start.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
	tell_state(s, CONTROL_STATE_CONNECTING, "connecting");
	if (!watch(s, &s->tun_handle, s->tun_fd, on_tun_ready, 0) ||
	    !watch(s, &s->wire_handle, s->wire_fd, on_wire_ready, pptp ? 0 : EPOLLIN) ||
	    (pptp && !watch(s, &s->control_handle, s->control_fd, on_control_ready,
			    s->start.answerer ? EPOLLIN : EPOLLOUT))) {
		reason_set(&s->reason, EXIT_FATAL, "the event loop refused a descriptor");
		finish(s);
		return;
	}
	if (s->start.answerer) {
		begin_answering(s);
	} else if (pptp) {
		loop_timer_set(s->loop, &s->limit_timer, now + s->start.connect_limit_ms);
	} else {
		s->control_connected = true;
		session_bid_farewell(s);
		tunnel_start(s->tunnel, now);
	}
}

static void on_applied(struct session *s, const struct request_applied *applied)
{
	struct reason r = applied->reason;

	if (applied->error) {
		reason_set(&r, EXIT_FATAL, "this machine's network could not be set up");
		begin_close(s, &r);
		return;
	}
	inform_begin(s, s->network.local);
	if (s->network_up)
		return;
	s->network_up = true;
	s->network_up_ms = loop_now(s->loop);
	/* Not sooner: what waits in the device from before the call is to be delivered. */
	loop_fd_events(s->loop, &s->tun_handle, EPOLLIN);
	load_begin(s);
	memory_trim();
	if (s->start.idle_ms || s->start.session_ms)
		loop_timer_set(s->loop, &s->time_timer, s->network_up_ms);
}

static void on_next_hop(struct session *s, const struct request_next_hop *told)
{
	struct path_next_hop hop = {
		.known = told->known,
		.ifindex = told->ifindex,
		.ttl = told->ttl,
		.source = told->source,
		.destination = told->destination,
	};

	memcpy(hop.link_address, told->link_address, sizeof hop.link_address);
	path_set_next_hop(s->path, &hop);
}

static void on_request(struct session *s, struct request_message *m)
{
	struct request_stats stats;

	switch (m->type) {
	case REQUEST_START:
		on_start(s, m);
		break;
	case REQUEST_APPLIED:
		on_applied(s, &m->applied);
		break;
	case REQUEST_HANGUP:
		m->reason.text[sizeof m->reason.text - 1] = '\0';
		begin_close(s, &m->reason);
		break;
	case REQUEST_NEXT_HOP:
		on_next_hop(s, &m->next_hop);
		break;
	case REQUEST_GET_STATS:
		session_fill_stats(s, &stats);
		request_send(&s->channel, REQUEST_STATS, &stats, NULL, 0);
		break;
	case REQUEST_ACCOUNT_ANSWER: /* too late: PPP has gone on without it */
	case REQUEST_NONE:
	case REQUEST_READY:
	case REQUEST_ACCOUNT:
	case REQUEST_STATE:
	case REQUEST_NETWORK:
	case REQUEST_ROUTES:
	case REQUEST_CALL:
	case REQUEST_STATS:
	case REQUEST_ENDED:
	case REQUEST_TYPE_COUNT:
		break; /* the table lets none of them through */
	}
}

static void supervisor_gone(struct session *s)
{
	struct reason r = {0};

	/* End the call in order, so that the peer knows. */
	loop_fd_del(s->loop, &s->channel_handle);
	reason_set(&r, EXIT_FATAL, "the supervisor is gone");
	if (s->tunnel)
		begin_close(s, &r);
	else
		finish(s);
}

/* What came while session_account waited. */
static void catch_up(struct session *s)
{
	struct request_answers *a = &s->answers;
	struct request_stats stats;

	if (a->applied) {
		a->applied = false;
		on_applied(s, &a->application);
	}
	if (a->stats) {
		a->stats = false;
		session_fill_stats(s, &stats);
		request_send(&s->channel, REQUEST_STATS, &stats, NULL, 0);
	}
	if (a->hangup) {
		a->hangup = false;
		a->hangup_reason.text[sizeof a->hangup_reason.text - 1] = '\0';
		begin_close(s, &a->hangup_reason);
	}
	if (a->gone && s->channel_handle.added)
		supervisor_gone(s);
}

static void on_channel_ready(void *ctx, uint32_t events)
{
	struct session *s = ctx;
	struct request_message m;
	int rc = request_receive(&s->channel, &m);

	(void)events;
	if (rc > 0) {
		on_request(s, &m);
	} else if (rc < 0) {
		supervisor_gone(s);
	}
	wipe(&m, sizeof m);
	if (s->tunnel)
		settle(s);
}

static void release(struct session *s)
{
	ppp_free(s->ppp);
	tunnel_free(s->tunnel);
	path_free(s->path);
	if (s->control_fd >= 0)
		close(s->control_fd);
	if (s->wire_fd >= 0)
		close(s->wire_fd);
	if (s->tun_fd >= 0)
		close(s->tun_fd);
	if (s->packet_fd >= 0)
		close(s->packet_fd);
	loop_free(s->loop);
	wipe(s, sizeof *s);
	free(s);
}

int session_run(int supervisor_fd, struct path_worker *worker, struct log *log)
{
	struct session *s = calloc(1, sizeof *s);
	int code = EXIT_FATAL;

	if (!s)
		return EXIT_FATAL;
	s->log = log;
	s->worker = worker;
	s->tun_fd = s->wire_fd = s->control_fd = s->packet_fd = -1;
	s->loop = loop_new();
	s->channel = (struct request_channel){.fd = supervisor_fd, .phase = REQUEST_PHASE_SPAWNED};
	s->tick_timer = (struct loop_timer){DEADLINE_NONE, on_tick, s, NULL, NULL};
	s->limit_timer = (struct loop_timer){DEADLINE_NONE, on_limit, s, NULL, NULL};
	s->time_timer = (struct loop_timer){DEADLINE_NONE, on_time, s, NULL, NULL};
	if (s->loop && watch(s, &s->channel_handle, supervisor_fd, on_channel_ready, EPOLLIN) &&
	    request_send(&s->channel, REQUEST_READY, NULL, NULL, 0) == 0 && loop_run(s->loop) == 0)
		code = (int)s->reason.code;
	if (s->loop)
		release(s);
	else
		free(s);
	return code;
}
