/* SPDX-License-Identifier: MIT */
/* What may be encrypted by MPPE, and how. */
#ifndef VPDIAL_VOCABULARY_MPPE_H
#define VPDIAL_VOCABULARY_MPPE_H

#include "vocabulary/word.h"

enum mppe_policy {
	MPPE_NO,      /* refuse it: data in clear */
	MPPE_YES,     /* encrypt if the peer can */
	MPPE_REQUIRE, /* encrypt or hang up */
	MPPE_POLICIES
};

/* Key lengths, each a bit, for sets. */
enum mppe_strength {
	MPPE_40 = 1 << 0,
	MPPE_56 = 1 << 1,
	MPPE_128 = 1 << 2,
};

enum mppe_mode {
	MPPE_STATELESS, /* stateless only */
	MPPE_STATEFUL,	/* propose stateful; accept stateless too */
	MPPE_ANY,	/* propose stateless, accept stateful */
	MPPE_MODES
};

struct mppe_settings {
	enum mppe_policy policy;
	unsigned strengths; /* set of enum mppe_strength that may be used */
	enum mppe_mode mode;
};

extern const struct word mppe_policy_words[], mppe_strength_words[], mppe_mode_words[];

#endif
