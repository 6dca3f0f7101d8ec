/* SPDX-License-Identifier: MIT */
/* PPP for one call, sans I/O: frames and the time go in; frames, deadlines and events come out.
 *
 * The room knows no socket, clock or tunnel.  Control frames (LCP, authentication, NCPs, CCP) are
 * handed in without Address, Control and Protocol fields; data frames (0021, 0057, 00fd, ...)
 * never come here: the data path keeps them and obeys struct ppp_data instead.
 *
 * The same code plays both roles: the caller proves itself to the peer, the answerer asks for
 * that proof.  Callbacks are called from within the functions below; they may send and note, but
 * must not call back into the link; only account may answer at once. */
#ifndef VPDIAL_PPP_PPP_H
#define VPDIAL_PPP_PPP_H

#include "base/log.h"
#include "base/random.h"
#include "base/reason.h"
#include "base/secret.h"
#include "vocabulary/authentication.h"
#include "vocabulary/mppe.h"
#include "vocabulary/proof.h"
#include "vocabulary/role.h"
#include "vocabulary/settings.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest packet that we ever ask for (RFC 1661 section 6.1 names no limit). */
#define PPP_MRU_MAX 9000

#define PPP_NAME_MAX 256

/* What an answerer needs to know of the account that logs on. */
struct ppp_account {
	bool known;
	struct auth_judged judged; /* VERDICT_CHECK: the password counts */
	struct secret password;
	struct in_addr local, remote; /* our end, and the address to give; zero = from ppp_config */
	struct in_addr dns[2];	      /* to give; zero = from ppp_config */
	bool mppe_set;		      /* the account has an encryption policy of its own */
	struct mppe_settings mppe;
};

struct ppp_config {
	enum call_role role;
	char user[PPP_NAME_MAX];      /* caller: as typed, DOMAIN\user or user@realm included */
	struct secret password;	      /* caller */
	char host_name[PPP_NAME_MAX]; /* answerer: the name in its challenges */
	struct ppp_settings settings;
	bool ask_dns, ask_wins;		/* IPCP options 129, 131 and 130, 132 */
	bool ipv4;			/* open IPCP */
	bool late_ccp;			/* caller: no request for CCP before the result is there */
	struct in_addr dns[2], wins[2]; /* answerer: to give */
	struct in_addr outer_peer; /* never accepted as our own inner address; zero = unknown */
	uint32_t restart_ms; /* first restart timer, e.g. 400; grows by half up to restart_max_ms */
	uint32_t restart_max_ms; /* e.g. 3000 (RFC 1661 suggests 3 s) */
	uint32_t phase_limit_ms; /* longest time to open, from lower-layer up to network up: 60 s */
	uint32_t keepalive_ms;	 /* after this quiet time LCP Echo-Requests each second; as long
				  * again without an answer means the peer is dead; 0 = off */
};

/* The phases of the link, RFC 1661 section 3.2. */
enum ppp_phase {
	PPP_PHASE_DEAD,
	PPP_PHASE_ESTABLISH,
	PPP_PHASE_AUTHENTICATE,
	PPP_PHASE_NETWORK,
	PPP_PHASE_TERMINATE,
};
const char *ppp_phase_name(enum ppp_phase phase);

/* One direction of the data path's MPPE. */
struct ppp_mppe_key {
	uint8_t bits; /* 0 (off), 40, 56 or 128 */
	bool stateful;
	uint8_t start[16];   /* start key (8 octets for 40 and 56), RFC 3079 */
	uint32_t generation; /* grows each time the direction starts anew: count 0, session key 0 */
};

/* Everything the data path must know; delivered whole each time anything in it changes. */
struct ppp_data {
	bool ipv4, ipv6;	    /* the NCP is open: such packets may pass */
	bool tx_blocked;	    /* hold or drop outgoing packets: nothing may leave yet */
	bool rx_clear;		    /* packets in clear may come in */
	struct ppp_mppe_key tx, rx; /* rx is set as soon as the peer may use it, tx only when both
				     * directions are agreed; tx.bits 0 and !tx_blocked = clear */
	bool tx_pfc, tx_acfc;	    /* the peer takes compressed fields in data frames */
	uint16_t peer_mru;	    /* never send a larger information field; 1500 if not named */
	uint16_t own_mru;
	/* Multilink: the largest packet that the peer, and we, put together; 0 = it is not in use
	 * in that direction. */
	uint16_t peer_mrru, own_mrru;
	bool tx_short_sequence, rx_short_sequence; /* numbers of 12 bits */
	uint32_t mp_generation;			   /* grows when the peer may number anew */
};

struct ppp_addresses {
	struct in_addr local, remote;
	struct in_addr dns[2], wins[2];	       /* zero = none */
	uint8_t local_ifid[8], remote_ifid[8]; /* zero = IPv6 not open */
};

enum ppp_event_kind {
	PPP_EVENT_PHASE,	 /* .phase */
	PPP_EVENT_AUTHENTICATED, /* .method: proofs given and, where the method has it, checked */
	PPP_EVENT_DATA,		 /* .data */
	PPP_EVENT_NETWORK,	 /* .addresses: IPCP (and IPV6CP) opened, closed or changed */
	PPP_EVENT_RESET_PEER,	 /* CCP Reset-Request received: flush the sending direction */
	PPP_EVENT_ECHO,		 /* .echo_rtt_ms */
	PPP_EVENT_PROOF,	 /* an Echo-Reply showed the peer's magic number: it is the peer */
	PPP_EVENT_CLOSED,	 /* .reason: the link is down for good; nothing follows */
};

struct ppp_event {
	enum ppp_event_kind kind;
	union {
		enum ppp_phase phase;
		enum auth_method method;
		const struct ppp_data *data;
		const struct ppp_addresses *addresses;
		uint32_t echo_rtt_ms;
		const struct reason *reason;
	};
};

struct ppp_callbacks {
	/* Sends one control frame: INFO is the information field, from the code octet on. */
	void (*send)(void *ctx, uint16_t protocol, const uint8_t *info, size_t len);
	void (*event)(void *ctx, const struct ppp_event *event);
	/* Answerer only: asks for the account of USER (LEN octets, hostile), one at a time;
	 * ppp_account_answer answers, now or later.  May be NULL for callers. */
	void (*account)(void *ctx, const uint8_t *user, size_t len);
	void *ctx;
};

struct ppp_link;

/* A link in phase Dead, or NULL when out of memory.  CONFIG is copied; LOG and RANDOM must
 * outlive the link.  The copy of the password is wiped by ppp_free. */
struct ppp_link *ppp_new(const struct ppp_config *config, const struct ppp_callbacks *callbacks,
			 const struct random_source *random, const struct log *log);
void ppp_free(struct ppp_link *link);

/* The tunnel carries frames from now on: LCP starts at once. */
void ppp_up(struct ppp_link *link, uint64_t now_ms);
/* The tunnel is gone: no farewell possible. */
void ppp_down(struct ppp_link *link, uint64_t now_ms);
/* Ends the call in order: Terminate-Request, in which an answerer says REASON to a caller that has
 * passed authentication, then PPP_EVENT_CLOSED with REASON. */
void ppp_close(struct ppp_link *link, const struct reason *reason, uint64_t now_ms);

/* One control frame received, from the code octet on.  Any octets may come. */
void ppp_input(struct ppp_link *link, uint16_t protocol, const uint8_t *info, size_t len,
	       uint64_t now_ms);
/* What the caller shows, for the user that callbacks.account asks for: to be called from within it.
 * The caller wipes *PROOF, which may hold a password. */
void ppp_proof(const struct ppp_link *link, struct auth_proof *proof);
/* What is known of the user that callbacks.account asked for last; ACCOUNT is copied.  May be
 * called from within that callback.  Does nothing when no answer is awaited any more. */
void ppp_account_answer(struct ppp_link *link, const struct ppp_account *account, uint64_t now_ms);
/* The data path got a data frame of a protocol that is not negotiated (or garbage): answers with
 * a Protocol-Reject where RFC 1661 wants one, at a bounded rate. */
void ppp_unknown_protocol(struct ppp_link *link, uint16_t protocol, const uint8_t *info, size_t len,
			  uint64_t now_ms);
/* Valid traffic was received at HEARD_MS: postpones the keep-alive. */
void ppp_heard(struct ppp_link *link, uint64_t heard_ms);
/* The data path lost MPPE synchronisation (stateful): send a CCP Reset-Request. */
void ppp_request_reset(struct ppp_link *link, uint64_t now_ms);

/* Sends an Echo-Request now, if LCP is open; PPP_EVENT_PROOF follows if the peer is there. */
void ppp_probe(struct ppp_link *link, uint64_t now_ms);

/* When ppp_tick wants to be called next, or DEADLINE_NONE. */
uint64_t ppp_deadline(const struct ppp_link *link);
void ppp_tick(struct ppp_link *link, uint64_t now_ms);

/* The peer is heard, but has answered none of several requests, and nothing else tells why it does
 * not go on: it does not seem to hear us. */
bool ppp_is_unheard(const struct ppp_link *link);

/* Why the link ends, known before PPP_EVENT_CLOSED when the peer said so; no text if unknown. */
const struct reason *ppp_reason(const struct ppp_link *link);

/* What the peer was told, or is to be told, of why we end the call; NULL = nothing. */
const char *ppp_farewell(const struct ppp_link *link);

/* " after we refused ...": what the peer asked for last and did not get, with the profile's key
 * that changes it; to be put behind a sentence that says that the peer hung up.  "" where nothing
 * was refused lately.  Into BUF (PPP_REFUSAL_MAX octets do), which is returned. */
#define PPP_REFUSAL_MAX 128
const char *ppp_refusal(const struct ppp_link *link, char *buf, size_t cap);

/* Counters for "which layer is stuck": requests sent and received of LCP, auth and NCPs. */
struct ppp_counters {
	uint32_t rx_frames, tx_frames;
	uint32_t lcp_rx, auth_rx, ccp_rx, ipcp_rx;
	uint32_t malformed;  /* dropped: bad length, bad option list, wrong id */
	uint32_t unexpected; /* dropped: not allowed in this phase or state */
	uint32_t protocol_rejects_rx, resets_tx, resets_rx;
	/* of those, for protocols that we never send: the peer decrypts us to nonsense */
	uint32_t nonsense_rejects_rx;
};
const struct ppp_counters *ppp_counters(const struct ppp_link *link);

#endif
