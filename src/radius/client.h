/* SPDX-License-Identifier: MIT */
/* The RADIUS client, sans I/O: questions and records go in, datagrams and verdicts come out.
 *
 * Servers are asked in their order; one that was silent is set aside for a while.  Questions are
 * repeated as they were (RFC 2865 section 2.5), records each time anew, since their delay has grown
 * (RFC 2866 section 5.2).  Callbacks must not call back. */
#ifndef VPDIAL_RADIUS_CLIENT_H
#define VPDIAL_RADIUS_CLIENT_H

#include "base/log.h"
#include "base/random.h"
#include "vocabulary/radius.h"

#include <stddef.h>

/* Of either kind at once; what is beyond is answered at once, with "too many". */
#define RADIUS_PENDING_MAX 256

enum radius_service { RADIUS_AUTH, RADIUS_ACCT, RADIUS_SERVICES };

struct radius_callbacks {
	/* To the N-th server: 0 or -errno. */
	int (*send)(void *ctx, size_t server, enum radius_service service, const uint8_t *octets,
		    size_t len);
	void (*verdict)(void *ctx, const struct radius_verdict *verdict);
	/* A server has record SERIAL, or (!TAKEN) none would. */
	void (*recorded)(void *ctx, uint32_t serial, bool taken);
	void *ctx;
};

struct radius_client;

/* NULL when out of memory; LOG and RANDOM must outlive it. */
struct radius_client *radius_client_new(const struct radius_callbacks *callbacks,
					const struct random_source *random, const struct log *log);
void radius_client_free(struct radius_client *client);

/* One more server (copied); false when there are RADIUS_SERVERS_MAX. */
bool radius_client_add(struct radius_client *client, const struct radius_server *server);
void radius_client_ask(struct radius_client *client, const struct radius_question *question,
		       uint64_t now_ms);
/* DAY_MS: the time of the day now. */
void radius_client_record(struct radius_client *client, uint32_t serial,
			  const struct radius_record *record, uint64_t now_ms, uint64_t day_ms);
/* A datagram of that server's address and port: any octets. */
void radius_client_input(struct radius_client *client, size_t server, enum radius_service service,
			 const uint8_t *octets, size_t len, uint64_t now_ms);
/* Its host says that nobody listens there. */
void radius_client_refused(struct radius_client *client, size_t server, enum radius_service service,
			   uint64_t now_ms);

uint64_t radius_client_deadline(const struct radius_client *client);
void radius_client_tick(struct radius_client *client, uint64_t now_ms, uint64_t day_ms);

#endif
