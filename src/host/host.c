/* SPDX-License-Identifier: MIT */
/* A host: its life, applying a configuration and undoing it. */
#include "host/internal.h"
#include "host/names.h"
#include "host/recover.h"
#include "host/stack.h"

#include "base/capabilities.h"
#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

static int open_journal(struct host *host, unsigned wait_ms, struct reason *reason)
{
	int r = journal_open(&host->journal, JOURNAL_CALL, host->run_dir, host->name, true,
			     wait_ms);

	if (r == 0) {
		int undone = host_journal_undo(&host->journal, host->log);

		if (host->journal.fd < 0) /* set aside */
			r = journal_open(&host->journal, JOURNAL_CALL, host->run_dir, host->name,
					 true, wait_ms);
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

struct host *host_new(const char *run_dir, const char *name, unsigned wait_ms,
		      const struct log *log, struct reason *reason)
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
	} else if (open_journal(host, wait_ms, reason) == 0 &&
		   host_lockdown_take_over(host, wait_ms, reason) == 0) {
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
	names_finish(host);
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

void host_set_loop(struct host *host, struct loop *loop, void (*settled)(void *ctx), void *ctx)
{
	host->naming.run.loop = loop;
	host->settled = settled;
	host->settled_ctx = ctx;
}

bool host_is_settled(const struct host *host)
{
	return !names_busy(host);
}

enum host_dns_way host_dns_way_now(const struct host *host)
{
	return host->names.way;
}

void host_finish(struct host *host)
{
	names_finish(host);
}

void host_suspend(struct host *host)
{
	memset(&host->names, 0, sizeof(host->names));
	names_change(host);
}

static bool is_network(const struct undo_step *step)
{
	return !step->lasting && !undo_step_dns(step);
}

void host_undo(struct host *host)
{
	host_suspend(host);
	host_undo_if(host, is_network);
	host_tidy(host);
}

void host_tidy(struct host *host)
{
	for (size_t i = 0; i < host->step_count; i++)
		if (!host->steps[i].lasting)
			return;
	if (host->journal.records && journal_clear(&host->journal) < 0)
		log_warn(host->log, "cannot empty %s", host->journal.path);
	host_guard_stop(host);
}
