/* SPDX-License-Identifier: MIT */
/* Running a helper program with a time limit, beside an event loop or while the caller waits. */
#include "host/run.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS	5000
#define LOOK_MS		20 /* without pidfd (before Linux 5.3) */
#define SAFE_PATH	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define LAST_WORDS_SIZE 300

static const char *search_path(void)
{
	const char *path = secure_getenv("PATH");

	return path && *path ? path : SAFE_PATH;
}

/* Whole path of NAME into OUT.  Relative entries of the search path are passed over. */
static bool find(const char *name, char *out, size_t cap)
{
	const char *at = search_path(), *end;
	struct stat st;

	for (; *at; at = *end ? end + 1 : end) {
		struct str s = str_make(out, cap);

		end = strchrnul(at, ':');
		if (*at != '/' || (size_t)(end - at) + strlen(name) + 2 > cap)
			continue;
		str_printf(&s, "%.*s/%s", (int)(end - at), at, name);
		if (stat(out, &st) == 0 && S_ISREG(st.st_mode) && access(out, X_OK) == 0)
			return true;
	}
	return false;
}

bool run_found(const char *name)
{
	char path[PATH_MAX];

	return find(name, path, sizeof(path));
}

/* A file in memory with LEN octets, read from its start; it cannot block as a pipe can. */
static int memory_file(const char *text, size_t len)
{
	int fd = memfd_create("vpdial", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (len && write(fd, text, len) != (ssize_t)len) {
		close(fd);
		return -EIO;
	}
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

/* The program at PATH, with descriptors for its input and all that it says. */
static pid_t start(const char *path, const char *const argv[], int in, int out)
{
	/* Who undoes this after our death must not find it still at work. */
	const struct child_setup setup = {.fds = {in, out, out},
					  .fd_count = 3,
					  .group = CHILD_GROUP_OWN,
					  .death_signal = SIGKILL};
	char env_path[PATH_MAX];
	char *env[] = {env_path, (char[]){"LC_ALL=C"}, NULL};
	struct str s = str_make(env_path, sizeof(env_path));

	str_printf(&s, "PATH=%s", search_path());
	return child_run(&setup, path, argv, env);
}

static void last_words(const struct log *log, const char *name, int out)
{
	char raw[LAST_WORDS_SIZE], text[4 * LAST_WORDS_SIZE + 8];
	struct str s = str_make(text, sizeof(text));
	ssize_t n = pread(out, raw, sizeof(raw), 0);

	while (n > 0 && (raw[n - 1] == '\n' || raw[n - 1] == ' '))
		n--;
	if (n > 0) {
		str_clean(&s, raw, (size_t)n, sizeof(raw));
		log_info(log, "%s says: %s", name, text);
	}
}

/* What became of the program, as run_program returns it. */
static int judge(struct run *run, int status)
{
	int r = run->timed_out ? -ETIMEDOUT : run->killed ? -ECANCELED : status ? -EIO : 0;

	if (r == -ETIMEDOUT)
		log_info(run->log, "%s did not end within %d s and was killed", run->name,
			 LIMIT_MS / 1000);
	if (r == -EIO)
		last_words(run->log, run->name, run->out);
	close(run->out);
	run->pid = 0;
	return r;
}

static void unwatch(struct run *run)
{
	if (run->process.added) {
		loop_fd_del(run->loop, &run->process);
		close(run->process.fd);
	}
	loop_timer_del(run->loop, &run->look_timer);
	loop_timer_del(run->loop, &run->limit_timer);
}

static void look(struct run *run)
{
	int status = 0;

	if (waitpid(run->pid, &status, WNOHANG) == 0)
		return;
	unwatch(run);
	run->ended(run->ctx, judge(run, status));
}

static void on_process(void *ctx, uint32_t events)
{
	(void)events;
	look(ctx);
}

static void on_look(void *ctx)
{
	struct run *run = ctx;

	loop_timer_set(run->loop, &run->look_timer, loop_now(run->loop) + LOOK_MS);
	look(run);
}

static void on_limit(void *ctx)
{
	struct run *run = ctx;

	run->timed_out = true;
	child_kill(run->pid);
}

static void watch(struct run *run)
{
	int fd = (int)syscall(SYS_pidfd_open, run->pid, 0u);

	run->process = (struct loop_fd){.fd = fd, .ready = on_process, .ctx = run};
	run->limit_timer = (struct loop_timer){DEADLINE_NONE, on_limit, run, NULL, NULL};
	run->look_timer = (struct loop_timer){DEADLINE_NONE, on_look, run, NULL, NULL};
	loop_timer_set(run->loop, &run->limit_timer, run->end_ms);
	if (fd >= 0 && loop_fd_add(run->loop, &run->process, EPOLLIN) == 0)
		return;
	if (fd >= 0)
		close(fd);
	loop_timer_set(run->loop, &run->look_timer, loop_now(run->loop) + LOOK_MS);
}

int run_start(struct run *run, const char *const argv[], const char *input, size_t len)
{
	char path[PATH_MAX];
	int in, out;

	if (!find(argv[0], path, sizeof(path)))
		return -ENOENT;
	in = memory_file(input, len);
	if (in < 0)
		return in;
	out = memory_file(NULL, 0);
	run->pid = out < 0 ? out : start(path, argv, in, out);
	close(in);
	if (run->pid < 0) {
		int r = run->pid;

		if (out >= 0)
			close(out);
		run->pid = 0;
		return r;
	}
	run->out = out;
	run->timed_out = run->killed = false;
	run->end_ms = clock_now_ms() + LIMIT_MS;
	(void)str_copy(run->name, sizeof(run->name), argv[0]);
	if (run->loop)
		watch(run);
	return 0;
}

void run_kill(struct run *run)
{
	run->killed = true;
	child_kill(run->pid);
}

int run_wait(struct run *run)
{
	struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, run->pid, 0u), .events = POLLIN};
	uint64_t now;
	int status = 0;

	while (waitpid(run->pid, &status, WNOHANG) == 0 && !run->timed_out) {
		now = clock_now_ms();
		run->timed_out = now >= run->end_ms;
		if (!run->timed_out) /* without pidfd look every 20 ms */
			(void)poll(&p, 1, p.fd < 0 ? LOOK_MS : (int)(run->end_ms - now));
	}
	if (p.fd >= 0)
		close(p.fd);
	if (run->timed_out) {
		child_kill(run->pid);
		while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (run->loop)
		unwatch(run);
	return judge(run, status);
}

int run_program(const char *const argv[], const char *input, size_t len, const struct log *log)
{
	struct run run = {.log = log};
	int r = run_start(&run, argv, input, len);

	return r < 0 ? r : run_wait(&run);
}
