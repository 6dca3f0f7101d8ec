/* SPDX-License-Identifier: MIT */
/* MPPE keys: start keys from MS-CHAP (RFC 3079) and the chain of session keys (RFC 3078 7). */
#ifndef VPDIAL_CRYPTO_MPPE_KEY_H
#define VPDIAL_CRYPTO_MPPE_KEY_H

#include "crypto/rc4.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Start keys hold 16 octets; for 40 and 56 bit the first eight are used. */

/* MS-CHAPv1 (RFC 3079 2): one start key for both directions; BITS is 40, 56 or 128. */
void mppe_start_key_v1(uint8_t start[static 16], unsigned bits, const uint8_t lm_hash[static 16],
		       const uint8_t nt_hash[static 16], const uint8_t challenge[static 8]);

/* The same where the MD4 of the NT hash is known instead of the hash. */
void mppe_start_key_v1_hashed(uint8_t start[static 16], unsigned bits,
			      const uint8_t lm_hash[static 8], const uint8_t hash_hash[static 16],
			      const uint8_t challenge[static 8]);

/* MS-CHAPv2 (RFC 3079 3).  CALLER_SEND: the direction in which the authenticated side sends. */
void mppe_start_key_v2(uint8_t start[static 16], unsigned bits, bool caller_send,
		       const uint8_t nt_hash[static 16], const uint8_t nt_response[static 24]);

/* One direction's chain. */
struct mppe_chain {
	uint8_t bits;	     /* 40, 56 or 128 */
	uint8_t len;	     /* octets in use: 8 or 16 */
	uint8_t start[16];   /* start key */
	uint8_t session[16]; /* current session key, reduced for 40 and 56 */
};

/* Sets the chain to the initial session key (RFC 3079 GetNewKeyFromSHA without RC4). */
void mppe_chain_init(struct mppe_chain *chain, unsigned bits, const uint8_t start[static 16]);
/* One key change (RFC 3078 7.3). */
void mppe_chain_next(struct mppe_chain *chain);

/* A chain that runs ahead of its use: keys depend on no data, so that they are made in time that is
 * left over. */
#define MPPE_READY 128
struct mppe_keys {
	struct mppe_chain chain;       /* at the key that was made last */
	uint8_t ready[MPPE_READY][16]; /* a ring of those not used yet */
	unsigned first, count;
	struct rc4_setup change; /* the key change in the making, if any */
};

void mppe_keys_init(struct mppe_keys *keys, unsigned bits, const uint8_t start[static 16]);
/* The key N changes on (1 to MPPE_READY), made now unless it is ready. */
const uint8_t *mppe_keys_ahead(struct mppe_keys *keys, unsigned n);
/* N changes are used up; they were ready. */
void mppe_keys_drop(struct mppe_keys *keys, unsigned n);
/* Goes on from CHAIN, what was ready is forgotten. */
void mppe_keys_restart(struct mppe_keys *keys, const struct mppe_chain *chain);
/* The next change to make beside ciphers (rc4_jobs); NULL = enough are ready. */
struct rc4_setup *mppe_keys_beside(struct mppe_keys *keys);

#endif
