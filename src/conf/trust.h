/* SPDX-License-Identifier: MIT */
/* May others change what stands at a path?  For scripts, which are run, and for what root reads of
 * its profiles. */
#ifndef VPDIAL_CONF_TRUST_H
#define VPDIAL_CONF_TRUST_H

#include "base/str.h"

#include <limits.h>
#include <sys/stat.h>

/* Is this process the machine's root, which must not act on others' files?  In a user namespace of
 * one user it is that user under another name. */
bool trust_is_root(void);

/* Only root and this user can change where PATH leads: all directories above it, and above what it
 * links to, belong to one of them and are closed to others.  Where others may put files but not
 * take away those of root (the sticky bit) is good further up and behind a link, but not where the
 * name itself stands.  True with the path free of links in REAL; else WHY names what is wrong and
 * the remedy. */
bool trust_place(const char *path, char real[static PATH_MAX], struct str *why);

/* The same of a file's own owner and mode; REAL is for the remedy. */
bool trust_file(const struct stat *st, const char *real, struct str *why);

/* Both of an open file: ST is what fstat said of PATH when it was opened. */
bool trust_opened(const char *path, const struct stat *st, struct str *why);

/* Appends PATH, cleaned. */
void trust_shown(struct str *why, const char *path);

#endif
