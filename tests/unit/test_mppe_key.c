/* SPDX-License-Identifier: MIT */
/* MPPE start keys and key chains against RFC 3078/3079 and the vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/reason.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "crypto/mppe_key.h"
#include "crypto/mschap.h"
#include "crypto/rc4.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "mppe.txt"

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

static void password_hashes(const char *section, uint8_t nt_hash[16], uint8_t lm_hash[16])
{
	char text[64];
	struct secret password;
	size_t len = vector_text(FILE_NAME, section, "password_txt", text, sizeof text);

	assert_true(secret_set(&password, text, len));
	mschap_nt_hash(nt_hash, &password);
	mschap_lm_hash(lm_hash, &password);
}

/* Checks start key, first session key and the sample text encrypted with it. */
static void check_keys(const char *section, const char *prefix, unsigned bits,
		       const uint8_t start[16])
{
	static const char sample[] = "test message";
	size_t len = bits == 128 ? 16 : 8;
	uint8_t want[16], sample_out[12];
	char name[64];
	struct mppe_chain chain;
	struct rc4 rc4;

	snprintf(name, sizeof name, "%sstart%u", prefix, bits);
	vector_hex_exact(FILE_NAME, section, name, want, len);
	assert_memory_equal(start, want, len);
	mppe_chain_init(&chain, bits, start);
	snprintf(name, sizeof name, "%ssession%u", prefix, bits);
	vector_hex_exact(FILE_NAME, section, name, want, len);
	assert_int_equal(chain.len, len);
	assert_memory_equal(chain.session, want, len);
	snprintf(name, sizeof name, "%sencrypted%u", prefix, bits);
	vector_hex_exact(FILE_NAME, section, name, want, sizeof sample_out);
	rc4_init(&rc4, chain.session, chain.len);
	rc4_crypt(&rc4, sample_out, (const uint8_t *)sample, sizeof sample_out);
	assert_memory_equal(sample_out, want, sizeof sample_out);
}

static const unsigned strengths[] = {40, 56, 128};

static void mschapv1_keys_match_rfc3079_section_2(void **state)
{
	uint8_t nt_hash[16], lm_hash[16], hash_hash[16], challenge[8], want[16], start[16];
	(void)state;
	password_hashes("v1_keys", nt_hash, lm_hash);
	vector_hex_exact(FILE_NAME, "v1_keys", "nt_hash", want, 16);
	assert_memory_equal(nt_hash, want, 16);
	vector_hex_exact(FILE_NAME, "v1_keys", "lm_hash", want, 16);
	assert_memory_equal(lm_hash, want, 16);
	mschap_hash_hash(hash_hash, nt_hash);
	vector_hex_exact(FILE_NAME, "v1_keys", "nt_hash_hash", want, 16);
	assert_memory_equal(hash_hash, want, 16);
	vector_hex_exact(FILE_NAME, "v1_keys", "challenge", challenge, 8);
	for (size_t i = 0; i < 3; i++) {
		mppe_start_key_v1(start, strengths[i], lm_hash, nt_hash, challenge);
		check_keys("v1_keys", "", strengths[i], start);
	}
}

static void v2_start(uint8_t start[16], unsigned bits, bool caller_send)
{
	uint8_t nt_hash[16], lm_hash[16], response[24];

	password_hashes("v2_keys", nt_hash, lm_hash);
	vector_hex_exact(FILE_NAME, "v2_keys", "nt_response", response, 24);
	mppe_start_key_v2(start, bits, caller_send, nt_hash, response);
}

static void mschapv2_keys_match_rfc3079_section_3(void **state)
{
	uint8_t start[16];
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		v2_start(start, strengths[i], true);
		check_keys("v2_keys", "client_send_", strengths[i], start);
		v2_start(start, strengths[i], false);
		check_keys("v2_keys", "client_recv_", strengths[i], start);
	}
}

static void eap_msk_is_made_of_both_start_keys(void **state)
{
	uint8_t msk[64], want[64] = {0};
	(void)state;
	vector_hex_exact("auth.txt", "eap_mschapv2", "msk", msk, 64);
	v2_start(want, 128, false);
	v2_start(want + 16, 128, true);
	assert_memory_equal(msk, want, 64);
}

struct chain_case {
	unsigned bits;
	bool stateful;
	unsigned count; /* of the packet whose key is in the chain */
	bool started;
	struct mppe_chain chain;
	struct rc4 rc4;
	unsigned checked;
};

static void chain_case_init(struct chain_case *c, unsigned bits, bool stateful)
{
	uint8_t start[16];

	*c = (struct chain_case){.bits = bits, .stateful = stateful};
	v2_start(start, bits, true);
	mppe_chain_init(&c->chain, bits, start);
	rc4_init(&c->rc4, c->chain.session, c->chain.len);
}

/* Stateless: a change before each packet; stateful: before those whose count ends in ff. */
static bool chain_case_packet(struct chain_case *c)
{
	c->count = c->started ? c->count + 1 : 0;
	c->started = true;
	if (c->stateful && (c->count & 0xff) != 0xff)
		return false;
	mppe_chain_next(&c->chain);
	rc4_init(&c->rc4, c->chain.session, c->chain.len);
	return true;
}

static void check_chain_key(void *ctx, const char *name, const char *value)
{
	struct chain_case *c = ctx;
	unsigned long n = strtoul(name + 3, NULL, 10);
	uint8_t want[16];

	assert_memory_equal(name, "key", 3);
	while (!c->started || c->count < n)
		chain_case_packet(c);
	assert_int_equal(vector_decode(value, want, sizeof want), c->chain.len);
	assert_memory_equal(c->chain.session, want, c->chain.len);
	c->checked++;
}

static void key_of_every_listed_count_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (unsigned stateful = 0; stateful < 2; stateful++) {
			char section[64];
			struct chain_case c;
			chain_case_init(&c, strengths[i], stateful);
			snprintf(section, sizeof section, "keys_%s_%u",
				 stateful ? "stateful" : "stateless", strengths[i]);
			size_t n = vector_each(FILE_NAME, section, check_chain_key, &c);
			assert_int_equal(c.checked, n);
			assert_true(n > 20);
		}
	}
}

/* Encrypts packets up to the listed one and compares it, header included. */
static void check_packet(void *ctx, const char *name, const char *value)
{
	struct chain_case *c = ctx;
	unsigned long n = strtoul(name + 3, NULL, 10);
	uint8_t want[64], packet[64];
	size_t len = 0;

	assert_memory_equal(name, "pkt", 3);
	while (!c->started || c->count < n) {
		bool flushed = chain_case_packet(c);
		len = 2 + 2 + c->count % 40 + 1;
		packet[0] = (uint8_t)((flushed ? 0x90 : 0x10) | ((c->count >> 8) & 0x0f));
		packet[1] = (uint8_t)c->count;
		packet[2] = 0x00;
		packet[3] = 0x21;
		memset(packet + 4, (int)(c->count & 0xff), len - 4);
		rc4_crypt(&c->rc4, packet + 2, packet + 2, len - 2);
	}
	assert_int_equal(vector_decode(value, want, sizeof want), len);
	assert_memory_equal(packet, want, len);
	c->checked++;
}

static void chain_and_rc4_make_the_listed_packets(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (unsigned stateful = 0; stateful < 2; stateful++) {
			char section[64];
			struct chain_case c;
			chain_case_init(&c, strengths[i], stateful);
			snprintf(section, sizeof section, "packets_%s_%u",
				 stateful ? "stateful" : "stateless", strengths[i]);
			assert_int_equal(vector_each(FILE_NAME, section, check_packet, &c), 16);
			assert_int_equal(c.checked, 16);
		}
	}
}

/* Whatever mixture of waiting, working beside ciphers and starting anew: the keys are the chain's.
 */
static void keys_made_ahead_are_those_of_the_chain(void **state)
{
	static const unsigned all_bits[] = {40, 56, 128};
	static uint8_t data[8][600];
	uint8_t start[16] = {7, 1, 4, 9};
	struct mppe_keys keys;
	struct mppe_chain chain;

	(void)state;
	for (size_t b = 0; b < 3; b++) {
		mppe_keys_init(&keys, all_bits[b], start);
		mppe_chain_init(&chain, all_bits[b], start);
		for (unsigned i = 0; i < 2000; i++) {
			struct rc4_job jobs[8];
			unsigned use = i * 7 % 12;

			for (size_t k = 0; k < 8; k++)
				jobs[k] = (struct rc4_job){data[k], i * 37 % 600, {(uint8_t)i}};
			rc4_jobs(jobs, i % 9, chain.len, mppe_keys_beside(&keys));
			assert_true(keys.count <= MPPE_READY);
			if (i % 50 == 49)
				mppe_keys_restart(&keys, &chain);
			for (unsigned n = 1; n <= use; n++) {
				mppe_chain_next(&chain);
				assert_memory_equal(mppe_keys_ahead(&keys, n), chain.session,
						    chain.len);
			}
			mppe_keys_drop(&keys, use);
		}
		assert_int_equal(
			memcmp(mppe_keys_ahead(&keys, MPPE_READY), chain.session, chain.len) != 0,
			1);
		assert_null(mppe_keys_beside(&keys));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mschapv1_keys_match_rfc3079_section_2),
		cmocka_unit_test(mschapv2_keys_match_rfc3079_section_3),
		cmocka_unit_test(eap_msk_is_made_of_both_start_keys),
		cmocka_unit_test(key_of_every_listed_count_matches),
		cmocka_unit_test(chain_and_rc4_make_the_listed_packets),
		cmocka_unit_test(keys_made_ahead_are_those_of_the_chain),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
