/* SPDX-License-Identifier: MIT */
/* Log lines to a descriptor, to syslog or, from the session, to the supervisor. */
#include "base/log.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define LOG_LINE_MAX 1024

static const int syslog_priority[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,	 [LOG_LEVEL_WARN] = LOG_WARNING,
	[LOG_LEVEL_NOTICE] = LOG_NOTICE, [LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

/* Writes what there is room for now.  A terminal that has room for some of a line waits with the
 * rest: it is opened anew, since O_NONBLOCK of FD itself would be its other users', too. */
static void write_at_once(int fd, const char *line, size_t len)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	int own = -1, error = errno;
	char path[32];

	if (poll(&room, 1, 0) == 0)
		return;
	if (isatty(fd)) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	(void)!write(own >= 0 ? own : fd, line, len);
	if (own >= 0)
		close(own);
	errno = error;
}

static void write_line(const struct log *log, enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX + 128];
	const char *open = log->name[0] ? "[" : "", *close = log->name[0] ? "]" : "";
	int n = 0;

	switch (log->format) {
	case LOG_FORMAT_SYSLOG:
		syslog(LOG_DAEMON | syslog_priority[level], "%s%s%s%s%s", open, log->name, close,
		       log->name[0] ? " " : "", text);
		return;
	case LOG_FORMAT_RELAY:
		n = snprintf(line, sizeof line, "%c%s\n", '0' + (int)level, text);
		break;
	case LOG_FORMAT_JOURNAL:
		n = snprintf(line, sizeof line, "<%d>vpdial%s%s%s: %s\n", syslog_priority[level],
			     open, log->name, close, text);
		break;
	case LOG_FORMAT_PLAIN:
		n = snprintf(line, sizeof line, "vpdial%s%s%s: %s\n", open, log->name, close, text);
		break;
	}
	if (n >= (int)sizeof line)
		n = sizeof line - 1;
	/* A log that cannot be written must not end the call, nor a reader that pauses hold it up.
	 * (The supervisor takes what a session tells it at once.) */
	if (n > 0 && log->format == LOG_FORMAT_RELAY)
		(void)!write(log->fd, line, (size_t)n);
	else if (n > 0)
		write_at_once(log->fd, line, (size_t)n);
}

void log_line(const struct log *log, enum log_level level, const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	va_list ap;

	if (!log_enabled(log, level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	/* No text, whatever its source, may forge a second line or reach a terminal as an escape.
	 */
	str_blank(text);
	if (log->seen && level <= LOG_LEVEL_INFO)
		log->seen(log->ctx, level, text);
	if (level <= log->level)
		write_line(log, level, text);
}

bool log_limit_allow(struct log_limit *limit, uint64_t now_ms, uint32_t *suppressed)
{
	if (now_ms < limit->next_ms) {
		limit->suppressed++;
		return false;
	}
	limit->next_ms = now_ms + 1000;
	if (suppressed)
		*suppressed = limit->suppressed;
	limit->suppressed = 0;
	return true;
}
