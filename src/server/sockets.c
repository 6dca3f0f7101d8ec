/* SPDX-License-Identifier: MIT */
/* The sockets of a call that begins, and ids for them. */
#include "server/sockets.h"

#include "base/address.h"
#include "base/random.h"
#include "privsep/filter.h"
#include "privsep/offload.h"
#include "server/serving.h"

#include <errno.h>
#include <unistd.h>

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
static int open_udp_from(const struct call *c, const struct sockaddr_storage *from)
{
	socklen_t len = address_len(&c->peer), own_len = sizeof(struct sockaddr_storage);
	struct sockaddr_storage own = {0};
	int fd = socket(c->peer.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1, rc;

	if (fd < 0)
		return -errno;
	rc = filter_source(fd, &c->peer, true);
	if (rc == 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0 ||
			bind(fd, (const struct sockaddr *)from, len) < 0 ||
			connect(fd, (const struct sockaddr *)&c->peer, len) < 0 ||
			getsockname(fd, (struct sockaddr *)&own, &own_len) < 0))
		rc = -errno;
	if (rc == 0 && !address_same(&own, &c->own))
		rc = -EADDRNOTAVAIL;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

/* Until it is connected it is one more listener for whom it is bound to.  Where all addresses are
 * listened at, it is bound to all as well, so that the listener goes first (filter_first_of_port);
 * should the kernel answer from another address than was called, to that one. */
int call_socket_open(const struct call *known)
{
	int fd = open_udp_from(known, &known->listener);

	if (fd < 0)
		fd = open_udp_from(known, &known->own);
	if (fd < 0)
		return fd;
	filter_follow_path_mtu(fd, known->peer.ss_family);
	offload_receive(fd);
	filter_widen_buffers(fd);
	return fd;
}

/* Stands where none is connected yet: bound to nothing, it receives nothing. */
static int open_blank(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int open_ipsec(struct call *c)
{
	bool by_nat = c->secured.phase.by_nat;
	int fd = call_socket_open(c), blank = fd < 0 ? fd : open_blank(c->peer.ss_family);

	if (blank < 0) {
		if (fd >= 0)
			close(fd);
		return blank;
	}
	c->wire = by_nat ? fd : blank;
	c->control = by_nat ? blank : fd;
	offload_receive(c->wire);
	return 0;
}

int call_sockets_open(struct call *c)
{
	int rc;

	c->call_id = draw_id(c);
	if (c->secured.use)
		return open_ipsec(c);
	if (c->type == PROTOCOL_L2TP) {
		c->tunnel_id = c->adopted.local_tunnel_id;
		c->wire = call_socket_open(c);
		return c->wire < 0 ? c->wire : 0;
	}
	rc = open_gre(c);
	if (rc == 0) {
		filter_follow_path_mtu(c->wire, c->peer.ss_family);
		filter_widen_buffers(c->wire);
	}
	return rc;
}
