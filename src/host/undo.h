/* SPDX-License-Identifier: MIT */
/* Steps that undo one change each; the journal holds the same steps as text. */
#ifndef VPDIAL_HOST_UNDO_H
#define VPDIAL_HOST_UNDO_H

#include "base/log.h"
#include "host/resolvconf_file.h"
#include "host/route.h"

#define HOST_RECORD_MAX 32

enum undo_kind {
	UNDO_NONE,
	UNDO_LINK, /* the interface goes down */
	UNDO_ADDRESS,
	UNDO_ROUTE,	 /* a route through the tunnel: vanishes with it */
	UNDO_PIN,	 /* the route to the server: journaled */
	UNDO_RESOLVED,	 /* the link's servers in systemd-resolved: vanish with it */
	UNDO_RESOLVCONF, /* resolvconf's record: journaled */
	UNDO_FILE,	 /* an edited resolv.conf: journaled */
	UNDO_PROXY,	 /* ARP answered for the peer: journaled */
};

struct undo_step {
	enum undo_kind kind;
	union {
		unsigned ifindex;
		struct host_address address;
		struct host_rt route;
		struct host_proxy {
			unsigned ifindex;
			uint8_t address[4];
		} proxy;
		char ifname[IFNAMSIZ];
		char record[HOST_RECORD_MAX];
		struct resolv_edit *edit; /* owned */
	};
};

/* Must this step be in the journal before its change is done? */
bool undo_step_journaled(const struct undo_step *step);
/* Undoes it.  0, also if there is nothing left to undo, or -errno (logged as a warning). */
int undo_step_run(const struct undo_step *step, struct host_nl *nl, const struct log *log);
/* Frees what it owns and makes it UNDO_NONE. */
void undo_step_free(struct undo_step *step);

#endif
