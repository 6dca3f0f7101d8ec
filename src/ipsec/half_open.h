/* SPDX-License-Identifier: MIT */
/* A server's half-open phases 1: what strangers may cost it before they have shown that they are
 * where they say, as tunnel/half_open.h for L2TP.
 *
 * How IKE fits into the server: its confined reader owns this table and the sockets of UDP ports
 * 500 and 4500.  A message 1 costs an entry of fixed size and one message 2, at most three times
 * its size; there is no Diffie-Hellman, no timer, and nothing is ever sent by itself.  A message 3
 * with the cookie of that message 2, from the same address, is the proof: the privileged process,
 * which sees no more than addresses and this cookie, then starts the call's session, and the engine
 * there takes the phase over (ipsec_adopt).  Whoever speaks from another port afterwards (IKE moves
 * to port 4500; a NAT forgets) comes to the reader again, which finds the call by cookie, or by the
 * half of ESP's SPI that names it.
 *
 * Sans I/O. */
#ifndef VPDIAL_IPSEC_HALF_OPEN_H
#define VPDIAL_IPSEC_HALF_OPEN_H

#include "ipsec/ipsec.h"

#define IKE_HALF_OPEN_MAX 4096 /* then the oldest gives way */
#define IKE_HALF_OPEN_SOURCE_MAX                                                                  \
	64			     /* of one address (IPv6: /64), then its own oldest gives way \
				      */
#define IKE_HALF_OPEN_PROVED_MAX 256 /* that a session has, or will */
#define IKE_HALF_OPEN_MS	 30000 /* an entry's life */
#define IKE_HALF_OPEN_FACTOR	 3     /* octets of an answer for each octet that came */
#define IKE_HALF_OPEN_ANSWER_MAX 512

enum ike_verdict {
	IKE_NOTHING,
	IKE_PROVED, /* .phase is to be taken over; may come again, with the peer's message 3 */
	IKE_LATER,  /* of a phase that was proved, by .phase.cookie: for its session */
	IKE_ESP,    /* of the call that .call names: for its session */
};

struct ike_result {
	enum ike_verdict verdict;
	struct adopted_phase phase;
	uint16_t call;		  /* ESP */
	enum exit_status refused; /* EXIT_OK, or what a sentence is about: .why */
	const char *why;	  /* static */
	size_t answer_len;	  /* 0 = none */
	uint8_t answer[IKE_HALF_OPEN_ANSWER_MAX];
};

struct ike_half_open;

/* NULL when out of memory.  WANTED is copied; RANDOM must outlive the table. */
struct ike_half_open *ike_half_open_new(const struct ipsec_suites *wanted,
					const struct random_source *random);
void ike_half_open_free(struct ike_half_open *h);

/* A datagram of a stranger at FROM (IPv4 as mapped address) and PORT, hostile octets; BY_NAT: it
 * came to port 4500, its marker not taken off, nor put before the answer. */
void ike_half_open_input(struct ike_half_open *h, const uint8_t from[static 16], uint16_t port,
			 bool by_nat, const uint8_t *octets, size_t len, uint64_t now_ms,
			 struct ike_result *result);
/* From now on, or no longer, no phase 1 begins. */
void ike_half_open_shut(struct ike_half_open *h, bool shut);

#endif
