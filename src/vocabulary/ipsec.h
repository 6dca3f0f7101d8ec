/* SPDX-License-Identifier: MIT */
/* IPsec's algorithms, what a profile says of them, and what IKE agrees on: the words of profile,
 * request, engine and data path. */
#ifndef VPDIAL_VOCABULARY_IPSEC_H
#define VPDIAL_VOCABULARY_IPSEC_H

#include "base/secret.h"
#include "vocabulary/word.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ipsec_use {
	IPSEC_USE_NO,	    /* as the system's policies have it */
	IPSEC_USE_YES,	    /* nothing is dialed without IPsec of our own */
	IPSEC_USE_EXTERNAL, /* nothing is dialed unless another program's policy covers it */
	IPSEC_USES
};

/* The same of a server. */
enum ipsec_serve {
	IPSEC_SERVE_NO,
	IPSEC_SERVE_YES,      /* beside L2TP in clear */
	IPSEC_SERVE_REQUIRED, /* L2TP in clear is not answered */
};

enum ipsec_cipher { IPSEC_AES_CBC, IPSEC_AES_GCM, IPSEC_3DES, IPSEC_CIPHERS };

/* Of IKE's prf and hash, and of ESP's integrity. */
enum ipsec_hash {
	IPSEC_HASH_NONE, /* AES-GCM brings its own integrity */
	IPSEC_MD5,
	IPSEC_SHA1,
	IPSEC_SHA256,
	IPSEC_SHA384,
	IPSEC_SHA512,
	IPSEC_HASHES
};

/* For Diffie-Hellman; in ESP a group means perfect forward secrecy. */
enum ipsec_group {
	IPSEC_GROUP_NONE,
	IPSEC_MODP1024,
	IPSEC_MODP1536,
	IPSEC_MODP2048,
	IPSEC_MODP3072,
	IPSEC_MODP4096,
	IPSEC_ECP256,
	IPSEC_ECP384,
	IPSEC_GROUPS
};

/* One transform, of IKE or of ESP. */
struct ipsec_suite {
	uint8_t cipher; /* enum ipsec_cipher */
	uint8_t hash;	/* enum ipsec_hash */
	uint8_t group;	/* enum ipsec_group; of IKE never none */
	uint16_t key_bits;
};

#define IPSEC_SUITES_MAX 24

struct ipsec_suites {
	uint8_t count;
	bool fallback; /* IKE: the old ones follow in a message of their own */
	struct ipsec_suite at[IPSEC_SUITES_MAX];
};

#define IPSEC_ID_MAX 128

/* Of an IPsec connection. */
struct ipsec_settings {
	uint8_t use;			 /* enum ipsec_use */
	struct secret secret;		 /* the pre-shared key; len 0 = none */
	struct ipsec_suites ike, esp;	 /* as wished, best first */
	char id[IPSEC_ID_MAX];		 /* ours, "" = our address */
	char remote_id[IPSEC_ID_MAX];	 /* the peer's, "" = whatever it says */
	uint32_t ike_lifetime, lifetime; /* seconds */
};

#define ESP_KEY_MAX	  32
#define ESP_INTEGRITY_MAX 64
#define ESP_SALT	  4

/* One ESP association of one direction, made by IKE for the data path. */
struct esp_keys {
	uint32_t spi; /* host order; never 0 */
	struct ipsec_suite suite;
	uint8_t key_len, integrity_len;
	uint8_t key[ESP_KEY_MAX];
	uint8_t integrity[ESP_INTEGRITY_MAX];
	uint8_t salt[ESP_SALT]; /* AES-GCM */
};

/* That which ISAKMP messages of one phase 1 are encrypted with. */
struct ipsec_ike_key {
	uint8_t cookie[8]; /* the initiator's */
	uint8_t len;
	uint8_t key[ESP_KEY_MAX];
};

#define ESP_HEADER 8 /* SPI and sequence number (RFC 4303 section 2) */

struct esp_sizes {
	uint8_t iv, icv;
	uint8_t block; /* the encrypted part is whole blocks */
};
/* Those of SUITE, which must be one of ESP's (a hash, or AES-GCM). */
struct esp_sizes esp_sizes(const struct ipsec_suite *suite);

extern const struct word ipsec_use_words[], ipsec_serve_words[];
/* "aes256", "aes128", "aes256gcm16", ...: the value is IPSEC_CIPHER_WORD(cipher, bits). */
#define IPSEC_CIPHER_WORD(cipher, bits) ((unsigned)(cipher) << 16 | (bits))
extern const struct word ipsec_cipher_words[], ipsec_hash_words[], ipsec_group_words[];

/* Reads one transform in the field's words, e.g. "aes256-sha256-modp2048" (IKE) or
 * "aes128-sha1" (ESP), from the LEN octets at TEXT; false if a word is unknown or stands twice, or
 * if one is missing (cipher always; hash unless AES-GCM). A missing group is none. */
bool ipsec_suite_read(const char *text, size_t len, struct ipsec_suite *out);

#define IPSEC_SUITE_TEXT 40
/* Writes SUITE in the same words ("aes256-sha1-modp2048"); returns BUF. */
char *ipsec_suite_text(const struct ipsec_suite *suite, char *buf, size_t cap);

bool ipsec_suite_equal(const struct ipsec_suite *a, const struct ipsec_suite *b);

/* The named lists: "default", "modern", "old" (RFC 8221 and 8247 as far as servers follow them).
 * ESP false: of IKE. False for another name. */
bool ipsec_suites_named(const char *name, bool esp, struct ipsec_suites *out);
/* IKE's second, short message for servers that choke on many or know old ones only. */
void ipsec_suites_old(struct ipsec_suites *out);

#endif
