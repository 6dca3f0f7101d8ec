/* SPDX-License-Identifier: MIT */
/* Importers: what each word of each table becomes, and the syntaxes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "import/import.h"
#include "import/words.h"
#include "import/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Files that others point at. */
struct shelf {
	const char *path, *text;
};

static int open_shelf(void *ctx, const char *path, struct import_file *file)
{
	for (const struct shelf *s = ctx; s && s->path; s++)
		if (strcmp(s->path, path) == 0) {
			file->text = strdup(s->text);
			file->len = strlen(s->text);
			return file->text ? 0 : -ENOMEM;
		}
	return -ENOENT;
}

static struct import_job *start(const char *path, const char *text, const struct shelf *shelf)
{
	struct import_job *job = import_job_new();
	struct import_file file = {.text = strdup(text), .len = strlen(text)};

	assert_non_null(job);
	assert_non_null(file.text);
	assert_true(str_copy(file.path, sizeof(file.path), path));
	job->opener = (struct import_opener){.open = open_shelf, .ctx = (void *)(uintptr_t)shelf};
	assert_true(import_job_add(job, &file));
	return job;
}

static struct import_job *run(const char *path, const char *text, const struct shelf *shelf)
{
	struct import_job *job = start(path, text, shelf);

	if (import_run(job) < 0)
		fail_msg("%s: %s", path, job->fault);
	return job;
}

static void expect(const struct import_job *job, const char *name, const char *key,
		   const char *value)
{
	size_t section = import_find(job->list, IMPORT_CONNECTION, name);
	const char *got;

	if (section == IMPORT_NONE)
		fail_msg("no connection %s", name);
	got = import_get(job->list, section, key);
	if (value ? !got || strcmp(got, value) != 0 : got != NULL)
		fail_msg("%s: %s is %s, not %s", name, key, got ? got : "missing",
			 value ? value : "missing");
}

static bool has_note(const struct import_list *list, const char *text)
{
	for (size_t i = 0; i < list->item_count; i++)
		if (!list->items[i].key && strcasestr(list->items[i].value, text))
			return true;
	return false;
}

static bool has_key(const struct import_list *list, const char *key)
{
	for (size_t i = 0; i < list->item_count; i++)
		if (list->items[i].key && strcmp(list->items[i].key, key) == 0)
			return true;
	return false;
}

/* How a file with each word of a table looks: what stands before, around each, and behind. */
static const struct every {
	enum import_table table;
	enum import_format format;
	const char *path, *before, *line,
		*behind; /* word, value, what opens and closes its group */
} every[] = {
	{IMPORT_ROUTEROS_CLIENT, IMPORT_FORMAT_ROUTEROS, "a.rsc", "/interface l2tp-client\nadd ",
	 "%1$s=\"%2$s\" ", "\n"},
	{IMPORT_ROUTEROS_PPP, IMPORT_FORMAT_ROUTEROS, "a.rsc", "/ppp profile\nadd ",
	 "%1$s=\"%2$s\" ", "\n"},
	{IMPORT_ROUTEROS_SECRET, IMPORT_FORMAT_ROUTEROS, "a.rsc", "/ppp secret\nadd service=any ",
	 "%1$s=\"%2$s\" ", "\n"},
	{IMPORT_ROUTEROS_SERVER, IMPORT_FORMAT_ROUTEROS, "a.rsc",
	 "/interface l2tp-server server\nset ", "%1$s=\"%2$s\" ", "\n"},
	{IMPORT_ROUTEROS_BINDING, IMPORT_FORMAT_ROUTEROS, "a.rsc", "/interface l2tp-server\nadd ",
	 "%1$s=\"%2$s\" ", "\n"},
	{IMPORT_ROUTEROS_POOL, IMPORT_FORMAT_ROUTEROS, "a.rsc", "/ip pool\nadd ", "%1$s=\"%2$s\" ",
	 "\n"},
	{IMPORT_ROUTEROS_ROUTE, IMPORT_FORMAT_ROUTEROS, "a.rsc",
	 "/interface pptp-client add name=yes connect-to=a.example.com user=u\n/ip route\nadd "
	 "disabled=no comment=x ",
	 "%1$s=\"%2$s\" ", "\n"},
	{IMPORT_PPPD, IMPORT_FORMAT_PPPD, "peers/a", "pty \"pptp a.example.com\"\n", "%1$s %2$s\n",
	 ""},
	{IMPORT_XL2TPD_GLOBAL, IMPORT_FORMAT_XL2TPD, "a", "[global]\n", "%1$s = %2$s\n",
	 "[lac a]\nchallenge = yes\n"},
	{IMPORT_XL2TPD_LAC, IMPORT_FORMAT_XL2TPD, "a", "[lac a]\n", "%1$s = %2$s\n", ""},
	{IMPORT_XL2TPD_LNS, IMPORT_FORMAT_XL2TPD, "a", "[lns a]\n", "%1$s = %2$s\n", ""},
	{IMPORT_IPSEC_CONF, IMPORT_FORMAT_IPSEC_CONF, "ipsec.conf", "conn a\n", "\t%1$s=%2$s\n",
	 "\ttype=transport\n\tright=a.example.com\n"},
	{IMPORT_SWANCTL, IMPORT_FORMAT_SWANCTL, "swanctl.conf",
	 "connections {\n a {\n  children {\n   x {\n    mode = transport\n   }\n  }\n",
	 "%3$s%1$s = %2$s\n%4$s", "  remote_addrs = a.example.com\n }\n}\n"},
	{IMPORT_NM_CONNECTION, IMPORT_FORMAT_NM, "a.nmconnection",
	 "[connection]\nid=a\n[vpn]\nservice-type=org.freedesktop.NetworkManager.l2tp\n",
	 "%3$s%1$s=%2$s\n", ""},
	{IMPORT_NM_PPTP, IMPORT_FORMAT_NM, "a.nmconnection",
	 "[connection]\nid=a\n[vpn]\nservice-type=org.freedesktop.NetworkManager.pptp\n",
	 "%1$s=%2$s\n", ""},
	{IMPORT_NM_L2TP, IMPORT_FORMAT_NM, "a.nmconnection",
	 "[connection]\nid=a\n[vpn]\nservice-type=org.freedesktop.NetworkManager.l2tp\n",
	 "%1$s=%2$s\n", ""},
	{IMPORT_OPENWRT, IMPORT_FORMAT_OPENWRT, "network",
	 "config interface 'yes'\n\toption proto 'l2tp'\n\toption server 'a.example.com'\n",
	 "\toption %1$s '%2$s'\n", ""},
	{IMPORT_RASPHONE, IMPORT_FORMAT_RASPHONE, "rasphone.pbk", "[a]\nVpnStrategy=3\n",
	 "%1$s=%2$s\n", "VpnStrategy=3\n"},
	{IMPORT_POWERSHELL, IMPORT_FORMAT_POWERSHELL, "a.ps1",
	 "Add-VpnConnection -Name a -ServerAddress a.example.com\nSet-VpnConnection -Name a",
	 " `\n -%1$s %2$s", "\n"},
	{IMPORT_APPLE, IMPORT_FORMAT_APPLE, "a.mobileconfig",
	 "<?xml version=\"1.0\"?><plist><dict><key>PayloadContent</key><array><dict>",
	 "%3$s<key>%1$s</key><string>%2$s</string>%4$s",
	 "<key>VPNType</key><string>L2TP</string></dict></array></dict></plist>"},
};

/* The value that each word has there. */
static const char *sample(const struct import_word *row)
{
	return row->args == 0 && row->how == IMPORT_FIXED ? "" : "yes";
}

/* "children.mode" stands in a group of its own: how that begins and ends, and the word's rest. */
static const char *group_of(const struct every *e, const char *word, char before[static 80],
			    char behind[static 80])
{
	const char *dot = strchr(word, '.');
	int n = dot ? (int)(dot - word) : 0;

	before[0] = behind[0] = '\0';
	if (e->table == IMPORT_SWANCTL && dot && strncmp(word, "secrets", 7) != 0) {
		bool child = strncmp(word, "children", 8) == 0;

		(void)snprintf(before, 80, "  %.*s {%s", n, word, child ? "\n x {\n" : "\n");
		(void)snprintf(behind, 80, "%s}\n", child ? "}\n" : "");
	} else if (e->table == IMPORT_NM_CONNECTION && dot)
		(void)snprintf(before, 80, "[%.*s]\n", n, word);
	else if (e->table == IMPORT_APPLE && dot) {
		(void)snprintf(before, 80, "<key>%.*s</key><dict>", n, word);
		(void)snprintf(behind, 80, "</dict>");
	} else
		return word;
	return dot + 1;
}

static struct import_job *run_every(const struct every *e)
{
	static char text[65536];
	struct str s = str_make(text, sizeof(text));
	const struct import_words *words = import_words(e->table);
	char before[80], behind[80];

	str_printf(&s, "%s", e->before);
	for (size_t i = 0; i < words->count; i++) {
		const struct import_word *row = &words->rows[i];
		bool flag = e->table == IMPORT_PPPD && row->args == 0;
		const char *word = group_of(e, row->word, before, behind);

		/* What says which file it is stands there already. */
		if (strcmp(word, "service-type") == 0 || strcmp(word, "proto") == 0 ||
		    strncmp(row->word, "route.", 6) == 0 ||
		    strncmp(row->word, "secrets.", 8) == 0 || strcmp(word, "vpntype") == 0 ||
		    strcmp(word, "vpnstrategy") == 0 || strcmp(word, "tunneltype") == 0 ||
		    (e->table == IMPORT_POWERSHELL && strstr(word, "name")))
			continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
		str_printf(&s, e->line, word, flag ? "" : sample(row), before, behind);
#pragma GCC diagnostic pop
	}
	str_printf(&s, "%s", e->behind);
	if (e->table == IMPORT_OPENWRT)
		str_printf(&s,
			   "config route\n option interface 'yes'\n option target '10.0.0.0/8'\n"
			   " option netmask ''\n option gateway 'x'\n option metric '1'\n"
			   " option mtu '1400'\n option table '5'\n");
	if (e->table == IMPORT_SWANCTL)
		str_printf(&s,
			   "secrets {\n ike-a {\n id = a.example.com\n secret = \"x\"\n }\n}\n");
	assert_true(s.len + 1 < sizeof(text));
	assert_int_equal(import_recognise(e->path, text, s.len), e->format);
	return run(e->path, text, NULL);
}

/* Each word of each table is a key of the result, or a note that names it. */
static void every_word_of_every_table_is_a_key_or_a_note(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(every) / sizeof(every[0]); i++) {
		const struct import_words *words = import_words(every[i].table);
		struct import_job *job = run_every(&every[i]);
		size_t keys = 0, notes = 0, own = 0;

		for (size_t k = 0; k < words->count; k++) {
			const struct import_word *row = &words->rows[k];

			if (row->key && has_key(job->list, row->key))
				keys++;
			else if (has_note(job->list, row->word) ||
				 (strchr(row->word, '.') &&
				  has_note(job->list, strchr(row->word, '.') + 1)))
				notes++;
			else if (row->how == IMPORT_OWN)
				own++; /* it names the section or the format, or says how to read */
			else
				fail_msg("table %d: %s is nowhere", (int)every[i].table, row->word);
		}
		assert_int_equal(keys + notes + own, words->count);
		print_message("%s, table %d: %zu words: %zu keys, %zu notes, %zu read along\n",
			      words->program, (int)every[i].table, words->count, keys, notes, own);
		import_job_free(job);
	}
}

static void no_table_has_a_word_twice(void **state)
{
	(void)state;
	for (int t = 0; t < IMPORT_TABLE_COUNT; t++) {
		const struct import_words *words = import_words((enum import_table)t);

		for (size_t i = 0; i < words->count; i++) {
			const struct import_word *row = &words->rows[i];

			if (import_word_find((enum import_table)t, row->word) != row)
				fail_msg("table %d: %s is there twice", t, row->word);
			if (row->how == IMPORT_LOST ? !row->text
						    : row->how != IMPORT_OWN && !row->key)
				fail_msg("table %d: %s says nothing", t, row->word);
			for (const char *p = row->word; *p; p++)
				assert_false(*p >= 'A' && *p <= 'Z');
		}
	}
}

static void routeros_export_with_escapes_and_continued_lines(void **state)
{
	static const char text[] =
		"# by RouterOS 7.13\r\n"
		"/interface l2tp-client\r\n"
		"add allow=mschap2 connect-to=vpn.example.com@wan2 disabled=no \\\r\n"
		"    ipsec-secret=\"a \\\"b\\\" \\$c \\\r\n    d\\E4\" name=office "
		"password=\"p\\\\w\\_x\" "
		"use-ipsec=yes user=john\r\n"
		"set [ find name=office ] max-mtu=1400\r\n"
		"disable office\r\n"
		"/ip route add dst-address=10.0.0.0/8 gateway=office\r\n"
		"add gateway=10.1.1.1%office distance=7\r\n"
		"/interface/pptp-client/add name=b connect-to=192.0.2.1 user=x password=y\r\n";
	struct import_job *job = run("export.rsc", text, NULL);

	(void)state;
	expect(job, "office", "type", "l2tp");
	expect(job, "office", "connect-to", "vpn.example.com");
	expect(job, "office", "bind-interface", "wan2");
	expect(job, "office", "ipsec-secret", "a \"b\" $c d\xe4");
	expect(job, "office", "password", "p\\w x");
	expect(job, "office", "max-mtu", "1400");
	expect(job, "office", "disabled", "yes");
	expect(job, "office", "routes", "10.0.0.0/8");
	expect(job, "office", "add-default-route", NULL); /* "add" stood in no menu */
	expect(job, "b", "type", "pptp");
	expect(job, "b", "connect-to", "192.0.2.1");
	import_job_free(job);
}

static void routeros_line_behind_a_prompt(void **state)
{
	struct import_job *job =
		run("-",
		    "[admin@L2TP-Client] interface l2tp-client> add user=user password=passwd \\\n"
		    "\\... connect-to=10.5.8.104\n",
		    NULL);

	(void)state;
	expect(job, "l2tp-out1", "connect-to", "10.5.8.104");
	expect(job, "l2tp-out1", "password", "passwd");
	import_job_free(job);
}

static void routeros_default_route_and_missing_secrets(void **state)
{
	struct import_job *job = run("-",
				     "/interface pptp-client add name=a connect-to=b user=c\n"
				     "/ip route\nadd dst-address=0.0.0.0/0 gateway=a distance=3\n"
				     "/system clock set time-zone-name=x\n",
				     NULL);

	(void)state;
	expect(job, "a", "add-default-route", "yes");
	expect(job, "a", "default-route-distance", "3");
	assert_true(has_note(job->list, "show-sensitive"));
	assert_int_equal(job->skipped, 1);
	import_job_free(job);
}

static void pppd_peer_with_files_and_secrets(void **state)
{
	static const struct shelf shelf[] = {
		{"/etc/ppp/options.pptp", "require-mppe-128 # all\nrefuse-pap\nrefuse-eap\n"},
		{"/etc/ppp/peers/../chap-secrets",
		 "john other no *\n\"CORP\\\\john\" office \"a \\\"b\\\"\" *\n"},
		{NULL, NULL}};
	struct import_job *job = run("/etc/ppp/peers/office",
				     "pty \"pptp vpn.example.com --nolaunchpppd\"\n"
				     "name CORP\\\\john remotename office\n"
				     "file /etc/ppp/options.pptp\nfile /nowhere\n",
				     shelf);

	(void)state;
	expect(job, "office", "type", "pptp");
	expect(job, "office", "connect-to", "vpn.example.com");
	expect(job, "office", "user", "CORP\\john");
	expect(job, "office", "password", "a \"b\"");
	expect(job, "office", "use-encryption", "require");
	expect(job, "office", "allow", "chap,mschap1,mschap2");
	assert_true(has_note(job->list, "/nowhere: this file cannot be read"));
	import_job_free(job);
}

static void pppd_file_that_names_itself_ends(void **state)
{
	static const struct shelf shelf[] = {{"/a/loop", "file /a/loop\nmtu 1400\n"}, {NULL, NULL}};
	struct import_job *job = run("/a/x", "plugin pptp.so\nfile /a/loop\n", shelf);

	(void)state;
	expect(job, "x", "max-mtu", "1400");
	assert_true(has_note(job->list, "nest too deep"));
	import_job_free(job);
}

static void pppd_options_without_a_tunnel_are_refused(void **state)
{
	struct import_job *job = start("/etc/ppp/options", "noauth\nlock\n", NULL);

	(void)state;
	assert_int_equal(import_run(job), -EINVAL);
	assert_non_null(strstr(job->fault, "neither pptp nor an L2TP plugin"));
	import_job_free(job);
}

static void xl2tpd_with_options_and_tunnel_secret(void **state)
{
	static const struct shelf shelf[] = {
		{"/etc/ppp/options.l2tp", "noccp\nname john\npassword \"s w\"\ndefaultroute\n"},
		{"/etc/xl2tpd/l2tp-secrets", "# us them secret\n* * tun\n"},
		{NULL, NULL}};
	struct import_job *job =
		run("/etc/xl2tpd/xl2tpd.conf",
		    "[global]\nport = 1701\n[lac work]\nlns = vpn.example.com\nchallenge = yes\n"
		    "pppoptfile = /etc/ppp/options.l2tp ; ours\n[lac home]\nlns = 192.0.2.7:1702\n"
		    "autodial = yes\n",
		    shelf);

	(void)state;
	expect(job, "work", "type", "l2tp");
	expect(job, "work", "user", "john");
	expect(job, "work", "password", "s w");
	expect(job, "work", "tunnel-secret", "tun");
	expect(job, "work", "use-encryption", "no");
	expect(job, "work", "source-port", "1701");
	expect(job, "home", "port", "1702");
	expect(job, "home", "disabled", "no");
	import_job_free(job);
}

static void names_are_made_legal_and_different(void **state)
{
	struct import_job *job = run("-",
				     "/interface pptp-client\nadd name=\"a b/../c\" connect-to=x\n"
				     "add name=\"a b/../c\" connect-to=y\nadd name=server "
				     "connect-to=z\n",
				     NULL);

	(void)state;
	expect(job, "a-b-..-c", "connect-to", "x");
	expect(job, "a-b-..-c-2", "connect-to", "y");
	expect(job, "imported", "connect-to", "z");
	import_job_free(job);
}

static void what_is_no_text_or_unknown_is_named(void **state)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{"\xff\xfe[\x01", "UTF-16"},
		{"0\x82\x01\x02pkcs", "signed"},
		{"[connection]\nconnect-to = a\n", "a profile of vpdial"},
		{"client\ndev tun\n", "OpenVPN"},
		{"hello world\n", "not a configuration that vpdial knows"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct import_job *job = start("a\x1b[31m", rows[i].text, NULL);

		assert_int_equal(import_run(job), -EINVAL);
		if (!strstr(job->fault, rows[i].fault))
			fail_msg("%s", job->fault);
		assert_null(strchr(job->fault, '\x1b'));
		import_job_free(job);
	}
}

/* No secret gets into a comment, whatever becomes of its word. */
static void secrets_are_never_in_notes(void **state)
{
	struct import_job *job =
		run("peers/x", "plugin pptp.so\npassword s3cret\nset PASSWORD=s3cret\nkey s3cret\n",
		    NULL);

	(void)state;
	assert_false(has_note(job->list, "s3cret\n"));
	expect(job, "x", "password", "s3cret");
	import_job_free(job);
}

static void writer_quotes_what_the_reader_reads(void **state)
{
	struct import_list *list = import_list_new();
	struct import_out out;
	size_t section;

	(void)state;
	assert_non_null(list);
	assert_true(import_out_new(&out));
	section = import_section(list, IMPORT_CONNECTION, "x");
	import_set(list, section, "user", "CORP\\john \"x\"");
	import_set(list, section, "password", "a\nb");
	import_set(list, section, "routes", "10.0.0.0/8,10.1.0.0/16");
	import_note(list, section, "one\ntwo\x1b");
	import_write_section(&out, list, section, "connection", true);
	assert_string_equal(out.text, "[connection]\nuser = \"CORP\\\\john \\\"x\\\"\"\n"
				      "password = base64:YQpi\nroutes = 10.0.0.0/8,10.1.0.0/16\n"
				      "# Not carried over, or to be looked at:\n#   one?two?\n");
	import_out_free(&out);
	import_list_free(list);
}

static void sections_of_a_file_are_replaced_alone(void **state)
{
	struct import_list *list = import_list_new();
	struct import_out out;

	(void)state;
	assert_non_null(list);
	assert_true(import_out_new(&out));
	(void)import_section(list, IMPORT_PPP, "office");
	import_write_others(&out, list, IMPORT_PPP,
			    "# top\n[a]\nx = 1\n[ OFFICE ]\ny = 2\n[b]\nz = 3");
	assert_string_equal(out.text, "# top\n[a]\nx = 1\n[b]\nz = 3\n");
	assert_true(import_has_section("[a]\n[ Office ]\n", "office"));
	import_out_free(&out);
	import_list_free(list);
}

static void too_much_is_refused(void **state)
{
	size_t cap = 240000, n = 0;
	char *text = malloc(cap + 100);
	struct import_job *job;

	(void)state;
	assert_non_null(text);
	n += (size_t)sprintf(text, "/interface pptp-client\n");
	while (n < cap)
		n += (size_t)sprintf(text + n, "add name=a%zu connect-to=b\n", n);
	job = start("-", text, NULL);
	assert_int_equal(import_run(job), -EINVAL);
	assert_non_null(strstr(job->fault, "too much"));
	import_job_free(job);
	free(text);
}

static void hints_come_from_the_tables(void **state)
{
	char hint[300];

	(void)state;
	assert_true(import_hint("maxfail", hint, sizeof(hint)));
	assert_string_equal(hint, "pppd's maxfail is redial-limit here");
	assert_true(import_hint("random-source-port", hint, sizeof(hint)));
	assert_string_equal(hint, "RouterOS's random-source-port is source-port = random here");
	assert_true(import_hint("rate-limit", hint, sizeof(hint)));
	assert_non_null(strstr(hint, "tc(8)"));
	assert_false(import_hint("connect-two", hint, sizeof(hint)));
}

static const struct shelf no_shelf[] = {{NULL, NULL}};

static void ipsec_conf_joins_the_connection_of_the_same_server(void **state)
{
	static const char xl2tpd[] = "[lac work]\nlns = 192.0.2.5\n[lac home]\nlns = 192.0.2.6\n";
	static const char ipsec[] =
		"# ipsec\nconfig setup\n\tcharondebug=\"ike 1\"\nconn %default\n  "
		"keyexchange=ikev1\n"
		"  ike=aes256-sha1-modp1024,3des-sha1-modp1024!\nconn other\n  type=tunnel\n"
		"  right=198.51.100.1\n  rightsubnet=10.0.0.0/8\nconn L2TP-PSK\n  authby=secret\n"
		"  type=transport # L2TP\n  left=%defaultroute\n  leftprotoport=17/1701\n"
		"  rightprotoport=17/1701\n  right=192.0.2.5\n  rightid=vpn.example.com\n"
		"  esp=aes128-sha1!\n  ikelifetime=8h\n";
	static const char secrets[] = ": RSA key.pem\n%any 192.0.2.9 : PSK \"no\"\n"
				      "203.0.113.2 vpn.example.com : PSK \"pre # shared\"\n";
	struct import_job *job = start("xl2tpd.conf", xl2tpd, no_shelf);
	struct import_file more = {
		.path = "ipsec.conf", .text = strdup(ipsec), .len = strlen(ipsec)};
	struct import_file keys = {
		.path = "/etc/ipsec.secrets", .text = strdup(secrets), .len = strlen(secrets)};

	(void)state;
	assert_true(import_job_add(job, &more));
	assert_true(import_job_add(job, &keys));
	assert_int_equal(import_run(job), 0);
	expect(job, "work", "use-ipsec", "yes");
	expect(job, "work", "ipsec-secret", "pre # shared");
	expect(job, "work", "ipsec-remote-id", "vpn.example.com");
	expect(job, "work", "ipsec-ike", "aes256-sha1-modp1024,3des-sha1-modp1024");
	expect(job, "work", "ipsec-esp", "aes128-sha1");
	expect(job, "work", "ipsec-ike-lifetime", "8h");
	expect(job, "work", "connect-to", "192.0.2.5");
	expect(job, "home", "use-ipsec", NULL);
	assert_true(import_find(job->list, IMPORT_CONNECTION, "other") == IMPORT_NONE);
	import_job_free(job);
}

static void swanctl_with_its_secret(void **state)
{
	struct import_job *job =
		run("swanctl.conf",
		    "connections {\n  l2tp {\n    version = 1\n"
		    "    remote_addrs = vpn.example.com\n    local {\n      auth = psk\n"
		    "    }\n    remote { \n auth = psk\n id = gw.example.com\n }\n"
		    "    children {\n      l2tp {\n        mode = transport\n"
		    "        esp_proposals = aes256-sha1\n      }\n    }\n  }\n}\n"
		    "secrets {\n  ike-x {\n    id = gw.example.com\n"
		    "    secret = 0sc2VjcmV0\n  }\n}\n",
		    NULL);

	(void)state;
	expect(job, "l2tp", "type", "l2tp");
	expect(job, "l2tp", "connect-to", "vpn.example.com");
	expect(job, "l2tp", "ipsec-secret", "secret");
	expect(job, "l2tp", "ipsec-esp", "aes256-sha1");
	import_job_free(job);
}

static void networkmanager_l2tp(void **state)
{
	struct import_job *job =
		run("work.nmconnection",
		    "[connection]\nid=Work VPN\nuuid=1\ntype=vpn\nautoconnect=false\n\n[vpn]\n"
		    "gateway=vpn.example.com\nipsec-enabled=yes\nipsec-psk=0sa2V5\nuser=john\n"
		    "domain=CORP\nrefuse-pap=yes\nrefuse-chap=no\npassword-flags=1\n"
		    "service-type=org.freedesktop.NetworkManager.l2tp\n\n[ipv4]\nmethod=auto\n"
		    "never-default=true\nroute1=10.1.0.0/16,10.0.0.1,50\nroute2=10.2.0.0/16\n"
		    "dns=10.0.0.53;10.0.0.54;\ndns-search=example.com;\n",
		    NULL);

	(void)state;
	expect(job, "Work-VPN", "type", "l2tp");
	expect(job, "Work-VPN", "ipsec-secret", "key");
	expect(job, "Work-VPN", "allow", "chap,mschap1,mschap2");
	expect(job, "Work-VPN", "add-default-route", "no");
	expect(job, "Work-VPN", "routes", "10.1.0.0/16 10.0.0.1 50, 10.2.0.0/16");
	expect(job, "Work-VPN", "dns-server", "10.0.0.53,10.0.0.54");
	expect(job, "Work-VPN", "disabled", "yes");
	assert_true(has_note(job->list, "keyring"));
	import_job_free(job);
}

static void networkmanager_pptp(void **state)
{
	struct import_job *job =
		run("p.nmconnection",
		    "[connection]\nid=p\nuuid=1\n[vpn]\ngateway=192.0.2.1\nuser=u\n"
		    "require-mppe-128=yes\nmppe-stateful=yes\n"
		    "service-type=org.freedesktop.NetworkManager.pptp\n[vpn-secrets]\n"
		    "password=a\\sb\\\\c;d\n",
		    NULL);

	(void)state;
	expect(job, "p", "password", "a b\\c;d");
	expect(job, "p", "use-encryption", "require");
	expect(job, "p", "mppe-strength", "128");
	expect(job, "p", "add-default-route", "yes");
	import_job_free(job);
}

static void openwrt_interface_with_route(void **state)
{
	struct import_job *job =
		run("network",
		    "config interface 'lan'\n\toption proto 'static'\n\nconfig interface 'vpn'\n"
		    "\toption proto 'pptp'\n\toption server 'vpn.example.com'\n"
		    "\toption username 'john'\n\toption password 'a\\b \"c'\n"
		    "\toption defaultroute '0'\n\toption keepalive '5 20'\n"
		    "\toption pppd_options 'refuse-eap mtu 1400'\n\tlist dns '192.0.2.53'\n"
		    "config route\n\toption interface 'vpn'\n\toption target '10.0.0.0'\n"
		    "\toption netmask '255.0.0.0'\n",
		    NULL);

	(void)state;
	expect(job, "vpn", "password", "a\\b \"c");
	expect(job, "vpn", "add-default-route", "no");
	expect(job, "vpn", "keepalive-timeout", "20");
	expect(job, "vpn", "max-mtu", "1400");
	expect(job, "vpn", "dns-server", "192.0.2.53");
	expect(job, "vpn", "routes", "10.0.0.0 255.0.0.0");
	assert_true(import_find(job->list, IMPORT_CONNECTION, "lan") == IMPORT_NONE);
	import_job_free(job);
}

static void phonebook_with_several_entries(void **state)
{
	struct import_job *job = run(
		"rasphone.pbk",
		"[Office VPN]\r\nEncoding=1\r\nType=2\r\nVpnStrategy=3\r\nDataEncryption=256\r\n"
		"IpPrioritizeRemote=0\r\nAuthRestrictions=512\r\nIpDnsAddress=0.0.0.0\r\n"
		"MEDIA=rastapi\r\nDEVICE=vpn\r\nPhoneNumber=vpn.example.com\r\n"
		"[Ike]\r\nEncoding=1\r\nVpnStrategy=7\r\nPhoneNumber=x\r\n"
		"[Old]\r\nEncoding=1\r\nVpnStrategy=1\r\nPhoneNumber=192.0.2.4\r\n",
		NULL);

	(void)state;
	expect(job, "Office-VPN", "type", "l2tp");
	expect(job, "Office-VPN", "connect-to", "vpn.example.com");
	expect(job, "Office-VPN", "use-encryption", "require");
	expect(job, "Office-VPN", "allow", "mschap2");
	expect(job, "Office-VPN", "add-default-route", "no");
	expect(job, "Office-VPN", "dns-server", NULL);
	expect(job, "Old", "type", "pptp");
	assert_true(import_find(job->list, IMPORT_CONNECTION, "Ike") == IMPORT_NONE);
	import_job_free(job);
}

static void powershell_commands(void **state)
{
	struct import_job *job = run(
		"vpn.ps1",
		"# set up\nAdd-VpnConnection -Name \"Work VPN\" -ServerAddress vpn.example.com `\n"
		"  -TunnelType L2tp -L2tpPsk 'a b' -AuthenticationMethod Pap, MSChapv2 `\r\n"
		"  -EncryptionLevel Required -SplitTunneling -Force -PassThru\n"
		"Add-VpnConnectionRoute -ConnectionName 'Work VPN' -DestinationPrefix 10.0.0.0/8\n"
		"Set-VpnConnection 'Work VPN' -IdleDisconnectSeconds 600\n"
		"Add-VpnConnection -Name ike -ServerAddress x -TunnelType Ikev2\n",
		NULL);

	(void)state;
	expect(job, "Work-VPN", "type", "l2tp");
	expect(job, "Work-VPN", "connect-to", "vpn.example.com");
	expect(job, "Work-VPN", "ipsec-secret", "a b");
	expect(job, "Work-VPN", "allow", "pap,mschap2");
	expect(job, "Work-VPN", "use-encryption", "require");
	expect(job, "Work-VPN", "add-default-route", "no");
	expect(job, "Work-VPN", "routes", "10.0.0.0/8");
	expect(job, "Work-VPN", "idle-timeout", "600");
	assert_true(import_find(job->list, IMPORT_CONNECTION, "ike") == IMPORT_NONE);
	import_job_free(job);
}

#define PLIST                                                                                 \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD " \
	"PLIST "                                                                              \
	"1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\""
#define VPN_PAYLOAD                                                                               \
	"<plist version=\"1.0\"><dict><key>PayloadContent</key><array><dict>\n<key>IPSec</key>"   \
	"<dict><key>AuthenticationMethod</key><string>SharedSecret</string>\n<key>SharedSecret"   \
	"</key><data>\n\tcHJlIHNo\n\tYXJlZA==\n</data></dict><key>IPv4</key><dict><key>"          \
	"OverridePrimary</key><integer>1</integer></dict><key>PPP</key><dict><key>AuthName</key>" \
	"<string>john &amp; co</string><key>CommRemoteAddress</key><string>vpn.example.com"       \
	"</string></dict><key>UserDefinedName</key><string>Work</string><key>VPNType</key>"       \
	"<string>L2TP</string></dict></array></dict></plist>\n"

static void apple_profile(void **state)
{
	struct import_job *job = run("a.mobileconfig", PLIST ">" VPN_PAYLOAD, NULL);

	(void)state;
	expect(job, "Work", "type", "l2tp");
	expect(job, "Work", "user", "john & co");
	expect(job, "Work", "ipsec-secret", "pre shared");
	expect(job, "Work", "use-ipsec", "yes");
	expect(job, "Work", "add-default-route", "yes");
	import_job_free(job);
}

static void apple_profile_that_declares_entities_is_refused(void **state)
{
	struct import_job *job =
		start("a.mobileconfig", PLIST " [<!ENTITY a \"x\">]>" VPN_PAYLOAD, NULL);

	(void)state;
	assert_int_equal(import_run(job), -EINVAL);
	assert_non_null(strstr(job->fault, "declares entities"));
	import_job_free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_of_every_table_is_a_key_or_a_note),
		cmocka_unit_test(no_table_has_a_word_twice),
		cmocka_unit_test(routeros_export_with_escapes_and_continued_lines),
		cmocka_unit_test(routeros_line_behind_a_prompt),
		cmocka_unit_test(routeros_default_route_and_missing_secrets),
		cmocka_unit_test(pppd_peer_with_files_and_secrets),
		cmocka_unit_test(pppd_file_that_names_itself_ends),
		cmocka_unit_test(pppd_options_without_a_tunnel_are_refused),
		cmocka_unit_test(xl2tpd_with_options_and_tunnel_secret),
		cmocka_unit_test(names_are_made_legal_and_different),
		cmocka_unit_test(what_is_no_text_or_unknown_is_named),
		cmocka_unit_test(secrets_are_never_in_notes),
		cmocka_unit_test(writer_quotes_what_the_reader_reads),
		cmocka_unit_test(sections_of_a_file_are_replaced_alone),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(hints_come_from_the_tables),
		cmocka_unit_test(ipsec_conf_joins_the_connection_of_the_same_server),
		cmocka_unit_test(swanctl_with_its_secret),
		cmocka_unit_test(networkmanager_l2tp),
		cmocka_unit_test(networkmanager_pptp),
		cmocka_unit_test(openwrt_interface_with_route),
		cmocka_unit_test(phonebook_with_several_entries),
		cmocka_unit_test(powershell_commands),
		cmocka_unit_test(apple_profile),
		cmocka_unit_test(apple_profile_that_declares_entities_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
