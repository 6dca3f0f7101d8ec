/* SPDX-License-Identifier: MIT */
/* Multilink PPP: its header, packets put together, and two data paths that talk to each other in
 * it, over a wire whose packets this test loses, changes the order of, or writes by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cursor.h"
#include "base/reason.h"
#include "crypto/crypto.h"
#include "path/assembly.h"
#include "path/path.h"
#include "vectors.h"
#include "wire/frame.h"
#include "wire/gre.h"
#include "wire/l2tp.h"
#include "wire/mp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define MRRU	  1614
#define ROOM	  1400 /* information field of a fragment */
#define QUEUE_MAX 512
#define OTHER(e)  (&(e)->pair->ends[(e) == &(e)->pair->ends[0]])

/* The header */

static void headers_read_as_the_vectors(void **state)
{
	static const struct {
		const char *name;
		bool short_numbers, begin, end;
		uint32_t number;
	} rows[] = {
		{"mp_long_whole", false, true, true, 0},
		{"mp_long_first", false, true, false, 1},
		{"mp_long_last", false, false, true, 2},
		{"mp_short_whole", true, true, true, 0xfff},
		{"mp_pfc_inner", false, true, true, 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t octets[VECTOR_MAX], again[MP_HEADER_MAX];
		size_t len = vector_hex("ppp.txt", "frames", rows[i].name, octets, sizeof octets),
		       head = 0;
		struct mp_header h;
		uint16_t protocol = 0;

		assert_true(frame_decode(octets, len, &protocol, &head));
		assert_int_equal(protocol, FRAME_MP);
		assert_true(mp_decode(octets + head, len - head, rows[i].short_numbers, &h));
		assert_int_equal(h.begin, rows[i].begin);
		assert_int_equal(h.end, rows[i].end);
		assert_int_equal(h.number, rows[i].number);
		len = mp_header_write(again, &h, rows[i].short_numbers);
		assert_int_equal(len, mp_header_len(rows[i].short_numbers));
		assert_memory_equal(again, octets + head, len);
	}
}

static void headers_cut_short_or_of_a_class_are_none(void **state)
{
	struct mp_header h;

	(void)state;
	assert_false(mp_decode((const uint8_t *)"\xc0\0\0", 3, false, &h));
	assert_false(mp_decode((const uint8_t *)"\xc0", 1, true, &h));
	assert_true(mp_decode((const uint8_t *)"\xc0\0", 2, true, &h));
	for (unsigned bit = 0; bit < 6; bit++) {
		const uint8_t info[4] = {(uint8_t)(0xc0 | 1u << bit)};

		assert_false(mp_decode(info, 4, false, &h));
		assert_int_equal(mp_decode(info, 4, true, &h), bit < 4);
	}
}

static void numbers_are_extended_to_the_nearest(void **state)
{
	(void)state;
	assert_int_equal(mp_number_extend(5, 6, false), 6);
	assert_int_equal(mp_number_extend(5, 0xffffff, false), UINT32_MAX);
	assert_int_equal(mp_number_extend(0xffffff, 0, false), 0x1000000);
	assert_int_equal(mp_number_extend(0xfff, 0, true), 0x1000);
	assert_int_equal(mp_number_extend(0x1000, 0xfff, true), 0xfff);
	assert_int_equal(mp_number_extend(UINT32_MAX, 1, true), 1);
}

/* Putting together */

static uint8_t slab[ASSEMBLY_SLAB];

static struct assembly_result piece(struct assembly *a, unsigned flags, uint32_t number,
				    const char *text, uint64_t now_ms)
{
	const struct mp_header h = {flags & 2, flags & 1, number};

	return assembly_add(a, &h, (const uint8_t *)text, strlen(text), now_ms);
}

static void is(struct assembly_result r, const char *text, unsigned dropped)
{
	assert_int_equal(r.dropped, dropped);
	if (!text) {
		assert_null(r.packet);
		return;
	}
	assert_non_null(r.packet);
	assert_int_equal(r.len, strlen(text));
	assert_memory_equal(r.packet, text, r.len);
}

static void fragments_become_a_packet(void **state)
{
	struct assembly a;

	(void)state;
	assembly_init(&a, slab, 100);
	is(piece(&a, 2, 7, "one ", 0), NULL, 0);
	is(piece(&a, 0, 8, "", 0), NULL, 0);
	is(piece(&a, 0, 9, "two ", 0), NULL, 0);
	is(piece(&a, 1, 10, "three", 0), "one two three", 0);
	is(piece(&a, 2, UINT32_MAX, "a", 0), NULL, 0);
	is(piece(&a, 1, 0, "b", 0), "ab", 0);
}

static void what_makes_no_packet_is_dropped(void **state)
{
	struct assembly a;

	(void)state;
	assembly_init(&a, slab, 10);
	is(piece(&a, 1, 1, "end alone", 0), NULL, 1);
	is(piece(&a, 0, 2, "middle", 0), NULL, 1);
	is(piece(&a, 2, 3, "begin", 0), NULL, 0);
	is(piece(&a, 1, 5, "gap", 0), NULL, 2);
	is(piece(&a, 2, 6, "begin", 0), NULL, 0);
	is(piece(&a, 2, 7, "again", 0), NULL, 1);
	is(piece(&a, 0, 4, "late", 0), NULL, 1); /* and the one in hand goes on */
	is(piece(&a, 1, 8, "done", 0), "againdone", 0);
	is(piece(&a, 2, 9, "too long", 0), NULL, 0);
	is(piece(&a, 0, 10, "abc", 0), NULL, 2);
	is(piece(&a, 1, 11, "", 0), NULL, 1);
	is(piece(&a, 2, 12, "eleven octe", 0), NULL, 1);
	is(piece(&a, 2, 13, "old", 1000), NULL, 0);
	is(piece(&a, 1, 14, "late", 1001 + ASSEMBLY_AGE_MS), NULL, 2);
	is(piece(&a, 2, 15, "old", 1000), NULL, 0);
	is(piece(&a, 1, 16, "er", 1000 + ASSEMBLY_AGE_MS), "older", 0);
}

static void a_full_slab_takes_no_packet_until_it_is_rewound(void **state)
{
	struct assembly a;
	unsigned packets = 0;

	(void)state;
	assembly_init(&a, slab, SIZE_MAX);
	for (; assembly_has_room(&a); packets++) {
		piece(&a, 2, 2 * packets, "head", 0);
		is(piece(&a, 1, 2 * packets + 1, "tail", 0), "headtail", 0);
	}
	assert_true(packets > 1000);
	is(piece(&a, 2, 5000000, "no", 0), NULL, 1);
	assembly_rewind(&a);
	is(piece(&a, 2, 5000001, "ye", 0), NULL, 0);
	is(piece(&a, 1, 5000002, "s", 0), "yes", 0);
}

/* Two paths */

struct packet {
	size_t len;
	uint8_t octets[2048];
};

struct pair;
struct end {
	struct pair *pair;
	struct path *path;
	struct path_state state;
	int tun, path_tun, path_wire;
	int wire;	       /* where the test takes what the path sends */
	struct sockaddr_in at; /* L2TP: the path's */
	unsigned controls;
	uint16_t control;
};

struct pair {
	enum protocol encap;
	struct end ends[2];
	uint64_t now_ms;
	struct packet queue[QUEUE_MAX];
	size_t queued;
};

/* What a row of tests goes through. */
struct kind {
	enum protocol encap;
	bool short_numbers, numbered;
	uint8_t mppe;
	bool stateful;
};

static const struct kind kinds[] = {
	{PROTOCOL_L2TP, false, false, 0, false},  {PROTOCOL_L2TP, true, false, 0, false},
	{PROTOCOL_L2TP, false, true, 0, false},	  {PROTOCOL_L2TP, false, false, 128, false},
	{PROTOCOL_L2TP, false, false, 128, true}, {PROTOCOL_L2TP, true, true, 128, true},
	{PROTOCOL_PPTP, false, true, 0, false},	  {PROTOCOL_PPTP, true, true, 128, false},
	{PROTOCOL_PPTP, false, true, 40, true},
};

static void on_control(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct end *e = ctx;

	assert_true(info && len > 0);
	e->controls++;
	e->control = protocol;
}

static void on_unknown(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	(void)ctx, (void)protocol, (void)info, (void)len;
}

static void on_tunnel(void *ctx, const uint8_t *octets, size_t len)
{
	(void)ctx, (void)octets, (void)len;
	fail_msg("a control message");
}

static void on_error(void *ctx, int error)
{
	(void)ctx;
	fail_msg("error %d", error);
}

static void on_resync(void *ctx)
{
	struct end *e = ctx;

	path_flush_tx(OTHER(e)->path);
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

static void make_wire(struct end *e, struct path_config *config)
{
	struct sockaddr_in relay;
	int fds[2];

	if (config->encap == PROTOCOL_PPTP) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
		e->wire = fds[0];
		e->path_wire = fds[1];
		return;
	}
	e->wire = udp(&relay);
	e->path_wire = udp(&e->at);
	memcpy(&config->peer, &relay, sizeof relay);
	config->peer_len = sizeof relay;
}

static void make_end(struct pair *p, struct end *e, const struct kind *k)
{
	const struct path_callbacks callbacks = {.control = on_control,
						 .unknown = on_unknown,
						 .tunnel = on_tunnel,
						 .error = on_error,
						 .resync = on_resync,
						 .ctx = e};
	const struct path_call call = {1, 1, 1, 1, .sequencing = k->numbered};
	struct path_config config = {
		.encap = k->encap, .packet_fd = -1, .udp_segment = k->encap == PROTOCOL_L2TP};
	const struct path_mp mp = {MRRU, k->short_numbers};
	const struct path_mppe mppe = {
		.bits = k->mppe, .stateful = k->stateful, .start = {1, 2, 3}, .generation = 1};
	int fds[2];

	e->pair = p;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	e->tun = fds[0];
	config.tun_fd = e->path_tun = fds[1];
	make_wire(e, &config);
	config.wire_fd = e->path_wire;
	e->path = path_new(&config, &callbacks, NULL);
	assert_non_null(e->path);
	path_set_call(e->path, &call);
	e->state = (struct path_state){.ipv4 = true,
				       .rx_clear = !k->mppe,
				       .peer_mru = ROOM,
				       .tx_pfc = k->stateful,
				       .tx_acfc = k->numbered,
				       .mp_tx = mp,
				       .mp_rx = mp,
				       .mp_room = ROOM,
				       .mp_generation = 1,
				       .tx = mppe,
				       .rx = mppe};
	path_set_state(e->path, &e->state);
}

static struct pair *pair_new(const struct kind *k)
{
	struct pair *p = calloc(1, sizeof *p);

	p->encap = k->encap;
	p->now_ms = 1000;
	for (size_t i = 0; i < 2; i++)
		make_end(p, &p->ends[i], k);
	return p;
}

static void pair_free(struct pair *p)
{
	for (size_t i = 0; i < 2; i++) {
		struct end *e = &p->ends[i];

		path_free(e->path);
		close(e->tun);
		close(e->path_tun);
		close(e->path_wire);
		close(e->wire);
	}
	free(p);
}

/* Packet NUMBER of LEN octets into the device of END. */
static void offer(struct end *e, unsigned number, size_t len)
{
	uint8_t ip[65536] = {0x45, 0, (uint8_t)(len >> 8), (uint8_t)len, [8] = 64, [9] = 17};

	for (size_t i = 20; i < len; i++)
		ip[i] = (uint8_t)(number * 7 + i);
	ip[4] = (uint8_t)(number >> 8);
	ip[5] = (uint8_t)number;
	assert_int_equal(send(e->tun, ip, len, 0), len);
}

/* What the path of END has sent goes to the queue. */
static void collect(struct end *e)
{
	struct pair *p = e->pair;

	while (path_burst_tx(e->path, p->now_ms))
		;
	for (;;) {
		struct packet *to = &p->queue[p->queued];
		ssize_t n;

		assert_true(p->queued < QUEUE_MAX);
		n = recv(e->wire, to->octets, sizeof to->octets, MSG_DONTWAIT);
		if (n < 0)
			break;
		to->len = (size_t)n;
		p->queued++;
	}
}

/* One packet comes to END. */
static void bring(struct end *to, const struct packet *packet)
{
	uint8_t ip[20 + sizeof packet->octets] = {0x45, [9] = 47};
	size_t len = packet->len + 20;

	if (to->pair->encap == PROTOCOL_L2TP) {
		assert_int_equal(sendto(to->wire, packet->octets, packet->len, 0,
					(struct sockaddr *)&to->at, sizeof to->at),
				 packet->len);
	} else {
		ip[2] = (uint8_t)(len >> 8);
		ip[3] = (uint8_t)len;
		memcpy(ip + 20, packet->octets, packet->len);
		assert_int_equal(send(to->wire, ip, len, 0), len);
	}
	path_burst_rx(to->path, to->pair->now_ms);
}

static void bring_all(struct end *to)
{
	for (size_t i = 0; i < to->pair->queued; i++)
		bring(to, &to->pair->queue[i]);
	to->pair->queued = 0;
}

/* The next packet out of END's device, which must be as offered; its number, or -1. */
static int taken(struct end *e, size_t *len)
{
	uint8_t ip[65536];
	ssize_t n = recv(e->tun, ip, sizeof ip, MSG_DONTWAIT);
	unsigned number;

	if (n < 0)
		return -1;
	number = (unsigned)ip[4] << 8 | ip[5];
	assert_int_equal(ip[2] << 8 | ip[3], n);
	for (size_t i = 20; i < (size_t)n; i++)
		assert_int_equal(ip[i], (uint8_t)(number * 7 + i));
	if (len)
		*len = (size_t)n;
	return (int)number;
}

static const struct path_counters *counted(struct end *e)
{
	return path_counters(e->path);
}

static void sizes_up_to_the_mrru_pass(const struct kind *k, size_t around)
{
	static const size_t sizes[] = {28, 600, 1390, 1391, 1394, 1396, 1398, 1500, MRRU};
	struct pair *p = pair_new(k);

	for (unsigned turn = 0; turn < 4; turn++) {
		struct end *from = &p->ends[turn & 1];
		size_t len;

		for (unsigned i = 0; i < COUNT(sizes); i++)
			offer(from, i, sizes[i] - (sizes[i] == MRRU ? around : 0));
		collect(from);
		bring_all(OTHER(from));
		for (unsigned i = 0; i < COUNT(sizes); i++) {
			assert_int_equal(taken(OTHER(from), &len), i);
			assert_int_equal(len, sizes[i] - (sizes[i] == MRRU ? around : 0));
		}
		assert_int_equal(taken(OTHER(from), NULL), -1);
	}
	assert_true(counted(&p->ends[0])->mp_tx >= 8);
	assert_int_equal(counted(&p->ends[0])->mp_tx, counted(&p->ends[1])->mp_rx);
	assert_int_equal(counted(&p->ends[0])->mp_lost, 0);
	assert_int_equal(counted(&p->ends[0])->mp_dropped, 0);
	offer(&p->ends[0], 1, MRRU + 1 - around);
	collect(&p->ends[0]);
	assert_int_equal(p->queued, 0);
	assert_int_equal(counted(&p->ends[0])->tx_too_big, 1);
	pair_free(p);
}

static void packets_of_all_sizes_pass_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++)
		sizes_up_to_the_mrru_pass(&kinds[i], kinds[i].mppe ? 4 : 0);
}

/* The information field of what a path sent over L2TP without numbers. */
static struct cursor info_of(const struct packet *packet)
{
	struct l2tp_header h;
	uint16_t protocol = 0;
	size_t head = 0;

	assert_true(l2tp_decode(packet->octets, packet->len, &h));
	assert_true(frame_decode(h.payload, h.payload_len, &protocol, &head));
	assert_int_equal(protocol, FRAME_MP);
	return cursor_make(h.payload + head, h.payload_len - head);
}

static void fragments_fill_what_the_peer_takes(void **state)
{
	struct pair *p = pair_new(&kinds[0]);
	struct cursor first, second;

	(void)state;
	offer(&p->ends[0], 0, 28);
	offer(&p->ends[0], 1, 1600);
	collect(&p->ends[0]);
	assert_int_equal(p->queued, 3);
	first = info_of(&p->queue[0]);
	assert_int_equal(cursor_left(&first), 4 + 2 + 28);
	assert_memory_equal(first.at, "\xc0\0\0\0\x00\x21\x45", 7);
	first = info_of(&p->queue[1]);
	second = info_of(&p->queue[2]);
	assert_int_equal(cursor_left(&first), ROOM);
	assert_memory_equal(first.at, "\x80\0\0\1\x00\x21\x45", 7);
	assert_int_equal(cursor_left(&second), 4 + 2 + 1600 - (ROOM - 4));
	assert_memory_equal(second.at, "\x40\0\0\2", 4);
	pair_free(p);
}

static void a_packet_of_many_pieces_passes(void **state)
{
	struct pair *p = pair_new(&kinds[3]);
	size_t len;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct end *e = &p->ends[i];

		e->state.mp_tx.mrru = e->state.mp_rx.mrru = UINT16_MAX;
		e->state.mp_generation++;
		path_set_state(e->path, &e->state);
	}
	for (unsigned i = 0; i < 5; i++) {
		offer(&p->ends[0], i, 40000 + i);
		offer(&p->ends[0], i + 100, 100);
		collect(&p->ends[0]);
	}
	bring_all(&p->ends[1]);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(taken(&p->ends[1], &len), i);
		assert_int_equal(len, 40000 + i);
		assert_int_equal(taken(&p->ends[1], NULL), i + 100);
	}
	pair_free(p);
}

static uint32_t draw(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % below;
}

/* Neighbours change places, up to REACH apart; of a hundred packets LOSS are lost. */
static void disturb(struct pair *p, uint32_t *seed, unsigned reach, unsigned loss)
{
	size_t kept = 0;

	for (size_t i = 0; i + reach < p->queued; i++)
		if (draw(seed, 100) < 30) {
			size_t j = i + 1 + draw(seed, reach);
			struct packet t = p->queue[i];

			p->queue[i] = p->queue[j];
			p->queue[j] = t;
		}
	for (size_t i = 0; i < p->queued; i++)
		if (draw(seed, 100) >= loss)
			p->queue[kept++] = p->queue[i];
	p->queued = kept;
}

/* How many of the packets that were offered arrive, at most once each. */
static unsigned passed(const struct kind *k, unsigned rounds, unsigned reach, unsigned loss)
{
	struct pair *p = pair_new(k);
	bool seen[32768] = {false};
	unsigned sum = 0, number = 0;
	uint32_t seed = 7;
	int n;

	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < 24; i++)
			offer(&p->ends[0], number++, draw(&seed, 3) ? 1500 : 100);
		collect(&p->ends[0]);
		disturb(p, &seed, reach, loss);
		bring_all(&p->ends[1]);
		p->now_ms += 200;
		path_tick(p->ends[1].path, p->now_ms);
		while ((n = taken(&p->ends[1], NULL)) >= 0) {
			assert_true((unsigned)n < number && !seen[n]);
			seen[n] = true;
			sum++;
		}
	}
	if (loss == 0) {
		assert_int_equal(counted(&p->ends[1])->mp_lost, 0);
		assert_int_equal(counted(&p->ends[1])->mp_dropped, 0);
	} else {
		assert_true(counted(&p->ends[1])->mp_lost > 0);
	}
	assert_int_equal(counted(&p->ends[1])->rx_bad_mppe, 0);
	pair_free(p);
	return sum;
}

static void fragments_out_of_order_cost_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++)
		assert_int_equal(passed(&kinds[i], 40, 4, 0), 40 * 24);
}

static void a_lost_fragment_costs_its_packet(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		unsigned sum = kinds[i].stateful ? 960 : passed(&kinds[i], 40, 4, 5);

		assert_in_range(sum, 960 * 85 / 100, 960);
	}
}

/* LEN octets of protocol 003d, as the peer of END would send them over L2TP without numbers. */
static void forge(struct end *to, const void *info, size_t len)
{
	struct packet packet = {0};
	struct writer w = writer_make(packet.octets, sizeof packet.octets);

	writer_bytes(&w, "\x00\x02\x00\x01\x00\x01\x3d", 7);
	writer_bytes(&w, info, len);
	assert_false(w.failed);
	packet.len = writer_len(&w);
	bring(to, &packet);
}

static void only_what_belongs_to_a_bundle_comes_out(void **state)
{
	struct pair *p = pair_new(&kinds[0]);
	struct end *e = &p->ends[0];

	(void)state;
	forge(e, "\xc0\0\0\0\x80\x21\1\1\0\4", 10);
	assert_int_equal(e->controls, 1);
	assert_int_equal(e->control, FRAME_IPCP);
	forge(e, "\xc0\0\0\1\xff\x03\x80\xfd\1\1\0\4", 12); /* tolerated */
	assert_int_equal(e->control, FRAME_CCP);
	forge(e, "\x80\0\0\2\x80", 5); /* cut within the protocol */
	forge(e, "\x40\0\0\3\x57\1\1\0\4", 9);
	assert_int_equal(e->control, FRAME_IPV6CP);
	assert_int_equal(e->controls, 3);
	forge(e, "\xc0\0\0\4", 4); /* without data: takes a number only */
	forge(e, "\xc0\0\0\5\xc0\x21\5\1\0\4", 10);
	forge(e, "\xc0\0\0\6\xc2\x23\3\1\0\4", 10);
	forge(e, "\xc0\0\0\7\x80\xfb\1\1\0\4", 10);
	forge(e, "\xc0\0\0\x08\x3d\xc0\0\0\x08\x21", 10);
	forge(e, "\xc8\0\0\x09\x80\x21\5\1\0\4", 10); /* another class */
	assert_int_equal(e->controls, 3);
	assert_int_equal(counted(e)->rx_malformed, 5);
	assert_int_equal(counted(e)->mp_lost, 0);
	pair_free(p);
}

static void ncps_go_inside_and_lcp_outside(void **state)
{
	struct pair *p = pair_new(&kinds[0]);
	struct end *e = &p->ends[0];
	struct l2tp_header h;

	(void)state;
	assert_int_equal(path_send_control(e->path, FRAME_IPCP, (const uint8_t *)"\1\1\0\4", 4), 0);
	assert_int_equal(path_send_control(e->path, FRAME_LCP, (const uint8_t *)"\x09\1\0\4", 4),
			 0);
	assert_int_equal(path_send_control(e->path, FRAME_CHAP, (const uint8_t *)"\1\1\0\4", 4), 0);
	collect(e);
	assert_int_equal(p->queued, 3);
	assert_memory_equal(info_of(&p->queue[0]).at, "\xc0\0\0\0\x80\x21\1\1\0\4", 10);
	for (unsigned i = 1; i < 3; i++) {
		assert_true(l2tp_decode(p->queue[i].octets, p->queue[i].len, &h));
		assert_memory_equal(h.payload, i == 1 ? "\xff\x03\xc0\x21" : "\xff\x03\xc2\x23", 4);
	}
	pair_free(p);
}

/* Fragments that never end, overlap, are huge or empty, with numbers from everywhere: nothing
 * larger than the MRRU comes out, memory is bounded, and the peer is heard afterwards. */
static void hostile_fragments_cost_no_more_than_themselves(void **state)
{
	struct pair *p = pair_new(&kinds[0]);
	struct end *e = &p->ends[0];
	uint32_t seed = 3;
	uint8_t info[1500], ip[65536];
	int n, heard = 0;

	(void)state;
	for (unsigned i = 0; i < 60000; i++) {
		size_t len = draw(&seed, 4) ? 4 + draw(&seed, 40) : draw(&seed, 1500);

		memset(info, 0x45, sizeof info);
		info[0] = (uint8_t)(draw(&seed, 4) << 6);
		info[1] = draw(&seed, 50) ? 0 : (uint8_t)draw(&seed, 256);
		info[2] = (uint8_t)(draw(&seed, 8) ? i >> 8 : draw(&seed, 256));
		info[3] = (uint8_t)(draw(&seed, 8) ? i : draw(&seed, 256));
		info[4] = 0x21;
		forge(e, info, len);
		p->now_ms += draw(&seed, 3);
		path_tick(e->path, p->now_ms);
		while ((n = (int)recv(e->tun, ip, sizeof ip, MSG_DONTWAIT)) > 0)
			assert_true(n <= MRRU + 8);
	}
	assert_true(counted(e)->mp_dropped > 100);
	for (unsigned i = 0; i < 40; i++) {
		offer(&p->ends[1], i, 1600);
		collect(&p->ends[1]);
		bring_all(e);
		p->now_ms += 200;
		path_tick(e->path, p->now_ms);
		while (taken(e, NULL) >= 0)
			heard++;
	}
	assert_true(heard > 20);
	pair_free(p);
}

/* LCP was negotiated anew: the peer may go on with its numbers, as Linux does, or begin at 0. */
static void numbers_may_begin_anew_with_lcp(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct pair *p = pair_new(&kinds[i]);
		struct end *e = &p->ends[0], *o = &p->ends[1];

		for (unsigned n = 0; n < 30; n++)
			offer(o, n, 1500);
		collect(o);
		p->queued -= 7; /* something is under way and lost */
		bring_all(e);
		while (taken(e, NULL) >= 0)
			;
		p->queued = 0;
		e->state.mp_generation = o->state.mp_generation = 2;
		e->state.rx.generation = o->state.tx.generation = 2;
		path_set_state(e->path, &e->state);
		path_set_state(o->path, &o->state);
		offer(o, 100, 1500);
		collect(o);
		bring_all(e);
		p->now_ms += 200;
		path_tick(e->path, p->now_ms);
		assert_int_equal(taken(e, NULL), 100);
		pair_free(p);
	}
}

static void one_direction_alone_is_legal(void **state)
{
	struct pair *p = pair_new(&kinds[0]);
	struct end *e = &p->ends[0], *o = &p->ends[1];
	const struct path_mp off = {0};

	(void)state;
	e->state.mp_tx = off;
	o->state.mp_rx = off;
	path_set_state(e->path, &e->state);
	path_set_state(o->path, &o->state);
	offer(o, 1, 1600);
	collect(o);
	bring_all(e);
	assert_int_equal(taken(e, NULL), 1);
	offer(e, 2, ROOM);
	offer(e, 3, 1600);
	collect(e);
	assert_int_equal(p->queued, 1);
	bring_all(o);
	assert_int_equal(taken(o, NULL), 2);
	assert_int_equal(counted(e)->tx_too_big, 1);
	forge(o, "\xc0\0\0\0\x80\x21\1\1\0\4", 10); /* which nobody agreed to */
	assert_int_equal(o->controls, 0);
	assert_int_equal(counted(o)->rx_not_open, 1);
	pair_free(p);
}

static int set_up(void **state)
{
	struct reason reason = {0};

	(void)state;
	return crypto_init(&reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_read_as_the_vectors),
		cmocka_unit_test(headers_cut_short_or_of_a_class_are_none),
		cmocka_unit_test(numbers_are_extended_to_the_nearest),
		cmocka_unit_test(fragments_become_a_packet),
		cmocka_unit_test(what_makes_no_packet_is_dropped),
		cmocka_unit_test(a_full_slab_takes_no_packet_until_it_is_rewound),
		cmocka_unit_test(packets_of_all_sizes_pass_both_ways),
		cmocka_unit_test(fragments_fill_what_the_peer_takes),
		cmocka_unit_test(a_packet_of_many_pieces_passes),
		cmocka_unit_test(fragments_out_of_order_cost_nothing),
		cmocka_unit_test(a_lost_fragment_costs_its_packet),
		cmocka_unit_test(only_what_belongs_to_a_bundle_comes_out),
		cmocka_unit_test(ncps_go_inside_and_lcp_outside),
		cmocka_unit_test(hostile_fragments_cost_no_more_than_themselves),
		cmocka_unit_test(numbers_may_begin_anew_with_lcp),
		cmocka_unit_test(one_direction_alone_is_legal),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
