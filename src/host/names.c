/* SPDX-License-Identifier: MIT */
/* Name servers by resolvectl, resolvconf or resolv.conf: a table of steps, of which most are one
 * program each. */
#include "host/names.h"
#include "host/stack.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define WORDS_MAX      22
#define RECORD_MAX     600
#define RETRY_MS       20
#define RETRY_LIMIT_MS 1000 /* others hold the file for some milliseconds */

/* A program to run. */
struct words {
	const char *argv[WORDS_MAX];
	size_t count;
	char servers[2][INET_ADDRSTRLEN];
	char search[256];
	char record[RECORD_MAX]; /* its input */
	struct str input;
};

static void add(struct words *w, const char *word)
{
	if (w->count + 1 < WORDS_MAX)
		w->argv[w->count++] = word;
}

/* The topmost step of KIND that did not fail to be undone just now, or NULL. */
static struct undo_step *find(struct host *host, enum undo_kind kind)
{
	for (size_t i = host->step_count; i-- > 0;)
		if (host->steps[i].kind == kind && !host->steps[i].tried)
			return &host->steps[i];
	return NULL;
}

static void drop(struct host *host, enum undo_kind kind)
{
	struct undo_step *step = find(host, kind);

	if (step)
		host_drop(host, (size_t)(step - host->steps));
}

/* Begins: 0 or -errno is how the step ends at once, 1: it is a program. */

static int ask(struct host *host, struct words *w)
{
	struct stat st;

	(void)host;
	if (stat("/run/systemd/resolve", &st) < 0 || !S_ISDIR(st.st_mode))
		return -ENOENT;
	add(w, "resolvectl");
	add(w, "--no-pager");
	add(w, "status");
	return 1;
}

static int set_servers(struct host *host, struct words *w)
{
	struct undo_step step = {.kind = UNDO_RESOLVED};
	int r;

	str_copy(step.ifname, sizeof(step.ifname), host->names.ifname);
	r = host_push(host, &step);
	if (r < 0)
		return r;
	add(w, "resolvectl");
	add(w, "dns");
	add(w, host->names.ifname);
	for (size_t i = 0; i < host->names.server_count; i++)
		add(w, inet_ntop(AF_INET, &host->names.servers[i], w->servers[i], INET_ADDRSTRLEN));
	return 1;
}

static int set_domains(struct host *host, struct words *w)
{
	char *at = w->search, *word;

	add(w, "resolvectl");
	add(w, "domain");
	add(w, host->names.ifname);
	if (host->names.all_names)
		add(w, "~.");
	str_copy(w->search, sizeof(w->search), host->names.search);
	while ((word = strsep(&at, " ")))
		if (*word)
			add(w, word);
	return w->count > 3 ? 1 : 0;
}

/* Names of no domain come to these servers too, unless others are theirs.  Before version 240
 * resolved has no such switch, and does the same by itself. */
static int set_route(struct host *host, struct words *w)
{
	const struct host_names *n = &host->names;

	add(w, "resolvectl");
	add(w, "default-route");
	add(w, n->ifname);
	add(w, n->all_names || !n->search[strspn(n->search, " ")] ? "yes" : "no");
	return 1;
}

static int add_record(struct host *host, struct words *w)
{
	const struct host_names *n = &host->names;
	struct undo_step step = {.kind = UNDO_RESOLVCONF};
	struct str name = str_make(step.record, sizeof(step.record));
	int r;

	if (!run_found("resolvconf"))
		return -ENOENT;
	/* Debian's resolvconf prefers "tun.*" (its interface-order). */
	str_printf(&name, "tun.%s.vpdial", n->ifname);
	for (size_t i = 0; i < n->server_count; i++)
		str_printf(&w->input, "nameserver %s\n",
			   inet_ntop(AF_INET, &n->servers[i], w->servers[0], INET_ADDRSTRLEN));
	if (*n->search)
		str_printf(&w->input, "search %s\n", n->search);
	r = host_push(host, &step);
	if (r < 0)
		return r;
	add(w, "resolvconf");
	add(w, "-a");
	add(w, host->steps[host->step_count - 1].record);
	add(w, "-m");
	add(w, "0");
	if (n->exclusively)
		add(w, "-x");
	return 1;
}

/* How the lock of resolv.conf is taken: nothing waits for it beside a loop. */
static enum resolv_lock lock_of(const struct host *host)
{
	const struct naming *n = &host->naming;

	if (!n->run.loop)
		return RESOLV_LOCK_WAIT;
	return n->retry_until_ms && loop_now(n->run.loop) >= n->retry_until_ms ? RESOLV_LOCK_WITHOUT
									       : RESOLV_LOCK_TRY;
}

static int edit_file(struct host *host, struct words *w)
{
	int r = host_dns_edit_file(host, lock_of(host));

	(void)w;
	if (r < 0 && r != -EWOULDBLOCK)
		log_warn(host->log,
			 "the VPN's name servers are not used: cannot edit " RESOLV_FILE ": %s",
			 r == -ELOOP ? "it belongs to systemd-resolved or leads nowhere"
				     : strerror(-r));
	return r;
}

static int restore_file(struct host *host, struct words *w)
{
	const struct undo_step *step = find(host, UNDO_FILE);

	(void)w;
	return step ? undo_step_file(step, lock_of(host), host->log) : 0;
}

static int undo_of(struct host *host, struct words *w, enum undo_kind kind)
{
	const struct undo_step *step = find(host, kind);

	if (!step || !undo_step_words(step, w->argv))
		return 0;
	return 1;
}

static int revert(struct host *host, struct words *w)
{
	return undo_of(host, w, UNDO_RESOLVED);
}

static int delete (struct host *host, struct words *w)
{
	return undo_of(host, w, UNDO_RESOLVCONF);
}

/* What follows from the end of a step; SET is the way that is in force then. */
static const struct naming_step {
	int (*begin)(struct host *host, struct words *w);
	enum naming_at good, bad;
	enum host_dns_way set;
	bool quiet; /* its failure is no news */
} steps[] = {
	[NAMING_ASK] = {ask, NAMING_SERVERS, NAMING_ADD, HOST_DNS_WAY_NONE, false},
	[NAMING_SERVERS] = {set_servers, NAMING_DOMAINS, NAMING_REVERT, HOST_DNS_WAY_NONE, false},
	[NAMING_DOMAINS] = {set_domains, NAMING_ROUTE, NAMING_REVERT, HOST_DNS_WAY_NONE, false},
	[NAMING_ROUTE] = {set_route, NAMING_IDLE, NAMING_IDLE, HOST_DNS_WAY_RESOLVED, true},
	[NAMING_REVERT] = {revert, NAMING_ADD, NAMING_ADD, HOST_DNS_WAY_NONE, true},
	[NAMING_ADD] = {add_record, NAMING_IDLE, NAMING_DELETE, HOST_DNS_WAY_RESOLVCONF, false},
	[NAMING_DELETE] = {delete, NAMING_FILE, NAMING_FILE, HOST_DNS_WAY_NONE, true},
	[NAMING_FILE] = {edit_file, NAMING_IDLE, NAMING_IDLE, HOST_DNS_WAY_FILE, false},
	/* What an earlier call has set. */
	[NAMING_UNDO_RESOLVED] = {revert, NAMING_IDLE, NAMING_IDLE, HOST_DNS_WAY_NONE, false},
	[NAMING_UNDO_FILE] = {restore_file, NAMING_IDLE, NAMING_IDLE, HOST_DNS_WAY_NONE, false},
	[NAMING_UNDO_RESOLVCONF] = {delete, NAMING_IDLE, NAMING_IDLE, HOST_DNS_WAY_NONE, false},
};

static bool undoes(enum naming_at at)
{
	return at >= NAMING_UNDO_RESOLVED;
}

static enum undo_kind kind_of(enum naming_at at)
{
	switch (at) {
	case NAMING_REVERT:
	case NAMING_UNDO_RESOLVED:
		return UNDO_RESOLVED;
	case NAMING_DELETE:
	case NAMING_UNDO_RESOLVCONF:
		return UNDO_RESOLVCONF;
	case NAMING_UNDO_FILE:
		return UNDO_FILE;
	default:
		return UNDO_NONE;
	}
}

static void go_on(struct host *host);

/* The file's lock is looked for again soon. */
static void retry(struct host *host)
{
	struct naming *n = &host->naming;
	uint64_t now = loop_now(n->run.loop);

	if (!n->retry_until_ms)
		n->retry_until_ms = now + RETRY_LIMIT_MS;
	loop_timer_set(n->run.loop, &n->retry_timer, now + RETRY_MS);
}

/* How the step in hand goes: 0 or -errno if it has ended, 1 if that comes later. */
static int begin(struct host *host)
{
	struct naming *n = &host->naming;
	struct words w = {.count = 0};
	int r;

	w.input = str_make(w.record, sizeof(w.record));
	r = steps[n->at].begin(host, &w);
	if (r == -EWOULDBLOCK) {
		retry(host);
		return 1;
	}
	n->retry_until_ms = 0;
	if (r <= 0)
		return r;
	n->run.log = steps[n->at].quiet ? NULL : host->log;
	if (!n->run.loop)
		return run_program(w.argv, w.record, w.input.len, n->run.log);
	r = run_start(&n->run, w.argv, w.record, w.input.len);
	return r < 0 ? r : 1;
}

/* One that cannot be undone stays in the journal if it is there, and is tried again next time. */
static void was_undone(struct host *host, int r)
{
	struct undo_step *step = find(host, kind_of(host->naming.at));

	if (!step)
		return;
	host->nl.text[0] = '\0';
	if (r < 0)
		undo_step_failed(step, &host->nl, r, host->log);
	if (r < 0 && undo_step_journaled(step))
		step->tried = true;
	else
		drop(host, kind_of(host->naming.at));
}

/* The next thing to undo, the last one first, else the first step to what is wanted now. */
static enum naming_at choose(struct host *host)
{
	for (size_t i = host->step_count; i-- > 0;) {
		const struct undo_step *step = &host->steps[i];

		for (int at = NAMING_UNDO_RESOLVED; !step->tried && at <= NAMING_UNDO_FILE; at++)
			if (step->kind == kind_of((enum naming_at)at))
				return (enum naming_at)at;
	}
	return host->names.server_count ? NAMING_ASK : NAMING_IDLE;
}

/* The step in hand ended with R. */
static void step_over(struct host *host, int r)
{
	struct naming *n = &host->naming;
	const struct naming_step *step = &steps[n->at];

	if (undoes(n->at)) {
		was_undone(host, r);
		n->at = choose(host);
	} else if (n->stale) { /* what was set of it is undone with all else */
		n->at = choose(host);
	} else {
		if (n->at == NAMING_REVERT || n->at == NAMING_DELETE)
			drop(host, kind_of(n->at));
		if (r == 0 || n->at == NAMING_ROUTE)
			host->names.way = step->set;
		n->at = r == 0 ? step->good : step->bad;
	}
	n->stale &= undoes(n->at);
}

static void go_on(struct host *host)
{
	int r = 0;

	while (host->naming.at != NAMING_IDLE && r <= 0) {
		r = begin(host);
		if (r <= 0)
			step_over(host, r);
	}
}

static void have_gone_on(struct host *host)
{
	if (names_busy(host))
		return;
	host_tidy(host);
	if (host->settled)
		host->settled(host->settled_ctx);
}

static void on_ended(void *ctx, int r)
{
	step_over(ctx, r);
	go_on(ctx);
	have_gone_on(ctx);
}

static void on_retry(void *ctx)
{
	go_on(ctx);
	have_gone_on(ctx);
}

/* What is being set is not wanted any more. */
static void give_up(struct host *host)
{
	struct naming *n = &host->naming;

	n->stale = true;
	if (undoes(n->at))
		return;
	if (n->run.pid) {
		run_kill(&n->run);
		return;
	}
	loop_timer_del(n->run.loop, &n->retry_timer);
	n->retry_until_ms = 0;
	step_over(host, -ECANCELED);
	go_on(host);
}

void names_change(struct host *host)
{
	struct naming *n = &host->naming;

	for (size_t i = 0; i < host->step_count; i++)
		host->steps[i].tried = false;
	n->run.ended = on_ended;
	n->retry_timer.expired = on_retry;
	n->run.ctx = n->retry_timer.ctx = host;
	if (names_busy(host)) {
		give_up(host);
		return;
	}
	n->at = choose(host);
	go_on(host);
}

bool names_busy(const struct host *host)
{
	return host->naming.at != NAMING_IDLE;
}

void names_finish(struct host *host)
{
	struct naming *n = &host->naming;
	bool runs = n->run.pid > 0;
	int r = runs ? run_wait(&n->run) : 0;

	if (n->run.loop)
		loop_timer_del(n->run.loop, &n->retry_timer);
	n->run.loop = NULL;
	if (!names_busy(host))
		return;
	if (runs)
		step_over(host, r);
	go_on(host);
	host_tidy(host);
}
