/* SPDX-License-Identifier: MIT */
/* When the administrator's scripts run in the life of a call. */
#include "supervisor/internal.h"

#include "supervisor/hooks.h"

#include <errno.h>

#define WAITED_LIMIT_MS	  60000
#define UNWAITED_LIMIT_MS 600000

static bool find_dirs(const struct supervisor *s, struct script_dirs *dirs)
{
	return script_dirs_make(dirs, s->config_dir, s->profile.use_nm_dispatcher);
}

int events_open(struct supervisor *s)
{
	struct hooks_config config = {.loop = s->loop,
				      .log = &s->log,
				      .ip_up = s->profile.ip_up,
				      .ip_down = s->profile.ip_down,
				      .limit_ms = WAITED_LIMIT_MS,
				      .unwaited_ms = UNWAITED_LIMIT_MS};

	if (!find_dirs(s, &config.dirs)) {
		reason_set(&s->reason, EXIT_OPTIONS, "the path of the profiles is too long");
		return -ENAMETOOLONG;
	}
	s->hooks = hooks_new(&config);
	if (!s->hooks)
		reason_set(&s->reason, EXIT_FATAL, "out of memory");
	return s->hooks ? 0 : -ENOMEM;
}

void events_reload(struct supervisor *s)
{
	struct script_dirs dirs;

	if (find_dirs(s, &dirs)) /* the paths of the programs are where they were */
		hooks_set_dirs(s->hooks, &dirs);
}

static int run(struct supervisor *s, enum hook_action action, const struct reason *why,
	       void (*done)(void *ctx, const struct reason *failure))
{
	struct call_routes routes;
	struct hook_facts facts = {
		.profile = &s->profile,
		.status = &s->status,
		.routes = routes.routes,
		.carrier = &s->server_path,
		.reason = why,
	};

	routes_collect(s, s->applied.local, false, &routes);
	facts.route_count = routes.count;
	s->status.uptime_ms = s->event_up ? loop_now(s->loop) - s->up_since_ms : 0;
	return hooks_run(s->hooks, action, &facts, done, s);
}

/* An event is over that nobody waits for, except the end of all. */
static void on_done(void *ctx, const struct reason *failure)
{
	struct supervisor *s = ctx;

	(void)failure;
	if (s->done && !s->undoing && !s->over && !hooks_busy(s->hooks))
		supervisor_finish(s);
}

static void connected(struct supervisor *s)
{
	s->event_waits = s->event_stats = false;
	supervisor_connected(s);
	s->event_up = true;
	run(s, HOOK_UP, NULL, on_done);
}

static void on_pre_up_done(void *ctx, const struct reason *failure)
{
	struct supervisor *s = ctx;
	bool stale = --s->pre_ups > 0 || !s->event_waits;

	on_done(s, failure);
	if (stale || s->done || s->hanging_up || s->redial_now)
		return;
	if (failure)
		supervisor_hang_up(s, failure->code, failure->text);
	else
		connected(s);
}

void events_network(struct supervisor *s)
{
	if (!hooks_exist(s->hooks, HOOK_PRE_UP) && !hooks_exist(s->hooks, HOOK_UP)) {
		connected(s);
		return;
	}
	/* It goes on with statistics, which tell the encoding. */
	s->event_waits = s->event_stats = true;
	request_send(&s->session.channel, REQUEST_GET_STATS, NULL, NULL, 0);
}

void events_stats(struct supervisor *s)
{
	int rc;

	if (!s->event_stats)
		return;
	s->event_stats = false;
	if (!hooks_exist(s->hooks, HOOK_PRE_UP)) {
		connected(s); /* nothing to wait for, nor for what waits before it */
		return;
	}
	rc = run(s, HOOK_PRE_UP, NULL, on_pre_up_done);
	if (rc == 0)
		s->pre_ups++;
	else /* a gate that cannot be asked is closed */
		supervisor_hang_up(s, EXIT_INIT_FAILED,
				   rc == -EBUSY ? "vpn-pre-up: too many scripts wait already"
						: "vpn-pre-up: the scripts cannot be run");
}

static void on_pre_down_done(void *ctx, const struct reason *failure)
{
	struct supervisor *s = ctx;

	on_done(s, failure);
	if (!s->done)
		supervisor_farewell(s);
}

bool events_pre_down(struct supervisor *s)
{
	s->event_stats = false;
	return s->event_up && run(s, HOOK_PRE_DOWN, &s->reason, on_pre_down_done) == 0;
}

void events_lost(struct supervisor *s, const struct reason *why)
{
	/* What was to be prepared will not come. */
	hooks_abort(s->hooks, 1u << HOOK_PRE_UP);
	s->event_waits = s->event_stats = false;
	if (s->event_up)
		run(s, HOOK_DOWN, why, on_done);
	s->event_up = false;
}

bool events_down(struct supervisor *s)
{
	if (!s->hooks)
		return false;
	events_lost(s, &s->reason);
	return hooks_busy(s->hooks);
}

void events_abort(struct supervisor *s)
{
	if (s->hooks)
		hooks_abort(s->hooks, ~0u);
}

void events_close(struct supervisor *s)
{
	hooks_free(s->hooks);
	s->hooks = NULL;
}
