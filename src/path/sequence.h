/* SPDX-License-Identifier: MIT */
/* The receiver's view of a tunnel's sequence numbers: what is new, late, seen already, or
 * elsewhere.
 *
 * Numbers are 32 bits wide and wrap; those of L2TP (16 bits) are extended by the caller. */
#ifndef VPDIAL_PATH_SEQUENCE_H
#define VPDIAL_PATH_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEQUENCE_WINDOW 1024 /* late, or ahead, by no more than that; a power of two */
#define SEQUENCE_NEAR	64   /* the same for control frames: they are few, and end calls */
/* Packets elsewhere that follow each other mean that the peer is there now: so many, or those of so
 * long, with none between them that fits. */
#define SEQUENCE_RESYNC	   8
#define SEQUENCE_RESYNC_MS 2000
#define SEQUENCE_STEP	   16 /* what is lost of them may leave such gaps */

struct sequence {
	bool any; /* the first number received is the start, whatever it is */
	uint32_t newest;
	unsigned far_run; /* numbers elsewhere that follow each other */
	uint32_t far_last;
	uint64_t far_since_ms;
	uint64_t seen[SEQUENCE_WINDOW / 64]; /* ring over the last SEQUENCE_WINDOW numbers */
};

enum sequence_place {
	SEQUENCE_NEW,	    /* ahead of everything accepted, by no more than the window */
	SEQUENCE_LATE,	    /* behind, but not seen yet */
	SEQUENCE_DUPLICATE, /* accepted before */
	SEQUENCE_FAR,	    /* beyond the window, ahead or behind */
};

/* Judges NUMBER without accepting it. */
enum sequence_place sequence_judge(const struct sequence *s, uint32_t number);
/* NUMBER is far, or (SEEN) was accepted before: is it one of a series, so that the window has to
 * move there?  Then the next sequence_accept begins anew at its number.  A series of numbers that
 * were seen has to last: a moment's may be copies. */
bool sequence_follow(struct sequence *s, uint32_t number, bool seen, uint64_t now_ms);
/* Marks NUMBER as received.  Returns how many numbers were skipped by it (0 if late or next). */
uint32_t sequence_accept(struct sequence *s, uint32_t number);

#endif
