/* SPDX-License-Identifier: MIT */
/* ISAKMP messages of a phase 1: sealed, opened, said again. */
#include "ipsec/internal.h"

#include "base/sha1.h"

#include <stdio.h>

/* Between one saying and the next; after the last one it is over. */
static const uint16_t waits_ms[] = {1000, 2000, 4000, 8000, 8000};

void message_begin(const struct phase *p, struct isakmp_writer *m, struct sent *sent,
		   uint8_t exchange, uint32_t id)
{
	struct isakmp_header h = {.exchange = exchange, .id = id};

	memcpy(h.initiator, p->cookie[INITIATOR], ISAKMP_COOKIE);
	memcpy(h.responder, p->cookie[RESPONDER], ISAKMP_COOKIE);
	if (exchange != ISAKMP_MAIN || p->keys.len)
		h.flags = ISAKMP_ENCRYPTED;
	isakmp_begin(m, sent->octets, sizeof sent->octets, &h);
}

static void say(struct ipsec *s, const struct phase *p, const struct sent *sent)
{
	s->callbacks.send(s->callbacks.ctx, p->port, sent->octets, sent->len);
}

static void log_sent(const struct ipsec *s, const struct sent *sent, size_t len)
{
	struct isakmp_header h;
	struct isakmp_chain chain;

	if (!log_enabled(s->log, LOG_LEVEL_DEBUG) || !isakmp_header_decode(sent->octets, len, &h) ||
	    !isakmp_chain_decode(h.first, sent->octets + ISAKMP_HEADER, len - ISAKMP_HEADER,
				 &chain))
		return;
	message_log(s, '>', &h, &chain);
}

bool message_send(struct ipsec *s, const struct phase *p, struct isakmp_writer *m,
		  struct sent *sent, uint8_t *iv, bool again)
{
	sent->len = isakmp_end(m, iv ? ike_block(p->keys.cipher) : 1);
	if (!sent->len)
		return false;
	log_sent(s, sent, sent->len);
	if (iv)
		ike_encrypt(&p->keys, iv, sent->octets + ISAKMP_HEADER, sent->len - ISAKMP_HEADER);
	sent->tries = 1;
	sent->first_ms = s->now_ms;
	sent->due_ms = again ? s->now_ms + waits_ms[0] : DEADLINE_NONE;
	say(s, p, sent);
	return true;
}

void message_repeat(struct ipsec *s, const struct phase *p, struct sent *sent)
{
	if (!sent->len)
		return;
	s->status.retransmitted++;
	say(s, p, sent);
}

bool message_due(struct ipsec *s, const struct phase *p, struct sent *sent)
{
	if (sent->tries >= sizeof waits_ms / sizeof waits_ms[0])
		return false;
	message_repeat(s, p, sent);
	sent->due_ms = s->now_ms + waits_ms[sent->tries++];
	return true;
}

void message_forget(struct sent *sent)
{
	wipe(sent->octets, sent->len);
	sent->len = 0;
	sent->due_ms = DEADLINE_NONE;
}

bool message_open(struct ipsec *s, const struct phase *p, uint8_t *iv,
		  const struct isakmp_header *h, const uint8_t *octets, struct isakmp_chain *chain)
{
	size_t len = h->length - ISAKMP_HEADER;
	const uint8_t *body = octets + ISAKMP_HEADER;

	if (iv) {
		if (!len || len > sizeof s->clear || len % ike_block(p->keys.cipher))
			return false;
		memcpy(s->clear, body, len);
		ike_decrypt(&p->keys, iv, s->clear, len);
		body = s->clear;
	}
	if (!isakmp_chain_decode(h->first, body, len, chain))
		return false;
	message_log(s, '<', h, chain);
	return true;
}

void message_digest(uint8_t out[static DIGEST], const uint8_t *octets, size_t len)
{
	sha1_digest(out, octets, len);
}

static void put_u32(uint8_t *out, uint32_t v)
{
	struct writer w = writer_make(out, sizeof v);

	writer_u32(&w, v);
}

void message_iv(const struct phase *p, uint32_t id, uint8_t iv[static IKE_BLOCK_MAX])
{
	uint8_t number[4], out[IKE_HASH_MAX];
	const struct crypto_part parts[] = {{p->iv, ike_block(p->keys.cipher)}, {number, 4}};

	put_u32(number, id);
	ike_hash(p->keys.hash, out, parts, 2);
	memcpy(iv, out, IKE_BLOCK_MAX);
}

void message_hash(const struct phase *p, uint8_t out[static IKE_HASH_MAX], bool zero, uint32_t id,
		  const struct crypto_part *parts, size_t count)
{
	uint8_t head[5] = {0};
	struct crypto_part all[4] = {{head + !zero, 4 + (size_t)zero}};

	put_u32(head + 1, id);
	for (size_t i = 0; i < count && i < 3; i++)
		all[i + 1] = parts[i];
	ike_prf(p->keys.hash, out, p->keys.a, p->keys.len, all, count + 1);
}

bool message_hash_is_right(const struct phase *p, const struct isakmp_chain *chain, uint32_t id,
			   struct crypto_part part)
{
	const struct isakmp_payload *hash = &chain->at[0];
	uint8_t want[IKE_HASH_MAX];

	if (!chain->count || hash->type != ISAKMP_HASH || hash->len != p->keys.len)
		return false;
	const uint8_t *rest = hash->body + hash->len;
	const struct crypto_part parts[] = {part, {rest, chain->len - 4 - hash->len}};
	message_hash(p, want, false, id, parts, 2);
	return bytes_equal_ct(want, hash->body, hash->len);
}

void message_hash_fill(const struct phase *p, struct isakmp_writer *m, uint8_t *hash, uint32_t id,
		       struct crypto_part part)
{
	uint8_t out[IKE_HASH_MAX];

	if (!hash || m->w.failed)
		return;
	const uint8_t *rest = hash + p->keys.len;
	const struct crypto_part parts[] = {part, {rest, (size_t)(m->w.at - rest)}};
	message_hash(p, out, false, id, parts, 2);
	memcpy(hash, out, p->keys.len);
}

void message_log(const struct ipsec *s, char direction, const struct isakmp_header *h,
		 const struct isakmp_chain *chain)
{
	static const char *const names[] = {
		[ISAKMP_SA] = "SA",	    [ISAKMP_KE] = "KE",	      [ISAKMP_ID] = "ID",
		[ISAKMP_CERT] = "CERT",	    [ISAKMP_CERTREQ] = "CR",  [ISAKMP_HASH] = "HASH",
		[ISAKMP_SIG] = "SIG",	    [ISAKMP_NONCE] = "NONCE", [ISAKMP_NOTIFY] = "N",
		[ISAKMP_DELETE] = "D",	    [ISAKMP_VENDOR] = "VID",  [ISAKMP_NAT_D] = "NAT-D",
		[ISAKMP_NAT_OA] = "NAT-OA",
	};
	char line[160];
	struct str text = str_make(line, sizeof line);

	if (!log_enabled(s->log, LOG_LEVEL_DEBUG))
		return;
	for (unsigned i = 0; i < chain->count; i++) {
		uint8_t type = chain->at[i].type;
		if (type < sizeof names / sizeof names[0] && names[type])
			str_printf(&text, " %s", names[type]);
		else
			str_printf(&text, " %u", type);
	}
	log_debug(s->log, "%c IKE exchange %u id %08x:%s", direction, h->exchange, h->id, line);
}
