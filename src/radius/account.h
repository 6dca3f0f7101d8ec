/* SPDX-License-Identifier: MIT */
/* Accounting-Requests (RFC 2866, RFC 2869). */
#ifndef VPDIAL_RADIUS_ACCOUNT_H
#define VPDIAL_RADIUS_ACCOUNT_H

#include "vocabulary/radius.h"
#include "wire/radius.h"

/* Writes the signed request with ID into PACKET (RADIUS_PACKET_MAX octets); DAY_MS is the time of
 * the day now.  Returns its length, 0 if it cannot be said. */
size_t radius_account(const struct radius_server *server, const struct radius_record *record,
		      uint8_t id, uint64_t day_ms, uint8_t *packet);

#endif
