/* SPDX-License-Identifier: MIT */
/* A second thread that sends: it takes packets from the TUN device to the wire for one path, while
 * the main thread receives and does all else.
 *
 * Sending has an order of its own (sequence numbers, MPPE's counts), so one side sends at a time:
 * who has the turn.  A turn is one burst or one frame; the sides take it one after the other, so
 * that a control frame waits for two bursts at most.  A path without worker needs no turn.
 *
 * The thread is made before the process confines itself, sleeps in epoll and costs nothing until
 * it is given a path. */
#ifndef VPDIAL_PATH_WORKER_H
#define VPDIAL_PATH_WORKER_H

#include "path/path.h"

struct path_worker;

/* Makes the thread; when this returns it has made every system call that only a thread's start
 * needs.  NULL if it cannot be had: one thread goes on. */
struct path_worker *path_worker_new(void);
/* Ends the thread, and waits for that. */
void path_worker_free(struct path_worker *worker);

/* From now on WORKER sends what comes out of PATH's TUN device; the caller does not any more, but
 * calls all else of path.h as before, from one thread.  A worker serves one path.  0 or -errno. */
int path_worker_take(struct path_worker *worker, struct path *path);
/* The worker is off its path when this returns.  Nothing if it has none. */
void path_worker_release(struct path_worker *worker);
/* Time that it spent sending so far, in microseconds of the clock. */
uint64_t path_worker_busy_us(const struct path_worker *worker);

#endif
