/* SPDX-License-Identifier: MIT */
/* What never changes about the control sockets, so that programs of any two versions can hang up
 * each other's calls and say what is the matter: every record begins with {magic, version}; a
 * request is {magic, version, op}, whatever follows, and CONTROL_HANGUP keeps its number; a request
 * of another version is answered by one struct control_other (after CONTROL_HANGUP, by one wherever
 * a status would be sent, until the end).  Version 4 is older than that: it closes, but hangs up on
 * a request of its own version. */
#ifndef VPDIAL_IPC_VERSION_H
#define VPDIAL_IPC_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_VERSION_OLDEST 4

struct control_head {
	uint32_t magic, version;
};

struct control_other {
	struct control_head head;
	uint32_t phase; /* enum control_phase; of a server 0 */
	char program[32];
	char line[240]; /* how it is, in plain words */
};

/* Of a program that VERSION says which, in PHASE; LINE is cut. */
void control_other_fill(struct control_other *other, struct control_head head, uint32_t phase,
			const char *line);

/* Does the record of LEN octets begin with MAGIC and a version that is not VERSION?  Then *OTHER
 * holds what it tells, its texts terminated and printable: of a record that is no struct
 * control_other the head and, in the oldest version's status, the phase. */
bool control_other_read(const void *record, size_t len, struct control_head ours,
			struct control_other *other);

#endif
