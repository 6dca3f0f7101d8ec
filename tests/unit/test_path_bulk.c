/* SPDX-License-Identifier: MIT */
/* Two data paths that talk to each other over UDP sockets on loopback, with all that the kernel
 * offers for many packets at once, and with each part of it missing.  Socket pairs stand for the
 * TUN devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/reason.h"
#include "crypto/crypto.h"
#include "path/checksum.h"
#include "path/cut.h"
#include "path/path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEAD  40 /* IPv4 and TCP */
#define PIECE 1000
#define LARGE 60000 /* payload of one packet of the kernel */

struct features {
	bool offload, segment, gro, no_segment_really;
	const struct ipsec_suite *suite; /* inside ESP; NULL = not */
};

struct end {
	struct path *path;
	int tun, path_tun, wire;
	bool offload;
};

struct pair {
	struct end a, b;
};

static void on_control(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	(void)ctx;
	(void)info;
	fail_msg("control %04x, %zu octets", protocol, len);
}

static void on_tunnel(void *ctx, const uint8_t *octets, size_t len)
{
	(void)ctx;
	(void)octets;
	fail_msg("tunnel, %zu octets", len);
}

static void on_error(void *ctx, int error)
{
	(void)ctx;
	fail_msg("error %d", error);
}

static void on_resync(void *ctx)
{
	(void)ctx;
	fail_msg("resync");
}

static unsigned ike_octets;
static void on_ike(void *ctx, const uint8_t *octets, size_t len)
{
	(void)ctx;
	assert_int_equal(octets[0], 7);
	ike_octets += (unsigned)len;
}

static int udp(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 4 << 20;
	socklen_t len = sizeof *at;

	*at = (struct sockaddr_in){.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof *at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	return fd;
}

static int setup(void **state)
{
	struct reason reason = {0};
	(void)state;

	return crypto_init(&reason);
}

/* One association from end OF to the other. */
static struct esp_keys keys_of(uint16_t of, const struct ipsec_suite *suite)
{
	static const uint8_t integrity[IPSEC_HASHES] = {0, 16, 20, 32, 48, 64};
	struct esp_keys keys = {.spi = 0x1000u + of,
				.suite = *suite,
				.key_len = (uint8_t)(suite->key_bits / 8),
				.integrity_len = integrity[suite->hash]};

	memset(keys.key, of, sizeof keys.key);
	memset(keys.integrity, 100 + of, sizeof keys.integrity);
	memset(keys.salt, 50 + of, sizeof keys.salt);
	return keys;
}

static void secure(struct end *e, const struct sockaddr_in *peer, const struct ipsec_suite *suite,
		   uint16_t own, uint16_t other)
{
	struct esp_keys out = keys_of(own, suite), in = keys_of(other, suite);

	assert_int_equal(connect(e->wire, (const struct sockaddr *)peer, sizeof *peer), 0);
	assert_int_equal(path_esp_receive(e->path, &in), 0);
	assert_int_equal(path_esp_send(e->path, &out), 0);
}

static void make_end(struct end *e, const struct sockaddr_in *peer, const struct features *f,
		     uint16_t own, uint16_t other)
{
	const struct path_callbacks callbacks = {.control = on_control,
						 .ike = on_ike,
						 .unknown = on_control,
						 .tunnel = on_tunnel,
						 .error = on_error,
						 .resync = on_resync};
	const struct path_call call = {.local_tunnel_id = own,
				       .peer_tunnel_id = other,
				       .local_call_id = own,
				       .peer_call_id = other};
	struct path_config config = {.encap = PROTOCOL_L2TP,
				     .wire_fd = e->wire,
				     .tun_offload = f->offload,
				     .tun_offload_udp = f->offload,
				     .udp_segment = f->segment,
				     .udp_gro = f->gro,
				     .esp = f->suite != NULL,
				     .inner_port = (uint16_t)(own + 40000),
				     .peer_inner_port = (uint16_t)(other + 40000),
				     .peer_len = sizeof *peer};
	int fds[2], one = 1, size = 4 << 20;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	e->tun = fds[0];
	e->path_tun = config.tun_fd = fds[1];
	e->offload = f->offload;
	memcpy(&config.peer, peer, sizeof *peer);
	if (f->gro)
		assert_int_equal(setsockopt(e->wire, IPPROTO_UDP, UDP_GRO, &one, sizeof one), 0);
	/* Segmentation needs checksums: without them the kernel refuses it, as it does where it
	 * cannot segment at all. */
	if (f->no_segment_really)
		assert_int_equal(setsockopt(e->wire, SOL_SOCKET, SO_NO_CHECK, &one, sizeof one), 0);
	e->path = path_new(&config, &callbacks, NULL);
	assert_non_null(e->path);
	path_set_call(e->path, &call);
	if (f->suite)
		secure(e, peer, f->suite, own, other);
}

static void set_state(struct end *e, uint8_t tx, uint8_t rx, unsigned bits, bool stateful)
{
	struct path_state state = {
		.ipv4 = true, .ipv6 = true, .rx_clear = bits == 0, .peer_mru = 1500};

	state.tx = (struct path_mppe){.bits = (uint8_t)bits, .stateful = stateful, .start = {tx}};
	state.rx = (struct path_mppe){.bits = (uint8_t)bits, .stateful = stateful, .start = {rx}};
	path_set_state(e->path, &state);
}

static struct pair *pair_new(const struct features *a, const struct features *b, unsigned bits,
			     bool stateful)
{
	struct pair *p = calloc(1, sizeof *p);
	struct sockaddr_in at_a, at_b;

	p->a.wire = udp(&at_a);
	p->b.wire = udp(&at_b);
	make_end(&p->a, &at_b, a, 1, 2);
	make_end(&p->b, &at_a, b, 2, 1);
	set_state(&p->a, 'a', 'b', bits, stateful);
	set_state(&p->b, 'b', 'a', bits, stateful);
	return p;
}

static void pair_free(struct pair *p)
{
	struct end *ends[2] = {&p->a, &p->b};

	for (int i = 0; i < 2; i++) {
		path_free(ends[i]->path);
		close(ends[i]->tun);
		close(ends[i]->path_tun);
		close(ends[i]->wire);
	}
	free(p);
}

static uint8_t octet(size_t at)
{
	return (uint8_t)(at * 11 + at / 253);
}

/* A TCP packet of LEN payload octets, those of the stream from AT on. */
static size_t tcp(uint8_t *p, size_t at, size_t len)
{
	uint16_t sum;

	memset(p, 0, HEAD);
	p[0] = 0x45;
	offload_put16(p + 2, (unsigned)(HEAD + len));
	p[6] = 0x40;
	p[8] = 64;
	p[9] = IP_TCP;
	memcpy(p + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02\x12\x34\x00\x50", 12);
	sum = (uint16_t)~checksum_fold(checksum_add(0, p, 20));
	memcpy(p + 10, &sum, 2);
	offload_put32(p + 24, (uint32_t)at);
	p[32] = 0x50;
	p[33] = TCP_ACK;
	for (size_t i = 0; i < len; i++)
		p[HEAD + i] = octet(at + i);
	sum = checksum_fold(checksum_pseudo(p + 12, 8, IP_TCP, 20 + len));
	memcpy(p + 36, &sum, 2); /* open, as the kernel leaves it */
	return HEAD + len;
}

static void put(const struct end *e, const struct offload *offload, uint8_t *packet, size_t len)
{
	struct iovec iov[2] = {{(void *)(uintptr_t)offload, sizeof *offload}, {packet, len}};

	if (e->offload) {
		assert_int_equal(writev(e->tun, iov, 2), (ssize_t)(sizeof *offload + len));
		return;
	}
	assert_true(cut_complete(offload, packet, len));
	assert_int_equal(send(e->tun, packet, len, 0), len);
}

/* LEN octets of the stream from AT on into E, in what the kernel would make of them. */
static void put_stream(const struct end *e, size_t at, size_t len)
{
	static uint8_t packet[HEAD + LARGE];
	struct offload offload = {OFFLOAD_NEEDS_CSUM, OFFLOAD_TCP4, HEAD, PIECE, 20, 16};
	size_t most = e->offload ? LARGE : PIECE;

	for (size_t end = at + len; at < end; at += len) {
		len = end - at < most ? end - at : most;
		offload.gso_type = len > PIECE ? OFFLOAD_TCP4 : OFFLOAD_NONE;
		put(e, &offload, packet, tcp(packet, at, len));
	}
}

/* Reads what came out of E; it must be the stream from AT on.  Returns its octets. */
static size_t take_stream(const struct end *e, size_t at, unsigned *reads)
{
	static uint8_t packet[sizeof(struct offload) + 65536];
	size_t skip = e->offload ? sizeof(struct offload) : 0, sum = 0;
	ssize_t n;

	while ((n = recv(e->tun, packet, sizeof packet, 0)) > 0) {
		uint8_t *p = packet + skip;
		size_t len = (size_t)n - skip - HEAD;

		(*reads)++;
		assert_int_equal(offload_get32(p + 24), (uint32_t)(at + sum));
		assert_int_equal(offload_get16(p + 2), HEAD + len);
		for (size_t i = 0; i < len; i++)
			if (p[HEAD + i] != octet(at + sum + i))
				fail_msg("octet %zu of the stream is wrong", at + sum + i);
		sum += len;
	}
	return sum;
}

/* What a path counts as lost or wrong. */
static void assert_nothing_lost(const struct end *e)
{
	const struct path_counters *c = path_counters(e->path);

	assert_int_equal(c->tx_full + c->tx_too_big + c->tx_blocked, 0);
	assert_int_equal(c->rx_malformed + c->rx_wrong_id + c->rx_not_open + c->rx_bad_mppe, 0);
	assert_int_equal(c->esp_bad + c->esp_replayed + c->esp_unknown, 0);
	assert_int_equal(c->rx_clear_refused + c->rx_duplicate + c->rx_lost + c->wire_errors, 0);
}

static void transfer(struct end *from, struct end *to, size_t len, unsigned *reads)
{
	size_t at = 0;

	*reads = 0;
	while (at < len) {
		size_t now = len - at < 100000 ? len - at : 100000;

		put_stream(from, at, now);
		while (path_burst_tx(from->path, 1))
			;
		while (path_burst_rx(to->path, 1))
			;
		assert_int_equal(take_stream(to, at, reads), now);
		at += now;
	}
}

static void check_pair(const struct features *a, const struct features *b, unsigned bits,
		       bool stateful)
{
	struct pair *p = pair_new(a, b, bits, stateful);
	unsigned reads, packets = 300;
	const size_t len = (size_t)packets * PIECE;

	transfer(&p->a, &p->b, len, &reads);
	assert_nothing_lost(&p->a);
	assert_nothing_lost(&p->b);
	assert_int_equal(path_counters(p->a.path)->tx_packets, packets);
	assert_int_equal(path_counters(p->a.path)->tx_bytes, len + (size_t)packets * HEAD);
	assert_int_equal(path_counters(p->a.path)->wire_tx, packets);
	assert_int_equal(path_counters(p->b.path)->wire_rx, packets);
	assert_int_equal(path_counters(p->b.path)->rx_packets, packets);
	assert_int_equal(path_counters(p->b.path)->rx_bytes, len + (size_t)packets * HEAD);
	if (b->offload)
		assert_true(reads <= packets / 16);
	else
		assert_int_equal(reads, packets);
	transfer(&p->b, &p->a, len, &reads);
	assert_nothing_lost(&p->a);
	assert_nothing_lost(&p->b);
	pair_free(p);
}

static void all_of_it(unsigned bits, bool stateful, const struct ipsec_suite *suite)
{
	static const struct features every[] = {
		{.offload = true, .segment = true, .gro = true},
		{.offload = true, .segment = true},
		{.offload = true, .gro = true},
		{.segment = true, .gro = true},
		{.offload = true, .segment = true, .gro = true, .no_segment_really = true},
		{.offload = false},
	};

	for (size_t i = 0; i < sizeof every / sizeof every[0]; i++)
		for (size_t k = 0; k < sizeof every / sizeof every[0]; k++) {
			struct features a = every[i], b = every[k];

			a.suite = b.suite = suite;
			check_pair(&a, &b, bits, stateful);
		}
}

static void clear_stream_passes_with_any_part_missing(void **state)
{
	(void)state;
	all_of_it(0, false, NULL);
}

static void stateless_stream_passes_with_any_part_missing(void **state)
{
	(void)state;
	all_of_it(128, false, NULL);
	all_of_it(40, false, NULL);
}

static void stateful_stream_passes_with_any_part_missing(void **state)
{
	(void)state;
	all_of_it(128, true, NULL);
}

static void stream_in_esp_passes_with_any_part_missing(void **state)
{
	static const struct ipsec_suite suites[] = {
		{IPSEC_AES_GCM, IPSEC_HASH_NONE, IPSEC_GROUP_NONE, 256},
		{IPSEC_AES_CBC, IPSEC_SHA1, IPSEC_GROUP_NONE, 256},
		{IPSEC_AES_CBC, IPSEC_SHA512, IPSEC_GROUP_NONE, 128},
		{IPSEC_3DES, IPSEC_MD5, IPSEC_GROUP_NONE, 192}};
	(void)state;

	for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
		all_of_it(0, false, &suites[i]);
	all_of_it(128, false, &suites[0]); /* and MPPE inside */
}

static const struct ipsec_suite gcm = {IPSEC_AES_GCM, IPSEC_HASH_NONE, IPSEC_GROUP_NONE, 256};

/* Nothing is sent before there is an association, and nothing is taken without one. */
static void nothing_passes_without_an_association(void **state)
{
	struct features f = {.offload = false, .suite = &gcm};
	struct pair *p = pair_new(&f, &f, 0, false);
	struct path *without;
	uint8_t octets[8] = {0};
	struct end fresh = {.wire = dup(p->a.wire)};
	const struct path_config config = {.encap = PROTOCOL_L2TP,
					   .tun_fd = p->a.path_tun,
					   .wire_fd = fresh.wire,
					   .esp = true};
	const struct path_callbacks callbacks = {.control = on_control};
	const struct path_call call = {1, 2, 1, 2, false};
	struct path_state state_ = {.ipv4 = true, .peer_mru = 1500};
	(void)state;

	without = path_new(&config, &callbacks, NULL);
	path_set_call(without, &call);
	path_set_state(without, &state_);
	put_stream(&p->a, 0, PIECE);
	path_burst_tx(without, 1);
	assert_int_equal(path_counters(without)->tx_blocked, 1);
	assert_int_equal(path_send_control(without, 0xc021, octets, 8), -ENOTCONN);
	assert_int_equal(path_send_tunnel(without, octets, 8), -ENOTCONN);
	assert_int_equal(path_counters(without)->wire_tx, 0);
	path_free(without);
	close(fresh.wire);
	path_esp_forget(p->b.path, 0x1000u + 1);
	put_stream(&p->a, 0, PIECE);
	path_burst_tx(p->a.path, 1);
	path_burst_rx(p->b.path, 1);
	assert_int_equal(path_counters(p->b.path)->esp_unknown, 1);
	assert_int_equal(path_counters(p->b.path)->rx_packets, 0);
	pair_free(p);
}

/* While keys change both associations are heard, and each number once. */
static void both_associations_are_heard_while_keys_change(void **state)
{
	struct features f = {.offload = false, .suite = &gcm};
	struct pair *p = pair_new(&f, &f, 0, false);
	struct esp_keys next = keys_of(77, &gcm);
	unsigned reads = 0;
	(void)state;

	put_stream(&p->a, 0, PIECE);
	path_burst_tx(p->a.path, 1); /* still by the old one, and not read yet */
	assert_int_equal(path_esp_receive(p->b.path, &next), 0);
	assert_int_equal(path_esp_send(p->a.path, &next), 0);
	put_stream(&p->a, PIECE, PIECE);
	path_burst_tx(p->a.path, 1);
	assert_int_equal(path_esp_newest(p->a.path), 1);
	while (path_burst_rx(p->b.path, 1))
		;
	assert_int_equal(take_stream(&p->b, 0, &reads), 2 * PIECE);
	assert_nothing_lost(&p->b);
	assert_int_equal(path_esp_heard_ms(p->b.path), 1);
	pair_free(p);
}

/* A repeated, a changed and a foreign datagram, a keep-alive and a message of IKE. */
static void strange_datagrams_are_counted_and_dropped(void **state)
{
	struct features f = {.offload = false, .suite = &gcm};
	struct pair *p = pair_new(&f, &f, 0, false);
	uint8_t packet[2048];
	ssize_t n;
	(void)state;

	put_stream(&p->a, 0, PIECE);
	path_burst_tx(p->a.path, 1);
	n = recv(p->b.wire, packet, sizeof packet, 0);
	assert_true(n > PIECE);
	for (int i = 0; i < 2; i++)
		assert_int_equal(send(p->a.wire, packet, (size_t)n, 0), n);
	packet[4]++; /* another number */
	assert_int_equal(send(p->a.wire, packet, (size_t)n, 0), n);
	packet[0]++; /* another association */
	assert_int_equal(send(p->a.wire, packet, (size_t)n, 0), n);
	for (size_t k = 1; k < 12; k++)
		assert_int_equal(send(p->a.wire, packet + 20, k, 0), k);
	path_send_keepalive(p->a.path);
	ike_octets = 0;
	assert_int_equal(path_send_ike(p->a.path, (const uint8_t *)"\a1234567", 8), 0);
	while (path_burst_rx(p->b.path, 1))
		;
	assert_int_equal(path_counters(p->b.path)->rx_packets, 1);
	assert_int_equal(path_counters(p->b.path)->esp_replayed, 1);
	assert_int_equal(path_counters(p->b.path)->esp_bad, 1);
	assert_int_equal(path_counters(p->b.path)->esp_unknown, 12);
	assert_int_equal(ike_octets, 8);
	pair_free(p);
}

/* The gate sees the pieces: those larger than the peer takes do not leave, in no way. */
static void pieces_larger_than_the_peer_takes_do_not_leave(void **state)
{
	const struct features all = {.offload = true, .segment = true, .gro = true};
	struct pair *p = pair_new(&all, &all, 128, false);
	struct path_state small = {.ipv4 = true, .peer_mru = HEAD + PIECE + 3};

	(void)state;
	small.tx = (struct path_mppe){.bits = 128, .start = {'a'}};
	path_set_state(p->a.path, &small);
	put_stream(&p->a, 0, 50000);
	path_burst_tx(p->a.path, 1);
	assert_int_equal(path_counters(p->a.path)->tx_packets, 0);
	assert_int_equal(path_counters(p->a.path)->tx_too_big, 1);
	assert_int_equal(path_counters(p->a.path)->last_tx_ms, 0);
	small.peer_mru++;
	path_set_state(p->a.path, &small);
	put_stream(&p->a, 0, 50000);
	path_burst_tx(p->a.path, 1);
	assert_int_equal(path_counters(p->a.path)->tx_packets, 50);
	small.tx_blocked = true;
	path_set_state(p->a.path, &small);
	put_stream(&p->a, 0, 50000);
	path_burst_tx(p->a.path, 1);
	assert_int_equal(path_counters(p->a.path)->tx_packets, 50);
	assert_int_equal(path_counters(p->a.path)->wire_tx, 50);
	pair_free(p);
}

/* Headers that no kernel would write: nothing leaves, nothing breaks. */
static void nonsense_from_the_device_does_not_leave(void **state)
{
	const struct features all = {.offload = true, .segment = true, .gro = true};
	struct pair *p = pair_new(&all, &all, 128, false);
	static uint8_t packet[HEAD + 3000];
	size_t len = tcp(packet, 0, 3000);
	const struct offload wrong[] = {
		{OFFLOAD_NEEDS_CSUM, OFFLOAD_TCP4, HEAD, 0, 20, 16},
		{0, OFFLOAD_TCP4, HEAD, PIECE, 20, 16},
		{OFFLOAD_NEEDS_CSUM, OFFLOAD_TCP6, HEAD, PIECE, 20, 16},
		{OFFLOAD_NEEDS_CSUM, OFFLOAD_TCP4, HEAD, PIECE, 3030, 16},
		{OFFLOAD_NEEDS_CSUM, 77, HEAD, PIECE, 20, 16},
		{OFFLOAD_NEEDS_CSUM, OFFLOAD_NONE, 0, 0, 65535, 16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		put(&p->a, &wrong[i], packet, len);
	assert_int_equal(send(p->a.tun, packet, 5, 0), 5);
	path_burst_tx(p->a.path, 1);
	assert_int_equal(path_counters(p->a.path)->tx_packets, 0);
	assert_int_equal(path_counters(p->a.path)->wire_tx, 0);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clear_stream_passes_with_any_part_missing),
		cmocka_unit_test(stateless_stream_passes_with_any_part_missing),
		cmocka_unit_test(stateful_stream_passes_with_any_part_missing),
		cmocka_unit_test(stream_in_esp_passes_with_any_part_missing),
		cmocka_unit_test(nothing_passes_without_an_association),
		cmocka_unit_test(both_associations_are_heard_while_keys_change),
		cmocka_unit_test(strange_datagrams_are_counted_and_dropped),
		cmocka_unit_test(pieces_larger_than_the_peer_takes_do_not_leave),
		cmocka_unit_test(nonsense_from_the_device_does_not_leave),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
