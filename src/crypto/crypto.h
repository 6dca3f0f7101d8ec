/* SPDX-License-Identifier: MIT */
/* Hashes and ciphers of PPP authentication and MPPE: small pure functions over octets.
 *
 * MD4, MD5, SHA-1 and DES come from OpenSSL (MD4, DES and RC4 live in its legacy provider, which
 * crypto_init loads).  RC4 and SHA-1 for MPPE's key chain are our own, since the data path calls
 * them for each packet. */
#ifndef VPDIAL_CRYPTO_CRYPTO_H
#define VPDIAL_CRYPTO_CRYPTO_H

#include "base/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reason;

/* Loads the providers into a library context of its own and checks one known answer of each
 * algorithm.  Needs the file system, so it must run before the sandbox.  Returns 0, or -ENOENT
 * with *REASON (EXIT_FATAL) saying which provider or algorithm is missing and what to install. */
int crypto_init(struct reason *reason);
void crypto_exit(void);

/* One part of a message to hash. */
struct crypto_part {
	const void *bytes;
	size_t len;
};

void crypto_md4(uint8_t out[static 16], const struct crypto_part *parts, size_t count);
void crypto_md5(uint8_t out[static 16], const struct crypto_part *parts, size_t count);
void crypto_sha1(uint8_t out[static 20], const struct crypto_part *parts, size_t count);
/* One DES block; KEY7 holds 56 bits, spread to eight octets inside (RFC 2433 A.7). */
void crypto_des(uint8_t out[static 8], const uint8_t key7[static 7], const uint8_t in[static 8]);

#endif
