/* SPDX-License-Identifier: MIT */
/* The sockets that the server answers at. */
#include "base/address.h"
#include "privsep/filter.h"
#include "server/serving.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define PPTP_PORT 1723
#define L2TP_PORT 1701
#define IKE_PORT  500
#define NAT_PORT  4500
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

static int prepare(int fd, enum protocol type, enum request_service service, int family)
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
	return rc < 0 || service != REQUEST_SERVICE_L2TP ? rc : filter_strangers(fd);
}

static uint16_t port_of(const struct conf_listener *conf, enum protocol type,
			enum request_service service)
{
	if (service != REQUEST_SERVICE_L2TP)
		return service == REQUEST_SERVICE_IKE ? IKE_PORT : NAT_PORT;
	return conf->port ? conf->port : type == PROTOCOL_L2TP ? L2TP_PORT : PPTP_PORT;
}

static int open_one(struct server *s, enum protocol type, enum request_service service,
		    const struct sockaddr_storage *address, struct reason *reason)
{
	struct listener *l = &s->listeners[s->listener_count];
	struct sockaddr_storage at = *address;
	uint16_t port = port_of(&s->conf.listener[type], type, service);
	char text[INET6_ADDRSTRLEN];
	int rc, fd = socket(at.ss_family,
			    (type == PROTOCOL_L2TP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK |
				    SOCK_CLOEXEC,
			    0);

	address_set_port(&at, port);
	rc = fd < 0 ? -errno : prepare(fd, type, service, at.ss_family);
	if (rc == 0 && (bind(fd, (struct sockaddr *)&at, address_len(&at)) < 0 ||
			(type == PROTOCOL_PPTP && listen(fd, BACKLOG) < 0)))
		rc = -errno;
	if (rc == 0) {
		*l = (struct listener){.owner = s,
				       .type = type,
				       .service = service,
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

/* All services at one address. */
static int open_services(struct server *s, enum protocol type,
			 const struct sockaddr_storage *address, struct reason *reason)
{
	uint8_t ipsec = type == PROTOCOL_L2TP ? s->conf.listener[type].use_ipsec : IPSEC_SERVE_NO;
	int rc = 0;

	if (ipsec != IPSEC_SERVE_REQUIRED)
		rc = open_one(s, type, REQUEST_SERVICE_L2TP, address, reason);
	if (ipsec == IPSEC_SERVE_NO)
		return rc;
	for (int i = REQUEST_SERVICE_IKE; i < REQUEST_SERVICES && rc == 0; i++)
		rc = open_one(s, type, (enum request_service)i, address, reason);
	return rc;
}

int listeners_open(struct server *s, struct reason *reason)
{
	int rc = 0;

	for (int type = 0; type < PROTOCOL_COUNT && rc == 0; type++) {
		const struct conf_listener *conf = &s->conf.listener[type];

		for (size_t i = 0; conf->enabled && i < conf->listen.count && rc == 0; i++) {
			rc = open_services(s, (enum protocol)type, &conf->listen.list[i], reason);
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
