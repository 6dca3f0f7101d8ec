/* SPDX-License-Identifier: MIT */
/* The phases of a link (RFC 1661 section 3.2): what follows from the events of its layers. */
#include "ppp/link.h"

#include <string.h>

static void lcp_up(struct ppp_link *link)
{
	const struct lcp *lcp = &link->lcp;

	log_info(link->log, "LCP is open: mru %u, the peer's %u, authentication %s",
		 link->lcp.ask_mru ? link->lcp.mru : MRU_DEFAULT, link->lcp.peer.mru,
		 word_of(auth_words, link->config.role == ROLE_CALLER ? link->lcp.peer.auth
								      : link->lcp.ask_auth));
	if (lcp->ask_mrru || lcp->peer.mrru)
		log_info(link->log, "Multilink on this link: mrru %u, the peer's %u",
			 lcp->ask_mrru ? lcp->mrru : 0, lcp->peer.mrru);
	link_enter_phase(link, PPP_PHASE_AUTHENTICATE);
	link_data_changed(link);
	auth_start(link);
}

static void stop_ncp(struct automaton *ncp)
{
	if (ncp->state != AUTOMATON_INITIAL && ncp->state != AUTOMATON_STARTING)
		automaton_raise(ncp, AUTOMATON_DOWN);
}

/* LCP is going down, for good or to be negotiated anew: nothing that was agreed holds. */
static void lcp_down(struct ppp_link *link)
{
	bool end = reason_is_set(&link->reason);

	link_enter_phase(link, end ? PPP_PHASE_TERMINATE : PPP_PHASE_ESTABLISH);
	/* A limit that is running goes on: renegotiation without end must not put it off. */
	if (!end && link->limit_ms == DEADLINE_NONE)
		link_limit_start(link);
	link->echo_since_ms = 0;
	stop_ncp(&link->ipcp.fsm);
	stop_ncp(&link->ipv6cp.fsm);
	ccp_stop(link);
	auth_stop(link);
	for (size_t i = 0; i < EARLY_FRAMES; i++)
		link->early[i].len = 0;
	link_data_changed(link);
}

static void auth_done(struct ppp_link *link, enum auth_method method)
{
	struct early_frame early;

	if (method)
		link_emit(link,
			  &(struct ppp_event){.kind = PPP_EVENT_AUTHENTICATED, .method = method});
	link_enter_phase(link, PPP_PHASE_NETWORK);
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

static void ccp_settled(struct ppp_link *link)
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
static void ncp_up(struct ppp_link *link)
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

static void ncp_down(struct ppp_link *link)
{
	link_data_changed(link);
}

static void ncp_lost(struct ppp_link *link, const struct automaton *ncp, const char *why)
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

static bool is_sent_by_us(uint16_t protocol)
{
	static const uint16_t ours[] = {FRAME_LCP,  FRAME_PAP,	     FRAME_CHAP,   FRAME_EAP,
					FRAME_CCP,  FRAME_IPCP,	     FRAME_IPV6CP, FRAME_IPV4,
					FRAME_IPV6, FRAME_COMPRESSED};

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (ours[i] == protocol)
			return true;
	return false;
}

static void ncp_rejected(struct automaton *ncp)
{
	bool open = automaton_opened(ncp);

	automaton_raise(ncp, AUTOMATON_REJECT_FATAL);
	/* The table goes on to say farewell: nobody will answer, and the why would be forgotten. */
	if (open)
		ncp->driver->finished(ncp->ctx, AUTOMATON_REJECT_FATAL);
}

static void protocol_rejected(struct ppp_link *link, uint16_t protocol)
{
	struct automaton *ncps[] = {&link->ccp.fsm, &link->ipcp.fsm, &link->ipv6cp.fsm};
	const char *name = frame_protocol_name(protocol);

	link->counters.protocol_rejects_rx++;
	if (!is_sent_by_us(protocol))
		link->counters.nonsense_rejects_rx++;
	log_info(link->log, "%s rejects protocol 0x%04x (%s)", link_peer(link), protocol,
		 name ? name : "unknown");
	if (protocol == FRAME_CCP && ccp_rejected_early(link))
		return;
	for (size_t i = 0; i < sizeof(ncps) / sizeof(ncps[0]); i++)
		if (ncps[i]->driver->protocol == protocol && ncps[i]->state >= AUTOMATON_CLOSED)
			ncp_rejected(ncps[i]);
	if (protocol == auth_protocol(link->auth.method) && !link->auth.done)
		link_fail(link, EXIT_NEGOTIATION_FAILED,
			  "%s agreed to authentication with %s, then rejected it", link_peer(link),
			  word_of(auth_words, link->auth.method));
}

const struct link_events ppp_phases = {
	.lcp_up = lcp_up,
	.lcp_down = lcp_down,
	.proof_sent = ccp_start_early,
	.auth_done = auth_done,
	.ccp_settled = ccp_settled,
	.ncp_up = ncp_up,
	.ncp_down = ncp_down,
	.ncp_lost = ncp_lost,
	.protocol_rejected = protocol_rejected,
};
