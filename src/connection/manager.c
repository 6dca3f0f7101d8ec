/* SPDX-License-Identifier: MIT */
/* How a call is, in the service manager's words. */
#include "connection/internal.h"

#include <stdio.h>

void manager_open(struct supervisor *s)
{
	s->notify.fd = -1;
	if (s->options.foreground) /* else another process is the service */
		notify_open(&s->notify);
}

/* The monitor's words, with what matters of the state. */
static void tell_status(const struct supervisor *s)
{
	const struct control_status *st = &s->status;
	const char *word = control_phase_text((enum control_phase)st->phase);
	char text[sizeof st->message + 128];

	if (st->state == CONTROL_STATE_UP)
		(void)snprintf(text, sizeof text, "%s: %s on %s", word, st->local, st->ifname);
	else
		(void)snprintf(text, sizeof text, "%s: %s", word, st->message);
	notify_status(&s->notify, text);
}

void manager_tell(struct supervisor *s)
{
	enum control_state state = (enum control_state)s->status.state;

	if (s->notify.fd < 0)
		return;
	s->tell_encoding = state == CONTROL_STATE_UP;
	tell_status(s);
	if (s->hanging_up || s->done)
		notify_stopping(&s->notify);
	else if (state == CONTROL_STATE_UP || state == CONTROL_STATE_DEMAND ||
		 /* The first dial has ended, and the service is to go on trying: a server that is
		  * away must not hold up the machine's start. */
		 state == CONTROL_STATE_WAITING)
		notify_ready(&s->notify);
}

void manager_stats(struct supervisor *s)
{
	const struct control_status *st = &s->status;
	char text[256];

	(void)snprintf(text, sizeof text, "%s: %s on %s, encoding %s",
		       control_phase_text((enum control_phase)st->phase), st->local, st->ifname,
		       st->encoding);
	if (s->tell_encoding)
		notify_status(&s->notify, text);
	s->tell_encoding = false;
}

void manager_reloading(struct supervisor *s)
{
	if (!s->hanging_up && !s->done)
		notify_reloading(&s->notify);
}

void manager_close(struct supervisor *s)
{
	notify_close(&s->notify);
}
