/* SPDX-License-Identifier: MIT */
#include "vocabulary/ipsec.h"

#include <stdio.h>
#include <string.h>

const struct word ipsec_use_words[] = {{"no", IPSEC_USE_NO, false},
				       {"yes", IPSEC_USE_YES, false},
				       {"external", IPSEC_USE_EXTERNAL, false},
				       {"required", IPSEC_USE_YES, true},
				       {"require", IPSEC_USE_YES, true},
				       {0}};

const struct word ipsec_serve_words[] = {{"no", IPSEC_SERVE_NO, false},
					 {"yes", IPSEC_SERVE_YES, false},
					 {"required", IPSEC_SERVE_REQUIRED, false},
					 {"require", IPSEC_SERVE_REQUIRED, true},
					 {0}};

const struct word ipsec_cipher_words[] = {
	{"aes256", IPSEC_CIPHER_WORD(IPSEC_AES_CBC, 256), false},
	{"aes192", IPSEC_CIPHER_WORD(IPSEC_AES_CBC, 192), false},
	{"aes128", IPSEC_CIPHER_WORD(IPSEC_AES_CBC, 128), false},
	{"aes256gcm16", IPSEC_CIPHER_WORD(IPSEC_AES_GCM, 256), false},
	{"aes128gcm16", IPSEC_CIPHER_WORD(IPSEC_AES_GCM, 128), false},
	{"3des", IPSEC_CIPHER_WORD(IPSEC_3DES, 192), false},
	{"aes256gcm", IPSEC_CIPHER_WORD(IPSEC_AES_GCM, 256), true},
	{"aes128gcm", IPSEC_CIPHER_WORD(IPSEC_AES_GCM, 128), true},
	{"aes", IPSEC_CIPHER_WORD(IPSEC_AES_CBC, 128), true},
	{0}};

const struct word ipsec_hash_words[] = {{"md5", IPSEC_MD5, false},
					{"sha1", IPSEC_SHA1, false},
					{"sha256", IPSEC_SHA256, false},
					{"sha384", IPSEC_SHA384, false},
					{"sha512", IPSEC_SHA512, false},
					{"sha", IPSEC_SHA1, true},
					{"sha2_256", IPSEC_SHA256, true},
					{"sha2", IPSEC_SHA256, true},
					{0}};

const struct word ipsec_group_words[] = {
	{"modp1024", IPSEC_MODP1024, false}, {"modp1536", IPSEC_MODP1536, false},
	{"modp2048", IPSEC_MODP2048, false}, {"modp3072", IPSEC_MODP3072, false},
	{"modp4096", IPSEC_MODP4096, false}, {"ecp256", IPSEC_ECP256, false},
	{"ecp384", IPSEC_ECP384, false},     {0}};

static const struct word *find(const struct word *words, const char *text, size_t len)
{
	for (; words->word; words++)
		if (strlen(words->word) == len && memcmp(words->word, text, len) == 0)
			return words;
	return NULL;
}

/* One word of a transform; each kind once. */
static bool take_word(const char *text, size_t len, struct ipsec_suite *out)
{
	const struct word *w = find(ipsec_cipher_words, text, len);

	if (w && !out->key_bits) {
		out->cipher = (uint8_t)(w->value >> 16);
		out->key_bits = (uint16_t)(w->value & 0xffff);
		return true;
	}
	w = find(ipsec_hash_words, text, len);
	if (w && !out->hash) {
		out->hash = (uint8_t)w->value;
		return true;
	}
	w = find(ipsec_group_words, text, len);
	if (w && !out->group) {
		out->group = (uint8_t)w->value;
		return true;
	}
	return false;
}

bool ipsec_suite_read(const char *text, size_t len, struct ipsec_suite *out)
{
	const char *end = text + len;

	*out = (struct ipsec_suite){0};
	for (const char *dash; text < end; text = dash + 1) {
		dash = memchr(text, '-', (size_t)(end - text));
		if (!dash)
			dash = end;
		if (!take_word(text, (size_t)(dash - text), out))
			return false;
	}
	return out->key_bits && (out->cipher == IPSEC_AES_GCM || out->hash);
}

char *ipsec_suite_text(const struct ipsec_suite *suite, char *buf, size_t cap)
{
	const char *hash = suite->hash ? word_of(ipsec_hash_words, suite->hash) : "";
	const char *group = suite->group ? word_of(ipsec_group_words, suite->group) : "";

	snprintf(buf, cap, "%s%s%s%s%s",
		 word_of(ipsec_cipher_words, IPSEC_CIPHER_WORD(suite->cipher, suite->key_bits)),
		 *hash ? "-" : "", hash, *group ? "-" : "", group);
	return buf;
}

bool ipsec_suite_equal(const struct ipsec_suite *a, const struct ipsec_suite *b)
{
	return a->cipher == b->cipher && a->hash == b->hash && a->group == b->group &&
	       a->key_bits == b->key_bits;
}

/* Lists, best first.  Windows' and Apple's servers take what stands behind SHA2; modp1024 is what
 * many old boxes know. */

#define CBC(bits, hash, group)                                   \
	{                                                        \
		IPSEC_AES_CBC, IPSEC_##hash, IPSEC_##group, bits \
	}
#define DES3(hash, group)                                    \
	{                                                    \
		IPSEC_3DES, IPSEC_##hash, IPSEC_##group, 192 \
	}

static const struct ipsec_suite ike_suites[] = {
	CBC(256, SHA256, ECP256),
	CBC(256, SHA384, ECP384),
	CBC(256, SHA256, MODP2048),
	CBC(256, SHA256, MODP3072),
	CBC(256, SHA512, MODP4096),
	CBC(128, SHA256, ECP256),
	CBC(128, SHA256, MODP2048),
	/* default */
	CBC(256, SHA1, ECP384),
	CBC(256, SHA1, MODP2048),
	CBC(128, SHA1, ECP256),
	CBC(128, SHA1, MODP2048),
	CBC(256, SHA256, MODP1536),
	CBC(256, SHA1, MODP1536),
	CBC(256, SHA256, MODP1024),
	CBC(256, SHA1, MODP1024),
	CBC(128, SHA1, MODP1024),
};
#define IKE_MODERN 7

static const struct ipsec_suite old_ike_suites[] = {
	CBC(128, SHA1, MODP1024),
	DES3(SHA1, MODP2048),
	DES3(SHA1, MODP1024),
	DES3(MD5, MODP1024),
};

static const struct ipsec_suite esp_suites[] = {
	{IPSEC_AES_GCM, IPSEC_HASH_NONE, IPSEC_GROUP_NONE, 256},
	{IPSEC_AES_GCM, IPSEC_HASH_NONE, IPSEC_GROUP_NONE, 128},
	CBC(256, SHA256, GROUP_NONE),
	CBC(128, SHA256, GROUP_NONE),
	/* default */
	CBC(256, SHA1, GROUP_NONE),
	CBC(128, SHA1, GROUP_NONE),
	/* old */
	DES3(SHA1, GROUP_NONE),
	DES3(MD5, GROUP_NONE),
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
_Static_assert(COUNT(ike_suites) <= IPSEC_SUITES_MAX, "the longest list fits");

static const struct {
	const char *name;
	uint8_t ike, esp; /* how many of the lists */
	bool fallback;
} named[] = {
	{"modern", IKE_MODERN, 4, false},
	{"default", COUNT(ike_suites), 6, false},
	{"old", COUNT(ike_suites), COUNT(esp_suites), true},
};

static void fill(struct ipsec_suites *out, const struct ipsec_suite *from, uint8_t count)
{
	*out = (struct ipsec_suites){.count = count};
	memcpy(out->at, from, count * sizeof *from);
}

bool ipsec_suites_named(const char *name, bool esp, struct ipsec_suites *out)
{
	for (size_t i = 0; i < COUNT(named); i++) {
		if (strcmp(named[i].name, name) != 0)
			continue;
		fill(out, esp ? esp_suites : ike_suites, esp ? named[i].esp : named[i].ike);
		out->fallback = !esp && named[i].fallback;
		return true;
	}
	return false;
}

void ipsec_suites_old(struct ipsec_suites *out)
{
	fill(out, old_ike_suites, COUNT(old_ike_suites));
}

struct esp_sizes esp_sizes(const struct ipsec_suite *suite)
{
	/* RFC 2403, 2404 and 4868: the ICV is cut to half of the hash, or to 96 bits. */
	static const uint8_t icvs[IPSEC_HASHES] = {[IPSEC_MD5] = 12,
						   [IPSEC_SHA1] = 12,
						   [IPSEC_SHA256] = 16,
						   [IPSEC_SHA384] = 24,
						   [IPSEC_SHA512] = 32};

	switch (suite->cipher) {
	case IPSEC_AES_GCM: /* RFC 4106 */
		return (struct esp_sizes){.iv = 8, .icv = 16, .block = 4};
	case IPSEC_3DES:
		return (struct esp_sizes){.iv = 8, .icv = icvs[suite->hash], .block = 8};
	default:
		return (struct esp_sizes){.iv = 16, .icv = icvs[suite->hash], .block = 16};
	}
}
