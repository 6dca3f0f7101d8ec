/* SPDX-License-Identifier: MIT */
/* Scripts: which are run, in which order, with what, for how long. */
#include "dispatcher/hooks.h"

#include "dispatcher/hook_child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

struct bench {
	char dir[64], etc[96], lib[96];
	struct loop *loop;
	struct log log;
	struct hooks *hooks;
	struct conf_profile profile;
	struct control_status status;
	struct hook_facts facts;
	struct loop_timer guard;
	unsigned done, wanted;
	struct reason failures[HOOK_EVENTS_MAX];
	bool failed[HOOK_EVENTS_MAX], late;
	char text[65536];
};

static void on_guard(void *ctx)
{
	struct bench *b = ctx;

	b->late = true;
	loop_stop(b->loop);
}

static void on_done(void *ctx, const struct reason *failure)
{
	struct bench *b = ctx;

	assert_true(b->done < HOOK_EVENTS_MAX);
	b->failed[b->done] = failure != NULL;
	if (failure)
		b->failures[b->done] = *failure;
	if (++b->done == b->wanted)
		loop_stop(b->loop);
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	char path[128];

	umask(022);
	strcpy(b->dir, "/tmp/vpdial-hooks-XXXXXX");
	if (!mkdtemp(b->dir))
		return -1;
	snprintf(b->etc, sizeof b->etc, "%s/etc", b->dir);
	snprintf(b->lib, sizeof b->lib, "%s/lib", b->dir);
	snprintf(path, sizeof path, "%s/log", b->dir);
	b->log = (struct log){.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600),
			      .level = LOG_LEVEL_DEBUG};
	b->loop = loop_new();
	b->guard = (struct loop_timer){DEADLINE_NONE, on_guard, b, NULL, NULL};
	b->facts = (struct hook_facts){.profile = &b->profile, .status = &b->status};
	strcpy(b->profile.name, "office");
	strcpy(b->profile.file, "/nonexistent/office.conf");
	strcpy(b->status.ifname, "pptp-out1");
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	char command[128];

	hooks_free(b->hooks);
	loop_free(b->loop);
	close(b->log.fd);
	snprintf(command, sizeof command, "rm -rf %s", b->dir);
	if (system(command) != 0)
		return -1;
	free(b);
	return 0;
}

static void path_of(const struct bench *b, const char *relative, char out[static 256])
{
	snprintf(out, 256, "%s/%s", b->dir, relative);
}

/* A file with its directories. */
static void put_file(const struct bench *b, const char *relative, mode_t mode, const char *text)
{
	char path[256];
	int fd;

	path_of(b, relative, path);
	for (char *p = path + strlen(b->dir) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* A shell script whose $D is the test's directory. */
static void put_script(const struct bench *b, const char *relative, const char *body)
{
	char text[1024];

	snprintf(text, sizeof text, "#!/bin/sh\nD=%s\n%s\n", b->dir, body);
	put_file(b, relative, 0755, text);
}

static void put_link(const struct bench *b, const char *relative, const char *target)
{
	char path[256];

	path_of(b, relative, path);
	assert_int_equal(symlink(target, path), 0);
}

static const char *read_back(struct bench *b, const char *relative)
{
	char path[256];
	ssize_t n;
	int fd;

	path_of(b, relative, path);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? 0 : read(fd, b->text, sizeof b->text - 1);
	b->text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return b->text;
}

static bool logged(struct bench *b, const char *text)
{
	return strstr(read_back(b, "log"), text) != NULL;
}

static struct script_dirs dirs_of(const struct bench *b)
{
	struct script_dirs d = {.count = 2, .own = 1};

	strcpy(d.dirs[0], b->etc);
	strcpy(d.dirs[1], b->lib);
	return d;
}

static struct hooks *hooks_of(struct bench *b, uint32_t limit_ms, uint32_t unwaited_ms)
{
	const struct hooks_config config = {.loop = b->loop,
					    .log = &b->log,
					    .dirs = dirs_of(b),
					    .ip_up = "",
					    .ip_down = "",
					    .limit_ms = limit_ms,
					    .unwaited_ms = unwaited_ms};

	b->hooks = hooks_new(&config);
	return b->hooks;
}

static void add(struct bench *b, enum hook_action action)
{
	assert_int_equal(hooks_run(b->hooks, action, &b->facts, on_done, b), 0);
	b->wanted++;
}

static void finish(struct bench *b)
{
	loop_timer_set(b->loop, &b->guard, clock_now_ms() + 20000);
	if (b->done < b->wanted)
		assert_int_equal(loop_run(b->loop), 0);
	loop_timer_del(b->loop, &b->guard);
	assert_false(b->late);
	assert_int_equal(b->done, b->wanted);
}

static const char *env_get(const struct hook_env *e, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; e->strings[i]; i++)
		if (strncmp(e->strings[i], name, len) == 0 && e->strings[i][len] == '=')
			return e->strings[i] + len + 1;
	return NULL;
}

/* --- environment */

static void uuid_is_version_5_of_the_files_url(void **state)
{
	char uuid[HOOK_UUID_LEN], other[HOOK_UUID_LEN];

	(void)state;
	/* python3: uuid.uuid5(uuid.NAMESPACE_URL, "file:///etc/vpdial/office.conf") */
	hook_uuid("/etc/vpdial/office.conf", uuid);
	assert_string_equal(uuid, "0e0c499b-c853-5e59-b079-bbf07cf67aa0");
	hook_uuid("/etc/vpdial/home.conf", other);
	assert_string_equal(other, "6eb41ac0-22f1-586f-a334-bed07cdfabe7");
}

static void fill_call(struct bench *b, struct route routes[3])
{
	struct control_status *s = &b->status;

	strcpy(s->type, "pptp");
	strcpy(s->server, "vpn.example.com");
	strcpy(s->server_address, "192.0.2.1");
	strcpy(s->user, "CORP\\john");
	strcpy(s->encoding, "MPPE128 stateless");
	strcpy(s->local, "10.0.0.2");
	strcpy(s->remote, "10.0.0.1");
	strcpy(s->local6, "fe80::2");
	strcpy(s->remote6, "fe80::1");
	strcpy(s->dns[0], "10.0.0.53");
	strcpy(s->dns[1], "10.0.0.54");
	strcpy(s->wins[1], "10.0.0.55");
	strcpy(b->profile.search_domains, "corp.example lab.example");
	s->mtu = 1400;
	s->mru = 1410;
	s->default_route = true;
	s->uptime_ms = 61999;
	s->counters.tx_bytes = 5000000000;
	s->counters.rx_bytes = 7;
	routes[0] = (struct route){.family = AF_INET, .prefix_len = 8};
	inet_pton(AF_INET, "10.0.0.0", &routes[0].dst4);
	routes[1] = (struct route){
		.family = AF_INET, .prefix_len = 16, .has_gateway = true, .metric = 5};
	inet_pton(AF_INET, "10.1.0.0", &routes[1].dst4);
	inet_pton(AF_INET, "10.0.0.1", &routes[1].gateway4);
	routes[2] = (struct route){.family = AF_INET6, .prefix_len = 8};
	inet_pton(AF_INET6, "fd00::", &routes[2].dst6);
	b->facts.routes = routes;
	b->facts.route_count = 3;
}

static void domain_that_the_server_told_is_in_the_environment(void **state)
{
	struct bench *b = *state;
	struct route routes[3];
	struct hook_env *e = malloc(sizeof *e);

	fill_call(b, routes);
	b->profile.search_domains[0] = '\0';
	strcpy(b->status.domain, "told.example");
	hook_env_dispatcher(e, HOOK_UP, &b->facts);
	assert_string_equal(env_get(e, "VPN_IP4_DOMAINS"), "told.example");
	free(e);
}

static void environment_has_networkmanagers_names(void **state)
{
	static const char *const wanted[][2] = {
		{"NM_DISPATCHER_ACTION", "vpn-up"},
		{"CONNECTION_ID", "office"},
		{"CONNECTION_FILENAME", "/nonexistent/office.conf"},
		{"DEVICE_IFACE", "lo"},
		{"DEVICE_IP_IFACE", "lo"},
		{"IP4_ADDRESS_0", "127.0.0.1/8 0.0.0.0"},
		{"IP4_NUM_ADDRESSES", "1"},
		{"VPN_IP_IFACE", "pptp-out1"},
		{"VPN_IP4_ADDRESS_0", "10.0.0.2/32 10.0.0.1"},
		{"VPN_IP4_NUM_ADDRESSES", "1"},
		{"VPN_IP4_GATEWAY", "10.0.0.1"},
		{"VPN_IP4_ROUTE_0", "0.0.0.0/0 0.0.0.0 0"},
		{"VPN_IP4_ROUTE_1", "10.0.0.0/8 0.0.0.0 0"},
		{"VPN_IP4_ROUTE_2", "10.1.0.0/16 10.0.0.1 5"},
		{"VPN_IP4_NUM_ROUTES", "3"},
		{"VPN_IP4_NAMESERVERS", "10.0.0.53 10.0.0.54"},
		{"VPN_IP4_DOMAINS", "corp.example lab.example"},
		{"VPN_IP4_WINS_SERVERS", "10.0.0.55"},
		{"VPN_IP6_ADDRESS_0", "fe80::2/64 fe80::1"},
		{"VPN_IP6_NUM_ADDRESSES", "1"},
		{"VPN_IP6_ROUTE_0", "fd00::/8 :: 0"},
		{"VPN_IP6_NUM_ROUTES", "1"},
		{"VPDIAL_PROTOCOL", "pptp"},
		{"VPDIAL_SERVER", "vpn.example.com"},
		{"VPDIAL_SERVER_ADDRESS", "192.0.2.1"},
		{"VPDIAL_USER", "CORP\\john"},
		{"VPDIAL_ENCODING", "MPPE128 stateless"},
		{"VPDIAL_MTU", "1400"},
		{"VPDIAL_MRU", "1410"},
	};
	struct bench *b = *state;
	struct host_path carrier = {.ifname = "lo"};
	struct route routes[3];
	struct hook_env *e = malloc(sizeof *e);

	fill_call(b, routes);
	b->facts.carrier = &carrier;
	hook_env_dispatcher(e, HOOK_UP, &b->facts);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		const char *value = env_get(e, wanted[i][0]);

		if (!value || strcmp(value, wanted[i][1]) != 0)
			fail_msg("%s is %s", wanted[i][0], value ? value : "not there");
	}
	assert_null(env_get(e, "VPDIAL_UPTIME"));
	assert_null(env_get(e, "VPDIAL_REASON"));
	free(e);
}

static void environment_at_the_end_has_counters_and_reason(void **state)
{
	struct bench *b = *state;
	struct route routes[3];
	struct reason reason = {EXIT_PEER_DEAD, "the server does not answer"};
	struct hook_env *e = malloc(sizeof *e);

	fill_call(b, routes);
	b->facts.reason = &reason;
	hook_env_dispatcher(e, HOOK_DOWN, &b->facts);
	assert_string_equal(env_get(e, "NM_DISPATCHER_ACTION"), "vpn-down");
	assert_string_equal(env_get(e, "VPDIAL_UPTIME"), "61");
	assert_string_equal(env_get(e, "VPDIAL_BYTES_SENT"), "5000000000");
	assert_string_equal(env_get(e, "VPDIAL_BYTES_RECEIVED"), "7");
	assert_string_equal(env_get(e, "VPDIAL_REASON_CODE"), "15");
	assert_string_equal(env_get(e, "VPDIAL_REASON"), "the server does not answer");
	hook_env_pppd(e, HOOK_DOWN, &b->facts);
	assert_string_equal(env_get(e, "CONNECT_TIME"), "61");
	assert_string_equal(env_get(e, "BYTES_SENT"), "5000000000");
	assert_string_equal(env_get(e, "BYTES_RCVD"), "7");
	assert_string_equal(env_get(e, "IFNAME"), "pptp-out1");
	assert_string_equal(env_get(e, "IPLOCAL"), "10.0.0.2");
	assert_string_equal(env_get(e, "IPREMOTE"), "10.0.0.1");
	assert_string_equal(env_get(e, "DNS1"), "10.0.0.53");
	assert_string_equal(env_get(e, "LINKNAME"), "office");
	assert_null(env_get(e, "USEPEERDNS"));
	free(e);
}

static void environment_of_a_call_without_addresses_has_no_empty_variables(void **state)
{
	struct bench *b = *state;
	struct hook_env *e = malloc(sizeof *e);

	hook_env_dispatcher(e, HOOK_UP, &b->facts);
	for (size_t i = 0; e->strings[i]; i++)
		assert_int_not_equal(e->strings[i][strlen(e->strings[i]) - 1], '=');
	assert_null(env_get(e, "VPN_IP4_NUM_ADDRESSES"));
	assert_null(env_get(e, "DEVICE_IFACE"));
	free(e);
}

static void environment_with_more_routes_than_fit_is_cut_at_whole_variables(void **state)
{
	struct bench *b = *state;
	struct route *routes = calloc(400, sizeof *routes);
	struct hook_env *e = malloc(sizeof *e);

	strcpy(b->status.local, "10.0.0.2");
	for (size_t i = 0; i < 400; i++)
		routes[i] = (struct route){.family = AF_INET, .prefix_len = 32};
	b->facts.routes = routes;
	b->facts.route_count = 400;
	hook_env_dispatcher(e, HOOK_UP, &b->facts);
	assert_int_equal(e->count, HOOK_ENV_MAX);
	assert_null(e->strings[HOOK_ENV_MAX]);
	assert_non_null(strstr(e->strings[HOOK_ENV_MAX - 1], "=0.0.0.0/32 0.0.0.0 0"));
	assert_string_equal(env_get(e, "VPN_IP_IFACE"), "pptp-out1");
	free(e);
	free(routes);
}

static void password_is_in_no_environment(void **state)
{
	struct bench *b = *state;
	struct hook_env *e = malloc(sizeof *e);

	secret_set(&b->profile.password, "open sesame", 11);
	secret_set(&b->profile.tunnel.secret, "tunnel word", 11);
	hook_env_dispatcher(e, HOOK_UP, &b->facts);
	assert_null(memmem(e->text, e->len, "sesame", 6));
	assert_null(memmem(e->text, e->len, "tunnel word", 11));
	hook_env_pppd(e, HOOK_UP, &b->facts);
	assert_null(memmem(e->text, e->len, "sesame", 6));
	free(e);
}

/* --- which scripts */

static void scripts_come_in_order_and_the_first_directory_wins(void **state)
{
	static const char *const names[] = {"10-b", "20-a", "30-c", "90-link"};
	struct bench *b = *state;
	struct script_dirs dirs = dirs_of(b);
	struct script_list list;

	put_script(b, "etc/20-a", "true");
	put_script(b, "lib/20-a", "true");
	put_script(b, "lib/10-b", "true");
	put_script(b, "lib/30-c", "true");
	put_script(b, "lib/40-hidden", "true");
	put_link(b, "etc/40-hidden", "/dev/null");
	put_script(b, "lib/50-emptied", "true");
	put_file(b, "etc/50-emptied", 0755, "");
	put_link(b, "etc/90-link", "../lib/30-c");
	put_script(b, "etc/.hidden", "true");
	put_script(b, "etc/60-x~", "true");
	put_script(b, "etc/60-x.rpmsave", "true");
	put_script(b, "etc/60-x.dpkg-old", "true");
	put_script(b, "etc/pre-up.d/70-y", "true");
	put_link(b, "etc/80-dangling", "nowhere");
	assert_int_equal(script_list_read(&dirs, "", &list), 0);
	assert_int_equal(list.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(list.items[i].name, names[i]);
	assert_true(list.items[0].foreign);
	assert_false(list.items[1].foreign);
	script_list_free(&list);
	assert_int_equal(script_list_read(&dirs, "pre-up.d", &list), 0);
	assert_int_equal(list.count, 1);
	script_list_free(&list);
	assert_int_equal(script_list_read(&dirs, "pre-down.d", &list), 0);
	assert_int_equal(list.count, 0);
	script_list_free(&list);
}

static void only_links_into_no_wait_are_parallel(void **state)
{
	struct bench *b = *state;
	struct script_dirs dirs = dirs_of(b);
	struct script_list list;

	put_script(b, "etc/no-wait.d/a", "true");
	put_script(b, "etc/other/b", "true");
	put_link(b, "etc/10-a", "no-wait.d/a");
	put_link(b, "etc/20-b", "other/b");
	put_script(b, "etc/30-c", "true");
	assert_int_equal(script_list_read(&dirs, "", &list), 0);
	assert_int_equal(list.count, 3);
	assert_true(list.items[0].parallel);
	assert_false(list.items[1].parallel);
	assert_false(list.items[2].parallel);
	script_list_free(&list);
}

static void too_many_scripts_are_counted(void **state)
{
	struct bench *b = *state;
	struct script_dirs dirs = dirs_of(b);
	struct script_list list;
	char name[32];

	for (int i = 0; i < SCRIPTS_MAX + 5; i++) {
		snprintf(name, sizeof name, "etc/s%03d", i);
		put_script(b, name, "true");
	}
	assert_int_equal(script_list_read(&dirs, "", &list), 0);
	assert_int_equal(list.count, SCRIPTS_MAX);
	assert_int_equal(list.left_out, 5);
	script_list_free(&list);
}

/* The verdict on etc/x: "" or the sentence. */
static const char *verdict(struct bench *b)
{
	char path[256], real[PATH_MAX];
	struct str why = str_make(b->text, sizeof b->text);
	bool good;

	path_of(b, "etc/x", path);
	good = script_check(path, real, &why);
	assert_int_equal(good, why.len == 0);
	return b->text;
}

static void scripts_that_others_may_change_are_refused(void **state)
{
	static const struct {
		mode_t mode;
		const char *says;
	} cases[] = {
		{0755, ""},
		{0500, ""},
		{0775, "others may change it (mode 0775), run: chmod go-w "},
		{0757, "others may change it (mode 0757), run: chmod go-w "},
		{04755, "it is setuid or setgid (mode 4755), run: chmod ug-s "},
		{02755, "it is setuid or setgid (mode 2755), run: chmod ug-s "},
		{0644, "it is not executable, run: chmod u+x "},
	};
	struct bench *b = *state;
	char path[256];

	path_of(b, "etc/x", path);
	put_script(b, "etc/x", "true");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(chmod(path, cases[i].mode), 0);
		if (cases[i].says[0])
			assert_non_null(strstr(verdict(b), cases[i].says));
		else
			assert_string_equal(verdict(b), "");
	}
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(chmod(b->etc, 0777), 0);
	assert_non_null(strstr(verdict(b), "others may change its directory "));
	assert_non_null(strstr(verdict(b), "run: chmod go-w "));
	/* As /tmp has it: good above (the bench stands there), but here others could add links. */
	assert_int_equal(chmod(b->etc, 01777), 0);
	assert_non_null(strstr(verdict(b), "others may change its directory "));
	assert_int_equal(chmod(b->etc, 0755), 0);
	assert_string_equal(verdict(b), "");
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(path, 12345, 0), 0);
	assert_non_null(strstr(verdict(b), "it belongs to uid 12345, run: chown root "));
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chown(b->etc, 12345, 0), 0);
	assert_non_null(strstr(verdict(b), "(it belongs to uid 12345), run: chown root "));
}

static void link_through_a_directory_of_others_is_refused(void **state)
{
	struct bench *b = *state;
	char path[256];

	put_script(b, "open/x", "true");
	mkdir(b->etc, 0755);
	put_link(b, "etc/x", "../open/x");
	assert_string_equal(verdict(b), "");
	path_of(b, "open", path);
	assert_int_equal(chmod(path, 0777), 0);
	assert_non_null(strstr(verdict(b), "others may change its directory "));
}

static void relative_path_is_no_script(void **state)
{
	char real[PATH_MAX], text[200];
	struct str why = str_make(text, sizeof text);

	(void)state;
	assert_false(script_check("x", real, &why));
	assert_non_null(strstr(text, "relative"));
}

/* --- running them */

static void scripts_run_one_after_the_other_with_two_arguments(void **state)
{
	struct bench *b = *state;

	put_script(b, "etc/20-second", "echo \"$# $1 $2 $NM_DISPATCHER_ACTION\" >>$D/out");
	put_script(b, "lib/10-first", "sleep 0.2; echo first >>$D/out");
	put_script(b, "etc/pre-up.d/30-third", "echo pre >>$D/out");
	hooks_of(b, 10000, 10000);
	add(b, HOOK_UP);
	finish(b);
	assert_string_equal(read_back(b, "out"), "first\n2 pptp-out1 vpn-up vpn-up\n");
}

static void events_wait_for_those_before_them(void **state)
{
	struct bench *b = *state;

	put_script(b, "etc/10-x", "[ $2 != vpn-up ] || sleep 0.3; echo $2 >>$D/out");
	put_script(b, "etc/pre-down.d/10-x", "echo $2 >>$D/out");
	hooks_of(b, 10000, 10000);
	add(b, HOOK_UP);
	add(b, HOOK_PRE_DOWN);
	add(b, HOOK_DOWN);
	finish(b);
	assert_string_equal(read_back(b, "out"), "vpn-up\nvpn-pre-down\nvpn-down\n");
}

static void too_many_events_are_refused(void **state)
{
	struct bench *b = *state;

	put_script(b, "etc/10-x", "true");
	hooks_of(b, 10000, 10000);
	for (int i = 0; i < HOOK_EVENTS_MAX - 2; i++)
		add(b, HOOK_UP);
	assert_int_equal(hooks_run(b->hooks, HOOK_UP, &b->facts, on_done, b), -EBUSY);
	assert_true(logged(b, "too many events wait already"));
	add(b, HOOK_PRE_DOWN); /* the end of the last one that began is not lost */
	add(b, HOOK_DOWN);
	assert_int_equal(hooks_run(b->hooks, HOOK_DOWN, &b->facts, on_done, b), -EBUSY);
	finish(b);
}

static void event_without_scripts_is_done_later(void **state)
{
	struct bench *b = *state;

	hooks_of(b, 10000, 10000);
	for (enum hook_action a = 0; a < HOOK_ACTION_COUNT; a++)
		assert_false(hooks_exist(b->hooks, a));
	add(b, HOOK_PRE_UP);
	assert_int_equal(b->done, 0);
	finish(b);
	assert_false(b->failed[0]);
}

static void environment_and_process_are_clean(void **state)
{
	struct bench *b = *state;
	int stray = open("/dev/null", O_RDONLY); /* not close-on-exec */
	sigset_t set;

	put_script(b, "etc/10-x",
		   "env | grep -c SECRET_OF_PARENT >>$D/out\n"
		   "ls -l /proc/self/fd | grep -c /dev/null >>$D/out\n"
		   "umask >>$D/out; pwd >>$D/out\n"
		   "grep SigBlk /proc/self/status | tr -d '\\t' >>$D/out\n"
		   "[ $(ps -o pgid= -p $$) = $$ ] && echo leader >>$D/out\n"
		   "read x || echo no input >>$D/out");
	setenv("SECRET_OF_PARENT", "1", 1);
	umask(077);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	hooks_of(b, 10000, 10000);
	add(b, HOOK_UP);
	finish(b);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	umask(022);
	close(stray);
	unsetenv("SECRET_OF_PARENT");
	assert_string_equal(read_back(b, "out"),
			    "0\n1\n0022\n/\nSigBlk:0000000000000000\nleader\nno input\n");
}

static void failing_pre_up_script_is_told_and_ends_the_event(void **state)
{
	struct bench *b = *state;

	put_script(b, "etc/pre-up.d/10-x", "exit 3");
	put_script(b, "etc/pre-up.d/20-y", "echo y >$D/out");
	hooks_of(b, 10000, 10000);
	assert_true(hooks_exist(b->hooks, HOOK_PRE_UP));
	assert_false(hooks_exist(b->hooks, HOOK_UP));
	add(b, HOOK_PRE_UP);
	finish(b);
	assert_true(b->failed[0]);
	assert_int_equal(b->failures[0].code, EXIT_INIT_FAILED);
	assert_string_equal(b->failures[0].text, "vpn-pre-up: the script 10-x ended with status 3");
	assert_string_equal(read_back(b, "out"), "");
}

static void failing_foreign_or_later_script_is_only_logged(void **state)
{
	struct bench *b = *state;

	put_script(b, "lib/pre-up.d/10-x", "exit 3");
	put_script(b, "etc/pre-up.d/20-y", "echo y >>$D/out");
	put_script(b, "etc/10-z", "kill -9 $$");
	put_script(b, "etc/20-a", "echo a >>$D/out");
	hooks_of(b, 10000, 10000);
	add(b, HOOK_PRE_UP);
	add(b, HOOK_UP);
	finish(b);
	assert_false(b->failed[0]);
	assert_false(b->failed[1]);
	assert_string_equal(read_back(b, "out"), "y\na\n");
	assert_true(logged(b, "vpn-pre-up: the script 10-x ended with status 3"));
	assert_true(logged(b, "vpn-up: the script 10-z was killed by signal 9"));
}

static void refused_script_is_logged_and_the_rest_run(void **state)
{
	struct bench *b = *state;

	put_script(b, "etc/10-x", "echo x >>$D/out");
	put_script(b, "etc/20-y", "echo y >>$D/out");
	put_file(b, "etc/10-x", 0775, "#!/bin/sh\n");
	hooks_of(b, 10000, 10000);
	add(b, HOOK_UP);
	finish(b);
	assert_string_equal(read_back(b, "out"), "y\n");
	assert_true(logged(b, "vpn-up: the script 10-x is not run: others may change it (mode "
			      "0775), run: chmod go-w /tmp/"));
}

static void hanging_script_is_killed_with_its_children(void **state)
{
	struct bench *b = *state;
	pid_t child;

	put_script(b, "etc/pre-up.d/10-x", "sleep 77 & echo $! >$D/out; wait");
	hooks_of(b, 300, 10000);
	add(b, HOOK_PRE_UP);
	finish(b);
	assert_true(b->failed[0]);
	assert_non_null(strstr(b->failures[0].text, "the script 10-x had not ended after "));
	assert_non_null(strstr(b->failures[0].text, " s and was killed"));
	child = (pid_t)strtol(read_back(b, "out"), NULL, 10);
	assert_true(child > 1);
	for (int i = 0; i < 100 && kill(child, 0) == 0; i++)
		usleep(20000); /* whoever adopted it has to reap it */
	if (kill(child, 0) == 0) {
		char path[64];

		snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
		read_back(b, "out"); /* a zombie is dead too */
		FILE *f = fopen(path, "r");

		assert_non_null(f);
		assert_non_null(fgets(b->text, 200, f));
		fclose(f);
		assert_non_null(strstr(b->text, ") Z"));
	}
}

static void long_script_of_up_gets_less_time_when_an_event_waits(void **state)
{
	struct bench *b = *state;

	put_script(b, "etc/10-x", "[ $2 != vpn-up ] || sleep 77");
	hooks_of(b, 300, 60000);
	add(b, HOOK_UP);
	add(b, HOOK_DOWN);
	finish(b);
	assert_true(logged(b, "vpn-up: the script 10-x had not ended"));
}

static void parallel_scripts_do_not_wait(void **state)
{
	struct bench *b = *state;

	put_script(b, "etc/no-wait.d/a",
		   "for i in $(seq 200); do [ ! -e $D/b ] || exec touch $D/a; "
		   "sleep 0.05; done");
	put_script(b, "etc/no-wait.d/b", "touch $D/b");
	put_script(b, "etc/30-c",
		   "for i in $(seq 200); do [ ! -e $D/a ] || exec touch $D/c; "
		   "sleep 0.05; done");
	put_link(b, "etc/10-a", "no-wait.d/a");
	put_link(b, "etc/20-b", "no-wait.d/b");
	hooks_of(b, 10000, 10000);
	add(b, HOOK_UP);
	finish(b);
	assert_int_equal(access("/", F_OK), 0);
	char path[256];
	path_of(b, "c", path);
	assert_int_equal(access(path, F_OK), 0);
}

static void end_of_a_call_waits_for_parallel_scripts(void **state)
{
	struct bench *b = *state;

	put_script(b, "etc/no-wait.d/a", "sleep 0.3; echo $2 >>$D/out");
	put_link(b, "etc/10-a", "no-wait.d/a");
	hooks_of(b, 10000, 10000);
	add(b, HOOK_DOWN);
	finish(b);
	assert_string_equal(read_back(b, "out"), "vpn-down\n");
}

static void more_parallel_scripts_than_places_all_run(void **state)
{
	struct bench *b = *state;
	char name[32];

	put_script(b, "etc/no-wait.d/a", "echo x >>$D/out; sleep 0.3");
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "etc/%02d", i);
		put_link(b, name, "no-wait.d/a");
	}
	hooks_of(b, 10000, 10000);
	add(b, HOOK_DOWN);
	finish(b);
	assert_int_equal(strlen(read_back(b, "out")), 40);
}

static void output_is_logged_clean_and_bounded(void **state)
{
	struct bench *b = *state;
	unsigned lines = 0;

	put_script(b, "etc/10-x", "printf 'one\\ntw\\033[31mo\\r\\nvpdial: forged\\nno end'");
	put_script(b, "etc/20-y", "seq 1000; head -c 100000 /dev/zero | tr '\\0' z; echo");
	hooks_of(b, 10000, 10000);
	add(b, HOOK_UP);
	finish(b);
	read_back(b, "log");
	assert_non_null(strstr(b->text, "vpdial: 10-x: one\n"));
	assert_non_null(strstr(b->text, "vpdial: 10-x: tw\\x1b[31mo\\x0d\n"));
	assert_non_null(strstr(b->text, "vpdial: 10-x: vpdial: forged\n"));
	assert_non_null(strstr(b->text, "vpdial: 10-x: no end\n"));
	assert_null(strchr(b->text, '\033'));
	for (char *p = b->text; (p = strstr(p, "20-y: ")); p++)
		lines++;
	assert_int_equal(lines, HOOK_LINES_MAX);
	assert_non_null(strstr(b->text, "20-y has said 100 lines; the rest is left out"));
	assert_true(strlen(b->text) < 8000);
}

static void endless_output_does_not_keep_a_script_from_its_limit(void **state)
{
	struct bench *b = *state;

	put_script(b, "etc/pre-up.d/10-x", "while :; do echo y 2>/dev/null; done");
	hooks_of(b, 500, 10000);
	add(b, HOOK_PRE_UP);
	finish(b);
	assert_true(b->failed[0]);
	read_back(b, "log");
	assert_true(strlen(b->text) < 8000);
}

static void script_that_says_much_is_not_killed_for_it(void **state)
{
	struct bench *b = *state;

	put_script(b, "etc/pre-up.d/10-x",
		   "i=0; while [ $i -lt 4000 ]; do i=$((i+1)); echo "
		   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		   "aaaaaaaa"
		   "; done; echo alive >$D/out");
	hooks_of(b, 20000, 20000);
	add(b, HOOK_PRE_UP);
	finish(b);
	assert_string_equal(read_back(b, "out"), "alive\n");
	assert_false(b->failed[0]);
}

static void process_left_behind_does_not_hold_the_event(void **state)
{
	struct bench *b = *state;
	uint64_t start = clock_now_ms();

	put_script(b, "etc/10-x", "(sleep 1; echo late; echo alive >$D/out) & echo early");
	hooks_of(b, 10000, 10000);
	add(b, HOOK_UP);
	finish(b);
	assert_true(clock_now_ms() - start < 900);
	assert_true(logged(b, "10-x: early"));
	/* It may go on talking. */
	b->wanted++;
	loop_timer_set(b->loop, &b->guard, clock_now_ms() + 1500);
	assert_int_equal(loop_run(b->loop), 0);
	assert_true(logged(b, "10-x: late"));
	assert_string_equal(read_back(b, "out"), "alive\n");
}

static void abort_kills_and_ends_every_event(void **state)
{
	struct bench *b = *state;
	uint64_t start = clock_now_ms();

	put_script(b, "etc/10-x", "sleep 77");
	put_script(b, "etc/20-y", "echo y >>$D/out");
	put_script(b, "etc/no-wait.d/z", "sleep 77");
	put_link(b, "etc/30-z", "no-wait.d/z");
	hooks_of(b, 60000, 60000);
	add(b, HOOK_DOWN);
	add(b, HOOK_DOWN);
	loop_timer_set(b->loop, &b->guard, clock_now_ms() + 200);
	assert_int_equal(loop_run(b->loop), 0);
	assert_true(b->late);
	b->late = false;
	assert_true(hooks_busy(b->hooks));
	hooks_abort(b->hooks, 1u << HOOK_PRE_UP); /* there is none */
	assert_true(hooks_busy(b->hooks));
	hooks_abort(b->hooks, ~0u);
	finish(b);
	assert_true(clock_now_ms() - start < 5000);
	assert_string_equal(read_back(b, "out"), "");
}

static void what_cannot_be_executed_is_told(void **state)
{
	struct bench *b = *state;

	put_file(b, "etc/10-x", 0755, "no interpreter here\n");
	put_file(b, "etc/20-y", 0755, "#!/nonexistent/interpreter\n");
	hooks_of(b, 10000, 10000);
	add(b, HOOK_UP);
	finish(b);
	assert_true(logged(b, "10-x: cannot be executed: Exec format error; a script begins with"));
	assert_true(logged(b, "the script 10-x ended with status 127"));
	/* Valgrind lets the second one begin, and kills it. */
	assert_true(logged(b, "vpn-up: the script 20-y "));
	if (logged(b, "the script 20-y ended with status 127"))
		assert_true(logged(b, "20-y: cannot be executed: No such file or directory"));
}

static void pppd_programs_get_six_arguments(void **state)
{
	struct bench *b = *state;
	char up[256], down[256];
	struct hooks_config config = {.loop = b->loop,
				      .log = &b->log,
				      .dirs = dirs_of(b),
				      .ip_up = up,
				      .ip_down = down,
				      .limit_ms = 10000,
				      .unwaited_ms = 10000};

	path_of(b, "ppp/ip-up", up);
	path_of(b, "ppp/ip-down", down);
	put_script(b, "ppp/ip-up", "echo \"up $# $1 $2 $3 $4 $5 $6 $IPLOCAL\" >>$D/out");
	put_script(b, "ppp/ip-down", "echo \"down $# $CONNECT_TIME\" >>$D/out");
	put_script(b, "etc/10-x", "echo \"$2\" >>$D/out");
	strcpy(b->status.local, "10.0.0.2");
	strcpy(b->status.remote, "10.0.0.1");
	b->status.uptime_ms = 5000;
	b->hooks = hooks_new(&config);
	assert_true(hooks_exist(b->hooks, HOOK_DOWN));
	assert_false(hooks_exist(b->hooks, HOOK_PRE_DOWN));
	add(b, HOOK_PRE_UP);
	add(b, HOOK_UP);
	add(b, HOOK_DOWN);
	finish(b);
	assert_string_equal(read_back(b, "out"), "up 6 pptp-out1 - 0 10.0.0.2 10.0.0.1 office "
						 "10.0.0.2\nvpn-up\ndown 6 5\nvpn-down\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(uuid_is_version_5_of_the_files_url),
		T(environment_has_networkmanagers_names),
		T(domain_that_the_server_told_is_in_the_environment),
		T(environment_at_the_end_has_counters_and_reason),
		T(environment_of_a_call_without_addresses_has_no_empty_variables),
		T(environment_with_more_routes_than_fit_is_cut_at_whole_variables),
		T(password_is_in_no_environment),
		T(scripts_come_in_order_and_the_first_directory_wins),
		T(only_links_into_no_wait_are_parallel),
		T(too_many_scripts_are_counted),
		T(scripts_that_others_may_change_are_refused),
		T(link_through_a_directory_of_others_is_refused),
		T(relative_path_is_no_script),
		T(scripts_run_one_after_the_other_with_two_arguments),
		T(events_wait_for_those_before_them),
		T(too_many_events_are_refused),
		T(event_without_scripts_is_done_later),
		T(environment_and_process_are_clean),
		T(failing_pre_up_script_is_told_and_ends_the_event),
		T(failing_foreign_or_later_script_is_only_logged),
		T(refused_script_is_logged_and_the_rest_run),
		T(hanging_script_is_killed_with_its_children),
		T(long_script_of_up_gets_less_time_when_an_event_waits),
		T(parallel_scripts_do_not_wait),
		T(end_of_a_call_waits_for_parallel_scripts),
		T(more_parallel_scripts_than_places_all_run),
		T(output_is_logged_clean_and_bounded),
		T(endless_output_does_not_keep_a_script_from_its_limit),
		T(script_that_says_much_is_not_killed_for_it),
		T(process_left_behind_does_not_hold_the_event),
		T(abort_kills_and_ends_every_event),
		T(what_cannot_be_executed_is_told),
		T(pppd_programs_get_six_arguments),
	};

	return cmocka_run_group_tests_name("hooks", tests, NULL, NULL);
}
