/* SPDX-License-Identifier: MIT */
/* The ESP associations, two by two: which receive, which one sends, and until when. */
#include "ipsec/internal.h"

#include <stdio.h>

#define LIFE_MIN_S 10
#define LIFE_MAX_S 2592000

static void clear(struct pair *pair)
{
	wipe(pair, sizeof *pair);
	pair->rekey_ms = pair->end_ms = DEADLINE_NONE;
}

static void keys_of(struct esp_keys *out, const struct phase *p, const struct quick *q,
		    enum side receiver)
{
	*out = (struct esp_keys){.spi = q->spi[receiver], .suite = q->suite};
	ike_keymat(out, &p->keys, (struct crypto_part){q->shared, q->shared_len},
		   (struct crypto_part){q->nonce[INITIATOR], q->nonce_len[INITIATOR]},
		   (struct crypto_part){q->nonce[RESPONDER], q->nonce_len[RESPONDER]});
}

struct pair *pair_sending(struct ipsec *s)
{
	struct pair *pair = &s->pairs[s->sending];

	return pair->used && pair->out ? pair : NULL;
}

/* The one that sent is gone: the newest that is left, if any. */
static void send_by_another(struct ipsec *s)
{
	struct pair *best = NULL;

	if (pair_sending(s))
		return;
	for (unsigned i = 0; i < PAIRS; i++) {
		struct pair *pair = &s->pairs[i];
		if (pair->used && pair->out && (!best || pair->up_ms > best->up_ms))
			best = pair;
	}
	if (!best)
		return;
	s->sending = (uint8_t)(best - s->pairs);
	if (best->rekey_ms == DEADLINE_NONE)
		best->rekey_ms = s->now_ms + RETRY_MS;
	emit_keys(s, IPSEC_EVENT_SEND, &best->out_keys);
}

void pair_end(struct ipsec *s, struct pair *pair)
{
	uint32_t spi = pair->spi_in;

	/* Also of one whose last message never came: the peer may already send by it. */
	if (pair->out || !pair->up_ms)
		inform_delete_pair(s, pair);
	clear(pair);
	emit_forget(s, spi);
	send_by_another(s);
}

/* A free one.  If there is none, one that the peer deleted or else the oldest that was replaced
 * ends before its grace does. */
static struct pair *free_pair(struct ipsec *s)
{
	struct pair *best = NULL;

	for (unsigned i = 0; i < PAIRS; i++) {
		struct pair *pair = &s->pairs[i];
		bool deleted = pair->up_ms && !pair->out;
		if (!pair->used)
			return pair;
		if (pair == pair_sending(s) || (!deleted && !pair->old))
			continue;
		if (deleted || !best || (best->out && pair->up_ms < best->up_ms))
			best = pair;
	}
	if (best)
		pair_end(s, best);
	return best;
}

struct pair *pair_receive(struct ipsec *s, const struct phase *p, const struct quick *q)
{
	struct pair *pair = free_pair(s);
	struct esp_keys keys;

	if (!pair)
		return NULL;
	clear(pair);
	pair->used = true;
	pair->spi_in = q->spi[q->side];
	pair->spi_out = q->spi[other(q->side)];
	pair->suite = q->suite;
	keys_of(&keys, p, q, q->side);
	emit_keys(s, IPSEC_EVENT_RECEIVE, &keys);
	wipe(&keys, sizeof keys);
	return pair;
}

/* As in retire_older of phase.c: what came up while this exchange went on stays. */
static void retire_older(struct ipsec *s, const struct pair *than)
{
	for (unsigned i = 0; i < PAIRS; i++) {
		struct pair *pair = &s->pairs[i];
		if (!pair->used || pair == than || !pair->out)
			continue;
		pair->rekey_ms = DEADLINE_NONE;
		if (pair->up_ms > than->began_ms)
			continue;
		pair->old = true;
		pair->end_ms = deadline_min(pair->end_ms, s->now_ms + OLD_GRACE_MS);
	}
}

static void set_times(struct ipsec *s, struct pair *pair, uint32_t told)
{
	uint32_t own = s->config.settings.lifetime;
	uint64_t life = told && told < own ? told : own;

	life = life < LIFE_MIN_S ? LIFE_MIN_S : life > LIFE_MAX_S ? LIFE_MAX_S : life;
	bool caller = s->config.role == ROLE_CALLER;
	pair->up_ms = s->now_ms;
	/* The caller a little earlier, so that both seldom begin at once. */
	pair->rekey_ms = s->now_ms + life * (caller ? 850 : 930) +
			 random_u32(s->random) % (uint32_t)(life * (caller ? 70 : 20));
	pair->end_ms = s->now_ms + life * 1000 + LATE_GRACE_MS;
}

static void say_up(struct ipsec *s, const struct pair *pair)
{
	char suite[IPSEC_SUITE_TEXT], text[80];

	s->status.esp = pair->suite;
	snprintf(text, sizeof text, "ESP: %s", ipsec_suite_text(&pair->suite, suite, sizeof suite));
	if (s->up) {
		s->status.rekeys++;
		log_info(s->log, "IPsec: new keys, %s", text);
		return;
	}
	emit_progress(s, text);
	s->up = true;
	s->heard_ms = s->now_ms;
	s->dpd_ms = s->now_ms + DPD_IDLE_MS;
	emit_up(s);
}

static struct pair *find_inbound(struct ipsec *s, uint32_t spi)
{
	for (unsigned i = 0; i < PAIRS; i++)
		if (s->pairs[i].used && s->pairs[i].spi_in == spi)
			return &s->pairs[i];
	return NULL;
}

void pair_send(struct ipsec *s, const struct phase *p, const struct quick *q)
{
	struct pair *pair = find_inbound(s, q->spi[q->side]);

	if (!pair)
		return;
	keys_of(&pair->out_keys, p, q, other(q->side));
	pair->out = true;
	pair->began_ms = q->began_ms;
	set_times(s, pair, q->seconds);
	/* Also if it was long on its way: that both have this one is known, of others it may not
	 * be. */
	s->sending = (uint8_t)(pair - s->pairs);
	s->want_quick = false;
	retire_older(s, pair);
	emit_keys(s, IPSEC_EVENT_SEND, &pair->out_keys);
	say_up(s, pair);
}

void pair_deleted(struct ipsec *s, uint32_t spi)
{
	for (unsigned i = 0; i < PAIRS; i++) {
		struct pair *pair = &s->pairs[i];
		if (!pair->used || !pair->out || pair->spi_out != spi)
			continue;
		pair->out = false;
		wipe(&pair->out_keys, sizeof pair->out_keys);
		pair->rekey_ms = DEADLINE_NONE;
		pair->end_ms = deadline_min(pair->end_ms, s->now_ms + DELETED_GRACE_MS);
	}
	send_by_another(s);
}
