/* SPDX-License-Identifier: MIT */
/* The session process: executed afresh with an empty environment and two descriptors, watched
 * over its socket, its log relayed line by line.  For the supervisor of a profile and for the
 * server alike. */
#include "privsep/process.h"

#include "base/child.h"
#include "ipc/control.h"

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

#define SESSION_PROGRAM "vpdial-session"
#define DIR_MAX		256
#define EXIT_LIMIT_MS	1000 /* from "ended" to the end of the process */
/* A session that was taken over, or whose peer makes it talk, fills no log and makes no work
 * without end: so many at once, then one each so many ms.  An honest call has some twenty of each.
 */
#define LINES_BURST    40
#define LINES_MS       200
#define REQUESTS_BURST 100
#define REQUESTS_MS    250

/* Beside this program where it was built, else where it was installed. */
static void program_path(const char *program, char *out, size_t cap)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		if (slash) {
			*slash = '\0';
			snprintf(out, cap, "%s/%s", self, program);
			if (access(out, X_OK) == 0)
				return;
		}
	}
	snprintf(out, cap, VPDIAL_LIBEXECDIR "/%s", program);
}

/* Why the program at PATH is not run.  Another dial would find it so again. */
static void session_fault(const char *path, struct reason *reason)
{
	const char *fault = access(path, F_OK) < 0   ? "is missing"
			    : access(path, X_OK) < 0 ? "may not be executed"
						     : "cannot be executed on this machine";

	reason_set(reason, EXIT_PTY_FAILED, "%s %s: install the package again", path, fault);
}

/* Executes it with nothing but the log pipe at 2 and the socket at 3.  Its pid or -errno. */
static pid_t execute(const char *path, const char *empty_dir, const char *role, int channel,
		     int log_pipe)
{
	const struct child_setup setup = {
		.fds = {-1, -1, log_pipe, channel}, .fd_count = 4, .signals = CHILD_SIGNALS_KEPT};
	char uid[16], gid[16], modules[PATH_MAX + 32] = "";
	const char *given = getenv("OPENSSL_MODULES");
	const char *const argv[] = {strrchr(path, '/') + 1, empty_dir, uid, gid, role, NULL};
	char *envp[] = {NULL, NULL};

	/* Where OpenSSL's legacy provider lies may be told by the environment. */
	if (given && strlen(given) < PATH_MAX) {
		snprintf(modules, sizeof modules, "OPENSSL_MODULES=%s", given);
		envp[0] = modules;
	}
	snprintf(uid, sizeof uid, "%u", VPDIAL_SANDBOX_UID);
	snprintf(gid, sizeof gid, "%u", VPDIAL_SANDBOX_GID);
	return child_run(&setup, path, argv, envp);
}

static void relay_line(struct session_process *p, char *line)
{
	unsigned level = (unsigned)(line[0] - '0');

	struct log log = *p->log;

	if (level > LOG_LEVEL_NOTICE)
		log.seen = NULL; /* steps of automata are no events for people */
	if (level > LOG_LEVEL_DEBUG || !log_enabled(&log, (enum log_level)level))
		return;
	/* Who asks for each frame gets each. */
	if (level < LOG_LEVEL_DEBUG &&
	    !allowance_take(&p->lines, LINES_BURST, LINES_MS, loop_now(p->loop))) {
		p->lines_left_out++;
		return;
	}
	if (p->lines_left_out)
		log_warn(&log, "%u lines of the %s are left out", p->lines_left_out, p->role);
	p->lines_left_out = 0;
	log_line(&log, (enum log_level)level, "%s", line + 1);
}

enum relay { RELAY_OVER, RELAY_NOTHING, RELAY_SOME };

static enum relay relay_log(struct session_process *p)
{
	ssize_t n = read(p->log_handle.fd, p->line + p->line_len, sizeof p->line - 1 - p->line_len);
	char *start = p->line, *end;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? RELAY_NOTHING : RELAY_OVER;
	p->line_len += (size_t)n;
	p->line[p->line_len] = '\0';
	while ((end = memchr(start, '\n', p->line_len - (size_t)(start - p->line)))) {
		*end = '\0';
		relay_line(p, start);
		start = end + 1;
	}
	p->line_len -= (size_t)(start - p->line);
	memmove(p->line, start, p->line_len);
	if (p->line_len == sizeof p->line - 1)
		p->line_len = 0; /* no line is so long: drop it */
	return RELAY_SOME;
}

/* All that is in the pipe, which has room for fewer reads than these. */
static void relay_rest(struct session_process *p)
{
	for (int reads = 0; reads < 64 && relay_log(p) == RELAY_SOME; reads++)
		;
}

static void on_log(void *ctx, uint32_t events)
{
	struct session_process *p = ctx;

	(void)events;
	if (relay_log(p) == RELAY_OVER)
		loop_fd_del(p->loop, &p->log_handle);
}

/* Its last words come first, then what the kernel says of its end. */
static void died(struct session_process *p)
{
	struct reason reason = {0};
	int status = 0;

	relay_rest(p);
	kill(p->pid, SIGKILL);
	waitpid(p->pid, &status, 0);
	p->pid = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		reason_set(&reason, EXIT_FATAL,
			   "the %s tried a forbidden system call and was killed", p->role);
	else if (WIFSIGNALED(status))
		reason_set(&reason, EXIT_FATAL, "the %s process was killed by signal %d", p->role,
			   WTERMSIG(status));
	else if (WEXITSTATUS(status) == CHILD_NOT_RUN)
		session_fault(p->path, &reason);
	else
		reason_set(&reason, EXIT_FATAL, "the %s process ended unexpectedly (status %d)",
			   p->role, WEXITSTATUS(status));
	p->events->died(p->ctx, &reason);
}

static bool state_is_valid(const struct request_message *m)
{
	return m->state.state < CONTROL_STATE_COUNT &&
	       request_text_valid(m->state.message, sizeof m->state.message);
}

static bool network_is_valid(const struct request_message *m)
{
	return request_text_valid(m->network.auth_method, sizeof m->network.auth_method);
}

static bool routes_are_valid(const struct request_message *m)
{
	return m->routes.count <= REQUEST_ROUTES_MAX &&
	       request_text_valid(m->routes.domain, sizeof m->routes.domain);
}

static bool stats_are_valid(const struct request_message *m)
{
	return request_text_valid(m->stats.encoding, sizeof m->stats.encoding) &&
	       request_text_valid(m->stats.ipsec, sizeof m->stats.ipsec) &&
	       request_text_valid(m->stats.peer_host, sizeof m->stats.peer_host) &&
	       request_text_valid(m->stats.peer_vendor, sizeof m->stats.peer_vendor);
}

static bool end_is_valid(const struct request_message *m)
{
	return m->ended.reason.code <= EXIT_AUTH_FAILED && m->ended.weight <= REASON_REFUSAL &&
	       request_text_valid(m->ended.reason.text, sizeof m->ended.reason.text);
}

static bool verdict_is_valid(const struct request_message *m)
{
	const struct radius_verdict *v = &m->radius_verdict;

	return v->why.code <= EXIT_AUTH_FAILED &&
	       request_text_valid(v->why.text, sizeof v->why.text) &&
	       request_text_valid(v->judged.said, sizeof v->judged.said) &&
	       request_text_valid(v->grant.pool, sizeof v->grant.pool);
}

/* Those that hold texts.  What PROVED and DATAGRAM hold is octets of the peer's, for its session to
 * clean. */
static bool texts_are_valid(const struct request_message *m)
{
	static bool (*const judges[REQUEST_TYPE_COUNT])(const struct request_message *) = {
		[REQUEST_STATE] = state_is_valid,    [REQUEST_NETWORK] = network_is_valid,
		[REQUEST_ROUTES] = routes_are_valid, [REQUEST_STATS] = stats_are_valid,
		[REQUEST_ENDED] = end_is_valid,	     [REQUEST_RADIUS_VERDICT] = verdict_is_valid,
	};

	return !judges[m->type] || judges[m->type](m);
}

static bool is_within(struct session_process *p, struct allowance *a)
{
	return allowance_take(a, REQUESTS_BURST, REQUESTS_MS, loop_now(p->loop));
}

/* Answers are asked for, and a state costs little: it is not told, since a peer that negotiates
 * again and again makes an honest session say many.  What callers make the reader say has a bound
 * where it is taken. */
static bool is_without_end(struct session_process *p, enum request_type type)
{
	return type != REQUEST_STATS && type != REQUEST_ENDED && type != REQUEST_STATE &&
	       type != REQUEST_PROVED && type != REQUEST_DATAGRAM && type != REQUEST_IKE_PROVED &&
	       type != REQUEST_IKE && type != REQUEST_RADIUS_VERDICT &&
	       type != REQUEST_RADIUS_RECORDED && !is_within(p, &p->requests);
}

static void on_channel(void *ctx, uint32_t events)
{
	struct session_process *p = ctx;
	struct request_message m;
	int rc = request_receive(&p->channel, &m);
	bool without_end = rc > 0 && is_without_end(p, m.type);

	(void)events;
	if (rc == 0)
		return;
	if (rc > 0 && texts_are_valid(&m) && !without_end) {
		if (m.type == REQUEST_STATE && !is_within(p, &p->states))
			return;
		if (m.type == REQUEST_READY)
			p->ready = true;
		if (m.type == REQUEST_ENDED)
			p->ended = true;
		p->events->request(p->ctx, &m);
		return;
	}
	if (rc != -EPIPE) {
		log_error(p->log, "the %s sent %s; it is ended", p->role,
			  without_end ? "requests without end" : "a request that is not permitted");
		kill(p->pid, SIGKILL);
	}
	loop_fd_del(p->loop, &p->channel_handle);
	died(p);
}

/* The one that parts: it is gone when this returns. */
static void forget(struct session_process *p)
{
	struct parting *parting = &p->parting;

	if (parting->process.added) {
		loop_fd_del(p->loop, &parting->process);
		close(parting->process.fd);
	}
	loop_timer_del(p->loop, &parting->limit_timer);
	kill(parting->pid, SIGKILL); /* nothing, if it has ended */
	waitpid(parting->pid, NULL, 0);
	parting->pid = 0;
}

/* The session's root: a directory that stays empty. */
static int empty_dir(const char *run_dir, char *out, size_t cap)
{
	if ((size_t)snprintf(out, cap, "%s/empty", run_dir) >= cap)
		return -ENAMETOOLONG;
	if (mkdir(out, 0555) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

int process_spawn(struct session_process *p, const struct process_config *config,
		  struct reason *reason)
{
	char dir[DIR_MAX + 16];
	int pair[2] = {-1, -1}, log_pipe[2] = {-1, -1};
	int rc = empty_dir(config->run_dir, dir, sizeof dir);

	if (p->parting.pid) /* it may have the port that the next one is to get */
		forget(p);
	memset(p, 0, sizeof *p);
	program_path(config->program ? config->program : SESSION_PROGRAM, p->path, sizeof p->path);
	if (access(p->path, X_OK) < 0) {
		session_fault(p->path, reason);
		return -ENOENT;
	}
	if (rc == 0 &&
	    (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0 ||
	     pipe2(log_pipe, O_CLOEXEC | O_NONBLOCK) < 0))
		rc = -errno;
	p->loop = config->loop;
	p->log = config->log;
	p->events = config->events;
	p->ctx = config->ctx;
	p->role = config->role ? config->role : "session";
	if (rc == 0) {
		p->pid = execute(p->path, dir, config->program ? NULL : config->role, pair[1],
				 log_pipe[1]);
		if (p->pid < 0)
			rc = p->pid;
	}
	if (pair[1] >= 0)
		close(pair[1]);
	if (log_pipe[1] >= 0)
		close(log_pipe[1]);
	p->channel = (struct request_channel){
		.fd = pair[0], .supervisor = true, .phase = REQUEST_PHASE_SPAWNED};
	p->channel_handle = (struct loop_fd){.fd = pair[0], .ready = on_channel, .ctx = p};
	p->log_handle = (struct loop_fd){.fd = log_pipe[0], .ready = on_log, .ctx = p};
	if (rc == 0)
		rc = loop_fd_add(p->loop, &p->channel_handle, EPOLLIN);
	if (rc == 0)
		rc = loop_fd_add(p->loop, &p->log_handle, EPOLLIN);
	if (rc < 0)
		reason_set(reason, EXIT_FATAL, "no %s process: %s", p->role, strerror(-rc));
	return rc;
}

static void on_parted(void *ctx, uint32_t events)
{
	(void)events;
	forget(ctx);
}

static void on_parting_limit(void *ctx)
{
	forget(ctx);
}

/* Nothing that it does may hold the supervisor. */
static void part(struct session_process *p)
{
	struct parting *parting = &p->parting;
	int fd = pidfd_open(p->pid, 0);

	if (parting->pid)
		forget(p);
	parting->pid = p->pid;
	parting->limit_timer = (struct loop_timer){DEADLINE_NONE, on_parting_limit, p, NULL, NULL};
	parting->process = (struct loop_fd){.fd = fd, .ready = on_parted, .ctx = p};
	loop_timer_set(p->loop, &parting->limit_timer, loop_now(p->loop) + EXIT_LIMIT_MS);
	if (fd >= 0 && loop_fd_add(p->loop, &parting->process, EPOLLIN) < 0)
		close(fd);
}

void process_finish(struct session_process *p)
{
	struct pollfd process = {.fd = p->parting.process.fd, .events = POLLIN};

	if (!p->parting.pid)
		return;
	if (p->parting.process.added)
		(void)poll(&process, 1, EXIT_LIMIT_MS);
	forget(p);
}

void process_stop(struct session_process *p, bool kill_it)
{
	if (p->channel_handle.fd <= 0)
		return;
	relay_rest(p);
	loop_fd_del(p->loop, &p->channel_handle);
	loop_fd_del(p->loop, &p->log_handle);
	close(p->channel_handle.fd);
	close(p->log_handle.fd);
	p->channel_handle.fd = p->log_handle.fd = p->channel.fd = -1;
	p->ready = p->started = false;
	if (p->pid > 0 && !kill_it) {
		part(p);
	} else if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	p->pid = 0;
}
