/* SPDX-License-Identifier: MIT */
/* Undoing what a journal holds, for those that end and for those that come after a broken run. */
#include "host/recover.h"

#include <errno.h>
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
