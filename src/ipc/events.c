/* SPDX-License-Identifier: MIT */
/* The ring of events. */
#include "ipc/events.h"

#include "base/log.h"
#include "base/str.h"

#include <string.h>

void control_events_init(struct control_events *events)
{
	memset(events, 0, sizeof(*events));
	events->magic = CONTROL_EVENTS_MAGIC;
	events->version = CONTROL_VERSION;
	events->size = sizeof(*events);
}

void control_events_add(struct control_events *events, uint64_t time_ms, uint32_t level,
			const char *text)
{
	struct control_event *e = &events->ring[events->count++ % CONTROL_EVENTS_MAX];

	memset(e, 0, sizeof(*e));
	e->time_ms = time_ms;
	e->level = level;
	(void)str_copy(e->text, sizeof(e->text), text);
	str_blank(e->text);
}

size_t control_events_kept(const struct control_events *events)
{
	return events->count < CONTROL_EVENTS_MAX ? (size_t)events->count : CONTROL_EVENTS_MAX;
}

const struct control_event *control_events_at(const struct control_events *events, size_t i)
{
	uint64_t first = events->count - control_events_kept(events);

	return &events->ring[(first + i) % CONTROL_EVENTS_MAX];
}

bool control_events_valid(const void *record, size_t len)
{
	struct control_events head;

	if (len != sizeof(head))
		return false;
	memcpy(&head, record, sizeof(head));
	if (head.magic != CONTROL_EVENTS_MAGIC || head.version != CONTROL_VERSION ||
	    head.size != len)
		return false;
	for (size_t i = 0; i < CONTROL_EVENTS_MAX; i++)
		if (head.ring[i].level > LOG_LEVEL_DEBUG ||
		    !memchr(head.ring[i].text, '\0', sizeof(head.ring[i].text)))
			return false;
	return true;
}
