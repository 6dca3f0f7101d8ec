/* SPDX-License-Identifier: MIT */
/* Lines and words of a configuration file, out of a cursor. */
#ifndef VPDIAL_IMPORT_TEXT_H
#define VPDIAL_IMPORT_TEXT_H

#include "base/cursor.h"
#include "import/list.h"

/* The next line without its end (LF or CRLF) into LINE, cut to CAP - 1 octets and terminated;
 * *NUMBER counts.  False at the end. */
bool text_line(struct cursor *c, char *line, size_t cap, unsigned *number);

/* The next word of the line's rest into OUT, cut and terminated; false at the line's end.  Quotes
 * of both kinds hold blanks; where it ESCAPES, a backslash takes the next octet as it is.  A '#'
 * where a word could begin starts a comment. */
bool text_word(struct cursor *c, bool escapes, char *out, size_t cap);
/* To the next line; false at the end of the file. */
bool text_next_line(struct cursor *c);

/* Cuts white space at both ends, in place; where the text begins. */
char *text_trim(char *line);

/* Cuts a pair of quotes of this kind around the text, in place; where it begins. */
char *text_unquote(char *text, char quote);

/* "key = value" to its two trimmed parts, in place.  False if there is no SEPARATOR. */
bool text_pair(char *line, char separator, char **key, char **value);

/* "yes", "true", "on", "1" and "enabled", in any case. */
bool text_is_yes(const char *text);

/* Removes WORD from the comma list LIST, in place. */
void text_list_remove(char *list, const char *word);

/* Octets of base64 at TEXT to OUT (CAP octets, terminated); false if it is none or holds a NUL. */
bool text_base64(const char *text, char *out, size_t cap);

/* The last part of a path. */
const char *text_base_name(const char *path);

#endif
