/* SPDX-License-Identifier: MIT */
/* How a caller proves who it is. */
#ifndef VPDIAL_VOCABULARY_AUTHENTICATION_H
#define VPDIAL_VOCABULARY_AUTHENTICATION_H

#include "vocabulary/word.h"

/* Each a bit, for sets. */
enum auth_method {
	METHOD_PAP = 1 << 0,
	METHOD_CHAP = 1 << 1,
	METHOD_MSCHAP1 = 1 << 2,
	METHOD_MSCHAP2 = 1 << 3,
	METHOD_EAP = 1 << 4,
};

#define METHODS_ALL 0x1fu
/* Those that MPPE's keys can be made of (RFC 3079). */
#define METHODS_KEYED (METHOD_MSCHAP1 | METHOD_MSCHAP2 | METHOD_EAP)

extern const struct word auth_words[];

#endif
