/* SPDX-License-Identifier: MIT */
/* RC4 in plain C: one cipher that looks ahead, and four side by side.
 *
 * Each step of RC4 swaps two entries that the next steps may need, so it waits for the one before.
 * A single cipher therefore loads the next four entries before the swaps and repairs the rare
 * case that a swap hit one of them.  Where there are four messages their ciphers take turns, step
 * by step, and fill each other's waiting time: they need no such guesses, which cost more than they
 * win when the processor is busy anyway. */
#include "crypto/rc4.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#define LANES 4
#define GROUP 8 /* octets that a lane makes before they are XORed onto the message */
#define AHEAD 4

#define INLINE static inline __attribute__((always_inline))

/* A word of four octets, the first one lowest, as it lies in memory. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define IN_MEMORY_ORDER(word) (word)
#else
#define IN_MEMORY_ORDER(word) __builtin_bswap32(word)
#endif

/* Four steps on table S with sum J, from entry AT on, a multiple of four; x0 to x3 are the entries
 * as they were.  ADD(k) is the key's part of the sum, USE(s, k) what becomes of the two entries
 * swapped, xk and y. */
#define STEP(s, j, k, ADD, USE)                   \
	do {                                      \
		j = (uint8_t)(j + x##k + ADD(k)); \
		y = s[j];                         \
		s[j] = (uint8_t)x##k;             \
		s[at + (k)] = (uint8_t)y;         \
		USE(s, k);                        \
	} while (0)
/* Did the swap of step K hit an entry that is loaded already and still to be used? */
#define HIT(j, k) __builtin_expect((uint8_t)(j - at - (k)-1) < AHEAD - 1 - (k), 0)
#define FOUR_STEPS(s, j, ADD, USE)                                                    \
	do {                                                                          \
		size_t x0 = s[at], x1 = s[at + 1], x2 = s[at + 2], x3 = s[at + 3], y; \
                                                                                      \
		STEP(s, j, 0, ADD, USE);                                              \
		if (HIT(j, 0)) {                                                      \
			x1 = s[at + 1];                                               \
			x2 = s[at + 2];                                               \
			x3 = s[at + 3];                                               \
		}                                                                     \
		STEP(s, j, 1, ADD, USE);                                              \
		if (HIT(j, 1)) {                                                      \
			x2 = s[at + 2];                                               \
			x3 = s[at + 3];                                               \
		}                                                                     \
		STEP(s, j, 2, ADD, USE);                                              \
		if (HIT(j, 2))                                                        \
			x3 = s[at + 3];                                               \
		STEP(s, j, 3, ADD, USE);                                              \
	} while (0)

/* Key lengths that are not MPPE's. */
static void init_any(uint8_t *s, const uint8_t *key, size_t key_len)
{
	uint8_t j = 0, x;

	for (size_t i = 0; i < 256; i++) {
		x = s[i];
		j = (uint8_t)(j + x + key[i % key_len]);
		s[i] = s[j];
		s[j] = x;
	}
}

static void identity(struct rc4 *rc4)
{
	for (unsigned i = 0; i < 256; i++)
		rc4->s[i] = (uint8_t)i;
	rc4->i = 0;
	rc4->j = 0;
}

/* MPPE's key lengths, made one. */
static void key_of_16(uint8_t out[static 16], const uint8_t *key, size_t key_len)
{
	memcpy(out, key, key_len);
	memcpy(out + 8, key + key_len - 8, 8);
}

void rc4_setup_begin(struct rc4_setup *setup, const uint8_t *key, size_t key_len)
{
	identity(&setup->rc4);
	key_of_16(setup->key, key, key_len);
	setup->at = 0;
}

/* Steps beside those of other ciphers: they wait without harm. */
static inline void setup_eight(struct rc4_setup *setup)
{
	uint8_t *s = setup->rc4.s, j = setup->rc4.j, x;
	const uint8_t *key = setup->key + setup->at % 16;

	for (unsigned k = 0, at = setup->at; k < GROUP; k++) {
		x = s[at + k];
		j = (uint8_t)(j + x + key[k]);
		s[at + k] = s[j];
		s[j] = x;
	}
	setup->rc4.j = j;
	setup->at += GROUP;
}

static void set_up(struct rc4_setup *setup)
{
	setup->rc4.j = 0;
	setup->done(setup);
}

/* The key's steps from entry AT on; J is the sum so far. */
static void key_steps(uint8_t *s, uint8_t j, const uint8_t key[static 16], size_t at)
{
#define KEY(k)	      key[at % 16 + (k)]
#define NOTHING(s, k) (void)0
	for (; at < 256; at += AHEAD)
		FOUR_STEPS(s, j, KEY, NOTHING);
}

void rc4_setup_finish(struct rc4_setup *setup)
{
	key_steps(setup->rc4.s, setup->rc4.j, setup->key, setup->at);
	setup->at = RC4_SET_UP;
	set_up(setup);
}

void rc4_init(struct rc4 *rc4, const uint8_t *key, size_t key_len)
{
	uint8_t *s = rc4->s, keys[16]; /* cppcheck-suppress ctuuninitvar ; it is to be filled */

	if (key_len == 0)
		abort(); /* our own mistake: a key never comes from the network */
	identity(rc4);
	if (key_len != 8 && key_len != 16) {
		init_any(s, key, key_len);
		return;
	}
	key_of_16(keys, key, key_len);
	key_steps(s, 0, keys, 0);
	wipe(keys, sizeof keys);
}

static inline uint8_t next_octet(uint8_t *s, uint8_t *i, uint8_t *j)
{
	uint8_t x = s[++*i], y;

	*j = (uint8_t)(*j + x);
	y = s[*j];
	s[*j] = x;
	s[*i] = y;
	return s[(uint8_t)(x + y)];
}

static inline void xor_word(uint8_t *out, const uint8_t *in, uint32_t stream)
{
	uint32_t text;

	memcpy(&text, in, 4);
	text ^= IN_MEMORY_ORDER(stream);
	memcpy(out, &text, 4);
}

void rc4_crypt(struct rc4 *rc4, uint8_t *out, const uint8_t *in, size_t len)
{
	uint8_t i = rc4->i, j = rc4->j, *s = rc4->s;
	size_t n = 0;

	for (; n < len && (uint8_t)(i + 1) % AHEAD != 0; n++)
		out[n] = in[n] ^ next_octet(s, &i, &j);
	for (; len - n >= AHEAD; n += AHEAD, i = (uint8_t)(i + AHEAD)) {
		size_t at = (uint8_t)(i + 1);
		uint32_t stream = 0;

#define NO_KEY(k)    0
#define OUTPUT(s, k) stream |= (uint32_t)s[(uint8_t)(x##k + y)] << (8 * (k))
		FOUR_STEPS(s, j, NO_KEY, OUTPUT);
		xor_word(out + n, in + n, stream);
	}
	for (; n < len; n++)
		out[n] = in[n] ^ next_octet(s, &i, &j);
	rc4->i = i;
	rc4->j = j;
}

/* Four side by side. */
struct lanes {
	uint8_t s[LANES][256];
	uint8_t j[LANES];
};
typedef uint8_t octets __attribute__((vector_size(GROUP)));

/* The variables' names carry the lane, so that they stay in registers, and the tables are reached
 * through one pointer, for which processors have an addressing mode. */
#define EACH_LANE(DO, k) DO(0, k) DO(1, k) DO(2, k) DO(3, k)
#define EACH_STEP(DO)    \
	EACH_LANE(DO, 0) \
	EACH_LANE(DO, 1) \
	EACH_LANE(DO, 2) \
	EACH_LANE(DO, 3) \
	EACH_LANE(DO, 4) \
	EACH_LANE(DO, 5) \
	EACH_LANE(DO, 6) \
	EACH_LANE(DO, 7)
#define LANE_DATA(l, k) uint8_t *data##l = jobs[l]->data;
#define LANE_J(l, k)	uint8_t j##l = lanes->j[l];
#define LANE_SAVE(l, k) lanes->j[l] = j##l;
#define LANE_SWAP(l, k, add)                \
	x = lanes->s[l][at + (k)];          \
	j##l = (uint8_t)(j##l + x + (add)); \
	y = lanes->s[l][j##l];              \
	lanes->s[l][j##l] = x;              \
	lanes->s[l][at + (k)] = y;

static inline void setup_beside(struct rc4_setup *setup)
{
	if (setup->at == RC4_SET_UP)
		return;
	setup_eight(setup);
	if (setup->at == RC4_SET_UP)
		set_up(setup);
}

INLINE void lanes_init(struct lanes *lanes, struct rc4_job *const jobs[LANES], size_t key_len,
		       struct rc4_setup *setup)
{
	uint8_t keys[LANES][16]; /* nothing that a store to the tables could change */
	uint8_t x, y;

	for (size_t l = 0; l < LANES; l++) {
		key_of_16(keys[l], jobs[l]->key, key_len);
		lanes->j[l] = 0;
		for (unsigned i = 0; i < 256; i++)
			lanes->s[l][i] = (uint8_t)i;
	}
	EACH_LANE(LANE_J, )
#define LANE_INIT(l, k) LANE_SWAP(l, k, keys[l][at % 16 + (k)])
	for (size_t at = 0; at < 256; at += GROUP) {
		EACH_STEP(LANE_INIT)
		setup_beside(setup);
	}
	wipe(keys, sizeof keys);
}

/* One octet of one lane; the table's entry is AT's. */
static inline void lane_octet(struct lanes *lanes, size_t lane, uint8_t *data, size_t at)
{
	uint8_t i = (uint8_t)at;

	data[at] ^= next_octet(lanes->s[lane], &i, &lanes->j[lane]);
}

/* The octets from GROUP - 1 on in whole groups; the octets before use the entries 1 to GROUP - 1,
 * so that a group never crosses the table's end.  Returns where it stopped. */
INLINE size_t groups(struct lanes *lanes, struct rc4_job *const jobs[LANES], size_t len,
		     struct rc4_setup *setup)
{
	size_t n = GROUP - 1, at = GROUP;
	uint8_t x, y;
	octets text;

	EACH_LANE(LANE_DATA, )
	EACH_LANE(LANE_J, )
#define LANE_STREAM(l, k) octets stream##l = {0};
#define LANE_STEP(l, k)    \
	LANE_SWAP(l, k, 0) \
	stream##l[k] = lanes->s[l][(uint8_t)(x + y)];
#define LANE_XOR(l, k)                     \
	memcpy(&text, data##l + n, GROUP); \
	text ^= stream##l;                 \
	memcpy(data##l + n, &text, GROUP);

	for (; n + GROUP <= len; n += GROUP) {
		EACH_LANE(LANE_STREAM, )
		EACH_STEP(LANE_STEP)
		EACH_LANE(LANE_XOR, )
		setup_beside(setup);
		at = (at + GROUP) % 256;
	}
	EACH_LANE(LANE_SAVE, )
	return n;
}

INLINE void crypt_four(struct lanes *lanes, struct rc4_job *const jobs[LANES], size_t key_len,
		       struct rc4_setup *setup)
{
	size_t common = jobs[0]->len, n;

	for (size_t l = 1; l < LANES; l++)
		if (jobs[l]->len < common)
			common = jobs[l]->len;
	lanes_init(lanes, jobs, key_len, setup);
	for (n = 0; n < GROUP - 1 && n < common; n++)
		for (size_t l = 0; l < LANES; l++)
			lane_octet(lanes, l, jobs[l]->data, n);
	if (n < common)
		n = groups(lanes, jobs, common, setup);
	for (size_t l = 0; l < LANES; l++)
		for (size_t at = n; at < jobs[l]->len; at++)
			lane_octet(lanes, l, jobs[l]->data, at);
}

/* By length, so that lanes end together.  Bursts are short and mostly of one length. */
static void sort_by_len(struct rc4_job *jobs, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct rc4_job job = jobs[i];
		size_t at = i;

		for (; at > 0 && jobs[at - 1].len < job.len; at--)
			jobs[at] = jobs[at - 1];
		jobs[at] = job;
	}
}

/* The tables lie in the frame of the function that works on them: that is the fastest to reach. */
INLINE void crypt_fours(struct rc4_job *jobs, size_t fours, size_t key_len, struct rc4_setup *setup)
{
	struct lanes lanes __attribute__((aligned(64)));

	for (; fours > 0; fours--, jobs += LANES) {
		struct rc4_job *const four[LANES] = {jobs, jobs + 1, jobs + 2, jobs + 3};

		crypt_four(&lanes, four, key_len, setup);
	}
}

static void fours_plain(struct rc4_job *jobs, size_t fours, size_t key_len, struct rc4_setup *setup)
{
	crypt_fours(jobs, fours, key_len, setup);
}

/* With an instruction that loads one octet of a vector: nearly every x86 processor has it. */
#if defined(__x86_64__)
__attribute__((target("sse4.1"))) static void fours_sse41(struct rc4_job *jobs, size_t fours,
							  size_t key_len, struct rc4_setup *setup)
{
	crypt_fours(jobs, fours, key_len, setup);
}
#define FOURS (__builtin_cpu_supports("sse4.1") ? fours_sse41 : fours_plain)
#else
#define FOURS fours_plain
#endif

void rc4_jobs(struct rc4_job *jobs, size_t count, size_t key_len, struct rc4_setup *setup)
{
	struct rc4_setup none = {.at = RC4_SET_UP};
	size_t fours = count / LANES;
	struct rc4 one;

	if (key_len != 8 && key_len != 16)
		abort(); /* our own mistake, as above */
	sort_by_len(jobs, count);
	FOURS(jobs, fours, key_len, setup ? setup : &none);
	for (size_t i = fours * LANES; i < count; i++) {
		rc4_init(&one, jobs[i].key, key_len);
		rc4_crypt(&one, jobs[i].data, jobs[i].data, jobs[i].len);
	}
}
