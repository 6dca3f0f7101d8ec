/* SPDX-License-Identifier: MIT */
/* RouterOS. */
#include "import/words.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT(w)                            \
	{                                  \
		w, w, IMPORT_TEXT, NULL, 0 \
	}

static const char no_l2tpv3[] = "L2TP version 3 is not spoken here";
static const char no_script[] = "scripts of RouterOS do not run here, see vpdial-dispatcher(8)";
static const char no_bridge[] = "frames of Ethernet are not bridged here";
static const char no_queue[] = "limits of speed are the system's here, see tc(8)";
static const char no_firewall[] = "the firewall is the system's here, see nft(8)";

static const struct import_word client[] = {
	{"name", "name", IMPORT_OWN, NULL, 0},
	{"connect-to", "connect-to", IMPORT_OWN, NULL, 0},
	TEXT("user"),
	TEXT("password"),
	TEXT("profile"),
	TEXT("allow"),
	{"add-default-route", "add-default-route", IMPORT_BOOL, NULL, 0},
	TEXT("default-route-distance"),
	{"dial-on-demand", "dial-on-demand", IMPORT_BOOL, NULL, 0},
	{"disabled", "disabled", IMPORT_BOOL, NULL, 0},
	TEXT("max-mtu"),
	TEXT("max-mru"),
	{"mtu", "max-mtu", IMPORT_TEXT, NULL, 0},
	{"mru", "max-mru", IMPORT_TEXT, NULL, 0},
	TEXT("mrru"),
	TEXT("keepalive-timeout"),
	TEXT("comment"),
	{"src-address", "src-address", IMPORT_TEXT, "0.0.0.0", 0},
	{"use-ipsec", "use-ipsec", IMPORT_BOOL, NULL, 0},
	TEXT("ipsec-secret"),
	TEXT("use-peer-dns"),
	{"random-source-port", "source-port", IMPORT_IF_YES, "random", 0},
	{"allow-fast-path", NULL, IMPORT_LOST,
	 "has no effect here: there is one path, the fast one", 0},
	{"l2tp-proto-version", NULL, IMPORT_LOST, "L2TP version 2 is spoken here, and no other", 0},
	{"l2tpv3-circuit-id", NULL, IMPORT_LOST, no_l2tpv3, 0},
	{"l2tpv3-cookie-length", NULL, IMPORT_LOST, no_l2tpv3, 0},
	{"l2tpv3-digest-hash", NULL, IMPORT_LOST, no_l2tpv3, 0},
	{"copy-from", NULL, IMPORT_LOST, "what it was copied from is not in the file", 0},
};

static const struct import_word ppp[] = {
	{"name", NULL, IMPORT_OWN, NULL, 0},
	TEXT("local-address"),
	TEXT("remote-address"),
	{"use-encryption", "use-encryption", IMPORT_TEXT, "default", 0},
	{"use-compression", "use-compression", IMPORT_TEXT, "default", 0},
	{"change-tcp-mss", "change-tcp-mss", IMPORT_TEXT, "default", 0},
	TEXT("dns-server"),
	TEXT("idle-timeout"),
	TEXT("session-timeout"),
	TEXT("comment"),
	{"use-ipv6", NULL, IMPORT_LOST, "IPv6 is a connection's key here: ipv6 = yes", 0},
	{"use-mpls", NULL, IMPORT_LOST, "MPLS is not carried here", 0},
	{"use-upnp", NULL, IMPORT_LOST, "UPnP is other programs' here", 0},
	{"use-vj-compression", NULL, IMPORT_LOST, "headers are not compressed here", 0},
	{"only-one", NULL, IMPORT_LOST, "the server does not count a user's calls", 0},
	{"wins-server", NULL, IMPORT_LOST, "WINS is not told to clients here", 0},
	{"rate-limit", NULL, IMPORT_LOST, no_queue, 0},
	{"insert-queue-before", NULL, IMPORT_LOST, no_queue, 0},
	{"parent-queue", NULL, IMPORT_LOST, no_queue, 0},
	{"queue-type", NULL, IMPORT_LOST, no_queue, 0},
	{"address-list", NULL, IMPORT_LOST, no_firewall, 0},
	{"incoming-filter", NULL, IMPORT_LOST, no_firewall, 0},
	{"outgoing-filter", NULL, IMPORT_LOST, no_firewall, 0},
	{"interface-list", NULL, IMPORT_LOST, no_firewall, 0},
	{"bridge", NULL, IMPORT_LOST, no_bridge, 0},
	{"bridge-horizon", NULL, IMPORT_LOST, no_bridge, 0},
	{"bridge-learning", NULL, IMPORT_LOST, no_bridge, 0},
	{"bridge-path-cost", NULL, IMPORT_LOST, no_bridge, 0},
	{"bridge-port-priority", NULL, IMPORT_LOST, no_bridge, 0},
	{"bridge-port-vid", NULL, IMPORT_LOST, no_bridge, 0},
	{"bridge-port-trusted", NULL, IMPORT_LOST, no_bridge, 0},
	{"on-up", NULL, IMPORT_LOST, no_script, 0},
	{"on-down", NULL, IMPORT_LOST, no_script, 0},
	{"dhcpv6-pd-pool", NULL, IMPORT_LOST, "prefixes of IPv6 are not given out here", 0},
	{"remote-ipv6-prefix-pool", NULL, IMPORT_LOST, "prefixes of IPv6 are not given out here",
	 0},
	{"dhcpv6-lease-time", NULL, IMPORT_LOST, "prefixes of IPv6 are not given out here", 0},
	{"copy-from", NULL, IMPORT_LOST, "what it was copied from is not in the file", 0},
};

static const struct import_word secret[] = {
	TEXT("name"),
	TEXT("password"),
	{"service", "service", IMPORT_OWN, NULL, 0},
	TEXT("profile"),
	TEXT("caller-id"),
	TEXT("local-address"),
	TEXT("remote-address"),
	TEXT("routes"),
	{"disabled", "disabled", IMPORT_BOOL, NULL, 0},
	TEXT("comment"),
	{"limit-bytes-in", NULL, IMPORT_LOST, "a user's octets are not limited here", 0},
	{"limit-bytes-out", NULL, IMPORT_LOST, "a user's octets are not limited here", 0},
	{"ipv6-routes", NULL, IMPORT_LOST, "routes of IPv6 to clients are not set here", 0},
	{"remote-ipv6-prefix", NULL, IMPORT_LOST, "prefixes of IPv6 are not given out here", 0},
	{"last-logged-out", NULL, IMPORT_LOST, "it is no setting", 0},
	{"last-caller-id", NULL, IMPORT_LOST, "it is no setting", 0},
	{"last-disconnect-reason", NULL, IMPORT_LOST, "it is no setting", 0},
};

static const struct import_word server[] = {
	{"enabled", "enabled", IMPORT_BOOL, NULL, 0},
	TEXT("authentication"),
	TEXT("default-profile"),
	TEXT("keepalive-timeout"),
	TEXT("max-mtu"),
	TEXT("max-mru"),
	TEXT("mrru"),
	{"max-sessions", "max-sessions", IMPORT_TEXT, "unlimited", 0},
	TEXT("use-ipsec"),
	TEXT("ipsec-secret"),
	{"caller-id-type", NULL, IMPORT_LOST, "a caller's id is the address here", 0},
	{"one-session-per-host", NULL, IMPORT_LOST, "a host's sessions are not counted here", 0},
	{"allow-fast-path", NULL, IMPORT_LOST,
	 "has no effect here: there is one path, the fast one", 0},
	{"accept-proto-version", NULL, IMPORT_LOST, "L2TP version 2 is spoken here, and no other",
	 0},
	{"accept-pseudowire-type", NULL, IMPORT_LOST, no_l2tpv3, 0},
	{"l2tpv3-circuit-id", NULL, IMPORT_LOST, no_l2tpv3, 0},
	{"l2tpv3-cookie-length", NULL, IMPORT_LOST, no_l2tpv3, 0},
	{"l2tpv3-digest-hash", NULL, IMPORT_LOST, no_l2tpv3, 0},
	{"l2tpv3-ether-interface-list", NULL, IMPORT_LOST, no_l2tpv3, 0},
};

static const struct import_word binding[] = {
	{"name", NULL, IMPORT_OWN, NULL, 0},
	TEXT("user"),
	{"disabled", "disabled", IMPORT_BOOL, NULL, 0},
	TEXT("comment"),
};

static const struct import_word pool[] = {
	{"name", NULL, IMPORT_OWN, NULL, 0},
	TEXT("ranges"),
	TEXT("comment"),
	{"next-pool", NULL, IMPORT_LOST, "a pool that is used up has no next one here", 0},
};

static const struct import_word route[] = {
	{"dst-address", "routes", IMPORT_OWN, NULL, 0},
	{"gateway", NULL, IMPORT_OWN, NULL, 0},
	{"distance", "default-route-distance", IMPORT_OWN, NULL, 0},
	{"disabled", NULL, IMPORT_OWN, NULL, 0},
	{"comment", NULL, IMPORT_OWN, NULL, 0},
	{"check-gateway", NULL, IMPORT_LOST, "the tunnel is watched by keepalive-timeout", 0},
	{"pref-src", NULL, IMPORT_LOST, "our address in the tunnel is the source", 0},
	{"routing-table", NULL, IMPORT_LOST, "routes go to the main table here", 0},
	{"routing-mark", NULL, IMPORT_LOST, "routes go to the main table here", 0},
	{"scope", NULL, IMPORT_LOST, "routes have no scope here", 0},
	{"target-scope", NULL, IMPORT_LOST, "routes have no scope here", 0},
	{"suppress-hw-offload", NULL, IMPORT_LOST, "there is no such hardware here", 0},
	{"vrf-interface", NULL, IMPORT_LOST, "routes go to the main table here", 0},
};

const struct import_words import_words_routeros[IMPORT_ROUTEROS_ROUTE + 1] = {
	[IMPORT_ROUTEROS_CLIENT] = {"RouterOS", client, COUNT(client)},
	[IMPORT_ROUTEROS_PPP] = {"RouterOS", ppp, COUNT(ppp)},
	[IMPORT_ROUTEROS_SECRET] = {"RouterOS", secret, COUNT(secret)},
	[IMPORT_ROUTEROS_SERVER] = {"RouterOS", server, COUNT(server)},
	[IMPORT_ROUTEROS_BINDING] = {"RouterOS", binding, COUNT(binding)},
	[IMPORT_ROUTEROS_POOL] = {"RouterOS", pool, COUNT(pool)},
	[IMPORT_ROUTEROS_ROUTE] = {"RouterOS", route, COUNT(route)},
};
