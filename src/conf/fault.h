/* SPDX-License-Identifier: MIT */
/* Faults of one file while it is read, with their lines, so that they come out in file order. */
#ifndef VPDIAL_CONF_FAULT_H
#define VPDIAL_CONF_FAULT_H

#include "conf/profile.h"

#define FAULTS_KEPT 64

struct fault_list {
	const char *path; /* not owned */
	size_t count;	  /* all, also those beyond FAULTS_KEPT */
	struct fault_item {
		unsigned line;
		char *text; /* owned; NULL when memory ran out */
	} items[FAULTS_KEPT];
	size_t warning_count;
	char *warnings[CONF_WARNINGS_MAX]; /* owned */
};

/* Adds "PATH:LINE: KEY: text"; LINE 0 and KEY NULL are left out.  The text must hold no secret. */
__attribute__((format(printf, 4, 5))) void fault_add(struct fault_list *list, unsigned line,
						     const char *key, const char *fmt, ...);

/* The same for what is no fault: "PATH:LINE: KEY: warning: TEXT". */
void fault_warn(struct fault_list *list, unsigned line, const char *key, const char *text);

/* Moves all faults, in line order, and all warnings behind those of OUT; LIST is empty then. */
void fault_flush(struct fault_list *list, struct conf_faults *out);

#endif
