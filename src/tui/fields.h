/* SPDX-License-Identifier: MIT */
/* The fields of one connection as labels and short texts, in two groups: what the link is, and whom
 * and what it joins.  Labels and words are those of `vpdial status`. */
#ifndef VPDIAL_TUI_FIELDS_H
#define VPDIAL_TUI_FIELDS_H

#include "client/client.h"

#define FIELDS_MAX 8

struct field {
	const char *label;
	char text[300];
};

struct fields {
	struct field rows[FIELDS_MAX];
	size_t count;
};

/* status, uptime, idle-time, encoding, mtu, mru (always all six, "-" where nothing is known; with
 * Multilink link-mtu and mrru stand beside the last two), then
 * state, and the next dial, the attempt or the interface. */
void fields_link(const struct control_status *status, struct fields *fields);

/* server, user, local-address, remote-address, dns, routes, protocol, echo-time; "-" as above. */
void fields_network(const struct control_status *status, struct fields *fields);

#endif
