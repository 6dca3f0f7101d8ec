/* SPDX-License-Identifier: MIT */
/* The IKE engine's initiator against its responder: what both agree on, and every message lost,
 * doubled, spoilt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipsec_harness.h"

static struct world w;

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

static void one_suite(struct ipsec_suites *list, const char *text)
{
	memset(list, 0, sizeof *list);
	list->count = 1;
	assert_true(ipsec_suite_read(text, strlen(text), &list->at[0]));
}

static void caller_and_answerer_come_up(void **state)
{
	struct ipsec_status st;
	(void)state;
	world_set(&w, 1);
	world_start(&w);
	world_run(&w, w.now + 1000);
	assert_true(world_is_up(&w));
	ipsec_status(w.end[0].s, &st);
	assert_true(st.up && !st.nat_us && st.nat_peer); /* each pretends */
	assert_int_equal(st.inner_port, 41001);
	assert_int_equal(w.end[0].closes + w.end[1].closes, 0);
	world_free(&w);
}

static void every_suite_comes_up(void **state)
{
	static const char *const ike[] = {
		"aes256-sha256-ecp256", "aes256-sha384-ecp384",	  "aes256-sha256-modp2048",
		"aes256-sha1-modp1536", "aes256-sha512-modp4096", "aes128-sha1-modp1024",
		"3des-md5-modp1024",	"aes192-sha512-modp3072", "3des-sha1-modp2048"};
	static const char *const esp[] = {
		"aes256gcm16",	     "aes128gcm16",   "aes256-sha256", "aes128-sha1",
		"3des-md5",	     "aes256-sha512", "aes192-sha384", "aes256-sha1-modp2048",
		"aes128-sha1-ecp256"};
	(void)state;
	for (unsigned i = 0; i < sizeof ike / sizeof ike[0]; i++) {
		world_set(&w, 100 + i);
		for (unsigned e = 0; e < 2; e++) {
			one_suite(&w.end[e].config.settings.ike, ike[i]);
			one_suite(&w.end[e].config.settings.esp, esp[i]);
		}
		world_start(&w);
		world_run(&w, w.now + 2000);
		if (!world_is_up(&w))
			fail_msg("%s with %s: %s", ike[i], esp[i], w.end[0].reason.text);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caller_and_answerer_come_up),
		cmocka_unit_test(every_suite_comes_up),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
