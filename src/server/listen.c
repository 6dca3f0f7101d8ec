/* SPDX-License-Identifier: MIT */
/* The server's sockets, and those of a call that begins. */
#include "base/address.h"
#include "base/random.h"
#include "privsep/filter.h"
#include "privsep/offload.h"
#include "server/serving.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define PPTP_PORT 1723
#define L2TP_PORT 1701
#define BACKLOG	  64
#define BURST	  16 /* calls taken in one turn: signals and sessions wait too */

static void on_listener(void *ctx, uint32_t events)
{
	struct listener *l = ctx;

	(void)events;
	for (int i = 0; i < BURST; i++) {
		struct call known = {.control = -1, .wire = -1};
		socklen_t len = sizeof known.peer, own_len = sizeof known.own;
		int one = 1;

		known.control = accept4(l->handle.fd, (struct sockaddr *)&known.peer, &len,
					SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (known.control < 0)
			return;
		setsockopt(known.control, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		if (getsockname(known.control, (struct sockaddr *)&known.own, &own_len) < 0) {
			close(known.control);
			continue;
		}
		call_begin(l->owner, PROTOCOL_PPTP, &known);
	}
}

static int prepare(int fd, enum protocol type, int family)
{
	int one = 1, rc = 0;

	if (family == AF_INET6)
		rc = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (type == PROTOCOL_PPTP)
		return rc < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0
			       ? -errno
			       : 0;
	/* Calls get sockets of their own on the same port. */
	if (rc < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0 ||
	    (family == AF_INET6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one)
				: setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one)) < 0)
		return -errno;
	filter_widen_buffers(fd); /* strangers come in bursts */
	rc = filter_first_of_port(fd);
	return rc < 0 ? rc : filter_strangers(fd);
}

static int open_one(struct server *s, enum protocol type, const struct sockaddr_storage *address,
		    struct reason *reason)
{
	const struct conf_listener *conf = &s->conf.listener[type];
	struct listener *l = &s->listeners[s->listener_count];
	struct sockaddr_storage at = *address;
	uint16_t port = conf->port ? conf->port : type == PROTOCOL_L2TP ? L2TP_PORT : PPTP_PORT;
	char text[INET6_ADDRSTRLEN];
	int rc, fd = socket(at.ss_family,
			    (type == PROTOCOL_L2TP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK |
				    SOCK_CLOEXEC,
			    0);

	address_set_port(&at, port);
	rc = fd < 0 ? -errno : prepare(fd, type, at.ss_family);
	if (rc == 0 && (bind(fd, (struct sockaddr *)&at, address_len(&at)) < 0 ||
			(type == PROTOCOL_PPTP && listen(fd, BACKLOG) < 0)))
		rc = -errno;
	if (rc == 0) {
		*l = (struct listener){.owner = s,
				       .type = type,
				       .at = at,
				       .handle = {.fd = fd, .ready = on_listener, .ctx = l}};
		if (type == PROTOCOL_PPTP)
			rc = loop_fd_add(s->loop, &l->handle, EPOLLIN);
	}
	if (rc == 0) {
		s->listener_count++;
		return 0;
	}
	if (fd >= 0)
		close(fd);
	reason_set(reason, EXIT_OPEN_FAILED, "cannot answer at %s port %u: %s",
		   address_text(&at, text, sizeof text), port, strerror(-rc));
	return rc;
}

int listeners_open(struct server *s, struct reason *reason)
{
	int rc = 0;

	for (int type = 0; type < PROTOCOL_COUNT && rc == 0; type++) {
		const struct conf_listener *conf = &s->conf.listener[type];

		for (size_t i = 0; conf->enabled && i < conf->listen.count && rc == 0; i++) {
			rc = open_one(s, (enum protocol)type, &conf->listen.list[i], reason);
			/* ::1 of the default is missing where IPv6 is switched off. */
			if ((rc == -EADDRNOTAVAIL || rc == -EAFNOSUPPORT) && i > 0 &&
			    conf->listen.list[i].ss_family == AF_INET6) {
				log_warn(&s->log, "%s", reason->text);
				*reason = (struct reason){0};
				rc = 0;
			}
		}
	}
	return rc;
}

void listeners_close(struct server *s, enum protocol type)
{
	for (size_t i = 0; i < s->listener_count; i++) {
		struct listener *l = &s->listeners[i];

		if (l->type != type || l->handle.fd < 0)
			continue;
		if (l->handle.added)
			loop_fd_del(s->loop, &l->handle);
		close(l->handle.fd);
		l->handle.fd = -1;
	}
}

/* No other call from the same address may have it: GRE has no ports. */
static bool id_is_free(const struct call *c, uint16_t id)
{
	for (const struct call *o = c->server->calls; o; o = o->next)
		if (o != c && !o->dead && (o->call_id == id || o->tunnel_id == id))
			return false;
	return true;
}

static uint16_t draw_id(const struct call *c)
{
	uint16_t id;

	do
		id = random_u16_nonzero(&random_kernel);
	while (!id_is_free(c, id));
	return id;
}

static int open_gre(struct call *c)
{
	struct sockaddr_storage to = c->peer;
	int rc = 0;

	address_set_port(&to, 0);
	address_set_port(&c->own, 0);
	c->wire = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_GRE);
	if (c->wire < 0)
		return -errno;
	rc = filter_gre(c->wire, c->call_id);
	if (rc == 0 && (bind(c->wire, (struct sockaddr *)&c->own, sizeof(struct sockaddr_in)) < 0 ||
			connect(c->wire, (struct sockaddr *)&to, sizeof(struct sockaddr_in)) < 0))
		rc = -errno;
	return rc;
}

/* A socket of the call's own, connected, so that the kernel sorts the datagrams; bound to FROM. The
 * filter, which is set before, keeps out what others send in between. */
static int open_udp_from(struct call *c, const struct sockaddr_storage *from)
{
	socklen_t len = address_len(&c->peer), own_len = sizeof(struct sockaddr_storage);
	struct sockaddr_storage own = {0};
	int one = 1, rc;

	c->wire = socket(c->peer.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->wire < 0)
		return -errno;
	rc = filter_source(c->wire, &c->peer, true);
	if (rc == 0 && (setsockopt(c->wire, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0 ||
			bind(c->wire, (const struct sockaddr *)from, len) < 0 ||
			connect(c->wire, (struct sockaddr *)&c->peer, len) < 0 ||
			getsockname(c->wire, (struct sockaddr *)&own, &own_len) < 0))
		rc = -errno;
	if (rc == 0 && !address_same(&own, &c->own))
		rc = -EADDRNOTAVAIL;
	if (rc < 0) {
		close(c->wire);
		c->wire = -1;
	}
	return rc;
}

/* Until it is connected it is one more listener for whom it is bound to.  Where all addresses are
 * listened at, it is bound to all as well, so that the listener goes first (filter_first_of_port);
 * should the kernel answer from another address than was called, to that one. */
static int open_udp(struct call *c, const struct sockaddr_storage *listener)
{
	int rc = open_udp_from(c, listener);

	return rc < 0 ? open_udp_from(c, &c->own) : rc;
}

int call_sockets_open(struct call *c)
{
	int rc;

	c->call_id = draw_id(c);
	if (c->type == PROTOCOL_L2TP)
		c->tunnel_id = c->adopted.local_tunnel_id;
	rc = c->type == PROTOCOL_L2TP ? open_udp(c, &c->listener) : open_gre(c);
	if (rc == 0) {
		filter_follow_path_mtu(c->wire, c->peer.ss_family);
		if (c->type == PROTOCOL_L2TP)
			offload_receive(c->wire);
		filter_widen_buffers(c->wire);
	}
	return rc;
}
