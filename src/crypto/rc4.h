/* SPDX-License-Identifier: MIT */
/* RC4 as MPPE uses it (RFC 3078 section 7): many short messages, often a new key for each. */
#ifndef VPDIAL_CRYPTO_RC4_H
#define VPDIAL_CRYPTO_RC4_H

#include <stddef.h>
#include <stdint.h>

struct rc4 {
	uint8_t s[256];
	uint8_t i, j;
};

void rc4_init(struct rc4 *rc4, const uint8_t *key, size_t key_len);
/* XORs LEN octets of key stream onto IN; OUT may be IN, but may not overlap it otherwise. */
void rc4_crypt(struct rc4 *rc4, uint8_t *out, const uint8_t *in, size_t len);

/* One message with a key of its own. */
struct rc4_job {
	uint8_t *data;
	size_t len;
	uint8_t key[16];
};

/* A key set-up in steps, to be done beside ciphers: it fills the time in which they wait. */
struct rc4_setup {
	struct rc4 rc4;
	uint8_t key[16];
	unsigned at; /* entries done; RC4_SET_UP = all */
	/* All are done: may begin another one. */
	void (*done)(struct rc4_setup *setup);
};
#define RC4_SET_UP 256

/* Begins with KEY (KEY_LEN octets, 8 or 16). */
void rc4_setup_begin(struct rc4_setup *setup, const uint8_t *key, size_t key_len);
/* Goes on to the end and calls done. */
void rc4_setup_finish(struct rc4_setup *setup);

/* Encrypts (or decrypts) COUNT messages in place, each with the first KEY_LEN octets (8 or 16) of
 * its key: four at a time, since the steps of one cipher wait for each other and those of
 * different ciphers do not.  SETUP (or NULL) goes on meanwhile, as far as there is time for it.
 * Messages of like length go together: reorders the jobs. */
void rc4_jobs(struct rc4_job *jobs, size_t count, size_t key_len, struct rc4_setup *setup);

#endif
