/* SPDX-License-Identifier: MIT */
/* Informational exchanges that come (RFC 2409 section 5.7): notifications, Delete, DPD (RFC 3706).
 */
#include "ipsec/internal.h"

#define ERRORS_END 16384 /* types below are errors (RFC 2408 section 3.14.1) */

static void take_there(struct ipsec *s, struct phase *p, const struct isakmp_notification *n)
{
	uint32_t number;

	if (n->data_len != sizeof number)
		return;
	struct cursor c = cursor_make(n->data, n->data_len);
	number = cursor_u32(&c);
	if (n->type == ISAKMP_R_U_THERE) {
		inform_there(s, p, ISAKMP_R_U_THERE_ACK, n->data);
	} else if (s->dpd_asked && number == s->dpd_sequence) {
		s->dpd_asked = 0;
		s->heard_ms = s->now_ms;
		s->dpd_ms = s->now_ms + DPD_IDLE_MS;
	}
}

/* An error that is authenticated: of our Quick Mode, if there is one, else a hint. */
static void take_error(struct ipsec *s, const struct phase *p, uint16_t type)
{
	struct quick *q = quick_pending(s);

	log_info(s->log, "IKE: the %s says: %s", peer_word(s), notify_text(type));
	if (p->state == PHASE_UP && q) {
		quick_refused(s, q, type);
	} else if (p->state != PHASE_UP) {
		s->last_notify = type;
		hint_take(s, HINT_NOTIFY);
	}
}

static void take_notify(struct ipsec *s, struct phase *p, const struct isakmp_payload *payload)
{
	struct isakmp_notification n;

	if (!isakmp_notify_decode(payload, &n)) {
		s->status.malformed++;
		return;
	}
	if (n.type == ISAKMP_R_U_THERE || n.type == ISAKMP_R_U_THERE_ACK)
		take_there(s, p, &n);
	else if (n.type < ERRORS_END)
		take_error(s, p, n.type);
	else
		log_debug(s->log, "IKE: notification %u", n.type);
}

/* A phase 1 is gone at the peer.  Its ESP associations live on; what was going on in it does not.
 */
static void phase_deleted(struct ipsec *s, struct phase *p)
{
	for (unsigned i = 0; i < QUICKS; i++) {
		struct quick *q = &s->quicks[i];
		if (q->state == QUICK_FREE || &s->phases[q->phase] != p)
			continue;
		s->want_quick |= q->state == QUICK_1_SENT;
		quick_clear(q);
	}
	log_info(s->log, "IKE: the %s ended its phase 1", peer_word(s));
	phase_clear(p);
	if (!s->up)
		end_with(s, EXIT_NEGOTIATION_FAILED, REASON_PEER,
			 "the %s ended IKE before IPsec was up", peer_word(s));
}

static void take_delete(struct ipsec *s, const struct isakmp_payload *payload)
{
	struct isakmp_deletion d;

	if (!isakmp_delete_decode(payload, &d)) {
		s->status.malformed++;
		return;
	}
	struct cursor c = cursor_make(d.spis, (size_t)d.count * d.spi_len);
	if (d.protocol == ISAKMP_PROTOCOL_ESP && d.spi_len == 4)
		while (cursor_left(&c) && !s->closed)
			pair_deleted(s, cursor_u32(&c));
	if (d.protocol != ISAKMP_PROTOCOL_IKE || d.spi_len != 2 * ISAKMP_COOKIE)
		return;
	while (cursor_left(&c) && !s->closed) {
		const uint8_t *cookies = cursor_bytes(&c, d.spi_len);
		for (unsigned i = 0; cookies && i < PHASES; i++)
			if (s->phases[i].state == PHASE_UP &&
			    memcmp(s->phases[i].cookie[0], cookies, d.spi_len) == 0)
				phase_deleted(s, &s->phases[i]);
	}
}

static void take_all(struct ipsec *s, struct phase *p, const struct isakmp_chain *chain)
{
	for (unsigned i = 1; i < chain->count && !s->closed && p->state != PHASE_FREE; i++) {
		if (chain->at[i].type == ISAKMP_NOTIFY)
			take_notify(s, p, &chain->at[i]);
		else if (chain->at[i].type == ISAKMP_DELETE)
			take_delete(s, &chain->at[i]);
	}
}

/* In clear: anybody can say it. */
static void take_clear(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
		       const uint8_t *octets)
{
	struct isakmp_chain chain;
	struct isakmp_notification n;
	const struct isakmp_payload *payload;

	if (!message_open(s, p, NULL, h, octets, &chain) ||
	    !(payload = isakmp_find(&chain, ISAKMP_NOTIFY, 0)) ||
	    !isakmp_notify_decode(payload, &n)) {
		s->status.malformed++;
		return;
	}
	if (p->state == PHASE_UP || p->side == RESPONDER || n.type >= ERRORS_END)
		return;
	log_info(s->log, "IKE: the %s says, unproved: %s", peer_word(s), notify_text(n.type));
	if (p->state == PHASE_SA_SENT && n.type == ISAKMP_NO_PROPOSAL && !p->fallback &&
	    s->config.settings.ike.fallback) {
		emit_progress(
			s,
			"IKE: the server takes none of the first proposals, trying the old ones");
		s->use_fallback = true;
		phase_clear(p);
		main_start(s);
		return;
	}
	s->last_notify = n.type;
	hint_take(s, HINT_NOTIFY);
}

void inform_input(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
		  const uint8_t *octets)
{
	uint8_t iv[IKE_BLOCK_MAX];
	struct isakmp_chain chain;

	if (!(h->flags & ISAKMP_ENCRYPTED)) {
		take_clear(s, p, h, octets);
		return;
	}
	if (!p->keys.len || !h->id) {
		s->status.unexpected++;
		return;
	}
	message_iv(p, h->id, iv);
	if (!message_open(s, p, iv, h, octets, &chain) ||
	    !message_hash_is_right(p, &chain, h->id, (struct crypto_part){NULL, 0})) {
		s->status.malformed++;
		if (p->state == PHASE_ID_SENT)
			hint_take(s, HINT_GARBAGE);
		return;
	}
	if (phase_seen(p, h->id)) {
		s->status.unexpected++;
		return;
	}
	take_all(s, p, &chain);
}
