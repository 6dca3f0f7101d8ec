/* SPDX-License-Identifier: MIT */
/* L2TP's hidden AVPs and tunnel authentication (RFC 2661 sections 4.3 and 5.1.1). */
#ifndef VPDIAL_CRYPTO_AVP_HIDE_H
#define VPDIAL_CRYPTO_AVP_HIDE_H

#include "base/secret.h"

#include <stddef.h>
#include <stdint.h>

/* Hides LEN octets of "hidden AVP subformat" (length, value, padding) of an AVP of TYPE; RV is the
 * value of the Random Vector AVP before it.  OUT may be IN. */
void avp_hide(uint8_t *out, const uint8_t *in, size_t len, uint16_t type,
	      const struct secret *secret, const uint8_t *rv, size_t rv_len);
/* The reverse.  OUT may be IN.  The length field in the result is hostile data. */
void avp_unhide(uint8_t *out, const uint8_t *in, size_t len, uint16_t type,
		const struct secret *secret, const uint8_t *rv, size_t rv_len);

/* The Challenge Response AVP: MD5(MESSAGE_TYPE | secret | challenge), where MESSAGE_TYPE is that
 * of the message which carries the response: 2 = SCCRP, 3 = SCCCN. */
void l2tp_challenge_response(uint8_t out[static 16], uint8_t message_type,
			     const struct secret *secret, const uint8_t *challenge, size_t len);

#endif
