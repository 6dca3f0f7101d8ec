/* SPDX-License-Identifier: MIT */
/* How a call is, in the service manager's words. */
#ifndef VPDIAL_CONNECTION_MANAGER_H
#define VPDIAL_CONNECTION_MANAGER_H

#include "connection/life.h"
#include "ipc/control.h"
#include "privsep/notify.h"

struct manager {
	struct notify notify;
	const struct life *life;
	const struct control_status *status;
	char encoding[sizeof(((struct control_status *)0)->encoding)]; /* of this call, as told */
};

/* The members after the first are set; WANTED: this process is the service, not another. */
void manager_open(struct manager *manager, bool wanted);
/* The state has changed. */
void manager_tell(struct manager *manager);
/* The statistics of a call tell its encoding. */
void manager_stats(struct manager *manager);
/* The profile is about to be read anew. */
void manager_reloading(struct manager *manager);
void manager_close(struct manager *manager);

#endif
