/* SPDX-License-Identifier: MIT */
/* The privileged process of `vpdial serve`: accepts, hands each call to a session of its own in
 * the answering role, applies what the session asks for, and undoes it.  It parses nothing from
 * the network: of a PPTP caller it sees the source address, which the kernel tells; what strangers
 * send over UDP a confined process reads, the reader (reader.c), which names those that proved to
 * be where they say.
 *
 * Who may come in and with which address is a policy that it is given: its room is none that this
 * one may include. */
#ifndef VPDIAL_SERVER_SERVE_H
#define VPDIAL_SERVER_SERVE_H

#include "conf/server.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct serve_policy {
	/* For the life of the server; CONF outlives it.  NULL when out of memory. */
	void *(*create)(const struct conf_server *conf);
	void (*destroy)(void *policy);
	/* A call from SOURCE: NULL with *SLOT, or the reason why it is turned away; with *TELL a
	 * session may tell the caller so, for refusal_ms at most. */
	const char *(*admit)(void *policy, enum protocol type, const struct sockaddr *source,
			     uint64_t now_ms, size_t *slot, bool *tell);
	/* Has the service room for another call? */
	bool (*has_room)(void *policy, enum protocol type);
	/* Index of the secret for the hostile octets USER, -1 if there is none; *ADDRESS is
	 * reserved for the slot; zero if the secret has none, or with *EXHAUSTED none is free. */
	int (*account)(void *policy, size_t slot, const uint8_t *user, size_t len,
		       struct in_addr *address, bool *exhausted);
	/* The same for a call whose account is known elsewhere: one of POOL. */
	void (*address)(void *policy, size_t slot, const struct address_pool *pool,
			struct in_addr *address, bool *exhausted);
	void (*opened)(void *policy, size_t slot);
	void (*release)(void *policy, size_t slot, bool failed, uint64_t now_ms);
	uint32_t half_open_ms; /* a call without a password may last so long */
	uint32_t refusal_ms;
};

struct serve_options {
	const char *config; /* file or directory */
	const char *run_dir;
	bool debug;
	int ready_fd; /* written to when the server answers; -1 = none */
};

/* Runs until SIGTERM or SIGINT.  Returns an exit status. */
int serve_main(const struct serve_options *options, const struct serve_policy *policy);

#endif
