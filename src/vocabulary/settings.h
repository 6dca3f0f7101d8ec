/* SPDX-License-Identifier: MIT */
/* What a profile says to an engine, in the words in which it gets there: profile, request and
 * engine hold these structs, and nothing copies them field by field. */
#ifndef VPDIAL_VOCABULARY_SETTINGS_H
#define VPDIAL_VOCABULARY_SETTINGS_H

#include "base/secret.h"

#include <stdbool.h>
#include <stdint.h>

/* Of an L2TP tunnel. */
struct tunnel_settings {
	struct secret secret; /* len 0 = none */
	bool hide_avps;
	bool sequencing;	 /* demand numbers in data messages */
	uint32_t hello_interval; /* seconds of quiet before a HELLO, 0 = off */
};

#endif
