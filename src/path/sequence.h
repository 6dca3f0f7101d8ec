/* SPDX-License-Identifier: MIT */
/* The receiver's view of a tunnel's sequence numbers: what is new, late, or seen already.
 *
 * Numbers are 32 bits wide and wrap; those of L2TP (16 bits) are extended by the caller. */
#ifndef VPDIAL_PATH_SEQUENCE_H
#define VPDIAL_PATH_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEQUENCE_WINDOW 1024 /* a late packet may be so far behind; a power of two */
/* So many packets in a row behind the window mean that the peer started anew. */
#define SEQUENCE_RESYNC 64

struct sequence {
	bool any; /* the first number received is the start, whatever it is */
	uint32_t newest;
	unsigned behind_run;
	uint64_t seen[SEQUENCE_WINDOW / 64]; /* ring over the last SEQUENCE_WINDOW numbers */
};

enum sequence_place {
	SEQUENCE_NEW,	    /* ahead of everything accepted */
	SEQUENCE_LATE,	    /* behind, but not seen yet */
	SEQUENCE_DUPLICATE, /* accepted before */
	SEQUENCE_BEHIND,    /* behind the window */
};

/* Judges NUMBER without accepting it. */
enum sequence_place sequence_judge(struct sequence *s, uint32_t number);
/* Marks NUMBER as received.  Returns how many numbers were skipped by it (0 if late or next). */
uint32_t sequence_accept(struct sequence *s, uint32_t number);

#endif
