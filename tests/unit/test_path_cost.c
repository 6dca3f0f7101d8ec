/* SPDX-License-Identifier: MIT */
/* What forged packets cost, counted in changes of key: every call of mppe_chain_next.  The
 * MPPE_READY keys that are ready ahead are made once, whoever asks for them first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "path/mppe.h"

#include <stdlib.h>
#include <string.h>

#define FLOOD 10000 /* forged packets in a second */

void __real_mppe_chain_next(struct mppe_chain *chain);
void __wrap_mppe_chain_next(struct mppe_chain *chain);

static uint64_t changes;

void __wrap_mppe_chain_next(struct mppe_chain *chain)
{
	changes++;
	__real_mppe_chain_next(chain);
}

struct ends {
	struct mppe_tx tx;
	struct mppe_rx rx;
	struct mppe_kept *kept;
};

static void begin(struct ends *e)
{
	static const uint8_t start[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

	memset(e, 0, sizeof *e);
	e->kept = calloc(MPPE_KEPT_KEYS, sizeof *e->kept);
	assert_non_null(e->kept);
	mppe_tx_init(&e->tx, 128, false, start);
	mppe_rx_init(&e->rx, 128, false, start, e->kept);
	changes = 0;
}

/* A forged packet with COUNT that claims to be AHEAD numbers on. */
static void forge(struct ends *e, uint16_t count, uint32_t ahead, uint64_t now_ms)
{
	uint8_t packet[20];

	memset(packet, 0x5a, sizeof packet);
	packet[0] = (uint8_t)(0x90 | (count >> 8 & 0x0f));
	packet[1] = (uint8_t)count;
	assert_int_not_equal(mppe_decrypt(&e->rx, packet, sizeof packet,
					  (struct mppe_place){true, false, ahead, now_ms, false}),
			     MPPE_OK);
}

/* The next packet of the true peer, with LOST before it that never came. */
static enum mppe_result next_packet(struct ends *e, uint32_t lost, uint64_t now_ms)
{
	uint8_t packet[16];

	for (uint32_t i = 0; i <= lost; i++) {
		memcpy(packet + 2, "\x00\x21\x45", 3);
		mppe_encrypt(&e->tx, packet, packet + 2, 3);
	}
	return mppe_decrypt(&e->rx, packet, 5,
			    (struct mppe_place){true, false, lost + 1, now_ms, false});
}

static void one_forged_packet_costs_a_bounded_step(void **state)
{
	struct ends e;

	(void)state;
	begin(&e);
	forge(&e, 4095, 0x7fffffff, 5000);
	assert_true(changes <= MPPE_STEP_MAX + 4096);
	free(e.kept);
}

static void a_flood_of_far_jumps_costs_a_bounded_sum_in_a_second(void **state)
{
	struct ends e;

	(void)state;
	begin(&e);
	for (unsigned i = 0; i < FLOOD; i++)
		forge(&e, (uint16_t)(4095 - i % 64), 12000 + i % 64, 5000 + i / 20);
	/* Without the bound it would be more than a hundred million. */
	assert_true(changes >= 4096);
	assert_true(changes <= MPPE_WASTE_MAX + (uint64_t)FLOOD * MPPE_STEP_FREE);
	free(e.kept);
}

static void a_flood_of_all_counts_costs_a_bounded_sum_in_each_of_ten_seconds(void **state)
{
	struct ends e;

	(void)state;
	begin(&e);
	for (unsigned i = 0; i < 10 * FLOOD; i++)
		forge(&e, (uint16_t)(i * 7), 1 + i * 13 % 20000, 5000 + i / 10);
	assert_true(changes <= 11 * (MPPE_WASTE_MAX + (uint64_t)FLOOD * MPPE_STEP_FREE));
	free(e.kept);
}

static void the_true_stream_goes_on_through_a_flood(void **state)
{
	struct ends e;

	(void)state;
	begin(&e);
	for (unsigned i = 0; i < 2000; i++) {
		for (unsigned n = 0; n < 10; n++)
			forge(&e, (uint16_t)(e.rx.position + 3000), 7000, 5000 + i);
		/* With losses too, as long as they are short. */
		assert_int_equal(next_packet(&e, i % (MPPE_STEP_FREE - 1), 5000 + i), MPPE_OK);
	}
	free(e.kept);
}

static void a_long_gap_is_bridged_once_the_flood_is_over(void **state)
{
	struct ends e;

	(void)state;
	begin(&e);
	for (unsigned i = 0; i < FLOOD; i++)
		forge(&e, 4000, 4001, 5000);
	assert_int_equal(next_packet(&e, 1500, 5500), MPPE_BAD);
	free(e.kept);
	begin(&e);
	for (unsigned i = 0; i < FLOOD; i++)
		forge(&e, 4000, 4001, 5000);
	assert_int_equal(next_packet(&e, 1500, 6000), MPPE_OK);
	free(e.kept);
}

static void good_packets_cost_no_budget(void **state)
{
	struct ends e;

	(void)state;
	begin(&e);
	for (unsigned i = 0; i < 400; i++)
		assert_int_equal(next_packet(&e, 300, 5000), MPPE_OK);
	assert_int_equal(e.rx.waste, 0);
	free(e.kept);
}

/* ---- a tunnel without numbers, after a long gap ---- */

#define IP_LEN 100

/* The next packet of the true peer: an IPv4 packet, with LOST before it that never came. */
static enum mppe_result next_unnumbered(struct ends *e, uint32_t lost, uint64_t now_ms)
{
	uint8_t packet[2 + 2 + IP_LEN], *ip = packet + 4;
	unsigned sum = 0;

	for (uint32_t i = 0; i <= lost; i++) {
		memset(packet, 0, sizeof packet);
		packet[3] = 0x21;
		ip[0] = 0x45;
		ip[3] = IP_LEN;
		ip[8] = 64;
		ip[9] = 17;
		if (i == lost) {
			for (size_t k = 0; k < 20; k += 2)
				sum += (unsigned)ip[k] << 8 | ip[k + 1];
			ip[10] = (uint8_t)(~sum >> 8);
			ip[11] = (uint8_t)~sum;
		}
		mppe_encrypt(&e->tx, packet, packet + 2, sizeof packet - 2);
	}
	return mppe_decrypt(&e->rx, packet, sizeof packet, (struct mppe_place){.now_ms = now_ms});
}

static void any_gap_of_four_turns_is_bridged_without_numbers(void **state)
{
	static const uint32_t gaps[] = {1,    300,  2047, 2048, 3000,  4094,
					4095, 4096, 5000, 9000, 12300, 16300};
	struct ends e;

	(void)state;
	for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
		unsigned tries = 0;

		begin(&e);
		for (unsigned n = 0; n < 10; n++)
			assert_int_equal(next_unnumbered(&e, 0, 5000), MPPE_OK);
		if (next_unnumbered(&e, gaps[i], 6000) != MPPE_OK)
			while (next_unnumbered(&e, 0, 6000 + tries) != MPPE_OK)
				assert_true(++tries <= MPPE_STRAYS + 1);
		for (unsigned n = 0; n < 100; n++)
			assert_int_equal(next_unnumbered(&e, 0, 7000), MPPE_OK);
		assert_int_equal(e.rx.position, e.tx.count + (e.rx.position & ~(uint64_t)4095));
		free(e.kept);
	}
}

static void forged_packets_without_numbers_cost_a_bounded_sum(void **state)
{
	struct ends e;

	(void)state;
	begin(&e);
	for (unsigned i = 0; i < 10 * FLOOD; i++) {
		uint8_t packet[40];

		memset(packet, 0x5a, sizeof packet);
		packet[0] = (uint8_t)(0x90 | (i * 7 >> 8 & 0x0f));
		packet[1] = (uint8_t)(i * 7);
		assert_int_not_equal(mppe_decrypt(&e.rx, packet, sizeof packet,
						  (struct mppe_place){.now_ms = 5000 + i / 10}),
				     MPPE_OK);
	}
	assert_true(changes <= 11 * (MPPE_WASTE_MAX + (uint64_t)FLOOD * MPPE_STEP_FREE));
	assert_int_equal(e.rx.position, 0);
	free(e.kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_forged_packet_costs_a_bounded_step),
		cmocka_unit_test(a_flood_of_far_jumps_costs_a_bounded_sum_in_a_second),
		cmocka_unit_test(a_flood_of_all_counts_costs_a_bounded_sum_in_each_of_ten_seconds),
		cmocka_unit_test(the_true_stream_goes_on_through_a_flood),
		cmocka_unit_test(a_long_gap_is_bridged_once_the_flood_is_over),
		cmocka_unit_test(good_packets_cost_no_budget),
		cmocka_unit_test(any_gap_of_four_turns_is_bridged_without_numbers),
		cmocka_unit_test(forged_packets_without_numbers_cost_a_bounded_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
