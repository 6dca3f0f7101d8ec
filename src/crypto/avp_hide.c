/* SPDX-License-Identifier: MIT */
/* The MD5 key stream of hidden AVPs (RFC 2661 section 4.3). */
#include "crypto/avp_hide.h"

#include "crypto/crypto.h"
#include "crypto/mschap.h"

#include <string.h>

#define BLOCK 16

/* b1 = MD5(type | secret | random vector), bi = MD5(secret | c(i-1)); c is what is on the wire. */
static void stream_xor(uint8_t *out, const uint8_t *in, size_t len, uint16_t type, bool hide,
		       const struct secret *secret, const uint8_t *rv, size_t rv_len)
{
	const uint8_t type_octets[2] = {(uint8_t)(type >> 8), (uint8_t)type};
	const struct crypto_part first[] = {
		{type_octets, 2}, {secret->bytes, secret->len}, {rv, rv_len}};
	uint8_t key[BLOCK], cipher[BLOCK];

	crypto_md5(key, first, 3);
	for (size_t at = 0; at < len; at += BLOCK) {
		size_t n = len - at < BLOCK ? len - at : BLOCK;
		if (!hide)
			memcpy(cipher, in + at, n);
		for (size_t i = 0; i < n; i++)
			out[at + i] = in[at + i] ^ key[i];
		if (hide)
			memcpy(cipher, out + at, n);
		const struct crypto_part next[] = {{secret->bytes, secret->len}, {cipher, n}};
		crypto_md5(key, next, 2);
	}
	wipe(key, sizeof key);
}

void avp_hide(uint8_t *out, const uint8_t *in, size_t len, uint16_t type,
	      const struct secret *secret, const uint8_t *rv, size_t rv_len)
{
	stream_xor(out, in, len, type, true, secret, rv, rv_len);
}

void avp_unhide(uint8_t *out, const uint8_t *in, size_t len, uint16_t type,
		const struct secret *secret, const uint8_t *rv, size_t rv_len)
{
	stream_xor(out, in, len, type, false, secret, rv, rv_len);
}

void l2tp_challenge_response(uint8_t out[static 16], uint8_t message_type,
			     const struct secret *secret, const uint8_t *challenge, size_t len)
{
	chap_md5_response(out, message_type, secret, challenge, len);
}
