/* SPDX-License-Identifier: MIT */
/* Collecting the faults of a file and sorting them by line. */
#include "conf/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fault_add(struct fault_list *list, unsigned line, const char *key, const char *fmt, ...)
{
	char *what = NULL, *text = NULL, place[16] = "";
	va_list ap;

	if (list->count++ >= FAULTS_KEPT)
		return;
	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	if (line)
		(void)snprintf(place, sizeof(place), "%u:", line);
	if (asprintf(&text, "%s:%s %s%s%s", list->path, place, key ? key : "", key ? ": " : "",
		     what ? what : "out of memory") < 0)
		text = NULL;
	free(what);
	list->items[list->count - 1] = (struct fault_item){.line = line, .text = text};
}

void fault_warn(struct fault_list *list, unsigned line, const char *key, const char *text)
{
	char *whole;

	if (list->warning_count == CONF_WARNINGS_MAX ||
	    asprintf(&whole, "%s:%u: %s: warning: %s", list->path, line, key, text) < 0)
		return;
	list->warnings[list->warning_count++] = whole;
}

/* Insertion sort: stable, and at most FAULTS_KEPT items. */
static void fault_sort(struct fault_item *items, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct fault_item item = items[i];
		size_t j = i;

		for (; j > 0 && items[j - 1].line > item.line; j--)
			items[j] = items[j - 1];
		items[j] = item;
	}
}

void fault_flush(struct fault_list *list, struct conf_faults *out)
{
	size_t kept = list->count < FAULTS_KEPT ? list->count : FAULTS_KEPT;

	fault_sort(list->items, kept);
	for (size_t i = 0; i < kept; i++) {
		if (out->count + i < FAULTS_KEPT)
			out->lines[out->count + i] = list->items[i].text;
		else
			free(list->items[i].text);
		list->items[i].text = NULL;
	}
	/* Faults that found no room before still count. */
	out->count += list->count;
	list->count = 0;
	for (size_t i = 0; i < list->warning_count; i++)
		if (out->warning_count < CONF_WARNINGS_MAX)
			out->warnings[out->warning_count++] = list->warnings[i];
		else
			free(list->warnings[i]);
	list->warning_count = 0;
}

void conf_faults_free(struct conf_faults *faults)
{
	for (size_t i = 0; i < FAULTS_KEPT; i++) {
		free(faults->lines[i]);
		faults->lines[i] = NULL;
	}
	faults->count = 0;
	while (faults->warning_count)
		free(faults->warnings[--faults->warning_count]);
}
