/* SPDX-License-Identifier: MIT */
/* DHCPINFORM: the question, and every way in which an answer can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/dhcp.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define XID	   0x12345678u
#define IP	   20
#define UDP	   28 /* end of the UDP header */
#define SNAME	   (UDP + 44)
#define FILE_FIELD (UDP + 108)
#define OPTIONS	   (UDP + 240)
#define PACKET_MAX 4096

static struct dhcp_inform inform(void)
{
	return (struct dhcp_inform){.client.s_addr = inet_addr("10.7.0.2"), .xid = XID};
}

static uint16_t sum(uint32_t s, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)s;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Lengths and checksums of the LEN octets at P. */
static void seal(uint8_t *p, size_t len)
{
	uint16_t s;

	put16(p + 2, (unsigned)len);
	put16(p + 10, 0);
	put16(p + 10, (uint16_t)~sum(0, p, IP));
	put16(p + IP + 4, (unsigned)len - IP);
	put16(p + IP + 6, 0);
	s = (uint16_t)~sum(sum(17 + (uint32_t)len - IP, p + 12, 8), p + IP, len - IP);
	put16(p + IP + 6, s ? s : 0xffff);
}

/* A DHCPACK with these octets behind message type 5; returns its length. */
static size_t ack(uint8_t *p, const void *options, size_t options_len)
{
	static const uint8_t head[] = {0x45, 0, 0, 0, 0,  1, 0, 0, 64, 17, 0, 0,
				       10,   7, 0, 1, 10, 7, 0, 2, 0,  67, 0, 68};
	static const uint8_t magic[] = {0x63, 0x82, 0x53, 0x63, 53, 1, 5};
	size_t len = OPTIONS + 3 + options_len;

	memset(p, 0, OPTIONS);
	memcpy(p, head, sizeof head);
	p[UDP] = 2;
	p[UDP + 1] = 8;
	p[UDP + 2] = 6;
	memcpy(p + UDP + 4, (const uint8_t[]){0x12, 0x34, 0x56, 0x78}, 4);
	memcpy(p + UDP + 28, (const uint8_t[]){0, 0x53, 0x45}, 3);
	memcpy(p + OPTIONS - 4, magic, sizeof magic);
	memcpy(p + OPTIONS + 3, options, options_len);
	seal(p, len);
	return len;
}

/* Decodes from an allocation of exactly LEN octets, so that one read too many is seen. */
static bool decode(const uint8_t *p, size_t len, struct dhcp_answer *a)
{
	struct dhcp_inform i = inform();
	uint8_t *exact = malloc(len ? len : 1);
	bool good;

	assert_non_null(exact);
	if (len)
		memcpy(exact, p, len);
	good = dhcp_answer_decode(exact, len, &i, a);
	free(exact);
	return good;
}

#define DECODE(a, ...) \
	decode_options((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), a)
static bool decode_options(const uint8_t *options, size_t len, struct dhcp_answer *a)
{
	uint8_t p[PACKET_MAX];

	return decode(p, ack(p, options, len), a);
}

static void expect_route(const struct route *r, const char *dst, unsigned prefix_len,
			 const char *router)
{
	assert_int_equal(r->dst4.s_addr, inet_addr(dst));
	assert_int_equal(r->prefix_len, prefix_len);
	assert_int_equal(r->gateway4.s_addr, inet_addr(router));
	assert_int_equal(r->has_gateway, r->gateway4.s_addr != 0);
}

static void the_question_is_what_a_windows_client_asks(void **state)
{
	static const uint8_t options[] = {0x63, 0x82, 0x53, 0x63, 53,  1,   8,	 61,  7,
					  8,	0,    0x53, 0x45, 0,   0,   0,	 60,  8,
					  'M',	'S',  'F',  'T',  ' ', '5', '.', '0', 55,
					  7,	121,  249,  6,	  15,  1,   3,	 44,  255};
	struct dhcp_inform i = inform();
	uint8_t p[DHCP_INFORM_LEN], too_small[DHCP_INFORM_LEN];

	(void)state;
	i.secs = 6;
	assert_int_equal(dhcp_inform_write(&i, p, sizeof p), DHCP_INFORM_LEN);
	assert_int_equal(sum(0, p, IP), 0xffff);
	assert_int_equal(
		sum(sum(17 + DHCP_INFORM_LEN - IP, p + 12, 8), p + IP, DHCP_INFORM_LEN - IP),
		0xffff);
	assert_memory_equal(p + 12, &i.client, 4);
	assert_memory_equal(p + 16, "\xff\xff\xff\xff\0\x44\0\x43", 8);
	assert_memory_equal(p + UDP, "\1\x8\6\0\x12\x34\x56\x78\0\6\0\0", 12);
	assert_memory_equal(p + UDP + 12, &i.client, 4); /* ciaddr */
	assert_memory_equal(p + OPTIONS - 4, options, sizeof options);
	for (size_t cap = 0; cap < DHCP_INFORM_LEN; cap++)
		assert_int_equal(dhcp_inform_write(&i, too_small, cap), 0);
}

static void routes_domain_and_name_servers_are_read(void **state)
{
	struct dhcp_answer a;

	(void)state;
	assert_true(DECODE(&a, 54, 4, 10, 7, 0, 9, 15, 12, 'c', 'o', 'r', 'p', '.', 'e', 'x', 'a',
			   'm', 'p', 'l', 'e', 6, 12, 10, 1, 0, 53, 10, 1, 0, 54, 10, 1, 0, 55, 121,
			   27, 8, 10, 10, 7, 0, 1, 16, 172, 20, 0, 0, 0, 0, 0, 10, 7, 0, 1, 32, 192,
			   168, 5, 9, 10, 7, 0, 1, 255));
	assert_int_equal(a.server.s_addr, inet_addr("10.7.0.9"));
	assert_string_equal(a.domain, "corp.example");
	assert_int_equal(a.dns[0].s_addr, inet_addr("10.1.0.53"));
	assert_int_equal(a.dns[1].s_addr, inet_addr("10.1.0.54"));
	assert_int_equal(a.route_count, 4);
	expect_route(&a.routes[0], "10.0.0.0", 8, "10.7.0.1");
	expect_route(&a.routes[1], "172.20.0.0", 16, "0.0.0.0");
	expect_route(&a.routes[2], "0.0.0.0", 0, "10.7.0.1");
	expect_route(&a.routes[3], "192.168.5.9", 32, "10.7.0.1");
	assert_false(a.routes_broken);
}

static void an_answer_without_options_tells_the_sender_only(void **state)
{
	struct dhcp_answer a;

	(void)state;
	assert_true(DECODE(&a, 255));
	assert_int_equal(a.server.s_addr, inet_addr("10.7.0.1"));
	assert_int_equal(a.route_count, 0);
	assert_string_equal(a.domain, "");
	assert_int_equal(a.dns[0].s_addr, 0);
}

static void bits_behind_the_prefix_are_cleared(void **state)
{
	struct dhcp_answer a;

	(void)state;
	assert_true(DECODE(&a, 121, 14, 12, 10, 0xff, 1, 2, 3, 4, 9, 192, 0xff, 1, 2, 3, 4, 255));
	assert_int_equal(a.route_count, 2);
	expect_route(&a.routes[0], "10.240.0.0", 12, "1.2.3.4");
	expect_route(&a.routes[1], "192.128.0.0", 9, "1.2.3.4");
}

static void option_121_wins_over_249_wherever_it_stands(void **state)
{
	struct dhcp_answer a;

	(void)state;
	assert_true(DECODE(&a, 249, 6, 8, 11, 1, 2, 3, 4, 121, 6, 8, 10, 1, 2, 3, 4, 255));
	assert_int_equal(a.route_count, 1);
	expect_route(&a.routes[0], "10.0.0.0", 8, "1.2.3.4");
	assert_true(DECODE(&a, 249, 6, 8, 11, 1, 2, 3, 4, 255));
	assert_int_equal(a.route_count, 1);
	expect_route(&a.routes[0], "11.0.0.0", 8, "1.2.3.4");
}

static void bad_routes_are_left_out_as_a_whole(void **state)
{
	static const uint8_t cases[][9] = {
		/* length of the option, then its octets */
		{1, 8},				 /* no destination */
		{5, 8, 10, 1, 2, 3},		 /* a router of three octets */
		{4, 0, 1, 2, 3},		 /* the same for a default route */
		{6, 33, 10, 1, 2, 3, 4},	 /* a prefix of 33 bits */
		{6, 255, 10, 1, 2, 3, 4},	 /* and of 255 */
		{6, 9, 10, 1, 2, 3, 4},		 /* one octet short */
		{8, 8, 10, 1, 2, 3, 4, 24, 192}, /* a good one, then half of one */
	};
	uint8_t options[32];
	struct dhcp_answer a;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = 1 + (size_t)cases[i][0];

		options[0] = 121;
		memcpy(options + 1, cases[i], n);
		options[1 + n] = 255;
		assert_true(decode_options(options, n + 2, &a));
		assert_int_equal(a.route_count, 0);
		assert_true(a.routes_broken);
		/* Then 249 may tell. */
		memcpy(options + 1 + n, (const uint8_t[]){249, 6, 8, 11, 1, 2, 3, 4, 255}, 9);
		assert_true(decode_options(options, n + 10, &a));
		assert_int_equal(a.route_count, 1);
	}
}

static void routes_in_several_pieces_are_joined(void **state)
{
	struct dhcp_answer a;

	(void)state;
	/* The second route begins in one piece and ends in the other, with others between. */
	assert_true(DECODE(&a, 121, 8, 8, 10, 1, 2, 3, 4, 16, 172, 0, 0, 15, 1, 'x', 121, 5, 16, 1,
			   2, 3, 4, 255));
	assert_int_equal(a.route_count, 2);
	expect_route(&a.routes[1], "172.16.0.0", 16, "1.2.3.4");
	assert_string_equal(a.domain, "x");
}

static void more_routes_than_fit_are_counted(void **state)
{
	uint8_t options[1200];
	struct dhcp_answer a;
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		memcpy(options + n, (const uint8_t[]){121, 8, 24, 10, 9, (uint8_t)i, 1, 2, 3, 4},
		       10);
		n += 10;
	}
	options[n++] = 255;
	assert_true(decode_options(options, n, &a));
	assert_int_equal(a.route_count, DHCP_ROUTES_MAX);
	assert_int_equal(a.routes_beyond, 100 - DHCP_ROUTES_MAX);
	expect_route(&a.routes[63], "10.9.63.0", 24, "1.2.3.4");
}

static void an_endless_option_of_routes_is_left_out(void **state)
{
	uint8_t options[3000];
	struct dhcp_answer a;
	size_t n = 0;

	(void)state;
	while (n + 257 < sizeof options) {
		options[n] = 121;
		options[n + 1] = 250;
		memset(options + n + 2, 0, 250); /* default routes */
		n += 252;
	}
	assert_true(decode_options(options, n, &a));
	assert_int_equal(a.route_count, 0);
	assert_true(a.routes_broken);
}

static void options_that_cannot_be_told_apart_are_no_answer(void **state)
{
	struct dhcp_answer a;

	(void)state;
	assert_false(DECODE(&a, 121, 7, 8, 10, 1, 2, 3, 4)); /* longer than the packet */
	assert_false(DECODE(&a, 15, 255, 'x'));
	assert_false(DECODE(&a, 15));		   /* a code without a length */
	assert_true(DECODE(&a, 15, 1, 'x'));	   /* no End: the packet's end */
	assert_true(DECODE(&a, 0, 0, 15, 1, 'x')); /* padding */
	assert_string_equal(a.domain, "x");
	assert_true(DECODE(&a, 255, 15, 200)); /* nothing counts behind End */
	assert_string_equal(a.domain, "");
}

static void options_go_on_in_file_and_sname(void **state)
{
	static const uint8_t in_file[] = {121, 3, 8, 10, 1, 255};
	static const uint8_t in_sname[] = {121, 3, 2, 3, 4, 15, 2, 'c', 'o', 255};
	uint8_t p[PACKET_MAX];
	struct dhcp_answer a;
	size_t len;

	(void)state;
	for (uint8_t overload = 0; overload <= 4; overload++) {
		len = ack(p, (const uint8_t[]){52, 1, overload, 255}, 4);
		memcpy(p + FILE_FIELD, in_file, sizeof in_file);
		memcpy(p + SNAME, in_sname, sizeof in_sname);
		seal(p, len);
		assert_true(decode(p, len, &a));
		assert_int_equal(a.route_count, overload == 3);
		assert_string_equal(a.domain, overload == 2 || overload == 3 ? "co" : "");
	}
	expect_route(&a.routes[0], "0.0.0.0", 0, "0.0.0.0"); /* overload 4: there is none */
	/* Broken there is broken. */
	len = ack(p, (const uint8_t[]){52, 1, 1, 255}, 4);
	memset(p + FILE_FIELD, 15, 128);
	seal(p, len);
	assert_false(decode(p, len, &a));
	/* An overload of sname that sname claims for itself leads nowhere. */
	len = ack(p, (const uint8_t[]){52, 1, 2, 255}, 4);
	memcpy(p + SNAME, (const uint8_t[]){52, 1, 2, 255}, 4);
	seal(p, len);
	assert_true(decode(p, len, &a));
}

static void message_type_must_be_ack_once(void **state)
{
	uint8_t p[PACKET_MAX];
	struct dhcp_answer a;
	size_t len = ack(p, "\xff", 1);

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		p[OPTIONS + 2] = (uint8_t)type;
		seal(p, len);
		assert_int_equal(decode(p, len, &a), type == 5);
	}
	p[OPTIONS] = 12; /* another option in its place */
	p[OPTIONS + 2] = 5;
	seal(p, len);
	assert_false(decode(p, len, &a));
	assert_false(DECODE(&a, 53, 1, 5, 255)); /* a second one */
}

static void domains_that_no_name_can_be_are_left_out(void **state)
{
	static const char *const bad[] = {"a b",  "a;rm", "a\nb",     "..",	  ".a",
					  "a..b", "-a",	  "\xc3\xa4", "a\x1b[31m"};
	uint8_t options[300];
	struct dhcp_answer a;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		size_t n = strlen(bad[i]);

		options[0] = 15;
		options[1] = (uint8_t)n;
		memcpy(options + 2, bad[i], n);
		options[n + 2] = 255;
		assert_true(decode_options(options, n + 3, &a));
		assert_string_equal(a.domain, "");
	}
	assert_true(DECODE(&a, 15, 4, 'a', '.', 'b', 0, 255));
	assert_string_equal(a.domain, "a.b");
	assert_true(DECODE(&a, 15, 4, 'a', '.', 'b', '.', 255));
	assert_string_equal(a.domain, "a.b");
	options[0] = 15;
	options[1] = 255;
	memset(options + 2, 'a', 255);
	assert_true(decode_options(options, 257, &a));
	assert_int_equal(strlen(a.domain), 255);
}

static void name_servers_of_bad_length_are_left_out(void **state)
{
	struct dhcp_answer a;

	(void)state;
	assert_true(DECODE(&a, 6, 3, 1, 2, 3, 255));
	assert_int_equal(a.dns[0].s_addr, 0);
	assert_true(DECODE(&a, 6, 5, 1, 2, 3, 4, 5, 255));
	assert_int_equal(a.dns[0].s_addr, 0);
	assert_true(DECODE(&a, 6, 0, 255));
	assert_int_equal(a.dns[0].s_addr, 0);
}

/* Each octet that must have its value, changed, with the checksums made good again. */
static void what_is_not_the_answer_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} cases[] = {
		{0, 0x65},	     /* IPv6 */
		{0, 0x44},	     /* a header of four words */
		{6, 0x20},	     /* a first fragment */
		{7, 1},		     /* a later one */
		{9, 6},		     /* TCP */
		{19, 3},	     /* to another address */
		{IP + 1, 68},	     /* not from the server's port */
		{IP + 3, 67},	     /* not to the client's */
		{UDP, 1},	     /* a question */
		{UDP + 7, 0x79},     /* another's transaction */
		{UDP + 29, 0x54},    /* another's hardware address */
		{OPTIONS - 1, 0x64}, /* no magic */
	};
	uint8_t p[PACKET_MAX];
	struct dhcp_answer a;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		len = ack(p, "\xff", 1);
		assert_true(decode(p, len, &a));
		p[cases[i].at] = cases[i].value;
		seal(p, len);
		assert_false(decode(p, len, &a));
	}
	len = ack(p, "\xff", 1);
	memset(p + 16, 255, 4); /* to everybody: that is us */
	seal(p, len);
	assert_true(decode(p, len, &a));
}

static void damaged_packets_are_refused(void **state)
{
	uint8_t p[PACKET_MAX];
	struct dhcp_answer a;
	size_t len = ack(p, "\xff", 1);

	(void)state;
	for (size_t i = 0; i < len; i++) { /* one flipped bit: a checksum is wrong */
		p[i] ^= 0x10;
		assert_false(decode(p, len, &a));
		p[i] ^= 0x10;
	}
	for (size_t cut = 0; cut < len; cut++)
		assert_false(decode(p, cut, &a));
	put16(p + IP + 6, 0); /* a datagram without checksum is legal */
	assert_true(decode(p, len, &a));
	for (unsigned udp_len = 0; udp_len < OPTIONS - IP; udp_len++) {
		put16(p + IP + 4, udp_len);
		assert_false(decode(p, len, &a));
	}
	put16(p + IP + 4, (unsigned)(len - IP + 1));
	assert_false(decode(p, len, &a));
}

static void padding_behind_the_packet_is_ignored(void **state)
{
	uint8_t p[PACKET_MAX];
	struct dhcp_answer a;
	size_t len = ack(p, "\x0f\x01x\xff", 4);

	(void)state;
	memset(p + len, 0x79, 20);
	assert_true(decode(p, len + 20, &a));
	assert_string_equal(a.domain, "x");
}

static void random_options_never_read_outside(void **state)
{
	uint8_t p[PACKET_MAX], options[400];
	struct dhcp_answer a;
	uint32_t r = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n;

		for (size_t i = 0; i < sizeof options; i++) {
			r = r * 1664525u + 1013904223u;
			options[i] = (uint8_t)(r >> 24);
			if (r >> 16 & 1) /* small numbers are more often codes and lengths */
				options[i] &= 0x3f;
		}
		n = r % sizeof options;
		options[0] = round & 1 ? 121 : 52;
		options[1] = round & 1 ? (uint8_t)(n / 2) : 1;
		(void)decode(p, ack(p, options, n), &a);
		assert_true(a.route_count <= DHCP_ROUTES_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_question_is_what_a_windows_client_asks),
		cmocka_unit_test(routes_domain_and_name_servers_are_read),
		cmocka_unit_test(an_answer_without_options_tells_the_sender_only),
		cmocka_unit_test(bits_behind_the_prefix_are_cleared),
		cmocka_unit_test(option_121_wins_over_249_wherever_it_stands),
		cmocka_unit_test(bad_routes_are_left_out_as_a_whole),
		cmocka_unit_test(routes_in_several_pieces_are_joined),
		cmocka_unit_test(more_routes_than_fit_are_counted),
		cmocka_unit_test(an_endless_option_of_routes_is_left_out),
		cmocka_unit_test(options_that_cannot_be_told_apart_are_no_answer),
		cmocka_unit_test(options_go_on_in_file_and_sname),
		cmocka_unit_test(message_type_must_be_ack_once),
		cmocka_unit_test(domains_that_no_name_can_be_are_left_out),
		cmocka_unit_test(name_servers_of_bad_length_are_left_out),
		cmocka_unit_test(what_is_not_the_answer_is_refused),
		cmocka_unit_test(damaged_packets_are_refused),
		cmocka_unit_test(padding_behind_the_packet_is_ignored),
		cmocka_unit_test(random_options_never_read_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
