/* SPDX-License-Identifier: MIT */
/* Running a helper program with a time limit. */
#include "host/run.h"

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
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS	5000
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

static _Noreturn void child(const char *path, const char *const argv[], int in, int out,
			    pid_t parent)
{
	char env_path[PATH_MAX];
	char *env[] = {env_path, (char[]){"LC_ALL=C"}, NULL};
	struct str s = str_make(env_path, sizeof(env_path));
	sigset_t none;

	str_printf(&s, "PATH=%s", search_path());
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setpgid(0, 0);
	/* Who undoes this after our death must not find it still at work. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(127);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(127);
	if (syscall(SYS_close_range, 3u, ~0u, 0u) < 0)
		for (int fd = 3; fd < 1024; fd++)
			(void)close(fd);
	execve(path, (char *const *)(uintptr_t)argv, env);
	_exit(127);
}

/* Waits for PID, kills its group after the limit.  Its wait status, or -ETIMEDOUT. */
static int await(pid_t pid)
{
	uint64_t end = clock_now_ms() + LIMIT_MS, now = 0;
	struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, pid, 0u), .events = POLLIN};
	int status = 0, r = 0;
	pid_t got = 0;

	while (got == 0 && (now = clock_now_ms()) < end) {
		got = waitpid(pid, &status, WNOHANG);
		if (got < 0)
			r = -errno;
		else if (got == 0) /* without pidfd (before Linux 5.3) look every 10 ms */
			(void)poll(&p, 1, p.fd < 0 ? 10 : (int)(end - now));
	}
	if (p.fd >= 0)
		close(p.fd);
	if (got != 0)
		return got < 0 ? r : status;
	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return -ETIMEDOUT;
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

int run_program(const char *const argv[], const char *input, size_t len, const struct log *log)
{
	char path[PATH_MAX];
	int in, out, r;
	pid_t pid, self = getpid();

	if (!find(argv[0], path, sizeof(path)))
		return -ENOENT;
	in = memory_file(input, len);
	if (in < 0)
		return in;
	out = memory_file(NULL, 0);
	if (out < 0) {
		close(in);
		return out;
	}
	pid = fork();
	if (pid == 0)
		child(path, argv, in, out, self);
	r = pid < 0 ? -errno : await(pid);
	if (r == -ETIMEDOUT)
		log_info(log, "%s did not end within %d s and was killed", argv[0],
			 LIMIT_MS / 1000);
	if (r > 0) {
		last_words(log, argv[0], out);
		r = -EIO;
	}
	close(in);
	close(out);
	return r;
}
