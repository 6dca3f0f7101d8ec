/* SPDX-License-Identifier: MIT */
/* What the layers of a link stand on: its phase, what leaves it, what the data path is told, its
 * end. */
#include "ppp/link.h"
#include "wire/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

void link_log_frame(struct ppp_link *link, const char *verb, uint16_t protocol, const uint8_t *info,
		    size_t len)
{
	char line[512];
	struct str s = str_make(line, sizeof(line));

	if (!log_enabled(link->log, LOG_LEVEL_DEBUG))
		return;
	print_frame(&s, protocol, info, len);
	log_debug(link->log, "%s %s", verb, line);
}

void link_send_frame(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct ppp_link *link = ctx;

	link->counters.tx_frames++;
	link_log_frame(link, "sent", protocol, info, len);
	link->callbacks.send(link->callbacks.ctx, protocol, info, len);
}

void link_send(struct ppp_link *link, uint16_t protocol, const struct writer *w)
{
	if (!w->failed)
		link_send_frame(link, protocol, w->start, writer_len(w));
}

void link_enter_phase(struct ppp_link *link, enum ppp_phase phase)
{
	if (link->phase == phase)
		return;
	link->phase = phase;
	log_info(link->log, "phase %s", ppp_phase_name(phase));
	link_emit(link, &(struct ppp_event){.kind = PPP_EVENT_PHASE, .phase = phase});
}

void link_limit_start(struct ppp_link *link)
{
	link->limit_ms = link->config.phase_limit_ms ? link_now(link) + link->config.phase_limit_ms
						     : DEADLINE_NONE;
}

void link_keep_early(struct ppp_link *link, int which, uint16_t protocol, const uint8_t *info,
		     size_t len)
{
	struct early_frame *frame = &link->early[which];

	link->counters.unexpected++;
	if (len < CONTROL_HEADER || len > sizeof(frame->info))
		return;
	frame->protocol = protocol;
	frame->len = len;
	memcpy(frame->info, info, len);
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
	       a->peer_mrru == b->peer_mrru && a->own_mrru == b->own_mrru &&
	       a->tx_short_sequence == b->tx_short_sequence &&
	       a->rx_short_sequence == b->rx_short_sequence &&
	       a->mp_generation == b->mp_generation && key_equal(&a->tx, &b->tx) &&
	       key_equal(&a->rx, &b->rx);
}

static void multilink_of(const struct lcp *lcp, struct ppp_data *d)
{
	d->peer_mrru = lcp->peer.mrru;
	d->own_mrru = lcp->ask_mrru ? lcp->mrru : 0;
	d->tx_short_sequence = lcp->peer.mrru && lcp->peer.short_sequence;
	d->rx_short_sequence = lcp->ask_mrru && lcp->ask_short_sequence;
	d->mp_generation = lcp->opened;
}

void link_data_compute(const struct ppp_link *link, struct ppp_data *d)
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
	if (link->phase == PPP_PHASE_AUTHENTICATE || link->phase == PPP_PHASE_NETWORK)
		multilink_of(&link->lcp, d);
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

	link_data_compute(link, &now);
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

void link_end(struct ppp_link *link, enum exit_status code, const char *text, bool tell)
{
	if (link->ending)
		return;
	reason_set(&link->reason, code, "%s", text);
	if (tell)
		link->lcp.fsm.farewell = link->reason.text;
	link->ending = true;
	link->limit_ms = DEADLINE_NONE;
	link_enter_phase(link, PPP_PHASE_TERMINATE);
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
	link_end(link, code, text, tells(link, code));
}
