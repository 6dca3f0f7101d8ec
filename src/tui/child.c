/* SPDX-License-Identifier: MIT */
/* One command beside the monitor. */
#include "tui/child.h"

#include "base/child.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the supervisor tells as well. */
static bool is_known(const char *line)
{
	if (strncmp(line, "vpdial[", 7) == 0)
		return true;
	for (int p = CONTROL_DIALING; p <= CONTROL_TERMINATED; p++)
		if (strcmp(line, control_phase_text((enum control_phase)p)) == 0)
			return true;
	return false;
}

static void say_line(struct child *c)
{
	static const char prefix[] = "vpdial: ";
	bool error = strncmp(c->line, prefix, sizeof(prefix) - 1) == 0;
	const char *text = c->line;
	size_t name = strlen(c->name);

	c->line[c->line_len] = '\0';
	c->line_len = 0;
	str_blank(c->line);
	if (error)
		text += sizeof(prefix) - 1;
	if (strncmp(text, c->name, name) == 0 && strncmp(text + name, ": ", 2) == 0)
		text += name + 2;
	if (*text && !is_known(c->line))
		c->said(c->ctx, c->name, error, text);
}

static void ended(struct child *c)
{
	int status = 0;
	char text[64];

	close(c->output.fd);
	c->output.fd = -1;
	if (c->line_len)
		say_line(c);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
	if (WIFSIGNALED(status)) {
		(void)snprintf(text, sizeof(text), "the command was ended by signal %d",
			       WTERMSIG(status));
		c->said(c->ctx, c->name, true, text);
	}
}

/* True while there may be more. */
static bool read_output(struct child *c)
{
	char buf[512];
	ssize_t n = read(c->output.fd, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	c->begun = true;
	for (ssize_t i = 0; i < n; i++)
		if (buf[i] == '\n')
			say_line(c);
		else if (c->line_len + 1 < sizeof(c->line))
			c->line[c->line_len++] = buf[i];
	return true;
}

static void on_output(void *ctx, uint32_t events)
{
	struct child *c = ctx;

	(void)events;
	if (read_output(c))
		return;
	loop_fd_del(c->loop, &c->output);
	ended(c);
}

int child_start(struct child *c, const struct tui_source *source, const char *command,
		const char *name, bool terminal)
{
	struct child_setup setup = {.fds = {-1, -1, -1},
				    .fd_count = 3,
				    .group = terminal ? CHILD_GROUP_OURS : CHILD_SESSION_OWN,
				    .signals = CHILD_SIGNALS_KEPT};
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	(void)fcntl(fds[1], F_SETFL, 0);
	setup.fds[1] = setup.fds[2] = fds[1];
	c->begun = false;
	c->line_len = 0;
	(void)str_copy(c->name, sizeof(c->name), name);
	c->pid = child_fork(&setup);
	if (c->pid == 0) {
		(void)signal(SIGPIPE, SIG_IGN); /* the monitor's end must not end a dial */
		source->become(source->ctx, command, name);
		_exit(EXIT_FATAL);
	}
	close(fds[1]);
	if (c->pid < 0) {
		int r = c->pid;

		c->pid = 0;
		close(fds[0]);
		return r;
	}
	c->output = (struct loop_fd){.fd = fds[0], .ready = on_output, .ctx = c};
	return 0;
}

int child_wait_begun(struct child *c, int signal_fd)
{
	int signo = 0;

	while (c->pid && !c->begun) {
		struct pollfd fds[2] = {{.fd = c->output.fd, .events = POLLIN},
					{.fd = signal_fd, .events = POLLIN}};
		struct signalfd_siginfo info;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents && read(signal_fd, &info, sizeof(info)) == sizeof(info) &&
		    info.ssi_signo != SIGINT && info.ssi_signo != SIGWINCH) {
			signo = (int)info.ssi_signo;
			kill(c->pid, SIGTERM);
		}
		if (fds[0].revents && !read_output(c))
			ended(c);
	}
	return signo;
}

void child_watch(struct child *c)
{
	if (c->pid && loop_fd_add(c->loop, &c->output, EPOLLIN) < 0)
		ended(c);
}

void child_release(struct child *c)
{
	if (!c->pid)
		return;
	loop_fd_del(c->loop, &c->output);
	close(c->output.fd);
	c->pid = 0;
}
