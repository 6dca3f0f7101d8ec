/* SPDX-License-Identifier: MIT */
#include "server/knock.h"

#include "base/address.h"
#include "server/place.h"
#include "server/serving.h"

#include <string.h>

/* Where from message 5 came counts before the key is proved, so often; who could name the cookie
 * has heard what we sent to the address that was called from. */
#define WIRES_MAX 8
/* Datagrams from elsewhere that a call's session looks at: so many at once, then one each so many
 * ms. */
#define DATAGRAMS_BURST 16
#define DATAGRAMS_MS	50

static bool has_cookie(const struct call *c, const uint8_t cookie[static ADOPTED_COOKIE])
{
	return !c->dead && c->secured.use &&
	       memcmp(c->secured.phase.cookie[1], cookie, ADOPTED_COOKIE) == 0;
}

static struct call *call_of_cookie(struct server *s, const uint8_t cookie[static ADOPTED_COOKIE])
{
	for (struct call *c = s->calls; c; c = c->next)
		if (has_cookie(c, cookie))
			return c;
	return NULL;
}

static struct call *call_of_number(struct server *s, unsigned number)
{
	for (struct call *c = s->calls; c; c = c->next)
		if (!c->dead && c->secured.use && c->number == number)
			return c;
	return NULL;
}

static void hand_on(struct call *c, const struct listener *l, const struct request_place *place,
		    const uint8_t *octets, uint16_t len)
{
	struct request_datagram m = {.place = *place, .len = len};

	if (!allowance_take(&c->secured.datagrams, DATAGRAMS_BURST, DATAGRAMS_MS,
			    loop_now(c->server->loop)))
		return;
	address_set_port(&m.place.own, address_port(&l->at));
	memcpy(m.octets, octets, len);
	call_early(c, &m);
}

bool knock_on_proved(struct server *s, const struct request_ike_proved *m)
{
	struct call known = {.control = -1, .wire = -1};
	const struct listener *l = place_take(s, &m->place, &known);
	struct call *c = call_of_cookie(s, m->phase.cookie[1]);

	if (!l || l->service == REQUEST_SERVICE_L2TP || m->len > sizeof m->octets ||
	    m->phase.sa_len > sizeof m->phase.sa)
		return false;
	if (!c) {
		known.secured.use = true;
		known.secured.phase = m->phase;
		if (!reader_may_begin(&s->reader, loop_now(s->loop)))
			return true;
		call_begin(s, PROTOCOL_L2TP, &known);
		c = call_of_cookie(s, m->phase.cookie[1]);
	}
	if (c)
		hand_on(c, l, &m->place, m->octets, m->len);
	return true;
}

/* Before the key is proved its cookie is enough: IKE moves to another port with message 5. */
static void follow_unproved(struct call *c, const struct call *known)
{
	if (c->secured.proved ||
	    (memcmp(&c->peer, &known->peer, address_len(&c->peer)) == 0 &&
	     address_port(&c->own) == address_port(&known->own)) ||
	    ++c->secured.wires > WIRES_MAX)
		return;
	secured_change_wire(c, known);
}

bool knock_on_message(struct server *s, const struct request_ike *m)
{
	struct call known = {.control = -1, .wire = -1};
	const struct listener *l = place_take(s, &m->place, &known);
	struct call *c = m->call ? call_of_number(s, m->call) : call_of_cookie(s, m->cookie);

	if (!l || l->service == REQUEST_SERVICE_L2TP || m->len > sizeof m->octets)
		return false;
	if (!c)
		return true;
	if (!m->call && l->service == REQUEST_SERVICE_NAT)
		follow_unproved(c, &known);
	hand_on(c, l, &m->place, m->octets, m->len);
	return true;
}
