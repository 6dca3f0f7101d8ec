/* SPDX-License-Identifier: MIT */
/* The server mode's policy, its file, and the records of its control socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/server.h"
#include "ipc/users.h"
#include "server/policy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct in_addr ip(const char *text)
{
	struct in_addr a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

static enum policy_verdict admit(struct policy *p, const char *from, uint64_t now, size_t *slot)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = ip(from)};

	return policy_admit(p, PROTOCOL_PPTP, (struct sockaddr *)&sa, now, slot);
}

static struct policy *make(const struct policy_account *accounts, size_t count, unsigned max)
{
	struct policy *p = policy_new(&(struct policy_config){
		.accounts = accounts, .account_count = count, .max_sessions = {max, max}});

	assert_non_null(p);
	return p;
}

static int ask(struct policy *p, size_t slot, const char *user, struct in_addr *address,
	       bool *exhausted)
{
	return policy_account(p, slot, (const uint8_t *)user, strlen(user), address, exhausted);
}

static void half_open_calls_of_one_source_are_bounded_and_others_still_come(void **state)
{
	struct policy *p = make(NULL, 0, 1000);
	size_t slots[POLICY_HALF_OPEN_SOURCE_MAX], slot;
	(void)state;

	for (size_t i = 0; i < POLICY_HALF_OPEN_SOURCE_MAX; i++)
		assert_int_equal(admit(p, "192.0.2.1", 1, &slots[i]), POLICY_ADMITTED);
	assert_int_equal(admit(p, "192.0.2.1", 1, &slot), POLICY_HALF_OPEN);
	assert_int_equal(admit(p, "192.0.2.2", 1, &slot), POLICY_ADMITTED);
	policy_opened(p, slots[0]);
	assert_int_equal(admit(p, "192.0.2.1", 1, &slot), POLICY_ADMITTED);
	assert_int_equal(admit(p, "192.0.2.1", 1, &slot), POLICY_HALF_OPEN);
	policy_release(p, slots[1], false, 2);
	assert_int_equal(admit(p, "192.0.2.1", 2, &slot), POLICY_ADMITTED);
	policy_free(p);
}

static void half_open_calls_of_all_sources_are_bounded(void **state)
{
	struct policy *p = make(NULL, 0, 1000);
	char from[32];
	size_t slot;
	(void)state;

	for (unsigned i = 0; i < POLICY_HALF_OPEN_MAX; i++) {
		(void)snprintf(from, sizeof(from), "198.51.100.%u", i + 1);
		assert_int_equal(admit(p, from, 1, &slot), POLICY_ADMITTED);
	}
	assert_int_equal(admit(p, "192.0.2.1", 1, &slot), POLICY_HALF_OPEN);
	policy_free(p);
}

static void the_services_do_not_shut_each_other_out(void **state)
{
	struct policy_config config = {.max_sessions = {100, 100}};
	struct policy *p = policy_new(&config);
	struct sockaddr_in sa = {.sin_family = AF_INET};
	size_t slot;
	(void)state;
	assert_non_null(p);
	for (uint32_t i = 0; i < POLICY_HALF_OPEN_MAX; i++) {
		sa.sin_addr.s_addr = htonl(0x0a000000 + i);
		assert_int_equal(policy_admit(p, PROTOCOL_L2TP, (struct sockaddr *)&sa, 1, &slot),
				 POLICY_ADMITTED);
	}
	assert_int_equal(policy_admit(p, PROTOCOL_L2TP, (struct sockaddr *)&sa, 1, &slot),
			 POLICY_HALF_OPEN);
	/* The same address, too, has a count for each. */
	for (uint32_t i = 0; i < POLICY_HALF_OPEN_SOURCE_MAX; i++)
		assert_int_equal(policy_admit(p, PROTOCOL_PPTP, (struct sockaddr *)&sa, 1, &slot),
				 POLICY_ADMITTED);
	assert_int_equal(policy_admit(p, PROTOCOL_PPTP, (struct sockaddr *)&sa, 1, &slot),
			 POLICY_HALF_OPEN);
	policy_opened(p, slot);
	assert_int_equal(policy_admit(p, PROTOCOL_L2TP, (struct sockaddr *)&sa, 1, &slot),
			 POLICY_HALF_OPEN);
	policy_free(p);
}

static void room_is_told_before_a_call_and_l2tp_takes_no_place_of_pptps_refusals(void **state)
{
	struct policy_config config = {.max_sessions = {1, 1}};
	struct policy *p = policy_new(&config);
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(0x0a000001)}};
	const struct sockaddr *from = (struct sockaddr *)&sa;
	size_t slot, other;
	(void)state;
	assert_true(policy_has_room(p, PROTOCOL_L2TP));
	assert_int_equal(policy_admit(p, PROTOCOL_L2TP, from, 1, &slot), POLICY_ADMITTED);
	assert_false(policy_has_room(p, PROTOCOL_L2TP));
	assert_true(policy_has_room(p, PROTOCOL_PPTP));
	for (int i = 0; i < 50; i++)
		assert_int_equal(policy_admit(p, PROTOCOL_L2TP, from, 1, &other), POLICY_BUSY);
	assert_int_equal(policy_admit(p, PROTOCOL_PPTP, from, 1, &other), POLICY_ADMITTED);
	assert_int_equal(policy_admit(p, PROTOCOL_PPTP, from, 1, &other), POLICY_BUSY);
	policy_release(p, slot, false, 2);
	assert_true(policy_has_room(p, PROTOCOL_L2TP));
	policy_free(p);
}

static void max_sessions_counts_open_calls_too(void **state)
{
	struct policy *p = make(NULL, 0, 2);
	size_t a, b, c;
	(void)state;

	assert_int_equal(admit(p, "192.0.2.1", 1, &a), POLICY_ADMITTED);
	policy_opened(p, a);
	assert_int_equal(admit(p, "192.0.2.1", 1, &b), POLICY_ADMITTED);
	assert_int_equal(admit(p, "192.0.2.1", 1, &c), POLICY_BUSY);
	policy_release(p, a, false, 1);
	policy_release(p, a, false, 1); /* a second time changes nothing */
	assert_int_equal(policy_count(p, PROTOCOL_PPTP), 1);
	assert_int_equal(admit(p, "192.0.2.1", 1, &c), POLICY_ADMITTED);
	policy_free(p);
}

static void callers_are_told_of_a_full_server_within_bounds(void **state)
{
	struct policy *p = make(NULL, 0, 1);
	const uint64_t later = 5 + POLICY_REFUSAL_MS;
	char from[32];
	size_t slot;
	(void)state;

	assert_int_equal(admit(p, "192.0.2.1", 1, &slot), POLICY_ADMITTED);
	for (unsigned i = 0; i < POLICY_REFUSALS_SOURCE_MAX; i++)
		assert_int_equal(admit(p, "192.0.2.2", 5, &slot), POLICY_BUSY);
	assert_int_equal(admit(p, "192.0.2.2", 5, &slot), POLICY_FULL);
	for (unsigned i = POLICY_REFUSALS_SOURCE_MAX; i < POLICY_REFUSALS_MAX; i++) {
		(void)snprintf(from, sizeof(from), "198.51.100.%u", i);
		assert_int_equal(admit(p, from, 6, &slot), POLICY_BUSY);
	}
	assert_int_equal(admit(p, "198.51.100.200", 6, &slot), POLICY_FULL);
	assert_int_equal(admit(p, "192.0.2.2", later - 1, &slot), POLICY_FULL);
	assert_int_equal(admit(p, "192.0.2.2", later, &slot), POLICY_BUSY);
	/* None of them took a place of the sessions', nor waits for it. */
	assert_int_equal(policy_count(p, PROTOCOL_PPTP), 1);
	policy_release(p, 0, false, later);
	assert_int_equal(admit(p, "192.0.2.2", later, &slot), POLICY_ADMITTED);
	policy_free(p);
}

static void strangers_beyond_their_bounds_are_told_nothing(void **state)
{
	struct policy *p = make(NULL, 0, POLICY_HALF_OPEN_SOURCE_MAX);
	size_t slot;
	(void)state;

	for (unsigned i = 0; i < POLICY_HALF_OPEN_SOURCE_MAX; i++)
		assert_int_equal(admit(p, "192.0.2.1", 1, &slot), POLICY_ADMITTED);
	assert_int_equal(admit(p, "192.0.2.1", 1, &slot), POLICY_HALF_OPEN);
	assert_int_equal(admit(p, "192.0.2.2", 1, &slot), POLICY_BUSY);
	for (size_t i = 0; i < POLICY_FAILURES_MAX; i++)
		policy_release(p, i, true, 1);
	assert_int_equal(admit(p, "192.0.2.1", 1, &slot), POLICY_WAIT);
	policy_free(p);
}

static void source_that_fails_in_series_waits_and_is_forgiven(void **state)
{
	struct policy *p = make(NULL, 0, 10);
	size_t slot;
	(void)state;

	for (unsigned i = 0; i < POLICY_FAILURES_MAX; i++) {
		assert_int_equal(admit(p, "192.0.2.1", 1000 + i, &slot), POLICY_ADMITTED);
		policy_release(p, slot, true, 1000 + i);
	}
	assert_int_equal(admit(p, "192.0.2.1", 2000, &slot), POLICY_WAIT);
	assert_int_equal(admit(p, "192.0.2.2", 2000, &slot), POLICY_ADMITTED);
	assert_int_equal(admit(p, "192.0.2.1", 1000 + POLICY_FAILURES_MS, &slot), POLICY_ADMITTED);
	policy_free(p);
}

static void call_that_was_open_does_not_count_as_failure(void **state)
{
	struct policy *p = make(NULL, 0, 10);
	size_t slot;
	(void)state;

	for (unsigned i = 0; i < 2 * POLICY_FAILURES_MAX; i++) {
		assert_int_equal(admit(p, "192.0.2.1", 1, &slot), POLICY_ADMITTED);
		policy_opened(p, slot);
		policy_release(p, slot, true, 1);
	}
	policy_free(p);
}

static void account_is_found_by_name_service_and_caller(void **state)
{
	const struct policy_account accounts[] = {
		{"ex", "", {false, true}, {{{0}, {0}}, {{0}, {0}}}},
		{"ex", "192.0.2.9", {true, true}, {{{0}, {0}}, {{0}, {0}}}},
		{"ex", "", {true, false}, {{{0}, {0}}, {{0}, {0}}}},
	};
	struct policy *p = make(accounts, 3, 10);
	struct in_addr address;
	bool exhausted;
	size_t slot;
	(void)state;

	assert_int_equal(admit(p, "192.0.2.1", 1, &slot), POLICY_ADMITTED);
	assert_int_equal(ask(p, slot, "ex", &address, &exhausted), 2);
	assert_int_equal(ask(p, slot, "e", &address, &exhausted), POLICY_NO_ACCOUNT);
	assert_int_equal(ask(p, slot, "exx", &address, &exhausted), POLICY_NO_ACCOUNT);
	assert_int_equal(policy_account(p, slot, (const uint8_t *)"ex\0", 3, &address, &exhausted),
			 POLICY_NO_ACCOUNT);
	assert_int_equal(admit(p, "192.0.2.9", 1, &slot), POLICY_ADMITTED);
	assert_int_equal(ask(p, slot, "ex", &address, &exhausted), 1);
	policy_free(p);
}

static void pool_gives_each_address_once_and_again_when_free(void **state)
{
	struct address_pool pool = {ip("10.0.0.10"), ip("10.0.0.12")},
			    own = {ip("10.0.0.11"), ip("10.0.0.11")};
	const struct policy_account accounts[] = {
		{"pool", "", {true, true}, {pool, pool}},
		{"own", "", {true, true}, {own, own}},
	};
	struct policy *p = make(accounts, 2, 10);
	struct in_addr a, b, c;
	size_t s1, s2, s3;
	bool exhausted;
	(void)state;

	assert_int_equal(admit(p, "192.0.2.1", 1, &s1), POLICY_ADMITTED);
	assert_int_equal(admit(p, "192.0.2.1", 1, &s2), POLICY_ADMITTED);
	assert_int_equal(admit(p, "192.0.2.1", 1, &s3), POLICY_ADMITTED);
	assert_int_equal(ask(p, s1, "pool", &a, &exhausted), 0);
	assert_int_equal(a.s_addr, ip("10.0.0.10").s_addr);
	assert_int_equal(ask(p, s1, "pool", &a, &exhausted), 0); /* asked again: the same */
	assert_int_equal(a.s_addr, ip("10.0.0.10").s_addr);
	assert_int_equal(ask(p, s2, "pool", &b, &exhausted), 0); /* leaves own's address out */
	assert_int_equal(b.s_addr, ip("10.0.0.12").s_addr);
	assert_int_equal(ask(p, s3, "pool", &c, &exhausted), 0);
	assert_true(exhausted);
	assert_int_equal(c.s_addr, 0);
	policy_release(p, s1, false, 1);
	assert_int_equal(ask(p, s3, "pool", &c, &exhausted), 0);
	assert_false(exhausted);
	assert_int_equal(c.s_addr, ip("10.0.0.10").s_addr);
	assert_int_equal(ask(p, s3, "own", &c, &exhausted), 1);
	assert_int_equal(c.s_addr, ip("10.0.0.11").s_addr);
	policy_free(p);
}

/* server.conf */

struct place {
	char dir[32];
	struct conf_server server;
	struct conf_faults faults;
	int rc;
};

static void write_text(const struct place *p, const char *name, const char *text, mode_t mode)
{
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static int load(struct place *p, const char *text)
{
	conf_faults_free(&p->faults);
	memset(&p->faults, 0, sizeof(p->faults));
	if (p->rc == 0)
		conf_server_free(&p->server);
	write_text(p, "server.conf", text, 0600);
	p->rc = conf_server_load(p->dir, &p->server, &p->faults);
	return p->rc;
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->dir, "/tmp/vpdial-test-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->rc = -1;
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	char path[64];

	conf_faults_free(&p->faults);
	if (p->rc == 0)
		conf_server_free(&p->server);
	(void)snprintf(path, sizeof(path), "%s/server.conf", p->dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/ppp-profiles.conf", p->dir);
	(void)unlink(path);
	(void)rmdir(p->dir);
	free(p);
	return 0;
}

static bool has_fault(const struct place *p, const char *text)
{
	for (size_t i = 0; i < p->faults.count && i < 64; i++)
		if (strstr(p->faults.lines[i], text))
			return true;
	return false;
}

static void empty_file_has_the_missions_defaults(void **state)
{
	struct place *p = *state;
	const struct conf_listener *l;

	assert_int_equal(load(p, "[pptp-server]\nenabled = yes\n"), 0);
	l = &p->server.listener[PROTOCOL_PPTP];
	assert_true(l->enabled);
	assert_int_equal(l->max_mtu, 1460);
	assert_int_equal(l->max_mru, 1460);
	assert_int_equal(l->mrru, 0);
	assert_int_equal(l->authentication, METHOD_MSCHAP2);
	assert_int_equal(l->keepalive_timeout, 30);
	assert_string_equal(l->default_profile, "default");
	assert_int_equal(l->listen.count, 1); /* 127.0.0.1: PPTP has no IPv6 */
	l = &p->server.listener[PROTOCOL_L2TP];
	assert_false(l->enabled);
	assert_int_equal(l->listen.count, 2);
	assert_int_equal(p->server.secret_count, 0);
}

static void ipsec_of_the_server_is_read(void **state)
{
	struct place *p = *state;
	const struct conf_listener *l = &p->server.listener[PROTOCOL_L2TP];

	assert_int_equal(load(p, "[l2tp-server]\nenabled=yes\n"), 0);
	assert_int_equal(l->use_ipsec, IPSEC_SERVE_NO);
	assert_int_equal(load(p, "[l2tp-server]\nenabled=yes\nuse-ipsec = required\n"
				 "ipsec-secret = \"a b\"\nipsec-esp = aes128gcm16\n"),
			 0);
	assert_int_equal(l->use_ipsec, IPSEC_SERVE_REQUIRED);
	assert_int_equal(l->ipsec_secret.len, 3);
	assert_int_equal(l->ipsec_esp.count, 1);
	assert_true(l->ipsec_ike.count > 1);
	assert_int_equal(load(p, "[l2tp-server]\nenabled=yes\nuse-ipsec = yes\n"), -EINVAL);
	assert_true(has_fault(p, "ipsec-secret"));
	assert_int_equal(load(p, "[l2tp-server]\nenabled=yes\nipsec-secret = \"a\"\n"), -EINVAL);
	assert_true(has_fault(p, "use-ipsec = yes too"));
	assert_int_equal(load(p, "[pptp-server]\nenabled=yes\nuse-ipsec = yes\n"
				 "ipsec-secret = \"a\"\n"),
			 -EINVAL);
	assert_true(has_fault(p, "[l2tp-server] only"));
	assert_int_equal(load(p, "[l2tp-server]\nenabled=yes\nuse-ipsec = external\n"), -EINVAL);
}

static void secret_is_read_with_its_profile_and_name_keeps_its_case(void **state)
{
	struct place *p = *state;
	const struct conf_secret *s;

	write_text(p, "ppp-profiles.conf",
		   "[p]\nlocal-address = 10.0.0.1\nremote-address = 10.0.0.10-10.0.0.50\n"
		   "use-encryption = require\ndns-server = 10.0.0.53\nonly-one = yes\n"
		   "use-ipv6 = yes\n",
		   0644);
	assert_int_equal(load(p,
			      "[l2tp-server]\nenabled=yes\nmrru = 1614\n[secret JoHn]\n"
			      "password = \"a b\"\nservice = l2tp\nprofile = p\nmax-sessions = 2\n"
			      "routes = 10.150.1.0/24 10.0.103.2 1\n[interface FromLaptop]\n"
			      "user = JoHn\ndisabled = yes\n"),
			 0);
	assert_int_equal(p->server.listener[PROTOCOL_L2TP].mrru, 1614);
	assert_int_equal(p->server.secret_count, 1);
	s = &p->server.secrets[0];
	assert_string_equal(s->name, "JoHn");
	assert_int_equal(s->service, PROTOCOL_BIT(PROTOCOL_L2TP));
	assert_int_equal(s->password.len, 3);
	assert_int_equal(s->route_count, 1);
	assert_int_equal(s->routes[0].metric, 1);
	assert_int_equal(s->remote.first.s_addr, 0);
	assert_int_equal(s->max_sessions, 2);
	for (int type = 0; type < 2; type++) {
		assert_true(s->ppp[type].only_one);
		assert_true(s->ppp[type].use_ipv6);
		assert_false(p->server.ppp[type].only_one);
		assert_int_equal(s->ppp[type].mppe.policy, MPPE_REQUIRE);
		assert_int_equal(s->ppp[type].local.first.s_addr, ip("10.0.0.1").s_addr);
		assert_int_equal(s->ppp[type].remote.last.s_addr, ip("10.0.0.50").s_addr);
		assert_int_equal(s->ppp[type].dns_server[0].s_addr, ip("10.0.0.53").s_addr);
	}
	assert_int_equal(p->server.interface_count, 1);
	assert_string_equal(p->server.interfaces[0].name, "FromLaptop");
	assert_string_equal(p->server.interfaces[0].user, "JoHn");
	assert_true(p->server.interfaces[0].disabled);
}

static void radius_servers_are_read_in_their_order(void **state)
{
	struct place *p = *state;
	const struct conf_radius *r;

	assert_int_equal(load(p,
			      "[radius Off]\naddress = 192.0.2.9\nsecret = \"x\"\n"
			      "disabled = yes\n[radius One]\naddress = 192.0.2.1\n"
			      "secret = \"abc\"\nrealm = lab\n[radius two]\naddress = 2001:db8::1\n"
			      "secret = \"x\"\nauthentication-port = 1645\ntimeout = 5\ntries = 1\n"
			      "require-message-auth = no\n[aaa]\nuse-radius = yes\n"),
			 0);
	assert_true(p->server.aaa.use_radius);
	assert_true(p->server.aaa.accounting);
	assert_false(p->server.aaa.accounting_log);
	assert_int_equal(p->server.aaa.interim_update, 0);
	assert_int_equal(p->server.radius_count, 2);
	r = p->server.radius;
	assert_string_equal(r[0].name, "One");
	assert_string_equal(r[0].address, "192.0.2.1");
	assert_int_equal(r[0].secret.len, 3);
	assert_string_equal(r[0].realm, "lab");
	assert_int_equal(r[0].authentication_port, 1812);
	assert_int_equal(r[0].accounting_port, 1813);
	assert_int_equal(r[0].timeout, 3);
	assert_int_equal(r[0].tries, 3);
	assert_true(r[0].require_message_auth);
	assert_string_equal(r[1].address, "2001:db8::1");
	assert_int_equal(r[1].authentication_port, 1645);
	assert_int_equal(r[1].timeout, 5);
	assert_false(r[1].require_message_auth);
}

static void each_fault_of_the_server_names_line_and_key(void **state)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{"[server]\n", ":1: unknown section"},
		{"[pptp-server]\nenabeld = yes\n",
		 ":2: enabeld: unknown key, did you mean enabled"},
		{"[pptp-server]\nauthentication = md5\n", ":2: authentication:"},
		{"[pptp-server]\nlisten = localhost\n", ":2: listen:"},
		{"[pptp-server]\nenabled = yes\nlisten = ::1\n",
		 "listen: PPTP is answered by IPv4"},
		{"[pptp-server]\ndefault-profile = none\n", "no section of that name"},
		{"[pptp-server]\ntunnel-secret = \"x\"\n", "is of [l2tp-server] only"},
		{"[secret a]\npassword = x y\n", ":2: password:"},
		{"[secret a]\nremote-address = 10.0.0.9-10.0.0.1\n", ":2: remote-address:"},
		{"[secret a]\nlocal-address = 10.0.0.1-10.0.0.9\n", ":2: local-address:"},
		{"[secret a]\nservice = sstp\n", ":2: service:"},
		{"[secret a]\n[secret b]\nname = a\n", "another secret has that name"},
		{"[interface x]\n", "user: missing"},
		{"[radius x]\nsecret = \"a\"\n", ":1: address: missing"},
		{"[radius x]\naddress = 192.0.2.1\n", ":1: secret: missing"},
		{"[radius x]\naddress = radius.example\n", ":2: address:"},
		{"[radius x]\naddress = 192.0.2.1\nsecret = \"a\"\nsrc-address = ::1\n",
		 "of another family"},
		{"[radius x]\ntimeout = 20\n", ":2: timeout:"},
		{"[radius x]\nrequire-message-auth = maybe\n", ":2: require-message-auth:"},
		{"[aaa]\nuse-radius = yes\n", ":1: use-radius: there is no [radius NAME]"},
		{"[interface sixteen-letters-]\nuser = a\n", "no interface name"},
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(load(p, rows[i].text), -EINVAL);
		if (!has_fault(p, rows[i].fault))
			fail_msg("%s: %s", rows[i].text, p->faults.lines[0]);
	}
}

static void server_file_that_others_may_read_is_refused(void **state)
{
	struct place *p = *state;

	write_text(p, "server.conf", "[secret a]\npassword = \"hunter2\"\n", 0644);
	p->rc = conf_server_load(p->dir, &p->server, &p->faults);
	assert_int_equal(p->rc, -EPERM);
	assert_true(has_fault(p, "holds passwords"));
	assert_false(has_fault(p, "hunter2"));
}

static void server_file_of_another_user_is_not_roots(void **state)
{
	struct place *p = *state;
	char path[64];

	if (geteuid() != 0)
		skip();
	write_text(p, "server.conf", "[secret a]\npassword = \"hunter2\"\n", 0600);
	(void)snprintf(path, sizeof(path), "%s/server.conf", p->dir);
	assert_int_equal(chown(path, 12345, 0), 0);
	p->rc = conf_server_load(p->dir, &p->server, &p->faults);
	assert_int_equal(p->rc, -EPERM);
	assert_true(has_fault(p, "root takes no settings that others may change"));
}

static void routes_of_a_secret_are_warned_of(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p, "[secret a]\npassword = \"x\"\nroutes = 10.0.0.0\n"
				 "remote-address = 224.0.0.1\n"),
			 0);
	assert_int_equal(p->faults.warning_count, 2);
	assert_non_null(strstr(p->faults.warnings[0], ":3: routes: warning: 10.0.0.0 without"));
	assert_non_null(strstr(p->faults.warnings[1], ":4: remote-address: warning: no host"));
}

/* Records */

static void rows_that_are_not_whole_are_refused(void **state)
{
	struct users_row row = {.magic = USERS_MAGIC, .version = USERS_VERSION};
	(void)state;

	assert_true(users_row_valid(&row, sizeof(row)));
	assert_false(users_row_valid(&row, sizeof(row) - 1));
	assert_false(users_row_valid(&row, sizeof(row) + 1));
	memset(row.user, 'a', sizeof(row.user));
	assert_false(users_row_valid(&row, sizeof(row)));
	row.user[5] = '\0';
	row.version++;
	assert_false(users_row_valid(&row, sizeof(row)));
}

static void requests_that_are_not_whole_are_refused(void **state)
{
	struct users_request r = {
		.magic = USERS_MAGIC, .version = USERS_VERSION, .op = USERS_DISCONNECT};
	(void)state;

	assert_true(users_request_valid(&r, sizeof(r)));
	assert_false(users_request_valid(&r, 0));
	assert_false(users_request_valid(&r, sizeof(r) - 1));
	r.op = USERS_DISCONNECT + 1;
	assert_false(users_request_valid(&r, sizeof(r)));
	r.op = USERS_LIST;
	memset(r.name, 'a', sizeof(r.name));
	assert_false(users_request_valid(&r, sizeof(r)));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_open_calls_of_one_source_are_bounded_and_others_still_come),
		cmocka_unit_test(half_open_calls_of_all_sources_are_bounded),
		cmocka_unit_test(the_services_do_not_shut_each_other_out),
		cmocka_unit_test(
			room_is_told_before_a_call_and_l2tp_takes_no_place_of_pptps_refusals),
		cmocka_unit_test(max_sessions_counts_open_calls_too),
		cmocka_unit_test(callers_are_told_of_a_full_server_within_bounds),
		cmocka_unit_test(strangers_beyond_their_bounds_are_told_nothing),
		cmocka_unit_test(source_that_fails_in_series_waits_and_is_forgiven),
		cmocka_unit_test(call_that_was_open_does_not_count_as_failure),
		cmocka_unit_test(account_is_found_by_name_service_and_caller),
		cmocka_unit_test(pool_gives_each_address_once_and_again_when_free),
		T(empty_file_has_the_missions_defaults),
		T(ipsec_of_the_server_is_read),
		T(secret_is_read_with_its_profile_and_name_keeps_its_case),
		T(radius_servers_are_read_in_their_order),
		T(each_fault_of_the_server_names_line_and_key),
		T(server_file_that_others_may_read_is_refused),
		T(server_file_of_another_user_is_not_roots),
		T(routes_of_a_secret_are_warned_of),
		cmocka_unit_test(rows_that_are_not_whole_are_refused),
		cmocka_unit_test(requests_that_are_not_whole_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
