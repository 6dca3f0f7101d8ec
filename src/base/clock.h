/* SPDX-License-Identifier: MIT */
/* Time: milliseconds of CLOCK_BOOTTIME (goes on during suspend, never steps), and durations as
 * the monitor prints them. */
#ifndef VPDIAL_BASE_CLOCK_H
#define VPDIAL_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define DEADLINE_NONE UINT64_MAX

/* Now, in milliseconds since boot. */
uint64_t clock_now_ms(void);
/* The same in microseconds. */
uint64_t clock_now_us(void);

/* The time of the day, in milliseconds since 1970; it may step. */
uint64_t clock_day_ms(void);
/* "2026-11-30 18:59:07", local time, of such a time; "?" if it is none.  BUF holds at least 32
 * octets; returns BUF. */
char *day_format(char *buf, size_t cap, uint64_t day_ms);

/* "7h24m18s", "4h35s", "1d2h5s": units that are zero are left out; zero is "0s".
 * BUF holds at least 32 octets; returns BUF. */
char *duration_format(char *buf, size_t cap, uint64_t seconds);

static inline uint64_t deadline_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

#endif
