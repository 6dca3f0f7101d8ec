/* SPDX-License-Identifier: MIT */
/* SHA-1 (FIPS 180-4) for MPPE's key chain, which needs two blocks of it for each packet,
 * and for names (RFC 9562).  Everything else uses crypto_sha1. */
#ifndef VPDIAL_BASE_SHA1_H
#define VPDIAL_BASE_SHA1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA1_BLOCK  64
#define SHA1_DIGEST 20

/* Runs COUNT blocks of 64 octets through the compression function. */
void sha1_blocks(uint32_t state[static 5], const uint8_t *blocks, size_t count);
/* The same without the processor's help: what sha1_blocks is checked against, and its fallback. */
void sha1_blocks_plain(uint32_t state[static 5], const uint8_t *blocks, size_t count);
bool sha1_has_instructions(void);

/* The digest of COUNT blocks that already hold padding and length. */
void sha1_padded(uint8_t out[static SHA1_DIGEST], const uint8_t *blocks, size_t count);

/* The digest of LEN octets. */
void sha1_digest(uint8_t out[static SHA1_DIGEST], const uint8_t *msg, size_t len);

#endif
