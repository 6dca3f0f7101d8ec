/* SPDX-License-Identifier: MIT */
/* Reliable delivery of L2TP control messages. */
#include "tunnel/l2tp/reliable.h"

#include "base/clock.h"

#include <string.h>

#define INTERVAL_MS	1000
#define INTERVAL_MAX_MS 8000
#define ACK_DELAY_MS	50 /* so that an answer can carry the acknowledgment */

/* Offsets of Ns and Nr in a control header. */
#define OFFSET_NS 8
#define OFFSET_NR 10

/* a - b on the circle of sequence numbers: negative if a is behind. */
static int distance(uint16_t a, uint16_t b)
{
	return (int16_t)(uint16_t)(a - b);
}

static uint16_t count(uint16_t from, uint16_t to)
{
	return (uint16_t)(to - from);
}

static void put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void reliable_init(struct reliable *r, void (*send)(void *ctx, const uint8_t *octets, size_t len),
		   void *ctx)
{
	memset(r, 0, sizeof *r);
	r->send = send;
	r->ctx = ctx;
	r->first_ms = r->rto_ms = INTERVAL_MS;
	r->cwnd = 1;
	reliable_set_window(r, RELIABLE_WINDOW);
	r->retransmit_at = r->ack_at = DEADLINE_NONE;
}

void reliable_resume(struct reliable *r, uint16_t ns, uint16_t nr, uint64_t now_ms)
{
	r->una = r->ns_sent = r->ns_top = r->ns_next = ns;
	r->nr = nr;
	r->ack_at = now_ms + ACK_DELAY_MS;
	r->cwnd = r->window < 2 ? r->window : 2; /* one of ours has been acknowledged */
}

void reliable_set_window(struct reliable *r, uint16_t window)
{
	/* More could never be in flight. */
	r->window = window == 0 ? 1 : window > RELIABLE_QUEUE ? RELIABLE_QUEUE : window;
	r->ssthresh = r->window;
	if (r->cwnd > r->window)
		r->cwnd = r->window;
}

void reliable_set_interval(struct reliable *r, uint32_t first_ms)
{
	r->first_ms = r->rto_ms = first_ms;
}

size_t reliable_room(const struct reliable *r)
{
	return RELIABLE_QUEUE - count(r->una, r->ns_next);
}

/* --- sending --- */

static void transmit(struct reliable *r, uint16_t ns)
{
	struct reliable_sent *m = &r->queue[ns % RELIABLE_QUEUE];

	put_u16(m->octets + OFFSET_NR, r->nr);
	r->ack_at = DEADLINE_NONE;
	if (distance(ns, r->ns_top) < 0)
		r->retransmitted++;
	else
		r->ns_top = (uint16_t)(ns + 1);
	r->send(r->ctx, m->octets, m->len);
}

/* Sends what both windows allow. */
static void flush(struct reliable *r, uint64_t now_ms)
{
	uint16_t limit = r->cwnd < r->window ? r->cwnd : r->window;

	while (r->ns_sent != r->ns_next && count(r->una, r->ns_sent) < limit) {
		uint16_t ns = r->ns_sent++;
		transmit(r, ns);
		if (r->retransmit_at == DEADLINE_NONE)
			r->retransmit_at = now_ms + r->rto_ms;
	}
}

bool reliable_queue(struct reliable *r, const uint8_t *octets, size_t len, uint64_t now_ms)
{
	struct reliable_sent *m = &r->queue[r->ns_next % RELIABLE_QUEUE];

	if (len < L2TP_CONTROL_HEADER_LEN || len > sizeof m->octets || reliable_room(r) == 0)
		return false;
	memcpy(m->octets, octets, len);
	m->len = (uint16_t)len;
	put_u16(m->octets + OFFSET_NS, r->ns_next);
	r->ns_next++;
	flush(r, now_ms);
	return true;
}

void reliable_ack_now(struct reliable *r)
{
	/* A ZLB carries the next number without using it up. */
	const struct l2tp_header zlb = {
		.tunnel_id = r->peer_tunnel_id, .ns = r->ns_top, .nr = r->nr};
	uint8_t octets[L2TP_CONTROL_HEADER_LEN];

	if (r->ack_at == DEADLINE_NONE)
		return;
	r->ack_at = DEADLINE_NONE;
	l2tp_control_header_write(octets, &zlb, sizeof octets);
	r->send(r->ctx, octets, sizeof octets);
}

/* --- receiving --- */

/* Appendix A: slow start up to the threshold, then one more for each full window. */
static void window_grow(struct reliable *r)
{
	if (r->cwnd >= r->window)
		return;
	if (r->cwnd < r->ssthresh) {
		r->cwnd++;
	} else if (++r->cwnd_part >= r->cwnd) {
		r->cwnd++;
		r->cwnd_part = 0;
	}
}

static void acknowledged(struct reliable *r, uint16_t nr, uint64_t now_ms)
{
	/* Only what was sent can be acknowledged; older numbers tell nothing new. */
	if (count(r->una, nr) == 0 || count(r->una, nr) > count(r->una, r->ns_top))
		return;
	while (r->una != nr) {
		r->una++;
		window_grow(r);
	}
	if (distance(r->ns_sent, r->una) < 0)
		r->ns_sent = r->una;
	r->retries = 0;
	r->rto_ms = r->first_ms;
	r->retransmit_at = r->una == r->ns_sent ? DEADLINE_NONE : now_ms + r->rto_ms;
	flush(r, now_ms);
}

enum reliable_verdict reliable_receive(struct reliable *r, const struct l2tp_header *header,
				       uint64_t now_ms)
{
	int ahead = distance(header->ns, r->nr);

	acknowledged(r, header->nr, now_ms);
	if (header->payload_len == 0)
		return RELIABLE_EMPTY;
	if (ahead < 0) {
		/* Our acknowledgment was lost, or it crossed this retransmission. */
		r->ack_at = now_ms;
		reliable_ack_now(r);
		return RELIABLE_DUPLICATE;
	}
	if (ahead == 0)
		return RELIABLE_NEXT;
	return ahead <= RELIABLE_HOLD ? RELIABLE_AHEAD : RELIABLE_FAR;
}

void reliable_accept(struct reliable *r, uint64_t now_ms)
{
	r->nr++;
	if (r->ack_at == DEADLINE_NONE)
		r->ack_at = now_ms + ACK_DELAY_MS;
}

void reliable_hold(struct reliable *r, uint16_t ns, const uint8_t *octets, size_t len)
{
	struct reliable_held *slot = &r->held[ns % RELIABLE_HOLD];

	if (len > sizeof slot->octets || (slot->used && slot->ns == ns))
		return;
	slot->used = true;
	slot->ns = ns;
	slot->len = (uint16_t)len;
	memcpy(slot->octets, octets, len);
}

struct reliable_held *reliable_unhold(struct reliable *r)
{
	struct reliable_held *slot = &r->held[r->nr % RELIABLE_HOLD];
	return slot->used && slot->ns == r->nr ? slot : NULL;
}

/* --- time --- */

uint64_t reliable_deadline(const struct reliable *r)
{
	return deadline_min(r->retransmit_at, r->ack_at);
}

bool reliable_tick(struct reliable *r, uint64_t now_ms)
{
	if (now_ms >= r->retransmit_at) {
		if (r->retries >= RELIABLE_RETRIES)
			return false;
		r->retries++;
		r->rto_ms = r->rto_ms * 2 < INTERVAL_MAX_MS ? r->rto_ms * 2 : INTERVAL_MAX_MS;
		/* Appendix A: after a loss begin with one message again. */
		r->ssthresh = r->cwnd > 2 ? r->cwnd / 2 : 1;
		r->cwnd = 1;
		r->cwnd_part = 0;
		r->ns_sent = r->una;
		r->retransmit_at = DEADLINE_NONE;
		flush(r, now_ms);
	}
	if (now_ms >= r->ack_at)
		reliable_ack_now(r);
	return true;
}
