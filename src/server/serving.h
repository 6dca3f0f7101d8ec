/* SPDX-License-Identifier: MIT */
/* The server's privileged process: all that its files share. */
#ifndef VPDIAL_SERVER_SERVING_H
#define VPDIAL_SERVER_SERVING_H

#include "base/log.h"
#include "ipc/control.h"
#include "privsep/notify.h"
#include "server/aaa.h"
#include "server/call.h"
#include "server/ledger.h"
#include "server/listen.h"
#include "server/queue.h"
#include "server/reader.h"
#include "server/serve.h"
#include "server/users.h"

struct server {
	const struct serve_options *options;
	const struct serve_policy *rules;
	void *policy;
	struct conf_server conf;
	char run_dir[RUN_DIR_MAX];
	struct log log;
	struct notify notify;
	struct loop *loop;
	struct loop_fd signal_handle, users_handle;
	struct loop_timer reap_timer; /* dead calls are freed outside of their callbacks */
	struct loop_timer end_timer;
	struct listener listeners[LISTENERS_MAX];
	size_t listener_count;
	struct reader reader;
	struct aaa aaa;
	struct queue queue;
	struct ledger ledger;
	struct users_client clients[USERS_CLIENTS_MAX];
	struct call *calls;
	unsigned last_number;
	bool stopping, told_off;
	uint64_t turned_away;
	struct log_limit limit; /* of lines about it */
	struct reason reason;
};

/* The account of a call; NULL = not known. */
static inline const struct conf_secret *call_secret(const struct call *c)
{
	return c->secret >= 0 ? &c->server->conf.secrets[c->secret] : c->granted;
}

/* The name that sessions and reader give to callers. */
void serve_host_name(char *buf, size_t cap);

#endif
