/* SPDX-License-Identifier: MIT */
/* The monitor's screen with the profiles of the command line. */
#ifndef VPDIAL_MAIN_MONITOR_H
#define VPDIAL_MAIN_MONITOR_H

#include "cli/cli.h"

/* `vpdial monitor` on a terminal: an exit status. */
int monitor_run(const struct cli *cli);

#endif
