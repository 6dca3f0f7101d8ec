/* SPDX-License-Identifier: MIT */
/* `vpdial serve`, `vpdial users` and `vpdial demo`. */
#include "client/users.h"

#include "base/clock.h"
#include "base/str.h"
#include "cli/cli.h"
#include "client/status.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HANGUP_LIMIT_MS 10000
#define POLL_MS		50

int cli_serve(struct cli *cli)
{
	return cli->programs->serve(cli);
}

int cli_demo(struct cli *cli)
{
	return cli->programs->demo(cli);
}

/* The manuals' table. */
static void print_table(const struct users_row *rows, size_t count)
{
	char uptime[32], mtu[12], user[USERS_USER_MAX];

	printf("Flags: X - disabled, D - dynamic, R - running\n");
	printf(" #    %-15s  %-15s  %-5s  %-15s  %-12s  %s\n", "NAME", "USER", "MTU",
	       "CLIENT-ADDRESS", "UPTIME", "ENCODING");
	for (size_t i = 0; i < count; i++) {
		const struct users_row *r = &rows[i];

		uptime[0] = mtu[0] = '\0';
		if (r->running) {
			(void)duration_format(uptime, sizeof(uptime), r->uptime_ms / 1000);
			(void)snprintf(mtu, sizeof(mtu), "%u", r->mtu);
		}
		(void)str_copy(user, sizeof(user), r->user);
		str_blank(user);
		printf("%2zu %c%c%c %-15s  %-15s  %-5s  %-15s  %-12s  %s%s%.*s\n", i,
		       r->disabled ? 'X' : ' ', r->dynamic ? 'D' : ' ', r->running ? 'R' : ' ',
		       r->name, user, mtu, r->client_address, uptime, r->encoding,
		       r->ipsec[0] ? ", IPsec " : "", (int)strcspn(r->ipsec, " "), r->ipsec);
	}
}

static json_t *text(const char *s)
{
	json_t *value = *s ? json_string(s) : json_null();
	char clean[1200];
	struct str out = str_make(clean, sizeof(clean));

	if (value)
		return value;
	str_clean(&out, s, strlen(s), 256);
	return json_string(clean);
}

static json_t *row_object(const struct users_row *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", text(r->name));
	json_object_set_new(o, "user", text(r->user));
	json_object_set_new(o, "disabled", json_boolean(r->disabled));
	json_object_set_new(o, "dynamic", json_boolean(r->dynamic));
	json_object_set_new(o, "running", json_boolean(r->running));
	json_object_set_new(o, "type", text(r->type));
	json_object_set_new(o, "client_address", text(r->client_address));
	json_object_set_new(o, "local_address", text(r->local));
	json_object_set_new(o, "remote_address", text(r->remote));
	json_object_set_new(o, "mtu", r->running ? json_integer(r->mtu) : json_null());
	json_object_set_new(o, "mru", r->running ? json_integer(r->mru) : json_null());
	json_object_set_new(o, "uptime_s",
			    r->running ? json_integer((json_int_t)r->uptime_ms / 1000)
				       : json_null());
	json_object_set_new(o, "encoding", text(r->encoding));
	json_object_set_new(o, "ipsec", text(r->ipsec));
	json_object_set_new(o, "auth", text(r->auth_method));
	json_object_set_new(o, "tx_packets", json_integer((json_int_t)r->tx_packets));
	json_object_set_new(o, "tx_bytes", json_integer((json_int_t)r->tx_bytes));
	json_object_set_new(o, "rx_packets", json_integer((json_int_t)r->rx_packets));
	json_object_set_new(o, "rx_bytes", json_integer((json_int_t)r->rx_bytes));
	return o;
}

static int print_json(const struct users_row *rows, size_t count)
{
	json_t *root = json_object(), *list = json_array();
	int r;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, row_object(&rows[i]));
	json_object_set_new(root, "schema", json_integer(1));
	json_object_set_new(root, "users", list);
	r = json_dumpf(root, stdout, JSON_INDENT(2)) < 0 ? EXIT_FATAL : EXIT_OK;
	putchar('\n');
	json_decref(root);
	return r;
}

static int no_answer(const struct cli *cli, int error)
{
	if (error == -ENOENT)
		cli_error("no server runs in %s, start it with: vpdial serve", cli->run_dir);
	else if (error == -EPROTONOSUPPORT)
		cli_error("the server in %s was started by another version of vpdial; restart it "
			  "(that hangs up its calls)",
			  cli->run_dir);
	else
		cli_error("the server in %s does not answer: %s", cli->run_dir, strerror(-error));
	return error == -EPROTONOSUPPORT ? EXIT_FATAL : cli_status_of(error);
}

static bool is_still_there(const struct users_row *before, size_t before_count,
			   const struct users_row *now, size_t now_count)
{
	for (size_t i = 0; i < before_count; i++)
		for (size_t k = 0; k < now_count; k++)
			if (now[k].running && strcmp(before[i].name, now[k].name) == 0 &&
			    now[k].uptime_ms >= before[i].uptime_ms)
				return true;
	return false;
}

/* A server that ends closes its socket before it is gone: what comes then is no answer, and no
 * fault. */
static bool is_ending(int error)
{
	return error == -ENOENT || error == -ECONNRESET || error == -EPIPE;
}

/* Hangs up and waits until the calls are gone. */
static int disconnect(const struct cli *cli)
{
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
	struct users_row *ended, *now;
	size_t ended_count, now_count;
	uint64_t end = clock_now_ms() + HANGUP_LIMIT_MS;
	bool there = true;
	int r = client_users(cli->run_dir, USERS_DISCONNECT, cli->disconnect, &ended, &ended_count);

	if (r < 0)
		return no_answer(cli, r);
	if (ended_count == 0) {
		cli_error("no user %s is connected", cli->disconnect);
		return EXIT_OPTIONS;
	}
	while (there && clock_now_ms() < end) {
		r = client_users(cli->run_dir, USERS_LIST, NULL, &now, &now_count);
		if (r < 0 && !is_ending(r)) {
			free(ended);
			return no_answer(cli, r);
		}
		/* A server that has ended has hung up all its calls. */
		there = r != -ENOENT &&
			(r < 0 || is_still_there(ended, ended_count, now, now_count));
		if (r == 0)
			free(now);
		if (there)
			(void)nanosleep(&pause, NULL);
	}
	free(ended);
	if (there) {
		cli_error("%s did not hang up within %d seconds", cli->disconnect,
			  HANGUP_LIMIT_MS / 1000);
		return EXIT_FATAL;
	}
	printf("%s disconnected, %zu call%s\n", cli->disconnect, ended_count,
	       ended_count == 1 ? "" : "s");
	return EXIT_OK;
}

int cli_users(struct cli *cli)
{
	struct users_row *rows;
	size_t count;
	int r;

	if (cli->given & CLI_OPTION_HISTORY)
		return cli_history(cli);
	if (cli->disconnect)
		return disconnect(cli);
	r = client_users(cli->run_dir, USERS_LIST, NULL, &rows, &count);
	if (r < 0)
		return no_answer(cli, r);
	r = EXIT_OK;
	if (cli->given & CLI_OPTION_JSON)
		r = print_json(rows, count);
	else
		print_table(rows, count);
	free(rows);
	return r;
}
