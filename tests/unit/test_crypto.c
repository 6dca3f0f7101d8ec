/* SPDX-License-Identifier: MIT */
/* Hashes and ciphers against the vectors and against OpenSSL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/reason.h"
#include "base/sha1.h"
#include "crypto/crypto.h"
#include "crypto/rc4.h"
#include "vectors.h"

#include <openssl/evp.h>
#include <openssl/provider.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "crypto.txt"

static int set_up(void **state)
{
	struct reason reason = {0};
	(void)state;
	int r = crypto_init(&reason);
	if (r != 0)
		print_error("%s\n", reason.text);
	return r;
}

static int tear_down(void **state)
{
	(void)state;
	crypto_exit();
	return 0;
}

struct digest_case {
	const char *section;
	void (*digest)(uint8_t *out, const struct crypto_part *parts, size_t count);
	size_t len;
	unsigned checked;
};

/* For each NAME.in the digest must be NAME.out, however the message is cut into parts. */
static void check_digest(void *ctx, const char *name, const char *value)
{
	struct digest_case *c = ctx;
	uint8_t in[VECTOR_MAX], want[20], got[20];
	char out_name[64];
	size_t stem = strlen(name);

	if (stem < 3 || strcmp(name + stem - 3, ".in") != 0)
		return;
	snprintf(out_name, sizeof out_name, "%.*s.out", (int)stem - 3, name);
	vector_hex_exact(FILE_NAME, c->section, out_name, want, c->len);
	size_t len = vector_decode(value, in, sizeof in);
	for (size_t cut = 0; cut <= len; cut += len / 7 + 1) {
		const struct crypto_part parts[] = {{in, cut}, {NULL, 0}, {in + cut, len - cut}};
		c->digest(got, parts, 3);
		assert_memory_equal(got, want, c->len);
	}
	if (c->digest == crypto_sha1) {
		sha1_digest(got, in, len);
		assert_memory_equal(got, want, 20);
	}
	c->checked++;
}

static void digests_match_all_vectors_in_any_parts(void **state)
{
	struct digest_case cases[] = {{"md4", crypto_md4, 16, 0},
				      {"md5", crypto_md5, 16, 0},
				      {"sha1", crypto_sha1, 20, 0}};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t values = vector_each(FILE_NAME, cases[i].section, check_digest, &cases[i]);
		assert_int_equal(values, 2 * cases[i].checked);
	}
}

static void check_rc4(void *ctx, const char *name, const char *value)
{
	unsigned *checked = ctx;
	uint8_t key[32], in[VECTOR_MAX], want[VECTOR_MAX];
	char other[64];
	size_t stem = strlen(name);
	struct rc4 rc4;

	if (stem < 4 || strcmp(name + stem - 4, ".key") != 0)
		return;
	size_t key_len = vector_decode(value, key, sizeof key);
	snprintf(other, sizeof other, "%.*s.in", (int)stem - 4, name);
	size_t len = vector_hex(FILE_NAME, "rc4", other, in, sizeof in);
	snprintf(other, sizeof other, "%.*s.out", (int)stem - 4, name);
	vector_hex_exact(FILE_NAME, "rc4", other, want, len);
	rc4_init(&rc4, key, key_len);
	rc4_crypt(&rc4, in, in, len);
	assert_memory_equal(in, want, len);
	(*checked)++;
}

static void rc4_matches_all_vectors_in_place(void **state)
{
	unsigned checked = 0;
	(void)state;
	size_t values = vector_each(FILE_NAME, "rc4", check_rc4, &checked);
	assert_int_equal(values, 3 * checked);
}

static void random_octets(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(rand() >> 7);
}

static void rc4_matches_openssl_for_random_keys_lengths_and_pieces(void **state)
{
	OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(lib, "legacy");
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(lib, "RC4", NULL);
	(void)state;
	assert_non_null(cipher);
	srand(1);
	for (unsigned round = 0; round < 500; round++) {
		uint8_t key[32], in[1600], want[1600], got[1600];
		size_t key_len = 1 + (size_t)rand() % sizeof key;
		size_t len = (size_t)rand() % sizeof in, cut = len ? (size_t)rand() % len : 0;
		int out_len;
		struct rc4 rc4;

		random_octets(key, key_len);
		random_octets(in, len);
		EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
		assert_int_equal(EVP_EncryptInit_ex2(ctx, cipher, NULL, NULL, NULL), 1);
		assert_int_equal(EVP_CIPHER_CTX_set_key_length(ctx, (int)key_len), 1);
		assert_int_equal(EVP_EncryptInit_ex2(ctx, NULL, key, NULL, NULL), 1);
		assert_int_equal(EVP_EncryptUpdate(ctx, want, &out_len, in, (int)len), 1);
		EVP_CIPHER_CTX_free(ctx);
		rc4_init(&rc4, key, key_len);
		rc4_crypt(&rc4, got, in, cut);
		rc4_crypt(&rc4, got + cut, in + cut, len - cut);
		assert_memory_equal(got, want, len);
	}
	EVP_CIPHER_free(cipher);
	OSSL_PROVIDER_unload(legacy);
	OSSL_LIB_CTX_free(lib);
}

static void own_sha1_matches_openssl_for_every_length(void **state)
{
	uint8_t in[300], want[20], got[20];
	(void)state;
	srand(2);
	for (size_t len = 0; len <= sizeof in; len++) {
		random_octets(in, len);
		crypto_sha1(want, &(struct crypto_part){in, len}, 1);
		sha1_digest(got, in, len);
		assert_memory_equal(got, want, 20);
	}
}

/* Guards show a write beside a message; lengths are mixed, so that lanes end at different places.
 */
static void rc4_side_by_side_matches_one_by_one(void **state)
{
	enum { JOBS = 23, ROOM = 1600, GUARD = 8 };
	static uint8_t got[JOBS][ROOM + 2 * GUARD], want[JOBS][ROOM + 2 * GUARD];
	static const size_t all[] = {0, 1, 2, 3, 4, 5, 6, 7, 252, 253, 254, 255, 256, 257, 1404};
	struct rc4_job jobs[JOBS];
	(void)state;
	srand(3);
	for (unsigned round = 0; round < 400; round++) {
		size_t count = (size_t)rand() % (JOBS + 1), key_len = round % 3 ? 16 : 8;
		size_t like = all[(size_t)rand() % (sizeof all / sizeof all[0])];

		random_octets(got[0], sizeof got);
		memcpy(want, got, sizeof want);
		for (size_t i = 0; i < count; i++) {
			size_t len = round % 2 ? like : (size_t)rand() % (ROOM + 1);
			struct rc4 rc4;

			jobs[i] = (struct rc4_job){got[i] + GUARD, len, {0}};
			random_octets(jobs[i].key, key_len);
			rc4_init(&rc4, jobs[i].key, key_len);
			rc4_crypt(&rc4, want[i] + GUARD, want[i] + GUARD, len);
		}
		rc4_jobs(jobs, count, key_len, NULL);
		assert_memory_equal(got, want, sizeof got);
	}
}

static void sha1_as_chosen_at_run_time_equals_plain(void **state)
{
	uint8_t in[4 * SHA1_BLOCK];
	uint32_t got[5], want[5];
	(void)state;
	if (!sha1_has_instructions()) /* this processor, or valgrind's: then both are the plain one
				       */
		print_message("no instructions for SHA-1 here\n");
	srand(4);
	for (unsigned round = 0; round < 1000; round++) {
		random_octets(in, sizeof in);
		random_octets((uint8_t *)got, sizeof got);
		memcpy(want, got, sizeof want);
		sha1_blocks(got, in, round % 5);
		sha1_blocks_plain(want, in, round % 5);
		assert_memory_equal(got, want, sizeof got);
	}
}

/* The reverse of the key spreading: the upper seven bits of each octet. */
static void key7_of_key8(uint8_t key7[7], const uint8_t key8[8])
{
	uint64_t bits = 0;
	for (size_t i = 0; i < 8; i++)
		bits = bits << 7 | key8[i] >> 1;
	for (size_t i = 0; i < 7; i++)
		key7[i] = (uint8_t)(bits >> (48 - 8 * i));
}

static void check_des(void *ctx, const char *name, const char *value)
{
	unsigned *checked = ctx;
	uint8_t key8[8], key7[7], listed[7], clear[8], want[8], got[8];
	char stem[32], other[64];
	const char *dot = strchr(name, '.');

	if (!dot || strcmp(dot, ".key") != 0)
		return;
	snprintf(stem, sizeof stem, "%.*s", (int)(dot - name), name);
	assert_int_equal(vector_decode(value, key8, sizeof key8), 8);
	key7_of_key8(key7, key8);
	snprintf(other, sizeof other, "%s.key7", stem);
	if (vector_has(FILE_NAME, "des", other)) {
		vector_hex_exact(FILE_NAME, "des", other, listed, 7);
		assert_memory_equal(key7, listed, 7);
	}
	snprintf(other, sizeof other, "%s.clear", stem);
	vector_hex_exact(FILE_NAME, "des", other, clear, 8);
	snprintf(other, sizeof other, "%s.cipher", stem);
	vector_hex_exact(FILE_NAME, "des", other, want, 8);
	crypto_des(got, key7, clear);
	assert_memory_equal(got, want, 8);
	(*checked)++;
}

static void des_matches_all_vectors(void **state)
{
	unsigned checked = 0;
	(void)state;
	vector_each(FILE_NAME, "des", check_des, &checked);
	assert_int_equal(checked, 8);
}

static void missing_legacy_provider_is_told_with_the_package(void **state)
{
	struct reason reason = {0};
	const char *set = getenv("OPENSSL_MODULES");
	char *before = set ? strdup(set) : NULL;
	(void)state;
	crypto_exit();
	setenv("OPENSSL_MODULES", "/nonexistent", 1);
	int r = crypto_init(&reason);
	unsetenv("OPENSSL_MODULES");
	if (before)
		setenv("OPENSSL_MODULES", before, 1);
	free(before);
	assert_int_equal(r, -2);
	assert_int_equal(reason.code, EXIT_FATAL);
	assert_non_null(strstr(reason.text, "legacy.so"));
	assert_non_null(strstr(reason.text, "libssl3"));
	assert_non_null(strstr(reason.text, "OPENSSL_MODULES=/nonexistent"));
	reason = (struct reason){0};
	assert_int_equal(crypto_init(&reason), 0);
	assert_false(reason_is_set(&reason));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_match_all_vectors_in_any_parts),
		cmocka_unit_test(rc4_matches_all_vectors_in_place),
		cmocka_unit_test(rc4_matches_openssl_for_random_keys_lengths_and_pieces),
		cmocka_unit_test(own_sha1_matches_openssl_for_every_length),
		cmocka_unit_test(rc4_side_by_side_matches_one_by_one),
		cmocka_unit_test(sha1_as_chosen_at_run_time_equals_plain),
		cmocka_unit_test(des_matches_all_vectors),
		cmocka_unit_test(missing_legacy_provider_is_told_with_the_package),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
