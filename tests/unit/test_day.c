/* SPDX-License-Identifier: MIT */
/* A day of a call in seconds: caller and answerer, each with tunnel, PPP and data path, wired
 * together under a virtual clock over a network that loses and reorders.  All counters start just
 * before their wrap and pass it many times.  What comes out of the tunnel is what went in, once.
 *
 * VPDIAL_DAY_HOURS=N makes the day shorter (for valgrind). */
#include "ppp_harness.h"

#include "path/internal.h"
#include "tunnel/l2tp/internal.h"
#include "tunnel/tunnel.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOUR_MS	    3600000u
#define DELAY_MS    15
#define FLYING_MAX  1024
#define KEEPALIVE   30000
#define HELLO_MS    200 /* so often that a day passes 65536 several times */
#define LOSS	    10	/* in a thousand */
#define REORDERING  20
#define DUPLICATION 5
#define PACKETS_MAX 400000u
#define SHORTEST    40 /* octets of an inner packet */

/* One of the two. */
struct side {
	struct day *day;
	struct side *other;
	struct log log;
	uint64_t seed;
	struct random_source random;
	struct tunnel *tunnel;
	struct ppp_link *ppp;
	struct path *path;
	struct ppp_data data;
	int tun, path_tun;   /* our end of the device, the path's */
	int wire, path_wire; /* the network's end and the path's */
	struct sockaddr_in path_address;
	bool call_up, network, closed;
	unsigned echoes;
	char why[REASON_TEXT_MAX + 16];
	uint32_t sent, got; /* inner packets */
	uint8_t *state;	    /* of each packet of the other side's: 1 sent, 2 delivered */
	uint64_t wraps[3];  /* seen on the wire: tunnel's data numbers, MPPE counts, control Ns */
	uint32_t last[3];
};

enum { DATA_NUMBER, MPPE_COUNT, CONTROL_NUMBER };

struct flying {
	bool used, stream;
	uint64_t due_ms, order;
	struct side *to;
	size_t len;
	uint8_t octets[1600];
};

struct day {
	enum tunnel_type type;
	bool stateful;
	struct side sides[2];
	struct flying flying[FLYING_MAX];
	unsigned flying_count;
	uint64_t now_ms, order, seed, stream_due;
	unsigned lost;
};

/* ---- the network ---- */

static void fly(struct day *d, struct side *to, const uint8_t *octets, size_t len, bool stream,
		uint64_t due_ms)
{
	for (size_t i = 0; i < FLYING_MAX; i++) {
		struct flying *f = &d->flying[i];

		if (f->used)
			continue;
		assert_true(len <= sizeof f->octets);
		*f = (struct flying){.used = true,
				     .stream = stream,
				     .due_ms = due_ms,
				     .order = d->order++,
				     .to = to,
				     .len = len};
		memcpy(f->octets, octets, len);
		d->flying_count++;
		return;
	}
	fail_msg("the network is full");
}

/* A counter of MODULUS on the wire: a large step back is a wrap (the network has not touched the
 * order yet). */
static void note_number(struct side *s, int which, uint32_t number, uint32_t modulus)
{
	if (s->last[which] > number && s->last[which] - number > modulus / 2)
		s->wraps[which]++;
	s->last[which] = number;
}

static void note_frame(struct side *s, const uint8_t *frame, size_t len)
{
	struct cursor c = cursor_make(frame, len);

	if (cursor_u16(&c) == 0xff03 && cursor_u16(&c) == FRAME_COMPRESSED)
		note_number(s, MPPE_COUNT, cursor_u16(&c) & 0xfff, 4096);
}

/* What is on the wire, as a bystander reads it. */
static void note_datagram(struct side *s, const uint8_t *octets, size_t len)
{
	struct l2tp_header h;
	struct cursor c = cursor_make(octets, len);
	uint16_t flags;

	if (s->day->type == TUNNEL_L2TP) {
		assert_true(l2tp_decode(octets, len, &h));
		if (h.control) {
			note_number(s, CONTROL_NUMBER, h.ns, 65536);
		} else {
			note_number(s, DATA_NUMBER, h.ns, 65536);
			note_frame(s, h.payload, h.payload_len);
		}
		return;
	}
	flags = cursor_u16(&c);
	cursor_skip(&c, 6);
	if (!(flags & 0x1000))
		return; /* an acknowledgment */
	note_number(s, DATA_NUMBER, cursor_u32(&c), UINT32_MAX);
	if (flags & 0x0080)
		cursor_skip(&c, 4);
	assert_false(c.failed);
	note_frame(s, c.at, cursor_left(&c));
}

/* Everything that the path of S has put on the wire goes into the air, or gets lost. */
static void collect(struct side *s)
{
	struct day *d = s->day;
	uint8_t octets[1600];
	ssize_t n;

	while ((n = recv(s->wire, octets, sizeof octets, MSG_DONTWAIT)) > 0) {
		uint64_t due = d->now_ms + DELAY_MS;

		note_datagram(s, octets, (size_t)n);
		if (s->network && prng(&d->seed) % 1000 < LOSS) {
			d->lost++;
			continue;
		}
		if (prng(&d->seed) % 1000 < REORDERING)
			due += 1 + prng(&d->seed) % 8;
		fly(d, s->other, octets, (size_t)n, false, due);
		if (prng(&d->seed) % 1000 < DUPLICATION)
			fly(d, s->other, octets, (size_t)n, false, due + prng(&d->seed) % 4);
	}
}

/* A datagram arrives at the socket of S's path; a raw GRE socket gives the IP header too. */
static void arrive(struct side *s, const uint8_t *octets, size_t len)
{
	uint8_t packet[1700] = {0x45};

	if (s->day->type == TUNNEL_L2TP) {
		assert_int_equal(sendto(s->wire, octets, len, 0,
					(struct sockaddr *)&s->path_address,
					sizeof s->path_address),
				 len);
	} else {
		packet[2] = (uint8_t)((len + 20) >> 8);
		packet[3] = (uint8_t)(len + 20);
		memcpy(packet + 20, octets, len);
		assert_int_equal(send(s->wire, packet, len + 20, 0), len + 20);
	}
	path_burst_rx(s->path, s->day->now_ms);
}

/* ---- what the session does: joining the rooms ---- */

static void on_tunnel_send(void *ctx, const uint8_t *octets, size_t len)
{
	struct side *s = ctx;
	struct day *d = s->day;

	if (d->type == TUNNEL_L2TP) {
		assert_int_equal(path_send_tunnel(s->path, octets, len), 0);
		return;
	}
	/* TCP: nothing gets lost, and order is kept. */
	d->stream_due = d->now_ms + DELAY_MS;
	fly(d, s->other, octets, len, true, d->stream_due);
}

static void on_tunnel_event(void *ctx, const struct tunnel_event *event)
{
	struct side *s = ctx;
	struct path_call call;

	switch (event->kind) {
	case TUNNEL_EVENT_PROGRESS:
		if (s->day->type == TUNNEL_L2TP)
			path_lock_peer(s->path);
		break;
	case TUNNEL_EVENT_CALL_UP:
		call = (struct path_call){.local_tunnel_id = event->call->local_tunnel_id,
					  .peer_tunnel_id = event->call->peer_tunnel_id,
					  .local_call_id = event->call->local_call_id,
					  .peer_call_id = event->call->peer_call_id,
					  .sequencing = event->call->sequencing};
		path_set_call(s->path, &call);
		s->path->tx_number = s->day->type == TUNNEL_L2TP ? 0xffe0 : 0xffffffe0;
		s->call_up = true;
		ppp_up(s->ppp, s->day->now_ms);
		break;
	case TUNNEL_EVENT_ECHO:
		s->echoes++;
		break;
	case TUNNEL_EVENT_CLOSED:
		s->closed = true;
		snprintf(s->why, sizeof s->why, "tunnel: %s", event->reason->text);
		break;
	}
}

static void on_ppp_send(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	assert_int_equal(path_send_control(((struct side *)ctx)->path, protocol, info, len), 0);
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
				   .tx_blocked = data->tx_blocked,
				   .rx_clear = data->rx_clear,
				   .peer_mru = data->peer_mru};

	key_of(&state.tx, &data->tx);
	key_of(&state.rx, &data->rx);
	s->data = *data;
	path_set_state(s->path, &state);
}

static void on_ppp_event(void *ctx, const struct ppp_event *event)
{
	struct side *s = ctx;

	switch (event->kind) {
	case PPP_EVENT_DATA:
		on_data(s, event->data);
		break;
	case PPP_EVENT_NETWORK:
		s->network = true;
		break;
	case PPP_EVENT_RESET_PEER:
		path_flush_tx(s->path);
		break;
	case PPP_EVENT_ECHO:
		s->echoes++;
		break;
	case PPP_EVENT_CLOSED:
		s->closed = true;
		snprintf(s->why, sizeof s->why, "PPP: %s", event->reason->text);
		break;
	case PPP_EVENT_PHASE:
	case PPP_EVENT_AUTHENTICATED:
		break;
	}
}

static void on_account(void *ctx, const uint8_t *user, size_t len, struct ppp_account *account)
{
	(void)ctx;
	memset(account, 0, sizeof *account);
	account->known = len == 4 && memcmp(user, "User", 4) == 0;
	secret_set(&account->password, "clientPass", 10);
}

static void on_control(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct side *s = ctx;

	ppp_input(s->ppp, protocol, info, len, s->day->now_ms);
}

static void on_unknown(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct side *s = ctx;

	ppp_unknown_protocol(s->ppp, protocol, info, len, s->day->now_ms);
}

static void on_datagram(void *ctx, const uint8_t *octets, size_t len)
{
	struct side *s = ctx;

	tunnel_input(s->tunnel, octets, len, s->day->now_ms);
}

static void on_error(void *ctx, int error)
{
	(void)ctx;
	fail_msg("the socket says: %s", strerror(error));
}

static void on_resync(void *ctx)
{
	struct side *s = ctx;

	ppp_request_reset(s->ppp, s->day->now_ms);
}

/* ---- inner packets ---- */

/* Packet NUMBER of the side that SEED tells: its length and octets follow from both. */
static size_t make_packet(uint64_t seed, uint32_t number, uint8_t *packet)
{
	uint64_t state = seed ^ ((uint64_t)number << 20);
	size_t len = SHORTEST + prng(&state) % (prng(&state) % 8 ? 100 : 1400);

	memset(packet, 0, 20);
	packet[0] = 0x45;
	packet[2] = (uint8_t)(len >> 8);
	packet[3] = (uint8_t)len;
	packet[8] = 64;
	packet[9] = 17;
	memcpy(packet + 20, &number, sizeof number);
	for (size_t i = 24; i < len; i++)
		packet[i] = (uint8_t)(prng(&state) | 1);
	return len;
}

static uint64_t seed_of(const struct side *s)
{
	return s == &s->day->sides[0] ? 0x1234567 : 0x7654321;
}

static void send_packet(struct side *s)
{
	uint8_t packet[1600];
	size_t len = make_packet(seed_of(s), s->sent, packet);

	assert_true(s->sent < PACKETS_MAX);
	s->other->state[s->sent++] = 1;
	assert_int_equal(send(s->tun, packet, len, 0), len);
	path_burst_tx(s->path, s->day->now_ms);
}

/* Each packet that comes out of the device was sent, is whole, and came out for the first time. */
static void check_delivered(struct side *s)
{
	uint8_t packet[1600], wanted[1600];
	uint32_t number;
	ssize_t n;

	while ((n = recv(s->tun, packet, sizeof packet, MSG_DONTWAIT)) > 0) {
		assert_true(n >= SHORTEST);
		memcpy(&number, packet + 20, sizeof number);
		assert_true(number < s->other->sent);
		assert_int_equal(s->state[number], 1);
		assert_int_equal(make_packet(seed_of(s->other), number, wanted), n);
		assert_memory_equal(packet, wanted, n);
		s->state[number] = 2;
		s->got++;
	}
}

/* ---- time ---- */

static uint64_t side_deadline(const struct side *s)
{
	uint64_t due = deadline_min(tunnel_deadline(s->tunnel), path_deadline(s->path));

	return deadline_min(due, s->call_up ? ppp_deadline(s->ppp) : DEADLINE_NONE);
}

static void side_tick(struct side *s)
{
	uint64_t now = s->day->now_ms;

	tunnel_tick(s->tunnel, now);
	path_tick(s->path, now);
	if (s->call_up) {
		ppp_heard(s->ppp, path_counters(s->path)->last_heard_ms);
		ppp_tick(s->ppp, now);
	}
}

static struct flying *first_flying(struct day *d)
{
	struct flying *best = NULL;
	unsigned left = d->flying_count;

	for (size_t i = 0; left && i < FLYING_MAX; i++) {
		struct flying *f = &d->flying[i];

		if (!f->used)
			continue;
		left--;
		if (!best || f->due_ms < best->due_ms ||
		    (f->due_ms == best->due_ms && f->order < best->order))
			best = f;
	}
	return best;
}

static void land(struct day *d, struct flying *f)
{
	struct flying copy = *f;

	f->used = false;
	d->flying_count--;
	if (copy.stream)
		tunnel_input(copy.to->tunnel, copy.octets, copy.len, d->now_ms);
	else
		arrive(copy.to, copy.octets, copy.len);
}

/* All events up to THEN. */
static void run_to(struct day *d, uint64_t then)
{
	for (;;) {
		struct flying *f = first_flying(d);
		uint64_t dues[2] = {side_deadline(&d->sides[0]), side_deadline(&d->sides[1])};
		uint64_t due = deadline_min(dues[0], dues[1]);

		if (deadline_min(due, f ? f->due_ms : DEADLINE_NONE) > then)
			break;
		if (f && f->due_ms <= due) {
			d->now_ms = f->due_ms > d->now_ms ? f->due_ms : d->now_ms;
			land(d, f);
		} else {
			d->now_ms = due > d->now_ms ? due : d->now_ms;
			side_tick(&d->sides[dues[0] <= dues[1] ? 0 : 1]);
		}
		for (int i = 0; i < 2; i++) {
			collect(&d->sides[i]);
			check_delivered(&d->sides[i]);
			if (d->sides[i].closed)
				fail_msg("ended after %llu s: %s",
					 (unsigned long long)(d->now_ms / 1000), d->sides[i].why);
		}
	}
	d->now_ms = then;
}

/* ---- set-up ---- */

static void open_wire(struct side *s, struct path_config *config)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	s->tun = fds[0];
	s->path_tun = fds[1];
	if (s->day->type == TUNNEL_PPTP) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
		s->wire = fds[0];
		s->path_wire = fds[1];
	} else {
		s->wire = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		s->path_wire = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		assert_int_equal(bind(s->wire, (struct sockaddr *)&at, sizeof at), 0);
		assert_int_equal(bind(s->path_wire, (struct sockaddr *)&at, sizeof at), 0);
		assert_int_equal(
			getsockname(s->path_wire, (struct sockaddr *)&s->path_address, &len), 0);
		assert_int_equal(getsockname(s->wire, (struct sockaddr *)&at, &len), 0);
		memcpy(&config->peer, &at, sizeof at);
		config->peer_len = sizeof at;
	}
	config->tun_fd = s->path_tun;
	config->wire_fd = s->path_wire;
}

static struct ppp_config ppp_config_of(const struct day *d, bool caller)
{
	struct ppp_config c = caller_config();

	c.mppe = PPP_MPPE_REQUIRE;
	c.mppe_mode = d->stateful ? PPP_MPPE_STATEFUL : PPP_MPPE_STATELESS;
	c.keepalive_ms = KEEPALIVE;
	if (caller)
		return c;
	c.role = PPP_ANSWERER;
	c.allow = PPP_AUTH_MSCHAP2;
	c.local = ip("10.7.0.1");
	c.remote = ip("10.7.0.2");
	strcpy(c.host_name, "server");
	return c;
}

static void open_side(struct side *s, bool caller)
{
	bool l2tp = s->day->type == TUNNEL_L2TP;
	const struct tunnel_callbacks tunnel_cb = {on_tunnel_send, on_tunnel_event, s};
	const struct ppp_callbacks ppp_cb = {on_ppp_send, on_ppp_event, on_account, s};
	const struct path_callbacks path_cb = {.control = on_control,
					       .unknown = on_unknown,
					       .tunnel = on_datagram,
					       .error = on_error,
					       .resync = on_resync,
					       .ctx = s};
	const struct tunnel_config tunnel_config = {
		.type = s->day->type,
		.role = caller ? TUNNEL_CALLER : TUNNEL_ANSWERER,
		.host_name = "host",
		.local_call_id = 0x1111,
		.receive_window = 16,
		.setup_limit_ms = 30000,
		.echo_interval_ms = l2tp ? HELLO_MS : 60000,
		.echo_limit_ms = 60000,
		.sequencing = true,
	};
	const struct ppp_config ppp_config = ppp_config_of(s->day, caller);
	struct path_config path_config = {.encap = l2tp ? PATH_L2TP : PATH_GRE};

	s->seed = caller ? 1 : 2;
	s->random = (struct random_source){end_random, &s->seed};
	s->log = (struct log){.fd = 2, .level = LOG_LEVEL_ERROR};
	s->state = calloc(PACKETS_MAX, 1);
	open_wire(s, &path_config);
	s->tunnel = tunnel_new(&tunnel_config, &tunnel_cb, &s->random, &s->log);
	s->ppp = ppp_new(&ppp_config, &ppp_cb, &s->random, &s->log);
	s->path = path_new(&path_config, &path_cb, &s->log);
	assert_true(s->state && s->tunnel && s->ppp && s->path);
}

/* L2TP's control numbers, as if so many messages had gone before. */
static void start_control_at(struct side *from, uint16_t number)
{
	struct reliable *r = &l2tp_of(from->tunnel)->reliable;

	r->una = r->ns_sent = r->ns_top = r->ns_next = number;
	l2tp_of(from->other->tunnel)->reliable.nr = number;
}

static struct day *day_new(enum tunnel_type type, bool stateful)
{
	struct day *d = calloc(1, sizeof *d);

	assert_non_null(d);
	d->type = type;
	d->stateful = stateful;
	d->now_ms = 1000;
	d->seed = 42;
	for (int i = 0; i < 2; i++) {
		d->sides[i].day = d;
		d->sides[i].other = &d->sides[1 - i];
	}
	open_side(&d->sides[0], true);
	open_side(&d->sides[1], false);
	if (type == TUNNEL_L2TP) {
		start_control_at(&d->sides[0], 0xfffe);
		start_control_at(&d->sides[1], 0xfffd);
	}
	tunnel_start(d->sides[1].tunnel, d->now_ms);
	tunnel_start(d->sides[0].tunnel, d->now_ms);
	collect(&d->sides[0]);
	for (int i = 0; i < 100 && !(d->sides[0].network && d->sides[1].network); i++)
		run_to(d, d->now_ms + 100);
	run_to(d, d->now_ms + 2000);
	for (int i = 0; i < 2; i++)
		assert_true(d->sides[i].network && !d->sides[i].data.tx_blocked &&
			    d->sides[i].data.tx.bits == 128);
	return d;
}

static void day_free(struct day *d)
{
	for (int i = 0; i < 2; i++) {
		struct side *s = &d->sides[i];

		ppp_free(s->ppp);
		tunnel_free(s->tunnel);
		path_free(s->path);
		close(s->tun);
		close(s->path_tun);
		close(s->wire);
		close(s->path_wire);
		free(s->state);
	}
	free(d);
}

/* ---- the day ---- */

static unsigned hours(void)
{
	const char *text = getenv("VPDIAL_DAY_HOURS");

	return text ? (unsigned)atoi(text) : 24;
}

/* A day has not 2^32 packets: once an hour, while nothing is on its way, both ends agree that so
 * many have gone before that the next wrap is near.  The number is a multiple of the receiver's
 * window. */
static void skip_numbers(struct side *from)
{
	struct path *tx = from->path, *rx = from->other->path;
	uint32_t mask = from->day->type == TUNNEL_PPTP ? UINT32_MAX : 0xffff;
	uint32_t skip = (0xffffff00u - tx->tx_number) & mask & ~(uint32_t)(SEQUENCE_WINDOW - 1);

	tx->tx_number += skip;
	rx->sequence.newest += skip;
	rx->mppe_number += skip;
	rx->acked += skip;
	if (rx->reorder)
		rx->reorder->next += skip;
	from->last[DATA_NUMBER] = (from->last[DATA_NUMBER] + skip) & mask;
}

/* Forty minutes of traffic in bursts, then twenty of silence. */
static void one_hour(struct day *d)
{
	uint64_t start = d->now_ms, end = start + HOUR_MS;
	unsigned echoes = d->sides[0].echoes + d->sides[1].echoes;

	while (d->now_ms < start + 40 * 60000) {
		for (int i = 0; i < 2; i++)
			for (unsigned n = prng(&d->seed) % 12; n > 0; n--)
				send_packet(&d->sides[i]);
		collect(&d->sides[0]);
		collect(&d->sides[1]);
		run_to(d, d->now_ms + 10 + prng(&d->seed) % 6000);
	}
	run_to(d, start + 50 * 60000);
	while (d->flying_count) /* a moment without anything on its way */
		run_to(d, d->now_ms + 7);
	skip_numbers(&d->sides[0]);
	skip_numbers(&d->sides[1]);
	run_to(d, end);
	assert_true(d->sides[0].echoes + d->sides[1].echoes > echoes + 20);
}

static void check_side(const struct side *s, unsigned loss_permitted)
{
	const struct path_counters *c = path_counters(s->path);
	unsigned hours_run = hours();

	assert_false(s->closed);
	/* What got lost was lost by the network, and (stateful) until the reset that followed. */
	assert_true((uint64_t)s->got * 1000 >= (uint64_t)s->other->sent * (1000 - loss_permitted));
	assert_true(s->got < s->other->sent);
	assert_int_equal(c->tx_blocked + c->tx_too_big + c->tx_full, 0);
	assert_int_equal(c->rx_malformed + c->rx_wrong_id + c->rx_clear_refused + c->rx_not_open,
			 0);
	assert_true(c->rx_late > 0 && c->rx_duplicate > 0 && c->rx_lost > 0);
	assert_true(s->wraps[DATA_NUMBER] >= hours_run);
	assert_true(s->wraps[MPPE_COUNT] >= hours_run / 2);
	if (s->day->type == TUNNEL_L2TP)
		assert_true(s->wraps[CONTROL_NUMBER] >= 1 + hours_run / 12);
}

static void run_day(enum tunnel_type type, bool stateful, unsigned loss_permitted)
{
	struct day *d = day_new(type, stateful);

	for (unsigned h = 0; h < hours(); h++)
		one_hour(d);
	run_to(d, d->now_ms + 1000);
	check_side(&d->sides[0], loss_permitted);
	check_side(&d->sides[1], loss_permitted);
	print_message("%u h: %u + %u packets, %u lost on the way, wraps %llu/%llu/%llu\n", hours(),
		      d->sides[0].sent, d->sides[1].sent, d->lost,
		      (unsigned long long)d->sides[0].wraps[DATA_NUMBER],
		      (unsigned long long)d->sides[0].wraps[MPPE_COUNT],
		      (unsigned long long)d->sides[0].wraps[CONTROL_NUMBER]);
	day_free(d);
}

static void a_day_of_pptp_loses_only_what_the_network_loses(void **state)
{
	(void)state;
	run_day(TUNNEL_PPTP, false, 15);
}

static void a_day_of_l2tp_loses_only_what_the_network_loses(void **state)
{
	(void)state;
	run_day(TUNNEL_L2TP, false, 15);
}

static void a_day_of_stateful_pptp_comes_back_after_each_loss(void **state)
{
	(void)state;
	run_day(TUNNEL_PPTP, true, 80);
}

static void a_day_of_stateful_l2tp_comes_back_after_each_loss(void **state)
{
	(void)state;
	run_day(TUNNEL_L2TP, true, 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_of_pptp_loses_only_what_the_network_loses),
		cmocka_unit_test(a_day_of_l2tp_loses_only_what_the_network_loses),
		cmocka_unit_test(a_day_of_stateful_pptp_comes_back_after_each_loss),
		cmocka_unit_test(a_day_of_stateful_l2tp_comes_back_after_each_loss),
	};

	return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
