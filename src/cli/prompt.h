/* SPDX-License-Identifier: MIT */
/* Asking the user for a password. */
#ifndef VPDIAL_CLI_PROMPT_H
#define VPDIAL_CLI_PROMPT_H

#include "base/secret.h"

/* Asks on the terminal without echo, "Password for USER at SERVER: ".  0, or -errno with ERROR
 * (one sentence); -EINTR when the user gave up. */
int prompt_password(const char *user, const char *server, struct secret *password, char *error,
		    size_t cap);

#endif
