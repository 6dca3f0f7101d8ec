/* SPDX-License-Identifier: MIT */
/* What the monitor knows of one connection: pure, from the supervisor's records to rates, their
 * history and events. */
#ifndef VPDIAL_TUI_MODEL_H
#define VPDIAL_TUI_MODEL_H

#include "base/log.h"
#include "client/client.h"

#define MODEL_HISTORY	 512 /* seconds */
#define CALL_MESSAGE_MAX 512
#define MODEL_SILENT_MS	 5000 /* a watched supervisor tells its state once a second */

struct model_rate {
	uint64_t rx, tx; /* octets a second */
};

struct call {
	struct control_status status; /* as last heard, or of the profile alone */
	bool running;
	bool heard;				/* a record came since it was opened */
	char note[200];				/* why more cannot be shown; "" = nothing */
	struct control_events events;		/* the supervisor's and our own */
	uint64_t events_seen;			/* of the supervisor's */
	struct model_rate rates[MODEL_HISTORY]; /* second N stands at N % MODEL_HISTORY */
	uint64_t rate_count;
	uint64_t sampled_ms;	   /* when the last rate was taken */
	uint64_t heard_ms;	   /* when the last record came */
	uint64_t rx_base, tx_base; /* counters at the last rate */
	uint64_t stats_ms;	   /* of those counters; 0 = none yet */
};

/* A connection that does not run; STATUS is what its profile tells. */
void call_init(struct call *call, const struct control_status *status);

/* A supervisor was found. */
void call_opened(struct call *call, uint64_t now_ms);

/* Whether it runs cannot be told: its words become "unknown". */
void call_unknown(struct call *call);

/* A record of it came. */
void call_heard(struct call *call, const struct control_status *status, uint64_t now_ms);

/* It closed its end; STATUS as of call_init. */
void call_closed(struct call *call, const struct control_status *status, uint64_t day_ms);

/* Time passed: for each second without counters the history goes on with nothing. */
void call_tick(struct call *call, uint64_t now_ms);

/* Takes what is new of the supervisor's events. */
void call_take_events(struct call *call, const struct control_events *fresh);

/* An event of the monitor's own, DAY_MS by CLOCK_REALTIME. */
void call_add_event(struct call *call, uint64_t day_ms, enum log_level level, const char *text);

/* The newest rate, and the one AGE seconds before it; zeros where there is none. */
struct model_rate call_rate(const struct call *call, size_t age);

/* The sentence for the line under everything: a note, the last event, or the reason of the end and
 * what holds after it.  BUF holds CALL_MESSAGE_MAX octets; returns BUF. */
char *call_message(const struct call *call, char *buf, size_t cap);

/* Milliseconds that the present dial spends in its present state. */
uint64_t call_state_ms(const struct call *call, uint64_t now_ms);

/* "1.25 Mbit/s", or "156 kB/s" if not BITS; BUF holds 24 octets at least; returns BUF. */
char *rate_format(char *buf, size_t cap, uint64_t octets, bool bits);

/* "1.25 MB"; as above. */
char *size_format(char *buf, size_t cap, uint64_t octets);

/* The top of a scale that holds VALUE (in the unit shown): 1, 2 or 5 times a power of ten, at least
 * 1000; and its label, "5M". */
uint64_t scale_above(uint64_t value);
char *scale_format(char *buf, size_t cap, uint64_t value);

#endif
