/* SPDX-License-Identifier: MIT */
/* The demonstration. */
#ifndef VPDIAL_MAIN_DEMO_H
#define VPDIAL_MAIN_DEMO_H

#include "cli/cli.h"

/* Shows both protocols; needs nothing but namespaces.  An exit status. */
int demo_run(const struct cli *cli);

#endif
