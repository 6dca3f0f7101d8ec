/* SPDX-License-Identifier: MIT */
/* CHAP-MD5, MS-CHAPv1 and MS-CHAPv2: the computations of RFC 1994, 2433 and 2759. */
#include "crypto/mschap.h"

#include "crypto/crypto.h"

#include <string.h>

/* RFC 2433 and 2759 allow passwords of up to 256 Unicode characters. */
#define PASSWORD_UTF16_MAX 512

void chap_md5_response(uint8_t out[static 16], uint8_t id, const struct secret *secret,
		       const void *challenge, size_t len)
{
	const struct crypto_part parts[] = {
		{&id, 1}, {secret->bytes, secret->len}, {challenge, len}};
	crypto_md5(out, parts, 3);
}

/* Decodes one character at S (LEN > 0 octets): returns the octets it took.  What is not
 * well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates) is one Latin-1 octet. */
static size_t utf8_next(const uint8_t *s, size_t len, uint32_t *ch)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t need = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 1;
	uint32_t c = need == 1 ? s[0] : s[0] & (0xffu >> (need + 1));

	*ch = s[0];
	if (need == 1 || s[0] > 0xf4 || need > len)
		return 1;
	for (size_t i = 1; i < need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 1;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[need] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 1;
	*ch = c;
	return need;
}

size_t mschap_utf16le(uint8_t *out, size_t cap, const uint8_t *utf8, size_t len)
{
	size_t used = 0;

	while (len > 0) {
		uint32_t ch;
		size_t took = utf8_next(utf8, len, &ch);
		uint16_t unit[2] = {(uint16_t)ch, 0};
		size_t units = 1;

		if (ch > 0xffff) {
			unit[0] = (uint16_t)(0xd800 + ((ch - 0x10000) >> 10));
			unit[1] = (uint16_t)(0xdc00 + ((ch - 0x10000) & 0x3ff));
			units = 2;
		}
		if (2 * units > cap - used)
			break;
		for (size_t i = 0; i < units; i++) {
			out[used++] = (uint8_t)unit[i];
			out[used++] = (uint8_t)(unit[i] >> 8);
		}
		utf8 += took;
		len -= took;
	}
	return used;
}

void mschap_nt_hash(uint8_t out[static 16], const struct secret *password)
{
	uint8_t unicode[PASSWORD_UTF16_MAX];
	size_t len = mschap_utf16le(unicode, sizeof unicode, password->bytes, password->len);

	crypto_md4(out, &(struct crypto_part){unicode, len}, 1);
	wipe(unicode, sizeof unicode);
}

void mschap_lm_hash(uint8_t out[static 16], const struct secret *password)
{
	static const uint8_t clear[8] = {'K', 'G', 'S', '!', '@', '#', '$', '%'};
	uint8_t upper[14] = {0};

	/* Only ASCII letters have an upper case in every OEM code page. */
	for (size_t i = 0; i < sizeof upper && i < password->len; i++) {
		uint8_t c = password->bytes[i];
		upper[i] = c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
	}
	crypto_des(out, upper, clear);
	crypto_des(out + 8, upper + 7, clear);
	wipe(upper, sizeof upper);
}

void mschap_hash_hash(uint8_t out[static 16], const uint8_t nt_hash[static 16])
{
	crypto_md4(out, &(struct crypto_part){nt_hash, 16}, 1);
}

void mschap_challenge_response(uint8_t out[static 24], const uint8_t challenge[static 8],
			       const uint8_t hash[static 16])
{
	uint8_t keys[21] = {0};

	memcpy(keys, hash, 16);
	for (size_t i = 0; i < 3; i++)
		crypto_des(out + 8 * i, keys + 7 * i, challenge);
	wipe(keys, sizeof keys);
}

const uint8_t *mschap_plain_user(const uint8_t *user, size_t user_len, size_t *len)
{
	size_t start = user_len;

	while (start > 0 && user[start - 1] != '\\')
		start--;
	*len = user_len - start;
	return user + start;
}

void mschap2_challenge_hash(uint8_t out[static 8], const uint8_t peer_challenge[static 16],
			    const uint8_t auth_challenge[static 16], const uint8_t *user,
			    size_t user_len)
{
	uint8_t digest[20];
	const struct crypto_part parts[] = {
		{peer_challenge, 16}, {auth_challenge, 16}, {user, user_len}};

	crypto_sha1(digest, parts, 3);
	memcpy(out, digest, 8);
}

void mschap2_nt_response(uint8_t out[static 24], const uint8_t nt_hash[static 16],
			 const uint8_t auth_challenge[static 16],
			 const uint8_t peer_challenge[static 16], const uint8_t *user,
			 size_t user_len)
{
	uint8_t challenge[8];

	mschap2_challenge_hash(challenge, peer_challenge, auth_challenge, user, user_len);
	mschap_challenge_response(out, challenge, nt_hash);
}

void mschap2_proof(uint8_t out[static MSCHAP2_PROOF_LEN], const uint8_t nt_hash[static 16],
		   const uint8_t nt_response[static 24], const uint8_t challenge_hash[static 8])
{
	static const char sign[] = "Magic server to client signing constant";
	static const char more[] = "Pad to make it do more than one iteration";
	static const char digits[] = "0123456789ABCDEF";
	uint8_t hash_hash[16], digest[20];

	mschap_hash_hash(hash_hash, nt_hash);
	const struct crypto_part first[] = {
		{hash_hash, 16}, {nt_response, 24}, {sign, sizeof sign - 1}};
	crypto_sha1(digest, first, 3);
	const struct crypto_part second[] = {
		{digest, 20}, {challenge_hash, 8}, {more, sizeof more - 1}};
	crypto_sha1(digest, second, 3);
	out[0] = 'S';
	out[1] = '=';
	for (size_t i = 0; i < sizeof digest; i++) {
		out[2 + 2 * i] = (uint8_t)digits[digest[i] >> 4];
		out[3 + 2 * i] = (uint8_t)digits[digest[i] & 15];
	}
	wipe(hash_hash, sizeof hash_hash);
	wipe(digest, sizeof digest);
}
