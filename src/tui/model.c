/* SPDX-License-Identifier: MIT */
/* The model of one connection. */
#include "tui/model.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

#define SECOND_MS 1000

void call_init(struct call *call, const struct control_status *status)
{
	memset(call, 0, sizeof(*call));
	call->status = *status;
	control_events_init(&call->events);
}

void call_opened(struct call *call, uint64_t now_ms)
{
	call->running = true;
	call->heard = false;
	call->note[0] = '\0';
	call->events_seen = 0;
	call->stats_ms = 0;
	call->heard_ms = now_ms;
}

void call_unknown(struct call *call)
{
	call->running = false;
	call->status.phase = CONTROL_TERMINATED + 1;
	call->status.state = CONTROL_STATE_COUNT;
}

static void add_rate(struct call *call, struct model_rate rate, uint64_t now_ms)
{
	call->rates[call->rate_count++ % MODEL_HISTORY] = rate;
	call->sampled_ms = now_ms;
}

/* Octets a second from a counter; one that went back began anew. */
static uint64_t per_second(uint64_t now, uint64_t before, uint64_t ms)
{
	return now > before ? (now - before) * SECOND_MS / ms : 0;
}

/* Rates from counters that are new, over the time in which they grew. */
static void sample(struct call *call, uint64_t now_ms)
{
	const struct control_status *s = &call->status;
	uint64_t spent;

	if (!s->stats_ms || s->stats_ms == call->stats_ms)
		return;
	spent = s->stats_ms - call->stats_ms;
	if (call->stats_ms && s->stats_ms > call->stats_ms) {
		if (spent < SECOND_MS / 2) /* somebody else asked in between */
			return;
		add_rate(call,
			 (struct model_rate){
				 .rx = per_second(s->counters.rx_bytes, call->rx_base, spent),
				 .tx = per_second(s->counters.tx_bytes, call->tx_base, spent)},
			 now_ms);
	}
	call->stats_ms = s->stats_ms;
	call->rx_base = s->counters.rx_bytes;
	call->tx_base = s->counters.tx_bytes;
}

void call_heard(struct call *call, const struct control_status *status, uint64_t now_ms)
{
	call->status = *status;
	call->heard = true;
	call->heard_ms = now_ms;
	call->note[0] = '\0';
	sample(call, now_ms);
}

void call_closed(struct call *call, const struct control_status *status, uint64_t day_ms)
{
	bool ended = call->status.state == CONTROL_STATE_DOWN;
	struct reason reason = call->status.ended;
	char text[CONTROL_EVENT_TEXT];

	call->running = false;
	if (!call->heard) {
		(void)snprintf(call->note, sizeof(call->note),
			       "the supervisor does not answer; is it of another version?");
		return;
	}
	if (!ended) {
		reason = (struct reason){.code = EXIT_FATAL};
		(void)snprintf(reason.text, sizeof(reason.text),
			       "the supervisor ended unexpectedly; press d to undo what it left");
	}
	(void)snprintf(text, sizeof(text), "ended: %.180s", reason.text);
	call_add_event(call, day_ms, reason.code == EXIT_OK ? LOG_LEVEL_NOTICE : LOG_LEVEL_ERROR,
		       text);
	call->status = *status;
	call->status.last_end = reason;
	call->status.last_end_day_ms = day_ms;
	call->stats_ms = 0;
}

void call_tick(struct call *call, uint64_t now_ms)
{
	uint64_t since = call->sampled_ms + SECOND_MS / 2; /* counters may come a little late */
	uint64_t missed = now_ms > since ? (now_ms - since) / SECOND_MS : 0;

	if (call->running && now_ms > call->heard_ms + MODEL_SILENT_MS)
		(void)snprintf(call->note, sizeof(call->note),
			       "the supervisor (process %u) does not answer", call->status.pid);
	for (uint64_t i = 0; i < missed && i < MODEL_HISTORY; i++)
		add_rate(call, (struct model_rate){0}, call->sampled_ms);
	call->sampled_ms += missed * SECOND_MS;
}

void call_take_events(struct call *call, const struct control_events *fresh)
{
	size_t kept = control_events_kept(fresh);
	uint64_t first = fresh->count - kept;

	for (size_t i = 0; i < kept; i++) {
		const struct control_event *e = control_events_at(fresh, i);

		if (first + i >= call->events_seen)
			control_events_add(&call->events, e->time_ms, e->level, e->text);
	}
	call->events_seen = fresh->count;
}

void call_add_event(struct call *call, uint64_t day_ms, enum log_level level, const char *text)
{
	control_events_add(&call->events, day_ms, level, text);
}

struct model_rate call_rate(const struct call *call, size_t age)
{
	if (age >= call->rate_count || age >= MODEL_HISTORY)
		return (struct model_rate){0};
	return call->rates[(call->rate_count - 1 - age) % MODEL_HISTORY];
}

char *call_message(const struct call *call, char *buf, size_t cap)
{
	const struct control_status *s = &call->status;
	const char *reason = *s->ended.text ? s->ended.text : s->last_end.text;
	struct str out = str_make(buf, cap);

	if (*call->note)
		str_printf(&out, "%s", call->note);
	else if (s->state != CONTROL_STATE_DOWN)
		str_printf(&out, "%s", s->message);
	else if (call->running || !*s->message)
		str_printf(&out, "%s", reason);
	else /* what holds although nothing runs */
		str_printf(&out, "%s%s%s", reason, *reason ? "; " : "", s->message);
	return buf;
}

uint64_t call_state_ms(const struct call *call, uint64_t now_ms)
{
	uint64_t since = call->status.started_ms;

	for (size_t i = 0; i < CONTROL_STATE_COUNT; i++)
		since += call->status.state_ms[i];
	return call->status.started_ms && now_ms > since ? now_ms - since : 0;
}

/* Three digits and a prefix. */
static char *scaled_format(char *buf, size_t cap, uint64_t value, const char *unit)
{
	static const char *const prefixes[] = {"", "k", "M", "G", "T"};
	double v = (double)value;
	size_t p = 0;

	while (v >= 999.5 && p + 1 < sizeof(prefixes) / sizeof(prefixes[0])) {
		v /= 1000;
		p++;
	}
	(void)snprintf(buf, cap, "%.*f %s%s",
		       p == 0 || v >= 99.95 ? 0
		       : v >= 9.995	    ? 1
					    : 2,
		       v, prefixes[p], unit);
	return buf;
}

char *rate_format(char *buf, size_t cap, uint64_t octets, bool bits)
{
	return bits ? scaled_format(buf, cap, octets * 8, "bit/s")
		    : scaled_format(buf, cap, octets, "B/s");
}

char *size_format(char *buf, size_t cap, uint64_t octets)
{
	return scaled_format(buf, cap, octets, "B");
}

uint64_t scale_above(uint64_t value)
{
	static const uint64_t steps[] = {1, 2, 5};

	for (uint64_t power = 1000; power <= UINT64_MAX / 100; power *= 10)
		for (size_t i = 0; i < 3; i++)
			if (steps[i] * power >= value)
				return steps[i] * power;
	return UINT64_MAX;
}

char *scale_format(char *buf, size_t cap, uint64_t value)
{
	static const char letters[] = {'\0', 'k', 'M', 'G', 'T'};
	size_t p = 0;

	while (value >= 1000 && p + 1 < sizeof(letters)) {
		value /= 1000;
		p++;
	}
	(void)snprintf(buf, cap, "%llu%c", (unsigned long long)value, letters[p]);
	return buf;
}
