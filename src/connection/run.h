/* SPDX-License-Identifier: MIT */
/* One run of a profile: all that its files share. */
#ifndef VPDIAL_CONNECTION_RUN_H
#define VPDIAL_CONNECTION_RUN_H

#include "base/log.h"
#include "conf/profile.h"
#include "connection/control.h"
#include "connection/demand.h"
#include "connection/dialer.h"
#include "connection/fast.h"
#include "connection/life.h"
#include "connection/manager.h"
#include "connection/options.h"
#include "connection/redial.h"
#include "connection/resolve.h"
#include "connection/roam.h"
#include "connection/scripts.h"
#include "host/host.h"
#include "ipc/events.h"
#include "ipc/request.h"
#include "loop/loop.h"
#include "privsep/process.h"

struct supervisor {
	struct life life;
	struct options options;
	char config_dir[CONF_PATH_LEN], run_dir[RUN_DIR_MAX];
	struct conf_profile profile;
	struct conf_secrets secrets;
	struct log log;
	struct loop *loop;
	struct host *host;
	struct host_tun tun;
	struct loop_fd signal_handle;
	struct loop_timer limit_timer; /* --timeout, then the end of an unanswered hang-up */
	struct loop_timer wait_timer;  /* until the next dial */
	struct loop_timer lookup_timer;
	uint64_t signal_ms; /* of the last request to end by signal */

	struct redial redial;
	struct demand demand;
	struct roam roam;
	struct manager manager;
	struct control control;
	struct scripts scripts;
	struct fast fast;
	struct resolver resolver;
	struct session_process session;

	struct dialer dialer;
	struct host_path way_now; /* as it was seen last; ifindex 0 = none */
	uint64_t begun_ms;

	struct sockaddr_storage covered_from; /* our end, with use-ipsec = external */
	struct request_network applied;	      /* what the machine has now */
	struct host_applied ways;	      /* how it got that */
	unsigned lost_routes;		      /* without effect, as said last; the first of them: */
	char lost_route[240];
	struct request_routes told; /* by the server, by DHCP, for that address */
	/* In this call, which takes it once only; TOLD may be of one before. */
	bool told_any;
	/* The server hung up during authentication: some do so for a request of CCP that comes
	 * before they are done with it. */
	bool late_ccp;

	uint64_t state_since_ms, up_since_ms;
	struct control_status status;
	struct control_events history;
	uint64_t last_end_before; /* the status' last_end is of the run before, at that time */
	struct reason reason;	  /* why it ends */
	struct {
		struct request_call ids;
		char server[64]; /* its address as text */
	} crashed;
};

/* Connects the parts; what they do is done later. */
void run_init(struct supervisor *s);

#endif
