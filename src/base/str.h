/* SPDX-License-Identifier: MIT */
/* Text in buffers of fixed size: appending that never overruns, and the cleaning of text that
 * came from a peer. */
#ifndef VPDIAL_BASE_STR_H
#define VPDIAL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text under construction in CAP octets at TEXT; always NUL-terminated, cut when full. */
struct str {
	char *text;
	size_t len;
	size_t cap;
};

/* An empty text in BUF (CAP >= 1 octets). */
struct str str_make(char *buf, size_t cap);
__attribute__((format(printf, 2, 3))) void str_printf(struct str *s, const char *fmt, ...);

/* Appends N octets of hostile text: printable ASCII and valid UTF-8 pass (UTF-8 encoded C1
 * controls and bidirectional overrides do not), anything else becomes \xNN; a backslash is
 * doubled.  Stops after LIMIT source octets and appends "..." then. */
void str_clean(struct str *s, const void *src, size_t n, size_t limit);

/* Replaces in place whatever str_clean would not let pass by '?': for lines that are clean already
 * but for what their writer overlooked, and for texts that were cut within a character. */
void str_blank(char *text);

/* Copies SRC to DST (CAP octets), cut and terminated.  Returns false if it was cut. */
bool str_copy(char *dst, size_t cap, const char *src);

/* The candidate that is most like WORD, within LIMIT changed, added, left out or exchanged letters,
 * or NULL.  A word of fewer than SHORTEST letters is like anything, so like nothing, and none is
 * taken for what it negates. */
const char *str_nearest(const char *word, const char *const *candidates, size_t count,
			size_t shortest, size_t limit);

#endif
