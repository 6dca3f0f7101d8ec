/* SPDX-License-Identifier: MIT */
/* The table of fields: the four walks over it say of filled records what fields.golden holds, octet
 * for octet.  FIELDS_RECORD=FILE writes what they say now. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/text.h"
#include "dispatcher/hook_env.h"
#include "tui/fields.h"
#include "vectors.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILL(f, text) ((void)snprintf(f, sizeof(f), "%s", text))

static void fill_peers(struct control_status *s)
{
	FILL(s->type, "l2tp");
	FILL(s->server, "vpn.example.com");
	FILL(s->server_address, "192.0.2.1");
	FILL(s->user, "CORP\\j\xc3\xb6hn");
	FILL(s->peer_host, "ac.example");
	FILL(s->peer_vendor, "Vendor 7");
	FILL(s->encoding, "MPPE128 stateless");
	FILL(s->auth_method, "MS-CHAPv2");
	FILL(s->ipsec, "aes256-sha1 (IKE aes256-sha1-modp2048), NAT-T, rekey in 41m");
}

static void fill_network(struct control_status *s)
{
	FILL(s->ifname, "l2tp-out1");
	FILL(s->local, "10.0.0.2");
	FILL(s->remote, "10.0.0.1");
	FILL(s->local6, "fe80::2");
	FILL(s->remote6, "fe80::1");
	FILL(s->dns[0], "10.0.0.53");
	FILL(s->dns[1], "10.0.0.54");
	FILL(s->wins[0], "10.0.0.55");
	FILL(s->wins[1], "10.0.0.56");
	FILL(s->dns_way, "resolved");
	FILL(s->domain, "told.example");
	s->default_route = s->server_pinned = true;
	s->route_count = CONTROL_ROUTE_FROM_COUNT;
	for (uint32_t i = 0; i < s->route_count; i++) {
		s->routes[i].from = i;
		(void)snprintf(s->routes[i].dst, sizeof(s->routes[i].dst), "10.%u.0.0/16", i);
	}
}

static void fill_numbers(struct control_status *s)
{
	size_t count;
	const struct status_counter *c = status_counters(&count);

	for (int i = 0; i < CONTROL_STATE_COUNT; i++)
		s->state_ms[i] = 100u + (unsigned)i;
	for (size_t i = 0; i < count; i++) {
		uint64_t v = 5000000000u + i;

		memcpy((char *)&s->counters + c[i].offset, &v, sizeof(v));
	}
	s->pid = 4242;
	s->uptime_ms = 26658999;
	s->idle_ms = 22864999;
	s->mtu = 1460;
	s->mru = 1450;
	s->link_mtu = 1400;
	s->mrru = 1614;
	s->peer_mrru = 1600;
	s->attempt = 3;
	s->calls = 2;
	s->echo_known = true;
	s->echo_rtt_ms = 21;
	s->echo_min_ms = 11;
	s->echo_avg_ms = 15;
	s->echo_jitter_ms = 4;
	s->echo_count = 99;
}

static void up(struct control_status *s)
{
	status_terminated(s, "office");
	s->phase = CONTROL_CONNECTED;
	s->state = CONTROL_STATE_UP;
	fill_peers(s);
	fill_network(s);
	fill_numbers(s);
	FILL(s->message, "all is well");
	s->last_end = (struct reason){.code = EXIT_PEER_DEAD, .text = "the peer was silent"};
	s->last_end_day_ms = 1796065147000;
}

static void up_with_faults(struct control_status *s)
{
	up(s);
	for (int i = 0; i < CONTROL_EFFECT_COUNT; i++)
		(void)snprintf(s->why_not[i], sizeof(s->why_not[i]), "fault %d", i);
	for (uint32_t i = 0; i < s->route_count; i++)
		FILL(s->routes[i].why_not, "another has it");
	FILL(s->user, "j\xffhn"); /* no UTF-8 */
	FILL(s->server, "192.0.2.1");
	s->ifname[0] = s->local6[0] = s->dns[0][0] = s->wins[1][0] = s->peer_host[0] = '\0';
	FILL(s->dns_way, "none");
	s->echo_known = false;
}

static void up_with_nothing_known(struct control_status *s)
{
	status_terminated(s, "office");
	s->phase = CONTROL_CONNECTED;
	s->state = CONTROL_STATE_UP;
	s->pid = 1;
}

static void waiting(struct control_status *s)
{
	up(s);
	s->phase = CONTROL_DIALING;
	s->state = CONTROL_STATE_WAITING;
	s->next_dial_s = 75;
	s->server[0] = '\0';
	FILL(s->why_not[CONTROL_EFFECT_LINK], "not said while not connected");
	s->last_end_day_ms = 0;
}

static void dialing_again(struct control_status *s)
{
	waiting(s);
	s->next_dial_s = 0;
	s->phase = CONTROL_VERIFYING;
	s->state = CONTROL_STATE_AUTHENTICATING;
	memset(&s->counters, 0, sizeof(s->counters));
}

static void over(struct control_status *s)
{
	up(s);
	s->phase = CONTROL_TERMINATED;
	s->state = CONTROL_STATE_DOWN;
	s->ended = (struct reason){.code = EXIT_HANGUP, .text = "hung up by the server"};
}

static void over_long_ago(struct control_status *s)
{
	status_terminated(s, "office");
	s->ended = s->last_end = (struct reason){.code = EXIT_HANGUP, .text = "hung up"};
	s->last_end_day_ms = 1796065147000;
}

static void never_dialed(struct control_status *s)
{
	status_terminated(s, "office");
}

static const struct {
	const char *name;
	void (*fill)(struct control_status *);
} cases[] = {
	{"up", up},
	{"up, with faults", up_with_faults},
	{"up, nothing known", up_with_nothing_known},
	{"waiting", waiting},
	{"dialing again", dialing_again},
	{"over", over},
	{"over long ago", over_long_ago},
	{"never dialed", never_dialed},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

/* Whoever runs the test is no part of it. */
static void say_environment(FILE *out, const struct hook_env *e)
{
	for (size_t i = 0; i < e->count; i++)
		if (strncmp(e->strings[i], "ORIG_UID=", 9) != 0 &&
		    strncmp(e->strings[i], "PPPLOGNAME=", 11) != 0)
			fprintf(out, "%s\n", e->strings[i]);
}

static void environment(FILE *out, const struct control_status *s)
{
	struct conf_profile *profile = calloc(1, sizeof *profile);
	struct hook_env *e = malloc(sizeof *e);
	struct route routes[2] = {{.family = AF_INET, .prefix_len = 8},
				  {.family = AF_INET6, .prefix_len = 8}};
	struct hook_facts facts = {.profile = profile,
				   .status = s,
				   .routes = routes,
				   .route_count = 2,
				   .reason = reason_is_set(&s->ended) ? &s->ended : NULL};

	assert_non_null(profile);
	assert_non_null(e);
	inet_pton(AF_INET, "10.0.0.0", &routes[0].dst4);
	inet_pton(AF_INET6, "fd00::", &routes[1].dst6);
	FILL(profile->name, "office");
	FILL(profile->file, "/nonexistent/office.conf");
	FILL(profile->search_domains, "lab.example");
	for (int i = 0; i < HOOK_ACTION_COUNT; i++) {
		fprintf(out, "- %s\n", hook_action_name((enum hook_action)i));
		hook_env_dispatcher(e, (enum hook_action)i, &facts);
		say_environment(out, e);
		fprintf(out, "- pppd\n");
		hook_env_pppd(e, (enum hook_action)i, &facts);
		say_environment(out, e);
	}
	free(e);
	free(profile);
}

static void screen(FILE *out, const struct control_status *s)
{
	struct fields link, network;

	fields_link(s, &link);
	fields_network(s, &network);
	for (size_t i = 0; i < link.count; i++)
		fprintf(out, "%s: %s\n", link.rows[i].label, link.rows[i].text);
	for (size_t i = 0; i < network.count; i++)
		fprintf(out, "%s: %s\n", network.rows[i].label, network.rows[i].text);
}

static void json(FILE *out, const struct control_status *s)
{
	assert_int_equal(json_status(out, s, 1), 0);
}

static const struct {
	const char *name;
	void (*say)(FILE *, const struct control_status *);
} walks[] = {
	{"text", text_status}, {"screen", screen}, {"json", json}, {"environment", environment}};
#define WALKS (sizeof(walks) / sizeof(walks[0]))

static void say_all(FILE *out)
{
	static struct control_status s;

	for (size_t i = 0; i < CASES; i++) {
		cases[i].fill(&s);
		assert_true(control_status_valid(&s, sizeof(s)));
		for (size_t k = 0; k < WALKS; k++) {
			fprintf(out, "== %s: %s\n", cases[i].name, walks[k].name);
			walks[k].say(out, &s);
		}
	}
}

/* The file's text; to be freed. */
static char *golden(void)
{
	size_t cap = 0;
	char path[300], *text = NULL;
	FILE *in;

	(void)snprintf(path, sizeof(path), "%s/unit/fields.golden", vector_dir());
	in = fopen(path, "r");
	assert_non_null(in);
	assert_true(getdelim(&text, &cap, '\0', in) > 0);
	assert_int_equal(fclose(in), 0);
	return text;
}

/* Line by line, so that a failure names the line. */
static void same_lines(char *said, char *wanted)
{
	char *a = said, *b = wanted;

	while (a && b)
		assert_string_equal(strsep(&a, "\n"), strsep(&b, "\n"));
	assert_true(!a && !b);
}

static void four_walks_say_what_they_always_said(void **state)
{
	const char *record = getenv("FIELDS_RECORD");
	char *said = NULL, *wanted;
	size_t len = 0;
	FILE *out = record ? fopen(record, "w") : open_memstream(&said, &len);

	(void)state;
	assert_non_null(out);
	say_all(out);
	assert_int_equal(fclose(out), 0);
	if (record)
		return;
	wanted = golden();
	same_lines(said, wanted);
	free(wanted);
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_walks_say_what_they_always_said),
	};

	(void)setenv("TZ", "UTC", 1); /* of last-end */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
