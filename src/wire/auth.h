/* SPDX-License-Identifier: MIT */
/* Packets of PAP (RFC 1334), CHAP (RFC 1994, 2433, 2759), EAP (RFC 3748) and EAP-MSCHAPv2, behind
 * the header that wire/control_packet.h reads.  Decoded pointers lie inside the given octets. */
#ifndef VPDIAL_WIRE_AUTH_H
#define VPDIAL_WIRE_AUTH_H

#include "base/cursor.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct octets {
	const uint8_t *at;
	size_t len;
};

enum pap_code { PAP_REQUEST = 1, PAP_ACK = 2, PAP_NAK = 3 };

/* Authenticate-Request (RFC 1334 section 2.2.1); false if a length runs past the end. */
bool pap_request_decode(const uint8_t *data, size_t len, struct octets *user,
			struct octets *password);
/* A whole packet; the writer fails when user or password are longer than 255 octets. */
void pap_request_encode(struct writer *w, uint8_t id, const void *user, size_t user_len,
			const struct secret *password);
/* The message of an Ack or Nak (section 2.2.2); empty when it is absent or its length is wrong. */
struct octets pap_message_decode(const uint8_t *data, size_t len);
void pap_message_encode(struct writer *w, uint8_t code, uint8_t id, const char *message);

enum chap_code { CHAP_CHALLENGE = 1, CHAP_RESPONSE = 2, CHAP_SUCCESS = 3, CHAP_FAILURE = 4 };

/* Challenge and Response (RFC 1994 section 4.1): a value, then a name; false when the value is
 * empty or runs past the end. */
bool chap_value_decode(const uint8_t *data, size_t len, struct octets *value, struct octets *name);
void chap_value_encode(struct writer *w, uint8_t code, uint8_t id, const void *value,
		       size_t value_len, const void *name, size_t name_len);
/* Success and Failure: free text. */
void chap_message_encode(struct writer *w, uint8_t code, uint8_t id, const void *text, size_t len);

#define MSCHAP_RESPONSE_LEN   49
#define MSCHAP1_CHALLENGE_LEN 8
#define MSCHAP2_CHALLENGE_LEN 16

/* The value of an MS-CHAP response: v1 (RFC 2433 section 4) LM response and NT response and flag,
 * v2 (RFC 2759 section 4) peer challenge, eight zero octets, NT response, flags. */
void mschap1_value_write(uint8_t value[static MSCHAP_RESPONSE_LEN],
			 const uint8_t nt_response[static 24]);
void mschap2_value_write(uint8_t value[static MSCHAP_RESPONSE_LEN],
			 const uint8_t peer_challenge[static 16],
			 const uint8_t nt_response[static 24]);
/* Where the NT response stands in both. */
#define MSCHAP_NT_RESPONSE_AT 24

/* The text of an MS-CHAP Failure (RFC 2759 section 6): tokens in any order, unknown ones ignored,
 * missing ones left at zero. */
struct mschap_failure {
	bool has_error;
	uint32_t error; /* E= */
	bool retry;	/* R=1 */
	uint32_t version;
	uint8_t challenge[16]; /* C=, of challenge_len octets: 0, 8 or 16 */
	size_t challenge_len;
	struct octets message; /* M=, to the end of the text */
};
void mschap_failure_parse(const uint8_t *text, size_t len, struct mschap_failure *out);

/* The server's proof in an MS-CHAPv2 Success (RFC 2759 section 5): copies "S=" and 40 digits, the
 * digits in upper case, and finds the message; false when they do not stand at the start.  The
 * message may be missing. */
bool mschap2_success_parse(const uint8_t *text, size_t len, uint8_t proof[static 42],
			   struct octets *message);

enum eap_code { EAP_REQUEST = 1, EAP_RESPONSE = 2, EAP_SUCCESS = 3, EAP_FAILURE = 4 };
enum eap_type {
	EAP_IDENTITY = 1,
	EAP_NOTIFICATION = 2,
	EAP_NAK = 3,
	EAP_MD5 = 4,
	EAP_TLS = 13,
	EAP_TTLS = 21,
	EAP_PEAP = 25,
	EAP_MSCHAPV2 = 26,
	EAP_EXPANDED = 254,
};

struct eap_packet {
	uint8_t code, id;
	uint8_t type; /* 0 for Success and Failure */
	struct octets data;
};

/* RFC 3748 section 4; false for unknown codes and for a Request or Response without a type. */
bool eap_decode(const uint8_t *info, size_t len, struct eap_packet *out);
/* A Request or Response of TYPE. */
void eap_encode(struct writer *w, uint8_t code, uint8_t id, uint8_t type, const void *data,
		size_t len);
/* Success or Failure. */
void eap_result_encode(struct writer *w, uint8_t code, uint8_t id);

enum eap_mschap_op {
	EAP_MSCHAP_CHALLENGE = 1,
	EAP_MSCHAP_RESPONSE = 2,
	EAP_MSCHAP_SUCCESS = 3,
	EAP_MSCHAP_FAILURE = 4,
	EAP_MSCHAP_CHANGE_PASSWORD = 7,
};

struct eap_mschap {
	uint8_t op, id;
	struct octets body;  /* behind the four-octet head; empty for the one-octet answers */
	bool length_differs; /* the inner length is not the outer one; the outer one counts */
};

/* EAP type 26: op, id, length, body; an answer of the op octet alone is legal. */
bool eap_mschap_decode(struct octets data, struct eap_mschap *out);
/* A whole EAP packet holding OP with BODY. */
void eap_mschap_encode(struct writer *w, uint8_t code, uint8_t id, uint8_t op, uint8_t ms_id,
		       const void *body, size_t len);

#endif
