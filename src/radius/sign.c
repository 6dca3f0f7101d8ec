/* SPDX-License-Identifier: MIT */
/* MD5 and HMAC-MD5 over RADIUS packets. */
#include "radius/sign.h"

#include "crypto/crypto.h"

#include <string.h>

#define BLOCK 64 /* of MD5, for HMAC (RFC 2104) */

static void hmac(uint8_t out[static 16], const struct secret *secret,
		 const struct crypto_part *parts, size_t count)
{
	uint8_t key[BLOCK] = {0}, inner[BLOCK], outer[BLOCK], digest[16];
	struct crypto_part all[8] = {{inner, BLOCK}};

	if (secret->len > BLOCK)
		crypto_md5(key, &(struct crypto_part){secret->bytes, secret->len}, 1);
	else
		memcpy(key, secret->bytes, secret->len);
	for (size_t i = 0; i < BLOCK; i++) {
		inner[i] = key[i] ^ 0x36;
		outer[i] = key[i] ^ 0x5c;
	}
	for (size_t i = 0; i < count && i < 7; i++)
		all[i + 1] = parts[i];
	crypto_md5(digest, all, count + 1);
	crypto_md5(out, (const struct crypto_part[]){{outer, BLOCK}, {digest, 16}}, 2);
	wipe(key, sizeof key);
	wipe(inner, sizeof inner);
	wipe(outer, sizeof outer);
}

/* The stream of octets for one block: MD5(secret | what came before). */
static void pad(uint8_t out[static 16], const struct secret *secret, const uint8_t *before,
		size_t len)
{
	crypto_md5(out, (const struct crypto_part[]){{secret->bytes, secret->len}, {before, len}},
		   2);
}

void radius_hide(const struct secret *secret, const uint8_t authenticator[static 16], uint8_t *data,
		 size_t len)
{
	const uint8_t *before = authenticator;
	uint8_t b[16];

	for (size_t at = 0; at + 16 <= len; at += 16) {
		pad(b, secret, before, 16);
		for (size_t i = 0; i < 16; i++)
			data[at + i] ^= b[i];
		before = data + at;
	}
	wipe(b, sizeof b);
}

/* FIRST, FIRST_LEN octets, stand before the first block. */
static void unhide(const struct secret *secret, const uint8_t *first, size_t first_len,
		   uint8_t *data, size_t len)
{
	uint8_t before[32], b[16];
	size_t before_len = first_len;

	memcpy(before, first, first_len);
	for (size_t at = 0; at + 16 <= len; at += 16) {
		pad(b, secret, before, before_len);
		memcpy(before, data + at, 16);
		before_len = 16;
		for (size_t i = 0; i < 16; i++)
			data[at + i] ^= b[i];
	}
	wipe(b, sizeof b);
}

void radius_unhide(const struct secret *secret, const uint8_t authenticator[static 16],
		   uint8_t *data, size_t len)
{
	unhide(secret, authenticator, 16, data, len);
}

bool radius_open_key(const struct secret *secret, const uint8_t authenticator[static 16],
		     const struct radius_value *value, uint8_t *key, size_t len)
{
	uint8_t first[18], data[RADIUS_VALUE_MAX];
	size_t hidden = value->len - 2;
	bool good;

	if (value->len < 2 + 16 || value->len > RADIUS_VALUE_MAX || hidden % 16)
		return false;
	memcpy(first, authenticator, 16);
	memcpy(first + 16, value->at, 2);
	memcpy(data, value->at + 2, hidden);
	unhide(secret, first, sizeof first, data, hidden);
	good = data[0] == len && hidden >= 1 + len;
	if (good)
		memcpy(key, data + 1, len);
	wipe(data, sizeof data);
	return good;
}

void radius_sign_access(const struct secret *secret, uint8_t *packet, size_t len)
{
	uint8_t *mac = packet + RADIUS_HEADER + 2;

	memset(mac, 0, 16);
	hmac(mac, secret, &(struct crypto_part){packet, len}, 1);
}

void radius_sign_accounting(const struct secret *secret, uint8_t *packet, size_t len)
{
	memset(packet + 4, 0, 16);
	crypto_md5(packet + 4,
		   (const struct crypto_part[]){{packet, len}, {secret->bytes, secret->len}}, 2);
}

/* How many Message-Authenticators there are, and where the last one's value is; NULL if it is none
 * that can be right. */
static unsigned find_mac(const struct radius_packet *answer, const uint8_t **mac)
{
	struct radius_walk walk = radius_walk(answer);
	struct radius_value v;
	unsigned count = 0;

	*mac = NULL;
	while (radius_next(&walk, &v))
		if (!v.vendor && v.type == RADIUS_AT_MESSAGE_AUTHENTICATOR) {
			*mac = v.len == 16 ? v.at : NULL;
			count++;
		}
	return count;
}

enum radius_signature radius_judge(const struct secret *secret,
				   const uint8_t request_authenticator[static 16],
				   const struct radius_packet *answer)
{
	static const uint8_t zeros[16];
	const uint8_t *start = answer->authenticator - 4, *end = start + answer->len, *mac;
	unsigned macs = find_mac(answer, &mac);
	uint8_t expected[16];

	crypto_md5(expected,
		   (const struct crypto_part[]){{start, 4},
						{request_authenticator, 16},
						{answer->attributes, answer->attributes_len},
						{secret->bytes, secret->len}},
		   4);
	if (!bytes_equal_ct(expected, answer->authenticator, 16))
		return RADIUS_FORGED;
	if (macs == 0)
		return RADIUS_SIGNED;
	if (macs > 1 || !mac)
		return RADIUS_FORGED;
	hmac(expected, secret,
	     (const struct crypto_part[]){{start, 4},
					  {request_authenticator, 16},
					  {answer->attributes, (size_t)(mac - answer->attributes)},
					  {zeros, 16},
					  {mac + 16, (size_t)(end - mac) - 16}},
	     5);
	return bytes_equal_ct(expected, mac, 16) ? RADIUS_VOUCHED : RADIUS_FORGED;
}
