/* SPDX-License-Identifier: MIT */
/* What is asked of the kernel, and what it agreed to. */
#include "privsep/offload.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool wanted(const char *word)
{
	const char *only = secure_getenv("VPDIAL_TEST_OFFLOAD");
	size_t len = strlen(word);

	if (!only)
		return true;
	for (; *only; only += *only != '\0') {
		size_t n = strcspn(only, " ");

		if (n == len && memcmp(only, word, len) == 0)
			return true;
		only += n;
	}
	return false;
}

static enum request_threads threads(void)
{
	const char *word = secure_getenv("VPDIAL_TEST_THREADS");

	if (!word)
		return REQUEST_THREADS_AUTO;
	return strcmp(word, "always") == 0 ? REQUEST_THREADS_TWO : REQUEST_THREADS_ONE;
}

enum host_offload offload_tun(void)
{
	return wanted("tun-udp") ? HOST_OFFLOAD_UDP
	       : wanted("tun")	 ? HOST_OFFLOAD_TCP
				 : HOST_OFFLOAD_NONE;
}

void offload_receive(int fd)
{
	int one = 1;

	if (wanted("gro"))
		setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof one);
}

void offload_fill(struct request_start *start, const struct host_tun *tun, int wire)
{
	int gro = 0;
	socklen_t len = sizeof gro;

	start->threads = (uint8_t)threads();
	start->tun_offload = tun->offload;
	start->tun_offload_udp = tun->offload_udp;
	start->udp_segment = start->protocol == PROTOCOL_L2TP && wanted("segment");
	start->udp_gro = start->protocol == PROTOCOL_L2TP &&
			 getsockopt(wire, IPPROTO_UDP, UDP_GRO, &gro, &len) == 0 && gro;
}
