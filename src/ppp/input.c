/* SPDX-License-Identifier: MIT */
/* Frames in: which layer takes them in which phase, and what is rejected or kept for later. */
#include "ppp/link.h"

#include <string.h>

#define REJECT_REFILL_MS  1000 /* after the first few, one Protocol-Reject a second */
#define PROTOCOL_REJECTED 1024 /* octets of a rejected frame that we return at most */

void link_protocol_reject(struct ppp_link *link, uint16_t protocol, const uint8_t *info, size_t len)
{
	uint8_t buf[2 + PROTOCOL_REJECTED];
	struct writer w = writer_make(buf, sizeof(buf));
	size_t room = link->lcp.peer.mru - CONTROL_HEADER - 2u;

	if (!automaton_opened(&link->lcp.fsm) || link->ending)
		return;
	if (link->rejects_left == 0 && link_now(link) >= link->rejects_refill_ms)
		link->rejects_left = 1;
	if (link->rejects_left == 0)
		return;
	link->rejects_left--;
	link->rejects_refill_ms = link_now(link) + REJECT_REFILL_MS;
	if (room > PROTOCOL_REJECTED)
		room = PROTOCOL_REJECTED;
	writer_u16(&w, protocol);
	writer_bytes(&w, info, len < room ? len : room);
	automaton_send(&link->lcp.fsm, CONTROL_PROTOCOL_REJECT, -1, buf, writer_len(&w));
}

struct ncp_entry {
	uint16_t protocol;
	int early;
	struct automaton *fsm;
	bool wanted;
	uint32_t *counter;
};

static bool find_ncp(struct ppp_link *link, uint16_t protocol, struct ncp_entry *out)
{
	const struct ncp_entry entries[] = {
		{FRAME_CCP, EARLY_CCP, &link->ccp.fsm,
		 link->config.settings.mppe.policy != MPPE_NO &&
			 (link->ccp.wanted || link->phase == PPP_PHASE_AUTHENTICATE),
		 &link->counters.ccp_rx},
		{FRAME_IPCP, EARLY_IPCP, &link->ipcp.fsm, link->config.ipv4,
		 &link->counters.ipcp_rx},
		{FRAME_IPV6CP, EARLY_IPV6CP, &link->ipv6cp.fsm, link->config.settings.ipv6, NULL},
	};

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (entries[i].protocol == protocol) {
			*out = entries[i];
			return true;
		}
	return false;
}

static bool is_auth(uint16_t protocol)
{
	return protocol == FRAME_PAP || protocol == FRAME_CHAP || protocol == FRAME_EAP;
}

static void refuse_protocol(struct ppp_link *link, uint16_t protocol, const uint8_t *info,
			    size_t len)
{
	link_note_rejected(link, protocol, info, len);
	link_protocol_reject(link, protocol, info, len);
}

static void network_input(struct ppp_link *link, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct ncp_entry ncp;

	if (!find_ncp(link, protocol, &ncp)) {
		if (link->phase == PPP_PHASE_NETWORK)
			refuse_protocol(link, protocol, info, len);
		else
			link->counters.unexpected++;
		return;
	}
	if (ncp.counter)
		(*ncp.counter)++;
	if (link->phase == PPP_PHASE_AUTHENTICATE) {
		if (ncp.wanted && len > 0 && info[0] == CONTROL_CONFIGURE_REQUEST)
			link_keep_early(link, ncp.early, protocol, info, len);
		else if (len > 0 && info[0] == CONTROL_TERMINATE_REQUEST)
			link->early[ncp.early].len = 0;
		auth_network_heard(link);
	} else if (!ncp.wanted) {
		refuse_protocol(link, protocol, info, len);
	} else if (ncp.fsm->state > AUTOMATON_STARTING) {
		if (protocol == FRAME_CCP)
			ccp_input(link, info, len);
		else
			automaton_input(ncp.fsm, info, len);
	} else if (len > 0 && info[0] == CONTROL_CONFIGURE_REQUEST) {
		link_keep_early(link, ncp.early, protocol, info, len);
	} else {
		link->counters.unexpected++;
	}
}

void link_input(struct ppp_link *link, uint16_t protocol, const uint8_t *info, size_t len)
{
	if (protocol == FRAME_LCP) {
		link->counters.lcp_rx++;
		automaton_input(&link->lcp.fsm, info, len);
	} else if (!automaton_opened(&link->lcp.fsm) || link->ending) {
		/* A challenge may overtake the Ack that opens LCP.  Code 1 is what begins in all
		 * three protocols; a result from before must not be taken for a new one. */
		if (is_auth(protocol) && link->phase == PPP_PHASE_ESTABLISH && len > 0 &&
		    info[0] == CHAP_CHALLENGE)
			link_keep_early(link, EARLY_AUTH, protocol, info, len);
		else
			link->counters.unexpected++;
	} else if (is_auth(protocol)) {
		link->counters.auth_rx++;
		auth_input(link, protocol, info, len);
	} else {
		network_input(link, protocol, info, len);
	}
}
