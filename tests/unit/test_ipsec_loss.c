/* SPDX-License-Identifier: MIT */
/* Two IKE engines over a network that loses, doubles and delays, with short life times of both
 * phases: the keys of both ends must go on fitting.
 *
 *     build/test/ipsec_loss [SEED [RUNS]]
 *
 * A run that fails names its seed; with IPSEC_LOG=1 in the environment each message is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipsec_harness.h"

#define RUNS	240
#define SECONDS 240

static struct world w;
static uint32_t first_seed = 1;
static unsigned runs = RUNS;

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

/* What differs from seed to seed: who renews what how often, and how bad the network is. */
static void shape(uint32_t seed)
{
	static const uint32_t lives[] = {30, 45, 70, 3600};

	world_set(&w, seed);
	for (unsigned i = 0; i < 2; i++) {
		w.end[i].config.settings.ike_lifetime = lives[world_draw(&w, 4)];
		w.end[i].config.settings.lifetime = lives[world_draw(&w, 4)];
	}
	if (world_draw(&w, 3) == 0) { /* PFS */
		const char *suite = "aes256-sha256-ecp256";
		for (unsigned i = 0; i < 2; i++) {
			w.end[i].config.settings.esp.count = 1;
			ipsec_suite_read(suite, strlen(suite), &w.end[i].config.settings.esp.at[0]);
		}
	}
	w.in_server = seed & 1;
	w.loss = world_draw(&w, 200);
	w.twice = world_draw(&w, 200);
	w.late = world_draw(&w, 200);
}

struct result {
	unsigned up, carried, total, rekeys;
};

/* Traffic both ways for SECONDS once it is up: each packet that can be read is heard. */
static void traffic(struct result *r)
{
	for (unsigned i = 0; i < SECONDS && !w.end[0].closes && !w.end[1].closes; i++) {
		for (unsigned from = 0; from < 2; from++) {
			bool good = world_carries(&w, from);
			r->carried += good;
			r->total++;
			if (good && world_draw(&w, 1000) >= w.loss)
				ipsec_heard(w.end[!from].s, w.now);
		}
		if (world_draw(&w, 60) == 0) /* both at once */
			for (unsigned end = 0; end < 2; end++)
				ipsec_sent_sequence(w.end[end].s, 0xf0000000u);
		world_run(&w, w.now + 1000);
	}
}

static void run(uint32_t seed, struct result *r)
{
	struct ipsec_status st;

	shape(seed);
	world_start(&w);
	world_run(&w, w.now + 39000);
	if (w.end[0].ups && w.end[1].ups) {
		r->up++;
		traffic(r);
		w.loss = w.twice = w.late = 0;
		world_run(&w, w.now + 40000); /* what was on its way ends */
		if (w.end[0].closes || w.end[1].closes || !world_carries(&w, 0) ||
		    !world_carries(&w, 1))
			fail_msg("seed %u: %s; %s; keys of the caller %s, of the answerer %s",
				 (unsigned)seed, w.end[0].reason.text, w.end[1].reason.text,
				 world_carries(&w, 0) ? "fit" : "do not",
				 world_carries(&w, 1) ? "fit" : "do not");
		ipsec_status(w.end[0].s, &st);
		r->rekeys += st.rekeys;
	}
	world_free(&w);
}

static void keys_of_both_go_on_fitting(void **state)
{
	struct result r = {0};

	(void)state;
	for (unsigned i = 0; i < runs; i++)
		run(first_seed + i, &r);
	print_message("%u of %u up, %u rekeys, %u of %u packets could be read\n", r.up, runs,
		      r.rekeys, r.carried, r.total);
	if (runs < RUNS)
		return;
	assert_true(r.up * 100 >= runs * 95);
	assert_true(r.rekeys > runs);
	assert_true((uint64_t)r.carried * 1000 >= (uint64_t)r.total * 995);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_both_go_on_fitting),
	};

	if (argc > 1) {
		first_seed = (uint32_t)strtoul(argv[1], NULL, 10);
		runs = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
