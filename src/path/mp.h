/* SPDX-License-Identifier: MIT */
/* Multilink PPP on the call's one link (RFC 1990): packets larger than the link carries are cut on
 * one side and put together on the other.
 *
 * Sending is a step between encryption and encapsulation: frames of the burst are collected as
 * they are built, and cut when they leave.  Receiving is a step before decryption. */
#ifndef VPDIAL_PATH_MP_H
#define VPDIAL_PATH_MP_H

#include "path/assembly.h"
#include "path/reorder.h"
#include "path/sequence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MP_WHOLES     64  /* packets of a burst */
#define MP_PIECES_MAX 48  /* of a packet that we send */
#define MP_PIECE_GAP  128 /* what is put before a piece, and behind it: as for whole packets */

struct path;
struct path_frame;
struct path_state;

/* Sending; of whoever has the turn. */
struct mp_tx {
	uint32_t number; /* of the next fragment; it goes on when LCP is negotiated anew, as with
			  * Linux, which would drop what is behind */
	bool acfc;	 /* of what is before MP's header; inside there is no Address and Control */
	unsigned count;
	struct mp_whole {
		uint8_t *frame; /* from the protocol field on; MP_PIECE_GAP behind it for each piece
				 */
		size_t len;
	} wholes[MP_WHOLES];
};

/* Receiving: the main thread's. */
struct mp_rx {
	bool short_numbers;
	struct sequence sequence;
	struct reorder reorder;
	struct assembly assembly;
	uint8_t slab[ASSEMBLY_SLAB];
};

/* Does a packet of LEN octets, with all that encryption puts before its protocol, fit? */
bool mp_fits(const struct path_state *state, size_t len);
/* Into how many pieces a frame of LEN octets, protocol included, is cut. */
unsigned mp_pieces(const struct path_state *state, size_t len);
/* Cuts the frames that wait into the packets of the burst (path.tx_packets), wrapped. */
void mp_cut_burst(struct path *path);
/* Writes the heads before a frame that goes into MP as one fragment: *LEN grows, where it starts is
 * returned. */
uint8_t *mp_wrap_whole(struct path *path, uint8_t *frame, size_t *len);

/* Starts receiving anew as path.state says; without memory there is no Multilink. */
void mp_rx_start(struct path *path);
/* A frame of protocol 003d, its head taken off.  False for one that cannot have come from the
 * peer. */
bool mp_input(struct path *path, struct path_frame *f, uint64_t now_ms);
/* May a frame, as it stands, be the peer's? */
bool mp_could_be_peers(const struct path *path, const uint8_t *info, size_t len);
/* Does it depend on those before it?  Whole packets pass a gap, unless what encrypts them is in
 * step with all of them. */
bool mp_wants_order(const struct path *path, const uint8_t *info, size_t len);
/* Is it a fragment, and no whole packet? */
bool mp_is_piece(const struct path *path, const uint8_t *info, size_t len);
/* Is F (head taken off) a whole packet that follows the newest one at once?  Then it is taken out
 * of MP, its number noted in F, and the protocol inside returned; else 0. */
uint16_t mp_take_next(const struct path *path, struct path_frame *f);
/* What mp_take_next took is good. */
void mp_accept(struct path *path, uint32_t number, uint64_t now_ms);
/* Fragments held back for order: those whose turn it is; FORCE gives up on a gap. */
void mp_drain(struct path *path, bool force, uint64_t now_ms);
uint64_t mp_deadline(const struct path *path);

#endif
