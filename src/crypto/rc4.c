/* SPDX-License-Identifier: MIT */
/* RC4 in plain C: one cipher that looks ahead, and four side by side.
 *
 * Each step of RC4 swaps two entries that the next steps may need, and a processor that has guessed
 * wrongly starts over.  A single cipher therefore loads the next four entries before the swaps
 * and repairs the rare case that a swap hit one of them.  Where there are four messages their
 * ciphers take turns and fill each other's waiting time. */
#include "crypto/rc4.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#define LANES 4
#define AHEAD 4

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

#define SETUP_KEY(k)  setup->key[(at & 15) + (k)]
#define NOTHING(s, k) (void)0
static inline void setup_four(struct rc4_setup *setup)
{
	size_t at = setup->at, j = setup->rc4.j;

	FOUR_STEPS(setup->rc4.s, j, SETUP_KEY, NOTHING);
	setup->rc4.j = (uint8_t)j;
	setup->at = (unsigned)at + AHEAD;
}

static void set_up(struct rc4_setup *setup)
{
	setup->rc4.j = 0;
	setup->done(setup);
}

void rc4_setup_finish(struct rc4_setup *setup)
{
	while (setup->at < RC4_SET_UP)
		setup_four(setup);
	set_up(setup);
}

void rc4_init(struct rc4 *rc4, const uint8_t *key, size_t key_len)
{
	uint8_t *s = rc4->s, keys[16]; /* cppcheck-suppress ctuuninitvar ; it is to be filled */
	size_t j = 0;

	if (key_len == 0)
		abort(); /* our own mistake: a key never comes from the network */
	identity(rc4);
	if (key_len != 8 && key_len != 16) {
		init_any(s, key, key_len);
		return;
	}
	key_of_16(keys, key, key_len);
#define KEY(k) keys[(at & 15) + (k)]
	for (size_t at = 0; at < 256; at += AHEAD)
		FOUR_STEPS(s, j, KEY, NOTHING);
	wipe(keys, sizeof keys);
}

static inline uint8_t next_octet(uint8_t *s, uint8_t *i, size_t *j)
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
	uint8_t i = rc4->i, *s = rc4->s;
	size_t j = rc4->j, n = 0;

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
	rc4->j = (uint8_t)j;
}

/* Four side by side. */
struct lanes {
	uint8_t s[LANES][256];
	size_t j[LANES];
};

/* Each lane's steps are those of the single cipher, on a table and a j of its own; the names of the
 * variables carry the lane, so that they stay in registers. */
#define EACH_LANE(DO) DO(0) DO(1) DO(2) DO(3)
#define LANE_J(l)     size_t j##l = lanes->j[l];
#define LANE_SAVE(l)  lanes->j[l] = j##l;

#define SETUP_BESIDE                         \
	if (setup->at < RC4_SET_UP) {        \
		setup_four(setup);           \
		if (setup->at == RC4_SET_UP) \
			set_up(setup);       \
	}

static void lanes_init(struct lanes *lanes, struct rc4_job *const jobs[LANES], size_t key_len,
		       struct rc4_setup *setup)
{
	uint8_t keys[LANES][16]; /* nothing that a store to the tables could change */

	for (size_t l = 0; l < LANES; l++) {
		key_of_16(keys[l], jobs[l]->key, key_len);
		lanes->j[l] = 0;
		for (unsigned i = 0; i < 256; i++)
			lanes->s[l][i] = (uint8_t)i;
	}
	EACH_LANE(LANE_J)
#define LANE_INIT(l)                                              \
	{                                                         \
		const uint8_t *key = keys[l];                     \
                                                                  \
		FOUR_STEPS(lanes->s[l], j##l, LANE_KEY, NOTHING); \
	}
#define LANE_KEY(k) key[(at & 15) + (k)]
	for (size_t at = 0; at < 256; at += AHEAD) {
		EACH_LANE(LANE_INIT)
		SETUP_BESIDE
	}
	wipe(keys, sizeof keys);
}

/* One octet of one lane; the table's entry is AT's. */
static inline void lane_octet(struct lanes *lanes, size_t lane, uint8_t *data, size_t at)
{
	uint8_t i = (uint8_t)at;

	data[at] ^= next_octet(lanes->s[lane], &i, &lanes->j[lane]);
}

/* The octets from 3 on in groups of four; the octets before use the entries 1 to 3, so that a group
 * never crosses the table's end.  Returns where it stopped. */
static size_t lanes_run(struct lanes *lanes, struct rc4_job *const jobs[LANES], size_t len,
			struct rc4_setup *setup)
{
	uint8_t *d0 = jobs[0]->data, *d1 = jobs[1]->data, *d2 = jobs[2]->data, *d3 = jobs[3]->data;
	size_t n = 3, at = 4;

	EACH_LANE(LANE_J)
#define LANE_CRYPT(l)                                          \
	{                                                      \
		uint32_t stream = 0;                           \
                                                               \
		FOUR_STEPS(lanes->s[l], j##l, NO_KEY, OUTPUT); \
		xor_word(d##l + n, d##l + n, stream);          \
	}
	for (; n + 4 <= len; n += 4) {
		EACH_LANE(LANE_CRYPT)
		SETUP_BESIDE
		at = (at + 4) & 255;
	}
	EACH_LANE(LANE_SAVE)
	return n;
}

static void crypt_four(struct lanes *lanes, struct rc4_job *const jobs[LANES], size_t key_len,
		       struct rc4_setup *setup)
{
	size_t common = jobs[0]->len, n;

	for (size_t l = 1; l < LANES; l++)
		if (jobs[l]->len < common)
			common = jobs[l]->len;
	lanes_init(lanes, jobs, key_len, setup);
	for (n = 0; n < 3 && n < common; n++)
		for (size_t l = 0; l < LANES; l++)
			lane_octet(lanes, l, jobs[l]->data, n);
	if (n < common)
		n = lanes_run(lanes, jobs, common, setup);
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

void rc4_jobs(struct rc4_job *jobs, size_t count, size_t key_len, struct rc4_setup *setup)
{
	struct lanes lanes __attribute__((aligned(64)));
	struct rc4_setup none = {.at = RC4_SET_UP};
	struct rc4 one;
	size_t i = 0;

	if (!setup)
		setup = &none;
	if (key_len != 8 && key_len != 16)
		abort(); /* our own mistake, as above */
	sort_by_len(jobs, count);
	for (; count - i >= LANES; i += LANES) {
		struct rc4_job *const four[LANES] = {jobs + i, jobs + i + 1, jobs + i + 2,
						     jobs + i + 3};

		crypt_four(&lanes, four, key_len, setup);
	}
	for (; i < count; i++) {
		rc4_init(&one, jobs[i].key, key_len);
		rc4_crypt(&one, jobs[i].data, jobs[i].data, jobs[i].len);
	}
}
