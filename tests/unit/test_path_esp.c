/* SPDX-License-Identifier: MIT */
/* ESP in the data path, datagram by datagram: what leaves is opened here by its keys, and what
 * comes is sealed here, as a peer may do that keeps to the RFCs or does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/address.h"
#include "base/reason.h"
#include "crypto/crypto.h"
#include "crypto/esp.h"
#include "path/checksum.h"
#include "path/internal.h"
#include "path/offload.h"
#include "wire/esp.h"
#include "wire/l2tp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUR_PORT   41001
#define THEIR_PORT 1701
#define SPI_OUT	   0x1001
#define SPI_IN	   0x2001

static const struct ipsec_suite suites[] = {
	{IPSEC_AES_CBC, IPSEC_MD5, IPSEC_GROUP_NONE, 128},
	{IPSEC_AES_CBC, IPSEC_SHA1, IPSEC_GROUP_NONE, 256},
	{IPSEC_AES_CBC, IPSEC_SHA256, IPSEC_GROUP_NONE, 192},
	{IPSEC_AES_CBC, IPSEC_SHA384, IPSEC_GROUP_NONE, 256},
	{IPSEC_AES_CBC, IPSEC_SHA512, IPSEC_GROUP_NONE, 256},
	{IPSEC_3DES, IPSEC_SHA1, IPSEC_GROUP_NONE, 192},
	{IPSEC_AES_GCM, IPSEC_HASH_NONE, IPSEC_GROUP_NONE, 128},
	{IPSEC_AES_GCM, IPSEC_HASH_NONE, IPSEC_GROUP_NONE, 256},
};
#define SUITES	(sizeof suites / sizeof suites[0])
#define SHA1_IN (&suites[1])

/* A path, and its peer in this test's hands. */
struct bench {
	struct path *path;
	struct esp_cipher *out, *in; /* the peer's: to open what leaves, to seal what comes */
	struct esp_sizes sizes;
	int tun, path_tun, wire, peer;
	struct sockaddr_storage own, peer_at;
	uint32_t number; /* of the newest packet to the path */
	unsigned control, tunnel;
};

static int setup(void **state)
{
	struct reason reason = {0};
	(void)state;

	return crypto_init(&reason);
}

static void on_control(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct bench *b = ctx;
	(void)info;
	(void)len;

	assert_int_equal(protocol, 0xc021);
	b->control++;
}

static void on_tunnel(void *ctx, const uint8_t *octets, size_t len)
{
	struct bench *b = ctx;

	assert_int_equal(octets[0], 0xc8);
	assert_int_equal(len, L2TP_CONTROL_HEADER_LEN);
	b->tunnel++;
}

static void on_ike(void *ctx, const uint8_t *octets, size_t len)
{
	(void)ctx;
	(void)octets;
	fail_msg("IKE, %zu octets", len);
}

static int udp(int family, struct sockaddr_storage *at)
{
	static const uint8_t loopback[2][16] = {{127, 0, 0, 1}, {[15] = 1}};
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof *at;

	memset(at, 0, sizeof *at);
	address_set(at, family, loopback[family == AF_INET6]);
	if (fd < 0 || bind(fd, (struct sockaddr *)at, address_len(at)) < 0)
		return -1;
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

static struct esp_keys keys_of(uint32_t spi, const struct ipsec_suite *suite)
{
	static const uint8_t integrity[IPSEC_HASHES] = {0, 16, 20, 32, 48, 64};
	struct esp_keys keys = {.spi = spi,
				.suite = *suite,
				.key_len = (uint8_t)(suite->key_bits / 8),
				.integrity_len = integrity[suite->hash]};

	for (size_t i = 0; i < sizeof keys.key; i++)
		keys.key[i] = (uint8_t)(spi * 3 + i);
	memset(keys.integrity, (int)(spi >> 4), sizeof keys.integrity);
	memset(keys.salt, (int)spi, sizeof keys.salt);
	return keys;
}

/* NULL where the machine has no address of FAMILY. */
static struct bench *bench_new(int family, const struct ipsec_suite *suite)
{
	struct bench *b = calloc(1, sizeof *b);
	const struct path_callbacks callbacks = {
		.control = on_control, .tunnel = on_tunnel, .ike = on_ike, .ctx = b};
	const struct path_call call = {1, 2, 1, 2, false};
	const struct path_state state = {
		.ipv4 = true, .ipv6 = true, .rx_clear = true, .peer_mru = 1500};
	struct esp_keys out = keys_of(SPI_OUT, suite), in = keys_of(SPI_IN, suite);
	struct path_config config = {.encap = PROTOCOL_L2TP,
				     .esp = true,
				     .inner_port = OUR_PORT,
				     .peer_inner_port = THEIR_PORT};
	int fds[2];

	assert_non_null(b);
	b->wire = udp(family, &b->own);
	b->peer = udp(family, &b->peer_at);
	if (b->wire < 0 || b->peer < 0) {
		free(b);
		return NULL;
	}
	assert_int_equal(connect(b->wire, (struct sockaddr *)&b->peer_at, address_len(&b->peer_at)),
			 0);
	assert_int_equal(connect(b->peer, (struct sockaddr *)&b->own, address_len(&b->own)), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	b->tun = fds[0];
	b->path_tun = config.tun_fd = fds[1];
	config.wire_fd = b->wire;
	config.own = b->own;
	config.peer = b->peer_at;
	config.peer_len = address_len(&b->peer_at);
	b->path = path_new(&config, &callbacks, NULL);
	assert_non_null(b->path);
	path_set_call(b->path, &call);
	path_set_state(b->path, &state);
	assert_int_equal(path_esp_send(b->path, &out), 0);
	assert_int_equal(path_esp_receive(b->path, &in), 0);
	b->out = esp_cipher_new(&out, false);
	b->in = esp_cipher_new(&in, true);
	b->sizes = esp_sizes(suite);
	return b;
}

static void bench_free(struct bench *b)
{
	path_free(b->path);
	esp_cipher_free(b->out);
	esp_cipher_free(b->in);
	close(b->tun);
	close(b->path_tun);
	close(b->wire);
	close(b->peer);
	free(b);
}

/* The next datagram that left, opened: what is in it, and its UDP header before that. */
static struct esp_inner opened(struct bench *b, uint8_t *packet, size_t cap, uint32_t number)
{
	ssize_t n = recv(b->peer, packet, cap, 0);
	struct esp_inner inner;
	size_t len;
	uint8_t *plain;

	assert_true(n > ESP_HEADER);
	assert_int_equal(offload_get32(packet), SPI_OUT);
	assert_int_equal(offload_get32(packet + 4), number);
	assert_true(esp_open(b->out, packet, (size_t)n, &plain, &len));
	assert_true(esp_unwrap(plain, len, &inner));
	assert_int_equal(inner.next, ESP_NEXT_UDP);
	assert_int_equal(inner.source_port, OUR_PORT);
	assert_int_equal(inner.destination_port, THEIR_PORT);
	return inner;
}

static const uint8_t zlb[L2TP_CONTROL_HEADER_LEN] = {0xc8, 2, 0, 12, 0, 1};
static const uint8_t echo[8] = {9, 1, 0, 8};

/* An inner packet of LEN octets into the device. */
static void feed(const struct bench *b, size_t len)
{
	uint8_t packet[1500] = {0x45, 0, (uint8_t)(len >> 8), (uint8_t)len};

	for (size_t i = 20; i < len; i++)
		packet[i] = (uint8_t)i;
	assert_int_equal(send(b->tun, packet, len, 0), len);
}

static void everything_that_leaves_opens_by_its_keys(void **state)
{
	uint8_t packet[2048];
	(void)state;

	for (size_t i = 0; i < SUITES; i++) {
		struct bench *b = bench_new(AF_INET, &suites[i]);
		struct esp_inner inner;

		assert_int_equal(path_send_tunnel(b->path, zlb, sizeof zlb), 0);
		inner = opened(b, packet, sizeof packet, 1);
		assert_int_equal(inner.len, sizeof zlb);
		assert_memory_equal(inner.payload, zlb, sizeof zlb);
		assert_int_equal(path_send_control(b->path, 0xc021, echo, sizeof echo), 0);
		inner = opened(b, packet, sizeof packet, 2);
		assert_int_equal(inner.len, 6 + 4 + sizeof echo);
		for (size_t len = 20; len <= 1400; len += 23)
			feed(b, len);
		path_burst_tx(b->path, 1);
		path_burst_tx(b->path, 1);
		for (size_t len = 20, number = 3; len <= 1400; len += 23, number++) {
			inner = opened(b, packet, sizeof packet, (uint32_t)number);
			assert_int_equal(inner.len, 6 + 4 + len);
			assert_int_equal(inner.payload[10], 0x45);
			assert_int_equal(inner.payload[9 + len], len > 20 ? (uint8_t)(len - 1) : 0);
		}
		bench_free(b);
	}
}

/* Over IPv6 a receiver drops UDP without checksum (RFC 8200 section 8.1), in ESP as outside it. */
static void udp_in_esp_has_its_checksum_over_ipv6_only(void **state)
{
	uint8_t packet[2048], addresses[32];
	struct bench *b = bench_new(AF_INET, SHA1_IN);
	(void)state;

	assert_int_equal(path_send_tunnel(b->path, zlb, sizeof zlb), 0);
	assert_int_equal(offload_get16(opened(b, packet, sizeof packet, 1).payload - 2), 0);
	bench_free(b);
	b = bench_new(AF_INET6, SHA1_IN);
	if (!b)
		skip();
	memcpy(addresses, address_octets(&b->own), 16);
	memcpy(addresses + 16, address_octets(&b->peer_at), 16);
	for (uint32_t number = 1; number <= 280; number++) {
		struct esp_inner inner;
		uint8_t *header;
		size_t len;

		feed(b, 19 + number);
		path_burst_tx(b->path, 1);
		inner = opened(b, packet, sizeof packet, number);
		header = inner.payload - ESP_UDP_HEADER;
		len = inner.len + ESP_UDP_HEADER;
		assert_int_not_equal(offload_get16(header + 6), 0);
		assert_int_equal(checksum_fold(checksum_add(
					 checksum_pseudo(addresses, 32, IP_UDP, len), header, len)),
				 0xffff);
	}
	bench_free(b);
}

/* From the peer by its keys: LEN octets at PAYLOAD, from PORT of its to PORT of ours; the octet
 * before the last and the last of what is encrypted are PAD (-1: as they are) and NEXT. */
static void arrive(struct bench *b, const uint8_t *payload, size_t len, uint16_t from, uint16_t to,
		   int pad, uint8_t next)
{
	uint8_t buf[2048], *start;
	size_t n = esp_head_len(&b->sizes) + len + esp_tail_len(&b->sizes, len);

	memcpy(buf + ESP_HEAD_MAX, payload, len);
	start = esp_wrap(&b->sizes, SPI_IN, ++b->number, from, to, buf + ESP_HEAD_MAX, len);
	if (pad >= 0)
		start[n - b->sizes.icv - 2] = (uint8_t)pad;
	start[n - b->sizes.icv - 1] = next;
	esp_seal(b->in, start, n - b->sizes.icv);
	assert_int_equal(send(b->peer, start, n, 0), n);
	while (path_burst_rx(b->path, 5))
		;
}

static void what_the_peer_sends_is_judged_behind_its_keys(void **state)
{
	const struct path_counters *c;
	(void)state;

	for (size_t i = 0; i < SUITES; i++) {
		struct bench *b = bench_new(AF_INET, &suites[i]);

		arrive(b, zlb, sizeof zlb, THEIR_PORT, OUR_PORT, -1, 17);
		assert_int_equal(b->tunnel, 1);
		arrive(b, zlb, sizeof zlb, THEIR_PORT + 1, OUR_PORT, -1, 17);
		arrive(b, zlb, sizeof zlb, THEIR_PORT, OUR_PORT + 1, -1, 17);
		arrive(b, zlb, sizeof zlb, THEIR_PORT, OUR_PORT, -1, 6);
		assert_int_equal(path_counters(b->path)->rx_wrong_id, 3);
		arrive(b, zlb, sizeof zlb, THEIR_PORT, OUR_PORT, -1, 59);
		arrive(b, zlb, sizeof zlb, THEIR_PORT, OUR_PORT, 250, 17);
		assert_int_equal(path_counters(b->path)->rx_malformed, 1);
		arrive(b, zlb, sizeof zlb, THEIR_PORT, OUR_PORT, 21, 17); /* eats UDP's end */
		c = path_counters(b->path);
		assert_int_equal(c->rx_malformed, 2);
		assert_int_equal(c->rx_wrong_id, 3);
		assert_int_equal(c->esp_bad + c->esp_replayed + c->esp_unknown, 0);
		assert_int_equal(b->tunnel, 1);
		bench_free(b);
	}
}

/* Nothing of a packet counts before it is known to be the peer's: a forged number far ahead does
 * not move the window. */
static void forged_number_moves_no_window(void **state)
{
	struct bench *b = bench_new(AF_INET, SHA1_IN);
	uint8_t forged[100] = {0, 0, SPI_IN >> 8, SPI_IN & 0xff, 0xff, 0xff, 0xff, 0xf0};
	(void)state;

	arrive(b, zlb, sizeof zlb, THEIR_PORT, OUR_PORT, -1, 17);
	assert_int_equal(path_esp_heard_ms(b->path), 5);
	for (size_t len = 8; len < sizeof forged; len++)
		assert_int_equal(send(b->peer, forged, len, 0), len);
	while (path_burst_rx(b->path, 9))
		;
	assert_int_equal(path_counters(b->path)->esp_bad, sizeof forged - 8);
	assert_int_equal(path_esp_heard_ms(b->path), 5);
	arrive(b, zlb, sizeof zlb, THEIR_PORT, OUR_PORT, -1, 17);
	assert_int_equal(b->tunnel, 2);
	b->number = 0; /* the first one again */
	arrive(b, zlb, sizeof zlb, THEIR_PORT, OUR_PORT, -1, 17);
	assert_int_equal(path_counters(b->path)->esp_replayed, 1);
	assert_int_equal(b->tunnel, 2);
	bench_free(b);
}

static void fifth_association_takes_the_place_of_the_oldest(void **state)
{
	struct bench *b = bench_new(AF_INET, SHA1_IN);
	struct esp_keys keys;
	(void)state;

	for (uint32_t spi = 0x3001; spi <= 0x3003; spi++) {
		keys = keys_of(spi, SHA1_IN);
		assert_int_equal(path_esp_receive(b->path, &keys), 0);
	}
	arrive(b, zlb, sizeof zlb, THEIR_PORT, OUR_PORT, -1, 17);
	assert_int_equal(b->tunnel, 1);
	/* The same one again takes its own place, and no other's. */
	assert_int_equal(path_esp_receive(b->path, &keys), 0);
	arrive(b, zlb, sizeof zlb, THEIR_PORT, OUR_PORT, -1, 17);
	assert_int_equal(b->tunnel, 2);
	keys = keys_of(0x3004, SHA1_IN);
	assert_int_equal(path_esp_receive(b->path, &keys), 0);
	arrive(b, zlb, sizeof zlb, THEIR_PORT, OUR_PORT, -1, 17);
	assert_int_equal(b->tunnel, 2);
	assert_int_equal(path_counters(b->path)->esp_unknown, 1);
	bench_free(b);
}

/* No number twice under one key: the last ones are never used, and new keys begin at 1. */
static void sending_ends_with_the_numbers_until_there_are_new_keys(void **state)
{
	struct bench *b = bench_new(AF_INET, SHA1_IN);
	struct esp_keys keys = keys_of(SPI_OUT, SHA1_IN);
	uint8_t packet[2048];
	(void)state;

	b->path->esp->out.number = UINT32_MAX - 4097; /* four thousand million packets later */
	assert_int_equal(path_send_tunnel(b->path, zlb, sizeof zlb), 0);
	assert_int_equal(opened(b, packet, sizeof packet, UINT32_MAX - 4096).len, sizeof zlb);
	feed(b, 100);
	path_burst_tx(b->path, 1);
	assert_int_equal(path_counters(b->path)->tx_blocked, 1);
	assert_int_equal(path_send_tunnel(b->path, zlb, sizeof zlb), -ENOTCONN);
	assert_int_equal(path_send_control(b->path, 0xc021, echo, sizeof echo), -ENOTCONN);
	assert_int_equal(path_counters(b->path)->wire_tx, 1);
	assert_int_equal(path_esp_send(b->path, &keys), 0);
	assert_int_equal(path_send_tunnel(b->path, zlb, sizeof zlb), 0);
	assert_int_equal(opened(b, packet, sizeof packet, 1).len, sizeof zlb);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_that_leaves_opens_by_its_keys),
		cmocka_unit_test(udp_in_esp_has_its_checksum_over_ipv6_only),
		cmocka_unit_test(what_the_peer_sends_is_judged_behind_its_keys),
		cmocka_unit_test(forged_number_moves_no_window),
		cmocka_unit_test(fifth_association_takes_the_place_of_the_oldest),
		cmocka_unit_test(sending_ends_with_the_numbers_until_there_are_new_keys),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
