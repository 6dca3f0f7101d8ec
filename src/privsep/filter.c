/* SPDX-License-Identifier: MIT */
/* What the kernel drops before a session reads it: classic BPF on the sockets of a call. */
#include "privsep/filter.h"

#include "base/address.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>

#define SOCKET_BUFFER (4 << 20)

static int attach(int fd, struct sock_filter *code, size_t count)
{
	struct sock_fprog program = {(unsigned short)count, code};
	int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof one) < 0)
		return -errno;
	return 0;
}

int filter_gre(int fd, uint16_t call_id)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), /* length of the IP header */
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),	/* protocol type */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x880b, 0, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 1), /* version */
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 7),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 2),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 6), /* call id */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call_id, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};

	return attach(fd, code, sizeof code / sizeof code[0]);
}

void filter_follow_path_mtu(int fd, int family)
{
	bool v6 = family == AF_INET6;
	/* NOLINTNEXTLINE(bugprone-branch-clone): two names that happen to have one value */
	int one = 1, never = v6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO;
	int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;

	setsockopt(fd, level, v6 ? IPV6_RECVERR : IP_RECVERR, &one, sizeof one);
	setsockopt(fd, level, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &never, sizeof never);
}

void filter_widen_buffers(int fd)
{
	int size = SOCKET_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

int filter_source(int fd, const struct sockaddr_storage *from, bool port)
{
	bool v6 = from->ss_family == AF_INET6;
	unsigned words = v6 ? 4 : 1, n = 0, at = v6 ? 8 : 12, left = words + (port ? 1 : 0);
	const uint8_t *octets = address_octets(from);
	uint16_t number = address_port(from);
	struct sock_filter code[2 * 5 + 2];

	for (unsigned i = 0; i < words; i++, left--) {
		uint32_t word = (uint32_t)octets[4 * i] << 24 | (uint32_t)octets[4 * i + 1] << 16 |
				(uint32_t)octets[4 * i + 2] << 8 | octets[4 * i + 3];

		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							 (uint32_t)SKF_NET_OFF + at + 4 * i);
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word, 0,
							 (uint8_t)(2 * left - 1));
	}
	if (port) { /* the UDP header is the first thing that the filter sees */
		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0);
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0xffffffff);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	return attach(fd, code, n);
}

/* RFC 2661: a control message (section 3.1: T, L and S bits, no offset, version 2) that begins with
 * its Message Type (section 4.4.1), not hidden.  Without a tunnel id it must be a SCCRQ. */
int filter_strangers(int fd)
{
	/* Offsets count from the UDP header. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 8), /* flags and version */
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xca0f),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc802, 0, 12),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20), /* the AVP: not hidden, length */
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x43ff),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 8, 0, 9),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 22), /* vendor */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 7),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 24), /* Message Type */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), /* tunnel id */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 26), /* SCCRQ */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	return attach(fd, code, sizeof code / sizeof code[0]);
}

int filter_first_of_port(int fd)
{
	/* The number of a socket among those of the port, in the order of their binding. */
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	struct sock_fprog program = {1, code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) < 0
		       ? -errno
		       : 0;
}
