/* SPDX-License-Identifier: MIT */
/* `fast-gre`: a packet socket for the session, and the next hop that it sends to. */
#include "connection/fast.h"

#include "base/address.h"
#include "privsep/filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TTL_USUAL 64
/* Anyone on the link can make the next hop's link address change: that must not fill the log. */
#define LINES_MAX 20
#define LINES_MS  60000

int fast_open(struct fast *f, int wire, const struct host_path *way,
	      const struct sockaddr_storage *server)
{
	struct sockaddr_in from = {0};
	socklen_t from_len = sizeof from, ttl_len = sizeof(int);
	int ttl = TTL_USUAL, fd;

	if (way->local) {
		log_info(f->log, "fast-gre: the server is this machine, the raw socket is used");
		return -1;
	}
	if (getsockname(wire, (struct sockaddr *)&from, &from_len) < 0)
		return -1;
	(void)getsockopt(wire, IPPROTO_IP, IP_TTL, &ttl, &ttl_len);
	/* Of protocol 0: nothing is ever received. */
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		log_notice(f->log, "fast-gre: no packet socket (%s), the raw socket is used",
			   strerror(errno));
		return -1;
	}
	filter_widen_buffers(fd);
	f->source = from.sin_addr;
	f->destination = address_ipv4(server);
	f->ifindex = way->ifindex;
	f->ttl = (uint8_t)ttl;
	return fd;
}

static void find(struct fast *f, struct host_hop *hop, const char **why)
{
	int tries = 0;

	/* Once more where it is watched from now on only. */
	do {
		*why = NULL;
		(void)host_hop_find(f->host, f->source, f->destination, f->ifindex, hop, why);
	} while (host_watch_hop(f->watch, hop) && ++tries < 2);
}

static bool may_say(struct fast *f)
{
	uint64_t now = loop_now(f->loop);

	if (now - f->lines_ms >= LINES_MS) {
		f->lines_ms = now;
		f->lines = 0;
	}
	return f->lines++ < LINES_MAX;
}

static void say(struct fast *f, const struct host_hop *hop, const char *why)
{
	char text[INET6_ADDRSTRLEN];

	if (!may_say(f))
		return;
	if (why)
		log_info(f->log, "fast-gre: sending by the raw socket: %s", why);
	else
		log_info(f->log, "fast-gre: sending to %s (%02x:%02x:%02x:%02x:%02x:%02x) on %s",
			 inet_ntop(hop->family, hop->address, text, sizeof text),
			 hop->link_address[0], hop->link_address[1], hop->link_address[2],
			 hop->link_address[3], hop->link_address[4], hop->link_address[5],
			 hop->ifname);
}

static void tell(struct fast *f, const struct host_hop *hop, const char *why)
{
	/* The next change tries again; that a next hop is gone the session finds out by itself. */
	f->state = request_send(f->channel, REQUEST_NEXT_HOP, &f->told, NULL, 0) < 0 ? FAST_OWED
										     : FAST_TOLD;
	if (!why || why != f->why_not)
		say(f, hop, why);
	f->why_not = why;
}

static bool is_same(const struct request_next_hop *a, const struct request_next_hop *b)
{
	return a->known == b->known && a->ifindex == b->ifindex &&
	       memcmp(a->link_address, b->link_address, sizeof a->link_address) == 0;
}

void fast_check(struct fast *f)
{
	struct request_next_hop now = {0};
	struct host_hop hop;
	const char *why;

	if (f->state == FAST_OFF)
		return;
	find(f, &hop, &why);
	if (!why) {
		now.known = true;
		now.ifindex = hop.ifindex;
		memcpy(now.link_address, hop.link_address, sizeof now.link_address);
		now.ttl = f->ttl;
		now.source = f->source;
		now.destination = f->destination;
	}
	if (f->state == FAST_TOLD && is_same(&now, &f->told) && why == f->why_not)
		return;
	f->told = now;
	tell(f, &hop, why);
}

void fast_begin(struct fast *f, struct host *host, struct host_watch *watch)
{
	f->host = host;
	f->watch = watch;
	f->state = FAST_TOLD;
	f->told = (struct request_next_hop){0};
	f->why_not = NULL;
	fast_check(f);
}

void fast_end(struct fast *f)
{
	if (f->state != FAST_OFF)
		(void)host_watch_hop(f->watch, NULL);
	f->state = FAST_OFF;
}
