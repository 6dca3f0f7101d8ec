/* SPDX-License-Identifier: MIT */
/* `vpdial connect`: profile, secrets, supervisor, and the words while it dials. */
#include "base/clock.h"
#include "base/str.h"
#include "cli/call.h"
#include "cli/prompt.h"
#include "cli/spawn.h"
#include "client/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define HANGUP_LIMIT_MS 10000
#define GONE_LIMIT_MS	3000
#define PASSWORD_TRIES	3 /* of what was typed */

/* One dial as the user watches it. */
struct dial {
	const struct cli *cli;
	const char *name;
	struct spawned supervisor;
	int signal_fd;
	bool terminal;
	int phase; /* shown last; -1 = none */
	enum control_state state;
	uint32_t attempt;
	bool waits;
	uint64_t started_ms, deadline_ms;
	uint64_t started_day_ms;
	int given_up;		    /* exit status once we hung up ourselves; 0 = not */
	enum control_state reached; /* then */
	struct reason before;	    /* how an attempt of this dial ended */
};

/* Cells of a line of the terminal. */
static size_t columns(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

/* Phase, time, state and attempt in one line, which is written over by the next; cut before it
 * would wrap. */
static void show_in_place(const struct dial *d, const char *prefix)
{
	char text[256], time[32];
	struct str s = str_make(text, sizeof(text));
	size_t width = columns();

	str_printf(&s, "%s%s%s", prefix, *prefix ? ": " : "",
		   control_phase_text((enum control_phase)d->phase));
	if (d->phase == CONTROL_DIALING || d->phase == CONTROL_VERIFYING) {
		duration_format(time, sizeof(time), (clock_now_ms() - d->started_ms) / 1000);
		str_printf(&s, " %s (%s", time, control_state_text(d->state));
		if (d->attempt > 1)
			str_printf(&s, ", attempt %u", d->attempt);
		str_printf(&s, ")");
	}
	printf("\r%.*s\033[K", (int)width - 1, text);
}

static void show(struct dial *d)
{
	const char *prefix = d->cli->given & CLI_OPTION_ALL ? d->name : "";

	if (d->phase < 0)
		return;
	if (d->terminal)
		show_in_place(d, prefix);
	else
		printf("%s%s%s\n", prefix, *prefix ? ": " : "",
		       control_phase_text((enum control_phase)d->phase));
	fflush(stdout);
}

/* Ends the line that is updated in place. */
static void end_line(const struct dial *d)
{
	if (d->terminal && d->phase >= 0)
		putchar('\n');
	fflush(stdout);
}

/* Between two dials: what the last one met, once. */
static void show_wait(struct dial *d, const struct control_status *status)
{
	bool waits = status->state == CONTROL_STATE_WAITING;

	if (waits && !d->waits) {
		end_line(d);
		printf("%s\n", status->message);
		fflush(stdout);
	}
	d->waits = waits;
}

/* The supervisor undoes everything before it closes its end; who dials again at once shall find
 * nothing of it. */
static void wait_gone(const struct dial *d)
{
	uint64_t now = clock_now_ms(), end = now + GONE_LIMIT_MS;
	struct pollfd process = {.fd = pidfd_open(d->supervisor.pid, 0), .events = POLLIN};
	struct control_status status;

	while (now < end &&
	       client_receive(d->supervisor.control_fd, &status, (int)(end - now)) == 0)
		now = clock_now_ms();
	now = clock_now_ms();
	if (process.fd >= 0) {
		(void)poll(&process, 1, now < end ? (int)(end - now) : 0);
		close(process.fd);
	}
}

/* --timeout is over. */
static void late(const struct dial *d)
{
	cli_error("%s: not connected after %u seconds (state: %s)%s%s", d->name, d->cli->timeout_s,
		  control_state_text(d->reached), *d->before.text ? "; before: " : "",
		  d->before.text);
}

/* The exit status of a call that ended before it was up. */
static int ended(struct dial *d, const struct reason *reason)
{
	int code = reason->code == EXIT_OK ? EXIT_HANGUP : (int)reason->code;

	end_line(d);
	if (d->given_up == EXIT_SIGNAL) {
		cli_error("%s: interrupted", d->name);
		return EXIT_SIGNAL;
	}
	if (d->given_up && (code == EXIT_SIGNAL || code == EXIT_HANGUP)) {
		late(d);
		return d->given_up;
	}
	cli_error("%s: %s", d->name,
		  reason_is_set(reason) ? reason->text : exit_status_text((enum exit_status)code));
	return code;
}

/* The other end of the control socket closed, or nothing came any more. */
static int lost(struct dial *d)
{
	end_line(d);
	if (d->given_up == EXIT_SIGNAL)
		cli_error("%s: interrupted", d->name);
	else if (d->given_up)
		late(d);
	else
		cli_error("%s: the supervisor ended unexpectedly", d->name);
	return d->given_up ? d->given_up : EXIT_FATAL;
}

static void give_up(struct dial *d, int code)
{
	d->given_up = code;
	d->reached = d->state;
	d->deadline_ms = clock_now_ms() + HANGUP_LIMIT_MS;
	(void)client_send(d->supervisor.control_fd, CONTROL_HANGUP);
}

/* One record: -1 = goes on, else the exit status. */
static int on_status(struct dial *d)
{
	struct control_status status;
	int r = client_receive(d->supervisor.control_fd, &status, 0);
	bool changed;

	if (r == -ETIMEDOUT || r == -EAGAIN)
		return -1;
	if (r < 0)
		return lost(d);
	if (status.state == CONTROL_STATE_DOWN) {
		wait_gone(d);
		return ended(d, &status.ended);
	}
	if (status.state == CONTROL_STATE_DEMAND && !d->given_up) {
		end_line(d);
		printf("%s\n", status.message);
		return EXIT_OK;
	}
	changed = d->phase != (int)status.phase ||
		  (d->terminal && (d->state != status.state || d->waits));
	d->phase = (int)status.phase;
	d->state = (enum control_state)status.state;
	d->attempt = status.attempt;
	if (status.last_end_day_ms >= d->started_day_ms) /* not of the run before */
		d->before = status.last_end;
	if (changed)
		show(d);
	show_wait(d, &status);
	if (d->phase != CONTROL_CONNECTED || d->given_up)
		return -1;
	end_line(d);
	return EXIT_OK;
}

/* A signal: the first hangs up, the second leaves at once. */
static int on_signal(struct dial *d)
{
	struct signalfd_siginfo info;

	if (read(d->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return -1;
	if (d->given_up == EXIT_SIGNAL)
		return lost(d);
	give_up(d, EXIT_SIGNAL);
	return -1;
}

/* Milliseconds until something is due: the limit, or the next second on the terminal. */
static int wait_ms(const struct dial *d, uint64_t now)
{
	uint64_t until = d->terminal ? now + 1000 : now + 60000;

	until = deadline_min(until, d->deadline_ms);
	return until > now ? (int)(until - now) : 0;
}

static int watch(struct dial *d)
{
	int result = -1;

	while (result < 0) {
		struct pollfd fds[2] = {{.fd = d->supervisor.control_fd, .events = POLLIN},
					{.fd = d->signal_fd, .events = POLLIN}};
		int n = poll(fds, 2, wait_ms(d, clock_now_ms()));

		if (n > 0 && fds[0].revents)
			result = on_status(d);
		if (n > 0 && fds[1].revents && result < 0)
			result = on_signal(d);
		if (result < 0 && clock_now_ms() >= d->deadline_ms) {
			if (d->given_up)
				result = lost(d);
			else
				give_up(d, EXIT_CONNECT_FAILED);
		}
		if (n == 0 && result < 0 && d->terminal)
			show(d);
	}
	return result;
}

/* Can lines be written over? */
static bool places_text(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static int dial(const struct cli *cli, const char *name, struct conf_secrets *secrets)
{
	struct dial d = {.cli = cli,
			 .name = name,
			 .terminal = places_text(),
			 .phase = -1,
			 .started_ms = clock_now_ms(),
			 .started_day_ms = clock_day_ms(),
			 .deadline_ms = DEADLINE_NONE};
	sigset_t set, old;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	d.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (cli->timeout_s)
		d.deadline_ms = d.started_ms + 1000ull * cli->timeout_s;
	r = d.signal_fd < 0 ? -errno : spawn_supervisor(cli, name, secrets, &d.supervisor);
	if (r < 0) {
		cli_error("%s: the supervisor could not be started: %s", name, strerror(-r));
		r = EXIT_FATAL;
	} else {
		r = watch(&d);
		close(d.supervisor.control_fd);
	}
	if (d.signal_fd >= 0)
		close(d.signal_fd);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

static int load(const struct cli *cli, const char *name, struct conf_profile *profile)
{
	struct conf_faults faults = {0};
	int r = conf_load(cli->config_dir, name, profile, &faults);

	if (r < 0 && r != -ENOENT && faults.count == 0)
		cli_error("%s/%s.conf: %s", cli->config_dir, name, strerror(-r));
	for (size_t i = 0; i < faults.count && i < sizeof(faults.lines) / sizeof(faults.lines[0]);
	     i++)
		cli_error("%s", faults.lines[i] ? faults.lines[i] : "out of memory");
	conf_faults_free(&faults);
	if (r == -ENOENT)
		return cli_unknown_profile(cli, name);
	if (r == -EINVAL || r == -EPERM)
		return EXIT_OPTIONS;
	return r < 0 ? cli_status_of(r) : 0;
}

/* Refuses a second supervisor for one profile. */
static int busy(const struct cli *cli, const char *name)
{
	struct control_status status;
	int r = client_status(cli->run_dir, name, &status);

	if (r == -ENOENT)
		return 0;
	if (r == -EACCES || r == -EPERM) {
		cli_error("%s: its control socket in %s belongs to another user", name,
			  cli->run_dir);
		return EXIT_NOT_PERMITTED;
	}
	if (r == -ENAMETOOLONG) {
		cli_error("run directory %s: with %s.sock the path is too long for a socket; use a "
			  "shorter --run-dir",
			  cli->run_dir, name);
		return EXIT_OPTIONS;
	}
	if (r == 0)
		cli_error("%s is already running (%s, process %u)", name,
			  control_phase_text(status.phase), status.pid);
	else if (r == -ETIMEDOUT)
		cli_error("%s is already running, but does not answer", name);
	else
		(void)cli_no_answer(cli, name, r);
	return EXIT_BUSY;
}

static int find_secret(const struct conf_profile *profile, enum conf_secret_kind kind,
		       struct secret *secret, bool *typed)
{
	char error[400] = "";
	int r = 0;

	if (conf_secret_wanted(profile, kind))
		r = conf_secret_find(profile, kind, secret, error, sizeof(error));
	if (r == 1 && conf_secret_asks(profile, kind)) {
		*typed = true;
		r = prompt_secret(profile, kind, secret, error, sizeof(error));
	}
	if (r < 0) {
		cli_error("%s: %s", profile->name, *error ? error : strerror(-r));
		return r == -EINTR ? EXIT_SIGNAL : EXIT_OPTIONS;
	}
	return 0;
}

/* Those of the tunnel first, as the server will ask for them. */
static int find_secrets(const struct conf_profile *profile, struct conf_secrets *secrets,
			bool *typed)
{
	int r = 0;

	for (unsigned kind = CONF_SECRET_KINDS; r == 0 && kind-- > 0;)
		r = find_secret(profile, (enum conf_secret_kind)kind, &secrets->of[kind], typed);
	return r;
}

/* Everything that can be judged before a supervisor runs; *TYPED: a secret was asked for. */
static int prepare(const struct cli *cli, const char *name, struct conf_secrets *secrets,
		   bool *typed)
{
	struct conf_profile profile;
	int r = load(cli, name, &profile);

	if (r)
		return r;
	if (cli->keys_fd >= 0 && profile.ipsec.use != IPSEC_USE_YES) {
		cli_error("%s: --ipsec-keys needs a profile with use-ipsec = yes", name);
		conf_profile_wipe(&profile);
		return EXIT_OPTIONS;
	}
	r = client_run_dir_make(cli->run_dir);
	if (r < 0) {
		cli_error("run directory %s: %s", cli->run_dir, strerror(-r));
		r = cli_status_of(r);
	}
	if (r == 0)
		r = busy(cli, name);
	if (r == 0)
		r = find_secrets(&profile, secrets, typed);
	conf_profile_wipe(&profile);
	return r;
}

static int connect_once(const struct cli *cli, const char *name, bool *typed)
{
	struct conf_secrets secrets = {0};
	int r = prepare(cli, name, &secrets, typed);

	if (r == 0 && (cli->given & CLI_OPTION_FOREGROUND)) {
		r = spawn_in_place(cli, name, &secrets);
		if (r < 0) {
			cli_error("%s: the supervisor could not be started: %s", name,
				  strerror(-r));
			r = EXIT_FATAL;
		}
	} else if (r == 0)
		r = dial(cli, name, &secrets);
	wipe(&secrets, sizeof(secrets));
	return r;
}

/* Whoever mistypes a password may type it again. */
static int connect_one(const struct cli *cli, const char *name)
{
	int r = EXIT_AUTH_FAILED;
	bool typed = true;

	for (unsigned i = 0; i < PASSWORD_TRIES && r == EXIT_AUTH_FAILED && typed; i++) {
		typed = false;
		r = connect_once(cli, name, &typed);
	}
	return r;
}

static bool enabled(const struct cli *cli, const char *name)
{
	struct conf_faults faults = {0};
	struct conf_profile profile;
	int r = conf_load(cli->config_dir, name, &profile, &faults);
	bool yes = r < 0 || !profile.disabled; /* a bad profile is to be complained about */

	conf_faults_free(&faults);
	if (r == 0)
		conf_profile_wipe(&profile);
	return yes;
}

/* Dials all that are not disabled, one after the other; the first failure is the exit status. */
static int connect_all(const struct cli *cli)
{
	struct control_status status;
	char **names = NULL;
	size_t count = 0, dialed = 0;
	int result = EXIT_OK, r = conf_list(cli->config_dir, &names, &count);

	if (r < 0)
		return cli_no_profiles(cli, r);
	for (size_t i = 0; i < count && result != EXIT_SIGNAL; i++) {
		if (!enabled(cli, names[i]) || client_status(cli->run_dir, names[i], &status) == 0)
			continue;
		dialed++;
		r = connect_one(cli, names[i]);
		if (r && (result == EXIT_OK || r == EXIT_SIGNAL))
			result = r;
	}
	if (dialed == 0)
		printf("nothing to dial in %s: each profile is disabled or runs already; see "
		       "vpdial list\n",
		       cli->config_dir);
	cli_names_free(names, count);
	return result;
}

/* A call without a file. */
static int connect_told(struct cli *cli)
{
	char name[CONF_NAME_MAX];
	int r = call_make(cli, name);

	if (r)
		return r;
	r = connect_one(cli, name);
	if (r)
		call_forget(cli, name);
	else if (!cli->save)
		printf("this call is %s: hang it up by vpdial disconnect %s\n", name, name);
	return r;
}

int cli_connect(struct cli *cli)
{
	int r = cli_keyfile_open(cli);

	if (r)
		return r;
	if (call_is_told(cli))
		return connect_told(cli);
	if (cli->save || cli->arg_count > 1) {
		cli_error("usage: vpdial connect %s", cli->command->synopsis);
		return EXIT_OPTIONS;
	}
	if (!(cli->given & CLI_OPTION_ALL))
		return connect_one(cli, cli->args[0]);
	if (cli->given & CLI_OPTION_FOREGROUND) {
		cli_error("--foreground and --all do not go together");
		return EXIT_OPTIONS;
	}
	return connect_all(cli);
}
