/* SPDX-License-Identifier: MIT */
/* integrity - UDP packets with a number, a checksum and octets that follow from the number; what
 * arrives must be all of them, in order, each octet right.
 *
 * usage: integrity send ADDRESS PORT PACKETS
 *        integrity receive ADDRESS PORT PACKETS      (ADDRESS is its own; prints "ready" first)
 * The receiver answers each ACK_EVERY packets, and the sender goes no more than WINDOW ahead: so
 * nothing is lost for want of room, and what is missing was lost on the way.
 *
 * Packets go in blocks: of one size each, as one message that the kernel cuts (UDP_SEGMENT), or of
 * mixed sizes. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BLOCK	   32
#define WINDOW	   256
#define ACK_EVERY  64
#define LEN_MIN	   20
#define LEN_MAX	   1368 /* in a tunnel with an MTU of 1400, of which MPPE takes 4 */
#define HEAD	   12	/* number, checksum */
#define PATIENCE_S 10
#define BUFFER	   (16 << 20)

struct packet {
	size_t len;
	uint8_t octets[LEN_MAX + 4];
};

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "integrity: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9;
	x ^= x >> 27;
	x *= 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* Blocks alternate between one size, often the full one, and mixed sizes. */
static bool one_size(uint64_t number)
{
	return number / BLOCK % 2 == 0;
}

static size_t length_of(uint64_t number)
{
	uint64_t r = mix(one_size(number) ? number / BLOCK : number + 0x5851f42d);

	if (r % 3 == 0)
		return LEN_MAX;
	return LEN_MIN + r / 3 % (LEN_MAX - LEN_MIN + 1);
}

static uint32_t checksum(const uint8_t *p, size_t len)
{
	uint32_t a = 1, b = 0;

	for (size_t i = 0; i < len; i++) {
		a += p[i];
		b += a;
	}
	return a << 16 ^ b;
}

static void make(struct packet *p, uint64_t number)
{
	uint64_t x = mix(number + 1), word;
	uint32_t sum;

	p->len = length_of(number);
	memcpy(p->octets, &number, sizeof number);
	for (size_t at = HEAD; at < p->len; at += sizeof word) {
		size_t left = p->len - at;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		word = x;
		memcpy(p->octets + at, &word, left < sizeof word ? left : sizeof word);
	}
	sum = checksum(p->octets + HEAD, p->len - HEAD);
	memcpy(p->octets + sizeof number, &sum, sizeof sum);
}

/* Says what is wrong with what came instead of packet NUMBER. */
static void judge(const uint8_t *got, size_t len, uint64_t number)
{
	struct packet want;
	uint64_t its = 0;
	uint32_t sum = 0;
	size_t at = 0;

	make(&want, number);
	if (len == want.len && memcmp(got, want.octets, len) == 0)
		return;
	if (len >= HEAD) {
		memcpy(&its, got, sizeof its);
		memcpy(&sum, got + sizeof its, sizeof sum);
	}
	while (at < len && at < want.len && got[at] == want.octets[at])
		at++;
	printf("packet %llu of %zu octets: %zu octets came, number %llu, wrong from octet %zu on, "
	       "checksum %s\n",
	       (unsigned long long)number, want.len, len, (unsigned long long)its, at,
	       len > HEAD && sum == checksum(got + HEAD, len - HEAD) ? "right" : "wrong");
	exit(1);
}

static int open_socket(const char *address, const char *port, bool own)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = BUFFER;

	check(fd >= 0, "socket");
	check(inet_pton(AF_INET, address, &at.sin_addr) == 1, "address");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	check((own ? bind : connect)(fd, (struct sockaddr *)&at, sizeof at) == 0, address);
	return fd;
}

/* One message of COUNT packets of one size. */
static void send_as_one(int fd, struct packet *packets, unsigned count)
{
	struct iovec iov[BLOCK];
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(uint16_t))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(uint16_t)),
				.cmsg_level = IPPROTO_UDP,
				.cmsg_type = UDP_SEGMENT}};
	struct msghdr msg = {.msg_iov = iov,
			     .msg_iovlen = count,
			     .msg_control = &control,
			     .msg_controllen = sizeof control};
	uint16_t size = (uint16_t)packets[0].len;

	memcpy(CMSG_DATA(&control.header), &size, sizeof size);
	for (unsigned i = 0; i < count; i++)
		iov[i] = (struct iovec){packets[i].octets, packets[i].len};
	check(sendmsg(fd, &msg, 0) == (ssize_t)size * count, "sendmsg");
}

static void send_each(int fd, struct packet *packets, unsigned count)
{
	struct mmsghdr msgs[BLOCK] = {0};
	struct iovec iov[BLOCK];

	for (unsigned i = 0; i < count; i++) {
		iov[i] = (struct iovec){packets[i].octets, packets[i].len};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	for (unsigned done = 0; done < count;) {
		int n = sendmmsg(fd, msgs + done, count - done, 0);

		check(n > 0, "sendmmsg");
		done += (unsigned)n;
	}
}

/* Waits until all packets before WANTED are acknowledged; returns how many are. */
static uint64_t await(int fd, uint64_t acked, uint64_t wanted)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	while (acked < wanted) {
		uint64_t number;

		if (poll(&poll_fd, 1, PATIENCE_S * 1000) <= 0) {
			printf("no answer for %d s: a packet after %llu was lost\n", PATIENCE_S,
			       (unsigned long long)acked);
			exit(1);
		}
		check(recv(fd, &number, sizeof number, 0) == sizeof number, "recv");
		acked = number > acked ? number : acked;
	}
	return acked;
}

static void run_send(int fd, uint64_t packets)
{
	static struct packet block[BLOCK];
	uint64_t acked = 0;

	for (uint64_t number = 0; number < packets;) {
		unsigned n = packets - number < BLOCK ? (unsigned)(packets - number) : BLOCK;

		for (unsigned i = 0; i < n; i++)
			make(&block[i], number + i);
		if (number + n > WINDOW)
			acked = await(fd, acked, number + n - WINDOW);
		if (one_size(number))
			send_as_one(fd, block, n);
		else
			send_each(fd, block, n);
		number += n;
	}
	await(fd, acked, packets);
}

static void run_receive(int fd, uint64_t packets)
{
	static struct packet slots[BLOCK];
	struct mmsghdr msgs[BLOCK] = {0};
	struct iovec iov[BLOCK];
	struct sockaddr_in from = {0};
	uint64_t number = 0, said = 0;

	for (unsigned i = 0; i < BLOCK; i++) {
		iov[i] = (struct iovec){slots[i].octets, sizeof slots[i].octets};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	msgs[0].msg_hdr.msg_name = &from;
	while (number < packets) {
		int n;

		msgs[0].msg_hdr.msg_namelen = sizeof from;
		n = recvmmsg(fd, msgs, BLOCK, MSG_WAITFORONE, NULL);
		check(n > 0, "recvmmsg");
		for (int i = 0; i < n; i++)
			judge(slots[i].octets, msgs[i].msg_len, number++);
		if (number - said < ACK_EVERY && number < packets)
			continue;
		said = number;
		check(sendto(fd, &said, sizeof said, 0, (struct sockaddr *)&from, sizeof from) > 0,
		      "sendto");
	}
}

int main(int argc, char **argv)
{
	bool receive = argc == 5 && strcmp(argv[1], "receive") == 0;
	uint64_t packets = argc == 5 ? strtoull(argv[4], NULL, 10) : 0;
	int fd;

	if (argc != 5 || (!receive && strcmp(argv[1], "send") != 0)) {
		fprintf(stderr, "usage: integrity send|receive ADDRESS PORT PACKETS\n");
		return 2;
	}
	fd = open_socket(argv[2], argv[3], receive);
	if (receive) {
		printf("ready\n");
		fflush(stdout);
		run_receive(fd, packets);
	} else {
		run_send(fd, packets);
	}
	printf("%llu packets\n", (unsigned long long)packets);
	return 0;
}
