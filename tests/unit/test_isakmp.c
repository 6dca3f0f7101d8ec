/* SPDX-License-Identifier: MIT */
/* ISAKMP's codec: recorded messages of strongSwan and Linux, offers there and back, and what is too
 * long, too short, too many or unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vectors.h"
#include "wire/isakmp.h"
#include "wire/isakmp_sa.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Captures */

struct recorded {
	uint16_t from, to;
	size_t len;
	uint8_t octets[1500];
};

static uint32_t little32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* The IKE messages of a capture, their markers taken off; returns how many. */
static size_t read_capture(const char *name, struct recorded *out, size_t cap)
{
	char path[256];
	uint8_t head[24], record[16], frame[2048];
	size_t count = 0;

	snprintf(path, sizeof path, "%s/captures/%s", vector_dir(), name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fread(head, 1, sizeof head, f), sizeof head);
	while (fread(record, 1, sizeof record, f) == sizeof record) {
		size_t len = little32(record + 8);
		assert_true(len <= sizeof frame && fread(frame, 1, len, f) == len);
		struct cursor c = cursor_make(frame, len);
		cursor_skip(&c, 14 + 9);
		uint8_t protocol = cursor_u8(&c);
		cursor_skip(&c, 10);
		uint16_t from = cursor_u16(&c), to = cursor_u16(&c), all = cursor_u16(&c);
		cursor_skip(&c, 2);
		if (c.failed || protocol != 17 || (to != 500 && to != 4500) || all < 8)
			continue;
		if (to == 4500 && cursor_u32(&c) != 0)
			continue; /* ESP */
		struct recorded *r = &out[count++];
		assert_true(count <= cap && cursor_left(&c) <= sizeof r->octets);
		r->from = from;
		r->to = to;
		r->len = cursor_left(&c);
		cursor_copy(&c, r->octets, r->len);
	}
	fclose(f);
	return count;
}

/* Main Mode's four clear messages: SA of two, KE NONCE of two; the choice is one of the offer. */
static void check_main_mode(const struct recorded *r)
{
	struct isakmp_header h;
	struct isakmp_chain chain;
	struct isakmp_sa offer = {0}, choice = {0};
	bool found = false;

	for (unsigned i = 0; i < 4; i++) {
		assert_true(isakmp_header_decode(r[i].octets, r[i].len, &h));
		assert_int_equal(h.exchange, ISAKMP_MAIN);
		assert_int_equal(h.length, r[i].len);
		assert_true(isakmp_chain_decode(h.first, r[i].octets + ISAKMP_HEADER,
						r[i].len - ISAKMP_HEADER, &chain));
		assert_int_equal(chain.len, r[i].len - ISAKMP_HEADER);
		assert_int_equal(isakmp_count(&chain, i < 2 ? ISAKMP_SA : ISAKMP_KE), 1);
		assert_int_equal(isakmp_count(&chain, i < 2 ? ISAKMP_NONCE : ISAKMP_NAT_D),
				 i < 2 ? 0 : 2);
		const struct isakmp_payload *sa = isakmp_find(&chain, ISAKMP_SA, 0);
		if (sa)
			assert_true(isakmp_sa_decode(sa->body, sa->len, i ? &choice : &offer));
	}
	assert_int_equal(choice.count, 1);
	assert_true(choice.at[0].usable && choice.at[0].method == ISAKMP_SHARED_KEY);
	for (unsigned i = 0; i < offer.count; i++)
		found |= offer.at[i].usable &&
			 ipsec_suite_equal(&offer.at[i].suite, &choice.at[0].suite);
	assert_true(found);
}

static void recorded_main_mode_is_decoded(void **state)
{
	static struct recorded r[32];
	static const char *const names[] = {"l2tp-ipsec-ikev1.pcap", "l2tp-ipsec-ikev1-nat.pcap"};
	struct isakmp_header h;

	(void)state;
	for (unsigned n = 0; n < COUNT(names); n++) {
		size_t count = read_capture(names[n], r, COUNT(r));
		assert_true(count >= 9);
		check_main_mode(r);
		for (unsigned i = 4; i < count; i++) {
			assert_true(isakmp_header_decode(r[i].octets, r[i].len, &h));
			assert_true(h.flags & ISAKMP_ENCRYPTED);
		}
	}
}

static void recorded_ikev2_is_another_version(void **state)
{
	static struct recorded r[32];
	struct isakmp_header h;
	size_t count = read_capture("l2tp-ipsec-ikev2.pcap", r, COUNT(r));

	(void)state;
	assert_true(count >= 4);
	for (unsigned i = 0; i < count; i++)
		assert_false(isakmp_header_decode(r[i].octets, r[i].len, &h));
}

/* Offers */

static size_t offer(uint8_t *out, size_t cap, bool esp, const struct ipsec_suites *list)
{
	struct isakmp_transform like = {.protocol = esp ? ISAKMP_PROTOCOL_ESP : ISAKMP_PROTOCOL_IKE,
					.spi = esp ? 0xc0ffee01 : 0,
					.method = ISAKMP_SHARED_KEY,
					.encapsulation = ISAKMP_UDP_TRANSPORT,
					.seconds = 3600};
	struct writer w = writer_make(out, cap);

	isakmp_sa_offer(&w, &like, list);
	return w.failed ? 0 : writer_len(&w);
}

static void check_offer(const char *name, bool esp)
{
	struct ipsec_suites list;
	struct isakmp_sa sa;
	uint8_t body[2048], again[2048];

	if (name)
		assert_true(ipsec_suites_named(name, esp, &list));
	else
		ipsec_suites_old(&list);
	size_t len = offer(body, sizeof body, esp, &list);
	assert_true(len > 0 && isakmp_sa_decode(body, len, &sa));
	assert_int_equal(sa.proposals, 1);
	assert_int_equal(sa.count, list.count);
	for (unsigned i = 0; i < sa.count; i++) {
		const struct isakmp_transform *t = &sa.at[i];
		assert_true(t->usable && ipsec_suite_equal(&t->suite, &list.at[i]));
		assert_int_equal(t->seconds, 3600);
		assert_int_equal(t->number, i + 1);
		if (esp)
			assert_true(t->spi == 0xc0ffee01 &&
				    t->encapsulation == ISAKMP_UDP_TRANSPORT);
		struct writer w = writer_make(again, sizeof again);
		struct isakmp_sa one;
		isakmp_sa_choose(&w, t, 0x11223344);
		assert_true(isakmp_sa_decode(again, writer_len(&w), &one));
		assert_int_equal(one.count, 1);
		assert_true(ipsec_suite_equal(&one.at[0].suite, &t->suite));
		assert_int_equal(one.at[0].spi, esp ? 0x11223344 : 0);
	}
}

static void every_named_list_is_read_back(void **state)
{
	static const char *const names[] = {"modern", "default", "old"};
	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++) {
		check_offer(names[i], false);
		check_offer(names[i], true);
	}
	check_offer(NULL, false);
}

static void no_cut_offer_is_read(void **state)
{
	struct ipsec_suites list;
	struct isakmp_sa sa;
	uint8_t body[2048];

	(void)state;
	ipsec_suites_named("default", true, &list);
	size_t len = offer(body, sizeof body, true, &list);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut ? cut : 1);
		assert_non_null(copy);
		memcpy(copy, body, cut);
		assert_false(isakmp_sa_decode(copy, cut, &sa));
		free(copy);
	}
	assert_false(isakmp_sa_decode(body, len + 1, &sa)); /* an octet behind it */
}

/* One IKE transform with these attributes. */
static bool decode_attributes(const char *hex, struct isakmp_sa *sa)
{
	static uint8_t body[256];
	uint8_t attributes[128];
	size_t len = vector_decode(hex, attributes, sizeof attributes);
	struct isakmp_transform t = {.protocol = ISAKMP_PROTOCOL_IKE,
				     .proposal = 1,
				     .number = 1,
				     .id = 1,
				     .attributes = attributes,
				     .attributes_len = len};
	struct writer w = writer_make(body, sizeof body);

	isakmp_sa_choose(&w, &t, 0);
	return isakmp_sa_decode(body, writer_len(&w), sa);
}

static void attributes_count_as_a_set_of_values(void **state)
{
	static const struct {
		const char *what, *hex;
		bool good, usable;
	} cases[] = {
		{"as we write it", "80010007800e0100800200048004001380030001", true, true},
		{"other order", "800300018004001380020004800e010080010007", true, true},
		{"numbers in four octets",
		 "000100040000000780020004000400040000001380030001800e0100", true, true},
		{"number in eight octets",
		 "000100080000000000000007800e0100800200048004001380030001", true, true},
		{"number in nine octets",
		 "00010009000000000000000007800e0100800200048004001380030001", true, false},
		{"number without octets", "00010000800e0100800200048004001380030001", true, false},
		{"beyond its end", "80010007800200048004001380030001000bffff", false, false},
		{"half an attribute", "80010007800200048004001380030001800e", false, false},
		{"unknown attribute", "80010007800e010080020004800400138003000180630001", true,
		 false},
		{"unknown cipher", "80010063800e0100800200048004001380030001", true, false},
		{"no cipher", "800e0100800200048004001380030001", true, false},
		{"no hash", "80010007800e01008004001380030001", true, false},
		{"no group", "80010007800e01008002000480030001", true, false},
		{"key of 0 bits", "80010007800e0000800200048004001380030001", true, false},
		{"key of 100 bits", "80010007800e0064800200048004001380030001", true, false},
		{"key of 512 bits", "80010007800e0200800200048004001380030001", true, false},
		{"cipher twice", "8001000780010007800e0100800200048004001380030001", true, false},
		{"3DES with 128 bits", "80010005800e0080800200048004001380030001", true, false},
	};
	struct isakmp_sa sa;

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		bool good = decode_attributes(cases[i].hex, &sa);
		if (good != cases[i].good || (good && sa.at[0].usable != cases[i].usable))
			fail_msg("%s: read %d, usable %d", cases[i].what, good,
				 good && sa.at[0].usable);
	}
}

static void life_in_kilobytes_is_no_time(void **state)
{
	struct isakmp_sa sa;

	(void)state;
	assert_true(decode_attributes("80010007800e0100800200048004001380030001"
				      "800b0002800c1000800b0001000c000400007080",
				      &sa));
	assert_true(sa.at[0].usable);
	assert_int_equal(sa.at[0].seconds, 28800);
}

/* Chains */

static void chain_of_as_many_as_allowed_is_read_and_of_one_more_is_not(void **state)
{
	static const struct isakmp_header h = {.initiator = {1}, .exchange = ISAKMP_MAIN};
	struct isakmp_writer m;
	struct isakmp_chain chain;
	struct isakmp_header got;
	uint8_t buf[512];

	(void)state;
	for (unsigned n = ISAKMP_PAYLOADS; n <= ISAKMP_PAYLOADS + 1; n++) {
		isakmp_begin(&m, buf, sizeof buf, &h);
		for (unsigned i = 0; i < n; i++)
			isakmp_add(&m, ISAKMP_VENDOR, "x", 1);
		size_t len = isakmp_end(&m, 1);
		assert_true(isakmp_header_decode(buf, len, &got));
		assert_int_equal(isakmp_chain_decode(got.first, buf + ISAKMP_HEADER,
						     len - ISAKMP_HEADER, &chain),
				 n <= ISAKMP_PAYLOADS);
	}
}

static void padding_is_not_of_the_chain(void **state)
{
	static const struct isakmp_header h = {.initiator = {1}};
	struct isakmp_writer m;
	struct isakmp_chain chain;
	uint8_t buf[128];

	(void)state;
	isakmp_begin(&m, buf, sizeof buf, &h);
	isakmp_add(&m, ISAKMP_NONCE, "12345", 5);
	size_t len = isakmp_end(&m, 16);
	assert_int_equal(len, ISAKMP_HEADER + 16);
	assert_true(isakmp_chain_decode(buf[16], buf + ISAKMP_HEADER, 16, &chain));
	assert_int_equal(chain.len, 9);
}

static void bad_headers_and_payloads_are_refused(void **state)
{
	static const struct isakmp_header h = {.initiator = {1}};
	struct isakmp_writer m;
	struct isakmp_header got;
	struct isakmp_chain chain;
	uint8_t buf[128], *p = buf + ISAKMP_HEADER;

	(void)state;
	isakmp_begin(&m, buf, sizeof buf, &h);
	isakmp_add(&m, ISAKMP_NONCE, "12345", 5);
	size_t len = isakmp_end(&m, 1);
	assert_true(isakmp_header_decode(buf, len, &got));
	assert_false(isakmp_header_decode(buf, len - 1, &got)); /* told longer than it is */
	assert_false(isakmp_header_decode(buf, ISAKMP_HEADER - 1, &got));
	buf[27] = ISAKMP_HEADER - 1;
	assert_false(isakmp_header_decode(buf, len, &got));
	buf[27] = (uint8_t)len;
	buf[17] = 0x20;
	assert_false(isakmp_header_decode(buf, len, &got));
	buf[17] = 0x11; /* a minor version */
	assert_true(isakmp_header_decode(buf, len, &got));
	buf[0] = 0;
	assert_false(isakmp_header_decode(buf, len, &got));
	for (unsigned bad = 0; bad < 4; bad++) {
		p[3] = (uint8_t)bad;
		assert_false(isakmp_chain_decode(ISAKMP_NONCE, p, 9, &chain));
	}
	p[3] = 10;
	assert_false(isakmp_chain_decode(ISAKMP_NONCE, p, 9, &chain));
	p[3] = 9;
	p[0] = ISAKMP_ID; /* one more, which is not there */
	assert_false(isakmp_chain_decode(ISAKMP_NONCE, p, 9, &chain));
}

static void cut_notify_and_delete_are_refused(void **state)
{
	uint8_t notify[] = {0, 0, 0, 1, 1, 2, 0, 14, 9, 9, 7};
	uint8_t delete[] = {0, 0, 0, 1, 3, 4, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8};
	struct isakmp_payload p = {ISAKMP_NOTIFY, notify, sizeof notify};
	struct isakmp_notification n;
	struct isakmp_deletion d;

	(void)state;
	assert_true(isakmp_notify_decode(&p, &n));
	assert_int_equal(n.type, ISAKMP_NO_PROPOSAL);
	assert_int_equal(n.spi_len, 2);
	assert_int_equal(n.data_len, 1);
	for (p.len = 0; p.len < 10; p.len++)
		assert_false(isakmp_notify_decode(&p, &n));
	p = (struct isakmp_payload){ISAKMP_DELETE, delete, sizeof delete};
	assert_true(isakmp_delete_decode(&p, &d));
	assert_int_equal(d.count, 2);
	for (p.len = 0; p.len < sizeof delete; p.len++)
		assert_false(isakmp_delete_decode(&p, &d));
	p.len = sizeof delete;
	delete[5] = 0; /* SPIs without octets: no number of them has an end */
	assert_false(isakmp_delete_decode(&p, &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_main_mode_is_decoded),
		cmocka_unit_test(recorded_ikev2_is_another_version),
		cmocka_unit_test(every_named_list_is_read_back),
		cmocka_unit_test(no_cut_offer_is_read),
		cmocka_unit_test(attributes_count_as_a_set_of_values),
		cmocka_unit_test(life_in_kilobytes_is_no_time),
		cmocka_unit_test(chain_of_as_many_as_allowed_is_read_and_of_one_more_is_not),
		cmocka_unit_test(padding_is_not_of_the_chain),
		cmocka_unit_test(bad_headers_and_payloads_are_refused),
		cmocka_unit_test(cut_notify_and_delete_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
