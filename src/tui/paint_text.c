/* SPDX-License-Identifier: MIT */
/* Lines of text. */
#include "tui/paint_text.h"

#include "base/str.h"
#include "client/status.h"
#include "tui/keys.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NARROW 60 /* below, no cell is given away */

enum role status_role(const struct control_status *s)
{
	switch ((enum control_phase)s->phase) {
	case CONTROL_CONNECTED:
		return ROLE_GOOD;
	case CONTROL_DIALING:
	case CONTROL_VERIFYING:
		return ROLE_BUSY;
	case CONTROL_TERMINATED:
		break;
	}
	return s->ended.code != EXIT_OK || s->last_end.code != EXIT_OK ? ROLE_BAD : ROLE_PLAIN;
}

static void add_time(struct str *text, const char *name, uint64_t ms)
{
	if (ms >= 10000)
		str_printf(text, "%s %llu s", name, (unsigned long long)ms / 1000);
	else
		str_printf(text, "%s %llu ms", name, (unsigned long long)ms);
}

void phases_text(const struct call *call, uint64_t now_ms, char *out, size_t cap)
{
	const struct control_status *s = &call->status;
	char states[400];
	struct str text = str_make(out, cap), list = str_make(states, sizeof(states));
	uint64_t whole = 0;

	for (uint32_t i = 0; call->running && i < CONTROL_STATE_UP; i++) {
		uint64_t ms = s->state_ms[i] + (i == s->state ? call_state_ms(call, now_ms) : 0);

		if (!s->state_ms[i] && i != s->state)
			continue;
		whole += ms;
		str_printf(&list, "%s", list.len ? ", " : "");
		add_time(&list, control_state_text((enum control_state)i), ms);
	}
	if (!list.len)
		return;
	if (s->phase != CONTROL_CONNECTED && s->attempt > 1)
		str_printf(&text, "attempt %u, ", s->attempt);
	add_time(&text, "in all", whole);
	str_printf(&text, ": %s", states);
}

void drops_text(const struct control_status *status, char *out, size_t cap)
{
	struct str text = str_make(out, cap);
	size_t count;
	const struct status_counter *c = status_counters(&count);

	for (size_t i = 0; i < count; i++) {
		uint64_t v = status_counter_value(status, &c[i]);

		if (c[i].label && v)
			str_printf(&text, "%s%llu %s", text.len ? "; " : "", (unsigned long long)v,
				   c[i].label);
	}
}

/* Octets of TEXT that are whole words and fit into WIDTH; all of it if not even one word does. */
static size_t fitting(const char *text, int width)
{
	size_t len = strlen(text), fits = 0;
	char line[512];

	for (size_t at = 0; at <= len && at + 1 < sizeof(line); at++) {
		if (text[at] && text[at] != ' ')
			continue;
		(void)snprintf(line, at + 1, "%s", text);
		if (grid_width(line) > width)
			break;
		fits = at;
	}
	return fits ? fits : len;
}

int paint_wrapped(struct grid *g, struct rect r, enum role role, const char *text)
{
	int y = 0;

	for (; *text && (!g || y < r.height); y++) {
		size_t n = g && y == r.height - 1 ? strlen(text) : fitting(text, r.width);
		char line[512];

		(void)snprintf(line, n + 1 < sizeof(line) ? n + 1 : sizeof(line), "%s", text);
		if (g)
			grid_text(g, r.x, r.y + y, r.width, role, line);
		text += n;
		while (*text == ' ')
			text++;
	}
	return y;
}

void paint_rule(struct grid *g, struct rect r, const char *heading)
{
	grid_fill(g, (struct rect){r.x, r.y, r.width, 1}, ROLE_RULE, g->utf8 ? L'\u2500' : L'-');
	grid_put(g, r.x + 2, r.y, ROLE_RULE, L' ');
	grid_put(g, r.x + 3 + grid_text(g, r.x + 3, r.y, r.width - 6, ROLE_LABEL, heading), r.y,
		 ROLE_RULE, L' ');
}

int paint_event(struct grid *g, struct rect r, const struct control_event *event)
{
	const struct rect rest = {r.x + 11, r.y, r.width - 12, r.height};
	time_t seconds = (time_t)(event->time_ms / 1000);
	enum role role = event->level == LOG_LEVEL_ERROR  ? ROLE_BAD
			 : event->level == LOG_LEVEL_WARN ? ROLE_BUSY
							  : ROLE_PLAIN;
	char when[16] = "--:--:--";
	struct tm tm;
	int n = paint_wrapped(NULL, rest, role, event->text);

	n = n > r.height ? r.height : n < 1 ? 1 : n;
	if (!g)
		return n;
	if (localtime_r(&seconds, &tm))
		(void)strftime(when, sizeof(when), "%H:%M:%S", &tm);
	grid_text(g, r.x + 1, r.y, 8, ROLE_LABEL, when);
	return paint_wrapped(g, (struct rect){rest.x, rest.y, rest.width, n}, role, event->text);
}

int paint_keys(struct grid *g, struct rect r)
{
	size_t count;
	const struct key *keys = keys_table(&count);
	int left = r.width < NARROW ? 0 : 1, x = left, y = 0;

	for (size_t i = 0; i < count; i++) {
		int key = (int)strlen(keys[i].key), word = (int)strlen(keys[i].word);

		if (x > left && x + key + 1 + word > r.width) {
			x = left;
			y++;
		}
		if (g && y < r.height) {
			grid_text(g, r.x + x, r.y + y, key, ROLE_KEY, keys[i].key);
			grid_text(g, r.x + x + key + 1, r.y + y, word, ROLE_LABEL, keys[i].word);
		}
		x += key + word + 3;
	}
	return y + 1;
}

void paint_help(struct grid *g, struct rect r)
{
	static const char *const words[] = {
		"idle-time: since the last data packet.  echo-time: round trip of keep-alives.",
		"The graphs show one second in each column, the newest at the right.",
		"All fields are explained in vpdial(8).",
	};
	size_t count;
	const struct key *keys = keys_table(&count);
	int y = r.y;

	paint_rule(g, r, "help");
	for (size_t i = 0; i < count && ++y < r.y + r.height; i++) {
		grid_text(g, r.x + 2, y, 4, ROLE_KEY, keys[i].key);
		grid_text(g, r.x + 7, y, r.width - 8, ROLE_PLAIN, keys[i].help);
	}
	y++;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && ++y < r.y + r.height; i++)
		grid_text(g, r.x + 2, y, r.width - 3, ROLE_PLAIN, words[i]);
}
