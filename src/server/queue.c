/* SPDX-License-Identifier: MIT */
/* Records in order, their files, their repetition. */
#include "server/queue.h"

#include "base/str.h"
#include "server/serving.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_DIR    "/var/lib/vpdial"
#define QUEUE_DIR    "accounting"
#define FILE_MAGIC   0x56505251u
#define FILE_VERSION 1
#define RETRY_MS     10000
#define RETRY_MAX_MS 300000
#define NAME_LEN     32

struct queued {
	struct queued *next;
	uint32_t serial;
	enum queue_keep keep;
	bool sent;
	unsigned failures;
	uint64_t next_ms;    /* not before */
	char name[NAME_LEN]; /* of its file, "" = none */
	struct radius_record record;
};

/* A file holds this and nothing else, in this machine's order: it never leaves the machine. */
struct queue_file {
	uint32_t magic, version, size;
	struct radius_record record;
};

/* --- files --- */

static bool file_path(const struct queue *q, const char *name, char *out, size_t cap)
{
	return q->dir[0] && (size_t)snprintf(out, cap, "%s/%s", q->dir, name) < cap;
}

static void unlink_file(const struct queue *q, struct queued *i)
{
	char path[sizeof q->dir + NAME_LEN];

	if (i->name[0] && file_path(q, i->name, path, sizeof path))
		unlink(path);
	i->name[0] = '\0';
}

static int write_whole(const char *path, const struct queue_file *f)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, f, sizeof *f) != (ssize_t)sizeof *f)
		rc = errno ? -errno : -EIO;
	close(fd);
	if (rc < 0)
		unlink(path);
	return rc;
}

/* Under another name first: a file that was cut never has a name that is read. */
static void write_file(struct server *s, struct queued *i)
{
	struct queue *q = &s->queue;
	struct queue_file f;
	char path[sizeof q->dir + NAME_LEN], draft[sizeof q->dir + NAME_LEN];
	int rc;

	memset(&f, 0, sizeof f);
	f.magic = FILE_MAGIC;
	f.version = FILE_VERSION;
	f.size = sizeof f;
	f.record = i->record;
	snprintf(i->name, sizeof i->name, "%08x-%08x", s->aaa.last_session, i->serial);
	if (!file_path(q, i->name, path, sizeof path) ||
	    !file_path(q, ".draft", draft, sizeof draft)) {
		i->name[0] = '\0';
		return;
	}
	rc = write_whole(draft, &f);
	if (rc == 0 && rename(draft, path) < 0)
		rc = -errno;
	if (rc == 0)
		return;
	i->name[0] = '\0';
	if (log_limit_allow(&q->limit, loop_now(s->loop), NULL))
		log_warn(&s->log, "accounting: a record is kept in memory only: %s: %s", path,
			 strerror(-rc));
}

static bool record_is_good(const struct radius_record *r)
{
	const struct radius_caller *c = &r->caller;

	return (r->status == RADIUS_START || r->status == RADIUS_STOP) &&
	       c->user_len <= sizeof c->user && r->class_count <= RADIUS_CLASSES_MAX &&
	       request_text_valid(c->session_id, sizeof c->session_id) &&
	       request_text_valid(c->from, sizeof c->from) &&
	       request_text_valid(c->to, sizeof c->to);
}

static bool read_file(const char *path, struct radius_record *record)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct queue_file f;
	struct stat st;
	bool good;

	if (fd < 0)
		return false;
	good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       st.st_size == (off_t)sizeof f && read(fd, &f, sizeof f) == (ssize_t)sizeof f &&
	       f.magic == FILE_MAGIC && f.version == FILE_VERSION && f.size == sizeof f &&
	       record_is_good(&f.record);
	close(fd);
	if (good)
		*record = f.record;
	return good;
}

/* --- the list --- */

static struct queued *append(struct queue *q, const struct radius_record *record,
			     enum queue_keep keep)
{
	struct queued *i = calloc(1, sizeof *i);

	if (!i)
		return NULL;
	i->serial = ++q->last_serial;
	i->keep = keep;
	i->record = *record;
	*q->last = i;
	q->last = &i->next;
	q->count++;
	return i;
}

static void take_out(struct queue *q, struct queued *gone)
{
	struct queued **at = &q->first;

	while (*at && *at != gone)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = gone->next;
	if (q->last == &gone->next)
		q->last = at;
	q->count--;
	q->sent -= gone->sent;
	free(gone);
}

static void give_up_oldest(struct server *s)
{
	struct queue *q = &s->queue;

	q->given_up++;
	if (log_limit_allow(&q->limit, loop_now(s->loop), NULL))
		log_error(&s->log,
			  "accounting: %d records wait for a RADIUS server, the oldest is given up "
			  "(%llu so far)",
			  QUEUE_MAX, (unsigned long long)q->given_up);
	unlink_file(q, q->first);
	take_out(q, q->first);
}

/* --- sending --- */

static void send_due(struct server *s)
{
	struct queue *q = &s->queue;
	uint64_t now = loop_now(s->loop), next = DEADLINE_NONE;

	for (struct queued *i = q->first; i; i = i->next) {
		if (i->sent)
			continue;
		if (q->sent >= QUEUE_SENT_MAX)
			return; /* an answer goes on with it */
		if (i->next_ms <= now && !aaa_record(s, i->serial, &i->record))
			i->next_ms = now + RETRY_MS;
		else if (i->next_ms <= now) {
			i->sent = true;
			q->sent++;
			continue;
		}
		next = deadline_min(next, i->next_ms);
	}
	loop_timer_set(s->loop, &q->timer, next);
}

static void on_timer(void *ctx)
{
	send_due(ctx);
}

void queue_add(struct server *s, const struct radius_record *record, enum queue_keep keep)
{
	struct queue *q = &s->queue;
	struct queued *i;

	if (q->count >= QUEUE_MAX)
		give_up_oldest(s);
	i = append(q, record, keep);
	if (i && keep == QUEUE_FILE)
		write_file(s, i);
	send_due(s);
}

void queue_kick(struct server *s)
{
	for (struct queued *i = s->queue.first; i; i = i->next) {
		i->sent = false;
		i->next_ms = 0;
	}
	s->queue.sent = 0;
	send_due(s);
}

/* Who answers again gets all at once. */
static void hurry(struct queue *q)
{
	for (struct queued *i = q->first; i; i = i->next)
		i->next_ms = 0;
}

static void put_off(struct server *s, struct queued *i)
{
	uint64_t wait = RETRY_MS;

	for (unsigned n = 0; n < i->failures && wait < RETRY_MAX_MS; n++)
		wait *= 2;
	i->failures++;
	i->sent = false;
	s->queue.sent--;
	i->next_ms = loop_now(s->loop) + deadline_min(wait, RETRY_MAX_MS);
}

void queue_recorded(struct server *s, uint32_t serial, bool taken)
{
	struct queue *q = &s->queue;
	struct queued *i = q->first;

	while (i && (i->serial != serial || !i->sent))
		i = i->next;
	if (!i)
		return;
	if (taken || i->keep == QUEUE_ONCE) {
		unlink_file(q, i);
		take_out(q, i);
	} else {
		put_off(s, i);
	}
	if (taken)
		hurry(q);
	send_due(s);
	q->settled(s);
}

bool queue_is_idle(const struct server *s)
{
	return s->queue.sent == 0;
}

/* --- begin and end --- */

static bool make_dir(struct queue *q)
{
	const char *given = getenv("STATE_DIRECTORY"); /* systemd's, of StateDirectory= */
	const char *state = given && given[0] == '/' ? given : STATE_DIR;

	if ((size_t)snprintf(q->dir, sizeof q->dir, "%s/" QUEUE_DIR, state) >= sizeof q->dir)
		return false;
	return (mkdir(state, 0755) == 0 || errno == EEXIST) &&
	       (mkdir(q->dir, 0700) == 0 || errno == EEXIST);
}

static void load(struct server *s)
{
	struct queue *q = &s->queue;
	DIR *d = opendir(q->dir);
	struct dirent *entry;
	unsigned broken = 0;

	while (d && (entry = readdir(d))) {
		char path[sizeof q->dir + NAME_LEN];
		struct radius_record record;
		struct queued *i;

		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= NAME_LEN ||
		    !file_path(q, entry->d_name, path, sizeof path))
			continue;
		if (q->count >= QUEUE_MAX || !read_file(path, &record)) {
			broken++;
			unlink(path);
			continue;
		}
		i = append(q, &record, QUEUE_FILE);
		if (i)
			(void)str_copy(i->name, sizeof i->name, entry->d_name);
	}
	if (d)
		closedir(d);
	if (q->count)
		log_notice(&s->log, "accounting: %u records of earlier calls are to be sent",
			   q->count);
	if (broken)
		log_warn(&s->log,
			 "accounting: %u files in %s are no records of this version and "
			 "were removed",
			 broken, q->dir);
}

void queue_open(struct server *s, void (*settled)(struct server *s))
{
	struct queue *q = &s->queue;

	q->last = &q->first;
	q->settled = settled;
	q->timer = (struct loop_timer){DEADLINE_NONE, on_timer, s, NULL, NULL};
	if (!aaa_accounts(s))
		return;
	if (make_dir(q)) {
		load(s);
		return;
	}
	log_warn(&s->log,
		 "accounting: %s cannot be used (%s): records that no RADIUS server takes are lost "
		 "with this process",
		 q->dir, strerror(errno));
	q->dir[0] = '\0';
}

void queue_close(struct server *s)
{
	struct queue *q = &s->queue;

	loop_timer_del(s->loop, &q->timer);
	while (q->first) {
		struct queued *i = q->first;

		q->first = i->next;
		free(i);
	}
}
