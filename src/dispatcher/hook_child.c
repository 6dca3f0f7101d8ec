/* SPDX-License-Identifier: MIT */
/* A script's process. */
#include "dispatcher/hook_child.h"

#include "base/child.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_MAX   4096
#define LAST_READS 32 /* of output, after its end */
#define LOOK_MS	   20

/* In the child, whose standard error is the log. */
static _Noreturn void become_script(const struct hook_start *start)
{
	char *argv[HOOK_ARGS_MAX + 2] = {(char *)(uintptr_t)start->real};

	for (size_t i = 0; i < HOOK_ARGS_MAX && start->args[i]; i++)
		argv[i + 1] = (char *)(uintptr_t)start->args[i];
	umask(022);
	if (chdir("/") < 0)
		_exit(CHILD_NOT_RUN);
	execve(start->real, argv, start->env);
	dprintf(2, "cannot be executed: %s%s\n", strerror(errno),
		errno == ENOEXEC  ? "; a script begins with #! and its interpreter"
		: errno == ENOENT ? ": the interpreter after #! is not there"
				  : "");
	_exit(CHILD_NOT_RUN);
}

static void say(struct hook_child *c)
{
	char text[4 * HOOK_LINE_MAX + 8];
	struct str s = str_make(text, sizeof text);
	size_t kept = c->line_len < sizeof c->line ? c->line_len : sizeof c->line;

	if (c->line_len == 0)
		return;
	str_clean(&s, c->line, kept, sizeof c->line);
	if (c->lines < HOOK_LINES_MAX)
		log_warn(c->log, "%s: %s%s", c->name, text, c->line_len > kept ? "..." : "");
	else if (c->lines == HOOK_LINES_MAX)
		log_warn(c->log, "%s has said %u lines; the rest is left out", c->name,
			 HOOK_LINES_MAX);
	if (c->lines <= HOOK_LINES_MAX)
		c->lines++;
	c->line_len = 0;
}

static void close_output(struct hook_child *c)
{
	if (!c->output.added)
		return;
	loop_fd_del(c->loop, &c->output);
	close(c->output.fd);
}

/* One piece of output; false when there is no more now. */
static bool hear(struct hook_child *c)
{
	char piece[READ_MAX];
	ssize_t n = read(c->output.fd, piece, sizeof piece);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* A closed pipe would kill the script that writes there; what it left behind has no limit
	 * of time, though, and shall not keep us busy. */
	if (n <= 0 || (c->octets >= HOOK_OUTPUT_MAX && !c->pid)) {
		say(c);
		close_output(c);
		return false;
	}
	if (c->octets >= HOOK_OUTPUT_MAX)
		return true;
	c->octets += (size_t)n;
	for (ssize_t i = 0; i < n; i++) {
		if (piece[i] == '\n') {
			say(c);
			continue;
		}
		if (c->line_len < sizeof c->line)
			c->line[c->line_len] = piece[i];
		c->line_len++;
	}
	return true;
}

static void on_output(void *ctx, uint32_t events)
{
	(void)events;
	hear(ctx);
}

static void put_failure(const struct hook_child *c, int status, struct str *out)
{
	if (c->timed_out)
		str_printf(out, "the script %s had not ended after %u s and was killed", c->name,
			   (unsigned)((loop_now(c->loop) - c->started_ms + 500) / 1000));
	else if (WIFSIGNALED(status))
		str_printf(out, "the script %s was killed by signal %d", c->name, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		str_printf(out, "the script %s ended with status %d", c->name, WEXITSTATUS(status));
}

static void unwatch(struct hook_child *c)
{
	if (c->process.added) {
		loop_fd_del(c->loop, &c->process);
		close(c->process.fd);
	}
	loop_timer_del(c->loop, &c->look_timer);
	loop_timer_del(c->loop, &c->limit_timer);
	c->pid = 0;
}

static void look(struct hook_child *c)
{
	char text[NAME_MAX + 100];
	struct str failure = str_make(text, sizeof text);
	int status = 0;

	if (waitpid(c->pid, &status, WNOHANG) == 0)
		return;
	unwatch(c);
	for (int i = 0; c->output.added && i < LAST_READS && hear(c); i++)
		;
	say(c);
	put_failure(c, status, &failure);
	c->ended(c->ctx, c, text);
}

static void on_process(void *ctx, uint32_t events)
{
	(void)events;
	look(ctx);
}

static void on_look(void *ctx)
{
	struct hook_child *c = ctx;

	loop_timer_set(c->loop, &c->look_timer, loop_now(c->loop) + LOOK_MS);
	look(c);
}

void hook_child_kill(struct hook_child *c)
{
	if (c->pid > 0)
		child_kill(c->pid);
}

static void on_limit(void *ctx)
{
	struct hook_child *c = ctx;

	c->timed_out = true;
	hook_child_kill(c);
}

void hook_child_limit(struct hook_child *c, uint32_t limit_ms)
{
	loop_timer_set(c->loop, &c->limit_timer, loop_now(c->loop) + limit_ms);
}

void hook_child_forget(struct hook_child *c)
{
	if (c->pid > 0)
		unwatch(c);
	if (c->loop)
		close_output(c);
}

static int watch(struct hook_child *c, int out)
{
	int rc = 0, fd = pidfd_open(c->pid, 0);

	c->process = (struct loop_fd){.fd = fd, .ready = on_process, .ctx = c};
	c->output = (struct loop_fd){.fd = out, .ready = on_output, .ctx = c};
	if (fd < 0)
		loop_timer_set(c->loop, &c->look_timer, loop_now(c->loop) + LOOK_MS);
	else if ((rc = loop_fd_add(c->loop, &c->process, EPOLLIN)) < 0)
		close(fd);
	if (rc == 0)
		rc = loop_fd_add(c->loop, &c->output, EPOLLIN);
	return rc;
}

int hook_child_start(struct hook_child *c, const struct hook_start *start)
{
	struct child_setup setup = {.fds = {-1, -1, -1},
				    .fd_count = 3,
				    .group = CHILD_GROUP_OWN,
				    .death_signal = start->dies_with_us ? SIGTERM : 0};
	int out[2], rc;

	memset(c, 0, sizeof *c);
	c->loop = start->loop;
	c->log = start->log;
	c->ended = start->ended;
	c->ctx = start->ctx;
	c->started_ms = loop_now(c->loop);
	c->limit_timer = (struct loop_timer){DEADLINE_NONE, on_limit, c, NULL, NULL};
	c->look_timer = (struct loop_timer){DEADLINE_NONE, on_look, c, NULL, NULL};
	(void)str_copy(c->name, sizeof c->name, start->name);
	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	/* Only our end: a script's writes wait for us. */
	(void)fcntl(out[0], F_SETFL, O_NONBLOCK);
	setup.fds[1] = setup.fds[2] = out[1];
	c->pid = child_fork(&setup);
	if (c->pid == 0)
		become_script(start);
	rc = c->pid < 0 ? c->pid : 0;
	close(out[1]);
	if (rc == 0)
		rc = watch(c, out[0]);
	if (rc == 0) {
		hook_child_limit(c, start->limit_ms);
		return 0;
	}
	close(out[0]);
	if (c->pid > 0) {
		hook_child_kill(c);
		waitpid(c->pid, NULL, 0);
		unwatch(c);
	}
	c->pid = 0;
	return rc;
}
