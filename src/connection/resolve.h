/* SPDX-License-Identifier: MIT */
/* The server's name, looked up by a child without privileges. */
#ifndef VPDIAL_CONNECTION_RESOLVE_H
#define VPDIAL_CONNECTION_RESOLVE_H

#include "connection/dialer.h"
#include "loop/loop.h"

#include <sys/types.h>

struct supervisor;

struct resolver {
	pid_t pid; /* 0 = not running */
	struct loop_fd handle;
	struct resolver_answer {
		int32_t error; /* of getaddrinfo */
		uint32_t count;
		struct sockaddr_storage addresses[ADDRESSES_MAX];
	} answer;
	size_t answer_len;
};

/* 1 if the addresses of S are known at once; 0 if dial_looked_up follows; or -errno. */
int resolver_start(struct supervisor *s);
void resolver_stop(struct supervisor *s);

#endif
