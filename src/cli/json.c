/* SPDX-License-Identifier: MIT */
/* Status as JSON. */
#include "base/str.h"
#include "cli/text.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* Text, null if empty; what is no UTF-8 is shown as \xNN. */
static json_t *text(const char *s)
{
	char clean[1200];
	struct str out = str_make(clean, sizeof(clean));
	json_t *value;

	if (!*s)
		return json_null();
	value = json_string(s);
	if (value)
		return value;
	str_clean(&out, s, strlen(s), 256);
	return json_string(clean);
}

/* A number, null if it is zero and that means "not known". */
static json_t *known(uint64_t n)
{
	return n ? json_integer((json_int_t)n) : json_null();
}

static json_t *pair(const char *a, const char *b)
{
	json_t *list = json_array();

	if (*a)
		json_array_append_new(list, text(a));
	if (*b)
		json_array_append_new(list, text(b));
	return list;
}

static json_t *peer_object(const struct control_status *s)
{
	json_t *o = json_object();

	json_object_set_new(o, "host", text(s->peer_host));
	json_object_set_new(o, "vendor", text(s->peer_vendor));
	return o;
}

static json_t *times_object(const struct control_status *s)
{
	json_t *o = json_object();

	for (int i = 0; i < CONTROL_STATE_COUNT; i++)
		json_object_set_new(o, control_state_text((enum control_state)i),
				    json_integer((json_int_t)s->state_ms[i]));
	return o;
}

static json_t *counters_object(const struct control_status *s)
{
	size_t count;
	const struct status_counter *c = status_counters(&count);
	json_t *o = json_object();

	for (size_t i = 0; i < count; i++)
		json_object_set_new(o, c[i].name,
				    json_integer((json_int_t)status_counter_value(s, &c[i])));
	return o;
}

static json_t *reason_object(const struct reason *reason, uint64_t day_ms)
{
	json_t *o;

	if (!reason_is_set(reason))
		return json_null();
	o = json_object();
	json_object_set_new(o, "code", json_integer(reason->code));
	json_object_set_new(o, "text", text(reason->text));
	json_object_set_new(o, "time_s", known(day_ms / 1000));
	return o;
}

static json_t *routes_array(const struct control_status *s)
{
	json_t *list = json_array(), *o;

	for (uint32_t i = 0; s->phase == CONTROL_CONNECTED && i < s->route_count; i++) {
		o = json_object();
		json_object_set_new(o, "to", text(s->routes[i].dst));
		json_object_set_new(o, "from",
				    json_string(control_route_from_text(
					    (enum control_route_from)s->routes[i].from)));
		json_object_set_new(o, "in_effect", json_boolean(!*s->routes[i].why_not));
		json_array_append_new(list, o);
	}
	return list;
}

static void put_fault(json_t *list, const char *what, const char *name, const char *why)
{
	json_t *o;

	if (!*why)
		return;
	o = json_object();
	json_object_set_new(o, "what", text(what));
	json_object_set_new(o, "name", text(name));
	json_object_set_new(o, "why", text(why));
	json_array_append_new(list, o);
}

/* What the kernel does not do as it was set. */
static json_t *faults_array(const struct control_status *s)
{
	json_t *list = json_array();

	if (s->phase != CONTROL_CONNECTED)
		return list;
	for (int i = 0; i < CONTROL_EFFECT_COUNT; i++)
		put_fault(list, control_effect_text((enum control_effect)i), "", s->why_not[i]);
	for (uint32_t i = 0; i < s->route_count; i++)
		if (s->routes[i].from != CONTROL_ROUTE_DEFAULT)
			put_fault(list, "route", s->routes[i].dst, s->routes[i].why_not);
	return list;
}

static void put_link(json_t *o, const struct control_status *s)
{
	bool up = s->phase == CONTROL_CONNECTED;

	json_object_set_new(o, "profile", text(s->profile));
	json_object_set_new(o, "type", text(s->type));
	json_object_set_new(o, "status", json_string(control_phase_text(s->phase)));
	json_object_set_new(o, "state", json_string(control_state_text(s->state)));
	json_object_set_new(o, "uptime_s",
			    up ? json_integer((json_int_t)(s->uptime_ms / 1000)) : json_null());
	json_object_set_new(o, "idle_s",
			    up ? json_integer((json_int_t)(s->idle_ms / 1000)) : json_null());
	json_object_set_new(o, "encoding", text(s->encoding));
	json_object_set_new(o, "mtu", known(s->mtu));
	json_object_set_new(o, "mru", known(s->mru));
	json_object_set_new(o, "pid", known(s->pid));
	json_object_set_new(o, "attempt", known(s->attempt));
	json_object_set_new(o, "calls", json_integer(s->calls));
	json_object_set_new(o, "next_dial_s", known(s->next_dial_s));
	json_object_set_new(o, "server", text(s->server));
	json_object_set_new(o, "server_address", text(s->server_address));
	json_object_set_new(o, "peer", peer_object(s));
	json_object_set_new(o, "user", text(s->user));
	json_object_set_new(o, "authentication", text(s->auth_method));
}

static void put_echo(json_t *o, const struct control_status *s)
{
	const struct {
		const char *name;
		uint32_t ms;
	} times[] = {{"echo_ms", s->echo_rtt_ms},
		     {"echo_min_ms", s->echo_min_ms},
		     {"echo_avg_ms", s->echo_avg_ms},
		     {"echo_jitter_ms", s->echo_jitter_ms}};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		json_object_set_new(o, times[i].name,
				    s->echo_known ? json_integer(times[i].ms) : json_null());
	json_object_set_new(o, "echo_count", json_integer(s->echo_count));
}

static void put_network(json_t *o, const struct control_status *s)
{
	json_object_set_new(o, "interface", text(s->ifname));
	json_object_set_new(o, "local_address", text(s->local));
	json_object_set_new(o, "remote_address", text(s->remote));
	json_object_set_new(o, "local_address6", text(s->local6));
	json_object_set_new(o, "remote_address6", text(s->remote6));
	json_object_set_new(o, "dns", pair(s->dns[0], s->dns[1]));
	json_object_set_new(o, "dns_way", text(s->dns_way));
	json_object_set_new(o, "wins", pair(s->wins[0], s->wins[1]));
	json_object_set_new(o, "domain", text(s->domain));
	json_object_set_new(o, "routes", routes_array(s));
	json_object_set_new(o, "default_route",
			    json_boolean(s->default_route && !*s->why_not[CONTROL_EFFECT_DEFAULT]));
	json_object_set_new(o, "not_in_effect", faults_array(s));
	json_object_set_new(o, "server_pinned", json_boolean(s->server_pinned));
	put_echo(o, s);
	json_object_set_new(o, "state_ms", times_object(s));
	json_object_set_new(o, "counters", counters_object(s));
	json_object_set_new(o, "message", text(s->message));
	json_object_set_new(o, "ended", reason_object(&s->ended, s->pid ? 0 : s->last_end_day_ms));
	json_object_set_new(o, "last_end", reason_object(&s->last_end, s->last_end_day_ms));
}

int json_status(FILE *out, const struct control_status *records, size_t count)
{
	json_t *root = json_object(), *list = json_array();
	int r;

	for (size_t i = 0; i < count; i++) {
		json_t *o = json_object();

		put_link(o, &records[i]);
		put_network(o, &records[i]);
		json_array_append_new(list, o);
	}
	json_object_set_new(root, "schema", json_integer(1));
	json_object_set_new(root, "connections", list);
	r = json_dumpf(root, out, JSON_INDENT(2)) < 0 ? -ENOMEM : 0;
	fputc('\n', out);
	json_decref(root);
	return r;
}
