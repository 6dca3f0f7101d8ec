/* SPDX-License-Identifier: MIT */
/* The life of one profile: start, dial, up, hang up, undo. */
#include "supervisor/supervisor.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/trim.h"
#include "supervisor/internal.h"
#include "supervisor/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define HANGUP_LIMIT_MS 8000 /* the session's own limit is shorter */
#define AT_ONCE_MS	2000 /* a second signal within this time ends without farewell */

static enum control_phase phase_of(enum control_state state, enum control_phase now)
{
	switch (state) {
	case CONTROL_STATE_RESOLVING:
	case CONTROL_STATE_CONNECTING:
	case CONTROL_STATE_SECURING:
	case CONTROL_STATE_CALLING:
	case CONTROL_STATE_NEGOTIATING:
	case CONTROL_STATE_WAITING:
		return CONTROL_DIALING;
	case CONTROL_STATE_AUTHENTICATING:
	case CONTROL_STATE_NETWORK:
	case CONTROL_STATE_CONFIGURING:
		return CONTROL_VERIFYING;
	case CONTROL_STATE_UP:
		return CONTROL_CONNECTED;
	case CONTROL_STATE_HANGING_UP:
	case CONTROL_STATE_COUNT:
		return now; /* it is not over before it is over */
	case CONTROL_STATE_DEMAND:
	case CONTROL_STATE_DOWN:
		return CONTROL_TERMINATED;
	}
	return now;
}

/* From now on nobody's terminal is held; what is to be said goes to syslog. */
static void detach(struct supervisor *s)
{
	int fd;

	if (s->detached || s->options.foreground)
		return;
	s->detached = true;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; fd >= 0 && i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	/* Nor the file system that the user happened to stand in, if we can do without. */
	if (s->run_dir[0] == '/' && s->config_dir[0] == '/')
		(void)!chdir("/");
	openlog("vpdial", LOG_PID, LOG_DAEMON);
	s->log.format = LOG_FORMAT_SYSLOG;
}

/* The words of the mission, once each, where someone reads along. */
static void announce(struct supervisor *s, enum control_phase before)
{
	const struct control_status *st = &s->status;

	if (st->phase == before)
		return;
	if (st->phase == CONTROL_CONNECTED)
		log_notice(&s->log, "connected: local address %s, remote address %s on %s",
			   st->local, st->remote[0] ? st->remote : "unknown", st->ifname);
	else
		log_notice(&s->log, "%s", control_phase_text((enum control_phase)st->phase));
}

static void ask_stats(struct supervisor *s)
{
	if (s->session.started && !s->session.ended)
		request_send(&s->session.channel, REQUEST_GET_STATS, NULL, NULL, 0);
}

static void is_up(struct supervisor *s)
{
	if (!s->hanging_up)
		loop_timer_del(s->loop, &s->limit_timer);
	redial_up(&s->redial);
	s->last_address = s->addresses[s->address_at];
	s->path_lost = false;
	last_up(s);
	s->status.attempt = 0;
	s->status.calls++;
	ask_stats(s);
	if (control_watched(s))
		loop_timer_set(s->loop, &s->second_timer, loop_now(s->loop) + 1000);
	detach(s);
	memory_trim();
}

void supervisor_set_state(struct supervisor *s, enum control_state state, const char *message)
{
	struct control_status *st = &s->status;
	enum control_phase before = (enum control_phase)st->phase;
	uint64_t now = loop_now(s->loop);

	/* PPP that renegotiates in mid-call does not make the call undone. */
	if (s->network_up && state < CONTROL_STATE_UP)
		return;
	if (s->redial_now && state == CONTROL_STATE_HANGING_UP)
		message = "hanging up to dial again";
	st->state_ms[st->state] += now - s->state_since_ms;
	s->state_since_ms = now;
	st->state = state;
	st->phase = phase_of(state, before);
	str_copy(st->message, sizeof st->message, message);
	log_info(&s->log, "%s: %s", control_state_text(state), message);
	announce(s, before);
	control_broadcast(s, false);
	manager_tell(s);
	if (state == CONTROL_STATE_UP)
		is_up(s);
	else if (state == CONTROL_STATE_DEMAND)
		detach(s);
}

/* Only the user ends it. */
static void end_lockdown(struct supervisor *s)
{
	/* Also one that the profile, read anew, does not ask for any more. */
	if (!s->host || !host_is_locked_down(s->host))
		return;
	if (s->hanging_up && (s->reason.code == EXIT_OK || s->reason.code == EXIT_SIGNAL))
		host_lockdown_lift(s->host);
	else
		log_warn(&s->log,
			 "lockdown: what goes into the tunnel stays blocked until "
			 "`vpdial disconnect %s`",
			 s->options.name);
}

void supervisor_connected(struct supervisor *s)
{
	s->up_since_ms = loop_now(s->loop);
	supervisor_set_state(s, CONTROL_STATE_UP,
			     s->status.why_not[CONTROL_EFFECT_DEFAULT][0]
				     ? "up, but the default route is not in effect"
				     : "traffic can flow");
}

void supervisor_finish(struct supervisor *s)
{
	supervisor_set_state(s, CONTROL_STATE_DOWN, s->reason.text);
	control_broadcast(s, true);
	last_end(s);
	s->over = true;
	loop_stop(s->loop);
}

void supervisor_end(struct supervisor *s, enum exit_status code, const char *text)
{
	if (s->done)
		return;
	s->done = true;
	reason_set(&s->reason, code, "%s", text);
	dial_abandon(s);
	demand_stop(s);
	if (s->host)
		host_undo(s->host);
	end_lockdown(s);
	s->network_up = false;
	s->status.ended = s->reason;
	/* While `connect` watches, it is the one that tells. */
	if (s->reason.code != EXIT_OK && (s->options.control_fd < 0 || s->detached))
		log_error(&s->log, "%s", s->reason.text);
	if (!events_down(s))
		supervisor_finish(s);
}

void supervisor_farewell(struct supervisor *s)
{
	if (!s->session.started ||
	    request_send(&s->session.channel, REQUEST_HANGUP, &s->reason, NULL, 0) < 0)
		supervisor_end(s, s->reason.code, s->reason.text);
	else
		loop_timer_set(s->loop, &s->limit_timer, loop_now(s->loop) + HANGUP_LIMIT_MS);
}

void supervisor_hang_up(struct supervisor *s, enum exit_status code, const char *text)
{
	reason_set(&s->reason, code, "%s", text);
	if (s->hanging_up || s->done)
		return;
	s->hanging_up = true;
	supervisor_set_state(s, CONTROL_STATE_HANGING_UP, text);
	if (!events_pre_down(s))
		supervisor_farewell(s);
}

void supervisor_expect_end(struct supervisor *s)
{
	s->ending = true;
	loop_timer_set(s->loop, &s->limit_timer, loop_now(s->loop) + HANGUP_LIMIT_MS);
}

/* Signals and timers */

static void log_status(struct supervisor *s)
{
	const struct control_status *st = &s->status;

	log_notice(&s->log,
		   "status %s, encoding %s, local %s, remote %s, %llu packets out, %llu in",
		   control_phase_text((enum control_phase)st->phase), st->encoding, st->local,
		   st->remote, (unsigned long long)st->counters.tx_packets,
		   (unsigned long long)st->counters.rx_packets);
}

static void on_signal(void *ctx, uint32_t events)
{
	struct supervisor *s = ctx;
	struct signalfd_siginfo info;
	uint64_t now = loop_now(s->loop);

	(void)events;
	if (read(s->signal_handle.fd, &info, sizeof info) != sizeof info)
		return;
	switch (info.ssi_signo) {
	case SIGUSR1:
		ask_stats(s);
		log_status(s);
		return;
	case SIGHUP:
		manager_reloading(s);
		profile_reload(s);
		persist_dial_now(s, "told by a signal, the profile read anew");
		return;
	case SIGUSR2:
		persist_dial_now(s, "told by a signal");
		return;
	default:
		break;
	}
	if ((s->hanging_up || s->done) && s->signal_ms && now - s->signal_ms < AT_ONCE_MS) {
		events_abort(s);
		supervisor_end(s, EXIT_SIGNAL, "ended at once by a second signal");
		return;
	}
	s->signal_ms = now;
	supervisor_hang_up(s, EXIT_SIGNAL, "ended by a signal");
}

static void on_limit(void *ctx)
{
	struct supervisor *s = ctx;
	struct reason reason = {0};
	char text[REASON_TEXT_MAX];
	struct str words = str_make(text, sizeof text);

	if (s->hanging_up) {
		supervisor_end(s, EXIT_HANGUP, "the session did not end in time");
	} else if (s->ending || s->redial_now) {
		reason_set(&reason, EXIT_HANGUP, "the session did not end in time");
		session_stop(s, true);
		dial_session_ended(s, &reason, REASON_LOCAL);
	} else {
		/* In the words of `connect`, whose own limit may be a moment later. */
		str_printf(&words, "not connected after %u seconds (state: %s)",
			   s->options.timeout_s, control_state_text(s->status.state));
		if (s->failure_weight >= REASON_PEER)
			str_printf(&words, "; before: %s", s->failure.text);
		supervisor_hang_up(s, EXIT_CONNECT_FAILED, text);
	}
}

static void on_second(void *ctx)
{
	struct supervisor *s = ctx;

	if (!control_watched(s))
		return;
	control_broadcast(s, true);
	ask_stats(s);
	loop_timer_set(s->loop, &s->second_timer, loop_now(s->loop) + 1000);
}

void supervisor_timers(struct supervisor *s)
{
	s->limit_timer = (struct loop_timer){DEADLINE_NONE, on_limit, s, NULL, NULL};
	s->second_timer = (struct loop_timer){DEADLINE_NONE, on_second, s, NULL, NULL};
}

/* Start */

static int make_dir(const char *path)
{
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static int open_machine(struct supervisor *s)
{
	int rc = control_run_dir(s->run_dir, sizeof s->run_dir, s->options.run_dir);

	if (rc == 0)
		rc = make_dir(s->run_dir);
	if (rc < 0) {
		reason_set(&s->reason, EXIT_OPEN_FAILED, "no run directory %s: %s", s->run_dir,
			   strerror(-rc));
		return rc;
	}
	host_recover(s->run_dir, s->options.name, &s->log);
	s->host = host_new(s->run_dir, s->options.name, &s->log, &s->reason);
	if (!s->host)
		return -EIO;
	host_set_forget(s->host, profile_forget, s);
	profile_set_source(s);
	crashed_load(s);
	last_begin(s);
	rc = control_listen(s, &s->reason);
	if (rc == 0)
		rc = roam_begin(s, &s->reason);
	return rc;
}

static int watch_signals(struct supervisor *s)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signal_handle = (struct loop_fd){
		.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .ready = on_signal, .ctx = s};
	if (s->signal_handle.fd < 0)
		return -errno;
	return loop_fd_add(s->loop, &s->signal_handle, EPOLLIN);
}

static void fill_status(struct supervisor *s)
{
	struct control_status *st = &s->status;

	st->magic = CONTROL_MAGIC;
	st->version = CONTROL_VERSION;
	st->size = sizeof *st;
	st->pid = (uint32_t)getpid();
	s->begun_ms = st->started_ms = s->state_since_ms = loop_now(s->loop);
	str_copy(st->profile, sizeof st->profile, s->options.name);
	profile_describe(s);
	str_copy(st->encoding, sizeof st->encoding, "none");
}

static int begin(struct supervisor *s)
{
	int rc = profile_load(s);

	fill_status(s);
	persist_init(s);
	if (s->options.control_fd >= 0)
		control_adopt(s, s->options.control_fd);
	if (rc == 0)
		rc = watch_signals(s);
	if (rc == 0)
		rc = open_machine(s);
	if (rc)
		return rc;
	if (s->profile.disabled_set && s->profile.disabled && s->options.foreground)
		log_warn(&s->log,
			 "the profile is disabled, but dialed because it was named: where "
			 "that is at boot, systemctl disable vpdial@%s ends it",
			 s->options.name);
	if (s->profile.dial_on_demand) {
		demand_begin(s);
	} else {
		log_notice(&s->log, "%s", control_phase_text(CONTROL_DIALING));
		dial_start(s);
	}
	return 0;
}

static void release(struct supervisor *s)
{
	events_close(s);
	session_stop(s, true);
	roam_end(s);
	if (s->tun.fd >= 0)
		close(s->tun.fd);
	host_free(s->host);
	manager_close(s);
	control_close(s); /* last: whoever waits for its end finds nothing left */
	if (s->signal_handle.fd >= 0)
		close(s->signal_handle.fd);
	loop_free(s->loop);
	conf_profile_wipe(&s->profile);
	wipe(s, sizeof *s);
	free(s);
}

/* Each line of the log is an event for who asks later. */
static void remember(void *ctx, enum log_level level, const char *text)
{
	struct supervisor *s = ctx;
	size_t kept = control_events_kept(&s->history);
	uint64_t ms = clock_day_ms();

	for (int p = CONTROL_DIALING; p <= CONTROL_TERMINATED; p++)
		if (strcmp(text, control_phase_text((enum control_phase)p)) == 0)
			return; /* the states tell it in more words */
	/* The same once more, within a second, tells nothing. */
	if (kept > 0 && strcmp(control_events_at(&s->history, kept - 1)->text, text) == 0 &&
	    ms - control_events_at(&s->history, kept - 1)->time_ms < 1000)
		return;
	control_events_add(&s->history, ms, level, text);
	s->status.event_count = s->history.count;
}

static struct supervisor *supervisor_new(const struct options *o)
{
	struct supervisor *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->loop = loop_new();
	if (!s->loop) {
		free(s);
		return NULL;
	}
	s->options = *o;
	s->tun.fd = s->signal_handle.fd = s->listen_handle.fd = s->clock_handle.fd = -1;
	s->sockets = (struct call_sockets){-1, -1, -1};
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		s->clients[i].handle.fd = -1;
	supervisor_timers(s);
	s->log = (struct log){.fd = 2,
			      .level = o->debug	       ? LOG_LEVEL_DEBUG
				       : o->foreground ? LOG_LEVEL_NOTICE
						       : LOG_LEVEL_WARN};
	/* The journal wants priorities as a prefix (sd-daemon(3)). */
	if (getenv("JOURNAL_STREAM"))
		s->log.format = LOG_FORMAT_JOURNAL;
	str_copy(s->log.name, sizeof s->log.name, o->name);
	manager_open(s);
	control_events_init(&s->history);
	s->log.seen = remember;
	s->log.ctx = s;
	return s;
}

/* `vpdial disconnect` found no supervisor but a journal. */
static int recover(const struct options *o)
{
	struct log log = {.fd = 2, .level = LOG_LEVEL_NOTICE};
	char run_dir[RUN_DIR_MAX];
	int rc = control_run_dir(run_dir, sizeof run_dir, o->run_dir);

	str_copy(log.name, sizeof log.name, o->name);
	if (rc == 0)
		rc = host_recover(run_dir, o->name, &log);
	if (rc >= 0)
		rc = host_lockdown_end(run_dir, o->name, &log);
	if (rc >= 0)
		control_remove_dead(run_dir, o->name);
	if (rc < 0) {
		log_error(&log, "the journal could not be undone: %s", strerror(-rc));
		return rc == -EPERM || rc == -EACCES ? EXIT_NOT_PERMITTED : EXIT_FATAL;
	}
	return EXIT_OK;
}

int supervisor_main(int argc, char **argv)
{
	struct options options;
	struct supervisor *s;
	int code = options_parse(&options, argc, argv);

	if (code)
		return code;
	if (options.recover)
		return recover(&options);
	s = supervisor_new(&options);
	if (!s)
		return EXIT_FATAL;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* it holds the password */
	rights_reduce(&s->log);
	if (begin(s) != 0)
		supervisor_end(s, EXIT_FATAL, "the call could not be started");
	if (!s->over && loop_run(s->loop) < 0)
		supervisor_end(s, EXIT_FATAL, "the event loop failed");
	code = (int)s->reason.code;
	release(s);
	return code;
}
