/* SPDX-License-Identifier: MIT */
/* The two helper programs of DNS set-up: run without a shell, with an empty environment and a
 * limit of five seconds. */
#ifndef VPDIAL_HOST_RUN_H
#define VPDIAL_HOST_RUN_H

#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>

/* Is there an executable NAME in the search path? */
bool run_found(const char *name);

/* Runs ARGV[0] (looked up in the search path) with LEN octets of INPUT on its standard input.
 * 0 if it exited with 0; -ENOENT, -ETIMEDOUT (killed), -EIO (its last words are logged at level
 * info), or another -errno. */
int run_program(const char *const argv[], const char *input, size_t len, const struct log *log);

#endif
