/* SPDX-License-Identifier: MIT */
/* The session process: executed afresh with an empty environment and two descriptors, watched
 * over its socket, its log relayed line by line. */
#include "supervisor/internal.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SESSION_PROGRAM	    "vpdial-session"
#define CONNECT_LIMIT_MS    15000
#define SETUP_LIMIT_MS	    30000
#define FIRST_PORT_LIMIT_MS 10000
#define EXIT_LIMIT_MS	    1000 /* from "ended" to the end of the process */

/* Beside this program where it was built, else where it was installed. */
static void session_path(char *out, size_t cap)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		if (slash) {
			*slash = '\0';
			snprintf(out, cap, "%s/" SESSION_PROGRAM, self);
			if (access(out, X_OK) == 0)
				return;
		}
	}
	snprintf(out, cap, "%s/" SESSION_PROGRAM, VPDIAL_LIBEXECDIR);
}

/* In the child: nothing but the log pipe at 2 and the socket at 3. */
static void become_session(const char *path, const char *empty_dir, int channel, int log_pipe)
{
	char uid[16], gid[16], modules[PATH_MAX + 32] = "";
	const char *given = getenv("OPENSSL_MODULES");
	char *argv[] = {(char[]){SESSION_PROGRAM}, (char *)(uintptr_t)empty_dir, uid, gid, NULL};
	char *envp[] = {modules[0] ? modules : NULL, NULL};
	sigset_t none;
	int null_fd = open("/dev/null", O_RDWR);

	/* Where OpenSSL's legacy provider lies may be told by the environment. */
	if (given && strlen(given) < PATH_MAX) {
		snprintf(modules, sizeof modules, "OPENSSL_MODULES=%s", given);
		envp[0] = modules;
	}
	snprintf(uid, sizeof uid, "%u", VPDIAL_SANDBOX_UID);
	snprintf(gid, sizeof gid, "%u", VPDIAL_SANDBOX_GID);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* The numbers must not be in each other's way while they are moved. */
	channel = fcntl(channel, F_DUPFD, 10);
	log_pipe = fcntl(log_pipe, F_DUPFD, 10);
	if (null_fd < 0 || channel < 0 || log_pipe < 0 || dup2(null_fd, 0) < 0 ||
	    dup2(null_fd, 1) < 0 || dup2(log_pipe, 2) < 0 || dup2(channel, 3) < 0 ||
	    close_range(4, ~0U, 0) < 0)
		_exit(EXIT_FATAL);
	execve(path, argv, envp);
	_exit(127);
}

static void relay_line(struct supervisor *s, char *line)
{
	unsigned level = (unsigned)(line[0] - '0');

	if (level <= LOG_LEVEL_DEBUG)
		log_line(&s->log, (enum log_level)level, "%s", line + 1);
}

static bool relay_log(struct supervisor *s)
{
	struct session_process *p = &s->session;
	ssize_t n = read(p->log_handle.fd, p->line + p->line_len, sizeof p->line - 1 - p->line_len);
	char *start = p->line, *end;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	p->line_len += (size_t)n;
	p->line[p->line_len] = '\0';
	while ((end = memchr(start, '\n', p->line_len - (size_t)(start - p->line)))) {
		*end = '\0';
		relay_line(s, start);
		start = end + 1;
	}
	p->line_len -= (size_t)(start - p->line);
	memmove(p->line, start, p->line_len);
	if (p->line_len == sizeof p->line - 1)
		p->line_len = 0; /* no line is so long: drop it */
	return true;
}

static void on_log(void *ctx, uint32_t events)
{
	struct supervisor *s = ctx;

	(void)events;
	if (!relay_log(s))
		loop_fd_del(s->loop, &s->session.log_handle);
}

/* Its last words come first, then what the kernel says of its end. */
static void session_died(struct supervisor *s)
{
	struct reason reason = {0};
	int status = 0;

	for (int lines = 0; lines < 64 && relay_log(s); lines++)
		if (s->session.line_len == 0)
			break;
	kill(s->session.pid, SIGKILL);
	waitpid(s->session.pid, &status, 0);
	s->session.pid = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		reason_set(&reason, EXIT_FATAL,
			   "the session tried a forbidden system call and was killed");
	else if (WIFSIGNALED(status))
		reason_set(&reason, EXIT_FATAL, "the session process was killed by signal %d",
			   WTERMSIG(status));
	else if (WEXITSTATUS(status) == 127)
		reason_set(&reason, EXIT_FATAL,
			   "the program " SESSION_PROGRAM " is missing beside vpdial and in %s",
			   VPDIAL_LIBEXECDIR);
	else
		reason_set(&reason, EXIT_FATAL,
			   "the session process ended unexpectedly (status %d)",
			   WEXITSTATUS(status));
	supervisor_session_ended(s, &reason);
}

static void on_state(struct supervisor *s, const struct request_state *state)
{
	if (state->state >= CONTROL_STATE_CONFIGURING && state->state != CONTROL_STATE_HANGING_UP)
		return; /* these are for the supervisor to say */
	supervisor_set_state(s, (enum control_state)state->state, state->message);
	if (state->state == CONTROL_STATE_HANGING_UP)
		supervisor_expect_end(s);
}

static bool texts_are_valid(const struct request_message *m)
{
	switch (m->type) {
	case REQUEST_STATE:
		return m->state.state < CONTROL_STATE_COUNT &&
		       request_text_valid(m->state.message, sizeof m->state.message);
	case REQUEST_NETWORK:
		return request_text_valid(m->network.auth_method, sizeof m->network.auth_method);
	case REQUEST_STATS:
		return request_text_valid(m->stats.encoding, sizeof m->stats.encoding) &&
		       request_text_valid(m->stats.peer_host, sizeof m->stats.peer_host) &&
		       request_text_valid(m->stats.peer_vendor, sizeof m->stats.peer_vendor);
	case REQUEST_ENDED:
		return m->reason.code <= EXIT_AUTH_FAILED &&
		       request_text_valid(m->reason.text, sizeof m->reason.text);
	case REQUEST_NONE:
	case REQUEST_START:
	case REQUEST_APPLIED:
	case REQUEST_HANGUP:
	case REQUEST_GET_STATS:
	case REQUEST_READY:
	case REQUEST_TYPE_COUNT:
		break;
	}
	return true;
}

static void on_request(struct supervisor *s, const struct request_message *m)
{
	switch (m->type) {
	case REQUEST_READY:
		s->session.ready = true;
		supervisor_dial(s);
		break;
	case REQUEST_STATE:
		on_state(s, &m->state);
		break;
	case REQUEST_NETWORK:
		judge_network(s, &m->network);
		break;
	case REQUEST_STATS:
		judge_stats(s, &m->stats);
		break;
	case REQUEST_ENDED:
		s->session.ended = true;
		session_stop(s, false);
		supervisor_session_ended(s, &m->reason);
		break;
	case REQUEST_NONE:
	case REQUEST_START:
	case REQUEST_APPLIED:
	case REQUEST_HANGUP:
	case REQUEST_GET_STATS:
	case REQUEST_TYPE_COUNT:
		break; /* the table lets none of them through */
	}
}

static void on_channel(void *ctx, uint32_t events)
{
	struct supervisor *s = ctx;
	struct request_message m;
	int rc = request_receive(&s->session.channel, &m);

	(void)events;
	if (rc == 0)
		return;
	if (rc > 0 && texts_are_valid(&m)) {
		on_request(s, &m);
		return;
	}
	if (rc != -EPIPE) {
		log_error(&s->log, "the session sent a request that is not permitted; it is ended");
		kill(s->session.pid, SIGKILL);
	}
	loop_fd_del(s->loop, &s->session.channel_handle);
	session_died(s);
}

/* The session's root: a directory that stays empty. */
static int empty_dir(const struct supervisor *s, char *out, size_t cap)
{
	if ((size_t)snprintf(out, cap, "%s/empty", s->run_dir) >= cap)
		return -ENAMETOOLONG;
	if (mkdir(out, 0555) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

int session_spawn(struct supervisor *s, struct reason *reason)
{
	struct session_process *p = &s->session;
	char path[PATH_MAX + 32], dir[RUN_DIR_MAX + 16];
	int pair[2] = {-1, -1}, log_pipe[2] = {-1, -1}, rc = empty_dir(s, dir, sizeof dir);

	session_path(path, sizeof path);
	if (rc == 0 &&
	    (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0 ||
	     pipe2(log_pipe, O_CLOEXEC | O_NONBLOCK) < 0))
		rc = -errno;
	memset(p, 0, sizeof *p);
	if (rc == 0) {
		p->pid = fork();
		if (p->pid == 0)
			become_session(path, dir, pair[1], log_pipe[1]);
		if (p->pid < 0)
			rc = -errno;
	}
	if (pair[1] >= 0)
		close(pair[1]);
	if (log_pipe[1] >= 0)
		close(log_pipe[1]);
	p->channel = (struct request_channel){
		.fd = pair[0], .supervisor = true, .phase = REQUEST_PHASE_SPAWNED};
	p->channel_handle = (struct loop_fd){.fd = pair[0], .ready = on_channel, .ctx = s};
	p->log_handle = (struct loop_fd){.fd = log_pipe[0], .ready = on_log, .ctx = s};
	if (rc == 0)
		rc = loop_fd_add(s->loop, &p->channel_handle, EPOLLIN);
	if (rc == 0)
		rc = loop_fd_add(s->loop, &p->log_handle, EPOLLIN);
	if (rc < 0)
		reason_set(reason, EXIT_FATAL, "no session process: %s", strerror(-rc));
	return rc;
}

/* It may wipe and free what it has, but nothing that it does may hold the supervisor. */
static void reap(pid_t pid, bool kill_it)
{
	struct pollfd process = {.fd = kill_it ? -1 : pidfd_open(pid, 0), .events = POLLIN};

	if (process.fd < 0 || poll(&process, 1, EXIT_LIMIT_MS) <= 0)
		kill(pid, SIGKILL);
	if (process.fd >= 0)
		close(process.fd);
	waitpid(pid, NULL, 0);
}

void session_stop(struct supervisor *s, bool kill_it)
{
	struct session_process *p = &s->session;

	if (p->channel_handle.fd <= 0)
		return;
	for (int lines = 0; lines < 64 && relay_log(s); lines++)
		if (p->line_len == 0)
			break;
	loop_fd_del(s->loop, &p->channel_handle);
	loop_fd_del(s->loop, &p->log_handle);
	close(p->channel_handle.fd);
	close(p->log_handle.fd);
	p->channel_handle.fd = p->log_handle.fd = -1;
	if (p->pid > 0)
		reap(p->pid, kill_it);
	p->pid = 0;
}

static void fill_identity(const struct supervisor *s, struct request_start *m)
{
	const struct conf_profile *p = &s->profile;

	str_copy(m->profile, sizeof m->profile, p->name);
	str_copy(m->server, sizeof m->server, p->connect_to);
	if (gethostname(m->host_name, sizeof m->host_name - 1) < 0 || !m->host_name[0])
		str_copy(m->host_name, sizeof m->host_name, "vpdial");
	str_copy(m->user, sizeof m->user, p->user);
	m->password = s->password;
	m->allow = p->allow;
}

static enum request_tunnel tunnel_of(const struct conf_profile *p)
{
	return p->type == CONF_L2TP ? REQUEST_L2TP : REQUEST_PPTP;
}

static void fill_l2tp(const struct supervisor *s, struct request_start *m)
{
	const struct conf_profile *p = &s->profile;

	m->peer = s->addresses[s->address_at];
	m->local_tunnel_id = s->tunnel_id;
	m->tunnel_secret = p->tunnel_secret;
	m->hide_avps = p->hide_avps;
	m->sequencing = p->sequencing;
	m->hello_interval_ms = p->hello_interval * 1000;
	/* The other source port is still to be tried: give up on this one sooner. */
	if (p->source_port == CONF_SOURCE_AUTO && !s->source_port_1701)
		m->silence_limit_ms = FIRST_PORT_LIMIT_MS;
}

static void fill_start(const struct supervisor *s, struct request_start *m)
{
	/* The values of the enums agree: no = 0, yes = 1, require = 2; stateless, stateful, any. */
	const struct conf_profile *p = &s->profile;

	memset(m, 0, sizeof *m);
	fill_identity(s, m);
	m->tunnel = tunnel_of(p);
	m->debug = s->options.debug;
	m->mppe_policy = p->use_encryption;
	m->mppe_bits = p->mppe_bits;
	m->mppe_mode = p->mppe_mode;
	m->max_mtu = p->max_mtu;
	m->max_mru = p->max_mru;
	m->path_mtu = s->server_path.mtu > 65535 ? 65535 : (uint16_t)s->server_path.mtu;
	m->ask_pfc = p->pfc;
	m->ask_acfc = p->acfc;
	m->ask_dns = m->ask_wins = p->use_peer_dns != CONF_PEER_DNS_NO;
	m->ipv4 = true;
	m->ipv6 = p->ipv6;
	m->clamp_mss = p->change_tcp_mss;
	m->local = p->local_address;
	m->remote = p->remote_address;
	m->local_must = p->local_address_must;
	m->remote_must = p->remote_address_must;
	if (s->addresses[s->address_at].ss_family == AF_INET)
		m->outer_peer =
			((const struct sockaddr_in *)&s->addresses[s->address_at])->sin_addr;
	m->local_call_id = s->call_id;
	m->setup_limit_ms = SETUP_LIMIT_MS;
	if (p->type == CONF_L2TP)
		fill_l2tp(s, m);
	m->keepalive_ms = p->keepalive_timeout * 1000;
	m->idle_ms = p->idle_timeout * 1000;
	m->session_ms = p->session_timeout * 1000;
	m->connect_limit_ms = CONNECT_LIMIT_MS;
}

int session_start_call(struct supervisor *s, struct reason *reason)
{
	int fds[3] = {[REQUEST_FD_TUN] = s->tun.fd,
		      [REQUEST_FD_WIRE] = s->sockets.wire,
		      [REQUEST_FD_CONTROL] = s->sockets.control};
	struct request_start m;
	int rc;

	fill_start(s, &m);
	rc = request_send(&s->session.channel, REQUEST_START, &m, fds,
			  s->sockets.control >= 0 ? 3 : 2);
	wipe(&m, sizeof m);
	if (rc < 0)
		reason_set(reason, EXIT_FATAL, "the session does not take the call: %s",
			   strerror(-rc));
	sockets_close(s); /* they are the session's now */
	s->session.started = rc == 0;
	return rc;
}
