/* SPDX-License-Identifier: MIT */
/* Translation between the supervisor's words and those of tunnel, PPP and data path, which do not
 * know each other. */
#include "session/internal.h"

#include "base/str.h"
#include "wire/esp.h"
#include "wire/frame.h"

#include <string.h>

#define ECHO_INTERVAL_MS 60000 /* RFC 2637 3.1.4: 60 s without control messages, 60 s to answer */
#define ECHO_LIMIT_MS	 60000
#define INNER_MIN	 68 /* RFC 791 */
#define INNER_USUAL	 1500
#define MPPE_AROUND	 4 /* its header, and the protocol inside */
#define PPTP_WINDOW	 64
#define L2TP_WINDOW	 16
#define RESTART_MS	 400
#define RESTART_MAX_MS	 3000
#define PHASE_LIMIT_MS	 60000

void session_tunnel_config(const struct session *s, struct tunnel_config *config)
{
	memset(config, 0, sizeof *config);
	config->type = (enum protocol)s->start.protocol;
	config->port = s->start.port;
	config->role = (enum call_role)s->start.role;
	str_copy(config->host_name, sizeof config->host_name, s->start.host_name);
	config->local_call_id = s->start.local_call_id;
	config->local_tunnel_id = s->start.local_tunnel_id;
	config->local_session_id = s->start.local_call_id;
	config->receive_window = config->type == PROTOCOL_L2TP ? L2TP_WINDOW : PPTP_WINDOW;
	config->setup_limit_ms = s->start.setup_limit_ms;
	config->silence_limit_ms = s->start.silence_limit_ms;
	config->echo_interval_ms = config->type == PROTOCOL_L2TP
					   ? s->start.tunnel.hello_interval * 1000
					   : ECHO_INTERVAL_MS;
	config->echo_limit_ms = ECHO_LIMIT_MS;
	config->refuse = s->start.refuse;
	config->settings = s->start.tunnel;
}

/* What the server is to send fits its path in ESP of any suite, so that it makes no fragments. */
static uint16_t mru_in_esp(const struct request_start *start)
{
	static const struct esp_sizes widest = {.iv = 16, .icv = 16, .block = 16};
	size_t room = esp_room(&widest, start->peer.ss_family == AF_INET6, start->path_mtu);

	return room > 12 + INNER_MIN && room - 12 < start->ppp.mru ? (uint16_t)(room - 12)
								   : start->ppp.mru;
}

void session_ppp_config(const struct session *s, struct ppp_config *config)
{
	const struct request_start *start = &s->start;

	memset(config, 0, sizeof *config);
	config->role = (enum call_role)start->role;
	str_copy(config->user, sizeof config->user, start->user);
	config->password = start->password;
	str_copy(config->host_name, sizeof config->host_name, start->host_name);
	config->settings = start->ppp;
	if (start->ipsec.use == IPSEC_USE_YES)
		config->settings.mru = mru_in_esp(start);
	config->ask_dns = start->ask_dns;
	config->ask_wins = start->ask_wins;
	config->ipv4 = start->ipv4;
	memcpy(config->dns, start->dns, sizeof config->dns);
	config->outer_peer = start->outer_peer;
	config->restart_ms = RESTART_MS;
	config->restart_max_ms = RESTART_MAX_MS;
	config->late_ccp = start->late_ccp;
	config->phase_limit_ms = start->ppp_limit_ms ? start->ppp_limit_ms : PHASE_LIMIT_MS;
	config->keepalive_ms = start->keepalive_ms;
}

static void mppe_of(struct path_mppe *to, const struct ppp_mppe_key *from)
{
	to->bits = from->bits;
	to->stateful = from->stateful;
	to->generation = from->generation;
	memcpy(to->start, from->start, sizeof to->start);
}

/* Linux servers (pptpd names itself "linux") change the MPPE key when they flush. */
static bool peer_is_linux(const struct tunnel_peer *peer)
{
	return strcmp(peer->vendor, "linux") == 0 || strcmp(peer->vendor, "xelerance.com") == 0;
}

/* Octets of PPP around an inner packet: Address and Control, protocol; with MPPE its header and the
 * inner protocol too. */
static unsigned ppp_overhead(const struct session *s)
{
	return FRAME_HEAD_MAX + (s->data.tx.bits ? MPPE_AROUND : 0);
}

/* Inside ESP; L2TP with the length that most servers send. */
static unsigned room_in_esp(const struct session *s, unsigned ppp)
{
	unsigned around = 8 + (path_numbered(s->path) ? 4 : 0) + ppp;
	size_t room = esp_room(&s->secure.sizes, s->start.peer.ss_family == AF_INET6, s->mtu.path);

	return room > around + INNER_MIN ? (unsigned)room - around : INNER_MIN;
}

/* What the way to the peer leaves behind IP and GRE with both numbers, or UDP and L2TP, and PPP
 * octets. */
static unsigned room_for(const struct session *s, unsigned ppp)
{
	unsigned around = s->start.peer.ss_family == AF_INET6 ? 40 : 20;

	if (s->secure.ike)
		return room_in_esp(s, ppp);
	around +=
		s->start.protocol == PROTOCOL_L2TP ? 8 + 6 + (path_numbered(s->path) ? 4 : 0) : 16;
	around += ppp;
	return s->mtu.path > around + INNER_MIN ? s->mtu.path - around : INNER_MIN;
}

unsigned session_room(const struct session *s)
{
	return room_for(s, ppp_overhead(s));
}

/* The largest information field of a frame that PPP's agreement and the way to the peer carry. */
static uint16_t link_room(const struct session *s)
{
	unsigned room = s->start.max_mtu, by_path = room_for(s, FRAME_HEAD_MAX);

	if (room > s->data.peer_mru)
		room = s->data.peer_mru;
	return (uint16_t)(room < by_path ? room : by_path);
}

void session_path_state(const struct session *s, struct path_state *state)
{
	memset(state, 0, sizeof *state);
	state->ipv4 = s->data.ipv4;
	state->ipv6 = s->data.ipv6;
	state->tx_blocked = s->data.tx_blocked;
	state->rx_clear = s->data.rx_clear;
	mppe_of(&state->tx, &s->data.tx);
	mppe_of(&state->rx, &s->data.rx);
	state->tx_pfc = s->data.tx_pfc;
	state->tx_acfc = s->data.tx_acfc;
	state->peer_mru = s->data.peer_mru;
	state->mp_tx = (struct path_mp){s->data.peer_mrru, s->data.tx_short_sequence};
	state->mp_rx = (struct path_mp){s->data.own_mrru, s->data.rx_short_sequence};
	state->mp_generation = s->data.mp_generation;
	state->mp_room = link_room(s);
	state->path_mtu = s->mtu.path;
	state->mss_mtu = s->start.clamp_mss ? session_effective_mtu(s) : 0;
	state->rekey_on_flush = peer_is_linux(&s->peer);
}

/* A vendor whose programs decrypt packets of more than 1500 octets; Linux drops them. */
static bool peer_decrypts_large(const struct tunnel_peer *peer)
{
	return strcmp(peer->vendor, "vpdial") == 0;
}

/* Cut and put together: MPPE's header and the inner protocol count, MP's own does not. */
static unsigned mtu_by_multilink(const struct session *s)
{
	unsigned mtu = s->start.ppp.mrru > INNER_USUAL ? s->start.ppp.mrru : INNER_USUAL;
	unsigned by_peer = s->data.peer_mrru - (s->data.tx.bits ? MPPE_AROUND : 0);
	unsigned by_pieces = path_mp_most(link_room(s), s->data.tx_short_sequence);

	if (mtu > by_peer)
		mtu = by_peer;
	if (mtu > by_pieces)
		mtu = by_pieces;
	if (s->data.tx.bits && mtu > INNER_USUAL && !peer_decrypts_large(&s->peer))
		mtu = INNER_USUAL;
	return mtu;
}

/* In one piece. */
static unsigned mtu_of_link(const struct session *s)
{
	unsigned mtu = s->start.max_mtu, by_path = session_room(s);
	unsigned by_peer = s->data.peer_mru - (s->data.tx.bits ? MPPE_AROUND : 0);

	if (mtu > by_peer)
		mtu = by_peer;
	return mtu < by_path ? mtu : by_path;
}

uint16_t session_link_mtu(const struct session *s)
{
	return s->data.peer_mrru ? link_room(s) : (uint16_t)mtu_of_link(s);
}

uint16_t session_effective_mtu(const struct session *s)
{
	return (uint16_t)(s->data.peer_mrru ? mtu_by_multilink(s) : mtu_of_link(s));
}

static void take_path(struct counters *to, const struct path_counters *from)
{
#define TAKE(field, label) to->field = from->field;
	PATH_COUNTERS(TAKE)
#undef TAKE
}

void session_fill_stats(const struct session *s, struct request_stats *stats)
{
	const struct path_counters *path = path_counters(s->path);
	const struct tunnel_counters *tunnel = tunnel_counters(s->tunnel);
	const struct ppp_counters *ppp = ppp_counters(s->ppp);
	uint64_t last = path->last_tx_ms, now = loop_now(s->loop);

	memset(stats, 0, sizeof *stats);
	path_encoding(s->path, stats->encoding, sizeof stats->encoding);
	secure_text(s, stats->ipsec, sizeof stats->ipsec);
	str_copy(stats->peer_host, sizeof stats->peer_host, s->peer.host_name);
	str_copy(stats->peer_vendor, sizeof stats->peer_vendor, s->peer.vendor);
	echo_fill(&s->echo, stats);
	/* The mission's idle-time: since the last packet was transmitted over this link. */
	if (last < s->network_up_ms)
		last = s->network_up_ms;
	stats->idle_ms = s->network_up && now > last ? now - last : 0;
	take_path(&stats->counters, path);
	stats->counters.control_tx = tunnel->tx_messages;
	stats->counters.control_rx = tunnel->rx_messages;
	stats->counters.ipsec_rekeys = secure_rekeys(s);
	stats->counters.lcp_rx = ppp->lcp_rx;
	stats->counters.auth_rx = ppp->auth_rx;
	stats->counters.ccp_rx = ppp->ccp_rx;
	stats->counters.ipcp_rx = ppp->ipcp_rx;
}
