/* SPDX-License-Identifier: MIT */
/* `vpdial users --history`: the file of accounting-log, line by line, since it may be long. */
#include "ipc/history.h"
#include "base/clock.h"
#include "base/str.h"
#include "cli/cli.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_LEN 8192

/* A text of the record, without what would act on a terminal. */
static const char *text(const json_t *record, const char *key, char *buf, size_t cap)
{
	const char *value = json_string_value(json_object_get(record, key));
	struct str s = str_make(buf, cap);

	if (value)
		str_clean(&s, value, strlen(value), cap - 1);
	return buf;
}

static void put_number(const json_t *record, const char *key, int width)
{
	const json_t *value = json_object_get(record, key);

	if (json_is_integer(value))
		printf("  %*lld", width, (long long)json_integer_value(value));
	else
		printf("  %*s", width, "");
}

static void print_row(const json_t *r)
{
	const json_t *up = json_object_get(r, "duration_s");
	char t[24], event[8], user[64], type[8], from[48], address[48], cause[20], uptime[32] = "";

	if (json_is_integer(up) && json_integer_value(up) >= 0)
		(void)duration_format(uptime, sizeof(uptime), (uint64_t)json_integer_value(up));
	printf("%-20s  %-5s  %-15s  %-4s  %-15s  %-15s  %10s", text(r, "time", t, sizeof(t)),
	       text(r, "event", event, sizeof(event)), text(r, "user", user, sizeof(user)),
	       text(r, "type", type, sizeof(type)), text(r, "client_address", from, sizeof(from)),
	       text(r, "remote_address", address, sizeof(address)), uptime);
	put_number(r, "rx_bytes", 12);
	put_number(r, "tx_bytes", 12);
	printf("  %s\n", text(r, "cause", cause, sizeof(cause)));
}

static void print_record(const json_t *record, bool json, bool first)
{
	if (!json) {
		print_row(record);
		return;
	}
	fputs(first ? "\n    " : ",\n    ", stdout);
	json_dumpf(record, stdout, JSON_COMPACT);
}

/* Lines that are none of ours are counted and left out. */
static unsigned print_all(FILE *f, bool json)
{
	char line[LINE_MAX_LEN];
	unsigned odd = 0;
	bool first = true;

	while (fgets(line, sizeof(line), f)) {
		json_t *record = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

		if (json_is_object(record)) {
			print_record(record, json, first);
			first = false;
		} else {
			odd++;
		}
		json_decref(record);
	}
	return odd;
}

int cli_history(const struct cli *cli)
{
	bool json = cli->given & CLI_OPTION_JSON;
	char path[HISTORY_PATH_MAX];
	unsigned odd;
	FILE *f = history_path(path, sizeof(path)) ? fopen(path, "re") : NULL;

	if (!f) {
		cli_error("%s: %s%s", path, strerror(errno),
			  errno == ENOENT ? "; write accounting-log = yes into [aaa] of server.conf"
					  : "");
		return cli_status_of(-errno);
	}
	if (json)
		fputs("{\n  \"schema\": 1,\n  \"records\": [", stdout);
	else
		printf("%-20s  %-5s  %-15s  %-4s  %-15s  %-15s  %10s  %12s  %12s  %s\n", "TIME",
		       "EVENT", "USER", "TYPE", "CLIENT-ADDRESS", "REMOTE-ADDRESS", "UPTIME",
		       "RX-BYTES", "TX-BYTES", "CAUSE");
	odd = print_all(f, json);
	if (json)
		fputs("\n  ]\n}\n", stdout);
	(void)fclose(f);
	if (odd)
		cli_error("%s: %u lines are no records and are left out", path, odd);
	return EXIT_OK;
}
