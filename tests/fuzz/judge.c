/* SPDX-License-Identifier: MIT */
/* The privileged processes against a session that is not what it should be: a whole supervisor of a
 * profile, or a call of the server, gets records of any type, size and body, with descriptors and
 * without, and lines of log.  Whatever they say: what the machine is asked to do obeys the rules of
 * SECURITY.md, and what clients are told is valid.
 * Linked with --wrap: no process is started, and nothing of this machine is changed. */
#include "fuzz.h"

#include "base/clock.h"
#include "connection/profile.h"
#include "connection/sockets.h"
#include "connection/spawn.h"
#include "server/serve.h"
#include "server/serving.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS	  60
#define NO_PID	  0x3fffffff /* above every pid that Linux gives */
#define SERVER	  0xc0000201
#define GATEWAY	  0xc6336401
#define SOURCE	  0xc6336402
#define OURS	  0x0a000001
#define CALLERS	  0x0a000002
#define WAITS_MAX 4000

static struct {
	struct cursor script;
	unsigned steps, waits, spawned, gone;
	uint64_t now;
	int session, log; /* the session's ends; -1 = none */
	int null_fd, apply_error, exit_status;
	struct request_channel channel; /* as an honest session would see it */
	struct supervisor *supervisor;	/* else it is the server */
	struct server *server;
	unsigned applied;
	bool refuse; /* the server's policy only has callers told that there is no room */
} world;

static char dir[64];

/* Calls that are answered here */

int __wrap_access(const char *path, int mode);
pid_t __wrap_fork(void);
int __wrap_kill(pid_t pid, int sig);
pid_t __wrap_waitpid(pid_t pid, int *status, int flags);
int __wrap_pidfd_open(pid_t pid, unsigned flags);
int __real_socketpair(int domain, int type, int protocol, int pair[2]);
int __wrap_socketpair(int domain, int type, int protocol, int pair[2]);
int __real_pipe2(int pair[2], int flags);
int __wrap_pipe2(int pair[2], int flags);
uint64_t __wrap_clock_now_ms(void);
uint64_t __wrap_clock_now_us(void);
int __real_epoll_wait(int fd, struct epoll_event *events, int max, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout);
struct host *__wrap_host_new(const char *run_dir, const char *name, unsigned wait_ms,
			     const struct log *log, struct reason *reason);
void __wrap_host_free(struct host *host);
int __wrap_host_apply(struct host *host, const struct host_config *config,
		      struct host_applied *applied, struct reason *reason);
void __wrap_host_undo(struct host *host);
void __wrap_host_suspend(struct host *host);
void __wrap_host_set_loop(struct host *host, struct loop *loop, void (*settled)(void *ctx),
			  void *ctx);
bool __wrap_host_is_settled(const struct host *host);
enum host_dns_way __wrap_host_dns_way_now(const struct host *host);
void __wrap_host_finish(struct host *host);
bool __wrap_host_is_locked_down(const struct host *host);
void __wrap_host_set_forget(struct host *host, void (*forget)(void *ctx), void *ctx);
int __wrap_host_tun_open(struct host *host, const char *pattern, enum host_offload wanted,
			 struct host_tun *tun, struct reason *reason);
int __wrap_host_tun_rename(struct host *host, struct host_tun *tun, const char *name,
			   struct reason *reason);
int __wrap_host_path_to(struct host *host, const struct sockaddr *addr, unsigned bind_ifindex,
			struct host_path *path, struct reason *reason);
int __wrap_host_repin(struct host *host, const struct sockaddr_storage *server,
		      unsigned bind_ifindex, struct host_path *path, struct reason *reason);
void __wrap_last_end(struct supervisor *s);
bool __wrap_host_effect(struct host *host, const struct host_config *config, enum host_effect what,
			char why[static HOST_WHY_MAX]);
bool __wrap_host_effect_route(struct host *host, const struct host_config *config, size_t index,
			      char why[static HOST_WHY_MAX]);
int __wrap_call_sockets_open(struct call *c);
int __wrap_sockets_open(struct dialer *d, struct reason *reason);
enum life_event __wrap_dial_start(struct supervisor *s, struct life_input *in);

/* The session program is there. */
int __wrap_access(const char *path, int mode)
{
	(void)path, (void)mode;
	return 0;
}

pid_t __wrap_fork(void)
{
	world.spawned++;
	return NO_PID;
}

int __wrap_kill(pid_t pid, int sig)
{
	(void)sig;
	FUZZ_CHECK(pid == NO_PID);
	return 0;
}

pid_t __wrap_waitpid(pid_t pid, int *status, int flags)
{
	(void)flags;
	FUZZ_CHECK(pid == NO_PID);
	if (status)
		*status = world.exit_status;
	world.gone++;
	return pid;
}

int __wrap_pidfd_open(pid_t pid, unsigned flags)
{
	(void)flags;
	FUZZ_CHECK(pid == NO_PID);
	errno = ESRCH;
	return -1;
}

int __wrap_socketpair(int domain, int type, int protocol, int pair[2])
{
	int rc = __real_socketpair(domain, type, protocol, pair);

	FUZZ_CHECK(rc == 0 && world.session < 0);
	world.session = fcntl(pair[1], F_DUPFD_CLOEXEC, 0);
	world.channel = (struct request_channel){world.session, false, REQUEST_PHASE_SPAWNED};
	return rc;
}

int __wrap_pipe2(int pair[2], int flags)
{
	int rc = __real_pipe2(pair, flags);

	FUZZ_CHECK(rc == 0 && world.log < 0);
	world.log = fcntl(pair[1], F_DUPFD_CLOEXEC, 0);
	return rc;
}

uint64_t __wrap_clock_now_ms(void)
{
	return world.now;
}

uint64_t __wrap_clock_now_us(void)
{
	return world.now * 1000;
}

/* The rules */

static bool is_host(struct in_addr a)
{
	uint32_t v = ntohl(a.s_addr);

	return v >> 24 != 0 && v >> 24 != 127 && v < 0xe0000000;
}

static bool holds(const struct route *r, uint32_t address)
{
	uint32_t mask = r->prefix_len ? UINT32_MAX << (32 - r->prefix_len) : 0;

	return ((ntohl(r->dst4.s_addr) ^ address) & mask) == 0;
}

static void check_route(const struct supervisor *s, const struct route *r)
{
	FUZZ_CHECK(r->family == AF_INET && r->prefix_len > 0 && r->prefix_len <= 32);
	FUZZ_CHECK(r->prefix_len >= 8 || s->profile.add_default_route);
	FUZZ_CHECK(!holds(r, 0x7f000001) && is_host(r->dst4) && !r->has_gateway);
	FUZZ_CHECK(!holds(r, SERVER) && !holds(r, GATEWAY) && !holds(r, SOURCE));
}

static void check_client(const struct supervisor *s, const struct host_config *c)
{
	FUZZ_CHECK(is_host(c->local) && ntohl(c->local.s_addr) != SERVER);
	FUZZ_CHECK(!c->remote.s_addr || is_host(c->remote));
	FUZZ_CHECK(c->mtu >= 68 && c->mtu <= s->profile.max_mtu);
	FUZZ_CHECK(c->route_count <= CONTROL_ROUTES_MAX);
	FUZZ_CHECK(request_text_valid(c->search_domains, sizeof c->search_domains));
	FUZZ_CHECK(c->default_route == s->profile.add_default_route);
	for (size_t i = 0; i < 2; i++)
		FUZZ_CHECK(!c->dns[i].s_addr || is_host(c->dns[i]));
	if (s->profile.use_peer_dns == CONF_PEER_DNS_NO)
		FUZZ_CHECK(c->dns[0].s_addr == s->profile.dns_server[0].s_addr &&
			   !c->dns[1].s_addr);
	for (size_t i = 0; i < c->route_count; i++)
		check_route(s, &c->routes[i]);
}

static void check_server(const struct host_config *c)
{
	FUZZ_CHECK(ntohl(c->local.s_addr) == OURS && ntohl(c->remote.s_addr) == CALLERS);
	FUZZ_CHECK(c->mtu >= 68 && c->mtu <= 1450 && c->route_count == 0);
	FUZZ_CHECK(!c->default_route && c->dns_mode == HOST_DNS_NO);
}

int __wrap_host_apply(struct host *host, const struct host_config *config,
		      struct host_applied *applied, struct reason *reason)
{
	(void)host;
	world.applied++;
	if (world.supervisor)
		check_client(world.supervisor, config);
	else
		check_server(config);
	*applied = (struct host_applied){.dns_way = HOST_DNS_WAY_FILE};
	if (world.apply_error)
		reason_set(reason, EXIT_FATAL, "the kernel says no");
	return world.apply_error;
}

struct host *__wrap_host_new(const char *run_dir, const char *name, unsigned wait_ms,
			     const struct log *log, struct reason *reason)
{
	(void)run_dir, (void)name, (void)wait_ms, (void)log, (void)reason;
	return (struct host *)(void *)&world;
}

void __wrap_host_free(struct host *host)
{
	(void)host;
}

void __wrap_host_undo(struct host *host)
{
	(void)host;
}

void __wrap_host_suspend(struct host *host)
{
	(void)host;
}

void __wrap_host_set_loop(struct host *host, struct loop *loop, void (*settled)(void *ctx),
			  void *ctx)
{
	(void)host, (void)loop, (void)settled, (void)ctx;
}

bool __wrap_host_is_settled(const struct host *host)
{
	(void)host;
	return true;
}

enum host_dns_way __wrap_host_dns_way_now(const struct host *host)
{
	(void)host;
	return HOST_DNS_WAY_FILE;
}

void __wrap_host_finish(struct host *host)
{
	(void)host;
}

void __wrap_host_set_forget(struct host *host, void (*forget)(void *ctx), void *ctx)
{
	(void)host, (void)forget, (void)ctx;
}

bool __wrap_host_is_locked_down(const struct host *host)
{
	(void)host;
	return false;
}

int __wrap_host_tun_open(struct host *host, const char *pattern, enum host_offload wanted,
			 struct host_tun *tun, struct reason *reason)
{
	(void)host, (void)pattern, (void)wanted, (void)reason;
	*tun = (struct host_tun){.fd = dup(world.null_fd), .ifindex = 1 << 20, .ifname = "fuzz0"};
	return 0;
}

int __wrap_host_tun_rename(struct host *host, struct host_tun *tun, const char *name,
			   struct reason *reason)
{
	(void)host, (void)reason;
	FUZZ_CHECK(name[0] && strlen(name) < sizeof tun->ifname && !strchr(name, '/'));
	memcpy(tun->ifname, name, strlen(name) + 1);
	return 0;
}

bool __wrap_host_effect(struct host *host, const struct host_config *config, enum host_effect what,
			char why[static HOST_WHY_MAX])
{
	(void)host, (void)config, (void)what;
	why[0] = '\0';
	return true;
}

bool __wrap_host_effect_route(struct host *host, const struct host_config *config, size_t index,
			      char why[static HOST_WHY_MAX])
{
	(void)host;
	FUZZ_CHECK(index < config->route_count);
	why[0] = '\0';
	return true;
}

int __wrap_host_path_to(struct host *host, const struct sockaddr *addr, unsigned bind_ifindex,
			struct host_path *path, struct reason *reason)
{
	(void)host, (void)addr, (void)bind_ifindex, (void)reason;
	*path = (struct host_path){.mtu = 1500};
	return 0;
}

int __wrap_host_repin(struct host *host, const struct sockaddr_storage *server,
		      unsigned bind_ifindex, struct host_path *path, struct reason *reason)
{
	return __wrap_host_path_to(host, (const struct sockaddr *)server, bind_ifindex, path,
				   reason);
}

void __wrap_last_end(struct supervisor *s)
{
	(void)s; /* its file is none of a session's matters */
}

int __wrap_call_sockets_open(struct call *c)
{
	c->wire = dup(world.null_fd);
	c->call_id = 0x1234;
	return 0;
}

/* No packet leaves. */
int __wrap_sockets_open(struct dialer *d, struct reason *reason)
{
	(void)d;
	reason_set(reason, EXIT_OPEN_FAILED, "no sockets here");
	return -EPERM;
}

/* The next dial is another story. */
enum life_event __wrap_dial_start(struct supervisor *s, struct life_input *in)
{
	(void)in;
	loop_stop(s->loop);
	return ON_NONE;
}

/* The session */

static void send_raw(const uint8_t *record, size_t len, unsigned fd_count)
{
	int fds[5] = {world.null_fd, world.null_fd, world.null_fd, world.null_fd, world.null_fd};
	union {
		struct cmsghdr align;
		uint8_t octets[CMSG_SPACE(sizeof fds)];
	} control = {0};
	struct iovec iov = {(void *)(uintptr_t)record, len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd_count) {
		struct cmsghdr *c;

		msg.msg_control = control.octets;
		msg.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
	}
	(void)!sendmsg(world.session, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A good body of each type, to be changed. */
static void good_body(struct request_message *m, uint32_t type)
{
	memset(m, 0, sizeof *m);
	switch (type) {
	case REQUEST_STATE:
		m->state.state = CONTROL_STATE_NETWORK;
		break;
	case REQUEST_NETWORK:
		m->network.local.s_addr = htonl(world.supervisor ? CALLERS : OURS);
		m->network.remote.s_addr = htonl(world.supervisor ? OURS : CALLERS);
		m->network.dns[0].s_addr = htonl(0x0a000035);
		m->network.mtu = m->network.mru = 1400;
		memcpy(m->network.auth_method, "mschap2", 8);
		break;
	case REQUEST_ROUTES:
		m->routes.server.s_addr = htonl(OURS);
		m->routes.count = 4;
		for (unsigned i = 0; i < REQUEST_ROUTES_MAX; i++)
			m->routes.routes[i] =
				(struct route){.family = AF_INET,
					       .prefix_len = 16,
					       .dst4 = {htonl(0x0a010000 + (i << 16))}};
		memcpy(m->routes.domain, "example", 8);
		break;
	case REQUEST_STATS:
		memcpy(m->stats.encoding, "MPPE128 stateless", 18);
		break;
	case REQUEST_ACCOUNT:
		m->account.number = 1;
		m->account.user_len = 4;
		memcpy(m->account.user, "john", 4);
		break;
	case REQUEST_ENDED:
		m->reason.code = EXIT_HANGUP;
		memcpy(m->reason.text, "the end", 8);
		break;
	default:
		break;
	}
}

static size_t body_size(uint32_t type)
{
	static const size_t sizes[REQUEST_TYPE_COUNT] = {
		[REQUEST_START] = sizeof(struct request_start),
		[REQUEST_STATE] = sizeof(struct request_state),
		[REQUEST_NETWORK] = sizeof(struct request_network),
		[REQUEST_ROUTES] = sizeof(struct request_routes),
		[REQUEST_STATS] = sizeof(struct request_stats),
		[REQUEST_CALL] = sizeof(struct request_call),
		[REQUEST_ACCOUNT] = sizeof(struct request_account),
		[REQUEST_ENDED] = sizeof(struct request_ended),
		[REQUEST_KEYS] = sizeof(struct request_keys),
	};

	return type < REQUEST_TYPE_COUNT ? sizes[type] : 0;
}

static void send_record(struct cursor *script, uint32_t type, uint8_t flags)
{
	static struct request_message m;
	static uint8_t record[sizeof(uint32_t) + sizeof m];
	size_t len = body_size(type);
	uint8_t *body = (uint8_t *)&m.start;

	good_body(&m, type);
	for (unsigned n = flags & 15; n > 0 && len; n--) {
		uint16_t at = fuzz_u16(script);

		body[at % len] = fuzz_u8(script);
	}
	if (flags & 64)
		len = fuzz_u16(script) % (sizeof m - offsetof(struct request_message, start) + 1);
	memcpy(record, &type, sizeof type);
	memcpy(record + sizeof type, body, len);
	send_raw(record, sizeof type + len, flags & 128 ? 1 + (flags >> 4 & 3) : 0);
}

/* What a session would do with its descriptors. */
static void read_requests(void)
{
	static struct request_message m;

	while (world.session >= 0 && request_receive(&world.channel, &m) > 0)
		for (size_t i = 0; i < m.fd_count; i++)
			close(m.fds[i]);
	world.channel.phase = REQUEST_PHASE_CALL;
}

static void session_end(void)
{
	if (world.session >= 0)
		close(world.session);
	if (world.log >= 0)
		close(world.log);
	world.session = world.log = -1;
}

/* The next operation; returns milliseconds that pass. */
static unsigned step(void)
{
	static const int statuses[] = {0, 1 << 8, 127 << 8, SIGKILL, SIGSYS, SIGSEGV};
	static const int errors[] = {0, -EINVAL, -ENOSPC, -EPERM};
	struct cursor *script = &world.script;
	uint8_t op = fuzz_u8(script);
	const uint8_t *octets;
	size_t len;

	switch (op & 7) {
	case 0:
		send_record(script, op >> 3, 0);
		break;
	case 1:
	case 2:
	case 3:
		send_record(script, op >> 3, fuzz_u8(script));
		break;
	case 4:
		octets = fuzz_octets(script, fuzz_u8(script), &len);
		if (len && world.log >= 0)
			(void)!write(world.log, octets, len);
		break;
	case 5:
		return 100u * fuzz_u8(script);
	case 6:
		world.apply_error = errors[op >> 3 & 3];
		world.exit_status = statuses[(op >> 3) % 6];
		break;
	case 7:
		session_end();
		break;
	}
	return 0;
}

int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
	struct loop *loop = world.supervisor ? world.supervisor->loop : world.server->loop;
	unsigned pass;
	int n;

	for (;;) {
		n = __real_epoll_wait(fd, events, max, 0);
		FUZZ_CHECK(++world.waits < WAITS_MAX);
		if (n != 0 || timeout == 0)
			return n;
		read_requests();
		if (world.steps == STEPS || !cursor_left(&world.script)) {
			loop_stop(loop);
			return 0;
		}
		world.steps++;
		pass = step();
		if (pass == 0)
			continue;
		world.now += timeout >= 0 && pass > (unsigned)timeout ? (unsigned)timeout : pass;
		return 0;
	}
}

static void seen(void *ctx, enum log_level level, const char *text)
{
	(void)ctx;
	(void)level;
	fuzz_check_text(text, strlen(text));
	control_events_add(&world.supervisor->history, 1, level, text);
	FUZZ_CHECK(
		control_events_valid(&world.supervisor->history, sizeof world.supervisor->history));
}

static void run_client(uint8_t how, uint8_t more)
{
	static struct supervisor s;
	struct reason reason = {0};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(SERVER)}};

	memset(&s, 0, sizeof s);
	world.supervisor = &s;
	s.options = (struct options){
		.name = "office", .foreground = true, .control_fd = -1, .secrets_fd = -1};
	memcpy(s.run_dir, dir, sizeof dir);
	memcpy(s.config_dir, dir, sizeof dir);
	s.loop = loop_new();
	s.log = (struct log){.fd = -1, .level = LOG_LEVEL_DEBUG, .name = "office", .seen = seen};
	run_init(&s);
	profile_set_redial(&s);
	s.host = (struct host *)(void *)&world;
	s.profile.type = how & 2 ? PROTOCOL_L2TP : PROTOCOL_PPTP;
	s.profile.source_port = CONF_SOURCE_1701; /* one attempt only */
	s.profile.max_mtu = s.profile.ppp.mru = 1450;
	s.profile.add_default_route = how & 4;
	s.profile.use_peer_routes = how & 8;
	s.profile.class_route = how & 16;
	s.profile.use_peer_dns = (enum conf_peer_dns)((how >> 5) % 3);
	if (more & 1)
		memcpy(s.profile.search_domains, "home.example", 13);
	if (more & 2)
		s.profile.dns_server[0].s_addr = htonl(0x0a000053);
	s.status.magic = CONTROL_MAGIC;
	s.status.version = CONTROL_VERSION;
	s.status.size = sizeof s.status;
	memcpy(&s.dialer.addresses[0], &to, sizeof to);
	s.dialer.address_count = 1;
	s.dialer.server_path = (struct host_path){.ifindex = 1, .has_gateway = true, .mtu = 1500};
	to.sin_addr.s_addr = htonl(GATEWAY);
	memcpy(&s.dialer.server_path.gateway, &to, sizeof to);
	to.sin_addr.s_addr = htonl(SOURCE);
	memcpy(&s.dialer.server_path.source, &to, sizeof to);
	s.tun.fd = dup(world.null_fd);
	s.dialer.sockets.packet = -1;
	s.dialer.sockets.wire = dup(world.null_fd);
	s.dialer.sockets.control = how & 2 ? -1 : dup(world.null_fd);
	FUZZ_CHECK(s.loop && profile_open_scripts(&s) == 0 && session_spawn(&s, &reason) == 0);
	s.life.state = LIFE_CONNECTING;
	FUZZ_CHECK(loop_run(s.loop) == 0);
	FUZZ_CHECK(control_status_valid(&s.status, sizeof s.status));
	FUZZ_CHECK(s.life.state != LIFE_UP || world.applied);
	FUZZ_CHECK(s.life.faults == 0); /* nothing that a session says is impossible */
	session_end();
	session_stop(&s, true);
	sockets_close(&s.dialer);
	scripts_close(&s.scripts);
	close(s.tun.fd);
	loop_free(s.loop);
}

static void *policy_create(const struct conf_server *conf)
{
	(void)conf;
	return &world;
}

static void policy_destroy(void *policy)
{
	(void)policy;
}

static const char *policy_admit(void *policy, enum protocol type, const struct sockaddr *source,
				uint64_t now_ms, size_t *slot, bool *tell)
{
	(void)policy, (void)type, (void)source, (void)now_ms;
	*slot = 0;
	*tell = world.refuse;
	return world.refuse ? "it is full" : NULL;
}

static bool policy_has_room(void *policy, enum protocol type)
{
	(void)policy, (void)type;
	return !world.refuse;
}

static int policy_account(void *policy, size_t slot, const uint8_t *user, size_t len,
			  struct in_addr *address, bool *exhausted)
{
	volatile uint8_t last = len ? user[len - 1] : 0;

	(void)policy, (void)slot, (void)exhausted, (void)last;
	FUZZ_CHECK(len <= 256 && !world.refuse);
	if (len != 4 || memcmp(user, "john", 4) != 0)
		return -1;
	address->s_addr = htonl(CALLERS);
	return 0;
}

static void policy_opened(void *policy, size_t slot)
{
	(void)policy, (void)slot;
}

static void policy_address(void *policy, size_t slot, const struct address_pool *pool,
			   struct in_addr *address, bool *exhausted)
{
	(void)policy, (void)slot, (void)pool, (void)address;
	*exhausted = true;
}

static void policy_release(void *policy, size_t slot, bool failed, uint64_t now_ms)
{
	(void)policy, (void)slot, (void)failed, (void)now_ms;
	FUZZ_CHECK(!world.refuse);
}

static void on_reap(void *ctx)
{
	calls_reap(ctx);
}

static void run_server(uint8_t how)
{
	static const struct serve_policy rules = {
		policy_create,	policy_destroy, policy_admit,	policy_has_room, policy_account,
		policy_address, policy_opened,	policy_release, 30000,		 5000};
	static const struct serve_options options = {.ready_fd = -1};
	static struct conf_secret secret;
	static struct server s;
	struct call known = {.control = -1, .wire = -1};
	const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(SERVER)}};
	enum protocol type = how & 2 ? PROTOCOL_L2TP : PROTOCOL_PPTP;

	memset(&s, 0, sizeof s);
	memset(&secret, 0, sizeof secret);
	world.supervisor = NULL;
	world.server = &s;
	world.refuse = (how & 24) == 24;
	(void)snprintf(secret.name, sizeof secret.name, "%s", how & 4 ? "john" : "a/b c<%");
	secret.local.first.s_addr = htonl(OURS);
	secret_set(&secret.password, "secret", 6);
	s.options = &options;
	s.rules = &rules;
	s.policy = rules.create(&s.conf);
	memcpy(s.run_dir, dir, sizeof dir);
	s.loop = loop_new();
	s.log = (struct log){.fd = -1, .level = LOG_LEVEL_DEBUG};
	s.reap_timer = (struct loop_timer){DEADLINE_NONE, on_reap, &s, NULL, NULL};
	s.notify.fd = -1;
	s.conf.secrets = &secret;
	s.conf.secret_count = 1;
	for (int i = 0; i < 2; i++)
		s.conf.listener[i].max_mtu = s.conf.listener[i].max_mru = 1450;
	memcpy(&known.peer, &from, sizeof from);
	if (type == PROTOCOL_PPTP)
		known.control = dup(world.null_fd);
	FUZZ_CHECK(s.loop);
	call_begin(&s, type, &known);
	FUZZ_CHECK(loop_run(s.loop) == 0);
	FUZZ_CHECK(!s.calls || !s.calls->open || (world.applied && !world.refuse));
	session_end();
	if (s.calls && !s.calls->dead)
		call_kill(s.calls);
	calls_reap(&s);
	FUZZ_CHECK(!s.calls);
	rules.destroy(s.policy);
	loop_free(s.loop);
}

static void leave(void)
{
	char path[96];

	(void)snprintf(path, sizeof path, "%s/empty", dir);
	(void)rmdir(path);
	(void)snprintf(path, sizeof path, "%s/office.call", dir);
	(void)unlink(path);
	FUZZ_CHECK(rmdir(dir) == 0); /* nothing else was left */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int null_fd = -1;
	uint8_t how, more;
	int lowest, probe;

	if (null_fd < 0) {
		null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		(void)snprintf(dir, sizeof dir, "/dev/shm/vpdial-fuzz-XXXXXX");
		(void)signal(SIGPIPE, SIG_IGN);
		FUZZ_CHECK(null_fd >= 0 && mkdtemp(dir));
		(void)atexit(leave);
	}
	lowest = dup(null_fd);
	close(lowest);
	memset(&world, 0, sizeof world);
	world.session = world.log = -1;
	world.null_fd = null_fd;
	world.now = 1000;
	world.script = cursor_make(data, len);
	how = fuzz_u8(&world.script);
	more = fuzz_u8(&world.script);
	if (how & 1)
		run_server(how);
	else
		run_client(how, more);
	/* No process was forgotten, and no descriptor of what was refused kept. */
	FUZZ_CHECK(world.spawned == world.gone);
	probe = dup(null_fd);
	close(probe);
	FUZZ_CHECK(probe == lowest);
	return 0;
}
