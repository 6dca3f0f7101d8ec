/* SPDX-License-Identifier: MIT */
/* What a script is told: its environment, made from nothing, in the names of NetworkManager's
 * dispatcher, of pppd and our own.  vpdial-dispatcher(8) lists them all. */
#ifndef VPDIAL_DISPATCHER_HOOK_ENV_H
#define VPDIAL_DISPATCHER_HOOK_ENV_H

#include "conf/profile.h"
#include "host/host.h"
#include "ipc/control.h"

#define HOOK_ENV_MAX  192    /* variables */
#define HOOK_ENV_SIZE 16384u /* octets of them all */
#define HOOK_UUID_LEN 37

enum hook_action { HOOK_PRE_UP, HOOK_UP, HOOK_PRE_DOWN, HOOK_DOWN, HOOK_ACTION_COUNT };
/* "vpn-pre-up" ... */
const char *hook_action_name(enum hook_action action);
/* The call is ending or has ended. */
bool hook_action_ends(enum hook_action action);

/* Of one call; nothing is kept.  Texts of STATUS are clean and its uptime is fresh. */
struct hook_facts {
	const struct conf_profile *profile;
	const struct control_status *status;
	const struct route *routes; /* through the tunnel */
	size_t route_count;
	const struct host_path *carrier; /* of the tunnel's packets; NULL = not known */
	const struct reason *reason;	 /* why it ends; NULL while it does not */
};

struct hook_env {
	char *strings[HOOK_ENV_MAX + 1]; /* into text; ends with NULL */
	size_t count, len;
	char text[HOOK_ENV_SIZE];
};

/* What does not fit is left out, each variable as a whole. */
void hook_env_dispatcher(struct hook_env *env, enum hook_action action,
			 const struct hook_facts *facts);
void hook_env_pppd(struct hook_env *env, enum hook_action action, const struct hook_facts *facts);

/* The profile's UUID: version 5 (RFC 9562) of the URL of its file, so the same at every call. */
void hook_uuid(const char *file, char out[static HOOK_UUID_LEN]);

#endif
