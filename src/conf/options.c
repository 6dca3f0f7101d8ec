/* SPDX-License-Identifier: MIT */
/* The one table of options. */
#include "conf/options.h"

#include "base/secret.h"
#include "conf/value.h"

#include <stdlib.h>
#include <string.h>

#define FIELD(f)      .offset = offsetof(struct conf_draft, f)
#define TEXT_FIELD(f) FIELD(f), .cap = sizeof(((struct conf_draft *)NULL)->f)
#define CONNECTION    .sections = CONF_IN_CONNECTION
#define PPP_ONLY      .sections = CONF_IN_PPP
#define SHARED	      .sections = CONF_IN_CONNECTION | CONF_IN_PPP
#define POOL_MAX      65536u
#define MTU_MOST      9000 /* on carriers of jumbo frames */
#define HOUR	      3600u
#define WEEK	      (7u * 24 * 3600)
#define WEEKS_7	      (7u * WEEK) /* in milliseconds it still fits 32 bits */

static const struct word dns_words[] = {{"no", CONF_PEER_DNS_NO, false},
					{"yes", CONF_PEER_DNS_YES, false},
					{"exclusively", CONF_PEER_DNS_EXCLUSIVELY, false},
					{NULL, 0, false}};

static const struct word dhcp_words[] = {{"auto", CONF_DHCP_AUTO, false},
					 {"yes", CONF_DHCP_YES, false},
					 {"no", CONF_DHCP_NO, false},
					 {NULL, 0, false}};

static const struct word source_port_words[] = {{"auto", CONF_SOURCE_AUTO, false},
						{"random", CONF_SOURCE_RANDOM, false},
						{"1701", CONF_SOURCE_1701, false},
						{NULL, 0, false}};

static const struct word service_words[] = {{"any", PROTOCOL_ANY, false},
					    {"pptp", PROTOCOL_BIT(PROTOCOL_PPTP), false},
					    {"l2tp", PROTOCOL_BIT(PROTOCOL_L2TP), false},
					    {NULL, 0, false}};

/* What a RADIUS server may be asked for: here there are only calls. */
static const struct word radius_service_words[] = {{"ppp", 1, false}, {NULL, 0, false}};

static const struct word message_auth_words[] = {
	{"yes-for-request-resp", true, false}, {"no", false, false}, {NULL, 0, false}};

static const struct conf_option options[] = {
	{"type", NULL, CONNECTION, CONF_VALUE_WORD, FIELD(p.type), .words = protocol_words,
	 .def = "pptp", .help = "tunnel protocol"},
	{"connect-to", NULL, CONNECTION, CONF_VALUE_HOST, TEXT_FIELD(p.connect_to),
	 .help = "name or address of the server"},
	{"port", NULL, CONNECTION, CONF_VALUE_U16, FIELD(p.port), .min = 1, .max = 65535,
	 .def = "1723", .def_shown_only = true, .help = "port of the server (l2tp: 1701)"},
	{"name", NULL, CONNECTION, CONF_VALUE_IFNAME, TEXT_FIELD(p.ifname), .def = "pptp-outN",
	 .help = "interface name; N at its end = first free number (l2tp: l2tp-outN)"},
	{"user", NULL, CONNECTION, CONF_VALUE_USER, TEXT_FIELD(p.user),
	 .help = "user name; DOMAIN\\user and user@realm are kept whole"},
	{"domain", NULL, CONNECTION, CONF_VALUE_TEXT, TEXT_FIELD(domain),
	 .help = "Windows domain, put before the user name"},
	{"password", NULL, CONNECTION, CONF_VALUE_SECRET, FIELD(p.password),
	 .help = "password between double quotes, or base64:..."},
	{"password-file", NULL, CONNECTION, CONF_VALUE_TEXT,
	 TEXT_FIELD(p.sources[CONF_PASSWORD].file), .help = "file whose content is the password"},
	{"password-command", NULL, CONNECTION, CONF_VALUE_TEXT,
	 TEXT_FIELD(p.sources[CONF_PASSWORD].command),
	 .help = "program that prints the password; run without a shell"},
	{"profile", NULL, CONNECTION, CONF_VALUE_NAME, TEXT_FIELD(p.profile),
	 .def = "default-encryption", .help = "PPP profile, a section of ppp-profiles.conf"},
	{"allow", NULL, CONNECTION, CONF_VALUE_SET, FIELD(p.ppp.allow), .words = auth_words,
	 .def = "pap,chap,mschap1,mschap2", .help = "authentication methods we may use"},
	{"add-default-route", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.add_default_route),
	 .def = "no", .help = "send all IPv4 traffic through the tunnel"},
	{"default-route-distance", NULL, CONNECTION, CONF_VALUE_U32,
	 FIELD(p.default_route_distance), .min = 0, .max = UINT32_MAX,
	 .help = "metric of the default route; without it, one that wins"},
	{"block-ipv6", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.block_ipv6), .def = "no",
	 .help = "no IPv6 past the tunnel while the call is up"},
	{"lockdown", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.lockdown), .def = "no",
	 .help = "nothing leaves past the tunnel, also while there is none"},
	{"keep-ssh", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.keep_ssh), .def = "yes",
	 .help = "SSH sessions to this machine keep their path"},
	{"dial-on-demand", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.dial_on_demand),
	 .def = "no", .help = "dial when traffic wants to leave"},
	{"redial", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.redial), .def = "yes",
	 .help = "dial again when a call was lost"},
	{"redial-min", NULL, CONNECTION, CONF_VALUE_DURATION, FIELD(p.redial_min), .min = 1,
	 .max = WEEK, .def = "2", .unit = "seconds",
	 .help = "wait before the first redial; doubled after each failure"},
	{"redial-max", NULL, CONNECTION, CONF_VALUE_DURATION, FIELD(p.redial_max), .min = 1,
	 .max = WEEK, .def = "300", .unit = "seconds", .help = "longest wait between two dials"},
	{"redial-limit", NULL, CONNECTION, CONF_VALUE_U32, FIELD(p.redial_limit), .min = 0,
	 .max = 1000000, .def = "0", .help = "failures in a row before giving up; 0 = never"},
	{"comment", NULL, CONNECTION, CONF_VALUE_TEXT, TEXT_FIELD(p.comment),
	 .help = "what the list of profiles shows beside it"},
	{"disabled", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.disabled), .def = "yes",
	 .help = "not dialed by connect --all and vpdial.service"},
	{"max-mtu", "mtu", CONNECTION, CONF_VALUE_U16, FIELD(p.max_mtu), .min = 128,
	 .max = MTU_MOST, .def = "1460", .unit = "octets", .help = "largest packet to send"},
	{"max-mru", "mru", CONNECTION, CONF_VALUE_U16, FIELD(p.ppp.mru), .min = 128,
	 .max = MTU_MOST, .def = "1460", .unit = "octets", .help = "largest packet to receive"},
	{"mrru", NULL, CONNECTION, CONF_VALUE_MRRU, FIELD(p.ppp.mrru), .min = 512, .max = 65535,
	 .def = "disabled", .unit = "octets",
	 .help = "largest packet put together by Multilink PPP"},
	{"keepalive-timeout", NULL, CONNECTION, CONF_VALUE_DURATION, FIELD(p.keepalive_timeout),
	 .max = WEEK, .def = "30", .unit = "seconds",
	 .help = "quiet time after which the server is asked whether it lives"},
	{"authentication-timeout", NULL, CONNECTION, CONF_VALUE_DURATION,
	 FIELD(p.authentication_timeout), .min = 10, .max = HOUR, .def = "60", .unit = "seconds",
	 .help = "time for all of PPP until the call is up; more where a second factor waits for "
		 "somebody"},
	{"src-address", NULL, CONNECTION, CONF_VALUE_ADDRESS, TEXT_FIELD(p.src_address),
	 .help = "local address to dial from"},
	{"bind-interface", NULL, CONNECTION, CONF_VALUE_IFNAME, TEXT_FIELD(p.bind_interface),
	 .help = "interface to dial through"},
	{"tunnel-secret", NULL, CONNECTION, CONF_VALUE_SECRET, FIELD(p.tunnel.secret),
	 .help = "L2TP: secret that both ends prove to each other before the call"},
	{"tunnel-secret-file", NULL, CONNECTION, CONF_VALUE_TEXT,
	 TEXT_FIELD(p.sources[CONF_TUNNEL_SECRET].file),
	 .help = "L2TP: file whose content is the tunnel secret"},
	{"tunnel-secret-command", NULL, CONNECTION, CONF_VALUE_TEXT,
	 TEXT_FIELD(p.sources[CONF_TUNNEL_SECRET].command),
	 .help = "L2TP: program that prints the tunnel secret; run without a shell"},
	{"use-ipsec", NULL, CONNECTION, CONF_VALUE_WORD, FIELD(p.ipsec.use),
	 .words = ipsec_use_words, .def = "no",
	 .help = "L2TP: inside IPsec, of our own or of another program"},
	{"ipsec-secret", NULL, CONNECTION, CONF_VALUE_SECRET, FIELD(p.ipsec.secret),
	 .help = "IPsec: the pre-shared key"},
	{"ipsec-secret-file", NULL, CONNECTION, CONF_VALUE_TEXT,
	 TEXT_FIELD(p.sources[CONF_IPSEC_SECRET].file),
	 .help = "IPsec: file whose content is the pre-shared key"},
	{"ipsec-secret-command", NULL, CONNECTION, CONF_VALUE_TEXT,
	 TEXT_FIELD(p.sources[CONF_IPSEC_SECRET].command),
	 .help = "IPsec: program that prints the pre-shared key; run without a shell"},
	{"ipsec-ike", NULL, CONNECTION, CONF_VALUE_IKE, FIELD(p.ipsec.ike), .def = "default",
	 .help = "IPsec: what to offer for IKE, best first"},
	{"ipsec-esp", NULL, CONNECTION, CONF_VALUE_ESP, FIELD(p.ipsec.esp), .def = "default",
	 .help = "IPsec: what to offer for ESP, best first"},
	{"ipsec-id", NULL, CONNECTION, CONF_VALUE_TEXT, TEXT_FIELD(p.ipsec.id),
	 .help = "IPsec: who we say we are; without it, our address"},
	{"ipsec-remote-id", NULL, CONNECTION, CONF_VALUE_TEXT, TEXT_FIELD(p.ipsec.remote_id),
	 .help = "IPsec: who the server must say it is; without it, anybody with the key"},
	{"ipsec-ike-lifetime", NULL, CONNECTION, CONF_VALUE_DURATION, FIELD(p.ipsec.ike_lifetime),
	 .min = 10, .max = WEEK, .def = "8h", .unit = "seconds",
	 .help = "IPsec: how long IKE's keys serve"},
	{"ipsec-lifetime", NULL, CONNECTION, CONF_VALUE_DURATION, FIELD(p.ipsec.lifetime),
	 .min = 10, .max = WEEK, .def = "1h", .unit = "seconds",
	 .help = "IPsec: how long ESP's keys serve"},
	{"hide-avps", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.tunnel.hide_avps), .def = "no",
	 .help = "L2TP: send attributes hidden by the tunnel secret"},
	{"hello-interval", NULL, CONNECTION, CONF_VALUE_DURATION, FIELD(p.tunnel.hello_interval),
	 .max = WEEK, .def = "60", .unit = "seconds",
	 .help = "L2TP: quiet time after which a Hello is sent"},
	{"source-port", NULL, CONNECTION, CONF_VALUE_WORD, FIELD(p.source_port),
	 .words = source_port_words, .def = "auto", .help = "L2TP: UDP port to send from"},
	{"random-source-port", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(random_port),
	 .def = "no", .help = "L2TP: RouterOS's word for source-port = random"},
	{"allow-fast-path", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(fast_path), .def = "no",
	 .help = "RouterOS's, without effect"},
	{"sequencing", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.tunnel.sequencing),
	 .def = "no", .help = "L2TP: demand sequence numbers in data messages"},
	{"fast-gre", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.fast_gre), .def = "no",
	 .help = "PPTP: send past routes and firewall, for less CPU time"},
	{"ipv6", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.ppp.ipv6), .def = "no",
	 .help = "negotiate IPv6 inside the tunnel"},
	{"short-sequence", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.ppp.ask_short_sequence),
	 .def = "no", .help = "Multilink PPP: ask for the shorter headers"},
	{"pfc", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.ppp.ask_pfc), .def = "no",
	 .help = "ask for protocol field compression"},
	{"acfc", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.ppp.ask_acfc), .def = "no",
	 .help = "ask for address and control field compression"},
	{"local-address", NULL, CONNECTION, CONF_VALUE_WISH, FIELD(local),
	 .help = "our address in the tunnel; with ! no other will do"},
	{"remote-address", NULL, CONNECTION, CONF_VALUE_WISH, FIELD(remote),
	 .help = "the server's address in the tunnel; with ! no other will do"},
	{"use-nm-dispatcher", NULL, CONNECTION, CONF_VALUE_BOOLEAN, FIELD(p.use_nm_dispatcher),
	 .def = "no", .help = "run the scripts in NetworkManager's dispatcher.d too"},
	{"ip-up", NULL, CONNECTION, CONF_VALUE_PROGRAM, TEXT_FIELD(p.ip_up),
	 .help = "program to run as pppd runs ip-up"},
	{"ip-down", NULL, CONNECTION, CONF_VALUE_PROGRAM, TEXT_FIELD(p.ip_down),
	 .help = "program to run as pppd runs ip-down"},
	{"use-encryption", NULL, SHARED, CONF_VALUE_WORD, FIELD(p.ppp.mppe.policy),
	 .words = mppe_policy_words, .def = "yes", .help = "MPPE: never, if possible, or nothing"},
	{"mppe-strength", "mppe-bits", SHARED, CONF_VALUE_SET, FIELD(p.ppp.mppe.strengths),
	 .words = mppe_strength_words, .def = "128", .unit = "bits",
	 .help = "MPPE key lengths we may use"},
	{"mppe-mode", NULL, SHARED, CONF_VALUE_WORD, FIELD(p.ppp.mppe.mode),
	 .words = mppe_mode_words, .def = "any", .help = "how MPPE changes its keys"},
	{"use-compression", NULL, SHARED, CONF_VALUE_BOOLEAN, FIELD(p.use_compression), .def = "no",
	 .help = "compress data"},
	{"change-tcp-mss", NULL, SHARED, CONF_VALUE_BOOLEAN, FIELD(p.change_tcp_mss), .def = "yes",
	 .help = "keep TCP segments small enough for the tunnel"},
	{"use-peer-dns", NULL, SHARED, CONF_VALUE_WORD, FIELD(p.use_peer_dns), .words = dns_words,
	 .def = "no", .help = "use the name servers that the server tells"},
	{"dns-server", NULL, SHARED, CONF_VALUE_DNS, FIELD(p.dns_server),
	 .help = "name servers to use instead of the peer's"},
	{"search-domain", NULL, SHARED, CONF_VALUE_DOMAINS, TEXT_FIELD(p.search_domains),
	 .help = "domains that the tunnel's name servers answer for"},
	{"idle-timeout", NULL, SHARED, CONF_VALUE_DURATION, FIELD(p.idle_timeout), .max = WEEKS_7,
	 .def = "no", .unit = "seconds", .help = "hang up after so long without traffic"},
	{"session-timeout", NULL, SHARED, CONF_VALUE_DURATION, FIELD(p.session_timeout),
	 .max = WEEKS_7, .def = "no", .unit = "seconds", .help = "hang up after so long"},
	{"routes", NULL, SHARED, CONF_VALUE_ROUTES, FIELD(p.routes),
	 .help = "networks behind the tunnel: dst-address/prefix [gateway [metric]], ..."},
	{"dhcp-inform", NULL, SHARED, CONF_VALUE_WORD, FIELD(p.dhcp_inform), .words = dhcp_words,
	 .def = "auto", .help = "ask the server for routes and domain by DHCP, as Windows does"},
	{"use-peer-routes", NULL, SHARED, CONF_VALUE_BOOLEAN, FIELD(p.use_peer_routes),
	 .def = "yes", .help = "take the routes that the server tells"},
	{"class-route", NULL, SHARED, CONF_VALUE_BOOLEAN, FIELD(p.class_route), .def = "no",
	 .help = "route the assigned address's class /8, /16 or /24, as Windows does"},
	{"local-address", NULL, PPP_ONLY, CONF_VALUE_POOL, FIELD(local_pool), .max = 1,
	 .help = "server: its address in the tunnel"},
	{"remote-address", NULL, PPP_ONLY, CONF_VALUE_POOL, FIELD(remote_pool), .max = POOL_MAX,
	 .help = "server: the client's address in the tunnel, or a range to choose from"},
	{"use-ipv6", NULL, PPP_ONLY, CONF_VALUE_BOOLEAN, FIELD(use_ipv6), .def = "no",
	 .help = "server: negotiate IPv6 with link-local addresses too"},
	{"only-one", NULL, PPP_ONLY, CONF_VALUE_BOOLEAN, FIELD(only_one), .def = "no",
	 .help = "server: a user who is connected may not call once more"},
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

#define LISTENER  .sections = CONF_IN_LISTENER
#define SECRET	  .sections = CONF_IN_SECRET
#define INTERFACE .sections = CONF_IN_INTERFACE
#define ANYWHERE    \
	.sections = \
		CONF_IN_LISTENER | CONF_IN_SECRET | CONF_IN_INTERFACE | CONF_IN_POOL | CONF_IN_PPP
#define POOL   .sections = CONF_IN_POOL
#define RADIUS .sections = CONF_IN_RADIUS
#define AAA    .sections = CONF_IN_AAA

/* The keys of server.conf, in the order in which the manuals print them. */
static const struct conf_option server_options[] = {
	{"enabled", NULL, LISTENER, CONF_VALUE_BOOLEAN, FIELD(listener.enabled), .def = "no",
	 .help = "whether the server answers this protocol"},
	{"max-mtu", "mtu", LISTENER, CONF_VALUE_U16, FIELD(listener.max_mtu), .min = 128,
	 .max = MTU_MOST, .def = "1460", .unit = "octets", .help = "largest packet to send"},
	{"max-mru", "mru", LISTENER, CONF_VALUE_U16, FIELD(listener.max_mru), .min = 128,
	 .max = MTU_MOST, .def = "1460", .unit = "octets", .help = "largest packet to receive"},
	{"mrru", NULL, LISTENER, CONF_VALUE_MRRU, FIELD(listener.mrru), .min = 512, .max = 65535,
	 .def = "disabled", .unit = "octets",
	 .help = "largest packet put together by Multilink PPP"},
	{"authentication", NULL, LISTENER, CONF_VALUE_SET, FIELD(listener.authentication),
	 .words = auth_words, .def = "mschap2", .help = "authentication methods to ask for"},
	{"keepalive-timeout", NULL, LISTENER, CONF_VALUE_DURATION,
	 FIELD(listener.keepalive_timeout), .max = WEEK, .def = "30", .unit = "seconds",
	 .help = "quiet time after which the client is asked whether it lives"},
	{"default-profile", NULL, LISTENER, CONF_VALUE_NAME, TEXT_FIELD(listener.default_profile),
	 .def = "default", .help = "PPP profile of users that have none of their own"},
	{"max-sessions", NULL, LISTENER, CONF_VALUE_U32, FIELD(listener.max_sessions), .min = 1,
	 .max = 1000, .def = "200", .help = "clients at once"},
	{"listen", NULL, LISTENER, CONF_VALUE_LISTEN, FIELD(listener.listen),
	 .def = "127.0.0.1,::1", .help = "addresses to answer at"},
	{"port", NULL, LISTENER, CONF_VALUE_U16, FIELD(listener.port), .min = 1, .max = 65535,
	 .def = "1723", .def_shown_only = true, .help = "port to answer at (l2tp: 1701)"},
	{"proxy-arp", NULL, LISTENER, CONF_VALUE_IFNAME, TEXT_FIELD(listener.proxy_arp),
	 .help = "interface on which the server answers ARP for the clients"},
	{"tunnel-secret", NULL, LISTENER, CONF_VALUE_SECRET, FIELD(listener.tunnel_secret),
	 .help = "L2TP: secret that both ends prove to each other before the call"},
	{"use-ipsec", NULL, LISTENER, CONF_VALUE_WORD, FIELD(listener.use_ipsec),
	 .words = ipsec_serve_words, .def = "no",
	 .help = "L2TP: whether clients may come, or must come, by IPsec"},
	{"ipsec-secret", NULL, LISTENER, CONF_VALUE_SECRET, FIELD(listener.ipsec_secret),
	 .help = "L2TP: pre-shared key of IPsec"},
	{"ipsec-ike", NULL, LISTENER, CONF_VALUE_IKE, FIELD(listener.ipsec_ike), .def = "default",
	 .help = "L2TP: algorithms of IKE that are taken, best first"},
	{"ipsec-esp", NULL, LISTENER, CONF_VALUE_ESP, FIELD(listener.ipsec_esp), .def = "default",
	 .help = "L2TP: algorithms of ESP that are taken, best first"},
	{"name", NULL, SECRET, CONF_VALUE_USER, TEXT_FIELD(secret.name),
	 .help = "user name; without it the section's name in lower case"},
	{"service", NULL, SECRET | CONF_IN_INTERFACE, CONF_VALUE_WORD, FIELD(secret.service),
	 .words = service_words, .def = "any", .help = "protocol that the user may come by"},
	{"caller-id", NULL, SECRET, CONF_VALUE_ADDRESS, TEXT_FIELD(secret.caller_id),
	 .help = "the only address that the user may call from"},
	{"password", NULL, SECRET, CONF_VALUE_SECRET, FIELD(secret.password),
	 .help = "password between double quotes, or base64:..."},
	{"profile", NULL, SECRET, CONF_VALUE_NAME, TEXT_FIELD(secret.profile),
	 .help = "PPP profile; without it the server's default-profile"},
	{"local-address", NULL, SECRET, CONF_VALUE_POOL, FIELD(secret_local), .max = 1,
	 .help = "the server's address in the tunnel"},
	{"remote-address", NULL, SECRET, CONF_VALUE_POOL, FIELD(secret_remote), .max = POOL_MAX,
	 .help = "the client's address in the tunnel, or a range to choose from"},
	{"max-sessions", NULL, SECRET, CONF_VALUE_U32, FIELD(secret.max_sessions), .max = 1000,
	 .def = "0", .help = "calls of this user at once; 0 = any number"},
	{"routes", NULL, SECRET, CONF_VALUE_ROUTES, FIELD(p.routes),
	 .help = "networks behind the client: dst-address/prefix [gateway [metric]], ..."},
	{"user", NULL, INTERFACE, CONF_VALUE_USER, TEXT_FIELD(interface.user),
	 .help = "the user whose calls get this interface"},
	{"comment", NULL, ANYWHERE, CONF_VALUE_TEXT, TEXT_FIELD(comment), .help = "for people"},
	{"ranges", NULL, POOL, CONF_VALUE_RANGE, FIELD(ranges), .max = POOL_MAX,
	 .help = "addresses to choose from"},
	{"address", NULL, RADIUS, CONF_VALUE_ADDRESS, TEXT_FIELD(radius.address),
	 .help = "address of the RADIUS server"},
	{"secret", NULL, RADIUS, CONF_VALUE_SECRET, FIELD(radius.secret),
	 .help = "secret shared with the RADIUS server, written as a password"},
	{"service", NULL, RADIUS, CONF_VALUE_SET, FIELD(radius.service),
	 .words = radius_service_words, .def = "ppp", .help = "what it is asked for"},
	{"authentication-port", NULL, RADIUS, CONF_VALUE_U16, FIELD(radius.authentication_port),
	 .min = 1, .max = 65535, .def = "1812", .help = "port that answers Access-Requests"},
	{"accounting-port", NULL, RADIUS, CONF_VALUE_U16, FIELD(radius.accounting_port), .min = 1,
	 .max = 65535, .def = "1813", .help = "port that answers Accounting-Requests"},
	{"timeout", NULL, RADIUS, CONF_VALUE_DURATION, FIELD(radius.timeout), .min = 1, .max = 10,
	 .def = "3", .unit = "seconds", .help = "how long each try waits for the answer"},
	{"tries", NULL, RADIUS, CONF_VALUE_U32, FIELD(radius.tries), .min = 1, .max = 10,
	 .def = "3", .help = "tries until the next RADIUS server is asked"},
	{"src-address", NULL, RADIUS, CONF_VALUE_ADDRESS, TEXT_FIELD(radius.src_address),
	 .help = "address to ask from"},
	{"realm", NULL, RADIUS, CONF_VALUE_TEXT, TEXT_FIELD(radius.realm),
	 .help = "put behind user names that have none: user@realm"},
	{"called-id", NULL, RADIUS, CONF_VALUE_TEXT, TEXT_FIELD(radius.called_id),
	 .help = "Called-Station-Id to tell; without it the address that was called"},
	{"require-message-auth", NULL, RADIUS, CONF_VALUE_WORD, FIELD(radius.require_message_auth),
	 .words = message_auth_words, .def = "yes-for-request-resp",
	 .help = "whether answers need a Message-Authenticator"},
	{"use-radius", NULL, AAA, CONF_VALUE_BOOLEAN, FIELD(aaa.use_radius), .def = "no",
	 .help = "ask RADIUS servers for users that have no secret here"},
	{"accounting", NULL, AAA, CONF_VALUE_BOOLEAN, FIELD(aaa.accounting), .def = "yes",
	 .help = "tell RADIUS servers of the start and the end of each call"},
	{"interim-update", NULL, AAA, CONF_VALUE_DURATION, FIELD(aaa.interim_update), .max = WEEK,
	 .def = "0", .unit = "seconds", .help = "tell them of calls in between"},
	{"accounting-log", NULL, AAA, CONF_VALUE_BOOLEAN, FIELD(aaa.accounting_log), .def = "no",
	 .help = "write a record of each call's start and end to a file"},
	{"disabled", NULL, SECRET | CONF_IN_INTERFACE | CONF_IN_RADIUS, CONF_VALUE_BOOLEAN,
	 FIELD(secret.disabled), .def = "no", .help = "as if the section were not there"},
};

#define SERVER_OPTION_COUNT (sizeof(server_options) / sizeof(server_options[0]))

/* Known words whose effect is not built yet: any value but the default is a fault. */
static const char *const only_default[] = {"use-compression"};

const struct conf_option *conf_options(size_t *count)
{
	*count = OPTION_COUNT;
	return options;
}

const struct conf_option *conf_server_options(size_t *count)
{
	*count = SERVER_OPTION_COUNT;
	return server_options;
}

/* Both tables as one. */
static const struct conf_option *option_at(size_t i)
{
	if (i < OPTION_COUNT)
		return &options[i];
	i -= OPTION_COUNT;
	return i < SERVER_OPTION_COUNT ? &server_options[i] : NULL;
}

const struct conf_option *conf_option_find(const char *key, unsigned sections)
{
	const struct conf_option *o;

	for (size_t i = 0; (o = option_at(i)); i++) {
		if ((o->sections & sections) &&
		    (strcmp(o->key, key) == 0 || (o->alias && strcmp(o->alias, key) == 0)))
			return o;
	}
	return NULL;
}

const char *conf_option_nearest(const char *key, unsigned sections)
{
	const char *keys[2 * (OPTION_COUNT + SERVER_OPTION_COUNT)];
	const struct conf_option *o;
	size_t n = 0;

	for (size_t i = 0; (o = option_at(i)); i++) {
		if (!(o->sections & sections))
			continue;
		keys[n++] = o->key;
		if (o->alias)
			keys[n++] = o->alias;
	}
	return str_nearest(key, keys, n, 5, 2);
}

bool conf_option_only_default(const struct conf_option *option)
{
	if (!(option->sections & (CONF_IN_CONNECTION | CONF_IN_PPP)))
		return false; /* the server reads them now, for when they have an effect */
	for (size_t i = 0; i < sizeof(only_default) / sizeof(only_default[0]); i++)
		if (strcmp(only_default[i], option->key) == 0)
			return true;
	return false;
}

bool conf_option_is_default(const struct conf_option *option, const struct conf_draft *draft)
{
	struct conf_draft *fresh = malloc(sizeof(*fresh));
	size_t width = option->type == CONF_VALUE_BOOLEAN ? sizeof(bool) : sizeof(unsigned);
	bool same;

	if (!fresh)
		return false;
	conf_defaults(fresh);
	same = memcmp((const char *)draft + option->offset, (const char *)fresh + option->offset,
		      width) == 0;
	free(fresh);
	return same;
}

bool conf_value_legal(const char *key, unsigned sections, const char *text, struct str *why)
{
	const struct conf_option *option = conf_option_find(key, sections);
	struct conf_text t = {.text = text, .len = strlen(text), .quoted = true};
	struct conf_draft *draft;
	bool good;

	if (!option) {
		str_printf(why, "this version has no such key here");
		return false;
	}
	draft = calloc(1, sizeof(*draft));
	if (!draft)
		return false;
	conf_defaults(draft);
	good = conf_value_read(option, &t, draft, why);
	if (good && conf_option_only_default(option) && !conf_option_is_default(option, draft)) {
		str_printf(why, "not supported by this version");
		good = false;
	}
	wipe(draft, sizeof(*draft));
	free(draft);
	return good;
}

/* "a, b or c" */
static void legal_words(const struct word *words, const char *last, struct str *out)
{
	for (const struct word *w = words; w->word && !w->alias; w++) {
		bool final = !w[1].word || w[1].alias;

		str_printf(out, "%s%s", w == words ? "" : final ? last : ", ", w->word);
	}
}

void conf_option_legal(const struct conf_option *o, struct str *out)
{
	static const char *const fixed[CONF_VALUE_TYPE_COUNT] = {
		[CONF_VALUE_BOOLEAN] = "yes or no",
		[CONF_VALUE_TEXT] = "any text",
		[CONF_VALUE_USER] = "a user name such as john, DOMAIN\\john or john@example.com",
		[CONF_VALUE_IFNAME] = "an interface name of at most 15 letters, digits, '.', '_', "
				      "'=', '+' or '-'",
		[CONF_VALUE_HOST] = "a host name or address",
		[CONF_VALUE_ADDRESS] = "an IPv4 or IPv6 address",
		[CONF_VALUE_WISH] = "an IPv4 address, followed by ! if no other will do",
		[CONF_VALUE_NAME] = "the name of a PPP profile",
		[CONF_VALUE_DNS] = "one or two IPv4 addresses with a comma between",
		[CONF_VALUE_DOMAINS] = "domain names with commas between",
		[CONF_VALUE_ROUTES] = "10.0.0.0/8, 10.1.0.0/16 10.0.0.1 5, fd00::/8",
		[CONF_VALUE_LISTEN] = "IPv4 and IPv6 addresses with commas between",
		[CONF_VALUE_PROGRAM] = "the whole path of a program, such as /etc/ppp/ip-up",
		[CONF_VALUE_SECRET] = "\"text in double quotes\", base64:..., or a word without "
				      "blanks, quotes, backslashes, ; and #",
		[CONF_VALUE_RANGE] = "an IPv4 address, or a range 10.0.0.10-10.0.0.50",
		[CONF_VALUE_IKE] = "default, modern, old, or a list such as "
				   "aes256-sha256-modp2048, aes128-sha1-modp1024",
		[CONF_VALUE_ESP] = "default, modern, old, or a list such as aes256gcm16, "
				   "aes256-sha1",
	};

	if (fixed[o->type])
		str_printf(out, "%s", fixed[o->type]);
	else if (o->type == CONF_VALUE_DURATION)
		str_printf(out, "a time such as 30, 30s, 5m or 1h30m%s", o->min ? "" : ", or no");
	else if (o->type == CONF_VALUE_POOL)
		str_printf(out, o->max == 1 ? "an IPv4 address, or the name of a [pool NAME]"
					    : "an IPv4 address, a range 10.0.0.10-10.0.0.50, or "
					      "the name of a [pool NAME]");
	else if (o->type == CONF_VALUE_WORD)
		legal_words(o->words, " or ", out);
	else if (o->type == CONF_VALUE_SET) {
		str_printf(out, "a list of ");
		legal_words(o->words, " and ", out);
	} else
		str_printf(out, "%sa number from %u to %u",
			   o->type == CONF_VALUE_MRRU ? "disabled or " : "", o->min, o->max);
}

void conf_defaults(struct conf_draft *draft)
{
	char buf[128];
	const struct conf_option *o;

	memset(draft, 0, sizeof(*draft));
	for (size_t i = 0; (o = option_at(i)); i++) {
		struct str why = str_make(buf, sizeof(buf));
		struct conf_text t = {.text = o->def, .len = o->def ? strlen(o->def) : 0};

		if (!o->def || o->def_shown_only)
			continue;
		if (!conf_value_read(o, &t, draft, &why))
			abort(); /* a default of the table that its own reader refuses */
	}
}
