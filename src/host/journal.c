/* SPDX-License-Identifier: MIT */
/* The journal file: opening, locking, appending. */
#include "host/journal.h"

#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAGIC_LINE   "vpdial-journal 1"
#define JOURNAL_MAX  (1024 * 1024)
#define LOCK_STEP_MS 10
#define RESERVE	     16384
#define HEADER_LINES 4
#define NEW_SUFFIX   ".new"

void journal_boot_id(char *out, size_t cap)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(out, (int)cap, f))
		str_copy(out, cap, "unknown");
	out[strcspn(out, "\n")] = '\0';
	if (f)
		fclose(f);
}

static unsigned long long netns_id(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) == 0 ? (unsigned long long)st.st_ino : 0;
}

static int judge_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return -EPERM;
	return st.st_size > JOURNAL_MAX ? -EFBIG : 0;
}

/* Is FD still what stands at PATH?  Its last holder may have removed it while we waited. */
static bool is_current(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

static int lock(int fd, uint64_t end_ms)
{
	const struct timespec pause = {.tv_nsec = LOCK_STEP_MS * 1000000L};

	for (;;) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (clock_now_ms() >= end_ms)
			return -EBUSY;
		(void)nanosleep(&pause, NULL);
	}
}

/* What a rewriting that was cut short has left. */
static void remove_new(const char *path)
{
	char new_path[HOST_PATH_MAX + HOST_NAME_MAX + 24];
	struct str s = str_make(new_path, sizeof(new_path));

	str_printf(&s, "%s" NEW_SUFFIX, path);
	(void)unlink(new_path);
}

int journal_open(struct journal *j, enum journal_kind kind, const char *run_dir, const char *name,
		 bool create, unsigned wait_ms)
{
	static const char *const suffix[] = {"journal", "lockdown"};
	uint64_t end_ms = clock_now_ms() + wait_ms;
	struct str s = str_make(j->path, sizeof(j->path));
	int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | (create ? O_CREAT : 0);
	int fd, r;

	j->fd = -1;
	j->kind = kind;
	j->records = 0;
	j->unread = false;
	/* The path has room for the suffix and NEW_SUFFIX. */
	if (strlen(run_dir) >= HOST_PATH_MAX || !*name || strchr(name, '/') ||
	    !str_copy(j->name, sizeof(j->name), name))
		return -ENAMETOOLONG;
	str_printf(&s, "%s/%s.%s", run_dir, name, suffix[kind]);
	for (;;) {
		fd = open(j->path, flags, 0600);
		if (fd < 0)
			return -errno;
		r = judge_file(fd);
		if (r == 0)
			r = lock(fd, end_ms);
		if (r < 0) {
			close(fd);
			return r;
		}
		if (is_current(fd, j->path))
			break;
		close(fd);
	}
	j->fd = fd;
	remove_new(j->path);
	return 0;
}

void journal_close(struct journal *j)
{
	if (j->fd < 0)
		return;
	if (j->records == 0 && !j->unread)
		(void)unlink(j->path);
	close(j->fd);
	j->fd = -1;
}

static int sync_directory(const char *path)
{
	char dir[HOST_PATH_MAX + HOST_NAME_MAX + 24];
	int fd, r;

	str_copy(dir, sizeof(dir), path);
	*strrchr(dir, '/') = '\0';
	fd = open(*dir ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return r;
}

static int append(struct journal *j, const char *text, size_t len)
{
	off_t start = lseek(j->fd, 0, SEEK_END);
	ssize_t n = write(j->fd, text, len);

	if (n == (ssize_t)len && fsync(j->fd) == 0)
		return 0;
	n = n < 0 ? -errno : -EIO;
	if (start >= 0)
		(void)!ftruncate(j->fd, start);
	return (int)n;
}

static int add_header(struct journal *j)
{
	char boot[64], text[256];
	struct str s = str_make(text, sizeof(text));
	int r;

	journal_boot_id(boot, sizeof(boot));
	str_printf(&s, MAGIC_LINE "\nname %s\nboot %s\nnetns %llu\n", j->name, boot, netns_id());
	r = append(j, text, s.len);
	return r == 0 ? sync_directory(j->path) : r;
}

/* One record; the file has its header. */
static int add_record(struct journal *j, const struct undo_step *step)
{
	char *line = journal_line_make(step), *with_feed;
	size_t len;
	int r;

	if (!line)
		return -ENOMEM;
	len = strlen(line);
	with_feed = realloc(line, len + 2);
	if (!with_feed) {
		free(line);
		return -ENOMEM;
	}
	with_feed[len] = '\n';
	r = append(j, with_feed, len + 1);
	free(with_feed);
	if (r == 0)
		j->records++;
	return r;
}

int journal_add(struct journal *j, const struct undo_step *step)
{
	int r;

	if (j->records >= JOURNAL_STEPS_MAX)
		return -ENOSPC;
	r = j->records == 0 && lseek(j->fd, 0, SEEK_END) == 0 ? add_header(j) : 0;
	return r < 0 ? r : add_record(j, step);
}

int journal_clear(struct journal *j)
{
	if (ftruncate(j->fd, 0) < 0)
		return -errno;
	j->records = 0;
	return fsync(j->fd) < 0 ? -errno : 0;
}

int journal_reserve(struct journal *j)
{
	struct stat st;

	if (fstat(j->fd, &st) < 0)
		return -errno;
	if (fallocate(j->fd, FALLOC_FL_KEEP_SIZE, 0, st.st_size + RESERVE) < 0)
		return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -errno;
	return 0;
}

bool journal_holds(const struct journal *j, const struct undo_step *step)
{
	return undo_step_journaled(step) && step->lasting == (j->kind == JOURNAL_LOCKDOWN);
}

/* The new file beside it, locked before it has the name that others look for. */
static int write_new(struct journal *new, const struct undo_step *steps, size_t count)
{
	int r = flock(new->fd, LOCK_EX | LOCK_NB) < 0 ? -errno : add_header(new);

	for (size_t i = 0; r == 0 && i < count; i++)
		if (journal_holds(new, &steps[i]))
			r = add_record(new, &steps[i]);
	return r;
}

int journal_rewrite(struct journal *j, const struct undo_step *steps, size_t count)
{
	struct journal new = *j;
	char path[sizeof(j->path)];
	size_t records = 0;
	struct str s;
	int r;

	for (size_t i = 0; i < count; i++)
		records += journal_holds(j, &steps[i]);
	if (records == 0)
		return journal_clear(j);
	if (records > JOURNAL_STEPS_MAX)
		return -ENOSPC;
	str_copy(path, sizeof(path), j->path);
	s = str_make(new.path, sizeof(new.path));
	str_printf(&s, "%s" NEW_SUFFIX, path);
	new.records = 0;
	(void)unlink(new.path);
	new.fd = open(new.path,
		      O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
		      0600);
	if (new.fd < 0)
		return -errno;
	r = write_new(&new, steps, count);
	if (r == 0 && rename(new.path, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(new.path);
		close(new.fd);
		return r;
	}
	close(j->fd);
	j->fd = new.fd;
	j->records = new.records;
	return sync_directory(j->path);
}

int journal_set_aside(struct journal *j)
{
	char bad[sizeof(j->path) + 8];
	struct str s = str_make(bad, sizeof(bad));

	str_printf(&s, "%s.bad", j->path);
	if (rename(j->path, bad) < 0)
		return -errno;
	close(j->fd);
	j->fd = -1;
	return 0;
}

/* Whole file, NUL-terminated, cut after its last line feed.  NULL with *ERROR. */
static char *read_text(int fd, size_t *len, int *error)
{
	char *text = malloc(JOURNAL_MAX + 2), *end;
	ssize_t n;

	*len = 0;
	*error = -ENOMEM;
	if (!text)
		return NULL;
	do {
		n = pread(fd, text + *len, JOURNAL_MAX + 1 - *len, (off_t)*len);
		*len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	*error = n < 0 ? -EIO : *len > JOURNAL_MAX || memchr(text, '\0', *len) ? -EBADMSG : 0;
	if (*error) {
		free(text);
		return NULL;
	}
	end = memrchr(text, '\n', *len);
	*len = end ? (size_t)(end + 1 - text) : 0;
	text[*len] = '\0';
	return text;
}

/* Line NUMBER (from 0) of the header. */
static int judge_header(const char *line, size_t number, const char *name,
			struct journal_content *content)
{
	char boot[64], *end;

	switch (number) {
	case 0:
		return strcmp(line, MAGIC_LINE) == 0 ? 0 : -EBADMSG;
	case 1:
		return strncmp(line, "name ", 5) == 0 && strcmp(line + 5, name) == 0 ? 0 : -EBADMSG;
	case 2:
		journal_boot_id(boot, sizeof(boot));
		content->same_boot =
			strcmp(line + (strncmp(line, "boot ", 5) == 0 ? 5 : 0), boot) == 0;
		return strncmp(line, "boot ", 5) == 0 && strlen(line) < 64 ? 0 : -EBADMSG;
	case 3:
		if (strncmp(line, "netns ", 6) != 0 || line[6] < '0' || line[6] > '9')
			return -EBADMSG;
		content->same_netns = strtoull(line + 6, &end, 10) == netns_id();
		return *end == '\0' ? 0 : -EBADMSG;
	}
	return -EBADMSG;
}

int journal_read(const struct journal *j, struct journal_content *content)
{
	char *text, *line, *at;
	size_t len, number = 0;
	int r;

	memset(content, 0, sizeof(*content));
	text = read_text(j->fd, &len, &r);
	if (!text)
		return r;
	at = text;
	while (r == 0 && at < text + len) {
		line = strsep(&at, "\n");
		if (number < HEADER_LINES)
			r = judge_header(line, number, j->name, content);
		else if (content->count == JOURNAL_STEPS_MAX)
			r = -EBADMSG;
		else
			r = journal_line_parse(line, j->name, &content->steps[content->count]);
		if (r == 0 && number++ >= HEADER_LINES)
			content->steps[content->count++].lasting = j->kind == JOURNAL_LOCKDOWN;
	}
	free(text);
	return r;
}

void journal_content_free(struct journal_content *content)
{
	for (size_t i = 0; i < content->count; i++)
		undo_step_free(&content->steps[i]);
	content->count = 0;
}
