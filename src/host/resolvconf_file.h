/* SPDX-License-Identifier: MIT */
/* Editing /etc/resolv.conf where nothing manages it: a marked block in front, everything else
 * kept, so that the edit can be taken back even after others changed the file. */
#ifndef VPDIAL_HOST_RESOLVCONF_FILE_H
#define VPDIAL_HOST_RESOLVCONF_FILE_H

#include "host/resolvconf_text.h"

#include <sys/types.h>

#define HOST_PATH_MAX	512
#define RESOLV_FILE	"/etc/resolv.conf"
#define RESOLV_SIZE_MAX 65536

struct resolv_edit {
	char path[HOST_PATH_MAX]; /* the plain file behind all symbolic links */
	char name[HOST_NAME_MAX]; /* profile, part of the marks */
	bool was_there;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct resolv_text before, after;
	int lock; /* from planning to writing; -1 = none */
};

/* From reading to writing the file it is ours alone among all profiles, by the lock of its
 * directory.  Whoever holds that for ever must not keep a call from its name servers. */
enum resolv_lock {
	RESOLV_LOCK_WAIT,    /* for a moment, then without */
	RESOLV_LOCK_TRY,     /* -EWOULDBLOCK while somebody else has it: nothing was done */
	RESOLV_LOCK_WITHOUT, /* if somebody else has it */
};

/* Reads the file and plans the edit; nothing is changed yet.  Until it is written or freed other
 * profiles wait with theirs, but not for long.  0 and *EDIT (resolv_edit_free), or
 * -errno: -EWOULDBLOCK, -ELOOP for a file of systemd-resolved or a broken link, -EINVAL for a thing
 * that is no plain file, -EFBIG. */
int resolv_edit_plan(const char *name, const struct resolv_wish *wish, enum resolv_lock lock,
		     struct resolv_edit **edit);
/* Writes it: a new file beside, renamed over; in place where the file is a mount point. */
int resolv_edit_do(struct resolv_edit *edit);

/* Does the file hold our block still? */
bool resolv_edit_stands(const struct resolv_edit *edit);

enum { RESOLV_RESTORED = 0, RESOLV_LINES_REMOVED = 1 };
/* One of the two above, or -errno. */
int resolv_edit_undo(const struct resolv_edit *edit, enum resolv_lock lock);

/* Takes out the block of NAME that stands there since a boot that is not BOOT: the journal ended
 * with it, and so did the call.  1 if there was one, 0, or -errno. */
int resolv_clear_old(const char *name, const char *boot);

struct resolv_edit *resolv_edit_new(void);
void resolv_edit_free(struct resolv_edit *edit);

#endif
