/* SPDX-License-Identifier: MIT */
/* The stack of undo steps: what is wanted is done, journaled first, and undone from the last. */
#include "host/stack.h"

#include <errno.h>
#include <string.h>

int host_push(struct host *host, struct undo_step *step)
{
	int r = host->step_count < HOST_STEPS_MAX ? 0 : -ENOSPC;

	if (r == 0 && undo_step_journaled(step)) {
		struct journal *j = step->lasting ? &host->lockdown : &host->journal;

		if (j->records >= JOURNAL_STEPS_MAX)
			(void)journal_rewrite(j, host->steps, host->step_count);
		r = journal_add(j, step);
		if (r == 0 && !step->lasting && host_guard_start(host) < 0)
			log_warn(host->log,
				 "no guardian: after a kill the next start will tidy up");
	}
	if (r < 0) {
		undo_step_free(step);
		return r;
	}
	host->steps[host->step_count++] = *step;
	return 0;
}

void host_pop(struct host *host)
{
	/* Its record may stay in the journal: undoing what was not done does nothing. */
	if (host->step_count)
		undo_step_free(&host->steps[--host->step_count]);
}

struct undo_step *host_find_step(struct host *host, const struct undo_step *step)
{
	for (size_t i = 0; i < host->step_count; i++)
		if (undo_step_equal(&host->steps[i], step))
			return &host->steps[i];
	return NULL;
}

/* Steps have gone, or changed their journal. */
static int rewrite_journals(struct host *host)
{
	int r = 0;

	if (host->lockdown.fd >= 0)
		r = journal_rewrite(&host->lockdown, host->steps, host->step_count);
	return r < 0 ? r : journal_rewrite(&host->journal, host->steps, host->step_count);
}

int host_want(struct host *host, const struct undo_step *step)
{
	struct undo_step *have = host_find_step(host, step), new = *step;
	bool moves;
	int r;

	if (have) {
		moves = have->lasting != step->lasting && undo_step_journaled(step);
		*have = *step;
		have->wanted = true;
		r = moves ? rewrite_journals(host) : 0;
		if (r < 0)
			return r;
		r = undo_step_do(have, &host->nl);
		return r == -EEXIST ? 0 : r;
	}
	new.wanted = true;
	r = host_push(host, &new);
	if (r < 0)
		return r;
	r = undo_step_do(&new, &host->nl);
	if (r < 0)
		host_pop(host);
	return r == -EEXIST ? 0 : r;
}

void host_drop(struct host *host, size_t index)
{
	struct undo_step *step = &host->steps[index];
	bool journaled = undo_step_journaled(step);

	undo_step_free(step);
	memmove(step, step + 1, (--host->step_count - index) * sizeof(*step));
	/* A record too many does no harm: undoing what is undone does nothing. */
	if (journaled && rewrite_journals(host) < 0)
		log_info(host->log, "cannot write the journal %s anew", host->journal.path);
}

void host_undo_if(struct host *host, bool (*pick)(const struct undo_step *step))
{
	bool journaled, rewrite = false;

	for (size_t i = host->step_count; i-- > 0;) {
		struct undo_step *step = &host->steps[i];

		if (!pick(step))
			continue;
		journaled = undo_step_journaled(step);
		/* It stays in the journal, and is tried again next time. */
		if (undo_step_run(step, &host->nl, host->log) < 0 && journaled)
			continue;
		rewrite |= journaled;
		undo_step_free(step);
		memmove(step, step + 1, (--host->step_count - i) * sizeof(*step));
	}
	/* A record too many does no harm: undoing what is undone does nothing. */
	if (rewrite && rewrite_journals(host) < 0)
		log_info(host->log, "cannot write the journal %s anew", host->journal.path);
}
