/* SPDX-License-Identifier: MIT */
/* The server mode's file: one checked struct from server.conf and ppp-profiles.conf. */
#ifndef VPDIAL_CONF_SERVER_H
#define VPDIAL_CONF_SERVER_H

#include "conf/profile.h"
#include "vocabulary/pool.h"

#include <sys/socket.h>

#define CONF_LISTEN_MAX	    4
#define CONF_SECRETS_MAX    1024
#define CONF_INTERFACES_MAX 256
#define CONF_RADIUS_MAX	    4

struct conf_addresses {
	struct sockaddr_storage list[CONF_LISTEN_MAX]; /* without port */
	size_t count;
};

/* [pptp-server] and [l2tp-server]. */
struct conf_listener {
	bool enabled;
	uint16_t max_mtu, max_mru;
	uint32_t mrru; /* 0 = disabled */
	unsigned authentication;
	uint32_t keepalive_timeout; /* seconds, 0 = off */
	char default_profile[CONF_NAME_MAX];
	uint32_t max_sessions;
	struct conf_addresses listen;
	uint16_t port; /* 0 = 1723 or 1701 */
	char proxy_arp[CONF_IFNAME_MAX];
	struct secret tunnel_secret; /* L2TP; len 0 = none */
	/* L2TP over IPsec */
	uint8_t use_ipsec; /* enum ipsec_serve */
	struct secret ipsec_secret;
	struct ipsec_suites ipsec_ike, ipsec_esp;
};

/* What a section of ppp-profiles.conf says to a server. */
struct conf_ppp {
	struct mppe_settings mppe;
	bool change_tcp_mss;
	struct in_addr dns_server[2];
	uint32_t idle_timeout, session_timeout; /* seconds, 0 = none */
	struct address_pool local, remote;
	bool use_ipv6; /* of the default-profile: it counts before anybody is known */
	bool only_one; /* a user has one call at a time */
};

/* [secret NAME]. */
struct conf_secret {
	char name[CONF_USER_MAX];
	unsigned service; /* set of enum protocol, PROTOCOL_BIT */
	struct secret password;
	char caller_id[64];	     /* "" = any; else the caller's outer address */
	char profile[CONF_NAME_MAX]; /* "" = the listener's default-profile */
	struct address_pool local, remote;
	struct route routes[CONF_ROUTES_MAX];
	size_t route_count;
	uint32_t max_sessions; /* calls of it at once; 0 = any number */
	bool disabled;
	struct conf_ppp ppp[PROTOCOL_COUNT]; /* its profile as each listener sees it */
};

/* [interface NAME]: a name that stays, for firewalls. */
struct conf_interface {
	char name[CONF_IFNAME_MAX];
	char user[CONF_USER_MAX];
	unsigned service;
	bool disabled;
};

/* [radius NAME]. */
struct conf_radius {
	char name[CONF_NAME_MAX];
	char address[64], src_address[64]; /* IPv4 or IPv6; the second may be "" */
	struct secret secret;
	unsigned service;
	uint16_t authentication_port, accounting_port;
	uint32_t timeout; /* seconds */
	uint32_t tries;
	char realm[CONF_NAME_MAX], called_id[CONF_NAME_MAX];
	unsigned require_message_auth; /* bool */
};

/* [aaa]: who is asked, and who is told. */
struct conf_aaa {
	bool use_radius;
	bool accounting;	 /* by RADIUS */
	uint32_t interim_update; /* seconds, 0 = none, unless RADIUS says otherwise */
	bool accounting_log;
};

struct conf_server {
	char file[CONF_PATH_LEN];
	struct conf_listener listener[PROTOCOL_COUNT];
	struct conf_ppp ppp[PROTOCOL_COUNT]; /* of their default-profiles */
	struct conf_secret *secrets;	     /* owned */
	size_t secret_count;
	struct conf_interface *interfaces; /* owned */
	size_t interface_count;
	struct conf_radius radius[CONF_RADIUS_MAX]; /* those that are not disabled */
	size_t radius_count;
	struct conf_aaa aaa;
};

/* Loads PATH, or DIR/server.conf if PATH is a directory, with ppp-profiles.conf beside it.  0;
 * -ENOENT; -EPERM if others can read it although it holds passwords; -EINVAL with FAULTS.  Only on
 * 0 is *SERVER written, but for its file's path; conf_server_free wipes it. */
int conf_server_load(const char *path, struct conf_server *server, struct conf_faults *faults);
void conf_server_free(struct conf_server *server);

#endif
