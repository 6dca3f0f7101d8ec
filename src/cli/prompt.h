/* SPDX-License-Identifier: MIT */
/* Asking the user for a secret. */
#ifndef VPDIAL_CLI_PROMPT_H
#define VPDIAL_CLI_PROMPT_H

#include "conf/profile.h"

/* Asks on the terminal without echo, for the one of KIND that PROFILE lacks.  0, or -errno with
 * ERROR (one sentence); -EINTR when the user gave up. */
int prompt_secret(const struct conf_profile *profile, enum conf_secret_kind kind,
		  struct secret *secret, char *error, size_t cap);

#endif
