/* SPDX-License-Identifier: MIT */
/* The administrator's scripts, in the manner of NetworkManager's dispatcher: for each event those
 * of its directory in alphabetical order, one at a time; events wait for those before them.
 * Nothing here blocks: scripts run beside the event loop, each in a process group of its own, with
 * this process's rights, a bounded time and bounded output, which goes to the log. */
#ifndef VPDIAL_DISPATCHER_HOOKS_H
#define VPDIAL_DISPATCHER_HOOKS_H

#include "base/log.h"
#include "dispatcher/hook_env.h"
#include "dispatcher/scripts.h"
#include "loop/loop.h"

#define HOOK_EVENTS_MAX	   10 /* that wait */
#define HOOK_EVENTS_OF_END 2  /* places of these for HOOK_PRE_DOWN and HOOK_DOWN alone */

struct hooks;

struct hooks_config {
	struct loop *loop;
	const struct log *log; /* must outlive the hooks */
	struct script_dirs dirs;
	const char *ip_up, *ip_down;	/* pppd's kind of scripts; "" = none; not copied */
	uint32_t limit_ms, unwaited_ms; /* of one script; of one that nobody waits for */
};

/* NULL when out of memory. */
struct hooks *hooks_new(const struct hooks_config *config);
/* Scripts that run now are left alone, but what they say is no longer heard. */
void hooks_free(struct hooks *h);

/* Is there anything to run for it? */
bool hooks_exist(const struct hooks *h, enum hook_action action);

/* Runs the scripts of ACTION after those that wait already.  Then calls DONE, once, from the event
 * loop; FAILURE is NULL or says which script failed; only that of a HOOK_PRE_UP ends the rest of
 * its event, and of scripts in NetworkManager's directories none is told.  0, or -errno after a
 * line in the log: then DONE is not called. */
int hooks_run(struct hooks *h, enum hook_action action, const struct hook_facts *facts,
	      void (*done)(void *ctx, const struct reason *failure), void *ctx);

/* Is there an event that has not ended? */
bool hooks_busy(const struct hooks *h);

/* Of the events of ACTIONS (1 << HOOK_...): kills the script whose turn it is, runs no other, and
 * ends them.  Each calls its DONE. */
void hooks_abort(struct hooks *h, unsigned actions);

/* For events to come. */
void hooks_set_dirs(struct hooks *h, const struct script_dirs *dirs);

#endif
