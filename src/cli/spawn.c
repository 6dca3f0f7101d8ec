/* SPDX-License-Identifier: MIT */
/* Starting the supervisor; the secrets go by pipe, never by argument or environment. */
#include "cli/spawn.h"

#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONTROL_FD 3
#define SECRETS_FD 4
#define KEYS_FD	   5
#define ARGS_MAX   20

struct command_line {
	char *words[ARGS_MAX];
	size_t count;
};

static void add(struct command_line *line, const char *word)
{
	/* execv takes pointers to char, but changes nothing. */
	if (line->count + 1 < ARGS_MAX)
		line->words[line->count++] = (char *)(uintptr_t)word;
}

static void add_common(struct command_line *line, const struct cli *cli)
{
	add(line, "supervise");
	add(line, "--config");
	add(line, cli->config_dir);
	add(line, "--run-dir");
	add(line, cli->run_dir);
}

static void add_dial(struct command_line *line, const struct cli *cli, const char *timeout)
{
	add_common(line, cli);
	if (cli->given & CLI_OPTION_DEBUG)
		add(line, "--debug");
	if (cli->given & CLI_OPTION_FOREGROUND)
		add(line, "--foreground");
	if (cli->given & CLI_OPTION_REDIAL)
		add(line, "--redial");
	if (cli->keys_fd >= 0) {
		add(line, "--ipsec-keys-fd");
		add(line, "5");
	}
	if (cli->timeout_s) {
		add(line, "--timeout");
		add(line, timeout);
	}
}

/* FD under the number WANTED, open across exec. */
static bool move_fd(int fd, int wanted)
{
	return fd == wanted ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, wanted) >= 0;
}

int spawn_supervisor(const struct cli *cli, const char *name, struct conf_secrets *secrets,
		     struct spawned *out)
{
	/* Standard output is not passed on: whoever reads ours shall see its end. */
	struct child_setup setup = {.fds = {-1, -1, STDERR_FILENO},
				    .fd_count = cli->keys_fd >= 0 ? KEYS_FD + 1 : SECRETS_FD + 1,
				    .group = CHILD_SESSION_OWN,
				    .signals = CHILD_SIGNALS_KEPT};
	struct command_line line = {.count = 0};
	char timeout[16];
	int pair[2], pipe_fd = conf_secrets_pipe(secrets);

	if (pipe_fd < 0)
		return pipe_fd;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		int r = -errno;

		close(pipe_fd);
		return r;
	}
	(void)snprintf(timeout, sizeof(timeout), "%u", cli->timeout_s);
	add_dial(&line, cli, timeout);
	add(&line, "--control-fd");
	add(&line, "3");
	add(&line, "--secrets-fd");
	add(&line, "4");
	add(&line, name);
	fflush(stdout);
	setup.fds[CONTROL_FD] = pair[1];
	setup.fds[SECRETS_FD] = pipe_fd;
	setup.fds[KEYS_FD] = cli->keys_fd;
	out->pid = child_fork(&setup);
	/* It is not executed anew: loading the same program once more would be a good part of the
	 * dial's time. */
	if (out->pid == 0)
		exit(cli->supervise((int)line.count, line.words));
	close(pipe_fd);
	close(pair[1]);
	if (out->pid < 0) {
		close(pair[0]);
		return out->pid;
	}
	out->control_fd = pair[0];
	return 0;
}

int spawn_in_place(const struct cli *cli, const char *name, struct conf_secrets *secrets)
{
	struct command_line line = {.count = 0};
	char timeout[16];
	int fd = conf_secrets_pipe(secrets);

	if (fd < 0)
		return fd;
	if (!move_fd(fd, SECRETS_FD) || (cli->keys_fd >= 0 && !move_fd(cli->keys_fd, KEYS_FD)))
		return -errno;
	(void)snprintf(timeout, sizeof(timeout), "%u", cli->timeout_s);
	add_dial(&line, cli, timeout);
	add(&line, "--secrets-fd");
	add(&line, "4");
	add(&line, name);
	fflush(stdout);
	return cli->supervise((int)line.count, line.words);
}

int spawn_recovery(const struct cli *cli, const char *name)
{
	struct command_line line = {.count = 0};
	int status;
	pid_t pid;

	add_common(&line, cli);
	add(&line, "--recover");
	add(&line, name);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		exit(cli->supervise((int)line.count, line.words));
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FATAL;
}
