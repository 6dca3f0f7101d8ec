/* SPDX-License-Identifier: MIT */
/* The ISAKMP SAs: found, counted, replaced; and which of Quick Mode goes on. */
#include "ipsec/internal.h"

#define LIFE_MIN_S 10

void phase_clear(struct phase *p)
{
	ike_dh_free(p->dh);
	wipe(p, sizeof *p);
}

/* One to give up for a new one: a peer's that never came further, else nothing. */
static struct phase *spare(struct ipsec *s)
{
	struct phase *oldest = NULL;

	for (unsigned i = 0; i < PHASES; i++) {
		struct phase *p = &s->phases[i];
		if (p->state == PHASE_FREE)
			return p;
		if (p->state != PHASE_UP && p->side == RESPONDER &&
		    (!oldest || p->began_ms < oldest->began_ms))
			oldest = p;
	}
	return oldest;
}

struct phase *phase_new(struct ipsec *s, enum side side)
{
	struct phase *p = spare(s);

	if (!p)
		return NULL;
	phase_clear(p);
	p->side = side;
	p->began_ms = s->now_ms;
	p->rekey_ms = p->end_ms = DEADLINE_NONE;
	p->sent.due_ms = DEADLINE_NONE;
	p->nonce_len[side] = NONCE_LEN;
	random_fill(s->random, p->nonce[side], NONCE_LEN);
	do
		random_fill(s->random, p->cookie[side], ISAKMP_COOKIE);
	while (p->cookie[side][0] == 0);
	return p;
}

struct phase *phase_find(struct ipsec *s, const struct isakmp_header *h)
{
	for (unsigned i = 0; i < PHASES; i++) {
		struct phase *p = &s->phases[i];
		if (p->state == PHASE_FREE ||
		    memcmp(p->cookie[INITIATOR], h->initiator, ISAKMP_COOKIE) != 0)
			continue;
		/* The peer chooses its cookie in message 2; and it repeats message 1 without ours.
		 */
		if (p->state == PHASE_SA_SENT ||
		    memcmp(p->cookie[RESPONDER], h->responder, ISAKMP_COOKIE) == 0)
			return p;
	}
	return NULL;
}

struct phase *phase_current(struct ipsec *s)
{
	struct phase *newest = NULL;

	for (unsigned i = 0; i < PHASES; i++) {
		struct phase *p = &s->phases[i];
		if (p->state == PHASE_UP && !p->old && (!newest || p->up_ms >= newest->up_ms))
			newest = p;
	}
	return newest;
}

struct phase *phase_pending(struct ipsec *s)
{
	for (unsigned i = 0; i < PHASES; i++)
		if (s->phases[i].state >= PHASE_SA_SENT && s->phases[i].state <= PHASE_ID_SENT)
			return &s->phases[i];
	return NULL;
}

/* Those that were there before this one began have been replaced by it.  One that came up meanwhile
 * stays: the peer may hold that one for the newest. */
static void retire_older(struct ipsec *s, const struct phase *than)
{
	for (unsigned i = 0; i < PHASES; i++) {
		struct phase *p = &s->phases[i];
		if (p == than || p->state != PHASE_UP || p->up_ms > than->began_ms || p->old)
			continue;
		p->old = true;
		p->rekey_ms = DEADLINE_NONE;
		p->end_ms = deadline_min(p->end_ms, s->now_ms + OLD_GRACE_MS);
	}
}

void phase_is_up(struct ipsec *s, struct phase *p)
{
	uint32_t own = s->config.settings.ike_lifetime;
	uint64_t life = p->seconds && p->seconds < own ? p->seconds : own;

	if (life < LIFE_MIN_S)
		life = LIFE_MIN_S;
	/* The caller a little earlier, so that both seldom begin at once. */
	uint64_t at = life * (s->config.role == ROLE_CALLER ? 850 : 930);
	p->state = PHASE_UP;
	s->retry_ms = 0; /* the peer lives: what is wanted need not wait any longer */
	p->up_ms = s->now_ms;
	p->rekey_ms = s->now_ms + at + random_u32(s->random) % (uint32_t)(life * 20);
	p->end_ms = s->now_ms + life * 1000;
	wipe(p->shared, sizeof p->shared);
	ike_dh_free(p->dh);
	p->dh = NULL;
	retire_older(s, p);
	s->status.ike = p->suite;
	s->status.nat_us = p->nat_us;
	s->status.nat_peer = p->nat_peer;
}

bool phase_seen(struct phase *p, uint32_t id)
{
	for (unsigned i = 0; i < SEEN; i++)
		if (p->seen[i] == id)
			return true;
	p->seen[p->seen_at++ % SEEN] = id;
	return false;
}

void quick_clear(struct quick *q)
{
	ike_dh_free(q->dh);
	wipe(q, sizeof *q);
	q->sent.due_ms = q->end_ms = DEADLINE_NONE;
}

struct quick *quick_pending(struct ipsec *s)
{
	for (unsigned i = 0; i < QUICKS; i++)
		if (s->quicks[i].state == QUICK_1_SENT)
			return &s->quicks[i];
	return NULL;
}
