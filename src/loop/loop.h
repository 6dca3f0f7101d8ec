/* SPDX-License-Identifier: MIT */
/* The event loop: descriptors (level-triggered epoll), timers, signals.
 *
 * Handles are embedded in their owner's structure; add and del are symmetric; a callback may del
 * any handle, its own included.  The clock is read once per turn. */
#ifndef VPDIAL_LOOP_LOOP_H
#define VPDIAL_LOOP_LOOP_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop;

struct loop_fd {
	int fd;
	void (*ready)(void *ctx, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP */
	void *ctx;
	bool added;
};

struct loop_timer {
	uint64_t deadline_ms; /* DEADLINE_NONE = not armed */
	void (*expired)(void *ctx);
	void *ctx;
	struct loop_timer *next, **link; /* the loop's list */
};

struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* 0 or -errno.  H stays in the loop until loop_fd_del. */
int loop_fd_add(struct loop *loop, struct loop_fd *h, uint32_t events);
int loop_fd_events(struct loop *loop, struct loop_fd *h, uint32_t events);
void loop_fd_del(struct loop *loop, struct loop_fd *h);

/* Arms or re-arms; DEADLINE_NONE disarms.  Zero-initialised timers need expired and ctx set. */
void loop_timer_set(struct loop *loop, struct loop_timer *t, uint64_t deadline_ms);
void loop_timer_del(struct loop *loop, struct loop_timer *t);

/* Time of this turn, CLOCK_BOOTTIME in ms. */
uint64_t loop_now(const struct loop *loop);
/* The same in microseconds; and how long loop_run has waited for events so far. */
uint64_t loop_now_us(const struct loop *loop);
uint64_t loop_asleep_us(const struct loop *loop);

/* Runs until loop_stop.  Returns 0 or -errno. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
