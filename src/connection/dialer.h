/* SPDX-License-Identifier: MIT */
/* The addresses of a server, and what the attempts to dial them need and leave behind. */
#ifndef VPDIAL_CONNECTION_DIALER_H
#define VPDIAL_CONNECTION_DIALER_H

#include "conf/profile.h"
#include "connection/fast.h"
#include "host/host.h"

#define ADDRESSES_MAX 8
#define L2TP_PORT     1701

/* Made before the session is ready to take them; -1 = none. */
struct call_sockets {
	int control, wire;
	int packet; /* `fast-gre` */
};

struct dialer {
	const struct conf_profile *profile;
	const struct log *log;
	struct fast *fast;
	struct sockaddr_storage addresses[ADDRESSES_MAX];
	size_t address_count, address_at;
	struct sockaddr_storage last_address; /* of the last call that was up; family 0 = none */
	/* This attempt or call */
	uint16_t source_port; /* L2TP: what it sends from; 0 = any */
	uint16_t call_id, tunnel_id;
	struct host_path server_path;
	struct call_sockets sockets;
	/* This dial */
	uint64_t dialed_ms;
	struct reason failure; /* of its attempts so far, the one that tells most */
	enum reason_weight failure_weight;
};

/* The address whose turn it is. */
static inline const struct sockaddr_storage *dialer_server(const struct dialer *d)
{
	return &d->addresses[d->address_at];
}

/* A dial begins. */
void dialer_begin(struct dialer *d, uint64_t now_ms);
/* There are addresses, of the last call at least; ERROR says why there are no others.  0 or -ENOENT
 * with *REASON. */
int dialer_resolved(struct dialer *d, const char *error, struct reason *reason);
/* Moves on to what was not tried yet: the other source port, unless the server has answered what it
 * would answer there too or another port changes nothing, then the next address.  False if there is
 * none. */
bool dialer_next(struct dialer *d, enum reason_weight weight, bool port_may_matter);
/* An attempt failed.  A server that was heard at one address outranks another that is silent: true
 * if this one tells more than those before. */
bool dialer_note(struct dialer *d, const struct reason *reason, enum reason_weight weight);

#endif
