/* SPDX-License-Identifier: MIT */
/* What the server and its RADIUS process say to each other of servers, callers and grants. */
#ifndef VPDIAL_VOCABULARY_RADIUS_H
#define VPDIAL_VOCABULARY_RADIUS_H

#include "base/reason.h"
#include "base/secret.h"
#include "vocabulary/proof.h"
#include "vocabulary/route.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define RADIUS_SERVERS_MAX 4 /* a confined process has few descriptors */
#define RADIUS_NAME_MAX	   64
#define RADIUS_USER_MAX	   253 /* what an attribute holds */
#define RADIUS_ROUTES_MAX  16
#define RADIUS_CLASSES_MAX 4
#define RADIUS_SESSION_MAX 32

/* One [radius NAME]. */
struct radius_server {
	char name[RADIUS_NAME_MAX];
	struct secret secret;
	uint32_t timeout_ms; /* of one try */
	uint32_t tries;
	bool signed_only; /* an answer without Message-Authenticator counts for nothing */
	char realm[RADIUS_NAME_MAX];
	char called_id[RADIUS_NAME_MAX]; /* "" = the address that was called */
	char nas_id[RADIUS_NAME_MAX];
};

/* What all requests of one call have in common. */
struct radius_caller {
	char session_id[RADIUS_SESSION_MAX];		   /* Acct-Session-Id */
	uint32_t port;					   /* NAS-Port: the call's number */
	uint32_t tunnel;				   /* enum protocol */
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN]; /* outer addresses */
	uint16_t user_len;
	uint8_t user[RADIUS_USER_MAX];
};

struct radius_class {
	uint8_t len;
	uint8_t octets[253];
};

enum radius_address { RADIUS_ADDRESS_OURS, RADIUS_ADDRESS_GIVEN };

/* Of an Access-Accept.  Zero = not said. */
struct radius_grant {
	uint8_t address_kind; /* enum radius_address */
	struct in_addr address, netmask;
	uint32_t mtu, session_s, idle_s, interim_s;
	struct in_addr dns[2];
	uint8_t mppe_said; /* then the next two count (RFC 2548 sections 2.4.4, 2.4.5) */
	uint32_t mppe_policy, mppe_types;
	uint32_t route_count;
	struct route routes[RADIUS_ROUTES_MAX];
	char pool[RADIUS_NAME_MAX];
	uint32_t class_count;
	struct radius_class classes[RADIUS_CLASSES_MAX];
};

enum radius_outcome { RADIUS_NOBODY, RADIUS_ACCEPTED, RADIUS_REJECTED, RADIUS_OUTCOMES };

/* One caller's proof, to be judged. */
struct radius_question {
	uint32_t serial; /* the verdict bears it again */
	struct radius_caller caller;
	struct auth_proof proof;
};

struct radius_verdict {
	uint32_t serial;
	uint32_t outcome;  /* enum radius_outcome */
	struct reason why; /* of NOBODY */
	struct auth_judged judged;
	struct radius_grant grant; /* of ACCEPTED */
};

/* Acct-Status-Type (RFC 2866 section 5.1). */
enum radius_status {
	RADIUS_START = 1,
	RADIUS_STOP = 2,
	RADIUS_INTERIM = 3,
	RADIUS_ON = 7,
	RADIUS_OFF = 8,
};

/* One accounting request, with its time so that it can be sent later. */
struct radius_record {
	uint32_t status;
	uint64_t day_ms; /* when it happened */
	struct radius_caller caller;
	uint8_t local; /* the account was one of the server's own */
	struct in_addr address;
	uint32_t session_s;
	uint64_t rx_octets, tx_octets, rx_packets, tx_packets; /* from the caller, to it */
	uint32_t cause;					       /* Acct-Terminate-Cause, 0 = none */
	uint32_t class_count;
	struct radius_class classes[RADIUS_CLASSES_MAX];
};

#endif
