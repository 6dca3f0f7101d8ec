/* SPDX-License-Identifier: MIT */
/* The data path over L2TP: a socket pair stands for the TUN device, UDP sockets on loopback for the
 * server's two ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cursor.h"
#include "path/mppe.h"
#include "path/path.h"
#include "wire/l2tp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define OWN_TUNNEL   0x1111
#define OWN_SESSION  0x2222
#define PEER_TUNNEL  0x3333
#define PEER_SESSION 0x4444

struct bench {
	struct path *path;
	int tun, path_tun, path_wire;
	int server, other;    /* the server's port, and another one of its address */
	uint16_t client_port; /* network order */
	unsigned control, datagrams, too_big;
	uint32_t mtu;
	uint16_t protocol;
	bool lock_on_datagram, answer_datagrams;
};

static void on_control(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct bench *b = ctx;

	assert_true(len > 0 && info);
	b->control++;
	b->protocol = protocol;
}

static void on_unknown(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	(void)ctx;
	(void)info;
	fail_msg("unknown protocol %04x, %zu octets", protocol, len);
}

static void on_tunnel(void *ctx, const uint8_t *octets, size_t len)
{
	struct bench *b = ctx;

	assert_true(len >= 2 && (octets[0] & 0x80));
	b->datagrams++;
	if (b->lock_on_datagram)
		path_lock_peer(b->path);
	if (b->answer_datagrams)
		assert_int_equal(path_send_tunnel(b->path, octets, len), 0);
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

static bool on_inner(void *ctx, const uint8_t *ip, size_t len)
{
	(void)ctx;
	(void)ip;
	fail_msg("%zu octets shown unasked", len);
	return false;
}

static void on_too_big(void *ctx, uint32_t mtu)
{
	struct bench *b = ctx;

	b->too_big++;
	b->mtu = mtu;
}

static int udp(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof *at;

	*at = (struct sockaddr_in){.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof *at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

static void open_call(struct bench *b, bool sequencing)
{
	const struct path_call call = {.local_tunnel_id = OWN_TUNNEL,
				       .peer_tunnel_id = PEER_TUNNEL,
				       .local_call_id = OWN_SESSION,
				       .peer_call_id = PEER_SESSION,
				       .sequencing = sequencing};
	const struct path_state state = {
		.ipv4 = true, .ipv6 = true, .rx_clear = true, .peer_mru = 1500};

	path_set_call(b->path, &call);
	path_set_state(b->path, &state);
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	const struct path_callbacks callbacks = {.control = on_control,
						 .unknown = on_unknown,
						 .tunnel = on_tunnel,
						 .error = on_error,
						 .resync = on_resync,
						 .inner = on_inner,
						 .too_big = on_too_big,
						 .ctx = b};
	struct path_config config = {.encap = PROTOCOL_L2TP,
				     .peer_len = sizeof(struct sockaddr_in)};
	struct sockaddr_in at;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	b->tun = fds[0];
	config.tun_fd = b->path_tun = fds[1];
	b->other = udp(&at);
	b->server = udp(&at);
	memcpy(&config.peer, &at, sizeof at);
	config.wire_fd = b->path_wire = udp(&at);
	b->client_port = at.sin_port;
	b->path = path_new(&config, &callbacks, NULL);
	assert_non_null(b->path);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	path_free(b->path);
	close(b->tun);
	close(b->path_tun);
	close(b->path_wire);
	close(b->server);
	close(b->other);
	free(b);
	return 0;
}

static void from_port(struct bench *b, int fd, const void *octets, size_t len)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = b->client_port};

	assert_int_equal(sendto(fd, octets, len, 0, (const struct sockaddr *)&to, sizeof to), len);
	path_burst_rx(b->path, 1000);
}

/* A data message of the server; FLAGS as in the first octet of the header: L 0x40, S 0x08, O 0x02,
 * P 0x01; PAD octets behind an offset size. */
static void data(struct bench *b, uint8_t flags, uint16_t ns, uint16_t pad, const void *frame,
		 size_t frame_len)
{
	uint8_t packet[2048];
	struct writer w = writer_make(packet, sizeof packet);
	size_t whole;

	writer_u16(&w, (uint16_t)(flags << 8 | 2));
	if (flags & 0x40)
		writer_u16(&w, 0);
	writer_u16(&w, OWN_TUNNEL);
	writer_u16(&w, OWN_SESSION);
	if (flags & 0x08) {
		writer_u16(&w, ns);
		writer_u16(&w, 0x7777);
	}
	if (flags & 0x02) {
		writer_u16(&w, pad);
		for (uint16_t i = 0; i < pad; i++)
			writer_u8(&w, 0xee);
	}
	writer_bytes(&w, frame, frame_len);
	whole = writer_len(&w);
	if (flags & 0x40) {
		writer_patch_u16(&w, 2, (uint16_t)whole);
		writer_bytes(&w, "extra", 5); /* behind the length: not of the message */
		whole += 5;
	}
	assert_false(w.failed);
	from_port(b, b->server, packet, whole);
}

static const uint8_t ip4[24] = {0x45, 0, 0, 24, [8] = 64, [9] = 17, [20] = 'd', 'a', 't', 'a'};

/* An IPv4 frame whose last octet is MARK. */
static size_t ip_frame(uint8_t *frame, uint8_t mark)
{
	memcpy(frame, "\xff\x03\x00\x21", 4);
	memcpy(frame + 4, ip4, sizeof ip4);
	frame[4 + sizeof ip4 - 1] = mark;
	return 4 + sizeof ip4;
}

/* The mark of the next packet that came out of the tunnel, -1 if there is none. */
static int delivered(struct bench *b)
{
	uint8_t packet[64];
	ssize_t n = recv(b->tun, packet, sizeof packet, 0);

	if (n < 0)
		return -1;
	assert_int_equal(n, sizeof ip4);
	return packet[sizeof ip4 - 1];
}

static void numbered(struct bench *b, uint16_t ns, uint8_t mark)
{
	uint8_t frame[64];
	size_t len = ip_frame(frame, mark);

	data(b, 0x48, ns, 0, frame, len);
}

/* The next datagram at one of the server's ports; false if there is none. */
static bool at_server(int fd, struct l2tp_header *h, uint8_t packet[static 2048])
{
	ssize_t n = recv(fd, packet, 2048, 0);

	if (n < 0)
		return false;
	assert_true(l2tp_decode(packet, (size_t)n, h));
	return true;
}

static bool send_one(struct bench *b, struct l2tp_header *h, uint8_t packet[static 2048])
{
	assert_int_equal(send(b->tun, ip4, sizeof ip4, 0), sizeof ip4);
	path_burst_tx(b->path, 1);
	return at_server(b->server, h, packet);
}

static void data_has_the_peers_ids_and_the_least_header(void **state)
{
	struct bench *b = *state;
	struct l2tp_header h;
	uint8_t packet[2048];

	open_call(b, false);
	assert_true(send_one(b, &h, packet));
	assert_false(h.control || h.has_length || h.has_seq || h.has_offset || h.priority);
	assert_int_equal(h.tunnel_id, PEER_TUNNEL);
	assert_int_equal(h.session_id, PEER_SESSION);
	assert_int_equal(h.payload_len, 4 + sizeof ip4);
	assert_memory_equal(h.payload, "\xff\x03\x00\x21", 4);
	assert_memory_equal(h.payload + 4, ip4, sizeof ip4);
}

static void nothing_leaves_before_the_call_is_up(void **state)
{
	struct bench *b = *state;
	struct l2tp_header h;
	uint8_t packet[2048];

	assert_false(send_one(b, &h, packet));
	assert_int_equal(path_counters(b->path)->tx_blocked, 1);
}

static void every_combination_of_header_bits_is_read(void **state)
{
	struct bench *b = *state;
	uint8_t frame[64];

	open_call(b, false);
	for (uint8_t i = 0; i < 16; i++) {
		uint8_t flags = (uint8_t)((i & 1 ? 0x40 : 0) | (i & 2 ? 0x08 : 0) |
					  (i & 4 ? 0x02 : 0) | (i & 8 ? 0x01 : 0));

		for (uint16_t pad = 0; pad < 4; pad++) {
			uint8_t mark = (uint8_t)(4 * i + pad);

			data(b, flags, (uint16_t)(4 * i + pad), pad, frame, ip_frame(frame, mark));
			assert_int_equal(delivered(b), mark);
		}
	}
	assert_int_equal(path_counters(b->path)->rx_malformed, 0);
	assert_int_equal(path_counters(b->path)->rx_duplicate, 0);
}

static void cut_data_messages_are_counted_and_disturb_nothing(void **state)
{
	static const uint8_t whole[] = {0x4a, 0x02, 0, 22,   0x11, 0x11, 0x22, 0x22, 0, 1, 0,
					0,    0,    2, 0xee, 0xee, 0xc0, 0x21, 9,    1, 0, 4};
	struct bench *b = *state;

	open_call(b, false);
	for (size_t len = 1; len < sizeof whole; len++)
		from_port(b, b->server, whole, len);
	assert_int_equal(b->control, 0);
	assert_int_equal(path_counters(b->path)->rx_malformed, sizeof whole - 1);
	from_port(b, b->server, whole, sizeof whole);
	assert_int_equal(b->control, 1);
	assert_int_equal(b->protocol, 0xc021);
}

static void a_frame_has_9216_octets_at_most(void **state)
{
	struct bench *b = *state;
	uint8_t message[6 + 9217] = {0x00, 0x02, 0x11, 0x11, 0x22, 0x22, 0xc0, 0x21, 9};

	open_call(b, false);
	from_port(b, b->server, message, 6 + 9216);
	assert_int_equal(b->control, 1);
	from_port(b, b->server, message, sizeof message);
	assert_int_equal(b->control, 1);
	assert_int_equal(path_counters(b->path)->rx_malformed, 1);
}

static void foreign_versions_and_an_offset_beyond_the_end_are_refused(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
	} bad[] = {
		{"\x00\x01\x11\x11\x22\x22\xc0\x21", 8},		  /* L2F */
		{"\x00\x03\x11\x11\x22\x22\xc0\x21", 8},		  /* L2TPv3 */
		{"\x02\x02\x11\x11\x22\x22\xff\xff\xc0\x21\x09", 11},	  /* offset */
		{"\x42\x02\x00\x0a\x11\x11\x22\x22\x00\x02\xc0\x21", 12}, /* beyond the length */
		{"\x40\x02\x00\x07\x11\x11\x22\x22\xc0\x21", 10},	  /* length in the header */
		{"\x40\x02\x00\x0b\x11\x11\x22\x22\xc0\x21", 10},	  /* beyond the datagram */
	};
	struct bench *b = *state;

	open_call(b, false);
	for (size_t i = 0; i < COUNT(bad); i++) {
		from_port(b, b->server, bad[i].octets, bad[i].len);
		assert_int_equal(path_counters(b->path)->rx_malformed, i + 1);
	}
	assert_int_equal(b->control, 0);
}

static void other_ids_are_counted_and_dropped(void **state)
{
	uint8_t packet[] = {0x00, 0x02, 0x11, 0x11, 0x22, 0x22, 0xc0, 0x21, 9, 1, 0, 4};
	struct bench *b = *state;

	from_port(b, b->server, packet, sizeof packet); /* no call yet */
	open_call(b, false);
	for (unsigned at = 2; at < 6; at++) {
		packet[at] ^= 1;
		from_port(b, b->server, packet, sizeof packet);
		packet[at] ^= 1;
	}
	assert_int_equal(path_counters(b->path)->rx_wrong_id, 5);
	assert_int_equal(b->control, 0);
	from_port(b, b->server, packet, sizeof packet);
	assert_int_equal(b->control, 1);
}

static void numbers_answer_numbers_and_end_with_them(void **state)
{
	struct bench *b = *state;
	struct l2tp_header h;
	uint8_t packet[2048], frame[64];

	open_call(b, false);
	assert_true(send_one(b, &h, packet));
	assert_false(h.has_seq);
	numbered(b, 7, 1);
	for (uint16_t i = 0; i < 3; i++) {
		assert_true(send_one(b, &h, packet));
		assert_true(h.has_seq);
		assert_int_equal(h.ns, i);
	}
	data(b, 0x40, 0, 0, frame, ip_frame(frame, 2));
	assert_true(send_one(b, &h, packet));
	assert_false(h.has_seq);
	numbered(b, 8, 3);
	assert_true(send_one(b, &h, packet));
	assert_int_equal(h.ns, 3);
	for (int mark = 1; mark <= 3; mark++)
		assert_int_equal(delivered(b), mark);
}

static void numbers_demanded_are_on_every_packet_and_wrap(void **state)
{
	struct bench *b = *state;
	struct l2tp_header h;
	uint8_t packet[2048], frame[64];

	open_call(b, true);
	data(b, 0x40, 0, 0, frame, ip_frame(frame, 2)); /* the peer does not number */
	for (unsigned i = 0; i < 65540; i++) {
		assert_true(send_one(b, &h, packet));
		assert_true(h.has_seq);
		assert_int_equal(h.ns, i & 0xffff);
	}
	assert_int_equal(path_send_control(b->path, 0xc021, (const uint8_t *)"\x09\x01\0\4", 4), 0);
	assert_true(at_server(b->server, &h, packet));
	assert_int_equal(h.ns, 4);
}

static void numbered_data_is_read_once_each_across_the_wrap(void **state)
{
	struct bench *b = *state;

	open_call(b, false);
	for (unsigned i = 0; i < 200; i++) {
		numbered(b, (uint16_t)(65436 + i), (uint8_t)i);
		assert_int_equal(delivered(b), i);
		numbered(b, (uint16_t)(65436 + i), (uint8_t)i);
		assert_int_equal(delivered(b), -1);
	}
	assert_int_equal(path_counters(b->path)->rx_duplicate, 200);
	assert_int_equal(path_counters(b->path)->rx_lost, 0);
}

static void swapped_and_lost_numbers_are_told_apart(void **state)
{
	/* 65534, 65535, 0, 1, ... with 2 lost, and some swapped across the wrap */
	static const uint16_t order[] = {65534, 0, 65535, 1, 4, 3, 5, 6};
	struct bench *b = *state;
	unsigned got = 0;

	open_call(b, false);
	for (unsigned i = 0; i < COUNT(order); i++)
		numbered(b, order[i], (uint8_t)(order[i] + 2));
	for (uint64_t now = 1000; path_deadline(b->path) != UINT64_MAX && now < 3000; now += 10)
		path_tick(b->path, now);
	while (delivered(b) >= 0)
		got++;
	assert_int_equal(got, COUNT(order));
	assert_int_equal(path_counters(b->path)->rx_late, 2);
	assert_int_equal(path_counters(b->path)->rx_lost, 1);
	assert_int_equal(path_counters(b->path)->rx_too_late, 0);
}

/* 16 bits on the wire: a number elsewhere is half of the circle away at most. */
static void numbers_elsewhere_are_followed_when_they_follow_each_other(void **state)
{
	struct bench *b = *state;
	const uint16_t newest = 300;

	open_call(b, false);
	numbered(b, newest, 1);
	assert_int_equal(delivered(b), 1);
	for (unsigned i = 0; i < 100; i++) {
		numbered(b, (uint16_t)(newest + 20000 + 40 * i), 2);
		assert_int_equal(delivered(b), -1);
	}
	numbered(b, newest + 1, 3);
	assert_int_equal(delivered(b), 3);
	for (unsigned i = 0; i < 20; i++) {
		numbered(b, (uint16_t)(newest + 30000 + i), 4);
		assert_int_equal(delivered(b), i < 7 ? -1 : 4);
	}
	assert_true(path_in_doubt(b->path));
}

static void control_datagrams_are_the_tunnels_before_and_during_the_call(void **state)
{
	static const uint8_t zlb[] = {0xc8, 0x02, 0, 12, 0x11, 0x11, 0, 0, 0, 1, 0, 1};
	struct bench *b = *state;

	from_port(b, b->server, zlb, sizeof zlb);
	open_call(b, false);
	from_port(b, b->server, zlb, sizeof zlb);
	assert_int_equal(b->datagrams, 2);
	assert_int_equal(path_counters(b->path)->rx_wrong_id, 0);
}

static void server_that_answers_from_another_port_is_followed_there(void **state)
{
	static const uint8_t zlb[] = {0xc8, 0x02, 0, 12, 0x11, 0x11, 0, 0, 0, 1, 0, 1};
	struct bench *b = *state;
	struct l2tp_header h;
	uint8_t packet[2048];

	assert_int_equal(path_send_tunnel(b->path, zlb, sizeof zlb), 0);
	assert_true(at_server(b->server, &h, packet));
	/* Until it is settled, an answer goes where the question came from, all else as before. */
	b->answer_datagrams = true;
	from_port(b, b->other, zlb, sizeof zlb);
	assert_true(at_server(b->other, &h, packet));
	assert_int_equal(path_send_tunnel(b->path, zlb, sizeof zlb), 0);
	assert_true(at_server(b->server, &h, packet));
	b->answer_datagrams = false;
	b->lock_on_datagram = true;
	from_port(b, b->other, zlb, sizeof zlb);
	b->lock_on_datagram = false;
	open_call(b, false);
	assert_false(send_one(b, &h, packet)); /* not to the old port */
	assert_true(at_server(b->other, &h, packet));
	assert_int_equal(path_send_tunnel(b->path, zlb, sizeof zlb), 0);
	assert_true(at_server(b->other, &h, packet));
}

static void other_ports_count_for_nothing_once_one_is_settled(void **state)
{
	static const uint8_t zlb[] = {0xc8, 0x02, 0, 12, 0x11, 0x11, 0, 0, 0, 1, 0, 1};
	static const uint8_t echo[] = {0, 2, 0x11, 0x11, 0x22, 0x22, 0xc0, 0x21, 9, 1, 0, 4};
	struct bench *b = *state;
	struct l2tp_header h;
	uint8_t packet[2048];

	b->lock_on_datagram = true;
	from_port(b, b->server, zlb, sizeof zlb);
	open_call(b, false);
	from_port(b, b->other, zlb, sizeof zlb);
	from_port(b, b->other, echo, sizeof echo);
	assert_int_equal(b->datagrams, 1);
	assert_int_equal(b->control, 0);
	from_port(b, b->server, echo, sizeof echo);
	assert_int_equal(b->control, 1);
	assert_true(send_one(b, &h, packet));
}

static void mppe_needs_no_numbers(void **state)
{
	static const unsigned order[] = {0, 3, 1, 1, 2, 0};
	struct path_state s = {.ipv4 = true, .peer_mru = 1500};
	struct bench *b = *state;
	struct mppe_tx tx = {0};
	uint8_t frames[4][64], start[16];
	unsigned got = 0;

	open_call(b, false);
	memset(start, 2, sizeof start);
	s.rx = s.tx = (struct path_mppe){.bits = 128, .generation = 1};
	memcpy(s.rx.start, start, sizeof start);
	path_set_state(b->path, &s);
	mppe_tx_init(&tx, 128, false, start);
	for (uint8_t i = 0; i < 4; i++) {
		memcpy(frames[i], "\xff\x03\x00\xfd....\x00\x21", 8);
		frames[i][6] = 0x00;
		frames[i][7] = 0x21;
		memcpy(frames[i] + 8, ip4, sizeof ip4);
		frames[i][8 + sizeof ip4 - 1] = i;
		mppe_encrypt(&tx, frames[i] + 4, frames[i] + 6, 2 + sizeof ip4);
	}
	for (unsigned i = 0; i < COUNT(order); i++) {
		int mark;

		data(b, 0x40, 0, 0, frames[order[i]], 8 + sizeof ip4);
		mark = delivered(b);
		if (mark >= 0) {
			assert_int_equal(mark, order[i]);
			got++;
		}
	}
	assert_int_equal(got, 4);
	/* In clear nothing passes, and nothing of ours leaves so. */
	data(b, 0x40, 0, 0, frames[0], ip_frame(frames[0], 9));
	assert_int_equal(delivered(b), -1);
	assert_int_equal(path_counters(b->path)->rx_clear_refused, 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(data_has_the_peers_ids_and_the_least_header),
		T(nothing_leaves_before_the_call_is_up),
		T(every_combination_of_header_bits_is_read),
		T(cut_data_messages_are_counted_and_disturb_nothing),
		T(a_frame_has_9216_octets_at_most),
		T(foreign_versions_and_an_offset_beyond_the_end_are_refused),
		T(other_ids_are_counted_and_dropped),
		T(numbers_answer_numbers_and_end_with_them),
		T(numbers_demanded_are_on_every_packet_and_wrap),
		T(numbered_data_is_read_once_each_across_the_wrap),
		T(swapped_and_lost_numbers_are_told_apart),
		T(numbers_elsewhere_are_followed_when_they_follow_each_other),
		T(control_datagrams_are_the_tunnels_before_and_during_the_call),
		T(server_that_answers_from_another_port_is_followed_there),
		T(other_ports_count_for_nothing_once_one_is_settled),
		T(mppe_needs_no_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
