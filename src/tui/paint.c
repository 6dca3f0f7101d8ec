/* SPDX-License-Identifier: MIT */
/* The parts of the screen. */
#include "tui/paint.h"

#include "base/str.h"
#include "tui/fields.h"
#include "tui/graph.h"
#include "tui/layout.h"
#include "tui/paint_text.h"

#include <stdio.h>
#include <string.h>

#define LOG_LINES 8 /* of one event in the log */

static const struct call *selected(const struct view *v)
{
	return v->count ? v->calls[v->selected] : NULL;
}

static void paint_title(struct grid *g, struct rect r, const struct view *v)
{
	const struct call *c = selected(v);
	char left[160], right[64] = "";
	int width;

	(void)snprintf(left, sizeof(left), " vpdial%s%s", c ? "  " : "",
		       c ? c->status.profile : "");
	if (v->count > 1)
		(void)snprintf(left + strlen(left), sizeof(left) - strlen(left), "  %zu/%zu",
			       v->selected + 1, v->count);
	if (c)
		(void)snprintf(right, sizeof(right), "%s ",
			       control_phase_text((enum control_phase)c->status.phase));
	grid_fill(g, r, ROLE_TITLE, L' ');
	width = grid_width(right);
	if (width > r.width / 2)
		width = 0;
	grid_text(g, r.x, r.y, r.width - width - 1, ROLE_TITLE, left);
	if (width)
		grid_text(g, r.x + r.width - width, r.y, width, ROLE_TITLE, right);
}

/* One line of the list: name, state, rates. */
static void paint_list_row(struct grid *g, struct rect r, const struct call *c, bool on, bool bits)
{
	struct model_rate rate = call_rate(c, 0);
	enum role role = on ? ROLE_SELECTED : ROLE_PLAIN;
	char rx[24], tx[24], text[80];
	int name = r.width >= 60 ? 24 : r.width / 2 - 1;

	if (on)
		grid_fill(g, r, role, L' ');
	grid_text(g, r.x, r.y, 1, role, on ? ">" : " ");
	grid_text(g, r.x + 2, r.y, name - 2, role, c->status.profile);
	grid_text(g, r.x + name + 1, r.y, 22, on ? role : status_role(&c->status),
		  control_phase_text((enum control_phase)c->status.phase));
	if (c->status.phase != CONTROL_CONNECTED || r.width < 76)
		return;
	(void)snprintf(text, sizeof(text), "in %s, out %s",
		       rate_format(rx, sizeof(rx), rate.rx, bits),
		       rate_format(tx, sizeof(tx), rate.tx, bits));
	grid_text(g, r.x + name + 14, r.y, r.width - name - 14, role, text);
}

static void paint_list(struct grid *g, struct rect r, const struct view *v)
{
	size_t shown = (size_t)r.height, first;

	if (r.height <= 0)
		return;
	first = v->selected >= shown ? v->selected - shown + 1 : 0;
	for (size_t i = 0; i < shown && first + i < v->count; i++)
		paint_list_row(g, (struct rect){r.x, r.y + (int)i, r.width, 1}, v->calls[first + i],
			       first + i == v->selected, v->bits);
}

static void paint_field(struct grid *g, struct rect r, int y, const struct field *f, int labels,
			enum role role)
{
	if (y >= r.height)
		return;
	grid_text(g, r.x + labels - (int)strlen(f->label), r.y + y, labels, ROLE_LABEL, f->label);
	grid_text(g, r.x + labels, r.y + y, 1, ROLE_LABEL, ":");
	grid_text(g, r.x + labels + 2, r.y + y, r.width - labels - 3, role, f->text);
}

static enum role field_role(const struct field *f, const struct control_status *s)
{
	return strcmp(f->label, "status") == 0 ? status_role(s) : ROLE_PLAIN;
}

#define LINK_LABELS    10
#define NETWORK_LABELS 14
#define SEED_FIELDS    6

/* In one column the network comes between the six fields and the rest of the link's. */
static void paint_fields(struct grid *g, const struct layout *l, const struct control_status *s)
{
	struct fields link, network;
	bool two = l->network.width > 0;
	int labels = two ? LINK_LABELS : NETWORK_LABELS, y = 0;

	fields_link(s, &link);
	fields_network(s, &network);
	for (size_t i = 0; i < (two ? link.count : SEED_FIELDS); i++)
		paint_field(g, l->link, y++, &link.rows[i], labels, field_role(&link.rows[i], s));
	for (size_t i = 0; i < network.count; i++)
		paint_field(g, two ? l->network : l->link, two ? (int)i : y++, &network.rows[i],
			    NETWORK_LABELS, ROLE_PLAIN);
	for (size_t i = SEED_FIELDS; !two && i < link.count; i++)
		paint_field(g, l->link, y++, &link.rows[i], labels, ROLE_PLAIN);
}

/* "received 1.2 Mbit/s" and the other direction, each over its half. */
static void paint_rates(struct grid *g, struct rect r, const struct call *c, bool bits)
{
	struct model_rate rate = call_rate(c, 0);
	char text[64], buf[24];
	int half = r.width / 2;

	if (r.height <= 0)
		return;
	(void)snprintf(text, sizeof(text), "%s %s", half >= 25 ? "received" : "in",
		       rate_format(buf, sizeof(buf), rate.rx, bits));
	grid_text(g, r.x + 1, r.y, half - 2, ROLE_RX, text);
	(void)snprintf(text, sizeof(text), "%s %s", half >= 25 ? "sent" : "out",
		       rate_format(buf, sizeof(buf), rate.tx, bits));
	grid_text(g, r.x + half + 1, r.y, half - 2, ROLE_TX, text);
}

static void paint_graphs(struct grid *g, const struct layout *l, const struct call *c, bool bits)
{
	for (int i = 0; i < 2; i++) {
		uint64_t top = scale_above(graph_largest(l->graph[i], c, i == 0, bits));

		graph_paint(g, l->graph[i], c, i == 0, top, bits);
	}
}

static void paint_totals(struct grid *g, struct rect r, const struct counters *n)
{
	const uint64_t packets[] = {n->rx_packets, n->tx_packets};
	const uint64_t bytes[] = {n->rx_bytes, n->tx_bytes};
	char text[64], buf[24];
	int half = r.width / 2;

	for (int i = 0; i < 2 && r.height > 0; i++) {
		(void)snprintf(text, sizeof(text), "%llu packets, %s",
			       (unsigned long long)packets[i],
			       size_format(buf, sizeof(buf), bytes[i]));
		grid_text(g, r.x + i * half + 1, r.y, half - 2, ROLE_PLAIN, text);
	}
}

/* Labels are written at the left, what follows wraps behind them. */
static int labelled(struct grid *g, struct rect r, const char *label, const char *text,
		    enum role role)
{
	int width = (int)strlen(label) + 3;
	const struct rect rest = {r.x + width, r.y, r.width - width - 1, r.height};

	if (g && r.height > 0)
		grid_text(g, r.x + 1, r.y, width, ROLE_LABEL, label);
	return paint_wrapped(g, rest, role, text);
}

/* The last events but SKIP, as many as there is room for; whole ones if LINES allows several lines
 * for one. */
static void paint_events(struct grid *g, struct rect r, const struct call *c, size_t skip,
			 int lines)
{
	size_t kept = control_events_kept(&c->events), end = kept > skip ? kept - skip : 0;
	size_t first = end;
	struct rect row = {r.x, r.y + 1, r.width, lines};
	int left = r.height - 1;

	if (left < 1)
		return;
	paint_rule(g, r, "events");
	while (first > 0) {
		left -= paint_event(NULL, row, control_events_at(&c->events, first - 1));
		if (left < 0)
			break;
		first--;
	}
	for (; first < end; first++)
		row.y += paint_event(g, row, control_events_at(&c->events, first));
}

static int message(struct grid *g, struct rect r, const struct call *c)
{
	enum role role = *c->note ? ROLE_BAD : status_role(&c->status);
	char text[CALL_MESSAGE_MAX];

	return paint_wrapped(g, (struct rect){r.x + 1, r.y, r.width - 2, r.height}, role,
			     call_message(c, text, sizeof(text)));
}

static void paint_main(struct grid *g, const struct layout *l, const struct view *v,
		       const char *phases, const char *drops)
{
	const struct call *c = selected(v);

	if (!c) {
		paint_wrapped(g, (struct rect){1, 2, g->width - 2, l->body.height - 1}, ROLE_PLAIN,
			      v->notice);
		return;
	}
	paint_list(g, l->list, v);
	paint_fields(g, l, &c->status);
	paint_rates(g, l->rates, c, v->bits);
	paint_graphs(g, l, c, v->bits);
	paint_totals(g, l->totals, &c->status.counters);
	labelled(g, l->drops, "dropped", drops, ROLE_BUSY);
	labelled(g, l->phases, "dial", phases, ROLE_PLAIN);
	paint_events(g, l->events, c, 0, 1);
	message(g, l->message, c);
}

/* A message that matters more than what else there is, on a screen that has no room for both. */
static bool urgent(const struct call *c)
{
	return *c->note || (!c->running && (*c->status.last_end.text || *c->status.message));
}

void paint(struct grid *g, const struct view *v)
{
	const struct call *c = selected(v);
	char phases[512] = "", drops[512] = "";
	const struct rect whole = {0, 0, g->width, 0};
	struct layout_wants wants = {.calls = (int)v->count, .keys = paint_keys(NULL, whole)};
	struct layout l;

	grid_clear(g);
	if (c) {
		phases_text(c, v->now_ms, phases, sizeof(phases));
		drops_text(&c->status, drops, sizeof(drops));
		wants.drops = *drops;
		wants.urgent = urgent(c);
		wants.phases = labelled(NULL, whole, "dial", phases, ROLE_PLAIN);
		wants.message = message(NULL, whole, c);
	}
	if (!layout_make(g->width, g->height, &wants, &l)) {
		grid_text(g, 0, 0, g->width, ROLE_PLAIN, "too small");
		return;
	}
	paint_title(g, l.title, v);
	paint_keys(g, l.keys);
	if (v->mode == VIEW_HELP)
		paint_help(g, l.body);
	else if (v->mode == VIEW_LOG && c)
		paint_events(g, l.body, c, v->scroll, LOG_LINES);
	else
		paint_main(g, &l, v, phases, drops);
}
