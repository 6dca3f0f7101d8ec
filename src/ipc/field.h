/* SPDX-License-Identifier: MIT */
/* What a status knows, one row each: its names in JSON, text, screen and environment, its unit, and
 * where it stands in the record.  Whoever shows a status walks over these rows; how a kind of value
 * is written is the walker's. */
#ifndef VPDIAL_IPC_FIELD_H
#define VPDIAL_IPC_FIELD_H

#include "base/str.h"
#include "ipc/control.h"

/* In the order of JSON; then what has no name of its own there. */
enum field_id {
	FIELD_NONE,
	FIELD_PROFILE,
	FIELD_TYPE,
	FIELD_STATUS,
	FIELD_STATE,
	FIELD_UPTIME,
	FIELD_IDLE,
	FIELD_ENCODING,
	FIELD_IPSEC,
	FIELD_MTU,
	FIELD_MRU,
	FIELD_LINK_MTU,
	FIELD_MRRU,
	FIELD_PID,
	FIELD_ATTEMPT,
	FIELD_CALLS,
	FIELD_NEXT_DIAL,
	FIELD_SERVER,
	FIELD_SERVER_ADDRESS,
	FIELD_PEER_HOST,
	FIELD_PEER_VENDOR,
	FIELD_PEER_MRRU,
	FIELD_USER,
	FIELD_AUTHENTICATION,
	FIELD_INTERFACE,
	FIELD_LOCAL,
	FIELD_REMOTE,
	FIELD_LOCAL6,
	FIELD_REMOTE6,
	FIELD_DNS,
	FIELD_DNS_WAY,
	FIELD_WINS,
	FIELD_DOMAIN,
	FIELD_ROUTES,
	FIELD_DEFAULT_ROUTE,
	FIELD_FAULTS,
	FIELD_PINNED,
	FIELD_ECHO,
	FIELD_ECHO_MIN,
	FIELD_ECHO_AVG,
	FIELD_ECHO_JITTER,
	FIELD_ECHO_COUNT,
	FIELD_TIMES,
	FIELD_COUNTERS,
	FIELD_MESSAGE,
	FIELD_ENDED,
	FIELD_LAST_END,
	FIELD_ECHO_KNOWN,
	FIELD_IPV6,
	FIELD_SENT,
	FIELD_RECEIVED,
	FIELD_LOST,
	FIELD_FRAGMENTS,
	FIELD_COUNT
};

/* What stands in the record, and when it is known. */
enum field_kind {
	FIELD_IS_NOTHING,
	FIELD_IS_TEXT,	  /* char[]; "" = not known */
	FIELD_IS_PAIR,	  /* char[2][]; each may be "" */
	FIELD_IS_NUMBER,  /* uint32_t; 0 = not known */
	FIELD_IS_COUNT,	  /* uint32_t, always known */
	FIELD_IS_SPAN,	  /* uint64_t of milliseconds; known while connected */
	FIELD_IS_SECONDS, /* uint32_t; 0 = not known */
	FIELD_IS_ECHO,	  /* uint32_t; known once an echo was answered */
	FIELD_IS_COUNTER, /* uint64_t */
	FIELD_IS_FLAG,	  /* bool */
	FIELD_IS_WANTED,  /* bool that says nothing of what became of it, see `why` */
	FIELD_IS_PHASE,	  /* enum control_phase */
	FIELD_IS_STATE,	  /* enum control_state */
	FIELD_IS_TIMES,	  /* uint64_t of milliseconds for each state */
	FIELD_IS_COUNTERS,
	FIELD_IS_ROUTES,
	FIELD_IS_FAULTS, /* a text for each effect */
	FIELD_IS_REASON,
	FIELD_KIND_COUNT
};

struct field_spec {
	const char *object;   /* in JSON it is a member of this one; NULL = of the connection */
	const char *name;     /* in JSON, without its unit; NULL = not there */
	const char *unit;     /* of what JSON and environment say; in JSON's key too; NULL = none */
	const char *label;    /* in text and on the screen; NULL = not by itself */
	const char *variable; /* in the environment of scripts; NULL = not there */
	enum field_kind kind;
	size_t offset, len; /* in struct control_status; of it all */
	size_t why;	    /* offset of the text why it is not in effect; 0 = none */
	bool of_call;	    /* without a call it is not known, whatever the last one left there */
};

/* All FIELD_COUNT rows. */
extern const struct field_spec fields_known[FIELD_COUNT];

/* The value of a row in the record at RECORD, which may be misaligned. */
const char *field_string(const void *record, const struct field_spec *field);
uint32_t field_u32(const void *record, const struct field_spec *field);
uint64_t field_u64(const void *record, const struct field_spec *field);
bool field_flag(const void *record, const struct field_spec *field);

/* Why it is not in effect; "" if it is, or while nothing should be. */
const char *field_why(const struct control_status *status, const struct field_spec *field);

/* Is there what FIELD speaks of?  (Scripts are told of the call that has just ended; they do not
 * ask.) */
bool field_counts(const struct control_status *status, const struct field_spec *field);

/* Appends the value for people, if it is known: durations as the monitor has them, both texts of a
 * pair with a comma between. */
void field_text(struct str *out, const struct control_status *status,
		const struct field_spec *field);

/* Does the record hold what FIELD's kind says: terminated texts, words and flags in range? */
bool field_is_valid(const void *record, const struct field_spec *field);

#endif
