/* SPDX-License-Identifier: MIT */
/* What everybody is told of the state: log, clients, the service manager. */
#include "connection/status.h"

#include "base/str.h"

#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static enum control_phase phase_of(enum control_state state, enum control_phase now)
{
	switch (state) {
	case CONTROL_STATE_RESOLVING:
	case CONTROL_STATE_CONNECTING:
	case CONTROL_STATE_SECURING:
	case CONTROL_STATE_CALLING:
	case CONTROL_STATE_NEGOTIATING:
	case CONTROL_STATE_WAITING:
		return CONTROL_DIALING;
	case CONTROL_STATE_AUTHENTICATING:
	case CONTROL_STATE_NETWORK:
	case CONTROL_STATE_CONFIGURING:
		return CONTROL_VERIFYING;
	case CONTROL_STATE_UP:
		return CONTROL_CONNECTED;
	case CONTROL_STATE_HANGING_UP:
	case CONTROL_STATE_COUNT:
		return now; /* it is not over before it is over */
	case CONTROL_STATE_DEMAND:
	case CONTROL_STATE_DOWN:
		return CONTROL_TERMINATED;
	}
	return now;
}

/* The words of the mission, once each, where someone reads along. */
static void announce(struct supervisor *s, enum control_phase before)
{
	const struct control_status *st = &s->status;

	if (st->phase == before)
		return;
	if (st->phase == CONTROL_CONNECTED)
		log_notice(&s->log, "connected: local address %s, remote address %s on %s",
			   st->local, st->remote[0] ? st->remote : "unknown", st->ifname);
	else
		log_notice(&s->log, "%s", control_phase_text((enum control_phase)st->phase));
}

void status_set(struct supervisor *s, enum control_state state, const char *message)
{
	struct control_status *st = &s->status;
	enum control_phase before = (enum control_phase)st->phase;
	uint64_t now = loop_now(s->loop);

	st->state_ms[st->state] += now - s->state_since_ms;
	s->state_since_ms = now;
	st->state = state;
	st->phase = phase_of(state, before);
	str_copy(st->message, sizeof st->message, message);
	log_info(&s->log, "%s: %s", control_state_text(state), message);
	announce(s, before);
	control_broadcast(&s->control, false);
	manager_tell(&s->manager);
}

/* From now on nobody's terminal is held; what is to be said goes to syslog. */
void status_detach(struct supervisor *s)
{
	int fd;

	if (status_detached(s) || s->options.foreground)
		return;
	control_let_go(&s->control);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; fd >= 0 && i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	/* Nor the file system that the user happened to stand in, if we can do without. */
	if (s->run_dir[0] == '/' && s->config_dir[0] == '/')
		(void)!chdir("/");
	openlog("vpdial", LOG_PID, LOG_DAEMON);
	s->log.format = LOG_FORMAT_SYSLOG;
}

bool status_detached(const struct supervisor *s)
{
	return s->log.format == LOG_FORMAT_SYSLOG;
}
