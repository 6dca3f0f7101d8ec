/* SPDX-License-Identifier: MIT */
/* MPPE of the data path (RFC 3078): one sending and one receiving direction. */
#ifndef VPDIAL_PATH_MPPE_H
#define VPDIAL_PATH_MPPE_H

#include "crypto/mppe_key.h"
#include "crypto/rc4.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MPPE_HEADER 2

struct mppe_tx {
	bool stateful;
	bool flush;	     /* the next packet starts a fresh table (CCP Reset-Request) */
	bool rekey_on_flush; /* Linux changes the key too when it flushes */
	uint16_t count;
	struct mppe_chain chain;
	struct rc4 rc4; /* stateful: goes on from packet to packet */
};

void mppe_tx_init(struct mppe_tx *tx, unsigned bits, bool stateful, const uint8_t start[static 16]);
/* Encrypts LEN octets (protocol and information) in place and writes the header of two octets
 * into HEADER. */
void mppe_encrypt(struct mppe_tx *tx, uint8_t header[static MPPE_HEADER], uint8_t *data,
		  size_t len);

/* Keys of skipped counts, for packets that come late; a power of two. */
#define MPPE_KEPT_KEYS 512
/* Largest step ahead that one packet may ask for, in key changes (0.5 us to 1 us each). */
#define MPPE_STEP_MAX 16384

struct mppe_rx {
	bool stateful;
	bool discard;		 /* stateful: waiting for FLUSHED */
	bool rekey_on_flush;	 /* stateful: the peer was seen to do as Linux does */
	uint64_t position;	 /* packets of the chain so far; count = position - 1 mod 4096 */
	struct mppe_chain chain; /* at the key of the last accepted packet */
	struct rc4 rc4;
	struct mppe_kept {
		uint64_t position; /* 0 = empty */
		uint8_t key[16];
	} * kept; /* MPPE_KEPT_KEYS, not owned; stateless only */
};

enum mppe_result {
	MPPE_OK,
	MPPE_OK_LATE,	/* decrypted with a kept key */
	MPPE_DUPLICATE, /* its count was accepted before */
	MPPE_TOO_LATE,	/* behind, and its key is gone */
	MPPE_BAD,	/* no such mode, or the plain text makes no sense */
	MPPE_RESYNC,	/* stateful: step lost, ask the peer for a reset */
};

/* What the tunnel's sequence number says of a packet's place. */
struct mppe_place {
	bool known;	/* the tunnel numbers its packets */
	bool late;	/* behind the newest one */
	uint32_t ahead; /* else how many numbers ahead of the last accepted one, without those that
			 * are known not to be MPPE's */
};

/* KEPT: MPPE_KEPT_KEYS entries. */
void mppe_rx_init(struct mppe_rx *rx, unsigned bits, bool stateful, const uint8_t start[static 16],
		  struct mppe_kept *kept);
/* Decrypts a packet (header included) in place; the plain text (protocol and information) is at
 * PACKET + MPPE_HEADER.  Nothing of *RX changes unless the plain text begins as a PPP data frame
 * does, so that a forged packet cannot disturb the stream. */
enum mppe_result mppe_decrypt(struct mppe_rx *rx, uint8_t *packet, size_t len,
			      struct mppe_place place);

#endif
