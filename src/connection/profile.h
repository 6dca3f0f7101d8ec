/* SPDX-License-Identifier: MIT */
/* The profile and its password: read at the start, and anew by SIGHUP. */
#ifndef VPDIAL_CONNECTION_PROFILE_H
#define VPDIAL_CONNECTION_PROFILE_H

#include "connection/run.h"

/* Profile, scripts and password.  0, or -errno (> 0: no password) with the reason in S. */
int profile_load(struct supervisor *s);
/* Only the scripts, of a profile that is there. */
int profile_open_scripts(struct supervisor *s);
/* What the status tells of it. */
void profile_describe(struct supervisor *s);
/* The machine's side learns of `src-address`. */
void profile_set_source(struct supervisor *s);
/* The redial policy learns of it. */
void profile_set_redial(struct supervisor *s);
/* Reads it anew; what cannot be read leaves the old one. */
void profile_reload(struct supervisor *s);
/* In a child that goes on without it: wipes its copies of the secrets; CTX is the supervisor. */
void profile_forget(void *ctx);

#endif
