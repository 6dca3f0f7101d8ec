/* SPDX-License-Identifier: MIT */
/* The administrator's scripts in the life of a call. */
#include "connection/scripts.h"

#include <errno.h>

int scripts_open(struct scripts *s, const struct hooks_config *config, struct life *life)
{
	*s = (struct scripts){.hooks = hooks_new(config), .life = life};
	return s->hooks ? 0 : -ENOMEM;
}

/* An event is over that nobody waits for, except the end of all. */
static void on_done(void *ctx, const struct reason *failure)
{
	struct scripts *s = ctx;

	(void)failure;
	if (!hooks_busy(s->hooks))
		life_post(s->life, ON_SCRIPTS_OVER, NULL);
}

static void on_pre_up_done(void *ctx, const struct reason *failure)
{
	struct scripts *s = ctx;

	/* Those of a call before this one were in their turn first. */
	if (--s->pre_ups == 0 && failure)
		life_tell(s->life, ON_PRE_UP_FAILED, failure->code, failure->text);
	else if (s->pre_ups == 0)
		life_post(s->life, ON_PRE_UP_DONE, NULL);
	on_done(s, failure);
}

static void on_pre_down_done(void *ctx, const struct reason *failure)
{
	struct scripts *s = ctx;

	life_post(s->life, ON_PRE_DOWN_DONE, NULL);
	on_done(s, failure);
}

bool scripts_wait_for_up(const struct scripts *s)
{
	return hooks_exist(s->hooks, HOOK_PRE_UP) || hooks_exist(s->hooks, HOOK_UP);
}

enum life_event scripts_pre_up(struct scripts *s, const struct hook_facts *facts,
			       struct life_input *in)
{
	int rc;

	/* Nothing to wait for, nor for what waits before it. */
	if (!hooks_exist(s->hooks, HOOK_PRE_UP))
		return ON_CLEAR;
	rc = hooks_run(s->hooks, HOOK_PRE_UP, facts, on_pre_up_done, s);
	if (rc == 0) {
		s->pre_ups++;
		return ON_NONE;
	}
	in->why = (struct reason){0};
	reason_set(&in->why, EXIT_INIT_FAILED,
		   rc == -EBUSY ? "vpn-pre-up: too many scripts wait already"
				: "vpn-pre-up: the scripts cannot be run");
	return ON_PRE_UP_FAILED;
}

void scripts_up(struct scripts *s, const struct hook_facts *facts)
{
	s->up = true;
	hooks_run(s->hooks, HOOK_UP, facts, on_done, s);
}

enum life_event scripts_pre_down(struct scripts *s, const struct hook_facts *facts)
{
	bool runs = s->up && hooks_run(s->hooks, HOOK_PRE_DOWN, facts, on_pre_down_done, s) == 0;

	return runs ? ON_NONE : ON_PRE_DOWN_DONE;
}

void scripts_lost(struct scripts *s, const struct hook_facts *facts)
{
	/* What was to be prepared will not come. */
	hooks_abort(s->hooks, 1u << HOOK_PRE_UP);
	if (s->up)
		hooks_run(s->hooks, HOOK_DOWN, facts, on_done, s);
	s->up = false;
}

bool scripts_busy(const struct scripts *s)
{
	return s->hooks && hooks_busy(s->hooks);
}

void scripts_abort(struct scripts *s)
{
	if (s->hooks)
		hooks_abort(s->hooks, ~0u);
}

void scripts_close(struct scripts *s)
{
	hooks_free(s->hooks);
	s->hooks = NULL;
}
