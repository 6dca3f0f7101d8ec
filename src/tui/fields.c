/* SPDX-License-Identifier: MIT */
/* The fields of one connection. */
#include "tui/fields.h"

#include "base/str.h"
#include "client/status.h"

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

/* Ends a row whose text is complete. */
static void end(struct str *out)
{
	if (!out->len)
		str_printf(out, "-");
}

/* A field as the table has it, and another behind it unless that is FIELD_NONE. */
static void join(const struct control_status *s, struct fields *f, const char *label,
		 enum field_id a, enum field_id b)
{
	struct str out = add(f, label);
	char buf[sizeof(f->rows[0].text)];
	struct str second = str_make(buf, sizeof(buf));

	field_text(&out, s, &fields_known[a]);
	field_text(&second, s, &fields_known[b]);
	str_printf(&out, "%s%s", out.len && second.len ? ", " : "", buf);
	end(&out);
}

static void plain(const struct control_status *s, struct fields *f, enum field_id id)
{
	join(s, f, fields_known[id].label, id, FIELD_NONE);
}

/* ROW says A, and B in parentheses with its label. */
static void beside(struct field *row, const struct control_status *s, enum field_id a,
		   enum field_id b)
{
	struct str out = str_make(row->text, sizeof(row->text));

	str_printf(&out, "%u (%s %u)", field_u32(s, &fields_known[a]), fields_known[b].label,
		   field_u32(s, &fields_known[b]));
}

/* What Multilink adds to MTU and MRU, in their rows. */
static void multilink(const struct control_status *s, struct fields *f)
{
	if (!field_counts(s, &fields_known[FIELD_MRRU]) || (!s->mrru && !s->peer_mrru))
		return;
	for (size_t i = 0; i < f->count; i++) {
		struct field *row = &f->rows[i];

		if (row->label == fields_known[FIELD_MTU].label)
			beside(row, s, FIELD_MTU, FIELD_LINK_MTU);
		if (row->label == fields_known[FIELD_MRU].label)
			beside(row, s, FIELD_MRU, FIELD_MRRU);
	}
}

void fields_link(const struct control_status *s, struct fields *f)
{
	static const enum field_id order[] = {FIELD_STATUS,   FIELD_UPTIME, FIELD_IDLE,
					      FIELD_ENCODING, FIELD_MTU,    FIELD_MRU,
					      FIELD_STATE};

	f->count = 0;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		plain(s, f, order[i]);
	multilink(s, f);
	if (*s->ipsec && field_counts(s, &fields_known[FIELD_IPSEC]))
		plain(s, f, FIELD_IPSEC);
	if (s->next_dial_s)
		plain(s, f, FIELD_NEXT_DIAL);
	else if (s->phase != CONTROL_CONNECTED && s->attempt > 1)
		plain(s, f, FIELD_ATTEMPT);
	else
		plain(s, f, FIELD_INTERFACE);
}

static void server(const struct control_status *s, struct fields *f)
{
	struct str out;

	if (!*s->server_address || strcmp(s->server, s->server_address) == 0) {
		plain(s, f, FIELD_SERVER);
		return;
	}
	out = add(f, fields_known[FIELD_SERVER].label);
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
	end(&out);
}

static void echo_time(const struct control_status *s, struct fields *f)
{
	struct str out = add(f, fields_known[FIELD_ECHO].label);

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
	plain(s, f, FIELD_USER);
	join(s, f, fields_known[FIELD_LOCAL].label, FIELD_LOCAL, FIELD_LOCAL6);
	join(s, f, fields_known[FIELD_REMOTE].label, FIELD_REMOTE, FIELD_REMOTE6);
	plain(s, f, FIELD_DNS);
	routes(s, f);
	join(s, f, "protocol", FIELD_TYPE, FIELD_AUTHENTICATION);
	echo_time(s, f);
}
