/* SPDX-License-Identifier: MIT */
/* How a call is, in the service manager's words. */
#include "connection/manager.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

void manager_open(struct manager *m, bool wanted)
{
	m->notify.fd = -1;
	if (wanted)
		notify_open(&m->notify);
}

/* The monitor's words, with what matters of the state. */
static void tell_status(const struct manager *m)
{
	const struct control_status *st = m->status;
	const char *word = control_phase_text((enum control_phase)st->phase);
	char text[sizeof st->message + 128];

	if (st->state == CONTROL_STATE_UP)
		(void)snprintf(text, sizeof text, "%s: %s on %s", word, st->local, st->ifname);
	else
		(void)snprintf(text, sizeof text, "%s: %s", word, st->message);
	notify_status(&m->notify, text);
}

void manager_tell(struct manager *m)
{
	enum control_state state = (enum control_state)m->status->state;

	if (m->notify.fd < 0)
		return;
	m->encoding[0] = '\0';
	tell_status(m);
	if (life_ends(m->life))
		notify_stopping(&m->notify);
	else if (state == CONTROL_STATE_UP || state == CONTROL_STATE_DEMAND ||
		 /* The first dial has ended, and the service is to go on trying: a server that is
		  * away must not hold up the machine's start. */
		 state == CONTROL_STATE_WAITING)
		notify_ready(&m->notify);
}

void manager_stats(struct manager *m)
{
	const struct control_status *st = m->status;
	char text[256];

	if (st->state != CONTROL_STATE_UP || strcmp(m->encoding, st->encoding) == 0)
		return;
	str_copy(m->encoding, sizeof m->encoding, st->encoding);
	(void)snprintf(text, sizeof text, "%s: %s on %s, encoding %s",
		       control_phase_text((enum control_phase)st->phase), st->local, st->ifname,
		       st->encoding);
	notify_status(&m->notify, text);
}

void manager_reloading(struct manager *m)
{
	if (!life_ends(m->life))
		notify_reloading(&m->notify);
}

void manager_close(struct manager *m)
{
	notify_close(&m->notify);
}
