/* SPDX-License-Identifier: MIT */
/* Lines of JSON, and where they go. */
#include "server/ledger_file.h"

#include "base/str.h"
#include "ipc/history.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Texts are free of control characters; octets that are no UTF-8 become '?'. */
static void put_text(struct str *s, const char *key, const char *text)
{
	char clean[512];

	(void)str_copy(clean, sizeof clean, text ? text : "");
	str_blank(clean);
	str_printf(s, ",\"%s\":\"", key);
	for (const char *p = clean; *p; p++)
		str_printf(s, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
	str_printf(s, "\"");
}

static void put_number(struct str *s, const char *key, uint64_t n)
{
	str_printf(s, ",\"%s\":%llu", key, (unsigned long long)n);
}

static void put_address(struct str *s, const char *key, struct in_addr a)
{
	char text[INET_ADDRSTRLEN];

	put_text(s, key, inet_ntop(AF_INET, &a, text, sizeof text));
}

static void put_time(struct str *s, uint64_t day_ms)
{
	time_t seconds = (time_t)(day_ms / 1000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		(void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	str_printf(s, "{\"time\":\"%s\"", text);
}

size_t ledger_format(const struct ledger_entry *e, char *out, size_t cap)
{
	const struct radius_record *r = e->record;
	bool stop = r->status == RADIUS_STOP;
	struct str s = str_make(out, cap);

	put_time(&s, r->day_ms);
	put_text(&s, "event", stop ? "stop" : "start");
	put_text(&s, "session", r->caller.session_id);
	put_text(&s, "user", e->user);
	put_text(&s, "type", e->type);
	put_text(&s, "interface", e->ifname);
	put_text(&s, "client_address", r->caller.from);
	put_address(&s, "local_address", e->local);
	put_address(&s, "remote_address", r->address);
	put_text(&s, "auth", e->auth);
	put_text(&s, "account", r->local ? "local" : "radius");
	if (stop) {
		put_number(&s, "duration_s", r->session_s);
		put_number(&s, "rx_bytes", r->rx_octets);
		put_number(&s, "rx_packets", r->rx_packets);
		put_number(&s, "tx_bytes", r->tx_octets);
		put_number(&s, "tx_packets", r->tx_packets);
		put_text(&s, "cause", e->cause);
		put_text(&s, "reason", e->reason);
	}
	str_printf(&s, "}\n");
	return s.len;
}

/* Full, or cut by somebody's limit: what is there is no whole line. */
static int append(int fd, const char *line, size_t len)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	n = write(fd, line, len);
	if (n == (ssize_t)len)
		return 0;
	if (n > 0 && ftruncate(fd, st.st_size) < 0)
		return -errno;
	return n < 0 ? -errno : -ENOSPC;
}

int ledger_write(const struct ledger_entry *e)
{
	char path[HISTORY_PATH_MAX], line[LEDGER_LINE_MAX], *slash;
	size_t len = ledger_format(e, line, sizeof line);
	int fd, rc;

	if (!history_path(path, sizeof path))
		return -ENAMETOOLONG;
	slash = strrchr(path, '/');
	*slash = '\0';
	if (mkdir(path, 0750) < 0 && errno != EEXIST)
		return -errno;
	*slash = '/';
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
	if (fd < 0)
		return -errno;
	rc = append(fd, line, len);
	close(fd);
	return rc;
}
