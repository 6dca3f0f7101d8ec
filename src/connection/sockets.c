/* SPDX-License-Identifier: MIT */
/* The sockets of one call; the session gets them ready for use. */
#include "connection/sockets.h"
#include "base/address.h"
#include "base/random.h"
#include "privsep/filter.h"
#include "privsep/offload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define PPTP_PORT    1723
#define IKE_PORT     500
#define NAT_PORT     4500 /* IKE and ESP in UDP: RFC 3948 */
#define GRE_PROTOCOL 47

static int bind_as_wanted(const struct dialer *s, int fd)
{
	const struct conf_profile *p = s->profile;
	struct sockaddr_in any = {.sin_family = AF_INET};

	if (p->bind_interface[0] && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, p->bind_interface,
					       (socklen_t)strlen(p->bind_interface)) < 0)
		return -errno;
	if (p->src_address[0]) {
		inet_pton(AF_INET, p->src_address, &any.sin_addr);
		if (bind(fd, (struct sockaddr *)&any, sizeof any) < 0)
			return -errno;
	}
	return 0;
}

/* What carries the tunnel leaves by the link that leads to the server now, and by no other: with
 * that link down it would go into the tunnel itself, round and round. */
static void leave_by_link(const struct dialer *s, int fd, int family)
{
	uint32_t index = htonl(s->server_path.ifindex);

	if (s->server_path.local)
		return;
	if (setsockopt(fd, family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP,
		       family == AF_INET6 ? IPV6_UNICAST_IF : IP_UNICAST_IF, &index,
		       sizeof index) < 0)
		log_debug(s->log, "a socket cannot be held to %s: %s", s->server_path.ifname,
			  strerror(errno));
}

static int refuse(int fd, int error, struct reason *reason, enum exit_status code, const char *what)
{
	reason_set(reason, code, "%s: %s", what, strerror(error));
	if (fd >= 0)
		close(fd);
	return -error;
}

uint16_t sockets_port(const struct conf_profile *profile)
{
	if (profile->port)
		return profile->port;
	return profile->type == PROTOCOL_L2TP ? L2TP_PORT : PPTP_PORT;
}

static int open_tcp(const struct dialer *s, const struct sockaddr_storage *address,
		    struct reason *reason)
{
	struct sockaddr_in to;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, rc;

	memcpy(&to, address, sizeof to);
	to.sin_port = htons(sockets_port(s->profile));
	if (fd < 0)
		return refuse(fd, errno, reason, EXIT_OPEN_FAILED, "no TCP socket");
	rc = bind_as_wanted(s, fd);
	if (rc < 0)
		return refuse(fd, -rc, reason, EXIT_OPEN_FAILED,
			      "src-address or bind-interface cannot be used");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
		return refuse(fd, errno, reason, EXIT_CONNECT_FAILED,
			      "the server cannot be reached from here");
	return fd;
}

static int open_gre(const struct dialer *s, const struct sockaddr_storage *address, int tcp_fd,
		    struct reason *reason)
{
	struct sockaddr_in to, from = {0};
	socklen_t len = sizeof from;
	int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, GRE_PROTOCOL), rc;

	memcpy(&to, address, sizeof to);
	to.sin_port = 0;
	if (fd < 0 && (errno == EPERM || errno == EACCES)) {
		reason_set(
			reason, EXIT_NOT_PERMITTED,
			"PPTP needs a raw socket for GRE and so CAP_NET_RAW: run as root, or once "
			"`setcap cap_net_admin,cap_net_raw+ep` on the vpdial program");
		return -EPERM;
	}
	if (fd < 0)
		return refuse(fd, errno, reason, EXIT_OPEN_FAILED, "no GRE socket");
	leave_by_link(s, fd, AF_INET);
	rc = filter_gre(fd, s->call_id);
	if (rc < 0)
		return refuse(fd, -rc, reason, EXIT_OPEN_FAILED, "no filter on the GRE socket");
	rc = bind_as_wanted(s, fd);
	if (rc < 0)
		return refuse(fd, -rc, reason, EXIT_OPEN_FAILED, "the GRE socket cannot be bound");
	/* GRE must leave from the address that the server knows from the TCP connection. */
	if (getsockname(tcp_fd, (struct sockaddr *)&from, &len) == 0 && from.sin_addr.s_addr) {
		from.sin_port = 0;
		if (!s->profile->src_address[0] && bind(fd, (struct sockaddr *)&from, len) < 0)
			return refuse(fd, errno, reason, EXIT_OPEN_FAILED,
				      "the GRE socket cannot be bound");
	}
	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		return refuse(fd, errno, reason, EXIT_CONNECT_FAILED,
			      "the server cannot be reached from here");
	filter_follow_path_mtu(fd, AF_INET);
	filter_widen_buffers(fd);
	return fd;
}

/* src-address and PORT, 0 = any. */
static int bind_udp(const struct dialer *s, int fd, int family, uint16_t port)
{
	struct sockaddr_storage from = {.ss_family = (sa_family_t)family};

	if (s->profile->src_address[0] && !address_parse(&from, family, s->profile->src_address))
		return -EAFNOSUPPORT;
	address_set_port(&from, port);
	if (s->profile->bind_interface[0] &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, s->profile->bind_interface,
		       (socklen_t)strlen(s->profile->bind_interface)) < 0)
		return -errno;
	return bind(fd, (struct sockaddr *)&from, address_len(&from)) < 0 ? -errno : 0;
}

static int open_udp(struct dialer *s, const struct sockaddr_storage *address, struct reason *reason)
{
	int family = address->ss_family, rc;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refuse(fd, errno, reason, EXIT_OPEN_FAILED, "no UDP socket");
	leave_by_link(s, fd, family);
	rc = filter_source(fd, address, false);
	if (rc < 0)
		return refuse(fd, -rc, reason, EXIT_OPEN_FAILED, "no filter on the UDP socket");
	rc = bind_udp(s, fd, family, s->source_port);
	if (rc == -EADDRINUSE)
		return refuse(fd, -rc, reason, EXIT_OPEN_FAILED,
			      "UDP port 1701 is taken by another program (xl2tpd?); write "
			      "source-port = random");
	if (rc < 0)
		return refuse(fd, -rc, reason, EXIT_OPEN_FAILED,
			      "src-address or bind-interface cannot be used");
	filter_follow_path_mtu(fd, family);
	offload_receive(fd);
	filter_widen_buffers(fd);
	return fd;
}

/* One of the two sockets of IPsec, connected to PORT of the server; both have the same port here,
 * so that a NAT on the way and the server see one client. */
static int open_ipsec_socket(const struct dialer *s, uint16_t port, uint16_t *own_port,
			     struct reason *reason)
{
	struct sockaddr_storage to = s->addresses[s->address_at], own;
	socklen_t len = sizeof own;
	int family = to.ss_family, one = 1, rc;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refuse(fd, errno, reason, EXIT_OPEN_FAILED, "no UDP socket");
	leave_by_link(s, fd, family);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	rc = bind_udp(s, fd, family, *own_port);
	if (rc < 0)
		return refuse(fd, -rc, reason, EXIT_OPEN_FAILED,
			      "src-address or bind-interface cannot be used");
	filter_follow_path_mtu(fd, family);
	filter_widen_buffers(fd);
	address_set_port(&to, port);
	if (connect(fd, (struct sockaddr *)&to, address_len(&to)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&own, &len) < 0)
		return refuse(fd, errno, reason, EXIT_CONNECT_FAILED,
			      "the server cannot be reached from here");
	*own_port = address_port(&own);
	return fd;
}

/* Where a server that is silent is asked whether it speaks IKE; -1 where that cannot be. */
static int open_probe(const struct dialer *s)
{
	uint16_t own_port = 0;
	struct reason reason = {0};
	int fd = open_ipsec_socket(s, IKE_PORT, &own_port, &reason);

	return fd < 0 ? -1 : fd;
}

/* No other socket is opened for such a call: nothing can leave past IPsec. */
static int open_ipsec(struct dialer *s, struct reason *reason)
{
	uint16_t own_port = 0;
	int fd = open_ipsec_socket(s, IKE_PORT, &own_port, reason);

	if (fd < 0)
		return fd;
	s->sockets.control = fd;
	fd = open_ipsec_socket(s, NAT_PORT, &own_port, reason);
	if (fd < 0)
		return fd;
	offload_receive(fd);
	s->sockets.wire = fd;
	return 0;
}

static int open_l2tp(struct dialer *s, struct reason *reason)
{
	struct sockaddr_storage *to = &s->addresses[s->address_at];
	int fd;

	s->tunnel_id = random_u16_nonzero(&random_kernel);
	if (s->profile->ipsec.use == IPSEC_USE_YES)
		return open_ipsec(s, reason);
	address_set_port(to, sockets_port(s->profile));
	fd = open_udp(s, to, reason);
	s->sockets.wire = fd < 0 ? -1 : fd;
	if (fd >= 0 && s->profile->ipsec.use == IPSEC_USE_NO)
		s->sockets.control = open_probe(s);
	return fd < 0 ? fd : 0;
}

int sockets_open(struct dialer *s, struct reason *reason)
{
	const struct sockaddr_storage *to = &s->addresses[s->address_at];
	int fd;

	sockets_close(s);
	if (s->profile->type == PROTOCOL_L2TP) {
		s->call_id = random_u16_nonzero(&random_kernel);
		return open_l2tp(s, reason);
	}
	/* Random, so that several clients behind one NAT rarely meet (users know it as P15). */
	s->call_id = random_u16_nonzero(&random_kernel);
	fd = open_tcp(s, to, reason);
	if (fd < 0)
		return fd;
	s->sockets.control = fd;
	fd = open_gre(s, to, s->sockets.control, reason);
	if (fd < 0)
		return fd;
	s->sockets.wire = fd;
	if (s->profile->fast_gre)
		s->sockets.packet = fast_open(s->fast, fd, &s->server_path, to);
	return 0;
}

void sockets_close(struct dialer *s)
{
	if (s->sockets.control >= 0)
		close(s->sockets.control);
	if (s->sockets.wire >= 0)
		close(s->sockets.wire);
	if (s->sockets.packet >= 0)
		close(s->sockets.packet);
	s->sockets = (struct call_sockets){-1, -1, -1};
}
