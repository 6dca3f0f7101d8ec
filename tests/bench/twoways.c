/* SPDX-License-Identifier: MIT */
/* Both directions at once, by one thread and by two: how much longer does one take?
 *
 * One data path as a session has it works on real descriptors in a network namespace of its own: a
 * TUN device with segmentation offload whose queue is filled with datagrams to be sent, and an L2TP
 * or GRE socket whose buffer is filled with encrypted packets for it, MPPE 128 bits stateless.  The
 * clock runs from then on until both are empty; the amounts are such that each direction alone
 * takes as long.  "apart" is the bound of this machine: two threads of two paths that share nothing
 * but the device; with GRE not even the socket.
 *
 * Measured are the path, its system calls, and what the kernel does within them (routing, loopback
 * up to the peer's socket, which drops; delivery to a socket that drops).  Not measured: network
 * cards and their interrupts, and that the programs at both ends of a connection want cores too.
 *
 * The clock on the wall needs two cores that nobody else uses; -r asks for real-time priority to
 * have them on a busy machine.  "by CPU" does not: the time of one thread against that of the
 * busier one of two, as if each had a core to itself and never waited for its turn.
 *
 * usage: twoways [-n ROUNDS] [-r] [l2tp|pptp|fast-gre]...     (root, or user namespaces) */
#include "base/clock.h"
#include "path/path.h"
#include "path/worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef TUN_F_USO4 /* headers older than Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

#define PIECE	   1300
#define PIECES	   40 /* of one send */
#define QUEUE	   2000
#define ALONE_US   60000 /* so long each direction takes alone */
#define ROUNDS_MAX 200

enum mode { ONE, TWO, APART, MODES };
static const char *const mode_names[MODES] = {"one thread", "two threads", "apart"};

struct device {
	int tun, source; /* what is sent to SOURCE comes out of the device */
};

struct bench {
	struct device near, far;
	int wire, far_wire, own_wire; /* OWN_WIRE: of SENDER */
	struct path *path;	      /* what is measured */
	struct path *sender;	      /* the same for one direction, for "apart" */
	struct path *peer;	      /* makes what is received */
	struct path_worker *worker;
	unsigned tx_sends, rx_sends; /* of each round */
};

static void die(const char *what)
{
	fprintf(stderr, "twoways: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void check(long rc, const char *what)
{
	if (rc < 0)
		die(what);
}

static struct sockaddr_in address(const char *ip, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, ip, &a.sin_addr);
	return a;
}

static void set_up_link(const char *name, const char *ip)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in a = address(ip, 0);
	struct ifreq ifr = {0};

	snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
	memcpy(&ifr.ifr_addr, &a, sizeof a);
	check(ioctl(s, SIOCSIFADDR, &ifr), "address");
	a = address("255.255.255.0", 0);
	memcpy(&ifr.ifr_netmask, &a, sizeof a);
	check(ioctl(s, SIOCSIFNETMASK, &ifr), "netmask");
	ifr.ifr_flags = IFF_UP;
	check(ioctl(s, SIOCSIFFLAGS, &ifr), "up");
	close(s);
}

/* A namespace, its TUN device, and a socket whose datagrams go to the other end. */
static struct device device_new(const char *own, const char *other)
{
	struct ifreq ifr = {.ifr_name = "tun0", .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
	struct sockaddr_in to = address(other, 7), at = address(own, 7);
	unsigned offload = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_USO4 | TUN_F_USO6;
	struct device d;
	int s, size = PIECE, small = 4096;

	if (unshare(CLONE_NEWNET) < 0)
		check(unshare(CLONE_NEWUSER | CLONE_NEWNET), "network namespace (are you root?)");
	set_up_link("lo", "127.0.0.1");
	check(d.tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK), "/dev/net/tun");
	check(ioctl(d.tun, TUNSETIFF, &ifr), "TUN device");
	check(ioctl(d.tun, TUNSETOFFLOAD, offload), "segmentation of UDP (Linux 6.2)");
	check(s = socket(AF_INET, SOCK_DGRAM, 0), "socket");
	ifr.ifr_qlen = QUEUE;
	check(ioctl(s, SIOCSIFTXQLEN, &ifr), "queue");
	ifr.ifr_mtu = 1400;
	check(ioctl(s, SIOCSIFMTU, &ifr), "mtu");
	set_up_link("tun0", own);
	/* Takes what comes, until it is full. */
	setsockopt(s, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	check(bind(s, (struct sockaddr *)&at, sizeof at), "bind");
	check(connect(s, (struct sockaddr *)&to, sizeof to), "connect");
	check(setsockopt(s, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size), "UDP_SEGMENT");
	d.source = s;
	return d;
}

static int wire_new(enum protocol encap, const char *own, const char *other, int buffer)
{
	struct sockaddr_in at = address(own, 1701), to = address(other, 1701);
	int one = 1, fd = encap == PROTOCOL_PPTP
				  ? socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_GRE)
				  : socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	check(fd, "socket of the tunnel");
	check(bind(fd, (struct sockaddr *)&at, sizeof at), "bind");
	setsockopt(fd, SOL_SOCKET, buffer > 4096 ? SO_RCVBUFFORCE : SO_RCVBUF, &buffer,
		   sizeof buffer);
	if (encap == PROTOCOL_PPTP)
		check(connect(fd, (struct sockaddr *)&to, sizeof to), "connect");
	else
		check(setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof one), "UDP_GRO");
	return fd;
}

static void on_frame(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	(void)ctx;
	(void)info;
	fprintf(stderr, "twoways: protocol %04x, %zu octets\n", protocol, len);
	exit(1);
}

static void on_tunnel(void *ctx, const uint8_t *octets, size_t len)
{
	on_frame(ctx, 0, octets, len);
}

static void on_error(void *ctx, int error)
{
	(void)ctx;
	(void)error;
}

/* What the packet socket sends is routed like any packet that arrives: the loopback device must
 * take it though both addresses are its own. */
static int packet_new(void)
{
	static const char *const settings[] = {"accept_local", "route_localnet"};
	char path[64];
	int fd;

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/lo/%s", settings[i]);
		check(fd = open(path, O_WRONLY), path);
		check(write(fd, "1", 1), path);
		close(fd);
	}
	check(fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0), "packet socket");
	return fd;
}

static struct path *make_path(enum protocol encap, int tun, int wire, int packet, const char *other,
			      uint16_t own_id, uint16_t other_id)
{
	const struct path_callbacks callbacks = {
		.control = on_frame, .unknown = on_frame, .tunnel = on_tunnel, .error = on_error};
	const struct path_call call = {.local_tunnel_id = own_id,
				       .peer_tunnel_id = other_id,
				       .local_call_id = own_id,
				       .peer_call_id = other_id,
				       .sequencing = true};
	struct path_state state = {.ipv4 = true, .peer_mru = 1500};
	struct path_config config = {.encap = encap,
				     .tun_fd = tun,
				     .tun_offload = true,
				     .tun_offload_udp = true,
				     .wire_fd = wire,
				     .packet_fd = packet,
				     .peer_len = sizeof(struct sockaddr_in),
				     .udp_segment = encap == PROTOCOL_L2TP,
				     .udp_gro = encap == PROTOCOL_L2TP};
	struct sockaddr_in to = address(other, 1701);
	struct path *path;

	memcpy(&config.peer, &to, sizeof to);
	path = path_new(&config, &callbacks, NULL);
	if (!path)
		die("memory");
	path_set_call(path, &call);
	if (packet >= 0) {
		struct path_next_hop hop = {.known = true, .ifindex = 1, .ttl = 64};

		inet_pton(AF_INET, "127.0.0.1", &hop.source);
		hop.destination = to.sin_addr;
		path_set_next_hop(path, &hop);
	}
	state.tx = state.rx = (struct path_mppe){.bits = 128, .start = "key", .generation = 1};
	path_set_state(path, &state);
	return path;
}

/* SENDS of PIECES datagrams each into the device's queue. */
static void fill(const struct device *d, unsigned sends)
{
	static const uint8_t octets[PIECE * PIECES];

	for (unsigned i = 0; i < sends; i++)
		check(send(d->source, octets, sizeof octets, 0), "filling the queue");
}

static uint64_t sent(struct path *path)
{
	return path_counters(path)->tx_packets;
}

static uint64_t received(const struct path *path)
{
	return path_rx_counters(path)->wire_rx;
}

/* As a session's loop: ready descriptors, a burst each. */
static void run_one(struct bench *b, uint64_t tx_end, uint64_t rx_end)
{
	int ep = epoll_create1(0);
	struct epoll_event tun = {EPOLLIN, {.fd = b->near.tun}}, wire = {EPOLLIN, {.fd = b->wire}};
	struct epoll_event ready[2];

	epoll_ctl(ep, EPOLL_CTL_ADD, b->near.tun, &tun);
	epoll_ctl(ep, EPOLL_CTL_ADD, b->wire, &wire);
	while (sent(b->path) < tx_end || received(b->path) < rx_end) {
		int n = epoll_wait(ep, ready, 2, 1000);

		if (n == 0)
			break; /* something was lost: the counters tell */
		for (int i = 0; i < n; i++)
			if (ready[i].data.fd == b->wire)
				path_burst_rx(b->path, clock_now_ms());
			else
				path_burst_tx(b->path, clock_now_ms());
	}
	close(ep);
}

/* SENDER, which is PATH or stands for it, sends by the worker; we receive. */
static void run_two(struct bench *b, struct path *sender, uint64_t tx_end, uint64_t rx_end)
{
	uint64_t end = clock_now_ms() + 2000;

	if (path_worker_take(b->worker, sender) < 0)
		die("worker");
	while (received(b->path) < rx_end && clock_now_ms() < end)
		path_burst_rx(b->path, clock_now_ms());
	while (sent(sender) < tx_end && clock_now_ms() < end)
		usleep(50);
	path_worker_release(b->worker);
}

static uint64_t cpu_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

struct result {
	uint64_t us, cpu, busier; /* wall; both threads; the one that had more to do */
};

/* One round; complains if anything was lost, since then it would be no comparison. */
static struct result run(struct bench *b, enum mode mode, unsigned tx_sends, unsigned rx_sends)
{
	struct path *sender = mode == APART ? b->sender : b->path;
	uint64_t tx_end, rx_end, peer_end, start, cpu, own;
	struct result r;

	fill(&b->far, rx_sends);
	peer_end = sent(b->peer) + (uint64_t)rx_sends * PIECES;
	while (sent(b->peer) < peer_end && path_burst_tx(b->peer, 1))
		;
	fill(&b->near, tx_sends);
	tx_end = sent(sender) + (uint64_t)tx_sends * PIECES;
	rx_end = received(b->path) + (uint64_t)rx_sends * PIECES;
	start = clock_now_us();
	cpu = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
	own = cpu_us(CLOCK_THREAD_CPUTIME_ID);
	if (mode == ONE)
		run_one(b, tx_end, rx_end);
	else
		run_two(b, sender, tx_end, rx_end);
	own = cpu_us(CLOCK_THREAD_CPUTIME_ID) - own;
	cpu = cpu_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	r = (struct result){clock_now_us() - start, cpu, own > cpu - own ? own : cpu - own};
	if (sent(sender) != tx_end || received(b->path) != rx_end) {
		fprintf(stderr, "twoways: lost: %lld of %u sent, %lld of %u received\n",
			(long long)(sent(sender) - tx_end) + tx_sends * PIECES, tx_sends * PIECES,
			(long long)(received(b->path) - rx_end) + rx_sends * PIECES,
			rx_sends * PIECES);
		exit(1);
	}
	return r;
}

static unsigned sends_for(uint64_t us, unsigned sends)
{
	uint64_t n = (uint64_t)sends * ALONE_US / (us ? us : 1);

	return n < 10 ? 10 : n > QUEUE - 10 ? QUEUE - 10 : (unsigned)n;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *v, unsigned n)
{
	qsort(v, n, sizeof *v, by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void measure(struct bench *b, const char *name, unsigned rounds)
{
	static struct result results[MODES][ROUNDS_MAX];
	double v[ROUNDS_MAX], wall[MODES];
	uint64_t tx = UINT64_MAX, rx = UINT64_MAX;

	for (int i = 0; i < 5; i++) { /* each direction alone, the best of some */
		struct result t = run(b, ONE, 200, 0), r = run(b, ONE, 0, 200);

		tx = t.us < tx ? t.us : tx;
		rx = r.us < rx ? r.us : rx;
	}
	b->tx_sends = sends_for(tx, 200);
	b->rx_sends = sends_for(rx, 200);
	for (unsigned n = 0; n < rounds; n++)
		for (int mode = 0; mode < MODES; mode++)
			results[mode][n] = run(b, (enum mode)mode, b->tx_sends, b->rx_sends);
	printf("%s: %u packets out, %u in, of %d octets; %u rounds\n", name, b->tx_sends * PIECES,
	       b->rx_sends * PIECES, PIECE + 28, rounds);
	for (int mode = 0; mode < MODES; mode++) {
		double least = 1e18,
		       bits = (b->tx_sends + b->rx_sends) * PIECES * (PIECE + 28) * 8.0;

		for (unsigned n = 0; n < rounds; n++) {
			v[n] = (double)results[mode][n].us;
			least = v[n] < least ? v[n] : least;
		}
		wall[mode] = median(v, rounds);
		for (unsigned n = 0; n < rounds; n++)
			v[n] = (double)results[mode][n].cpu;
		printf("  %-12s %7.1f ms (best %6.1f)  %5.2f Gbit/s in sum  CPU %6.1f ms\n",
		       mode_names[mode], wall[mode] / 1000, least / 1000, bits / wall[mode] / 1000,
		       median(v, rounds) / 1000);
	}
	for (int mode = TWO; mode < MODES; mode++) {
		for (unsigned n = 0; n < rounds; n++)
			v[n] = (double)results[ONE][n].us / (double)results[mode][n].us;
		printf("  %s against one: %.2f times", mode_names[mode], median(v, rounds));
		printf(" (quartiles %.2f to %.2f)", v[rounds / 4], v[rounds * 3 / 4]);
		for (unsigned n = 0; n < rounds; n++)
			v[n] = (double)results[ONE][n].cpu / (double)results[mode][n].busier;
		printf(", by CPU %.2f\n", median(v, rounds));
	}
}

static void bench(enum protocol encap, bool fast, const char *name, unsigned rounds)
{
	int packet = -1;
	struct bench b = {.far = device_new("10.9.0.2", "10.9.0.1")};

	b.near = device_new("10.9.0.1", "10.9.0.2");
	set_up_link("lo:1", "127.0.0.2");
	b.wire = wire_new(encap, "127.0.0.1", "127.0.0.2", 512 << 20);
	b.far_wire = wire_new(encap, "127.0.0.2", "127.0.0.1", 4096);
	if (fast)
		packet = packet_new();
	b.path = make_path(encap, b.near.tun, b.wire, packet, "127.0.0.2", 1, 2);
	b.own_wire = encap == PROTOCOL_PPTP ? wire_new(encap, "127.0.0.1", "127.0.0.2", 4096)
					    : dup(b.wire);
	b.sender = make_path(encap, b.near.tun, b.own_wire, packet, "127.0.0.2", 1, 2);
	b.peer = make_path(encap, b.far.tun, b.far_wire, -1, "127.0.0.1", 2, 1);
	b.worker = path_worker_new();
	if (!b.worker)
		die("thread");
	measure(&b, name, rounds);
	if (fast && path_counters(b.path)->wire_tx_fast == 0) {
		fprintf(stderr, "twoways: nothing went by the packet socket\n");
		exit(1);
	}
	path_free(b.path);
	path_free(b.sender);
	path_free(b.peer);
	path_worker_free(b.worker);
	close(b.wire);
	close(b.far_wire);
	close(b.own_wire);
	close(packet);
	close(b.near.tun);
	close(b.near.source);
	close(b.far.tun);
	close(b.far.source);
}

static const struct {
	const char *word, *name;
	enum protocol encap;
	bool fast;
} kinds[] = {
	{"l2tp", "L2TP", PROTOCOL_L2TP, false},
	{"pptp", "PPTP", PROTOCOL_PPTP, false},
	{"fast-gre", "PPTP, fast-gre", PROTOCOL_PPTP, true},
};
#define KINDS (sizeof kinds / sizeof *kinds)

int main(int argc, char **argv)
{
	const struct sched_param real_time = {.sched_priority = 1};
	bool wanted[KINDS] = {false}, any = false, known;
	unsigned rounds = 25;

	for (int i = 1; i < argc; i++) {
		known = true;
		if (strcmp(argv[i], "-n") == 0 && i + 1 < argc) {
			rounds = (unsigned)atoi(argv[++i]);
		} else if (strcmp(argv[i], "-r") == 0) {
			check(sched_setscheduler(0, SCHED_RR, &real_time), "real-time priority");
		} else {
			known = false;
			for (size_t k = 0; k < KINDS; k++)
				if (strcmp(argv[i], kinds[k].word) == 0)
					known = any = wanted[k] = true;
		}
		if (!known || rounds < 1 || rounds > ROUNDS_MAX) {
			fprintf(stderr,
				"usage: twoways [-n ROUNDS] [-r] [l2tp|pptp|fast-gre]...\n");
			return 2;
		}
	}
	for (size_t k = 0; k < KINDS; k++)
		if (!any || wanted[k])
			bench(kinds[k].encap, kinds[k].fast, kinds[k].name, rounds);
	return 0;
}
