/* SPDX-License-Identifier: MIT */
/* Lists of words: what profiles read, and what the status, logs and manuals say. */
#ifndef VPDIAL_VOCABULARY_WORD_H
#define VPDIAL_VOCABULARY_WORD_H

#include <stdbool.h>

/* Lists end with a NULL word; aliases stand at the end, behind all that are named. */
struct word {
	const char *word;
	unsigned value;
	bool alias; /* read, but never named */
};

/* The word of VALUE in the list WORDS; "none" if it has none. */
const char *word_of(const struct word *words, unsigned value);

#endif
