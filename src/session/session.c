/* SPDX-License-Identifier: MIT */
/* One call: descriptors and timers on one side, the sans-I/O rooms on the other, and the
 * supervisor's requests.  events.c has the rooms' callbacks, end.c how all of it ends. */
#include "session/session.h"

#include "base/str.h"
#include "base/trim.h"
#include "session/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Descriptors */

static void on_tun_ready(void *ctx, uint32_t events)
{
	struct session *s = ctx;

	if ((events & (EPOLLERR | EPOLLHUP)) && !(events & EPOLLIN)) {
		struct reason r = {0};

		loop_fd_del(s->loop, &s->tun_handle);
		reason_set(&r, EXIT_HANGUP, "the TUN device was deleted");
		session_close(s, &r);
	} else {
		uint64_t start = clock_now_us();

		path_burst_tx(s->path, loop_now(s->loop));
		load_sent(s, clock_now_us() - start);
		load_check(s);
	}
	session_settle(s);
}

static void on_wire_ready(void *ctx, uint32_t events)
{
	struct session *s = ctx;

	(void)events;
	path_burst_rx(s->path, loop_now(s->loop));
	load_check(s);
	session_settle(s);
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
	session_tell_state(s, CONTROL_STATE_CALLING, "connected to the server");
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
			session_flush_output(s);
		if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
			control_read(s);
	}
	session_settle(s);
}

static void on_ike_ready(void *ctx, uint32_t events)
{
	struct session *s = ctx;

	(void)events;
	secure_read(s);
	session_settle(s);
}

/* Timers */

static void on_tick(void *ctx)
{
	struct session *s = ctx;
	uint64_t now = loop_now(s->loop);

	secure_tick(s, now);
	tunnel_tick(s->tunnel, now);
	path_tick(s->path, now);
	if (s->call_up) {
		ppp_heard(s->ppp, path_rx_counters(s->path)->last_heard_ms);
		ppp_tick(s->ppp, now);
	}
	session_settle(s);
}

/* One deadline at a time: for the connection, for the first GRE packet, for the farewell. */
static void on_limit(void *ctx)
{
	struct session *s = ctx;
	struct reason r = {0};

	if (s->closing) {
		session_finish(s);
	} else if (!s->control_connected) {
		tunnel_lost(s->tunnel, ETIMEDOUT, loop_now(s->loop));
	} else if (s->call_up && path_rx_counters(s->path)->wire_rx == 0) {
		session_explain_silence(s);
		r = s->reason;
		session_close(s, &r);
	}
	session_settle(s);
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
		session_close(s, &r);
	else
		loop_timer_set(s->loop, &s->time_timer, deadline_min(idle_end, session_end));
	session_settle(s);
}

/* Requests of the supervisor */

static bool suites_sane(const struct ipsec_suites *suites)
{
	return suites->count > 0 && suites->count <= IPSEC_SUITES_MAX;
}

static bool ipsec_is_sane(const struct request_start *start)
{
	const struct ipsec_settings *ipsec = &start->ipsec;

	return ipsec->use != IPSEC_USE_YES ||
	       (start->protocol == PROTOCOL_L2TP && ipsec->secret.len > 0 &&
		ipsec->secret.len <= sizeof ipsec->secret.bytes && suites_sane(&ipsec->ike) &&
		suites_sane(&ipsec->esp) && memchr(ipsec->id, '\0', sizeof ipsec->id) &&
		memchr(ipsec->remote_id, '\0', sizeof ipsec->remote_id));
}

static bool start_is_sane(const struct request_start *start)
{
	return start->protocol < PROTOCOL_COUNT && start->role < CALL_ROLES &&
	       request_text_valid(start->profile, sizeof start->profile) &&
	       request_text_valid(start->server, sizeof start->server) &&
	       request_text_valid(start->host_name, sizeof start->host_name) &&
	       memchr(start->user, '\0', sizeof start->user) &&
	       start->password.len <= sizeof start->password.bytes &&
	       start->ppp.mppe.policy < MPPE_POLICIES && start->ppp.mppe.mode < MPPE_MODES &&
	       start->threads <= REQUEST_THREADS_TWO && ipsec_is_sane(start) &&
	       !(start->ppp.allow & ~METHODS_ALL) &&
	       !(start->ppp.mppe.strengths & ~(unsigned)(MPPE_40 | MPPE_56 | MPPE_128));
}

static bool watch(struct session *s, struct loop_fd *h, int fd,
		  void (*ready)(void *ctx, uint32_t events), uint32_t events)
{
	h->fd = fd;
	h->ready = ready;
	h->ctx = s;
	return loop_fd_add(s->loop, h, events) == 0;
}

/* The caller has connected already, or (L2TP) its tunnel is there. */
static void begin_answering(struct session *s)
{
	s->control_connected = true;
	if (s->start.protocol == PROTOCOL_PPTP) {
		tunnel_start(s->tunnel, loop_now(s->loop));
		return;
	}
	path_lock_peer(s->path);
	tunnel_adopt(s->tunnel, &s->start.adopted, loop_now(s->loop));
}

/* Came to the server's reader before our socket was there. */
static void on_early(struct session *s, const struct request_datagram *d)
{
	if (s->secure.ike)
		secure_early(s, d);
	else if (s->start.protocol == PROTOCOL_L2TP && d->len <= sizeof d->octets)
		tunnel_input(s->tunnel, d->octets, d->len, loop_now(s->loop));
}

static void on_start(struct session *s, struct request_message *m)
{
	bool pptp = m->start.protocol == PROTOCOL_PPTP;
	bool secured = m->start.ipsec.use == IPSEC_USE_YES;
	uint64_t now = loop_now(s->loop);

	s->start = m->start;
	s->tun_fd = m->fds[REQUEST_FD_TUN];
	s->wire_fd = m->fds[REQUEST_FD_WIRE];
	if (m->fd_count > REQUEST_FD_CONTROL)
		s->control_fd = m->fds[REQUEST_FD_CONTROL];
	if (m->fd_count > REQUEST_FD_PACKET)
		s->packet_fd = m->fds[REQUEST_FD_PACKET];
	if (!start_is_sane(&s->start) || ((pptp || secured) && s->control_fd < 0) ||
	    !session_make_rooms(s)) {
		reason_set(&s->reason, EXIT_FATAL, "the session could not be started");
		session_finish(s);
		return;
	}
	mtu_begin(s);
	str_copy(s->log->name, sizeof s->log->name, s->start.profile);
	s->log->level = s->start.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
	session_tell_state(s, CONTROL_STATE_CONNECTING, "connecting");
	if (!watch(s, &s->tun_handle, s->tun_fd, on_tun_ready, 0) ||
	    !watch(s, &s->wire_handle, s->wire_fd, on_wire_ready, pptp ? 0 : EPOLLIN) ||
	    (secured && !watch(s, &s->control_handle, s->control_fd, on_ike_ready, EPOLLIN)) ||
	    (pptp && !watch(s, &s->control_handle, s->control_fd, on_control_ready,
			    s->start.role == ROLE_ANSWERER ? EPOLLIN : EPOLLOUT))) {
		reason_set(&s->reason, EXIT_FATAL, "the event loop refused a descriptor");
		session_finish(s);
		return;
	}
	if (secured) {
		secure_begin(s);
	} else if (s->start.role == ROLE_ANSWERER) {
		begin_answering(s);
	} else if (pptp) {
		loop_timer_set(s->loop, &s->limit_timer, now + s->start.connect_limit_ms);
	} else {
		session_begin_tunnel(s);
		probe_begin(s);
	}
}

static void on_applied(struct session *s, const struct request_applied *applied)
{
	struct reason r = applied->reason;

	if (applied->error) {
		reason_set(&r, EXIT_FATAL, "this machine's network could not be set up");
		session_close(s, &r);
		return;
	}
	inform_begin(s, s->network.local);
	if (s->network_up) {
		session_release_wire(s);
		return;
	}
	s->network_up = true;
	s->network_up_ms = loop_now(s->loop);
	/* Not sooner: what waits in the device from before the call is to be delivered. */
	loop_fd_events(s->loop, &s->tun_handle, EPOLLIN);
	load_begin(s);
	memory_trim();
	if (s->start.idle_ms || s->start.session_ms)
		loop_timer_set(s->loop, &s->time_timer, s->network_up_ms);
	session_release_wire(s);
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

static void applied_came(struct session *s, struct request_message *m)
{
	on_applied(s, &m->applied);
}

static void hangup_came(struct session *s, struct request_message *m)
{
	m->reason.text[sizeof m->reason.text - 1] = '\0';
	session_close(s, &m->reason);
}

static void next_hop_came(struct session *s, struct request_message *m)
{
	on_next_hop(s, &m->next_hop);
}

static void account_came(struct session *s, struct request_message *m)
{
	session_account_answer(s, &m->account_answer);
}

static void early_came(struct session *s, struct request_message *m)
{
	on_early(s, &m->datagram);
}

static void wire_came(struct session *s, struct request_message *m)
{
	if (s->secure.ike)
		secure_change_wire(s, m->fds[0]);
	else
		close(m->fds[0]);
}

static void stats_wanted(struct session *s, struct request_message *m)
{
	struct request_stats stats;

	(void)m;
	session_fill_stats(s, &stats);
	request_send(&s->channel, REQUEST_STATS, &stats, NULL, 0);
}

/* What is not here is for others. */
static void on_request(struct session *s, struct request_message *m)
{
	static void (*const handlers[REQUEST_TYPE_COUNT])(struct session *,
							  struct request_message *) = {
		[REQUEST_START] = on_start,	    [REQUEST_APPLIED] = applied_came,
		[REQUEST_HANGUP] = hangup_came,	    [REQUEST_NEXT_HOP] = next_hop_came,
		[REQUEST_EARLY] = early_came,	    [REQUEST_WIRE] = wire_came,
		[REQUEST_GET_STATS] = stats_wanted, [REQUEST_ACCOUNT_ANSWER] = account_came,
	};

	if (handlers[m->type])
		handlers[m->type](s, m);
}

static void supervisor_gone(struct session *s)
{
	struct reason r = {0};

	/* End the call in order, so that the peer knows. */
	loop_fd_del(s->loop, &s->channel_handle);
	reason_set(&r, EXIT_FATAL, "the supervisor is gone");
	if (s->tunnel)
		session_close(s, &r);
	else
		session_finish(s);
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
		session_settle(s);
}

static void release(struct session *s)
{
	ppp_free(s->ppp);
	tunnel_free(s->tunnel);
	path_free(s->path);
	secure_free(s);
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
