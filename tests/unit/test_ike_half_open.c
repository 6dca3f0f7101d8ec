/* SPDX-License-Identifier: MIT */
/* What strangers may cost the server before their message 3, and that honest clients come in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipsec/internal.h"
#include "ipsec_harness.h"

static struct world w;
static struct ike_half_open *door;
static struct ike_result result;
static uint64_t now;

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

static int open_door(void **state)
{
	struct ipsec_suites wanted;
	(void)state;
	now = 5000;
	world_set(&w, 7);
	ipsec_suites_named("default", false, &wanted);
	door = ike_half_open_new(&wanted, &w.random);
	return door ? 0 : -1;
}

static int close_door(void **state)
{
	(void)state;
	ike_half_open_free(door);
	return 0;
}

/* --- messages --- */

struct message {
	size_t len;
	uint8_t octets[ISAKMP_MESSAGE_MAX];
};

static const uint8_t natt[16] = {0x4a, 0x13, 0x1c, 0x81, 0x07, 0x03, 0x58, 0x45,
				 0x5c, 0x57, 0x28, 0xf2, 0x0e, 0x95, 0x45, 0x2f};

static void begin(struct message *m, struct isakmp_writer *out, uint32_t cookie,
		  const uint8_t *responder)
{
	struct isakmp_header h = {.exchange = ISAKMP_MAIN};

	memset(m->octets, 0, sizeof m->octets);
	memcpy(h.initiator, &cookie, sizeof cookie);
	h.initiator[7] = 1;
	if (responder)
		memcpy(h.responder, responder, sizeof h.responder);
	isakmp_begin(out, m->octets, sizeof m->octets, &h);
}

/* Message 1 under COOKIE with the LEN octets of an SA body. */
static void first_of(struct message *m, uint32_t cookie, const void *sa, size_t len)
{
	struct isakmp_writer out;

	begin(m, &out, cookie, NULL);
	isakmp_add(&out, ISAKMP_SA, sa, len);
	isakmp_add(&out, ISAKMP_VENDOR, natt, sizeof natt);
	m->len = isakmp_end(&out, 1);
	assert_true(m->len > 0);
}

static size_t offer(uint8_t *sa, size_t cap, const char *list)
{
	const struct isakmp_transform like = {
		.protocol = ISAKMP_PROTOCOL_IKE, .method = ISAKMP_SHARED_KEY, .seconds = 28800};
	struct writer out = writer_make(sa, cap);
	struct ipsec_suites suites;

	assert_true(ipsec_suites_named(list, false, &suites));
	isakmp_sa_offer(&out, &like, &suites);
	assert_false(out.failed);
	return writer_len(&out);
}

static void first(struct message *m, uint32_t cookie)
{
	uint8_t sa[2048];

	first_of(m, cookie, sa, offer(sa, sizeof sa, "default"));
}

/* Message 3, to the phase 1 that RESPONDER names. */
static void third(struct message *m, uint32_t cookie, const uint8_t *responder)
{
	static const uint8_t octets[256] = {1};
	struct isakmp_writer out;

	begin(m, &out, cookie, responder);
	isakmp_add(&out, ISAKMP_KE, octets, sizeof octets);
	isakmp_add(&out, ISAKMP_NONCE, octets, 32);
	m->len = isakmp_end(&out, 1);
}

static void from_address(uint8_t from[static 16], uint32_t host)
{
	memset(from, 0, 16);
	from[10] = from[11] = 0xff;
	for (unsigned i = 0; i < 4; i++)
		from[12 + i] = (uint8_t)(host >> (24 - 8 * i));
}

/* M comes from HOST and PORT, to port 500. */
static void say(const struct message *m, uint32_t host, uint16_t port)
{
	uint8_t from[16], *copy = malloc(m->len);

	assert_non_null(copy);
	memcpy(copy, m->octets, m->len);
	from_address(from, host);
	ike_half_open_input(door, from, port, false, copy, m->len, now, &result);
	free(copy);
	assert_true(result.answer_len <= IKE_HALF_OPEN_FACTOR * m->len);
}

/* The cookie of the answer, or NULL for none. */
static const uint8_t *cookie_of_answer(void)
{
	return result.answer_len ? result.answer + ISAKMP_COOKIE : NULL;
}

static void asks(uint32_t cookie, uint32_t host, uint8_t responder[static ISAKMP_COOKIE])
{
	struct message m;

	first(&m, cookie);
	say(&m, host, 500);
	assert_non_null(cookie_of_answer());
	memcpy(responder, cookie_of_answer(), ISAKMP_COOKIE);
}

static enum ike_verdict proves(uint32_t cookie, uint32_t host, uint16_t port,
			       const uint8_t *responder)
{
	struct message m;

	third(&m, cookie, responder);
	say(&m, host, port);
	assert_int_equal(result.answer_len, 0);
	return result.verdict;
}

/* --- the tests --- */

static void engine_goes_on_with_the_phase(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed < 20; seed++) {
		world_set(&w, seed);
		w.in_server = true;
		w.end[1].config.spi_half = 0x0123;
		world_start(&w);
		world_run(&w, w.now + 1000);
		assert_true(w.adopted);
		assert_true(world_is_up(&w));
		assert_int_equal(w.end[0].out.spi >> 16, 0x0123);
		world_free(&w);
	}
}

static void message_three_proves_and_may_come_again(void **state)
{
	uint8_t responder[ISAKMP_COOKIE];
	(void)state;
	asks(1, 0x0a000001, responder);
	assert_int_equal(proves(1, 0x0a000001, 500, responder), IKE_PROVED);
	assert_int_equal(result.phase.seconds, 28800);
	assert_memory_equal(result.phase.cookie[RESPONDER], responder, ISAKMP_COOKIE);
	assert_int_equal(proves(1, 0x0a000001, 500, responder), IKE_PROVED);
}

static void message_one_again_has_the_same_answer(void **state)
{
	uint8_t a[ISAKMP_COOKIE], b[ISAKMP_COOKIE];
	(void)state;
	asks(1, 0x0a000001, a);
	asks(1, 0x0a000001, b);
	assert_memory_equal(a, b, ISAKMP_COOKIE);
	asks(1, 0x0a000002, b);
	assert_memory_not_equal(a, b, ISAKMP_COOKIE);
}

static void wrong_cookie_address_or_port_proves_nothing(void **state)
{
	uint8_t responder[ISAKMP_COOKIE];
	(void)state;
	asks(1, 0x0a000001, responder);
	for (unsigned i = 0; i < 64; i++) {
		responder[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(proves(1, 0x0a000001, 500, responder), IKE_NOTHING);
		responder[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(proves(2, 0x0a000001, 500, responder), IKE_NOTHING);
	assert_int_equal(proves(1, 0x0a000002, 500, responder), IKE_NOTHING);
	assert_int_equal(proves(1, 0x0a000001, 501, responder), IKE_NOTHING);
	assert_int_equal(proves(1, 0x0a000001, 500, responder), IKE_PROVED);
}

static void entry_lives_thirty_seconds(void **state)
{
	uint8_t responder[ISAKMP_COOKIE];
	(void)state;
	asks(1, 0x0a000001, responder);
	now += IKE_HALF_OPEN_MS;
	assert_int_equal(proves(1, 0x0a000001, 500, responder), IKE_NOTHING);
}

static void source_has_its_own_oldest_give_way(void **state)
{
	uint8_t mine[2][ISAKMP_COOKIE], others[ISAKMP_COOKIE], last[ISAKMP_COOKIE];
	(void)state;
	asks(1, 0x0a000002, others);
	asks(1, 0x0a000001, mine[0]);
	asks(2, 0x0a000001, mine[1]);
	for (unsigned i = 3; i <= IKE_HALF_OPEN_SOURCE_MAX + 1; i++, now++)
		asks(i, 0x0a000001, last);
	assert_int_equal(proves(1, 0x0a000001, 500, mine[0]), IKE_NOTHING);
	assert_int_equal(proves(2, 0x0a000001, 500, mine[1]), IKE_PROVED);
	assert_int_equal(proves(1, 0x0a000002, 500, others), IKE_PROVED);
}

/* As many forged first messages as come while an honest client needs two seconds for its answer. */
static void honest_client_gets_in_during_a_flood(void **state)
{
	uint8_t honest[ISAKMP_COOKIE], forged[ISAKMP_COOKIE];
	(void)state;
	asks(1, 0x0a000001, honest);
	for (unsigned i = 0; i < 2000; i++)
		asks(i, 0xc0000000 + i, forged);
	assert_int_equal(proves(1, 0x0a000001, 500, honest), IKE_PROVED);
	/* Once proved no flood takes it away: message 5 comes from another port. */
	for (unsigned i = 0; i < 3 * IKE_HALF_OPEN_MAX; i++)
		asks(i, 0xc1000000 + i, forged);
	assert_int_equal(proves(1, 0x0a000001, 500, honest), IKE_PROVED);
}

static void oldest_gives_way_when_the_table_is_full(void **state)
{
	uint8_t oldest[ISAKMP_COOKIE], second[ISAKMP_COOKIE], forged[ISAKMP_COOKIE];
	(void)state;
	asks(1, 0x0a000001, oldest);
	asks(1, 0x0a000002, second);
	for (unsigned i = 0; i < IKE_HALF_OPEN_MAX - 1; i++)
		asks(i, 0xc0000000 + i, forged);
	assert_int_equal(proves(1, 0x0a000001, 500, oldest), IKE_NOTHING);
	assert_int_equal(proves(1, 0x0a000002, 500, second), IKE_PROVED);
}

static void later_messages_are_named_by_their_cookies(void **state)
{
	uint8_t responder[ISAKMP_COOKIE], from[16];
	struct message m;
	struct isakmp_writer out;
	uint8_t octets[4 + 512] = {0};
	(void)state;
	asks(1, 0x0a000001, responder);
	begin(&m, &out, 1, responder);
	isakmp_add(&out, ISAKMP_ID, "12345678", 8);
	m.len = isakmp_end(&out, 16);
	m.octets[19] |= ISAKMP_ENCRYPTED;
	memcpy(octets + 4, m.octets, m.len);
	from_address(from, 0x0a000001);
	ike_half_open_input(door, from, 61000, true, octets, 4 + m.len, now, &result);
	assert_int_equal(result.verdict, IKE_NOTHING); /* nothing is proved yet */
	assert_int_equal(proves(1, 0x0a000001, 500, responder), IKE_PROVED);
	ike_half_open_input(door, from, 61000, true, octets, 4 + m.len, now, &result);
	assert_int_equal(result.verdict, IKE_LATER);
	assert_memory_equal(result.phase.cookie[RESPONDER], responder, ISAKMP_COOKIE);
	octets[4 + ISAKMP_COOKIE + 5] ^= 1;
	ike_half_open_input(door, from, 61000, true, octets, 4 + m.len, now, &result);
	assert_int_equal(result.verdict, IKE_NOTHING);
}

static void esp_names_its_call(void **state)
{
	uint8_t esp[40] = {0x01, 0x23, 9, 9}, from[16];
	(void)state;
	from_address(from, 1);
	ike_half_open_input(door, from, 1, true, esp, sizeof esp, now, &result);
	assert_int_equal(result.verdict, IKE_ESP);
	assert_int_equal(result.call, 0x0123);
	for (size_t len = 0; len <= 8; len++) {
		ike_half_open_input(door, from, 1, true, esp, len, now, &result);
		assert_int_equal(result.verdict, IKE_NOTHING);
	}
	esp[0] = esp[1] = 0;
	ike_half_open_input(door, from, 1, true, esp, sizeof esp, now, &result);
	assert_int_equal(result.verdict, IKE_NOTHING);
}

static void shut_door_is_silent(void **state)
{
	uint8_t responder[ISAKMP_COOKIE];
	struct message m;
	(void)state;
	asks(1, 0x0a000001, responder);
	ike_half_open_shut(door, true);
	first(&m, 2);
	say(&m, 0x0a000001, 500);
	assert_int_equal(result.answer_len, 0);
	assert_int_equal(proves(1, 0x0a000001, 500, responder), IKE_NOTHING);
	ike_half_open_shut(door, false);
	assert_int_equal(proves(1, 0x0a000001, 500, responder), IKE_PROVED);
}

static void proposal_that_is_too_long_is_refused(void **state)
{
	static uint8_t sa[ADOPTED_SA + 64];
	size_t len = offer(sa, sizeof sa, "default");
	struct message m;
	(void)state;
	first_of(&m, 1, sa, len);
	say(&m, 0x0a000001, 500);
	assert_null(result.why);
	first_of(&m, 2, sa,
		 sizeof sa); /* what follows the proposal makes it malformed or too long */
	say(&m, 0x0a000001, 500);
	assert_true(result.verdict == IKE_NOTHING && !cookie_of_answer());
}

static void client_without_nat_traversal_is_refused(void **state)
{
	uint8_t sa[2048];
	struct isakmp_writer out;
	struct message m;
	size_t len = offer(sa, sizeof sa, "default");
	(void)state;
	begin(&m, &out, 1, NULL);
	isakmp_add(&out, ISAKMP_SA, sa, len);
	m.len = isakmp_end(&out, 1);
	say(&m, 0x0a000001, 500);
	assert_string_equal(result.why, "it does not know NAT traversal");
	assert_int_equal(result.answer[18], ISAKMP_INFORMATIONAL);
}

/* Each prefix, each changed octet, and chance: no answer is larger than it may be, nothing is read
 * beyond the end. */
static void changed_messages_do_no_harm(void **state)
{
	uint8_t responder[ISAKMP_COOKIE];
	struct message good, m;
	(void)state;
	asks(1, 0x0a000001, responder);
	for (unsigned kind = 0; kind < 2; kind++) {
		if (kind)
			third(&good, 1, responder);
		else
			first(&good, 9);
		for (size_t i = 0; i < good.len; i++) {
			m = good;
			m.len = i ? i : 1;
			say(&m, 0x0a000001, 500);
			m = good;
			m.octets[i] = (uint8_t)world_draw(&w, 256);
			say(&m, 0x0a000003, 500);
		}
	}
	for (unsigned i = 0; i < 20000; i++) {
		m.len = 1 + world_draw(&w, 200);
		world_random(&w.seed, m.octets, m.len);
		say(&m, 0x0a000004, 500);
		assert_int_equal(result.verdict, IKE_NOTHING);
	}
}

/* --- what Windows and Apple offer, octet by octet --- */

/* Windows 10, IKE of an L2TP connection: one proposal, five transforms; each has encryption, key
 * length, hash, group, authentication, and a life of 28800 s in four octets. */
static const uint8_t windows[] =
	{
		0,    0,  0, 1,	  0,	0,  0, 1, /* DOI, situation */
		0,    0,  0, 200, 1,	1,  0, 5, /* proposal 1, IKE, no SPI, 5 transforms */
		3,    0,  0, 40,  1,	1,  0, 0,  0x80, 1,  0, 7,  /* AES */
		0x80, 14, 1, 0,	  0x80, 2,  0, 2,  0x80, 4,  0, 20, /* 256, SHA, ecp384 */
		0x80, 3,  0, 1,	  0x80, 11, 0, 1,  0,	 12, 0, 4,  0,	  0,  0x70, 0x80,
		3,    0,  0, 40,  2,	1,  0, 0,  0x80, 1,  0, 7,  0x80, 14, 0,    128,
		0x80, 2,  0, 2,	  0x80, 4,  0, 19, /* 128, SHA, ecp256 */
		0x80, 3,  0, 1,	  0x80, 11, 0, 1,  0,	 12, 0, 4,  0,	  0,  0x70, 0x80,
		3,    0,  0, 40,  3,	1,  0, 0,  0x80, 1,  0, 7,  0x80, 14, 1,    0,
		0x80, 2,  0, 2,	  0x80, 4,  0, 14, /* 256, SHA, modp2048 */
		0x80, 3,  0, 1,	  0x80, 11, 0, 1,  0,	 12, 0, 4,  0,	  0,  0x70, 0x80,
		3,    0,  0, 36,  4,	1,  0, 0,  0x80, 1,  0, 5, /* 3DES */
		0x80, 2,  0, 2,	  0x80, 4,  0, 14,		   /* SHA, modp2048 */
		0x80, 3,  0, 1,	  0x80, 11, 0, 1,  0,	 12, 0, 4,  0,	  0,  0x70, 0x80,
		0,    0,  0, 36,  5,	1,  0, 0,  0x80, 1,  0, 5,  0x80, 2,  0,    2,
		0x80, 4,  0, 2, /* SHA, modp1024 */
		0x80, 3,  0, 1,	  0x80, 11, 0, 1,  0,	 12, 0, 4,  0,	  0,  0x70, 0x80,
};
/* "MS NT5 ISAKMPOAKLEY" and a number, RFC 3947, draft 02, FRAGMENTATION: as they follow it. */
static const uint8_t windows_vendors[][20] = {
	{0x01, 0x52, 0x8b, 0xbb, 0xc0, 0x06, 0x96, 0x12, 0x18, 0x49,
	 0x9a, 0xb9, 0xa1, 0xc5, 0xb2, 0xa5, 0x10, 0,	 0,    1},
	{0x1e, 0x2b, 0x51, 0x69, 0x05, 0x99, 0x1c, 0x7d, 0x7c, 0x96,
	 0xfc, 0xbf, 0xb5, 0x87, 0xe4, 0x61, 0,	   0,	 0,    9},
	{0x4a, 0x13, 0x1c, 0x81, 0x07, 0x03, 0x58, 0x45, 0x5c, 0x57, 0x28, 0xf2, 0x0e, 0x95, 0x45,
	 0x2f},
	{0x90, 0xcb, 0x80, 0x91, 0x3e, 0xbb, 0x69, 0x6e, 0x08, 0x63, 0x81, 0xb5, 0xec, 0x42, 0x7b,
	 0x1f},
	{0x40, 0x48, 0xb7, 0xd5, 0x6e, 0xbc, 0xe8, 0x85, 0x25, 0xe7, 0xde, 0x7f, 0x00, 0xd6, 0xc2,
	 0xd3},
};
/* macOS and iOS: life of 3600 s first, in two octets; the key's length last. */
static const uint8_t apple[] = {
	0,    0,  0, 1, 0,    0, 0,    1,  0,	 0, 0,	  148, 1,    1,	   0,	 4,  3, 0,
	0,    36, 1, 1, 0,    0, 0x80, 11, 0,	 1, 0x80, 12,  0x0e, 0x10, 0x80, 1,  0, 7,
	0x80, 14, 1, 0, 0x80, 3, 0,    1,  0x80, 2, 0,	  4,   0x80, 4,	   0,	 14, 3, 0,
	0,    36, 2, 1, 0,    0, 0x80, 11, 0,	 1, 0x80, 12,  0x0e, 0x10, 0x80, 1,  0, 7,
	0x80, 14, 1, 0, 0x80, 3, 0,    1,  0x80, 2, 0,	  2,   0x80, 4,	   0,	 14, 3, 0,
	0,    36, 3, 1, 0,    0, 0x80, 11, 0,	 1, 0x80, 12,  0x0e, 0x10, 0x80, 1,  0, 7,
	0x80, 14, 1, 0, 0x80, 3, 0,    1,  0x80, 2, 0,	  2,   0x80, 4,	   0,	 2,  0, 0,
	0,    32, 4, 1, 0,    0, 0x80, 11, 0,	 1, 0x80, 12,  0x0e, 0x10, 0x80, 1,  0, 5,
	0x80, 3,  0, 1, 0x80, 2, 0,    2,  0x80, 4, 0,	  2,
};

static void chosen_is(const char *text, uint32_t seconds)
{
	uint8_t responder[ISAKMP_COOKIE];
	char said[IPSEC_SUITE_TEXT];

	assert_null(result.why);
	assert_non_null(cookie_of_answer());
	memcpy(responder, cookie_of_answer(), sizeof responder);
	assert_int_equal(proves(1, 0x0a000001, 500, responder), IKE_PROVED);
	assert_string_equal(ipsec_suite_text(&result.phase.suite, said, sizeof said), text);
	assert_int_equal(result.phase.seconds, seconds);
}

static void windows_is_understood(void **state)
{
	struct isakmp_writer out;
	struct message m;
	(void)state;
	begin(&m, &out, 1, NULL);
	isakmp_add(&out, ISAKMP_SA, windows, sizeof windows);
	for (unsigned i = 0; i < 5; i++)
		isakmp_add(&out, ISAKMP_VENDOR, windows_vendors[i], i < 2 ? 20 : 16);
	m.len = isakmp_end(&out, 1);
	say(&m, 0x0a000001, 500);
	chosen_is("aes256-sha1-ecp384", 28800);
	assert_int_equal(result.phase.dialect, NATT_RFC);
	assert_int_equal(result.phase.dpd, 0);
}

static void apple_is_understood(void **state)
{
	struct message m;
	(void)state;
	first_of(&m, 1, apple, sizeof apple);
	say(&m, 0x0a000001, 500);
	chosen_is("aes256-sha256-modp2048", 3600);
}

int main(void)
{
#define AT_DOOR(test) cmocka_unit_test_setup_teardown(test, open_door, close_door)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engine_goes_on_with_the_phase),
		AT_DOOR(message_three_proves_and_may_come_again),
		AT_DOOR(message_one_again_has_the_same_answer),
		AT_DOOR(wrong_cookie_address_or_port_proves_nothing),
		AT_DOOR(entry_lives_thirty_seconds),
		AT_DOOR(source_has_its_own_oldest_give_way),
		AT_DOOR(honest_client_gets_in_during_a_flood),
		AT_DOOR(oldest_gives_way_when_the_table_is_full),
		AT_DOOR(later_messages_are_named_by_their_cookies),
		AT_DOOR(esp_names_its_call),
		AT_DOOR(shut_door_is_silent),
		AT_DOOR(proposal_that_is_too_long_is_refused),
		AT_DOOR(client_without_nat_traversal_is_refused),
		AT_DOOR(changed_messages_do_no_harm),
		AT_DOOR(windows_is_understood),
		AT_DOOR(apple_is_understood),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
