/* SPDX-License-Identifier: MIT */
/* Event loop on epoll.  Timers form a short unsorted list: a process here has a handful. */
#include "loop/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOP_BATCH 16

struct loop {
	int epoll_fd;
	bool stopped;
	uint64_t now_us, asleep_us;
	struct loop_timer *timers;
	struct epoll_event batch[LOOP_BATCH];
	int batch_len;
};

struct loop *loop_new(void)
{
	struct loop *loop = calloc(1, sizeof *loop);

	if (!loop)
		return NULL;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		free(loop);
		return NULL;
	}
	loop->now_us = clock_now_us();
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	close(loop->epoll_fd);
	free(loop);
}

int loop_fd_add(struct loop *loop, struct loop_fd *h, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = h};

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, h->fd, &ev) < 0)
		return -errno;
	h->added = true;
	return 0;
}

int loop_fd_events(struct loop *loop, struct loop_fd *h, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = h};

	if (!h->added)
		return loop_fd_add(loop, h, events);
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, h->fd, &ev) < 0 ? -errno : 0;
}

void loop_fd_del(struct loop *loop, struct loop_fd *h)
{
	if (!h->added)
		return;
	h->added = false;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, h->fd, NULL);
	/* Events of this handle that are still in the batch must not reach a freed owner. */
	for (int i = 0; i < loop->batch_len; i++)
		if (loop->batch[i].data.ptr == h)
			loop->batch[i].data.ptr = NULL;
}

void loop_timer_del(struct loop *loop, struct loop_timer *t)
{
	(void)loop;
	t->deadline_ms = DEADLINE_NONE;
	if (!t->link)
		return;
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	t->link = NULL;
	t->next = NULL;
}

void loop_timer_set(struct loop *loop, struct loop_timer *t, uint64_t deadline_ms)
{
	loop_timer_del(loop, t);
	if (deadline_ms == DEADLINE_NONE)
		return;
	t->deadline_ms = deadline_ms;
	t->next = loop->timers;
	t->link = &loop->timers;
	if (t->next)
		t->next->link = &t->next;
	loop->timers = t;
}

uint64_t loop_now(const struct loop *loop)
{
	return loop->now_us / 1000;
}

uint64_t loop_now_us(const struct loop *loop)
{
	return loop->now_us;
}

uint64_t loop_asleep_us(const struct loop *loop)
{
	return loop->asleep_us;
}

static struct loop_timer *earliest_timer(const struct loop *loop)
{
	struct loop_timer *first = loop->timers;

	for (struct loop_timer *t = loop->timers; t; t = t->next)
		if (t->deadline_ms < first->deadline_ms)
			first = t;
	return first;
}

/* Fires what is due.  One pass is bounded: timers set again for now wait for the next turn. */
static void run_timers(struct loop *loop)
{
	for (int budget = 64; budget > 0 && !loop->stopped; budget--) {
		struct loop_timer *t = earliest_timer(loop);

		if (!t || t->deadline_ms > loop_now(loop))
			return;
		loop_timer_del(loop, t);
		t->expired(t->ctx);
	}
}

static int wait_time(const struct loop *loop)
{
	struct loop_timer *t = earliest_timer(loop);
	uint64_t now_ms = loop_now(loop);

	if (!t)
		return -1;
	if (t->deadline_ms <= now_ms)
		return 0;
	if (t->deadline_ms - now_ms > INT_MAX)
		return INT_MAX;
	return (int)(t->deadline_ms - now_ms);
}

int loop_run(struct loop *loop)
{
	loop->stopped = false;
	while (!loop->stopped) {
		uint64_t before = clock_now_us();
		int n;

		loop->now_us = before;
		n = epoll_wait(loop->epoll_fd, loop->batch, LOOP_BATCH, wait_time(loop));
		if (n < 0 && errno != EINTR)
			return -errno;
		loop->now_us = clock_now_us();
		loop->asleep_us += loop->now_us - before;
		loop->batch_len = n > 0 ? n : 0;
		for (int i = 0; i < loop->batch_len && !loop->stopped; i++) {
			struct loop_fd *h = loop->batch[i].data.ptr;

			if (h)
				h->ready(h->ctx, loop->batch[i].events);
		}
		loop->batch_len = 0;
		if (!loop->stopped)
			run_timers(loop);
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}
