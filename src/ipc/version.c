/* SPDX-License-Identifier: MIT */
#include "ipc/version.h"

#include "base/str.h"
#include "ipc/control.h"

#include <string.h>

/* {magic, version, size, phase} */
#define OLDEST_PHASE_AT 12

void control_other_fill(struct control_other *other, struct control_head head, uint32_t phase,
			const char *line)
{
	struct str program;

	*other = (struct control_other){.head = head, .phase = phase};
	program = str_make(other->program, sizeof(other->program));
	str_printf(&program, "vpdial %s", VPDIAL_VERSION);
	(void)str_copy(other->line, sizeof(other->line), line);
}

static void clean(char *text, size_t cap)
{
	text[cap - 1] = '\0';
	str_blank(text);
}

bool control_other_read(const void *record, size_t len, struct control_head ours,
			struct control_other *other)
{
	*other = (struct control_other){.phase = CONTROL_TERMINATED};
	if (len < sizeof(other->head))
		return false;
	memcpy(&other->head, record, sizeof(other->head));
	if (other->head.magic != ours.magic || other->head.version == ours.version)
		return false;
	if (len == sizeof(*other))
		memcpy(other, record, sizeof(*other));
	else if (other->head.version == CONTROL_VERSION_OLDEST &&
		 len >= OLDEST_PHASE_AT + sizeof(other->phase))
		memcpy(&other->phase, (const uint8_t *)record + OLDEST_PHASE_AT,
		       sizeof(other->phase));
	if (other->phase > CONTROL_TERMINATED)
		other->phase = CONTROL_TERMINATED;
	if (!other->program[0])
		(void)str_copy(other->program, sizeof(other->program), "another vpdial");
	clean(other->program, sizeof(other->program));
	clean(other->line, sizeof(other->line));
	return true;
}
