/* SPDX-License-Identifier: MIT */
/* The body of an SA payload: proposals, transforms and their attributes (RFC 2408 sections 3.4 to
 * 3.6; RFC 2407 sections 4.4 and 4.5; RFC 2409 appendix A). */
#ifndef VPDIAL_WIRE_ISAKMP_SA_H
#define VPDIAL_WIRE_ISAKMP_SA_H

#include "base/cursor.h"
#include "vocabulary/ipsec.h"

enum isakmp_protocol { ISAKMP_PROTOCOL_IKE = 1, ISAKMP_PROTOCOL_ESP = 3 };

#define ISAKMP_SHARED_KEY 1 /* authentication method */

/* RFC 3947 section 5.1; the last is what its drafts said. */
enum isakmp_encapsulation {
	ISAKMP_UDP_TRANSPORT = 4,
	ISAKMP_UDP_TRANSPORT_DRAFT = 61444,
};

/* One transform with the proposal that it stands in. */
struct isakmp_transform {
	bool usable; /* nothing in it that we do not know */
	uint8_t protocol;
	uint8_t proposal, number, id;
	uint8_t spi_len;
	uint32_t spi;		   /* if four octets, else 0 */
	struct ipsec_suite suite;  /* ESP: the group is that of PFS */
	uint16_t method;	   /* IKE: of authentication */
	uint16_t encapsulation;	   /* ESP; 0 = not told */
	uint32_t seconds;	   /* of life, 0 = not told */
	const uint8_t *attributes; /* as they came */
	size_t attributes_len;
};

#define ISAKMP_TRANSFORMS 64 /* of one SA payload; more are not looked at */

struct isakmp_sa {
	uint8_t proposals;
	uint8_t count;
	struct isakmp_transform at[ISAKMP_TRANSFORMS];
};

/* False if lengths do not fit, for another DOI or situation, and if there is none. */
bool isakmp_sa_decode(const uint8_t *body, size_t len, struct isakmp_sa *out);

/* Writes one proposal with a transform for each of SUITES that has the PFS group LIKE->suite.group
 * (ESP) or any (IKE); protocol, spi, method, encapsulation and seconds are taken from LIKE. */
void isakmp_sa_offer(struct writer *w, const struct isakmp_transform *like,
		     const struct ipsec_suites *suites);
/* Writes an answer: the one transform T as it came, under our SPI (ESP). */
void isakmp_sa_choose(struct writer *w, const struct isakmp_transform *t, uint32_t spi);

/* The group's number on the wire. */
uint16_t isakmp_group_number(uint8_t group);

#endif
