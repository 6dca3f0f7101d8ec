/* SPDX-License-Identifier: MIT */
/* One event, one line.  Levels: error = the call or program ends; warn = something is wrong and
 * we go on; notice = what a user wants to see of a normal call; info = state changes; debug =
 * one line for each control frame. */
#ifndef VPDIAL_BASE_LOG_H
#define VPDIAL_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

enum log_format {
	LOG_FORMAT_PLAIN,   /* "vpdial[office]: text" */
	LOG_FORMAT_JOURNAL, /* the same with a <N> priority prefix for the journal */
	LOG_FORMAT_SYSLOG,  /* syslog(3), facility daemon; the descriptor is not used */
	LOG_FORMAT_RELAY,   /* one octet '0' + level, then text: from session to supervisor */
};

struct log {
	int fd; /* not owned */
	enum log_level level;
	enum log_format format;
	char name[64]; /* profile name, "" for none */
	/* Also told of each line up to INFO, whatever LEVEL says; may be NULL. */
	void (*seen)(void *ctx, enum log_level level, const char *text);
	void *ctx;
};

/* Limits how often one kind of event may be logged: BURST lines, then one each INTERVAL_MS. */
struct log_limit {
	uint64_t next_ms;
	uint32_t suppressed;
};

static inline bool log_enabled(const struct log *log, enum log_level level)
{
	return log && (level <= log->level || (log->seen && level <= LOG_LEVEL_INFO));
}

/* Writes one line.  LOG may be NULL (nothing is written).  Line feeds and control characters in
 * the result are replaced, so that no peer text can forge a line. */
__attribute__((format(printf, 3, 4))) void log_line(const struct log *log, enum log_level level,
						    const char *fmt, ...);

/* True if an event may be logged now; else counts it.  At most one a second; *SUPPRESSED (may be
 * NULL) receives how many were left out since the last one. */
bool log_limit_allow(struct log_limit *limit, uint64_t now_ms, uint32_t *suppressed);

#define log_error(log, ...)  log_line(log, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(log, ...)   log_line(log, LOG_LEVEL_WARN, __VA_ARGS__)
#define log_notice(log, ...) log_line(log, LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(log, ...)   log_line(log, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...)  log_line(log, LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
