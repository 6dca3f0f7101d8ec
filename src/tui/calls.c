/* SPDX-License-Identifier: MIT */
/* Connections to supervisors. */
#include "tui/calls.h"

#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EVENTS_LIMIT_MS 500 /* a local socket, and the supervisor has just spoken */

void watched_event(struct watched *w, enum log_level level, const char *text)
{
	call_add_event(&w->call, clock_day_ms(), level, text);
	w->owner->changed(w->owner->ctx);
}

static void hang(struct watched *w)
{
	loop_fd_del(w->owner->loop, &w->handle);
	close(w->handle.fd);
	w->handle.fd = -1;
}

static void closed(struct watched *w)
{
	const struct tui_source *source = w->owner->source;
	struct control_status status;

	hang(w);
	source->describe(source->ctx, w->call.status.profile, &status);
	call_closed(&w->call, &status, clock_day_ms());
	w->owner->changed(w->owner->ctx);
}

static void take_events(struct watched *w)
{
	struct control_events fresh;

	if (w->call.status.event_count != w->call.events_seen &&
	    client_events(w->owner->source->run_dir, w->call.status.profile, &fresh,
			  EVENTS_LIMIT_MS) == 0)
		call_take_events(&w->call, &fresh);
}

/* Of a run that is over. */
static void take_last_events(struct watched *w)
{
	struct control_last *last = malloc(sizeof(*last));

	if (last && client_last(w->owner->source->run_dir, w->call.status.profile, last) == 0)
		call_take_events(&w->call, &last->events);
	free(last);
}

/* It was started before an upgrade, perhaps. */
static void note_other(struct watched *w)
{
	struct control_other other;

	if (client_other(w->owner->source->run_dir, w->call.status.profile, EVENTS_LIMIT_MS,
			 &other))
		(void)snprintf(
			w->call.note, sizeof(w->call.note),
			"%s, started by %s, which is not this version; hang it up and dial again",
			control_phase_text((enum control_phase)other.phase), other.program);
}

/* Records of a connection; the name is ours, whatever they say. */
static void on_record(void *ctx, uint32_t events)
{
	struct watched *w = ctx;
	struct control_status status;
	uint32_t state = w->call.status.state;
	bool heard = w->call.heard;
	int r = client_receive(w->handle.fd, &status, 0);

	(void)events;
	if (r == -ETIMEDOUT || r == -EAGAIN || r == -EINTR)
		return;
	if (r < 0) {
		closed(w);
		if (r == -EPROTONOSUPPORT || (r == -EPIPE && !heard))
			note_other(w);
		return;
	}
	(void)str_copy(status.profile, sizeof(status.profile), w->call.status.profile);
	call_heard(&w->call, &status, clock_now_ms());
	take_events(w);
	if (!heard || state != status.state)
		w->owner->changed(w->owner->ctx);
}

void watched_refresh(struct watched *w)
{
	struct control_status status;
	struct control_status old = w->call.status;

	if (w->handle.fd >= 0)
		return;
	w->owner->source->describe(w->owner->source->ctx, w->call.status.profile, &status);
	/* What a command that could not even dial has said is nowhere else. */
	if (old.last_end_day_ms > status.last_end_day_ms) {
		status.last_end = old.last_end;
		status.last_end_day_ms = old.last_end_day_ms;
	}
	w->call.status = status;
}

static void look_for_supervisor(struct watched *w)
{
	const char *name = w->call.status.profile;
	int fd = client_open(w->owner->source->run_dir, name);

	if (fd < 0) {
		if (fd != -ENOENT)
			call_unknown(&w->call);
		else if (*w->call.note) { /* what could not be told is known now */
			w->call.note[0] = '\0';
			watched_refresh(w);
		}
		if (fd == -EACCES || fd == -EPERM)
			(void)snprintf(w->call.note, sizeof(w->call.note),
				       "its control socket is not open to you; run vpdial as its "
				       "user, or join the group " CONTROL_GROUP);
		else if (fd != -ENOENT)
			(void)snprintf(w->call.note, sizeof(w->call.note), "control socket: %s",
				       strerror(-fd));
		return;
	}
	w->handle.fd = fd;
	if (client_send(fd, CONTROL_WATCH) < 0 ||
	    loop_fd_add(w->owner->loop, &w->handle, EPOLLIN) < 0) {
		close(fd);
		w->handle.fd = -1;
		return;
	}
	call_opened(&w->call, clock_now_ms());
}

static struct watched *watched_new(struct calls *calls, const char *name)
{
	struct watched *w = calloc(1, sizeof(*w));
	struct control_status status;

	if (!w)
		return NULL;
	w->owner = calls;
	w->handle = (struct loop_fd){.fd = -1, .ready = on_record, .ctx = w};
	calls->source->describe(calls->source->ctx, name, &status);
	call_init(&w->call, &status);
	look_for_supervisor(w);
	if (w->handle.fd < 0)
		take_last_events(w);
	return w;
}

static void watched_free(struct watched *w)
{
	if (w && w->handle.fd >= 0)
		hang(w);
	free(w);
}

struct watched *calls_find(struct calls *calls, const char *name)
{
	for (size_t i = 0; i < calls->count; i++)
		if (strcmp(calls->list[i]->call.status.profile, name) == 0)
			return calls->list[i];
	return NULL;
}

struct watched *calls_selected(struct calls *calls)
{
	return calls->count ? calls->list[calls->selected] : NULL;
}

static bool contains(struct watched *const *list, size_t count, const struct watched *w)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == w)
			return true;
	return false;
}

/* The list in the order of NAMES: those that are known stay, those that are gone go. */
static void renew(struct calls *calls, char **names, size_t count)
{
	struct watched *selected = calls_selected(calls), *list[CALLS_MAX];
	size_t n = 0, at = 0;

	for (size_t i = 0; i < count && n < CALLS_MAX; i++) {
		struct watched *w = calls_find(calls, names[i]);

		if (!w)
			w = watched_new(calls, names[i]);
		if (!w)
			break;
		if (w == selected)
			at = n;
		list[n++] = w;
	}
	for (size_t i = 0; i < calls->count; i++)
		if (!contains(list, n, calls->list[i]))
			watched_free(calls->list[i]);
	calls->count = n;
	calls->selected = at;
	for (size_t i = 0; i < n; i++) {
		calls->list[i] = list[i];
		calls->view[i] = &list[i]->call;
	}
}

void calls_scan(struct calls *calls)
{
	const struct tui_source *source = calls->source;
	char **names = NULL, *only[1];
	size_t count = 0;

	if (source->only) {
		only[0] = strdup(source->only);
		renew(calls, only, only[0] ? 1 : 0);
		free(only[0]);
		return;
	}
	calls->notice[0] = '\0';
	if (source->names(source->ctx, &names, &count, calls->notice, sizeof(calls->notice)) < 0)
		count = 0;
	renew(calls, names, count);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

void calls_tick(struct calls *calls)
{
	for (size_t i = 0; i < calls->count; i++) {
		struct watched *w = calls->list[i];

		if (w->handle.fd < 0)
			look_for_supervisor(w);
		if (w == calls_selected(calls) && !*w->call.note)
			watched_refresh(w);
		call_tick(&w->call, clock_now_ms());
	}
}

void calls_close(struct calls *calls)
{
	for (size_t i = 0; i < calls->count; i++)
		watched_free(calls->list[i]);
	calls->count = 0;
}

bool watched_tell(struct watched *w, enum control_op op)
{
	return w->handle.fd >= 0 && client_send(w->handle.fd, op) == 0;
}
