/* SPDX-License-Identifier: MIT */
/* RUN_DIR/NAME.journal and NAME.lockdown: the changes that do not vanish with the TUN device,
 * written before each is done.
 *
 * Text, one record a line, synchronised to the disk after each line; a last line without its line
 * feed was never acted on and is ignored.  Records are appended; when some are done with, a new
 * file with the others takes the place of the old one.  The living process holds flock(2) on the
 * file. */
#ifndef VPDIAL_HOST_JOURNAL_H
#define VPDIAL_HOST_JOURNAL_H

#include "host/undo.h"

#include <stdbool.h>
#include <stddef.h>

#define JOURNAL_STEPS_MAX 192

/* A profile has two: one is undone whenever the process that wrote it is gone, the other holds the
 * lockdown, which stays until the user ends it. */
enum journal_kind { JOURNAL_CALL, JOURNAL_LOCKDOWN };

struct journal {
	int fd; /* -1 = closed */
	enum journal_kind kind;
	char path[HOST_PATH_MAX + HOST_NAME_MAX + 24];
	char name[HOST_NAME_MAX];
	size_t records;
	bool unread; /* what it holds is not known: it is kept */
};

struct journal_content {
	size_t count;
	struct undo_step steps[JOURNAL_STEPS_MAX]; /* in the order they were written */
	bool same_boot, same_netns;
};

/* The kernel's name for this boot. */
void journal_boot_id(char *out, size_t cap);

/* Opens and locks; waits WAIT_MS for another's lock.  With CREATE makes the file.  0, -ENOENT,
 * -EBUSY (a living process holds it), -EPERM (not our file, or others may write it), -errno. */
int journal_open(struct journal *j, enum journal_kind kind, const char *run_dir, const char *name,
		 bool create, unsigned wait_ms);
/* Closes, which unlocks; removes the file first if it holds no records, as far as is known. */
void journal_close(struct journal *j);

/* Everything in it, judged line by line before anything is returned: 0, or -EBADMSG if any line
 * is not one that journal_add writes.  Free with journal_content_free in both cases. */
int journal_read(const struct journal *j, struct journal_content *content);
void journal_content_free(struct journal_content *content);

/* Makes room on the disk for what is going to be added, so that a full one is noticed before
 * anything is changed.  0 or -errno. */
int journal_reserve(struct journal *j);
/* Appends STEP and waits until it is on the disk.  0 or -errno. */
int journal_add(struct journal *j, const struct undo_step *step);
/* Empties it. */
int journal_clear(struct journal *j);
/* Does STEP belong into J? */
bool journal_holds(const struct journal *j, const struct undo_step *step);
/* Holds those of the COUNT STEPS that belong into it, and nothing else, from now on.  On
 * failure (-errno) it is as before. */
int journal_rewrite(struct journal *j, const struct undo_step *steps, size_t count);
/* Puts a file that cannot be read aside with ".bad" behind its name. */
int journal_set_aside(struct journal *j);

/* One record without its line feed, both ways; exposed for tests.  The text is owned by the
 * caller, NULL when out of memory; parsing changes LINE and returns 0 or -EBADMSG. */
char *journal_line_make(const struct undo_step *step);
int journal_line_parse(char *line, const char *name, struct undo_step *step);

#endif
