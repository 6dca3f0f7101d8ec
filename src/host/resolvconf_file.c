/* SPDX-License-Identifier: MIT */
/* The guarded edit of resolv.conf. */
#include "host/resolvconf_file.h"

#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_STEP_MS 5
#define LOCK_WAIT_MS 1000 /* others hold it for some milliseconds */

#define WRITTEN_AT_ONCE 4096 /* octets of a file that a kill cannot divide */

struct resolv_edit *resolv_edit_new(void)
{
	struct resolv_edit *e = calloc(1, sizeof(*e));

	if (e)
		e->lock = -1;
	return e;
}

/* The directory's lock into *LOCK, -1 = without.  0, or -EWOULDBLOCK for RESOLV_LOCK_TRY. */
static int hold(const char *path, enum resolv_lock how, int *lock)
{
	const struct timespec pause = {.tv_nsec = LOCK_STEP_MS * 1000000L};
	uint64_t end = clock_now_ms() + LOCK_WAIT_MS;
	char dir[HOST_PATH_MAX];
	int fd;

	*lock = -1;
	if (!str_copy(dir, sizeof(dir), path) || !strrchr(dir, '/'))
		return 0;
	strrchr(dir, '/')[1] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		bool busy = errno == EWOULDBLOCK || errno == EINTR;

		if (!busy || how != RESOLV_LOCK_WAIT || clock_now_ms() >= end) {
			close(fd);
			return busy && how == RESOLV_LOCK_TRY ? -EWOULDBLOCK : 0;
		}
		(void)nanosleep(&pause, NULL);
	}
	*lock = fd;
	return 0;
}

/* A process that was forked meanwhile may have the descriptor too. */
static void let_go(int *lock)
{
	if (*lock < 0)
		return;
	(void)flock(*lock, LOCK_UN);
	close(*lock);
	*lock = -1;
}

void resolv_edit_free(struct resolv_edit *edit)
{
	if (!edit)
		return;
	let_go(&edit->lock);
	free(edit->before.text);
	free(edit->after.text);
	free(edit);
}

/* The whole of PATH; *ST describes it.  -ENOENT if it is not there. */
static int read_whole(const char *path, struct resolv_text *t, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) {
		close(fd);
		return -EINVAL;
	}
	t->text = malloc(RESOLV_SIZE_MAX + 2);
	t->len = 0;
	if (!t->text) {
		close(fd);
		return -ENOMEM;
	}
	do {
		n = read(fd, t->text + t->len, RESOLV_SIZE_MAX + 1 - t->len);
		t->len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	close(fd);
	if (n == 0 && t->len <= RESOLV_SIZE_MAX) {
		t->text[t->len] = '\0';
		return 0;
	}
	free(t->text);
	*t = (struct resolv_text){0};
	return n < 0 ? -EIO : -EFBIG;
}

/* The plain file behind /etc/resolv.conf into PATH. */
static int real_file(char path[static HOST_PATH_MAX])
{
	static const char stub[] = "/run/systemd/resolve/";
	char real[PATH_MAX];
	struct stat st;

	if (lstat(RESOLV_FILE, &st) < 0) {
		if (errno != ENOENT)
			return -errno;
		return str_copy(path, HOST_PATH_MAX, RESOLV_FILE) ? 0 : -ENAMETOOLONG;
	}
	if (!realpath(RESOLV_FILE, real))
		return -ELOOP;
	/* Written by systemd-resolved, which would overwrite ours at its next change. */
	if (strncmp(real, stub, sizeof(stub) - 1) == 0 ||
	    strcmp(real, "/usr/lib/systemd/resolv.conf") == 0)
		return -ELOOP;
	for (const char *p = real; *p; p++)
		if (*p <= ' ' || *p > '~') /* must fit a journal line */
			return -EINVAL;
	return str_copy(path, HOST_PATH_MAX, real) ? 0 : -ENAMETOOLONG;
}

/* A block of ours that an earlier run could not take back is not worth restoring. */
static int drop_stale(const char *name, struct resolv_text *t)
{
	struct resolv_text clean;
	int r = resolv_text_unmake(name, t, &clean);

	if (r < 0)
		return r;
	free(t->text);
	*t = clean;
	return 0;
}

int resolv_edit_plan(const char *name, const struct resolv_wish *wish, enum resolv_lock lock,
		     struct resolv_edit **edit)
{
	struct resolv_edit *e = resolv_edit_new();
	struct stat st;
	int r;

	if (!e)
		return -ENOMEM;
	e->mode = 0644;
	r = str_copy(e->name, sizeof(e->name), name) ? real_file(e->path) : -ENAMETOOLONG;
	if (r == 0)
		r = hold(e->path, lock, &e->lock);
	if (r == 0) {
		r = read_whole(e->path, &e->before, &st);
		if (r == 0) {
			e->was_there = true;
			e->mode = st.st_mode & 0777;
			e->uid = st.st_uid;
			e->gid = st.st_gid;
		} else if (r == -ENOENT) {
			e->before.text = calloc(1, 1);
			r = e->before.text ? 0 : -ENOMEM;
		}
	}
	if (r == 0)
		r = drop_stale(name, &e->before);
	if (r == 0)
		r = resolv_text_make(name, &e->before, wish, &e->after);
	if (r < 0) {
		resolv_edit_free(e);
		return r;
	}
	*edit = e;
	return 0;
}

static int write_all(int fd, const struct resolv_text *t)
{
	size_t done = 0;
	ssize_t n;

	while (done < t->len) {
		n = write(fd, t->text + done, t->len - done);
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* The name of the new file beside PATH. */
static void beside(const char *path, char *out, size_t cap)
{
	struct str s = str_make(out, cap);

	str_printf(&s, "%s.vpdial-new", path);
}

static int replace(const struct resolv_edit *e, const struct resolv_text *t)
{
	char new_path[HOST_PATH_MAX + 16];
	int fd, r;

	beside(e->path, new_path, sizeof(new_path));
	if (unlink(new_path) < 0 && errno != ENOENT)
		return -errno;
	fd = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, t);
	if (r == 0 && e->was_there && fchown(fd, e->uid, e->gid) < 0)
		r = -errno;
	if (r == 0 && fchmod(fd, e->mode) < 0)
		r = -errno;
	close(fd);
	if (r == 0 && rename(new_path, e->path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(new_path);
	return r;
}

/* For a file that is a mount point of its own (containers) or stands in a directory we may not
 * write.  The journal has both texts, so a crash in the middle is repaired too: a longer file is
 * cut first, since what remained behind the new text could not be told from lines of others. */
static int overwrite(const struct resolv_edit *e, const struct resolv_text *t)
{
	int fd = open(e->path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || (st.st_size > (off_t)t->len && ftruncate(fd, (off_t)t->len) < 0))
		r = -errno;
	if (r == 0)
		r = write_all(fd, t);
	close(fd);
	return r;
}

static int put(const struct resolv_edit *e, const struct resolv_text *t)
{
	int r = replace(e, t);

	if (r == -EBUSY || r == -EROFS || r == -EACCES || r == -EPERM || r == -EXDEV)
		r = overwrite(e, t);
	return r;
}

int resolv_edit_do(struct resolv_edit *e)
{
	int r = put(e, &e->after);

	let_go(&e->lock);
	return r;
}

bool resolv_edit_stands(const struct resolv_edit *e)
{
	struct resolv_text current = {0};
	struct stat st;
	bool stands;

	if (read_whole(e->path, &current, &st) < 0)
		return false;
	stands = resolv_text_has_block(&current, e->name);
	free(current.text);
	return stands;
}

static bool same_text(const struct resolv_text *a, const struct resolv_text *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

/* Is CURRENT the outcome of our own write, maybe cut short by a crash: the first octets new, the
 * rest (of an overwrite in place) old?  Only at the end of a page: with lines of others gone, the
 * file may look like that anywhere.  Or it has the old length already and awaits the old text; but
 * just our block is what is left when another profile, alone in the file before us, has ended. */
static bool is_ours(const struct resolv_edit *e, const struct resolv_text *current)
{
	size_t n = 0;

	if (same_text(current, &e->after))
		return true;
	while (n < current->len && n < e->after.len && current->text[n] == e->after.text[n])
		n++;
	if (n == current->len)
		return n > 0 &&
		       (n % WRITTEN_AT_ONCE == 0 ||
			(n == e->before.len && !resolv_text_ends_with_block(current, e->name)));
	n -= n % WRITTEN_AT_ONCE;
	return n > 0 && current->len == e->before.len &&
	       memcmp(current->text + n, e->before.text + n, current->len - n) == 0;
}

static int restore(const struct resolv_edit *e)
{
	if (e->was_there)
		return put(e, &e->before);
	return unlink(e->path) < 0 && errno != ENOENT ? -errno : 0;
}

static int undo_held(const struct resolv_edit *e)
{
	char new_path[HOST_PATH_MAX + 16];
	struct resolv_text current = {0}, cleaned = {0};
	struct stat st = {0};
	struct resolv_edit now = *e;
	int r;

	beside(e->path, new_path, sizeof(new_path));
	(void)unlink(new_path);
	r = read_whole(e->path, &current, &st);
	if (r < 0) /* removed by others: not ours to bring back */
		return r == -ENOENT ? RESOLV_RESTORED : r;
	if (e->was_there && same_text(&current, &e->before)) {
		r = RESOLV_RESTORED; /* never written, or restored already */
	} else if (is_ours(e, &current)) {
		r = restore(e);
	} else {
		r = resolv_text_unmake(e->name, &current, &cleaned);
		now.mode = st.st_mode & 0777;
		now.uid = st.st_uid;
		now.gid = st.st_gid;
		now.was_there = true;
		if (r == 0 && !same_text(&cleaned, &current))
			r = put(&now, &cleaned);
		if (r == 0)
			r = RESOLV_LINES_REMOVED;
		free(cleaned.text);
	}
	free(current.text);
	return r;
}

int resolv_edit_undo(const struct resolv_edit *e, enum resolv_lock lock)
{
	int fd, r = hold(e->path, lock, &fd);

	if (r < 0)
		return r;
	r = undo_held(e);
	let_go(&fd);
	return r;
}

/* What cannot be read holds nothing of ours either. */
static bool read_old(struct resolv_edit *e, const char *name, const char *boot)
{
	struct stat st = {0};

	free(e->before.text);
	e->before = (struct resolv_text){0};
	if (read_whole(e->path, &e->before, &st) < 0 ||
	    !resolv_text_has_old_block(&e->before, name, boot))
		return false;
	e->was_there = true;
	e->mode = st.st_mode & 0777;
	e->uid = st.st_uid;
	e->gid = st.st_gid;
	return true;
}

int resolv_clear_old(const char *name, const char *boot)
{
	struct resolv_edit *e = resolv_edit_new();
	bool found;
	int r = 0;

	if (!e)
		return -ENOMEM;
	found = real_file(e->path) == 0 && read_old(e, name, boot);
	if (found) {
		(void)hold(e->path, RESOLV_LOCK_WAIT, &e->lock);
		found = read_old(e, name, boot);
	}
	if (found) {
		r = resolv_text_unmake(name, &e->before, &e->after);
		if (r == 0)
			r = put(e, &e->after);
		r = r < 0 ? r : 1;
	}
	resolv_edit_free(e);
	return r;
}
