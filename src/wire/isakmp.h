/* SPDX-License-Identifier: MIT */
/* ISAKMP messages (RFC 2408 section 3): header, chain of payloads, and the writer of both.  What
 * stands in an SA payload has a codec of its own, isakmp_sa.h. */
#ifndef VPDIAL_WIRE_ISAKMP_H
#define VPDIAL_WIRE_ISAKMP_H

#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ISAKMP_HEADER	   28
#define ISAKMP_COOKIE	   8
#define ISAKMP_MESSAGE_MAX 3072 /* longer ones are not taken */
#define ISAKMP_PAYLOADS	   24	/* of one message */

enum isakmp_type {
	ISAKMP_NONE,
	ISAKMP_SA,
	ISAKMP_PROPOSAL,
	ISAKMP_TRANSFORM,
	ISAKMP_KE,
	ISAKMP_ID,
	ISAKMP_CERT,
	ISAKMP_CERTREQ,
	ISAKMP_HASH,
	ISAKMP_SIG,
	ISAKMP_NONCE,
	ISAKMP_NOTIFY,
	ISAKMP_DELETE,
	ISAKMP_VENDOR,
	ISAKMP_NAT_D = 20, /* RFC 3947 section 3.2, 5.2 */
	ISAKMP_NAT_OA,
	ISAKMP_NAT_D_DRAFT = 130, /* draft-ietf-ipsec-nat-t-ike-02 and -03 */
	ISAKMP_NAT_OA_DRAFT,
};

enum isakmp_exchange {
	ISAKMP_MAIN = 2,
	ISAKMP_AGGRESSIVE = 4,
	ISAKMP_INFORMATIONAL,
	ISAKMP_TRANSACTION,
	ISAKMP_QUICK = 32,
};

enum isakmp_flag { ISAKMP_ENCRYPTED = 1, ISAKMP_COMMIT = 2, ISAKMP_AUTHENTICATION = 4 };

/* RFC 2408 section 3.14.1, RFC 2407 section 4.6.3, RFC 3706. */
enum isakmp_notify {
	ISAKMP_INVALID_COOKIE = 4,
	ISAKMP_INVALID_SPI = 11,
	ISAKMP_NO_PROPOSAL = 14,
	ISAKMP_BAD_PROPOSAL = 15,
	ISAKMP_INVALID_KEY = 17,
	ISAKMP_INVALID_ID = 18,
	ISAKMP_INVALID_HASH = 23,
	ISAKMP_AUTHENTICATION_FAILED = 24,
	ISAKMP_LIFETIME = 24576,
	ISAKMP_REPLAY,
	ISAKMP_INITIAL_CONTACT,
	ISAKMP_R_U_THERE = 36136,
	ISAKMP_R_U_THERE_ACK,
};

struct isakmp_header {
	uint8_t initiator[ISAKMP_COOKIE], responder[ISAKMP_COOKIE];
	uint8_t first; /* type of the first payload */
	uint8_t exchange, flags;
	uint32_t id;
	uint32_t length; /* of all, as told */
};

/* False if there are too few octets, for another major version, for a length that is larger than
 * LEN or smaller than the header, and for an initiator cookie of zeros. */
bool isakmp_header_decode(const uint8_t *octets, size_t len, struct isakmp_header *out);

/* Points into what was decoded. */
struct isakmp_payload {
	uint8_t type;
	const uint8_t *body;
	size_t len; /* of the body, without the four octets of its header */
};

struct isakmp_chain {
	uint8_t count;
	size_t len; /* octets of all payloads; padding follows them */
	struct isakmp_payload at[ISAKMP_PAYLOADS];
};

/* The payloads in LEN octets, the first of them of type FIRST; false if one is too long or short,
 * or if there are more than ISAKMP_PAYLOADS. */
bool isakmp_chain_decode(uint8_t first, const uint8_t *octets, size_t len,
			 struct isakmp_chain *out);
unsigned isakmp_count(const struct isakmp_chain *chain, uint8_t type);
/* The Nth one (from 0) of that type, or NULL. */
const struct isakmp_payload *isakmp_find(const struct isakmp_chain *chain, uint8_t type,
					 unsigned n);

/* Notify payload (RFC 2408 section 3.14); false if it is cut. */
struct isakmp_notification {
	uint8_t protocol;
	uint16_t type; /* enum isakmp_notify */
	const uint8_t *spi, *data;
	size_t spi_len, data_len;
};
bool isakmp_notify_decode(const struct isakmp_payload *p, struct isakmp_notification *out);

/* Delete payload (section 3.15); the SPIs stand one behind the other. */
struct isakmp_deletion {
	uint8_t protocol, spi_len;
	uint16_t count;
	const uint8_t *spis;
};
bool isakmp_delete_decode(const struct isakmp_payload *p, struct isakmp_deletion *out);

struct isakmp_writer {
	struct writer w;
	size_t next; /* where the type of the next payload is to be told */
	size_t open; /* where the payload being written starts */
};

/* Begins a message into CAP octets at BUF; HEADER's first and length are found while writing. */
void isakmp_begin(struct isakmp_writer *m, void *buf, size_t cap,
		  const struct isakmp_header *header);
/* A payload whose body is written to m->w until isakmp_close. */
void isakmp_open(struct isakmp_writer *m, uint8_t type);
void isakmp_close(struct isakmp_writer *m);
void isakmp_add(struct isakmp_writer *m, uint8_t type, const void *body, size_t len);
/* A payload of LEN zeros; where its body stands, for what is computed at the end, or NULL. */
uint8_t *isakmp_reserve(struct isakmp_writer *m, uint8_t type, size_t len);
/* A Notify payload of the IPsec DOI. */
void isakmp_add_notify(struct isakmp_writer *m, const struct isakmp_notification *n);
/* Pads with zeros to whole blocks of BLOCK octets (1 = none) and tells the length; that length, or
 * 0 if it did not fit. */
size_t isakmp_end(struct isakmp_writer *m, size_t block);

#endif
