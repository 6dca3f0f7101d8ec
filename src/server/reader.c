/* SPDX-License-Identifier: MIT */
/* The server's reader: its start and its end, and what it asks for, judged.
 *
 * It reads the L2TP sockets, which this process makes, keeps and never reads.  That a tunnel is
 * there is the reader's word; whether a call comes of it is decided here and by the policy. */
#include "base/address.h"
#include "base/str.h"
#include "privsep/filter.h"
#include "server/knock.h"
#include "server/place.h"
#include "server/serving.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Early datagrams that are taken: so many at once, then one each so many ms.  What is beyond that
 * the peers send again. */
#define DATAGRAMS_BURST (EARLY_MAX * READER_BEGIN_BURST)
#define DATAGRAMS_MS	2
/* A reader that breaks is started again, later each time unless it lived so long. */
#define RESTART_MS	 1000
#define RESTART_MAX_MS	 30000
#define RESTART_LIVED_MS 60000

void reader_tell(struct server *s)
{
	struct reader *r = &s->reader;
	struct request_shut now = {.stopping = s->stopping};
	const char *why = s->stopping ? "the server is stopping"
			  : !s->rules->has_room(s->policy, PROTOCOL_L2TP)
				  ? "max-sessions is reached"
				  : "";

	now.shut = why[0];
	(void)str_copy(now.why, sizeof now.why, why);
	if (!r->process.started || memcmp(&now, &r->told, sizeof now) == 0)
		return;
	if (request_send(&r->process.channel, REQUEST_SHUT, &now, NULL, 0) == 0)
		r->told = now;
}

void reader_turn_away(struct server *s, const struct call *known, const char *why)
{
	struct request_turn_away m = {.place = known->place};

	(void)str_copy(m.why, sizeof m.why, why);
	(void)request_send(&s->reader.process.channel, REQUEST_TURN_AWAY, &m, NULL, 0);
}

static void listen_to(struct server *s)
{
	const struct conf_listener *conf = &s->conf.listener[PROTOCOL_L2TP];
	struct request_listen m = {.debug = s->options->debug,
				   .ike = conf->ipsec_ike,
				   .tunnel_secret = conf->tunnel_secret};
	struct listener *l;
	int fds[REQUEST_FDS_MAX];
	size_t n = 0;

	serve_host_name(m.host_name, sizeof m.host_name);
	while (n < REQUEST_FDS_MAX && (l = place_listener(s, (uint32_t)n))) {
		m.services[n] = (uint8_t)l->service;
		fds[n++] = l->handle.fd;
	}
	if (request_send(&s->reader.process.channel, REQUEST_LISTEN, &m, fds, n) == 0)
		s->reader.process.started = true;
	wipe(&m, sizeof m);
	reader_tell(s);
}

/* --- what it asks for --- */

static bool take_tunnel(struct server *s, const struct request_place *place, struct call *known)
{
	const struct listener *l = place_take(s, place, known);

	return l && l->service == REQUEST_SERVICE_L2TP && place->local_tunnel_id;
}

/* The call between the same two addresses and ports, which the kernel tells apart by them alone. */
static struct call *call_at(struct server *s, const struct call *known)
{
	for (struct call *c = s->calls; c; c = c->next)
		if (!c->dead && c->type == PROTOCOL_L2TP &&
		    memcmp(&c->peer, &known->peer, address_len(&c->peer)) == 0 &&
		    memcmp(&c->own, &known->own, address_len(&c->own)) == 0)
			return c;
	return NULL;
}

static bool on_proved(struct server *s, const struct request_proved *m)
{
	struct call known = {.control = -1, .wire = -1, .adopted = m->adopted};

	if (!take_tunnel(s, &m->place, &known) ||
	    m->adopted.local_tunnel_id != m->place.local_tunnel_id || !m->adopted.peer_tunnel_id ||
	    m->adopted.host_len > sizeof m->adopted.host ||
	    m->adopted.vendor_len > sizeof m->adopted.vendor)
		return false;
	if (!call_at(s, &known) && reader_may_begin(&s->reader, loop_now(s->loop)))
		call_begin(s, PROTOCOL_L2TP, &known);
	return true;
}

static bool on_datagram(struct server *s, const struct request_datagram *m)
{
	struct call known;
	struct call *c;

	if (m->len > sizeof m->octets || !take_tunnel(s, &m->place, &known))
		return false;
	c = call_at(s, &known);
	if (c && c->tunnel_id == m->place.local_tunnel_id &&
	    allowance_take(&s->reader.datagrams, DATAGRAMS_BURST, DATAGRAMS_MS, loop_now(s->loop)))
		call_early(c, m);
	return true;
}

/* --- its life --- */

static void broke(struct server *s, const char *why)
{
	struct reader *r = &s->reader;
	uint64_t now = loop_now(s->loop);
	uint32_t wait = RESTART_MS;

	process_stop(&r->process, true);
	if (now - r->since_ms >= RESTART_LIVED_MS)
		r->failures = 0;
	for (unsigned i = 0; i < r->failures && wait < RESTART_MAX_MS; i++)
		wait *= 2;
	r->failures++;
	log_error(&s->log,
		  "%s: no L2TP call can begin until it is started again in %u s; calls that are up "
		  "go on",
		  why, wait / 1000);
	loop_timer_set(s->loop, &r->timer, now + wait);
}

static void on_request(void *ctx, struct request_message *m)
{
	struct server *s = ctx;
	bool good = true;

	if (m->type == REQUEST_READY)
		listen_to(s);
	else if (m->type == REQUEST_PROVED)
		good = on_proved(s, &m->proved);
	else if (m->type == REQUEST_DATAGRAM)
		good = on_datagram(s, &m->datagram);
	else if (m->type == REQUEST_IKE_PROVED)
		good = knock_on_proved(s, &m->ike_proved);
	else if (m->type == REQUEST_IKE)
		good = knock_on_message(s, &m->ike);
	else if (m->type == REQUEST_ENDED)
		broke(s, m->ended.reason.text);
	if (!good)
		broke(s, "the reader asked for what cannot be");
}

static void on_died(void *ctx, const struct reason *reason)
{
	broke(ctx, reason->text);
}

static void on_restart(void *ctx)
{
	struct server *s = ctx;
	struct reason reason = {0};

	if (!s->stopping && reader_start(s, &reason) < 0)
		broke(s, reason.text);
}

int reader_start(struct server *s, struct reason *reason)
{
	static const struct process_events events = {on_request, on_died};
	struct reader *r = &s->reader;
	const struct process_config config = {.run_dir = s->run_dir,
					      .loop = s->loop,
					      .log = &r->log,
					      .events = &events,
					      .ctx = s,
					      .role = "reader"};

	if (!place_listener(s, 0))
		return 0;
	r->log = s->log;
	(void)str_copy(r->log.name, sizeof r->log.name, "reader");
	r->timer.expired = on_restart;
	r->timer.ctx = s;
	r->told = (struct request_shut){0};
	r->since_ms = loop_now(s->loop);
	return process_spawn(&r->process, &config, reason);
}

void reader_stop(struct server *s)
{
	loop_timer_del(s->loop, &s->reader.timer);
	process_stop(&s->reader.process, true);
}
