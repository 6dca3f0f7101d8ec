/* SPDX-License-Identifier: MIT */
/* Who may come in, as whom and with which address: the server mode's policy, and nothing else.
 *
 * It knows no socket, no file and no password; the time is an argument.  Calls are named by slots
 * that policy_admit gives out. */
#ifndef VPDIAL_SERVER_POLICY_H
#define VPDIAL_SERVER_POLICY_H

#include "vocabulary/pool.h"
#include "vocabulary/protocol.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Before a password is proved a caller costs a process, so such calls are few and short, for each
 * service apart: none can shut out the other's callers. */
#define POLICY_HALF_OPEN_MAX	    64
#define POLICY_HALF_OPEN_SOURCE_MAX 16
#define POLICY_HALF_OPEN_MS	    30000
/* So many failed calls of one source in the window, and it waits. */
#define POLICY_FAILURES_MAX 10
#define POLICY_FAILURES_MS  30000
#define POLICY_SOURCES_MAX  256 /* remembered; the oldest is forgotten */
#define POLICY_SESSIONS_MAX 2000
/* PPTP's callers that are told that there is no room cost a process too: so many at once, so many
 * of one source, and each counts for so long, however soon it is over. */
#define POLICY_REFUSALS_MAX	   16
#define POLICY_REFUSALS_SOURCE_MAX 4
#define POLICY_REFUSAL_MS	   6000
#define POLICY_NO_ACCOUNT	   (-1)

struct policy_account {
	const char *name;      /* not owned */
	const char *caller_id; /* not owned; "" = any, else an address */
	bool service[PROTOCOL_COUNT];
	struct address_pool remote[PROTOCOL_COUNT];
};

struct policy_config {
	const struct policy_account *accounts; /* not owned, must outlive the policy */
	size_t account_count;
	unsigned max_sessions[PROTOCOL_COUNT];
};

enum policy_verdict {
	POLICY_ADMITTED,
	POLICY_FULL, /* max-sessions */
	POLICY_BUSY, /* the same, and this caller may be told so: PPTP's by a process of its own */
	POLICY_HALF_OPEN, /* too many calls without a password, in all or of this source */
	POLICY_WAIT,	  /* this source failed too often */
};
const char *policy_verdict_text(enum policy_verdict verdict);

struct policy;

/* NULL when out of memory. */
struct policy *policy_new(const struct policy_config *config);
void policy_free(struct policy *policy);

/* A call from SOURCE: ADMITTED with *SLOT, or why not. */
enum policy_verdict policy_admit(struct policy *policy, enum protocol service,
				 const struct sockaddr *source, uint64_t now_ms, size_t *slot);

/* May another call be admitted, as far as the number of calls goes? */
bool policy_has_room(const struct policy *policy, enum protocol service);

/* The account of USER (LEN hostile octets) for the call in SLOT, by name, service and caller-id:
 * its index, or POLICY_NO_ACCOUNT.  *ADDRESS receives the address to give, reserved for SLOT; zero
 * if the account has none or all are taken (*EXHAUSTED).  An earlier choice of SLOT is undone. */
int policy_account(struct policy *policy, size_t slot, const uint8_t *user, size_t len,
		   struct in_addr *address, bool *exhausted);

/* An address of POOL for the call in SLOT, whose account is known elsewhere; as policy_account's.
 */
void policy_address(struct policy *policy, size_t slot, const struct address_pool *pool,
		    struct in_addr *address, bool *exhausted);

/* The password was right and the network is up: the call is not half-open any more. */
void policy_opened(struct policy *policy, size_t slot);

/* The call is over; FAILED counts against its source if it was never opened. */
void policy_release(struct policy *policy, size_t slot, bool failed, uint64_t now_ms);

unsigned policy_count(const struct policy *policy, enum protocol service);

#endif
