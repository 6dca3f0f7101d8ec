/* SPDX-License-Identifier: MIT */
/* LCP about Multilink on one link: what is asked for, granted, refused, and what the data path is
 * told of it. */
#include "ppp_harness.h"

#include "wire/options.h"

#define MRRU_1600 "11040640"
#define MRRU_1614 "1104064e"
#define SHORT	  "1202"
#define ENDPOINT  "130903020000000001"

static struct ppp_config config(uint32_t mrru)
{
	struct ppp_config c = caller_config();

	c.settings.mrru = mrru;
	return c;
}

/* The data of option TYPE in a request that we sent, or NULL. */
static const uint8_t *asked(const struct frame *f, uint8_t type, size_t *len)
{
	struct cursor c = cursor_make(f->info + 4, f->len - 4);
	struct option o;

	while (option_next(&c, &o))
		if (o.type == type) {
			*len = o.len;
			return o.data;
		}
	return NULL;
}

static bool asks(const struct frame *f, uint8_t type)
{
	size_t len;

	return asked(f, type, &len) != NULL;
}

/* A Nak (3) or Reject (4) of F with these options. */
static void refuse(struct end *e, const struct frame *f, uint8_t code, const char *options)
{
	char hex[256];

	snprintf(hex, sizeof(hex), "%02x%02x%04zx%s", code, f->info[1], 4 + strlen(options) / 2,
		 options);
	inject(e, FRAME_LCP, hex);
}

static void expect_multilink(const struct end *e, unsigned own, unsigned peers)
{
	assert_int_equal(e->data.own_mrru, own);
	assert_int_equal(e->data.peer_mrru, peers);
}

static void a_request_names_mrru_and_an_endpoint_of_the_call(void **state)
{
	struct ppp_config c = config(1600);
	struct end *e = end_new(&c, 1), *other = end_new(&c, 2);
	size_t len;
	const uint8_t *first, *second;
	struct frame *f;

	(void)state;
	ppp_up(e->link, 1);
	ppp_up(other->link, 1);
	f = take(e, FRAME_LCP, 1);
	assert_memory_equal(asked(f, LCP_OPTION_MRRU, &len), "\x06\x40", 2);
	assert_false(asks(f, LCP_OPTION_SHORT_SEQUENCE));
	first = asked(f, LCP_OPTION_ENDPOINT, &len);
	assert_true(first && len > 4 && len <= 21);
	assert_int_equal(first[0], ENDPOINT_LOCAL);
	second = asked(take(other, FRAME_LCP, 1), LCP_OPTION_ENDPOINT, &len);
	assert_memory_not_equal(first, second, len);
	end_free(e);
	end_free(other);
}

static void without_mrru_nothing_is_asked_and_all_is_rejected_at_once(void **state)
{
	struct ppp_config c = config(0);
	struct end *e;
	struct frame *f;

	(void)state;
	c.settings.ask_short_sequence = true;
	e = dial_new(&c);
	f = take(e, FRAME_LCP, 1);
	for (uint8_t type = LCP_OPTION_MRRU; type <= LCP_OPTION_ENDPOINT; type++)
		assert_false(asks(f, type));
	peer_request(e, FRAME_LCP, 1, "0d0306" MRRU_1600 SHORT ENDPOINT);
	expect_frame(take(e, FRAME_LCP, 4), "040100160d0306" MRRU_1600 SHORT ENDPOINT);
	peer_request(e, FRAME_LCP, 2, "050655667788");
	send_back(e, f, 2);
	expect_multilink(e, 0, 0);
	end_free(e);
}

static void both_directions_are_told_once_lcp_is_open(void **state)
{
	struct ppp_config c = config(1614);
	struct end *e = dial_new(&c);
	struct frame *f = take(e, FRAME_LCP, 1);

	(void)state;
	peer_request(e, FRAME_LCP, 1, MRRU_1600 SHORT ENDPOINT AUTH_MS2 "050655667788");
	take(e, FRAME_LCP, 2);
	expect_multilink(e, 0, 0);
	send_back(e, f, 2);
	expect_multilink(e, 1614, 1600);
	assert_true(e->data.tx_short_sequence);
	assert_false(e->data.rx_short_sequence);
	assert_int_equal(e->data.mp_generation, 1);
	/* The peer begins again: until both agree there is none, then the numbers may be new. */
	peer_request(e, FRAME_LCP, 2, MRRU_1600 AUTH_MS2 "050655667789");
	expect_multilink(e, 0, 0);
	send_back(e, take(e, FRAME_LCP, 1), 2);
	expect_multilink(e, 1614, 1600);
	assert_false(e->data.tx_short_sequence);
	assert_int_equal(e->data.mp_generation, 2);
	end_free(e);
}

static void a_peer_that_rejects_gets_an_ordinary_call(void **state)
{
	struct ppp_config c = config(1600);
	struct end *e;
	struct frame *f;

	(void)state;
	c.settings.ask_short_sequence = true;
	e = dial_new(&c);
	f = take(e, FRAME_LCP, 1);
	assert_true(asks(f, LCP_OPTION_SHORT_SEQUENCE));
	refuse(e, f, 4, MRRU_1600);
	f = take(e, FRAME_LCP, 1);
	for (uint8_t type = LCP_OPTION_MRRU; type <= LCP_OPTION_ENDPOINT; type++)
		assert_false(asks(f, type));
	send_back(e, f, 2);
	peer_request(e, FRAME_LCP, 1, AUTH_MS2 "050655667788");
	assert_int_equal(e->phase, PPP_PHASE_AUTHENTICATE);
	expect_multilink(e, 0, 0);
	assert_false(e->data.rx_short_sequence);
	end_free(e);
}

static void one_direction_alone_is_agreed(void **state)
{
	struct ppp_config c = config(1600);
	struct end *e = dial_new(&c);

	(void)state;
	refuse(e, take(e, FRAME_LCP, 1), 4, MRRU_1600);
	peer_request(e, FRAME_LCP, 1, MRRU_1614 "050655667788");
	send_back(e, take(e, FRAME_LCP, 1), 2);
	expect_multilink(e, 0, 1614);
	end_free(e);
	e = dial_new(&c);
	open_lcp(e, AUTH_MS2);
	expect_multilink(e, 1600, 0);
	end_free(e);
}

static void an_endpoint_that_is_refused_is_dropped_alone(void **state)
{
	struct ppp_config c = config(1600);

	(void)state;
	for (uint8_t code = 3; code <= 4; code++) {
		struct end *e = dial_new(&c);
		struct frame *f = take(e, FRAME_LCP, 1);
		size_t len = 0;
		const uint8_t *data = asked(f, LCP_OPTION_ENDPOINT, &len);
		char option[64] = ENDPOINT;

		if (code == 4)
			for (size_t i = 0; i < len + 2; i++)
				snprintf(option + 2 * i, 3, "%02x", data[(int)i - 2]);
		refuse(e, f, code, option);
		f = take(e, FRAME_LCP, 1);
		assert_true(asks(f, LCP_OPTION_MRRU));
		assert_false(asks(f, LCP_OPTION_ENDPOINT));
		end_free(e);
	}
}

static void a_nak_is_followed_within_what_is_configured(void **state)
{
	static const struct {
		uint32_t configured;
		const char *nak;
		unsigned next; /* 0 = not asked any more */
	} rows[] = {
		{1600, "110405dc", 1500}, {1600, "1104064e", 0}, {1600, "11040010", 0},
		{1000, "110405dc", 1500}, {1000, "110405dd", 0}, {1600, "1202", 1600},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ppp_config c = config(rows[i].configured);
		struct end *e = dial_new(&c);
		struct frame *f;
		size_t len;
		const uint8_t *data;

		refuse(e, take(e, FRAME_LCP, 1), 3, rows[i].nak);
		f = take(e, FRAME_LCP, 1);
		data = asked(f, LCP_OPTION_MRRU, &len);
		assert_int_equal(data ? data[0] << 8 | data[1] : 0, rows[i].next);
		end_free(e);
	}
}

static void an_mrru_that_holds_nothing_is_naked(void **state)
{
	struct ppp_config c = config(1600);
	struct end *e = dial_new(&c);

	(void)state;
	peer_request(e, FRAME_LCP, 1, "1104007f");
	expect_frame(take(e, FRAME_LCP, 3), "03010008110405dc");
	peer_request(e, FRAME_LCP, 2, "1103051302");
	take(e, FRAME_LCP, 4); /* of wrong length */
	peer_request(e, FRAME_LCP, 3, "131801010101010101010101010101010101010101010101");
	take(e, FRAME_LCP, 4); /* longer than any class has */
	end_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_names_mrru_and_an_endpoint_of_the_call),
		cmocka_unit_test(without_mrru_nothing_is_asked_and_all_is_rejected_at_once),
		cmocka_unit_test(both_directions_are_told_once_lcp_is_open),
		cmocka_unit_test(a_peer_that_rejects_gets_an_ordinary_call),
		cmocka_unit_test(one_direction_alone_is_agreed),
		cmocka_unit_test(an_endpoint_that_is_refused_is_dropped_alone),
		cmocka_unit_test(a_nak_is_followed_within_what_is_configured),
		cmocka_unit_test(an_mrru_that_holds_nothing_is_naked),
	};

	return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
