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

/* --- values by kind */

static json_t *text_value(const struct control_status *s, const struct field_spec *f)
{
	return text(field_string(s, f));
}

/* A list of those that are there. */
static json_t *pair_value(const struct control_status *s, const struct field_spec *f)
{
	const char *a = field_string(s, f), *b = a + f->len / 2;
	json_t *list = json_array();

	if (*a)
		json_array_append_new(list, text(a));
	if (*b)
		json_array_append_new(list, text(b));
	return list;
}

static json_t *number_value(const struct control_status *s, const struct field_spec *f)
{
	return known(field_u32(s, f));
}

static json_t *count_value(const struct control_status *s, const struct field_spec *f)
{
	return json_integer(field_u32(s, f));
}

static json_t *span_value(const struct control_status *s, const struct field_spec *f)
{
	return s->phase == CONTROL_CONNECTED ? json_integer((json_int_t)(field_u64(s, f) / 1000))
					     : json_null();
}

static json_t *echo_value(const struct control_status *s, const struct field_spec *f)
{
	return s->echo_known ? json_integer(field_u32(s, f)) : json_null();
}

static json_t *flag_value(const struct control_status *s, const struct field_spec *f)
{
	return json_boolean(field_flag(s, f));
}

static json_t *wanted_value(const struct control_status *s, const struct field_spec *f)
{
	return json_boolean(field_flag(s, f) && !*((const char *)s + f->why));
}

static json_t *phase_value(const struct control_status *s, const struct field_spec *f)
{
	return json_string(control_phase_text((enum control_phase)field_u32(s, f)));
}

static json_t *state_value(const struct control_status *s, const struct field_spec *f)
{
	return json_string(control_state_text((enum control_state)field_u32(s, f)));
}

static json_t *times_value(const struct control_status *s, const struct field_spec *f)
{
	json_t *o = json_object();

	(void)f;
	for (int i = 0; i < CONTROL_STATE_COUNT; i++)
		json_object_set_new(o, control_state_text((enum control_state)i),
				    json_integer((json_int_t)s->state_ms[i]));
	return o;
}

static json_t *counters_value(const struct control_status *s, const struct field_spec *f)
{
	size_t count;
	const struct status_counter *c = status_counters(&count);
	json_t *o = json_object();

	(void)f;
	for (size_t i = 0; i < count; i++)
		json_object_set_new(o, c[i].name,
				    json_integer((json_int_t)status_counter_value(s, &c[i])));
	return o;
}

/* The time is the last end's; while a supervisor stays after its end, that is another's. */
static json_t *reason_value(const struct control_status *s, const struct field_spec *f)
{
	bool other = f == &fields_known[FIELD_ENDED] && s->pid;
	const struct reason *reason = f == &fields_known[FIELD_ENDED] ? &s->ended : &s->last_end;
	json_t *o;

	if (!reason_is_set(reason))
		return json_null();
	o = json_object();
	json_object_set_new(o, "code", json_integer(reason->code));
	json_object_set_new(o, "text", text(reason->text));
	json_object_set_new(o, "time_s", known(other ? 0 : s->last_end_day_ms / 1000));
	return o;
}

static json_t *routes_value(const struct control_status *s, const struct field_spec *f)
{
	json_t *list = json_array(), *o;

	(void)f;
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
static json_t *faults_value(const struct control_status *s, const struct field_spec *f)
{
	json_t *list = json_array();

	(void)f;
	if (s->phase != CONTROL_CONNECTED)
		return list;
	for (int i = 0; i < CONTROL_EFFECT_COUNT; i++)
		put_fault(list, control_effect_text((enum control_effect)i), "", s->why_not[i]);
	for (uint32_t i = 0; i < s->route_count; i++)
		if (s->routes[i].from != CONTROL_ROUTE_DEFAULT)
			put_fault(list, "route", s->routes[i].dst, s->routes[i].why_not);
	return list;
}

static json_t *(*const values[FIELD_KIND_COUNT])(const struct control_status *,
						 const struct field_spec *) = {
	[FIELD_IS_TEXT] = text_value,	      [FIELD_IS_PAIR] = pair_value,
	[FIELD_IS_NUMBER] = number_value,     [FIELD_IS_COUNT] = count_value,
	[FIELD_IS_SPAN] = span_value,	      [FIELD_IS_SECONDS] = number_value,
	[FIELD_IS_ECHO] = echo_value,	      [FIELD_IS_FLAG] = flag_value,
	[FIELD_IS_WANTED] = wanted_value,     [FIELD_IS_PHASE] = phase_value,
	[FIELD_IS_STATE] = state_value,	      [FIELD_IS_TIMES] = times_value,
	[FIELD_IS_COUNTERS] = counters_value, [FIELD_IS_ROUTES] = routes_value,
	[FIELD_IS_FAULTS] = faults_value,     [FIELD_IS_REASON] = reason_value,
};

/* The member NAME of O, made if it is not there. */
static json_t *member(json_t *o, const char *name)
{
	json_t *inner = json_object_get(o, name);

	if (inner)
		return inner;
	json_object_set_new(o, name, json_object());
	return json_object_get(o, name);
}

static void put_field(json_t *o, const struct control_status *s, const struct field_spec *f)
{
	char key[64];

	if (!f->name || !values[f->kind])
		return;
	(void)snprintf(key, sizeof(key), "%s%s%s", f->name, f->unit ? "_" : "",
		       f->unit ? f->unit : "");
	json_object_set_new(f->object ? member(o, f->object) : o, key,
			    field_counts(s, f) ? values[f->kind](s, f) : json_null());
}

static json_t *connection(const struct control_status *s)
{
	json_t *o = json_object();

	for (size_t i = 0; i < FIELD_COUNT; i++)
		put_field(o, s, &fields_known[i]);
	return o;
}

int json_status(FILE *out, const struct control_status *records, size_t count)
{
	json_t *root = json_object(), *list = json_array();
	int r;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, connection(&records[i]));
	json_object_set_new(root, "schema", json_integer(1));
	json_object_set_new(root, "connections", list);
	r = json_dumpf(root, out, JSON_INDENT(2)) < 0 ? -ENOMEM : 0;
	fputc('\n', out);
	json_decref(root);
	return r;
}
