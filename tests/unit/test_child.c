/* SPDX-License-Identifier: MIT */
/* What a child has, and has not, of the process that starts it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct child_setup plain = {.fds = {-1, -1, -1}, .fd_count = 3};

static int status_of(pid_t pid)
{
	int status = 0;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool is_null(int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat("/dev/null", &b) == 0 && a.st_rdev == b.st_rdev;
}

/* The two are given in each other's place. */
static void descriptors_are_those_of_the_setup_and_no_others(void **state)
{
	const struct child_setup setup = {.fds = {-1, -1, -1, 4, 3}, .fd_count = 5};
	int first[2], second[2], ends[2], count = 0;
	char a = 0, b = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(first), 0);
	assert_int_equal(pipe(second), 0);
	ends[0] = fcntl(first[0], F_DUPFD, 20);
	ends[1] = fcntl(second[0], F_DUPFD, 20);
	first[1] = fcntl(first[1], F_DUPFD, 20);
	second[1] = fcntl(second[1], F_DUPFD, 20);
	assert_true(dup2(first[1], 4) == 4 && dup2(second[1], 3) == 3);
	pid = child_fork(&setup);
	if (pid == 0) {
		for (int fd = 0; fd < 256; fd++)
			count += fcntl(fd, F_GETFD) >= 0;
		_exit(count != 5 || !is_null(0) || !is_null(2) || write(3, "a", 1) != 1 ||
		      write(4, "b", 1) != 1);
	}
	assert_int_equal(status_of(pid), 0);
	assert_int_equal(read(ends[0], &a, 1), 1);
	assert_int_equal(read(ends[1], &b, 1), 1);
	assert_true(a == 'a' && b == 'b');
}

/* What the signals of a child are: 1 blocked, 2 ignored. */
static int signals_of(enum child_signals signals)
{
	struct child_setup setup = plain;
	struct sigaction is = {0};
	sigset_t blocked;
	pid_t pid;

	setup.signals = signals;
	pid = child_fork(&setup);
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, NULL, &blocked);
		sigaction(SIGPIPE, NULL, &is);
		_exit(sigismember(&blocked, SIGTERM) | (is.sa_handler == SIG_IGN ? 2 : 0));
	}
	return WEXITSTATUS(status_of(pid));
}

static void no_signal_is_blocked_and_those_ignored_are_as_said(void **state)
{
	sigset_t set, before;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	assert_int_equal(signals_of(CHILD_SIGNALS_KEPT), 0);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(signals_of(CHILD_SIGNALS_KEPT), 2);
	assert_int_equal(signals_of(CHILD_SIGNALS_DEFAULT), 0);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(signals_of(CHILD_SIGNALS_IGNORED), 2);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void a_program_runs_with_its_words_and_environment(void **state)
{
	const char *const argv[] = {"sh", "-c", "[ \"$A$1\" = bc ]", "sh", "c", NULL};
	char *env[] = {(char[]){"A=b"}, NULL};

	(void)state;
	assert_int_equal(status_of(child_run(&plain, "/bin/sh", argv, env)), 0);
}

static void a_program_that_is_missing_has_a_status_of_its_own(void **state)
{
	const char *const argv[] = {"none", NULL};
	char *env[] = {NULL};
	int status = status_of(child_run(&plain, "/nowhere/none", argv, env));

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CHILD_NOT_RUN);
}

static bool ends_within(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ms) == 1 && (p.revents & POLLHUP);
}

/* The pipe has its end when the last process that holds it has. */
static void a_group_is_killed_with_all_that_it_started(void **state)
{
	struct child_setup setup = {.fds = {-1, -1, -1}, .fd_count = 3, .group = CHILD_GROUP_OWN};
	const char *const argv[] = {"sh", "-c", "sleep 60 & sleep 60", NULL};
	char *env[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};
	int ends[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	setup.fds[1] = ends[1];
	pid = child_run(&setup, "/bin/sh", argv, env);
	close(ends[1]);
	assert_false(ends_within(ends[0], 200));
	child_kill(pid);
	assert_true(WIFSIGNALED(status_of(pid)));
	assert_true(ends_within(ends[0], 5000));
	close(ends[0]);
}

static void it_dies_with_us_where_that_is_wanted(void **state)
{
	int ends[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) { /* the one that it dies with */
		const struct child_setup setup = {
			.fds = {-1, ends[1], -1}, .fd_count = 3, .death_signal = SIGKILL};

		if (child_fork(&setup) == 0)
			for (;;)
				pause();
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(status_of(pid), 0);
	assert_true(ends_within(ends[0], 5000));
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_are_those_of_the_setup_and_no_others),
		cmocka_unit_test(no_signal_is_blocked_and_those_ignored_are_as_said),
		cmocka_unit_test(a_program_runs_with_its_words_and_environment),
		cmocka_unit_test(a_program_that_is_missing_has_a_status_of_its_own),
		cmocka_unit_test(a_group_is_killed_with_all_that_it_started),
		cmocka_unit_test(it_dies_with_us_where_that_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
