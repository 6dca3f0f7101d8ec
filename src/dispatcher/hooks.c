/* SPDX-License-Identifier: MIT */
/* Events and the scripts that they run. */
#include "dispatcher/hooks.h"

#include "dispatcher/hook_child.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PARALLEL_MAX 8
#define SLOTS	     (PARALLEL_MAX + 1) /* one for the script whose turn it is */

struct event {
	struct event *next;
	size_t number;
	enum hook_action action;
	char program[CONF_PATH_LEN]; /* ip-up or ip-down, before all scripts; "" = none or done */
	struct script_list scripts;
	size_t at;
	size_t beside; /* parallel scripts that it waits for */
	struct reason failure;
	char ifname[IFNAMSIZ], local[INET_ADDRSTRLEN], remote[INET_ADDRSTRLEN];
	char profile[CONF_NAME_MAX];
	struct hook_env env, pppd_env;
	void (*done)(void *ctx, const struct reason *failure);
	void *ctx;
};

struct hooks {
	struct hooks_config config;
	struct event *head;
	size_t count, last_number;
	struct hook_child children[SLOTS];
	struct hook_child *serial; /* runs for the head; NULL = none */
	bool serial_foreign;
	struct loop_timer turn_timer;
};

static const char *directory_of(enum hook_action action)
{
	return action == HOOK_PRE_UP ? "pre-up.d" : action == HOOK_PRE_DOWN ? "pre-down.d" : "";
}

static const char *program_of(const struct hooks *h, enum hook_action action)
{
	return action == HOOK_UP ? h->config.ip_up : action == HOOK_DOWN ? h->config.ip_down : "";
}

static void take_turn(struct hooks *h)
{
	loop_timer_set(h->config.loop, &h->turn_timer, loop_now(h->config.loop));
}

/* Nobody waits for the scripts of vpn-up, until another event does. */
static uint32_t limit_of(const struct hooks *h, enum hook_action action, bool parallel)
{
	bool unwaited = action == HOOK_UP && (parallel || h->count < 2);

	return unwaited ? h->config.unwaited_ms : h->config.limit_ms;
}

/* A free slot, else one of a script that has ended and whose leftovers still hold its output. */
static struct hook_child *take_slot(struct hooks *h)
{
	struct hook_child *found = NULL;

	for (size_t i = 0; i < SLOTS; i++) {
		struct hook_child *c = &h->children[i];

		if (hook_child_is_free(c))
			return c;
		if (c->pid == 0)
			found = c;
	}
	if (found)
		hook_child_forget(found);
	return found;
}

static size_t running(const struct hooks *h)
{
	size_t n = 0;

	for (size_t i = 0; i < SLOTS; i++)
		n += h->children[i].pid > 0;
	return n;
}

static struct event *event_of(const struct hooks *h, size_t number)
{
	struct event *e = h->head;

	while (e && e->number != number)
		e = e->next;
	return e;
}

/* One line, and for the scripts that may stop a call the reason. */
static void note_failure(struct hooks *h, struct event *e, bool foreign, const char *text)
{
	if (e->action == HOOK_PRE_UP && !foreign) {
		reason_set(&e->failure, EXIT_INIT_FAILED, "%s: %s", hook_action_name(e->action),
			   text);
		e->at = e->scripts.count;
		return;
	}
	log_warn(h->config.log, "%s: %s", hook_action_name(e->action), text);
}

static void on_ended(void *ctx, struct hook_child *c, const char *failure)
{
	struct hooks *h = ctx;
	struct event *e = event_of(h, c->event);

	if (c == h->serial) {
		h->serial = NULL;
		if (failure[0])
			note_failure(h, e, h->serial_foreign, failure);
	} else {
		if (failure[0])
			log_warn(h->config.log, "%s", failure);
		if (e && e->beside)
			e->beside--;
	}
	take_turn(h);
}

/* Checked and started: false after a line in the log. */
static bool run_script(struct hooks *h, struct event *e, const char *path, struct hook_start *start)
{
	char real[PATH_MAX], text[3 * PATH_MAX];
	struct str why = str_make(text, sizeof text);
	struct hook_child *c;
	int rc;

	if (!script_check(path, real, &why)) {
		log_warn(h->config.log, "%s: the script %s is not run: %s",
			 hook_action_name(e->action), start->name, text);
		return false;
	}
	c = take_slot(h);
	start->loop = h->config.loop;
	start->log = h->config.log;
	start->real = real;
	start->ended = on_ended;
	start->ctx = h;
	rc = c ? hook_child_start(c, start) : -EBUSY;
	start->real = NULL; /* it was for the start */
	if (rc < 0) {
		log_warn(h->config.log, "%s: the script %s is not run: %s",
			 hook_action_name(e->action), start->name, strerror(-rc));
		return false;
	}
	log_info(h->config.log, "%s: running %s", hook_action_name(e->action), real);
	c->event = e->number;
	if (start->dies_with_us)
		h->serial = c;
	return true;
}

static bool run_dispatcher(struct hooks *h, struct event *e, const struct script *s, bool parallel)
{
	const char *const args[] = {e->ifname, hook_action_name(e->action), NULL};
	struct hook_start start = {.name = s->name,
				   .args = args,
				   .env = e->env.strings,
				   .limit_ms = limit_of(h, e->action, parallel),
				   .dies_with_us = !parallel};

	return run_script(h, e, s->path, &start);
}

/* pppd's six arguments; there is no terminal and so no speed. */
static void run_pppd_program(struct hooks *h, struct event *e)
{
	const char *const args[] = {e->ifname, "-", "0", e->local, e->remote, e->profile, NULL};
	const char *slash = strrchr(e->program, '/');
	struct hook_start start = {.name = slash ? slash + 1 : e->program,
				   .args = args,
				   .env = e->pppd_env.strings,
				   .limit_ms = limit_of(h, e->action, false),
				   .dies_with_us = true};

	h->serial_foreign = true;
	run_script(h, e, e->program, &start);
	e->program[0] = '\0';
}

static void run_next(struct hooks *h, struct event *e)
{
	const struct script *s;

	if (e->program[0]) {
		run_pppd_program(h, e);
		return;
	}
	s = &e->scripts.items[e->at++];
	h->serial_foreign = s->foreign;
	run_dispatcher(h, e, s, false);
}

static void event_free(struct event *e)
{
	script_list_free(&e->scripts);
	free(e);
}

static void on_turn(void *ctx)
{
	struct hooks *h = ctx;
	struct event *e = h->head;
	struct reason failure;
	void (*done)(void *ctx, const struct reason *failure);
	void *done_ctx;

	while (e && !h->serial && (e->program[0] || e->at < e->scripts.count))
		run_next(h, e);
	if (!e || h->serial || e->beside)
		return;
	h->head = e->next;
	h->count--;
	if (h->head)
		take_turn(h);
	failure = e->failure;
	done = e->done;
	done_ctx = e->ctx;
	event_free(e);
	done(done_ctx, reason_is_set(&failure) ? &failure : NULL);
}

/* The parallel ones start now, whatever waits, and leave the list.  Those that find no room wait
 * for their turn as all others do. */
static void run_parallel(struct hooks *h, struct event *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->scripts.count; i++) {
		const struct script *s = &e->scripts.items[i];

		if (!s->parallel || running(h) >= PARALLEL_MAX)
			e->scripts.items[kept++] = *s;
		else if (run_dispatcher(h, e, s, true) && e->action == HOOK_DOWN)
			e->beside++; /* after it this process may end, and not hear them */
	}
	e->scripts.count = kept;
}

static void fill_event(struct hooks *h, struct event *e, const struct hook_facts *facts)
{
	e->number = ++h->last_number;
	(void)str_copy(e->program, sizeof e->program, program_of(h, e->action));
	(void)str_copy(e->ifname, sizeof e->ifname, facts->status->ifname);
	(void)str_copy(e->local, sizeof e->local, facts->status->local);
	(void)str_copy(e->remote, sizeof e->remote, facts->status->remote);
	(void)str_copy(e->profile, sizeof e->profile, facts->profile->name);
	hook_env_dispatcher(&e->env, e->action, facts);
	hook_env_pppd(&e->pppd_env, e->action, facts);
}

/* The event is waited for; scripts before it that had more time have less now. */
static void append(struct hooks *h, struct event *e)
{
	struct event **end = &h->head;

	while (*end)
		end = &(*end)->next;
	*end = e;
	if (++h->count == 2 && h->serial && h->head->action == HOOK_UP)
		hook_child_limit(h->serial, h->config.limit_ms);
}

/* What ends something finds a place where what begins it has had one. */
static size_t places_for(enum hook_action action)
{
	return hook_action_ends(action) ? HOOK_EVENTS_MAX : HOOK_EVENTS_MAX - HOOK_EVENTS_OF_END;
}

int hooks_run(struct hooks *h, enum hook_action action, const struct hook_facts *facts,
	      void (*done)(void *ctx, const struct reason *failure), void *ctx)
{
	bool room = h->count < places_for(action);
	struct event *e = room ? calloc(1, sizeof *e) : NULL;
	int rc = room ? -ENOMEM : -EBUSY;

	if (e) {
		e->action = action;
		e->done = done;
		e->ctx = ctx;
		rc = script_list_read(&h->config.dirs, directory_of(action), &e->scripts);
	}
	if (rc < 0) {
		free(e);
		log_warn(h->config.log, "%s: no script is run: %s", hook_action_name(action),
			 rc == -EBUSY ? "too many events wait already" : strerror(-rc));
		return rc;
	}
	if (e->scripts.left_out)
		log_warn(h->config.log, "%s: more than %d scripts; %zu of them are not run",
			 hook_action_name(action), SCRIPTS_MAX, e->scripts.left_out);
	fill_event(h, e, facts);
	run_parallel(h, e);
	append(h, e);
	take_turn(h);
	return 0;
}

static void abort_event(struct hooks *h, struct event *e)
{
	e->program[0] = '\0';
	e->at = e->scripts.count;
	for (size_t i = 0; e->beside && i < SLOTS; i++)
		if (h->children[i].event == e->number)
			hook_child_kill(&h->children[i]);
	if (e == h->head && h->serial)
		hook_child_kill(h->serial);
}

void hooks_abort(struct hooks *h, unsigned actions)
{
	for (struct event *e = h->head; e; e = e->next)
		if (actions & 1u << e->action)
			abort_event(h, e);
}

bool hooks_busy(const struct hooks *h)
{
	return h->count > 0;
}

void hooks_set_dirs(struct hooks *h, const struct script_dirs *dirs)
{
	h->config.dirs = *dirs;
}

bool hooks_exist(const struct hooks *h, enum hook_action action)
{
	struct script_list list;
	bool some;

	if (program_of(h, action)[0])
		return true;
	if (script_list_read(&h->config.dirs, directory_of(action), &list) < 0)
		return false;
	some = list.count > 0;
	script_list_free(&list);
	return some;
}

struct hooks *hooks_new(const struct hooks_config *config)
{
	struct hooks *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->config = *config;
	h->turn_timer = (struct loop_timer){DEADLINE_NONE, on_turn, h, NULL, NULL};
	return h;
}

void hooks_free(struct hooks *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		hook_child_forget(&h->children[i]);
	loop_timer_del(h->config.loop, &h->turn_timer);
	while (h->head) {
		struct event *e = h->head;

		h->head = e->next;
		event_free(e);
	}
	free(h);
}
