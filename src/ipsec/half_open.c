/* SPDX-License-Identifier: MIT */
/* Messages 1 to 3 of strangers (RFC 2409 section 5.4), each in turn against a table of fixed size.
 */
#include "ipsec/half_open.h"

#include "base/sha1.h"
#include "ipsec/internal.h"
#include "wire/esp.h"

#include <stdlib.h>

#define NONE	0xffff
#define BUCKETS 1024

_Static_assert(IKE_HALF_OPEN_MAX < NONE, "entries are numbered by 16 bits");

struct entry {
	uint8_t from[16];
	uint16_t port;
	bool used;
	uint16_t next; /* in its bucket, which begins with the newest */
	uint64_t since_ms;
	struct adopted_phase phase;
};

struct ike_half_open {
	struct ipsec_suites wanted;
	const struct random_source *random;
	bool shut;
	uint8_t key[16]; /* of the hash */
	uint16_t buckets[BUCKETS];
	uint16_t at;	    /* of the ring: the oldest, which gives way */
	uint16_t proved_at; /* likewise */
	struct entry proved[IKE_HALF_OPEN_PROVED_MAX];
	struct entry asked[IKE_HALF_OPEN_MAX];
};

/* One datagram, while it is handled. */
struct visit {
	struct ike_half_open *h;
	const uint8_t *from;
	uint16_t port;
	bool by_nat;
	size_t most; /* octets of an answer */
	uint64_t now_ms;
	struct ike_result *result;
};

struct ike_half_open *ike_half_open_new(const struct ipsec_suites *wanted,
					const struct random_source *random)
{
	struct ike_half_open *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->wanted = *wanted;
	h->random = random;
	random_fill(random, h->key, sizeof h->key);
	memset(h->buckets, 0xff, sizeof h->buckets);
	return h;
}

void ike_half_open_free(struct ike_half_open *h)
{
	free(h);
}

void ike_half_open_shut(struct ike_half_open *h, bool shut)
{
	h->shut = shut;
}

/* --- the table --- */

/* Of IPv6 only the /64, all of which one host may have for itself. */
static void source_of(uint8_t out[static 16], const uint8_t from[static 16])
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	memset(out, 0, 16);
	memcpy(out, from, memcmp(from, mapped, sizeof mapped) == 0 ? 16 : 8);
}

static bool same_source(const uint8_t a[static 16], const uint8_t b[static 16])
{
	uint8_t left[16], right[16];

	source_of(left, a);
	source_of(right, b);
	return memcmp(left, right, sizeof left) == 0;
}

/* All of one source are in one bucket, and nobody can aim at another's. */
static uint16_t *bucket_of(struct ike_half_open *h, const uint8_t from[static 16])
{
	uint8_t text[32], digest[SHA1_DIGEST];

	memcpy(text, h->key, 16);
	source_of(text + 16, from);
	sha1_digest(digest, text, sizeof text);
	return &h->buckets[(digest[0] << 8 | digest[1]) % BUCKETS];
}

static void unlink_entry(struct ike_half_open *h, struct entry *e)
{
	uint16_t *at = bucket_of(h, e->from);

	while (&h->asked[*at] != e)
		at = &h->asked[*at].next;
	*at = e->next;
	e->used = false;
}

static bool is_live(const struct entry *e, uint64_t now_ms)
{
	return e->used && now_ms - e->since_ms < IKE_HALF_OPEN_MS;
}

/* The one of the same message 1, or NULL.  *EXCESS is the oldest of that source if it has as many
 * as it may, else NULL. */
static struct entry *find_asked(const struct visit *v, const uint8_t *initiator,
				struct entry **excess)
{
	struct ike_half_open *h = v->h;
	struct entry *last = NULL;
	unsigned count = 0;

	*excess = NULL;
	for (uint16_t n = *bucket_of(h, v->from); n != NONE; n = h->asked[n].next) {
		struct entry *e = &h->asked[n];

		if (!same_source(e->from, v->from))
			continue;
		if (is_live(e, v->now_ms) && e->port == v->port &&
		    memcmp(e->from, v->from, sizeof e->from) == 0 &&
		    memcmp(e->phase.cookie[INITIATOR], initiator, ISAKMP_COOKIE) == 0)
			return e;
		count++;
		last = e;
	}
	if (count >= IKE_HALF_OPEN_SOURCE_MAX)
		*excess = last;
	return NULL;
}

/* A place for a new one: EXCESS, or that of the oldest. */
static struct entry *make_room(struct ike_half_open *h, struct entry *excess)
{
	struct entry *e = excess;

	if (!e) {
		e = &h->asked[h->at];
		h->at = (uint16_t)((h->at + 1) % IKE_HALF_OPEN_MAX);
	}
	if (e->used)
		unlink_entry(h, e);
	return e;
}

static void link_entry(struct ike_half_open *h, struct entry *e)
{
	uint16_t *bucket = bucket_of(h, e->from);

	e->used = true;
	e->next = *bucket;
	*bucket = (uint16_t)(e - h->asked);
}

/* Our cookie begins with the number of its entry; the rest cannot be guessed. */
static void make_cookie(struct ike_half_open *h, const struct entry *e, uint8_t *cookie)
{
	uint16_t n = (uint16_t)(e - h->asked) + 1;

	random_fill(h->random, cookie, ISAKMP_COOKIE);
	cookie[0] = (uint8_t)(n >> 8);
	cookie[1] = (uint8_t)n;
}

static bool has_cookies(const struct entry *e, const struct isakmp_header *head)
{
	return memcmp(e->phase.cookie[INITIATOR], head->initiator, ISAKMP_COOKIE) == 0 &&
	       memcmp(e->phase.cookie[RESPONDER], head->responder, ISAKMP_COOKIE) == 0;
}

static struct entry *find_by_cookie(const struct visit *v, const struct isakmp_header *head)
{
	unsigned n = (unsigned)(head->responder[0] << 8 | head->responder[1]) - 1;
	struct entry *e = n < IKE_HALF_OPEN_MAX ? &v->h->asked[n] : NULL;

	return e && is_live(e, v->now_ms) && has_cookies(e, head) ? e : NULL;
}

static struct entry *find_proved(const struct visit *v, const struct isakmp_header *head)
{
	for (unsigned i = 0; i < IKE_HALF_OPEN_PROVED_MAX; i++) {
		struct entry *e = &v->h->proved[i];

		if (is_live(e, v->now_ms) && has_cookies(e, head))
			return e;
	}
	return NULL;
}

/* --- the messages --- */

static void answer(const struct visit *v, size_t len)
{
	v->result->answer_len = len <= v->most ? len : 0;
}

static void refuse(const struct visit *v, const struct isakmp_header *head, const char *why)
{
	struct ike_result *r = v->result;

	r->refused = EXIT_NEGOTIATION_FAILED;
	r->why = why;
	answer(v, main_write_refusal(v->h->random, head, r->answer, sizeof r->answer));
}

static void say_choice(const struct visit *v, const struct entry *e,
		       const struct isakmp_transform *t)
{
	struct isakmp_header head = {.exchange = ISAKMP_MAIN};
	struct isakmp_writer m;

	memcpy(head.initiator, e->phase.cookie[INITIATOR], ISAKMP_COOKIE);
	memcpy(head.responder, e->phase.cookie[RESPONDER], ISAKMP_COOKIE);
	isakmp_begin(&m, v->result->answer, sizeof v->result->answer, &head);
	main_write_choice(&e->phase, t, &m);
	answer(v, isakmp_end(&m, 1));
}

static void begin(const struct visit *v, const struct isakmp_header *head,
		  const struct adopted_phase *agreed, const struct isakmp_transform *t)
{
	struct entry *excess, *e = find_asked(v, head->initiator, &excess);

	if (!e) {
		e = make_room(v->h, excess);
		*e = (struct entry){.port = v->port, .since_ms = v->now_ms, .phase = *agreed};
		memcpy(e->from, v->from, sizeof e->from);
		memcpy(e->phase.cookie[INITIATOR], head->initiator, ISAKMP_COOKIE);
		make_cookie(v->h, e, e->phase.cookie[RESPONDER]);
		link_entry(v->h, e);
	} else if (e->phase.sa_len != agreed->sa_len ||
		   memcmp(e->phase.sa, agreed->sa, agreed->sa_len) != 0) {
		return; /* another message 1 under the same cookie */
	}
	say_choice(v, e, t);
}

static void on_first(const struct visit *v, const struct isakmp_header *head,
		     const struct isakmp_chain *chain)
{
	struct adopted_phase agreed = {.by_nat = v->by_nat};
	const struct isakmp_transform *t = NULL;
	struct isakmp_sa sa;

	if (v->h->shut)
		return;
	switch (main_judge(&v->h->wanted, chain, &agreed, &sa, &t)) {
	case MAIN_MALFORMED:
		break;
	case MAIN_NO_PROPOSAL:
		refuse(v, head, "none of its IKE proposals is ours");
		break;
	case MAIN_NO_NATT:
		refuse(v, head, "it does not know NAT traversal");
		break;
	case MAIN_TAKEN:
		begin(v, head, &agreed, t);
		break;
	}
}

/* Message 3, or what follows it.  What a session has found wrong it says itself. */
static void follow(const struct visit *v, const struct isakmp_header *head,
		   const struct isakmp_chain *chain)
{
	struct entry *e = find_proved(v, head);
	bool third = chain && isakmp_count(chain, ISAKMP_KE) == 1 &&
		     isakmp_count(chain, ISAKMP_NONCE) == 1;

	if (!e) {
		struct entry *asked = find_by_cookie(v, head);

		if (!asked || !third || v->h->shut || asked->port != v->port ||
		    memcmp(asked->from, v->from, sizeof asked->from) != 0 ||
		    asked->phase.by_nat != v->by_nat)
			return;
		e = &v->h->proved[v->h->proved_at++ % IKE_HALF_OPEN_PROVED_MAX];
		*e = *asked;
		unlink_entry(v->h, asked);
	}
	v->result->verdict = third ? IKE_PROVED : IKE_LATER;
	v->result->phase = e->phase;
}

static void on_message(const struct visit *v, const uint8_t *octets, size_t len)
{
	static const uint8_t none[ISAKMP_COOKIE];
	struct isakmp_header head;
	struct isakmp_chain chain;
	bool clear;

	if (len > ISAKMP_MESSAGE_MAX || !isakmp_header_decode(octets, len, &head) || head.id ||
	    head.exchange != ISAKMP_MAIN || memcmp(head.initiator, none, sizeof none) == 0)
		return;
	clear = !(head.flags & ISAKMP_ENCRYPTED);
	if (clear && !isakmp_chain_decode(head.first, octets + ISAKMP_HEADER,
					  head.length - ISAKMP_HEADER, &chain))
		return;
	if (memcmp(head.responder, none, sizeof none) != 0)
		follow(v, &head, clear ? &chain : NULL);
	else if (clear)
		on_first(v, &head, &chain);
}

void ike_half_open_input(struct ike_half_open *h, const uint8_t from[static 16], uint16_t port,
			 bool by_nat, const uint8_t *octets, size_t len, uint64_t now_ms,
			 struct ike_result *result)
{
	static const uint8_t marker[ESP_MARKER];
	struct visit v = {.h = h,
			  .from = from,
			  .port = port,
			  .by_nat = by_nat,
			  .now_ms = now_ms,
			  .result = result};

	*result = (struct ike_result){.refused = EXIT_OK};
	if (by_nat && (len < ESP_HEADER || memcmp(octets, marker, sizeof marker) != 0)) {
		struct cursor c = cursor_make(octets, len);

		result->call = cursor_u16(&c);
		result->verdict = len > ESP_HEADER && result->call ? IKE_ESP : IKE_NOTHING;
		return;
	}
	if (by_nat) {
		octets += sizeof marker;
		len -= sizeof marker;
	}
	v.most = IKE_HALF_OPEN_FACTOR * len;
	on_message(&v, octets, len);
}
