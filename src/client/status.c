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

/* A field as the table has it, unless nothing is known of it. */
static void row_plain(struct status_table *t, const struct control_status *s,
		      const struct field_spec *f)
{
	char buf[STATUS_TEXT_MAX];
	struct str text = str_make(buf, sizeof(buf));
	const char *why = field_why(s, f);

	field_text(&text, s, f);
	if (*why)
		row(t, f->label, "%s%snot in effect: %s", buf, *buf ? ", " : "", why);
	else if (*buf)
		row(t, f->label, "%s", buf);
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

/* The first attempt needs no word. */
static void row_attempt(struct status_table *t, const struct control_status *s,
			const struct field_spec *f)
{
	if (s->attempt > 1)
		row_plain(t, s, f);
}

static void row_server(struct status_table *t, const struct control_status *s,
		       const struct field_spec *f)
{
	if (*s->server_address && strcmp(s->server, s->server_address) != 0)
		row(t, f->label, "%s%s%s%s", s->server, *s->server ? " (" : "", s->server_address,
		    *s->server ? ")" : "");
	else
		row_plain(t, s, f);
}

static void row_peer(struct status_table *t, const struct control_status *s,
		     const struct field_spec *f)
{
	row_pair(t, f->label, s->peer_host, s->peer_vendor, "");
}

static void row_dns(struct status_table *t, const struct control_status *s,
		    const struct field_spec *f)
{
	row_pair(t, f->label, s->dns[0], s->dns[1], s->dns_way);
	if (*field_why(s, f))
		row(t, f->label, "not in effect: %s", field_why(s, f));
}

static void row_ipv6(struct status_table *t, const struct control_status *s,
		     const struct field_spec *f)
{
	if (*field_why(s, f))
		row(t, f->label, "%s", field_why(s, f));
}

static void row_routes(struct status_table *t, const struct control_status *s,
		       const struct field_spec *f)
{
	for (uint32_t i = 0; s->phase == CONTROL_CONNECTED && i < s->route_count; i++)
		row(t, f->label, "%s (%s)%s%s", s->routes[i].dst,
		    control_route_from_text((enum control_route_from)s->routes[i].from),
		    *s->routes[i].why_not ? ", not in effect: " : "", s->routes[i].why_not);
}

static void row_echo(struct status_table *t, const struct control_status *s,
		     const struct field_spec *f)
{
	if (s->echo_known)
		row(t, f->label, "%u ms (min %u, avg %u, jitter %u; %u answered)", s->echo_rtt_ms,
		    s->echo_min_ms, s->echo_avg_ms, s->echo_jitter_ms, s->echo_count);
}

static void row_traffic(struct status_table *t, const struct control_status *s,
			const struct field_spec *f)
{
	const struct counters *c = &s->counters;
	bool sent = f == &fields_known[FIELD_SENT];

	if (s->phase == CONTROL_CONNECTED || c->tx_packets || c->rx_packets)
		row(t, f->label, "%llu packets, %llu bytes",
		    (unsigned long long)(sent ? c->tx_packets : c->rx_packets),
		    (unsigned long long)field_u64(s, f));
}

static void row_lost(struct status_table *t, const struct control_status *s,
		     const struct field_spec *f)
{
	if (field_u64(s, f))
		row(t, f->label, "%llu packets on the way to us",
		    (unsigned long long)field_u64(s, f));
}

/* Without Multilink it is the MTU. */
static void row_link_mtu(struct status_table *t, const struct control_status *s,
			 const struct field_spec *f)
{
	if (s->mrru || s->peer_mrru)
		row_plain(t, s, f);
}

static void row_mrru(struct status_table *t, const struct control_status *s,
		     const struct field_spec *f)
{
	if (field_counts(s, f) && (s->mrru || s->peer_mrru))
		row(t, f->label, "%u, the server's %u", s->mrru, s->peer_mrru);
}

static void row_fragments(struct status_table *t, const struct control_status *s,
			  const struct field_spec *f)
{
	const struct counters *c = &s->counters;

	if (s->mrru || s->peer_mrru)
		row(t, f->label, "%llu sent, %llu received, %llu lost",
		    (unsigned long long)field_u64(s, f), (unsigned long long)c->mp_rx,
		    (unsigned long long)c->mp_lost);
}

static void row_drops(struct status_table *t, const struct control_status *s,
		      const struct field_spec *f)
{
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		uint64_t v = status_counter_value(s, &counters[i]);

		if (counters[i].label && v)
			row(t, f->label, "%llu %s", (unsigned long long)v, counters[i].label);
	}
}

/* The last event, or why all ended. */
static void row_message(struct status_table *t, const struct control_status *s,
			const struct field_spec *f)
{
	if (s->state == CONTROL_STATE_DOWN && s->pid && *s->ended.text)
		row(t, fields_known[FIELD_ENDED].label, "%s", s->ended.text);
	else
		row_plain(t, s, f);
}

static void row_last_end(struct status_table *t, const struct control_status *s,
			 const struct field_spec *f)
{
	const struct reason *why = &s->last_end;
	bool stopped = s->state == CONTROL_STATE_DOWN && !s->pid;
	char when[32] = "";

	if (s->last_end_day_ms)
		day_format(when, sizeof(when), s->last_end_day_ms);
	if (reason_is_set(why))
		row(t, f->label, "%s%s%s (exit code %d)", when, *when ? "  " : "", why->text,
		    (int)why->code);
	else if (stopped)
		row(t, f->label, "none: not dialed since this machine started");
}

/* The manual's six fields, then the rest; NULL = row_plain. */
static const struct {
	enum field_id field;
	void (*put)(struct status_table *, const struct control_status *,
		    const struct field_spec *);
} order[] = {
	{FIELD_STATUS, NULL},
	{FIELD_UPTIME, NULL},
	{FIELD_IDLE, NULL},
	{FIELD_ENCODING, NULL},
	{FIELD_IPSEC, NULL},
	{FIELD_MTU, NULL},
	{FIELD_MRU, NULL},
	{FIELD_LINK_MTU, row_link_mtu},
	{FIELD_MRRU, row_mrru},
	{FIELD_STATE, NULL},
	{FIELD_ATTEMPT, row_attempt},
	{FIELD_NEXT_DIAL, NULL},
	{FIELD_TYPE, NULL},
	{FIELD_SERVER, row_server},
	{FIELD_PEER_HOST, row_peer},
	{FIELD_USER, NULL},
	{FIELD_AUTHENTICATION, NULL},
	{FIELD_INTERFACE, NULL},
	{FIELD_LOCAL, NULL},
	{FIELD_REMOTE, NULL},
	{FIELD_LOCAL6, NULL},
	{FIELD_REMOTE6, NULL},
	{FIELD_DNS, row_dns},
	{FIELD_WINS, NULL},
	{FIELD_DOMAIN, NULL},
	{FIELD_DEFAULT_ROUTE, NULL},
	{FIELD_IPV6, row_ipv6},
	{FIELD_ROUTES, row_routes},
	{FIELD_ECHO, row_echo},
	{FIELD_SENT, row_traffic},
	{FIELD_RECEIVED, row_traffic},
	{FIELD_LOST, row_lost},
	{FIELD_FRAGMENTS, row_fragments},
	{FIELD_COUNTERS, row_drops},
	{FIELD_MESSAGE, row_message},
	{FIELD_LAST_END, row_last_end},
};

size_t status_rows(const struct control_status *status,
		   struct status_row rows[static STATUS_ROWS_MAX])
{
	struct status_table t = {.rows = rows};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		(order[i].put ? order[i].put : row_plain)(&t, status,
							  &fields_known[order[i].field]);
	return t.count;
}
