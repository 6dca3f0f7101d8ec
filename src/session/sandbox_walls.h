/* SPDX-License-Identifier: MIT */
/* The walls of the sandbox behind which no sanitizer could run: sandbox_walls.c has them, and a
 * build with sanitizers takes sandbox_sanitized.c in its place, which leaves them open. */
#ifndef VPDIAL_SESSION_SANDBOX_WALLS_H
#define VPDIAL_SESSION_SANDBOX_WALLS_H

#include <seccomp.h>

/* No file and no TCP port (where the kernel has Landlock), little memory, few descriptors: 0 or
 * -errno. */
int sandbox_walls(void);

/* Adds to CTX what may be done with memory: 0 or -errno. */
int sandbox_allow_memory(scmp_filter_ctx ctx);

/* No process or thread more than there are: 0 or -errno. */
int sandbox_no_processes(void);

#endif
