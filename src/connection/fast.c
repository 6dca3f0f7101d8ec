/* SPDX-License-Identifier: MIT */
/* `fast-gre`: a packet socket for the session, and the next hop that it sends to. */
#include "base/address.h"
#include "connection/internal.h"
#include "privsep/filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TTL_USUAL 64
/* Anyone on the link can make the next hop's link address change: that must not fill the log. */
#define LINES_MAX 20
#define LINES_MS  60000

void fast_open(struct supervisor *s)
{
	struct sockaddr_in from = {0};
	socklen_t from_len = sizeof from, ttl_len = sizeof(int);
	int ttl = TTL_USUAL, fd;

	if (s->server_path.local) {
		log_info(&s->log, "fast-gre: the server is this machine, the raw socket is used");
		return;
	}
	if (getsockname(s->sockets.wire, (struct sockaddr *)&from, &from_len) < 0)
		return;
	(void)getsockopt(s->sockets.wire, IPPROTO_IP, IP_TTL, &ttl, &ttl_len);
	/* Of protocol 0: nothing is ever received. */
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		log_notice(&s->log, "fast-gre: no packet socket (%s), the raw socket is used",
			   strerror(errno));
		return;
	}
	filter_widen_buffers(fd);
	s->sockets.packet = fd;
	s->fast.source = from.sin_addr;
	s->fast.ttl = (uint8_t)ttl;
}

static void find(struct supervisor *s, struct host_hop *hop, const char **why)
{
	struct in_addr to = address_ipv4(&s->addresses[s->address_at]);
	int tries = 0;

	/* Once more where it is watched from now on only. */
	do {
		*why = NULL;
		(void)host_hop_find(s->host, s->fast.source, to, s->server_path.ifindex, hop, why);
	} while (host_watch_hop(s->watch, hop) && ++tries < 2);
}

static bool may_say(struct supervisor *s)
{
	uint64_t now = loop_now(s->loop);

	if (now - s->fast.lines_ms >= LINES_MS) {
		s->fast.lines_ms = now;
		s->fast.lines = 0;
	}
	return s->fast.lines++ < LINES_MAX;
}

static void say(struct supervisor *s, const struct host_hop *hop, const char *why)
{
	char text[INET6_ADDRSTRLEN];

	if (!may_say(s))
		return;
	if (why)
		log_info(&s->log, "fast-gre: sending by the raw socket: %s", why);
	else
		log_info(&s->log, "fast-gre: sending to %s (%02x:%02x:%02x:%02x:%02x:%02x) on %s",
			 inet_ntop(hop->family, hop->address, text, sizeof text),
			 hop->link_address[0], hop->link_address[1], hop->link_address[2],
			 hop->link_address[3], hop->link_address[4], hop->link_address[5],
			 hop->ifname);
}

static void tell(struct supervisor *s, const struct host_hop *hop, const char *why)
{
	/* The next change tries again; that a next hop is gone the session finds out by itself. */
	s->fast.owed =
		request_send(&s->session.channel, REQUEST_NEXT_HOP, &s->fast.told, NULL, 0) < 0;
	if (!why || why != s->fast.why_not)
		say(s, hop, why);
	s->fast.why_not = why;
}

static bool is_same(const struct request_next_hop *a, const struct request_next_hop *b)
{
	return a->known == b->known && a->ifindex == b->ifindex &&
	       memcmp(a->link_address, b->link_address, sizeof a->link_address) == 0;
}

void fast_check(struct supervisor *s)
{
	struct request_next_hop now = {0};
	struct host_hop hop;
	const char *why;

	if (!s->fast.on)
		return;
	find(s, &hop, &why);
	if (!why) {
		now.known = true;
		now.ifindex = hop.ifindex;
		memcpy(now.link_address, hop.link_address, sizeof now.link_address);
		now.ttl = s->fast.ttl;
		now.source = s->fast.source;
		now.destination = address_ipv4(&s->addresses[s->address_at]);
	}
	if (!s->fast.owed && is_same(&now, &s->fast.told) && why == s->fast.why_not)
		return;
	s->fast.told = now;
	tell(s, &hop, why);
}

void fast_begin(struct supervisor *s)
{
	s->fast.on = s->sockets.packet >= 0;
	s->fast.owed = false;
	s->fast.told = (struct request_next_hop){0};
	s->fast.why_not = NULL;
	fast_check(s);
}

void fast_end(struct supervisor *s)
{
	if (s->fast.on)
		(void)host_watch_hop(s->watch, NULL);
	s->fast.on = false;
}
