/* SPDX-License-Identifier: MIT */
/* The life of one profile: start, dial, up, hang up, undo. */
#include "connection/supervisor.h"

#include "base/clock.h"
#include "base/str.h"
#include "connection/actions.h"
#include "connection/crashed.h"
#include "connection/last.h"
#include "connection/profile.h"
#include "connection/spawn.h"
#include "privsep/rights.h"

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

#define AT_ONCE_MS 2000 /* a second signal within this time ends without farewell */

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
		control_ask_session(&s->control);
		log_status(s);
		return;
	case SIGHUP:
		manager_reloading(&s->manager);
		profile_reload(s);
		life_tell(&s->life, ON_DIAL_NOW, EXIT_HANGUP,
			  "told by a signal, the profile read anew");
		return;
	case SIGUSR2:
		life_tell(&s->life, ON_DIAL_NOW, EXIT_HANGUP, "told by a signal");
		return;
	default:
		break;
	}
	if (s->signal_ms && now - s->signal_ms < AT_ONCE_MS) {
		life_tell(&s->life, ON_AT_ONCE, EXIT_SIGNAL, "ended at once by a second signal");
		return;
	}
	s->signal_ms = now;
	life_tell(&s->life, ON_HANG_UP, EXIT_SIGNAL, "ended by a signal");
}

static void on_limit(void *ctx)
{
	struct supervisor *s = ctx;

	life_post(&s->life, ON_LIMIT, NULL);
}

static void on_wait(void *ctx)
{
	struct supervisor *s = ctx;

	life_post(&s->life, ON_WAIT_OVER, NULL);
}

void run_init(struct supervisor *s)
{
	s->life = (struct life){
		.state = LIFE_IDLE, .actions = &connection_actions, .ctx = s, .log = &s->log};
	s->limit_timer = (struct loop_timer){DEADLINE_NONE, on_limit, s, NULL, NULL};
	s->wait_timer = (struct loop_timer){DEADLINE_NONE, on_wait, s, NULL, NULL};
	s->tun.fd = s->signal_handle.fd = s->roam.clock_handle.fd = -1;
	s->dialer = (struct dialer){
		.profile = &s->profile, .log = &s->log, .fast = &s->fast, .sockets = {-1, -1, -1}};
	s->demand = (struct demand){.loop = s->loop, .life = &s->life};
	s->fast = (struct fast){.log = &s->log, .loop = s->loop, .channel = &s->session.channel};
	s->manager = (struct manager){.notify = {.fd = -1}, .life = &s->life, .status = &s->status};
	s->control = (struct control){.loop = s->loop,
				      .log = &s->log,
				      .life = &s->life,
				      .roam = &s->roam,
				      .session = &s->session,
				      .status = &s->status,
				      .history = &s->history,
				      .up_since_ms = &s->up_since_ms,
				      .run_dir = s->run_dir,
				      .name = s->options.name};
	control_init(&s->control);
	control_events_init(&s->history);
}

/* Start */

static int make_dir(const char *path)
{
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static void on_names_settled(void *ctx)
{
	struct supervisor *s = ctx;

	life_post(&s->life, ON_NAMES, NULL);
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
	s->host = host_new(s->run_dir, s->options.name, HOST_LOCK_WAIT_MS, &s->log, &s->reason);
	if (!s->host)
		return -EIO;
	host_set_forget(s->host, profile_forget, s);
	host_set_loop(s->host, s->loop, on_names_settled, s);
	profile_set_source(s);
	crashed_load(s);
	last_begin(s);
	rc = control_listen(&s->control, &s->reason);
	if (rc == 0)
		rc = roam_begin(&s->roam, s->host, s->loop, &s->life, &s->reason);
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
	profile_set_redial(s);
	if (s->options.control_fd >= 0)
		control_adopt(&s->control, s->options.control_fd);
	if (s->options.foreground)
		control_let_go(&s->control);
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
		life_post(&s->life, ON_PREPARE, NULL);
	} else {
		log_notice(&s->log, "%s", control_phase_text(CONTROL_DIALING));
		life_post(&s->life, ON_DIAL, NULL);
	}
	return 0;
}

static void release(struct supervisor *s)
{
	scripts_close(&s->scripts);
	session_stop(s, true);
	process_finish(&s->session);
	roam_end(&s->roam);
	if (s->host)
		host_finish(s->host);
	if (s->tun.fd >= 0)
		close(s->tun.fd);
	host_free(s->host);
	manager_close(&s->manager);
	control_close(&s->control); /* last: whoever waits for its end finds nothing left */
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
	run_init(s);
	s->log = (struct log){.fd = 2,
			      .level = o->debug	       ? LOG_LEVEL_DEBUG
				       : o->foreground ? LOG_LEVEL_NOTICE
						       : LOG_LEVEL_WARN};
	/* The journal wants priorities as a prefix (sd-daemon(3)). */
	if (getenv("JOURNAL_STREAM"))
		s->log.format = LOG_FORMAT_JOURNAL;
	str_copy(s->log.name, sizeof s->log.name, o->name);
	manager_open(&s->manager, o->foreground); /* else another process is the service */
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
	rights_reduce(false, &s->log);
	if (begin(s) != 0)
		life_tell(&s->life, ON_FAILED, EXIT_FATAL, "the call could not be started");
	if (s->life.state != LIFE_OVER && loop_run(s->loop) < 0)
		life_tell(&s->life, ON_FAILED, EXIT_FATAL, "the event loop failed");
	code = (int)s->reason.code;
	release(s);
	return code;
}
