/* SPDX-License-Identifier: MIT */
/* MPPE's option (RFC 3078 section 2.1) against the configuration of a link; for CCP. */
#ifndef VPDIAL_PPP_MPPE_OPTION_H
#define VPDIAL_PPP_MPPE_OPTION_H

#include "ppp/link.h"

/* The strengths that may be used, as bits of the option. */
uint32_t mppe_allowed(const struct ppp_link *link);
/* The strongest one of BITS, 0 if there is none; and its length in bits. */
uint32_t mppe_strongest(uint32_t bits);
uint8_t mppe_bits_of(uint32_t option);
/* What we should like to hear instead of V (or the same, if it will do). */
uint32_t mppe_wanted_for(const struct ppp_link *link, uint32_t v);
/* The profile permits stateless only, and V is not. */
bool mppe_forbids_mode(const struct ppp_link *link, uint32_t v);
/* Why V, which the peer names, does not do, as the end of a sentence about the peer; into BUF,
 * which is returned. */
const char *mppe_mismatch(const struct ppp_link *link, uint32_t v, char *buf, size_t cap);
/* Which kind of MPPE, named by the peer last, we refused, and the profile's key for it. */
void mppe_append_refused(const struct ppp_link *link, struct str *s);

#endif
