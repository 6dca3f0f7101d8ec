/* SPDX-License-Identifier: MIT */
/* The data path: whatever comes by GRE or UDP, encapsulated, numbered and encrypted or not, and
 * packets of the device, while PPP's judgement of what may pass changes. */
#include "fuzz.h"

#include "base/clock.h"
#include "path/mppe.h"
#include "path/offload.h"
#include "path/path.h"
#include "path/worker.h"
#include "wire/frame.h"
#include "wire/gre.h"
#include "wire/l2tp.h"
#include "wire/mp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#define STEPS	 120
#define PACKET	 2048
#define KEPT	 8
#define OWN	 0x1234
#define PEERS	 0x5678
#define LOST_MAX 20000	    /* packets in outages: their keys take time */
#define FAST	 0x7fffffff /* what stands for the packet socket */

struct bench {
	struct path *path;
	struct path_state state;
	enum protocol encap;
	bool offload;
	int tun, wire;
	uint64_t now;
	uint32_t seq, mp_seq; /* of the peer's packets, and of its fragments */
	unsigned lost;
	bool worked;
	struct mppe_tx honest; /* the peer's sending side */
	uint8_t kept[KEPT][PACKET];
	size_t kept_len[KEPT];
	unsigned kept_at;
};

/* What the kernel answers to the next calls; linked with --wrap. */
static struct {
	int send_error, receive_error, write_error; /* once; 0 = as it is */
	unsigned queued;			    /* messages of the error queue */
	bool v6, cut, other;
	struct sock_extended_err error;
	const struct bench *bench;
} kernel;

static void check_leaving(const struct bench *b, const uint8_t *packet, size_t n);
static uint16_t sum_of(const uint8_t *p, size_t len, uint64_t sum);
static size_t inner_packet(uint8_t *out, uint8_t how, unsigned id, uint32_t seq, size_t len);
static void sum_inner(uint8_t *out, uint8_t how, size_t all);

int __real_sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags, struct timespec *limit);
int __wrap_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags, struct timespec *limit);
ssize_t __real_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __real_writev(int fd, const struct iovec *iov, int count);
ssize_t __wrap_writev(int fd, const struct iovec *iov, int count);

ssize_t __real_write(int fd, const void *octets, size_t len);
ssize_t __wrap_write(int fd, const void *octets, size_t len);

static bool failed(int *error)
{
	errno = *error;
	*error = 0;
	return errno != 0;
}

/* The packet socket: an IPv4 header of ours before each packet, without options, unfragmented. */
static void check_fast(const struct msghdr *msg)
{
	const struct sockaddr_ll *to = msg->msg_name;
	const uint8_t *packet = msg->msg_iov[0].iov_base;
	size_t len = msg->msg_iov[0].iov_len;

	FUZZ_CHECK(msg->msg_namelen == sizeof *to && to->sll_family == AF_PACKET);
	FUZZ_CHECK(to->sll_ifindex == 1 && msg->msg_iovlen == 1);
	FUZZ_CHECK(len > 20 && packet[0] == 0x45 && packet[9] == 47);
	FUZZ_CHECK((size_t)(packet[2] << 8 | packet[3]) == len);
	FUZZ_CHECK(sum_of(packet, 20, 0) == 0xffff);
	check_leaving(kernel.bench, packet + 20, len - 20);
}

int __wrap_sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags)
{
	if (fd == FAST) {
		for (unsigned i = 0; i < n; i++)
			check_fast(&msgs[i].msg_hdr);
		return failed(&kernel.send_error) ? -1 : n > 3 ? 3 : (int)n;
	}
	return failed(&kernel.send_error) ? -1 : __real_sendmmsg(fd, msgs, n, flags);
}

int __wrap_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags, struct timespec *limit)
{
	return failed(&kernel.receive_error) ? -1 : __real_recvmmsg(fd, msgs, n, flags, limit);
}

ssize_t __wrap_writev(int fd, const struct iovec *iov, int count)
{
	return failed(&kernel.write_error) ? -1 : __real_writev(fd, iov, count);
}

static int tun[2], gre[2], udp[2];

ssize_t __wrap_write(int fd, const void *octets, size_t len)
{
	return fd == tun[1] && failed(&kernel.write_error) ? -1 : __real_write(fd, octets, len);
}

/* Whatever ICMP says: each message of the queue alike. */
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	size_t len = kernel.cut ? 4 : sizeof kernel.error;
	struct cmsghdr *c;

	if (!(flags & MSG_ERRQUEUE))
		return __real_recvmsg(fd, msg, flags);
	if (!kernel.queued) {
		errno = EAGAIN;
		return -1;
	}
	kernel.queued--;
	FUZZ_CHECK(msg->msg_controllen >= CMSG_SPACE(sizeof kernel.error));
	msg->msg_controllen = CMSG_SPACE(len);
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = kernel.v6 ? SOL_IPV6 : SOL_IP;
	c->cmsg_type = kernel.other ? IP_TTL : kernel.v6 ? IPV6_RECVERR : IP_RECVERR;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), &kernel.error, len);
	return 0;
}

/* Sockets are made once: they cost more than all the rest. */
static int stranger;
static bool gro;
static struct sockaddr_in udp_at[2];

static void socket_pairs(void)
{
	socklen_t len = sizeof udp_at[0];

	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, tun) == 0);
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, gre) == 0);
	stranger = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	FUZZ_CHECK(stranger >= 0);
	for (int i = 0; i < 2; i++) {
		udp_at[i] = (struct sockaddr_in){.sin_family = AF_INET};
		udp_at[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		udp[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		FUZZ_CHECK(udp[i] >= 0 && bind(udp[i], (struct sockaddr *)&udp_at[i], len) == 0);
		FUZZ_CHECK(getsockname(udp[i], (struct sockaddr *)&udp_at[i], &len) == 0);
	}
}

static void on_control(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	volatile uint8_t last;

	(void)ctx;
	FUZZ_CHECK(frame_is_control(protocol) && len > 0);
	last = info[len - 1];
	(void)last;
}

static void on_unknown(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	volatile uint8_t last;

	(void)ctx;
	FUZZ_CHECK(!frame_is_control(protocol) && len > 0);
	last = info[len - 1];
	(void)last;
}

static void on_tunnel(void *ctx, const uint8_t *octets, size_t len)
{
	const struct bench *b = ctx;

	FUZZ_CHECK(b->encap == PROTOCOL_L2TP && len > 0 && (octets[0] & 0x80));
}

static void on_error(void *ctx, int error)
{
	(void)ctx;
	FUZZ_CHECK(error > 0);
}

static void on_resync(void *ctx)
{
	const struct bench *b = ctx;

	FUZZ_CHECK(b->state.rx.bits && b->state.rx.stateful);
}

static bool on_inner(void *ctx, const uint8_t *ip, size_t len)
{
	(void)ctx;
	FUZZ_CHECK(len > 0);
	return ip[len - 1] & 1;
}

static void on_too_big(void *ctx, uint32_t mtu)
{
	(void)ctx;
	(void)mtu;
}

/* What the device is told of a joined packet is true. */
static void check_offload(const uint8_t *packet, size_t head, size_t len)
{
	struct offload o = {0};

	memcpy(&o, packet, head);
	if (o.gso_type == OFFLOAD_NONE) {
		FUZZ_CHECK(!o.flags);
		return;
	}
	FUZZ_CHECK(o.flags == OFFLOAD_NEEDS_CSUM && o.header_len < len &&
		   len <= OFFLOAD_PACKET_MAX);
	FUZZ_CHECK(o.gso_size > 0 && o.gso_size < len - o.header_len);
	FUZZ_CHECK((size_t)o.csum_start + o.csum_offset + 2 <= o.header_len);
	FUZZ_CHECK((packet[head] >> 4 == 6) ? o.gso_type != OFFLOAD_TCP4 && o.csum_start == 40
					    : o.gso_type != OFFLOAD_TCP6 && o.csum_start == 20);
}

/* What comes out of the device was permitted. */
static void drain_tun(struct bench *b)
{
	static uint8_t packet[70000];
	size_t head = b->offload ? sizeof(struct offload) : 0;
	ssize_t n;

	while ((n = recv(b->tun, packet, sizeof packet, MSG_DONTWAIT)) >= 0) {
		FUZZ_CHECK((size_t)n > head);
		check_offload(packet, head, (size_t)n - head);
		FUZZ_CHECK(b->state.rx_clear || b->state.rx.bits);
		FUZZ_CHECK(packet[head] >> 4 == 6 ? b->state.ipv6 : b->state.ipv4);
	}
}

/* A fragment is as large as the peer takes; what begins in it, or 0. */
static uint16_t check_fragment(const struct bench *b, const uint8_t *info, size_t len)
{
	const struct path_state *s = &b->state;
	size_t header = mp_header_len(s->mp_tx.short_numbers), head;
	struct mp_header h;
	uint16_t protocol = 0;

	FUZZ_CHECK(s->mp_tx.mrru && mp_decode(info, len, s->mp_tx.short_numbers, &h));
	FUZZ_CHECK(len > header);
	if (!h.begin || (!h.end && len - header < 2)) {
		FUZZ_CHECK(!s->tx_blocked && len <= s->mp_room);
		return 0;
	}
	FUZZ_CHECK(frame_decode(info + header, len - header, &protocol, &head) ||
		   (!h.end && len == s->mp_room));
	FUZZ_CHECK(len <= s->mp_room || frame_is_control(protocol));
	return protocol;
}

/* What leaves was permitted too: no data in clear where it is to be encrypted, none at all where
 * it is to wait. */
static void check_leaving(const struct bench *b, const uint8_t *packet, size_t n)
{
	struct gre_packet g;
	struct l2tp_header h;
	const uint8_t *frame;
	size_t len, head;
	uint16_t protocol;

	if (b->encap == PROTOCOL_PPTP) {
		FUZZ_CHECK(gre_decode(packet, n, &g) && g.call_id == PEERS);
		frame = g.payload;
		len = g.payload_len;
	} else {
		FUZZ_CHECK(l2tp_decode(packet, n, &h) && h.tunnel_id == PEERS);
		frame = h.payload;
		len = h.payload_len;
	}
	if (len == 0)
		return;
	FUZZ_CHECK(frame_decode(frame, len, &protocol, &head));
	if (protocol == FRAME_MP) {
		protocol = check_fragment(b, frame + head, len - head);
		if (!protocol)
			return;
	}
	if (frame_is_control(protocol))
		return;
	FUZZ_CHECK(!b->state.tx_blocked);
	FUZZ_CHECK((protocol == FRAME_COMPRESSED) == (b->state.tx.bits != 0));
}

static void drain_wire(struct bench *b)
{
	static uint8_t packet[70000];
	ssize_t n;

	while ((n = recv(b->wire, packet, sizeof packet, MSG_DONTWAIT)) >= 0)
		check_leaving(b, packet, (size_t)n);
}

static void arrive(struct bench *b, const uint8_t *octets, size_t len)
{
	if (b->encap == PROTOCOL_PPTP)
		(void)!send(b->wire, octets, len, 0);
	else
		(void)!sendto(b->wire, octets, len, 0, (struct sockaddr *)&udp_at[1],
			      sizeof udp_at[1]);
}

static void receive(struct bench *b)
{
	for (unsigned n = 0; n < 8 && path_burst_rx(b->path, b->now); n++)
		;
}

/* A PPP frame in the right encapsulation, with a number DELTA ahead. */
static void encapsulated(struct bench *b, uint8_t how, const uint8_t *frame, size_t len)
{
	uint8_t *packet = b->kept[b->kept_at % KEPT];
	struct writer w = writer_make(packet, PACKET);
	uint32_t number = b->seq + (how & 7);

	b->seq = how & 8 ? b->seq : number + 1;
	if (b->encap == PROTOCOL_PPTP) {
		uint8_t head[GRE_HEADER_MAX];
		const struct gre_packet g = {.call_id = OWN,
					     .has_seq = true,
					     .has_ack = how & 16,
					     .seq = number,
					     .payload_len = len};

		writer_u8(&w, 0x45);
		writer_u8(&w, 0);
		writer_zeros(&w, 18);
		writer_bytes(&w, head, gre_header_write(head, &g));
	} else {
		uint8_t head[L2TP_DATA_HEADER_MAX];
		const struct l2tp_header h = {.has_length = how & 16,
					      .has_seq = how & 32,
					      .tunnel_id = OWN,
					      .session_id = OWN,
					      .ns = (uint16_t)number};

		writer_bytes(&w, head, l2tp_data_header_write(head, &h, len));
	}
	writer_bytes(&w, frame, len);
	FUZZ_CHECK(!w.failed);
	if (b->encap == PROTOCOL_PPTP)
		packet[3] = (uint8_t)writer_len(&w), packet[2] = (uint8_t)(writer_len(&w) >> 8);
	b->kept_len[b->kept_at++ % KEPT] = writer_len(&w);
	arrive(b, packet, writer_len(&w));
	if (!(how & 64))
		receive(b);
}

/* As the peer's MPPE would send it: an IP packet, or (PLAIN) anything at all. */
static void encrypted(struct bench *b, struct cursor *script, bool plain)
{
	uint8_t frame[4 + MPPE_HEADER + 300], how = fuzz_u8(script);
	size_t len, head;
	const uint8_t *octets = fuzz_octets(script, fuzz_u8(script), &len);

	memcpy(frame, "\xff\x03\x00\xfd", 4);
	frame[6] = 0;
	frame[7] = how & 8 ? FRAME_IPV6 : FRAME_IPV4;
	head = plain ? 6 : 8;
	if (len)
		memcpy(frame + head, octets, len);
	if (!b->state.rx.bits || head + len == 6)
		return;
	mppe_encrypt(&b->honest, frame + 4, frame + 6, head - 6 + len);
	if (!(how & 128)) /* else it is lost */
		encapsulated(b, how, frame, head + len);
}

static void set_state(struct bench *b, struct cursor *script)
{
	static const uint8_t bits[] = {0, 40, 56, 128};
	uint8_t a = fuzz_u8(script), c = fuzz_u8(script);
	struct path_mppe rx = b->state.rx, tx = b->state.tx;

	/* What was permitted until now is checked by the rules of until now. */
	drain_tun(b);
	drain_wire(b);
	b->state = (struct path_state){.ipv4 = a & 1,
				       .ipv6 = a & 2,
				       .tx_blocked = a & 4,
				       .rx_clear = a & 8,
				       .tx_pfc = a & 16,
				       .tx_acfc = a & 32,
				       .peer_mru = 1400,
				       .mss_mtu = a & 64 ? 1300 : 0,
				       .path_mtu = c & 128 ? 600 : 0,
				       .rekey_on_flush = a & 128,
				       .mp_tx = b->state.mp_tx,
				       .mp_rx = b->state.mp_rx,
				       .mp_room = b->state.mp_room,
				       .mp_generation = b->state.mp_generation};
	b->state.rx = rx;
	b->state.tx = tx;
	if (!(c & 64)) { /* a key never changes without a new generation */
		b->state.rx = (struct path_mppe){bits[c & 3], c & 16, {7}, rx.generation + 1};
		b->state.tx = (struct path_mppe){bits[c >> 2 & 3], c & 32, {9}, tx.generation + 1};
		if (b->state.rx.bits)
			mppe_tx_init(&b->honest, b->state.rx.bits, b->state.rx.stateful,
				     b->state.rx.start);
	}
	path_set_state(b->path, &b->state);
}

/* Multilink begins, ends, or changes. */
static void multilink(struct bench *b, struct cursor *script)
{
	static const uint16_t mrrus[] = {0, 200, 1500, 65535};
	uint8_t how = fuzz_u8(script);

	drain_tun(b);
	drain_wire(b);
	b->state.mp_tx = (struct path_mp){mrrus[how & 3], how & 16};
	b->state.mp_rx = (struct path_mp){mrrus[how >> 2 & 3], how & 32};
	b->state.mp_room = fuzz_u8(script);
	b->state.mp_generation += how & 64 ? 0 : 1;
	b->mp_seq = how & 128 ? b->mp_seq : 0;
	path_set_state(b->path, &b->state);
}

/* A packet as the peer would cut it; by HOW some pieces are lost, or their numbers are others. */
static void in_pieces(struct bench *b, struct cursor *script)
{
	uint8_t frame[MPPE_HEADER + 4 + 300] = {0x80, 0x21}, piece[8 + sizeof frame];
	uint8_t how = fuzz_u8(script), room = (uint8_t)(1 + fuzz_u8(script) % 100);
	size_t len, head = how & 1 ? 2 : 0, at = 0;
	const uint8_t *octets = fuzz_octets(script, fuzz_u8(script), &len);

	if (how & 1 && b->state.rx.bits) { /* encrypted */
		memcpy(frame, "\x00\xfd\x00\x00\x00\x21", 6);
		head = 6;
	} else if (how & 2) {
		memcpy(frame, "\x00\x21", 2);
	}
	if (len)
		memcpy(frame + head, octets, len);
	len += head;
	if (head == 6)
		mppe_encrypt(&b->honest, frame + 2, frame + 4, len - 4);
	do {
		size_t n = len - at < room ? len - at : room;
		struct mp_header h = {at == 0, at + n == len, b->mp_seq++};
		uint8_t each = how & 4 ? fuzz_u8(script) : 0;
		size_t start = 1;

		if (each & 1)
			h.number += each >> 4;
		piece[0] = FRAME_MP;
		start += mp_header_write(piece + 1, &h, b->state.mp_rx.short_numbers);
		memcpy(piece + start, frame + at, n);
		if (!(each & 2))
			encapsulated(b, how & 0xf0, piece, start + n);
		at += n;
	} while (at < len);
}

/* The first packet of a connection, with any options. */
static size_t syn(uint8_t *out, uint8_t how, const uint8_t *options, size_t len)
{
	uint8_t *t = out + (how & 1 ? 40 : 20);
	size_t all = inner_packet(out, how & 1, 1, 1, len);

	if (len)
		memcpy(t + 20, options, len);
	t[12] = (uint8_t)((len > 40 ? 10 : 5 + len / 4) << 4);
	t[13] = 2;
	sum_inner(out, how & 1, all);
	return all;
}

static void from_tun(struct bench *b, struct cursor *script)
{
	uint8_t packet[sizeof(struct offload) + 60 + 300] = {0};
	size_t head = b->offload ? sizeof(struct offload) : 0, len;
	uint8_t how = fuzz_u8(script);
	const uint8_t *octets = fuzz_octets(script, fuzz_u8(script), &len);

	memset(packet + head, 0, 20);
	packet[head] = how & 1 ? 0x60 : 0x45;
	packet[head + 2] = (uint8_t)((len + 20) >> 8);
	packet[head + 3] = (uint8_t)(len + 20);
	packet[head + 9] = how & 2 ? IP_TCP : IP_UDP;
	if (len)
		memcpy(packet + head + 20, octets, len);
	if (how & 64)
		len = syn(packet + head, how, octets, len) - 20;
	if (how & 4)
		(void)path_send_packet(b->path, packet + head, how & 8 ? len : len + 20);
	else
		(void)!send(b->tun, packet, head + len + 20, 0);
	for (unsigned n = 0; n < 8 && path_burst_tx(b->path, b->now); n++)
		;
}

static uint16_t sum_of(const uint8_t *p, size_t len, uint64_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += (uint64_t)p[i] << (i & 1 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* A whole packet of TCP or UDP with LEN octets of payload at OUT, as a host would send it; its
 * size. */
static size_t inner_packet(uint8_t *out, uint8_t how, unsigned id, uint32_t seq, size_t len)
{
	size_t ip = how & 1 ? 40 : 20, transport = how & 2 ? 8 : how & 16 ? 32 : 20;
	size_t all = ip + transport + len;
	uint8_t *t = out + ip;

	memset(out, 0, ip + transport);
	memset(out + ip + transport, (int)seq, len);
	out[0] = how & 1 ? 0x60 : 0x45;
	offload_put16(out + (how & 1 ? 4 : 2), (unsigned)(how & 1 ? all - 40 : all));
	out[how & 1 ? 6 : 9] = how & 2 ? IP_UDP : IP_TCP;
	out[how & 1 ? 7 : 8] = 64;
	out[ip - 1] = 2;
	out[ip == 40 ? 23 : 15] = 1;
	offload_put32(t, how & 4 ? 0x10001000 : 0x10002000);
	if (how & 2) {
		offload_put16(t + 4, (unsigned)(all - ip));
	} else {
		offload_put32(t + 4, seq);
		t[12] = (uint8_t)(transport / 4 << 4);
		t[13] = TCP_ACK;
		t[15] = 200;
	}
	if (!(how & 1)) {
		offload_put16(out + 4, id);
		out[6] = how & 8 ? 0x40 : 0;
	}
	sum_inner(out, how, all);
	return all;
}

/* The checksums of such a packet of ALL octets, anew. */
static void sum_inner(uint8_t *out, uint8_t how, size_t all)
{
	size_t ip = how & 1 ? 40 : 20;
	uint8_t *t = out + ip, *at = t + (how & 2 ? 6 : 16);
	uint16_t sum = sum_of(out + (how & 1 ? 8 : 12), how & 1 ? 32 : 8,
			      (how & 2 ? IP_UDP : IP_TCP) + (uint64_t)(all - ip));

	offload_put16(at, 0);
	offload_put16(at, (uint16_t)~sum_of(t, all - ip, sum));
	if (!(how & 1)) {
		offload_put16(out + 10, 0);
		offload_put16(out + 10, (uint16_t)~sum_of(out, 20, 0));
	}
}

/* Packets of one stream, one behind the other, in one burst; any octet of one may be another, and
 * the checksums true all the same. */
static void stream(struct bench *b, struct cursor *script)
{
	uint8_t how = fuzz_u8(script), counts = fuzz_u8(script), size = fuzz_u8(script);
	uint8_t odd = fuzz_u8(script), at = fuzz_u8(script), value = fuzz_u8(script);
	uint8_t frame[4 + MPPE_HEADER + 2 + 80 + 1024];
	unsigned count = counts & 31;
	uint32_t seq = 1000;

	for (unsigned i = 0; i < count; i++) {
		size_t len = (size_t)size * (how & 32 ? 4 : 1);
		uint8_t *ip = frame + 8;

		if (i + 1 == count && how & 64)
			len /= 2;
		len = inner_packet(ip, how, i, seq, len);
		seq += (uint32_t)(len - (how & 1 ? 40 : 20) - (how & 2 ? 8 : how & 16 ? 32 : 20));
		if (i == odd)
			ip[at % len] = value;
		if (i == odd && counts & 32)
			sum_inner(ip, how, len);
		if (b->state.rx.bits) {
			memcpy(frame, "\xff\x03\x00\xfd", 4);
			frame[6] = 0;
			frame[7] = how & 1 ? FRAME_IPV6 : FRAME_IPV4;
			mppe_encrypt(&b->honest, frame + 4, frame + 6, len + 2);
			encapsulated(b, 64 | (how >> 2 & 32), frame, len + 8);
		} else {
			memcpy(frame + 4, "\xff\x03\x00", 3);
			frame[7] = how & 1 ? FRAME_IPV6 : FRAME_IPV4;
			encapsulated(b, 64 | (how >> 2 & 32), frame + 4, len + 4);
		}
	}
	receive(b);
}

/* A large packet of the device, as the kernel would give it or with fields of the script. */
static void large(struct bench *b, struct cursor *script)
{
	static uint8_t packet[sizeof(struct offload) + 80 + 65536];
	uint8_t how = fuzz_u8(script), *ip = packet + sizeof(struct offload);
	size_t len = fuzz_u16(script), start = how & 1 ? 40 : 20;
	struct offload o = {.flags = OFFLOAD_NEEDS_CSUM,
			    .gso_type = how & 2	  ? OFFLOAD_UDP
					: how & 1 ? OFFLOAD_TCP6
						  : OFFLOAD_TCP4,
			    .gso_size = (uint16_t)(8 * fuzz_u8(script)),
			    .csum_start = (uint16_t)start,
			    .csum_offset = how & 2 ? 6 : 16};

	if (!b->offload)
		return;
	if (how & 32)
		o.gso_type = OFFLOAD_NONE;
	if (how & 64)
		o.gso_type |= OFFLOAD_ECN;
	if (how & 128) { /* a field that the kernel would not write */
		uint8_t at = fuzz_u8(script);

		((uint8_t *)&o)[at % sizeof o] = fuzz_u8(script);
	}
	len = inner_packet(ip, how, 1, 1, len % 65400);
	if (how & 8 && how & 128)
		ip[fuzz_u8(script) % len] = fuzz_u8(script);
	memcpy(packet, &o, sizeof o);
	(void)!send(b->tun, packet, sizeof o + len, MSG_DONTWAIT);
	for (unsigned n = 0; n < 8 && path_burst_tx(b->path, b->now); n++)
		;
}

/* Datagrams of one size that the kernel hands over as one (UDP_GRO). */
static void many_as_one(struct bench *b, struct cursor *script)
{
	uint8_t datagrams[64 * 40], count = fuzz_u8(script) & 31, how = fuzz_u8(script);
	uint8_t octets[CMSG_SPACE(sizeof(uint16_t))] = {0};
	uint16_t size = 8 + 32;
	struct iovec iov = {datagrams, (size_t)size * (count + 1u) - (how & 15)};
	struct msghdr msg = {.msg_name = &udp_at[1],
			     .msg_namelen = sizeof udp_at[1],
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = octets,
			     .msg_controllen = sizeof octets};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	if (b->encap != PROTOCOL_L2TP)
		return;
	for (unsigned i = 0; i <= count; i++) {
		uint8_t *p = datagrams + (size_t)i * size, head[L2TP_DATA_HEADER_MAX];
		const struct l2tp_header h = {.tunnel_id = OWN, .session_id = OWN};
		size_t n = l2tp_data_header_write(head, &h, size);

		memset(p, 0, size);
		memcpy(p, head, n);
		memcpy(p + n, "\xff\x03\x00\x21", 4);
		(void)inner_packet(p + n + 4, 2, i, i, 0);
	}
	datagrams[fuzz_u16(script) % iov.iov_len] = fuzz_u8(script);
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof size);
	memcpy(CMSG_DATA(c), &size, sizeof size);
	(void)!sendmsg(b->wire, &msg, MSG_DONTWAIT);
	receive(b);
}

/* Many packets of the peer are lost on the way, as in a long outage; with numbers or without. */
static void outage(struct bench *b, struct cursor *script)
{
	uint8_t packet[MPPE_HEADER + 2];
	unsigned count = fuzz_u8(script) * 128u;

	if (!b->state.rx.bits || b->lost + count > LOST_MAX)
		return;
	b->lost += count;
	for (unsigned i = 0; i < count; i++)
		mppe_encrypt(&b->honest, packet, packet + MPPE_HEADER, 2);
	if (fuzz_u8(script) & 1)
		b->seq += count;
}

static void trouble(struct cursor *script)
{
	static const int errors[] = {0,	     EIO,     EINVAL,	    EMSGSIZE,
				     EAGAIN, ENOBUFS, ECONNREFUSED, EINTR};
	uint8_t a = fuzz_u8(script), c = fuzz_u8(script);

	kernel.send_error = errors[a & 7];
	kernel.write_error = errors[a >> 3 & 7];
	kernel.receive_error = errors[c & 7];
	kernel.queued = c >> 3 & 3;
	kernel.v6 = c & 32;
	kernel.cut = c & 64;
	kernel.other = c & 128;
	kernel.error = (struct sock_extended_err){.ee_info = fuzz_u16(script)};
	kernel.error.ee_errno = (uint32_t)errors[kernel.error.ee_info & 7];
}

/* What no one should send: more than fits, from here and from there; and from who is not the peer.
 */
static void beyond(struct bench *b, struct cursor *script)
{
	static uint8_t octets[70000];
	size_t len = 128 * (size_t)fuzz_u8(script) + 64;
	uint8_t how = fuzz_u8(script);

	octets[0] = 0x45;
	if (how & 1)
		(void)path_send_control(b->path, FRAME_LCP, octets, len);
	if (how & 2)
		(void)path_send_packet(b->path, octets, len);
	if (how & 4)
		arrive(b, octets, len);
	if (how & 8)
		(void)!sendto(stranger, octets, len, 0, (struct sockaddr *)&udp_at[1],
			      sizeof udp_at[1]);
	receive(b);
}

/* The second thread sends what the device has, while nothing else happens. */
static void by_worker(struct bench *b, struct cursor *script)
{
	uint8_t packet[sizeof(struct offload) + 80 + 255] = {0}, how = fuzz_u8(script);
	size_t head = b->offload ? sizeof(struct offload) : 0, len;
	unsigned count = fuzz_u8(script) & 7;
	struct path_worker *worker;
	int waiting = 1;

	if (b->worked) /* a thread takes time */
		return;
	b->worked = true;
	fuzz_fail_allocation(1);
	FUZZ_CHECK(!path_worker_new());
	worker = path_worker_new();
	FUZZ_CHECK(worker && path_worker_take(worker, b->path) == 0);
	FUZZ_CHECK(path_worker_take(worker, b->path) == -EBUSY);
	len = inner_packet(packet + head, how, 1, 1, fuzz_u8(script));
	for (unsigned i = 0; i < count; i++)
		(void)!send(b->tun, packet, head + len, MSG_DONTWAIT);
	/* What may not leave yet stays where it is. */
	for (unsigned n = 0; n < 1000 && waiting; n++) {
		sched_yield();
		if (ioctl(tun[1], FIONREAD, &waiting) < 0)
			break;
	}
	if (how & 128)
		(void)path_send_packet(b->path, packet + head, len);
	if (how & 64)
		path_set_state(b->path, &b->state);
	(void)path_worker_busy_us(worker);
	if (how & 32)
		path_worker_release(worker);
	path_worker_free(worker);
}

/* The operations above 0xf0: what the kernel's large packets, joined datagrams and errors do. */
static void kernel_step(struct bench *b, uint8_t op, struct cursor *script)
{
	static const uint8_t zlb[12] = {0xc8, 2, 0, 12, PEERS >> 8, PEERS & 0xff};
	struct path_next_hop hop = {.ifindex = 1, .ttl = 64};
	uint8_t flags;

	switch (op) {
	case 0xff:
		outage(b, script);
		return;
	case 0xfe:
		by_worker(b, script);
		return;
	case 0xfd:
		beyond(b, script);
		return;
	case 0xfc:
		multilink(b, script);
		return;
	case 0xfb:
		in_pieces(b, script);
		return;
	}
	switch (op % 5) {
	case 0:
		stream(b, script);
		break;
	case 1:
		large(b, script);
		break;
	case 2:
		many_as_one(b, script);
		break;
	case 3:
		trouble(script);
		break;
	case 4:
		flags = fuzz_u8(script);
		if (flags & 1)
			path_lock_peer(b->path);
		if (flags & 2 && b->encap == PROTOCOL_L2TP)
			(void)path_send_tunnel(b->path, zlb, sizeof zlb);
		if (flags & 4 && b->encap == PROTOCOL_PPTP) {
			hop.known = flags & 8;
			path_set_next_hop(b->path, &hop);
		}
		break;
	}
}

static void step(struct bench *b, struct cursor *script)
{
	static bool watch;
	uint8_t op = fuzz_u8(script), how;
	const uint8_t *octets;
	unsigned which;
	size_t len;

	if (op >= 0xf0) {
		kernel_step(b, op, script);
		drain_tun(b);
		drain_wire(b);
		return;
	}
	switch (op % 12) {
	case 0:
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		if (len)
			arrive(b, octets, len);
		receive(b);
		break;
	case 1:
	case 2:
		how = fuzz_u8(script);
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		encapsulated(b, how, octets, len);
		break;
	case 3:
		encrypted(b, script, false);
		break;
	case 4:
		encrypted(b, script, true);
		break;
	case 5: /* one of the last again, a bit changed or not */
		which = fuzz_u8(script) % KEPT;
		how = fuzz_u8(script);
		if (!b->kept_len[which])
			break;
		b->kept[which][how % b->kept_len[which]] ^= fuzz_u8(script);
		arrive(b, b->kept[which], b->kept_len[which]);
		receive(b);
		break;
	case 6:
		set_state(b, script);
		break;
	case 7:
	case 8:
		from_tun(b, script);
		break;
	case 9:
		b->now += fuzz_u8(script);
		for (unsigned n = 0; path_deadline(b->path) <= b->now; n++) {
			FUZZ_CHECK(n < 1000); /* a deadline that stays is an endless loop */
			path_tick(b->path, b->now);
		}
		break;
	case 10:
		path_flush_tx(b->path);
		b->honest.flush = true;
		break;
	case 11:
		how = fuzz_u8(script);
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		watch = how & 1;
		path_watch_inner(b->path, watch);
		if (len)
			(void)path_send_control(b->path, FRAME_LCP, octets, len);
		break;
	}
	drain_tun(b);
	drain_wire(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct bench b;
	static uint8_t rest[70000];
	struct cursor script = cursor_make(data, len);
	const struct path_callbacks callbacks = {.control = on_control,
						 .unknown = on_unknown,
						 .tunnel = on_tunnel,
						 .error = on_error,
						 .resync = on_resync,
						 .inner = on_inner,
						 .too_big = on_too_big,
						 .ctx = &b};
	struct path_call call = {OWN, PEERS, OWN, PEERS, false};
	struct path_config config = {0};
	uint8_t how = fuzz_u8(&script);
	char text[64];

	fuzz_crypto();
	if (!tun[0])
		socket_pairs();
	memset(&b, 0, sizeof b);
	memset(&kernel, 0, sizeof kernel);
	if (gro != ((how & 8) != 0)) {
		int on = gro = how & 8;

		FUZZ_CHECK(setsockopt(udp[1], IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0);
	}
	b.encap = how & 1 ? PROTOCOL_L2TP : PROTOCOL_PPTP;
	b.offload = how & 2;
	b.now = 1000;
	b.tun = tun[0];
	b.wire = b.encap == PROTOCOL_L2TP ? udp[0] : gre[0];
	config.encap = b.encap;
	config.tun_offload = config.tun_offload_udp = b.offload;
	config.udp_segment = how & 4 && b.encap == PROTOCOL_L2TP;
	config.udp_gro = how & 8 && b.encap == PROTOCOL_L2TP;
	call.sequencing = how & 16;
	config.tun_fd = tun[1];
	config.packet_fd = b.encap == PROTOCOL_PPTP && how & 32 ? FAST : -1;
	kernel.bench = &b;
	config.wire_fd = b.encap == PROTOCOL_L2TP ? udp[1] : gre[1];
	config.peer_len = b.encap == PROTOCOL_L2TP ? sizeof udp_at[0] : 0;
	memcpy(&config.peer, &udp_at[0], config.peer_len);
	/* One allocation fails: of the path there is nothing then, or something less. */
	fuzz_fail_allocation(how & 64 ? 1 + (unsigned)(len % 8) : 0);
	b.path = path_new(&config, &callbacks, len & 8 ? &fuzz_log : NULL);
	FUZZ_CHECK(b.path || how & 64);
	if (!b.path) {
		path_free(b.path);
		return 0;
	}
	if (!(how & 128))
		path_set_call(b.path, &call);
	set_state(&b, &script);
	for (unsigned n = 0; n < STEPS && cursor_left(&script); n++)
		step(&b, &script);
	(void)path_encoding(b.path, text, sizeof text);
	(void)path_numbered(b.path);
	FUZZ_CHECK(path_counters(b.path) && path_rx_counters(b.path));
	path_free(b.path);
	fuzz_fail_allocation(0);
	/* Nothing may wait for the next run. */
	for (int i = 0; i < 2; i++)
		while (recv(tun[i], rest, sizeof rest, MSG_DONTWAIT) >= 0 ||
		       recv(gre[i], rest, sizeof rest, MSG_DONTWAIT) >= 0 ||
		       recv(udp[i], rest, sizeof rest, MSG_DONTWAIT) >= 0)
			;
	return 0;
}
