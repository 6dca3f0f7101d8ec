/* SPDX-License-Identifier: MIT */
/* How a connection ends: the actions from the wish to hang up to the end of all. */
#ifndef VPDIAL_CONNECTION_ENDING_H
#define VPDIAL_CONNECTION_ENDING_H

#include "connection/run.h"

/* A session that hangs up may take only so long. */
void ending_limit(struct supervisor *s);

/* CTX is the supervisor. */
enum life_event ending_hang_up(void *ctx, struct life_input *in);
enum life_event ending_too_late(void *ctx, struct life_input *in);
enum life_event ending_farewell(void *ctx, struct life_input *in);
enum life_event ending_end(void *ctx, struct life_input *in);
/* The same of one that was told to end: a lockdown may end with it. */
enum life_event ending_end_wanted(void *ctx, struct life_input *in);
enum life_event ending_end_late(void *ctx, struct life_input *in);
enum life_event ending_abort(void *ctx, struct life_input *in);
enum life_event ending_abort_scripts(void *ctx, struct life_input *in);
/* All is undone: scripts of vpn-down. */
enum life_event ending_tell_down(void *ctx, struct life_input *in);
enum life_event ending_finish(void *ctx, struct life_input *in);

#endif
