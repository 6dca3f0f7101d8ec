/* SPDX-License-Identifier: MIT */
/* Control frames as one line of text, in the shape that pppd's debug option made known. */
#ifndef VPDIAL_WIRE_PRINT_H
#define VPDIAL_WIRE_PRINT_H

#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/* Appends "[LCP ConfReq id=0x1 <mru 1460> <magic 0x1122>]" for the LEN octets of information at
 * INFO.  Any octets may come.  Passwords, responses and proofs are replaced by <hidden>. */
void print_frame(struct str *s, uint16_t protocol, const uint8_t *info, size_t len);

/* The name of an authentication option's data (LCP option 3): "pap", "chap MS-v2", "eap". */
void print_auth_option(struct str *s, const uint8_t *data, size_t len);

#endif
