/* SPDX-License-Identifier: MIT */
/* The confinement of the session process: before it reads the first octet from the network it has
 * no capability, an empty root and a short list of system calls. */
#ifndef VPDIAL_SESSION_SANDBOX_H
#define VPDIAL_SESSION_SANDBOX_H

#include "base/log.h"

#include <sys/types.h>

/* Enters the confinement for good.  EMPTY_DIR becomes the root; as root the process becomes UID
 * and GID.  PREPARE (may be NULL) is called with CTX when all but the filter of system calls is in
 * place: threads that it makes are confined as the process is, and there will be no other.  Returns
 * 0 or -errno; the caller must not go on after a failure. */
int sandbox_enter(const char *empty_dir, uid_t uid, gid_t gid, void (*prepare)(void *ctx),
		  void *ctx, const struct log *log);

#endif
