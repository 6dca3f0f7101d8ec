/* SPDX-License-Identifier: MIT */
/* IKE's prf, keys and message cipher.  Handles live in one static struct, as in hash.c; only the
 * loop thread may call these. */
#include "crypto/ike.h"

#include "base/str.h"
#include "crypto/ike_dh.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

#define PARTS_MAX 8

static struct {
	EVP_MD *md[IPSEC_HASHES];
	EVP_MAC *hmac;
	EVP_CIPHER *aes[3], *des3; /* AES with 128, 192, 256 bits */
} handles;

static const struct {
	const char *name;
	uint8_t len;
	const char *jefe; /* HMAC's first octets, key "Jefe" (RFC 2202 case 2, RFC 4231 case 2) */
} hashes[IPSEC_HASHES] = {
	[IPSEC_MD5] = {"MD5", 16, "\x75\x0c\x78\x3e\x6a\xb0\xb5\x03"},
	[IPSEC_SHA1] = {"SHA1", 20, "\xef\xfc\xdf\x6a\xe5\xeb\x2f\xa2"},
	[IPSEC_SHA256] = {"SHA2-256", 32, "\x5b\xdc\xc1\x46\xbf\x60\x75\x4e"},
	[IPSEC_SHA384] = {"SHA2-384", 48, "\xaf\x45\xd2\xe3\x76\x48\x40\x31"},
	[IPSEC_SHA512] = {"SHA2-512", 64, "\x16\x4b\x7a\x7b\xfc\xf8\x19\xe2"},
};

/* As in hash.c: once checked, it can only fail for lack of memory. */
static void must(int ok)
{
	if (ok != 1)
		abort();
}

size_t ike_hash_len(uint8_t hash)
{
	return hashes[hash].len;
}

void ike_hash(uint8_t hash, uint8_t out[static IKE_HASH_MAX], const struct crypto_part *parts,
	      size_t count)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	must(ctx && handles.md[hash]);
	must(EVP_DigestInit_ex2(ctx, handles.md[hash], NULL));
	for (size_t i = 0; i < count; i++)
		if (parts[i].len)
			must(EVP_DigestUpdate(ctx, parts[i].bytes, parts[i].len));
	must(EVP_DigestFinal_ex(ctx, out, NULL));
	EVP_MD_CTX_free(ctx);
}

void ike_prf(uint8_t hash, uint8_t out[static IKE_HASH_MAX], const void *key, size_t key_len,
	     const struct crypto_part *parts, size_t count)
{
	char name[16];
	size_t len = 0;
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(handles.hmac);

	str_copy(name, sizeof name, hashes[hash].name);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, name, strlen(name)), OSSL_PARAM_END};
	must(ctx != NULL);
	/* Without octets, NULL would mean "the same key again". */
	must(EVP_MAC_init(ctx, key_len ? key : (const void *)"", key_len, params));
	for (size_t i = 0; i < count; i++)
		if (parts[i].len)
			must(EVP_MAC_update(ctx, parts[i].bytes, parts[i].len));
	must(EVP_MAC_final(ctx, out, &len, IKE_HASH_MAX));
	EVP_MAC_CTX_free(ctx);
}

/* Keys */

/* SKEYID_d, _a and _e: prf(SKEYID, the one before | g^xy | cookies | NUMBER). */
static void derive(struct ike_keys *keys, uint8_t *out, const uint8_t *before,
		   const struct ike_key_input *in, uint8_t number)
{
	const struct crypto_part parts[] = {{before, before ? keys->len : 0},
					    in->shared,
					    {in->cookie_i, 8},
					    {in->cookie_r, 8},
					    {&number, 1}};

	ike_prf(keys->hash, out, keys->skeyid, keys->len, parts, 5);
}

/* SKEYID_e, or K1 | K2 ... where it is too short (RFC 2409 appendix B). */
static void cipher_key(struct ike_keys *keys)
{
	static const uint8_t zero[1];
	struct crypto_part part = {zero, 1};
	uint8_t k[IKE_HASH_MAX];

	if (keys->len >= keys->key_len) {
		memcpy(keys->key, keys->e, keys->key_len);
		return;
	}
	for (size_t at = 0; at < keys->key_len; at += keys->len) {
		size_t left = keys->key_len - at;
		ike_prf(keys->hash, k, keys->e, keys->len, &part, 1);
		memcpy(keys->key + at, k, left < keys->len ? left : keys->len);
		part = (struct crypto_part){k, keys->len};
	}
	wipe(k, sizeof k);
}

void ike_keys_make(struct ike_keys *keys, const struct ipsec_suite *suite,
		   const struct ike_key_input *in)
{
	const struct crypto_part nonces[] = {in->nonce_i, in->nonce_r};

	*keys = (struct ike_keys){.hash = suite->hash,
				  .len = (uint8_t)ike_hash_len(suite->hash),
				  .cipher = suite->cipher,
				  .key_len = (uint8_t)(suite->key_bits / 8)};
	ike_prf(keys->hash, keys->skeyid, in->secret->bytes, in->secret->len, nonces, 2);
	derive(keys, keys->d, NULL, in, 0);
	derive(keys, keys->a, keys->d, in, 1);
	derive(keys, keys->e, keys->a, in, 2);
	cipher_key(keys);
}

void ike_keymat(struct esp_keys *out, const struct ike_keys *keys, struct crypto_part shared,
		struct crypto_part nonce_i, struct crypto_part nonce_r)
{
	const uint8_t head[] = {3, (uint8_t)(out->spi >> 24), (uint8_t)(out->spi >> 16),
				(uint8_t)(out->spi >> 8), (uint8_t)out->spi};
	uint8_t all[ESP_KEY_MAX + ESP_INTEGRITY_MAX + IKE_HASH_MAX], k[IKE_HASH_MAX];
	struct crypto_part parts[] = {{k, 0}, shared, {head, sizeof head}, nonce_i, nonce_r};
	bool gcm = out->suite.cipher == IPSEC_AES_GCM;

	out->key_len = (uint8_t)(out->suite.key_bits / 8);
	out->integrity_len = gcm ? 0 : (uint8_t)ike_hash_len(out->suite.hash);
	size_t need = (size_t)out->key_len + (gcm ? ESP_SALT : out->integrity_len);
	for (size_t at = 0; at < need; at += keys->len) {
		ike_prf(keys->hash, k, keys->d, keys->len, parts, 5);
		memcpy(all + at, k, keys->len);
		parts[0].len = keys->len;
	}
	memcpy(out->key, all, out->key_len);
	memcpy(gcm ? out->salt : out->integrity, all + out->key_len, need - out->key_len);
	wipe(all, sizeof all);
	wipe(k, sizeof k);
}

/* The cipher */

size_t ike_block(uint8_t cipher)
{
	return cipher == IPSEC_3DES ? 8 : 16;
}

static void crypt_blocks(const struct ike_keys *keys, const uint8_t *iv, uint8_t *data, size_t len,
			 int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *cipher =
		keys->cipher == IPSEC_3DES ? handles.des3 : handles.aes[keys->key_len / 8 - 2];
	int done = 0;

	must(ctx && cipher && len % ike_block(keys->cipher) == 0);
	must(EVP_CipherInit_ex2(ctx, cipher, keys->key, iv, encrypt, NULL));
	must(EVP_CIPHER_CTX_set_padding(ctx, 0));
	must(EVP_CipherUpdate(ctx, data, &done, data, (int)len));
	must(done == (int)len);
	EVP_CIPHER_CTX_free(ctx);
}

void ike_encrypt(const struct ike_keys *keys, uint8_t *iv, uint8_t *data, size_t len)
{
	size_t block = ike_block(keys->cipher);

	if (len < block)
		return;
	crypt_blocks(keys, iv, data, len, 1);
	memcpy(iv, data + len - block, block);
}

void ike_decrypt(const struct ike_keys *keys, uint8_t *iv, uint8_t *data, size_t len)
{
	size_t block = ike_block(keys->cipher);
	uint8_t next[IKE_BLOCK_MAX];

	if (len < block)
		return;
	memcpy(next, data + len - block, block);
	crypt_blocks(keys, iv, data, len, 0);
	memcpy(iv, next, block);
}

/* Loading */

void ike_unload(void)
{
	ike_dh_unload();
	for (size_t i = 0; i < IPSEC_HASHES; i++)
		EVP_MD_free(handles.md[i]);
	for (size_t i = 0; i < 3; i++)
		EVP_CIPHER_free(handles.aes[i]);
	EVP_CIPHER_free(handles.des3);
	EVP_MAC_free(handles.hmac);
	memset(&handles, 0, sizeof handles);
}

static const char *load_hashes(void *lib)
{
	const struct crypto_part what = {"what do ya want for nothing?", 28};
	uint8_t out[IKE_HASH_MAX];

	handles.hmac = EVP_MAC_fetch(lib, "HMAC", NULL);
	if (!handles.hmac)
		return "HMAC";
	for (unsigned i = IPSEC_MD5; i < IPSEC_HASHES; i++) {
		handles.md[i] = EVP_MD_fetch(lib, hashes[i].name, NULL);
		if (!handles.md[i])
			return hashes[i].name;
		ike_prf((uint8_t)i, out, "Jefe", 4, &what, 1);
		if (memcmp(out, hashes[i].jefe, 8) != 0)
			return hashes[i].name;
	}
	return NULL;
}

/* FIPS 197 appendix C, and of FIPS 46-3 the same three keys in a row: one block with an IV of
 * zeros. */
static const struct {
	const char *name;
	uint8_t cipher, key_len;
	const char *key, *clear, *block;
} ciphers[] = {
	{"AES-128-CBC", IPSEC_AES_CBC, 16,
	 "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f",
	 "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
	 "\x69\xc4\xe0\xd8\x6a\x7b\x04\x30\xd8\xcd\xb7\x80\x70\xb4\xc5\x5a"},
	{"AES-192-CBC", IPSEC_AES_CBC, 24,
	 "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
	 "\x10\x11\x12\x13\x14\x15\x16\x17",
	 "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
	 "\xdd\xa9\x7c\xa4\x86\x4c\xdf\xe0\x6e\xaf\x70\xa0\xec\x0d\x71\x91"},
	{"AES-256-CBC", IPSEC_AES_CBC, 32,
	 "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
	 "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f",
	 "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
	 "\x8e\xa2\xb7\xca\x51\x67\x45\xbf\xea\xfc\x49\x90\x4b\x49\x60\x89"},
	{"DES-EDE3-CBC", IPSEC_3DES, 24,
	 "\x01\x23\x45\x67\x89\xab\xcd\xef\x23\x45\x67\x89\xab\xcd\xef\x01"
	 "\x45\x67\x89\xab\xcd\xef\x01\x23",
	 "The qufc", "\xa8\x26\xfd\x8c\xe5\x3b\x85\x5f"},
};

static const char *load_ciphers(void *lib)
{
	EVP_CIPHER **to[] = {&handles.aes[0], &handles.aes[1], &handles.aes[2], &handles.des3};

	for (size_t i = 0; i < 4; i++) {
		struct ike_keys keys = {.cipher = ciphers[i].cipher, .key_len = ciphers[i].key_len};
		uint8_t iv[IKE_BLOCK_MAX] = {0}, data[IKE_BLOCK_MAX];
		size_t block = ike_block(keys.cipher);

		*to[i] = EVP_CIPHER_fetch(lib, ciphers[i].name, NULL);
		if (!*to[i])
			return ciphers[i].name;
		memcpy(keys.key, ciphers[i].key, keys.key_len);
		memcpy(data, ciphers[i].clear, block);
		ike_encrypt(&keys, iv, data, block);
		if (memcmp(data, ciphers[i].block, block) != 0)
			return ciphers[i].name;
	}
	return NULL;
}

const char *ike_load(void *lib)
{
	const char *wrong = load_hashes(lib);

	if (!wrong)
		wrong = load_ciphers(lib);
	return wrong ? wrong : ike_dh_load(lib);
}
