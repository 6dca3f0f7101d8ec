/* SPDX-License-Identifier: MIT */
/* One dial: the server's name, the path to it, sockets and session, over all its addresses. */
#ifndef VPDIAL_CONNECTION_DIAL_H
#define VPDIAL_CONNECTION_DIAL_H

#include "connection/run.h"

/* What is returned is the event that follows; where it has a reason, IN has. */

/* A dial from its beginning: the name is looked up anew, all its addresses are tried. */
enum life_event dial_start(struct supervisor *s, struct life_input *in);
/* Only the look-up. */
enum life_event dial_look_up(struct supervisor *s, struct life_input *in);
/* The look-up has ended, not by resolver_start: ERROR says why without addresses. */
void dial_looked_up(struct supervisor *s, const char *error);
/* The present address: way and sockets. */
enum life_event dial_try(struct supervisor *s, struct life_input *in);
/* An attempt failed because of what IN says: the next one, if there is one. */
enum life_event dial_try_next(struct supervisor *s, struct life_input *in);
/* Both the session and the sockets are ready. */
enum life_event dial_hand_over(struct supervisor *s, struct life_input *in);
/* Puts away whatever there is of a dial or call. */
void dial_abandon(struct supervisor *s);

#endif
