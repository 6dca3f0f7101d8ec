/* SPDX-License-Identifier: MIT */
/* What the shared secret does in RADIUS: signatures of requests and answers, hidden values. */
#ifndef VPDIAL_RADIUS_SIGN_H
#define VPDIAL_RADIUS_SIGN_H

#include "base/secret.h"
#include "wire/radius.h"

/* User-Password and MS-CHAP-MPPE-Keys (RFC 2865 section 5.2, RFC 2548 section 2.4.1): LEN octets, a
 * multiple of 16, in place; AUTHENTICATOR is the request's. */
void radius_hide(const struct secret *secret, const uint8_t authenticator[static 16], uint8_t *data,
		 size_t len);
void radius_unhide(const struct secret *secret, const uint8_t authenticator[static 16],
		   uint8_t *data, size_t len);
/* MS-MPPE-Send-Key and -Recv-Key (RFC 2548 section 2.4.2): KEY gets LEN octets.  False if the value
 * holds no key of that length. */
bool radius_open_key(const struct secret *secret, const uint8_t authenticator[static 16],
		     const struct radius_value *value, uint8_t *key, size_t len);

/* The whole request PACKET (LEN octets) whose authenticator is in place: writes the value of the
 * Message-Authenticator, which is its first attribute (RFC 3579 section 3.2). */
void radius_sign_access(const struct secret *secret, uint8_t *packet, size_t len);
/* Writes the authenticator of an Accounting-Request (RFC 2866 section 3). */
void radius_sign_accounting(const struct secret *secret, uint8_t *packet, size_t len);

/* How an answer is signed. */
enum radius_signature {
	RADIUS_FORGED,	/* not with this secret, or not an answer to this request */
	RADIUS_SIGNED,	/* by its authenticator alone */
	RADIUS_VOUCHED, /* by a Message-Authenticator too */
};
enum radius_signature radius_judge(const struct secret *secret,
				   const uint8_t request_authenticator[static 16],
				   const struct radius_packet *answer);

#endif
