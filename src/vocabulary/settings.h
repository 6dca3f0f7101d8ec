/* SPDX-License-Identifier: MIT */
/* What a profile says to an engine, in the words in which it gets there: profile, request and
 * engine hold these structs, and nothing copies them field by field. */
#ifndef VPDIAL_VOCABULARY_SETTINGS_H
#define VPDIAL_VOCABULARY_SETTINGS_H

#include "base/secret.h"
#include "vocabulary/mppe.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* Of PPP. */
struct ppp_settings {
	unsigned allow; /* set of enum auth_method */
	struct mppe_settings mppe;
	uint16_t mru;		/* to ask for, at most PPP_MRU_MAX; 1500 = do not ask */
	bool ask_pfc, ask_acfc; /* ask for field compression (always granted when asked by peer) */
	uint32_t mrru; /* Multilink: the largest packet to put together; 0 = no Multilink */
	bool ask_short_sequence; /* Multilink: ask for numbers of 12 bits */
	bool ipv6;		 /* open IPV6CP */
	struct in_addr local;  /* caller: wish, 0.0.0.0 = whatever the peer gives; answerer: own */
	struct in_addr remote; /* answerer: to give to the peer; caller: wish for the peer's */
	bool local_must, remote_must; /* another address than wished ends the call */
};

/* Of an L2TP tunnel. */
struct tunnel_settings {
	struct secret secret; /* len 0 = none */
	bool hide_avps;
	bool sequencing;	 /* demand numbers in data messages */
	uint32_t hello_interval; /* seconds of quiet before a HELLO, 0 = off */
};

#endif
