/* SPDX-License-Identifier: MIT */
/* The tunnel protocols. */
#ifndef VPDIAL_VOCABULARY_PROTOCOL_H
#define VPDIAL_VOCABULARY_PROTOCOL_H

#include "vocabulary/word.h"

enum protocol { PROTOCOL_PPTP, PROTOCOL_L2TP, PROTOCOL_COUNT };

/* Sets of them. */
#define PROTOCOL_BIT(protocol) (1u << (protocol))
#define PROTOCOL_ANY	       (PROTOCOL_BIT(PROTOCOL_COUNT) - 1)

extern const struct word protocol_words[];

#endif
