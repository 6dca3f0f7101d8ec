/* SPDX-License-Identifier: MIT */
/* Steps: one change of the machine each, done and undone by the same record; the journal holds
 * them as text. */
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
	UNDO_KEEP,	 /* a route to another host that keeps its path: journaled */
	UNDO_BLOCK,	 /* a route that leads nowhere: journaled */
	UNDO_RESOLVED,	 /* the link's servers in systemd-resolved: vanish with it */
	UNDO_RESOLVCONF, /* resolvconf's record: journaled */
	UNDO_FILE,	 /* an edited resolv.conf: journaled */
	UNDO_PROXY,	 /* ARP answered for the peer: journaled */
};

struct undo_step {
	enum undo_kind kind;
	bool lasting; /* journaled as a part of the lockdown */
	bool wanted;  /* the configuration that is being applied has it too */
	bool tried;   /* about name servers: could not be undone just now */
	union {
		struct host_up {
			unsigned ifindex;
			uint32_t mtu; /* 0 = as it is */
		} link;
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
/* Is it about name servers? */
bool undo_step_dns(const struct undo_step *step);
/* Is it the same change? */
bool undo_step_equal(const struct undo_step *a, const struct undo_step *b);
/* Does the change of a link, address, route or proxy step.  0, -EEXIST if it was done already
 * (an address, a route), or -errno. */
int undo_step_do(const struct undo_step *step, struct host_nl *nl);
/* Undoes it.  0, also if there is nothing left to undo, or -errno (logged as a warning). */
int undo_step_run(const struct undo_step *step, struct host_nl *nl, const struct log *log);
/* The edit of UNDO_FILE: the same without a warning, or -EWOULDBLOCK (RESOLV_LOCK_TRY). */
int undo_step_file(const struct undo_step *step, enum resolv_lock lock, const struct log *log);
/* The program that undoes it into ARGV, which ends with NULL then; false if none does. */
#define UNDO_WORDS_MAX 4
bool undo_step_words(const struct undo_step *step, const char *argv[static UNDO_WORDS_MAX]);
/* Warns that undoing it failed with -errno R. */
void undo_step_failed(const struct undo_step *step, struct host_nl *nl, int r,
		      const struct log *log);
/* Frees what it owns and makes it UNDO_NONE. */
void undo_step_free(struct undo_step *step);

#endif
