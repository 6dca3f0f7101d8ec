/* SPDX-License-Identifier: MIT */
/* CHAP-MD5 (RFC 1994), MS-CHAPv1 (RFC 2433), MS-CHAPv2 (RFC 2759): the computations. */
#ifndef VPDIAL_CRYPTO_MSCHAP_H
#define VPDIAL_CRYPTO_MSCHAP_H

#include "base/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* MD5(ID | SECRET | CHALLENGE), also of EAP-MD5 and of L2TP's tunnel authentication. */
void chap_md5_response(uint8_t out[static 16], uint8_t id, const struct secret *secret,
		       const void *challenge, size_t len);

/* MD4 of the password as UTF-16LE.  Octets that are not UTF-8 are taken as Latin-1, so that a
 * password of any octets has a hash.  At most 256 characters are used. */
void mschap_nt_hash(uint8_t out[static 16], const struct secret *password);
/* DES based hash of the upper-cased password (RFC 2433 A.2), wanted for 40/56-bit MPPE keys. */
void mschap_lm_hash(uint8_t out[static 16], const struct secret *password);
/* MD4 of the NT hash. */
void mschap_hash_hash(uint8_t out[static 16], const uint8_t nt_hash[static 16]);

/* 24 octets from a hash and an eight-octet challenge (RFC 2433 A.5). */
void mschap_challenge_response(uint8_t out[static 24], const uint8_t challenge[static 8],
			       const uint8_t hash[static 16]);

/* The user name without its DOMAIN\ part, which alone is hashed: a pointer into USER, *LEN set. */
const uint8_t *mschap_plain_user(const uint8_t *user, size_t user_len, size_t *len);

/* ChallengeHash (RFC 2759 8.2); USER already without domain. */
void mschap2_challenge_hash(uint8_t out[static 8], const uint8_t peer_challenge[static 16],
			    const uint8_t auth_challenge[static 16], const uint8_t *user,
			    size_t user_len);
/* The 24-octet NT response (RFC 2759 8.1). */
void mschap2_nt_response(uint8_t out[static 24], const uint8_t nt_hash[static 16],
			 const uint8_t auth_challenge[static 16],
			 const uint8_t peer_challenge[static 16], const uint8_t *user,
			 size_t user_len);
/* The server's proof: "S=" and 40 upper-case hexadecimal digits, not NUL-terminated (RFC 2759 8.7).
 */
#define MSCHAP2_PROOF_LEN 42
void mschap2_proof(uint8_t out[static MSCHAP2_PROOF_LEN], const uint8_t nt_hash[static 16],
		   const uint8_t nt_response[static 24], const uint8_t challenge_hash[static 8]);

/* UTF-8 to UTF-16LE as described above; returns octets written (at most CAP, even). */
size_t mschap_utf16le(uint8_t *out, size_t cap, const uint8_t *utf8, size_t len);

#endif
