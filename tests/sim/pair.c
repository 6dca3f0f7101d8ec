/* SPDX-License-Identifier: MIT */
/* The pair: what two sessions do, with the network between them. */
#include "pair.h"

#include "base/clock.h"
#include "base/cursor.h"
#include "base/random.h"
#include "door.h"
#include "ppp/link.h"
#include "tunnel/l2tp/internal.h"
#include "tunnel/pptp/internal.h"
#include "wire/frame.h"
#include "wire/l2tp.h"
#include "wire/mp.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX_MS 3000
#define FLYING_MAX    512
#define DATAGRAM      1600
#define REPLAY_MAX    16
#define GRE_ACK	      0x0080
#define GRE_SEQ	      0x1000
#define TCP_RTO_MS    300

enum { UNSENT, SENT, DELIVERED, OF_A_CALL_BEFORE };

struct side {
	struct pair *pair;
	struct side *other;
	int index;
	struct log log;
	uint64_t seed;
	struct random_source random;
	struct tunnel *tunnel;
	struct door door; /* before L2TP's answerer */
	struct ppp_link *ppp;
	struct path *path;
	struct ppp_data data;
	int tun, path_tun;   /* our end of the device, the path's */
	int wire, path_wire; /* the network's end and the path's */
	struct sockaddr_in path_address;
	bool call_up, network, ppp_closed, tunnel_closed, tunnel_closing, closing, over, dead;
	bool stream_ended; /* our end of the TCP connection is closed, and the other knows */
	uint64_t limit_ms; /* of the end, or of silence */
	struct reason reason;
	uint32_t sent, got;
	unsigned echoes;
	bool keys_again; /* MPPE began anew after data had come */
	uint8_t *state;	 /* of each packet of the other side's */
	unsigned was[MACHINE_COUNT];
	/* answerer: somebody else knows the account, and says so when he likes */
	uint64_t answer_ms, answer_seed;
	bool known;
};

struct flying {
	bool used, stream, end;
	uint64_t due_ms, order;
	struct side *to;
	size_t len;
	uint8_t octets[DATAGRAM];
};

struct pair {
	struct pair_config config;
	struct side sides[2];
	struct flying flying[FLYING_MAX];
	struct flying replay[REPLAY_MAX];
	unsigned flying_count, replay_count, lost, dials;
	uint64_t now_ms, order, seed, stream_due[2];
	struct coverage *coverage;
	char fault[200];
	uint8_t states[]; /* of the packets of both sides */
};

uint32_t prng(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) >> 16);
}

static void seeded(void *ctx, void *buf, size_t len)
{
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)prng(ctx);
}

__attribute__((format(printf, 2, 3))) static void fault(struct pair *p, const char *fmt, ...)
{
	va_list ap;

	if (p->fault[0])
		return;
	va_start(ap, fmt);
	(void)vsnprintf(p->fault, sizeof p->fault, fmt, ap);
	va_end(ap);
}

static bool chance(struct pair *p, unsigned per_mille)
{
	return prng(&p->seed) % 1000 < per_mille;
}

/* ---- the network ---- */

static struct flying *fly(struct pair *p, struct side *to, const uint8_t *octets, size_t len,
			  uint64_t due_ms)
{
	for (size_t i = 0; i < FLYING_MAX; i++) {
		struct flying *f = &p->flying[i];

		if (f->used)
			continue;
		*f = (struct flying){
			.used = true, .due_ms = due_ms, .order = p->order++, .to = to, .len = len};
		if (len)
			memcpy(f->octets, octets, len);
		p->flying_count++;
		return f;
	}
	return NULL; /* a full network loses */
}

static uint16_t take_protocol(struct cursor *c)
{
	uint16_t protocol;

	if (cursor_left(c) >= 2 && c->at[0] == 0xff && c->at[1] == 0x03)
		cursor_skip(c, 2);
	protocol = cursor_left(c) && (c->at[0] & 1) ? cursor_u8(c) : cursor_u16(c);
	return c->failed ? 0 : protocol;
}

/* What begins in Multilink's fragment C; 0 = nothing. */
static uint16_t protocol_in_mp(const struct side *s, struct cursor c)
{
	bool short_numbers = s->data.tx_short_sequence;
	struct mp_header h;

	if (!mp_decode(c.at, cursor_left(&c), short_numbers, &h) || !h.begin)
		return 0;
	cursor_skip(&c, mp_header_len(short_numbers));
	return take_protocol(&c);
}

/* The protocol of the PPP frame in a datagram that S sends; 0 = none.  *MP: it is of Multilink. */
static uint16_t frame_protocol(const struct side *s, const uint8_t *octets, size_t len, bool *mp)
{
	const struct pair *p = s->pair;
	struct cursor c = cursor_make(octets, len);
	struct l2tp_header h;
	uint16_t flags, protocol;

	*mp = false;
	if (p->config.type == PROTOCOL_L2TP) {
		if (!l2tp_decode(octets, len, &h) || h.control)
			return 0;
		c = cursor_make(h.payload, h.payload_len);
	} else {
		flags = cursor_u16(&c);
		cursor_skip(&c, 6);
		if (!(flags & GRE_SEQ))
			return 0;
		cursor_skip(&c, flags & GRE_ACK ? 8 : 4);
	}
	protocol = take_protocol(&c);
	*mp = protocol == FRAME_MP;
	return *mp ? protocol_in_mp(s, c) : protocol;
}

static bool is_data(uint16_t protocol)
{
	return protocol != 0 && protocol < 0x4000;
}

/* What nobody may see on the wire. */
static void watch(struct side *s, uint16_t protocol)
{
	struct pair *p = s->pair;

	if ((protocol == FRAME_IPV4 || protocol == FRAME_IPV6) &&
	    p->config.ppp[s->index].settings.mppe.policy == MPPE_REQUIRE)
		fault(p, "data in clear from a side that requires encryption");
}

static size_t spoil(struct pair *p, uint8_t *octets, size_t len)
{
	if (chance(p, p->config.net.truncation) && len > 1)
		len = 1 + prng(&p->seed) % len;
	if (chance(p, p->config.net.corruption))
		octets[prng(&p->seed) % len] ^= (uint8_t)(1u << prng(&p->seed) % 8);
	return len;
}

static void keep_for_replay(struct pair *p, struct side *to, const uint8_t *octets, size_t len)
{
	struct flying *f = &p->replay[prng(&p->seed) % REPLAY_MAX];

	f->used = true;
	f->to = to;
	f->len = len;
	memcpy(f->octets, octets, len);
}

static uint64_t delay(struct pair *p)
{
	const struct net *n = &p->config.net;

	return p->now_ms + n->delay_ms + (n->jitter_ms ? prng(&p->seed) % n->jitter_ms : 0);
}

static void send_datagram(struct side *s, uint8_t *octets, size_t len)
{
	struct pair *p = s->pair;
	const struct net *n = &p->config.net;
	bool mp;
	uint16_t protocol = frame_protocol(s, octets, len, &mp);
	const struct flying *old = &p->replay[prng(&p->seed) % REPLAY_MAX];
	uint64_t due = delay(p);

	watch(s, protocol);
	if (p->config.seen)
		p->config.seen(p->config.seen_ctx, s->index, octets, len);
	if (p->config.verbose)
		printf("%8llu %s -> %04x, %zu octets\n", (unsigned long long)p->now_ms,
		       s->index ? "answerer" : "caller", protocol, len);
	if (chance(p, n->loss)) {
		p->lost++;
		return;
	}
	/* MPPE has no integrity: what is spoiled here is what a checksum does not guard anyway. */
	if (!is_data(protocol) && !mp)
		len = spoil(p, octets, len);
	if (chance(p, n->reordering))
		due += 1 + prng(&p->seed) % (2 * n->delay_ms + 2);
	fly(p, s->other, octets, len, due);
	if (chance(p, n->duplicates))
		fly(p, s->other, octets, len, due + prng(&p->seed) % (n->delay_ms + 1));
	if (chance(p, n->replay) && old->used)
		fly(p, old->to, old->octets, old->len, due);
	if (n->replay)
		keep_for_replay(p, s->other, octets, len);
}

static void collect(struct side *s)
{
	uint8_t octets[DATAGRAM];
	ssize_t n;

	while (!s->dead && (n = recv(s->wire, octets, sizeof octets, MSG_DONTWAIT)) > 0)
		send_datagram(s, octets, (size_t)n);
}

/* A datagram arrives at the socket of S's path; a raw GRE socket gives the IP header too. */
static void arrive(struct side *s, const uint8_t *octets, size_t len)
{
	uint8_t packet[DATAGRAM + 20] = {0x45};

	if (s->over || s->dead)
		return;
	if (s->pair->config.type == PROTOCOL_L2TP) {
		(void)!sendto(s->wire, octets, len, 0, (struct sockaddr *)&s->path_address,
			      sizeof s->path_address);
	} else {
		packet[2] = (uint8_t)((len + 20) >> 8);
		packet[3] = (uint8_t)(len + 20);
		memcpy(packet + 20, octets, len);
		(void)!send(s->wire, packet, len + 20, 0);
	}
	path_burst_rx(s->path, s->pair->now_ms);
}

/* TCP: nothing gets lost and order is kept, but loss costs time. */
static void send_stream(struct side *s, const uint8_t *octets, size_t len, bool end)
{
	struct pair *p = s->pair;
	uint64_t due = delay(p);
	struct flying *f;

	for (uint32_t rto = TCP_RTO_MS; chance(p, p->config.net.loss); rto *= 2)
		due += rto;
	due = due > p->stream_due[s->index] ? due : p->stream_due[s->index];
	p->stream_due[s->index] = due;
	f = fly(p, s->other, octets, len, due);
	if (!f) {
		fault(p, "the network of the simulation is too small");
		return;
	}
	f->stream = true;
	f->end = end;
}

/* ---- what the session does: joining the rooms ---- */

static void on_tunnel_send(void *ctx, const uint8_t *octets, size_t len)
{
	struct side *s = ctx;

	if (s->pair->config.type == PROTOCOL_L2TP)
		(void)path_send_tunnel(s->path, octets, len);
	else
		send_stream(s, octets, len, false);
}

static void on_call_up(struct side *s, const struct tunnel_call *call)
{
	const struct path_call path_call = {.local_tunnel_id = call->local_tunnel_id,
					    .peer_tunnel_id = call->peer_tunnel_id,
					    .local_call_id = call->local_call_id,
					    .peer_call_id = call->peer_call_id,
					    .sequencing = call->sequencing};

	path_set_call(s->path, &path_call);
	s->call_up = true;
	s->limit_ms = s->pair->now_ms + s->pair->config.silence_limit_ms;
	ppp_up(s->ppp, s->pair->now_ms);
}

static void on_tunnel_event(void *ctx, const struct tunnel_event *event);

static bool has_door(const struct side *s)
{
	return s->pair->config.type == PROTOCOL_L2TP && s->index == 1;
}

static void take_control(struct side *s, const uint8_t *octets, size_t len)
{
	const struct tunnel_callbacks callbacks = {on_tunnel_send, on_tunnel_event, s};

	if (has_door(s))
		door_input(&s->door, s->tunnel, &callbacks, octets, len, s->pair->now_ms);
	else
		tunnel_input(s->tunnel, octets, len, s->pair->now_ms);
}

static void on_tunnel_event(void *ctx, const struct tunnel_event *event)
{
	struct side *s = ctx;

	switch (event->kind) {
	case TUNNEL_EVENT_PROGRESS:
		if (s->pair->config.type == PROTOCOL_L2TP)
			path_lock_peer(s->path);
		break;
	case TUNNEL_EVENT_CALL_UP:
		on_call_up(s, event->call);
		break;
	case TUNNEL_EVENT_ECHO:
		s->echoes++;
		break;
	case TUNNEL_EVENT_CLOSED:
		s->tunnel_closed = true;
		reason_set(&s->reason, event->reason->code, "%s", event->reason->text);
		break;
	}
}

static void on_ppp_send(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct side *s = ctx;

	(void)path_send_control(s->path, protocol, info, len);
}

static void key_of(struct path_mppe *to, const struct ppp_mppe_key *from)
{
	to->bits = from->bits;
	to->stateful = from->stateful;
	to->generation = from->generation;
	memcpy(to->start, from->start, sizeof to->start);
}

static void on_data(struct side *s, const struct ppp_data *data)
{
	struct path_state state = {.ipv4 = data->ipv4,
				   .ipv6 = data->ipv6,
				   .tx_blocked = data->tx_blocked,
				   .rx_clear = data->rx_clear,
				   .tx_pfc = data->tx_pfc,
				   .tx_acfc = data->tx_acfc,
				   .peer_mru = data->peer_mru,
				   .mp_tx = {data->peer_mrru, data->tx_short_sequence},
				   .mp_rx = {data->own_mrru, data->rx_short_sequence},
				   .mp_room = s->pair->config.mp_room,
				   .mp_generation = data->mp_generation};

	key_of(&state.tx, &data->tx);
	key_of(&state.rx, &data->rx);
	if (s->got && data->rx.generation != s->data.rx.generation)
		s->keys_again = true;
	s->data = *data;
	path_set_state(s->path, &state);
	if (s->pair->config.verbose)
		printf("%8llu %s: data %s, %u bits out, %u in\n",
		       (unsigned long long)s->pair->now_ms, s->index ? "answerer" : "caller",
		       data->tx_blocked ? "blocked" : "goes", data->tx.bits, data->rx.bits);
	if (s->pair->config.ppp[s->index].settings.mppe.policy == MPPE_REQUIRE &&
	    (data->rx_clear || (!data->tx_blocked && data->tx.bits == 0)))
		fault(s->pair, "data could pass in clear although encryption is required");
}

static void on_ppp_event(void *ctx, const struct ppp_event *event)
{
	struct side *s = ctx;

	switch (event->kind) {
	case PPP_EVENT_DATA:
		on_data(s, event->data);
		break;
	case PPP_EVENT_NETWORK:
		s->network = event->addresses->local.s_addr != 0;
		if (s->pair->config.verbose)
			printf("%8llu %s: network %s\n", (unsigned long long)s->pair->now_ms,
			       s->index ? "answerer" : "caller", s->network ? "up" : "down");
		break;
	case PPP_EVENT_RESET_PEER:
		path_flush_tx(s->path);
		break;
	case PPP_EVENT_CLOSED:
		s->ppp_closed = true;
		reason_set(&s->reason, event->reason->code, "%s", event->reason->text);
		break;
	case PPP_EVENT_PROOF:
		path_proved(s->path);
		break;
	case PPP_EVENT_ECHO:
		s->echoes++;
		break;
	case PPP_EVENT_PHASE:
	case PPP_EVENT_AUTHENTICATED:
		break;
	}
}

static void answer(struct side *s)
{
	const char *password = s->pair->config.password;
	struct ppp_account account = {.known = s->known};

	s->answer_ms = DEADLINE_NONE;
	secret_set(&account.password, password, strlen(password));
	ppp_account_answer(s->ppp, &account, s->pair->now_ms);
}

static void on_account(void *ctx, const uint8_t *user, size_t len)
{
	struct side *s = ctx;
	const struct pair_config *c = &s->pair->config;
	uint32_t random = prng(&s->answer_seed);

	s->known = len == strlen(c->user) && memcmp(user, c->user, len) == 0;
	if (random & 1)
		answer(s);
	else
		s->answer_ms = s->pair->now_ms + (random >> 1) % (ANSWER_MAX_MS + 1);
}

static void on_control(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct side *s = ctx;

	if (s->call_up)
		ppp_input(s->ppp, protocol, info, len, s->pair->now_ms);
}

static void on_unknown(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct side *s = ctx;

	if (s->call_up)
		ppp_unknown_protocol(s->ppp, protocol, info, len, s->pair->now_ms);
}

static void on_datagram(void *ctx, const uint8_t *octets, size_t len)
{
	struct side *s = ctx;

	take_control(s, octets, len);
}

static void on_error(void *ctx, int error)
{
	struct side *s = ctx;

	tunnel_lost(s->tunnel, error, s->pair->now_ms);
}

static void on_resync(void *ctx)
{
	struct side *s = ctx;

	ppp_request_reset(s->ppp, s->pair->now_ms);
}

static void finish(struct side *s)
{
	s->over = true;
	s->network = false;
	if (s->pair->config.type == PROTOCOL_PPTP && !s->stream_ended) {
		s->stream_ended = true;
		send_stream(s, NULL, 0, true);
	}
}

/* As the session settles what one room's event means for the others. */
static void settle(struct side *s)
{
	uint64_t now = s->pair->now_ms;

	if (s->over || s->dead)
		return;
	if (s->tunnel_closed && s->call_up && !s->ppp_closed)
		ppp_down(s->ppp, now);
	if (s->ppp_closed && !s->tunnel_closed && !s->tunnel_closing) {
		s->tunnel_closing = s->closing = true;
		s->limit_ms = now + 6000;
		tunnel_close(s->tunnel, &s->reason, ppp_farewell(s->ppp), now);
	}
	if (s->tunnel_closed)
		finish(s);
}

static void close_side(struct side *s, const struct reason *why)
{
	uint64_t now = s->pair->now_ms;

	if (s->closing || s->over || s->dead)
		return;
	reason_set(&s->reason, why->code, "%s", why->text);
	s->closing = true;
	s->limit_ms = now + 6000;
	if (s->call_up && !s->ppp_closed)
		ppp_close(s->ppp, why, now);
	else
		tunnel_close(s->tunnel, why, ppp_farewell(s->ppp), now);
	settle(s);
}

static void on_limit(struct side *s)
{
	struct reason silence = {EXIT_NEGOTIATION_FAILED, "no data came back"};

	s->limit_ms = DEADLINE_NONE;
	if (s->closing) {
		reason_set(&s->reason, EXIT_HANGUP, "the end took too long");
		finish(s);
	} else if (path_counters(s->path)->wire_rx == 0) {
		close_side(s, &silence);
	}
}

/* ---- inner packets ---- */

/* Packet NUMBER of a side: its length and octets follow from both. */
static size_t make_packet(const struct side *from, uint32_t number, uint8_t *packet)
{
	uint64_t state = ((uint64_t)from->index << 40) ^ number ^ from->pair->config.seed << 8;
	size_t len = 40 + prng(&state) % (prng(&state) % 8 ? 100 : 1300);

	memset(packet, 0, 20);
	packet[0] = 0x45;
	packet[2] = (uint8_t)(len >> 8);
	packet[3] = (uint8_t)len;
	packet[8] = 64;
	packet[9] = 17;
	memcpy(packet + 20, &number, sizeof number);
	for (size_t i = 24; i < len; i++)
		packet[i] = (uint8_t)prng(&state);
	return len;
}

void pair_packet(struct pair *p, int side)
{
	struct side *s = &p->sides[side];
	uint8_t packet[DATAGRAM];
	size_t len;

	if (s->over || s->dead || s->sent == p->config.packets_max)
		return;
	len = make_packet(s, s->sent, packet);
	s->other->state[s->sent++] = SENT;
	(void)!send(s->tun, packet, len, 0);
	path_burst_tx(s->path, p->now_ms);
}

/* Neither a number nor a key tells the copy of a datagram from the datagram; and a CCP that opens
 * again begins with the same keys (RFC 3079), so that MPPE cannot tell what is of the time before.
 */
static bool may_come_twice(const struct side *s)
{
	return s->pair->config.type == PROTOCOL_L2TP &&
	       (s->other->data.tx.bits == 0 || s->keys_again);
}

static void check_delivered(struct side *s)
{
	uint8_t packet[DATAGRAM], wanted[DATAGRAM];
	uint32_t number;
	ssize_t n;

	while ((n = recv(s->tun, packet, sizeof packet, MSG_DONTWAIT)) > 0) {
		if (n < 24) {
			fault(s->pair, "a packet of %zd octets came out", n);
			return;
		}
		memcpy(&number, packet + 20, sizeof number);
		if (number >= s->other->sent || s->state[number] == OF_A_CALL_BEFORE ||
		    (s->state[number] != SENT && !may_come_twice(s)) ||
		    make_packet(s->other, number, wanted) != (size_t)n ||
		    memcmp(packet, wanted, (size_t)n) != 0) {
			fault(s->pair, "a packet of %zd octets, number %u (state %d), came out", n,
			      number, number < s->other->sent ? s->state[number] : -1);
			return;
		}
		s->state[number] = DELIVERED;
		s->got++;
	}
}

/* ---- coverage ---- */

static void note(struct side *s, enum machine m, unsigned state)
{
	struct coverage *c = s->pair->coverage;
	int type = s->pair->config.type == PROTOCOL_L2TP;

	if (state >= MACHINE_STATES)
		return;
	c->states[type][m][state]++;
	if (s->was[m] != state)
		c->moves[type][m][s->was[m]][state]++;
	s->was[m] = state;
}

static void note_all(struct side *s)
{
	enum machine tunnel = s->index ? MACHINE_TUNNEL_ANSWERER : MACHINE_TUNNEL_CALLER;

	note(s, tunnel,
	     s->pair->config.type == PROTOCOL_L2TP ? (unsigned)l2tp_of(s->tunnel)->state
						   : (unsigned)pptp_of(s->tunnel)->state);
	note(s, MACHINE_LCP, s->ppp->lcp.fsm.state);
	note(s, MACHINE_CCP, s->ppp->ccp.fsm.state);
	note(s, MACHINE_IPCP, s->ppp->ipcp.fsm.state);
	note(s, MACHINE_IPV6CP, s->ppp->ipv6cp.fsm.state);
	note(s, MACHINE_PHASE, s->ppp->phase);
}

/* ---- time ---- */

static uint64_t side_deadline(const struct side *s)
{
	uint64_t due;

	if (s->over || s->dead)
		return DEADLINE_NONE;
	due = deadline_min(tunnel_deadline(s->tunnel), path_deadline(s->path));
	due = deadline_min(due, s->limit_ms);
	due = deadline_min(due, s->answer_ms);
	return deadline_min(due, s->call_up ? ppp_deadline(s->ppp) : DEADLINE_NONE);
}

static void side_tick(struct side *s)
{
	uint64_t now = s->pair->now_ms;

	tunnel_tick(s->tunnel, now);
	path_tick(s->path, now);
	if (s->call_up) {
		ppp_heard(s->ppp, path_counters(s->path)->last_heard_ms);
		ppp_tick(s->ppp, now);
	}
	if (s->answer_ms <= now)
		answer(s);
	if (s->limit_ms <= now)
		on_limit(s);
}

static struct flying *first_flying(struct pair *p)
{
	struct flying *best = NULL;
	unsigned left = p->flying_count;

	for (size_t i = 0; left && i < FLYING_MAX; i++) {
		struct flying *f = &p->flying[i];

		if (!f->used)
			continue;
		left--;
		if (!best || f->due_ms < best->due_ms ||
		    (f->due_ms == best->due_ms && f->order < best->order))
			best = f;
	}
	return best;
}

static void land(struct pair *p, struct flying *f)
{
	struct flying copy = *f;

	f->used = false;
	p->flying_count--;
	if (!copy.stream)
		arrive(copy.to, copy.octets, copy.len);
	else if (copy.to->over || copy.to->dead)
		return;
	else if (copy.end)
		tunnel_lost(copy.to->tunnel, 0, p->now_ms);
	else
		take_control(copy.to, copy.octets, copy.len);
}

/* A half-open tunnel whose caller has given up is nobody's any more. */
static void leave_door(struct side *s)
{
	const struct reason why = {EXIT_CONNECT_FAILED,
				   "the caller gave up before it had a tunnel"};

	if (has_door(s) && (s->other->over || s->other->dead) && !s->door.passed &&
	    !s->tunnel_closed)
		tunnel_close(s->tunnel, &why, NULL, s->pair->now_ms);
}

static void after(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		leave_door(&p->sides[i]);
		settle(&p->sides[i]);
		collect(&p->sides[i]);
		check_delivered(&p->sides[i]);
		note_all(&p->sides[i]);
	}
}

void pair_run(struct pair *p, uint64_t then, bool (*done)(const struct pair *p))
{
	after(p);
	while (!p->fault[0] && !(done && done(p))) {
		struct flying *f = first_flying(p);
		uint64_t dues[2] = {side_deadline(&p->sides[0]), side_deadline(&p->sides[1])};
		uint64_t due = deadline_min(dues[0], dues[1]);

		if (deadline_min(due, f ? f->due_ms : DEADLINE_NONE) > then) {
			p->now_ms = then;
			return;
		}
		if (f && f->due_ms <= due) {
			p->now_ms = f->due_ms > p->now_ms ? f->due_ms : p->now_ms;
			land(p, f);
		} else {
			p->now_ms = due > p->now_ms ? due : p->now_ms;
			side_tick(&p->sides[dues[0] <= dues[1] ? 0 : 1]);
		}
		after(p);
	}
}

/* ---- set-up ---- */

static bool open_wire(struct side *s, struct path_config *config)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds) < 0)
		return false;
	s->tun = fds[0];
	s->path_tun = fds[1];
	if (s->pair->config.type == PROTOCOL_PPTP) {
		if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds) < 0)
			return false;
		s->wire = fds[0];
		s->path_wire = fds[1];
	} else {
		s->wire = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		s->path_wire = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		if (bind(s->wire, (struct sockaddr *)&at, sizeof at) < 0 ||
		    bind(s->path_wire, (struct sockaddr *)&at, sizeof at) < 0 ||
		    getsockname(s->path_wire, (struct sockaddr *)&s->path_address, &len) < 0 ||
		    getsockname(s->wire, (struct sockaddr *)&at, &len) < 0)
			return false;
		memcpy(&config->peer, &at, sizeof at);
		config->peer_len = sizeof at;
	}
	config->tun_fd = s->path_tun;
	config->wire_fd = s->path_wire;
	return true;
}

static bool open_side(struct side *s)
{
	const struct pair_config *c = &s->pair->config;
	const struct tunnel_callbacks tunnel_cb = {on_tunnel_send, on_tunnel_event, s};
	const struct ppp_callbacks ppp_cb = {on_ppp_send, on_ppp_event,
					     s->index ? on_account : NULL, s};
	const struct path_callbacks path_cb = {.control = on_control,
					       .unknown = on_unknown,
					       .tunnel = on_datagram,
					       .error = on_error,
					       .resync = on_resync,
					       .ctx = s};
	struct path_config path_config = {.encap = c->type == PROTOCOL_L2TP ? PROTOCOL_L2TP
									    : PROTOCOL_PPTP};

	s->seed = c->seed * 2 + (uint64_t)s->index + ((uint64_t)s->pair->dials << 48);
	s->random = (struct random_source){seeded, &s->seed};
	s->log = (struct log){.fd = 2, .level = LOG_LEVEL_ERROR};
	s->limit_ms = s->answer_ms = DEADLINE_NONE;
	s->answer_seed = s->seed ^ 0xacc0;
	if (!open_wire(s, &path_config))
		return false;
	s->tunnel = tunnel_new(&c->tunnel[s->index], &tunnel_cb, &s->random, &s->log);
	if (has_door(s) && !door_open(&s->door, &c->tunnel[s->index], &s->random, &s->log))
		return false;
	s->ppp = ppp_new(&c->ppp[s->index], &ppp_cb, &s->random, &s->log);
	s->path = path_new(&path_config, &path_cb, &s->log);
	return s->tunnel && s->ppp && s->path;
}

static void close_side_of(struct side *s)
{
	const int fds[] = {s->tun, s->path_tun, s->wire, s->path_wire};

	ppp_free(s->ppp);
	tunnel_free(s->tunnel);
	door_close(&s->door);
	path_free(s->path);
	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* One that has not dialed yet, or not again; how many packets went and came is kept. */
static void reset_side(struct side *s, struct pair *p, int index)
{
	*s = (struct side){.pair = p,
			   .other = &p->sides[1 - index],
			   .index = index,
			   .state = p->states + (size_t)index * p->config.packets_max,
			   .sent = s->sent,
			   .got = s->got,
			   .tun = -1,
			   .path_tun = -1,
			   .wire = -1,
			   .path_wire = -1};
}

struct pair *pair_new(const struct pair_config *config, struct coverage *coverage)
{
	struct pair *p = calloc(1, sizeof *p + 2 * (size_t)config->packets_max);

	if (!p)
		return NULL;
	p->config = *config;
	p->coverage = coverage;
	p->now_ms = 1000;
	p->seed = config->seed;
	for (int i = 0; i < 2; i++)
		reset_side(&p->sides[i], p, i);
	if (open_side(&p->sides[0]) && open_side(&p->sides[1]))
		return p;
	pair_free(p);
	return NULL;
}

void pair_free(struct pair *p)
{
	close_side_of(&p->sides[0]);
	close_side_of(&p->sides[1]);
	free(p);
}

bool pair_again(struct pair *p)
{
	for (size_t i = 0; i < FLYING_MAX; i++)
		if (p->flying[i].used &&
		    p->flying[i].stream) { /* of a TCP connection that is over */
			p->flying[i].used = false;
			p->flying_count--;
		}
	p->stream_due[0] = p->stream_due[1] = 0;
	p->dials++;
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->sides[i];

		close_side_of(s);
		reset_side(s, p, i);
		for (uint32_t n = 0; n < p->sides[1 - i].sent; n++)
			s->state[n] = OF_A_CALL_BEFORE;
		p->config.tunnel[i].local_call_id ^= (uint16_t)(1 + prng(&p->seed) % 0x7fff);
		p->config.tunnel[i].local_call_id |= p->config.tunnel[i].local_call_id == 0;
	}
	return open_side(&p->sides[0]) && open_side(&p->sides[1]);
}

void pair_start(struct pair *p)
{
	tunnel_start(p->sides[1].tunnel, p->now_ms);
	tunnel_start(p->sides[0].tunnel, p->now_ms);
	after(p);
}

void pair_hang_up(struct pair *p, int side)
{
	const struct reason why = {EXIT_OK, "hung up"};

	close_side(&p->sides[side], &why);
	after(p);
}

void pair_kill(struct pair *p, int side)
{
	struct side *s = &p->sides[side];

	if (s->over || s->dead)
		return;
	s->dead = true;
	if (p->config.type == PROTOCOL_PPTP && !s->stream_ended) {
		s->stream_ended = true;
		send_stream(s, NULL, 0, true); /* the kernel closes its sockets */
	}
	reason_set(&s->reason, EXIT_FATAL, "killed");
}

uint64_t pair_now(const struct pair *p)
{
	return p->now_ms;
}

void pair_set_net(struct pair *p, const struct net *net)
{
	p->config.net = *net;
}

unsigned pair_flying(const struct pair *p)
{
	return p->flying_count;
}

unsigned pair_lost(const struct pair *p)
{
	return p->lost;
}

bool side_up(const struct pair *p, int side)
{
	const struct side *s = &p->sides[side];

	return s->network && !s->over && !s->dead && !s->data.tx_blocked;
}

bool side_over(const struct pair *p, int side)
{
	return p->sides[side].over || p->sides[side].dead;
}

bool pair_up(const struct pair *p)
{
	return side_up(p, 0) && side_up(p, 1);
}

bool pair_over(const struct pair *p)
{
	return side_over(p, 0) && side_over(p, 1);
}

bool pair_settled(const struct pair *p)
{
	return pair_up(p) || pair_over(p);
}

const struct reason *side_reason(const struct pair *p, int side)
{
	return &p->sides[side].reason;
}

uint32_t side_sent(const struct pair *p, int side)
{
	return p->sides[side].sent;
}

uint32_t side_got(const struct pair *p, int side)
{
	return p->sides[side].got;
}

unsigned side_bits(const struct pair *p, int side)
{
	return p->sides[side].data.tx.bits;
}

unsigned side_echoes(const struct pair *p, int side)
{
	return p->sides[side].echoes;
}

struct tunnel *side_tunnel(struct pair *p, int side)
{
	return p->sides[side].tunnel;
}

struct path *side_path(struct pair *p, int side)
{
	return p->sides[side].path;
}

const char *pair_fault(const struct pair *p)
{
	return p->fault[0] ? p->fault : NULL;
}
