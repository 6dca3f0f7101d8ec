/* SPDX-License-Identifier: MIT */
/* Calls without a file: `connect l2tp://john@host` and `connect host key=value`. */
#ifndef VPDIAL_CLI_CALL_H
#define VPDIAL_CLI_CALL_H

#include "cli/cli.h"

/* Do the arguments of `connect` tell a call, and not a profile's name? */
bool call_is_told(const struct cli *cli);

/* Makes the call's profile: below the run directory, where CLI's directory of profiles is then, or
 * with --save among the others.  Its name goes to NAME.  0, or an exit status with the error said.
 */
int call_make(struct cli *cli, char name[static CONF_NAME_MAX]);

/* Removes what call_make left for NAME, if anything. */
void call_forget(const struct cli *cli, const char *name);

#endif
