/* SPDX-License-Identifier: MIT */
/* The end of this run, for who asks when it is over; and of the run before it, until a call is up.
 */
#include "connection/last.h"

#include "base/clock.h"
#include "ipc/last.h"

#include <stdlib.h>
#include <string.h>

static void put(struct supervisor *s, bool running)
{
	struct control_last *last = malloc(sizeof *last);
	int rc;

	if (!last)
		return;
	control_last_init(last);
	last->running = running;
	last->time_ms = clock_day_ms();
	last->reason = s->reason;
	last->events = s->history;
	rc = control_last_write(s->run_dir, s->options.name, last);
	if (rc < 0)
		log_info(&s->log, "how it ends will not be known: %s", strerror(-rc));
	free(last);
}

void last_begin(struct supervisor *s)
{
	struct control_last *before = malloc(sizeof *before);

	if (before && control_last_read(s->run_dir, s->options.name, before) == 0) {
		s->status.last_end = before->reason;
		s->status.last_end_day_ms = before->time_ms;
		s->last_end_before = before->time_ms;
	}
	free(before);
	put(s, true);
}

void last_note(struct supervisor *s, const struct reason *why)
{
	s->status.last_end = *why;
	s->status.last_end_day_ms = clock_day_ms();
	s->last_end_before = 0;
}

void last_up(struct supervisor *s)
{
	if (!s->last_end_before)
		return;
	s->status.last_end = (struct reason){0};
	s->status.last_end_day_ms = 0;
	s->last_end_before = 0;
}

void last_end(struct supervisor *s)
{
	if (s->host) /* else another one's file may be there */
		put(s, false);
}
