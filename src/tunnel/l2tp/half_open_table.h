/* SPDX-License-Identifier: MIT */
/* The table of half-open tunnels: a fixed number of entries, found by a keyed hash of the peer's
 * address, each in one of two lists by age.  It knows nothing of messages. */
#ifndef VPDIAL_TUNNEL_L2TP_HALF_OPEN_TABLE_H
#define VPDIAL_TUNNEL_L2TP_HALF_OPEN_TABLE_H

#include "tunnel/half_open.h"
#include "tunnel/l2tp/internal.h"

#define TABLE_FAILURES	   64	 /* addresses remembered */
#define TABLE_FAILURES_MAX 10	 /* of one of them */
#define TABLE_FAILURES_MS  30000 /* in so long, then it waits */

struct half_open_entry {
	struct half_open_key key;
	uint64_t since_ms;
	uint8_t challenge[L2TP_CHALLENGE_LEN]; /* ours */
	struct adopted_tunnel tunnel;
	uint8_t guesses, early; /* wrong tunnel ids; datagrams handed on */
	bool taken;		/* a session has it, or will */
	uint16_t next;		/* in its bucket */
	uint16_t newer, older;	/* in its list */
};

struct half_open_list {
	uint16_t oldest, newest;
	size_t count;
};

struct half_open_failure {
	uint8_t source[16];
	uint64_t since_ms; /* 0 = free */
	unsigned count;
};

struct half_open_table {
	uint8_t key[16]; /* of the hash */
	uint16_t buckets[HALF_OPEN_MAX];
	uint16_t free; /* chained by .next */
	size_t used;   /* entries that were ever in use */
	struct half_open_list asked, taken;
	struct half_open_failure failures[TABLE_FAILURES];
	struct half_open_entry entries[HALF_OPEN_MAX];
};

/* T is all zero. */
void table_init(struct half_open_table *t, const struct random_source *random);
/* The live entry of KEY or NULL. */
struct half_open_entry *table_find(struct half_open_table *t, const struct half_open_key *key,
				   uint64_t now_ms);
/* A new entry for KEY, which has none: another one gives way where there is no room. */
struct half_open_entry *table_add(struct half_open_table *t, const struct half_open_key *key,
				  uint64_t now_ms);
void table_remove(struct half_open_table *t, struct half_open_entry *e);
void table_set_taken(struct half_open_table *t, struct half_open_entry *e);

/* Addresses that gave a wrong proof. */
void table_note_failure(struct half_open_table *t, const struct half_open_key *key,
			uint64_t now_ms);
bool table_must_wait(struct half_open_table *t, const struct half_open_key *key, uint64_t now_ms);

#endif
