/* SPDX-License-Identifier: MIT */
/* The phases of a link (RFC 1661 section 3.2) and what goes in and out of it. */
#include "ppp/link.h"
#include "wire/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REJECTS_BURST	 5 /* Protocol-Rejects at once */
#define UNHEARD_REQUESTS 3 /* of LCP without an answer, before that means something */

const char *ppp_phase_name(enum ppp_phase phase)
{
	switch (phase) {
	case PPP_PHASE_DEAD:
		return "dead";
	case PPP_PHASE_ESTABLISH:
		return "establish";
	case PPP_PHASE_AUTHENTICATE:
		return "authenticate";
	case PPP_PHASE_NETWORK:
		return "network";
	case PPP_PHASE_TERMINATE:
		return "terminate";
	}
	return "unknown";
}

/* ---- helpers for the layers ---- */

const char *link_peer(const struct ppp_link *link)
{
	return link->config.role == ROLE_CALLER ? "the server" : "the caller";
}

bool link_encrypts(const struct ppp_link *link)
{
	return link->config.settings.mppe.policy == MPPE_REQUIRE;
}

const char *link_clean(char *buf, size_t cap, struct octets text, size_t limit)
{
	struct str s = str_make(buf, cap);

	str_clean(&s, text.at, text.len, limit);
	return buf;
}

void link_emit(struct ppp_link *link, const struct ppp_event *event)
{
	if (link->callbacks.event)
		link->callbacks.event(link->callbacks.ctx, event);
}

static void log_frame(struct ppp_link *link, const char *verb, uint16_t protocol,
		      const uint8_t *info, size_t len)
{
	char line[512];
	struct str s = str_make(line, sizeof(line));

	if (!log_enabled(link->log, LOG_LEVEL_DEBUG))
		return;
	print_frame(&s, protocol, info, len);
	log_debug(link->log, "%s %s", verb, line);
}

static void send_frame(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct ppp_link *link = ctx;

	link->counters.tx_frames++;
	log_frame(link, "sent", protocol, info, len);
	link->callbacks.send(link->callbacks.ctx, protocol, info, len);
}

void link_send(struct ppp_link *link, uint16_t protocol, const struct writer *w)
{
	if (!w->failed)
		send_frame(link, protocol, w->start, writer_len(w));
}

static void enter_phase(struct ppp_link *link, enum ppp_phase phase)
{
	if (link->phase == phase)
		return;
	link->phase = phase;
	log_info(link->log, "phase %s", ppp_phase_name(phase));
	link_emit(link, &(struct ppp_event){.kind = PPP_EVENT_PHASE, .phase = phase});
}

static void set_limit(struct ppp_link *link)
{
	link->limit_ms = link->config.phase_limit_ms ? link_now(link) + link->config.phase_limit_ms
						     : DEADLINE_NONE;
}

/* ---- the data path ---- */

static bool key_equal(const struct ppp_mppe_key *a, const struct ppp_mppe_key *b)
{
	return a->bits == b->bits && a->stateful == b->stateful && a->generation == b->generation &&
	       bytes_equal_ct(a->start, b->start, 16);
}

static bool data_equal(const struct ppp_data *a, const struct ppp_data *b)
{
	return a->ipv4 == b->ipv4 && a->ipv6 == b->ipv6 && a->tx_blocked == b->tx_blocked &&
	       a->rx_clear == b->rx_clear && a->tx_pfc == b->tx_pfc && a->tx_acfc == b->tx_acfc &&
	       a->peer_mru == b->peer_mru && a->own_mru == b->own_mru &&
	       key_equal(&a->tx, &b->tx) && key_equal(&a->rx, &b->rx);
}

static void compute_data(const struct ppp_link *link, struct ppp_data *d)
{
	const struct ccp *ccp = &link->ccp;
	bool open = link->phase == PPP_PHASE_NETWORK && automaton_opened(&link->lcp.fsm) &&
		    ccp->settled;

	memset(d, 0, sizeof(*d));
	d->rx = ccp->rx;
	d->tx = ccp->tx;
	d->tx_pfc = link->lcp.peer.pfc;
	d->tx_acfc = link->lcp.peer.acfc;
	d->peer_mru = link->lcp.peer.mru;
	d->own_mru = link->lcp.ask_mru ? link->lcp.mru : MRU_DEFAULT;
	/* The last line of defence: whatever the layers say, no clear data where none may be. */
	if (link_encrypts(link) && (d->tx.bits == 0 || d->rx.bits == 0))
		open = false;
	d->tx_blocked = !open;
	d->rx_clear = open && d->rx.bits == 0;
	d->ipv4 = open && automaton_opened(&link->ipcp.fsm);
	d->ipv6 = open && automaton_opened(&link->ipv6cp.fsm);
	if (!open) { /* not sent with before both directions are agreed */
		d->tx.bits = 0;
		memset(d->tx.start, 0, sizeof(d->tx.start));
	}
}

void link_data_changed(struct ppp_link *link)
{
	struct ppp_data now;

	compute_data(link, &now);
	if (!data_equal(&now, &link->data)) {
		link->data = now;
		link_emit(link, &(struct ppp_event){.kind = PPP_EVENT_DATA, .data = &link->data});
	}
	wipe(&now, sizeof(now));
}

/* ---- the end ---- */

/* An answerer lets the caller read why it ends the call: of a negotiation of LCP that failed
 * anybody has seen as much; all else is for one who has proved who it is. */
static bool tells(const struct ppp_link *link, enum exit_status code)
{
	bool lcp = link->phase == PPP_PHASE_ESTABLISH &&
		   (code == EXIT_NEGOTIATION_FAILED || code == EXIT_LOOPBACK);

	return link->config.role == ROLE_ANSWERER && (lcp || link->phase == PPP_PHASE_NETWORK);
}

static void end_link(struct ppp_link *link, enum exit_status code, const char *text, bool tell)
{
	if (link->ending)
		return;
	reason_set(&link->reason, code, "%s", text);
	if (tell)
		link->lcp.fsm.farewell = link->reason.text;
	link->ending = true;
	link->limit_ms = DEADLINE_NONE;
	enter_phase(link, PPP_PHASE_TERMINATE);
	link_data_changed(link);
	automaton_raise(&link->lcp.fsm, AUTOMATON_CLOSE);
	/* A farewell is sent to one who seems dead, but an answer is not waited for. */
	if (code == EXIT_PEER_DEAD)
		link->over = true;
}

void link_fail(struct ppp_link *link, enum exit_status code, const char *fmt, ...)
{
	char text[REASON_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	end_link(link, code, text, tells(link, code));
}

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
	enter_phase(link, PPP_PHASE_DEAD);
	link_data_changed(link);
	link_emit(link, &(struct ppp_event){.kind = PPP_EVENT_CLOSED, .reason = &link->reason});
}

/* ---- phases ---- */

void link_lcp_up(struct ppp_link *link)
{
	log_info(link->log, "LCP is open: mru %u, the peer's %u, authentication %s",
		 link->lcp.ask_mru ? link->lcp.mru : MRU_DEFAULT, link->lcp.peer.mru,
		 word_of(auth_words, link->config.role == ROLE_CALLER ? link->lcp.peer.auth
								      : link->lcp.ask_auth));
	enter_phase(link, PPP_PHASE_AUTHENTICATE);
	link_data_changed(link);
	auth_start(link);
}

static void stop_ncp(struct automaton *ncp)
{
	if (ncp->state != AUTOMATON_INITIAL && ncp->state != AUTOMATON_STARTING)
		automaton_raise(ncp, AUTOMATON_DOWN);
}

/* LCP is going down, for good or to be negotiated anew: nothing that was agreed holds. */
void link_lcp_down(struct ppp_link *link)
{
	bool end = reason_is_set(&link->reason);

	enter_phase(link, end ? PPP_PHASE_TERMINATE : PPP_PHASE_ESTABLISH);
	/* A limit that is running goes on: renegotiation without end must not put it off. */
	if (!end && link->limit_ms == DEADLINE_NONE)
		set_limit(link);
	link->echo_since_ms = 0;
	stop_ncp(&link->ipcp.fsm);
	stop_ncp(&link->ipv6cp.fsm);
	ccp_stop(link);
	auth_stop(link);
	for (size_t i = 0; i < EARLY_FRAMES; i++)
		link->early[i].len = 0;
	link_data_changed(link);
}

void link_auth_done(struct ppp_link *link, enum auth_method method)
{
	struct early_frame early;

	if (method)
		link_emit(link,
			  &(struct ppp_event){.kind = PPP_EVENT_AUTHENTICATED, .method = method});
	enter_phase(link, PPP_PHASE_NETWORK);
	ccp_start(link);
	early = link->early[EARLY_CCP];
	link->early[EARLY_CCP].len = 0;
	if (link->ccp.wanted && early.len > 0)
		ccp_input(link, early.info, early.len);
}

static void start_ncp(struct ppp_link *link, struct automaton *ncp, int early)
{
	struct early_frame *frame = &link->early[early];

	automaton_raise(ncp, AUTOMATON_OPEN);
	automaton_raise(ncp, AUTOMATON_UP);
	if (frame->len > 0)
		automaton_input(ncp, frame->info, frame->len);
	frame->len = 0;
}

void link_ccp_settled(struct ppp_link *link)
{
	if (link->config.ipv4 && link->ipcp.fsm.state <= AUTOMATON_STARTING) {
		ipcp_reset(link);
		start_ncp(link, &link->ipcp.fsm, EARLY_IPCP);
	}
	if (link->config.settings.ipv6 && link->ipv6cp.fsm.state <= AUTOMATON_STARTING) {
		ipv6cp_reset(link);
		start_ncp(link, &link->ipv6cp.fsm, EARLY_IPV6CP);
	}
}

/* IPv4 is what people wait for: IPv6 alone is told only where IPv4 is not wanted. */
void link_ncp_up(struct ppp_link *link)
{
	bool wait = link->config.ipv4 && !automaton_opened(&link->ipcp.fsm);

	link_data_changed(link);
	if (wait || link->ending)
		return;
	link->network_up = true;
	link->limit_ms = DEADLINE_NONE;
	/* It goes on without; but for encryption it may still hang up. */
	if (!link->rejected.mppe)
		link->rejected.at_ms = 0;
	link_emit(link,
		  &(struct ppp_event){.kind = PPP_EVENT_NETWORK, .addresses = &link->addresses});
}

void link_ncp_down(struct ppp_link *link)
{
	link_data_changed(link);
}

void link_ncp_lost(struct ppp_link *link, const struct automaton *ncp, const char *why)
{
	bool needed = ncp == &link->ipcp.fsm || !link->config.ipv4;
	char refusal[PPP_REFUSAL_MAX];

	if (link->ending || link->phase != PPP_PHASE_NETWORK)
		return;
	log_info(link->log, "%s: %s %s", ncp->driver->name, link_peer(link), why);
	if (needed)
		link_fail(link, link->network_up ? EXIT_HANGUP : EXIT_NEGOTIATION_FAILED, "%s %s%s",
			  link_peer(link), why, ppp_refusal(link, refusal, sizeof(refusal)));
}

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
	else if (link->phase == PPP_PHASE_ESTABLISH)
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "LCP did not open within %u seconds (%u frames sent, %u received)",
			  seconds, link->counters.tx_frames, link->counters.rx_frames);
	else if (link->phase == PPP_PHASE_AUTHENTICATE)
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "authentication with %s did not end within %u seconds",
			  word_of(auth_words, link->auth.method), seconds);
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
	link->limit_ms = DEADLINE_NONE;
	link->rejects_left = REJECTS_BURST;
	link->host = (struct automaton_host){
		.send = send_frame,
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
	compute_data(link, &link->data);
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
	set_limit(link);
	enter_phase(link, PPP_PHASE_ESTABLISH);
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
	end_link(link, reason->code, text,
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
	log_frame(link, "rcvd", protocol, info, len);
	ppp_heard(link, now_ms);
	link_input(link, protocol, info, len);
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
