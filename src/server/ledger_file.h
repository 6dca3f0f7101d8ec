/* SPDX-License-Identifier: MIT */
/* The file of `accounting-log`: a line of JSON for each start and each end of a call. */
#ifndef VPDIAL_SERVER_LEDGER_FILE_H
#define VPDIAL_SERVER_LEDGER_FILE_H

#include "vocabulary/radius.h"

#define LEDGER_LINE_MAX 4096

struct ledger_entry {
	const struct radius_record *record; /* START or STOP */
	const char *user, *type, *ifname, *auth;
	struct in_addr local;
	const char *cause, *reason; /* of STOP */
};

/* The line with its line feed; its length. */
size_t ledger_format(const struct ledger_entry *e, char *out, size_t cap);
/* Appends it.  The file is opened each time: whoever rotates it need tell nobody.  0 or -errno. */
int ledger_write(const struct ledger_entry *e);

#endif
