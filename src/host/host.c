/* SPDX-License-Identifier: MIT */
/* Applying and undoing: the stack of undo steps, and recovery from the journal. */
#include "host/internal.h"

#include "base/capabilities.h"
#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

int host_journal_undo(struct journal *j, const struct log *log)
{
	struct journal_content content;
	struct host_nl nl;
	int r = journal_read(j, &content), done = 0, error = 0;

	if (r < 0) {
		journal_content_free(&content);
		j->unread = true;
		if (r == -ENOMEM || r == -EIO) {
			log_error(log, "cannot read %s (%s): what it tells is not undone yet",
				  j->path, strerror(-r));
			return r;
		}
		log_error(log, "%s is no journal of ours (%s): nothing in it was acted on", j->path,
			  strerror(-r));
		(void)journal_set_aside(j);
		return r;
	}
	r = host_nl_open(&nl, NETLINK_ROUTE);
	for (size_t i = content.count; r == 0 && i-- > 0;) {
		const struct undo_step *step = &content.steps[i];

		/* Routes ended with the boot or namespace that had them, and resolvconf keeps
		 * its records in a file system that ends with the boot. */
		if ((step->kind != UNDO_FILE && !content.same_boot) ||
		    (!undo_step_dns(step) && !content.same_netns))
			continue;
		if (undo_step_run(step, &nl, log) < 0)
			error = -EIO;
		else
			done++;
	}
	host_nl_close(&nl);
	j->records = content.count;
	journal_content_free(&content);
	if (r == 0 && error == 0)
		r = journal_clear(j);
	return r < 0 ? r : error ? error : done;
}

int host_recover_wait(const char *run_dir, const char *name, const struct log *log,
		      unsigned wait_ms)
{
	struct journal j;
	int r = journal_open(&j, JOURNAL_CALL, run_dir, name, false, wait_ms);

	if (r < 0)
		return r == -ENOENT || r == -EBUSY ? 0 : r;
	r = host_journal_undo(&j, log);
	journal_close(&j);
	if (r > 0)
		log_notice(log, "undid %d change%s that a broken run had left", r,
			   r == 1 ? "" : "s");
	return r;
}

int host_recover(const char *run_dir, const char *name, const struct log *log)
{
	return host_recover_wait(run_dir, name, log, 0);
}

void host_journal_failed(const struct host *host, int r, struct reason *reason)
{
	reason_set(reason, r == -EACCES || r == -EPERM ? EXIT_NOT_PERMITTED : EXIT_OPEN_FAILED,
		   "cannot keep a journal in %s: %s%s", host->run_dir, strerror(-r),
		   r == -ENOSPC ? ": make room there and dial again" : "");
}

static int open_journal(struct host *host, struct reason *reason)
{
	int r = journal_open(&host->journal, JOURNAL_CALL, host->run_dir, host->name, true,
			     HOST_LOCK_WAIT_MS);

	if (r == 0) {
		int undone = host_journal_undo(&host->journal, host->log);

		if (host->journal.fd < 0) /* set aside */
			r = journal_open(&host->journal, JOURNAL_CALL, host->run_dir, host->name,
					 true, HOST_LOCK_WAIT_MS);
		else if (host->journal.unread) /* the next hang-up would empty it */
			r = undone;
	}
	if (r == -EBUSY)
		reason_set(reason, EXIT_BUSY, "profile %s is connected already", host->name);
	else if (r < 0)
		host_journal_failed(host, r, reason);
	return r;
}

bool host_permitted(struct reason *reason)
{
	if (capabilities_have(CAP_NET_ADMIN))
		return true;
	reason_set(reason, EXIT_NOT_PERMITTED,
		   "changing interfaces and routes needs CAP_NET_ADMIN: run as root or "
		   "`setcap cap_net_admin,cap_net_raw+ep $(command -v vpdial)`");
	return false;
}

struct host *host_new(const char *run_dir, const char *name, const struct log *log,
		      struct reason *reason)
{
	char real[PATH_MAX];
	struct host *host;

	if (!host_permitted(reason))
		return NULL;
	host = calloc(1, sizeof(*host));
	if (!host) {
		reason_set(reason, EXIT_FATAL, "out of memory");
		return NULL;
	}
	host->log = log;
	host->guard_fd = -1;
	host->journal.fd = host->lockdown.fd = -1;
	if (!realpath(run_dir, real) || !str_copy(host->run_dir, sizeof(host->run_dir), real) ||
	    !str_copy(host->name, sizeof(host->name), name)) {
		reason_set(reason, EXIT_OPEN_FAILED, "cannot use the run directory %s", run_dir);
	} else if (host_nl_open(&host->nl, NETLINK_ROUTE) < 0) {
		reason_set(reason, EXIT_OPEN_FAILED, "cannot talk to the kernel by netlink");
	} else if (open_journal(host, reason) == 0 && host_lockdown_take_over(host, reason) == 0) {
		host_dns_clear_old(host);
		return host;
	}
	host_free(host);
	return NULL;
}

void host_free(struct host *host)
{
	if (!host)
		return;
	/* With records left the guardian is dismissed all the same: they stay in the journal, for
	 * the next start. */
	host_guard_stop(host);
	while (host->step_count)
		undo_step_free(&host->steps[--host->step_count]);
	journal_close(&host->journal);
	journal_close(&host->lockdown);
	host_nl_close(&host->nl);
	free(host);
}

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

static bool is_superseded(const struct undo_step *step)
{
	return !step->wanted && !undo_step_dns(step);
}

/* The network of CONFIG as a difference to what is there. */
static int apply_network(struct host *host, const struct host_config *config,
			 struct host_applied *applied, struct reason *reason)
{
	size_t before;
	int r = journal_reserve(&host->journal);

	if (r < 0) {
		host_journal_failed(host, r, reason);
		return r; /* nothing was changed yet: what is applied may stay */
	}
	for (size_t i = 0; i < host->step_count; i++)
		host->steps[i].wanted = false;
	r = host_network_apply(host, config, reason);
	if (r < 0) {
		host_undo(host);
		return r;
	}
	/* An address that goes may take younger ones and routes along. */
	before = host->step_count;
	host_undo_if(host, is_superseded);
	if (!config->lockdown)
		host_lockdown_close(host);
	applied->local_shared = host->local_harm != NULL;
	applied->peer_left_out = host->peer_harm != NULL;
	for (size_t i = 0; i < host->step_count; i++) {
		applied->pinned |= host->steps[i].kind == UNDO_PIN;
		if (host->step_count != before && !undo_step_dns(&host->steps[i]))
			(void)undo_step_do(&host->steps[i], &host->nl);
	}
	return 0;
}

int host_apply(struct host *host, const struct host_config *config, struct host_applied *applied,
	       struct reason *reason)
{
	int r;

	memset(applied, 0, sizeof(*applied));
	r = apply_network(host, config, applied, reason);
	if (r == 0)
		host_dns_apply(host, config, applied);
	return r;
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

void host_suspend(struct host *host)
{
	host_undo_if(host, undo_step_dns);
	memset(&host->names, 0, sizeof(host->names));
}

static bool is_of_call(const struct undo_step *step)
{
	return !step->lasting;
}

void host_undo(struct host *host)
{
	host_undo_if(host, is_of_call);
	memset(&host->names, 0, sizeof(host->names));
	for (size_t i = 0; i < host->step_count; i++)
		if (is_of_call(&host->steps[i]))
			return;
	if (host->journal.records && journal_clear(&host->journal) < 0)
		log_warn(host->log, "cannot empty %s", host->journal.path);
	host_guard_stop(host);
}
