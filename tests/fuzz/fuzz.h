/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share.  A target is one function of libFuzzer's shape; replay.c runs it
 * over kept inputs without libFuzzer.  An input is a short script: bytes are taken from its front,
 * and what is missing counts as zero, so that every input means something. */
#ifndef VPDIAL_TESTS_FUZZ_H
#define VPDIAL_TESTS_FUZZ_H

#include "base/cursor.h"
#include "base/log.h"
#include "base/random.h"
#include "base/reason.h"
#include "crypto/crypto.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A rule that must hold whatever comes in. */
#define FUZZ_CHECK(rule)                                                                        \
	do {                                                                                    \
		if (!(rule)) {                                                                  \
			fprintf(stderr, "%s:%d: rule broken: %s\n", __FILE__, __LINE__, #rule); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* The next byte of a script, 0 at its end. */
static inline uint8_t fuzz_u8(struct cursor *c)
{
	return cursor_left(c) ? cursor_u8(c) : 0;
}

static inline uint16_t fuzz_u16(struct cursor *c)
{
	uint8_t high = fuzz_u8(c);

	return (uint16_t)(high << 8 | fuzz_u8(c));
}

/* The next N octets, or all that are left; *LEN tells how many. */
static inline const uint8_t *fuzz_octets(struct cursor *c, size_t n, size_t *len)
{
	size_t left = cursor_left(c);

	*len = n < left ? n : left;
	return cursor_bytes(c, *len);
}

/* The same octets in memory of exactly their size, so that the sanitizer sees a read beyond. */
static inline uint8_t *fuzz_copy(const uint8_t *octets, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	FUZZ_CHECK(copy);
	if (len)
		memcpy(copy, octets, len);
	return copy;
}

/* What a terminal may see: no control character, C1 in UTF-8 or alone included, and none that turns
 * the direction of writing.  The last character may be cut. */
static inline void fuzz_check_text(const char *text, size_t len)
{
	unsigned rest = 0, cp = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		FUZZ_CHECK(c >= 0x20 && c != 0x7f);
		FUZZ_CHECK((c >= 0x80 && c < 0xc0) == (rest > 0));
		if (rest) {
			cp = cp << 6 | (c & 0x3f);
			rest--;
		} else {
			rest = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
			cp = rest ? c & (0x3fu >> rest) : c;
		}
		FUZZ_CHECK(rest || ((cp < 0x80 || cp > 0x9f) && (cp < 0x202a || cp > 0x202e)));
	}
}

/* The N-th allocation of the rooms from now fails, once; 0 = none does (kit.c). */
void fuzz_fail_allocation(unsigned n);

/* A log that wants all there is and keeps nothing: its lines must be fit to be seen. */
extern const struct log fuzz_log;

/* The hashes, loaded once. */
static inline void fuzz_crypto(void)
{
	static bool ready;
	struct reason reason = {0};

	if (!ready && crypto_init(&reason) < 0) {
		fprintf(stderr, "%s\n", reason.text);
		exit(1);
	}
	ready = true;
}

/* The same "random" octets in every run. */
static inline void fuzz_random(void *ctx, void *buf, size_t len)
{
	uint32_t *state = ctx;
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++) {
		*state = *state * 1664525u + 1013904223u;
		p[i] = (uint8_t)(*state >> 24);
	}
}

#endif
