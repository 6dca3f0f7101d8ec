/* SPDX-License-Identifier: MIT */
#include "server/secured.h"

#include "base/address.h"
#include "server/place.h"
#include "server/serving.h"
#include "server/sockets.h"

#include <string.h>
#include <unistd.h>

#define L2TP_PORT 1701
/* Moves to another port: so many at once, then one each so many ms. */
#define MOVES_BURST 8
#define MOVES_MS    1000

void secured_change_wire(struct call *c, const struct call *known)
{
	int fd = call_socket_open(known);

	if (fd < 0) {
		log_warn(&c->log, "no socket for the client's new port: %s", strerror(-fd));
		return;
	}
	c->peer = known->peer;
	c->own = known->own;
	if (c->session.started)
		(void)request_send(&c->session.channel, REQUEST_WIRE, NULL, &fd, 1);
	if (c->session.started || c->wire < 0) {
		close(fd);
		return;
	}
	close(c->wire);
	c->wire = fd;
}

struct call *secured_before(const struct call *c)
{
	for (struct call *o = c->server->calls; o; o = o->next)
		if (o != c && !o->dead && o->secured.proved &&
		    memcmp(&o->peer, &c->peer, address_len(&c->peer)) == 0 &&
		    address_same(&o->own, &c->own))
			return o;
	return NULL;
}

bool secured_on_moved(struct call *c, const struct request_place *place)
{
	struct call known = {.control = -1, .wire = -1};
	const struct listener *l = place_take(c->server, place, &known);
	char text[INET6_ADDRSTRLEN];

	if (!l || l->service != REQUEST_SERVICE_NAT || !c->secured.proved)
		return false;
	if (!allowance_take(&c->secured.moves, MOVES_BURST, MOVES_MS, loop_now(c->server->loop)))
		return true;
	log_info(&c->log, "the client speaks from %s port %u now",
		 address_text(&known.peer, text, sizeof text), address_port(&known.peer));
	secured_change_wire(c, &known);
	return true;
}

void secured_on_stray(struct call *c, struct request_datagram *m)
{
	struct reader *r = &c->server->reader;
	int n = place_number(c->server, REQUEST_SERVICE_NAT, &c->own);

	if (n < 0 || m->len > sizeof m->octets || !r->process.started)
		return;
	m->place = (struct request_place){.peer = c->peer, .own = c->own, .listener = (uint32_t)n};
	address_set_port(&m->place.own, 0);
	(void)request_send(&r->process.channel, REQUEST_REVIEW, m, NULL, 0);
}

void secured_fill(const struct call *c, struct request_start *m)
{
	const struct conf_listener *l = &c->server->conf.listener[PROTOCOL_L2TP];

	m->ipsec = (struct ipsec_settings){.use = IPSEC_USE_YES,
					   .secret = l->ipsec_secret,
					   .ike = l->ipsec_ike,
					   .esp = l->ipsec_esp};
	m->inner_port = L2TP_PORT;
	m->own = c->own;
	m->phase = c->secured.phase;
	m->spi_half = (uint16_t)c->number;
}
