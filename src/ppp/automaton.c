/* SPDX-License-Identifier: MIT */
/* The interpreter of RFC 1661 section 4.1's table: events, actions, timers. */
#include "ppp/automaton.h"

#include "base/clock.h"

#include <string.h>

#define MAX_CONFIGURE 10 /* RFC 1661 section 4.6 */
#define MAX_TERMINATE 2
#define TERMINATE_MS  1000
#define HURRY_MIN_MS  30

void automaton_init(struct automaton *a, const struct automaton_driver *driver, void *ctx,
		    struct automaton_host *host)
{
	memset(a, 0, sizeof(*a));
	a->driver = driver;
	a->ctx = ctx;
	a->host = host;
	a->deadline_ms = DEADLINE_NONE;
}

/* ---- sending ---- */

void automaton_send(struct automaton *a, uint8_t code, int id, const void *data, size_t len)
{
	uint8_t buf[AUTOMATON_PACKET_MAX];
	struct writer w = writer_make(buf, sizeof(buf));

	control_packet_begin(&w, code, id >= 0 ? (uint8_t)id : ++a->id);
	writer_bytes(&w, data, len);
	control_packet_end(&w);
	if (!w.failed)
		a->host->send(a->host->ctx, a->driver->protocol, buf, writer_len(&w));
}

static void arm(struct automaton *a)
{
	a->deadline_ms = a->host->now_ms + a->interval_ms;
}

static void build_request(struct automaton *a)
{
	uint8_t options[AUTOMATON_REQUEST_MAX];
	struct writer w = writer_make(options, sizeof(options));
	bool anew;

	for (size_t i = 0; i < a->driver->rule_count; i++)
		if (a->driver->rules[i].build)
			a->driver->rules[i].build(a->ctx, &w);
	/* The identifier stays for a mere repetition, so that an answer to any copy counts: a
	 * restart timer shorter than the round trip then does no harm. */
	anew = a->requests_sent == 0 || a->answered || writer_len(&w) != a->request_len ||
	       memcmp(options, a->request, a->request_len) != 0;
	a->repeated = !anew;
	if (anew) {
		a->asked_ms = a->host->now_ms;
		a->request_id = ++a->id;
		a->request_len = writer_len(&w);
		memcpy(a->request, options, a->request_len);
		a->answered = false;
	}
	if (a->driver->requesting)
		a->driver->requesting(a->ctx, anew);
}

void automaton_send_request(struct automaton *a)
{
	build_request(a);
	a->requests_sent++;
	if (a->tries_left > 0)
		a->tries_left--;
	automaton_send(a, CONTROL_CONFIGURE_REQUEST, a->request_id, a->request, a->request_len);
	arm(a);
}

void automaton_hurry(struct automaton *a)
{
	uint64_t wait = (uint64_t)a->host->rtt_ms * 3 / 2;

	if (a->host->rtt_ms == 0 || a->answered || a->requests_sent != 1 ||
	    (a->state != AUTOMATON_REQ_SENT && a->state != AUTOMATON_ACK_SENT))
		return;
	if (wait < HURRY_MIN_MS)
		wait = HURRY_MIN_MS;
	a->deadline_ms = deadline_min(a->deadline_ms, a->host->now_ms + wait);
}

static void send_ack(struct automaton *a)
{
	const struct control_packet *p = &a->packet;

	if (a->driver->accepted)
		a->driver->accepted(a->ctx);
	a->naks_sent = 0;
	a->reacks = 0;
	automaton_send(a, CONTROL_CONFIGURE_ACK, p->id, p->data, p->len);
}

static void send_terminate(struct automaton *a)
{
	size_t len = a->farewell ? strlen(a->farewell) : 0;

	if (a->tries_left > 0)
		a->tries_left--;
	automaton_send(a, CONTROL_TERMINATE_REQUEST, -1, a->farewell, len);
	arm(a);
}

static void send_code_reject(struct automaton *a)
{
	size_t len = CONTROL_HEADER + a->packet.len;
	size_t room = AUTOMATON_PACKET_MAX - CONTROL_HEADER;

	automaton_send(a, CONTROL_CODE_REJECT, -1, a->packet.raw, len < room ? len : room);
}

/* ---- the interpreter ---- */

static bool timer_runs(enum automaton_state s)
{
	return s >= AUTOMATON_CLOSING && s <= AUTOMATON_ACK_SENT;
}

static bool terminating(enum automaton_state s)
{
	return s == AUTOMATON_CLOSING || s == AUTOMATON_STOPPING;
}

static void init_restart(struct automaton *a)
{
	bool end = terminating(a->state);

	a->tries_left = end ? MAX_TERMINATE : MAX_CONFIGURE;
	a->interval_ms = end ? TERMINATE_MS : a->host->restart_ms;
	/* With the Ack in hand we wait for the peer's request, which has its own, slower timer. */
	if (a->state == AUTOMATON_ACK_RCVD)
		a->interval_ms = a->host->restart_max_ms;
	arm(a);
}

static void run_sends(struct automaton *a, unsigned actions)
{
	if (actions & AUTOMATON_SCR)
		automaton_send_request(a);
	if (actions & AUTOMATON_SCA)
		send_ack(a);
	if (actions & AUTOMATON_SCN) {
		a->refused_ms = a->host->now_ms;
		automaton_send(a, a->reply_code, a->packet.id, a->reply, a->reply_len);
	}
	if (actions & AUTOMATON_STR)
		send_terminate(a);
	if (actions & AUTOMATON_STA)
		automaton_send(a, CONTROL_TERMINATE_ACK, a->packet.id, NULL, 0);
	if (actions & AUTOMATON_SCJ)
		send_code_reject(a);
	if ((actions & AUTOMATON_SER) && a->driver->exchange)
		a->driver->exchange(a->ctx, &a->packet);
}

static void run_actions(struct automaton *a, unsigned actions, enum automaton_event event)
{
	const struct automaton_driver *d = a->driver;

	/* TLS has no hook: the link knows when it opens its layers. */
	if ((actions & AUTOMATON_TLD) && d->down)
		d->down(a->ctx);
	if (actions & AUTOMATON_IRC)
		init_restart(a);
	if (actions & AUTOMATON_ZRC) {
		a->tries_left = 0;
		a->interval_ms = TERMINATE_MS;
		arm(a);
	}
	run_sends(a, actions);
	if ((actions & AUTOMATON_TLU) && d->up)
		d->up(a->ctx);
	if ((actions & AUTOMATON_TLF) && d->finished)
		d->finished(a->ctx, event);
}

static void name_actions(char *buf, size_t cap, unsigned actions)
{
	static const char *const names[] = {"tls", "tld", "irc", "zrc", "scr", "sca", "scn",
					    "str", "sta", "scj", "ser", "tlu", "tlf"};
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((actions & 1u << i) && len + 5 < cap) {
			buf[len] = len ? ',' : ' ';
			memcpy(buf + len + 1, names[i], 4);
			len += 4;
		}
}

static void run_event(struct automaton *a, enum automaton_event event)
{
	const struct automaton_cell *cell = automaton_cell(event, a->state);
	enum automaton_state old = a->state;
	char actions[64];

	if (cell->never) {
		a->host->counters->unexpected++;
		log_debug(a->host->log, "%s: %s in state %s is ignored", a->driver->name,
			  automaton_event_name(event), automaton_state_name(old));
		return;
	}
	a->state = cell->next;
	if (log_enabled(a->host->log, LOG_LEVEL_INFO) && (old != a->state || cell->actions)) {
		name_actions(actions, sizeof(actions), cell->actions);
		log_info(a->host->log, "%s: %s -> %s on %s%s", a->driver->name,
			 automaton_state_name(old), automaton_state_name(a->state),
			 automaton_event_name(event), actions);
	}
	if (event == AUTOMATON_UP || event == AUTOMATON_DOWN) {
		a->naks_sent = a->naks_received = 0;
		a->requests_sent = a->answers = 0;
		a->answered = a->seen = a->refused = false;
		a->repeat_after_ms = 0;
		a->refusals = 0;
	}
	if (!timer_runs(a->state))
		a->deadline_ms = DEADLINE_NONE;
	run_actions(a, cell->actions, event);
	if (!timer_runs(a->state))
		a->deadline_ms = DEADLINE_NONE;
}

void automaton_raise(struct automaton *a, enum automaton_event event)
{
	if (a->running) {
		if (a->queued < AUTOMATON_QUEUE)
			a->queue[a->queued++] = event;
		return;
	}
	a->running = true;
	run_event(a, event);
	for (unsigned i = 0; i < a->queued; i++)
		run_event(a, a->queue[i]);
	a->queued = 0;
	a->running = false;
}

void automaton_tick(struct automaton *a)
{
	if (a->deadline_ms == DEADLINE_NONE || a->host->now_ms < a->deadline_ms)
		return;
	if (!terminating(a->state)) {
		uint64_t longer = (uint64_t)a->interval_ms * 3 / 2;

		a->interval_ms = longer < a->host->restart_max_ms ? (uint32_t)longer
								  : a->host->restart_max_ms;
	}
	automaton_raise(a, a->tries_left > 0 ? AUTOMATON_TIMEOUT : AUTOMATON_EXHAUSTED);
}
