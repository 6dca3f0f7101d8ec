/* SPDX-License-Identifier: MIT */
/* The life of the server: configuration, listeners, signals, end. */
#include "privsep/rights.h"
#include "server/serving.h"

#include "base/str.h"
#include "ipc/control.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define END_LIMIT_MS  8000 /* for the farewells of all calls */
#define ACCOUNTING_MS 2000 /* for the RADIUS servers, behind that */
#define RESTART_HINT                                                                       \
	"a changed file takes effect when the server is started again (systemctl restart " \
	"vpdial-server), which hangs up all calls"

/* RADIUS servers get a moment to hear of the calls' ends; what they do not confirm is sent by the
 * next server. */
static void stop_if_done(struct server *s)
{
	if (!s->stopping || s->calls)
		return;
	if (!s->told_off && aaa_accounts(s)) {
		ledger_off(s);
		loop_timer_set(s->loop, &s->end_timer, loop_now(s->loop) + ACCOUNTING_MS);
	}
	s->told_off = true;
	if (queue_is_idle(s))
		loop_stop(s->loop);
}

static void on_recorded(struct server *s)
{
	stop_if_done(s);
}

static void on_reap(void *ctx)
{
	struct server *s = ctx;

	calls_reap(s);
	stop_if_done(s);
}

static void on_end(void *ctx)
{
	struct server *s = ctx;

	for (struct call *c = s->calls; c; c = c->next)
		call_kill(c);
	calls_reap(s);
	loop_stop(s->loop);
}

static void on_signal(void *ctx, uint32_t events)
{
	struct server *s = ctx;
	struct signalfd_siginfo info;

	(void)events;
	if (read(s->signal_handle.fd, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo != SIGTERM && info.ssi_signo != SIGINT) {
		log_warn(&s->log, "signal %s is ignored: " RESTART_HINT,
			 sigabbrev_np((int)info.ssi_signo));
		return;
	}
	if (s->stopping) { /* the second one */
		on_end(s);
		return;
	}
	s->stopping = true;
	listeners_close(s, PROTOCOL_PPTP);
	reader_tell(s); /* who calls by L2TP hears why */
	notify_stopping(&s->notify);
	log_notice(&s->log, "stopping: hanging up all calls");
	for (struct call *c = s->calls; c; c = c->next)
		call_hang_up(c, EXIT_OK, "the server is stopped");
	loop_timer_set(s->loop, &s->end_timer, loop_now(s->loop) + END_LIMIT_MS);
	stop_if_done(s);
}

static int watch_signals(struct server *s)
{
	/* Those that mean something to a connection's supervisor must not end all calls here. */
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signal_handle = (struct loop_fd){
		.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .ready = on_signal, .ctx = s};
	if (s->signal_handle.fd < 0)
		return -errno;
	return loop_fd_add(s->loop, &s->signal_handle, EPOLLIN);
}

static int load(struct server *s)
{
	struct conf_faults faults = {0};
	int rc = conf_server_load(s->options->config, &s->conf, &faults);

	for (size_t i = 0; i < faults.count && i < sizeof faults.lines / sizeof faults.lines[0];
	     i++)
		log_error(&s->log, "%s", faults.lines[i]);
	for (size_t i = 0; i < faults.warning_count; i++)
		log_warn(&s->log, "%s", faults.warnings[i]);
	conf_faults_free(&faults);
	if (rc == -ENOENT)
		reason_set(&s->reason, EXIT_OPTIONS,
			   "there is no %s: write it as vpdial.conf(5) says under SERVER FILE",
			   s->conf.file);
	else if (rc < 0)
		reason_set(&s->reason, EXIT_OPTIONS, "the server's file cannot be used: %s",
			   rc == -EINVAL ? "it has faults" : strerror(-rc));
	else if (!s->conf.listener[0].enabled && !s->conf.listener[1].enabled)
		reason_set(&s->reason, EXIT_OPTIONS,
			   "nothing to serve: write enabled = yes into [pptp-server] or "
			   "[l2tp-server] of %s",
			   s->conf.file);
	return reason_is_set(&s->reason) ? -EINVAL : 0;
}

/* What a killed server left: its calls' journals bear numbers, of which any may be missing. */
static void recover(struct server *s)
{
	DIR *d = opendir(s->run_dir);
	struct dirent *entry;
	char name[32];
	unsigned n;

	while (d && (entry = readdir(d))) {
		/* NOLINTNEXTLINE(cert-err34-c): it must be the very name that we would give */
		if (sscanf(entry->d_name, ".server-%9u.journal", &n) != 1)
			continue;
		snprintf(name, sizeof name, ".server-%u", n);
		if (strncmp(entry->d_name, name, strlen(name)) == 0 &&
		    strcmp(entry->d_name + strlen(name), ".journal") == 0)
			host_recover(s->run_dir, name, &s->log);
	}
	if (d)
		closedir(d);
}

static int open_run_dir(struct server *s)
{
	int rc = control_run_dir(s->run_dir, sizeof s->run_dir, s->options->run_dir);

	if (rc == 0 && mkdir(s->run_dir, 0755) < 0 && errno != EEXIST)
		rc = -errno;
	if (rc < 0)
		reason_set(&s->reason, EXIT_OPEN_FAILED, "no run directory %s: %s", s->run_dir,
			   strerror(-rc));
	return rc;
}

/* Each call keeps a handful of descriptors. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* The manuals' fields in their order. */
static void say_listener(struct server *s, enum protocol type)
{
	const struct conf_listener *l = &s->conf.listener[type];
	char list[64], mrru[16] = "disabled", alive[32];
	struct str text = str_make(list, sizeof list);

	for (const struct word *w = auth_words; w->word && !w->alias; w++)
		if (l->authentication & w->value)
			str_printf(&text, "%s%s", text.len ? "," : "", w->word);
	if (l->mrru)
		snprintf(mrru, sizeof mrru, "%u", l->mrru);
	log_notice(&s->log,
		   "%s-server enabled: yes, max-mtu: %u, max-mru: %u, mrru: %s, authentication: "
		   "%s, keepalive-timeout: %s, default-profile: %s",
		   word_of(protocol_words, type), l->max_mtu, l->max_mru, mrru, list,
		   l->keepalive_timeout ? duration_format(alive, sizeof alive, l->keepalive_timeout)
					: "disabled",
		   l->default_profile);
}

static void say_ready(struct server *s)
{
	for (int type = 0; type < PROTOCOL_COUNT; type++)
		if (s->conf.listener[type].enabled)
			say_listener(s, (enum protocol)type);
	notify_status(&s->notify, "answering calls");
	notify_ready(&s->notify);
	if (s->options->ready_fd >= 0) {
		ssize_t n = write(s->options->ready_fd, "\n", 1);

		(void)n; /* nobody waits any more */
		close(s->options->ready_fd);
	}
}

static int begin(struct server *s)
{
	int rc = load(s);

	if (rc == 0 && !host_permitted(&s->reason))
		rc = -EPERM;
	if (rc == 0)
		rc = open_run_dir(s);
	if (rc == 0) {
		s->policy = s->rules->create(&s->conf);
		rc = s->policy ? watch_signals(s) : -ENOMEM;
	}
	if (rc == 0)
		rc = users_listen(s, &s->reason);
	if (rc == 0) {
		recover(s);
		rc = listeners_open(s, &s->reason);
	}
	if (rc == 0)
		rc = reader_start(s, &s->reason);
	if (rc == 0)
		queue_open(s, on_recorded);
	if (rc == 0)
		rc = aaa_start(s, &s->reason);
	if (rc == 0)
		ledger_on(s);
	if (rc == 0)
		say_ready(s);
	return rc;
}

static void release(struct server *s)
{
	reader_stop(s);
	aaa_stop(s);
	queue_close(s);
	for (int type = 0; type < PROTOCOL_COUNT; type++)
		listeners_close(s, (enum protocol)type);
	for (struct call *c = s->calls; c; c = c->next)
		call_kill(c);
	calls_reap(s);
	users_close(s);
	if (s->signal_handle.fd >= 0)
		close(s->signal_handle.fd);
	if (s->policy)
		s->rules->destroy(s->policy);
	notify_close(&s->notify);
	conf_server_free(&s->conf);
	loop_free(s->loop);
	free(s);
}

static struct server *server_new(const struct serve_options *options,
				 const struct serve_policy *rules)
{
	struct server *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->loop = loop_new();
	if (!s->loop) {
		free(s);
		return NULL;
	}
	s->options = options;
	s->rules = rules;
	s->signal_handle.fd = s->users_handle.fd = -1;
	for (size_t i = 0; i < USERS_CLIENTS_MAX; i++)
		s->clients[i].handle.fd = -1;
	s->reap_timer = (struct loop_timer){DEADLINE_NONE, on_reap, s, NULL, NULL};
	s->aaa.events = &call_aaa_events;
	s->reader.timer.deadline_ms = s->aaa.timer.deadline_ms = DEADLINE_NONE;
	s->queue.timer.deadline_ms = DEADLINE_NONE;
	s->end_timer = (struct loop_timer){DEADLINE_NONE, on_end, s, NULL, NULL};
	s->log =
		(struct log){.fd = 2, .level = options->debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_NOTICE};
	if (getenv("JOURNAL_STREAM"))
		s->log.format = LOG_FORMAT_JOURNAL;
	str_copy(s->log.name, sizeof s->log.name, "serve");
	notify_open(&s->notify);
	return s;
}

int serve_main(const struct serve_options *options, const struct serve_policy *rules)
{
	struct server *s = server_new(options, rules);
	int code;

	if (!s)
		return EXIT_FATAL;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* it holds the passwords */
	rights_reduce(true, &s->log);
	raise_limit();
	if (begin(s) < 0)
		reason_set(&s->reason, EXIT_FATAL, "the server could not be started");
	else if (loop_run(s->loop) < 0)
		reason_set(&s->reason, EXIT_FATAL, "the event loop failed");
	if (reason_is_set(&s->reason))
		log_error(&s->log, "%s", s->reason.text);
	code = (int)s->reason.code;
	release(s);
	return code;
}
