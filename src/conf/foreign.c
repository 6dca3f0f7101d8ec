/* SPDX-License-Identifier: MIT */
/* The table of foreign words. */
#include "conf/foreign.h"

#include "base/str.h"
#include "import/words.h"

#include <string.h>

#define IN_PROFILE "it stands in the profile: "

static const struct foreign table[] = {
	/* wg-quick, nmcli, pon, rasdial, RouterOS, systemctl */
	{FOREIGN_COMMAND, "dial|up|start|call|on|pon|run|open|activate",
	 "vpdial connect NAME dials"},
	{FOREIGN_COMMAND, "down|stop|hangup|hang-up|off|poff|close|kill|end|deactivate",
	 "vpdial disconnect NAME hangs up"},
	{FOREIGN_COMMAND, "restart|reconnect", "vpdial redial NAME hangs up and dials again"},
	{FOREIGN_COMMAND, "reload",
	 "systemctl reload vpdial@NAME, or SIGHUP to its supervisor, has the profile read anew"},
	{FOREIGN_COMMAND, "info|show|state|stat|stats", "vpdial status [NAME] shows connections"},
	{FOREIGN_COMMAND, "ls|profiles|connections", "vpdial list lists the profiles"},
	{FOREIGN_COMMAND, "add|create|new|edit|set|configure|setup",
	 "a profile is a file that you write, as vpdial.conf(5) says"},
	{FOREIGN_COMMAND, "delete|remove|rm", "a profile is a file: delete that"},
	{FOREIGN_COMMAND, "test|verify|validate|lint", "vpdial check [NAME] reports faults"},
	{FOREIGN_COMMAND, "logs|journal|events", "vpdial log NAME prints the last events"},
	{FOREIGN_COMMAND, "top|watch|tui", "vpdial monitor shows connections on the whole screen"},
	{FOREIGN_COMMAND, "server|daemon|listen", "vpdial serve answers calls"},
	{FOREIGN_COMMAND, "who|sessions|clients", "vpdial users lists who is connected"},
	{FOREIGN_COMMAND, "version", "write vpdial --version"},

	{FOREIGN_OPTION, "--wait|--block|-w",
	 "connect waits for the call by itself, --timeout SECONDS says how long"},
	{FOREIGN_OPTION, "--no-wait|--nowait|--background|--daemon|--detach|--fork|-b|-d",
	 "connect returns when the call is up, which then goes on by itself"},
	{FOREIGN_OPTION, "--no-redial|--noredial|--no-retry|--no-reconnect|--no-persist",
	 "write redial = no into the profile"},
	{FOREIGN_OPTION, "--retry|--persist|--persistent|--reconnect",
	 "calls are dialed again by the key redial; connect --redial does so from the first dial"},
	{FOREIGN_OPTION, "--no-detach|--nodetach|--nodaemon|--no-daemon|--no-fork|--fg|-f|-n|-D",
	 "write --foreground"},
	{FOREIGN_OPTION, "--user|--username|--login|-u", IN_PROFILE "user = NAME"},
	{FOREIGN_OPTION, "--password|--pass|--passwd|-p",
	 "a password is never on the command line: write password, password-file or "
	 "password-command into the profile, or be asked"},
	{FOREIGN_OPTION, "--server|--host|--gateway|--remote|--phone|-s",
	 IN_PROFILE "connect-to = ADDRESS"},
	{FOREIGN_OPTION, "--type|--protocol|--vpntype", IN_PROFILE "type = pptp, or l2tp"},
	{FOREIGN_OPTION, "--mtu|--mru", IN_PROFILE "max-mtu and max-mru"},
	{FOREIGN_OPTION,
	 "--defaultroute|--default-route|--nodefaultroute|--no-routes|--half-internet-routes",
	 IN_PROFILE "add-default-route and routes"},
	{FOREIGN_OPTION, "--usepeerdns|--no-dns|--set-dns|--dns",
	 IN_PROFILE "use-peer-dns and dns-server"},
	{FOREIGN_OPTION, "--verbose|--loglevel|--log-level|-v|-vv",
	 "write --debug; vpdial log NAME prints the last events"},
	{FOREIGN_OPTION, "--profile|--conf|--config-file|--file|-c",
	 "--config DIR is the directory, and NAME one of its files"},
	{FOREIGN_OPTION, "--every|--each", "write --all"},

	/* RouterOS, NetworkManager-l2tp, Windows */
	{FOREIGN_KEY,
	 "ipsec|ipsec-psk|ipsec-enabled|ipsec-pre-shared-key|psk|l2tppsk|pre-shared-key",
	 "IPsec is use-ipsec = yes and ipsec-secret"},
	{FOREIGN_KEY, "ike|phase1|phase1alg|ike-proposal|keyexchange",
	 "what to offer is ipsec-ike"},
	{FOREIGN_KEY, "esp|phase2|phase2alg|esp-proposal", "what to offer is ipsec-esp"},
	{FOREIGN_KEY, "leftid|ipsec-group-name", "who we say we are is ipsec-id"},
	{FOREIGN_KEY, "rightid|ipsec-gateway-id|ipsec-remote-identity",
	 "who the server must say it is is ipsec-remote-id"},
	{FOREIGN_KEY, "cert|leftcert|rightcert|machine-auth-type|ipsec-certificate|ca-certificate",
	 "certificates are not supported, only a pre-shared key: use-ipsec = yes and ipsec-secret"},
	{FOREIGN_KEY, "aggressive|aggressive-mode|aggrmode",
	 "Aggressive Mode is not supported: it lets anybody guess the pre-shared key offline"},
	{FOREIGN_KEY, "ikev2|keyexchange-ikev2|xauth|leftauth2",
	 "IKEv2 and XAuth are not supported: L2TP over IPsec is IKEv1 with a pre-shared key"},
	{FOREIGN_KEY,
	 "gateway|server|servername|server-address|host|remote|lns|address|pptp-server",
	 "the server is connect-to"},
	{FOREIGN_KEY, "username|login|user-name|xauthname|my-name",
	 "the name to log on with is user"},
	{FOREIGN_KEY, "protocol|vpn-type|tunnel-type|proto",
	 "the protocol is type = pptp, or l2tp"},
	{FOREIGN_KEY, "auth-user-pass", "write user, and password or password-file"},
	{FOREIGN_KEY,
	 "require-mppe|require-mppe-128|require-mppe-40|mppe|nomppe|encryption|mppe-stateful|"
	 "nomppe-stateful",
	 "encryption is use-encryption, mppe-strength and mppe-mode"},
	{FOREIGN_KEY,
	 "refuse-pap|refuse-chap|refuse-mschap|refuse-mschap-v2|refuse-eap|require-pap|require-"
	 "chap|"
	 "require-mschap|require-mschap-v2|require-eap|authentication-method",
	 "methods are a list, such as allow = mschap2"},
	{FOREIGN_KEY,
	 "defaultroute|nodefaultroute|replacedefaultroute|redirect-gateway|default-route|never-"
	 "default",
	 "the default route is add-default-route"},
	{FOREIGN_KEY, "route|static-routes|ip-route", "networks behind the tunnel are routes"},
	{FOREIGN_KEY, "usepeerdns|peerdns|ignore-auto-dns",
	 "name servers are use-peer-dns and dns-server"},
	{FOREIGN_KEY, "dns|nameserver|ms-dns|dhcp-option", "name servers are dns-server"},
	{FOREIGN_KEY,
	 "persist|autoreconnect|max-redials|max redials|maxfail|redial "
	 "timeout|redial-timeout|holdoff",
	 "redials are redial, redial-min, redial-max and redial-limit"},
	{FOREIGN_KEY, "autodial|autoconnect|autostart|auto|onboot",
	 "run vpdial enable NAME to have it dialed at boot"},
	{FOREIGN_KEY, "demand|on-demand", "write dial-on-demand = yes"},
	{FOREIGN_KEY, "idle|disconnect-idle", "write idle-timeout"},
	{FOREIGN_KEY, "maxconnect|max-connect", "write session-timeout"},
	{FOREIGN_KEY, "lcp-echo-interval|lcp-echo-failure|keepalive|ping|ping-restart",
	 "write keepalive-timeout, and for L2TP hello-interval"},
	{FOREIGN_KEY, "hidden bit|hidden-bit", "write hide-avps"},
	{FOREIGN_KEY, "ephemeral-port|local-port|lport", "write source-port"},
	{FOREIGN_KEY, "killswitch|kill-switch|block-outside-dns", "write lockdown = yes"},
	{FOREIGN_KEY, "on-up|on-down|post-up|up-script|down-script|route-up",
	 "write ip-up and ip-down, or scripts as vpdial-dispatcher(8) says"},
	{FOREIGN_KEY,
	 "noauth|nobsdcomp|nodeflate|novj|novjccomp|noccp|nopcomp|noaccomp|noipdefault|nodetach|"
	 "lock|"
	 "ipcp-accept-local|ipcp-accept-remote|default-asyncmap|pppoptfile|ppp debug|length bit|"
	 "unit|linkname|ipparam",
	 "pppd's own, has no part here: leave it out"},
};

static bool is_among(const char *words, const char *word)
{
	size_t len = strlen(word), n;

	for (;; words += n + 1) {
		n = strcspn(words, "|");
		if (n == len && memcmp(words, word, n) == 0)
			return true;
		if (!words[n])
			return false;
	}
}

bool foreign_hint(const char *key, char *out, size_t cap)
{
	const char *text = foreign_text(FOREIGN_KEY, key);

	if (text)
		return str_copy(out, cap, text);
	return import_hint(key, out, cap);
}

const char *foreign_text(enum foreign_kind kind, const char *word)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].kind == kind && is_among(table[i].words, word))
			return table[i].text;
	return NULL;
}

const struct foreign *foreign_words(size_t *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}
