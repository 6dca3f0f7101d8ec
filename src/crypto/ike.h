/* SPDX-License-Identifier: MIT */
/* What IKE computes (RFC 2409): prf, keys, the cipher of ISAKMP messages, Diffie-Hellman.  Every
 * primitive is OpenSSL's; crypto_init must have been called. */
#ifndef VPDIAL_CRYPTO_IKE_H
#define VPDIAL_CRYPTO_IKE_H

#include "crypto/crypto.h"
#include "vocabulary/ipsec.h"

#define IKE_HASH_MAX  64
#define IKE_BLOCK_MAX 16
#define IKE_DH_MAX    512 /* modp4096 */

/* Octets of HASH's result (enum ipsec_hash). */
size_t ike_hash_len(uint8_t hash);
void ike_hash(uint8_t hash, uint8_t out[static IKE_HASH_MAX], const struct crypto_part *parts,
	      size_t count);
/* The prf: HMAC (RFC 2104). */
void ike_prf(uint8_t hash, uint8_t out[static IKE_HASH_MAX], const void *key, size_t key_len,
	     const struct crypto_part *parts, size_t count);

/* The keys of one phase 1 (RFC 2409 section 5, appendix B). */
struct ike_keys {
	uint8_t hash; /* enum ipsec_hash */
	uint8_t len;  /* of the next four */
	uint8_t skeyid[IKE_HASH_MAX], d[IKE_HASH_MAX], a[IKE_HASH_MAX], e[IKE_HASH_MAX];
	uint8_t cipher; /* enum ipsec_cipher */
	uint8_t key_len;
	uint8_t key[ESP_KEY_MAX];
};

struct ike_key_input {
	const struct secret *secret;
	struct crypto_part nonce_i, nonce_r; /* bodies */
	struct crypto_part shared;	     /* g^xy */
	const uint8_t *cookie_i, *cookie_r;  /* eight octets each */
};

/* SUITE's hash and cipher, which must not be AES-GCM. */
void ike_keys_make(struct ike_keys *keys, const struct ipsec_suite *suite,
		   const struct ike_key_input *input);

/* Octets of the cipher's block (enum ipsec_cipher). */
size_t ike_block(uint8_t cipher);
/* Encrypts or decrypts LEN octets, which must be whole blocks, in place; IV (ike_block octets) is
 * then that of the next message. */
void ike_encrypt(const struct ike_keys *keys, uint8_t *iv, uint8_t *data, size_t len);
void ike_decrypt(const struct ike_keys *keys, uint8_t *iv, uint8_t *data, size_t len);

/* KEYMAT of one ESP association (section 5.5): fills keys, integrity and salt of OUT, whose spi and
 * suite are set; SHARED has no octets without PFS. */
void ike_keymat(struct esp_keys *out, const struct ike_keys *keys, struct crypto_part shared,
		struct crypto_part nonce_i, struct crypto_part nonce_r);

/* A private value of one group (RFC 2409 section 6, RFC 3526, RFC 5903). */
struct ike_dh;

/* NULL for an unknown group or when out of memory. */
struct ike_dh *ike_dh_new(uint8_t group);
void ike_dh_free(struct ike_dh *dh);
/* Octets of a public value of that group (enum ipsec_group), 0 if unknown. */
size_t ike_dh_public_len(uint8_t group);
/* Our public value, with its leading zeros. */
void ike_dh_public(const struct ike_dh *dh, uint8_t out[static IKE_DH_MAX]);
/* g^xy with the peer's public value, which may lack leading zeros (modp).  Its length, or 0 for a
 * value that is no element of the group (0, 1, p-1, not below p, not on the curve). */
size_t ike_dh_shared(const struct ike_dh *dh, const uint8_t *peer, size_t len,
		     uint8_t out[static IKE_DH_MAX]);

/* For crypto_init and crypto_exit: fetches everything from LIB (an OSSL_LIB_CTX) and checks a known
 * answer of each; the name of what is missing or wrong, or NULL. */
const char *ike_load(void *lib);
void ike_unload(void);

#endif
