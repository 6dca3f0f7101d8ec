/* SPDX-License-Identifier: MIT */
/* What follows a failed dial or a lost call: the end, or a wait and another dial, while the TUN
 * device, its addresses and its routes stay. */
#include "base/random.h"
#include "base/str.h"
#include "connection/internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FAREWELL_MS 2500 /* of a call that is to be dialed again at once */
#define DRAIN_MAX   1024 /* packets: more than the device's queue holds */

/* The parts of a call that ended are put away; what is to stay for the next one stays. */
static void leave_call(struct supervisor *s)
{
	dial_abandon(s);
	if (s->network_up)
		host_suspend(s->host);
	s->network_up = false;
	s->status.uptime_ms = 0;
}

/* From the beginning, which with dial-on-demand is to make the device ready. */
static void start_again(struct supervisor *s)
{
	if (s->preparing)
		demand_begin(s);
	else
		dial_start(s);
}

static void on_wait(void *ctx)
{
	struct supervisor *s = ctx;

	if (s->profile.dial_on_demand && !s->preparing && !s->wait_dials)
		demand_wait(s);
	else
		start_again(s);
}

static void wait_and_dial(struct supervisor *s, const char *why, uint64_t delay_ms)
{
	char time[32], text[REASON_TEXT_MAX + 64];

	(void)snprintf(text, sizeof text, "%s; dialing again in %s", why,
		       duration_format(time, sizeof time, (delay_ms + 999) / 1000));
	log_notice(&s->log, "%s", text);
	s->status.next_dial_ms = loop_now(s->loop) + delay_ms;
	supervisor_set_state(s, CONTROL_STATE_WAITING, text);
	loop_timer_set(s->loop, &s->wait_timer, s->status.next_dial_ms);
}

static void give_up(struct supervisor *s, const struct reason *why)
{
	char text[REASON_TEXT_MAX + 64];

	if (!s->redial.limit || s->redial.failures < s->redial.limit) {
		supervisor_end(s, why->code, why->text);
		return;
	}
	(void)snprintf(text, sizeof text, "%s (after %u failures in a row: redial-limit)",
		       why->text, s->redial.failures);
	supervisor_end(s, why->code, text);
}

/* With dial-on-demand the end of a call that was used is nothing but the wait for more traffic. */
static bool waits_for_traffic(const struct supervisor *s, const struct reason *why, bool was_up)
{
	return s->profile.dial_on_demand && was_up &&
	       (!reason_is_permanent(why) || why->code == EXIT_IDLE_TIMEOUT ||
		why->code == EXIT_CONNECT_TIME);
}

void persist_over(struct supervisor *s, const struct reason *reason)
{
	const struct reason why = *reason; /* it may lie in what is put away now */
	bool was_up = s->network_up, again = s->redial_now;
	uint64_t now = loop_now(s->loop), up_ms = was_up ? now - s->up_since_ms : 0, delay;

	if (s->done)
		return;
	if (s->hanging_up) {
		supervisor_end(s, why.code, why.text);
		return;
	}
	leave_call(s);
	s->redial_now = false;
	last_note(s, &why);
	if (again) {
		events_lost(s, &why);
		start_again(s);
	} else if (waits_for_traffic(s, &why, was_up)) {
		events_lost(s, &why);
		demand_wait(s);
	} else if (redial_next(&s->redial, &why, up_ms, random_u32(&random_kernel), &delay)) {
		events_lost(s, &why);
		s->wait_dials = false;
		roam_note(s);
		wait_and_dial(s, why.text, delay);
	} else
		give_up(s, &why);
}

/* Where no farewell can reach the server. */
static void lost(struct supervisor *s, const char *text)
{
	struct reason why = {0};

	reason_set(&why, EXIT_HANGUP, "%s", text);
	s->redial_now = true;
	persist_over(s, &why);
}

void persist_dial_now(struct supervisor *s, const char *text)
{
	struct reason why = {0};

	reason_set(&why, EXIT_HANGUP, "%s", text);
	if (s->done || s->hanging_up || s->redial_now)
		return;
	log_notice(&s->log, "%s: dialing again", text);
	if (!s->network_up ||
	    request_send(&s->session.channel, REQUEST_HANGUP, &why, NULL, 0) < 0) {
		lost(s, text);
		return;
	}
	s->redial_now = true;
	loop_timer_set(s->loop, &s->limit_timer, loop_now(s->loop) + FAREWELL_MS);
}

void persist_dial_soon(struct supervisor *s, const char *text)
{
	uint64_t now = loop_now(s->loop);
	uint64_t at = redial_soon(&s->redial, now, s->dialed_ms, random_u32(&random_kernel));
	struct reason why = {0};

	if (s->done || s->hanging_up || s->redial_now)
		return;
	if (s->status.state == CONTROL_STATE_WAITING) {
		if (at < s->status.next_dial_ms)
			wait_and_dial(s, text, at - now);
		return;
	}
	reason_set(&why, EXIT_HANGUP, "%s", text);
	leave_call(s);
	last_note(s, &why);
	events_lost(s, &why);
	s->wait_dials = true;
	roam_note(s);
	wait_and_dial(s, text, at - now);
}

void persist_init(struct supervisor *s)
{
	const struct conf_profile *p = &s->profile;

	s->redial.enabled = p->redial;
	s->redial.from_start = s->options.foreground || s->options.redial || p->dial_on_demand;
	s->redial.min_ms = p->redial_min * 1000;
	s->redial.max_ms = p->redial_max > p->redial_min ? p->redial_max * 1000 : s->redial.min_ms;
	s->redial.limit = p->redial_limit;
	s->wait_timer.expired = on_wait;
	s->wait_timer.ctx = s;
}

/* Dial on demand */

/* Packets of a dial that failed have waited in vain; they must not start the next one. */
static void drain(int fd)
{
	char packet[64]; /* the rest of each is cut off */

	for (int i = 0; i < DRAIN_MAX && read(fd, packet, sizeof packet) > 0; i++)
		;
}

static void on_traffic(void *ctx, uint32_t events)
{
	struct supervisor *s = ctx;

	(void)events;
	loop_fd_del(s->loop, &s->traffic_handle);
	log_notice(&s->log, "traffic for the tunnel: dialing");
	dial_start(s);
}

void demand_begin(struct supervisor *s)
{
	s->preparing = true;
	supervisor_set_state(s, CONTROL_STATE_RESOLVING, "looking up the server");
	dial_look_up(s);
}

void demand_prepare(struct supervisor *s)
{
	s->preparing = false;
	demand_wait(s);
}

void demand_wait(struct supervisor *s)
{
	struct reason reason = {0};
	int rc;

	demand_stop(s);
	if (s->status.state == CONTROL_STATE_WAITING)
		drain(s->tun.fd);
	rc = tun_ensure(s, &reason);
	if (rc >= 0)
		rc = judge_demand(s, &reason); /* what is in place already stays */
	if (rc < 0) {
		supervisor_end(s, reason.code, reason.text);
		return;
	}
	s->status.attempt = 0;
	s->status.next_dial_ms = 0;
	s->traffic_handle =
		(struct loop_fd){.fd = s->tun.fd, .ready = on_traffic, .ctx = s, .added = false};
	rc = loop_fd_add(s->loop, &s->traffic_handle, EPOLLIN);
	if (rc < 0)
		supervisor_end(s, EXIT_FATAL, "the event loop refused the TUN device");
	else
		supervisor_set_state(s, CONTROL_STATE_DEMAND, "waiting for traffic");
}

void demand_stop(struct supervisor *s)
{
	if (s->traffic_handle.added)
		loop_fd_del(s->loop, &s->traffic_handle);
}
