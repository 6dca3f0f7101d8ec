/* SPDX-License-Identifier: MIT */
#include "crypto/esp.h"

#include "base/random.h"
#include "base/secret.h"
#include "base/str.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

#define NONCE	 12 /* RFC 4106 section 4: salt and IV */
#define IV_BATCH 64 /* random IVs that are made at once */

enum { CBC_128, CBC_192, CBC_256, GCM_128, GCM_192, GCM_256, DES3, CTR, CIPHERS };

static struct {
	EVP_CIPHER *ciphers[CIPHERS];
	EVP_MAC *hmac;
} handles;

static const char *const names[CIPHERS] = {
	[CBC_128] = "AES-128-CBC", [CBC_192] = "AES-192-CBC", [CBC_256] = "AES-256-CBC",
	[GCM_128] = "AES-128-GCM", [GCM_192] = "AES-192-GCM", [GCM_256] = "AES-256-GCM",
	[DES3] = "DES-EDE3-CBC",   [CTR] = "AES-128-CTR"};

struct esp_cipher {
	struct esp_sizes sizes;
	bool gcm;
	EVP_CIPHER_CTX *cipher;
	EVP_MAC_CTX *mac;	  /* not with AES-GCM */
	uint8_t nonce[NONCE];	  /* AES-GCM: salt, then the IV of the packet */
	EVP_CIPHER_CTX *iv_maker; /* sending by CBC: a stream of random octets */
	unsigned ivs_left;
	uint8_t ivs[IV_BATCH][16];
};

/* Once checked, it can only fail for lack of memory. */
static void must(int ok)
{
	if (ok != 1)
		abort();
}

static EVP_CIPHER *cipher_of(const struct ipsec_suite *suite)
{
	unsigned size = suite->key_bits == 256 ? 2 : suite->key_bits == 192 ? 1 : 0;

	return handles.ciphers[suite->cipher == IPSEC_3DES	? DES3
			       : suite->cipher == IPSEC_AES_GCM ? GCM_128 + size
								: CBC_128 + size];
}

/* Octets of a stream cipher under a key that nobody knows: as good as random, and cheap. */
static bool make_iv_maker(struct esp_cipher *c)
{
	static const uint8_t zero[16];
	uint8_t key[16];

	c->iv_maker = EVP_CIPHER_CTX_new();
	if (!c->iv_maker)
		return false;
	random_kernel.fill(random_kernel.ctx, key, sizeof key);
	must(EVP_EncryptInit_ex2(c->iv_maker, handles.ciphers[CTR], key, zero, NULL));
	wipe(key, sizeof key);
	return true;
}

static bool make_mac(struct esp_cipher *c, const struct esp_keys *keys)
{
	static const char *const hashes[IPSEC_HASHES] = {
		[IPSEC_MD5] = "MD5",	     [IPSEC_SHA1] = "SHA1",
		[IPSEC_SHA256] = "SHA2-256", [IPSEC_SHA384] = "SHA2-384",
		[IPSEC_SHA512] = "SHA2-512",
	};
	char name[16];

	str_copy(name, sizeof name, hashes[keys->suite.hash]);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, name, strlen(name)), OSSL_PARAM_END};

	c->mac = EVP_MAC_CTX_new(handles.hmac);
	if (!c->mac)
		return false;
	must(EVP_MAC_init(c->mac, keys->integrity, keys->integrity_len, params));
	return true;
}

struct esp_cipher *esp_cipher_new(const struct esp_keys *keys, bool sending)
{
	struct esp_cipher *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->sizes = esp_sizes(&keys->suite);
	c->gcm = keys->suite.cipher == IPSEC_AES_GCM;
	memcpy(c->nonce, keys->salt, ESP_SALT);
	c->cipher = EVP_CIPHER_CTX_new();
	if (!c->cipher || (!c->gcm && !make_mac(c, keys)) ||
	    (!c->gcm && sending && !make_iv_maker(c))) {
		esp_cipher_free(c);
		return NULL;
	}
	must(EVP_CipherInit_ex2(c->cipher, cipher_of(&keys->suite), keys->key, NULL, sending,
				NULL));
	if (!c->gcm)
		must(EVP_CIPHER_CTX_set_padding(c->cipher, 0));
	return c;
}

void esp_cipher_free(struct esp_cipher *c)
{
	if (!c)
		return;
	EVP_CIPHER_CTX_free(c->cipher);
	EVP_CIPHER_CTX_free(c->iv_maker);
	EVP_MAC_CTX_free(c->mac);
	wipe(c, sizeof *c);
	free(c);
}

/* In place, whole blocks. */
static void run_cipher(struct esp_cipher *c, const uint8_t *iv, uint8_t *data, size_t len)
{
	int n = 0;

	must(EVP_CipherInit_ex2(c->cipher, NULL, NULL, iv, -1, NULL));
	must(EVP_CipherUpdate(c->cipher, data, &n, data, (int)len));
}

static void next_iv(struct esp_cipher *c, uint8_t *out)
{
	int n = 0;

	if (c->ivs_left == 0) {
		must(EVP_EncryptUpdate(c->iv_maker, c->ivs[0], &n, c->ivs[0], sizeof c->ivs));
		c->ivs_left = IV_BATCH;
	}
	memcpy(out, c->ivs[--c->ivs_left], c->sizes.iv);
}

static void compute_icv(struct esp_cipher *c, const uint8_t *packet, size_t len,
			uint8_t out[static ESP_INTEGRITY_MAX])
{
	size_t n = 0;

	must(EVP_MAC_init(c->mac, NULL, 0, NULL)); /* the same key again */
	must(EVP_MAC_update(c->mac, packet, len));
	must(EVP_MAC_final(c->mac, out, &n, ESP_INTEGRITY_MAX));
}

/* The IV is the packet's number: it never comes twice under one key. */
static void gcm_seal(struct esp_cipher *c, uint8_t *packet, size_t len)
{
	uint8_t *iv = packet + ESP_HEADER, *data = iv + c->sizes.iv;
	int n = 0;

	memset(iv, 0, 4);
	memcpy(iv + 4, packet + 4, 4);
	memcpy(c->nonce + ESP_SALT, iv, c->sizes.iv);
	must(EVP_CipherInit_ex2(c->cipher, NULL, NULL, c->nonce, -1, NULL));
	must(EVP_CipherUpdate(c->cipher, NULL, &n, packet, ESP_HEADER));
	must(EVP_CipherUpdate(c->cipher, data, &n, data, (int)(len - (size_t)(data - packet))));
	must(EVP_CipherFinal_ex(c->cipher, packet + len, &n));
	must(EVP_CIPHER_CTX_ctrl(c->cipher, EVP_CTRL_AEAD_GET_TAG, c->sizes.icv, packet + len));
}

void esp_seal(struct esp_cipher *c, uint8_t *packet, size_t len)
{
	uint8_t *iv = packet + ESP_HEADER, icv[ESP_INTEGRITY_MAX];

	if (c->gcm) {
		gcm_seal(c, packet, len);
		return;
	}
	next_iv(c, iv);
	run_cipher(c, iv, iv + c->sizes.iv, len - ESP_HEADER - c->sizes.iv);
	compute_icv(c, packet, len, icv);
	memcpy(packet + len, icv, c->sizes.icv);
}

static bool gcm_open(struct esp_cipher *c, uint8_t *packet, uint8_t *data, size_t len)
{
	int n = 0;

	memcpy(c->nonce + ESP_SALT, packet + ESP_HEADER, c->sizes.iv);
	must(EVP_CipherInit_ex2(c->cipher, NULL, NULL, c->nonce, -1, NULL));
	must(EVP_CIPHER_CTX_ctrl(c->cipher, EVP_CTRL_AEAD_SET_TAG, c->sizes.icv, data + len));
	must(EVP_CipherUpdate(c->cipher, NULL, &n, packet, ESP_HEADER));
	must(EVP_CipherUpdate(c->cipher, data, &n, data, (int)len));
	return EVP_CipherFinal_ex(c->cipher, data + len, &n) == 1;
}

bool esp_open(struct esp_cipher *c, uint8_t *packet, size_t len, uint8_t **plain, size_t *plain_len)
{
	size_t around = ESP_HEADER + (size_t)c->sizes.iv + c->sizes.icv, inside;
	uint8_t *data = packet + ESP_HEADER + c->sizes.iv, icv[ESP_INTEGRITY_MAX];

	if (len < around || (inside = len - around) == 0 || inside % c->sizes.block)
		return false;
	*plain = data;
	*plain_len = inside;
	if (c->gcm)
		return gcm_open(c, packet, data, inside);
	compute_icv(c, packet, len - c->sizes.icv, icv);
	if (!bytes_equal_ct(icv, packet + len - c->sizes.icv, c->sizes.icv))
		return false;
	run_cipher(c, packet + ESP_HEADER, data, inside);
	return true;
}

/* Both ways, and a changed octet. */
static bool works(const struct ipsec_suite *suite)
{
	struct esp_keys keys = {.suite = *suite, .integrity_len = 20};
	struct esp_cipher *out = esp_cipher_new(&keys, true), *in = esp_cipher_new(&keys, false);
	uint8_t packet[ESP_HEADER + 16 + 32 + ESP_INTEGRITY_MAX] = {[7] = 1}, *plain;
	size_t n = ESP_HEADER + (size_t)esp_sizes(suite).iv + 32, icv = esp_sizes(suite).icv,
	       len = 0;
	bool good = out && in;

	if (good) {
		esp_seal(out, packet, n);
		packet[n - 1] ^= 1;
		good = !esp_open(in, packet, n + icv, &plain, &len);
		esp_seal(out, packet, n);
		good = good && esp_open(in, packet, n + icv, &plain, &len) && len == 32;
	}
	esp_cipher_free(out);
	esp_cipher_free(in);
	return good;
}

const char *esp_load(void *lib)
{
	static const struct ipsec_suite tried[] = {
		{IPSEC_AES_CBC, IPSEC_SHA1, IPSEC_GROUP_NONE, 256},
		{IPSEC_AES_GCM, IPSEC_HASH_NONE, IPSEC_GROUP_NONE, 256},
		{IPSEC_3DES, IPSEC_MD5, IPSEC_GROUP_NONE, 192}};

	handles.hmac = EVP_MAC_fetch(lib, "HMAC", NULL);
	if (!handles.hmac)
		return "HMAC";
	for (size_t i = 0; i < CIPHERS; i++) {
		handles.ciphers[i] = EVP_CIPHER_fetch(lib, names[i], NULL);
		if (!handles.ciphers[i])
			return names[i];
	}
	for (size_t i = 0; i < sizeof tried / sizeof tried[0]; i++)
		if (!works(&tried[i]))
			return "ESP's ciphers";
	return NULL;
}

void esp_unload(void)
{
	for (size_t i = 0; i < CIPHERS; i++)
		EVP_CIPHER_free(handles.ciphers[i]);
	EVP_MAC_free(handles.hmac);
	memset(&handles, 0, sizeof handles);
}
