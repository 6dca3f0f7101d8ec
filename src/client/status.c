/* SPDX-License-Identifier: MIT */
/* The status model. */
#include "client/status.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COUNTER(field, label) {#field, label, offsetof(struct counters, field)},

static const struct status_counter counters[] = {PATH_COUNTERS(COUNTER) CONTROL_COUNTERS(COUNTER)};

const struct status_counter *status_counters(size_t *count)
{
	*count = sizeof(counters) / sizeof(counters[0]);
	return counters;
}

uint64_t status_counter_value(const struct control_status *status,
			      const struct status_counter *counter)
{
	uint64_t v;

	memcpy(&v, (const char *)&status->counters + counter->offset, sizeof(v));
	return v;
}

void status_terminated(struct control_status *status, const char *profile)
{
	memset(status, 0, sizeof(*status));
	status->magic = CONTROL_MAGIC;
	status->version = CONTROL_VERSION;
	status->size = sizeof(*status);
	status->phase = CONTROL_TERMINATED;
	status->state = CONTROL_STATE_DOWN;
	(void)str_copy(status->profile, sizeof(status->profile), profile);
}

struct status_table {
	struct status_row *rows;
	size_t count;
};

__attribute__((format(printf, 3, 4))) static void row(struct status_table *t, const char *label,
						      const char *fmt, ...)
{
	struct status_row *r;
	va_list ap;

	if (t->count == STATUS_ROWS_MAX)
		return;
	r = &t->rows[t->count++];
	r->label = label;
	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
}

/* A text, unless it is empty. */
static void row_text(struct status_table *t, const char *label, const char *text)
{
	if (*text)
		row(t, label, "%s", text);
}

/* One text or two with a comma between, and WAY behind them in parentheses. */
static void row_pair(struct status_table *t, const char *label, const char *a, const char *b,
		     const char *way)
{
	bool known = *way && strcmp(way, "none") != 0;

	if (*a || *b)
		row(t, label, "%s%s%s%s%s%s", a, *a && *b ? ", " : "", b, known ? " (" : "",
		    known ? way : "", known ? ")" : "");
}

/* A text with what the kernel says against it. */
static void row_effect(struct status_table *t, const struct control_status *s, const char *text,
		       enum control_effect effect)
{
	const char *why = s->phase == CONTROL_CONNECTED ? s->why_not[effect] : "";

	if (*why)
		row(t, control_effect_text(effect), "%s%snot in effect: %s", text,
		    *text ? ", " : "", why);
	else
		row_text(t, control_effect_text(effect), text);
}

/* The seeds' six fields, in their order. */
static void seed_rows(struct status_table *t, const struct control_status *s)
{
	char buf[32];

	row(t, "status", "%s", control_phase_text(s->phase));
	if (s->phase == CONTROL_CONNECTED) {
		row(t, "uptime", "%s", duration_format(buf, sizeof(buf), s->uptime_ms / 1000));
		row(t, "idle-time", "%s", duration_format(buf, sizeof(buf), s->idle_ms / 1000));
	}
	row_text(t, "encoding", s->encoding);
	if (s->mtu)
		row(t, "mtu", "%u", s->mtu);
	if (s->mru)
		row(t, "mru", "%u", s->mru);
}

static void route_rows(struct status_table *t, const struct control_status *s)
{
	if (s->phase != CONTROL_CONNECTED)
		return;
	if (*s->why_not[CONTROL_EFFECT_DEFAULT])
		row_effect(t, s, "", CONTROL_EFFECT_DEFAULT);
	else
		row(t, "default-route", "%s", s->default_route ? "yes" : "no");
	row_text(t, "ipv6", s->why_not[CONTROL_EFFECT_IPV6]);
	for (uint32_t i = 0; i < s->route_count; i++)
		row(t, "route", "%s (%s)%s%s", s->routes[i].dst,
		    control_route_from_text((enum control_route_from)s->routes[i].from),
		    *s->routes[i].why_not ? ", not in effect: " : "", s->routes[i].why_not);
}

static void link_rows(struct status_table *t, const struct control_status *s)
{
	char buf[32];

	row(t, "state", "%s", control_state_text(s->state));
	if (s->attempt > 1)
		row(t, "attempt", "%u", s->attempt);
	if (s->next_dial_s)
		row(t, "next-dial", "%s", duration_format(buf, sizeof(buf), s->next_dial_s));
	row_text(t, "type", s->type);
	if (*s->server_address && strcmp(s->server, s->server_address) != 0)
		row(t, "server", "%s%s%s%s", s->server, *s->server ? " (" : "", s->server_address,
		    *s->server ? ")" : "");
	else
		row_text(t, "server", s->server);
	row_pair(t, "peer", s->peer_host, s->peer_vendor, "");
	row_text(t, "user", s->user);
	row_text(t, "authentication", s->auth_method);
	row_effect(t, s, s->ifname, CONTROL_EFFECT_LINK);
	row_effect(t, s, s->local, CONTROL_EFFECT_LOCAL);
	row_effect(t, s, s->remote, CONTROL_EFFECT_REMOTE);
	row_text(t, "local-address6", s->local6);
	row_text(t, "remote-address6", s->remote6);
	row_pair(t, "dns", s->dns[0], s->dns[1], s->dns_way);
	if (s->phase == CONTROL_CONNECTED && *s->why_not[CONTROL_EFFECT_DNS])
		row(t, "dns", "not in effect: %s", s->why_not[CONTROL_EFFECT_DNS]);
	row_pair(t, "wins", s->wins[0], s->wins[1], "");
	row_text(t, "domain", s->domain);
	route_rows(t, s);
	if (s->echo_known)
		row(t, "echo-time", "%u ms (min %u, avg %u, jitter %u; %u answered)",
		    s->echo_rtt_ms, s->echo_min_ms, s->echo_avg_ms, s->echo_jitter_ms,
		    s->echo_count);
}

static void traffic_rows(struct status_table *t, const struct control_status *s)
{
	const struct counters *c = &s->counters;

	if (s->phase == CONTROL_CONNECTED || c->tx_packets || c->rx_packets) {
		row(t, "sent", "%llu packets, %llu bytes", (unsigned long long)c->tx_packets,
		    (unsigned long long)c->tx_bytes);
		row(t, "received", "%llu packets, %llu bytes", (unsigned long long)c->rx_packets,
		    (unsigned long long)c->rx_bytes);
	}
	if (c->rx_lost)
		row(t, "lost", "%llu packets on the way to us", (unsigned long long)c->rx_lost);
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		uint64_t v = status_counter_value(s, &counters[i]);

		if (counters[i].label && v)
			row(t, "dropped", "%llu %s", (unsigned long long)v, counters[i].label);
	}
}

static void last_end_row(struct status_table *t, const struct control_status *s)
{
	const struct reason *why = &s->last_end;
	bool stopped = s->state == CONTROL_STATE_DOWN && !s->pid;
	char when[32] = "";

	if (s->last_end_day_ms)
		day_format(when, sizeof(when), s->last_end_day_ms);
	if (reason_is_set(why))
		row(t, "last-end", "%s%s%s (exit code %d)", when, *when ? "  " : "", why->text,
		    (int)why->code);
	else if (stopped)
		row(t, "last-end", "none: not dialed since this machine started");
}

size_t status_rows(const struct control_status *status,
		   struct status_row rows[static STATUS_ROWS_MAX])
{
	struct status_table t = {.rows = rows};

	seed_rows(&t, status);
	link_rows(&t, status);
	traffic_rows(&t, status);
	if (status->state == CONTROL_STATE_DOWN && status->pid && *status->ended.text)
		row_text(&t, "reason", status->ended.text);
	else
		row_text(&t, "message", status->message);
	last_end_row(&t, status);
	return t.count;
}
