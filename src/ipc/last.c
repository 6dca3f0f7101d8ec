/* SPDX-License-Identifier: MIT */
/* The file of the last end. */
#include "ipc/last.h"

#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN 512
#define HEAD_LEN offsetof(struct control_last, events)

static bool path_of(const char *run_dir, const char *name, const char *suffix,
		    char out[static PATH_LEN])
{
	return snprintf(out, PATH_LEN, "%s/%s.last%s", run_dir, name, suffix) < PATH_LEN;
}

void control_last_init(struct control_last *last)
{
	memset(last, 0, sizeof(*last));
	last->magic = CONTROL_LAST_MAGIC;
	last->version = CONTROL_VERSION;
	last->size = sizeof(*last);
	control_events_init(&last->events);
}

static bool head_valid(const struct control_last *r)
{
	uint32_t head[4], code;

	memcpy(head, r, sizeof(head));
	memcpy(&code, &r->reason.code, sizeof(code));
	return head[0] == CONTROL_LAST_MAGIC && head[1] == CONTROL_VERSION &&
	       head[2] == sizeof(*r) && head[3] <= 1 && code <= EXIT_AUTH_FAILED &&
	       memchr(r->reason.text, '\0', sizeof(r->reason.text));
}

bool control_last_valid(const void *record, size_t len)
{
	const struct control_last *r = record;

	if (len != sizeof(*r) && len != HEAD_LEN)
		return false;
	return head_valid(r) &&
	       (len == HEAD_LEN || control_events_valid(&r->events, sizeof(r->events)));
}

/* As the control socket is shared; without the group it stays its owner's. */
static void share_with_group(int fd)
{
	const struct group *group = geteuid() == 0 ? getgrnam(CONTROL_GROUP) : NULL;

	if (group && fchown(fd, 0, group->gr_gid) == 0)
		(void)fchmod(fd, 0640);
}

static int replace(const char *fresh, const char *path, const struct control_last *last, size_t len)
{
	int fd, r = 0;

	(void)unlink(fresh); /* of one that was killed while it wrote */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	share_with_group(fd);
	errno = ENOSPC; /* where a write is short */
	if (write(fd, last, len) != (ssize_t)len || rename(fresh, path) < 0) {
		r = -errno;
		(void)unlink(fresh);
	}
	close(fd);
	return r;
}

int control_last_write(const char *run_dir, const char *name, const struct control_last *last)
{
	char path[PATH_LEN], fresh[PATH_LEN];
	int r = -ENOSPC;

	if (!path_of(run_dir, name, "", path) || !path_of(run_dir, name, ".new", fresh))
		return -ENAMETOOLONG;
	if (!last->running)
		r = replace(fresh, path, last, sizeof(*last));
	return r < 0 ? replace(fresh, path, last, HEAD_LEN) : 0;
}

static void clean(struct control_last *last)
{
	char when[32];

	if (last->running) {
		last->reason = (struct reason){.code = EXIT_FATAL};
		(void)snprintf(last->reason.text, sizeof(last->reason.text),
			       "ended without a word, killed or crashed; it had begun at %s",
			       day_format(when, sizeof(when), last->time_ms));
		last->time_ms = 0;
	}
	str_blank(last->reason.text);
	for (size_t i = 0; i < CONTROL_EVENTS_MAX; i++)
		str_blank(last->events.ring[i].text);
}

int control_last_read(const char *run_dir, const char *name, struct control_last *last)
{
	/* One octet more than a record, so that a longer one is seen to be longer. */
	struct {
		struct control_last last;
		uint8_t more;
	} * record;
	char path[PATH_LEN];
	struct stat st;
	bool good;
	ssize_t n;
	int fd, r;

	if (!path_of(run_dir, name, "", path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	record = malloc(sizeof(*record));
	good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_uid == 0 || st.st_uid == geteuid());
	n = record && good ? read(fd, record, sizeof(*record)) : -1;
	r = !record ? -ENOMEM : n < 0 || !control_last_valid(record, (size_t)n) ? -EPROTO : 0;
	close(fd);
	if (r == 0) {
		control_last_init(last);
		memcpy(last, record, (size_t)n);
		clean(last);
	}
	free(record);
	return r;
}
