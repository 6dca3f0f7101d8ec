/* SPDX-License-Identifier: MIT */
/* An L2TP server's half-open tunnels: what strangers may cost it, as a SYN cache for TCP.
 *
 * Sans I/O, as tunnel.h.  A SCCRQ costs an entry in a table of fixed size and one SCCRP, at most
 * three times its size; nothing is ever sent by itself.  Who answers with the id in that SCCRP (and
 * the tunnel secret) has proved that it is where it says: only then a session takes the tunnel
 * over, by tunnel_adopt. */
#ifndef VPDIAL_TUNNEL_HALF_OPEN_H
#define VPDIAL_TUNNEL_HALF_OPEN_H

#include "tunnel/tunnel.h"

#define HALF_OPEN_MAX	     8192  /* then the oldest gives way */
#define HALF_OPEN_SOURCE_MAX 256   /* of one address (IPv6: /64), then its own oldest gives way */
#define HALF_OPEN_TAKEN_MAX  256   /* taken over, but perhaps without a socket of their own yet */
#define HALF_OPEN_MS	     30000 /* an entry's life */
#define HALF_OPEN_GUESSES    16	   /* wrong tunnel ids that an entry bears */
#define HALF_OPEN_EARLY	     4	   /* datagrams handed on for each tunnel taken over */
#define HALF_OPEN_FACTOR     3	   /* octets of an answer for each octet that came */
#define HALF_OPEN_ANSWER_MAX 256

/* Where a datagram came from and to; IPv4 as mapped address.  Compared as octets: no padding. */
struct half_open_key {
	uint8_t peer[16], own[16];
	uint16_t port;	   /* of the peer */
	uint16_t listener; /* the owner's number for the socket */
};

struct half_open_config {
	char host_name[TUNNEL_NAME_MAX];
	struct secret secret; /* len 0 = none */
};

enum half_open_verdict {
	HALF_OPEN_NOTHING,
	HALF_OPEN_PROVED,	  /* .tunnel is to be taken over; may come again, with its SCCCN */
	HALF_OPEN_EARLY_DATAGRAM, /* for the session that has taken .tunnel over: hand it on */
};

struct half_open_result {
	enum half_open_verdict verdict;
	struct adopted_tunnel tunnel;
	struct reason refused; /* why a tunnel came to nothing, if it just did */
	bool turned_away;      /* ... which is no fault of the peer's */
	size_t answer_len;     /* 0 = none */
	uint8_t answer[HALF_OPEN_ANSWER_MAX];
};

struct half_open;

/* NULL when out of memory.  CONFIG is copied, its secret wiped by half_open_free; RANDOM and LOG
 * (may be NULL) must outlive the table. */
struct half_open *half_open_new(const struct half_open_config *config,
				const struct random_source *random, const struct log *log);
void half_open_free(struct half_open *h);

/* Takes a datagram of a stranger: hostile octets. */
void half_open_input(struct half_open *h, const struct half_open_key *from, const uint8_t *octets,
		     size_t len, uint64_t now_ms, struct half_open_result *result);

/* From now on no tunnel begins: each SCCRQ is answered by a StopCCN of no more octets that says
 * WHY to the log and, where the server is STOPPING, that to the caller, else that there is no room.
 * NULL opens the table again. */
void half_open_shut(struct half_open *h, const char *why, bool stopping);

/* A tunnel that was proved is not taken over after all: what to tell the peer, into RESULT. */
void half_open_turn_away(struct half_open *h, const struct half_open_key *from,
			 uint16_t local_tunnel_id, const char *text, uint64_t now_ms,
			 struct half_open_result *result);

/* Entries in use. */
size_t half_open_count(const struct half_open *h);

#endif
