/* SPDX-License-Identifier: MIT */
/* Who and where the two ends are: bodies of ID (RFC 2407 section 4.6.2), NAT-D and NAT-OA payloads
 * (RFC 3947). */
#include "ipsec/internal.h"

#include "base/address.h"

#include <stdio.h>
#include <strings.h>

#define UDP 17

enum id_type {
	ID_IPV4 = 1,
	ID_FQDN = 2,
	ID_USER_FQDN = 3,
	ID_IPV6 = 5,
	ID_KEY = 11,
};

#define KEY_ID "keyid:"

static size_t id_address(const struct sockaddr_storage *address, uint8_t protocol, uint16_t port,
			 uint8_t *out)
{
	const uint8_t head[] = {address_size(address) == 4 ? ID_IPV4 : ID_IPV6, protocol,
				(uint8_t)(port >> 8), (uint8_t)port};
	struct writer w = writer_make(out, ID_BODY_MAX);

	writer_bytes(&w, head, sizeof head);
	writer_bytes(&w, address_octets(address), address_size(address));
	return writer_len(&w);
}

/* An identity as a profile writes it: an address, @name or name, user@name, keyid:octets. */
static size_t id_text(const char *text, uint8_t *out)
{
	struct sockaddr_storage address;
	struct writer w = writer_make(out, ID_BODY_MAX);
	uint8_t type = ID_FQDN;

	if (address_parse(&address, AF_UNSPEC, text))
		return id_address(&address, 0, 0, out);
	if (strncmp(text, KEY_ID, sizeof KEY_ID - 1) == 0) {
		type = ID_KEY;
		text += sizeof KEY_ID - 1;
	} else if (*text == '@') {
		text++;
	} else if (strchr(text, '@')) {
		type = ID_USER_FQDN;
	}
	writer_u8(&w, type);
	writer_zeros(&w, 3);
	writer_bytes(&w, text, strlen(text));
	return w.failed ? 0 : writer_len(&w);
}

size_t identity_own(const struct ipsec *s, uint8_t out[static ID_BODY_MAX])
{
	if (s->config.settings.id[0])
		return id_text(s->config.settings.id, out);
	return id_address(&s->config.local, 0, 0, out);
}

/* Names in any case, all else octet by octet. */
static bool same(uint8_t type, const void *a, const void *b, size_t len)
{
	if (type == ID_FQDN || type == ID_USER_FQDN)
		return strncasecmp(a, b, len) == 0;
	return memcmp(a, b, len) == 0;
}

bool identity_is_wanted(const struct ipsec *s, const struct isakmp_payload *id)
{
	uint8_t want[ID_BODY_MAX];

	if (!s->config.settings.remote_id[0])
		return true;
	size_t len = id_text(s->config.settings.remote_id, want);
	return len >= 4 && id->len == len && id->body[0] == want[0] &&
	       same(want[0], id->body + 4, want + 4, len - 4);
}

void identity_text(const struct isakmp_payload *id, char *buf, size_t cap)
{
	struct str text = str_make(buf, cap);
	struct sockaddr_storage address = {0};
	char number[64];

	if (id->len < 4)
		return;
	if ((id->body[0] == ID_IPV4 && id->len == 8) || (id->body[0] == ID_IPV6 && id->len == 20)) {
		address_set(&address, id->len == 8 ? AF_INET : AF_INET6, id->body + 4);
		str_printf(&text, "%s", address_text(&address, number, sizeof number));
	} else {
		str_clean(&text, id->body + 4, id->len - 4, 40);
	}
}

static const struct sockaddr_storage *address_of(const struct ipsec *s, bool ours)
{
	return ours ? &s->config.local : &s->config.peer;
}

size_t identity_selector(const struct ipsec *s, bool ours, uint16_t port,
			 uint8_t out[static ID_BODY_MAX])
{
	return id_address(address_of(s, ours), UDP, port, out);
}

bool identity_selects(const struct isakmp_payload *id, uint16_t port)
{
	struct cursor c = cursor_make(id->body, id->len);

	cursor_skip(&c, 1);
	uint8_t protocol = cursor_u8(&c);
	uint16_t got = cursor_u16(&c);
	return !c.failed && (protocol == UDP || protocol == 0) && (got == port || got == 0);
}

size_t identity_original(const struct ipsec *s, bool ours, uint8_t out[static ID_BODY_MAX])
{
	return id_address(address_of(s, ours), 0, 0, out);
}

/* hash(CKY-I | CKY-R | address | port) (RFC 3947 section 3.2). */
static void nat_hash(const struct phase *p, const struct sockaddr_storage *address,
		     uint8_t out[static IKE_HASH_MAX])
{
	uint16_t port = address_port(address);
	const uint8_t number[] = {(uint8_t)(port >> 8), (uint8_t)port};
	const struct crypto_part parts[] = {{p->cookie[INITIATOR], ISAKMP_COOKIE},
					    {p->cookie[RESPONDER], ISAKMP_COOKIE},
					    {address_octets(address), address_size(address)},
					    {number, sizeof number}};

	ike_hash(p->suite.hash, out, parts, 4);
}

static uint8_t nat_type(const struct phase *p)
{
	return p->dialect == NATT_RFC ? ISAKMP_NAT_D : ISAKMP_NAT_D_DRAFT;
}

/* The peer's address, then ours, which is wrong by intention: it makes the peer wrap ESP in UDP. */
void identity_add_nat_d(struct ipsec *s, const struct phase *p, struct isakmp_writer *m)
{
	uint8_t hash[IKE_HASH_MAX];
	size_t len = ike_hash_len(p->suite.hash);

	if (p->dialect == NATT_NONE)
		return;
	nat_hash(p, &s->config.peer, hash);
	isakmp_add(m, nat_type(p), hash, len);
	random_fill(s->random, hash, len);
	isakmp_add(m, nat_type(p), hash, len);
}

static bool is_hash(const struct isakmp_payload *got, const uint8_t *want, size_t len)
{
	return got && got->len == len && memcmp(got->body, want, len) == 0;
}

void identity_detect_nat(const struct ipsec *s, struct phase *p, const struct isakmp_chain *chain)
{
	uint8_t ours[IKE_HASH_MAX], theirs[IKE_HASH_MAX];
	size_t len = ike_hash_len(p->suite.hash);
	unsigned count = isakmp_count(chain, nat_type(p));

	if (p->dialect == NATT_NONE || count < 2)
		return;
	nat_hash(p, &s->config.local, ours);
	nat_hash(p, &s->config.peer, theirs);
	p->nat_us = !is_hash(isakmp_find(chain, nat_type(p), 0), ours, len);
	p->nat_peer = true;
	for (unsigned i = 1; i < count; i++)
		if (is_hash(isakmp_find(chain, nat_type(p), i), theirs, len))
			p->nat_peer = false;
}
