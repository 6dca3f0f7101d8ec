/* SPDX-License-Identifier: MIT */
/* The data path between two socket pairs that stand for the TUN device and the wire, and MPPE
 * against the recorded vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "path/mppe.h"
#include "path/mss.h"
#include "path/path.h"
#include "path/reorder.h"
#include "path/sequence.h"
#include "vectors.h"
#include "wire/gre.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* MPPE against the vectors */

static void start_key(unsigned bits, uint8_t start[16])
{
	char name[32];

	memset(start, 0, 16);
	snprintf(name, sizeof name, "client_send_start%u", bits);
	vector_hex("mppe.txt", "v2_keys", name, start, 16);
}

/* The plain text that reference packet I holds: 0021 and (I mod 40) + 1 octets of value I. */
static size_t reference_plain(unsigned i, uint8_t *plain)
{
	plain[0] = 0x00;
	plain[1] = 0x21;
	memset(plain + 2, (int)(i & 255), i % 40 + 1);
	return i % 40 + 3;
}

static void check_packets(unsigned bits, bool stateful)
{
	struct mppe_kept *kept = calloc(MPPE_KEPT_KEYS, sizeof *kept);
	struct mppe_tx tx = {0};
	struct mppe_rx rx = {0};
	uint8_t start[16], plain[64], packet[66], wanted[66];
	char section[40], name[16];
	unsigned compared = 0;

	start_key(bits, start);
	mppe_tx_init(&tx, bits, stateful, start);
	mppe_rx_init(&rx, bits, stateful, start, kept);
	snprintf(section, sizeof section, "packets_%s_%u", stateful ? "stateful" : "stateless",
		 bits);
	for (unsigned i = 0; i < 4100; i++) {
		size_t len = reference_plain(i, plain);

		memcpy(packet + 2, plain, len);
		mppe_encrypt(&tx, packet, packet + 2, len);
		snprintf(name, sizeof name, "pkt%u", i);
		if (vector_has("mppe.txt", section, name)) {
			vector_hex_exact("mppe.txt", section, name, wanted, len + 2);
			assert_memory_equal(packet, wanted, len + 2);
			compared++;
		}
		assert_int_equal(mppe_decrypt(&rx, packet, len + 2, (struct mppe_place){0}),
				 MPPE_OK);
		assert_memory_equal(packet + 2, plain, len);
	}
	assert_true(compared >= 15);
	free(kept);
}

static void every_vector_packet_is_encrypted_and_decrypted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		static const unsigned bits[] = {40, 56, 128};

		check_packets(bits[i], false);
		check_packets(bits[i], true);
	}
}

static void flush_repeats_the_key_as_the_rfc_says_or_changes_it_as_linux_does(void **state)
{
	uint8_t start[16], packet[64], wanted[64];
	char name[16];

	(void)state;
	start_key(128, start);
	for (int like_linux = 0; like_linux < 2; like_linux++) {
		struct mppe_tx tx = {.rekey_on_flush = like_linux};

		mppe_tx_init(&tx, 128, true, start);
		for (unsigned i = 0; i < 7; i++) {
			packet[2] = 0x00;
			packet[3] = 0x21;
			memset(packet + 4, (int)i, 8);
			if (i == 5)
				tx.flush = true;
			mppe_encrypt(&tx, packet, packet + 2, 10);
			snprintf(name, sizeof name, like_linux && i >= 5 ? "kernel%u" : "pkt%u", i);
			vector_hex_exact("mppe.txt", "stateful_reset_128", name, wanted, 12);
			assert_memory_equal(packet, wanted, 12);
		}
	}
}

/* A receiver that lost packets follows a reset of either kind. */
static void stateful_receiver_follows_both_kinds_of_reset(void **state)
{
	struct mppe_kept *kept = calloc(MPPE_KEPT_KEYS, sizeof *kept);
	uint8_t start[16], packet[64];

	(void)state;
	start_key(128, start);
	for (int like_linux = 0; like_linux < 2; like_linux++) {
		struct mppe_rx rx = {0};
		size_t len = vector_hex("mppe.txt", "stateful_reset_128", "pkt0", packet, 64);

		mppe_rx_init(&rx, 128, true, start, kept);
		assert_int_equal(mppe_decrypt(&rx, packet, len, (struct mppe_place){0}), MPPE_OK);
		len = vector_hex("mppe.txt", "stateful_reset_128", "pkt3", packet, 64);
		assert_int_equal(mppe_decrypt(&rx, packet, len, (struct mppe_place){0}),
				 MPPE_RESYNC);
		len = vector_hex("mppe.txt", "stateful_reset_128", "pkt4", packet, 64);
		assert_int_equal(mppe_decrypt(&rx, packet, len, (struct mppe_place){0}),
				 MPPE_RESYNC);
		len = vector_hex("mppe.txt", "stateful_reset_128", like_linux ? "kernel5" : "pkt5",
				 packet, 64);
		assert_int_equal(mppe_decrypt(&rx, packet, len, (struct mppe_place){0}), MPPE_OK);
		len = vector_hex("mppe.txt", "stateful_reset_128", like_linux ? "kernel6" : "pkt6",
				 packet, 64);
		assert_int_equal(mppe_decrypt(&rx, packet, len, (struct mppe_place){0}), MPPE_OK);
		assert_int_equal(packet[4], 6);
		assert_int_equal(rx.rekey_on_flush, like_linux);
	}
	free(kept);
}

static void lost_and_late_stateless_packets_are_read_with_kept_keys(void **state)
{
	struct mppe_kept *kept = calloc(MPPE_KEPT_KEYS, sizeof *kept);
	static const unsigned order[] = {0, 1, 5, 3, 2, 9, 4};
	struct mppe_tx tx = {0};
	struct mppe_rx rx = {0};
	uint8_t start[16], packets[10][16];

	(void)state;
	start_key(128, start);
	mppe_tx_init(&tx, 128, false, start);
	mppe_rx_init(&rx, 128, false, start, kept);
	for (unsigned i = 0; i < 10; i++) {
		packets[i][2] = 0x00;
		packets[i][3] = 0x21;
		packets[i][4] = (uint8_t)(0x40 + i);
		mppe_encrypt(&tx, packets[i], packets[i] + 2, 3);
	}
	for (unsigned i = 0; i < COUNT(order); i++) {
		uint8_t copy[16];
		bool late = i >= 3 && order[i] != 9;

		memcpy(copy, packets[order[i]], 16);
		assert_int_equal(mppe_decrypt(&rx, copy, 5, (struct mppe_place){0}),
				 late ? MPPE_OK_LATE : MPPE_OK);
		assert_int_equal(copy[4], 0x40 + order[i]);
	}
	/* A second copy of any of them is refused. */
	assert_int_equal(mppe_decrypt(&rx, packets[3], 5, (struct mppe_place){0}), MPPE_TOO_LATE);
	assert_int_equal(mppe_decrypt(&rx, packets[9], 5, (struct mppe_place){0}), MPPE_DUPLICATE);
	free(kept);
}

/* After an outage of more packets than the 12-bit count can tell, the tunnel's numbers help. */
static void outage_of_whole_turns_of_the_count_is_survived(void **state)
{
	struct mppe_kept *kept = calloc(MPPE_KEPT_KEYS, sizeof *kept);
	struct mppe_tx tx = {0};
	struct mppe_rx rx = {0};
	uint8_t start[16], packet[16];

	(void)state;
	start_key(128, start);
	mppe_tx_init(&tx, 128, false, start);
	mppe_rx_init(&rx, 128, false, start, kept);
	for (unsigned i = 0; i <= 9001; i++) {
		memcpy(packet + 2, "\x00\x21\x45", 3);
		mppe_encrypt(&tx, packet, packet + 2, 3);
		if (i == 0)
			assert_int_equal(mppe_decrypt(&rx, packet, 5, (struct mppe_place){0}),
					 MPPE_OK);
	}
	/* 9001 packets and three control frames later. */
	assert_int_equal(
		mppe_decrypt(&rx, packet, 5, (struct mppe_place){true, false, 9004, 0, false}),
		MPPE_OK);
	assert_int_equal(rx.position, 9002);
	free(kept);
}

/* Numbers that ran ahead of the counts by whole turns: control frames all night, or a peer that
 * jumps. */
static void number_jump_without_loss_does_not_kill_the_stream(void **state)
{
	static const uint32_t jumps[] = {4097, 8200, 100000, 0x7fffffff};
	struct mppe_kept *kept = calloc(MPPE_KEPT_KEYS, sizeof *kept);
	struct mppe_tx tx = {0};
	struct mppe_rx rx = {0};
	uint8_t start[16], packet[16];

	(void)state;
	start_key(128, start);
	mppe_tx_init(&tx, 128, false, start);
	mppe_rx_init(&rx, 128, false, start, kept);
	for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
		memcpy(packet + 2, "\x00\x21\x45", 3);
		mppe_encrypt(&tx, packet, packet + 2, 3);
		assert_int_equal(mppe_decrypt(&rx, packet, 5,
					      (struct mppe_place){true, false, jumps[i], 0, false}),
				 MPPE_OK);
		assert_int_equal(rx.position, i + 1);
	}
	free(kept);
}

static void forged_packets_do_not_move_the_chain(void **state)
{
	struct mppe_kept *kept = calloc(MPPE_KEPT_KEYS, sizeof *kept);
	struct mppe_tx tx = {0};
	struct mppe_rx rx = {0};
	uint8_t start[16], packet[32], next[16];

	(void)state;
	start_key(128, start);
	mppe_tx_init(&tx, 128, false, start);
	mppe_rx_init(&rx, 128, false, start, kept);
	memcpy(next, mppe_keys_ahead(&rx.keys, 1), sizeof next);
	for (unsigned count = 0; count < 4096; count++) {
		memset(packet, 0x5a, sizeof packet);
		packet[0] = (uint8_t)(0x90 | count >> 8);
		packet[1] = (uint8_t)count;
		assert_int_not_equal(mppe_decrypt(&rx, packet, 20, (struct mppe_place){0}),
				     MPPE_OK);
	}
	for (size_t len = 0; len < 4; len++)
		assert_int_equal(mppe_decrypt(&rx, packet, len, (struct mppe_place){0}), MPPE_BAD);
	assert_int_equal(rx.position, 0);
	assert_memory_equal(mppe_keys_ahead(&rx.keys, 1), next, sizeof next);
	for (size_t i = 0; i < MPPE_KEPT_KEYS; i++)
		assert_int_equal(kept[i].position, 0);
	memcpy(packet + 2, "\x00\x21\x45", 3);
	mppe_encrypt(&tx, packet, packet + 2, 3);
	assert_int_equal(mppe_decrypt(&rx, packet, 5, (struct mppe_place){0}), MPPE_OK);
	free(kept);
}

/* Many packets at once */

#define RUN_LEN	 200
#define RUN_SLOT 1536

struct stream {
	struct mppe_tx tx;
	struct mppe_rx rx;
	struct mppe_kept kept[MPPE_KEPT_KEYS];
	struct mppe_run run;
	uint8_t packets[RUN_LEN][RUN_SLOT];
	size_t len[RUN_LEN];
};

/* RUN_LEN packets, encrypted side by side: the first octets say which one it is. */
static struct stream *stream_new(unsigned bits)
{
	struct stream *s = calloc(1, sizeof *s);
	static struct rc4_job jobs[RUN_LEN];
	uint8_t start[16];

	start_key(bits, start);
	mppe_tx_init(&s->tx, bits, false, start);
	mppe_rx_init(&s->rx, bits, false, start, s->kept);
	for (unsigned i = 0; i < RUN_LEN; i++) {
		uint8_t *data = s->packets[i] + MPPE_HEADER;

		s->len[i] = 4 + (i * 977) % 1400;
		memset(data, (int)i, s->len[i]);
		memcpy(data, (uint8_t[]){0x00, 0x21, (uint8_t)(i >> 8), (uint8_t)i}, 4);
		jobs[i] = (struct rc4_job){data, s->len[i], {0}};
		mppe_number(&s->tx, s->packets[i], jobs[i].key);
	}
	rc4_jobs(jobs, RUN_LEN, bits == 128 ? 16 : 8, NULL);
	return s;
}

static bool run_add(struct stream *s, unsigned i, struct mppe_place place)
{
	return mppe_run_add(&s->run, &s->rx, s->packets[i], s->len[i] + MPPE_HEADER, place);
}

static enum mppe_result decrypt_alone(struct stream *s, unsigned i)
{
	return mppe_decrypt(&s->rx, s->packets[i], s->len[i] + MPPE_HEADER, (struct mppe_place){0});
}

static void assert_plain(const struct stream *s, unsigned i)
{
	const uint8_t *data = s->packets[i] + MPPE_HEADER;

	assert_int_equal(data[1], 0x21);
	assert_int_equal(data[2] << 8 | data[3], i);
	for (size_t at = 4; at < s->len[i]; at++)
		assert_int_equal(data[at], i & 255);
}

static void packets_encrypted_at_once_are_read_one_by_one_and_at_once(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		static const unsigned bits[] = {40, 56, 128};
		struct stream *s = stream_new(bits[k]);

		for (unsigned i = 0; i < 50; i++) {
			assert_int_equal(decrypt_alone(s, i), MPPE_OK);
			assert_plain(s, i);
		}
		for (unsigned i = 50, n = 0; i < RUN_LEN; i += n) {
			for (n = 0; i + n < RUN_LEN && run_add(s, i + n, (struct mppe_place){0});
			     n++)
				;
			assert_int_equal(n, i + n < RUN_LEN ? MPPE_RUN : RUN_LEN - i);
			mppe_run_decrypt(&s->run, &s->rx);
			for (unsigned at = 0; at < n; at++) {
				assert_int_equal(mppe_run_commit(&s->run, &s->rx, at), MPPE_OK);
				assert_plain(s, i + at);
			}
			mppe_run_clear(&s->run);
		}
		assert_int_equal(s->rx.position, RUN_LEN);
		free(s);
	}
}

/* A forged packet took the place of one that comes late: both neighbours and the late one are
 * read, and the chain is where it belongs. */
static void forged_packet_within_a_run_costs_no_other_packet(void **state)
{
	struct stream *s = stream_new(128);
	uint8_t kept[RUN_SLOT];

	(void)state;
	memcpy(kept, s->packets[3], sizeof kept);
	memset(s->packets[3] + MPPE_HEADER, 0x5a, s->len[3]);
	for (unsigned i = 0; i < 7; i++)
		assert_true(run_add(s, i, (struct mppe_place){0}));
	mppe_run_decrypt(&s->run, &s->rx);
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(mppe_run_commit(&s->run, &s->rx, i), i == 3 ? MPPE_BAD : MPPE_OK);
		if (i != 3)
			assert_plain(s, i);
	}
	mppe_run_clear(&s->run);
	assert_int_equal(s->rx.position, 7);
	memcpy(s->packets[3], kept, sizeof kept);
	assert_int_equal(decrypt_alone(s, 3), MPPE_OK_LATE);
	assert_plain(s, 3);
	assert_int_equal(decrypt_alone(s, 7), MPPE_OK);
	assert_plain(s, 7);
	free(s);
}

/* The last ones of a run are forged: nothing of them is believed. */
static void forged_end_of_a_run_does_not_move_the_chain(void **state)
{
	struct stream *s = stream_new(128);
	uint8_t kept[2][RUN_SLOT];

	(void)state;
	memcpy(kept, s->packets[1], sizeof kept);
	memset(s->packets[1] + MPPE_HEADER, 0x77, s->len[1]);
	memset(s->packets[2] + MPPE_HEADER, 0x77, s->len[2]);
	for (unsigned i = 0; i < 3; i++)
		assert_true(run_add(s, i, (struct mppe_place){0}));
	mppe_run_decrypt(&s->run, &s->rx);
	assert_int_equal(mppe_run_commit(&s->run, &s->rx, 0), MPPE_OK);
	assert_int_equal(mppe_run_commit(&s->run, &s->rx, 1), MPPE_BAD);
	assert_int_equal(mppe_run_commit(&s->run, &s->rx, 2), MPPE_BAD);
	mppe_run_clear(&s->run);
	assert_int_equal(s->rx.position, 1);
	memcpy(s->packets[1], kept, sizeof kept);
	assert_int_equal(decrypt_alone(s, 1), MPPE_OK);
	assert_int_equal(decrypt_alone(s, 2), MPPE_OK);
	assert_plain(s, 2);
	free(s);
}

static void gaps_late_packets_and_wrong_modes_are_none_for_a_run(void **state)
{
	struct stream *s = stream_new(128);

	(void)state;
	assert_false(run_add(s, 1, (struct mppe_place){0}));
	assert_true(run_add(s, 0, (struct mppe_place){0}));
	assert_false(run_add(s, 0, (struct mppe_place){0}));
	assert_false(run_add(s, 2, (struct mppe_place){0}));
	assert_false(run_add(s, 1, (struct mppe_place){.known = true, .late = true}));
	assert_false(run_add(s, 1, (struct mppe_place){.known = true, .ahead = 4097}));
	for (size_t len = 0; len < 4; len++)
		assert_false(
			mppe_run_add(&s->run, &s->rx, s->packets[1], len, (struct mppe_place){0}));
	s->packets[1][0] ^= 0x20; /* compressed */
	assert_false(run_add(s, 1, (struct mppe_place){0}));
	s->packets[1][0] ^= 0xa0; /* not flushed */
	assert_false(run_add(s, 1, (struct mppe_place){0}));
	s->packets[1][0] ^= 0x80;
	assert_true(run_add(s, 1, (struct mppe_place){.known = true, .ahead = 4096}));
	s->rx.stateful = true;
	assert_false(run_add(s, 2, (struct mppe_place){0}));
	free(s);
}

/* Sequence numbers */

static void sequence_tells_new_late_duplicate_and_wraps(void **state)
{
	struct sequence s = {0};

	(void)state;
	assert_int_equal(sequence_judge(&s, 0xfffffffe), SEQUENCE_NEW);
	assert_int_equal(sequence_accept(&s, 0xfffffffe), 0);
	assert_int_equal(sequence_accept(&s, 2), 3); /* ffffffff, 0 and 1 are missing */
	assert_int_equal(sequence_judge(&s, 0), SEQUENCE_LATE);
	assert_int_equal(sequence_accept(&s, 0), 0);
	assert_int_equal(sequence_judge(&s, 0), SEQUENCE_DUPLICATE);
	assert_int_equal(sequence_judge(&s, 2), SEQUENCE_DUPLICATE);
	assert_int_equal(sequence_judge(&s, 0xffffffff), SEQUENCE_LATE);
	/* What came before the first number is not late but gone. */
	assert_int_equal(sequence_judge(&s, 0xfffffff0), SEQUENCE_DUPLICATE);
	assert_int_equal(sequence_accept(&s, 5000), 4997);
	assert_int_equal(sequence_judge(&s, 4999), SEQUENCE_LATE);
	assert_int_equal(sequence_judge(&s, 10), SEQUENCE_FAR);
	assert_int_equal(sequence_judge(&s, 5000 + SEQUENCE_WINDOW), SEQUENCE_NEW);
	assert_int_equal(sequence_judge(&s, 5000 + SEQUENCE_WINDOW + 1), SEQUENCE_FAR);
}

static void numbers_elsewhere_are_followed_when_they_follow_each_other(void **state)
{
	struct sequence s = {0};

	(void)state;
	sequence_accept(&s, 5000);
	for (unsigned i = 0; i < SEQUENCE_RESYNC - 1; i++) {
		assert_false(sequence_follow(&s, 10 + 2 * i, false, 1000)); /* half are lost */
		assert_false(sequence_follow(&s, 10 + 2 * i, false, 1000)); /* copies count once */
	}
	assert_true(sequence_follow(&s, 30, false, 1000));
	sequence_accept(&s, 30);
	assert_int_equal(sequence_judge(&s, 31), SEQUENCE_NEW);
	assert_int_equal(sequence_judge(&s, 29), SEQUENCE_DUPLICATE); /* before the first: gone */
	/* Ones that do not follow each other, never; nor where true ones come between. */
	for (unsigned i = 0; i < 1000; i++)
		assert_false(sequence_follow(&s, i % 2 ? 0x80000000 : 0x40000000, false, i * 100));
	for (unsigned i = 0; i < 1000; i++) {
		assert_false(sequence_follow(&s, 0x90000000 + i, false, 200000 + i));
		if (i % 5 == 4)
			sequence_accept(&s, 31 + i / 5);
	}
	/* Two are enough when the first was two seconds before. */
	sequence_accept(&s, 300);
	assert_false(sequence_follow(&s, 0x80000000, false, 300000));
	assert_false(sequence_follow(&s, 0x80000001, false, 300000 + SEQUENCE_RESYNC_MS - 1));
	assert_true(sequence_follow(&s, 0x80000002, false, 300000 + SEQUENCE_RESYNC_MS));
	/* What was seen already may be copies: only time tells. */
	sequence_accept(&s, 0x80000002);
	for (unsigned i = 0; i < 100; i++)
		assert_false(sequence_follow(&s, 0x7fffff80 + i, true, 400000));
	assert_true(sequence_follow(&s, 0x7fffffe4, true, 400000 + SEQUENCE_RESYNC_MS));
}

static void reorder_gives_frames_back_in_order_and_gives_up_in_time(void **state)
{
	struct reorder *r = calloc(1, sizeof *r);
	uint32_t number;
	size_t len;

	(void)state;
	assert_int_equal(reorder_put(r, 7, (const uint8_t *)"a", 1, true, 0), REORDER_TAKE);
	assert_int_equal(reorder_put(r, 10, (const uint8_t *)"d", 1, true, 0), REORDER_KEPT);
	assert_int_equal(reorder_put(r, 9, (const uint8_t *)"c", 1, false, 0), REORDER_TAKE);
	assert_null(reorder_next(r, &len, &number, false, 0));
	assert_int_equal(reorder_put(r, 8, (const uint8_t *)"b", 1, true, 0), REORDER_TAKE);
	assert_memory_equal(reorder_next(r, &len, &number, false, 0), "d", 1);
	assert_int_equal(number, 10);
	assert_null(reorder_next(r, &len, &number, false, 0));
	assert_int_equal(reorder_put(r, 13, (const uint8_t *)"g", 1, true, 50), REORDER_KEPT);
	assert_int_equal(reorder_deadline(r), 50 + REORDER_WAIT_MS);
	assert_memory_equal(reorder_next(r, &len, &number, true, 150), "g", 1);
	assert_int_equal(number, 13);
	assert_int_equal(reorder_put(r, 14, (const uint8_t *)"h", 1, true, 151), REORDER_TAKE);
	free(r);
}

static void reorder_holds_the_largest_frame_and_neither_larger_ones_nor_more(void **state)
{
	struct reorder *r = calloc(1, sizeof *r);
	uint8_t frame[REORDER_FRAME + 1] = {1};
	uint32_t number;
	size_t len;

	(void)state;
	frame[REORDER_FRAME - 1] = 2;
	assert_int_equal(reorder_put(r, 0, frame, 1, true, 0), REORDER_TAKE);
	assert_int_equal(reorder_put(r, 2, frame, REORDER_FRAME, true, 0), REORDER_KEPT);
	assert_int_equal(reorder_put(r, 1, frame, 1, true, 0), REORDER_TAKE);
	assert_memory_equal(reorder_next(r, &len, &number, false, 0), frame, REORDER_FRAME);
	assert_int_equal(len, REORDER_FRAME);
	assert_int_equal(reorder_put(r, 2 + REORDER_SLOTS, frame, 1, true, 0), REORDER_KEPT);
	assert_int_equal(reorder_put(r, 4, frame, sizeof frame, true, 0), REORDER_TAKE);
	free(r);
	r = calloc(1, sizeof *r);
	assert_int_equal(reorder_put(r, 0, frame, 1, true, 0), REORDER_TAKE);
	assert_int_equal(reorder_put(r, 1 + REORDER_SLOTS, frame, 1, true, 0), REORDER_TAKE);
	free(r);
}

/* The whole path */

struct bench {
	struct path *path;
	int tun, wire; /* our ends */
	int path_tun, path_wire;
	uint16_t protocol;
	unsigned control, unknown, resyncs, inner;
	bool take_inner;
	bool hold; /* after the next control frame */
	uint8_t last[64];
};

static void on_control(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct bench *b = ctx;

	b->protocol = protocol;
	b->control++;
	memcpy(b->last, info, len < sizeof b->last ? len : sizeof b->last);
	if (b->hold)
		path_hold_rx(b->path);
}

static void on_unknown(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct bench *b = ctx;

	(void)info;
	(void)len;
	b->protocol = protocol;
	b->unknown++;
}

static void on_tunnel(void *ctx, const uint8_t *octets, size_t len)
{
	(void)ctx;
	(void)octets;
	(void)len;
	fail_msg("GRE has no tunnel datagrams");
}

static void on_error(void *ctx, int error)
{
	(void)ctx;
	fail_msg("an error of the wire: %s", strerror(error));
}

static void on_resync(void *ctx)
{
	((struct bench *)ctx)->resyncs++;
}

static bool on_inner(void *ctx, const uint8_t *ip, size_t len)
{
	struct bench *b = ctx;

	assert_true(len > 0 && ip[0] >> 4 == 4);
	b->inner++;
	return b->take_inner;
}

static void on_too_big(void *ctx, uint32_t mtu)
{
	(void)ctx;
	fail_msg("too big for %u octets", mtu);
}

static void pair(int *ours, int *theirs)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	*ours = fds[0];
	*theirs = fds[1];
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	const struct path_callbacks callbacks = {.control = on_control,
						 .unknown = on_unknown,
						 .tunnel = on_tunnel,
						 .error = on_error,
						 .resync = on_resync,
						 .inner = on_inner,
						 .too_big = on_too_big,
						 .ctx = b};
	struct path_call call = {.local_call_id = 0x1111, .peer_call_id = 0x2222};
	struct path_config config = {.encap = PROTOCOL_PPTP};

	pair(&b->tun, &b->path_tun);
	pair(&b->wire, &b->path_wire);
	config.tun_fd = b->path_tun;
	config.wire_fd = b->path_wire;
	b->path = path_new(&config, &callbacks, NULL);
	path_set_call(b->path, &call);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	path_free(b->path);
	close(b->tun);
	close(b->wire);
	close(b->path_tun);
	close(b->path_wire);
	free(b);
	return 0;
}

/* Gives the path a GRE packet as a raw socket would: IP header first. */
static void put_on_wire(struct bench *b, uint32_t seq, const void *frame, size_t len)
{
	struct gre_packet gre = {
		.call_id = 0x1111, .has_seq = true, .seq = seq, .payload_len = len};
	uint8_t packet[2048] = {0x45};
	size_t n = gre_header_write(packet + 20, &gre), whole = 20 + n + len;

	packet[2] = (uint8_t)(whole >> 8);
	packet[3] = (uint8_t)whole;
	memcpy(packet + 20 + n, frame, len);
	assert_int_equal(send(b->wire, packet, whole, 0), whole);
}

static void from_wire_at(struct bench *b, uint32_t seq, const void *frame, size_t len,
			 uint64_t now_ms)
{
	put_on_wire(b, seq, frame, len);
	path_burst_rx(b->path, now_ms);
}

static void from_wire(struct bench *b, uint32_t seq, const void *frame, size_t len)
{
	from_wire_at(b, seq, frame, len, 1000);
}

static ssize_t to_wire(struct bench *b, struct gre_packet *gre, uint8_t *packet, size_t cap)
{
	ssize_t n = recv(b->wire, packet, cap, 0);

	if (n > 0)
		assert_true(gre_decode(packet, (size_t)n, gre));
	return n;
}

static struct path_state clear_state(void)
{
	return (struct path_state){.ipv4 = true, .ipv6 = true, .rx_clear = true, .peer_mru = 1500};
}

static struct path_state mppe_state(bool stateful)
{
	struct path_state s = clear_state();

	s.rx_clear = false;
	s.tx = s.rx = (struct path_mppe){.bits = 128, .stateful = stateful, .generation = 1};
	memset(s.tx.start, 1, 16);
	memset(s.rx.start, 2, 16);
	return s;
}

static const uint8_t ip4[24] = {0x45, 0, 0, 24, [8] = 64, [9] = 17, [20] = 'd', 'a', 't', 'a'};

static void nothing_leaves_before_the_state_permits_it(void **state)
{
	struct bench *b = *state;
	struct path_state s = clear_state();
	struct gre_packet gre;
	uint8_t packet[128];

	assert_int_equal(send(b->tun, ip4, sizeof ip4, 0), sizeof ip4);
	path_burst_tx(b->path, 1);
	assert_int_equal(to_wire(b, &gre, packet, sizeof packet), -1);
	s.tx_blocked = true;
	path_set_state(b->path, &s);
	assert_int_equal(send(b->tun, ip4, sizeof ip4, 0), sizeof ip4);
	path_burst_tx(b->path, 1);
	assert_int_equal(to_wire(b, &gre, packet, sizeof packet), -1);
	assert_int_equal(path_counters(b->path)->tx_blocked, 2);
	s.tx_blocked = false;
	path_set_state(b->path, &s);
	assert_int_equal(send(b->tun, ip4, sizeof ip4, 0), sizeof ip4);
	path_burst_tx(b->path, 1);
	assert_int_equal(to_wire(b, &gre, packet, sizeof packet), 12 + 4 + sizeof ip4);
	assert_int_equal(gre.call_id, 0x2222);
	assert_memory_equal(gre.payload, "\xff\x03\x00\x21", 4);
	assert_memory_equal(gre.payload + 4, ip4, sizeof ip4);
}

static void packets_of_our_own_leave_as_those_of_the_device(void **state)
{
	struct bench *b = *state;
	struct path_state s = clear_state();
	struct gre_packet gre;
	uint8_t packet[2048] = {0x45};

	assert_int_equal(path_send_packet(b->path, ip4, sizeof ip4), -ENETDOWN);
	path_set_state(b->path, &s);
	assert_int_equal(path_send_packet(b->path, packet, 1501), -ENETDOWN); /* the peer's MRU */
	assert_int_equal(path_send_packet(b->path, packet, 0), -ENETDOWN);
	assert_int_equal(to_wire(b, &gre, packet, sizeof packet), -1);
	assert_int_equal(path_send_packet(b->path, ip4, sizeof ip4), 0);
	assert_int_equal(to_wire(b, &gre, packet, sizeof packet), 12 + 4 + sizeof ip4);
	assert_memory_equal(gre.payload, "\xff\x03\x00\x21", 4);
	assert_memory_equal(gre.payload + 4, ip4, sizeof ip4);
	assert_int_equal(path_counters(b->path)->tx_packets, 1);
	assert_int_equal(path_counters(b->path)->last_tx_ms,
			 0); /* it is no traffic of the user's */
}

static void watched_packets_are_shown_and_may_be_taken_away(void **state)
{
	struct bench *b = *state;
	struct path_state s = clear_state();
	uint8_t frame[4 + sizeof ip4] = {0xff, 0x03, 0x00, 0x21}, packet[64];

	memcpy(frame + 4, ip4, sizeof ip4);
	path_set_state(b->path, &s);
	for (uint32_t i = 0; i < 4; i++) {
		path_watch_inner(b->path, i == 1 || i == 2);
		b->take_inner = i == 2;
		from_wire(b, i, frame, sizeof frame);
		assert_int_equal(recv(b->tun, packet, sizeof packet, 0),
				 i == 2 ? -1 : (ssize_t)sizeof ip4);
	}
	assert_int_equal(b->inner, 2);
	/* What is refused for itself is not shown either. */
	path_watch_inner(b->path, true);
	s = mppe_state(false);
	path_set_state(b->path, &s);
	from_wire(b, 4, frame, sizeof frame);
	assert_int_equal(b->inner, 2);
}

static void clear_text_is_refused_where_encryption_is_on(void **state)
{
	struct bench *b = *state;
	struct path_state s = mppe_state(false);
	uint8_t frame[4 + sizeof ip4] = {0xff, 0x03, 0x00, 0x21}, packet[64];

	memcpy(frame + 4, ip4, sizeof ip4);
	path_set_state(b->path, &s);
	from_wire(b, 0, frame, sizeof frame);
	assert_int_equal(path_counters(b->path)->rx_clear_refused, 1);
	assert_int_equal(recv(b->tun, packet, sizeof packet, 0), -1);
	s = clear_state();
	path_set_state(b->path, &s);
	from_wire(b, 1, frame, sizeof frame);
	assert_int_equal(recv(b->tun, packet, sizeof packet, 0), sizeof ip4);
}

static void encrypted_packets_leave_and_never_show_their_content(void **state)
{
	struct bench *b = *state;
	struct path_state s = mppe_state(false);
	struct mppe_kept *kept = calloc(MPPE_KEPT_KEYS, sizeof *kept);
	struct mppe_rx rx = {0};
	uint8_t packet[256];
	struct gre_packet gre;

	path_set_state(b->path, &s);
	mppe_rx_init(&rx, 128, false, s.tx.start, kept);
	for (unsigned i = 0; i < 100; i++) {
		uint8_t frame[64];

		assert_int_equal(send(b->tun, ip4, sizeof ip4, 0), sizeof ip4);
		path_burst_tx(b->path, 1);
		assert_true(to_wire(b, &gre, packet, sizeof packet) > 0);
		assert_int_equal(gre.seq, i);
		assert_memory_equal(gre.payload, "\xff\x03\x00\xfd", 4);
		assert_null(memmem(packet, sizeof packet, "data", 4));
		memcpy(frame, gre.payload + 4, gre.payload_len - 4);
		assert_int_equal(
			mppe_decrypt(&rx, frame, gre.payload_len - 4, (struct mppe_place){0}),
			MPPE_OK);
		assert_memory_equal(frame + 4, ip4, sizeof ip4);
		memset(packet, 0, sizeof packet);
	}
	free(kept);
}

/* An MPPE frame of the peer's next packet. */
static size_t peer_frame(struct mppe_tx *tx, uint8_t *frame, uint8_t mark)
{
	memcpy(frame, "\xff\x03\x00\xfd", 4);
	frame[6] = 0x00;
	frame[7] = 0x21;
	memcpy(frame + 8, ip4, sizeof ip4);
	frame[8 + sizeof ip4 - 1] = mark;
	mppe_encrypt(tx, frame + 4, frame + 6, 2 + sizeof ip4);
	return 8 + sizeof ip4;
}

static void late_stateless_packets_are_delivered_and_duplicates_are_not(void **state)
{
	struct bench *b = *state;
	struct path_state s = mppe_state(false);
	struct mppe_tx tx = {0};
	uint8_t frames[4][64], packet[64];
	size_t len = 0;
	static const unsigned order[] = {0, 3, 1, 1, 2, 0};
	unsigned got = 0;

	path_set_state(b->path, &s);
	mppe_tx_init(&tx, 128, false, s.rx.start);
	for (uint8_t i = 0; i < 4; i++)
		len = peer_frame(&tx, frames[i], i);
	for (unsigned i = 0; i < COUNT(order); i++) {
		from_wire(b, order[i], frames[order[i]], len);
		if (recv(b->tun, packet, sizeof packet, 0) > 0) {
			assert_int_equal(packet[sizeof ip4 - 1], order[i]);
			got++;
		}
	}
	assert_int_equal(got, 4);
	assert_int_equal(path_counters(b->path)->rx_duplicate, 2);
	assert_int_equal(path_counters(b->path)->rx_late, 2);
	assert_int_equal(path_counters(b->path)->rx_lost, 0);
}

static void stateful_packets_out_of_order_are_put_in_order_without_a_reset(void **state)
{
	struct bench *b = *state;
	struct path_state s = mppe_state(true);
	struct mppe_tx tx = {0};
	uint8_t frames[5][64], packet[64];
	size_t len = 0;
	static const unsigned order[] = {0, 2, 1, 4, 3};

	path_set_state(b->path, &s);
	mppe_tx_init(&tx, 128, true, s.rx.start);
	for (uint8_t i = 0; i < 5; i++)
		len = peer_frame(&tx, frames[i], i);
	for (unsigned i = 0; i < 5; i++)
		from_wire(b, order[i], frames[order[i]], len);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(recv(b->tun, packet, sizeof packet, 0), sizeof ip4);
		assert_int_equal(packet[sizeof ip4 - 1], i);
	}
	assert_int_equal(b->resyncs, 0);
	/* A packet lost for good: after the wait the next one asks for a reset. */
	peer_frame(&tx, frames[0], 5);
	len = peer_frame(&tx, frames[1], 6);
	from_wire(b, 6, frames[1], len);
	assert_int_equal(b->resyncs, 0);
	path_tick(b->path, 1000 + REORDER_WAIT_MS);
	assert_int_equal(b->resyncs, 1);
}

static void control_frames_reach_ppp_and_acknowledgments_go_back(void **state)
{
	struct bench *b = *state;
	static const uint8_t echo[] = {0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4};
	struct gre_packet gre;
	uint8_t packet[128];

	from_wire(b, 41, echo, sizeof echo);
	assert_int_equal(b->control, 1);
	assert_int_equal(b->protocol, 0xc021);
	assert_int_equal(b->last[0], 9);
	assert_true(path_deadline(b->path) != DEADLINE_NONE);
	path_tick(b->path, path_deadline(b->path));
	assert_int_equal(to_wire(b, &gre, packet, sizeof packet), 12);
	assert_true(gre.has_ack && !gre.has_seq);
	assert_int_equal(gre.ack, 41);
	/* The next one rides on a frame. */
	from_wire(b, 42, echo, sizeof echo);
	assert_int_equal(path_send_control(b->path, 0xc021, echo + 4, 8), 0);
	assert_int_equal(to_wire(b, &gre, packet, sizeof packet), 16 + 4 + 8);
	assert_true(gre.has_ack && gre.has_seq);
	assert_int_equal(gre.ack, 42);
	assert_true(path_deadline(b->path) == DEADLINE_NONE);
}

static const uint8_t terminate[] = {0xff, 0x03, 0xc0, 0x21, 5, 7, 0, 4};

static void what_comes_after_a_hold_waits_in_burst_and_socket(void **state)
{
	static const uint8_t control[] = {0xff, 0x03, 0x80, 0x21, 2, 1, 0, 4};
	uint8_t data[4 + sizeof ip4] = {0xff, 0x03, 0x00, 0x21};
	struct bench *b = *state;
	struct path_state clear = clear_state();
	uint8_t packet[64];

	path_set_state(b->path, &clear);
	memcpy(data + 4, ip4, sizeof ip4);
	put_on_wire(b, 0, control, sizeof control);
	put_on_wire(b, 1, data, sizeof data);
	b->hold = true;
	path_burst_rx(b->path, 1000);
	assert_int_equal(b->control, 1);
	assert_false(path_burst_rx(b->path, 1000));
	put_on_wire(b, 2, control, sizeof control);
	assert_int_equal(recv(b->tun, packet, sizeof packet, 0), -1);
	b->hold = false;
	path_release_rx(b->path, 1000);
	assert_int_equal(recv(b->tun, packet, sizeof packet, 0), sizeof ip4);
	assert_int_equal(b->control, 1);
	path_burst_rx(b->path, 1000);
	assert_int_equal(b->control, 2);
}

static void frames_from_elsewhere_move_nothing_unless_they_follow_each_other(void **state)
{
	struct bench *b = *state;
	static const uint8_t nonsense[] = {0xff, 0x03, 0xc0, 0x21, 0xff, 0xff};

	from_wire(b, 100, terminate, sizeof terminate);
	assert_int_equal(b->control, 1);
	for (unsigned i = 0; i < 100; i++) {
		from_wire(b, 5000 + i, nonsense, sizeof nonsense);
		from_wire(b, i % 2 ? 0x20000000 : 0xa0000000, terminate, sizeof terminate);
		from_wire(b, 0x30000000 + i, terminate, 0); /* a number without a frame */
	}
	assert_int_equal(b->control, 1);
	assert_int_equal(path_rx_counters(b->path)->rx_too_late, 300);
	from_wire(b, 101, terminate, sizeof terminate);
	assert_int_equal(b->control, 2);
	assert_false(path_in_doubt(b->path));
	/* Within the window, but not next to what came last, is elsewhere for control frames alone.
	 */
	from_wire(b, 102 + SEQUENCE_NEAR, terminate, sizeof terminate);
	assert_int_equal(b->control, 2);
	from_wire(b, 101 + SEQUENCE_NEAR, terminate, sizeof terminate);
	assert_int_equal(b->control, 3);
	/* A series is followed, and in doubt: from there and from the peer's own place alike. */
	for (uint32_t at = 0x20000000;; at = 300) {
		for (unsigned i = 0; i < SEQUENCE_RESYNC - 1; i++)
			from_wire(b, at + i, terminate, sizeof terminate);
		assert_int_equal(b->control, at == 300 ? 4 : 3);
		from_wire(b, at + SEQUENCE_RESYNC, terminate, sizeof terminate);
		assert_int_equal(b->control, at == 300 ? 5 : 4);
		assert_true(path_in_doubt(b->path));
		if (at == 300)
			break;
	}
	path_proved(b->path);
	assert_false(path_in_doubt(b->path));
}

/* The next packet of the peer, an IP packet with a right header, encrypted. */
static size_t whole_frame(struct mppe_tx *tx, uint8_t *frame)
{
	static const uint8_t ip[24] = {0x45, 0,	 0,    24,   0,		 0,   0,   0,
				       64,   17, 0x7a, 0xd6, [20] = 'd', 'a', 't', 'a'};

	memcpy(frame, "\xff\x03\x00\xfd", 4);
	memcpy(frame + 6, "\x00\x21", 2);
	memcpy(frame + 8, ip, sizeof ip);
	mppe_encrypt(tx, frame + 4, frame + 6, 2 + sizeof ip);
	return 8 + sizeof ip;
}

static bool delivered(struct bench *b)
{
	uint8_t packet[64];

	return recv(b->tun, packet, sizeof packet, 0) > 0;
}

/* After a long loss, and from a peer that numbers anew: without losing one more, and without doubt.
 */
static void encrypted_packets_from_elsewhere_prove_themselves(void **state)
{
	struct bench *b = *state;
	struct path_state s = mppe_state(false);
	struct mppe_tx tx = {0};
	uint8_t frame[64], forged[40] = {0xff, 0x03, 0x00, 0xfd};
	size_t len = 0;

	path_set_state(b->path, &s);
	mppe_tx_init(&tx, 128, false, s.rx.start);
	len = whole_frame(&tx, frame);
	from_wire(b, 1000000, frame, len);
	assert_true(delivered(b));
	for (unsigned i = 0; i < 5000; i++) {
		len = whole_frame(&tx, frame);
		forged[4] = (uint8_t)(0x90 | (i & 15));
		forged[5] = (uint8_t)(i * 7);
		forged[6] = (uint8_t)(i * 13);
		from_wire(b, 2000000 + 4096 * i, forged, sizeof forged);
	}
	assert_false(delivered(b));
	len = whole_frame(&tx, frame);
	path_burst_rx(b->path, 5000); /* the forged ones have used up what a second permits */
	from_wire_at(b, 1005001, frame, len, 5000);
	assert_true(delivered(b));
	for (uint32_t at = 0; at < 20; at++) { /* anew */
		len = whole_frame(&tx, frame);
		from_wire_at(b, at, frame, len, 5001);
		assert_true(delivered(b));
	}
	assert_false(path_in_doubt(b->path));
	assert_int_equal(path_rx_counters(b->path)->rx_lost, 5000);
}

static void malformed_packets_are_counted_and_disturb_nothing(void **state)
{
	struct bench *b = *state;
	static const uint8_t echo[] = {0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4};
	struct gre_packet gre = {.call_id = 0x1111, .has_seq = true, .payload_len = sizeof echo};
	uint8_t packet[64] = {0x45};
	size_t n = gre_header_write(packet + 20, &gre), whole = 20 + n + sizeof echo;

	packet[3] = (uint8_t)whole;
	memcpy(packet + 20 + n, echo, sizeof echo);
	for (size_t len = 1; len < whole; len++) {
		assert_int_equal(send(b->wire, packet, len, 0), len);
		path_burst_rx(b->path, 1);
	}
	assert_int_equal(b->control, 0);
	assert_int_equal(path_counters(b->path)->rx_malformed, whole - 1);
	packet[20 + 7] ^= 1; /* another call */
	assert_int_equal(send(b->wire, packet, whole, 0), whole);
	path_burst_rx(b->path, 1);
	assert_int_equal(path_counters(b->path)->rx_wrong_id, 1);
	packet[20 + 7] ^= 1;
	assert_int_equal(send(b->wire, packet, whole, 0), whole);
	path_burst_rx(b->path, 1);
	assert_int_equal(b->control, 1);
}

static void packets_larger_than_the_peer_takes_are_dropped(void **state)
{
	struct bench *b = *state;
	struct path_state s = mppe_state(false);
	uint8_t ip[1500] = {0x45};

	s.peer_mru = 1400;
	path_set_state(b->path, &s);
	assert_int_equal(send(b->tun, ip, 1397, 0), 1397);
	path_burst_tx(b->path, 1);
	assert_int_equal(path_counters(b->path)->tx_too_big, 1);
	assert_int_equal(send(b->tun, ip, 1396, 0), 1396);
	path_burst_tx(b->path, 1);
	assert_int_equal(path_counters(b->path)->wire_tx, 1);
}

static void encoding_is_named_as_the_mission_says(void **state)
{
	struct bench *b = *state;
	struct path_state s = clear_state();
	char text[48];

	path_set_state(b->path, &s);
	assert_string_equal(path_encoding(b->path, text, sizeof text), "none");
	s = mppe_state(false);
	path_set_state(b->path, &s);
	assert_string_equal(path_encoding(b->path, text, sizeof text), "MPPE128 stateless");
	s.tx.bits = 0;
	path_set_state(b->path, &s);
	assert_string_equal(path_encoding(b->path, text, sizeof text), "MPPE128 stateless/none");
	s = mppe_state(true);
	s.tx.bits = s.rx.bits = 40;
	path_set_state(b->path, &s);
	assert_string_equal(path_encoding(b->path, text, sizeof text), "MPPE40 stateful");
}

/* MSS */

static uint32_t checksum(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint32_t tcp_sum(const uint8_t *ip, size_t len)
{
	return checksum(ip + 20, len - 20, checksum(ip + 12, 8, 6 + (uint32_t)(len - 20)));
}

static void mss_is_lowered_with_a_right_checksum_at_any_place(void **state)
{
	(void)state;
	for (unsigned nops = 0; nops < 4; nops++) {
		uint8_t ip[20 + 20 + 8] = {0x45,    0,	       0,	 48,	    [8] = 64,
					   [9] = 6, [12] = 10, [15] = 1, [16] = 10, [19] = 2};
		uint8_t *tcp = ip + 20;
		uint32_t sum;

		tcp[12] = 0x70;
		tcp[13] = 0x02;
		memset(tcp + 20, 1, 8);
		memcpy(tcp + 20 + nops, "\x02\x04\x05\xb4", 4);
		sum = ~tcp_sum(ip, sizeof ip);
		tcp[16] = (uint8_t)(sum >> 8);
		tcp[17] = (uint8_t)sum;
		assert_int_equal(tcp_sum(ip, sizeof ip), 0xffff);
		mss_clamp(ip, sizeof ip, 1400);
		assert_int_equal(tcp[22 + nops] << 8 | tcp[23 + nops], 1360);
		assert_int_equal(tcp_sum(ip, sizeof ip), 0xffff);
		mss_clamp(ip, sizeof ip, 1460); /* never raised */
		assert_int_equal(tcp[22 + nops] << 8 | tcp[23 + nops], 1360);
		for (size_t len = 1; len < sizeof ip; len++) {
			uint8_t *copy = malloc(len); /* the sanitizer watches its end */

			memcpy(copy, ip, len);
			mss_clamp(copy, len, 1000);
			free(copy);
		}
	}
}

int main(void)
{
#define WHOLE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_packet_is_encrypted_and_decrypted),
		cmocka_unit_test(flush_repeats_the_key_as_the_rfc_says_or_changes_it_as_linux_does),
		cmocka_unit_test(stateful_receiver_follows_both_kinds_of_reset),
		cmocka_unit_test(lost_and_late_stateless_packets_are_read_with_kept_keys),
		cmocka_unit_test(outage_of_whole_turns_of_the_count_is_survived),
		cmocka_unit_test(number_jump_without_loss_does_not_kill_the_stream),
		cmocka_unit_test(forged_packets_do_not_move_the_chain),
		cmocka_unit_test(packets_encrypted_at_once_are_read_one_by_one_and_at_once),
		cmocka_unit_test(forged_packet_within_a_run_costs_no_other_packet),
		cmocka_unit_test(forged_end_of_a_run_does_not_move_the_chain),
		cmocka_unit_test(gaps_late_packets_and_wrong_modes_are_none_for_a_run),
		cmocka_unit_test(sequence_tells_new_late_duplicate_and_wraps),
		cmocka_unit_test(numbers_elsewhere_are_followed_when_they_follow_each_other),
		cmocka_unit_test(reorder_gives_frames_back_in_order_and_gives_up_in_time),
		cmocka_unit_test(reorder_holds_the_largest_frame_and_neither_larger_ones_nor_more),
		WHOLE(nothing_leaves_before_the_state_permits_it),
		WHOLE(packets_of_our_own_leave_as_those_of_the_device),
		WHOLE(watched_packets_are_shown_and_may_be_taken_away),
		WHOLE(clear_text_is_refused_where_encryption_is_on),
		WHOLE(encrypted_packets_leave_and_never_show_their_content),
		WHOLE(late_stateless_packets_are_delivered_and_duplicates_are_not),
		WHOLE(stateful_packets_out_of_order_are_put_in_order_without_a_reset),
		WHOLE(control_frames_reach_ppp_and_acknowledgments_go_back),
		WHOLE(what_comes_after_a_hold_waits_in_burst_and_socket),
		WHOLE(frames_from_elsewhere_move_nothing_unless_they_follow_each_other),
		WHOLE(encrypted_packets_from_elsewhere_prove_themselves),
		WHOLE(malformed_packets_are_counted_and_disturb_nothing),
		WHOLE(packets_larger_than_the_peer_takes_are_dropped),
		WHOLE(encoding_is_named_as_the_mission_says),
		cmocka_unit_test(mss_is_lowered_with_a_right_checksum_at_any_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
