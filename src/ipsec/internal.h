/* SPDX-License-Identifier: MIT */
/* The IKE engine: what its source files share. */
#ifndef VPDIAL_IPSEC_INTERNAL_H
#define VPDIAL_IPSEC_INTERNAL_H

#include "base/clock.h"
#include "base/str.h"
#include "crypto/ike.h"
#include "ipsec/ipsec.h"
#include "wire/isakmp.h"
#include "wire/isakmp_sa.h"

/* Bounds.  A peer that knows the key may fill these, and no more. */
#define PHASES	    4
#define QUICKS	    6
#define PAIRS	    6
#define NONCE_LEN   32
#define NONCE_MAX   256
#define NONCE_MIN   8
#define SA_BODY_MAX 2048
#define SENT_MAX    2048
#define DIGEST	    20
#define ID_BODY_MAX (4 + IPSEC_ID_MAX)
#define SEEN	    16 /* message ids of Informational exchanges */

/* Times in milliseconds. */
#define OLD_GRACE_MS	 60000 /* an association or phase 1 that was replaced */
#define DELETED_GRACE_MS 5000  /* what the peer deleted may still be on its way */
#define LATE_GRACE_MS	 30000 /* beyond the life time: some peers rekey that late */
#define RETRY_MS	 10000 /* between attempts at new keys */
#define DONE_GRACE_MS	 40000 /* the last message is repeated so long */
#define DPD_IDLE_MS	 30000
#define DPD_REPEAT_MS	 5000
#define DPD_REPEATS	 5
#define HINTED_MS	 7000 /* patience once the peer seems to have said why */

enum side { INITIATOR, RESPONDER };

/* How the peer speaks of NAT traversal. */
enum dialect { NATT_NONE, NATT_DRAFT_02, NATT_DRAFT_03, NATT_RFC };

/* What may explain a failure.  Nothing of it is proved: see reasons.c. */
enum hint {
	HINT_NONE,
	HINT_ICMP,	   /* s->last_error */
	HINT_REPEATED,	   /* message 4 came again, by port 500 */
	HINT_REPEATED_NAT, /* by port 4500: message 5 had arrived */
	HINT_NOTIFY,	   /* s->last_notify, in clear */
	HINT_GARBAGE,	   /* message 5's answer does not decrypt */
	HINT_NO_NATT,
	HINTS
};

/* A message that may have to be said again. */
struct sent {
	size_t len;		   /* 0 = none */
	uint8_t tries;		   /* so often it was said */
	uint64_t first_ms, due_ms; /* due: DEADLINE_NONE = only when the peer repeats itself */
	uint8_t octets[SENT_MAX];
};

enum phase_state {
	PHASE_FREE,
	PHASE_SA_SENT,	   /* initiator: message 1 said */
	PHASE_KE_SENT,	   /* 3 */
	PHASE_ID_SENT,	   /* 5 */
	PHASE_SA_ANSWERED, /* responder: 2 */
	PHASE_KE_ANSWERED, /* 4 */
	PHASE_UP,
	PHASE_STATES
};

/* One phase 1: an ISAKMP SA. */
struct phase {
	enum phase_state state;
	enum side side; /* ours */
	enum ipsec_port port;
	uint8_t cookie[2][ISAKMP_COOKIE]; /* by side, as all that follow */
	uint8_t ke[2][IKE_DH_MAX];
	size_t ke_len[2];
	uint8_t nonce[2][NONCE_MAX];
	size_t nonce_len[2];
	uint8_t sa_body[SA_BODY_MAX]; /* the initiator's, for both hashes */
	size_t sa_len;
	struct ipsec_suite suite;
	struct ike_dh *dh;
	uint8_t shared[IKE_DH_MAX];
	size_t shared_len;
	struct ike_keys keys;
	uint8_t iv[IKE_BLOCK_MAX];
	enum dialect dialect;
	bool dpd, nat_us, nat_peer;
	bool fallback;	  /* the short list was offered */
	bool old;	  /* replaced by a newer one */
	uint32_t seconds; /* of life */
	struct sent sent;
	uint8_t taken[DIGEST]; /* of the last message taken */
	uint8_t repeats;       /* so often the peer repeated it */
	uint64_t began_ms, up_ms, rekey_ms, end_ms;
	uint32_t seen[SEEN];
	uint8_t seen_at;
};

enum quick_state {
	QUICK_FREE,
	QUICK_1_SENT, /* initiator */
	QUICK_2_SENT, /* responder */
	QUICK_DONE,   /* kept to answer repetitions */
};

/* One Quick Mode exchange. */
struct quick {
	enum quick_state state;
	enum side side;
	uint8_t phase; /* index */
	uint32_t id;
	uint8_t iv[IKE_BLOCK_MAX];
	uint8_t nonce[2][NONCE_MAX];
	size_t nonce_len[2];
	struct ike_dh *dh; /* PFS */
	uint8_t shared[IKE_DH_MAX];
	size_t shared_len;
	uint32_t spi[2]; /* inbound one of each side */
	struct ipsec_suite suite;
	uint32_t seconds;
	struct sent sent;
	uint8_t taken[DIGEST];
	uint64_t began_ms, end_ms;
};

/* Two ESP associations, one of each direction. */
struct pair {
	bool used;
	bool out; /* the outbound one is there, too */
	bool old; /* replaced */
	uint32_t spi_in, spi_out;
	struct ipsec_suite suite;
	struct esp_keys out_keys; /* to go back to, should a newer one be deleted */
	uint64_t began_ms, up_ms, rekey_ms, end_ms;
};

struct ipsec {
	struct ipsec_config config;
	struct ipsec_callbacks callbacks;
	const struct random_source *random;
	const struct log *log;
	struct log_limit noise;
	uint64_t now_ms; /* of the entry being handled */
	bool started, closed, up;
	bool heard;	      /* anything at all of the peer */
	enum ipsec_port port; /* by which a new phase 1 begins */
	uint64_t setup_ms, silence_ms;
	struct phase phases[PHASES];
	struct quick quicks[QUICKS];
	struct pair pairs[PAIRS];
	uint8_t sending; /* index of the pair that sends */
	enum hint hint;
	int last_error;
	uint16_t last_notify;
	uint8_t soft_errors;
	uint8_t probe[ISAKMP_COOKIE]; /* of main_probe; zeros = none was sent */
	bool nat_open;		      /* it was answered */
	bool use_fallback;	      /* the next Main Mode offers the short list */
	bool want_quick;
	uint8_t pfs_try; /* which of the groups of settings.esp, 0 = the first one's */
	uint16_t inner_port, peer_inner_port; /* peer's 0 = not told */
	uint64_t retry_ms;		      /* not before that time new keys again */
	bool expired;	   /* an association's time was over before there was a new one */
	uint64_t heard_ms; /* ESP, or an answer to DPD */
	uint64_t dpd_ms;   /* when to look whether the peer was heard */
	uint8_t dpd_asked;
	uint32_t dpd_sequence;
	struct ipsec_status status;
	struct reason reason;
	enum reason_weight weight;
	uint8_t clear[ISAKMP_MESSAGE_MAX]; /* a message being read */
};

/* "server" for a caller, "client" for an answerer. */
static inline const char *peer_word(const struct ipsec *s)
{
	return s->config.role == ROLE_CALLER ? "server" : "client";
}

static inline enum side other(enum side side)
{
	return side == INITIATOR ? RESPONDER : INITIATOR;
}

/* emit.c: events */
void emit_progress(struct ipsec *s, const char *text);
void emit_ike_key(struct ipsec *s, const struct ipsec_ike_key *key);
void emit_keys(struct ipsec *s, enum ipsec_event_kind kind, const struct esp_keys *keys);
void emit_up(struct ipsec *s);
void emit_forget(struct ipsec *s, uint32_t spi);
/* The last event, with s->reason and s->weight. */
void emit_closed(struct ipsec *s);

/* message.c: writing, sealing, opening, repeating */

/* The header of the next message of P: EXCHANGE with message id ID. */
void message_begin(const struct phase *p, struct isakmp_writer *m, struct sent *sent,
		   uint8_t exchange, uint32_t id);
/* Ends M, encrypts it (IV not NULL) and says it; it is said again by itself if AGAIN.  False if it
 * did not fit. */
bool message_send(struct ipsec *s, const struct phase *p, struct isakmp_writer *m,
		  struct sent *sent, uint8_t *iv, bool again);
/* Says it once more as it is. */
void message_repeat(struct ipsec *s, const struct phase *p, struct sent *sent);
/* Its time came: says it again, or false if that was done often enough. */
bool message_due(struct ipsec *s, const struct phase *p, struct sent *sent);
void message_forget(struct sent *sent);
/* The payloads of a message; those of an encrypted one in s->clear, IV then that of the next
 * message. */
bool message_open(struct ipsec *s, const struct phase *p, uint8_t *iv,
		  const struct isakmp_header *h, const uint8_t *octets, struct isakmp_chain *chain);
void message_digest(uint8_t out[static DIGEST], const uint8_t *octets, size_t len);
/* The IV of a message after phase 1 (RFC 2409 appendix B). */
void message_iv(const struct phase *p, uint32_t id, uint8_t iv[static IKE_BLOCK_MAX]);
/* What the HASH payload of such a message must hold: prf(SKEYID_a, [0 |] M-ID | PARTS). */
void message_hash(const struct phase *p, uint8_t out[static IKE_HASH_MAX], bool zero, uint32_t id,
		  const struct crypto_part *parts, size_t count);
/* Is CHAIN's first payload a HASH, and right?  PART (may have no octets) stands before the rest. */
bool message_hash_is_right(const struct phase *p, const struct isakmp_chain *chain, uint32_t id,
			   struct crypto_part part);
/* Fills in the HASH at HASH over PART and what follows it up to the end of M. */
void message_hash_fill(const struct phase *p, struct isakmp_writer *m, uint8_t *hash, uint32_t id,
		       struct crypto_part part);
/* One line at the level of debugging. */
void message_log(const struct ipsec *s, char direction, const struct isakmp_header *h,
		 const struct isakmp_chain *chain);

/* identity.c: bodies of ID, NAT-D and NAT-OA payloads */

/* Ours of phase 1, its length. */
size_t identity_own(const struct ipsec *s, uint8_t out[static ID_BODY_MAX]);
/* Is the peer's ID body the one that the profile names, if it names one? */
bool identity_is_wanted(const struct ipsec *s, const struct isakmp_payload *id);
/* As text for sentences, cleaned. */
void identity_text(const struct isakmp_payload *id, char *buf, size_t cap);
/* Quick Mode's: the address of ours or the peer, UDP, PORT. */
size_t identity_selector(const struct ipsec *s, bool ours, uint16_t port,
			 uint8_t out[static ID_BODY_MAX]);
/* May the peer's selector stand?  UDP or any, and PORT or any. */
bool identity_selects(const struct isakmp_payload *id, uint16_t port);
/* NAT-OA: the same without protocol and port. */
size_t identity_original(const struct ipsec *s, bool ours, uint8_t out[static ID_BODY_MAX]);
void identity_add_nat_d(struct ipsec *s, const struct phase *p, struct isakmp_writer *m);
/* Finds out from the peer's NAT-D payloads who is behind a NAT. */
void identity_detect_nat(const struct ipsec *s, struct phase *p, const struct isakmp_chain *chain);

/* phase.c */
struct phase *phase_new(struct ipsec *s, enum side side);
void phase_clear(struct phase *p);
/* The one a message belongs to, or NULL. */
struct phase *phase_find(struct ipsec *s, const struct isakmp_header *h);
/* The newest that is up, or NULL. */
struct phase *phase_current(struct ipsec *s);
/* One of ours that is being set up, or NULL. */
struct phase *phase_pending(struct ipsec *s);
/* It is up: times of life, and older ones end before long. */
void phase_is_up(struct ipsec *s, struct phase *p);
/* Was that message id seen, of an exchange that the peer began?  Notes it. */
bool phase_seen(struct phase *p, uint32_t id);
void quick_clear(struct quick *q);
/* Ours that waits for an answer, or NULL. */
struct quick *quick_pending(struct ipsec *s);

/* main_mode.c */
void main_start(struct ipsec *s);
void main_input(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
		const uint8_t *octets, enum ipsec_port port);
/* P's message 5, the first by port 4500, stays without an answer.  Is the port blocked, or the key
 * wrong and the server silent?  A message 1 by that port needs no key and finds out. */
void main_probe(struct ipsec *s, const struct phase *p);
/* Is H an answer to it?  It serves the sentence of the end, and nothing else. */
bool main_probe_is_answered(const struct ipsec *s, const struct isakmp_header *h);
/* A message 1 that begins something new. */
void main_answer(struct ipsec *s, const struct isakmp_header *h, const uint8_t *octets,
		 enum ipsec_port port);

enum main_verdict {
	MAIN_MALFORMED,
	MAIN_NO_PROPOSAL, /* or one that is too long */
	MAIN_NO_NATT,
	MAIN_TAKEN,
};
/* A message 1 with these payloads: what of it is WANTED goes to A, but for cookies and port, with
 * the transform *CHOSEN in *SA. */
enum main_verdict main_judge(const struct ipsec_suites *wanted, const struct isakmp_chain *chain,
			     struct adopted_phase *a, struct isakmp_sa *sa,
			     const struct isakmp_transform **chosen);
/* The payloads of message 2. */
void main_write_choice(const struct adopted_phase *a, const struct isakmp_transform *t,
		       struct isakmp_writer *m);
/* NO-PROPOSAL-CHOSEN in clear, an answer to H; its length. */
size_t main_write_refusal(const struct random_source *random, const struct isakmp_header *h,
			  uint8_t *octets, size_t cap);

/* quick.c */
void quick_start(struct ipsec *s, struct phase *p);
void quick_input(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
		 const uint8_t *octets);
/* The peer refused Q by a notification that was authenticated. */
void quick_refused(struct ipsec *s, struct quick *q, uint16_t notify);

/* inform.c */
void inform_input(struct ipsec *s, struct phase *p, const struct isakmp_header *h,
		  const uint8_t *octets);

/* inform_send.c */
void inform_delete_pair(struct ipsec *s, const struct pair *pair);
void inform_delete_phase(struct ipsec *s, struct phase *p);
/* Notify of TYPE in the protocol, about SPI (0 = none). */
void inform_notify(struct ipsec *s, struct phase *p, uint8_t protocol, uint32_t spi, uint16_t type);
/* R-U-THERE or its answer, with a number of four octets. */
void inform_there(struct ipsec *s, struct phase *p, uint16_t type, const uint8_t *number);
/* A new R-U-THERE. */
void inform_ask(struct ipsec *s, struct phase *p);

/* pair.c */
/* The inbound one is there. */
struct pair *pair_receive(struct ipsec *s, const struct phase *p, const struct quick *q);
/* The outbound one, too. */
void pair_send(struct ipsec *s, const struct phase *p, const struct quick *q);
void pair_end(struct ipsec *s, struct pair *pair);
/* The peer's inbound association SPI ends. */
void pair_deleted(struct ipsec *s, uint32_t spi);
/* Is one there that sends? */
struct pair *pair_sending(struct ipsec *s);

/* end.c */
/* The end with that reason (unless one is set): says Delete where there is something to delete. */
__attribute__((format(printf, 4, 5))) void
end_with(struct ipsec *s, enum exit_status code, enum reason_weight weight, const char *fmt, ...);
/* The end, P having failed to come up or (NULL) Quick Mode: by what hints there are. */
void end_phase_failed(struct ipsec *s, const struct phase *p);
void end_quick_failed(struct ipsec *s, uint16_t notify);
/* Takes a hint, if it tells more than the one there is. */
void hint_take(struct ipsec *s, enum hint hint);
const char *notify_text(uint16_t type);

#endif
