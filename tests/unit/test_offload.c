/* SPDX-License-Identifier: MIT */
/* Cutting and joining of packets, judged by a checksum of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "path/checksum.h"
#include "path/cut.h"
#include "path/join.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 70000

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The plainest way: octet by octet, as RFC 1071 words it. */
static unsigned plain_sum(const uint8_t *p, size_t len, unsigned long sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (unsigned long)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (unsigned)sum;
}

struct kind {
	bool v6, udp;
	size_t options; /* of TCP */
};

static const struct kind kinds[] = {{false, false, 0}, {false, false, 12}, {false, true, 0},
				    {true, false, 0},  {true, false, 12},  {true, true, 0}};

static size_t ip_len(const struct kind *k)
{
	return k->v6 ? 40 : 20;
}

static size_t head_len(const struct kind *k)
{
	return ip_len(k) + (k->udp ? 8 : 20 + k->options);
}

static unsigned pseudo(const struct kind *k, const uint8_t *p, size_t transport_len)
{
	return plain_sum(p + (k->v6 ? 8 : 12), k->v6 ? 32 : 8,
			 (k->udp ? 17 : 6) + (unsigned long)transport_len);
}

static uint8_t *check_at(const struct kind *k, uint8_t *p)
{
	return p + ip_len(k) + (k->udp ? 6 : 16);
}

/* Whole, with right checksums; PAYLOAD octets that count up from SEQ on. */
static size_t make_packet(const struct kind *k, uint8_t *p, size_t payload, uint32_t seq,
			  unsigned flags, unsigned id, unsigned port)
{
	size_t len = head_len(k) + payload, ip = ip_len(k), transport_len = len - ip;
	unsigned sum;

	memset(p, 0, head_len(k));
	if (k->v6) {
		memcpy(p, "\x60\x01\x23\x45", 4);
		put16(p + 4, (unsigned)transport_len);
		p[6] = k->udp ? 17 : 6;
		p[7] = 61;
		memset(p + 8, 0x20, 16);
		memset(p + 24, 0x30, 16);
	} else {
		p[0] = 0x45;
		put16(p + 2, (unsigned)len);
		put16(p + 4, id);
		p[8] = 61;
		p[9] = k->udp ? 17 : 6;
		memcpy(p + 12, "\x0a\x01\x02\x03\x0a\x04\x05\x06", 8);
		put16(p + 10, ~plain_sum(p, 20, 0) & 0xffff);
	}
	put16(p + ip, port);
	put16(p + ip + 2, 80);
	if (k->udp) {
		put16(p + ip + 4, (unsigned)transport_len);
	} else {
		put16(p + ip + 4, seq >> 16);
		put16(p + ip + 6, seq & 0xffff);
		put16(p + ip + 8, 0x1111);
		p[ip + 12] = (uint8_t)((20 + k->options) / 4 << 4);
		p[ip + 13] = (uint8_t)flags;
		put16(p + ip + 14, 500);
		memset(p + ip + 20, 1, k->options);
	}
	for (size_t i = 0; i < payload; i++)
		p[head_len(k) + i] = (uint8_t)((seq + (uint32_t)i) * 7 + (seq + (uint32_t)i) / 251);
	sum = ~plain_sum(p + ip, transport_len, pseudo(k, p, transport_len)) & 0xffff;
	put16(check_at(k, p), k->udp && sum == 0 ? 0xffff : sum);
	return len;
}

static bool checksums_are_right(const struct kind *k, const uint8_t *p, size_t len)
{
	size_t ip = ip_len(k);

	if (!k->v6 && plain_sum(p, 20, 0) != 0xffff)
		return false;
	return plain_sum(p + ip, len - ip, pseudo(k, p, len - ip)) == 0xffff;
}

/* As the kernel hands it out: the checksum's place holds the pseudo header's sum. */
static struct offload leave_open(const struct kind *k, uint8_t *p, size_t len, unsigned size)
{
	put16(check_at(k, p), pseudo(k, p, len - ip_len(k)));
	return (struct offload){
		.flags = OFFLOAD_NEEDS_CSUM,
		.gso_type = size == 0 ? OFFLOAD_NONE
			    : k->udp  ? OFFLOAD_UDP
			    : k->v6   ? OFFLOAD_TCP6
				      : OFFLOAD_TCP4,
		.gso_size = (uint16_t)size,
		.csum_start = (uint16_t)ip_len(k),
		.csum_offset = k->udp ? 6 : 16,
	};
}

static void every_piece_is_the_packet_that_a_sender_would_have_made(void **state)
{
	static const size_t payloads[] = {1, 299, 300, 301, 1000, 1200, 60001};
	uint8_t *whole = malloc(ROOM), *piece = malloc(ROOM), *want = malloc(ROOM);

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		for (size_t n = 0; n < sizeof payloads / sizeof payloads[0]; n++) {
			const struct kind *k = &kinds[i];
			const unsigned flags = TCP_ACK | TCP_PSH | TCP_FIN | TCP_CWR;
			size_t len =
				make_packet(k, whole, payloads[n], 0xfffffff0, flags, 65535, 9);
			struct offload offload = leave_open(k, whole, len, 300);
			size_t done = 0, left = payloads[n];
			struct cut cut;

			assert_true(cut_begin(&cut, &offload, whole, len));
			for (unsigned at = 0; left > 0; at++) {
				size_t size = left < 300 ? left : 300, want_len;
				unsigned f = TCP_ACK;

				f |= at == 0 ? TCP_CWR : 0u;
				f |= size == left ? TCP_PSH | TCP_FIN : 0u;
				/* UDP has no numbers; its payload goes on all the same. */
				want_len = make_packet(k, want, size, 0xfffffff0 + (uint32_t)done,
						       f, (65535 + at) & 0xffff, 9);
				assert_int_equal(cut_next_len(&cut), want_len);
				cut_next(&cut, piece);
				assert_true(checksums_are_right(k, piece, want_len));
				assert_memory_equal(piece, want, want_len);
				done += size;
				left -= size;
			}
			assert_int_equal(cut_next_len(&cut), 0);
		}
	free(whole);
	free(piece);
	free(want);
}

static void open_checksum_of_a_single_packet_is_completed(void **state)
{
	uint8_t p[1600], want[1600];

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		for (size_t payload = 0; payload < 70; payload++) {
			size_t len = make_packet(&kinds[i], p, payload, 77, TCP_ACK, 5, 9);
			struct offload offload;

			memcpy(want, p, len);
			offload = leave_open(&kinds[i], p, len, 0);
			assert_true(cut_complete(&offload, p, len));
			assert_memory_equal(p, want, len);
			offload.csum_start = (uint16_t)(len - 1);
			assert_false(cut_complete(&offload, p, len));
		}
}

/* A checksum of UDP that comes out as zero is sent as ffff (RFC 768). */
static void udp_checksum_is_never_zero(void **state)
{
	static const struct kind udp = {false, true, 0};
	uint8_t p[64];
	size_t len = make_packet(&udp, p, 2, 0, 0, 0, 9);
	struct offload offload;
	unsigned sum;

	(void)state;
	put16(p + 28, 0);
	put16(p + 26, 0);
	sum = ~plain_sum(p + 20, len - 20, pseudo(&udp, p, len - 20)) & 0xffff;
	put16(p + 28, sum); /* now all of it sums up to ffff */
	offload = leave_open(&udp, p, len, 0);
	assert_true(cut_complete(&offload, p, len));
	assert_int_equal(get16(p + 26), 0xffff);
}

static void random_octets(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(rand() >> 7);
}

static void nonsense_is_refused_or_cut_within_bounds(void **state)
{
	uint8_t *out = malloc(ROOM);

	(void)state;
	srand(5);
	for (unsigned round = 0; round < 20000; round++) {
		const struct kind *k = &kinds[(size_t)rand() % (sizeof kinds / sizeof kinds[0])];
		size_t payload = (size_t)rand() % 3000, len = head_len(k) + payload, sum = 0;
		/* exactly as large as it is, for the sanitizers */
		uint8_t *p = malloc(len);
		struct offload offload;
		struct cut cut;

		make_packet(k, p, payload, 1, TCP_ACK, 1, 9);
		offload = leave_open(k, p, len, 1 + (unsigned)rand() % 1500);
		if (round % 2)
			random_octets((uint8_t *)&offload, sizeof offload);
		if (round % 3)
			random_octets(p + (size_t)rand() % len / 2, 1);
		if (round % 5 == 0)
			len = (size_t)rand() % (len + 1);
		if (cut_begin(&cut, &offload, p, len))
			while (cut_next_len(&cut) > 0) {
				assert_true(cut_next_len(&cut) <= len);
				sum += cut_next_len(&cut) - cut.payload;
				cut_next(&cut, out);
			}
		assert_true(sum <= len);
		cut_complete(&offload, p, len);
		free(p);
	}
	free(out);
}

/* Joining.  The device of the test takes joined packets apart again with cut. */

struct device {
	struct join *join;
	unsigned writes, taken;
	size_t octets;
	bool refuse_joined;
	uint8_t *packets; /* those that a receiver sees, one behind the other, each with its length
			   */
	size_t used;
};

static void see(struct device *d, const uint8_t *packet, size_t len)
{
	memcpy(d->packets + d->used, &len, sizeof len);
	memcpy(d->packets + d->used + sizeof len, packet, len);
	d->used += sizeof len + len;
}

static int on_write(void *ctx, const struct iovec *iov, int count)
{
	static uint8_t whole[ROOM], piece[ROOM];
	struct device *d = ctx;
	struct offload offload;
	struct cut cut;
	size_t len = 0, n;

	assert_int_equal(iov[0].iov_len, OFFLOAD_HEADER);
	memcpy(&offload, iov[0].iov_base, sizeof offload);
	if (d->refuse_joined && offload.gso_type != OFFLOAD_NONE)
		return -EINVAL;
	for (int i = 1; i < count; i++) {
		memcpy(whole + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	d->writes++;
	if (offload.gso_type == OFFLOAD_NONE) {
		see(d, whole, len);
		return 0;
	}
	assert_true(cut_begin(&cut, &offload, whole, len));
	while ((n = cut_next_len(&cut)) > 0) {
		cut_next(&cut, piece);
		see(d, piece, n);
	}
	return 0;
}

static void on_taken(void *ctx, unsigned packets, size_t octets)
{
	struct device *d = ctx;

	d->taken += packets;
	d->octets += octets;
}

static struct device *device_new(void)
{
	struct device *d = calloc(1, sizeof *d);
	const struct join_config config = {true, on_write, on_taken, d};

	d->packets = malloc(8u << 20);
	d->join = join_new(&config);
	return d;
}

static void device_free(struct device *d)
{
	join_free(d->join);
	free(d->packets);
	free(d);
}

/* The next packet that the receiver saw; NULL after the last one. */
static const uint8_t *seen(const struct device *d, size_t *at, size_t *len)
{
	const uint8_t *p = d->packets + *at + sizeof *len;

	if (*at >= d->used)
		return NULL;
	memcpy(len, d->packets + *at, sizeof *len);
	*at += sizeof *len + *len;
	return p;
}

#define SLOT 1600

static void neighbours_of_one_flow_become_one_write_and_stay_what_they_were(void **state)
{
	static uint8_t in[20][SLOT], kept[20][SLOT];

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct device *d = device_new();
		size_t at = 0, len = 0, lens[20], sum = 0;

		for (unsigned n = 0; n < 20; n++) {
			size_t payload = n == 19 ? 77 : 700;

			lens[n] = make_packet(&kinds[i], in[n], payload, 1000 + n * 700,
					      TCP_ACK | (n == 19 ? TCP_PSH : 0u), 300 + n, 9);
			memcpy(kept[n], in[n], SLOT);
			sum += lens[n];
			join_put(d->join, in[n], lens[n]);
		}
		join_flush(d->join);
		assert_int_equal(d->writes, 1);
		assert_int_equal(d->taken, 20);
		assert_int_equal(d->octets, sum);
		for (unsigned n = 0; n < 20; n++) {
			const uint8_t *p = seen(d, &at, &len);

			assert_non_null(p);
			assert_int_equal(len, lens[n]);
			assert_memory_equal(p, kept[n], len);
		}
		assert_null(seen(d, &at, &len));
		device_free(d);
	}
}

/* One write each for the packets of PUTS; "how" says what is wrong with the second. */
static unsigned writes_of_pair(const char *how, const struct kind *k)
{
	static uint8_t a[SLOT], b[SLOT];
	struct device *d = device_new();
	unsigned writes, flags = TCP_ACK;
	size_t len = make_packet(k, a, 500, 1, TCP_ACK, 7, 9), next = 501, size = 500;

	if (strcmp(how, "gap") == 0)
		next++;
	if (strcmp(how, "longer") == 0)
		size++;
	if (strcmp(how, "fin") == 0)
		flags |= TCP_FIN;
	join_put(d->join, a, len);
	len = make_packet(k, b, size, (uint32_t)next, flags, strcmp(how, "id") == 0 ? 7 : 8,
			  strcmp(how, "port") == 0 ? 10 : 9);
	if (strcmp(how, "checksum") == 0)
		b[len - 1] ^= 1;
	if (strcmp(how, "ttl") == 0 && !k->v6) {
		b[8]--;
		put16(b + 10, 0);
		put16(b + 10, ~plain_sum(b, 20, 0) & 0xffff);
	} else if (strcmp(how, "ttl") == 0) {
		b[7]--;
	}
	join_put(d->join, b, len);
	join_flush(d->join);
	writes = d->writes;
	assert_int_equal(d->taken, 2);
	device_free(d);
	return writes;
}

static void what_does_not_belong_together_is_not_joined(void **state)
{
	static const char *const always[] = {"longer", "port", "checksum", "ttl"};
	static const char *const tcp[] = {"gap", "fin"};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		assert_int_equal(writes_of_pair("none", &kinds[i]), 1);
		for (size_t n = 0; n < sizeof always / sizeof always[0]; n++)
			assert_int_equal(writes_of_pair(always[n], &kinds[i]), 2);
		for (size_t n = 0; n < sizeof tcp / sizeof tcp[0] && !kinds[i].udp; n++)
			assert_int_equal(writes_of_pair(tcp[n], &kinds[i]), 2);
		if (!kinds[i].v6)
			assert_int_equal(writes_of_pair("id", &kinds[i]), 2);
	}
}

/* Do both have the same protocol, addresses and ports? */
static bool of_one_flow(const uint8_t *p, const uint8_t *q)
{
	bool v6 = p[0] >> 4 == 6;

	if (p[0] != q[0] || p[v6 ? 6 : 9] != q[v6 ? 6 : 9])
		return false;
	return v6 ? memcmp(p + 8, q + 8, 36) == 0 : memcmp(p + 12, q + 12, 12) == 0;
}

/* Bursts of packets of many flows, with gaps, odd flags, wrong checksums and broken lengths among
 * them: whatever is joined, the receiver of each flow sees exactly its packets, in order. */
static void any_traffic_arrives_unchanged_and_in_order_of_its_flow(void **state)
{
	enum { BURST = 120 };
	static uint8_t in[BURST][SLOT], kept[BURST][SLOT];
	unsigned joined = 0;

	(void)state;
	srand(6);
	for (unsigned round = 0; round < 300; round++) {
		struct device *d = device_new();
		uint32_t seq[6][12] = {0};
		bool done[BURST] = {false};
		size_t lens[BURST], at = 0, len;
		const uint8_t *p;

		d->refuse_joined = round % 10 == 9;
		for (unsigned n = 0; n < BURST; n++) {
			unsigned kind = (unsigned)rand() % (round % 3 ? 6 : 2),
				 port = (unsigned)rand() % (1 + round % 12);
			size_t payload = rand() % 8 ? 200 : (size_t)rand() % 300;
			uint32_t *s = &seq[kind][port];
			unsigned flags = rand() % 20 ? TCP_ACK : TCP_ACK | (1u << rand() % 8);

			*s += rand() % 15 == 0;
			lens[n] = make_packet(&kinds[kind], in[n], payload, *s, flags, *s / 200,
					      port);
			*s += (uint32_t)payload;
			if (rand() % 15 == 0)
				in[n][(size_t)rand() % lens[n]] ^= (uint8_t)(1u << rand() % 8);
			if (rand() % 40 == 0)
				lens[n] = 20 + (size_t)rand() % (lens[n] - 19);
			memcpy(kept[n], in[n], SLOT);
			join_put(d->join, in[n], lens[n]);
		}
		join_flush(d->join);
		assert_int_equal(d->taken, BURST);
		joined += BURST - d->writes;
		while ((p = seen(d, &at, &len))) {
			unsigned n = 0;

			/* The first of its flow that is not here yet must be the one. */
			while (n < BURST &&
			       (done[n] || lens[n] != len || memcmp(kept[n], p, len) != 0))
				n++;
			assert_true(n < BURST);
			done[n] = true;
			for (unsigned before = 0; before < n && len >= 48; before++)
				if (!done[before] && lens[before] >= 48)
					assert_false(of_one_flow(kept[before], kept[n]));
		}
		for (unsigned n = 0; n < BURST; n++)
			assert_true(done[n]);
		device_free(d);
	}
	assert_true(joined > 1000);
}

static void a_device_that_knows_no_joined_packets_gets_them_one_by_one(void **state)
{
	static uint8_t in[3][SLOT], kept[3][SLOT];

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct device *d = device_new();
		size_t at = 0, len;

		d->refuse_joined = true;
		for (unsigned n = 0; n < 3; n++) {
			len = make_packet(&kinds[i], in[n], 100, n * 100, TCP_ACK, n, 9);
			memcpy(kept[n], in[n], SLOT);
			join_put(d->join, in[n], len);
		}
		join_flush(d->join);
		assert_int_equal(d->writes, 3);
		for (unsigned n = 0; n < 3; n++) {
			const uint8_t *p = seen(d, &at, &len);

			assert_non_null(p);
			assert_memory_equal(p, kept[n], len);
		}
		device_free(d);
	}
}

static void checksum_agrees_with_the_plain_one_at_any_length(void **state)
{
	uint8_t p[300];

	(void)state;
	srand(7);
	for (size_t len = 0; len <= sizeof p; len++) {
		uint16_t got, want;

		random_octets(p, len);
		got = checksum_fold(checksum_add(0, p, len));
		want = checksum_word(plain_sum(p, len, 0));
		assert_int_equal(got, want);
		memset(p, 0xff, len);
		got = checksum_fold(checksum_add(checksum_add(0, p, len), p, len));
		want = checksum_word(plain_sum(p, len, plain_sum(p, len, 0)));
		assert_int_equal(got, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksum_agrees_with_the_plain_one_at_any_length),
		cmocka_unit_test(every_piece_is_the_packet_that_a_sender_would_have_made),
		cmocka_unit_test(open_checksum_of_a_single_packet_is_completed),
		cmocka_unit_test(udp_checksum_is_never_zero),
		cmocka_unit_test(nonsense_is_refused_or_cut_within_bounds),
		cmocka_unit_test(neighbours_of_one_flow_become_one_write_and_stay_what_they_were),
		cmocka_unit_test(what_does_not_belong_together_is_not_joined),
		cmocka_unit_test(any_traffic_arrives_unchanged_and_in_order_of_its_flow),
		cmocka_unit_test(a_device_that_knows_no_joined_packets_gets_them_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
