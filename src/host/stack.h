/* SPDX-License-Identifier: MIT */
/* stack.c: the steps of a host. */
#ifndef VPDIAL_HOST_STACK_H
#define VPDIAL_HOST_STACK_H

#include "host/internal.h"

/* Remembers STEP (its memory goes over to HOST).  Steps that outlive the device are written to
 * the journal first, and the guardian is started: call this BEFORE doing the change.
 * 0 or -errno, and then STEP has been freed. */
int host_push(struct host *host, struct undo_step *step);
/* Forgets the last step: its change was not done. */
void host_pop(struct host *host);

/* Forgets the step at INDEX: it was undone. */
void host_drop(struct host *host, size_t index);

/* The change of STEP (no DNS) is wanted: does it, unless an earlier call did; then it puts back
 * what others have taken away meanwhile.  What is there already and was not done by us stays
 * nobody's.  0 or -errno. */
int host_want(struct host *host, const struct undo_step *step);
/* The step of HOST that is the same change, or NULL. */
struct undo_step *host_find_step(struct host *host, const struct undo_step *step);
/* Undoes, from the last to the first, the steps that PICK chooses.  A journaled one that cannot be
 * undone stays, to be tried again. */
void host_undo_if(struct host *host, bool (*pick)(const struct undo_step *step));

#endif
