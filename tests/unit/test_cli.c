/* SPDX-License-Identifier: MIT */
/* The command line against a supervisor of the test's own: `connect` executes this very program
 * as `supervise`, and then it plays the scene that the profile's name asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "client/client.h"
#include "client/status.h"
#include "conf/foreign.h"
#include "conf/options.h"
#include "conf/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the supervisor's part --- */

static void say(enum control_phase phase, enum exit_status code, const char *text)
{
	struct control_status s;

	status_terminated(&s, "scene");
	s.phase = phase;
	s.state = phase == CONTROL_TERMINATED  ? CONTROL_STATE_DOWN
		  : phase == CONTROL_CONNECTED ? CONTROL_STATE_UP
					       : CONTROL_STATE_CONNECTING;
	s.ended.code = code;
	if (text)
		(void)snprintf(s.ended.text, sizeof(s.ended.text), "%s", text);
	(void)send(3, &s, sizeof(s), MSG_NOSIGNAL);
}

/* Waits for CONTROL_HANGUP on the control descriptor. */
static bool told_to_hang_up(void)
{
	struct control_request request;
	ssize_t n = recv(3, &request, sizeof(request), 0);

	return n == (ssize_t)sizeof(request) && request.magic == CONTROL_MAGIC &&
	       request.op == CONTROL_HANGUP;
}

static void write_file(const char *dir, const char *name, const void *data, size_t len)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0)
		_exit(99);
}

/* What the supervisor got, for the test to read: arguments, then the password. */
static void record_call(int argc, char **argv, const char *run_dir)
{
	char text[4000] = "";
	struct conf_secrets secrets;

	if (conf_secrets_read(4, &secrets) < 0)
		_exit(99);
	for (int i = 0; i < argc; i++) {
		strcat(text, argv[i]);
		strcat(text, " ");
	}
	write_file(run_dir, "arguments", text, strlen(text));
	write_file(run_dir, "password", (char *)secrets.of[CONF_PASSWORD].bytes,
		   secrets.of[CONF_PASSWORD].len);
}

static int play(const char *name)
{
	if (strcmp(name, "good") == 0) {
		say(CONTROL_DIALING, 0, NULL);
		say(CONTROL_VERIFYING, 0, NULL);
		say(CONTROL_VERIFYING, 0, NULL);
		say(CONTROL_CONNECTED, 0, NULL);
	} else if (strcmp(name, "refused") == 0) {
		say(CONTROL_DIALING, 0, NULL);
		say(CONTROL_TERMINATED, EXIT_AUTH_FAILED, "the server refused the password");
	} else if (strcmp(name, "crash") == 0) {
		say(CONTROL_DIALING, 0, NULL);
	} else if (strcmp(name, "garbage") == 0) {
		(void)send(3, "garbage", 7, 0);
	} else if (strcmp(name, "slow") == 0) {
		say(CONTROL_DIALING, 0, NULL);
		if (told_to_hang_up())
			say(CONTROL_TERMINATED, EXIT_HANGUP, "hung up by the user");
	} else if (strcmp(name, "reason") == 0) {
		say(CONTROL_DIALING, 0, NULL);
		if (told_to_hang_up())
			say(CONTROL_TERMINATED, EXIT_NEGOTIATION_FAILED, "GRE is silent");
	}
	return 0;
}

static int supervise(int argc, char **argv)
{
	const char *run_dir = NULL;

	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "--run-dir") == 0)
			run_dir = argv[i + 1];
	if (!run_dir)
		return 98;
	if (strcmp(argv[argc - 2], "--recover") == 0) {
		char path[256];
		int socket_there;

		(void)snprintf(path, sizeof(path), "%s/%s.sock", run_dir, argv[argc - 1]);
		socket_there = unlink(path) == 0;
		(void)snprintf(path, sizeof(path), "%s/%s.journal", run_dir, argv[argc - 1]);
		return unlink(path) == 0 || socket_there ? 0 : 1;
	}
	record_call(argc, argv, run_dir);
	return play(argv[argc - 1]);
}

/* --- the test's part --- */

struct place {
	char dir[64], config[128], run[128];
	char out[8192], err[8192];
};

static void profile(const struct place *p, const char *name, const char *more)
{
	char path[256], text[400];
	int n = snprintf(text, sizeof(text),
			 "[connection]\nconnect-to = 192.0.2.1\nuser = john\n%s", more);

	(void)snprintf(path, sizeof(path), "%s.conf", name);
	write_file(p->config, path, text, (size_t)n);
	(void)snprintf(path, sizeof(path), "%s/%s.conf", p->config, name);
	assert_int_equal(chmod(path, 0600), 0);
}

static int setup(void **state)
{
	static const char *const scenes[] = {"good",	"refused", "crash",
					     "garbage", "slow",	   "reason"};
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/vpdial-test-cli-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->config, sizeof(p->config), "%s/config", p->dir);
	(void)snprintf(p->run, sizeof(p->run), "%s/run", p->dir);
	assert_int_equal(mkdir(p->config, 0700), 0);
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		profile(p, scenes[i], "password = \" a#b;\"\n");
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	char command[200];

	(void)snprintf(command, sizeof(command), "rm -r %s", p->dir);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

static void slurp(const char *path, char *buf, size_t cap)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(buf, 1, cap - 1, f) : 0;

	buf[n] = '\0';
	if (f)
		fclose(f);
}

static void read_run_file(const struct place *p, const char *name, char *buf, size_t cap)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", p->run, name);
	slurp(path, buf, cap);
}

/* Starts this program as vpdial with WORDS (ends with NULL); its process id. */
static pid_t start(const struct place *p, const char *const words[])
{
	char *argv[32] = {"vpdial", "--config", (char *)(uintptr_t)p->config, "--run-dir",
			  (char *)(uintptr_t)p->run};
	char out[256], err[256];
	size_t n = 5;
	pid_t pid;

	for (size_t i = 0; words[i] && n < 31; i++)
		argv[n++] = (char *)(uintptr_t)words[i];
	(void)snprintf(out, sizeof(out), "%s/out", p->dir);
	(void)snprintf(err, sizeof(err), "%s/err", p->dir);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setsid(); /* no terminal to ask on */
		if (dup2(open("/dev/null", O_RDONLY), 0) < 0 ||
		    dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1) < 0 ||
		    dup2(open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2) < 0)
			_exit(97);
		execv("/proc/self/exe", argv);
		_exit(96);
	}
	return pid;
}

static int finish(struct place *p, pid_t pid)
{
	char path[256];
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)snprintf(path, sizeof(path), "%s/out", p->dir);
	slurp(path, p->out, sizeof(p->out));
	(void)snprintf(path, sizeof(path), "%s/err", p->dir);
	slurp(path, p->err, sizeof(p->err));
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define RUN(p, ...) finish(p, start(p, (const char *const[]){__VA_ARGS__, NULL}))

static void connect_shows_each_phase_once_and_returns_0(void **state)
{
	struct place *p = *state;

	assert_int_equal(RUN(p, "connect", "good"), 0);
	assert_string_equal(p->out, "dialing\nverifying password...\nconnected\n");
	assert_string_equal(p->err, "");
}

static void supervisor_gets_password_by_pipe_and_never_by_argument(void **state)
{
	struct place *p = *state;
	char text[4000], want[600];

	assert_int_equal(RUN(p, "connect", "--debug", "--timeout", "20", "good"), 0);
	read_run_file(p, "password", text, sizeof(text));
	assert_string_equal(text, " a#b;");
	read_run_file(p, "arguments", text, sizeof(text));
	(void)snprintf(want, sizeof(want),
		       "supervise --config %s --run-dir %s --debug --timeout 20 --control-fd 3 "
		       "--secrets-fd 4 good ",
		       p->config, p->run);
	assert_string_equal(text, want);
}

static void foreground_becomes_the_supervisor(void **state)
{
	struct place *p = *state;
	char text[4000];
	pid_t pid = start(p, (const char *const[]){"connect", "--foreground", "idle", NULL});

	assert_int_equal(finish(p, pid), 2); /* no such profile */
	profile(p, "idle", "password = \"x\"\n");
	assert_int_equal(RUN(p, "connect", "idle", "--foreground"), 0);
	read_run_file(p, "arguments", text, sizeof(text));
	assert_non_null(strstr(text, " --foreground --secrets-fd 4 idle "));
	assert_null(strstr(text, "--control-fd"));
	read_run_file(p, "password", text, sizeof(text));
	assert_string_equal(text, "x");
}

static void failed_dial_tells_the_reason_and_returns_its_code(void **state)
{
	struct place *p = *state;

	assert_int_equal(RUN(p, "connect", "refused"), EXIT_AUTH_FAILED);
	assert_string_equal(p->out, "dialing\n");
	assert_string_equal(p->err, "vpdial: refused: the server refused the password\n");
}

static void supervisor_that_vanishes_is_told(void **state)
{
	struct place *p = *state;

	assert_int_equal(RUN(p, "connect", "crash"), EXIT_FATAL);
	assert_string_equal(p->err, "vpdial: crash: the supervisor ended unexpectedly\n");
	assert_int_equal(RUN(p, "connect", "garbage"), EXIT_FATAL);
}

static void timeout_hangs_up_and_returns_8_or_the_better_reason(void **state)
{
	struct place *p = *state;

	assert_int_equal(RUN(p, "connect", "slow", "--timeout=1"), EXIT_CONNECT_FAILED);
	assert_string_equal(p->err,
			    "vpdial: slow: not connected after 1 seconds (state: connecting)\n");
	assert_int_equal(RUN(p, "connect", "reason", "--timeout=1"), EXIT_NEGOTIATION_FAILED);
	assert_string_equal(p->err, "vpdial: reason: GRE is silent\n");
}

static void interrupt_hangs_up_and_returns_5(void **state)
{
	struct place *p = *state;
	pid_t pid = start(p, (const char *const[]){"connect", "slow", NULL});
	char path[256], text[64] = "";

	(void)snprintf(path, sizeof(path), "%s/out", p->dir);
	for (int i = 0; i < 500 && strcmp(text, "dialing\n") != 0; i++) {
		(void)poll(NULL, 0, 10);
		slurp(path, text, sizeof(text));
	}
	assert_int_equal(kill(pid, SIGINT), 0);
	assert_int_equal(finish(p, pid), EXIT_SIGNAL);
	assert_string_equal(p->err, "vpdial: slow: interrupted\n");
}

static void no_password_and_no_terminal_is_an_error(void **state)
{
	struct place *p = *state;

	profile(p, "asks", "");
	assert_int_equal(RUN(p, "connect", "asks"), EXIT_OPTIONS);
	assert_non_null(strstr(p->err, "vpdial: asks: no password in the profile and no terminal"));
}

/* Reads from the terminal until TEXT holds WANT, ten seconds at most. */
static bool terminal_shows(int tty, char *text, size_t cap, const char *want)
{
	size_t len = strlen(text);

	for (int i = 0; i < 1000 && !strstr(text, want); i++) {
		struct pollfd fd = {.fd = tty, .events = POLLIN};
		ssize_t n;

		if (poll(&fd, 1, 10) <= 0)
			continue;
		n = read(tty, text + len, cap - 1 - len);
		if (n <= 0)
			break; /* the program closed its end */
		len += (size_t)n;
		text[len] = '\0';
	}
	return strstr(text, want) != NULL;
}

static void password_is_asked_on_the_terminal_without_echo(void **state)
{
	struct place *p = *state;
	char text[4000] = "", got[100];
	int tty, status;
	pid_t pid;

	profile(p, "good", "");
	pid = forkpty(&tty, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (pid == 0) {
		/* The terminal's leader outlives the program: its end would throw away what the
		 * test has not read yet. */
		pid = fork();
		if (pid != 0) {
			(void)waitpid(pid, &status, 0);
			(void)usleep(500000);
			_exit(WEXITSTATUS(status));
		}
		execl("/proc/self/exe", "vpdial", "--config", p->config, "--run-dir", p->run,
		      "connect", "good", (char *)NULL);
		_exit(96);
	}
	assert_true(terminal_shows(tty, text, sizeof(text), "Password for john at 192.0.2.1: "));
	assert_int_equal(write(tty, "se same\n", 8), 8);
	assert_true(terminal_shows(tty, text, sizeof(text), "connected"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
	close(tty);
	assert_non_null(strstr(text, "dialing 0s"));
	assert_null(strstr(text, "same"));
	read_run_file(p, "password", got, sizeof(got));
	assert_string_equal(got, "se same");
}

static void faulty_profile_is_not_dialed(void **state)
{
	struct place *p = *state;
	char text[64];

	profile(p, "bad", "max-mtu = 9\npassword = \"sesame\"\n");
	assert_int_equal(RUN(p, "connect", "bad"), EXIT_OPTIONS);
	assert_non_null(strstr(p->err, "bad.conf:4: max-mtu:"));
	assert_null(strstr(p->err, "sesame"));
	read_run_file(p, "arguments", text, sizeof(text));
	assert_string_equal(text, "");
}

static void connect_all_dials_what_is_enabled_and_reports_the_first_failure(void **state)
{
	struct place *p = *state;

	assert_int_equal(RUN(p, "connect", "--all"), 0);
	assert_non_null(strstr(p->out, "nothing to dial in "));
	assert_int_equal(RUN(p, "enable", "refused"), 0);
	assert_int_equal(RUN(p, "enable", "good"), 0);
	assert_int_equal(RUN(p, "connect", "--all"), EXIT_AUTH_FAILED);
	assert_string_equal(p->out, "good: dialing\ngood: verifying password...\n"
				    "good: connected\nrefused: dialing\n");
	assert_int_equal(RUN(p, "connect", "--all", "--foreground"), EXIT_OPTIONS);
}

/* A supervisor in this process, for one connection and one request, in a child. */
static pid_t listener(const struct place *p, const char *name, enum control_phase phase)
{
	struct control_request request;
	struct sockaddr_un addr;
	struct control_status s;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), client;
	pid_t pid;

	(void)mkdir(p->run, 0700);
	assert_int_equal(control_address(&addr, p->run, name), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 4), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid > 0) {
		close(fd);
		return pid;
	}
	client = accept(fd, NULL, NULL);
	status_terminated(&s, name);
	s.phase = phase;
	s.pid = 4711;
	s.uptime_ms = 3605000;
	(void)snprintf(s.encoding, sizeof(s.encoding), "MPPE128 stateless");
	(void)snprintf(s.user, sizeof(s.user), "\xff\"<");
	if (recv(client, &request, sizeof(request), 0) != (ssize_t)sizeof(request))
		_exit(1);
	(void)send(client, &s, sizeof(s), MSG_NOSIGNAL);
	if (request.op == CONTROL_HANGUP) {
		s.phase = CONTROL_TERMINATED;
		(void)send(client, &s, sizeof(s), MSG_NOSIGNAL);
	}
	_exit((int)request.op);
}

static int joined(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void running_profile_is_not_dialed_twice(void **state)
{
	struct place *p = *state;
	pid_t pid = listener(p, "good", CONTROL_CONNECTED);

	assert_int_equal(RUN(p, "connect", "good"), EXIT_BUSY);
	assert_string_equal(p->err, "vpdial: good is already running (connected, process 4711)\n");
	assert_int_equal(joined(pid), CONTROL_STATUS);
}

static void status_shows_the_seed_fields_first(void **state)
{
	struct place *p = *state;
	pid_t pid = listener(p, "good", CONTROL_CONNECTED);
	const char *want = "       status: connected\n"
			   "       uptime: 1h5s\n"
			   "    idle-time: 0s\n"
			   "     encoding: MPPE128 stateless\n";

	assert_int_equal(RUN(p, "status", "good"), 0);
	assert_int_equal(strncmp(p->out, want, strlen(want)), 0);
	(void)joined(pid);
}

static void status_json_is_valid_whatever_the_texts_are(void **state)
{
	struct place *p = *state;
	pid_t pid = listener(p, "good", CONTROL_CONNECTED);

	assert_int_equal(RUN(p, "status", "--json", "good"), 0);
	assert_non_null(strstr(p->out, "\"schema\": 1"));
	assert_non_null(strstr(p->out, "\"status\": \"connected\""));
	assert_non_null(strstr(p->out, "\"uptime_s\": 3605"));
	assert_non_null(strstr(p->out, "\"user\": \"\\\\xff\\\"<\""));
	assert_non_null(strstr(p->out, "\"mtu\": null"));
	(void)joined(pid);
}

static void status_of_known_profile_without_supervisor_is_terminated(void **state)
{
	struct place *p = *state;

	assert_int_equal(RUN(p, "status", "good"), 0);
	assert_int_equal(strncmp(p->out, "  status: terminated\n", 21), 0);
	assert_non_null(strstr(p->out, "last-end: none: not dialed since this machine started\n"));
	assert_int_equal(RUN(p, "status", "goop"), EXIT_OPTIONS);
	assert_non_null(strstr(p->err, "did you mean good"));
	assert_int_equal(RUN(p, "status"), 0);
	assert_non_null(strstr(p->out, "\nrefused\n  status: terminated\n"));
}

/* A run of "good" that is over, or that was killed. */
static void put_last(struct place *p, bool running)
{
	struct control_last last;

	control_last_init(&last);
	last.running = running;
	last.time_ms = 1700000000000;
	if (!running)
		last.reason = (struct reason){EXIT_AUTH_FAILED, "the password is wrong"};
	control_events_add(&last.events, 1700000000123, 1, "a thing happened");
	assert_int_equal(control_last_write(p->run, "good", &last), 0);
}

static void what_ended_is_known_afterwards(void **state)
{
	struct place *p = *state;
	char path[256];

	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	assert_int_equal(mkdir(p->run, 0700), 0);
	assert_int_equal(RUN(p, "log", "good"), EXIT_HANGUP);
	assert_non_null(strstr(p->err, "not dialed since this machine started"));
	assert_non_null(strstr(p->err, "journalctl -u vpdial@good, or journalctl -t vpdial"));
	put_last(p, false);
	assert_int_equal(RUN(p, "status", "good"), 0);
	assert_non_null(strstr(p->out, "last-end: 2023-11-14 22:13:20  the password is wrong "
				       "(exit code 19)\n"));
	assert_null(strstr(p->out, "reason:"));
	assert_int_equal(RUN(p, "status", "--json", "good"), 0);
	for (const char *at = p->out, *key = "\"ended\": {"; key;
	     key = *key == '"' && key[1] == 'e' ? "\"last_end\": {" : NULL) {
		at = strstr(at, key);
		assert_non_null(at);
		assert_non_null(strstr(at, "\"code\": 19"));
		assert_non_null(strstr(at, "\"time_s\": 1700000000"));
	}
	assert_int_equal(RUN(p, "log", "good"), 0);
	assert_string_equal(p->out, "2023-11-14 22:13:20.123  warning: a thing happened\n");
	assert_non_null(
		strstr(p->err, "good is not running: the password is wrong (exit code 19)"));
	assert_non_null(strstr(p->err, "journalctl -u vpdial@good, or journalctl -t vpdial"));
	assert_int_equal(RUN(p, "disconnect", "good"), 0);
	assert_string_equal(p->out, "good is not connected since 2023-11-14 22:13:20: the password "
				    "is wrong (exit code 19)\n");
	put_last(p, true);
	assert_int_equal(RUN(p, "status", "good"), 0);
	assert_non_null(strstr(p->out, "last-end: ended without a word, killed or crashed; it had "
				       "begun at 2023-11-14 22:13:20 (exit code 1)\n"));
	(void)snprintf(path, sizeof(path), "%s/good.last", p->run);
	assert_int_equal(unlink(path), 0);
}

static void disconnect_asks_and_waits_until_gone(void **state)
{
	struct place *p = *state;
	pid_t pid = listener(p, "good", CONTROL_CONNECTED);

	assert_int_equal(RUN(p, "disconnect", "good"), 0);
	assert_string_equal(p->out, "good disconnected\n");
	assert_int_equal(joined(pid), CONTROL_HANGUP);
	assert_int_equal(RUN(p, "disconnect", "good"), 0); /* its socket is a dead one now */
	assert_non_null(strstr(p->out, "good is not connected; what an unclean end"));
	assert_int_equal(RUN(p, "disconnect", "good"), 0);
	assert_string_equal(p->out, "good is not connected\n");
	assert_int_equal(RUN(p, "disconnect", "nobody"), EXIT_OPTIONS);
}

static void disconnect_recovers_what_a_crash_left(void **state)
{
	struct place *p = *state;
	char path[256];

	assert_int_equal(mkdir(p->run, 0700), 0);
	write_file(p->run, "good.journal", "x", 1);
	write_file(p->run, "gone.journal", "x", 1); /* its profile was deleted since */
	assert_int_equal(RUN(p, "disconnect", "good"), 0);
	assert_non_null(strstr(p->out, "good is not connected; what an unclean end"));
	(void)snprintf(path, sizeof(path), "%s/good.journal", p->run);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(RUN(p, "disconnect", "--all"), 0);
	assert_non_null(strstr(p->out, "gone is not connected; what an unclean end"));
}

static void list_shows_flags(void **state)
{
	struct place *p = *state;
	pid_t pid;

	assert_int_equal(RUN(p, "enable", "refused"), 0);
	pid = listener(p, "good", CONTROL_CONNECTED);
	assert_int_equal(RUN(p, "list"), 0);
	assert_non_null(strstr(p->out, "Flags: X - disabled, R - running\n"));
	assert_non_null(strstr(p->out, "\nXR    good                  pptp  192.0.2.1"));
	assert_non_null(strstr(p->out, "\n      refused               pptp  192.0.2.1"));
	assert_non_null(strstr(p->out, "\nX     slow "));
	(void)joined(pid);
}

/* The table of foreign words shadows none of ours, and no word stands in it twice. */
static void foreign_words_are_none_of_ours(void **state)
{
	char words[1024], *save, *word;
	size_t count, commands;
	const struct foreign *f = foreign_words(&count);
	(void)state;

	(void)cli_commands(&commands);
	for (size_t i = 0; i < count; i++) {
		assert_true(strlen(f[i].words) < sizeof(words));
		strcpy(words, f[i].words);
		for (word = strtok_r(words, "|", &save); word; word = strtok_r(NULL, "|", &save)) {
			if (foreign_text(f[i].kind, word) != f[i].text)
				fail_msg("%s is there twice", word);
			if ((f[i].kind == FOREIGN_COMMAND && cli_command_find(word)) ||
			    (f[i].kind == FOREIGN_OPTION && cli_option_find(word)) ||
			    (f[i].kind == FOREIGN_KEY &&
			     conf_option_find(word, CONF_IN_CONNECTION | CONF_IN_PPP)))
				fail_msg("%s is a word of ours", word);
		}
	}
}

static void bad_command_lines_return_2_and_name_the_nearest(void **state)
{
	static const struct {
		const char *words[5], *error;
	} rows[] = {
		{{"conect", "x"}, "unknown command conect, did you mean connect"},
		{{"zzzzzz"}, "unknown command zzzzzz, see vpdial --help"},
		{{"connect", "--forground", "x"},
		 "unknown option --forground, did you mean --foreground"},
		{{"status", "--debug"}, "status has no option --debug"},
		{{"--verson"}, "unknown option --verson, did you mean --version"},
		{{"--jsn", "status"}, "unknown option --jsn, see vpdial --help"},
		{{"connect"}, "connect needs either a profile's name or --all"},
		{{"connect", "a", "--all"}, "connect needs either a profile's name or --all"},
		{{"connect", "a", "b"}, "usage: vpdial connect"},
		{{"enable"}, "usage: vpdial enable NAME"},
		{{"connect", "a", "--timeout"}, "--timeout needs a value"},
		{{"connect", "a", "--timeout", "0"}, "--timeout 0: write a number of seconds"},
		{{"connect", "a", "--timeout", "5x"}, "--timeout 5x: write a number of seconds"},
		{{"list", "--help=yes"}, "--help takes no value"},
		{{"help", "conect"}, "no help for conect"},
		{{"connect", "../etc/passwd"}, "../etc/passwd is no profile's name"},
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(finish(p, start(p, rows[i].words)), EXIT_OPTIONS);
		if (!strstr(p->err, rows[i].error))
			fail_msg("no \"%s\" in: %s", rows[i].error, p->err);
		assert_string_equal(p->out, "");
	}
}

static void check_lists_faults_and_returns_2(void **state)
{
	struct place *p = *state;

	assert_int_equal(RUN(p, "check"), 0);
	assert_non_null(strstr(p->out, "good: ok\n"));
	profile(p, "bad", "max-mtu = 9\nfoo = 1\n");
	assert_int_equal(RUN(p, "check", "good", "bad"), EXIT_OPTIONS);
	assert_non_null(strstr(p->out, "good: ok\n"));
	assert_non_null(strstr(p->out, "bad.conf:4: max-mtu:"));
	assert_non_null(strstr(p->out, "bad.conf:5: foo:"));
}

static void completion_knows_commands_options_and_profiles(void **state)
{
	struct place *p = *state;

	assert_int_equal(RUN(p, "complete-words", "dis"), 0);
	assert_string_equal(p->out, "disconnect\ndisable\n");
	assert_int_equal(RUN(p, "complete-words", "--", "connect"), 0);
	assert_non_null(strstr(p->out, "--timeout\n"));
	assert_null(strstr(p->out, "--json\n"));
	assert_int_equal(RUN(p, "complete-words", "re", "connect"), 0);
	assert_string_equal(p->out, "reason\nrefused\n");
	assert_int_equal(RUN(p, "complete-words", "", "connect", "--timeout"), 0);
	assert_string_equal(p->out, "");
	assert_int_equal(RUN(p, "complete-words", "", "connect", "good"), 0);
	assert_string_equal(p->out, "");
	assert_int_equal(RUN(p, "complete-words", "", "--config", "/nonexistent", "connect"), 0);
	assert_string_equal(p->out, "");
}

static void help_names_every_command_and_option(void **state)
{
	struct place *p = *state;
	size_t count;
	const struct cli_command *c = cli_commands(&count);

	for (size_t i = 0; i < count; i++) {
		assert_int_equal(RUN(p, "--help"), 0);
		assert_int_equal(strstr(p->out, c[i].name) != NULL, !c[i].hidden);
		if (c[i].hidden)
			continue;
		assert_int_equal(RUN(p, "help", c[i].name), 0);
		if (c[i].options & CLI_OPTION_ALL)
			assert_non_null(strstr(p->out, "--all"));
	}
	assert_int_equal(RUN(p, "--version"), 0);
	assert_string_equal(p->out, "vpdial " VPDIAL_VERSION "\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(connect_shows_each_phase_once_and_returns_0),
		T(supervisor_gets_password_by_pipe_and_never_by_argument),
		T(foreground_becomes_the_supervisor),
		T(failed_dial_tells_the_reason_and_returns_its_code),
		T(supervisor_that_vanishes_is_told),
		T(timeout_hangs_up_and_returns_8_or_the_better_reason),
		T(interrupt_hangs_up_and_returns_5),
		T(no_password_and_no_terminal_is_an_error),
		T(password_is_asked_on_the_terminal_without_echo),
		T(faulty_profile_is_not_dialed),
		T(connect_all_dials_what_is_enabled_and_reports_the_first_failure),
		T(running_profile_is_not_dialed_twice),
		T(status_shows_the_seed_fields_first),
		T(status_json_is_valid_whatever_the_texts_are),
		T(status_of_known_profile_without_supervisor_is_terminated),
		T(what_ended_is_known_afterwards),
		T(disconnect_asks_and_waits_until_gone),
		T(disconnect_recovers_what_a_crash_left),
		T(list_shows_flags),
		T(bad_command_lines_return_2_and_name_the_nearest),
		T(foreign_words_are_none_of_ours),
		T(check_lists_faults_and_returns_2),
		T(completion_knows_commands_options_and_profiles),
		T(help_names_every_command_and_option),
	};

	if (argc > 1 && strcmp(argv[1], "supervise") == 0)
		return supervise(argc - 1, argv + 1);
	if (argc > 1)
		return cli_main(argc, argv, &(struct cli_programs){.supervise = supervise});
	return cmocka_run_group_tests(tests, NULL, NULL);
}
