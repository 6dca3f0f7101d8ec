/* SPDX-License-Identifier: MIT */
/* When the data path uses a second thread: sending goes to it while one core is full with both
 * directions, and comes back when less than one would do.
 *
 * Judged in windows, at turns that traffic makes; only while the second thread works is there a
 * timer, so that idleness costs no wake-up. */
#include "session/internal.h"

#define WINDOW_US  (250 * 1000)
#define BACK_MS	   500
#define WINDOWS	   2  /* in a row */
#define ASLEEP_MAX 10 /* percent: hardly ever waiting, so the core is full */
#define LESS_MIN   15 /* percent: the smaller direction is worth moving */
#define ONE_MAX	   60 /* percent of one core that both threads together need */
#define IDLE_MAX   5  /* percent: one of the threads has nothing to do */

static bool above(uint64_t part, uint64_t whole, unsigned percent)
{
	return part * 100 > whole * percent;
}

bool load_wants_two(const struct load_window *w)
{
	/* The last burst is counted whole, also what it took behind the window's end. */
	uint64_t known = w->asleep_us + w->sending_us;
	uint64_t other = w->spent_us > known ? w->spent_us - known : 0;

	return !above(w->asleep_us, w->spent_us, ASLEEP_MAX) &&
	       above(w->sending_us, w->spent_us, LESS_MIN) && above(other, w->spent_us, LESS_MIN);
}

bool load_wants_one(const struct load_window *w)
{
	uint64_t main_us = w->spent_us - w->asleep_us;

	return !above(main_us + w->worker_us, w->spent_us, ONE_MAX) ||
	       !above(main_us, w->spent_us, IDLE_MAX) ||
	       !above(w->worker_us, w->spent_us, IDLE_MAX);
}

/* What happened since the last window ended; the next one begins. */
static struct load_window next_window(struct session *s)
{
	struct session_load *l = &s->load;
	struct load_window now = {.spent_us = loop_now_us(s->loop),
				  .asleep_us = loop_asleep_us(s->loop),
				  .sending_us = l->sending_us,
				  .worker_us = path_worker_busy_us(s->worker)};
	struct load_window w = {.spent_us = now.spent_us - l->start.spent_us,
				.asleep_us = now.asleep_us - l->start.asleep_us,
				.sending_us = now.sending_us - l->start.sending_us,
				.worker_us = now.worker_us - l->start.worker_us};

	l->start = now;
	return w;
}

static void go_two(struct session *s)
{
	if (!s->tun_handle.added || path_worker_take(s->worker, s->path) < 0)
		return;
	/* Not deleted: that the device is gone is still for this thread to hear. */
	loop_fd_events(s->loop, &s->tun_handle, 0);
	s->load.two = true;
	s->load.windows = 0;
	log_debug(s->log, "both directions fill a core: sending has a thread of its own now");
}

static void go_one(struct session *s)
{
	path_worker_release(s->worker);
	s->load.two = false;
	s->load.windows = 0;
	if (s->tun_handle.added)
		loop_fd_events(s->loop, &s->tun_handle, EPOLLIN);
	log_debug(s->log, "one thread serves both directions again");
}

static void on_timer(void *ctx)
{
	struct session *s = ctx;
	struct load_window w = next_window(s);

	s->load.windows = load_wants_one(&w) ? s->load.windows + 1 : 0;
	if (s->load.windows == WINDOWS)
		go_one(s);
	else
		loop_timer_set(s->loop, &s->load.timer, loop_now(s->loop) + BACK_MS);
}

void load_begin(struct session *s)
{
	s->load = (struct session_load){.timer = {DEADLINE_NONE, on_timer, s, NULL, NULL}};
	if (!s->worker)
		return;
	next_window(s);
	if (s->start.threads == REQUEST_THREADS_TWO)
		go_two(s);
}

void load_sent(struct session *s, uint64_t spent_us)
{
	s->load.sending_us += spent_us;
}

void load_check(struct session *s)
{
	struct session_load *l = &s->load;
	struct load_window w;

	if (!s->worker || l->two || s->start.threads != REQUEST_THREADS_AUTO ||
	    loop_now_us(s->loop) - l->start.spent_us < WINDOW_US)
		return;
	w = next_window(s);
	l->windows = load_wants_two(&w) ? l->windows + 1 : 0;
	if (l->windows == WINDOWS)
		go_two(s);
	if (l->two)
		loop_timer_set(s->loop, &l->timer, loop_now(s->loop) + BACK_MS);
}
