/* SPDX-License-Identifier: MIT */
/* The inside of a PPP link: its layers, and what they tell one another. */
#ifndef VPDIAL_PPP_LINK_H
#define VPDIAL_PPP_LINK_H

#include "base/clock.h"
#include "base/str.h"
#include "ppp/automaton.h"
#include "ppp/ppp.h"
#include "wire/auth.h"
#include "wire/frame.h"

#define MRU_DEFAULT 1500
#define MRU_FLOOR   128
#define MRRU_MUST   1500 /* anybody can put that together (RFC 1990 section 5.1.1) */
/* Endpoint discriminator of class 1 (RFC 1990 section 5.1.3): so many octets chosen by us. */
#define ENDPOINT_LEN 12

/* What one side's LCP request says. */
struct lcp_side {
	uint16_t mru;
	uint32_t magic;
	bool pfc, acfc;
	uint16_t mrru; /* 0 = no Multilink */
	bool short_sequence;
	enum auth_method auth; /* 0 = none */
};

struct lcp {
	struct automaton fsm;
	/* our request */
	bool ask_mru, ask_magic, ask_pfc, ask_acfc;
	bool ask_mrru, ask_short_sequence, ask_endpoint;
	uint16_t mru, mrru;
	uint8_t endpoint[ENDPOINT_LEN];
	uint32_t opened; /* how often: Multilink's numbers may begin anew each time */
	uint32_t magic;
	enum auth_method ask_auth; /* answerer: the method asked for now */
	unsigned auth_left;	   /* answerer: methods that the caller has not refused */
	/* the peer's request: as judged, and as acked */
	struct lcp_side staged, peer;
	unsigned auth_naks; /* rounds about the method, of either role */
	char offered[80];   /* methods that the peer wants and we may not use */
	bool explained;	    /* why it ends, whether the peer hears us or not */
	unsigned loops, echo_loops;
	bool echo_pending;
	uint8_t echo_id;
	uint64_t echo_sent_ms;
};

/* What MPPE keys are made of. */
struct auth_keys {
	enum auth_method method; /* 0 = no keys; METHOD_MSCHAP1 or METHOD_MSCHAP2 */
	uint8_t nt_hash[16], lm_hash[16];
	uint8_t challenge[8]; /* v1 */
	uint8_t nt_response[24];
	uint32_t made; /* elsewhere (without a hole behind it: keys are compared whole): for v2 the
			  next two, for v1 lm_hash and nt_hash_hash, count */
	uint8_t send[16], receive[16], nt_hash_hash[16];
};

#define AUTH_PACKET_MAX 600 /* 255 + 255 of PAP, 49 + PPP_NAME_MAX of MS-CHAP */

/* Whether the account of auth.user is known yet. */
#define AUTH_RESULT_MAX 200 /* 42 + PROOF_SAID_MAX and what is around them */
enum auth_question { NOT_ASKED, ASKED, ANSWERED };

struct auth {
	enum auth_method method; /* agreed in LCP, 0 = none */
	bool done;		 /* the first authentication succeeded */
	bool waiting;		 /* caller: a response is out; answerer: a challenge is out */
	uint64_t deadline_ms;	 /* of the side that repeats */
	uint32_t interval_ms;
	unsigned tries;
	struct auth_keys keys, candidate;
	/* the last packet of ours that asks for an answer, and the last one that answers */
	uint8_t packet[AUTH_PACKET_MAX];
	size_t packet_len;
	uint64_t repeat_after_ms;
	uint8_t id;	  /* of the exchange */
	unsigned ids_out; /* PAP: requests sent, each with the next id */
	uint8_t challenge[255];
	size_t challenge_len;
	uint8_t proof[42]; /* what an MS-CHAPv2 server must send, or what we send as one */
	/* EAP */
	uint8_t eap_type;
	uint8_t eap_refused; /* caller: the method asked for last, if we do not take it */
	uint8_t eap_ms_id;
	bool eap_method_done;
	uint8_t eap_past[4]; /* identifiers answered before the last one, newest first */
	unsigned eap_past_count;
	unsigned eap_rounds, eap_identities;
	/* answerer */
	uint8_t user[PPP_NAME_MAX];
	size_t user_len;
	enum auth_question question;
	uint8_t held[AUTH_PACKET_MAX];	 /* the packet that waits for the answer */
	size_t held_len;		 /* 0 = none */
	struct octets shown;		 /* while the question is asked: the caller's proof */
	uint8_t result[AUTH_RESULT_MAX]; /* our Success or Failure, repeated on demand */
	size_t result_len;
};

struct ccp {
	struct automaton fsm;
	bool wanted;  /* policy and keys allow MPPE */
	bool settled; /* it is known how data goes; NCPs may start */
	bool ask;     /* our request carries the option */
	bool failed;
	bool early;	 /* our request followed the proof at once, before the result is known */
	bool early_over; /* that request is void: it was rejected, or its keys changed */
	uint32_t offer;	 /* our request: what we shall receive */
	uint32_t staged, agreed; /* the peer's request: what we shall send */
	uint32_t heard;		 /* what the peer asked for last, acked or not; 0 = nothing */
	unsigned naks_sent, naks_followed;
	uint64_t give_up_ms;
	uint64_t refused_ms; /* when we last refused what was heard; 0 = never */
	struct ppp_mppe_key tx, rx;
	uint64_t reset_after_ms;
	bool was_encrypted;
};

enum { IPCP_DNS1, IPCP_WINS1, IPCP_DNS2, IPCP_WINS2, IPCP_SERVERS };

struct ipcp {
	struct automaton fsm;
	bool ask_address;
	bool ask[IPCP_SERVERS];
	struct in_addr server[IPCP_SERVERS];
	struct in_addr local, remote, staged;
	unsigned remote_naks, local_naks;
};

struct ipv6cp {
	struct automaton fsm;
	bool ask;
	uint8_t local[8], remote[8], staged[8];
};

/* A frame that came before its layer was ready, to be looked at when it is. */
struct early_frame {
	uint16_t protocol;
	size_t len; /* 0 = none */
	uint8_t info[320];
};

enum { EARLY_AUTH, EARLY_CCP, EARLY_IPCP, EARLY_IPV6CP, EARLY_FRAMES };

struct ppp_link;

/* What a layer tells those above it. */
struct link_events {
	void (*lcp_up)(struct ppp_link *link);
	/* LCP is going down, for good or to be negotiated anew. */
	void (*lcp_down)(struct ppp_link *link);
	/* Caller: what keys are made of was sent, its result is not known yet. */
	void (*proof_sent)(struct ppp_link *link);
	/* METHOD: 0 = none was agreed. */
	void (*auth_done)(struct ppp_link *link, enum auth_method method);
	/* It is known how data goes. */
	void (*ccp_settled)(struct ppp_link *link);
	void (*ncp_up)(struct ppp_link *link);
	void (*ncp_down)(struct ppp_link *link);
	/* The protocol will not come up, or ended: so does the call, unless it is IPv6 beside IPv4.
	 */
	void (*ncp_lost)(struct ppp_link *link, const struct automaton *ncp, const char *why);
	/* The peer rejects PROTOCOL (RFC 1661 section 5.7). */
	void (*protocol_rejected)(struct ppp_link *link, uint16_t protocol);
};
extern const struct link_events ppp_phases; /* phases.c */

struct ppp_link {
	const struct link_events *up;
	struct ppp_config config;
	struct ppp_callbacks callbacks;
	const struct random_source *random;
	const struct log *log;
	struct automaton_host host;
	struct ppp_counters counters;
	enum ppp_phase phase;
	struct reason reason;
	bool ending; /* a reason stands and LCP is being closed */
	bool over;   /* LCP has finished: PPP_EVENT_CLOSED is due */
	bool closed; /* it was delivered */
	bool network_up;
	uint64_t limit_ms; /* end of the set-up, or DEADLINE_NONE */
	uint64_t heard_ms, echo_next_ms, echo_since_ms;
	unsigned rejects_left;
	uint64_t rejects_refill_ms;
	struct {
		uint16_t protocol;
		bool mppe;	/* it is CCP, for encryption */
		uint64_t at_ms; /* 0 = none */
	} rejected;		/* the protocol that the peer began and we do not carry */
	struct lcp lcp;
	struct auth auth;
	struct ccp ccp;
	struct ipcp ipcp;
	struct ipv6cp ipv6cp;
	struct ppp_data data;
	struct ppp_addresses addresses;
	struct ppp_account account; /* answerer: of the caller */
	struct early_frame early[EARLY_FRAMES];
};

/* ---- link.c: what layers may ask of the link ---- */

static inline uint64_t link_now(const struct ppp_link *link)
{
	return link->host.now_ms;
}

/* "the server", or "the caller" for an answerer: the peer in sentences. */
const char *link_peer(const struct ppp_link *link);
void link_send(struct ppp_link *link, uint16_t protocol, const struct writer *w);
/* The call cannot go on: notes the reason (the first one counts) and closes LCP. */
__attribute__((format(printf, 3, 4))) void link_fail(struct ppp_link *link, enum exit_status code,
						     const char *fmt, ...);
/* Cleans up to LIMIT octets of peer text into BUF; returns BUF. */
const char *link_clean(char *buf, size_t cap, struct octets text, size_t limit);
/* Tells the data path what changed, if anything did. */
void link_data_changed(struct ppp_link *link);
bool link_encrypts(const struct ppp_link *link); /* encryption is required */

/* Tells outside what happened. */
void link_emit(struct ppp_link *link, const struct ppp_event *event);
/* Keeps a frame (WHICH: EARLY_...) that comes before its layer is ready for it. */
void link_keep_early(struct ppp_link *link, int which, uint16_t protocol, const uint8_t *info,
		     size_t len);

/* ---- link.c: for those above the layers ---- */

void link_enter_phase(struct ppp_link *link, enum ppp_phase phase);
/* The set-up may last so long from now. */
void link_limit_start(struct ppp_link *link);
/* Closes LCP for CODE and TEXT (the first reason counts); with TELL the peer may read TEXT. */
void link_end(struct ppp_link *link, enum exit_status code, const char *text, bool tell);
/* What the data path is to know. */
void link_data_compute(const struct ppp_link *link, struct ppp_data *d);
/* A line for the log: VERB and what the frame says. */
void link_log_frame(struct ppp_link *link, const char *verb, uint16_t protocol, const uint8_t *info,
		    size_t len);
/* send of struct automaton_host; CTX is the link. */
void link_send_frame(void *ctx, uint16_t protocol, const uint8_t *info, size_t len);

/* ---- input.c ---- */

void link_input(struct ppp_link *link, uint16_t protocol, const uint8_t *info, size_t len);
/* Answers a frame that nobody takes, at a bounded rate. */
void link_protocol_reject(struct ppp_link *link, uint16_t protocol, const uint8_t *info,
			  size_t len);

/* ---- refusal.c ---- */

/* A control frame of a PROTOCOL that we do not carry came. */
void link_note_rejected(struct ppp_link *link, uint16_t protocol, const uint8_t *info, size_t len);
/* The end: the peer asks again and again for what FSM has refused. */
void link_stuck(struct ppp_link *link, const struct automaton *fsm);

/* ---- the layers ---- */

void lcp_init(struct ppp_link *link);
void lcp_send_echo(struct ppp_link *link);
/* Methods that may be used, given what encryption needs. */
unsigned lcp_auth_allowed(const struct ppp_link *link);
/* The strongest of a set, or 0. */
enum auth_method lcp_auth_strongest(unsigned set);

/* Hooks of the authentication option, and what to do when it is missing. */
void lcp_auth_build(void *ctx, struct writer *w);
enum option_verdict lcp_auth_request(void *ctx, const struct option *o, struct writer *nak);
void lcp_auth_nak(void *ctx, const struct option *o);
void lcp_auth_reject(void *ctx, const struct option *o);
bool lcp_auth_missing(void *ctx, struct writer *nak);
/* Does the peer want a method that the profile forbids, and no other so far? */
bool lcp_auth_is_refused(const struct ppp_link *link);
/* Ends the link: the peer wants none of the methods that may be used. */
void lcp_auth_fail(struct ppp_link *link);

void auth_start(struct ppp_link *link);
void auth_stop(struct ppp_link *link);
void auth_input(struct ppp_link *link, uint16_t protocol, const uint8_t *info, size_t len);
void auth_tick(struct ppp_link *link);
/* The answer to callbacks.account; true if a packet that waited for it was taken. */
bool auth_answer(struct ppp_link *link, const struct ppp_account *account);
/* The peer begins the network phase: it has let us in, but its word was lost. */
void auth_network_heard(struct ppp_link *link);
/* The protocol that carries a method. */
uint16_t auth_protocol(enum auth_method method);

void ccp_init(struct ppp_link *link);
void ccp_start(struct ppp_link *link);
/* The caller's proof was sent: lets CCP's request follow without waiting for the result, which
 * saves a round trip.  A peer that is not ready for it drops or rejects it: ccp_start, when the
 * result is there, begins anew then. */
void ccp_start_early(struct ppp_link *link);
/* One frame of CCP in the network phase. */
void ccp_input(struct ppp_link *link, const uint8_t *info, size_t len);
/* CCP was rejected: true if that was only said of a request that came too early. */
bool ccp_rejected_early(struct ppp_link *link);
/* When ccp_tick wants to be called. */
uint64_t ccp_deadline(const struct ppp_link *link);
void ccp_stop(struct ppp_link *link);
void ccp_tick(struct ppp_link *link);
void ccp_request_reset(struct ppp_link *link);

void ipcp_init(struct ppp_link *link);
void ipcp_reset(struct ppp_link *link);
void ipv6cp_init(struct ppp_link *link);
void ipv6cp_reset(struct ppp_link *link);

#endif
