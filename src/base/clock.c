/* SPDX-License-Identifier: MIT */
/* The clock, and durations in the monitor's words. */
#include "base/clock.h"

#include "base/str.h"

#include <time.h>

uint64_t clock_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t clock_now_ms(void)
{
	return clock_now_us() / 1000;
}

uint64_t clock_day_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

char *day_format(char *buf, size_t cap, uint64_t day_ms)
{
	time_t seconds = (time_t)(day_ms / 1000);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || strftime(buf, cap, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		(void)str_copy(buf, cap, "?");
	return buf;
}

char *duration_format(char *buf, size_t cap, uint64_t seconds)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
	struct str s = str_make(buf, cap);

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (seconds >= units[i].seconds)
			str_printf(&s, "%llu%c", (unsigned long long)(seconds / units[i].seconds),
				   units[i].unit);
		seconds %= units[i].seconds;
	}
	if (s.len == 0)
		str_printf(&s, "0s");
	return buf;
}
