/* SPDX-License-Identifier: MIT */
/* What IKE computes, against the vectors; Diffie-Hellman of each group with itself and with values
 * that no honest peer sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/reason.h"
#include "crypto/ike.h"
#include "vectors.h"

#include <openssl/bn.h>

#include <string.h>

#define FILE_NAME "ike.txt"

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

struct input {
	struct secret secret;
	uint8_t nonce_i[16], nonce_r[20], cookie_i[8], cookie_r[8], shared[128], ke_i[128],
		ke_r[128];
	struct ike_key_input in;
};

static void read_input(struct input *i)
{
	char text[64];

	secret_set(&i->secret, text, vector_text(FILE_NAME, "input", "secret_txt", text, 64));
	vector_hex_exact(FILE_NAME, "input", "nonce_i", i->nonce_i, 16);
	vector_hex_exact(FILE_NAME, "input", "nonce_r", i->nonce_r, 20);
	vector_hex_exact(FILE_NAME, "input", "cookie_i", i->cookie_i, 8);
	vector_hex_exact(FILE_NAME, "input", "cookie_r", i->cookie_r, 8);
	for (unsigned n = 0; n < 128; n++)
		i->shared[n] = (uint8_t)n;
	memset(i->ke_i, 0x55, 128);
	memset(i->ke_r, 0xaa, 128);
	i->in = (struct ike_key_input){.secret = &i->secret,
				       .nonce_i = {i->nonce_i, 16},
				       .nonce_r = {i->nonce_r, 20},
				       .shared = {i->shared, 128},
				       .cookie_i = i->cookie_i,
				       .cookie_r = i->cookie_r};
}

static void expect(const char *section, const char *name, const uint8_t *got)
{
	uint8_t want[VECTOR_MAX];
	size_t len = vector_hex(FILE_NAME, section, name, want, sizeof want);

	assert_memory_equal(got, want, len);
}

static void check_keymat(const char *section, const struct ike_keys *keys, const struct input *in)
{
	struct esp_keys gcm = {.spi = 0xc0ffee01, .suite = {IPSEC_AES_GCM, 0, 0, 256}};
	struct esp_keys esp = {.spi = 0xc0ffee01, .suite = {IPSEC_AES_CBC, IPSEC_SHA1, 0, 256}};
	uint8_t all[52];

	ike_keymat(&esp, keys, (struct crypto_part){NULL, 0}, in->in.nonce_i, in->in.nonce_r);
	assert_int_equal(esp.key_len, 32);
	assert_int_equal(esp.integrity_len, 20);
	memcpy(all, esp.key, 32);
	memcpy(all + 32, esp.integrity, 20);
	expect(section, "keymat", all);
	ike_keymat(&gcm, keys, (struct crypto_part){NULL, 0}, in->in.nonce_i, in->in.nonce_r);
	assert_int_equal(gcm.integrity_len, 0);
	assert_memory_equal(gcm.key, all, 32);
	assert_memory_equal(gcm.salt, all + 32, 4);
}

static void check_keys(const char *section, uint8_t hash)
{
	struct ipsec_suite suite = {IPSEC_AES_CBC, hash, IPSEC_MODP1024, 256};
	struct ike_keys keys;
	struct input in;
	uint8_t out[IKE_HASH_MAX];

	read_input(&in);
	ike_keys_make(&keys, &suite, &in.in);
	expect(section, "skeyid", keys.skeyid);
	expect(section, "skeyid_d", keys.d);
	expect(section, "skeyid_a", keys.a);
	expect(section, "skeyid_e", keys.e);
	expect(section, "key_256", keys.key);
	const struct crypto_part values[] = {{in.ke_i, 128}, {in.ke_r, 128}};
	ike_hash(hash, out, values, 2);
	expect(section, "iv", out);
	check_keymat(section, &keys, &in);
	suite.key_bits = 128;
	ike_keys_make(&keys, &suite, &in.in);
	assert_int_equal(keys.key_len, 16);
	assert_memory_equal(keys.key, keys.e, 16);
}

static void keys_match_the_vectors(void **state)
{
	(void)state;
	check_keys("sha1", IPSEC_SHA1);
	check_keys("sha256", IPSEC_SHA256);
}

static void quick_mode_iv_and_nat_d_match_the_vectors(void **state)
{
	uint8_t iv[16], id[4], out[IKE_HASH_MAX];
	const uint8_t address[] = {10, 77, 0, 9, 500 >> 8, 500 & 255};
	struct input in;

	(void)state;
	read_input(&in);
	vector_hex_exact(FILE_NAME, "sha1", "iv", iv, 16);
	vector_hex_exact(FILE_NAME, "input", "message_id", id, 4);
	const struct crypto_part quick[] = {{iv, 16}, {id, 4}};
	ike_hash(IPSEC_SHA1, out, quick, 2);
	expect("sha1", "quick_iv", out);
	const struct crypto_part nat[] = {{in.cookie_i, 8}, {in.cookie_r, 8}, {address, 6}};
	ike_hash(IPSEC_SHA1, out, nat, 3);
	expect("sha1", "nat_d", out);
}

static void every_cipher_turns_back_and_chains(void **state)
{
	static const struct ike_keys all[] = {
		{.cipher = IPSEC_AES_CBC, .key_len = 16, .key = {1}},
		{.cipher = IPSEC_AES_CBC, .key_len = 24, .key = {2}},
		{.cipher = IPSEC_AES_CBC, .key_len = 32, .key = {3}},
		{.cipher = IPSEC_3DES, .key_len = 24, .key = {4, 5, 6, 7, 8, 9, 10, 11, 12, 200}},
	};
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint8_t iv[IKE_BLOCK_MAX] = {7}, back[IKE_BLOCK_MAX] = {7}, data[48], clear[48];
		size_t block = ike_block(all[i].cipher);
		for (unsigned n = 0; n < 48; n++)
			data[n] = clear[n] = (uint8_t)n;
		ike_encrypt(&all[i], iv, data, 48);
		assert_memory_not_equal(data, clear, 48);
		assert_memory_equal(iv, data + 48 - block, block);
		ike_decrypt(&all[i], back, data, 48);
		assert_memory_equal(data, clear, 48);
		assert_memory_equal(iv, back, block);
		ike_decrypt(&all[i], back, data, 0);
		assert_memory_equal(iv, back, block);
	}
}

static void both_ends_share_in_every_group(void **state)
{
	(void)state;
	for (uint8_t group = IPSEC_MODP1024; group < IPSEC_GROUPS; group++) {
		struct ike_dh *a = ike_dh_new(group), *b = ike_dh_new(group);
		uint8_t pa[IKE_DH_MAX], pb[IKE_DH_MAX], sa[IKE_DH_MAX], sb[IKE_DH_MAX];
		size_t len = ike_dh_public_len(group);
		assert_non_null(a);
		assert_non_null(b);
		ike_dh_public(a, pa);
		ike_dh_public(b, pb);
		assert_memory_not_equal(pa, pb, len);
		size_t got = ike_dh_shared(a, pb, len, sa);
		assert_int_equal(got, group >= IPSEC_ECP256 ? len / 2 : len);
		assert_int_equal(ike_dh_shared(b, pa, len, sb), got);
		assert_memory_equal(sa, sb, got);
		ike_dh_free(a);
		ike_dh_free(b);
	}
	assert_null(ike_dh_new(IPSEC_GROUP_NONE));
	assert_null(ike_dh_new(IPSEC_GROUPS));
}

/* g^x of which the first octet is zero may come without it. */
static void modp_value_without_leading_zero_is_the_same(void **state)
{
	struct ike_dh *a = ike_dh_new(IPSEC_MODP2048);
	uint8_t two[256] = {0}, full[IKE_DH_MAX], cut[IKE_DH_MAX];

	(void)state;
	two[255] = 4;
	assert_int_equal(ike_dh_shared(a, two, 256, full), 256);
	assert_int_equal(ike_dh_shared(a, two + 255, 1, cut), 256);
	assert_memory_equal(full, cut, 256);
	ike_dh_free(a);
}

static void refused(struct ike_dh *dh, const uint8_t *value, size_t len)
{
	uint8_t out[IKE_DH_MAX];

	assert_int_equal(ike_dh_shared(dh, value, len, out), 0);
}

/* p, p-1 and p+1 of the group. */
static void refused_around_p(struct ike_dh *dh, BIGNUM *p, size_t len)
{
	uint8_t value[IKE_DH_MAX];

	assert_non_null(p);
	BN_bn2binpad(p, value, (int)len);
	refused(dh, value, len);
	BN_sub_word(p, 1);
	BN_bn2binpad(p, value, (int)len);
	refused(dh, value, len);
	BN_add_word(p, 2);
	BN_bn2binpad(p, value, (int)len);
	refused(dh, value, len);
	BN_free(p);
}

static void weak_modp_values_are_refused(void **state)
{
	BIGNUM *(*const primes[])(BIGNUM *) = {
		[IPSEC_MODP1024] = BN_get_rfc2409_prime_1024,
		[IPSEC_MODP1536] = BN_get_rfc3526_prime_1536,
		[IPSEC_MODP2048] = BN_get_rfc3526_prime_2048,
		[IPSEC_MODP3072] = BN_get_rfc3526_prime_3072,
		[IPSEC_MODP4096] = BN_get_rfc3526_prime_4096,
	};
	uint8_t value[IKE_DH_MAX + 1];

	(void)state;
	for (uint8_t group = IPSEC_MODP1024; group <= IPSEC_MODP4096; group++) {
		struct ike_dh *dh = ike_dh_new(group);
		size_t len = ike_dh_public_len(group);
		memset(value, 0, sizeof value);
		refused(dh, value, 0);
		refused(dh, value, 1);
		refused(dh, value, len);
		value[len - 1] = 1;
		refused(dh, value, len);
		refused(dh, value, len + 1);
		memset(value, 0xff, sizeof value);
		refused(dh, value, len);
		refused_around_p(dh, primes[group](NULL), len);
		ike_dh_free(dh);
	}
}

static void points_off_the_curve_are_refused(void **state)
{
	uint8_t value[IKE_DH_MAX], other[IKE_DH_MAX];

	(void)state;
	for (uint8_t group = IPSEC_ECP256; group <= IPSEC_ECP384; group++) {
		struct ike_dh *dh = ike_dh_new(group);
		size_t len = ike_dh_public_len(group);
		ike_dh_public(dh, other);
		for (size_t i = 0; i < len; i += 7) {
			memcpy(value, other, len);
			value[i] ^= 1;
			refused(dh, value, len);
		}
		memset(value, 0, sizeof value);
		refused(dh, value, len);
		memset(value, 0xff, sizeof value);
		refused(dh, value, len);
		refused(dh, other, len - 1);
		refused(dh, other, len / 2);
		ike_dh_free(dh);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_match_the_vectors),
		cmocka_unit_test(quick_mode_iv_and_nat_d_match_the_vectors),
		cmocka_unit_test(every_cipher_turns_back_and_chains),
		cmocka_unit_test(both_ends_share_in_every_group),
		cmocka_unit_test(modp_value_without_leading_zero_is_the_same),
		cmocka_unit_test(weak_modp_values_are_refused),
		cmocka_unit_test(points_off_the_curve_are_refused),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
