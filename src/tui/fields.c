/* SPDX-License-Identifier: MIT */
/* The fields of one connection. */
#include "tui/fields.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

/* A new row; its text is written through *S. */
static struct str add(struct fields *f, const char *label)
{
	struct field *row = &f->rows[f->count < FIELDS_MAX - 1 ? f->count : FIELDS_MAX - 1];

	if (f->count < FIELDS_MAX)
		f->count++;
	row->label = label;
	return str_make(row->text, sizeof(row->text));
}

static void text(struct fields *f, const char *label, const char *value)
{
	struct str s = add(f, label);

	str_printf(&s, "%s", *value ? value : "-");
}

static void number(struct fields *f, const char *label, uint32_t value)
{
	char buf[16] = "";

	if (value)
		(void)snprintf(buf, sizeof(buf), "%u", value);
	text(f, label, buf);
}

static void pair(struct fields *f, const char *label, const char *a, const char *b)
{
	struct str s = add(f, label);

	str_printf(&s, "%s%s%s", a, *a && *b ? ", " : "", b);
	if (!*a && !*b)
		str_printf(&s, "-");
}

static void duration(struct fields *f, const char *label, bool known, uint64_t ms)
{
	char buf[32] = "";

	text(f, label, known ? duration_format(buf, sizeof(buf), ms / 1000) : "");
}

void fields_link(const struct control_status *s, struct fields *f)
{
	bool up = s->phase == CONTROL_CONNECTED;

	f->count = 0;
	text(f, "status", control_phase_text((enum control_phase)s->phase));
	duration(f, "uptime", up, s->uptime_ms);
	duration(f, "idle-time", up, s->idle_ms);
	text(f, "encoding", s->encoding);
	number(f, "mtu", s->mtu);
	number(f, "mru", s->mru);
	text(f, "state", control_state_text((enum control_state)s->state));
	if (s->next_dial_s)
		duration(f, "next-dial", true, 1000ull * s->next_dial_s);
	else if (!up && s->attempt > 1)
		number(f, "attempt", s->attempt);
	else
		text(f, "interface", s->ifname);
}

static void server(const struct control_status *s, struct fields *f)
{
	struct str out;

	if (!*s->server_address || strcmp(s->server, s->server_address) == 0) {
		text(f, "server", s->server);
		return;
	}
	out = add(f, "server");
	str_printf(&out, "%s (%s)", s->server, s->server_address);
}

/* All that go through the tunnel, the default route first. */
static void routes(const struct control_status *s, struct fields *f)
{
	struct str out = add(f, "routes");
	const char *comma = "";

	if (s->phase == CONTROL_CONNECTED && s->default_route) {
		str_printf(&out, *s->why_not[CONTROL_EFFECT_DEFAULT] ? "default not in effect"
								     : "default");
		comma = ", ";
	}
	for (uint32_t i = 0; s->phase == CONTROL_CONNECTED && i < s->route_count; i++) {
		if (s->routes[i].from == CONTROL_ROUTE_DEFAULT)
			continue;
		str_printf(&out, "%s%s", comma, s->routes[i].dst);
		comma = ", ";
	}
	if (!out.len)
		str_printf(&out, "-");
}

static void echo_time(const struct control_status *s, struct fields *f)
{
	struct str out = add(f, "echo-time");

	if (s->echo_known && s->phase == CONTROL_CONNECTED)
		str_printf(&out, "%u ms, avg %u, min %u, jitter %u", s->echo_rtt_ms, s->echo_avg_ms,
			   s->echo_min_ms, s->echo_jitter_ms);
	else
		str_printf(&out, "-");
}

void fields_network(const struct control_status *s, struct fields *f)
{
	f->count = 0;
	server(s, f);
	text(f, "user", s->user);
	pair(f, "local-address", s->local, s->local6);
	pair(f, "remote-address", s->remote, s->remote6);
	pair(f, "dns", s->dns[0], s->dns[1]);
	routes(s, f);
	pair(f, "protocol", s->type, s->auth_method);
	echo_time(s, f);
}
