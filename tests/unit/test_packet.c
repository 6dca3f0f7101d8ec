/* SPDX-License-Identifier: MIT */
/* The packet socket of the data path: its IPv4 header, when a burst goes by it, and when by the raw
 * socket.  The kernel's side of the packet socket is played here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "path/packet.h"
#include "path/path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_FD 999 /* of no real descriptor */
#define IP_LEN	  100

static struct {
	int error;	/* of sends, unless */
	unsigned takes; /* so many are taken first */
	unsigned calls; /* of the system call */
	unsigned count; /* packets taken */
	uint8_t last[2048];
	size_t last_len;
	struct sockaddr_ll to;
} kernel;
static int raw_error;

int __real_sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags);

int __wrap_sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags)
{
	const struct msghdr *m;

	if (fd != PACKET_FD) {
		if (!raw_error)
			return __real_sendmmsg(fd, msgs, count, flags);
		errno = raw_error;
		return -1;
	}
	kernel.calls++;
	if (kernel.error && kernel.takes == 0) {
		errno = kernel.error;
		return -1;
	}
	if (kernel.error && kernel.takes < count)
		count = kernel.takes;
	kernel.takes -= kernel.error ? count : 0;
	kernel.count += count;
	m = &msgs[count - 1].msg_hdr;
	assert_int_equal(m->msg_namelen, sizeof kernel.to);
	memcpy(&kernel.to, m->msg_name, sizeof kernel.to);
	kernel.last_len = m->msg_iov->iov_len;
	memcpy(kernel.last, m->msg_iov->iov_base, kernel.last_len);
	return (int)count;
}

struct bench {
	struct path *path;
	int tun[2], wire[2];
};

static const struct path_next_hop hop = {
	.known = true,
	.ifindex = 7,
	.link_address = {2, 0, 0, 0, 0, 9},
	.ttl = 63,
	.source = {0x0201580a}, /* in whatever order: they are copied */
	.destination = {0x0171cb00},
};

static void nothing(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	(void)ctx;
	(void)protocol;
	(void)info;
	(void)len;
}

static int set_up(void **state)
{
	static struct bench b;
	const struct path_callbacks callbacks = {.control = nothing, .unknown = nothing};
	struct path_config config = {.encap = PROTOCOL_PPTP, .packet_fd = PACKET_FD};
	const struct path_call call = {.local_call_id = 1, .peer_call_id = 2};
	const struct path_state s = {.ipv4 = true, .peer_mru = 1500, .path_mtu = 1500};

	memset(&kernel, 0, sizeof kernel);
	raw_error = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, b.tun), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, b.wire), 0);
	config.tun_fd = b.tun[0];
	config.wire_fd = b.wire[0];
	b.path = path_new(&config, &callbacks, NULL);
	assert_non_null(b.path);
	path_set_call(b.path, &call);
	path_set_state(b.path, &s);
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	path_free(b->path);
	for (int i = 0; i < 2; i++) {
		close(b->tun[i]);
		close(b->wire[i]);
	}
	return 0;
}

/* A burst of COUNT packets of LEN octets at the time NOW. */
static void burst(struct bench *b, unsigned count, size_t len, uint64_t now)
{
	uint8_t ip[1500] = {0x45};

	ip[2] = (uint8_t)(len >> 8);
	ip[3] = (uint8_t)len;
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(write(b->tun[1], ip, len), len);
	path_burst_tx(b->path, now);
}

/* How many packets came by the raw socket since the last time; each of them GRE without IP. */
static unsigned raw_count(struct bench *b)
{
	uint8_t packet[2048];
	unsigned n = 0;

	while (recv(b->wire[1], packet, sizeof packet, 0) > 0) {
		assert_int_equal(packet[2] << 8 | packet[3], 0x880b);
		n++;
	}
	return n;
}

static unsigned fast_count(void)
{
	unsigned n = kernel.count;

	kernel.count = 0;
	return n;
}

static void want(struct bench *b, unsigned raw, unsigned fast)
{
	assert_int_equal(raw_count(b), raw);
	assert_int_equal(fast_count(), fast);
}

/* By the definition of RFC 1071: all words with the checksum add up to 0xffff. */
static unsigned ones_sum(const uint8_t *p, size_t len)
{
	unsigned sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (unsigned)(p[i] << 8 | p[i + 1]);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void header_is_that_of_a_whole_packet_for_every_length(void **state)
{
	struct packet p = {0};
	uint8_t h[PACKET_IPV4_HEADER];

	(void)state;
	packet_set(&p, &hop);
	for (size_t len = 0; len <= 65515; len++) {
		unsigned id = (unsigned)(len + 1) & 0xffff;

		packet_header(&p, h, len);
		assert_int_equal(h[0], 0x45);
		assert_int_equal(h[1], 0);
		assert_int_equal(h[2] << 8 | h[3], len + 20);
		assert_int_equal(h[4] << 8 | h[5], id); /* each packet another one */
		assert_int_equal(h[6] << 8 | h[7], 0x4000);
		assert_int_equal(h[8], 63);
		assert_int_equal(h[9], 47);
		assert_memory_equal(h + 12, &hop.source, 4);
		assert_memory_equal(h + 16, &hop.destination, 4);
		assert_int_equal(ones_sum(h, sizeof h), 0xffff);
	}
}

static void next_hop_that_changes_goes_on_with_the_ids(void **state)
{
	struct packet p = {0};
	uint8_t a[PACKET_IPV4_HEADER], b[PACKET_IPV4_HEADER];

	(void)state;
	packet_set(&p, &hop);
	packet_header(&p, a, 100);
	packet_set(&p, &hop);
	packet_header(&p, b, 100);
	assert_int_equal(b[5], a[5] + 1);
}

static void without_a_next_hop_all_goes_by_the_raw_socket(void **state)
{
	struct bench *b = *state;

	for (uint64_t now = 5000; now < 5100; now += 10) {
		burst(b, 3, IP_LEN, now);
		want(b, 3, 0);
	}
	assert_int_equal(kernel.calls, 0);
}

static void bursts_go_by_the_packet_socket_and_each_second_one_by_the_raw_one(void **state)
{
	struct bench *b = *state;

	path_set_next_hop(b->path, &hop);
	burst(b, 4, IP_LEN, 5000);
	want(b, 4, 0); /* first the kernel shall see that it passes */
	burst(b, 4, IP_LEN, 5001);
	want(b, 0, 4);
	burst(b, 20, IP_LEN, 5999);
	want(b, 0, 20);
	burst(b, 2, IP_LEN, 6000);
	want(b, 2, 0);
	burst(b, 2, IP_LEN, 6001);
	want(b, 0, 2);
	assert_int_equal(path_counters(b->path)->wire_tx, 32);
	assert_int_equal(path_counters(b->path)->wire_tx_fast, 26);
	assert_int_equal(kernel.to.sll_family, AF_PACKET);
	assert_int_equal(ntohs(kernel.to.sll_protocol), ETHERTYPE_IP);
	assert_int_equal(kernel.to.sll_ifindex, 7);
	assert_int_equal(kernel.to.sll_halen, 6);
	assert_memory_equal(kernel.to.sll_addr, hop.link_address, 6);
	/* IP, GRE with a number, PPP, the packet */
	assert_int_equal(kernel.last_len, 20 + 12 + 4 + IP_LEN);
	assert_int_equal(kernel.last[2] << 8 | kernel.last[3], kernel.last_len);
	assert_int_equal(kernel.last[22] << 8 | kernel.last[23], 0x880b);
	assert_int_equal(kernel.last[36], 0x45);
}

static void next_hop_that_is_gone_ends_it_at_once(void **state)
{
	struct bench *b = *state;
	const struct path_next_hop none = {0};

	path_set_next_hop(b->path, &hop);
	burst(b, 1, IP_LEN, 5000);
	burst(b, 1, IP_LEN, 5001);
	want(b, 1, 1);
	path_set_next_hop(b->path, &none);
	burst(b, 5, IP_LEN, 5002);
	want(b, 5, 0);
}

static void
what_the_packet_socket_refuses_goes_by_the_raw_one_and_a_second_later_it_is_tried(void **state)
{
	static const int errors[] = {ENXIO, ENETDOWN, EMSGSIZE, EINVAL, EPERM, EAFNOSUPPORT};
	struct bench *b = *state;
	uint64_t now = 5000;

	path_set_next_hop(b->path, &hop);
	burst(b, 1, IP_LEN, now);
	want(b, 1, 0);
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		kernel.error = errors[i];
		kernel.takes = 2;
		kernel.calls = 0;
		burst(b, 6, IP_LEN, now + 1);
		want(b, 4, 2); /* whole, and none twice */
		burst(b, 6, IP_LEN, now + 1000);
		want(b, 6, 0);
		assert_int_equal(kernel.calls, 2);
		kernel.error = 0;
		now += 1001;
		burst(b, 6, IP_LEN, now);
		want(b, 0, 6);
	}
	assert_int_equal(path_counters(b->path)->wire_errors, 0);
}

static void full_packet_socket_loses_packets_as_a_full_raw_one_does(void **state)
{
	struct bench *b = *state;

	path_set_next_hop(b->path, &hop);
	burst(b, 1, IP_LEN, 5000);
	want(b, 1, 0);
	for (int i = 0; i < 2; i++) {
		kernel.error = i ? EAGAIN : ENOBUFS;
		kernel.takes = 1;
		burst(b, 3, IP_LEN, 5001);
		want(b, 0, 1);
	}
	assert_int_equal(path_counters(b->path)->tx_full, 4);
	kernel.error = 0;
	burst(b, 3, IP_LEN, 5002);
	want(b, 0, 3);
}

/* A firewall's EPERM, no route: what holds for the one socket holds for the other. */
static void raw_socket_that_refuses_bars_the_packet_socket_until_it_takes_a_burst(void **state)
{
	struct bench *b = *state;

	path_set_next_hop(b->path, &hop);
	raw_error = EPERM;
	for (uint64_t now = 5000; now < 9000; now += 100)
		burst(b, 1, IP_LEN, now);
	want(b, 0, 0);
	raw_error = 0;
	burst(b, 1, IP_LEN, 9000);
	want(b, 1, 0);
	burst(b, 1, IP_LEN, 9001);
	want(b, 0, 1);
	raw_error = EPERM;
	burst(b, 1, IP_LEN, 10000);
	burst(b, 1, IP_LEN, 10001);
	want(b, 0, 0);
}

static void burst_with_a_packet_too_large_for_the_path_is_the_raw_sockets(void **state)
{
	struct bench *b = *state;
	struct path_state s = {.ipv4 = true, .peer_mru = 1500, .path_mtu = 1300};
	size_t fits = 1300 - 20 - 12 - 4;

	path_set_next_hop(b->path, &hop);
	path_set_state(b->path, &s);
	burst(b, 1, IP_LEN, 5000);
	want(b, 1, 0);
	burst(b, 2, fits, 5001);
	want(b, 0, 2);
	assert_int_equal(kernel.last_len, 1300);
	burst(b, 2, fits + 1, 5002);
	want(b, 2, 0);
	s.path_mtu = 1500;
	path_set_state(b->path, &s);
	burst(b, 2, fits + 1, 5003);
	want(b, 0, 2);
}

static void control_frames_always_go_by_the_raw_socket(void **state)
{
	struct bench *b = *state;
	const uint8_t echo[8] = {9, 1, 0, 8};

	path_set_next_hop(b->path, &hop);
	burst(b, 1, IP_LEN, 5000);
	want(b, 1, 0);
	assert_int_equal(path_send_control(b->path, 0xc021, echo, sizeof echo), 0);
	want(b, 1, 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_is_that_of_a_whole_packet_for_every_length),
		cmocka_unit_test(next_hop_that_changes_goes_on_with_the_ids),
		CASE(without_a_next_hop_all_goes_by_the_raw_socket),
		CASE(bursts_go_by_the_packet_socket_and_each_second_one_by_the_raw_one),
		CASE(next_hop_that_is_gone_ends_it_at_once),
		CASE(what_the_packet_socket_refuses_goes_by_the_raw_one_and_a_second_later_it_is_tried),
		CASE(full_packet_socket_loses_packets_as_a_full_raw_one_does),
		CASE(raw_socket_that_refuses_bars_the_packet_socket_until_it_takes_a_burst),
		CASE(burst_with_a_packet_too_large_for_the_path_is_the_raw_sockets),
		CASE(control_frames_always_go_by_the_raw_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
