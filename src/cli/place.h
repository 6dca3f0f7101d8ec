/* SPDX-License-Identifier: MIT */
/* Putting what was imported, or typed on the command line, into the files of the profiles. */
#ifndef VPDIAL_CLI_PLACE_H
#define VPDIAL_CLI_PLACE_H

#include "cli/cli.h"
#include "import/list.h"

enum place_how {
	PLACE_FOREIGN = 0,
	PLACE_OWN = 1 << 0,   /* typed here: may name programs to run, and must be without fault */
	PLACE_QUIET = 1 << 1, /* says nothing of what was done */
};

/* Judges all keys and values, turns those that are not legal into notes, and writes the files of
 * the list, each at once; with --dry-run it prints them.  What is there already is replaced only
 * with
 * --force.  Says what was done; the exit status. */
int place_list(const struct cli *cli, struct import_list *list, unsigned how);

/* Copies the PPP profiles that there are, for profiles of another directory; 0 or an exit status.
 */
int place_copy_ppp(const char *from, const char *to);

#endif
