/* SPDX-License-Identifier: MIT */
/* What PAP, CHAP and EAP share: proofs, keys, results, repetition. */
#ifndef VPDIAL_PPP_AUTH_H
#define VPDIAL_PPP_AUTH_H

#include "crypto/mschap.h"
#include "ppp/link.h"

/* One protocol in one role. */
struct auth_role {
	void (*start)(struct ppp_link *link);
	void (*input)(struct ppp_link *link, const uint8_t *info, size_t len);
	/* The last packet had no answer and is going to be repeated; NULL: just repeat it. */
	void (*timeout)(struct ppp_link *link);
};
extern const struct auth_role pap_caller, pap_answerer;
extern const struct auth_role chap_caller, chap_answerer;
extern const struct auth_role eap_caller, eap_answerer;

/* Sends a packet and keeps it, to be repeated by auth_repeat. */
void auth_send_kept(struct ppp_link *link, const struct writer *w);
void auth_repeat(struct ppp_link *link);
/* Starts the repetition timer anew: FIRST_MS until the first repetition. */
void auth_timer_start(struct ppp_link *link, uint32_t first_ms);
/* The next repetition is due after the interval. */
void auth_timer_arm(struct auth *auth, uint64_t now_ms);
void auth_timer_stop(struct ppp_link *link);

/* ---- caller ---- */

/* Values of MS-CHAP responses; the keys that come of them wait in auth.candidate. */
void auth_mschap1_respond(struct ppp_link *link, const uint8_t challenge[static 8],
			  uint8_t value[static MSCHAP_RESPONSE_LEN]);
void auth_mschap2_respond(struct ppp_link *link, const uint8_t challenge[static 16],
			  uint8_t value[static MSCHAP_RESPONSE_LEN]);
/* Whether an MS-CHAPv2 success text proves that the server knows the password; fails the link
 * when it does not. */
bool auth_mschap2_proved(struct ppp_link *link, struct octets text);
/* The server refused us, with its words if it has any. */
void auth_refused(struct ppp_link *link, struct octets message);
void auth_refused_mschap(struct ppp_link *link, const struct mschap_failure *failure);
/* What a Windows error number says of the account; NULL if it says nothing of it. */
const char *auth_refusal(uint32_t error);

/* ---- answerer ---- */

/* NO: nobody can have that name.  WAIT: the question is out; the packet in hand is to be left as if
 * it had not come, it is taken again with the answer.  DONE: link.account is NAME's. */
enum auth_found { AUTH_NO, AUTH_WAIT, AUTH_DONE };

/* The account of NAME: asks for it, unless it was asked for just now.  SHOWN is the caller's proof,
 * which somebody elsewhere may judge. */
enum auth_found auth_lookup(struct ppp_link *link, struct octets name, struct octets shown);
/* What the caller may read of it: the words of whoever judged, or OURS. */
const char *auth_words_for(const struct ppp_link *link, const char *ours);
/* The text of MS-CHAP's failure (RFC 2759 section 6) into BUF. */
const char *auth_failure_text(const struct ppp_link *link, char *buf, size_t cap);
/* The text of MS-CHAPv2's success behind the proof, into BUF; its length. */
size_t auth_success_text(const struct ppp_link *link, uint8_t *buf, size_t cap);
bool auth_check_password(struct ppp_link *link, struct octets password);
bool auth_check_md5(struct ppp_link *link, uint8_t id, struct octets value);
bool auth_check_mschap1(struct ppp_link *link, struct octets value);
bool auth_check_mschap2(struct ppp_link *link, struct octets value);
/* The caller's proof is wrong: ends the call. */
void auth_deny(struct ppp_link *link);

/* ---- both ---- */

/* The proof is accepted: the candidate becomes the keys of the session, if it is the first. */
void auth_succeeded(struct ppp_link *link);
/* Whether EAP may use its MD5 method: no weaker one than the set of allowed methods names. */
bool auth_eap_md5_allowed(const struct ppp_link *link);

#endif
