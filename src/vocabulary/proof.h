/* SPDX-License-Identifier: MIT */
/* What a caller shows to prove who it is, for somebody elsewhere to judge, and what comes back. */
#ifndef VPDIAL_VOCABULARY_PROOF_H
#define VPDIAL_VOCABULARY_PROOF_H

#include <stdint.h>

#define PROOF_VALUE_MAX	    600
#define PROOF_CHALLENGE_MAX 16
#define PROOF_SUCCESS_LEN   42 /* "S=" and 40 hexadecimal digits (RFC 2759 section 5) */
#define PROOF_SAID_MAX	    128

struct auth_proof {
	uint8_t method; /* enum auth_method */
	uint8_t id;	/* of the exchange */
	uint16_t challenge_len, value_len;
	uint8_t challenge[PROOF_CHALLENGE_MAX]; /* ours; PAP has none */
	uint8_t value[PROOF_VALUE_MAX]; /* PAP: the password; CHAP: the response; EAP: the packet */
};

/* CHECK: here, with the password. */
enum auth_verdict { VERDICT_CHECK, VERDICT_GOOD, VERDICT_BAD, VERDICT_COUNT };

/* Octets of another process: each field is to be judged where it is used. */
struct auth_judged {
	uint8_t verdict; /* enum auth_verdict */
	uint8_t has_success, has_keys, has_keys_v1;
	uint8_t success[PROOF_SUCCESS_LEN];    /* MS-CHAPv2: what proves us to the caller */
	uint8_t send_key[16], receive_key[16]; /* MPPE's start keys as this end uses them */
	uint8_t lm_key[8], nt_hash_hash[16];   /* MS-CHAPv1 (RFC 2548 section 2.4.1) */
	uint32_t error;			       /* of MS-CHAP's failure (RFC 2433 section 9) */
	char said[PROOF_SAID_MAX];	       /* for the caller to read; "" = nothing */
};

#endif
