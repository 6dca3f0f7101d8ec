/* SPDX-License-Identifier: MIT */
/* MPPE's start keys (RFC 3079) and key changes (RFC 3078 section 7). */
#include "crypto/mppe_key.h"

#include "base/secret.h"
#include "base/sha1.h"
#include "crypto/crypto.h"
#include "crypto/rc4.h"

#include <string.h>

#define PAD_LEN 40

static const uint8_t pad1[PAD_LEN];
static const uint8_t pad2[PAD_LEN] = {
	0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2,
	0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2,
	0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2, 0xf2,
};

/* The three texts of RFC 3079 section 3.4. */
static const char magic_master[] = "This is the MPPE Master Key";
static const char magic_send[] =
	"On the client side, this is the send key; on the server side, it is the receive key.";
static const char magic_receive[] =
	"On the client side, this is the receive key; on the server side, it is the send key.";

static size_t key_len(unsigned bits)
{
	return bits == 128 ? 16 : 8;
}

void mppe_start_key_v1(uint8_t start[static 16], unsigned bits, const uint8_t lm_hash[static 16],
		       const uint8_t nt_hash[static 16], const uint8_t challenge[static 8])
{
	uint8_t hash_hash[16];

	crypto_md4(hash_hash, &(struct crypto_part){nt_hash, 16}, 1);
	mppe_start_key_v1_hashed(start, bits, lm_hash, hash_hash, challenge);
	wipe(hash_hash, sizeof hash_hash);
}

void mppe_start_key_v1_hashed(uint8_t start[static 16], unsigned bits,
			      const uint8_t lm_hash[static 8], const uint8_t hash_hash[static 16],
			      const uint8_t challenge[static 8])
{
	uint8_t digest[20];

	memset(start, 0, 16);
	if (bits != 128) {
		memcpy(start, lm_hash, 8);
		return;
	}
	const struct crypto_part parts[] = {{hash_hash, 16}, {hash_hash, 16}, {challenge, 8}};
	crypto_sha1(digest, parts, 3);
	memcpy(start, digest, 16);
	wipe(digest, sizeof digest);
}

void mppe_start_key_v2(uint8_t start[static 16], unsigned bits, bool caller_send,
		       const uint8_t nt_hash[static 16], const uint8_t nt_response[static 24])
{
	uint8_t hash_hash[16], master[20], digest[20];
	const char *magic = caller_send ? magic_send : magic_receive;

	crypto_md4(hash_hash, &(struct crypto_part){nt_hash, 16}, 1);
	const struct crypto_part master_parts[] = {
		{hash_hash, 16}, {nt_response, 24}, {magic_master, sizeof magic_master - 1}};
	crypto_sha1(master, master_parts, 3);
	const struct crypto_part start_parts[] = {
		{master, 16}, {pad1, PAD_LEN}, {magic, sizeof magic_send - 1}, {pad2, PAD_LEN}};
	crypto_sha1(digest, start_parts, 4);
	memset(start, 0, 16);
	memcpy(start, digest, key_len(bits));
	wipe(hash_hash, sizeof hash_hash);
	wipe(master, sizeof master);
	wipe(digest, sizeof digest);
}

_Static_assert(sizeof magic_send == sizeof magic_receive, "both texts have 84 octets");

/* GetNewKeyFromSHA (RFC 3078 section 7.3): SHA-1 of start key, pad 1, session key, pad 2.  The
 * message is 96 or 112 octets long, so that it always fills two blocks with its padding. */
static void new_key_from_sha(uint8_t key[static 16], const struct mppe_chain *chain)
{
	uint8_t blocks[2 * SHA1_BLOCK], digest[SHA1_DIGEST];
	size_t n = chain->len, len = 2 * n + 2 * PAD_LEN;

	memcpy(blocks, chain->start, n);
	memset(blocks + n, 0, PAD_LEN);
	memcpy(blocks + n + PAD_LEN, chain->session, n);
	memset(blocks + 2 * n + PAD_LEN, 0xf2, PAD_LEN);
	blocks[len] = 0x80;
	memset(blocks + len + 1, 0, sizeof blocks - len - 1);
	blocks[sizeof blocks - 2] = (uint8_t)(len * 8 >> 8);
	blocks[sizeof blocks - 1] = (uint8_t)(len * 8);
	sha1_padded(digest, blocks, 2);
	memcpy(key, digest, n);
}

/* Makes a key weaker as RFC 3078 section 7.1 wants it for 40 and 56 bit. */
static void reduce(struct mppe_chain *chain)
{
	if (chain->bits == 40) {
		chain->session[0] = 0xd1;
		chain->session[1] = 0x26;
		chain->session[2] = 0x9e;
	} else if (chain->bits == 56) {
		chain->session[0] = 0xd1;
	}
}

void mppe_chain_init(struct mppe_chain *chain, unsigned bits, const uint8_t start[static 16])
{
	memset(chain, 0, sizeof *chain);
	chain->bits = (uint8_t)bits;
	chain->len = (uint8_t)key_len(bits);
	memcpy(chain->start, start, chain->len);
	memcpy(chain->session, start, chain->len);
	new_key_from_sha(chain->session, chain);
	reduce(chain);
}

/* The second half of a key change: INTERIM encrypted with itself. */
static void end_change(struct mppe_chain *chain, struct rc4 *rc4, const uint8_t *interim)
{
	rc4_crypt(rc4, chain->session, interim, chain->len);
	reduce(chain);
}

void mppe_chain_next(struct mppe_chain *chain)
{
	uint8_t interim[16];
	struct rc4 rc4;

	new_key_from_sha(interim, chain);
	rc4_init(&rc4, interim, chain->len);
	end_change(chain, &rc4, interim);
}

static void begin_change(struct mppe_keys *keys)
{
	uint8_t interim[16];

	new_key_from_sha(interim, &keys->chain);
	rc4_setup_begin(&keys->change, interim, keys->chain.len);
}

static void on_set_up(struct rc4_setup *change)
{
	struct mppe_keys *keys =
		(struct mppe_keys *)((char *)change - offsetof(struct mppe_keys, change));

	end_change(&keys->chain, &change->rc4, change->key);
	memcpy(keys->ready[(keys->first + keys->count) % MPPE_READY], keys->chain.session, 16);
	if (++keys->count < MPPE_READY)
		begin_change(keys);
}

void mppe_keys_restart(struct mppe_keys *keys, const struct mppe_chain *chain)
{
	keys->chain = *chain;
	keys->first = keys->count = 0;
	keys->change.at = RC4_SET_UP;
	keys->change.done = on_set_up;
}

void mppe_keys_init(struct mppe_keys *keys, unsigned bits, const uint8_t start[static 16])
{
	struct mppe_chain chain;

	mppe_chain_init(&chain, bits, start);
	mppe_keys_restart(keys, &chain);
}

struct rc4_setup *mppe_keys_beside(struct mppe_keys *keys)
{
	if (keys->count == MPPE_READY)
		return NULL;
	if (keys->change.at == RC4_SET_UP)
		begin_change(keys);
	return &keys->change;
}

const uint8_t *mppe_keys_ahead(struct mppe_keys *keys, unsigned n)
{
	while (keys->count < n)
		rc4_setup_finish(mppe_keys_beside(keys));
	return keys->ready[(keys->first + n - 1) % MPPE_READY];
}

void mppe_keys_drop(struct mppe_keys *keys, unsigned n)
{
	keys->first = (keys->first + n) % MPPE_READY;
	keys->count -= n;
}
