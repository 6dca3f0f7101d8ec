/* SPDX-License-Identifier: MIT */
/* RC4 in plain C. */
#include "crypto/rc4.h"

#include <stdlib.h>

void rc4_init(struct rc4 *rc4, const uint8_t *key, size_t key_len)
{
	uint8_t j = 0;
	size_t k = 0;

	if (key_len == 0)
		abort(); /* our own mistake: a key never comes from the network */
	for (unsigned i = 0; i < 256; i++)
		rc4->s[i] = (uint8_t)i;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t s = rc4->s[i];
		j = (uint8_t)(j + s + key[k]);
		rc4->s[i] = rc4->s[j];
		rc4->s[j] = s;
		if (++k == key_len)
			k = 0;
	}
	rc4->i = 0;
	rc4->j = 0;
}

void rc4_crypt(struct rc4 *rc4, uint8_t *out, const uint8_t *in, size_t len)
{
	uint8_t i = rc4->i, j = rc4->j;
	uint8_t *s = rc4->s;

	for (size_t n = 0; n < len; n++) {
		uint8_t x = s[++i];
		j = (uint8_t)(j + x);
		uint8_t y = s[j];
		s[j] = x;
		s[i] = y;
		out[n] = in[n] ^ s[(uint8_t)(x + y)];
	}
	rc4->i = i;
	rc4->j = j;
}
