/* SPDX-License-Identifier: MIT */
/* Putting what was imported, or typed on the command line, into the files of the profiles. */
#ifndef VPDIAL_CLI_PLACE_H
#define VPDIAL_CLI_PLACE_H

#include "cli/cli.h"
#include "import/list.h"

/* Judges all keys and values, turns those that are not legal into notes, and writes the files of
 * the list, each at once; with --dry-run it prints them.  What is there already is replaced only
 * with
 * --force.  Says what was done; the exit status. */
int place_list(const struct cli *cli, struct import_list *list);

/* Judges the values alone. */
void place_judge(struct import_list *list);

#endif
