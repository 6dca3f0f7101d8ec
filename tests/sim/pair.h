/* SPDX-License-Identifier: MIT */
/* Caller and answerer, each with tunnel, PPP and data path, wired mouth to ear under a virtual
 * clock over a seeded network that loses, duplicates, reorders, delays, corrupts, truncates and
 * replays. What a bystander must never see, and what must never come out of a tunnel, is watched
 * all the while. */
#ifndef VPDIAL_TESTS_SIM_PAIR_H
#define VPDIAL_TESTS_SIM_PAIR_H

#include "base/log.h"
#include "path/path.h"
#include "ppp/ppp.h"
#include "tunnel/tunnel.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a thousand datagrams of the tunnel; TCP only gets slower. */
struct net {
	unsigned loss, duplicates, reordering, corruption, truncation, replay;
	uint32_t delay_ms, jitter_ms;
};

struct pair_config {
	enum protocol type;
	uint64_t seed;
	struct net net;
	struct tunnel_config tunnel[2]; /* caller, answerer */
	struct ppp_config ppp[2];
	/* answerer's one account */
	const char *user, *password;
	uint32_t silence_limit_ms; /* of PPTP's data channel, as the session has it */
	uint32_t packets_max;	   /* inner packets that a side can send */
	uint16_t mp_room;	   /* information field of Multilink's fragments */
	/* A bystander sees each datagram of the tunnel as SIDE puts it on the wire; may be NULL. */
	void (*seen)(void *ctx, int side, const uint8_t *octets, size_t len);
	void *seen_ctx;
	int verbose; /* prints each frame */
};

/* Machines whose states and transitions are counted over all runs. */
enum machine {
	MACHINE_TUNNEL_CALLER,
	MACHINE_TUNNEL_ANSWERER,
	MACHINE_LCP,
	MACHINE_CCP,
	MACHINE_IPCP,
	MACHINE_IPV6CP,
	MACHINE_PHASE,
	MACHINE_COUNT
};
#define MACHINE_STATES 16

struct coverage {
	uint64_t states[2][MACHINE_COUNT][MACHINE_STATES]; /* by tunnel type */
	uint64_t moves[2][MACHINE_COUNT][MACHINE_STATES][MACHINE_STATES];
};

struct pair;

/* Both idle, sockets and all; NULL when the machine has no more of something. */
struct pair *pair_new(const struct pair_config *config, struct coverage *coverage);
void pair_free(struct pair *p);
/* Once both have ended: both idle anew, with other ids, while datagrams of the call before are
 * still on their way.  False when the machine has no more of something. */
bool pair_again(struct pair *p);

void pair_start(struct pair *p);
/* Lets time pass up to THEN, or until DONE says true. */
void pair_run(struct pair *p, uint64_t then, bool (*done)(const struct pair *p));
uint64_t pair_now(const struct pair *p);
void pair_set_net(struct pair *p, const struct net *net); /* from now on */
unsigned pair_flying(const struct pair *p);		  /* datagrams on their way */
unsigned pair_lost(const struct pair *p);		  /* by the network, so far */

/* One inner packet into the device of SIDE (0 = caller). */
void pair_packet(struct pair *p, int side);
void pair_hang_up(struct pair *p, int side);
/* The process of SIDE dies without a word. */
void pair_kill(struct pair *p, int side);

bool pair_up(const struct pair *p);	 /* the network is up at both ends, and data may go */
bool pair_over(const struct pair *p);	 /* both have ended */
bool pair_settled(const struct pair *p); /* one or the other */
bool side_up(const struct pair *p, int side);
bool side_over(const struct pair *p, int side);
const struct reason *side_reason(const struct pair *p, int side);
uint32_t side_sent(const struct pair *p, int side);
uint32_t side_got(const struct pair *p, int side);
unsigned side_bits(const struct pair *p, int side);   /* MPPE towards the other */
unsigned side_echoes(const struct pair *p, int side); /* keep-alives that were answered */
/* The rooms themselves, for tests that look inside. */
struct tunnel *side_tunnel(struct pair *p, int side);
struct path *side_path(struct pair *p, int side);

/* The first rule that was broken: NULL = none.  A sentence. */
const char *pair_fault(const struct pair *p);

uint32_t prng(uint64_t *state);

#endif
