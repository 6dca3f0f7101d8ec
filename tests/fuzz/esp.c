/* SPDX-License-Identifier: MIT */
/* L2TP over IPsec in the data path: whatever comes to its port, sealed by the right keys or not,
 * while associations come and go.  What leaves is opened here, and what was not sealed by the keys,
 * or came before, must change nothing. */
#include "fuzz.h"

#include "base/address.h"
#include "crypto/esp.h"
#include "path/path.h"
#include "wire/esp.h"
#include "wire/l2tp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#define STEPS	   60
#define PACKET	   2048
#define KEPT	   4
#define OWN	   0x1234
#define PEERS	   0x5678
#define OUR_PORT   41001
#define THEIR_PORT 1701
#define SPIS	   6 /* more than the path keeps */
#define SPI(i)	   (0x1000u + (i))

static const struct ipsec_suite suites[] = {
	{IPSEC_AES_GCM, IPSEC_HASH_NONE, IPSEC_GROUP_NONE, 128},
	{IPSEC_AES_CBC, IPSEC_SHA1, IPSEC_GROUP_NONE, 256},
	{IPSEC_3DES, IPSEC_MD5, IPSEC_GROUP_NONE, 192},
	{IPSEC_AES_CBC, IPSEC_SHA512, IPSEC_GROUP_NONE, 192},
};

/* The peer's ends of all associations are made once. */
static struct end {
	struct esp_keys keys;
	struct esp_sizes sizes;
	struct esp_cipher *seal, *open;
} ends[SPIS];
static int tun[2], udp[2][2]; /* of IPv4, of IPv6 (-1 without it); the path's are [1] */
static struct sockaddr_storage at[2][2];
static bool gro[2];

struct bench {
	struct path *path;
	int wire;
	uint64_t now;
	int sending; /* index of ENDS; -1 = none */
	uint32_t sent;
	uint32_t numbers[SPIS]; /* the peer's newest */
	uint8_t kept[KEPT][PACKET];
	size_t kept_len[KEPT];
	unsigned kept_at;
	unsigned taken; /* what came out of ESP: messages, frames, packets */
	unsigned ike;
};

static void make_ends(void)
{
	static const uint8_t integrity[IPSEC_HASHES] = {0, 16, 20, 32, 48, 64};

	for (unsigned i = 0; i < SPIS; i++) {
		struct end *e = &ends[i];

		e->keys = (struct esp_keys){.spi = SPI(i), .suite = suites[i % 4]};
		e->keys.integrity_len = integrity[e->keys.suite.hash];
		for (unsigned k = 0; k < sizeof e->keys.key; k++)
			e->keys.key[k] = (uint8_t)(k * 5 + i);
		e->sizes = esp_sizes(&e->keys.suite);
		e->seal = esp_cipher_new(&e->keys, true);
		e->open = esp_cipher_new(&e->keys, false);
		FUZZ_CHECK(e->seal && e->open);
	}
}

static bool make_udp(int family, int fds[2], struct sockaddr_storage ours[2])
{
	static const uint8_t loopback[2][16] = {{127, 0, 0, 1}, {[15] = 1}};
	socklen_t len = sizeof ours[0];

	for (int i = 0; i < 2; i++) {
		fds[i] = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		address_set(&ours[i], family, loopback[family == AF_INET6]);
		if (fds[i] < 0 ||
		    bind(fds[i], (struct sockaddr *)&ours[i], address_len(&ours[i])) < 0)
			return false;
		FUZZ_CHECK(getsockname(fds[i], (struct sockaddr *)&ours[i], &len) == 0);
		len = sizeof ours[0];
	}
	for (int i = 0; i < 2; i++)
		FUZZ_CHECK(connect(fds[i], (struct sockaddr *)&ours[!i], address_len(&ours[!i])) ==
			   0);
	return true;
}

static void make_once(void)
{
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, tun) == 0);
	FUZZ_CHECK(make_udp(AF_INET, udp[0], at[0]));
	if (!make_udp(AF_INET6, udp[1], at[1]))
		udp[1][0] = -1;
	make_ends();
}

static void on_control(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct bench *b = ctx;
	volatile uint8_t last;

	(void)protocol;
	FUZZ_CHECK(len > 0);
	last = info[len - 1];
	(void)last;
	b->taken++;
}

static void on_tunnel(void *ctx, const uint8_t *octets, size_t len)
{
	struct bench *b = ctx;

	FUZZ_CHECK(len >= L2TP_CONTROL_HEADER_LEN && (octets[0] & 0x80));
	b->taken++;
}

static void on_ike(void *ctx, const uint8_t *octets, size_t len)
{
	struct bench *b = ctx;
	volatile uint8_t last = len ? octets[len - 1] : 0;

	(void)last;
	b->ike++;
}

static void on_error(void *ctx, int error)
{
	(void)ctx;
	FUZZ_CHECK(error > 0);
}

static void on_resync(void *ctx)
{
	(void)ctx;
	FUZZ_CHECK(!"without MPPE");
}

/* What leaves is IKE, a keep-alive, or ESP by the keys that are in use, of the next number. */
static void check_leaving(struct bench *b, uint8_t *packet, size_t len)
{
	static const uint8_t marker[ESP_MARKER];
	struct cursor c = cursor_make(packet, len);
	struct esp_inner inner;
	struct l2tp_header h;
	uint8_t *plain;

	if ((len == 1 && packet[0] == 0xff) || (len >= 4 && memcmp(packet, marker, 4) == 0))
		return;
	FUZZ_CHECK(b->sending >= 0);
	FUZZ_CHECK(cursor_u32(&c) == SPI((unsigned)b->sending));
	FUZZ_CHECK(cursor_u32(&c) == ++b->sent);
	FUZZ_CHECK(esp_open(ends[b->sending].open, packet, len, &plain, &len));
	FUZZ_CHECK(esp_unwrap(plain, len, &inner) && inner.next == ESP_NEXT_UDP);
	FUZZ_CHECK(inner.source_port == OUR_PORT && inner.destination_port == THEIR_PORT);
	FUZZ_CHECK(l2tp_decode(inner.payload, inner.len, &h) && h.tunnel_id == PEERS);
}

static void drain(struct bench *b)
{
	static uint8_t packet[70000];
	ssize_t n;

	while (recv(tun[0], packet, sizeof packet, MSG_DONTWAIT) >= 0)
		b->taken++;
	while ((n = recv(b->wire, packet, sizeof packet, MSG_DONTWAIT)) >= 0)
		check_leaving(b, packet, (size_t)n);
}

static uint64_t refused(struct bench *b)
{
	const struct path_counters *c = path_counters(b->path);

	return c->esp_bad + c->esp_replayed + c->esp_unknown;
}

static void receive(struct bench *b)
{
	for (unsigned n = 0; n < 64 && path_burst_rx(b->path, b->now); n++)
		;
}

/* What nobody sealed, or what came before: refused or without meaning, never taken. */
static void arrive_refused(struct bench *b, const uint8_t *octets, size_t len)
{
	static const uint8_t marker[ESP_MARKER];
	bool ike = len >= 4 && memcmp(octets, marker, 4) == 0;
	bool quiet = len == 1 && octets[0] == 0xff;
	unsigned taken, ikes = b->ike;
	uint64_t before, heard = path_esp_heard_ms(b->path);

	drain(b);
	taken = b->taken;
	before = refused(b);
	(void)!send(b->wire, octets, len, 0);
	receive(b);
	drain(b);
	FUZZ_CHECK(b->taken == taken && path_esp_heard_ms(b->path) == heard);
	FUZZ_CHECK(b->ike == ikes + ike);
	FUZZ_CHECK(refused(b) == before + !(ike || quiet));
}

/* PACKET's header, IV and plain text stand: LEN octets, whole blocks. */
static void seal_and_send(struct bench *b, struct end *e, uint8_t *packet, size_t len)
{
	esp_seal(e->seal, packet, len);
	len += e->sizes.icv;
	memcpy(b->kept[b->kept_at], packet, len);
	b->kept_len[b->kept_at] = len;
	b->kept_at = (b->kept_at + 1) % KEPT;
	(void)!send(b->wire, packet, len, 0);
	receive(b);
}

/* From the peer: any plain text, or L2TP from the right port; how far its number jumps. */
static void sealed(struct bench *b, struct cursor *script, bool honest)
{
	unsigned i = fuzz_u8(script) % SPIS;
	int8_t jump = (int8_t)fuzz_u8(script);
	struct end *e = &ends[i];
	uint8_t packet[PACKET] = {0}, *start = packet;
	size_t len, head = esp_head_len(&e->sizes) - ESP_UDP_HEADER, all;
	const uint8_t *octets = fuzz_octets(script, fuzz_u8(script) * (honest ? 1u : 2u), &len);
	struct writer w = writer_make(packet, ESP_HEADER);

	b->numbers[i] += (uint32_t)(jump < -64 ? jump * 1024 : jump);
	if (len)
		memcpy(packet + ESP_HEAD_MAX, octets, len);
	if (honest) {
		start = esp_wrap(&e->sizes, SPI(i), b->numbers[i], THEIR_PORT, OUR_PORT,
				 packet + ESP_HEAD_MAX, len);
		all = esp_head_len(&e->sizes) + len + esp_tail_len(&e->sizes, len);
		seal_and_send(b, e, start, all - e->sizes.icv);
		return;
	}
	writer_u32(&w, SPI(i));
	writer_u32(&w, b->numbers[i]);
	memmove(packet + head, packet + ESP_HEAD_MAX, len);
	len = (len + e->sizes.block - 1) / e->sizes.block * e->sizes.block;
	seal_and_send(b, e, packet, head + len);
}

/* One of the last again, changed or not; or some part of it. */
static void again(struct bench *b, struct cursor *script)
{
	unsigned which = fuzz_u8(script) % KEPT, where = fuzz_u16(script);
	uint8_t change = fuzz_u8(script), copy[PACKET];
	size_t len = b->kept_len[which];

	if (!len)
		return;
	memcpy(copy, b->kept[which], len);
	if (!change) /* it may have been refused for want of keys that are here now */
		(void)!send(b->wire, copy, len, 0);
	receive(b);
	if (where & 0x8000)
		len = where % len;
	else if (change)
		copy[where % len] ^= change;
	arrive_refused(b, copy, len);
}

static void associations(struct bench *b, struct cursor *script)
{
	uint8_t op = fuzz_u8(script), i = fuzz_u8(script) % SPIS;
	int rc;

	drain(b);
	fuzz_fail_allocation(op & 8 ? 1 : 0);
	switch (op & 3) {
	case 0:
		rc = path_esp_receive(b->path, &ends[i].keys);
		FUZZ_CHECK(rc == 0 || (rc == -ENOMEM && op & 8));
		break;
	case 1:
		rc = path_esp_send(b->path, &ends[i].keys);
		FUZZ_CHECK(rc == 0 || (rc == -ENOMEM && op & 8));
		if (rc == 0) {
			b->sending = i;
			b->sent = 0;
		}
		break;
	case 2:
		path_esp_forget(b->path, SPI(i));
		break;
	}
	fuzz_fail_allocation(0);
}

/* From us: packets of the device, frames and messages. */
static void leave(struct bench *b, struct cursor *script)
{
	static const uint8_t zlb[L2TP_CONTROL_HEADER_LEN] = {0xc8, 2,	       0,
							     12,   PEERS >> 8, PEERS & 0xff};
	uint8_t packet[20 + 1400] = {0x45}, how = fuzz_u8(script);
	size_t len = 20 + fuzz_u16(script) % 1400u;
	int rc;

	packet[2] = (uint8_t)(len >> 8);
	packet[3] = (uint8_t)len;
	for (unsigned n = 0; n < (how & 7u); n++)
		(void)!send(tun[0], packet, len, MSG_DONTWAIT);
	for (unsigned n = 0; n < 8 && path_burst_tx(b->path, b->now); n++)
		;
	if (how & 8) {
		rc = path_send_control(b->path, 0xc021, packet, len);
		FUZZ_CHECK((rc == -ENOTCONN) == (b->sending < 0));
	}
	if (how & 16) {
		rc = path_send_tunnel(b->path, zlb, sizeof zlb);
		FUZZ_CHECK((rc == -ENOTCONN) == (b->sending < 0));
	}
	if (how & 32)
		(void)path_send_ike(b->path, packet, len);
	if (how & 64)
		path_send_keepalive(b->path);
	if (how & 128)
		FUZZ_CHECK(path_send_tunnel(b->path, packet, PACKET) < 0 || len > PACKET);
	FUZZ_CHECK(b->sending < 0 || path_esp_newest(b->path) >= b->sent);
}

/* ESP of one size that the kernel hands over as one (UDP_GRO), one octet of it changed. */
static void many_as_one(struct bench *b, struct cursor *script)
{
	unsigned i = fuzz_u8(script) % SPIS, count = 1 + (fuzz_u8(script) & 15);
	static const uint8_t payload[20] = {0, 2, OWN >> 8, OWN & 0xff, OWN >> 8, OWN & 0xff, 0xff,
					    3, 0, 0x21,	    0x45,	0,	  0,	      20};
	struct end *e = &ends[i];
	uint16_t size = (uint16_t)(esp_head_len(&e->sizes) + sizeof payload +
				   esp_tail_len(&e->sizes, sizeof payload));
	uint8_t all[16 * 160], octets[CMSG_SPACE(sizeof size)] = {0};
	struct iovec iov = {all, (size_t)size * count};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = octets,
			     .msg_controllen = sizeof octets};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	for (unsigned k = 0; k < count; k++) {
		uint8_t buf[256], *start;

		memcpy(buf + ESP_HEAD_MAX, payload, sizeof payload);
		start = esp_wrap(&e->sizes, SPI(i), ++b->numbers[i], THEIR_PORT, OUR_PORT,
				 buf + ESP_HEAD_MAX, sizeof payload);
		esp_seal(e->seal, start, size - (size_t)e->sizes.icv);
		memcpy(all + (size_t)k * size, start, size);
	}
	all[fuzz_u16(script) % iov.iov_len] ^= fuzz_u8(script);
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof size);
	memcpy(CMSG_DATA(c), &size, sizeof size);
	(void)!sendmsg(b->wire, &msg, MSG_DONTWAIT);
	receive(b);
}

static void step(struct bench *b, struct cursor *script)
{
	const uint8_t *octets;
	size_t len;

	b->now++;
	switch (fuzz_u8(script) % 8) {
	case 0: /* a stranger's */
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		if (len)
			arrive_refused(b, octets, len);
		break;
	case 1:
		sealed(b, script, false);
		break;
	case 2:
	case 3:
		sealed(b, script, true);
		break;
	case 4:
		again(b, script);
		break;
	case 5:
		associations(b, script);
		break;
	case 6:
		leave(b, script);
		break;
	case 7:
		many_as_one(b, script);
		break;
	}
	drain(b);
}

static void begin(struct bench *b, uint8_t how)
{
	const struct path_callbacks callbacks = {.control = on_control,
						 .unknown = on_control,
						 .tunnel = on_tunnel,
						 .ike = on_ike,
						 .error = on_error,
						 .resync = on_resync,
						 .ctx = b};
	const struct path_call call = {OWN, PEERS, OWN, PEERS, how & 4};
	const struct path_state state = {
		.ipv4 = true, .ipv6 = true, .rx_clear = true, .peer_mru = 1500};
	int v6 = how & 1 && udp[1][0] >= 0, on = (how & 2) != 0;
	struct path_config config = {.encap = PROTOCOL_L2TP,
				     .tun_fd = tun[1],
				     .wire_fd = udp[v6][1],
				     .packet_fd = -1,
				     .udp_segment = how & 8,
				     .udp_gro = on,
				     .esp = true,
				     .inner_port = OUR_PORT,
				     .peer_inner_port = THEIR_PORT,
				     .own = at[v6][1],
				     .peer = at[v6][0]};

	config.peer_len = address_len(&config.peer);
	if (gro[v6] != on)
		FUZZ_CHECK(setsockopt(udp[v6][1], IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0);
	gro[v6] = on;
	b->wire = udp[v6][0];
	b->now = 1000;
	b->sending = -1;
	fuzz_fail_allocation(how >> 5);
	b->path = path_new(&config, &callbacks, NULL);
	fuzz_fail_allocation(0);
	FUZZ_CHECK(b->path || how >> 5);
	if (!b->path)
		return;
	path_set_call(b->path, &call);
	path_set_state(b->path, &state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct bench b;
	static uint8_t rest[70000];
	struct cursor script = cursor_make(data, len);

	fuzz_crypto();
	if (!tun[0])
		make_once();
	memset(&b, 0, sizeof b);
	begin(&b, fuzz_u8(&script));
	if (!b.path)
		return 0;
	for (unsigned n = 0; n < STEPS && cursor_left(&script); n++)
		step(&b, &script);
	path_free(b.path);
	/* Nothing may wait for the next run. */
	for (int i = 0; i < 2; i++)
		while (recv(tun[i], rest, sizeof rest, MSG_DONTWAIT) >= 0 ||
		       recv(udp[0][i], rest, sizeof rest, MSG_DONTWAIT) >= 0 ||
		       (udp[1][0] >= 0 && recv(udp[1][i], rest, sizeof rest, MSG_DONTWAIT) >= 0))
			;
	return 0;
}
