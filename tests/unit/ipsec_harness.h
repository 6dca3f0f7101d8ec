/* SPDX-License-Identifier: MIT */
/* Two IKE engines and the network between them under a virtual clock: for test_ipsec*.c. */
#ifndef VPDIAL_TESTS_IPSEC_HARNESS_H
#define VPDIAL_TESTS_IPSEC_HARNESS_H

#include "base/address.h"
#include "base/clock.h"
#include "crypto/crypto.h"
#include "ipsec/half_open.h"
#include "ipsec/ipsec.h"
#include "wire/isakmp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAYS	 512
#define KEYS_MAX 16
#define DELAY_MS 20

struct datagram {
	uint64_t due_ms; /* 0 = free */
	uint64_t order;
	unsigned to; /* index of the end */
	enum ipsec_port port;
	size_t len;
	uint8_t octets[ISAKMP_MESSAGE_MAX];
};

struct world;

struct end {
	struct world *world;
	unsigned index;
	struct ipsec *s;
	struct ipsec_config config;
	struct ipsec_callbacks callbacks;
	struct esp_keys in[KEYS_MAX]; /* spi 0 = free */
	struct esp_keys out;
	unsigned ups, closes, sends, receives, forgets, said;
	struct reason reason;
	enum reason_weight weight;
	char progress[256];
};

struct world {
	struct end end[2]; /* the caller, the answerer */
	struct datagram way[WAYS];
	uint64_t now, order;
	uint32_t seed;
	unsigned loss, twice, late; /* of a thousand */
	/* Sees each datagram when it is said; false = it is lost. */
	bool (*filter)(struct world *w, struct datagram *d);
	unsigned count; /* of datagrams said, for filters */
	unsigned want;	/* likewise */
	struct datagram kept;
	/* With IN_SERVER the answerer is one in a server: its caller comes to the table first. */
	bool in_server, adopted;
	struct ike_half_open *door;
	struct random_source random;
	struct log log;
};

static inline void world_random(void *ctx, void *buf, size_t len)
{
	uint32_t *state = ctx;
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++) {
		*state = *state * 1664525u + 1013904223u;
		p[i] = (uint8_t)(*state >> 24);
	}
}

static inline unsigned world_draw(struct world *w, unsigned below)
{
	uint32_t v;

	world_random(&w->seed, &v, sizeof v);
	return (v >> 8) % below;
}

static inline void world_put(struct world *w, const struct datagram *d, uint64_t delay)
{
	for (unsigned i = 0; i < WAYS; i++) {
		if (w->way[i].due_ms)
			continue;
		w->way[i] = *d;
		w->way[i].due_ms = w->now + delay;
		w->way[i].order = ++w->order;
		return;
	}
	abort();
}

static inline void end_send(void *ctx, enum ipsec_port port, const uint8_t *octets, size_t len)
{
	struct end *e = ctx;
	struct world *w = e->world;
	static struct datagram d;

	if (!len || len > sizeof d.octets)
		abort();
	d = (struct datagram){.to = !e->index, .port = port, .len = len};
	memcpy(d.octets, octets, len);
	w->count++;
	e->said++;
	if (w->filter && !w->filter(w, &d))
		return;
	if (w->loss && world_draw(w, 1000) < w->loss)
		return;
	world_put(w, &d, DELAY_MS + (w->late && world_draw(w, 1000) < w->late ? 700 : 0));
	if (w->twice && world_draw(w, 1000) < w->twice)
		world_put(w, &d, 3 * DELAY_MS);
}

static inline void end_receive(struct end *e, const struct esp_keys *keys)
{
	for (unsigned i = 0; i < KEYS_MAX; i++) {
		if (e->in[i].spi)
			continue;
		e->in[i] = *keys;
		e->receives++;
		return;
	}
	abort();
}

static inline void end_forget(struct end *e, uint32_t spi)
{
	for (unsigned i = 0; i < KEYS_MAX; i++) {
		if (e->in[i].spi == spi) {
			e->in[i].spi = 0;
			e->forgets++;
			return;
		}
	}
	abort(); /* never told */
}

static inline void end_event(void *ctx, const struct ipsec_event *event)
{
	struct end *e = ctx;

	if (e->closes)
		abort(); /* nothing follows */
	switch (event->kind) {
	case IPSEC_EVENT_IKE_KEY:
		assert_in_range(event->ike_key->len, 16, sizeof event->ike_key->key);
		break;
	case IPSEC_EVENT_PROGRESS:
		snprintf(e->progress, sizeof e->progress, "%s", event->text);
		break;
	case IPSEC_EVENT_RECEIVE:
		end_receive(e, event->keys);
		break;
	case IPSEC_EVENT_SEND:
		e->out = *event->keys;
		e->sends++;
		break;
	case IPSEC_EVENT_UP:
		e->ups++;
		break;
	case IPSEC_EVENT_FORGET:
		end_forget(e, event->spi);
		break;
	case IPSEC_EVENT_CLOSED:
		e->closes++;
		e->reason = *event->reason;
		e->weight = event->weight;
		break;
	}
}

/* Two ends that would agree; what differs is changed in w->end[].config before world_start. */
static inline void world_set(struct world *w, uint32_t seed)
{
	memset(w, 0, sizeof *w);
	w->now = 1000;
	w->seed = seed;
	w->random = (struct random_source){world_random, &w->seed};
	w->log = (struct log){.fd = 2, .level = getenv("IPSEC_LOG") ? LOG_LEVEL_DEBUG : 0};
	for (unsigned i = 0; i < 2; i++) {
		struct end *e = &w->end[i];
		struct ipsec_config *c = &e->config;
		e->world = w;
		e->index = i;
		c->role = i ? ROLE_ANSWERER : ROLE_CALLER;
		address_parse(i ? &c->local : &c->peer, AF_INET, "192.0.2.1");
		address_parse(i ? &c->peer : &c->local, AF_INET, "198.51.100.7");
		address_set_port(i ? &c->local : &c->peer, 500);
		address_set_port(i ? &c->peer : &c->local, 40000);
		strcpy(c->server, i ? "the-client" : "vpn.example.com");
		secret_set(&c->settings.secret, "Lab-Psk1", 8);
		ipsec_suites_named("default", false, &c->settings.ike);
		ipsec_suites_named("default", true, &c->settings.esp);
		c->inner_port = i ? 1701 : 41001;
		c->setup_limit_ms = 40000;
		e->callbacks = (struct ipsec_callbacks){end_send, end_event, e};
	}
}

static inline void world_start(struct world *w)
{
	for (unsigned i = 2; i-- > 0;) {
		struct end *e = &w->end[i];
		e->s = ipsec_new(&e->config, &e->callbacks, &w->random, &w->log);
		if (!e->s)
			abort();
		ipsec_start(e->s, w->now);
	}
	if (!w->in_server)
		return;
	w->door = ike_half_open_new(&w->end[1].config.settings.ike, &w->random);
	if (!w->door)
		abort();
}

static inline void world_free(struct world *w)
{
	for (unsigned i = 0; i < 2; i++)
		ipsec_free(w->end[i].s);
	ike_half_open_free(w->door);
}

static inline struct datagram *world_next(struct world *w)
{
	struct datagram *best = NULL;

	for (unsigned i = 0; i < WAYS; i++) {
		struct datagram *d = &w->way[i];
		if (d->due_ms && (!best || d->due_ms < best->due_ms ||
				  (d->due_ms == best->due_ms && d->order < best->order)))
			best = d;
	}
	return best;
}

/* A datagram of the caller at the table.  True if the engine may have it. */
static inline bool door_passes(struct world *w, const struct datagram *d)
{
	static struct ike_result r;
	bool by_nat = d->port == IPSEC_PORT_NAT;
	uint8_t *copy = calloc(1, 4 + d->len), from[16];

	if (!copy)
		abort();
	address_map(from, &w->end[1].config.peer);
	memcpy(copy + 4, d->octets, d->len);
	ike_half_open_input(w->door, from, 40000, by_nat, by_nat ? copy : copy + 4,
			    d->len + (by_nat ? 4 : 0), w->now, &r);
	free(copy);
	if (r.answer_len > IKE_HALF_OPEN_FACTOR * d->len)
		abort();
	if (r.answer_len)
		end_send(&w->end[1], d->port, r.answer, r.answer_len);
	if (r.verdict != IKE_PROVED)
		return false;
	w->adopted = true;
	ipsec_adopt(w->end[1].s, &r.phase, w->now);
	return true;
}

static inline void world_deliver(struct world *w, struct datagram *d)
{
	struct end *e = &w->end[d->to];
	uint8_t *copy = malloc(d->len); /* so that a sanitizer sees what is read beyond */

	if (!copy)
		abort();
	memcpy(copy, d->octets, d->len);
	d->due_ms = 0;
	if (d->to != 1 || !w->door || w->adopted || door_passes(w, d))
		ipsec_input(e->s, d->port, copy, d->len, w->now);
	free(copy);
}

/* Runs until UNTIL. */
static inline void world_run(struct world *w, uint64_t until)
{
	while (1) {
		struct datagram *d = world_next(w);
		uint64_t a = ipsec_deadline(w->end[0].s), b = ipsec_deadline(w->end[1].s);
		uint64_t next = deadline_min(d ? d->due_ms : DEADLINE_NONE, deadline_min(a, b));
		if (next > until)
			break;
		if (next > w->now)
			w->now = next;
		if (d && d->due_ms <= w->now)
			world_deliver(w, d);
		else
			ipsec_tick(w->end[a <= b ? 0 : 1].s, w->now);
	}
	w->now = until;
}

/* Can FROM's packets be read by the other end? */
static inline bool world_carries(const struct world *w, unsigned from)
{
	const struct esp_keys *out = &w->end[from].out;
	const struct end *to = &w->end[!from];

	for (unsigned i = 0; i < KEYS_MAX; i++)
		if (out->spi && to->in[i].spi == out->spi)
			return memcmp(&to->in[i], out, sizeof *out) == 0;
	return false;
}

static inline bool world_is_up(const struct world *w)
{
	return w->end[0].ups == 1 && w->end[1].ups == 1 && world_carries(w, 0) &&
	       world_carries(w, 1);
}

#endif
