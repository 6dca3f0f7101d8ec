/* SPDX-License-Identifier: MIT */
/* Finding a secret in the places where it may be kept. */
#include "base/child.h"
#include "base/clock.h"
#include "base/str.h"
#include "conf/profile.h"
#include "conf/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND_LIMIT_MS 30000
#define WORDS_MAX	 32

struct secret_job {
	const struct conf_profile *profile;
	const struct conf_source *source;
	const char *key; /* "password" */
	struct secret *secret;
	struct str error;
};

/* One line end at the end is the editor's, not the password's. */
static int take(struct secret_job *job, uint8_t *bytes, size_t len)
{
	if (len > 0 && bytes[len - 1] == '\n')
		len--;
	if (len > 0 && bytes[len - 1] == '\r')
		len--;
	if (!secret_set(job->secret, bytes, len)) {
		str_printf(&job->error, "the %s is longer than %d octets", job->key, SECRET_MAX);
		return -E2BIG;
	}
	return 0;
}

/* Reads FD to its end, at most until DEADLINE_MS; a password and its line end fit. */
static int read_secret(int fd, struct secret_job *job, uint64_t deadline_ms)
{
	uint8_t buf[SECRET_MAX + 3];
	size_t len = 0;
	int r = 0;

	while (r == 0 && len < sizeof(buf)) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = clock_now_ms();
		ssize_t n;

		if (now >= deadline_ms || poll(&p, 1, (int)(deadline_ms - now)) == 0) {
			str_printf(&job->error, "%s-command did not answer within %d seconds",
				   job->key, COMMAND_LIMIT_MS / 1000);
			r = -ETIMEDOUT;
			break;
		}
		n = read(fd, buf + len, sizeof(buf) - len);
		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			r = -errno;
	}
	if (r == 0)
		r = take(job, buf, len);
	wipe(buf, sizeof(buf));
	return r;
}

/* A file that others may read is refused, except where the service manager keeps it (whose access
 * lists look like group rights). */
static int from_file(struct secret_job *job, const char *path, bool guarded)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		str_printf(&job->error, "%s file %s: %s", job->key, path, strerror(-r));
	} else if (!S_ISREG(st.st_mode)) {
		r = -EINVAL;
		str_printf(&job->error, "%s file %s is not a plain file", job->key, path);
	} else if (!guarded && (st.st_mode & 077)) {
		r = -EPERM;
		str_printf(&job->error,
			   "%s file %s can be read by others (mode %04o), run: chmod 600 %s",
			   job->key, path, st.st_mode & 07777, path);
	} else if (!guarded && st.st_uid == 0 && trust_is_root() &&
		   !trust_opened(path, &st, &job->error)) {
		r = -EPERM; /* a link of somebody's may have led to a secret of root's */
		str_printf(&job->error, " (%s file %s)", job->key, path);
	} else {
		r = read_secret(fd, job, clock_now_ms() + COMMAND_LIMIT_MS);
		if (r < 0 && job->error.len == 0)
			str_printf(&job->error, "%s file %s: %s", job->key, path, strerror(-r));
	}
	if (fd >= 0)
		close(fd);
	return r;
}

/* Cuts COMMAND in place at white space; "..." keeps words together, with \" and \\ inside, and
 * '...' keeps everything.  The number of words, or -1. */
static int split_words(char *command, char *words[static WORDS_MAX + 1])
{
	char *in = command, *out = command;
	int n = 0;

	for (;;) {
		char quote = 0;

		in += strspn(in, " \t");
		if (!*in)
			break;
		if (n == WORDS_MAX)
			return -1;
		words[n++] = out;
		for (; *in && (quote || (*in != ' ' && *in != '\t')); in++) {
			if (!quote && (*in == '"' || *in == '\''))
				quote = *in;
			else if (*in == quote)
				quote = 0;
			else {
				if (quote == '"' && *in == '\\' && (in[1] == '"' || in[1] == '\\'))
					in++;
				*out++ = *in;
			}
		}
		if (quote)
			return -1;
		if (*in)
			in++; /* before the terminator is written: it may be the same octet */
		*out++ = '\0';
	}
	words[n] = NULL;
	return n;
}

/* Has the program ended, or will it until DEADLINE_MS? */
static bool program_ends(pid_t pid, uint64_t deadline_ms)
{
	uint64_t now = clock_now_ms();
	struct pollfd p = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	bool ended = p.fd >= 0 && poll(&p, 1, deadline_ms > now ? (int)(deadline_ms - now) : 0) > 0;

	if (p.fd >= 0)
		close(p.fd);
	return ended;
}

/* Waits for the program until DEADLINE_MS; 0 now = it is not needed any more. */
static int end_program(pid_t pid, uint64_t deadline_ms, struct secret_job *job)
{
	bool kill_it = !program_ends(pid, deadline_ms);
	int status = 0;

	if (kill_it)
		child_kill(pid);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (kill_it || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return 0; /* a program that only forgot to end has answered */
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_NOT_RUN)
		str_printf(&job->error, "%s-command: the program was not found", job->key);
	else if (WIFEXITED(status))
		str_printf(&job->error, "%s-command ended with status %d", job->key,
			   WEXITSTATUS(status));
	else
		str_printf(&job->error, "%s-command was killed by signal %d", job->key,
			   WTERMSIG(status));
	return -EIO;
}

static int run_command(struct secret_job *job, char *const words[])
{
	uint64_t deadline_ms = clock_now_ms() + COMMAND_LIMIT_MS;
	struct child_setup setup = {.fds = {-1, -1, STDERR_FILENO},
				    .fd_count = 3,
				    .group = CHILD_GROUP_OWN,
				    .signals = CHILD_SIGNALS_KEPT};
	int fds[2], r, e;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	setup.fds[STDOUT_FILENO] = fds[1];
	pid = child_fork(&setup);
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return pid;
	}
	if (pid == 0) {
		execvp(words[0], words);
		_exit(CHILD_NOT_RUN);
	}
	close(fds[1]);
	r = read_secret(fds[0], job, deadline_ms);
	close(fds[0]);
	e = end_program(pid, r < 0 ? 0 : deadline_ms, job);
	return r < 0 ? r : e;
}

static int from_command(struct secret_job *job)
{
	char command[CONF_COMMAND_MAX], *words[WORDS_MAX + 1];
	int n, r;

	(void)str_copy(command, sizeof(command), job->source->command);
	n = split_words(command, words);
	if (n <= 0) {
		str_printf(&job->error,
			   "%s-command has a quote that is not closed, "
			   "no word or more than %d words",
			   job->key, WORDS_MAX);
		return -EINVAL;
	}
	r = run_command(job, words);
	if (r < 0) {
		secret_wipe(job->secret);
		if (job->error.len == 0)
			str_printf(&job->error, "%s-command: %s", job->key, strerror(-r));
	}
	return r;
}

/* A relative path is relative to the profile's own directory. */
static int from_named_file(struct secret_job *job)
{
	const struct conf_profile *p = job->profile;
	char path[2 * CONF_PATH_LEN];
	struct str s = str_make(path, sizeof(path));
	const char *slash = strrchr(p->file, '/');

	if (*job->source->file != '/' && slash)
		str_printf(&s, "%.*s", (int)(slash + 1 - p->file), p->file);
	str_printf(&s, "%s", job->source->file);
	return from_file(job, path, false);
}

/* The path of the service manager's credential; false if it has given none. */
static bool find_credential(const char *name, const char *key, char *path, size_t cap)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	return dir && *dir == '/' && snprintf(path, cap, "%s/%s.%s", dir, name, key) < (int)cap &&
	       access(path, F_OK) == 0;
}

static const char *const secret_keys[CONF_SECRET_KINDS] = {
	[CONF_PASSWORD] = "password",
	[CONF_TUNNEL_SECRET] = "tunnel-secret",
	[CONF_IPSEC_SECRET] = "ipsec-secret",
};

const char *conf_secret_key(enum conf_secret_kind kind)
{
	return secret_keys[kind];
}

bool conf_secret_wanted(const struct conf_profile *profile, enum conf_secret_kind kind)
{
	return kind == CONF_PASSWORD ||
	       (profile->type == PROTOCOL_L2TP &&
		(kind == CONF_TUNNEL_SECRET || profile->ipsec.use == IPSEC_USE_YES));
}

static const struct secret *own_secret(const struct conf_profile *p, enum conf_secret_kind kind)
{
	return kind == CONF_PASSWORD	    ? &p->password
	       : kind == CONF_TUNNEL_SECRET ? &p->tunnel.secret
					    : &p->ipsec.secret;
}

bool conf_secret_asks(const struct conf_profile *profile, enum conf_secret_kind kind)
{
	const struct conf_source *source = &profile->sources[kind];
	char path[CONF_PATH_LEN + CONF_NAME_MAX];

	return kind != CONF_TUNNEL_SECRET && conf_secret_wanted(profile, kind) && !source->set &&
	       !*source->file && !*source->command &&
	       !find_credential(profile->name, secret_keys[kind], path, sizeof(path));
}

int conf_secret_find(const struct conf_profile *profile, enum conf_secret_kind kind,
		     struct secret *secret, char *error, size_t cap)
{
	struct secret_job job = {.profile = profile,
				 .source = &profile->sources[kind],
				 .key = secret_keys[kind],
				 .secret = secret,
				 .error = str_make(error, cap)};
	char path[CONF_PATH_LEN + CONF_NAME_MAX];

	if (job.source->set) {
		*secret = *own_secret(profile, kind);
		return 0;
	}
	if (find_credential(profile->name, job.key, path, sizeof(path)))
		return from_file(&job, path, true);
	if (*job.source->file)
		return from_named_file(&job);
	return *job.source->command ? from_command(&job) : 1;
}
