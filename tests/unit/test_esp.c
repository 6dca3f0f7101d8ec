/* SPDX-License-Identifier: MIT */
/* ESP: lengths, header and trailer, the window of numbers, and every suite against OpenSSL's
 * functions used in another way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/reason.h"
#include "crypto/crypto.h"
#include "crypto/esp.h"
#include "wire/esp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

static const struct ipsec_suite suites[] = {
	{IPSEC_AES_CBC, IPSEC_MD5, IPSEC_GROUP_NONE, 128},
	{IPSEC_AES_CBC, IPSEC_SHA1, IPSEC_GROUP_NONE, 128},
	{IPSEC_AES_CBC, IPSEC_SHA1, IPSEC_GROUP_NONE, 256},
	{IPSEC_AES_CBC, IPSEC_SHA256, IPSEC_GROUP_NONE, 192},
	{IPSEC_AES_CBC, IPSEC_SHA384, IPSEC_GROUP_NONE, 256},
	{IPSEC_AES_CBC, IPSEC_SHA512, IPSEC_GROUP_NONE, 256},
	{IPSEC_3DES, IPSEC_MD5, IPSEC_GROUP_NONE, 192},
	{IPSEC_3DES, IPSEC_SHA1, IPSEC_GROUP_NONE, 192},
	{IPSEC_AES_GCM, IPSEC_HASH_NONE, IPSEC_GROUP_NONE, 128},
	{IPSEC_AES_GCM, IPSEC_HASH_NONE, IPSEC_GROUP_NONE, 256},
};
#define SUITES (sizeof suites / sizeof suites[0])

static int setup(void **state)
{
	struct reason reason = {0};
	(void)state;

	return crypto_init(&reason);
}

static void fill_keys(struct esp_keys *keys, const struct ipsec_suite *suite)
{
	static const uint8_t integrity[IPSEC_HASHES] = {0, 16, 20, 32, 48, 64};

	*keys = (struct esp_keys){.spi = 0xc0ffee01,
				  .suite = *suite,
				  .key_len = (uint8_t)(suite->key_bits / 8),
				  .integrity_len = integrity[suite->hash]};
	for (unsigned i = 0; i < sizeof keys->key; i++)
		keys->key[i] = (uint8_t)(i * 7 + 1);
	for (unsigned i = 0; i < keys->integrity_len; i++)
		keys->integrity[i] = (uint8_t)(200 - i);
	memcpy(keys->salt, "salt", 4);
}

/* The sheet of L2TP's MTUs: L2TP with length 8, PPP 4. */
static void room_is_that_of_the_sheet(void **state)
{
	static const struct {
		struct ipsec_suite suite;
		size_t mtu[4]; /* links of 1500, 1492, 1480, 1280 */
	} rows[] = {{{IPSEC_AES_CBC, IPSEC_SHA1, 0, 256}, {1402, 1402, 1386, 1194}},
		    {{IPSEC_AES_CBC, IPSEC_SHA256, 0, 256}, {1402, 1402, 1386, 1178}},
		    {{IPSEC_3DES, IPSEC_SHA1, 0, 192}, {1418, 1410, 1402, 1202}},
		    {{IPSEC_AES_GCM, IPSEC_HASH_NONE, 0, 256}, {1418, 1410, 1398, 1198}}};
	static const size_t links[] = {1500, 1492, 1480, 1280};
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct esp_sizes s = esp_sizes(&rows[i].suite);

		for (size_t n = 0; n < 4; n++)
			assert_int_equal(esp_room(&s, false, links[n]) - 12, rows[i].mtu[n]);
	}
}

static void room_is_exactly_what_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < SUITES; i++) {
		struct esp_sizes s = esp_sizes(&suites[i]);

		for (size_t mtu = 0; mtu < 1600; mtu++)
			for (int v6 = 0; v6 < 2; v6++) {
				size_t room = esp_room(&s, v6, mtu), ip = v6 ? 48 : 28;

				if (room)
					assert_true(ip + esp_head_len(&s) + room +
							    esp_tail_len(&s, room) <=
						    mtu);
				assert_true(ip + esp_head_len(&s) + room + 1 +
						    esp_tail_len(&s, room + 1) >
					    mtu);
			}
	}
}

/* A packet with LEN octets of payload; *PACKET_LEN with the ICV. */
static uint8_t *make(uint8_t *buf, const struct ipsec_suite *suite, struct esp_cipher *out,
		     uint32_t number, size_t len, size_t *packet_len)
{
	struct esp_sizes s = esp_sizes(suite);
	uint8_t *payload = buf + ESP_HEAD_MAX, *start;

	for (size_t i = 0; i < len; i++)
		payload[i] = (uint8_t)(i * 3);
	start = esp_wrap(&s, 0xc0ffee01, number, 41001, 1701, payload, len);
	*packet_len = esp_head_len(&s) + len + esp_tail_len(&s, len);
	esp_seal(out, start, *packet_len - s.icv);
	return start;
}

/* Decrypts by functions that the program does not use; PLAIN's octets, or 0 for a wrong ICV. */
static size_t open_otherwise(const struct esp_keys *keys, const uint8_t *p, size_t len,
			     uint8_t *plain)
{
	static const char *const mds[] = {NULL, "md5", "sha1", "sha256", "sha384", "sha512"};
	struct esp_sizes s = esp_sizes(&keys->suite);
	size_t inside = len - 8 - s.iv - s.icv;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *cipher;
	uint8_t mac[64], nonce[12];
	unsigned mac_len = sizeof mac;
	int n = 0, last = 0;

	if (keys->suite.cipher == IPSEC_AES_GCM) {
		memcpy(nonce, keys->salt, 4);
		memcpy(nonce + 4, p + 8, 8);
		cipher = keys->suite.key_bits == 128 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
		EVP_DecryptInit_ex(ctx, cipher, NULL, keys->key, nonce);
		EVP_DecryptUpdate(ctx, NULL, &n, p, 8);
		EVP_DecryptUpdate(ctx, plain, &n, p + 16, (int)inside);
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, 16,
				    (void *)(uintptr_t)(p + len - 16));
		last = EVP_DecryptFinal_ex(ctx, plain + n, &n) == 1;
	} else {
		HMAC(EVP_get_digestbyname(mds[keys->suite.hash]), keys->integrity,
		     keys->integrity_len, p, len - s.icv, mac, &mac_len);
		last = memcmp(mac, p + len - s.icv, s.icv) == 0;
		cipher = keys->suite.cipher == IPSEC_3DES ? EVP_des_ede3_cbc()
			 : keys->suite.key_bits == 128	  ? EVP_aes_128_cbc()
			 : keys->suite.key_bits == 192	  ? EVP_aes_192_cbc()
							  : EVP_aes_256_cbc();
		EVP_DecryptInit_ex(ctx, cipher, NULL, keys->key, p + 8);
		EVP_CIPHER_CTX_set_padding(ctx, 0);
		EVP_DecryptUpdate(ctx, plain, &n, p + 8 + s.iv, (int)inside);
	}
	EVP_CIPHER_CTX_free(ctx);
	return last ? inside : 0;
}

static void every_suite_is_what_openssl_makes_otherwise(void **state)
{
	(void)state;
	for (size_t i = 0; i < SUITES; i++) {
		struct esp_keys keys;
		struct esp_cipher *out;
		uint8_t buf[2048], plain[2048];

		fill_keys(&keys, &suites[i]);
		out = esp_cipher_new(&keys, true);
		for (size_t len = 0; len < 200; len++) {
			struct esp_inner inner;
			size_t n, got;
			uint8_t *p = make(buf, &suites[i], out, (uint32_t)len + 1, len, &n);

			got = open_otherwise(&keys, p, n, plain);
			assert_int_not_equal(got, 0);
			assert_true(esp_unwrap(plain, got, &inner));
			assert_int_equal(inner.next, ESP_NEXT_UDP);
			assert_int_equal(inner.source_port, 41001);
			assert_int_equal(inner.destination_port, 1701);
			assert_int_equal(inner.len, len);
			for (size_t k = 0; k < len; k++)
				assert_int_equal(inner.payload[k], (uint8_t)(k * 3));
		}
		esp_cipher_free(out);
	}
}

static void no_changed_octet_and_no_cut_packet_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < SUITES; i++) {
		struct esp_keys keys;
		struct esp_cipher *out, *in;
		uint8_t buf[512], copy[512], *plain, *p;
		size_t n, plain_len;

		fill_keys(&keys, &suites[i]);
		out = esp_cipher_new(&keys, true);
		in = esp_cipher_new(&keys, false);
		p = make(buf, &suites[i], out, 9, 60, &n);
		for (size_t k = 0; k < n; k++) {
			memcpy(copy, p, n);
			copy[k] ^= 0x40;
			assert_false(esp_open(in, copy, n, &plain, &plain_len));
		}
		for (size_t k = 0; k < n; k++) {
			memcpy(copy, p, n);
			assert_false(esp_open(in, copy, k, &plain, &plain_len));
		}
		memcpy(copy, p, n);
		assert_true(esp_open(in, copy, n, &plain, &plain_len));
		esp_cipher_free(out);
		esp_cipher_free(in);
	}
}

static void no_two_packets_have_one_iv(void **state)
{
	enum { PACKETS = 300 };
	static uint8_t ivs[PACKETS][16];
	(void)state;

	for (size_t i = 0; i < SUITES; i++) {
		struct esp_keys keys;
		struct esp_cipher *out;
		uint8_t buf[512];
		size_t n;

		fill_keys(&keys, &suites[i]);
		out = esp_cipher_new(&keys, true);
		memset(ivs, 0, sizeof ivs);
		for (uint32_t k = 0; k < PACKETS; k++) {
			uint8_t *p = make(buf, &suites[i], out, k + 1, 20, &n);

			memcpy(ivs[k], p + 8, esp_sizes(&suites[i]).iv);
			for (uint32_t j = 0; j < k; j++)
				assert_memory_not_equal(ivs[j], ivs[k], 16);
		}
		esp_cipher_free(out);
	}
}

static void lengths_that_lie_are_refused(void **state)
{
	struct esp_inner inner;
	uint8_t p[64] = {0};
	(void)state;

	assert_false(esp_unwrap(p, 0, &inner));
	assert_false(esp_unwrap(p, 1, &inner));
	p[8] = 9; /* more padding than there is */
	p[9] = 17;
	assert_false(esp_unwrap(p, 10, &inner));
	p[8] = 1; /* less than a UDP header is left */
	assert_false(esp_unwrap(p, 10, &inner));
	memset(p, 0, sizeof p);
	p[5] = 31; /* UDP says one octet more than there is */
	p[32 - 1] = 17;
	assert_false(esp_unwrap(p, 32, &inner));
	p[5] = 30;
	assert_true(esp_unwrap(p, 32, &inner));
	assert_int_equal(inner.len, 22);
	p[5] = 7; /* and less than its header */
	assert_false(esp_unwrap(p, 32, &inner));
	p[31] = 59;
	assert_true(esp_unwrap(p, 32, &inner));
	assert_int_equal(inner.next, ESP_NEXT_DUMMY);
}

static void window_takes_each_number_once(void **state)
{
	struct esp_window w = {0};
	static bool seen[8192];
	uint32_t newest = 0;
	(void)state;

	assert_false(esp_window_is_new(&w, 0));
	srand(7);
	for (int i = 0; i < 200000; i++) {
		uint32_t n = (uint32_t)(rand() % 60) + (newest > 30 ? newest - 30 : 1);

		if (i % 97 == 0 && newest > 1500)
			n = newest - (uint32_t)(rand() % 1400);
		if (i % 1003 == 0)
			n = newest + (uint32_t)(rand() % 900);
		if (n == 0 || n >= 8192)
			break;
		bool fresh = n > newest || (!seen[n] && newest - n < ESP_WINDOW);

		assert_int_equal(esp_window_is_new(&w, n), fresh);
		if (!fresh)
			continue;
		esp_window_mark(&w, n);
		seen[n] = true;
		newest = n > newest ? n : newest;
	}
	assert_true(newest > 4000);
}

static void window_survives_a_jump(void **state)
{
	struct esp_window w = {0};
	(void)state;

	esp_window_mark(&w, 5);
	esp_window_mark(&w, 0xfffffff0);
	assert_false(esp_window_is_new(&w, 5));
	assert_false(esp_window_is_new(&w, 0xfffffff0));
	assert_true(esp_window_is_new(&w, 0xffffffef));
	assert_true(esp_window_is_new(&w, 0xffffffff));
	esp_window_mark(&w, 0xffffffff);
	assert_false(esp_window_is_new(&w, 0xffffffff));
	assert_true(ESP_WINDOW >= 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_is_that_of_the_sheet),
		cmocka_unit_test(room_is_exactly_what_fits),
		cmocka_unit_test(every_suite_is_what_openssl_makes_otherwise),
		cmocka_unit_test(no_changed_octet_and_no_cut_packet_is_taken),
		cmocka_unit_test(no_two_packets_have_one_iv),
		cmocka_unit_test(lengths_that_lie_are_refused),
		cmocka_unit_test(window_takes_each_number_once),
		cmocka_unit_test(window_survives_a_jump),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
