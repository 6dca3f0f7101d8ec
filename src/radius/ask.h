/* SPDX-License-Identifier: MIT */
/* A caller's proof as an Access-Request, and what the answer means. */
#ifndef VPDIAL_RADIUS_ASK_H
#define VPDIAL_RADIUS_ASK_H

#include "base/log.h"
#include "vocabulary/radius.h"
#include "wire/radius.h"

/* Writes the signed request with ID and AUTHENTICATOR into PACKET (RADIUS_PACKET_MAX octets).
 * Returns its length, 0 if it cannot be said in RADIUS. */
size_t radius_ask(const struct radius_server *server, const struct radius_question *question,
		  uint8_t id, const uint8_t authenticator[static 16], uint8_t *packet);

/* What ANSWER, whose signature was judged, grants or refuses to QUESTION, which went out with
 * AUTHENTICATOR.  Says to LOG what it leaves out. */
void radius_read(const struct radius_server *server, const struct radius_question *question,
		 const uint8_t authenticator[static 16], const struct radius_packet *answer,
		 struct radius_verdict *verdict, const struct log *log);

/* What all requests say of a call (RFC 2865, RFC 2868): for accounting too. */
void radius_put_caller(struct writer *w, const struct radius_server *server,
		       const struct radius_caller *caller);

#endif
