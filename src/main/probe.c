/* SPDX-License-Identifier: MIT */
/* Ping and a short throughput figure. */
#include "main/probe.h"

#include "base/clock.h"
#include "base/reason.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SINK_PORT    4009
#define PING_WAIT_MS 2000
#define PING_OCTETS  64
#define ECHO_REQUEST 8
#define ECHO_REPLY   0

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* RFC 1071. */
static uint16_t checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void make_echo(uint8_t packet[static PING_OCTETS], uint16_t id, uint16_t seq)
{
	uint16_t sum;

	memset(packet, 0xa5, PING_OCTETS);
	packet[0] = ECHO_REQUEST;
	packet[1] = packet[2] = packet[3] = 0;
	packet[4] = (uint8_t)(id >> 8);
	packet[5] = (uint8_t)id;
	packet[6] = (uint8_t)(seq >> 8);
	packet[7] = (uint8_t)seq;
	sum = checksum(packet, PING_OCTETS);
	packet[2] = (uint8_t)(sum >> 8);
	packet[3] = (uint8_t)sum;
}

/* The answer to SENT: its ttl, or -1 when none comes in time. */
static int await_reply(int fd, const uint8_t sent[static PING_OCTETS])
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t end = clock_now_ms() + PING_WAIT_MS, now;
	uint8_t packet[256];

	while ((now = clock_now_ms()) < end && poll(&p, 1, (int)(end - now)) > 0) {
		ssize_t n = recv(fd, packet, sizeof packet, MSG_DONTWAIT);
		size_t head = n > 0 ? (size_t)(packet[0] & 15) * 4 : 0;

		if (n > 0 && (size_t)n >= head + 8 && packet[head] == ECHO_REPLY &&
		    memcmp(packet + head + 4, sent + 4, 4) == 0)
			return packet[8];
	}
	return -1;
}

int probe_ping(struct in_addr to, int count)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = to};
	char text[INET_ADDRSTRLEN];
	uint8_t packet[PING_OCTETS];
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP), got = 0;

	if (fd < 0)
		return -errno;
	inet_ntop(AF_INET, &to, text, sizeof text);
	for (int i = 1; i <= count; i++) {
		uint64_t start = now_us();
		int ttl = -1;

		make_echo(packet, (uint16_t)getpid(), (uint16_t)i);
		if (sendto(fd, packet, sizeof packet, 0, (struct sockaddr *)&address,
			   sizeof address) == sizeof packet)
			ttl = await_reply(fd, packet);
		if (ttl >= 0) {
			got++;
			printf("%d bytes from %s: icmp_seq=%d ttl=%d time=%.3f ms\n", PING_OCTETS,
			       text, i, ttl, (double)(now_us() - start) / 1000);
		}
		nanosleep(&pause, NULL);
	}
	printf("%d packets transmitted, %d received, %d%% packet loss\n", count, got,
	       (count - got) * 100 / count);
	close(fd);
	return got;
}

/* Sends for DURATION_MS, then closes its half; the sink tells by an octet that it has all. */
static int transfer(int fd, int duration_ms, uint64_t *octets, uint64_t *us)
{
	static const uint8_t block[65536];
	uint64_t start = now_us(), end = start + (uint64_t)duration_ms * 1000;
	struct timeval limit = {.tv_sec = 5};
	uint8_t octet;

	*octets = 0;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	while (now_us() < end) {
		ssize_t n = send(fd, block, sizeof block, MSG_NOSIGNAL);

		if (n < 0)
			return -errno;
		*octets += (uint64_t)n;
	}
	if (shutdown(fd, SHUT_WR) < 0 || recv(fd, &octet, 1, 0) != 1)
		return -EIO;
	*us = now_us() - start;
	return 0;
}

int probe_throughput(struct in_addr to, int duration_ms, double *mbit)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr = to, .sin_port = htons(SINK_PORT)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;
	uint64_t octets = 0, us = 1;

	if (fd < 0)
		return -errno;
	rc = connect(fd, (struct sockaddr *)&address, sizeof address) < 0
		     ? -errno
		     : transfer(fd, duration_ms, &octets, &us);
	close(fd);
	if (rc == 0)
		*mbit = (double)octets * 8 / (double)us;
	return rc;
}

int probe_sink(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(SINK_PORT)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), call;
	static uint8_t block[65536];

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) < 0 || listen(fd, 4) < 0)
		return EXIT_FATAL;
	while ((call = accept(fd, NULL, NULL)) >= 0) {
		while (read(call, block, sizeof block) > 0)
			;
		if (send(call, "", 1, MSG_NOSIGNAL) < 0)
			(void)fprintf(stderr, "vpdial: demo: the sink's answer is lost\n");
		close(call);
	}
	return EXIT_FATAL;
}
