/* SPDX-License-Identifier: MIT */
/* Datagrams of strangers in, one answer each out, and to the server what has proved itself.  All
 * that is thought about them is tunnel/half_open.h's and ipsec/half_open.h's. */
#include "session/reader.h"

#include "base/address.h"
#include "base/allowance.h"
#include "base/random.h"
#include "base/str.h"
#include "ipc/request.h"
#include "ipsec/half_open.h"
#include "loop/loop.h"
#include "tunnel/half_open.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SOCKETS_MAX REQUEST_FDS_MAX
#define MARKER	    4  /* of IKE on port 4500 (RFC 3948 section 2.2) */
#define BURST	    64 /* datagrams in one turn: the server's requests wait too */
/* Lines about strangers: so many at once, then one each so many ms. */
#define LINES_BURST 20
#define LINES_MS    1000
/* Packets of ESP from unknown places that the server hears of, likewise. */
#define STRAYS_BURST 64
#define STRAYS_MS    20

struct reader;

struct reader_socket {
	struct reader *owner;
	struct loop_fd handle; /* fd -1 = none */
	enum request_service service;
};

struct reader {
	struct loop *loop;
	struct log *log;
	struct request_channel channel;
	struct loop_fd channel_handle;
	struct reader_socket sockets[SOCKETS_MAX];
	struct half_open *half_open;
	struct ike_half_open *ike;
	struct allowance lines;
	struct allowance strays; /* ESP from unknown places */
	unsigned lines_left_out;
	int code;
};

/* A datagram as it came, and what goes back the same way. */
struct post {
	struct request_place place;
	size_t len;
	uint8_t octets[REQUEST_DATAGRAM_MAX];
};

static struct half_open_key key_of(const struct request_place *place)
{
	struct half_open_key key = {.listener = (uint16_t)place->listener};

	address_map(key.peer, &place->peer);
	address_map(key.own, &place->own);
	key.port = address_port(&place->peer);
	return key;
}

/* --- the network --- */

union pktinfo {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* The address that it was sent to: the answer comes from there. */
static void take_destination(struct msghdr *msg, struct sockaddr_storage *own)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof info);
			address_set(own, AF_INET, &info.ipi_addr);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof info);
			address_set(own, AF_INET6, &info.ipi6_addr);
		}
	}
}

/* False when nothing is there; a datagram that is too long or from nowhere has no length. */
static bool receive(int fd, struct post *p)
{
	union pktinfo control;
	struct iovec iov = {p->octets, sizeof p->octets};
	struct msghdr msg = {.msg_name = &p->place.peer,
			     .msg_namelen = sizeof p->place.peer,
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof control};
	ssize_t n;

	memset(&p->place, 0, sizeof p->place);
	n = recvmsg(fd, &msg, MSG_DONTWAIT);
	if (n < 0)
		return false;
	take_destination(&msg, &p->place.own);
	p->len = (msg.msg_flags & MSG_TRUNC) || p->place.own.ss_family != p->place.peer.ss_family
			 ? 0
			 : (size_t)n;
	return true;
}

static void set_source(struct msghdr *msg, union pktinfo *control,
		       const struct sockaddr_storage *own)
{
	struct in_pktinfo v4 = {0};
	struct in6_pktinfo v6 = {0};
	bool six = own->ss_family == AF_INET6;
	size_t len = six ? sizeof v6 : sizeof v4;

	v4.ipi_spec_dst = address_ipv4(own);
	if (six)
		memcpy(&v6.ipi6_addr, address_octets(own), sizeof v6.ipi6_addr);
	memset(control, 0, sizeof *control);
	control->head.cmsg_level = six ? IPPROTO_IPV6 : IPPROTO_IP;
	control->head.cmsg_type = six ? IPV6_PKTINFO : IP_PKTINFO;
	control->head.cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(&control->head), six ? (void *)&v6 : (void *)&v4, len);
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(len);
}

/* What is lost the peer asks for again. */
static void answer(struct reader *r, const struct request_place *to, const uint8_t *octets,
		   size_t len)
{
	static const uint8_t marker[MARKER];
	const struct reader_socket *s = &r->sockets[to->listener];
	union pktinfo control;
	struct iovec iov[2] = {
		{(void *)(uintptr_t)marker, s->service == REQUEST_SERVICE_NAT ? MARKER : 0},
		{(void *)(uintptr_t)octets, len}};
	struct msghdr msg = {.msg_name = (void *)(uintptr_t)&to->peer,
			     .msg_namelen = address_len(&to->peer),
			     .msg_iov = iov,
			     .msg_iovlen = 2};

	if (!len)
		return;
	set_source(&msg, &control, &to->own);
	(void)sendmsg(s->handle.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void say(struct reader *r, enum log_level level, const struct request_place *from,
		const char *what, const char *why)
{
	char text[INET6_ADDRSTRLEN], more[48] = "";

	if (!allowance_take(&r->lines, LINES_BURST, LINES_MS, loop_now(r->loop))) {
		r->lines_left_out++;
		return;
	}
	if (r->lines_left_out)
		snprintf(more, sizeof more, " (%u more were before)", r->lines_left_out);
	r->lines_left_out = 0;
	log_line(r->log, level, "call from %s %s: %s%s",
		 address_text(&from->peer, text, sizeof text), what, why, more);
}

/* Strangers come and go; but who runs a server wants to hear of wrong secrets. */
static void say_refused(struct reader *r, const struct request_place *from,
			const struct half_open_result *result)
{
	const struct reason *why = &result->refused;

	if (reason_is_set(why))
		say(r,
		    result->turned_away			 ? LOG_LEVEL_WARN
		    : why->code == EXIT_PEER_AUTH_FAILED ? LOG_LEVEL_NOTICE
							 : LOG_LEVEL_INFO,
		    from, result->turned_away ? "turned away" : "ended", why->text);
}

static void tell_tunnel(struct reader *r, const struct request_place *place,
			const struct adopted_tunnel *t)
{
	struct request_proved m = {.place = *place, .adopted = *t};

	m.place.local_tunnel_id = t->local_tunnel_id;
	/* Where the server does not take it now, the peer's next SCCCN tells it again. */
	(void)request_send(&r->channel, REQUEST_PROVED, &m, NULL, 0);
}

static void hand_on(struct reader *r, const struct post *p, uint16_t local_tunnel_id)
{
	struct request_datagram m = {.place = p->place, .len = (uint16_t)p->len};

	m.place.local_tunnel_id = local_tunnel_id;
	memcpy(m.octets, p->octets, p->len);
	(void)request_send(&r->channel, REQUEST_DATAGRAM, &m, NULL, 0);
}

static void tell_phase(struct reader *r, const struct post *p, const struct adopted_phase *phase)
{
	struct request_ike_proved m = {.place = p->place, .phase = *phase, .len = (uint16_t)p->len};

	memcpy(m.octets, p->octets, p->len);
	(void)request_send(&r->channel, REQUEST_IKE_PROVED, &m, NULL, 0);
}

/* To the session of the call that an SPI's half names (0 = none), or else its COOKIE. */
static void hand_on_ike(struct reader *r, const struct post *p, uint16_t call,
			const uint8_t *cookie)
{
	struct request_ike m = {.place = p->place, .call = call, .len = (uint16_t)p->len};

	memcpy(m.cookie, cookie, sizeof m.cookie);
	memcpy(m.octets, p->octets, p->len);
	(void)request_send(&r->channel, REQUEST_IKE, &m, NULL, 0);
}

static void take_ike(struct reader *r, const struct post *p, bool by_nat)
{
	struct ike_result result;
	uint64_t now = loop_now(r->loop);
	uint8_t from[16];

	address_map(from, &p->place.peer);
	ike_half_open_input(r->ike, from, address_port(&p->place.peer), by_nat, p->octets, p->len,
			    now, &result);
	answer(r, &p->place, result.answer, result.answer_len);
	if (result.why)
		say(r, LOG_LEVEL_NOTICE, &p->place, "ended", result.why);
	if (result.verdict == IKE_PROVED)
		tell_phase(r, p, &result.phase);
	else if (result.verdict == IKE_LATER ||
		 (result.verdict == IKE_ESP &&
		  allowance_take(&r->strays, STRAYS_BURST, STRAYS_MS, now)))
		hand_on_ike(r, p, result.call, result.phase.cookie[1]);
}

static void take(struct reader *r, const struct post *p)
{
	struct half_open_key key = key_of(&p->place);
	struct half_open_result result;

	half_open_input(r->half_open, &key, p->octets, p->len, loop_now(r->loop), &result);
	answer(r, &p->place, result.answer, result.answer_len);
	say_refused(r, &p->place, &result);
	if (result.verdict == HALF_OPEN_PROVED)
		tell_tunnel(r, &p->place, &result.tunnel);
	else if (result.verdict == HALF_OPEN_EARLY_DATAGRAM)
		hand_on(r, p, result.tunnel.local_tunnel_id);
}

static void on_socket(void *ctx, uint32_t events)
{
	struct reader_socket *s = ctx;
	struct post p;
	bool tunnel = s->service == REQUEST_SERVICE_L2TP;

	(void)events;
	for (int i = 0; i < BURST && receive(s->handle.fd, &p); i++) {
		p.place.listener = (uint32_t)(s - s->owner->sockets);
		if (p.len && tunnel)
			take(s->owner, &p);
		else if (p.len)
			take_ike(s->owner, &p, s->service == REQUEST_SERVICE_NAT);
	}
}

/* --- requests of the server --- */

static void give_up(struct reader *r, const char *why)
{
	struct request_ended ended = {.weight = REASON_LOCAL};

	reason_set(&ended.reason, EXIT_FATAL, "%s", why);
	(void)request_send(&r->channel, REQUEST_ENDED, &ended, NULL, 0);
	r->code = EXIT_FATAL;
	loop_stop(r->loop);
}

static void on_listen(struct reader *r, const struct request_message *m)
{
	struct half_open_config config = {.secret = m->listen.tunnel_secret};
	bool good = m->fd_count <= SOCKETS_MAX &&
		    request_text_valid(m->listen.host_name, sizeof m->listen.host_name) &&
		    config.secret.len <= sizeof config.secret.bytes;

	r->log->level = m->listen.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
	if (good) {
		(void)str_copy(config.host_name, sizeof config.host_name, m->listen.host_name);
		r->half_open = half_open_new(&config, &random_kernel, r->log);
	}
	wipe(&config, sizeof config);
	r->ike = m->listen.ike.count <= IPSEC_SUITES_MAX
			 ? ike_half_open_new(&m->listen.ike, &random_kernel)
			 : NULL;
	for (size_t i = 0; i < m->fd_count && r->half_open && r->ike && good; i++) {
		struct reader_socket *s = &r->sockets[i];

		s->owner = r;
		s->service = (enum request_service)m->listen.services[i];
		s->handle = (struct loop_fd){.fd = m->fds[i], .ready = on_socket, .ctx = s};
		good = loop_fd_add(r->loop, &s->handle, EPOLLIN) == 0;
	}
	if (!r->half_open || !r->ike || !good)
		give_up(r, "the reader could not be started");
}

static void on_turn_away(struct reader *r, struct request_turn_away *m)
{
	struct half_open_key key = key_of(&m->place);
	struct half_open_result result;

	m->why[sizeof m->why - 1] = '\0';
	if (m->place.listener >= SOCKETS_MAX)
		return;
	half_open_turn_away(r->half_open, &key, m->place.local_tunnel_id, m->why, loop_now(r->loop),
			    &result);
	answer(r, &m->place, result.answer, result.answer_len);
}

static void on_review(struct reader *r, const struct request_datagram *m)
{
	struct post p = {.place = m->place, .len = m->len};

	if (m->place.listener >= SOCKETS_MAX || m->len > sizeof p.octets)
		return;
	memcpy(p.octets, m->octets, m->len);
	take_ike(r, &p, true);
}

static void on_request(struct reader *r, struct request_message *m)
{
	if (m->type == REQUEST_LISTEN) {
		on_listen(r, m);
	} else if (m->type == REQUEST_SHUT) {
		m->shut.why[sizeof m->shut.why - 1] = '\0';
		half_open_shut(r->half_open, m->shut.shut ? m->shut.why : NULL, m->shut.stopping);
		ike_half_open_shut(r->ike, m->shut.shut);
	} else if (m->type == REQUEST_TURN_AWAY) {
		on_turn_away(r, &m->turn_away);
	} else if (m->type == REQUEST_REVIEW) {
		on_review(r, &m->datagram);
	} else { /* a START, which is for sessions */
		give_up(r, "the reader was taken for a session");
	}
}

static void on_channel(void *ctx, uint32_t events)
{
	struct reader *r = ctx;
	struct request_message m;
	int rc = request_receive(&r->channel, &m);

	(void)events;
	if (rc > 0)
		on_request(r, &m);
	else if (rc < 0)
		loop_stop(r->loop); /* the server is gone: nobody waits for anything */
	wipe(&m, sizeof m);
}

int reader_run(int server_fd, struct log *log)
{
	struct reader r = {.loop = loop_new(), .log = log, .code = EXIT_FATAL};

	r.channel = (struct request_channel){.fd = server_fd, .phase = REQUEST_PHASE_SPAWNED};
	r.channel_handle = (struct loop_fd){.fd = server_fd, .ready = on_channel, .ctx = &r};
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		r.sockets[i].handle.fd = -1;
	if (r.loop && loop_fd_add(r.loop, &r.channel_handle, EPOLLIN) == 0 &&
	    request_send(&r.channel, REQUEST_READY, NULL, NULL, 0) == 0) {
		r.code = EXIT_OK;
		if (loop_run(r.loop) < 0)
			r.code = EXIT_FATAL;
	}
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		if (r.sockets[i].handle.fd >= 0)
			close(r.sockets[i].handle.fd);
	half_open_free(r.half_open);
	ike_half_open_free(r.ike);
	if (r.loop)
		loop_free(r.loop);
	return r.code;
}
