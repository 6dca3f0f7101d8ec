/* SPDX-License-Identifier: MIT */
/* Main Mode with a pre-shared key (RFC 2409 section 5.4), both roles: a table says which payloads
 * each state waits for, and who takes them. */
#include "ipsec/internal.h"

#include <stdio.h>

#define HASH_PAYLOADS 2 /* of payloads that must be there, once each */

struct vendor {
	uint8_t id[16];
	enum dialect dialect;
	bool dpd;
};

/* The best first. */
static const struct vendor vendors[] = {
	{{0x4a, 0x13, 0x1c, 0x81, 0x07, 0x03, 0x58, 0x45, 0x5c, 0x57, 0x28, 0xf2, 0x0e, 0x95, 0x45,
	  0x2f},
	 NATT_RFC,
	 false},
	{{0x7d, 0x94, 0x19, 0xa6, 0x53, 0x10, 0xca, 0x6f, 0x2c, 0x17, 0x9d, 0x92, 0x15, 0x52, 0x9d,
	  0x56},
	 NATT_DRAFT_03,
	 false},
	{{0x90, 0xcb, 0x80, 0x91, 0x3e, 0xbb, 0x69, 0x6e, 0x08, 0x63, 0x81, 0xb5, 0xec, 0x42, 0x7b,
	  0x1f},
	 NATT_DRAFT_02,
	 false}, /* with a line feed at its end, as most have it */
	{{0xcd, 0x60, 0x46, 0x43, 0x35, 0xdf, 0x21, 0xf8, 0x7c, 0xfd, 0xb2, 0xfc, 0x68, 0xb6, 0xa4,
	  0x48},
	 NATT_DRAFT_02,
	 false},
	{{0xaf, 0xca, 0xd7, 0x13, 0x68, 0xa1, 0xf1, 0xc9, 0x6b, 0x86, 0x96, 0xfc, 0x77, 0x57, 0x01,
	  0x00},
	 NATT_NONE,
	 true},
};
#define VENDORS (sizeof vendors / sizeof vendors[0])

/* What both know of the vendors' additions. */
static void read_vendors(enum dialect *dialect, bool *dpd, const struct isakmp_chain *chain)
{
	for (unsigned i = 0; i < chain->count; i++) {
		const struct isakmp_payload *got = &chain->at[i];
		if (got->type != ISAKMP_VENDOR || got->len < sizeof vendors[0].id)
			continue;
		for (unsigned v = 0; v < VENDORS; v++) {
			if (memcmp(got->body, vendors[v].id, sizeof vendors[v].id) != 0)
				continue;
			if (vendors[v].dialect > *dialect)
				*dialect = vendors[v].dialect;
			*dpd |= vendors[v].dpd;
		}
	}
}

static void add_vendor(struct isakmp_writer *m, const struct vendor *vendor)
{
	isakmp_add(m, ISAKMP_VENDOR, vendor->id, sizeof vendor->id);
}

/* An answer's: the one of NAT traversal that was chosen, and what else both know. */
static void answer_vendors(enum dialect dialect, bool dpd, struct isakmp_writer *m)
{
	for (unsigned v = 0; v < VENDORS; v++) {
		const struct vendor *vendor = &vendors[v];

		if (vendor->dpd ? !dpd : vendor->dialect != dialect)
			continue;
		add_vendor(m, vendor);
		if (!vendor->dpd)
			dialect = NATT_NONE; /* one name of it is enough */
	}
}

static void add_vendors(struct isakmp_writer *m)
{
	for (unsigned v = 0; v < VENDORS; v++)
		add_vendor(m, &vendors[v]);
}

static void fail(struct ipsec *s, struct phase *p)
{
	phase_clear(p);
	end_with(s, EXIT_FATAL, REASON_LOCAL, "an IKE message did not fit its buffer");
}

/* Message 1 */

void main_start(struct ipsec *s)
{
	struct phase *p = phase_new(s, INITIATOR);
	struct ipsec_suites list = s->config.settings.ike;
	const struct isakmp_transform like = {.protocol = ISAKMP_PROTOCOL_IKE,
					      .method = ISAKMP_SHARED_KEY,
					      .seconds = s->config.settings.ike_lifetime};
	struct isakmp_writer m;

	if (!p)
		return;
	if (s->use_fallback)
		ipsec_suites_old(&list);
	p->fallback = s->use_fallback;
	p->port = s->port;
	struct writer w = writer_make(p->sa_body, sizeof p->sa_body);
	isakmp_sa_offer(&w, &like, &list);
	p->sa_len = writer_len(&w);
	message_begin(p, &m, &p->sent, ISAKMP_MAIN, 0);
	isakmp_add(&m, ISAKMP_SA, p->sa_body, p->sa_len);
	add_vendors(&m);
	p->state = PHASE_SA_SENT;
	if (w.failed || !message_send(s, p, &m, &p->sent, NULL, true))
		fail(s, p);
}

void main_probe(struct ipsec *s, const struct phase *p)
{
	uint8_t octets[SENT_MAX];
	struct isakmp_header h = {.exchange = ISAKMP_MAIN};
	struct isakmp_writer m;

	while (s->probe[0] == 0)
		random_fill(s->random, s->probe, sizeof s->probe);
	memcpy(h.initiator, s->probe, sizeof s->probe);
	isakmp_begin(&m, octets, sizeof octets, &h);
	isakmp_add(&m, ISAKMP_SA, p->sa_body, p->sa_len);
	add_vendors(&m);
	s->callbacks.send(s->callbacks.ctx, IPSEC_PORT_NAT, octets, isakmp_end(&m, 1));
}

bool main_probe_is_answered(const struct ipsec *s, const struct isakmp_header *h)
{
	return s->probe[0] && memcmp(h->initiator, s->probe, sizeof s->probe) == 0;
}

/* Payloads KE, NONCE and NAT-D of messages 3 and 4. */
static bool send_ke(struct ipsec *s, struct phase *p, bool again)
{
	struct isakmp_writer m;

	p->dh = ike_dh_new(p->suite.group);
	if (!p->dh)
		return false;
	p->ke_len[p->side] = ike_dh_public_len(p->suite.group);
	ike_dh_public(p->dh, p->ke[p->side]);
	message_begin(p, &m, &p->sent, ISAKMP_MAIN, 0);
	isakmp_add(&m, ISAKMP_KE, p->ke[p->side], p->ke_len[p->side]);
	isakmp_add(&m, ISAKMP_NONCE, p->nonce[p->side], p->nonce_len[p->side]);
	identity_add_nat_d(s, p, &m);
	return message_send(s, p, &m, &p->sent, NULL, again);
}

static const struct ipsec_suite *find_suite(const struct ipsec_suites *list,
					    const struct ipsec_suite *suite)
{
	for (unsigned i = 0; i < list->count; i++)
		if (ipsec_suite_equal(&list->at[i], suite))
			return &list->at[i];
	return NULL;
}

static bool is_known(const struct ipsec *s, const struct ipsec_suite *suite, bool old)
{
	struct ipsec_suites list;

	ipsec_suites_old(&list);
	return (old && find_suite(&list, suite)) || find_suite(&s->config.settings.ike, suite);
}

/* The initiator takes message 2: the one transform must be one of ours. */
static bool take_choice(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
			const struct isakmp_chain *chain)
{
	const struct isakmp_payload *sa = isakmp_find(chain, ISAKMP_SA, 0);
	struct isakmp_sa got;

	if (!isakmp_sa_decode(sa->body, sa->len, &got) || got.count != 1 || !got.at[0].usable ||
	    got.at[0].protocol != ISAKMP_PROTOCOL_IKE || got.at[0].method != ISAKMP_SHARED_KEY ||
	    !is_known(s, &got.at[0].suite, p->fallback))
		return false;
	read_vendors(&p->dialect, &p->dpd, chain);
	if (p->dialect == NATT_NONE) {
		hint_take(s, HINT_NO_NATT);
		end_phase_failed(s, p);
		return false;
	}
	memcpy(p->cookie[RESPONDER], h->responder, ISAKMP_COOKIE);
	p->suite = got.at[0].suite;
	p->seconds = got.at[0].seconds;
	p->state = PHASE_KE_SENT;
	if (!send_ke(s, p, true)) {
		fail(s, p);
		return false;
	}
	return true;
}

/* The peer's KE and NONCE; false if they cannot be. */
static bool keep_ke(struct phase *p, const struct isakmp_chain *chain)
{
	const struct isakmp_payload *ke = isakmp_find(chain, ISAKMP_KE, 0);
	const struct isakmp_payload *nonce = isakmp_find(chain, ISAKMP_NONCE, 0);
	enum side peer = other(p->side);

	if (!ke->len || ke->len > ike_dh_public_len(p->suite.group) || nonce->len < NONCE_MIN ||
	    nonce->len > NONCE_MAX)
		return false;
	memcpy(p->ke[peer], ke->body, ke->len);
	p->ke_len[peer] = ke->len;
	memcpy(p->nonce[peer], nonce->body, nonce->len);
	p->nonce_len[peer] = nonce->len;
	return true;
}

static void tell_key(struct ipsec *s, const struct phase *p)
{
	struct ipsec_ike_key key = {.len = p->keys.key_len};

	memcpy(key.cookie, p->cookie[INITIATOR], sizeof key.cookie);
	memcpy(key.key, p->keys.key, sizeof key.key);
	emit_ike_key(s, &key);
	wipe(&key, sizeof key);
}

/* SKEYID and what follows from it; false if the peer's public value is none of the group. */
static bool make_keys(struct ipsec *s, struct phase *p)
{
	enum side peer = other(p->side);
	const struct crypto_part values[] = {{p->ke[INITIATOR], p->ke_len[INITIATOR]},
					     {p->ke[RESPONDER], p->ke_len[RESPONDER]}};
	uint8_t iv[IKE_HASH_MAX];

	p->shared_len = ike_dh_shared(p->dh, p->ke[peer], p->ke_len[peer], p->shared);
	if (!p->shared_len)
		return false;
	const struct ike_key_input in = {
		.secret = &s->config.settings.secret,
		.nonce_i = {p->nonce[INITIATOR], p->nonce_len[INITIATOR]},
		.nonce_r = {p->nonce[RESPONDER], p->nonce_len[RESPONDER]},
		.shared = {p->shared, p->shared_len},
		.cookie_i = p->cookie[INITIATOR],
		.cookie_r = p->cookie[RESPONDER],
	};
	ike_keys_make(&p->keys, &p->suite, &in);
	ike_hash(p->keys.hash, iv, values, 2);
	memcpy(p->iv, iv, sizeof p->iv);
	tell_key(s, p);
	return true;
}

/* HASH_I or HASH_R: what proves that SIDE knows the key. */
static void proof(const struct phase *p, enum side side, const uint8_t *id, size_t id_len,
		  uint8_t out[static IKE_HASH_MAX])
{
	enum side peer = other(side);
	const struct crypto_part parts[] = {
		{p->ke[side], p->ke_len[side]},	  {p->ke[peer], p->ke_len[peer]},
		{p->cookie[side], ISAKMP_COOKIE}, {p->cookie[peer], ISAKMP_COOKIE},
		{p->sa_body, p->sa_len},	  {id, id_len}};

	ike_prf(p->keys.hash, out, p->keys.skeyid, p->keys.len, parts, 6);
}

/* Who kept nothing of the past says so, once: the peer forgets what it has of an earlier call. */
static void add_contact(struct ipsec *s, const struct phase *p, struct isakmp_writer *m)
{
	const struct isakmp_notification n = {.protocol = ISAKMP_PROTOCOL_IKE,
					      .type = ISAKMP_INITIAL_CONTACT,
					      .spi = p->cookie[0],
					      .spi_len = sizeof p->cookie};

	if (!s->up && p->side == INITIATOR)
		isakmp_add_notify(m, &n);
}

static bool send_id(struct ipsec *s, struct phase *p, bool again)
{
	uint8_t id[ID_BODY_MAX], hash[IKE_HASH_MAX];
	size_t len = identity_own(s, id);
	struct isakmp_writer m;

	proof(p, p->side, id, len, hash);
	message_begin(p, &m, &p->sent, ISAKMP_MAIN, 0);
	isakmp_add(&m, ISAKMP_ID, id, len);
	isakmp_add(&m, ISAKMP_HASH, hash, p->keys.len);
	add_contact(s, p, &m);
	return message_send(s, p, &m, &p->sent, p->iv, again);
}

/* Message 4: from now on by port 4500, since our own NAT-D was wrong. */
static bool take_ke_answer(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
			   const struct isakmp_chain *chain)
{
	(void)h;
	if (!keep_ke(p, chain) || !make_keys(s, p))
		return false;
	identity_detect_nat(s, p, chain);
	p->port = s->port = IPSEC_PORT_NAT;
	p->state = PHASE_ID_SENT;
	if (!send_id(s, p, true))
		fail(s, p);
	return true;
}

static void tell_up(struct ipsec *s, const struct phase *p)
{
	char suite[IPSEC_SUITE_TEXT], text[120];

	snprintf(text, sizeof text, "IKE: %s, %s%s%s",
		 ipsec_suite_text(&p->suite, suite, sizeof suite),
		 p->dialect == NATT_RFC ? "NAT-T" : "NAT-T (draft)",
		 p->nat_us ? ", we are behind NAT" : "",
		 p->nat_peer ? ", the peer is behind NAT" : "");
	emit_progress(s, text);
}

/* The peer's ID and HASH; false if they prove nothing. */
static bool is_proved(const struct phase *p, const struct isakmp_chain *chain)
{
	const struct isakmp_payload *id = isakmp_find(chain, ISAKMP_ID, 0);
	const struct isakmp_payload *hash = isakmp_find(chain, ISAKMP_HASH, 0);
	uint8_t want[IKE_HASH_MAX];

	proof(p, other(p->side), id->body, id->len, want);
	return hash->len == p->keys.len && bytes_equal_ct(want, hash->body, hash->len);
}

/* False, and the end where it is the first phase 1, if the identity is another one than named. */
static bool identity_stands(struct ipsec *s, struct phase *p, const struct isakmp_chain *chain)
{
	const struct isakmp_payload *id = isakmp_find(chain, ISAKMP_ID, 0);
	char text[200] = "";

	if (identity_is_wanted(s, id))
		return true;
	identity_text(id, text, sizeof text);
	phase_clear(p);
	end_with(
		s, EXIT_PEER_AUTH_FAILED, REASON_REFUSAL,
		"the %s says that it is %.60s, but ipsec-remote-id wants %.60s: a wrong %s, or one "
		"behind NAT, which names its inner address",
		peer_word(s), text, s->config.settings.remote_id, peer_word(s));
	return false;
}

static bool take_id_answer(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
			   const struct isakmp_chain *chain)
{
	(void)h;
	if (!is_proved(p, chain)) {
		hint_take(s, HINT_GARBAGE);
		return false;
	}
	if (!identity_stands(s, p, chain))
		return false;
	message_forget(&p->sent);
	phase_is_up(s, p);
	tell_up(s, p);
	return true;
}

/* The responder */

/* Its favourite among what was offered, or NULL. */
static const struct isakmp_transform *choose(const struct ipsec_suites *wanted,
					     const struct isakmp_sa *sa)
{
	struct ipsec_suites lists[2] = {*wanted};

	if (lists[0].fallback)
		ipsec_suites_old(&lists[1]);
	for (unsigned l = 0; l < 2; l++)
		for (unsigned i = 0; i < lists[l].count; i++)
			for (unsigned t = 0; t < sa->count; t++)
				if (sa->at[t].usable && sa->at[t].method == ISAKMP_SHARED_KEY &&
				    sa->at[t].protocol == ISAKMP_PROTOCOL_IKE &&
				    ipsec_suite_equal(&sa->at[t].suite, &lists[l].at[i]))
					return &sa->at[t];
	return NULL;
}

enum main_verdict main_judge(const struct ipsec_suites *wanted, const struct isakmp_chain *chain,
			     struct adopted_phase *a, struct isakmp_sa *sa,
			     const struct isakmp_transform **chosen)
{
	const struct isakmp_payload *body = isakmp_find(chain, ISAKMP_SA, 0);
	enum dialect dialect = NATT_NONE;
	bool dpd = false;

	if (isakmp_count(chain, ISAKMP_SA) != 1 || !isakmp_sa_decode(body->body, body->len, sa))
		return MAIN_MALFORMED;
	*chosen = body->len <= sizeof a->sa ? choose(wanted, sa) : NULL;
	if (!*chosen)
		return MAIN_NO_PROPOSAL;
	read_vendors(&dialect, &dpd, chain);
	if (dialect == NATT_NONE)
		return MAIN_NO_NATT;
	a->suite = (*chosen)->suite;
	a->seconds = (*chosen)->seconds;
	a->dialect = (uint8_t)dialect;
	a->dpd = dpd;
	memcpy(a->sa, body->body, body->len);
	a->sa_len = (uint16_t)body->len;
	return MAIN_TAKEN;
}

void main_write_choice(const struct adopted_phase *a, const struct isakmp_transform *t,
		       struct isakmp_writer *m)
{
	isakmp_open(m, ISAKMP_SA);
	isakmp_sa_choose(&m->w, t, 0);
	isakmp_close(m);
	answer_vendors((enum dialect)a->dialect, a->dpd, m);
}

size_t main_write_refusal(const struct random_source *random, const struct isakmp_header *h,
			  uint8_t *octets, size_t cap)
{
	struct isakmp_writer m;
	struct isakmp_header answer = {.exchange = ISAKMP_INFORMATIONAL, .id = random_u32(random)};
	const struct isakmp_notification n = {.protocol = ISAKMP_PROTOCOL_IKE,
					      .type = ISAKMP_NO_PROPOSAL};

	memcpy(answer.initiator, h->initiator, ISAKMP_COOKIE);
	random_fill(random, answer.responder, ISAKMP_COOKIE);
	isakmp_begin(&m, octets, cap, &answer);
	isakmp_add_notify(&m, &n);
	return isakmp_end(&m, 1);
}

/* NO-PROPOSAL-CHOSEN in clear; nobody is known yet. */
static void refuse(struct ipsec *s, const struct isakmp_header *h, enum ipsec_port port)
{
	uint8_t octets[64];
	size_t len = main_write_refusal(s->random, h, octets, sizeof octets);

	log_info(s->log,
		 "IKE: a phase 1 of the %s was refused: none of its proposals is ours, or it "
		 "does not know NAT traversal",
		 peer_word(s));
	s->callbacks.send(s->callbacks.ctx, port, octets, len);
}

/* A message 1 once more: says message 2 again.  True if it was one. */
static bool is_again(struct ipsec *s, const struct isakmp_header *h, const uint8_t *octets)
{
	uint8_t digest[DIGEST];

	message_digest(digest, octets, h->length);
	for (unsigned i = 0; i < PHASES; i++) {
		struct phase *p = &s->phases[i];
		if (p->state == PHASE_FREE || p->side != RESPONDER ||
		    memcmp(p->cookie[INITIATOR], h->initiator, ISAKMP_COOKIE) != 0)
			continue;
		if (p->state == PHASE_SA_ANSWERED && memcmp(p->taken, digest, DIGEST) == 0)
			message_repeat(s, p, &p->sent);
		return true;
	}
	return false;
}

/* What is agreed, but for the cookies. */
static void take_agreed(struct phase *p, const struct adopted_phase *a)
{
	memcpy(p->sa_body, a->sa, a->sa_len);
	p->sa_len = a->sa_len;
	p->suite = a->suite;
	p->seconds = a->seconds;
	p->dialect = (enum dialect)a->dialect;
	p->dpd = a->dpd;
	p->port = a->by_nat ? IPSEC_PORT_NAT : IPSEC_PORT_IKE;
	p->state = PHASE_SA_ANSWERED;
}

static void begin_answer(struct ipsec *s, const struct isakmp_header *h, const uint8_t *octets,
			 const struct adopted_phase *a, const struct isakmp_transform *t)
{
	struct phase *p = phase_new(s, RESPONDER);
	struct isakmp_writer m;

	if (!p)
		return;
	take_agreed(p, a);
	memcpy(p->cookie[INITIATOR], h->initiator, ISAKMP_COOKIE);
	message_digest(p->taken, octets, h->length);
	message_begin(p, &m, &p->sent, ISAKMP_MAIN, 0);
	main_write_choice(a, t, &m);
	if (!message_send(s, p, &m, &p->sent, NULL, false))
		phase_clear(p);
}

void main_answer(struct ipsec *s, const struct isakmp_header *h, const uint8_t *octets,
		 enum ipsec_port port)
{
	struct adopted_phase agreed = {.by_nat = port == IPSEC_PORT_NAT};
	const struct isakmp_transform *t = NULL;
	struct isakmp_chain chain;
	struct isakmp_sa sa;

	if (h->flags & ISAKMP_ENCRYPTED || is_again(s, h, octets))
		return;
	switch (message_open(s, NULL, NULL, h, octets, &chain)
			? main_judge(&s->config.settings.ike, &chain, &agreed, &sa, &t)
			: MAIN_MALFORMED) {
	case MAIN_MALFORMED:
		s->status.malformed++;
		break;
	case MAIN_NO_NATT:
		hint_take(s, HINT_NO_NATT);
		refuse(s, h, port);
		break;
	case MAIN_NO_PROPOSAL:
		refuse(s, h, port);
		break;
	case MAIN_TAKEN:
		begin_answer(s, h, octets, &agreed, t);
		break;
	}
}

void ipsec_adopt(struct ipsec *s, const struct adopted_phase *a, uint64_t now_ms)
{
	struct phase *p;

	if (a->sa_len > sizeof a->sa || a->dialect > NATT_RFC)
		return;
	s->now_ms = now_ms;
	s->heard = true;
	p = phase_new(s, RESPONDER);
	if (!p)
		return;
	take_agreed(p, a);
	memcpy(p->cookie, a->cookie, sizeof p->cookie);
}

/* Message 3. */
static bool take_ke(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
		    const struct isakmp_chain *chain)
{
	(void)h;
	if (!keep_ke(p, chain))
		return false;
	identity_detect_nat(s, p, chain);
	if (!send_ke(s, p, false) || !make_keys(s, p)) {
		phase_clear(p);
		return false;
	}
	p->state = PHASE_KE_ANSWERED;
	return true;
}

/* Message 5. */
static bool take_id(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
		    const struct isakmp_chain *chain)
{
	(void)h;
	if (!is_proved(p, chain)) {
		hint_take(s, HINT_GARBAGE);
		return false;
	}
	if (!identity_stands(s, p, chain))
		return false;
	if (!send_id(s, p, false)) {
		fail(s, p);
		return false;
	}
	s->port = p->port;
	phase_is_up(s, p);
	tell_up(s, p);
	return true;
}

/* What each state waits for. */
static const struct step {
	uint8_t payloads[HASH_PAYLOADS]; /* each exactly once; others may come, too */
	bool encrypted;
	bool (*take)(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
		     const struct isakmp_chain *chain);
} steps[PHASE_STATES] = {
	[PHASE_SA_SENT] = {{ISAKMP_SA, ISAKMP_NONE}, false, take_choice},
	[PHASE_KE_SENT] = {{ISAKMP_KE, ISAKMP_NONCE}, false, take_ke_answer},
	[PHASE_ID_SENT] = {{ISAKMP_ID, ISAKMP_HASH}, true, take_id_answer},
	[PHASE_SA_ANSWERED] = {{ISAKMP_KE, ISAKMP_NONCE}, false, take_ke},
	[PHASE_KE_ANSWERED] = {{ISAKMP_ID, ISAKMP_HASH}, true, take_id},
};

static bool has_all(const struct step *step, const struct isakmp_chain *chain)
{
	for (unsigned i = 0; i < HASH_PAYLOADS; i++)
		if (step->payloads[i] && isakmp_count(chain, step->payloads[i]) != 1)
			return false;
	return true;
}

/* The message that was taken last came again: what it led to was lost.  The initiator says its next
 * message again by itself; that message 4 comes again tells it something, though. */
static void take_repetition(struct ipsec *s, struct phase *p, enum ipsec_port port)
{
	if (p->side == RESPONDER)
		message_repeat(s, p, &p->sent);
	else if (p->state == PHASE_ID_SENT && ++p->repeats >= 2)
		hint_take(s, port == IPSEC_PORT_NAT ? HINT_REPEATED_NAT : HINT_REPEATED);
}

void main_input(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
		const uint8_t *octets, enum ipsec_port port)
{
	const struct step *step = &steps[p->state];
	uint8_t digest[DIGEST], iv[IKE_BLOCK_MAX];
	struct isakmp_chain chain;

	message_digest(digest, octets, h->length);
	if (memcmp(digest, p->taken, DIGEST) == 0) {
		take_repetition(s, p, port);
		return;
	}
	if (!step->take || h->id || !(h->flags & ISAKMP_ENCRYPTED) == step->encrypted) {
		s->status.unexpected++;
		return;
	}
	memcpy(iv, p->iv, sizeof iv);
	if (!message_open(s, p, step->encrypted ? iv : NULL, h, octets, &chain) ||
	    !has_all(step, &chain)) {
		s->status.malformed++;
		if (step->encrypted)
			hint_take(s, HINT_GARBAGE);
		return;
	}
	/* The IV goes on only with what is taken; the answerer follows its caller's port. */
	uint8_t before[IKE_BLOCK_MAX];
	enum ipsec_port port_before = p->port;
	memcpy(before, p->iv, sizeof before);
	if (step->encrypted)
		memcpy(p->iv, iv, sizeof iv);
	if (p->side == RESPONDER)
		p->port = port;
	if (step->take(s, p, h, &chain)) {
		memcpy(p->taken, digest, DIGEST);
		s->hint = HINT_NONE; /* whatever was said, it went on */
	} else if (p->state != PHASE_FREE) {
		memcpy(p->iv, before, sizeof before);
		p->port = port_before;
	}
}
