/* SPDX-License-Identifier: MIT */
/* The calls that are answered for the tests of a connection. */
#include "connection_world.h"

#include "connection/last.h"
#include "connection/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

struct world world;

/* The log's lines */

unsigned faults;
char said[2048];

static void seen(void *ctx, enum log_level level, const char *text)
{
	(void)ctx, (void)level;
	faults += strncmp(text, "a fault of this program", 23) == 0;
	(void)snprintf(said, sizeof said, "%s", text);
}

const struct log quiet = {.fd = -1, .level = LOG_LEVEL_DEBUG, .seen = seen};

static void note(const char *word)
{
	size_t len = strlen(world.trace);

	(void)snprintf(world.trace + len, sizeof world.trace - len, "%s%s", len ? " " : "", word);
}

static int answer(bool fails, struct reason *reason, enum exit_status code)
{
	if (fails)
		reason_set(reason, code, "it fails");
	return fails ? -EIO : 0;
}

int __wrap_process_spawn(struct session_process *p, const struct process_config *config,
			 struct reason *reason);
void __wrap_process_stop(struct session_process *p, bool kill_it);
int __wrap_request_send(struct request_channel *channel, enum request_type type, const void *body,
			const int *fds, size_t fd_count);
int __wrap_sockets_open(struct dialer *d, struct reason *reason);
int __wrap_resolver_start(struct supervisor *s);
void __wrap_resolver_stop(struct supervisor *s);
void __wrap_last_end(struct supervisor *s);
int __wrap_host_apply(struct host *host, const struct host_config *config,
		      struct host_applied *applied, struct reason *reason);
void __wrap_host_undo(struct host *host);
void __wrap_host_suspend(struct host *host);
int __wrap_host_lockdown(struct host *host, const struct host_config *config,
			 struct reason *reason);
bool __wrap_host_is_settled(const struct host *host);
enum host_dns_way __wrap_host_dns_way_now(const struct host *host);
bool __wrap_host_is_locked_down(const struct host *host);
void __wrap_host_lockdown_lift(struct host *host);
int __wrap_host_path_to(struct host *host, const struct sockaddr *addr, unsigned bind_ifindex,
			struct host_path *path, struct reason *reason);
int __wrap_host_repin(struct host *host, const struct sockaddr_storage *server,
		      unsigned bind_ifindex, struct host_path *path, struct reason *reason);
int __wrap_host_tun_open(struct host *host, const char *pattern, enum host_offload wanted,
			 struct host_tun *tun, struct reason *reason);
bool __wrap_host_effect(struct host *host, const struct host_config *config, enum host_effect what,
			char why[static HOST_WHY_MAX]);
bool __wrap_host_effect_route(struct host *host, const struct host_config *config, size_t index,
			      char why[static HOST_WHY_MAX]);
void __wrap_host_watch_set(struct host_watch *watch, unsigned tun_ifindex,
			   const struct sockaddr_storage *server);
bool __wrap_hooks_exist(const struct hooks *h, enum hook_action action);
int __wrap_hooks_run(struct hooks *h, enum hook_action action, const struct hook_facts *facts,
		     void (*done)(void *ctx, const struct reason *failure), void *ctx);
void __wrap_hooks_abort(struct hooks *h, unsigned actions);
bool __wrap_hooks_busy(const struct hooks *h);

int __wrap_process_spawn(struct session_process *p, const struct process_config *config,
			 struct reason *reason)
{
	(void)config;
	memset(p, 0, sizeof *p);
	note("spawn");
	world.session = !world.no_spawn;
	return answer(world.no_spawn, reason, EXIT_FATAL);
}

void __wrap_process_stop(struct session_process *p, bool kill_it)
{
	if (world.session)
		note(kill_it ? "kill" : "stop");
	world.session = p->ready = p->started = false;
}

int __wrap_request_send(struct request_channel *channel, enum request_type type, const void *body,
			const int *fds, size_t fd_count)
{
	(void)channel, (void)body, (void)fds, (void)fd_count;
	assert_true(world.session);
	note(request_name(type));
	return world.no_send ? -EIO : 0;
}

int __wrap_sockets_open(struct dialer *d, struct reason *reason)
{
	(void)d;
	note("sockets");
	return answer(world.no_sockets, reason, EXIT_OPEN_FAILED);
}

int __wrap_resolver_start(struct supervisor *s)
{
	note("look-up");
	s->dialer.address_at = 0;
	return world.no_look_up ? -EAGAIN : world.known_at_once;
}

void __wrap_resolver_stop(struct supervisor *s)
{
	(void)s;
}

void __wrap_last_end(struct supervisor *s)
{
	(void)s;
	note("last-end");
}

int __wrap_host_apply(struct host *host, const struct host_config *config,
		      struct host_applied *applied, struct reason *reason)
{
	(void)host, (void)config;
	*applied = (struct host_applied){0};
	note("apply");
	return answer(world.no_apply, reason, EXIT_FATAL);
}

void __wrap_host_undo(struct host *host)
{
	(void)host;
	note("undo");
	world.undone++;
}

void __wrap_host_suspend(struct host *host)
{
	(void)host;
	note("suspend");
	world.suspended++;
}

int __wrap_host_lockdown(struct host *host, const struct host_config *config, struct reason *reason)
{
	(void)host, (void)config, (void)reason;
	world.locked = true;
	return 0;
}

bool __wrap_host_is_settled(const struct host *host)
{
	(void)host;
	return !world.slow_names;
}

enum host_dns_way __wrap_host_dns_way_now(const struct host *host)
{
	(void)host;
	return (enum host_dns_way)0;
}

bool __wrap_host_is_locked_down(const struct host *host)
{
	(void)host;
	return world.locked;
}

void __wrap_host_lockdown_lift(struct host *host)
{
	(void)host;
	world.lifted++;
}

int __wrap_host_path_to(struct host *host, const struct sockaddr *addr, unsigned bind_ifindex,
			struct host_path *path, struct reason *reason)
{
	(void)host, (void)addr, (void)bind_ifindex;
	*path = (struct host_path){
		.ifindex = world.way_moved ? 8 : 7, .ifname = "wan", .mtu = 1500};
	return answer(world.no_repin, reason, EXIT_CONNECT_FAILED);
}

int __wrap_host_repin(struct host *host, const struct sockaddr_storage *server,
		      unsigned bind_ifindex, struct host_path *path, struct reason *reason)
{
	return __wrap_host_path_to(host, (const struct sockaddr *)server, bind_ifindex, path,
				   reason);
}

int __wrap_host_tun_open(struct host *host, const char *pattern, enum host_offload wanted,
			 struct host_tun *tun, struct reason *reason)
{
	(void)host, (void)pattern, (void)wanted;
	*tun = (struct host_tun){.fd = -1};
	if (!world.no_tun)
		*tun = (struct host_tun){
			.fd = eventfd(0, EFD_NONBLOCK), .ifindex = 1, .ifname = "tun0"};
	return answer(world.no_tun, reason, EXIT_NO_DEVICE);
}

bool __wrap_host_effect(struct host *host, const struct host_config *config, enum host_effect what,
			char why[static HOST_WHY_MAX])
{
	(void)host, (void)config, (void)what;
	why[0] = '\0';
	return true;
}

bool __wrap_host_effect_route(struct host *host, const struct host_config *config, size_t index,
			      char why[static HOST_WHY_MAX])
{
	(void)host, (void)config, (void)index;
	why[0] = '\0';
	return true;
}

void __wrap_host_watch_set(struct host_watch *watch, unsigned tun_ifindex,
			   const struct sockaddr_storage *server)
{
	(void)watch, (void)tun_ifindex, (void)server;
}

bool __wrap_hooks_exist(const struct hooks *h, enum hook_action action)
{
	(void)h;
	return world.scripts & 1u << action;
}

int __wrap_hooks_run(struct hooks *h, enum hook_action action, const struct hook_facts *facts,
		     void (*done)(void *ctx, const struct reason *failure), void *ctx)
{
	(void)h, (void)facts;
	if (world.no_hooks_run)
		return -EBUSY;
	note(hook_action_name(action));
	world.done = done;
	world.done_ctx = ctx;
	world.busy = world.scripts & 1u << action;
	return 0;
}

void __wrap_hooks_abort(struct hooks *h, unsigned actions)
{
	(void)h;
	if (actions == ~0u)
		note("abort");
}

bool __wrap_hooks_busy(const struct hooks *h)
{
	(void)h;
	return world.busy;
}

void scripts_end(const struct reason *failure)
{
	world.busy = false;
	world.done(world.done_ctx, failure);
}

/* A connection upon them */

struct supervisor *begin(bool demand)
{
	struct supervisor *s = calloc(1, sizeof *s);

	assert_non_null(s);
	memset(&world, 0, sizeof world);
	faults = 0;
	world.s = s;
	s->options = (struct options){
		.name = "lab", .foreground = true, .timeout_s = 60, .control_fd = -1};
	s->loop = loop_new();
	assert_non_null(s->loop);
	run_init(s);
	s->log = quiet;
	s->host = (struct host *)(void *)&world;
	s->scripts = (struct scripts){.hooks = (struct hooks *)(void *)&world, .life = &s->life};
	s->profile.type = PROTOCOL_PPTP;
	s->profile.max_mtu = 1450;
	s->profile.dial_on_demand = demand;
	s->redial = (struct redial){
		.enabled = true, .from_start = true, .min_ms = 1000, .max_ms = 60000};
	s->tun = (struct host_tun){.fd = eventfd(0, EFD_NONBLOCK), .ifindex = 1, .ifname = "lo"};
	s->dialer.address_count = 1;
	s->dialer.addresses[0].ss_family = AF_INET;
	return s;
}

void end(struct supervisor *s)
{
	demand_stop(&s->demand);
	if (s->tun.fd >= 0)
		close(s->tun.fd);
	loop_free(s->loop);
	free(s);
}

void want_trace(const char *trace)
{
	assert_string_equal(world.trace, trace);
	world.trace[0] = '\0';
	assert_int_equal(faults, 0);
}

void session_says(struct supervisor *s, enum life_event event)
{
	static struct request_message m;
	struct life_input in = {.message = &m};

	memset(&m, 0, sizeof m);
	if (event == ON_PROGRESS || event == ON_ENDING)
		m.state.state = event == ON_ENDING ? CONTROL_STATE_HANGING_UP
						   : CONTROL_STATE_AUTHENTICATING;
	if (event == ON_NETWORK) {
		m.network.local.s_addr = htonl(0x0a000002);
		m.network.mtu = m.network.mru = 1400;
	}
	if (event == ON_STATS)
		memcpy(m.stats.encoding, "MPPE128 stateless", 18);
	if (event == ON_READY)
		s->session.ready = true;
	life_post(&s->life, event, &in);
}

void session_ends(struct supervisor *s, enum exit_status code, enum reason_weight weight)
{
	struct life_input in = {.weight = weight};

	reason_set(&in.why, code, "it is over");
	__wrap_process_stop(&s->session, false);
	life_post(&s->life, ON_ENDED, &in);
}
