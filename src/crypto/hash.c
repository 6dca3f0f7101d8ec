/* SPDX-License-Identifier: MIT */
/* MD4, MD5, SHA-1, HMAC-MD5 and DES from OpenSSL 3.
 *
 * The handles live in one static struct, since the functions above them are pure and have no
 * object to hang them on.  Only the loop thread may call them. */
#include "crypto/crypto.h"

#include "base/reason.h"
#include "crypto/esp.h"
#include "crypto/ike.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct {
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *standard, *legacy;
	EVP_MD *md4, *md5, *sha1;
	EVP_CIPHER *des;
	EVP_MD_CTX *digest_ctx;
} handles;

void crypto_exit(void)
{
	ike_unload();
	esp_unload();
	EVP_MD_CTX_free(handles.digest_ctx);
	EVP_CIPHER_free(handles.des);
	EVP_MD_free(handles.sha1);
	EVP_MD_free(handles.md5);
	EVP_MD_free(handles.md4);
	if (handles.legacy)
		OSSL_PROVIDER_unload(handles.legacy);
	if (handles.standard)
		OSSL_PROVIDER_unload(handles.standard);
	OSSL_LIB_CTX_free(handles.lib);
	memset(&handles, 0, sizeof handles);
}

static int load_providers(struct reason *reason)
{
	/* No configuration file and no error texts: what is not loaded costs no memory. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
			    NULL);
	handles.lib = OSSL_LIB_CTX_new();
	if (!handles.lib) {
		reason_set(reason, EXIT_FATAL, "out of memory");
		return -ENOMEM;
	}
	handles.standard = OSSL_PROVIDER_load(handles.lib, "default");
	if (!handles.standard) {
		reason_set(reason, EXIT_FATAL,
			   "OpenSSL's default provider cannot be loaded: reinstall libssl3");
		return -ENOENT;
	}
	handles.legacy = OSSL_PROVIDER_load(handles.lib, "legacy");
	if (!handles.legacy) {
		const char *dir = getenv("OPENSSL_MODULES");
		reason_set(reason, EXIT_FATAL,
			   "OpenSSL's legacy provider (ossl-modules/legacy.so, for MD4 and DES) "
			   "cannot be loaded: install libssl3 again, or openssl-provider-legacy "
			   "where that is a package of its own%s%.60s%s",
			   dir ? " (looked in OPENSSL_MODULES=" : "", dir ? dir : "",
			   dir ? ")" : "");
		return -ENOENT;
	}
	return 0;
}

static int fetch_algorithms(struct reason *reason)
{
	const struct {
		EVP_MD **md;
		const char *name;
	} digests[] = {{&handles.md4, "MD4"}, {&handles.md5, "MD5"}, {&handles.sha1, "SHA1"}};

	for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++) {
		*digests[i].md = EVP_MD_fetch(handles.lib, digests[i].name, NULL);
		if (!*digests[i].md) {
			reason_set(reason, EXIT_FATAL, "this OpenSSL has no %s: reinstall libssl3",
				   digests[i].name);
			return -ENOENT;
		}
	}
	handles.des = EVP_CIPHER_fetch(handles.lib, "DES-ECB", NULL);
	if (!handles.des) {
		reason_set(reason, EXIT_FATAL, "this OpenSSL has no DES-ECB: reinstall libssl3");
		return -ENOENT;
	}
	handles.digest_ctx = EVP_MD_CTX_new();
	if (!handles.digest_ctx) {
		reason_set(reason, EXIT_FATAL, "out of memory");
		return -ENOMEM;
	}
	return 0;
}

/* One known answer of each algorithm: RFC 1320 A.5, RFC 1321 A.5, FIPS 180 and RFC 2433 B.2. */
static int check_known_answers(struct reason *reason)
{
	static const uint8_t md4[16] = {0xa4, 0x48, 0x01, 0x7a, 0xaf, 0x21, 0xd8, 0x52,
					0x5f, 0xc1, 0x0a, 0xe8, 0x7a, 0xa6, 0x72, 0x9d};
	static const uint8_t md5[16] = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
					0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};
	static const uint8_t sha1[20] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81,
					 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50,
					 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
	static const uint8_t key[7] = {0xfc, 0x15, 0x6a, 0xf7, 0xed, 0xcd, 0x6c};
	static const uint8_t clear[8] = {0x10, 0x2d, 0xb5, 0xdf, 0x08, 0x5d, 0x30, 0x41};
	static const uint8_t des[8] = {0x4e, 0x9d, 0x3c, 0x8f, 0x9c, 0xfd, 0x38, 0x5d};
	const struct crypto_part abc = {"abc", 3};
	uint8_t out[4][20];

	crypto_md4(out[0], &abc, 1);
	crypto_md5(out[1], &abc, 1);
	crypto_sha1(out[2], &abc, 1);
	crypto_des(out[3], key, clear);
	const char *wrong = memcmp(out[0], md4, sizeof md4) != 0     ? "MD4"
			    : memcmp(out[1], md5, sizeof md5) != 0   ? "MD5"
			    : memcmp(out[2], sha1, sizeof sha1) != 0 ? "SHA-1"
			    : memcmp(out[3], des, sizeof des) != 0   ? "DES"
								     : NULL;
	if (!wrong)
		return 0;
	reason_set(reason, EXIT_FATAL, "this OpenSSL computes %s wrongly: reinstall libssl3",
		   wrong);
	return -ENOENT;
}

static int load_ipsec(struct reason *reason)
{
	const char *wrong = ike_load(handles.lib);

	if (!wrong)
		wrong = esp_load(handles.lib);
	if (!wrong)
		return 0;
	reason_set(reason, EXIT_FATAL,
		   "this OpenSSL lacks %s, or computes it wrongly: reinstall libssl3", wrong);
	return -ENOENT;
}

int crypto_init(struct reason *reason)
{
	if (handles.lib)
		return 0;
	int r = load_providers(reason);
	if (r == 0)
		r = fetch_algorithms(reason);
	if (r == 0)
		r = check_known_answers(reason);
	if (r == 0)
		r = load_ipsec(reason);
	if (r != 0)
		crypto_exit();
	return r;
}

/* Once crypto_init has checked an algorithm it can only fail for lack of memory, for which there
 * is no way out in a function without a result. */
static void must(int ok)
{
	if (ok != 1)
		abort();
}

static void digest(const EVP_MD *md, uint8_t *out, const struct crypto_part *parts, size_t count)
{
	if (!md)
		abort(); /* crypto_init was forgotten */
	must(EVP_DigestInit_ex2(handles.digest_ctx, md, NULL));
	for (size_t i = 0; i < count; i++) {
		if (parts[i].len > 0)
			must(EVP_DigestUpdate(handles.digest_ctx, parts[i].bytes, parts[i].len));
	}
	must(EVP_DigestFinal_ex(handles.digest_ctx, out, NULL));
}

void crypto_md4(uint8_t out[static 16], const struct crypto_part *parts, size_t count)
{
	digest(handles.md4, out, parts, count);
}

void crypto_md5(uint8_t out[static 16], const struct crypto_part *parts, size_t count)
{
	digest(handles.md5, out, parts, count);
}

void crypto_sha1(uint8_t out[static 20], const struct crypto_part *parts, size_t count)
{
	digest(handles.sha1, out, parts, count);
}

void crypto_des(uint8_t out[static 8], const uint8_t key7[static 7], const uint8_t in[static 8])
{
	uint8_t key[8];
	uint64_t bits = 0;
	int len = 0;

	if (!handles.des)
		abort(); /* crypto_init was forgotten */
	/* Seven bits into the upper part of each octet; DES ignores the parity bit below. */
	for (size_t i = 0; i < 7; i++)
		bits = bits << 8 | key7[i];
	for (size_t i = 0; i < 8; i++)
		key[i] = (uint8_t)(bits >> (49 - 7 * i) << 1);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	if (!ctx)
		abort();
	must(EVP_EncryptInit_ex2(ctx, handles.des, key, NULL, NULL));
	must(EVP_CIPHER_CTX_set_padding(ctx, 0));
	must(EVP_EncryptUpdate(ctx, out, &len, in, 8));
	EVP_CIPHER_CTX_free(ctx);
	wipe(key, sizeof key);
	wipe(&bits, sizeof bits);
}
