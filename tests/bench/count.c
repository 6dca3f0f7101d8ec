/* SPDX-License-Identifier: MIT */
/* count - drives both ends of the data path through socket pairs, always with the same packets, to
 * have its instructions counted by callgrind (tests/bench/count runs it so).  Each burst is one
 * dump of callgrind named "PROTOCOL CIPHER SIZE DIRECTION"; without valgrind it only checks that
 * what comes out is what went in.
 *
 * A burst is what the data path sees on a busy line: 32 packets at once.  Size "bulk" is TCP
 * through a device with offload: one packet of 32 pieces, cut and joined; size "cut" what Multilink
 * cuts. */
#include "base/reason.h"
#include "base/sha1.h"
#include "crypto/crypto.h"
#include "path/checksum.h"
#include "path/cut.h"
#include "path/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#define BURST	   32 /* packets; PPTP acknowledges after as many */
#define BURSTS	   8  /* not counted, and then counted: 256 packets, one change of a stateful key */
#define IP_HEAD	   20
#define TCP_HEAD   40
#define WIRE_MAX   65536
#define CALL	   77
#define NOW_MS	   1000
#define GRE_PROTO  47
#define SEGMENT_IP (sizeof(struct offload) + TCP_HEAD)

struct octets {
	size_t len;
	uint8_t at[WIRE_MAX];
};

/* One end: the path, and the far sides of its two descriptors. */
struct end {
	struct path *path;
	int tun, wire, path_tun, path_wire;
};

struct kind {
	const char *protocol, *cipher;
	enum protocol encap;
	unsigned bits;
	bool stateful;
	const struct ipsec_suite *suite; /* inside ESP; NULL = not */
	bool mp;			 /* in Multilink */
};

static const struct ipsec_suite gcm = {IPSEC_AES_GCM, IPSEC_HASH_NONE, IPSEC_GROUP_NONE, 256};
static const struct ipsec_suite cbc = {IPSEC_AES_CBC, IPSEC_SHA1, IPSEC_GROUP_NONE, 256};

static const struct kind kinds[] = {
	{"pptp", "clear", PROTOCOL_PPTP, 0, false, NULL, false},
	{"pptp", "stateless", PROTOCOL_PPTP, 128, false, NULL, false},
	{"pptp", "stateful", PROTOCOL_PPTP, 128, true, NULL, false},
	{"l2tp", "clear", PROTOCOL_L2TP, 0, false, NULL, false},
	{"l2tp", "stateless", PROTOCOL_L2TP, 128, false, NULL, false},
	{"l2tp", "stateful", PROTOCOL_L2TP, 128, true, NULL, false},
	{"l2tp", "esp-aes-gcm", PROTOCOL_L2TP, 0, false, &gcm, false},
	{"l2tp", "esp-aes-cbc", PROTOCOL_L2TP, 0, false, &cbc, false},
	{"l2tp-mp", "clear", PROTOCOL_L2TP, 0, false, NULL, true},
	{"l2tp-mp", "stateless", PROTOCOL_L2TP, 128, false, NULL, true},
	{"pptp-mp", "stateless", PROTOCOL_PPTP, 128, false, NULL, true},
};

/* The name of the case; NULL while its first bursts go through, which are not counted: until stores
 * are full. */
static char *counted;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "count: %s\n", what);
	exit(1);
}

static void on_frame(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	(void)ctx;
	(void)protocol;
	(void)info;
	(void)len;
	must(false, "a frame that is no packet");
}

static void on_tunnel(void *ctx, const uint8_t *octets, size_t len)
{
	(void)ctx;
	(void)octets;
	(void)len;
	must(false, "a control message");
}

static void on_error(void *ctx, int error)
{
	(void)ctx;
	(void)error;
	must(false, "an error of the socket");
}

static void on_resync(void *ctx)
{
	(void)ctx;
	must(false, "MPPE has lost its step");
}

/* Keeps the limits of packets, as devices and datagram sockets do, and takes a whole burst. */
static void make_pair(int *near, int *far)
{
	int fds[2], size = 4 << 20;

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds) == 0, "no socket pair");
	for (int i = 0; i < 2; i++)
		if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
			setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	*near = fds[0];
	*far = fds[1];
}

/* One association each way, by the same keys. */
static void secure(struct end *e, const struct ipsec_suite *suite)
{
	const struct esp_keys keys = {.spi = CALL, .suite = *suite, .integrity_len = 20};

	must(path_esp_receive(e->path, &keys) == 0 && path_esp_send(e->path, &keys) == 0, "no ESP");
}

static void make_end(struct end *e, const struct kind *k, bool offload, bool first)
{
	const struct path_callbacks callbacks = {.control = on_frame,
						 .unknown = on_frame,
						 .tunnel = on_tunnel,
						 .error = on_error,
						 .resync = on_resync};
	const struct path_call call = {CALL, CALL, CALL, CALL, false};
	struct path_config config = {.encap = k->encap,
				     .tun_offload = offload,
				     .tun_offload_udp = offload,
				     .udp_segment = offload && k->encap == PROTOCOL_L2TP,
				     .esp = k->suite != NULL};
	struct path_state state = {.ipv4 = true,
				   .ipv6 = true,
				   .rx_clear = k->bits == 0,
				   .peer_mru = 1500,
				   .mss_mtu = 1400,
				   .mp_tx = {k->mp ? 1614 : 0, false},
				   .mp_rx = {k->mp ? 1614 : 0, false},
				   .mp_room = 1420,
				   .mp_generation = k->mp};

	make_pair(&e->path_tun, &e->tun);
	make_pair(&e->path_wire, &e->wire);
	config.tun_fd = e->path_tun;
	config.wire_fd = e->path_wire;
	e->path = path_new(&config, &callbacks, NULL);
	must(e->path != NULL, "no memory");
	path_set_call(e->path, &call);
	if (k->suite)
		secure(e, k->suite);
	state.tx = (struct path_mppe){.bits = (uint8_t)k->bits, .stateful = k->stateful};
	state.rx = state.tx;
	memset(state.tx.start, first ? 1 : 2, sizeof state.tx.start);
	memset(state.rx.start, first ? 2 : 1, sizeof state.rx.start);
	path_set_state(e->path, &state);
}

static void free_end(struct end *e)
{
	path_free(e->path);
	close(e->tun);
	close(e->wire);
	close(e->path_tun);
	close(e->path_wire);
}

/* The IPv4 header of LEN octets in whole. */
static void ip_header(uint8_t *p, size_t len, uint8_t protocol)
{
	uint16_t sum;

	memset(p, 0, IP_HEAD);
	p[0] = 0x45;
	offload_put16(p + 2, (unsigned)len);
	p[6] = 0x40;
	p[8] = 64;
	p[9] = protocol;
	memcpy(p + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
	sum = (uint16_t)~checksum_fold(checksum_add(0, p, IP_HEAD));
	memcpy(p + 10, &sum, 2);
}

/* TCP from octet AT of its stream on, LEN octets with headers; its checksum whole, or as the
 * kernel leaves it to a device with offload. */
static void tcp_packet(uint8_t *p, uint32_t at, size_t len, bool open)
{
	uint64_t sum;
	uint16_t folded;

	ip_header(p, len, IP_TCP);
	memset(p + IP_HEAD, 0, TCP_HEAD - IP_HEAD);
	memcpy(p + IP_HEAD, "\x12\x34\x00\x50", 4);
	offload_put32(p + 24, at);
	p[32] = 0x50;
	p[33] = TCP_ACK;
	for (size_t i = TCP_HEAD; i < len; i++)
		p[i] = (uint8_t)((at + i) * 11 + (at + i) / 253);
	sum = checksum_pseudo(p + 12, 8, IP_TCP, len - IP_HEAD);
	folded = checksum_fold(open ? sum : checksum_add(sum, p + IP_HEAD, len - IP_HEAD));
	folded = open ? folded : (uint16_t)~folded;
	memcpy(p + 36, &folded, 2);
}

/* Callgrind counts inside of path_burst_tx and path_burst_rx only: what it has now is theirs. */
static void dump(const char *direction)
{
	char name[64];

	snprintf(name, sizeof name, "%s %s", counted ? counted : "first", direction);
	CALLGRIND_DUMP_STATS_AT(name);
}

static void put(int fd, const uint8_t *at, size_t len)
{
	must(write(fd, at, len) == (ssize_t)len, "the socket pair does not take a packet");
}

static bool take(int fd, struct octets *o)
{
	ssize_t n = read(fd, o->at, sizeof o->at);

	o->len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* What a raw socket gives: the IP header too. */
static void to_raw_socket(int fd, const uint8_t *gre, size_t len)
{
	uint8_t packet[IP_HEAD + 2048];

	must(len <= sizeof packet - IP_HEAD, "a packet is too large");
	ip_header(packet, IP_HEAD + len, GRE_PROTO);
	memcpy(packet + IP_HEAD, gre, len);
	put(fd, packet, IP_HEAD + len);
}

/* The wire: a message that A sent is so many packets (UDP_SEGMENT). */
static void carry(const struct end *a, const struct end *b, enum protocol encap, unsigned pieces)
{
	static struct octets o;

	while (take(a->wire, &o)) {
		size_t each = (o.len + pieces - 1) / pieces;

		for (size_t at = 0; at < o.len; at += each) {
			size_t n = o.len - at < each ? o.len - at : each;

			if (encap == PROTOCOL_PPTP)
				to_raw_socket(b->wire, o.at + at, n);
			else
				put(b->wire, o.at + at, n);
		}
	}
}

/* 32 packets of OCTETS from A's device to B's, compared. */
static void burst(const struct end *a, const struct end *b, enum protocol encap, uint32_t *at,
		  size_t octets)
{
	static struct octets o;
	uint8_t packet[2048];

	for (unsigned i = 0; i < BURST; i++) {
		tcp_packet(packet, *at + i, octets, false);
		put(a->tun, packet, octets);
	}
	while (path_burst_tx(a->path, NOW_MS))
		;
	dump("tx");
	carry(a, b, encap, 1);
	while (path_burst_rx(b->path, NOW_MS))
		;
	dump("rx");
	for (unsigned i = 0; i < BURST; i++) {
		tcp_packet(packet, *at + i, octets, false);
		must(take(b->tun, &o) && o.len == octets && memcmp(o.at, packet, octets) == 0,
		     "another packet came out");
	}
	*at += BURST;
	while (take(b->wire, &o)) /* its acknowledgment */
		;
}

/* The same as one packet with offload, to be cut into pieces of OCTETS and joined again. */
static void burst_offload(const struct end *a, const struct end *b, enum protocol encap,
			  uint32_t *at, size_t octets)
{
	static struct octets o;
	static uint8_t packet[sizeof(struct offload) + WIRE_MAX];
	struct offload offload = {OFFLOAD_NEEDS_CSUM,
				  OFFLOAD_TCP4,
				  TCP_HEAD,
				  (uint16_t)(octets - TCP_HEAD),
				  IP_HEAD,
				  16};
	size_t payload = (octets - TCP_HEAD) * BURST, len = sizeof offload + TCP_HEAD + payload;

	memcpy(packet, &offload, sizeof offload);
	tcp_packet(packet + sizeof offload, *at, TCP_HEAD + payload, true);
	put(a->tun, packet, len);
	while (path_burst_tx(a->path, NOW_MS))
		;
	dump("tx");
	carry(a, b, encap, encap == PROTOCOL_L2TP ? BURST : 1);
	while (path_burst_rx(b->path, NOW_MS))
		;
	dump("rx");
	must(take(b->tun, &o) && o.len == len, "the pieces were not joined");
	must(memcmp(o.at + SEGMENT_IP, packet + SEGMENT_IP, payload) == 0, "other octets came out");
	*at += (uint32_t)payload;
	while (take(b->wire, &o))
		;
}

typedef void burst_fn(const struct end *a, const struct end *b, enum protocol encap, uint32_t *at,
		      size_t octets);

static void measure(const struct kind *k, const char *size, burst_fn *run, size_t octets)
{
	bool offload = run == burst_offload;
	const struct path_counters *c;
	struct end a, b;
	uint32_t at = 1;
	char name[48];

	make_end(&a, k, offload, true);
	make_end(&b, k, offload, false);
	snprintf(name, sizeof name, "%s %s %s", k->protocol, k->cipher, size);
	for (unsigned i = 0; i < 2 * BURSTS; i++) {
		counted = i < BURSTS ? NULL : name;
		run(&a, &b, k->encap, &at, octets);
	}
	counted = NULL;
	c = path_counters(b.path);
	must(c->rx_packets == BURST * 2 * BURSTS && c->rx_lost + c->rx_duplicate == 0,
	     "packets are missing");
	printf("%s: %u packets\n", name, BURST * BURSTS);
	free_end(&a);
	free_end(&b);
}

int main(void)
{
	struct reason reason = {0};

	must(crypto_init(&reason) == 0, reason.text);
	/* The figure is to be the same on each machine. */
	if (RUNNING_ON_VALGRIND && sha1_has_instructions()) {
		fprintf(stderr, "count: this valgrind shows SHA instructions: the plain code would "
				"not be counted\n");
		return 77;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		measure(&kinds[i], "1400", burst, 1400);
		measure(&kinds[i], "100", burst, 100);
		measure(&kinds[i], "bulk", burst_offload, 1400);
		if (kinds[i].mp) /* each in two pieces */
			measure(&kinds[i], "cut", burst, 1500);
	}
	return 0;
}
