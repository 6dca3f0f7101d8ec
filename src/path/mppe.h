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
	struct mppe_keys keys;
	struct rc4 rc4; /* stateful: goes on from packet to packet */
};

void mppe_tx_init(struct mppe_tx *tx, unsigned bits, bool stateful, const uint8_t start[static 16]);
/* Encrypts LEN octets (protocol and information) in place and writes the header of two octets
 * into HEADER. */
void mppe_encrypt(struct mppe_tx *tx, uint8_t header[static MPPE_HEADER], uint8_t *data,
		  size_t len);

/* Stateless: writes the header of the next packet and gives its KEY; mppe_encrypt_jobs encrypts
 * several packets at once. */
void mppe_number(struct mppe_tx *tx, uint8_t header[static MPPE_HEADER], uint8_t key[static 16]);
void mppe_encrypt_jobs(struct mppe_tx *tx, struct rc4_job *jobs, size_t count);

/* Stateless keys that are made when a burst is over, so that the next packet need not wait. */
#define MPPE_PREPARED 4
void mppe_tx_prepare(struct mppe_tx *tx);

/* Keys of skipped counts, for packets that come late; a power of two. */
#define MPPE_KEPT_KEYS 512
/* Largest step ahead that one packet may ask for, in key changes (0.5 us to 1 us each). */
#define MPPE_STEP_MAX 16384
/* Key changes in a second that may lead to no sense: who knows a call's id forges packets that each
 * ask for a large step.  Beyond it only small steps are tried, until the second is over: a large
 * gap then waits for its turn, and what costs nothing goes on. */
#define MPPE_WASTE_MAX 40960
#define MPPE_STEP_FREE 16

/* Without sequence numbers nothing tells how often the count went round while packets got lost.
 * When so many in a row make no sense, that many turns are tried. */
#define MPPE_STRAYS 16
#define MPPE_TURNS  4

struct mppe_rx {
	bool stateful;
	bool discard;	       /* stateful: waiting for FLUSHED */
	bool rekey_on_flush;   /* stateful: the peer was seen to do as Linux does */
	uint64_t position;     /* packets of the chain so far; count = position - 1 mod 4096 */
	struct mppe_keys keys; /* ready: from position + 1 on */
	struct rc4 rc4;
	uint64_t waste_since_ms; /* the second that WASTE counts */
	uint32_t waste;		 /* key changes for packets that made no sense */
	uint32_t strays;	 /* packets in a row that made none */
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

/* What the tunnel's sequence number says of a packet's place, and when it came. */
struct mppe_place {
	bool known;	/* the tunnel numbers its packets */
	bool late;	/* behind the newest one */
	uint32_t ahead; /* else how many numbers ahead of the last accepted one, without those that
			 * are known not to be MPPE's */
	uint64_t now_ms;
	bool far; /* its number is elsewhere: only a plain text beyond doubt speaks for it */
};

/* KEPT: MPPE_KEPT_KEYS entries. */
void mppe_rx_init(struct mppe_rx *rx, unsigned bits, bool stateful, const uint8_t start[static 16],
		  struct mppe_kept *kept);
/* Decrypts a packet (header included) in place; the plain text (protocol and information) is at
 * PACKET + MPPE_HEADER.  Nothing of *RX changes unless the plain text begins as a PPP data frame
 * does, so that a forged packet cannot disturb the stream. */
enum mppe_result mppe_decrypt(struct mppe_rx *rx, uint8_t *packet, size_t len,
			      struct mppe_place place);

/* Does a plain text, whose sender then has the keys, leave no doubt that it is an IP packet? */
bool mppe_is_proof(const uint8_t *plain, size_t len);

void mppe_rx_prepare(struct mppe_rx *rx); /* as mppe_tx_prepare */

/* Stateless: packets that follow each other without a gap, to be decrypted at once. */
#define MPPE_RUN 64
struct mppe_run {
	size_t count;
	uint64_t position; /* of the last one */
	struct mppe_packet {
		uint8_t *data; /* behind the header */
		size_t len;
	} packets[MPPE_RUN];
	struct rc4_job jobs[MPPE_RUN];
};

/* Adds a packet (header included) to the run if it is the next one and there is room; PLACE as seen
 * from the last one of the run.  False: it is none for this run (mppe_decrypt judges it, once the
 * run is decrypted and committed). */
bool mppe_run_add(struct mppe_run *run, struct mppe_rx *rx, uint8_t *packet, size_t len,
		  struct mppe_place place);
/* Decrypts all packets of the run in place; *RX does not move yet. */
void mppe_run_decrypt(struct mppe_run *run, struct mppe_rx *rx);
/* Packet I of a decrypted run, in ascending order: if its plain text makes sense *RX moves on to
 * it (MPPE_OK), else it counts as not received (MPPE_BAD). */
enum mppe_result mppe_run_commit(struct mppe_run *run, struct mppe_rx *rx, size_t i);
/* Empties the run after the last commit. */
void mppe_run_clear(struct mppe_run *run);

#endif
