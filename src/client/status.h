/* SPDX-License-Identifier: MIT */
/* The status model: a record from the supervisor as labels and texts in the order of the manual,
 * for every program that shows them. */
#ifndef VPDIAL_CLIENT_STATUS_H
#define VPDIAL_CLIENT_STATUS_H

#include "ipc/field.h"

#define STATUS_ROWS_MAX (64 + CONTROL_ROUTES_MAX)
#define STATUS_TEXT_MAX 300

struct status_row {
	const char *label;
	char text[STATUS_TEXT_MAX];
};

/* Fills ROWS from *STATUS: status, uptime, idle-time, encoding, mtu, mru, then the rest; what is
 * not known is left out.  The number of rows. */
size_t status_rows(const struct control_status *status,
		   struct status_row rows[static STATUS_ROWS_MAX]);

/* A record as of a profile without supervisor: terminated, everything else empty. */
void status_terminated(struct control_status *status, const char *profile);

/* Names and values of the counters, in the order of the record. */
struct status_counter {
	const char *name;  /* as in JSON, with underscores */
	const char *label; /* what it means, if it counts dropped packets; else NULL */
	size_t offset;	   /* in struct counters, an uint64_t */
};
const struct status_counter *status_counters(size_t *count);
uint64_t status_counter_value(const struct control_status *status,
			      const struct status_counter *counter);

#endif
