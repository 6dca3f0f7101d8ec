/* SPDX-License-Identifier: MIT */
/* A link from outside: its life, what goes in, its deadlines (RFC 1661 section 3.2). */
#include "ppp/link.h"

#include <stdlib.h>

#define REJECTS_BURST	 5 /* Protocol-Rejects at once */
#define UNHEARD_REQUESTS 3 /* of LCP without an answer, before that means something */

/* ---- the keep-alive ---- */

static uint64_t keepalive_deadline(const struct ppp_link *link)
{
	uint64_t quiet_until = link->heard_ms + link->config.keepalive_ms;

	if (!link->config.keepalive_ms || link->ending || !automaton_opened(&link->lcp.fsm))
		return DEADLINE_NONE;
	if (!link->echo_since_ms || link->heard_ms >= link->echo_since_ms)
		return quiet_until;
	return deadline_min(link->echo_next_ms, link->echo_since_ms + link->config.keepalive_ms);
}

static void keepalive_tick(struct ppp_link *link)
{
	uint64_t now = link_now(link);

	if (now < keepalive_deadline(link))
		return;
	if (!link->echo_since_ms || link->heard_ms >= link->echo_since_ms) {
		link->echo_since_ms = now;
	} else if (now >= link->echo_since_ms + link->config.keepalive_ms) {
		link_fail(link, EXIT_PEER_DEAD, "%s has not answered for %u seconds",
			  link_peer(link), (unsigned)((now - link->heard_ms) / 1000));
		return;
	}
	link->echo_next_ms = now + 1000;
	lcp_send_echo(link);
}

/* ---- the set-up limit ---- */

static void limit_tick(struct ppp_link *link)
{
	unsigned seconds = (link->config.phase_limit_ms + 999) / 1000;
	const char *peer = link_peer(link);
	char refusal[PPP_REFUSAL_MAX];

	if (link_now(link) < link->limit_ms)
		return;
	link->limit_ms = DEADLINE_NONE;
	(void)ppp_refusal(link, refusal, sizeof(refusal));
	if (link->counters.rx_frames == 0)
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "no answer to %u LCP requests (0 frames received)",
			  link->lcp.fsm.requests_sent);
	else if (link->phase == PPP_PHASE_ESTABLISH && lcp_auth_is_refused(link))
		lcp_auth_fail(link);
	else if (link->phase == PPP_PHASE_ESTABLISH)
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "LCP did not open within %u seconds%s (%u frames sent, %u received)",
			  seconds, refusal, link->counters.tx_frames, link->counters.rx_frames);
	else if (link->phase == PPP_PHASE_AUTHENTICATE)
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "authentication with %s did not end within %u seconds%s",
			  word_of(auth_words, link->auth.method), seconds,
			  link->config.role == ROLE_CALLER
				  ? "; where a second factor waits for somebody, raise "
				    "authentication-timeout"
				  : "");
	else if (!link->ccp.settled)
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "encryption is required, but %s did not agree on it within %u seconds%s",
			  peer, seconds, refusal);
	else
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "%s did not agree on addresses within %u seconds%s", peer, seconds,
			  refusal);
}

/* ---- the interface ---- */

/* At the end of each call from outside: closing is over when LCP has nothing left to do. */
static void finish_turn(struct ppp_link *link)
{
	if (link->ending && link->lcp.fsm.state <= AUTOMATON_STOPPED)
		link->over = true;
	if (!link->over || link->closed)
		return;
	link->closed = true;
	reason_set(&link->reason, EXIT_HANGUP, "the connection ended");
	auth_stop(link);
	ccp_stop(link);
	link_enter_phase(link, PPP_PHASE_DEAD);
	link_data_changed(link);
	link_emit(link, &(struct ppp_event){.kind = PPP_EVENT_CLOSED, .reason = &link->reason});
}

struct ppp_link *ppp_new(const struct ppp_config *config, const struct ppp_callbacks *callbacks,
			 const struct random_source *random, const struct log *log)
{
	struct ppp_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->config = *config;
	if (link->config.settings.mru > PPP_MRU_MAX)
		link->config.settings.mru = PPP_MRU_MAX;
	if (link->config.restart_ms == 0)
		link->config.restart_ms = 1000;
	if (link->config.restart_max_ms < link->config.restart_ms)
		link->config.restart_max_ms = link->config.restart_ms;
	link->callbacks = *callbacks;
	link->random = random;
	link->log = log;
	link->up = &ppp_phases;
	link->limit_ms = DEADLINE_NONE;
	link->rejects_left = REJECTS_BURST;
	link->host = (struct automaton_host){
		.send = link_send_frame,
		.ctx = link,
		.log = log,
		.counters = &link->counters,
		.restart_ms = link->config.restart_ms,
		.restart_max_ms = link->config.restart_max_ms,
	};
	link->auth.deadline_ms = DEADLINE_NONE;
	lcp_init(link);
	ccp_init(link);
	ipcp_init(link);
	ipv6cp_init(link);
	link_data_compute(link, &link->data);
	return link;
}

void ppp_free(struct ppp_link *link)
{
	if (!link)
		return;
	wipe(link, sizeof(*link));
	free(link);
}

void ppp_up(struct ppp_link *link, uint64_t now_ms)
{
	if (link->closed || link->phase != PPP_PHASE_DEAD)
		return;
	link->host.now_ms = now_ms;
	link->heard_ms = now_ms;
	link_limit_start(link);
	link_enter_phase(link, PPP_PHASE_ESTABLISH);
	link_data_changed(link);
	automaton_raise(&link->lcp.fsm, AUTOMATON_OPEN);
	automaton_raise(&link->lcp.fsm, AUTOMATON_UP);
	finish_turn(link);
}

void ppp_down(struct ppp_link *link, uint64_t now_ms)
{
	if (link->closed)
		return;
	link->host.now_ms = now_ms;
	reason_set(&link->reason, EXIT_HANGUP, "the tunnel was closed");
	link->ending = true;
	link->over = true;
	if (link->lcp.fsm.state > AUTOMATON_STARTING)
		automaton_raise(&link->lcp.fsm, AUTOMATON_DOWN);
	finish_turn(link);
}

void ppp_close(struct ppp_link *link, const struct reason *reason, uint64_t now_ms)
{
	const char *text = reason_is_set(reason) ? reason->text : exit_status_text(reason->code);

	if (link->closed)
		return;
	link->host.now_ms = now_ms;
	link_end(link, reason->code, text,
		 link->config.role == ROLE_ANSWERER && link->phase == PPP_PHASE_NETWORK);
	finish_turn(link);
}

void ppp_input(struct ppp_link *link, uint16_t protocol, const uint8_t *info, size_t len,
	       uint64_t now_ms)
{
	if (link->closed || link->phase == PPP_PHASE_DEAD)
		return;
	link->host.now_ms = now_ms;
	link->counters.rx_frames++;
	link_log_frame(link, "rcvd", protocol, info, len);
	ppp_heard(link, now_ms);
	link_input(link, protocol, info, len);
	finish_turn(link);
}

void ppp_proof(const struct ppp_link *link, struct auth_proof *proof)
{
	const struct auth *auth = &link->auth;

	memset(proof, 0, sizeof *proof);
	if (auth->shown.len > sizeof proof->value || auth->challenge_len > sizeof proof->challenge)
		return;
	proof->method = (uint8_t)auth->method;
	proof->id = auth->id;
	proof->challenge_len = (uint16_t)auth->challenge_len;
	memcpy(proof->challenge, auth->challenge, auth->challenge_len);
	proof->value_len = (uint16_t)auth->shown.len;
	if (auth->shown.len)
		memcpy(proof->value, auth->shown.at, auth->shown.len);
}

void ppp_account_answer(struct ppp_link *link, const struct ppp_account *account, uint64_t now_ms)
{
	if (link->closed)
		return;
	link->host.now_ms = now_ms;
	if (auth_answer(link, account))
		finish_turn(link);
}

void ppp_unknown_protocol(struct ppp_link *link, uint16_t protocol, const uint8_t *info, size_t len,
			  uint64_t now_ms)
{
	if (link->closed || link->phase != PPP_PHASE_NETWORK)
		return;
	link->host.now_ms = now_ms;
	link_protocol_reject(link, protocol, info, len);
}

void ppp_heard(struct ppp_link *link, uint64_t heard_ms)
{
	if (heard_ms > link->heard_ms)
		link->heard_ms = heard_ms;
}

void ppp_request_reset(struct ppp_link *link, uint64_t now_ms)
{
	if (link->closed)
		return;
	link->host.now_ms = now_ms;
	ccp_request_reset(link);
}

void ppp_probe(struct ppp_link *link, uint64_t now_ms)
{
	link->host.now_ms = now_ms;
	if (automaton_opened(&link->lcp.fsm) && !link->ending)
		lcp_send_echo(link);
}

uint64_t ppp_deadline(const struct ppp_link *link)
{
	uint64_t d = keepalive_deadline(link);

	if (link->closed || link->phase == PPP_PHASE_DEAD)
		return DEADLINE_NONE;
	d = deadline_min(d, link->limit_ms);
	d = deadline_min(d, link->lcp.fsm.deadline_ms);
	d = deadline_min(d, link->auth.deadline_ms);
	d = deadline_min(d, ccp_deadline(link));
	d = deadline_min(d, link->ipcp.fsm.deadline_ms);
	return deadline_min(d, link->ipv6cp.fsm.deadline_ms);
}

void ppp_tick(struct ppp_link *link, uint64_t now_ms)
{
	if (link->closed || link->phase == PPP_PHASE_DEAD)
		return;
	link->host.now_ms = now_ms;
	automaton_tick(&link->lcp.fsm);
	auth_tick(link);
	ccp_tick(link);
	automaton_tick(&link->ipcp.fsm);
	automaton_tick(&link->ipv6cp.fsm);
	limit_tick(link);
	keepalive_tick(link);
	finish_turn(link);
}

bool ppp_is_unheard(const struct ppp_link *link)
{
	const struct automaton *lcp = &link->lcp.fsm;

	return link->counters.rx_frames > 0 && lcp->answers == 0 &&
	       lcp->requests_sent >= UNHEARD_REQUESTS && !link->lcp.explained;
}

const char *ppp_farewell(const struct ppp_link *link)
{
	return link->lcp.fsm.farewell;
}

const struct reason *ppp_reason(const struct ppp_link *link)
{
	return &link->reason;
}

const struct ppp_counters *ppp_counters(const struct ppp_link *link)
{
	return &link->counters;
}
