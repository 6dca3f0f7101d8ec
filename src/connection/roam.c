/* SPDX-License-Identifier: MIT */
/* Changes of the network and sleep, as events of the connection's life. */
#include "connection/roam.h"

#include "base/clock.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define ASLEEP_MS      30000 /* so long, and the server has given the call up */
#define FAR_FUTURE_SEC (100LL * 365 * 24 * 3600)

/* How long this machine has slept since it booted. */
static uint64_t slept_ms(void)
{
	struct timespec awake;
	uint64_t all = clock_now_ms(), ms;

	if (clock_gettime(CLOCK_MONOTONIC, &awake) < 0)
		return 0;
	ms = (uint64_t)awake.tv_sec * 1000 + (uint64_t)awake.tv_nsec / 1000000;
	return all > ms ? all - ms : 0;
}

static int arm_clock(int fd)
{
	const struct itimerspec far = {.it_value.tv_sec = time(NULL) + FAR_FUTURE_SEC};

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL);
}

/* A server has given up a call that slept for long; whoever waits for a dial wants it now.  True if
 * that was all that is to be done. */
static bool check_sleep(struct roam *r)
{
	uint64_t slept = slept_ms(), asleep = slept - r->slept_ms;

	r->slept_ms = slept;
	return asleep >= 1000 && life_tell(r->life, asleep < ASLEEP_MS ? ON_SLEPT : ON_SLEPT_LONG,
					   EXIT_HANGUP, "the machine was asleep");
}

/* The kernel sets the clock anew after each sleep. */
static void on_clock(void *ctx, uint32_t events)
{
	struct roam *r = ctx;
	uint64_t expirations;

	(void)events;
	(void)!read(r->clock_handle.fd, &expirations, sizeof expirations);
	(void)arm_clock(r->clock_handle.fd);
	(void)check_sleep(r);
}

void roam_check(struct roam *r)
{
	if (!check_sleep(r))
		life_post(r->life, ON_ROUTE, NULL);
}

static void on_network(void *ctx, unsigned changes)
{
	struct roam *r = ctx;

	if (changes & HOST_CHANGE_POLICY)
		life_post(r->life, ON_POLICY, NULL);
	changes &= ~(unsigned)HOST_CHANGE_POLICY;
	if (changes & ~(unsigned)(HOST_CHANGE_HOP | HOST_CHANGE_EFFECT)) {
		log_debug(r->life->log, "the machine's network changed (%#x)", changes);
		life_post(r->life, ON_ROUTE, NULL);
	} else {
		life_post(r->life, changes & HOST_CHANGE_EFFECT ? ON_EFFECT : ON_HOP, NULL);
	}
}

int roam_begin(struct roam *r, struct host *host, struct loop *loop, struct life *life,
	       struct reason *reason)
{
	*r = (struct roam){.life = life, .loop = loop, .slept_ms = slept_ms()};
	r->clock_handle =
		(struct loop_fd){.fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK),
				 .ready = on_clock,
				 .ctx = r};
	if (r->clock_handle.fd >= 0 && arm_clock(r->clock_handle.fd) == 0)
		(void)loop_fd_add(loop, &r->clock_handle, EPOLLIN);
	r->watch = host_watch_new(host, loop, on_network, r, reason);
	return r->watch ? 0 : -EIO;
}

void roam_end(struct roam *r)
{
	host_watch_free(r->watch);
	r->watch = NULL;
	if (r->clock_handle.fd >= 0)
		close(r->clock_handle.fd);
}
