/* SPDX-License-Identifier: MIT */
/* SHA-1 (FIPS 180-4 section 6.1) in plain C, and by the instructions that many x86 processors have.
 */
#include "base/sha1.h"

#include "base/secret.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

static const uint32_t initial[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

static inline uint32_t rol(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static inline uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The message schedule lives in a ring of sixteen words. */
static inline uint32_t schedule(uint32_t w[16], unsigned t)
{
	uint32_t x = w[(t + 13) & 15] ^ w[(t + 8) & 15] ^ w[(t + 2) & 15] ^ w[t & 15];
	return w[t & 15] = rol(x, 1);
}

static inline uint32_t choose(uint32_t b, uint32_t c, uint32_t d)
{
	return d ^ (b & (c ^ d));
}

static inline uint32_t parity(uint32_t b, uint32_t c, uint32_t d)
{
	return b ^ c ^ d;
}

static inline uint32_t majority(uint32_t b, uint32_t c, uint32_t d)
{
	return (b & c) | (d & (b | c));
}

/* One round; the caller renames the five words instead of moving them. */
#define ROUND(f, k, word, a, b, c, d, e)                              \
	do {                                                          \
		(e) += rol((a), 5) + f((b), (c), (d)) + (k) + (word); \
		(b) = rol((b), 30);                                   \
	} while (0)

#define FIVE(f, k, word, t)                              \
	do {                                             \
		ROUND(f, k, word(t), a, b, c, d, e);     \
		ROUND(f, k, word(t + 1), e, a, b, c, d); \
		ROUND(f, k, word(t + 2), d, e, a, b, c); \
		ROUND(f, k, word(t + 3), c, d, e, a, b); \
		ROUND(f, k, word(t + 4), b, c, d, e, a); \
	} while (0)

static void compress(uint32_t state[static 5], const uint8_t *block)
{
	uint32_t w[16];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];

	for (unsigned t = 0; t < 16; t++)
		w[t] = load_be32(block + 4 * t);
#define FROM_BLOCK(t) ((t) < 16 ? w[(t)&15] : schedule(w, t))
#define FROM_RING(t)  schedule(w, t)
	for (unsigned t = 0; t < 20; t += 5)
		FIVE(choose, 0x5a827999, FROM_BLOCK, t);
	for (unsigned t = 20; t < 40; t += 5)
		FIVE(parity, 0x6ed9eba1, FROM_RING, t);
	for (unsigned t = 40; t < 60; t += 5)
		FIVE(majority, 0x8f1bbcdc, FROM_RING, t);
	for (unsigned t = 60; t < 80; t += 5)
		FIVE(parity, 0xca62c1d6, FROM_RING, t);
#undef FROM_BLOCK
#undef FROM_RING
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
}

void sha1_blocks_plain(uint32_t state[static 5], const uint8_t *blocks, size_t count)
{
	for (; count > 0; count--, blocks += SHA1_BLOCK)
		compress(state, blocks);
}

#if defined(__x86_64__)

bool sha1_has_instructions(void)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

/* Four rounds: group G of twenty, with the message words M. */
#define GROUP(g, m)                                              \
	do {                                                     \
		__m128i e_in = _mm_sha1nexte_epu32(e, (m));      \
                                                                 \
		e = abcd;                                        \
		abcd = _mm_sha1rnds4_epu32(abcd, e_in, (g) / 5); \
	} while (0)
/* The next four words, in place of the oldest of sixteen. */
#define WORDS(m, next, over, last) \
	((m) = _mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32((m), (next)), (over)), (last)))
#define FOUR_GROUPS(g)                 \
	do {                           \
		WORDS(m0, m1, m2, m3); \
		GROUP((g), m0);        \
		WORDS(m1, m2, m3, m0); \
		GROUP((g) + 1, m1);    \
		WORDS(m2, m3, m0, m1); \
		GROUP((g) + 2, m2);    \
		WORDS(m3, m0, m1, m2); \
		GROUP((g) + 3, m3);    \
	} while (0)

__attribute__((target("sha,ssse3,sse4.1"))) static void
blocks_by_instructions(uint32_t state[static 5], const uint8_t *blocks, size_t count)
{
	const __m128i swap = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
	__m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0x1b);
	__m128i e = _mm_set_epi32((int)state[4], 0, 0, 0);

	for (; count > 0; count--, blocks += SHA1_BLOCK) {
		const __m128i *in = (const __m128i *)blocks;
		const __m128i abcd_before = abcd, e_before = e;
		__m128i m0 = _mm_shuffle_epi8(_mm_loadu_si128(in), swap);
		__m128i m1 = _mm_shuffle_epi8(_mm_loadu_si128(in + 1), swap);
		__m128i m2 = _mm_shuffle_epi8(_mm_loadu_si128(in + 2), swap);
		__m128i m3 = _mm_shuffle_epi8(_mm_loadu_si128(in + 3), swap);

		/* The first E is whole; later ones are what A was four rounds before. */
		e = _mm_add_epi32(e, m0);
		abcd = _mm_sha1rnds4_epu32(abcd, e, 0);
		e = abcd_before;
		GROUP(1, m1);
		GROUP(2, m2);
		GROUP(3, m3);
		FOUR_GROUPS(4);
		FOUR_GROUPS(8);
		FOUR_GROUPS(12);
		FOUR_GROUPS(16);
		e = _mm_sha1nexte_epu32(e, e_before);
		abcd = _mm_add_epi32(abcd, abcd_before);
	}
	_mm_storeu_si128((__m128i *)state, _mm_shuffle_epi32(abcd, 0x1b));
	state[4] = (uint32_t)_mm_extract_epi32(e, 3);
}

#else

bool sha1_has_instructions(void)
{
	return false;
}
#define blocks_by_instructions sha1_blocks_plain

#endif

typedef void blocks_fn(uint32_t state[static 5], const uint8_t *blocks, size_t count);

static blocks_fn choose_blocks;
/* Set once, by the first call, always to the same: what this processor does best. */
static blocks_fn *blocks_best = choose_blocks;

static void choose_blocks(uint32_t state[static 5], const uint8_t *blocks, size_t count)
{
	blocks_fn *best = sha1_has_instructions() ? blocks_by_instructions : sha1_blocks_plain;

	__atomic_store_n(&blocks_best, best, __ATOMIC_RELAXED);
	best(state, blocks, count);
}

void sha1_blocks(uint32_t state[static 5], const uint8_t *blocks, size_t count)
{
	__atomic_load_n(&blocks_best, __ATOMIC_RELAXED)(state, blocks, count);
}

static void output(uint8_t out[static SHA1_DIGEST], const uint32_t state[static 5])
{
	for (size_t i = 0; i < SHA1_DIGEST; i++)
		out[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha1_padded(uint8_t out[static SHA1_DIGEST], const uint8_t *blocks, size_t count)
{
	uint32_t state[5];

	memcpy(state, initial, sizeof state);
	sha1_blocks(state, blocks, count);
	output(out, state);
}

void sha1_digest(uint8_t out[static SHA1_DIGEST], const uint8_t *msg, size_t len)
{
	uint32_t state[5];
	uint8_t tail[2 * SHA1_BLOCK] = {0};
	size_t whole = len / SHA1_BLOCK, rest = len % SHA1_BLOCK;
	size_t tail_blocks = rest + 9 > SHA1_BLOCK ? 2 : 1;
	uint64_t bits = (uint64_t)len * 8;

	memcpy(state, initial, sizeof state);
	sha1_blocks(state, msg, whole);
	if (rest > 0)
		memcpy(tail, msg + whole * SHA1_BLOCK, rest);
	tail[rest] = 0x80;
	for (size_t i = 0; i < 8; i++)
		tail[tail_blocks * SHA1_BLOCK - 8 + i] = (uint8_t)(bits >> (56 - 8 * i));
	sha1_blocks(state, tail, tail_blocks);
	output(out, state);
	wipe(tail, sizeof tail);
}
