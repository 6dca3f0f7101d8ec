/* SPDX-License-Identifier: MIT */
/* A whole session, both roles, under a virtual clock: honest ends of tunnel and PPP take it up, an
 * honest supervisor answers; the script decides what else comes by control connection, data socket,
 * device and supervisor, what is lost, and when.  Linked with --wrap of clock, random and
 * epoll_wait: where the session would wait, the script goes on. */
#include "fuzz.h"

#include "base/clock.h"
#include "door.h"
#include "ipc/control.h"
#include "ipc/request.h"
#include "ppp/ppp.h"
#include "session/session.h"
#include "tunnel/tunnel.h"
#include "wire/frame.h"
#include "wire/gre.h"
#include "wire/l2tp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define STEPS	     120
#define QUIET_LIMIT  30000 /* from the end of its supervisor to its own */
#define WAITS_LIMIT  40000 /* of one run: more is a loop that turns for nothing */
#define CALL_ID	     0x1234
#define PEER_CALL_ID 0x5678

static struct {
	struct cursor script;
	unsigned steps, waits;
	uint64_t now, left_ms; /* left_ms: when the supervisor went away; 0 = not yet */
	uint32_t seed;
	bool answerer, l2tp, honest, mppe;
	int supervisor, control, wire, tun; /* our ends; -1 = closed */
	struct request_channel channel;
	struct sockaddr_in at[2]; /* of the data sockets: the session's, ours */
	struct tunnel *tunnel;
	struct door door; /* before the honest peer's tunnel, or the session's */
	struct ppp_link *ppp;
	bool up, tunnel_closed, ppp_closed;
	uint32_t seq;
	struct request_start start;
} world;

uint64_t __wrap_clock_now_ms(void);
uint64_t __wrap_clock_now_us(void);
ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags);
int __real_epoll_wait(int fd, struct epoll_event *events, int max, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout);

uint64_t __wrap_clock_now_ms(void)
{
	return world.now;
}

uint64_t __wrap_clock_now_us(void)
{
	return world.now * 1000;
}

ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags)
{
	(void)flags;
	fuzz_random(&world.seed, buf, len);
	return (ssize_t)len;
}

/* One frame to the session's data socket, in the right encapsulation; HOW: GRE's acknowledgment. */
static void to_wire(const uint8_t *frame, size_t len, uint8_t how)
{
	uint8_t packet[4096], head[GRE_HEADER_MAX];
	struct writer w = writer_make(packet, sizeof packet);

	if (world.l2tp) {
		const struct l2tp_header h = {.tunnel_id = world.start.local_tunnel_id,
					      .session_id = CALL_ID};

		writer_bytes(&w, head, l2tp_data_header_write(head, &h, len));
	} else {
		const struct gre_packet g = {.call_id = CALL_ID,
					     .has_seq = true,
					     .has_ack = how & 1,
					     .seq = world.seq++,
					     .payload_len = len};

		writer_u8(&w, 0x45);
		writer_zeros(&w, 19);
		writer_bytes(&w, head, gre_header_write(head, &g));
	}
	writer_bytes(&w, frame, len);
	if (!world.l2tp) {
		packet[2] = (uint8_t)(writer_len(&w) >> 8);
		packet[3] = (uint8_t)writer_len(&w);
	}
	if (!w.failed)
		(void)!sendto(world.wire, packet, writer_len(&w), MSG_DONTWAIT | MSG_NOSIGNAL,
			      world.l2tp ? (struct sockaddr *)&world.at[0] : NULL,
			      world.l2tp ? sizeof world.at[0] : 0);
}

/* The honest peer */

static void tunnel_send(void *ctx, const uint8_t *octets, size_t len)
{
	(void)ctx;
	if (world.l2tp)
		(void)!sendto(world.wire, octets, len, MSG_DONTWAIT,
			      (struct sockaddr *)&world.at[0], sizeof world.at[0]);
	else if (world.control >= 0)
		(void)!send(world.control, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void tunnel_event(void *ctx, const struct tunnel_event *event)
{
	(void)ctx;
	if (event->kind == TUNNEL_EVENT_CALL_UP)
		world.up = true;
	if (event->kind == TUNNEL_EVENT_CLOSED)
		world.tunnel_closed = true;
}

static void ppp_send(void *ctx, uint16_t protocol, const uint8_t *info, size_t len)
{
	uint8_t frame[2048];
	size_t n = frame_head_write(frame, protocol, false, false);

	(void)ctx;
	FUZZ_CHECK(n + len <= sizeof frame);
	memcpy(frame + n, info, len);
	to_wire(frame, n + len, 0);
}

static void ppp_event(void *ctx, const struct ppp_event *event)
{
	(void)ctx;
	if (event->kind == PPP_EVENT_CLOSED)
		world.ppp_closed = true;
}

static void ppp_account(void *ctx, const uint8_t *user, size_t len)
{
	struct ppp_account account = {.known = len == 4 && memcmp(user, "john", 4) == 0};

	(void)ctx;
	secret_set(&account.password, "secret", 6);
	ppp_account_answer(world.ppp, &account, world.now);
}

static void make_peer(void)
{
	static const struct tunnel_callbacks tunnel_callbacks = {tunnel_send, tunnel_event, NULL};
	static const struct ppp_callbacks ppp_callbacks = {ppp_send, ppp_event, ppp_account, NULL};
	static uint32_t seed;
	static const struct random_source random = {fuzz_random, &seed};
	const struct tunnel_config tunnel = {.type = world.l2tp ? PROTOCOL_L2TP : PROTOCOL_PPTP,
					     .role = world.answerer ? ROLE_CALLER : ROLE_ANSWERER,
					     .host_name = "peer",
					     .local_call_id = PEER_CALL_ID,
					     .local_tunnel_id = PEER_CALL_ID,
					     .local_session_id = PEER_CALL_ID,
					     .receive_window = 16,
					     .setup_limit_ms = 30000,
					     .echo_interval_ms = 60000,
					     .echo_limit_ms = 60000};
	struct ppp_config ppp = {.role = world.answerer ? ROLE_CALLER : ROLE_ANSWERER,
				 .user = "john",
				 .host_name = "peer",
				 .settings.allow = world.start.ppp.allow,
				 .settings.mppe.policy = world.mppe ? MPPE_REQUIRE : MPPE_NO,
				 .settings.mppe.strengths = 7,
				 .settings.mppe.mode = (enum mppe_mode)world.start.ppp.mppe.mode,
				 .settings.mru = 1500,
				 .ipv4 = true,
				 .settings.ipv6 = world.start.ppp.ipv6,
				 .restart_ms = 400,
				 .restart_max_ms = 3000,
				 .phase_limit_ms = 60000};

	seed = 7;
	secret_set(&ppp.password, "secret", 6);
	if (!world.answerer) {
		ppp.settings.local.s_addr = htonl(0x0a000001);
		ppp.settings.remote.s_addr = htonl(0x0a000002);
		ppp.dns[0].s_addr = htonl(0x0a000035);
	}
	world.tunnel = tunnel_new(&tunnel, &tunnel_callbacks, &random, NULL);
	FUZZ_CHECK(!world.l2tp || door_open(&world.door, &tunnel, &random, NULL));
	world.ppp = ppp_new(&ppp, &ppp_callbacks, &random, NULL);
	FUZZ_CHECK(world.tunnel && world.ppp);
	tunnel_start(world.tunnel, world.now);
}

static void peer_frame(const uint8_t *frame, size_t len)
{
	uint16_t protocol;
	size_t head;

	if (!frame_decode(frame, len, &protocol, &head))
		return;
	/* Whatever the script does: no packet in clear where encryption is required. */
	if (world.start.ppp.mppe.policy == MPPE_REQUIRE)
		FUZZ_CHECK(frame_is_control(protocol) || protocol == FRAME_COMPRESSED);
	if (world.honest && world.up && !world.ppp_closed && frame_is_control(protocol))
		ppp_input(world.ppp, protocol, frame + head, len - head, world.now);
}

static void peer_control(const uint8_t *packet, size_t len)
{
	static const struct tunnel_callbacks callbacks = {tunnel_send, tunnel_event, NULL};

	if (world.answerer)
		tunnel_input(world.tunnel, packet, len, world.now);
	else
		door_input(&world.door, world.tunnel, &callbacks, packet, len, world.now);
}

static void peer_datagram(uint8_t *packet, size_t len)
{
	struct l2tp_header h;
	struct gre_packet g;
	bool was_up = world.up;

	if (!world.l2tp) {
		FUZZ_CHECK(gre_decode(packet, len, &g));
		if (g.payload_len)
			peer_frame(g.payload, g.payload_len);
		return;
	}
	FUZZ_CHECK(l2tp_decode(packet, len, &h));
	if (!h.control)
		peer_frame(h.payload, h.payload_len);
	else if (world.honest && !world.tunnel_closed)
		peer_control(packet, len);
	if (world.up && !was_up)
		ppp_up(world.ppp, world.now);
}

/* What the session says to its peer.  True if it said anything. */
static bool hear_peer(void)
{
	static uint8_t octets[70000];
	bool any = false, was_up = world.up;
	ssize_t n;

	while ((n = recv(world.wire, octets, sizeof octets, MSG_DONTWAIT)) > 0) {
		peer_datagram(octets, (size_t)n);
		any = true;
	}
	while (recv(world.tun, octets, sizeof octets, MSG_DONTWAIT) > 0)
		any = true;
	while (world.control >= 0 &&
	       (n = recv(world.control, octets, sizeof octets, MSG_DONTWAIT)) > 0) {
		if (world.honest && !world.tunnel_closed)
			tunnel_input(world.tunnel, octets, (size_t)n, world.now);
		if (world.up && !was_up)
			ppp_up(world.ppp, world.now);
		was_up = world.up;
		any = true;
	}
	return any;
}

static void peer_ticks(void)
{
	if (!world.honest)
		return;
	for (unsigned n = 0; n < 8; n++) {
		if (!world.tunnel_closed && tunnel_deadline(world.tunnel) <= world.now)
			tunnel_tick(world.tunnel, world.now);
		if (world.up && !world.ppp_closed && ppp_deadline(world.ppp) <= world.now)
			ppp_tick(world.ppp, world.now);
	}
}

/* The supervisor */

static void say(enum request_type type, const void *body)
{
	if (world.supervisor >= 0)
		(void)request_send(&world.channel, type, body, NULL, 0);
}

static void answer_account(const struct request_account *question)
{
	struct request_account_answer answer = {.number = question->number};

	answer.known = question->user_len == 4 && memcmp(question->user, "john", 4) == 0;
	secret_set(&answer.password, "secret", 6);
	answer.local.s_addr = htonl(0x0a000001);
	answer.remote.s_addr = htonl(0x0a000002);
	answer.mppe.policy = world.start.ppp.mppe.policy;
	answer.mppe.strengths = 7;
	answer.mppe.mode = world.start.ppp.mppe.mode;
	say(REQUEST_ACCOUNT_ANSWER, &answer);
}

static void start_session(int control, int wire, int tun)
{
	const int fds[3] = {
		[REQUEST_FD_TUN] = tun, [REQUEST_FD_WIRE] = wire, [REQUEST_FD_CONTROL] = control};

	FUZZ_CHECK(request_send(&world.channel, REQUEST_START, &world.start, fds,
				world.l2tp ? 2 : 3) == 0);
}

static bool text_is_clean(const char *text, size_t cap)
{
	return request_text_valid(text, cap);
}

/* What the session asks of its supervisor is what the supervisor's own check lets through. */
static void check_request(const struct request_message *m)
{
	switch (m->type) {
	case REQUEST_STATE:
		FUZZ_CHECK(m->state.state < CONTROL_STATE_COUNT &&
			   text_is_clean(m->state.message, sizeof m->state.message));
		break;
	case REQUEST_ROUTES:
		FUZZ_CHECK(m->routes.count <= REQUEST_ROUTES_MAX &&
			   text_is_clean(m->routes.domain, sizeof m->routes.domain));
		break;
	case REQUEST_STATS:
		FUZZ_CHECK(text_is_clean(m->stats.encoding, sizeof m->stats.encoding) &&
			   text_is_clean(m->stats.peer_host, sizeof m->stats.peer_host) &&
			   text_is_clean(m->stats.peer_vendor, sizeof m->stats.peer_vendor));
		break;
	case REQUEST_ENDED:
		FUZZ_CHECK(m->reason.text[0] &&
			   text_is_clean(m->reason.text, sizeof m->reason.text));
		break;
	case REQUEST_NETWORK:
		FUZZ_CHECK(text_is_clean(m->network.auth_method, sizeof m->network.auth_method));
		FUZZ_CHECK(m->network.mtu >= 68 && m->network.mtu <= world.start.max_mtu);
		break;
	default:
		break;
	}
}

static bool hear_supervisor(void)
{
	static struct request_message m;
	struct request_applied applied = {0};
	bool any = false;

	while (world.supervisor >= 0 && request_receive(&world.channel, &m) > 0) {
		any = true;
		check_request(&m);
		if (m.type == REQUEST_READY) /* START went ahead of it */
			world.channel.phase = REQUEST_PHASE_CALL;
		if (m.type == REQUEST_ACCOUNT)
			answer_account(&m.account);
		if (m.type == REQUEST_NETWORK)
			say(REQUEST_APPLIED, &applied);
	}
	return any;
}

static void clean_text(char *text, size_t cap)
{
	for (size_t i = 0; i < cap - 1; i++)
		if (text[i] && ((uint8_t)text[i] < 0x20 || (uint8_t)text[i] > 0x7e))
			text[i] = '?';
	text[cap - 1] = '\0';
}

/* A record of any type and body; bools are made bools and texts clean, since this end is believed.
 */
static void say_anything(struct cursor *script)
{
	static struct request_message m;
	uint8_t type = fuzz_u8(script), *body = (uint8_t *)&m.start;
	const uint8_t *octets;
	size_t len;

	memset(&m, 0, sizeof m);
	octets = fuzz_octets(script, fuzz_u8(script), &len);
	if (len)
		memcpy(body, octets, len);
	switch (type % 5) {
	case 0:
		m.applied.error = -(m.applied.error & 127);
		m.applied.reason.code &= 15;
		clean_text(m.applied.reason.text, sizeof m.applied.reason.text);
		say(REQUEST_APPLIED, &m.applied);
		break;
	case 1:
		m.reason.code &= 15;
		clean_text(m.reason.text, sizeof m.reason.text);
		say(REQUEST_HANGUP, &m.reason);
		break;
	case 2:
		say(REQUEST_GET_STATS, NULL);
		break;
	case 3:
		memset(&m.account_answer.known, body[0] & 1, 1);
		memset(&m.account_answer.clamp_mss, body[1] & 1, 1);
		m.account_answer.number = body[2] & 3;
		m.account_answer.password.len %= sizeof m.account_answer.password.bytes;
		m.account_answer.refusal.code &= 15;
		clean_text(m.account_answer.refusal.text, sizeof m.account_answer.refusal.text);
		say(REQUEST_ACCOUNT_ANSWER, &m.account_answer);
		break;
	case 4: /* no record of the table */
		if (world.supervisor >= 0)
			(void)!send(world.supervisor, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	}
}

static void leave(void)
{
	if (world.supervisor >= 0)
		close(world.supervisor);
	world.supervisor = world.channel.fd = -1;
	if (!world.left_ms)
		world.left_ms = world.now;
}

/* The next operation of the script; returns milliseconds that pass. */
static unsigned step(void)
{
	struct cursor *script = &world.script;
	uint8_t op = fuzz_u8(script), how;
	uint8_t packet[300] = {0};
	const uint8_t *octets;
	size_t len;

	switch (op % 12) {
	case 0: /* time */
		return fuzz_u8(script);
	case 1:
		return 250u * fuzz_u8(script);
	case 2: /* of the data socket, raw */
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		(void)!sendto(world.wire, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL,
			      world.l2tp ? (struct sockaddr *)&world.at[0] : NULL,
			      world.l2tp ? sizeof world.at[0] : 0);
		break;
	case 3: /* a frame */
		how = fuzz_u8(script);
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		to_wire(octets, len, how);
		break;
	case 4: /* the control connection */
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		if (world.control >= 0)
			(void)!send(world.control, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 5: /* a packet of the device */
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		packet[0] = 0x45;
		packet[3] = (uint8_t)(20 + (len & 0xff));
		if (len)
			memcpy(packet + 20, octets, len);
		(void)!send(world.tun, packet, len + 20, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 6:
		say_anything(script);
		break;
	case 7:
		if (world.control >= 0 && !world.l2tp)
			close(world.control);
		world.control = -1;
		break;
	case 8:
		world.honest = false; /* the peer is gone */
		break;
	case 9:
		leave();
		break;
	case 10:
		say(REQUEST_GET_STATS, NULL);
		break;
	case 11:
		if (world.honest && !world.ppp_closed && world.up)
			ppp_close(world.ppp, &(struct reason){EXIT_HANGUP, "the peer ends"},
				  world.now);
		break;
	}
	return 0;
}

int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
	for (;;) {
		int n = __real_epoll_wait(fd, events, max, 0);
		unsigned pass;

		FUZZ_CHECK(++world.waits < WAITS_LIMIT);
		if (n != 0 || timeout == 0)
			return n;
		if (hear_peer() || hear_supervisor())
			continue;
		if (world.steps < STEPS && cursor_left(&world.script)) {
			world.steps++;
			pass = step();
			if (pass == 0)
				continue;
		} else {
			leave();
			FUZZ_CHECK(world.now - world.left_ms <= QUIET_LIMIT);
			/* Nothing will come any more: there must be something to wait for. */
			FUZZ_CHECK(timeout > 0);
			pass = (unsigned)timeout;
		}
		if (timeout >= 0 && pass > (unsigned)timeout)
			pass = (unsigned)timeout;
		/* The peer's timers in between. */
		world.now += pass < 250 ? pass : 250;
		peer_ticks();
		if (world.steps < STEPS && cursor_left(&world.script))
			world.now += pass < 250 ? 0 : pass - 250;
		return 0;
	}
}

static void configure(struct cursor *script)
{
	struct request_start *m = &world.start;
	uint8_t a = fuzz_u8(script), b = fuzz_u8(script), c = fuzz_u8(script);

	world.answerer = a & 1;
	world.l2tp = a & 2;
	world.honest = !(a & 4);
	world.mppe = a & 8;
	*m = (struct request_start){.protocol = world.l2tp ? PROTOCOL_L2TP : PROTOCOL_PPTP,
				    .role = world.answerer ? ROLE_ANSWERER : ROLE_CALLER,
				    .debug = a & 16,
				    .profile = "office",
				    .server = "vpn.example.com",
				    .host_name = "client",
				    .user = "john",
				    .ppp.allow = b & 31 ? b & 31 : 31,
				    .ppp.mppe.policy = (b >> 5) % 3,
				    .ppp.mppe.strengths = 7,
				    .ppp.mppe.mode = (a >> 5) % 3,
				    .max_mtu = 1450,
				    .ppp.mru = 1450,
				    .path_mtu = 1500,
				    .ppp.ask_pfc = c & 1,
				    .ppp.ask_acfc = c & 1,
				    .ask_dns = c & 2,
				    .ask_wins = c & 2,
				    .ipv4 = true,
				    .ppp.ipv6 = c & 4,
				    .clamp_mss = c & 8,
				    .local_call_id = CALL_ID,
				    .local_tunnel_id = CALL_ID,
				    .tunnel.sequencing = c & 16,
				    .setup_limit_ms = 30000,
				    .tunnel.hello_interval = 60,
				    .keepalive_ms = c & 32 ? 10000 : 0,
				    .idle_ms = c & 64 ? 20000 : 0,
				    .session_ms = c & 64 ? 40000 : 0,
				    .dhcp_inform = c & 128,
				    .connect_limit_ms = 15000};
	secret_set(&m->password, "secret", 6);
	if (world.l2tp && c & 128)
		m->farewell = (struct request_call){1, 2, 3, 4};
}

static void adopt(const struct adopted_tunnel *t)
{
	world.start.adopted = *t;
	world.start.local_tunnel_id = t->local_tunnel_id;
}

/* The server's reader lets the honest caller in; what it says too early goes to the session.  The
 * caller talks to itself meanwhile, as far as it knows. */
static void let_in(struct request_datagram *early)
{
	struct half_open_result r;
	uint8_t octets[REQUEST_DATAGRAM_MAX];
	ssize_t n;

	while ((n = recv(world.wire, octets, sizeof octets, MSG_DONTWAIT)) > 0) {
		half_open_input(world.door.half_open, &world.door.from, octets, (size_t)n,
				world.now, &r);
		FUZZ_CHECK(r.answer_len <= HALF_OPEN_FACTOR * (size_t)n);
		if (r.answer_len)
			tunnel_input(world.tunnel, r.answer, r.answer_len, world.now);
		if (r.verdict == HALF_OPEN_PROVED)
			adopt(&r.tunnel);
		if (r.verdict != HALF_OPEN_EARLY_DATAGRAM)
			continue;
		early->len = (uint16_t)n;
		memcpy(early->octets, octets, (size_t)n);
	}
	FUZZ_CHECK(world.start.adopted.local_tunnel_id);
}

static void udp_pair(int pair[2])
{
	socklen_t len = sizeof world.at[0];

	for (int i = 0; i < 2; i++) {
		world.at[i] = (struct sockaddr_in){.sin_family = AF_INET};
		world.at[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		pair[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		FUZZ_CHECK(pair[i] >= 0 &&
			   bind(pair[i], (struct sockaddr *)&world.at[i], len) == 0 &&
			   getsockname(pair[i], (struct sockaddr *)&world.at[i], &len) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	struct log log = {.fd = getenv("FUZZ_LOG") ? 2 : -1, .level = LOG_LEVEL_INFO};
	int supervisor[2], control[2] = {-1, -1}, wire[2], tun[2];
	static struct request_datagram early;

	fuzz_crypto();
	memset(&world, 0, sizeof world);
	early.len = 0;
	world.now = 1000;
	world.seed = 1;
	world.script = cursor_make(data, len);
	configure(&world.script);
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | flags, 0, supervisor) == 0);
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_DGRAM | flags, 0, tun) == 0);
	if (world.l2tp)
		udp_pair(wire);
	else
		FUZZ_CHECK(socketpair(AF_UNIX, SOCK_DGRAM | flags, 0, wire) == 0 &&
			   socketpair(AF_UNIX, SOCK_STREAM | flags, 0, control) == 0);
	world.supervisor = supervisor[0];
	world.channel = (struct request_channel){supervisor[0], true, REQUEST_PHASE_READY};
	world.control = control[0];
	world.wire = wire[world.l2tp ? 1 : 0];
	world.tun = tun[0];
	memcpy(&world.start.peer, &world.at[1], sizeof world.at[1]);
	if (world.l2tp && world.answerer) {
		struct sockaddr_in own = world.at[0];

		world.at[0] = world.at[1]; /* to ourselves, for once */
		make_peer();
		let_in(&early);
		world.at[0] = own;
	} else {
		make_peer();
	}
	start_session(control[1], wire[world.l2tp ? 0 : 1], tun[1]);
	if (early.len)
		say(REQUEST_EARLY, &early);
	close(wire[world.l2tp ? 0 : 1]);
	close(tun[1]);
	if (control[1] >= 0)
		close(control[1]);
	world.channel.phase = REQUEST_PHASE_SPAWNED;
	(void)session_run(supervisor[1], NULL, &log);
	leave();
	if (world.control >= 0)
		close(world.control);
	close(supervisor[1]);
	close(world.wire);
	close(world.tun);
	tunnel_free(world.tunnel);
	door_close(&world.door);
	ppp_free(world.ppp);
	return 0;
}
