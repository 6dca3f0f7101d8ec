/* SPDX-License-Identifier: MIT */
/* The administrator's scripts: which there are for an event, in which order, and which of them may
 * be run.  Shared by who runs them and by `vpdial check`. */
#ifndef VPDIAL_DISPATCHER_SCRIPTS_H
#define VPDIAL_DISPATCHER_SCRIPTS_H

#include "base/str.h"
#include "conf/profile.h"

#include <limits.h>

#define SCRIPT_DIRS_MAX 4
#define SCRIPTS_MAX	64 /* of one event */

/* Directories in order of precedence: of two scripts with the same name the first counts. */
struct script_dirs {
	char dirs[SCRIPT_DIRS_MAX][CONF_PATH_LEN];
	size_t count;
	size_t own; /* the first so many are ours, the rest NetworkManager's */
};

struct script {
	char name[NAME_MAX + 1]; /* its file's name */
	char path[CONF_PATH_LEN + NAME_MAX + 32];
	bool foreign;  /* from a directory of NetworkManager */
	bool parallel; /* a link into no-wait.d: runs at once, beside all others */
};

struct script_list {
	struct script *items; /* owned */
	size_t count, left_out;
};

/* CONFIG_DIR/dispatcher.d, the vendor's, and with NETWORKMANAGER both of NetworkManager.  False if
 * a path is too long. */
bool script_dirs_make(struct script_dirs *dirs, const char *config_dir, bool networkmanager);

/* The scripts of sub-directory SUB ("pre-up.d", "pre-down.d", "" for none) in alphabetical order.
 * Left out are what is no regular file or empty (it hides a script of the same name in a later
 * directory), back-up copies and hidden files.  0 or -ENOMEM; free with script_list_free. */
int script_list_read(const struct script_dirs *dirs, const char *sub, struct script_list *list);
void script_list_free(struct script_list *list);

/* May the program PATH be run?  Its file and all directories above it must belong to root or to
 * this user, and nobody else may change them.  True with the path to execute, free of links, in
 * REAL: since only root and this user can change anything on it, what was checked is what will be
 * executed.  Else WHY says what is wrong and how to repair it. */
bool script_check(const char *path, char real[static PATH_MAX], struct str *why);

#endif
