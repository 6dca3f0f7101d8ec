/* SPDX-License-Identifier: MIT */
/* CCP (RFC 1962) with the one option that we take: MPPE (RFC 3078), keys by RFC 3079. */
#include "crypto/mppe_key.h"
#include "ppp/mppe_option.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS_MAX	  5
#define GIVE_UP_MS	  5000	/* when encryption is only wished for */
#define GIVE_UP_AGAIN_MS  1000	/* then it is looked at again */
#define COME_BACK_MS	  10000 /* when it is required and was up */
#define RESET_INTERVAL_MS 1000
#define EARLY_WAIT_MS	  150 /* the answer to an early request comes with the result */

static struct ccp *ccp_of(void *ctx)
{
	return &((struct ppp_link *)ctx)->ccp;
}

/* What the peer wants of MPPE is refused, for now or for good. */
static void note_refused(struct ppp_link *link, uint32_t v)
{
	link->ccp.heard = v;
	link->ccp.refused_ms = link_now(link);
}

/* ---- outcomes ---- */

static void settle(struct ppp_link *link)
{
	link->ccp.settled = true;
	link->ccp.give_up_ms = DEADLINE_NONE;
	link_data_changed(link);
	link->up->ccp_settled(link);
}

/* There will be no encryption; WHY is part of a sentence about the peer. */
__attribute__((format(printf, 2, 3))) static void no_encryption(struct ppp_link *link,
								const char *fmt, ...)
{
	struct ccp *ccp = &link->ccp;
	char why[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	ccp->ask = false;
	if (ccp->failed)
		return;
	ccp->failed = true;
	if (link_encrypts(link))
		link_fail(link, EXIT_NEGOTIATION_FAILED, "encryption is required, but %s %s",
			  link_peer(link), why);
	else
		log_notice(link->log, "no encryption: %s %s", link_peer(link), why);
}

/* ---- option 18 ---- */

static void mppe_build(void *ctx, struct writer *w)
{
	if (ccp_of(ctx)->ask)
		option_write_u32(w, CCP_OPTION_MPPE, ccp_of(ctx)->offer);
}

static enum option_verdict mppe_request(void *ctx, const struct option *o, struct writer *nak)
{
	struct ppp_link *link = ctx;
	struct ccp *ccp = &link->ccp;
	uint32_t v = option_u32(o), want = mppe_wanted_for(link, v);
	bool nothing = (v & ~MPPE_OPTION_STATELESS) == 0;
	char why[120];

	if (v == want || (nothing && !link_encrypts(link))) {
		ccp->staged = v;
		return OPTION_ACK;
	}
	note_refused(link, v);
	if (ccp->naks_sent++ < ROUNDS_MAX) {
		option_write_u32(nak, CCP_OPTION_MPPE, want);
		return OPTION_NAK_FIRM;
	}
	if (nothing)
		no_encryption(link, "offers none (its MPPE request names no strength)");
	else
		no_encryption(link, "%s", mppe_mismatch(link, v, why, sizeof(why)));
	return OPTION_REJECT;
}

static void mppe_nak(void *ctx, const struct option *o)
{
	struct ppp_link *link = ctx;
	struct ccp *ccp = &link->ccp;
	uint32_t v = option_u32(o), common = v & mppe_allowed(link);
	uint32_t stateless = v & MPPE_OPTION_STATELESS;
	char why[120];

	if (!ccp->ask)
		return;
	if (common == 0 || ++ccp->naks_followed > ROUNDS_MAX) {
		note_refused(link, v);
		no_encryption(link, "%s", mppe_mismatch(link, v, why, sizeof(why)));
		return;
	}
	if (mppe_forbids_mode(link, v)) {
		note_refused(link, v);
		stateless = MPPE_OPTION_STATELESS;
	}
	ccp->offer = mppe_strongest(common) | stateless;
}

/* It rejects stateless MPPE, but has asked for stateful itself: that is asked for once. */
static bool follow_to_stateful(struct ppp_link *link)
{
	struct ccp *ccp = &link->ccp;
	uint32_t common = ccp->heard & mppe_allowed(link);

	if (link->config.settings.mppe.mode != MPPE_ANY || common == 0 ||
	    (ccp->heard & MPPE_OPTION_STATELESS) || !(ccp->offer & MPPE_OPTION_STATELESS))
		return false;
	ccp->offer = mppe_strongest(common);
	return true;
}

static void mppe_reject(void *ctx, const struct option *o)
{
	struct ppp_link *link = ctx;
	uint32_t v = link->ccp.heard;
	char why[120];

	(void)o;
	if (follow_to_stateful(link))
		return;
	if ((v & MPPE_OPTION_STRENGTHS) &&
	    (!(v & mppe_allowed(link)) || mppe_forbids_mode(link, v)))
		no_encryption(link, "%s", mppe_mismatch(link, v, why, sizeof(why)));
	else
		no_encryption(link, "offers no MPPE (it rejected it)");
}

static const struct option_rule rules[] = {
	{CCP_OPTION_MPPE, mppe_build, mppe_request, mppe_nak, mppe_reject, NULL},
};

/* ---- keys ---- */

/* Of what a RADIUS server gave: for MS-CHAPv2 start keys, for v1 what they are made of. */
static void start_key_made(uint8_t start[static 16], unsigned bits, const struct auth_keys *k,
			   bool sending)
{
	if (k->method == METHOD_MSCHAP1) {
		mppe_start_key_v1_hashed(start, bits, k->lm_hash, k->nt_hash_hash, k->challenge);
		return;
	}
	memset(start, 0, 16);
	memcpy(start, sending ? k->send : k->receive, bits == 128 ? 16 : 8);
}

static void start_key(const struct ppp_link *link, struct ppp_mppe_key *key, uint32_t option,
		      bool sending)
{
	const struct auth_keys *k = &link->auth.keys;
	/* RFC 3079 names directions by who was authenticated. */
	bool caller_send = sending == (link->config.role == ROLE_CALLER);

	key->generation++;
	key->bits = mppe_bits_of(option);
	key->stateful = !(option & MPPE_OPTION_STATELESS);
	if (k->made)
		start_key_made(key->start, key->bits, k, sending);
	else if (k->method == METHOD_MSCHAP1)
		mppe_start_key_v1(key->start, key->bits, k->lm_hash, k->nt_hash, k->challenge);
	else
		mppe_start_key_v2(key->start, key->bits, caller_send, k->nt_hash, k->nt_response);
}

static void no_key(struct ppp_mppe_key *key)
{
	wipe(key->start, sizeof(key->start));
	key->bits = 0;
	key->stateful = false;
}

/* ---- hooks of the automaton ---- */

static void judge(void *ctx)
{
	ccp_of(ctx)->staged = 0;
}

/* A request without the option, where encryption is required: ask for it. */
static bool missing(void *ctx, struct writer *nak)
{
	struct ppp_link *link = ctx;
	struct ccp *ccp = &link->ccp;

	if (!link_encrypts(link) || ccp->staged || writer_len(nak) > 0)
		return false;
	if (ccp->naks_sent++ >= ROUNDS_MAX) {
		no_encryption(link, "does not ask for any");
		return false;
	}
	option_write_u32(nak, CCP_OPTION_MPPE, ccp->ask ? ccp->offer : mppe_wanted_for(link, 0));
	return true;
}

static void accepted(void *ctx)
{
	ccp_of(ctx)->agreed = ccp_of(ctx)->staged;
	if (ccp_of(ctx)->agreed & MPPE_OPTION_STRENGTHS)
		ccp_of(ctx)->refused_ms = 0;
}

/* The peer may encrypt as soon as it has our request, so the decoder must be ready before. */
static void requesting(void *ctx, bool anew)
{
	struct ppp_link *link = ctx;
	struct ccp *ccp = &link->ccp;

	if (!anew)
		return;
	if (ccp->ask)
		start_key(link, &ccp->rx, ccp->offer, false);
	else
		no_key(&ccp->rx);
	link_data_changed(link);
}

static void up(void *ctx)
{
	struct ppp_link *link = ctx;
	struct ccp *ccp = &link->ccp;

	ccp->naks_sent = ccp->naks_followed = 0;
	if (ccp->agreed & MPPE_OPTION_STRENGTHS)
		start_key(link, &ccp->tx, ccp->agreed, true);
	else
		no_key(&ccp->tx);
	if (link_encrypts(link) && ccp->tx.bits == 0) {
		no_encryption(link, "does not ask for any, though it agreed to ours");
		return;
	}
	if (link_encrypts(link) && ccp->rx.bits == 0) {
		no_encryption(link, "offers no MPPE");
		return;
	}
	ccp->was_encrypted = ccp->tx.bits || ccp->rx.bits;
	ccp->failed = false;
	settle(link);
}

static void down(void *ctx)
{
	struct ppp_link *link = ctx;
	struct ccp *ccp = &link->ccp;

	no_key(&ccp->tx);
	no_key(&ccp->rx);
	ccp->settled = false;
	ccp->give_up_ms = link_now(link) + (link_encrypts(link) ? COME_BACK_MS : GIVE_UP_MS);
	link_data_changed(link);
}

static void without(struct ppp_link *link)
{
	struct ccp *ccp = &link->ccp;

	no_key(&ccp->tx);
	no_key(&ccp->rx);
	if (!ccp->settled && !link->ending && !link_encrypts(link)) {
		if (ccp->was_encrypted)
			log_warn(link->log, "%s ended encryption: data goes in clear from now on",
				 link_peer(link));
		ccp->was_encrypted = false;
		settle(link);
	}
}

static void finished(void *ctx, enum automaton_event why)
{
	struct ppp_link *link = ctx;

	if (why == AUTOMATON_REJECT_FATAL)
		no_encryption(link, "offers no MPPE (it rejected CCP)");
	else if (why == AUTOMATON_EXHAUSTED)
		no_encryption(link, "offers no MPPE (it does not answer CCP)");
	else
		no_encryption(link, "offers no MPPE (CCP was closed)");
	without(link);
}

static void terminated(void *ctx, const struct control_packet *p)
{
	struct ppp_link *link = ctx;
	char text[100], quoted[110], refusal[PPP_REFUSAL_MAX];
	struct str s = str_make(quoted, sizeof(quoted));

	if (p->len > 0)
		str_printf(&s, ": \"%s\"",
			   link_clean(text, sizeof(text), (struct octets){p->data, p->len}, 60));
	no_encryption(link, "%s%s%s", link->ccp.was_encrypted ? "switched it off" : "ended CCP",
		      ppp_refusal(link, refusal, sizeof(refusal)), quoted);
	if (!automaton_opened(&link->ccp.fsm))
		automaton_raise(&link->ccp.fsm, AUTOMATON_CLOSE);
	without(link);
}

static void exchange(void *ctx, const struct control_packet *p)
{
	struct ppp_link *link = ctx;

	if (p->code != CONTROL_RESET_REQUEST)
		return; /* a Reset-Ack says nothing that the data does not */
	link->counters.resets_rx++;
	/* The flush comes first, so that the Ack is not followed by old data. */
	link_emit(link, &(struct ppp_event){.kind = PPP_EVENT_RESET_PEER});
	automaton_send(&link->ccp.fsm, CONTROL_RESET_ACK, p->id, NULL, 0);
}

static const struct automaton_driver driver = {
	.protocol = FRAME_CCP,
	.name = "CCP",
	.rules = rules,
	.rule_count = sizeof(rules) / sizeof(rules[0]),
	.own_codes = 1u << CONTROL_RESET_REQUEST | 1u << CONTROL_RESET_ACK,
	.judge = judge,
	.missing = missing,
	.accepted = accepted,
	.requesting = requesting,
	.exchange = exchange,
	.terminated = terminated,
	.up = up,
	.down = down,
	.finished = finished,
};

void ccp_init(struct ppp_link *link)
{
	memset(&link->ccp, 0, sizeof(link->ccp));
	automaton_init(&link->ccp.fsm, &driver, link, &link->host);
	link->ccp.give_up_ms = DEADLINE_NONE;
}

/* Everything that is allowed: the peer brings it down to one strength by a Nak (RFC 3078 section
 * 2.1).  With one strength alone, the rule, that costs no round trip. */
static uint32_t first_offer(const struct ppp_link *link)
{
	uint32_t offer = mppe_allowed(link);

	return link->config.settings.mppe.mode == MPPE_STATEFUL ? offer
								: offer | MPPE_OPTION_STATELESS;
}

/* Policy and keys are there: what an automaton of its own needs. */
static void begin(struct ppp_link *link)
{
	struct ccp *ccp = &link->ccp;

	ccp->settled = ccp->failed = ccp->was_encrypted = false;
	ccp->naks_sent = ccp->naks_followed = 0;
	ccp->agreed = ccp->heard = 0;
	ccp->refused_ms = 0;
	ccp->ask = ccp->wanted = true;
	ccp->offer = first_offer(link);
	automaton_raise(&ccp->fsm, AUTOMATON_OPEN);
	automaton_raise(&ccp->fsm, AUTOMATON_UP);
}

static bool is_possible(const struct ppp_link *link)
{
	return link->config.settings.mppe.policy != MPPE_NO && link->auth.keys.method != 0 &&
	       mppe_allowed(link) != 0;
}

void ccp_start_early(struct ppp_link *link)
{
	struct ccp *ccp = &link->ccp;

	if (ccp->wanted || link->config.role != ROLE_CALLER || link->config.late_ccp)
		return;
	link->auth.keys = link->auth.candidate;
	ccp->early_over = false;
	if (!is_possible(link))
		return;
	begin(link);
	ccp->early = true;
}

bool ccp_rejected_early(struct ppp_link *link)
{
	struct ccp *ccp = &link->ccp;

	if (!ccp->early)
		return false;
	ccp->early_over = true;
	return true;
}

/* The result is there.  True if the early request stands: its answer comes right behind. */
static bool continue_early(struct ppp_link *link)
{
	struct ccp *ccp = &link->ccp;
	bool stands = ccp->early && !ccp->early_over;

	ccp->early = ccp->early_over = false;
	if (!stands && ccp->wanted)
		ccp_stop(link);
	if (stands)
		ccp->fsm.deadline_ms = link_now(link) + EARLY_WAIT_MS;
	return stands;
}

/* A Configure-Request for MPPE alone names *V. */
static bool asks_for_mppe(const uint8_t *info, size_t len, uint32_t *v)
{
	struct cursor c = cursor_make(info, len);
	bool request = cursor_u8(&c) == CONTROL_CONFIGURE_REQUEST;

	cursor_skip(&c, 3);
	request = request && cursor_u16(&c) == (CCP_OPTION_MPPE << 8 | 6);
	*v = cursor_u32(&c);
	return request && !c.failed;
}

/* Our request, repeated as often as its Ack is lost, must never meet a peer in Opened: pppd hangs
 * up then.  So the caller acks a request of the peer's only when its own was answered.  One that
 * will not be acked is told so at once. */
static bool must_wait(struct ppp_link *link, const uint8_t *info, size_t len)
{
	struct ccp *ccp = &link->ccp;
	uint32_t v;

	if (!asks_for_mppe(info, len, &v))
		return false;
	ccp->heard = v;
	return link->config.role == ROLE_CALLER && ccp->ask &&
	       ccp->fsm.state == AUTOMATON_REQ_SENT && v == mppe_wanted_for(link, v);
}

void ccp_input(struct ppp_link *link, const uint8_t *info, size_t len)
{
	struct early_frame *waiting = &link->early[EARLY_CCP];

	if (must_wait(link, info, len)) {
		link_keep_early(link, EARLY_CCP, FRAME_CCP, info, len);
		/* Not in Opened, since its request has no Ack: ours may come to it again. */
		if (!link->ccp.early)
			automaton_hurry(&link->ccp.fsm);
		return;
	}
	automaton_input(&link->ccp.fsm, info, len);
	if (waiting->len > 0 && !must_wait(link, waiting->info, waiting->len)) {
		automaton_input(&link->ccp.fsm, waiting->info, waiting->len);
		waiting->len = 0;
	}
}

void ccp_start(struct ppp_link *link)
{
	struct ccp *ccp = &link->ccp;

	if (!continue_early(link)) {
		if (!is_possible(link)) {
			ccp->wanted = ccp->failed = false;
			if (link_encrypts(link))
				link_fail(
					link, EXIT_NEGOTIATION_FAILED,
					"encryption is required, but authentication with %s gives "
					"no keys",
					word_of(auth_words, link->auth.method));
			else
				settle(link);
			return;
		}
		begin(link);
	}
	if (!link_encrypts(link))
		ccp->give_up_ms = link_now(link) + GIVE_UP_MS;
}

void ccp_stop(struct ppp_link *link)
{
	struct ccp *ccp = &link->ccp;

	if (ccp->wanted)
		automaton_raise(&ccp->fsm, AUTOMATON_DOWN);
	no_key(&ccp->tx);
	no_key(&ccp->rx);
	ccp->settled = ccp->wanted = ccp->early = false;
	ccp->give_up_ms = DEADLINE_NONE;
}

/* Encryption is only wished for, and time has passed.  A peer that has agreed to one direction is
 * willing, and one of which nothing is heard may still be busy with authentication: for them the
 * automaton's own tries decide.  One that went on to the addresses, or says that CCP is closed,
 * will not come. */
static bool worth_giving_up(const struct ppp_link *link)
{
	const struct automaton *fsm = &link->ccp.fsm;

	if (fsm->refused)
		return true;
	return fsm->state == AUTOMATON_REQ_SENT &&
	       (link->early[EARLY_IPCP].len > 0 || link->early[EARLY_IPV6CP].len > 0);
}

uint64_t ccp_deadline(const struct ppp_link *link)
{
	const struct ccp *ccp = &link->ccp;

	/* Before the result is known there is no use in repeating the request. */
	return ccp->early ? DEADLINE_NONE : deadline_min(ccp->fsm.deadline_ms, ccp->give_up_ms);
}

void ccp_tick(struct ppp_link *link)
{
	struct ccp *ccp = &link->ccp;

	if (ccp->early)
		return;
	automaton_tick(&ccp->fsm);
	if (ccp->give_up_ms == DEADLINE_NONE || link_now(link) < ccp->give_up_ms)
		return;
	ccp->give_up_ms = DEADLINE_NONE;
	if (!link_encrypts(link) && !worth_giving_up(link)) {
		ccp->give_up_ms = link_now(link) + GIVE_UP_AGAIN_MS;
		return;
	}
	no_encryption(link, "%s",
		      !ccp->was_encrypted ? "offers no MPPE (it does not answer CCP)"
		      : ccp->fsm.refused  ? "switched it off in mid-call"
					  : "does not answer CCP, which began anew in mid-call");
	if (!link->ending) {
		automaton_raise(&ccp->fsm, AUTOMATON_CLOSE);
		without(link);
	}
}

void ccp_request_reset(struct ppp_link *link)
{
	struct ccp *ccp = &link->ccp;

	if (!automaton_opened(&ccp->fsm) || link_now(link) < ccp->reset_after_ms)
		return;
	ccp->reset_after_ms = link_now(link) + RESET_INTERVAL_MS;
	link->counters.resets_tx++;
	automaton_send(&ccp->fsm, CONTROL_RESET_REQUEST, -1, NULL, 0);
}
