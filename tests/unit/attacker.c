/* SPDX-License-Identifier: MIT */
/* A session that an attacker has taken over: a program in place of vpdial-session that confines
 * itself as the true one does and then turns on its supervisor.  What it tries stands in the file
 * "attack" of the run directory: "WHEN WHAT", WHEN being spawned, ready, call, or read: as a
 * server's reader.
 *
 * For tests/netns/sandbox.sh only; nothing of it is in the programs that are installed. */
#include "ipc/control.h"
#include "ipc/request.h"
#include "session/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SUPERVISOR 3

static struct request_channel channel = {.fd = SUPERVISOR, .phase = REQUEST_PHASE_SPAWNED};
static uint8_t big[262144];
static int fds_given[REQUEST_FDS_MAX];

/* A record that the table of ipc/request.c would never send. */
static void record(uint32_t type, const void *body, size_t len, unsigned descriptors)
{
	struct iovec iov[2] = {{&type, sizeof type}, {(void *)(uintptr_t)body, len}};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int) * 64)];
	} control;
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	struct pollfd writable = {.fd = SUPERVISOR, .events = POLLOUT};

	if (descriptors) {
		memset(&control, 0, sizeof control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int) * descriptors);
		for (unsigned i = 0; i < descriptors; i++)
			memcpy(CMSG_DATA(&control.head) + i * sizeof(int), (int[]){2}, sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors);
	}
	for (int i = 0;
	     sendmsg(SUPERVISOR, &msg, MSG_NOSIGNAL) < 0 && errno == EAGAIN && i < 1000000; i++)
		(void)writable;
}

static void state(uint32_t number, const char *text, bool terminated)
{
	struct request_state body = {.state = number};

	if (!terminated)
		memset(body.message, 'A', sizeof body.message);
	memcpy(body.message, text, strlen(text));
	record(REQUEST_STATE, &body, sizeof body, 0);
}

static void network(const char *local, const char *remote, uint16_t mtu, bool terminated)
{
	struct request_network body = {.mtu = mtu, .mru = 1400};

	inet_pton(AF_INET, local, &body.local);
	inet_pton(AF_INET, remote, &body.remote);
	memset(body.auth_method, terminated ? 0 : 'A', sizeof body.auth_method);
	record(REQUEST_NETWORK, &body, sizeof body, 0);
}

static void stats(const char *text, bool terminated)
{
	struct request_stats body = {.counters.tx_packets = UINT64_MAX, .echo_rtt_ms = UINT32_MAX};

	memset(body.peer_host, terminated ? 0 : 'A', sizeof body.peer_host);
	memcpy(body.peer_host, text, strlen(text));
	record(REQUEST_STATS, &body, sizeof body, 0);
}

static void ended(unsigned code, const char *text, bool terminated)
{
	struct request_ended body = {.reason.code = (enum exit_status)code};

	memset(body.reason.text, terminated ? 0 : 'A', sizeof body.reason.text);
	memcpy(body.reason.text, text, strlen(text));
	record(REQUEST_ENDED, &body, sizeof body, 0);
}

/* Asks for a network and says what the supervisor answered. */
static void network_answered(const char *local, const char *remote, uint16_t mtu)
{
	static struct request_message m;

	network(local, remote, mtu, true);
	for (int i = 0; i < 100000000 && m.type != REQUEST_APPLIED; i++)
		(void)request_receive(&channel, &m);
	m.applied.reason.text[sizeof m.applied.reason.text - 1] = '\0';
	if (m.type == REQUEST_APPLIED && m.applied.error)
		ended(m.applied.reason.code, m.applied.reason.text, true);
}

static void routes(uint32_t count, bool terminated)
{
	static struct request_routes body;

	body.count = count;
	for (unsigned i = 0; i < REQUEST_ROUTES_MAX; i++)
		body.routes[i].prefix_len = 200;
	memset(body.domain, terminated ? 0 : 'A', sizeof body.domain);
	record(REQUEST_ROUTES, &body, sizeof body, 0);
}

static void a_ready_twice(void)
{
	record(REQUEST_READY, NULL, 0, 0);
}
static void a_start(void)
{
	record(REQUEST_START, big, sizeof(struct request_start), 2);
}
static void a_applied(void)
{
	record(REQUEST_APPLIED, big, sizeof(struct request_applied), 0);
}
static void a_hangup(void)
{
	record(REQUEST_HANGUP, big, sizeof(struct reason), 0);
}
static void a_get_stats(void)
{
	record(REQUEST_GET_STATS, NULL, 0, 0);
}
static void a_none(void)
{
	record(REQUEST_NONE, NULL, 0, 0);
}
static void a_type_77(void)
{
	record(77, NULL, 0, 0);
}
static void a_type_max(void)
{
	record(0xffffffff, NULL, 0, 0);
}
static void a_state(void)
{
	state(CONTROL_STATE_CALLING, "calling", true);
}
static void a_network(void)
{
	network("10.99.0.100", "10.99.0.1", 1400, true);
}
static void a_stats(void)
{
	stats("x", true);
}
static void a_call(void)
{
	record(REQUEST_CALL, big, sizeof(struct request_call), 0);
}
static void a_short(void)
{
	record(REQUEST_STATE, big, sizeof(struct request_state) - 1, 0);
}
static void a_long(void)
{
	record(REQUEST_STATE, big, sizeof(struct request_state) + 1, 0);
}
static void a_huge(void)
{
	record(REQUEST_STATE, big, 120000, 0);
}
static void a_no_body(void)
{
	record(REQUEST_STATE, NULL, 0, 0);
}
static void a_two_octets(void)
{
	(void)!send(SUPERVISOR, "\1\0", 2, MSG_NOSIGNAL);
}
static void a_one_descriptor(void)
{
	record(REQUEST_STATE, big, sizeof(struct request_state), 1);
}
static void a_descriptors(void)
{
	record(REQUEST_STATE, big, sizeof(struct request_state), 64);
}
static void a_state_999(void)
{
	state(999, "x", true);
}
static void a_state_max(void)
{
	state(0xffffffff, "x", true);
}
static void a_state_unterminated(void)
{
	state(CONTROL_STATE_CALLING, "x", false);
}
static void a_state_escape(void)
{
	state(CONTROL_STATE_CALLING, "\033[2Jx\r\nforged: line", true);
}
static void a_state_c1(void)
{
	state(CONTROL_STATE_CALLING,
	      "\xc2\x9b"
	      "2J",
	      true);
}
static void a_stats_unterminated(void)
{
	stats("x", false);
}
static void a_stats_escape(void)
{
	stats("\033]0;owned\007", true);
}
static void a_network_unterminated(void)
{
	network("10.99.0.100", "10.99.0.1", 1400, false);
}
static void a_network_loopback(void)
{
	network_answered("127.0.0.1", "10.99.0.1", 1400);
}
static void a_network_zero(void)
{
	network_answered("0.0.0.0", "10.99.0.1", 1400);
}
static void a_network_multicast(void)
{
	network_answered("224.0.0.1", "10.99.0.1", 1400);
}
static void a_network_broadcast(void)
{
	network_answered("255.255.255.255", "10.99.0.1", 1400);
}
static void a_network_server(void)
{
	network_answered("10.88.1.1", "10.99.0.1", 1400);
}
static void a_network_remote_loopback(void)
{
	network_answered("10.99.0.100", "127.0.0.1", 1400);
}
static void a_network_remote_multicast(void)
{
	network_answered("10.99.0.100", "239.1.2.3", 1400);
}
static void a_network_mtu_0(void)
{
	network_answered("10.99.0.100", "10.99.0.1", 0);
}
static void a_network_mtu_67(void)
{
	network_answered("10.99.0.100", "10.99.0.1", 67);
}
static void a_network_mtu_65535(void)
{
	network_answered("10.99.0.100", "10.99.0.1", 65535);
}
static void a_routes_count(void)
{
	routes(0xffffffff, true);
}
static void a_routes_count_65(void)
{
	routes(REQUEST_ROUTES_MAX + 1, true);
}
static void a_routes_unterminated(void)
{
	routes(1, false);
}
static void a_ended_code(void)
{
	ended(9999, "x", true);
}
static void a_ended_unterminated(void)
{
	ended(EXIT_HANGUP, "x", false);
}
static void a_ended_escape(void)
{
	ended(EXIT_HANGUP, "\033[31mx", true);
}
static void a_state_flood(void)
{
	for (int i = 0; i < 20000; i++)
		state(CONTROL_STATE_CALLING, "again", true);
	ended(EXIT_HANGUP, "flooded", true);
}
static void a_network_flood(void)
{
	for (int i = 0; i < 300; i++)
		network(i & 1 ? "10.99.0.100" : "10.99.0.101", "10.99.0.1", 1400, true);
	ended(EXIT_HANGUP, "flooded", true);
}
static void a_log_flood(void)
{
	for (int i = 0; i < 20000; i++)
		(void)!write(2, "1\033[2Jforged\r: line\n", 19);
	ended(EXIT_HANGUP, "flooded", true);
}
static void a_log_endless_line(void)
{
	memset(big, 'x', sizeof big);
	big[0] = '1';
	for (int i = 0; i < 8; i++)
		(void)!write(2, big, sizeof big);
	while (write(2, "\n1after it\n", 11) < 0)
		; /* until there is room again */
	ended(EXIT_HANGUP, "flooded", true);
}
/* As a server's session: the passwords of twenty users, each as if it were the first question. */
static void a_accounts(void)
{
	static struct request_message m;
	struct request_account body = {.number = 1};
	char line[64];

	for (int i = 0; i < 20; i++) {
		body.user_len =
			(uint16_t)snprintf((char *)body.user, sizeof body.user, "user%d", i);
		record(REQUEST_ACCOUNT, &body, sizeof body, 0);
		for (int k = 0; k < 1000000 && request_receive(&channel, &m) <= 0; k++)
			;
		if (m.type == REQUEST_ACCOUNT_ANSWER && m.account_answer.known)
			(void)!write(2, line,
				     (size_t)snprintf(line, sizeof line, "1has user%d\n", i));
		m.type = REQUEST_NONE;
	}
	ended(EXIT_HANGUP, "asked", true);
}
/* As a server's reader: a tunnel that has proved itself, with one value that cannot be. */
static struct request_proved true_tunnel(uint16_t port)
{
	struct request_proved m = {
		.place = {.local_tunnel_id = 7},
		.adopted = {.local_tunnel_id = 7, .peer_tunnel_id = 8, .window = 4}};
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in own = {.sin_family = AF_INET};

	inet_pton(AF_INET, "10.88.1.1", &peer.sin_addr);
	inet_pton(AF_INET, "10.88.1.2", &own.sin_addr);
	memcpy(&m.place.peer, &peer, sizeof peer);
	memcpy(&m.place.own, &own, sizeof own);
	return m;
}
static void tell_tunnel(const struct request_proved *m)
{
	record(REQUEST_PROVED, m, sizeof *m, 0);
}
static void a_proved(void)
{
	struct request_proved m = true_tunnel(1701);

	tell_tunnel(&m);
}
static void a_datagram(void)
{
	record(REQUEST_DATAGRAM, big, sizeof(struct request_datagram), 0);
}
static void a_proved_listener(void)
{
	struct request_proved m = true_tunnel(1701);

	m.place.listener = 1;
	tell_tunnel(&m);
}
static void a_proved_listener_max(void)
{
	struct request_proved m = true_tunnel(1701);

	m.place.listener = UINT32_MAX;
	tell_tunnel(&m);
}
static void a_proved_family(void)
{
	struct request_proved m = true_tunnel(1701);

	m.place.peer.ss_family = AF_UNIX;
	tell_tunnel(&m);
}
static void a_proved_multicast(void)
{
	struct request_proved m = true_tunnel(1701);

	inet_pton(AF_INET, "224.0.0.1", &((struct sockaddr_in *)&m.place.peer)->sin_addr);
	tell_tunnel(&m);
}
static void a_proved_port_0(void)
{
	struct request_proved m = true_tunnel(0);

	tell_tunnel(&m);
}
static void a_proved_own(void)
{
	struct request_proved m = true_tunnel(1701);

	inet_pton(AF_INET, "10.88.1.77", &((struct sockaddr_in *)&m.place.own)->sin_addr);
	tell_tunnel(&m);
}
static void a_proved_ids(void)
{
	struct request_proved m = true_tunnel(1701);

	m.adopted.peer_tunnel_id = 0;
	tell_tunnel(&m);
}
static void a_proved_two_ids(void)
{
	struct request_proved m = true_tunnel(1701);

	m.adopted.local_tunnel_id = 9;
	tell_tunnel(&m);
}
static void a_proved_host_len(void)
{
	struct request_proved m = true_tunnel(1701);

	m.adopted.host_len = 255;
	tell_tunnel(&m);
}
static void a_datagram_len(void)
{
	static struct request_datagram m;

	m.place = true_tunnel(1701).place;
	m.len = 0xffff;
	record(REQUEST_DATAGRAM, &m, sizeof m, 0);
}
/* From as many ports as there are. */
static void a_proved_flood(void)
{
	for (unsigned port = 1; port < 20000; port++) {
		struct request_proved m = true_tunnel((uint16_t)port);

		tell_tunnel(&m);
	}
}
static void a_exit(void)
{
	_exit(0);
}
static void a_exit_127(void)
{
	_exit(127);
}
static void a_crash(void)
{
	*(volatile int *)0 = 1;
}
static void a_syscall(void)
{
	(void)socket(AF_INET, SOCK_STREAM, 0);
}
static void a_hang(void)
{
	poll(NULL, 0, -1);
}

static const struct {
	const char *name;
	void (*make)(void);
} attacks[] = {
#define ATTACK(name)            \
	{                       \
#name, a_##name \
	}
	ATTACK(ready_twice),
	ATTACK(start),
	ATTACK(applied),
	ATTACK(hangup),
	ATTACK(get_stats),
	ATTACK(none),
	ATTACK(type_77),
	ATTACK(type_max),
	ATTACK(state),
	ATTACK(network),
	ATTACK(stats),
	ATTACK(call),
	ATTACK(short),
	ATTACK(long),
	ATTACK(huge),
	ATTACK(no_body),
	ATTACK(two_octets),
	ATTACK(one_descriptor),
	ATTACK(descriptors),
	ATTACK(state_999),
	ATTACK(state_max),
	ATTACK(state_unterminated),
	ATTACK(state_escape),
	ATTACK(state_c1),
	ATTACK(stats_unterminated),
	ATTACK(stats_escape),
	ATTACK(network_unterminated),
	ATTACK(network_loopback),
	ATTACK(network_zero),
	ATTACK(network_multicast),
	ATTACK(network_broadcast),
	ATTACK(network_server),
	ATTACK(network_remote_loopback),
	ATTACK(network_remote_multicast),
	ATTACK(network_mtu_0),
	ATTACK(network_mtu_67),
	ATTACK(network_mtu_65535),
	ATTACK(routes_count),
	ATTACK(routes_count_65),
	ATTACK(routes_unterminated),
	ATTACK(ended_code),
	ATTACK(ended_unterminated),
	ATTACK(ended_escape),
	ATTACK(state_flood),
	ATTACK(network_flood),
	ATTACK(log_flood),
	ATTACK(log_endless_line),
	ATTACK(accounts),
	ATTACK(proved),
	ATTACK(datagram),
	ATTACK(proved_listener),
	ATTACK(proved_listener_max),
	ATTACK(proved_family),
	ATTACK(proved_multicast),
	ATTACK(proved_port_0),
	ATTACK(proved_own),
	ATTACK(proved_ids),
	ATTACK(proved_two_ids),
	ATTACK(proved_host_len),
	ATTACK(datagram_len),
	ATTACK(proved_flood),
	ATTACK(exit),
	ATTACK(exit_127),
	ATTACK(crash),
	ATTACK(syscall),
	ATTACK(hang),
#undef ATTACK
};

static void attack(const char *name)
{
	for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++)
		if (strcmp(attacks[i].name, name) == 0)
			attacks[i].make();
}

/* Waits for START (as a reader: LISTEN), takes its descriptors. */
static void await_start(void)
{
	static struct request_message m;

	for (int i = 0; i < 100000000; i++) {
		if (request_receive(&channel, &m) > 0 &&
		    (m.type == REQUEST_START || m.type == REQUEST_LISTEN)) {
			memcpy(fds_given, m.fds, sizeof fds_given);
			return;
		}
	}
}

int main(int argc, char **argv)
{
	const struct log log = {.fd = 2, .level = LOG_LEVEL_ERROR};
	char path[512], when[16] = "", what[64] = "";
	FILE *f;

	if (argc != 4 && argc != 5)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	snprintf(path, sizeof path, "%s/../attack", argv[1]);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%15s %63s", when, what) != 2)
		return 3;
	fclose(f);
	if (sandbox_enter(argv[1], (uid_t)strtoul(argv[2], NULL, 10),
			  (gid_t)strtoul(argv[3], NULL, 10), NULL, NULL, &log) < 0)
		return 4;
	if (strcmp(when, "spawned") == 0)
		attack(what);
	request_send(&channel, REQUEST_READY, NULL, NULL, 0);
	if (strcmp(when, "ready") == 0)
		attack(what);
	await_start();
	if (strcmp(when, argc == 5 ? "read" : "call") == 0)
		attack(what);
	/* What comes back is of no interest; the supervisor must end this. */
	for (int i = 0; i < 2000000000; i++) {
		static struct request_message m;

		if (request_receive(&channel, &m) < 0)
			break;
	}
	return 0;
}
