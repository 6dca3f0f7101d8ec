/* SPDX-License-Identifier: MIT */
/* The machine's network moves below the call: links, addresses, gateways, sleep. */
#include "base/clock.h"
#include "base/str.h"
#include "supervisor/internal.h"
#include "supervisor/offload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define ASLEEP_MS      30000 /* so long, and the server has given the call up */
#define FAR_FUTURE_SEC (100LL * 365 * 24 * 3600)

unsigned bind_ifindex(const struct supervisor *s)
{
	return s->profile.bind_interface[0] ? if_nametoindex(s->profile.bind_interface) : 0;
}

/* The device may have been deleted or renamed by hand. */
int tun_ensure(struct supervisor *s, struct reason *reason)
{
	char name[IFNAMSIZ];
	int rc;

	if (s->tun.fd >= 0 && if_indextoname(s->tun.ifindex, name)) {
		str_copy(s->tun.ifname, sizeof s->tun.ifname, name);
		return 0;
	}
	str_copy(name, sizeof name, s->tun.fd >= 0 ? s->tun.ifname : s->profile.ifname);
	if (s->tun.fd >= 0) {
		host_undo(s->host);
		close(s->tun.fd);
		s->tun.fd = -1;
	}
	rc = host_tun_open(s->host, name, offload_tun(), &s->tun, reason);
	if (rc < 0)
		return rc;
	str_copy(s->status.ifname, sizeof s->status.ifname, s->tun.ifname);
	roam_set(s);
	return 1;
}

/* A packet from another address or by another link is no longer one of this call. */
static bool same_way(const struct host_path *a, const struct host_path *b)
{
	return a->ifindex == b->ifindex && memcmp(&a->source, &b->source, sizeof a->source) == 0;
}

static void check_path(struct supervisor *s)
{
	const struct sockaddr_storage *to = &s->addresses[s->address_at];
	struct reason reason = {0};
	struct host_path path;
	char text[160];

	if (host_repin(s->host, to, bind_ifindex(s), &path, &reason) < 0) {
		/* It may come back the same; if not, keep-alive tells. */
		if (!s->path_lost)
			log_notice(&s->log, "%s", reason.text);
		s->path_lost = true;
		fast_check(s);
		return;
	}
	s->path_lost = false;
	if (!same_way(&path, &s->server_path)) {
		(void)snprintf(text, sizeof text, "the way to the server changed from %s to %s",
			       s->server_path.ifname, path.ifname);
		persist_dial_soon(s, text);
		return;
	}
	s->server_path = path;
	if (s->network_up)
		judge_again(s);
	fast_check(s);
}

/* Where the server's name did not resolve, the way to an address of the documentation, which is
 * the default route, stands for the way to it.  *PATH has ifindex 0 where there is none. */
static void path_of_wait(struct supervisor *s, struct host_path *path)
{
	const struct sockaddr_in out4 = {.sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(0xc0000201)};
	const struct sockaddr_in6 out6 = {.sin6_family = AF_INET6,
					  .sin6_addr.s6_addr = {0x20, 0x01, 0x0d, 0xb8}};
	unsigned ifindex = bind_ifindex(s);
	struct reason reason = {0};
	int rc;

	if (s->address_count) {
		rc = host_repin(s->host, &s->addresses[0], ifindex, path, &reason);
	} else {
		rc = host_path_to(s->host, (const struct sockaddr *)&out4, ifindex, path, &reason);
		if (rc < 0)
			rc = host_path_to(s->host, (const struct sockaddr *)&out6, ifindex, path,
					  &reason);
	}
	if (rc < 0)
		path->ifindex = 0;
}

void roam_note(struct supervisor *s)
{
	path_of_wait(s, &s->wait_path);
}

/* A wait is cut short by a new way to the server, not by what else happens on this machine. */
static void check_wait(struct supervisor *s)
{
	struct host_path before = s->wait_path;

	path_of_wait(s, &s->wait_path);
	if (!s->wait_path.ifindex ||
	    (before.ifindex && same_way(&before, &s->wait_path) &&
	     memcmp(&before.gateway, &s->wait_path.gateway, sizeof before.gateway) == 0))
		return;
	persist_dial_soon(s, before.ifindex ? "the way to the server changed"
					    : "there is a way to the server again");
}

static void on_network(void *ctx, unsigned changes)
{
	struct supervisor *s = ctx;

	if (s->done || s->hanging_up || s->redial_now)
		return;
	if (changes & HOST_CHANGE_POLICY)
		cover_check(s);
	if (s->redial_now)
		return;
	changes &= ~(unsigned)HOST_CHANGE_POLICY;
	/* The path to the server is as it was; a call that is up looks at its own routes. */
	if (changes == HOST_CHANGE_HOP ||
	    (changes && !(changes & ~(unsigned)(HOST_CHANGE_HOP | HOST_CHANGE_EFFECT)) &&
	     s->status.state != CONTROL_STATE_UP)) {
		fast_check(s);
		return;
	}
	log_debug(&s->log, "the machine's network changed (%#x)", changes);
	switch (s->status.state) {
	case CONTROL_STATE_WAITING:
		check_wait(s);
		break;
	case CONTROL_STATE_DEMAND:
		demand_wait(s);
		break;
	case CONTROL_STATE_RESOLVING:
	case CONTROL_STATE_HANGING_UP:
	case CONTROL_STATE_DOWN:
		break;
	default:
		check_path(s);
		break;
	}
}

/* Sleep */

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

/* A server has given up a call that slept for long; whoever waits for a dial wants it now. */
static bool check_sleep(struct supervisor *s)
{
	uint64_t slept = slept_ms(), asleep = slept - s->slept_ms;

	s->slept_ms = slept;
	if (asleep < 1000 || (asleep < ASLEEP_MS && s->network_up) ||
	    s->status.state == CONTROL_STATE_DEMAND)
		return false;
	if (s->status.state == CONTROL_STATE_WAITING)
		persist_dial_soon(s, "the machine was asleep");
	else
		persist_dial_now(s, "the machine was asleep");
	return true;
}

/* The kernel sets the clock anew after each sleep. */
static void on_clock(void *ctx, uint32_t events)
{
	struct supervisor *s = ctx;
	uint64_t expirations;

	(void)events;
	(void)!read(s->clock_handle.fd, &expirations, sizeof expirations);
	(void)arm_clock(s->clock_handle.fd);
	(void)check_sleep(s);
}

void roam_check(struct supervisor *s)
{
	if (!check_sleep(s))
		on_network(s, 0);
}

void roam_set(struct supervisor *s)
{
	host_watch_set(s->watch, s->tun.fd >= 0 ? s->tun.ifindex : 0,
		       s->address_at < s->address_count ? &s->addresses[s->address_at] : NULL);
}

int roam_begin(struct supervisor *s, struct reason *reason)
{
	s->slept_ms = slept_ms();
	s->clock_handle =
		(struct loop_fd){.fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK),
				 .ready = on_clock,
				 .ctx = s};
	if (s->clock_handle.fd >= 0 && arm_clock(s->clock_handle.fd) == 0)
		(void)loop_fd_add(s->loop, &s->clock_handle, EPOLLIN);
	s->watch = host_watch_new(s->host, s->loop, on_network, s, reason);
	return s->watch ? 0 : -EIO;
}

void roam_end(struct supervisor *s)
{
	host_watch_free(s->watch);
	s->watch = NULL;
	if (s->clock_handle.fd >= 0)
		close(s->clock_handle.fd);
}
