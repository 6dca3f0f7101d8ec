/* SPDX-License-Identifier: MIT */
/* CHAP-MD5 and MS-CHAP computations against RFC 1994, 2433, 2759 and the vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/reason.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "crypto/mschap.h"
#include "crypto/rc4.h"
#include "vectors.h"

#include <stdio.h>
#include <string.h>

#define FILE_NAME "auth.txt"

static int set_up(void **state)
{
	struct reason reason = {0};
	(void)state;
	return crypto_init(&reason);
}

static int tear_down(void **state)
{
	(void)state;
	crypto_exit();
	return 0;
}

static struct secret secret_of(const void *bytes, size_t len)
{
	struct secret s;
	assert_true(secret_set(&s, bytes, len));
	return s;
}

static struct secret secret_of_text(const char *section, const char *name)
{
	char text[128];
	size_t len = vector_text(FILE_NAME, section, name, text, sizeof text);
	return secret_of(text, len);
}

static void assert_vector(const char *section, const char *name, const uint8_t *got, size_t len)
{
	uint8_t want[VECTOR_MAX];
	vector_hex_exact(FILE_NAME, section, name, want, len);
	assert_memory_equal(got, want, len);
}

static void chap_md5_matches_all_vectors(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 3; n++) {
		char name[32];
		uint8_t id, bytes[64], challenge[256], got[16];
		snprintf(name, sizeof name, "c%u.id", n);
		vector_hex_exact(FILE_NAME, "chap_md5", name, &id, 1);
		snprintf(name, sizeof name, "c%u.secret", n);
		size_t len = vector_hex(FILE_NAME, "chap_md5", name, bytes, sizeof bytes);
		struct secret secret = secret_of(bytes, len);
		snprintf(name, sizeof name, "c%u.challenge", n);
		len = vector_hex(FILE_NAME, "chap_md5", name, challenge, sizeof challenge);
		chap_md5_response(got, id, &secret, challenge, len);
		snprintf(name, sizeof name, "c%u.response", n);
		assert_vector("chap_md5", name, got, 16);
	}
}

static void mschapv1_matches_rfc2433(void **state)
{
	uint8_t unicode[64], hash[16], challenge[8], response[24], value[49] = {0};
	struct secret password = secret_of_text("mschap_v1", "password_txt");
	(void)state;
	size_t len = mschap_utf16le(unicode, sizeof unicode, password.bytes, password.len);
	assert_int_equal(len, 8);
	assert_vector("mschap_v1", "unicode", unicode, len);
	vector_hex_exact(FILE_NAME, "mschap_v1", "challenge", challenge, 8);
	mschap_lm_hash(hash, &password);
	assert_vector("mschap_v1", "lm_hash", hash, 16);
	mschap_challenge_response(response, challenge, hash);
	assert_vector("mschap_v1", "lm_response", response, 24);
	mschap_nt_hash(hash, &password);
	assert_vector("mschap_v1", "nt_hash", hash, 16);
	mschap_challenge_response(response, challenge, hash);
	assert_vector("mschap_v1", "nt_response", response, 24);
	memcpy(value + 24, response, 24);
	value[48] = 1;
	assert_vector("mschap_v1", "response_value", value, sizeof value);
	/* After a failure without C= the next challenge is the old one plus 23 (RFC 2433). */
	vector_hex_exact(FILE_NAME, "mschap_v1", "challenge_plus23", challenge, 8);
	mschap_challenge_response(response, challenge, hash);
	assert_vector("mschap_v1", "nt_response_plus23", response, 24);
}

static void check_v2(const char *section, const struct secret *password, const uint8_t *user,
		     size_t user_len)
{
	uint8_t auth[16], peer[16], hash[16], challenge[8], response[24];
	uint8_t proof[MSCHAP2_PROOF_LEN];
	char want[64];

	vector_hex_exact(FILE_NAME, "mschap_v2", "auth_challenge", auth, 16);
	vector_hex_exact(FILE_NAME, "mschap_v2", "peer_challenge", peer, 16);
	mschap_nt_hash(hash, password);
	assert_vector(section, "nt_hash", hash, 16);
	mschap2_challenge_hash(challenge, peer, auth, user, user_len);
	if (vector_has(FILE_NAME, section, "challenge_hash"))
		assert_vector(section, "challenge_hash", challenge, 8);
	mschap2_nt_response(response, hash, auth, peer, user, user_len);
	assert_vector(section, "nt_response", response, 24);
	mschap2_proof(proof, hash, response, challenge);
	assert_int_equal(vector_text(FILE_NAME, section, "auth_response_txt", want, sizeof want),
			 MSCHAP2_PROOF_LEN);
	assert_memory_equal(proof, want, MSCHAP2_PROOF_LEN);
}

static void mschapv2_matches_rfc2759(void **state)
{
	struct secret password = secret_of_text("mschap_v2", "password_txt");
	uint8_t nt_hash[16], hash_hash[16], value[49] = {0};
	(void)state;
	check_v2("mschap_v2", &password, (const uint8_t *)"User", 4);
	mschap_nt_hash(nt_hash, &password);
	mschap_hash_hash(hash_hash, nt_hash);
	assert_vector("mschap_v2", "nt_hash_hash", hash_hash, 16);
	vector_hex_exact(FILE_NAME, "mschap_v2", "peer_challenge", value, 16);
	vector_hex_exact(FILE_NAME, "mschap_v2", "nt_response", value + 24, 24);
	assert_vector("mschap_v2", "response_value", value, sizeof value);
}

static void mschapv2_hashes_the_user_without_its_domain(void **state)
{
	char name[64];
	uint8_t auth[16], peer[16], challenge[8];
	size_t plain_len;
	size_t len = vector_text(FILE_NAME, "mschap_v2_domain", "name_txt", name, sizeof name);
	(void)state;
	const uint8_t *plain = mschap_plain_user((const uint8_t *)name, len, &plain_len);
	assert_int_equal(plain_len, 4);
	assert_memory_equal(plain, "User", 4);
	vector_hex_exact(FILE_NAME, "mschap_v2", "auth_challenge", auth, 16);
	vector_hex_exact(FILE_NAME, "mschap_v2", "peer_challenge", peer, 16);
	mschap2_challenge_hash(challenge, peer, auth, plain, plain_len);
	assert_vector("mschap_v2_domain", "challenge_hash", challenge, 8);
}

static void plain_user_keeps_what_has_no_backslash(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"user", "user"},      {"", ""}, {"A\\", ""}, {"\\u", "u"}, {"A\\B\\user", "user"},
		{"u@realm", "u@realm"}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t len;
		const uint8_t *p =
			mschap_plain_user((const uint8_t *)cases[i].in, strlen(cases[i].in), &len);
		assert_int_equal(len, strlen(cases[i].out));
		assert_memory_equal(p, cases[i].out, len);
	}
}

static void mschapv2_takes_passwords_beyond_ascii(void **state)
{
	uint8_t utf8[64], unicode[64];
	size_t len = vector_hex(FILE_NAME, "mschap_v2_unicode", "password_utf8", utf8, sizeof utf8);
	struct secret password = secret_of(utf8, len);
	(void)state;
	len = mschap_utf16le(unicode, sizeof unicode, utf8, len);
	assert_vector("mschap_v2_unicode", "unicode", unicode, len);
	check_v2("mschap_v2_unicode", &password, (const uint8_t *)"User", 4);
}

static void mschapv2_takes_an_empty_password_and_user(void **state)
{
	struct secret password = secret_of("", 0);
	(void)state;
	check_v2("mschap_v2_empty", &password, (const uint8_t *)"", 0);
}

static void utf16_takes_octets_that_are_not_utf8_as_latin1(void **state)
{
	static const struct {
		const char *in;
		size_t in_len;
		const char *out;
		size_t out_len;
	} cases[] = {
		{"\xff", 1, "\xff\0", 2}, /* never legal */
		{"\xe4"
		 "b",
		 2, "\xe4\0b\0", 4},					/* a-umlaut in Latin-1 */
		{"\xc0\x80", 2, "\xc0\0\x80\0", 4},			/* overlong NUL */
		{"\xed\xa0\x80", 3, "\xed\0\xa0\0\x80\0", 6},		/* surrogate */
		{"\xf4\x90\x80\x80", 4, "\xf4\0\x90\0\x80\0\x80\0", 8}, /* above 10ffff */
		{"\xe2\x82", 2, "\xe2\0\x82\0", 4},			/* cut short */
		{"\xe2\x82\xac", 3, "\xac\x20", 2},			/* euro sign */
		{"a\0b", 3, "a\0\0\0b\0", 6}, /* NUL is a character like others */
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t out[32];
		size_t len = mschap_utf16le(out, sizeof out, (const uint8_t *)cases[i].in,
					    cases[i].in_len);
		assert_int_equal(len, cases[i].out_len);
		assert_memory_equal(out, cases[i].out, len);
	}
}

static void utf16_stops_at_the_capacity_without_half_a_character(void **state)
{
	uint8_t out[8];
	(void)state;
	assert_int_equal(mschap_utf16le(out, 0, (const uint8_t *)"abc", 3), 0);
	assert_int_equal(mschap_utf16le(out, 3, (const uint8_t *)"abc", 3), 2);
	/* One pair needs four octets. */
	assert_int_equal(mschap_utf16le(out, 4, (const uint8_t *)"a\xf0\x94\x94\x91", 5), 2);
	assert_int_equal(mschap_utf16le(out, 6, (const uint8_t *)"a\xf0\x94\x94\x91", 5), 6);
}

static void nt_hash_uses_the_first_256_characters(void **state)
{
	struct secret a = {.len = 256}, b = {.len = SECRET_MAX};
	uint8_t hash_a[16], hash_b[16];
	(void)state;
	memset(a.bytes, 'x', SECRET_MAX);
	memset(b.bytes, 'x', SECRET_MAX);
	mschap_nt_hash(hash_a, &a);
	mschap_nt_hash(hash_b, &b);
	assert_memory_equal(hash_a, hash_b, 16);
	a.len = 255;
	mschap_nt_hash(hash_a, &a);
	assert_memory_not_equal(hash_a, hash_b, 16);
}

static void lm_hash_ignores_case_and_what_follows_14_octets(void **state)
{
	struct secret a = secret_of("aBcDeFgHiJkLmNxyz", 17), b = secret_of("AbCdEfGhIjKlMn", 14);
	uint8_t hash_a[16], hash_b[16];
	(void)state;
	mschap_lm_hash(hash_a, &a);
	mschap_lm_hash(hash_b, &b);
	assert_memory_equal(hash_a, hash_b, 16);
}

/* The password change of RFC 2759 section 8.9 and following is made of the same pieces. */
static void password_change_blocks_match(void **state)
{
	struct secret old = secret_of_text("change_password", "old_txt");
	struct secret new = secret_of_text("change_password", "new_txt");
	uint8_t old_hash[16], new_hash[16], unicode[64], block[516], out[16];
	struct rc4 rc4;
	(void)state;
	mschap_nt_hash(old_hash, &old);
	mschap_nt_hash(new_hash, &new);
	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (uint8_t)(7 * i + 3);
	size_t len = mschap_utf16le(unicode, sizeof unicode, new.bytes, new.len);
	memcpy(block + 512 - len, unicode, len);
	memcpy(block + 512, (const uint8_t[4]){(uint8_t)len, 0, 0, 0}, 4);
	assert_vector("change_password", "clear_pwblock", block, sizeof block);
	rc4_init(&rc4, old_hash, 16);
	rc4_crypt(&rc4, block, block, sizeof block);
	assert_vector("change_password", "enc_pwblock", block, sizeof block);
	crypto_des(out, new_hash, old_hash);
	crypto_des(out + 8, new_hash + 7, old_hash + 8);
	assert_vector("change_password", "enc_hash", out, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chap_md5_matches_all_vectors),
		cmocka_unit_test(mschapv1_matches_rfc2433),
		cmocka_unit_test(mschapv2_matches_rfc2759),
		cmocka_unit_test(mschapv2_hashes_the_user_without_its_domain),
		cmocka_unit_test(plain_user_keeps_what_has_no_backslash),
		cmocka_unit_test(mschapv2_takes_passwords_beyond_ascii),
		cmocka_unit_test(mschapv2_takes_an_empty_password_and_user),
		cmocka_unit_test(utf16_takes_octets_that_are_not_utf8_as_latin1),
		cmocka_unit_test(utf16_stops_at_the_capacity_without_half_a_character),
		cmocka_unit_test(nt_hash_uses_the_first_256_characters),
		cmocka_unit_test(lm_hash_ignores_case_and_what_follows_14_octets),
		cmocka_unit_test(password_change_blocks_match),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
