/* SPDX-License-Identifier: MIT */
/* Quick Mode (RFC 2409 section 5.5), both roles: keys for one pair of ESP associations. */
#include "ipsec/internal.h"

#include <stdio.h>

#define L2TP_PORT      1701
#define SPI_MIN	       256
#define ANSWER_WAIT_MS 30000

static bool has_spi(const struct ipsec *s, uint32_t spi)
{
	for (unsigned i = 0; i < PAIRS; i++)
		if (s->pairs[i].used && s->pairs[i].spi_in == spi)
			return true;
	return false;
}

/* Of an association that we receive by. */
static uint32_t new_spi(const struct ipsec *s)
{
	uint32_t spi, half = (uint32_t)s->config.spi_half << 16;

	do
		spi = half ? half | (random_u32(s->random) & 0xffff) : random_u32(s->random);
	while (spi < SPI_MIN || has_spi(s, spi));
	return spi;
}

/* A free one, or one that is done and only kept for repetitions. */
static struct quick *quick_new(struct ipsec *s, const struct phase *p, enum side side, uint32_t id)
{
	struct quick *q = NULL;

	for (unsigned i = 0; i < QUICKS; i++) {
		struct quick *it = &s->quicks[i];
		if (it->state == QUICK_FREE ||
		    (it->state == QUICK_DONE && (!q || (q->state && it->end_ms < q->end_ms))))
			q = it;
		if (it->state == QUICK_FREE)
			break;
	}
	if (!q)
		return NULL;
	quick_clear(q);
	q->side = side;
	q->phase = (uint8_t)(p - s->phases);
	q->id = id;
	q->began_ms = s->now_ms;
	q->nonce_len[side] = NONCE_LEN;
	random_fill(s->random, q->nonce[side], NONCE_LEN);
	q->spi[side] = new_spi(s);
	message_iv(p, id, q->iv);
	return q;
}

static uint16_t encapsulation(const struct phase *p)
{
	return p->dialect == NATT_RFC ? ISAKMP_UDP_TRANSPORT : ISAKMP_UDP_TRANSPORT_DRAFT;
}

/* The groups of the list, one after the other: one exchange can offer one of them only. */
static bool pfs_group(const struct ipsec_suites *list, unsigned nth, uint8_t *group)
{
	uint32_t seen = 0;

	for (unsigned i = 0; i < list->count; i++) {
		*group = list->at[i].group;
		if (seen & 1u << *group)
			continue;
		seen |= 1u << *group;
		if (nth-- == 0)
			return true;
	}
	return false;
}

static bool make_dh(struct quick *q, uint8_t group)
{
	if (!group)
		return true;
	q->dh = ike_dh_new(group);
	return q->dh != NULL;
}

static void add_ke(const struct quick *q, uint8_t group, struct isakmp_writer *m)
{
	uint8_t value[IKE_DH_MAX];

	if (!q->dh)
		return;
	ike_dh_public(q->dh, value);
	isakmp_add(m, ISAKMP_KE, value, ike_dh_public_len(group));
}

/* The initiator's address, then the responder's (RFC 3947 section 5.2); the drafts: our own. */
static void add_originals(const struct ipsec *s, const struct phase *p, bool initiator,
			  struct isakmp_writer *m)
{
	uint8_t body[ID_BODY_MAX];

	if (p->dialect != NATT_RFC) {
		isakmp_add(m, ISAKMP_NAT_OA_DRAFT, body, identity_original(s, true, body));
		return;
	}
	isakmp_add(m, ISAKMP_NAT_OA, body, identity_original(s, initiator, body));
	isakmp_add(m, ISAKMP_NAT_OA, body, identity_original(s, !initiator, body));
}

/* Message 1 */

static bool send_offer(struct ipsec *s, struct phase *p, struct quick *q)
{
	struct isakmp_transform like = {.protocol = ISAKMP_PROTOCOL_ESP,
					.spi = q->spi[INITIATOR],
					.encapsulation = encapsulation(p),
					.seconds = s->config.settings.lifetime,
					.suite = q->suite};
	uint16_t peer_port = L2TP_PORT, own_port = s->inner_port;
	uint8_t id[ID_BODY_MAX];
	struct isakmp_writer m;

	message_begin(p, &m, &q->sent, ISAKMP_QUICK, q->id);
	uint8_t *hash = isakmp_reserve(&m, ISAKMP_HASH, p->keys.len);
	isakmp_open(&m, ISAKMP_SA);
	isakmp_sa_offer(&m.w, &like, &s->config.settings.esp);
	isakmp_close(&m);
	isakmp_add(&m, ISAKMP_NONCE, q->nonce[INITIATOR], q->nonce_len[INITIATOR]);
	add_ke(q, q->suite.group, &m);
	if (s->config.role == ROLE_ANSWERER && s->peer_inner_port)
		peer_port = s->peer_inner_port;
	isakmp_add(&m, ISAKMP_ID, id, identity_selector(s, true, own_port, id));
	isakmp_add(&m, ISAKMP_ID, id, identity_selector(s, false, peer_port, id));
	add_originals(s, p, true, &m);
	message_hash_fill(p, &m, hash, q->id, (struct crypto_part){NULL, 0});
	return message_send(s, p, &m, &q->sent, q->iv, true);
}

void quick_start(struct ipsec *s, struct phase *p)
{
	uint8_t group = IPSEC_GROUP_NONE;
	uint32_t id;

	while (!(id = random_u32(s->random)))
		;
	struct quick *q = quick_new(s, p, INITIATOR, id);
	s->want_quick = false;
	if (!q) {
		s->retry_ms = s->now_ms + RETRY_MS;
		return;
	}
	(void)pfs_group(&s->config.settings.esp, s->pfs_try, &group);
	q->suite.group = group;
	q->state = QUICK_1_SENT;
	if (make_dh(q, group) && send_offer(s, p, q))
		return;
	quick_clear(q);
	end_with(s, EXIT_FATAL, REASON_LOCAL, "no memory for the keys of ESP");
}

/* What both roles read */

/* The peer's nonce, and its public value where there is PFS. */
static bool keep_values(struct quick *q, const struct isakmp_chain *chain)
{
	const struct isakmp_payload *nonce = isakmp_find(chain, ISAKMP_NONCE, 0);
	const struct isakmp_payload *ke = isakmp_find(chain, ISAKMP_KE, 0);
	enum side peer = other(q->side);

	if (!nonce || nonce->len < NONCE_MIN || nonce->len > NONCE_MAX || !ke != !q->dh)
		return false;
	memcpy(q->nonce[peer], nonce->body, nonce->len);
	q->nonce_len[peer] = nonce->len;
	if (q->dh)
		q->shared_len = ike_dh_shared(q->dh, ke->body, ke->len, q->shared);
	return !q->dh || q->shared_len;
}

/* May T be used under NAT-T with this phase 1's dialect? */
static bool fits(const struct phase *p, const struct isakmp_transform *t,
		 const struct ipsec_suites *list)
{
	if (!t->usable || t->protocol != ISAKMP_PROTOCOL_ESP || t->spi_len != 4 ||
	    t->spi < SPI_MIN || t->encapsulation != encapsulation(p))
		return false;
	for (unsigned i = 0; i < list->count; i++)
		if (ipsec_suite_equal(&list->at[i], &t->suite))
			return true;
	return false;
}

static bool decode_sa(const struct isakmp_chain *chain, struct isakmp_sa *sa)
{
	const struct isakmp_payload *body = isakmp_find(chain, ISAKMP_SA, 0);

	return isakmp_count(chain, ISAKMP_SA) == 1 && isakmp_sa_decode(body->body, body->len, sa);
}

/* Message 2 */

static bool take_answer(struct ipsec *s, const struct phase *p, struct quick *q,
			const struct isakmp_chain *chain)
{
	const struct isakmp_payload *ours = isakmp_find(chain, ISAKMP_ID, 0);
	struct isakmp_sa sa;

	if (!decode_sa(chain, &sa) || sa.count != 1 ||
	    !fits(p, &sa.at[0], &s->config.settings.esp) ||
	    sa.at[0].suite.group != q->suite.group || !keep_values(q, chain))
		return false;
	if (ours && !identity_selects(ours, s->inner_port))
		return false;
	q->suite = sa.at[0].suite;
	q->seconds = sa.at[0].seconds;
	q->spi[RESPONDER] = sa.at[0].spi;
	return true;
}

/* HASH(3), which says that the initiator lives. */
static void last_hash(const struct phase *p, const struct quick *q,
		      uint8_t out[static IKE_HASH_MAX])
{
	const struct crypto_part nonces[] = {{q->nonce[INITIATOR], q->nonce_len[INITIATOR]},
					     {q->nonce[RESPONDER], q->nonce_len[RESPONDER]}};

	message_hash(p, out, true, q->id, nonces, 2);
}

static void finish(struct ipsec *s, const struct phase *p, struct quick *q)
{
	pair_send(s, p, q);
	ike_dh_free(q->dh);
	q->dh = NULL;
	wipe(q->shared, sizeof q->shared);
	q->state = QUICK_DONE;
	q->sent.due_ms = DEADLINE_NONE;
	if (q->side == RESPONDER) /* message 3 may come again, and wants no answer */
		message_forget(&q->sent);
	q->end_ms = s->now_ms + DONE_GRACE_MS;
}

static void input_answer(struct ipsec *s, struct phase *p, struct quick *q,
			 const struct isakmp_chain *chain)
{
	uint8_t hash[IKE_HASH_MAX];
	struct isakmp_writer m;

	if (!take_answer(s, p, q, chain)) {
		quick_refused(s, q, ISAKMP_BAD_PROPOSAL);
		return;
	}
	if (!pair_receive(s, p, q)) { /* too many at once: when there is room again */
		quick_clear(q);
		s->retry_ms = s->now_ms + RETRY_MS;
		return;
	}
	last_hash(p, q, hash);
	message_begin(p, &m, &q->sent, ISAKMP_QUICK, q->id);
	isakmp_add(&m, ISAKMP_HASH, hash, p->keys.len);
	(void)message_send(s, p, &m, &q->sent, q->iv, false);
	finish(s, p, q);
}

/* The responder */

/* Its favourite.  A proposal that wants two protocols at once is not taken. */
static const struct isakmp_transform *choose(const struct ipsec *s, const struct phase *p,
					     const struct isakmp_sa *sa)
{
	const struct ipsec_suites *list = &s->config.settings.esp;

	for (unsigned i = 0; i < list->count; i++) {
		for (unsigned t = 0; t < sa->count; t++) {
			const struct isakmp_transform *it = &sa->at[t];
			bool alone = true;
			for (unsigned o = 0; o < sa->count; o++)
				alone &= sa->at[o].proposal != it->proposal ||
					 sa->at[o].protocol == it->protocol;
			if (alone && fits(p, it, list) &&
			    ipsec_suite_equal(&it->suite, &list->at[i]))
				return it;
		}
	}
	return NULL;
}

/* The initiator's selectors; there may be none.  Our port must be among what it wants. */
static bool take_selectors(struct ipsec *s, const struct isakmp_chain *chain)
{
	const struct isakmp_payload *theirs = isakmp_find(chain, ISAKMP_ID, 0);
	const struct isakmp_payload *ours = isakmp_find(chain, ISAKMP_ID, 1);

	if (!theirs && !ours)
		return true;
	if (!theirs || !ours || theirs->len < 8 || !identity_selects(ours, s->inner_port))
		return false;
	uint16_t port = (uint16_t)(theirs->body[2] << 8 | theirs->body[3]);
	if (!identity_selects(theirs, s->config.role == ROLE_CALLER ? L2TP_PORT : port))
		return false;
	if (s->config.role == ROLE_ANSWERER)
		s->peer_inner_port = port;
	return true;
}

static bool send_answer(struct ipsec *s, struct phase *p, struct quick *q,
			const struct isakmp_transform *t, const struct isakmp_chain *chain)
{
	struct isakmp_writer m;
	const struct isakmp_payload *id;

	message_begin(p, &m, &q->sent, ISAKMP_QUICK, q->id);
	uint8_t *hash = isakmp_reserve(&m, ISAKMP_HASH, p->keys.len);
	isakmp_open(&m, ISAKMP_SA);
	isakmp_sa_choose(&m.w, t, q->spi[RESPONDER]);
	isakmp_close(&m);
	isakmp_add(&m, ISAKMP_NONCE, q->nonce[RESPONDER], q->nonce_len[RESPONDER]);
	add_ke(q, q->suite.group, &m);
	for (unsigned i = 0; i < 2 && (id = isakmp_find(chain, ISAKMP_ID, i)); i++)
		isakmp_add(&m, ISAKMP_ID, id->body, id->len);
	add_originals(s, p, false, &m);
	message_hash_fill(p, &m, hash, q->id,
			  (struct crypto_part){q->nonce[INITIATOR], q->nonce_len[INITIATOR]});
	return message_send(s, p, &m, &q->sent, q->iv, true);
}

static void refuse(struct ipsec *s, struct phase *p, struct quick *q, uint32_t spi, uint16_t type)
{
	quick_clear(q);
	log_info(s->log, "IPsec: a Quick Mode of the peer was refused: %s", notify_text(type));
	inform_notify(s, p, ISAKMP_PROTOCOL_ESP, spi, type);
}

/* Q, which is new and has the IV behind message 1. */
static void answer(struct ipsec *s, struct phase *p, struct quick *q,
		   const struct isakmp_chain *chain)
{
	struct isakmp_sa sa;
	const struct isakmp_transform *t = NULL;

	if (decode_sa(chain, &sa))
		t = choose(s, p, &sa);
	if (!t) {
		refuse(s, p, q, 0, ISAKMP_NO_PROPOSAL);
		return;
	}
	q->suite = t->suite;
	q->seconds = t->seconds;
	q->spi[INITIATOR] = t->spi;
	if (!take_selectors(s, chain)) {
		refuse(s, p, q, t->spi, ISAKMP_INVALID_ID);
		return;
	}
	if (!make_dh(q, q->suite.group) || !keep_values(q, chain)) {
		refuse(s, p, q, t->spi, ISAKMP_INVALID_KEY);
		return;
	}
	q->state = QUICK_2_SENT;
	q->end_ms = s->now_ms + ANSWER_WAIT_MS;
	if (!pair_receive(s, p, q) || !send_answer(s, p, q, t, chain))
		quick_clear(q);
}

static void input_offer(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
			const uint8_t *octets)
{
	uint8_t iv[IKE_BLOCK_MAX];
	struct isakmp_chain chain;

	message_iv(p, h->id, iv);
	if (!message_open(s, p, iv, h, octets, &chain) ||
	    !message_hash_is_right(p, &chain, h->id, (struct crypto_part){NULL, 0})) {
		s->status.malformed++;
		return;
	}
	if (phase_seen(p, h->id)) {
		s->status.unexpected++;
		return;
	}
	struct quick *q = quick_new(s, p, RESPONDER, h->id);
	if (!q)
		return;
	memcpy(q->iv, iv, sizeof iv);
	message_digest(q->taken, octets, h->length);
	answer(s, p, q, &chain);
}

/* Message 3. */
static bool is_last(const struct phase *p, const struct quick *q, const struct isakmp_chain *chain)
{
	const struct isakmp_payload *hash = isakmp_find(chain, ISAKMP_HASH, 0);
	uint8_t want[IKE_HASH_MAX];

	last_hash(p, q, want);
	return hash && hash->len == p->keys.len && bytes_equal_ct(want, hash->body, hash->len);
}

/* The next message of an exchange that is there. */
static void input_next(struct ipsec *s, struct phase *p, struct quick *q,
		       const struct isakmp_header *h, const uint8_t *octets)
{
	uint8_t iv[IKE_BLOCK_MAX];
	struct isakmp_chain chain;
	bool right = false;

	memcpy(iv, q->iv, sizeof iv);
	if (q->state != QUICK_DONE && message_open(s, p, iv, h, octets, &chain))
		right = q->side == RESPONDER
				? is_last(p, q, &chain)
				: message_hash_is_right(
					  p, &chain, h->id,
					  (struct crypto_part){q->nonce[INITIATOR],
							       q->nonce_len[INITIATOR]});
	if (!right) {
		s->status.malformed++;
		return;
	}
	memcpy(q->iv, iv, sizeof iv);
	message_digest(q->taken, octets, h->length);
	if (q->side == INITIATOR)
		input_answer(s, p, q, &chain);
	else
		finish(s, p, q);
}

static struct quick *quick_find(struct ipsec *s, const struct phase *p, uint32_t id)
{
	for (unsigned i = 0; i < QUICKS; i++)
		if (s->quicks[i].state && s->quicks[i].id == id &&
		    &s->phases[s->quicks[i].phase] == p)
			return &s->quicks[i];
	return NULL;
}

void quick_input(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
		 const uint8_t *octets)
{
	struct quick *q = quick_find(s, p, h->id);
	uint8_t digest[DIGEST];

	if (p->state != PHASE_UP || !h->id || !(h->flags & ISAKMP_ENCRYPTED)) {
		s->status.unexpected++;
		return;
	}
	message_digest(digest, octets, h->length);
	if (!q)
		input_offer(s, p, h, octets);
	else if (memcmp(digest, q->taken, DIGEST) == 0)
		message_repeat(s, p, &q->sent);
	else
		input_next(s, p, q, h, octets);
}

/* Refused */

static bool try_next_group(struct ipsec *s)
{
	uint8_t group;

	if (!pfs_group(&s->config.settings.esp, s->pfs_try + 1u, &group))
		return false;
	s->pfs_try++;
	return true;
}

static bool try_l2tp_port(struct ipsec *s)
{
	if (s->config.role != ROLE_CALLER || s->inner_port == L2TP_PORT)
		return false;
	s->inner_port = L2TP_PORT;
	emit_progress(s, "IPsec: the server does not want our source port, trying 1701");
	return true;
}

void quick_refused(struct ipsec *s, struct quick *q, uint16_t notify)
{
	bool again = (notify == ISAKMP_NO_PROPOSAL && try_next_group(s)) ||
		     (notify == ISAKMP_INVALID_ID && !s->up && try_l2tp_port(s));

	quick_clear(q);
	if (again)
		s->want_quick = true;
	else if (s->up) {
		s->retry_ms = s->now_ms + RETRY_MS;
		log_warn(s->log, "IPsec: the %s refused new keys: %s", peer_word(s),
			 notify_text(notify));
	} else {
		end_quick_failed(s, notify);
	}
}
