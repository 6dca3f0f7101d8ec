/* SPDX-License-Identifier: MIT */
/* RC4 as MPPE uses it (RFC 3078 section 7): many short messages, often a new key for each. */
#ifndef VPDIAL_CRYPTO_RC4_H
#define VPDIAL_CRYPTO_RC4_H

#include <stddef.h>
#include <stdint.h>

struct rc4 {
	uint8_t i, j;
	uint8_t s[256];
};

void rc4_init(struct rc4 *rc4, const uint8_t *key, size_t key_len);
/* XORs LEN octets of key stream onto IN; OUT may be IN. */
void rc4_crypt(struct rc4 *rc4, uint8_t *out, const uint8_t *in, size_t len);

#endif
