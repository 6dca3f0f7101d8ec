/* SPDX-License-Identifier: MIT */
/* When the administrator's scripts run in the life of a call. */
#ifndef VPDIAL_CONNECTION_SCRIPTS_H
#define VPDIAL_CONNECTION_SCRIPTS_H

#include "connection/life.h"
#include "dispatcher/hooks.h"

struct scripts {
	struct hooks *hooks; /* NULL = not opened yet */
	struct life *life;
	unsigned pre_ups; /* of this call and of those before it, not ended yet */
	/* vpn-up was due, so vpn-down will be: through all states that may follow. */
	bool up;
};

/* LIFE learns how the scripts end.  0 or -ENOMEM. */
int scripts_open(struct scripts *s, const struct hooks_config *config, struct life *life);
/* Does vpn-pre-up or vpn-up concern anybody? */
bool scripts_wait_for_up(const struct scripts *s);
/* ON_NONE while its scripts run; ON_CLEAR if there are none; ON_PRE_UP_FAILED with the reason in
 * IN, since a gate that cannot be asked is closed. */
enum life_event scripts_pre_up(struct scripts *s, const struct hook_facts *facts,
			       struct life_input *in);
/* The call is up, or was. */
void scripts_up(struct scripts *s, const struct hook_facts *facts);
void scripts_lost(struct scripts *s, const struct hook_facts *facts);
/* ON_NONE while its scripts run, else ON_PRE_DOWN_DONE. */
enum life_event scripts_pre_down(struct scripts *s, const struct hook_facts *facts);
/* Some run still: ON_SCRIPTS_OVER follows. */
bool scripts_busy(const struct scripts *s);
void scripts_abort(struct scripts *s);
void scripts_close(struct scripts *s);

#endif
