/* SPDX-License-Identifier: MIT */
/* Profiles: values, quoting, faults with their lines, passwords, rewriting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "conf/ini.h"
#include "conf/options.h"
#include "conf/profile.h"
#include "conf/route.h"
#include "conf/value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD "[connection]\nconnect-to = vpn.example.com\nuser = john\n"

struct place {
	char dir[64];
	char file[128], ppp[128];
	struct conf_profile profile;
	struct conf_faults faults;
};

static void put(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/vpdial-test-conf-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->file, sizeof(p->file), "%s/office.conf", p->dir);
	(void)snprintf(p->ppp, sizeof(p->ppp), "%s/ppp-profiles.conf", p->dir);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	conf_faults_free(&p->faults);
	(void)unlink(p->file);
	(void)unlink(p->ppp);
	assert_int_equal(rmdir(p->dir), 0); /* also: no temporary file was left */
	free(p);
	return 0;
}

static int load_octets(struct place *p, const void *data, size_t len)
{
	put(p->file, data, len);
	conf_faults_free(&p->faults);
	return conf_load(p->dir, "office", &p->profile, &p->faults);
}

static int load(struct place *p, const char *text)
{
	return load_octets(p, text, strlen(text));
}

static bool has_fault(const struct place *p, const char *part)
{
	for (size_t i = 0; i < p->faults.count && i < 64; i++)
		if (strstr(p->faults.lines[i], part))
			return true;
	return false;
}

static void assert_fault(const struct place *p, const char *part)
{
	if (has_fault(p, part))
		return;
	for (size_t i = 0; i < p->faults.count && i < 64; i++)
		print_error("got: %s\n", p->faults.lines[i]);
	fail_msg("no fault with: %s", part);
}

static void minimal_profile_has_the_missions_defaults(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p, HEAD), 0);
	assert_string_equal(p->profile.name, "office");
	assert_string_equal(p->profile.connect_to, "vpn.example.com");
	assert_string_equal(p->profile.ifname, "pptp-outN");
	assert_int_equal(p->profile.type, PROTOCOL_PPTP);
	assert_int_equal(p->profile.port, 0);
	assert_int_equal(p->profile.max_mtu, 1460);
	assert_int_equal(p->profile.ppp.mru, 1460);
	assert_int_equal(p->profile.ppp.mrru, 0);
	assert_int_equal(p->profile.ppp.allow,
			 METHOD_PAP | METHOD_CHAP | METHOD_MSCHAP1 | METHOD_MSCHAP2);
	assert_true(p->profile.disabled);
	assert_false(p->profile.add_default_route);
	assert_false(p->profile.dial_on_demand);
	assert_false(p->profile.sources[CONF_PASSWORD].set);
	assert_false(p->profile.distance_set);
	assert_false(p->profile.fast_gre);
	assert_true(!p->profile.lockdown && p->profile.keep_ssh && !p->profile.block_ipv6);
	assert_int_equal(p->profile.keepalive_timeout, 30);
	assert_string_equal(p->profile.profile, "default-encryption");
	assert_int_equal(p->profile.ppp.mppe.policy, MPPE_REQUIRE);
	assert_int_equal(p->profile.ppp.mppe.strengths, 4);
	assert_int_equal(p->profile.ppp.mppe.mode, MPPE_ANY);
	assert_int_equal(p->profile.use_peer_dns, CONF_PEER_DNS_NO);
	assert_true(p->profile.change_tcp_mss);
	assert_int_equal(p->profile.route_count, 0);
	assert_int_equal(p->profile.dhcp_inform, CONF_DHCP_AUTO);
	assert_true(p->profile.use_peer_routes);
	assert_false(p->profile.class_route);
}

static void every_key_is_read_into_its_field(void **state)
{
	struct place *p = *state;
	struct conf_profile *q = &p->profile;

	assert_int_equal(
		load(p,
		     HEAD "type=pptp\nport = 1724\nname = work\ndomain = CORP\npassword=\"x\"\n"
			  "profile = default\nallow = mschap2, chap\nadd-default-route = on\n"
			  "default-route-distance = 0\ndial-on-demand = yes\ndisabled = false\n"
			  "redial = no\nredial-min = 5\nredial-max = 10m\nredial-limit = 7\n"
			  "lockdown = yes\nkeep-ssh = no\nfast-gre = yes\nblock-ipv6 = yes\n"
			  "mtu = 1400\nmax-mru = 1410\nmrru = 1614\nkeepalive-timeout = 1m30s\n"
			  "src-address = 192.0.2.7\nbind-interface = eth0\nipv6 = yes\npfc = "
			  "true\nshort-sequence = yes\n"
			  "acfc = 1\nlocal-address = 10.0.0.2!\nremote-address = 10.0.0.1\n"
			  "use-encryption = no\nmppe-bits = 40,128\nmppe-mode = any\n"
			  "use-compression = no\nchange-tcp-mss = no\nuse-peer-dns = exclusively\n"
			  "dns-server = 10.0.0.53, 10.0.0.54\nsearch-domain = a.example,b.example\n"
			  "idle-timeout = 10m\nsession-timeout = 1h\n"
			  "use-nm-dispatcher = yes\nip-up = /etc/ppp/ip-up\n"
			  "ip-down = \"/opt/my scripts/down\"\n"
			  "routes = 10.0.0.0/8, 10.1.0.0/16 10.0.0.1 5, fd00::/8\n"
			  "dhcp-inform = no\nuse-peer-routes = no\nclass-route = yes\n"),
		0);
	assert_int_equal(q->port, 1724);
	assert_string_equal(q->ifname, "work");
	assert_string_equal(q->user, "CORP\\john");
	assert_int_equal(q->ppp.allow, METHOD_MSCHAP2 | METHOD_CHAP);
	assert_true(q->add_default_route && q->distance_set && !q->disabled);
	assert_true(q->dial_on_demand && !q->redial);
	assert_int_equal(q->redial_min, 5);
	assert_int_equal(q->redial_max, 600);
	assert_int_equal(q->redial_limit, 7);
	assert_true(q->lockdown && !q->keep_ssh && q->fast_gre && q->block_ipv6);
	assert_int_equal(q->default_route_distance, 0);
	assert_int_equal(q->max_mtu, 1400);
	assert_int_equal(q->ppp.mru, 1410);
	assert_int_equal(q->ppp.mrru, 1614);
	assert_true(q->ppp.ask_short_sequence);
	assert_int_equal(q->keepalive_timeout, 90);
	assert_string_equal(q->src_address, "192.0.2.7");
	assert_string_equal(q->bind_interface, "eth0");
	assert_true(q->ppp.ipv6 && q->ppp.ask_pfc && q->ppp.ask_acfc);
	assert_true(q->ppp.local_must && !q->ppp.remote_must);
	assert_int_equal(ntohl(q->ppp.local.s_addr), 0x0a000002);
	assert_int_equal(ntohl(q->ppp.remote.s_addr), 0x0a000001);
	assert_int_equal(q->ppp.mppe.policy, MPPE_NO);
	assert_int_equal(q->ppp.mppe.strengths, 5);
	assert_int_equal(q->ppp.mppe.mode, MPPE_ANY);
	assert_false(q->change_tcp_mss);
	assert_int_equal(q->use_peer_dns, CONF_PEER_DNS_EXCLUSIVELY);
	assert_int_equal(ntohl(q->dns_server[1].s_addr), 0x0a000036);
	assert_string_equal(q->search_domains, "a.example b.example");
	assert_int_equal(q->idle_timeout, 600);
	assert_int_equal(q->session_timeout, 3600);
	assert_true(q->use_nm_dispatcher);
	assert_string_equal(q->ip_up, "/etc/ppp/ip-up");
	assert_string_equal(q->ip_down, "/opt/my scripts/down");
	assert_int_equal(q->route_count, 3);
	assert_int_equal(q->routes[1].metric, 5);
	assert_true(q->routes[1].has_gateway);
	assert_int_equal(q->routes[2].family, AF_INET6);
	assert_int_equal(q->routes[2].prefix_len, 8);
	assert_int_equal(q->dhcp_inform, CONF_DHCP_NO);
	assert_true(!q->use_peer_routes && q->class_route);
}

static void program_without_whole_path_is_a_fault(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p, HEAD "ip-up = ip-up\nip-down = /etc/\n"), -EINVAL);
	assert_fault(p, ":4: ip-up: \"ip-up\" is not legal, write the whole path of a program");
	assert_fault(p, ":5: ip-down: ");
	assert_int_equal(load(p, HEAD "ip-up = \"\"\n"), -EINVAL);
}

static void l2tp_profile_has_its_own_defaults(void **state)
{
	struct place *p = *state;
	const struct conf_profile *q = &p->profile;

	assert_int_equal(load(p, HEAD "type = l2tp\n"), 0);
	assert_int_equal(q->type, PROTOCOL_L2TP);
	assert_string_equal(q->ifname, "l2tp-outN");
	assert_int_equal(q->port, 0); /* 1701, the dialer knows */
	assert_int_equal(q->tunnel.secret.len, 0);
	assert_false(q->tunnel.hide_avps);
	assert_int_equal(q->tunnel.hello_interval, 60);
	assert_int_equal(q->source_port, CONF_SOURCE_AUTO);
	assert_false(q->tunnel.sequencing);
	assert_int_equal(q->keepalive_timeout, 30);
	assert_int_equal(q->max_mtu, 1460);
	assert_string_equal(q->profile, "default-encryption");
}

static void every_l2tp_key_is_read_into_its_field(void **state)
{
	struct place *p = *state;
	const struct conf_profile *q = &p->profile;

	assert_int_equal(load(p, HEAD "type = l2tp\nport = 1702\nname = isp\n"
				      "tunnel-secret = \"a\\\"b;#c\"\nhide-avps = yes\n"
				      "hello-interval = 2m\nsource-port = 1701\nsequencing = on\n"),
			 0);
	assert_int_equal(q->port, 1702);
	assert_string_equal(q->ifname, "isp");
	assert_int_equal(q->tunnel.secret.len, 6);
	assert_memory_equal(q->tunnel.secret.bytes, "a\"b;#c", 6);
	assert_true(q->tunnel.hide_avps && q->tunnel.sequencing);
	assert_int_equal(q->tunnel.hello_interval, 120);
	assert_int_equal(q->source_port, CONF_SOURCE_1701);
	assert_int_equal(load(p, HEAD "type = l2tp\nsource-port = random\nhello-interval = no\n"
				      "tunnel-secret = base64:AAEC\n"),
			 0);
	assert_int_equal(q->source_port, CONF_SOURCE_RANDOM);
	assert_int_equal(q->tunnel.hello_interval, 0);
	assert_memory_equal(q->tunnel.secret.bytes, "\0\1\2", 3);
}

static void every_ipsec_key_is_read_into_its_field(void **state)
{
	struct place *p = *state;
	const struct conf_profile *q = &p->profile;
	char text[IPSEC_SUITE_TEXT];

	assert_int_equal(load(p, HEAD "type = l2tp\n"), 0);
	assert_int_equal(q->ipsec.use, IPSEC_USE_NO);
	assert_int_equal(q->ipsec.ike_lifetime, 8 * 3600);
	assert_int_equal(q->ipsec.lifetime, 3600);
	assert_int_equal(load(p,
			      HEAD "type = l2tp\nuse-ipsec = require\nipsec-secret = \"k;#\"\n"
				   "ipsec-ike = 3des-md5-modp1024, aes128-sha1-modp1536\n"
				   "ipsec-esp = aes256gcm16-modp2048 aes256-sha1\n"
				   "ipsec-id = me@example.com\nipsec-remote-id = vpn.example.com\n"
				   "ipsec-ike-lifetime = 1h\nipsec-lifetime = 30\n"),
			 0);
	assert_int_equal(q->ipsec.use, IPSEC_USE_YES);
	assert_memory_equal(q->ipsec.secret.bytes, "k;#", 3);
	assert_int_equal(q->ipsec.ike.count, 2);
	assert_string_equal(ipsec_suite_text(&q->ipsec.ike.at[0], text, sizeof(text)),
			    "3des-md5-modp1024");
	assert_string_equal(ipsec_suite_text(&q->ipsec.ike.at[1], text, sizeof(text)),
			    "aes128-sha1-modp1536");
	assert_int_equal(q->ipsec.esp.count, 2);
	assert_string_equal(ipsec_suite_text(&q->ipsec.esp.at[0], text, sizeof(text)),
			    "aes256gcm16-modp2048");
	assert_string_equal(q->ipsec.id, "me@example.com");
	assert_string_equal(q->ipsec.remote_id, "vpn.example.com");
	assert_int_equal(q->ipsec.ike_lifetime, 3600);
	assert_int_equal(q->ipsec.lifetime, 30);
}

static void named_lists_of_ipsec_differ_as_they_say(void **state)
{
	struct place *p = *state;
	const struct ipsec_settings *q = &p->profile.ipsec;
	char text[IPSEC_SUITE_TEXT];

	assert_int_equal(load(p, HEAD "type = l2tp\nuse-ipsec = yes\nipsec-ike = modern\n"
				      "ipsec-esp = modern\n"),
			 0);
	for (unsigned i = 0; i < q->ike.count; i++)
		assert_null(strstr(ipsec_suite_text(&q->ike.at[i], text, sizeof(text)), "sha1"));
	for (unsigned i = 0; i < q->esp.count; i++)
		assert_null(strstr(ipsec_suite_text(&q->esp.at[i], text, sizeof(text)), "sha1"));
	assert_int_equal(load(p, HEAD "type = l2tp\nuse-ipsec = yes\nipsec-ike = old\n"
				      "ipsec-esp = old\n"),
			 0);
	assert_true(q->ike.fallback);
	assert_string_equal(ipsec_suite_text(&q->esp.at[q->esp.count - 1], text, sizeof(text)),
			    "3des-md5");
}

static void secrets_of_the_tunnel_come_from_the_places_of_the_password(void **state)
{
	struct place *p = *state;
	struct secret s = {0};
	char error[300] = "";

	assert_int_equal(load(p, HEAD "type = l2tp\nuse-ipsec = yes\n"
				      "ipsec-secret-command = printf %s key\n"),
			 0);
	assert_true(conf_secret_wanted(&p->profile, CONF_IPSEC_SECRET));
	assert_false(conf_secret_asks(&p->profile, CONF_IPSEC_SECRET));
	assert_int_equal(conf_secret_find(&p->profile, CONF_IPSEC_SECRET, &s, error, sizeof(error)),
			 0);
	assert_memory_equal(s.bytes, "key", s.len);
	assert_int_equal(load(p, HEAD "type = l2tp\nuse-ipsec = yes\n"
				      "tunnel-secret-file = /nowhere/at/all\n"),
			 0);
	assert_true(conf_secret_asks(&p->profile, CONF_IPSEC_SECRET));
	assert_int_equal(
		conf_secret_find(&p->profile, CONF_TUNNEL_SECRET, &s, error, sizeof(error)),
		-ENOENT);
	assert_non_null(strstr(error, "tunnel-secret file /nowhere/at/all"));
	assert_int_equal(load(p, HEAD "type = l2tp\n"), 0);
	assert_false(conf_secret_wanted(&p->profile, CONF_IPSEC_SECRET));
}

static void l2tp_servers_may_have_ipv6_addresses(void **state)
{
	static const char *const good[] = {"fd00:88::1", "::1", "2001:db8::53", "192.0.2.1",
					   "lns.example.com"};
	static const char *const bad[] = {"[fd00::1]", "fd00::1::2", "fd00::1/64", "fd00::g"};
	struct place *p = *state;
	char text[200];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		(void)snprintf(text, sizeof(text),
			       "[connection]\ntype = l2tp\nuser = j\nconnect-to = %s\n", good[i]);
		assert_int_equal(load(p, text), 0);
		assert_string_equal(p->profile.connect_to, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text),
			       "[connection]\ntype = l2tp\nuser = j\nconnect-to = %s\n", bad[i]);
		assert_int_equal(load(p, text), -EINVAL);
		assert_fault(p, ":4: connect-to:");
	}
	assert_int_equal(load(p, HEAD "type = l2tp\nsrc-address = fd00::2\n"), 0);
	assert_string_equal(p->profile.src_address, "fd00::2");
}

/* Addresses of two families: no packet could ever leave. */
static void l2tp_source_and_server_are_of_one_family(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p, "[connection]\ntype = l2tp\nuser = j\nconnect-to = fd00::1\n"
				 "src-address = 192.0.2.7\n"),
			 -EINVAL);
	assert_fault(p, ":5: src-address: connect-to is an IPv6 address");
	assert_int_equal(load(p, "[connection]\ntype = l2tp\nuser = j\nconnect-to = 192.0.2.1\n"
				 "src-address = fd00::7\n"),
			 -EINVAL);
	assert_fault(p, ":5: src-address: connect-to is an IPv4 address");
}

/* A file with a tunnel secret is as private as one with a password. */
static void tunnel_secret_others_may_read_is_refused(void **state)
{
	struct place *p = *state;

	put(p->file, HEAD "type = l2tp\ntunnel-secret = \"x\"\n",
	    strlen(HEAD "type = l2tp\ntunnel-secret = \"x\"\n"));
	assert_int_equal(chmod(p->file, 0644), 0);
	conf_faults_free(&p->faults);
	assert_int_equal(conf_load(p->dir, "office", &p->profile, &p->faults), -EPERM);
	assert_fault(p, "chmod 600");
}

/* They decide on encryption, routes and name servers as the profile does. */
static void ppp_profiles_that_everybody_may_change_are_refused(void **state)
{
	static const char ppp[] = "[default-encryption]\nuse-encryption = no\n";
	struct place *p = *state;

	put(p->ppp, ppp, strlen(ppp));
	assert_int_equal(chmod(p->ppp, 0664), 0);
	assert_int_equal(load(p, HEAD), geteuid() == 0 ? -EINVAL : 0);
	assert_int_equal(chmod(p->ppp, 0666), 0);
	assert_int_equal(load(p, HEAD), -EINVAL);
	assert_fault(p, "may change it (mode 0666), run: chmod ");
	assert_fault(p, "ppp-profiles.conf");
	conf_faults_free(&p->faults);
	assert_int_equal(conf_check_ppp_file(p->ppp, &p->faults), -EINVAL);
	assert_fault(p, "may change it (mode 0666), run: chmod ");
}

static void a_profile_with_a_program_that_its_group_may_change_is_refused(void **state)
{
	static const char text[] = HEAD "password-command = /bin/true\n";
	struct place *p = *state;

	put(p->file, text, strlen(text));
	assert_int_equal(chmod(p->file, 0664), 0);
	conf_faults_free(&p->faults);
	assert_int_equal(conf_load(p->dir, "office", &p->profile, &p->faults), -EPERM);
	assert_fault(p, geteuid() == 0 ? "others may change it (mode 0664), run: chmod go-w "
				       : "its group may change the file (mode 0664), and so run "
					 "programs as you");
	assert_int_equal(chmod(p->file, 0644), 0);
	conf_faults_free(&p->faults);
	assert_int_equal(conf_load(p->dir, "office", &p->profile, &p->faults), 0);
}

static int load_again(struct place *p)
{
	conf_faults_free(&p->faults);
	return conf_load(p->dir, "office", &p->profile, &p->faults);
}

/* Whom root dials, and with which of its files, is for root alone to say. */
static void root_takes_no_profile_of_others(void **state)
{
	static const char ppp[] = "[default-encryption]\nuse-encryption = no\n";
	struct place *p = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(load(p, HEAD "password-file = /etc/shadow\n"), 0);
	assert_int_equal(chown(p->file, 12345, 0), 0);
	assert_int_equal(load_again(p), -EPERM);
	assert_fault(p, "office.conf: root takes no settings that others may change: it belongs to "
			"uid 12345, run: chown root ");
	assert_int_equal(conf_set_disabled(p->dir, "office", true), -EINVAL);
	assert_int_equal(chown(p->file, 0, 0), 0);
	assert_int_equal(chmod(p->file, 0620), 0);
	assert_int_equal(load_again(p), -EPERM);
	assert_fault(p, "(mode 0620), run: chmod go-w ");
	assert_int_equal(chmod(p->file, 0600), 0);
	assert_int_equal(load_again(p), 0);
	put(p->ppp, ppp, strlen(ppp));
	assert_int_equal(chown(p->ppp, 12345, 0), 0);
	assert_int_equal(load_again(p), -EINVAL);
	assert_fault(p, "ppp-profiles.conf: root takes no settings that others may change");
}

static void root_takes_no_profile_from_a_directory_of_others(void **state)
{
	struct place *p = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(load(p, HEAD), 0);
	assert_int_equal(chown(p->dir, 12345, 0), 0);
	assert_int_equal(load_again(p), -EPERM);
	assert_fault(p, "others may change its directory ");
	assert_fault(p, "(it belongs to uid 12345), run: chown root ");
	assert_int_equal(chown(p->dir, 0, 0), 0);
	assert_int_equal(chmod(p->dir, 01777), 0);
	assert_int_equal(load_again(p), -EPERM);
	assert_fault(p, "(mode 1777), run: chmod go-w ");
	assert_int_equal(chmod(p->dir, 0755), 0);
	assert_int_equal(load_again(p), 0);
}

/* A link of somebody's to a profile of root's, and one of root's to a profile of somebody's. */
static void root_follows_no_link_that_others_may_set(void **state)
{
	struct place *p = *state;
	char dir[96], link[128];

	if (geteuid() != 0)
		skip();
	assert_int_equal(load(p, HEAD), 0);
	(void)snprintf(dir, sizeof(dir), "%s/foreign", p->dir);
	(void)snprintf(link, sizeof(link), "%s/office.conf", dir);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(symlink(p->file, link), 0);
	conf_faults_free(&p->faults);
	assert_int_equal(conf_load(dir, "office", &p->profile, &p->faults), 0);
	assert_int_equal(chown(dir, 12345, 0), 0);
	assert_int_equal(conf_load(dir, "office", &p->profile, &p->faults), -EPERM);
	assert_fault(p, "foreign (it belongs to uid 12345), run: chown root ");
	assert_int_equal(unlink(link), 0);
	put(link, HEAD, strlen(HEAD));
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(symlink(link, p->file), 0);
	assert_int_equal(load_again(p), -EPERM);
	assert_fault(p, "foreign (it belongs to uid 12345), run: chown root ");
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void root_reads_no_secret_of_its_own_by_a_link_of_others(void **state)
{
	struct place *p = *state;
	struct secret password = {0};
	char dir[96], link[128], target[128], text[512], error[600] = "";

	if (geteuid() != 0)
		skip();
	(void)snprintf(dir, sizeof(dir), "%s/foreign", p->dir);
	(void)snprintf(link, sizeof(link), "%s/password", dir);
	(void)snprintf(target, sizeof(target), "%s/secret", p->dir);
	assert_int_equal(mkdir(dir, 0755), 0);
	put(target, "root's", 6);
	assert_int_equal(symlink(target, link), 0);
	(void)snprintf(text, sizeof(text), HEAD "password-file = %s\n", link);
	assert_int_equal(load(p, text), 0);
	assert_int_equal(
		conf_secret_find(&p->profile, CONF_PASSWORD, &password, error, sizeof(error)), 0);
	assert_int_equal(chown(dir, 12345, 0), 0);
	assert_int_equal(
		conf_secret_find(&p->profile, CONF_PASSWORD, &password, error, sizeof(error)),
		-EPERM);
	assert_non_null(strstr(error, "others may change its directory "));
	/* Their own file is theirs to choose. */
	assert_int_equal(chown(target, 12345, 0), 0);
	assert_int_equal(
		conf_secret_find(&p->profile, CONF_PASSWORD, &password, error, sizeof(error)), 0);
	secret_wipe(&password);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(unlink(target), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void ppp_profile_applies_and_connection_wins(void **state)
{
	struct place *p = *state;
	const char *ppp =
		"[Shared]\nuse-encryption = require\nidle-timeout = 5m\nmppe-mode = any\n";

	put(p->ppp, ppp, strlen(ppp));
	assert_int_equal(load(p, HEAD "profile = shared\nidle-timeout = 0\n"), 0);
	assert_int_equal(p->profile.ppp.mppe.policy, MPPE_REQUIRE);
	assert_int_equal(p->profile.ppp.mppe.mode, MPPE_ANY);
	assert_int_equal(p->profile.idle_timeout, 0);
	assert_int_equal(load(p, HEAD "profile = nobody\n"), -EINVAL);
	assert_fault(p, "office.conf:4: profile: no section of that name");
}

static void ppp_file_faults_fail_the_profile(void **state)
{
	struct place *p = *state;
	const char *ppp = "[shared]\nconnect-to = x\nmppe-mod = any\n";

	put(p->ppp, ppp, strlen(ppp));
	assert_int_equal(load(p, HEAD), -EINVAL);
	assert_fault(p, "ppp-profiles.conf:2: connect-to: does not belong to a PPP profile");
	assert_fault(p, "ppp-profiles.conf:3: mppe-mod: unknown key, did you mean mppe-mode");
	conf_faults_free(&p->faults);
	assert_int_equal(conf_check_ppp_file(p->ppp, &p->faults), -EINVAL);
	assert_int_equal(p->faults.count, 2);
}

/* iniparser alone refuses the whole file for it. */
static void long_value_without_quotes_is_read_whole(void **state)
{
	struct place *p = *state;
	char text[4000];
	struct str s = str_make(text, sizeof(text));

	str_printf(&s, HEAD "routes = ");
	for (int i = 0; i < 64; i++)
		str_printf(&s, "%s10.%d.0.0/16 10.0.0.1 %d", i ? ", " : "", i, 100000 + i);
	str_printf(&s, "\n");
	assert_in_range(s.len, 1600, 4000);
	assert_int_equal(load(p, text), 0);
	assert_int_equal(p->profile.route_count, 64);
	assert_int_equal(p->profile.routes[63].metric, 100063);
}

/* Octet I of a secret that stands nowhere in this program. */
static uint8_t hidden_octet(unsigned i)
{
	return (uint8_t)('a' + (i * i * 7 + i * 3 + 5) % 26);
}

#define HIDDEN_LEN 250

static void write_hidden(FILE *f, const char *before, const char *after)
{
	fputs(before, f);
	for (unsigned i = 0; i < HIDDEN_LEN; i++)
		fputc(hidden_octet(i), f);
	fputs(after, f);
}

/* In a process of its own, whose memory is not looked at. */
static void put_hidden(const struct place *p, const char *before, const char *after)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		FILE *f = fopen(p->file, "w");

		if (!f)
			_exit(1);
		fputs(HEAD, f);
		write_hidden(f, before, after);
		_exit(fclose(f) != 0 || chmod(p->file, 0600) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Does a part of the secret lie somewhere in the LEN octets at AT? */
__attribute__((no_sanitize("address"))) static bool holds_hidden(const uint8_t *at, size_t len)
{
	enum { PART = 12 };

	for (size_t i = 0; i + PART <= len; i++) {
		unsigned n = 0;

		while (n < PART && at[i + n] == hidden_octet(100 + n))
			n++;
		if (n == PART)
			return true;
	}
	return false;
}

static bool memory_holds_hidden(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], mode[8];
	unsigned long from, to;
	bool found = false;

	assert_non_null(maps);
	while (!found && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 &&
		    strncmp(mode, "rw", 2) == 0 && to - from < 64ul << 20)
			found = holds_hidden((const uint8_t *)from, to - from);
	(void)fclose(maps);
	return found;
}

static void words_of_routeros_are_read(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p, HEAD
			      "type = l2tp\npassword = pa$$-w0rd!\nkeepalive-timeout = 00:01:30\n"
			      "hello-interval = disabled\nrandom-source-port = yes\n"
			      "comment = to the office\nallow-fast-path = yes\n"),
			 0);
	assert_int_equal(p->profile.password.len, 10);
	assert_int_equal(p->profile.keepalive_timeout, 90);
	assert_int_equal(p->profile.tunnel.hello_interval, 0);
	assert_int_equal(p->profile.source_port, CONF_SOURCE_RANDOM);
	assert_string_equal(p->profile.comment, "to the office");
	assert_int_equal(p->faults.warning_count, 1);
	assert_non_null(strstr(p->faults.warnings[0], "allow-fast-path: warning: has no effect"));
	conf_profile_wipe(&p->profile);
	assert_int_equal(load(p, HEAD "keepalive-timeout = 00:61:00\n"), -EINVAL);
	assert_int_equal(load(p, HEAD "password = a b\n"), -EINVAL);
	assert_int_equal(load(p, HEAD "max-mtu = 1400 allow=pap\n"), -EINVAL);
	assert_fault(p, "4: max-mtu: there are more keys behind its value, write one key a line");
}

static void nothing_of_a_password_stays_in_memory_after_loading(void **state)
{
	struct place *p = *state;

	put_hidden(p, "password = \"", "\"\n");
	if (conf_load(p->dir, "office", &p->profile, &p->faults) < 0)
		fail_msg("%s", p->faults.lines[0]);
	assert_int_equal(p->profile.password.len, HIDDEN_LEN);
	for (unsigned i = 0; i < HIDDEN_LEN; i++)
		assert_int_equal(p->profile.password.bytes[i], hidden_octet(i));
	assert_true(memory_holds_hidden()); /* the search finds it where it is */
	conf_profile_wipe(&p->profile);
	assert_false(memory_holds_hidden());
	/* Refused, but read. */
	put_hidden(p, "password = ", " x\n");
	assert_int_equal(conf_load(p->dir, "office", &p->profile, &p->faults), -EINVAL);
	assert_false(memory_holds_hidden());
}

/* Each octet that can stand in a line, in each place of a password. */
static void quoted_password_survives_every_octet(void **state)
{
	struct place *p = *state;

	for (unsigned c = 1; c < 256; c++) {
		char text[200];
		uint8_t want[8] = {(uint8_t)c, 'a', (uint8_t)c, (uint8_t)c, ' ', (uint8_t)c};
		struct str s = str_make(text, sizeof(text));

		if (c == '\n')
			continue;
		str_printf(&s, HEAD "password = \"");
		for (size_t i = 0; i < 6; i++)
			str_printf(&s, "%s%c", want[i] == '"' || want[i] == '\\' ? "\\" : "",
				   want[i]);
		str_printf(&s, "\" ; comment \" # more\nmax-mtu = 1400\n");
		assert_int_equal(load_octets(p, text, s.len), 0);
		assert_int_equal(p->profile.password.len, 6);
		assert_memory_equal(p->profile.password.bytes, want, 6);
		assert_int_equal(p->profile.max_mtu, 1400);
	}
}

static void single_backslash_before_other_octets_is_itself(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p, HEAD "password = \"a\\nb\\'c\"\n"), 0);
	assert_int_equal(p->profile.password.len, 7);
	assert_memory_equal(p->profile.password.bytes, "a\\nb\\'c", 7);
}

static void empty_password_is_a_password(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p, HEAD "password = \"\"\n"), 0);
	assert_true(p->profile.sources[CONF_PASSWORD].set);
	assert_int_equal(p->profile.password.len, 0);
}

static void base64_password_is_decoded(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p, HEAD "password = base64:AAoNInw=\n"), 0);
	assert_int_equal(p->profile.password.len, 5);
	assert_memory_equal(p->profile.password.bytes, "\0\n\r\"|", 5);
	assert_int_equal(load(p, HEAD "password = base64:A*A=\n"), -EINVAL);
	assert_fault(p, ":4: password: not the base64 form");
	assert_int_equal(load(p, HEAD "password = \"base64:AA\"\n"), 0);
	assert_int_equal(p->profile.password.len, 9);
}

static void longest_password_fits_and_one_more_is_a_fault(void **state)
{
	struct place *p = *state;
	char text[2 * SECRET_MAX];
	struct str s = str_make(text, sizeof(text));

	str_printf(&s, HEAD "password = \"%0*d\"\n", SECRET_MAX, 0);
	assert_int_equal(load_octets(p, text, s.len), 0);
	assert_int_equal(p->profile.password.len, SECRET_MAX);
	s = str_make(text, sizeof(text));
	str_printf(&s, HEAD "password = \"%0*d\"\n", SECRET_MAX + 1, 0);
	assert_int_equal(load_octets(p, text, s.len), -EINVAL);
	assert_fault(p, "too long, at most 1024 octets");
}

static void no_fault_shows_a_secret(void **state)
{
	static const char *const bad[] = {
		"password = hunter2 hunter2\n",
		"password = \"hunter2\n",
		"password = \"hunter2\" hunter2\n",
		"password = 'hunter2'\n",
		"password = hunter2#hunter2\n",
		"pasword = hunter2\n",
		"password = base64:hunter2*\n",
		"password = \"x\"\npassword = hunter2\n",
		"password hunter2\n",
		"password = \"hunter2\\\"\n",
		"password-command = \"hunter2 'x\"\npassword-file = hunter2\n",
		"password = #hunter2\n",
		"type = l2tp\ntunnel-secret = hunter2\\x\n",
		"type = l2tp\ntunel-secret = \"hunter2\"\n",
		"tunnel-secret = \"hunter2\"\n",
		"type = l2tp\ntunnel-secret = base64:hunter2*\n",
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[300];

		(void)snprintf(text, sizeof(text), HEAD "%s", bad[i]);
		assert_int_equal(load(p, text), -EINVAL);
		assert_true(p->faults.count > 0);
		assert_false(has_fault(p, "hunter2"));
		assert_fault(p, "office.conf:");
	}
}

/* A line behind HEAD, and what its fault must say. */
static void each_fault_names_line_and_key(void **state)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{"conect-to = x\n", ":4: conect-to: unknown key, did you mean connect-to"},
		{"redail = 5\n", ":4: redail: unknown key"},
		{"max-mtu = 127\n", ":4: max-mtu: \"127\" is not legal, write a number from 128"},
		{"max-mtu = 9001\n", ":4: max-mtu:"},
		{"max-mtu = 14x\n", ":4: max-mtu:"},
		{"mtu = 1400\nmax-mtu = 1400\n", ":5: max-mtu: means the same as mtu in line 4"},
		{"mrru = 65536\n", ":4: mrru: \"65536\" is not legal, write disabled or a number"},
		{"mrru = 511\n", ":4: mrru: \"511\" is not legal, write disabled or a number"},
		{"type = sstp\n", ":4: type: \"sstp\" is not legal, write pptp or l2tp"},
		{"use-compression = yes\n", ":4: use-compression: not supported"},
		{"user = x\n", ":4: user: key is there twice (first in line 3)"},
		{"USER = x\n", ":4: user: key is there twice (first in line 3)"},
		{"disabled = maybe\n", ":4: disabled: \"maybe\" is not legal, write yes or no"},
		{"allow = md5\n", ":4: allow: \"md5\" is not legal, write a list of pap, chap,"},
		{"allow =\n", ":4: allow:"},
		{"allow = pap\n", ":4: allow: MPPE keys come from MS-CHAP"},
		{"keepalive-timeout = 5x\n", ":4: keepalive-timeout:"},
		{"redial-min = no\n",
		 ":4: redial-min: \"no\" is not legal, write a time such as 30, 30s, 5m or 1h30m "
		 "(seconds)"},
		{"redial-min = 0\n", ":4: redial-min: \"0\" is not legal"},
		{"redial-max = off\n", ":4: redial-max: \"off\" is not legal"},
		{"name = ppp7\nname2 = x\n", ":5: name2: unknown key, did you mean name"},
		{"name = sixteen-letters-\n", ":4: name:"},
		{"name = a/b\n", ":4: name:"},
		{"src-address = 1.2.3\n", ":4: src-address:"},
		{"src-address = fd00::1\n", ":4: src-address: PPTP servers are reached by IPv4"},
		{"local-address = fd00::1\n", ":4: local-address:"},
		{"dns-server = 1.1.1.1,2.2.2.2,3.3.3.3\n", ":4: dns-server:"},
		{"domain = D\nuse-peer-dns = perhaps\n", ":5: use-peer-dns:"},
		{"routes = 10.0.0.1/8\n", ":4: routes: 10.0.0.1/8 has bits set"},
		{"port = 0\n", ":4: port:"},
		{"profile = ../x\n", ":4: profile:"},
		{"[other]\n", ":4: unknown section"},
		{"[connection]\n", ":4: section is there twice (first in line 1)"},
		{"[connection\n", ":4: section header is not closed"},
		{"just words\n", ":4: not understood, write key = value"},
		{"search-domain = a;b\n", ":4: search-domain: ';' or '#' inside a value"},
		{"search-domain = a \"b\"\n", ":4: search-domain: stray quote"},
		{"search-domain = 'a'\n", ":4: search-domain: stray quote"},
		{"search-domain = a\\\n", ":4: search-domain: backslash at the end"},
		{"search-domain = \"a\n", ":4: search-domain: closing quote is missing"},
		{"tunnel-secret = \"x\"\n",
		 ":4: tunnel-secret: is of L2TP only, write type = l2tp"},
		{"hello-interval = 60\n", ":4: hello-interval: is of L2TP only"},
		{"source-port = auto\n", ":4: source-port: is of L2TP only"},
		{"sequencing = no\n", ":4: sequencing: is of L2TP only"},
		{"hide-avps = no\n", ":4: hide-avps: is of L2TP only"},
		{"type = l2tp\nfast-gre = yes\n",
		 ":5: fast-gre: is of PPTP only, write type = pptp"},
		{"use-ipsec = yes\n", ":4: use-ipsec: is of L2TP only"},
		{"type = l2tp\nipsec-secret = \"x\"\n",
		 ":5: ipsec-secret: has no effect without IPsec, write use-ipsec = yes"},
		{"type = l2tp\nuse-ipsec = yes\nipsec-secret = \"\"\n",
		 ":6: ipsec-secret: is empty"},
		{"type = l2tp\nuse-ipsec = yes\nport = 1702\n",
		 ":6: port: IPsec uses the server's ports 500, 4500 and 1701"},
		{"type = l2tp\nuse-ipsec = yes\nipsec-ike = aes256-sha256\n",
		 ":6: ipsec-ike: \"aes256-sha256\" is not legal, write default, modern, old, or a "
		 "list such as aes256-sha256-modp2048"},
		{"type = l2tp\nuse-ipsec = yes\nipsec-ike = aes256gcm16-sha256-modp2048\n",
		 ":6: ipsec-ike: "},
		{"type = l2tp\nuse-ipsec = yes\nipsec-esp = aes256\n", ":6: ipsec-esp: "},
		{"type = l2tp\nuse-ipsec = yes\nipsec-lifetime = 5\n", ":6: ipsec-lifetime: "},
		{"type = l2tp\nuse-ipsec = yes\nipsec-secret = \"a\"\nipsec-secret-file = b\n",
		 ":7: ipsec-secret-file: there is already ipsec-secret, keep one source"},
		{"type = l2tp\nhide-avps = yes\n", ":5: hide-avps: hides by the tunnel secret"},
		{"type = l2tp\nhide-avps = yes\ntunnel-secret = \"\"\n",
		 ":5: hide-avps: hides by the tunnel secret"},
		{"type = l2tp\nsource-port = 1700\n",
		 ":5: source-port: \"1700\" is not legal, write auto, random or 1701"},
		{"type = l2tp\nsequencing = maybe\n", ":5: sequencing: \"maybe\" is not legal"},
		{"type = l2tp\nhello-interval = 8d\n", ":5: hello-interval:"},
		{"type = l2tp\nhello-intervall = 8\n",
		 ":5: hello-intervall: unknown key, did you mean hello-interval"},
		{"password = \"a\"\npassword-file = b\n",
		 ":5: password-file: there is already password"},
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[300];

		(void)snprintf(text, sizeof(text), HEAD "%s", rows[i].text);
		assert_int_equal(load(p, text), -EINVAL);
		assert_fault(p, rows[i].fault);
		assert_int_equal(p->faults.count, 1);
	}
}

static void all_faults_come_in_one_run_and_in_line_order(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p, "x = 1\n[connection]\nmax-mtu = 1\n\nuser = \"j\nfoo = 1\n"),
			 -EINVAL);
	assert_int_equal(p->faults.count, 5);
	assert_non_null(strstr(p->faults.lines[0], ":1: x: key outside of a section"));
	assert_non_null(strstr(p->faults.lines[1], ":2: connect-to: missing"));
	assert_non_null(strstr(p->faults.lines[2], ":3: max-mtu"));
	assert_non_null(strstr(p->faults.lines[3], ":5: user: closing quote"));
	assert_non_null(strstr(p->faults.lines[4], ":6: foo: unknown key"));
}

static void more_faults_than_kept_are_counted(void **state)
{
	struct place *p = *state;
	char text[2000];
	struct str s = str_make(text, sizeof(text));

	str_printf(&s, HEAD);
	for (int i = 0; i < 100; i++)
		str_printf(&s, "zz%d = 1\n", i);
	assert_int_equal(load(p, text), -EINVAL);
	assert_int_equal(p->faults.count, 100);
	assert_non_null(p->faults.lines[63]);
}

static void nul_octet_and_over_long_line_are_faults(void **state)
{
	static const char nul[] = HEAD "domain = a\0b\n";
	struct place *p = *state;
	size_t len = sizeof(HEAD) - 1;
	char *text = malloc(len + 6000);

	assert_non_null(text);
	assert_int_equal(load_octets(p, nul, sizeof(nul) - 1), -EINVAL);
	assert_fault(p, "office.conf:4: NUL octet");
	memcpy(text, HEAD, len);
	memset(text + len, 'x', 6000);
	memcpy(text + len, "domain = ", 9);
	assert_int_equal(load_octets(p, text, len + 6000), -EINVAL);
	assert_fault(p, "office.conf:4: line is too long");
	memset(text + len, '#', 6000); /* a comment may be long */
	assert_int_equal(load_octets(p, text, len + 6000), 0);
	free(text);
}

static void other_editors_files_are_read(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p,
			      "\xef\xbb\xbf[connection]\r\nconnect-to=a.example\r\nuser=\"j\"\r\n"
			      "Max-MTU = 1400 ; x\r\n; a comment that ends so \\\nmax-mru=1401"),
			 0);
	assert_string_equal(p->profile.user, "j");
	assert_int_equal(p->profile.max_mtu, 1400);
	assert_int_equal(p->profile.ppp.mru, 1401);
}

static void user_and_domain_in_every_spelling(void **state)
{
	static const struct {
		const char *text, *user;
	} rows[] = {
		{"user = CORP\\john\n", "CORP\\john"},
		{"user = CORP\\\\john\n", "CORP\\john"},
		{"user = \"CORP\\john\"\n", "CORP\\john"},
		{"user = \"CORP\\\\john\"\n", "CORP\\john"},
		{"user = john@example.com\n", "john@example.com"},
		{"domain = CORP\nuser = john\n", "CORP\\john"},
		{"user = \"j ; # \\\" x\"\n", "j ; # \" x"},
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[200];

		(void)snprintf(text, sizeof(text), "[connection]\nconnect-to = a\n%s",
			       rows[i].text);
		assert_int_equal(load(p, text), 0);
		assert_string_equal(p->profile.user, rows[i].user);
	}
	assert_int_equal(load(p, "[connection]\nconnect-to = a\nuser = A\\b\ndomain = C\n"),
			 -EINVAL);
	assert_fault(p, ":4: domain: user already names a domain");
}

static void a_user_name_may_have_255_octets_with_its_domain(void **state)
{
	struct place *p = *state;
	char text[400];

	(void)snprintf(text, sizeof(text), "[connection]\nconnect-to = a\nuser = %0255d\n", 7);
	assert_int_equal(load(p, text), 0);
	assert_int_equal(strlen(p->profile.user), 255);
	(void)snprintf(text, sizeof(text), "[connection]\nconnect-to = a\nuser = %0256d\n", 7);
	assert_int_equal(load(p, text), -EINVAL);
	assert_fault(p, ":3: user:");
	(void)snprintf(text, sizeof(text),
		       "[connection]\nconnect-to = a\nuser = %0253d\ndomain = D\n", 7);
	assert_int_equal(load(p, text), 0);
	assert_int_equal(strlen(p->profile.user), 255);
	(void)snprintf(text, sizeof(text),
		       "[connection]\nconnect-to = a\nuser = %0254d\ndomain = D\n", 7);
	assert_int_equal(load(p, text), -EINVAL);
	assert_fault(p, ":4: domain: too long together with user");
}

static void password_file_others_may_read_is_refused(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p, HEAD "password = \"secret1\"\n"), 0);
	assert_int_equal(chmod(p->file, 0640), 0);
	assert_int_equal(conf_load(p->dir, "office", &p->profile, &p->faults), -EPERM);
	assert_fault(p, "run: chmod 600");
	assert_false(has_fault(p, "secret1"));
	assert_int_equal(load(p, HEAD "password-file = x\n"), 0);
	assert_int_equal(chmod(p->file, 0644), 0);
	assert_int_equal(conf_load(p->dir, "office", &p->profile, &p->faults), 0);
	assert_int_equal(chmod(p->file, 0646), 0);
	assert_int_equal(conf_load(p->dir, "office", &p->profile, &p->faults), -EPERM);
}

static void names_that_are_paths_do_not_exist(void **state)
{
	struct place *p = *state;

	assert_int_equal(conf_load(p->dir, "../office", &p->profile, &p->faults), -ENOENT);
	assert_int_equal(conf_load(p->dir, "nobody", &p->profile, &p->faults), -ENOENT);
	assert_int_equal(conf_load(p->dir, "ppp-profiles", &p->profile, &p->faults), -ENOENT);
	assert_false(conf_name_valid(""));
	assert_false(conf_name_valid(".x"));
	assert_false(conf_name_valid("-x"));
	assert_false(conf_name_valid("a b"));
	assert_true(conf_name_valid("a.b@c+d-e_F9"));
}

static void hosts_that_are_none_are_faults(void **state)
{
	static const char *const bad[] = {"https://vpn.example.com", "a b", "vpn:1723", "-x",
					  "fd00::1"};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[200];

		(void)snprintf(text, sizeof(text), "[connection]\nuser = j\nconnect-to = %s\n",
			       bad[i]);
		assert_int_equal(load(p, text), -EINVAL);
		assert_fault(p, ":3: connect-to:");
	}
}

static void durations_in_every_form(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint32_t seconds;
	} rows[] = {
		{"0", true, 0},
		{"30", true, 30},
		{"30s", true, 30},
		{"5m", true, 300},
		{"1h30m", true, 5400},
		{"1d2h5s", true, 93605},
		{"1m30", true, 90},
		{"", false, 0},
		{"s", false, 0},
		{"1x", false, 0},
		{"1s1m", false, 0},
		{"1m1m", false, 0},
		{"-1", false, 0},
		{"1 m", false, 0},
		{"99999999999", false, 0},
		{"4294967295", true, UINT32_MAX},
		{"49711d", false, 0},
		{"1s5", false, 0},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t seconds = 0;

		assert_int_equal(conf_duration_read(rows[i].text, &seconds), rows[i].good);
		if (rows[i].good)
			assert_int_equal(seconds, rows[i].seconds);
	}
}

static void bad_routes_are_refused_and_leave_the_list(void **state)
{
	static const char *const bad[] = {"10.0.0.0/33",
					  "0.0.0.0/0",
					  "::/0",
					  "10.0.0.0/8,",
					  "x/8",
					  "10.0.0.0/8 x",
					  "10.0.0.0/8 1.2.3.4 x",
					  "10.0.0.0/ ",
					  "fd00::/8 fe80::1",
					  "10.0.0.0/8 1.2.3.4 1 2",
					  "fd00::1/64"};
	struct route routes[CONF_ROUTES_MAX];
	size_t count = 7;
	char why[200], many[2000];
	struct str s = str_make(many, sizeof(many));
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct str w = str_make(why, sizeof(why));

		assert_false(conf_routes_read(bad[i], routes, &count, &w));
		assert_int_equal(count, 7);
		assert_true(w.len > 0);
	}
	for (int i = 0; i < CONF_ROUTES_MAX + 1; i++)
		str_printf(&s, "%s10.%d.0.0/16", i ? ", " : "", i);
	struct str w = str_make(why, sizeof(why));
	assert_false(conf_routes_read(many, routes, &count, &w));
	*strrchr(many, ',') = '\0';
	assert_true(conf_routes_read(many, routes, &count, &w));
	assert_int_equal(count, CONF_ROUTES_MAX);
	assert_true(conf_routes_read("10.1.2.3", routes, &count, &w));
	assert_int_equal(routes[0].prefix_len, 32);
	assert_true(conf_routes_read("", routes, &count, &w));
	assert_int_equal(count, 0);
}

/* Address and mask is how other systems write a route. */
static void a_mask_behind_a_destination_is_its_prefix(void **state)
{
	static const struct {
		const char *text, *shown, *warning;
	} cases[] = {
		{"10.0.0.0 255.0.0.0", "10.0.0.0/8", NULL},
		{"10.0.0.0/255.0.0.0", "10.0.0.0/8", NULL},
		{"10.0.0.0/8 255.0.0.0", "10.0.0.0/8", NULL},
		{"0.0.0.0 128.0.0.0", "0.0.0.0/1", NULL},
		{"192.168.7.4 255.255.255.252 10.0.0.1 5", "192.168.7.4/30 10.0.0.1 5", NULL},
		{"192.168.7.4 255.255.255.255", "192.168.7.4/32", NULL},
		{"10.1.2.3 255.0.0.0", "10.0.0.0/8",
		 "10.1.2.3 has bits set behind its mask, 10.0.0.0/8 is used"},
		{"10.1.2.3 10.0.0.1", "10.1.2.3/32 10.0.0.1", NULL},
		{"10.0.0.0", "10.0.0.0/32",
		 "10.0.0.0 without a prefix is a single host, write 10.0.0.0/8 for the network, "
		 "else 10.0.0.0/32"},
		{"10.1.2.0 10.9.9.1", "10.1.2.0/32 10.9.9.1", "write 10.1.2.0/24 for the network"},
		{"172.16.0.0/32", "172.16.0.0/32", NULL},
		{"0.0.0.0", "0.0.0.0/32", "add-default-route = yes"},
	};
	struct route r[CONF_ROUTES_MAX];
	char why[400], dst[INET_ADDRSTRLEN], shown[80], gateway[INET_ADDRSTRLEN];
	size_t count;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str w = str_make(why, sizeof(why));

		assert_true(conf_routes_read(cases[i].text, r, &count, &w));
		assert_int_equal(count, 1);
		inet_ntop(AF_INET, &r->dst4, dst, sizeof(dst));
		inet_ntop(AF_INET, &r->gateway4, gateway, sizeof(gateway));
		(void)snprintf(shown, sizeof(shown), r->has_gateway ? "%s/%d %s" : "%s/%d", dst,
			       r->prefix_len, gateway);
		if (r->metric)
			(void)snprintf(shown + strlen(shown), 12, " %u", r->metric);
		assert_string_equal(shown, cases[i].shown);
		if (cases[i].warning)
			assert_non_null(strstr(why, cases[i].warning));
		else
			assert_string_equal(why, "");
	}
}

static void no_gateway_is_a_fault_and_what_is_legal_is_named(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"10.0.0.0 255.0.255.0", "255.0.255.0 behind 10.0.0.0 is neither a mask nor"},
		{"10.0.0.0 0.255.255.255", "neither a mask nor a gateway"},
		{"10.0.0.0/8 239.1.2.3", "neither a mask nor a gateway"},
		{"10.0.0.0/8 127.0.0.1", "neither a mask nor a gateway"},
		{"10.0.0.0 255.0.0.0 255.0.0.0", "neither a mask nor a gateway"},
		{"10.0.0.0/8 255.255.0.0", "the prefix /8 and a mask of /16"},
		{"0.0.0.0 0.0.0.0", "add-default-route = yes"},
		{"0.0.0.0/0", "add-default-route = yes"},
		{"::/0", "add-default-route = yes"},
		{"default", "add-default-route = yes"},
		{"10.0.0.0/33", "write /1 to /32; the default route is add-default-route = yes"},
		{"10.0.0.0/255.0.255.0", "write /1 to /32"},
		{"fd00::/129", "write /1 to /128"},
		{"10.0.0.5/8", "has bits set behind its prefix, write 10.0.0.0/8"},
		{"fd00::5/64", "write fd00::/64"},
	};
	struct route routes[CONF_ROUTES_MAX];
	char why[400];
	size_t count;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str w = str_make(why, sizeof(why));

		assert_false(conf_routes_read(cases[i].text, routes, &count, &w));
		if (!strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].text, why);
	}
}

static void what_is_probably_not_meant_is_a_warning(void **state)
{
	static const struct {
		const char *line, *warning;
	} cases[] = {
		{"routes = 10.0.0.0\n", "office.conf:4: routes: warning: 10.0.0.0 without"},
		{"routes = fd00::\n", ":4: routes: warning: fd00:: without a prefix is a single "
				      "host, write fd00::/64"},
		{"dns-server = 224.0.0.1\n", ":4: dns-server: warning: no host can have"},
		{"local-address = 255.255.255.0\n", ":4: local-address: warning: no host"},
		{"remote-address = 239.0.0.1!\n", ":4: remote-address: warning: no host"},
		{"src-address = 255.255.255.255\n", ":4: src-address: warning: no host"},
	};
	struct place *p = *state;
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text), HEAD "%s", cases[i].line);
		assert_int_equal(load(p, text), 0);
		assert_int_equal(p->faults.count, 0);
		assert_int_equal(p->faults.warning_count, 1);
		assert_non_null(strstr(p->faults.warnings[0], cases[i].warning));
	}
	assert_int_equal(load(p, HEAD "routes = 10.0.0.0/8\nsrc-address = 0.0.0.0\n"), 0);
	assert_int_equal(p->faults.warning_count, 0);
}

static void read_back(const struct place *p, char *buf, size_t cap)
{
	FILE *f = fopen(p->file, "r");
	size_t n;

	assert_non_null(f);
	n = fread(buf, 1, cap - 1, f);
	buf[n] = '\0';
	fclose(f);
}

static void set_disabled_changes_only_that_value(void **state)
{
	struct place *p = *state;
	char got[400];

	put(p->file, HEAD "disabled = yes ; why\npassword = \"a;b\"\n",
	    strlen(HEAD "disabled = yes ; why\npassword = \"a;b\"\n"));
	assert_int_equal(conf_set_disabled(p->dir, "office", false), 0);
	read_back(p, got, sizeof(got));
	assert_string_equal(got, HEAD "disabled = no ; why\npassword = \"a;b\"\n");
	put(p->file, "# top\n" HEAD, strlen("# top\n" HEAD));
	assert_int_equal(conf_set_disabled(p->dir, "office", true), 0);
	read_back(p, got, sizeof(got));
	assert_string_equal(got, "# top\n[connection]\ndisabled = yes\n"
				 "connect-to = vpn.example.com\nuser = john\n");
	put(p->file, "[connection]", 12);
	assert_int_equal(conf_set_disabled(p->dir, "office", true), 0);
	read_back(p, got, sizeof(got));
	assert_string_equal(got, "[connection]\ndisabled = yes\n");
	put(p->file, "[connection]\ndisabled =\n", 24);
	assert_int_equal(conf_set_disabled(p->dir, "office", false), 0);
	read_back(p, got, sizeof(got));
	assert_string_equal(got, "[connection]\ndisabled =no\n");
}

static void set_disabled_keeps_the_mode_and_refuses_bad_files(void **state)
{
	struct place *p = *state;
	char got[400];
	struct stat st;

	put(p->file, HEAD, strlen(HEAD));
	assert_int_equal(chmod(p->file, 0640), 0);
	assert_int_equal(conf_set_disabled(p->dir, "office", false), 0);
	assert_int_equal(stat(p->file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	put(p->file, HEAD "oops\n", strlen(HEAD "oops\n"));
	assert_int_equal(conf_set_disabled(p->dir, "office", false), -EINVAL);
	read_back(p, got, sizeof(got));
	assert_string_equal(got, HEAD "oops\n");
	assert_int_equal(conf_set_disabled(p->dir, "nobody", false), -ENOENT);
}

static void list_is_sorted_and_leaves_other_files_out(void **state)
{
	struct place *p = *state;
	char other[128], **names;
	size_t count;

	put(p->file, "", 0);
	put(p->ppp, "", 0);
	(void)snprintf(other, sizeof(other), "%s/alpha.conf", p->dir);
	put(other, "", 0);
	assert_int_equal(conf_list(p->dir, &names, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(names[0], "alpha");
	assert_string_equal(names[1], "office");
	free(names[0]);
	free(names[1]);
	free(names);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(conf_list("/nonexistent-vpdial", &names, &count), -ENOENT);
}

static int password_of(struct place *p, struct secret *s, char *error)
{
	*error = '\0';
	return conf_secret_find(&p->profile, CONF_PASSWORD, s, error, 300);
}

static void password_comes_from_file_without_its_line_end(void **state)
{
	struct place *p = *state;
	struct secret s;
	char error[300], path[128];

	(void)snprintf(path, sizeof(path), "%s/pw", p->dir);
	assert_int_equal(load(p, HEAD "password-file = pw\n"), 0);
	put(path, "a b\0c\r\n", 7);
	assert_int_equal(password_of(p, &s, error), 0);
	assert_int_equal(s.len, 5);
	assert_memory_equal(s.bytes, "a b\0c", 5);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(password_of(p, &s, error), -EPERM);
	assert_non_null(strstr(error, "chmod 600"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(password_of(p, &s, error), -ENOENT);
	assert_non_null(strstr(error, path));
}

static void password_comes_from_credentials_directory(void **state)
{
	struct place *p = *state;
	struct secret s;
	char error[300], path[128];

	(void)snprintf(path, sizeof(path), "%s/office.password", p->dir);
	assert_int_equal(load(p, HEAD "password-file = nowhere\n"), 0);
	put(path, "cred\n", 5);
	assert_int_equal(chmod(path, 0440), 0);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", p->dir, 1), 0);
	assert_int_equal(password_of(p, &s, error), 0);
	assert_int_equal(s.len, 4);
	assert_memory_equal(s.bytes, "cred", 4);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(unlink(path), 0);
}

static void password_command_runs_without_a_shell(void **state)
{
	struct place *p = *state;
	struct secret s;
	char error[300];

	assert_int_equal(
		load(p, HEAD "password-command = \"printf %s%s 'a $HOME' \\\"; \\\\\\\"b\\\"\"\n"),
		0);
	assert_string_equal(p->profile.sources[CONF_PASSWORD].command,
			    "printf %s%s 'a $HOME' \"; \\\"b\"");
	assert_int_equal(password_of(p, &s, error), 0);
	assert_int_equal(s.len, 11);
	assert_memory_equal(s.bytes, "a $HOME; \"b", 11);
}

static void password_command_failures_are_told(void **state)
{
	static const struct {
		const char *command, *error;
	} rows[] = {{"false", "ended with status 1"},
		    {"/nonexistent-program", "not found"},
		    {"'open", "a quote that is not closed"},
		    {"   ", "no word"},
		    {"sh -c 'kill -9 $$'", "killed by signal 9"},
		    {"head -c 2000 /dev/zero", "longer than 1024 octets"}};
	struct place *p = *state;
	struct secret s;
	char error[300];

	assert_int_equal(load(p, HEAD), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)str_copy(p->profile.sources[CONF_PASSWORD].command,
			       sizeof(p->profile.sources[CONF_PASSWORD].command), rows[i].command);
		assert_true(password_of(p, &s, error) < 0);
		assert_non_null(strstr(error, rows[i].error));
	}
}

static void password_without_a_source_asks_the_user(void **state)
{
	struct place *p = *state;
	struct secret s;
	char error[300];

	assert_int_equal(load(p, HEAD), 0);
	assert_int_equal(password_of(p, &s, error), 1);
}

static uint32_t draw(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Files made of the pieces that matter to the two readers: nothing may crash or be accepted with a
 * fault, and `disabled` can be written into each that is accepted. */
static void drawn_files_are_judged_without_harm(void **state)
{
	static const char *const pieces[] = {"[connection]",
					     "[",
					     "]",
					     "\n",
					     "\n",
					     "\r\n",
					     "=",
					     " = ",
					     "\"",
					     "\\",
					     ";",
					     "#",
					     " ",
					     "\t",
					     "user",
					     "password",
					     "connect-to = a",
					     "routes",
					     "max-mtu",
					     "1400",
					     "hunter2",
					     "10.0.0.0/8",
					     ",",
					     "'",
					     "\xff",
					     "base64:",
					     "[x]",
					     "disabled = no",
					     "profile = default"};
	struct place *p = *state;
	uint32_t seed = 20261120;
	int accepted = 0;

	for (int round = 0; round < 3000; round++) {
		char text[600];
		struct str s = str_make(text, sizeof(text));
		uint32_t n = draw(&seed) % 60;

		if (draw(&seed) % 2)
			str_printf(&s, HEAD);
		for (uint32_t i = 0; i < n; i++)
			str_printf(&s, "%s",
				   pieces[draw(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
		if (load_octets(p, text, s.len) != 0) {
			assert_true(p->faults.count > 0);
			continue;
		}
		accepted++;
		assert_int_equal(p->faults.count, 0);
		assert_int_equal(conf_set_disabled(p->dir, "office", false), 0);
		assert_int_equal(conf_load(p->dir, "office", &p->profile, &p->faults), 0);
		assert_false(p->profile.disabled);
	}
	assert_true(accepted > 10); /* else the pieces test nothing */
}

static void text_of_other_alphabets_is_kept(void **state)
{
	struct place *p = *state;

	assert_int_equal(load(p, "[connection]\nconnect-to = a\nuser = j\xc3\xb6rg \xe9\xa0 x\n"),
			 0);
	assert_string_equal(p->profile.user, "j\xc3\xb6rg \xe9\xa0 x");
}

/* The table against itself: defaults that parse are in conf_defaults (it aborts otherwise). */
static void option_table_is_sound(void **state)
{
	size_t count;
	const struct conf_option *o = conf_options(&count);
	struct conf_draft *draft = malloc(sizeof(*draft));
	char text[300];
	(void)state;

	assert_non_null(draft);
	conf_defaults(draft);
	free(draft);
	for (size_t i = 0; i < count; i++) {
		struct str s = str_make(text, sizeof(text));

		conf_option_legal(&o[i], &s);
		assert_true(s.len > 0);
		assert_true(strlen(o[i].help) > 0);
		assert_ptr_equal(conf_option_find(o[i].key, o[i].sections), &o[i]);
		if (ini_key_secret(o[i].key))
			assert_true(o[i].type == CONF_VALUE_SECRET || strstr(o[i].key, "-file") ||
				    strstr(o[i].key, "-command"));
		else
			assert_int_not_equal(o[i].type, CONF_VALUE_SECRET);
		if (conf_option_only_default(&o[i]))
			assert_non_null(o[i].def);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(minimal_profile_has_the_missions_defaults),
		T(every_key_is_read_into_its_field),
		T(program_without_whole_path_is_a_fault),
		T(l2tp_profile_has_its_own_defaults),
		T(every_l2tp_key_is_read_into_its_field),
		T(every_ipsec_key_is_read_into_its_field),
		T(named_lists_of_ipsec_differ_as_they_say),
		T(secrets_of_the_tunnel_come_from_the_places_of_the_password),
		T(l2tp_servers_may_have_ipv6_addresses),
		T(l2tp_source_and_server_are_of_one_family),
		T(tunnel_secret_others_may_read_is_refused),
		T(ppp_profiles_that_everybody_may_change_are_refused),
		T(a_profile_with_a_program_that_its_group_may_change_is_refused),
		T(ppp_profile_applies_and_connection_wins),
		T(ppp_file_faults_fail_the_profile),
		T(quoted_password_survives_every_octet),
		T(single_backslash_before_other_octets_is_itself),
		T(empty_password_is_a_password),
		T(base64_password_is_decoded),
		T(longest_password_fits_and_one_more_is_a_fault),
		T(no_fault_shows_a_secret),
		T(each_fault_names_line_and_key),
		T(all_faults_come_in_one_run_and_in_line_order),
		T(more_faults_than_kept_are_counted),
		T(nul_octet_and_over_long_line_are_faults),
		T(words_of_routeros_are_read),
		T(long_value_without_quotes_is_read_whole),
		T(nothing_of_a_password_stays_in_memory_after_loading),
		T(other_editors_files_are_read),
		T(user_and_domain_in_every_spelling),
		T(a_user_name_may_have_255_octets_with_its_domain),
		T(password_file_others_may_read_is_refused),
		T(names_that_are_paths_do_not_exist),
		T(hosts_that_are_none_are_faults),
		T(durations_in_every_form),
		T(bad_routes_are_refused_and_leave_the_list),
		T(a_mask_behind_a_destination_is_its_prefix),
		T(root_takes_no_profile_of_others),
		T(root_takes_no_profile_from_a_directory_of_others),
		T(root_follows_no_link_that_others_may_set),
		T(root_reads_no_secret_of_its_own_by_a_link_of_others),
		T(no_gateway_is_a_fault_and_what_is_legal_is_named),
		T(what_is_probably_not_meant_is_a_warning),
		T(set_disabled_changes_only_that_value),
		T(set_disabled_keeps_the_mode_and_refuses_bad_files),
		T(list_is_sorted_and_leaves_other_files_out),
		T(password_comes_from_file_without_its_line_end),
		T(password_comes_from_credentials_directory),
		T(password_command_runs_without_a_shell),
		T(password_command_failures_are_told),
		T(password_without_a_source_asks_the_user),
		T(drawn_files_are_judged_without_harm),
		T(text_of_other_alphabets_is_kept),
		T(option_table_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
