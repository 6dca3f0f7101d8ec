/* SPDX-License-Identifier: MIT */
/* Drives src/host by lines on standard input, for host.sh.
 *
 *   tool RUN_DIR NAME            each line (do_line below) is answered by one line
 *   tool RUN_DIR NAME recover    prints what host_recover returns
 *   tool RUN_DIR NAME end        prints what host_lockdown_end returns */
#include "host/host.h"
#include "host/watch.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUTES_MAX 8

struct tool {
	struct host *host;
	struct host_config config;
	struct route routes[ROUTES_MAX];
	struct host_tun tun;
	struct loop *loop;
	struct host_watch *watch;
	unsigned calls, changes;
};

static void say_failed(const struct reason *reason)
{
	printf("failed %d %s\n", reason->code, reason->text);
}

static void set_server(struct host_config *c, const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	memset(&c->server, 0, sizeof(c->server));
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		memcpy(&c->server, &in, sizeof(in));
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		memcpy(&c->server, &in6, sizeof(in6));
}

/* DST/LEN[,GATEWAY[,METRIC]] */
static bool add_route(struct tool *t, char *text)
{
	struct route *r = &t->routes[t->config.route_count];
	char *dst = strsep(&text, "/"), *len = strsep(&text, ","), *gateway = strsep(&text, ",");

	if (t->config.route_count == ROUTES_MAX || !len)
		return false;
	memset(r, 0, sizeof(*r));
	r->family = strchr(dst, ':') ? AF_INET6 : AF_INET;
	r->prefix_len = (uint8_t)atoi(len);
	r->has_gateway = gateway && *gateway;
	r->metric = text ? (uint32_t)atoi(text) : 0;
	t->config.routes = t->routes;
	t->config.route_count++;
	return inet_pton(r->family, dst, &r->dst6) == 1 &&
	       (!r->has_gateway || inet_pton(AF_INET, gateway, &r->gateway4) == 1);
}

static bool set(struct tool *t, const char *key, char *value)
{
	struct host_config *c = &t->config;

	if (strcmp(key, "clear") == 0)
		memset(c, 0, sizeof(*c));
	else if (strcmp(key, "server") == 0)
		set_server(c, value);
	else if (strcmp(key, "local") == 0)
		return inet_pton(AF_INET, value, &c->local) == 1;
	else if (strcmp(key, "remote") == 0)
		return inet_pton(AF_INET, value, &c->remote) == 1;
	else if (strcmp(key, "local6") == 0)
		return inet_pton(AF_INET6, value, &c->local6) == 1;
	else if (strcmp(key, "mtu") == 0)
		c->mtu = (uint32_t)atoi(value);
	else if (strcmp(key, "default") == 0)
		c->default_route = atoi(value) != 0;
	else if (strcmp(key, "distance") == 0)
		c->distance = (uint32_t)atoi(value);
	else if (strcmp(key, "distance-set") == 0)
		c->distance_set = atoi(value) != 0;
	else if (strcmp(key, "lockdown") == 0)
		c->lockdown = atoi(value) != 0;
	else if (strcmp(key, "block-ipv6") == 0)
		c->block_ipv6 = atoi(value) != 0;
	else if (strcmp(key, "keep-ssh") == 0)
		c->keep_ssh = atoi(value) != 0;
	else if (strcmp(key, "bind") == 0)
		c->bind_ifindex = if_nametoindex(value);
	else if (strcmp(key, "route") == 0)
		return add_route(t, value);
	else if (strcmp(key, "dns") == 0)
		return inet_pton(AF_INET, value, &c->dns[c->dns[0].s_addr ? 1 : 0]) == 1;
	else if (strcmp(key, "dns-mode") == 0)
		c->dns_mode = strcmp(value, "yes") == 0		  ? HOST_DNS_YES
			      : strcmp(value, "exclusively") == 0 ? HOST_DNS_EXCLUSIVELY
								  : HOST_DNS_NO;
	else if (strcmp(key, "dns-announced") == 0)
		c->dns_announced = atoi(value) != 0;
	else if (strcmp(key, "search") == 0)
		snprintf(c->search_domains, sizeof(c->search_domains), "%s", value);
	else
		return false;
	return true;
}

static void do_tun(struct tool *t, const char *pattern)
{
	struct reason reason = {0};

	if (host_tun_open(t->host, pattern, HOST_OFFLOAD_UDP, &t->tun, &reason) < 0)
		say_failed(&reason);
	else
		printf("tun %s %u\n", t->tun.ifname, t->tun.ifindex);
}

static void do_apply(struct tool *t)
{
	struct reason reason = {0};
	struct host_applied applied;

	t->config.ifindex = t->tun.ifindex;
	memcpy(t->config.ifname, t->tun.ifname, sizeof(t->config.ifname));
	if (host_apply(t->host, &t->config, &applied, &reason) < 0)
		say_failed(&reason);
	else
		printf("applied dns=%s pinned=%d\n", host_dns_way_name(applied.dns_way),
		       applied.pinned);
}

static const char *text_of(const struct sockaddr_storage *from, char *text)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memcpy(&in, from, sizeof(in));
	memcpy(&in6, from, sizeof(in6));
	if (from->ss_family == AF_INET)
		return inet_ntop(AF_INET, &in.sin_addr, text, INET6_ADDRSTRLEN);
	if (from->ss_family == AF_INET6)
		return inet_ntop(AF_INET6, &in6.sin6_addr, text, INET6_ADDRSTRLEN);
	return "-";
}

static void say_path(const struct host_path *path)
{
	char gateway[INET6_ADDRSTRLEN], source[INET6_ADDRSTRLEN];

	printf("path dev=%s gateway=%s mtu=%u metric=%u local=%d source=%s\n", path->ifname,
	       text_of(&path->gateway, gateway), path->mtu, path->metric, path->local,
	       text_of(&path->source, source));
}

static void do_path(struct tool *t, const char *addr)
{
	struct host_config c = {0};
	struct host_path path;
	struct reason reason = {0};

	set_server(&c, addr);
	if (host_path_to(t->host, (struct sockaddr *)&c.server, t->config.bind_ifindex, &path,
			 &reason) < 0)
		say_failed(&reason);
	else
		say_path(&path);
}

static void do_source(struct tool *t, const char *addr)
{
	struct host_config c = {0};

	set_server(&c, addr);
	host_set_source(t->host, (struct sockaddr *)&c.server);
	printf("source %s\n", addr);
}

static void do_repin(struct tool *t)
{
	struct host_path path;
	struct reason reason = {0};

	if (host_repin(t->host, &t->config.server, t->config.bind_ifindex, &path, &reason) < 0)
		say_failed(&reason);
	else
		say_path(&path);
}

static void do_lockdown(struct tool *t)
{
	struct reason reason = {0};

	if (host_lockdown(t->host, &t->config, &reason) < 0)
		say_failed(&reason);
	else
		printf("locked\n");
}

static void on_change(void *ctx, unsigned changes)
{
	struct tool *t = ctx;

	t->calls++;
	t->changes |= changes;
}

static void do_watch(struct tool *t)
{
	struct reason reason = {0};

	t->loop = loop_new();
	t->watch = t->loop ? host_watch_new(t->host, t->loop, on_change, t, &reason) : NULL;
	if (!t->watch) {
		say_failed(&reason);
		return;
	}
	host_watch_set(t->watch, t->tun.ifindex, &t->config.server);
	printf("watching\n");
}

static void on_time(void *ctx)
{
	struct tool *t = ctx;

	loop_stop(t->loop);
}

/* What the watch tells within so many milliseconds. */
static void do_changes(struct tool *t, unsigned ms)
{
	static const char *const names[] = {"link ",  "address ", "route ", "gone ",
					    "taken ", "hop ",	  "effect "};
	struct loop_timer timer = {DEADLINE_NONE, on_time, t, NULL, NULL};

	t->calls = t->changes = 0;
	loop_timer_set(t->loop, &timer, clock_now_ms() + ms);
	(void)loop_run(t->loop);
	printf("changes %u ", t->calls);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (t->changes >> i & 1)
			printf("%s", names[i]);
	printf("\n");
}

/* What is not as it was set. */
static void do_effects(struct tool *t)
{
	static const char *const names[] = {"link", "address", "peer", "default", "dns", "ipv6"};
	char why[HOST_WHY_MAX];

	printf("effects");
	for (size_t i = 0; i < HOST_EFFECT_COUNT; i++)
		if (!host_effect(t->host, &t->config, (enum host_effect)i, why))
			printf(" %s: %s;", names[i], why);
	for (size_t i = 0; i < t->config.route_count; i++)
		if (!host_effect_route(t->host, &t->config, i, why))
			printf(" route %zu: %s;", i, why);
	printf("\n");
}

static void do_line(struct tool *t, char *line)
{
	char *word = strsep(&line, " "), *key = strsep(&line, " ");
	char nothing[1] = "";

	if (strcmp(word, "tun") == 0)
		do_tun(t, key ? key : "");
	else if (strcmp(word, "set") == 0)
		printf("%s\n", key && set(t, key, line ? line : nothing) ? "set" : "bad line");
	else if (strcmp(word, "apply") == 0)
		do_apply(t);
	else if (strcmp(word, "effects") == 0)
		do_effects(t);
	else if (strcmp(word, "path") == 0)
		do_path(t, key ? key : "");
	else if (strcmp(word, "source") == 0)
		do_source(t, key ? key : "");
	else if (strcmp(word, "repin") == 0)
		do_repin(t);
	else if (strcmp(word, "lockdown") == 0)
		do_lockdown(t);
	else if (strcmp(word, "lift") == 0)
		host_lockdown_lift(t->host), printf("lifted\n");
	else if (strcmp(word, "watch") == 0)
		do_watch(t);
	else if (strcmp(word, "changes") == 0 && key && t->watch)
		do_changes(t, (unsigned)atoi(key));
	else if (strcmp(word, "suspend") == 0)
		host_suspend(t->host), printf("suspended\n");
	else if (strcmp(word, "undo") == 0)
		host_undo(t->host), printf("undone\n");
	else if (strcmp(word, "close") == 0)
		close(t->tun.fd), printf("closed\n");
	else
		printf("bad line\n");
}

int main(int argc, char **argv)
{
	struct log log = {.fd = 2, .level = LOG_LEVEL_DEBUG};
	struct tool t = {.tun.fd = -1};
	struct reason reason = {0};
	char line[512];

	if (argc < 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4) {
		printf("%d\n", strcmp(argv[3], "end") == 0
				       ? host_lockdown_end(argv[1], argv[2], &log)
				       : host_recover(argv[1], argv[2], &log));
		return 0;
	}
	t.host = host_new(argv[1], argv[2], HOST_LOCK_WAIT_MS, &log, &reason);
	if (!t.host) {
		say_failed(&reason);
		return reason.code;
	}
	printf("ready\n");
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "quit") == 0)
			break;
		do_line(&t, line);
	}
	host_undo(t.host);
	host_watch_free(t.watch);
	loop_free(t.loop);
	host_free(t.host);
	return 0;
}
