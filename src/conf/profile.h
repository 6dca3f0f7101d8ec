/* SPDX-License-Identifier: MIT */
/* Profiles: one checked struct from NAME.conf and ppp-profiles.conf.
 *
 * Files are INI, read with iniparser; what iniparser loses (line numbers, duplicates, cut values)
 * the loader finds in a pass of its own.  All faults of a file are reported in one run and a bad
 * file changes nothing. */
#ifndef VPDIAL_CONF_PROFILE_H
#define VPDIAL_CONF_PROFILE_H

#include "base/secret.h"
#include "vocabulary/authentication.h"
#include "vocabulary/ipsec.h"
#include "vocabulary/mppe.h"
#include "vocabulary/protocol.h"
#include "vocabulary/route.h"
#include "vocabulary/settings.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_NAME_MAX	 64 /* profile names: [A-Za-z0-9_.@+-], no leading '.' or '-' */
#define CONF_HOST_MAX	 256
#define CONF_USER_MAX	 256
#define CONF_PATH_LEN	 512
#define CONF_IFNAME_MAX	 16
#define CONF_ROUTES_MAX	 64
#define CONF_COMMAND_MAX 512
#define CONF_COMMENT_MAX 256

enum conf_source_port { CONF_SOURCE_AUTO, CONF_SOURCE_RANDOM, CONF_SOURCE_1701 };
enum conf_dhcp_inform { CONF_DHCP_AUTO, CONF_DHCP_YES, CONF_DHCP_NO };
enum conf_peer_dns { CONF_PEER_DNS_NO, CONF_PEER_DNS_YES, CONF_PEER_DNS_EXCLUSIVELY };

/* What a profile may keep elsewhere: each has a key of its own, one of a file, one of a command. */
enum conf_secret_kind { CONF_PASSWORD, CONF_TUNNEL_SECRET, CONF_IPSEC_SECRET, CONF_SECRET_KINDS };

/* Where a secret comes from; at most one of them. */
struct conf_source {
	bool set; /* it stands in the profile itself */
	char file[CONF_PATH_LEN];
	char command[CONF_COMMAND_MAX];
};

struct conf_profile {
	char name[CONF_NAME_MAX]; /* of the profile: its file name */
	char file[CONF_PATH_LEN];
	enum protocol type;
	char ifname[CONF_IFNAME_MAX];	/* key `name`; "pptp-outN" = first free number */
	char connect_to[CONF_HOST_MAX]; /* name or address, without port */
	uint16_t port;			/* 0 = 1723 or 1701 */
	char comment[CONF_COMMENT_MAX];
	char user[CONF_USER_MAX]; /* DOMAIN\user as one string (key `domain` joined in) */
	struct secret password;	  /* if its source says that it is set */
	struct conf_source sources[CONF_SECRET_KINDS];
	char profile[CONF_NAME_MAX]; /* PPP profile */
	struct ppp_settings ppp;
	bool add_default_route;
	bool distance_set; /* default-route-distance was given */
	uint32_t default_route_distance;
	bool fast_gre; /* PPTP: a packet socket for sending */
	bool lockdown; /* nothing past the tunnel for what goes into it */
	bool block_ipv6;
	bool keep_ssh; /* SSH sessions to this machine keep their path */
	bool dial_on_demand;
	bool redial;
	uint32_t redial_min, redial_max; /* seconds */
	uint32_t redial_limit;		 /* failures in a row; 0 = none */
	bool disabled, disabled_set;	 /* set: not by default */
	uint16_t max_mtu;
	uint32_t keepalive_timeout;			   /* seconds, 0 = off */
	char src_address[INET6_ADDRSTRLEN];		   /* "" = any */
	char bind_interface[CONF_IFNAME_MAX];		   /* "" = any */
	struct tunnel_settings tunnel;			   /* L2TP */
	enum conf_source_port source_port;		   /* L2TP */
	struct ipsec_settings ipsec;			   /* L2TP */
	bool use_nm_dispatcher;				   /* run NetworkManager's scripts too */
	char ip_up[CONF_PATH_LEN], ip_down[CONF_PATH_LEN]; /* pppd's kind of scripts; "" = none */

	/* From the PPP profile unless the connection says otherwise. */
	bool use_compression; /* accepted and shown; no PPP compression is implemented: no */
	bool change_tcp_mss;
	enum conf_peer_dns use_peer_dns;
	struct in_addr dns_server[2];	   /* instead of the peer's; zero = none */
	char search_domains[256];	   /* space separated */
	enum conf_dhcp_inform dhcp_inform; /* auto = yes unless add_default_route */
	bool use_peer_routes, class_route;
	uint32_t idle_timeout, session_timeout; /* seconds, 0 = none */
	uint32_t authentication_timeout;	/* seconds */
	/* `routes`: "dst-address/prefix [gateway [metric]]", IPv4 or IPv6. */
	struct route routes[CONF_ROUTES_MAX];
	size_t route_count;
};

#define CONF_WARNINGS_MAX 16

/* Faults found, in file order, each "FILE:LINE: key: what is wrong, what would be legal".
 * No line ever holds a value that may be a secret.  Warnings are of what is taken all the same. */
struct conf_faults {
	size_t count;
	char *lines[64]; /* owned; more than 64 faults are only counted */
	size_t warning_count;
	char *warnings[CONF_WARNINGS_MAX]; /* "FILE:LINE: key: warning: ..."; owned, no more kept */
};
void conf_faults_free(struct conf_faults *faults);

/* Where root's profiles are. */
#define CONF_SYSTEM_DIR VPDIAL_SYSCONFDIR "/vpdial"

/* Where profiles are: DIR if not NULL, else /etc/vpdial for root, else
 * $XDG_CONFIG_HOME/vpdial (or ~/.config/vpdial).  Copied into OUT. */
int conf_dir(char *out, size_t cap, const char *dir);

/* Is NAME a legal profile name?  (Never a path.) */
bool conf_name_valid(const char *name);
/* Valid, and none of the files beside the profiles (ppp-profiles.conf, server.conf)? */
bool conf_name_profile(const char *name);

/* Loads DIR/NAME.conf with the PPP profiles of DIR/ppp-profiles.conf (built-in `default` and
 * `default-encryption` where the file does not define them).  Returns 0; -ENOENT if there is no
 * such profile; -EPERM if it holds a password and others can read it (a fault says so); -EINVAL
 * with FAULTS.  Only on 0 is *PROFILE written (free its secrets with conf_profile_wipe). */
int conf_load(const char *dir, const char *name, struct conf_profile *profile,
	      struct conf_faults *faults);
/* The same for a file of any path (`vpdial check FILE`). */
int conf_load_file(const char *path, struct conf_profile *profile, struct conf_faults *faults);
/* Checks a file of PPP profiles (`vpdial check ppp-profiles.conf`): 0, -EINVAL with FAULTS or
 * another -errno. */
int conf_check_ppp_file(const char *path, struct conf_faults *faults);
void conf_profile_wipe(struct conf_profile *profile);

/* Names of all profiles in DIR, sorted; the caller frees each and the array.  -errno on failure. */
int conf_list(const char *dir, char ***names, size_t *count);

/* Is there a use for a secret of this kind? */
bool conf_secret_wanted(const struct conf_profile *profile, enum conf_secret_kind kind);
/* Is the user to be asked for it? */
bool conf_secret_asks(const struct conf_profile *profile, enum conf_secret_kind kind);
/* Its key: "password". */
const char *conf_secret_key(enum conf_secret_kind kind);
/* Finds it: in the profile, $CREDENTIALS_DIRECTORY/NAME.KEY, KEY-file or KEY-command (run without a
 * shell, 30 s at most).  Returns 0 and sets *SECRET, 1 if none is configured (ask the user), or
 * -errno with ERROR (one sentence). */
int conf_secret_find(const struct conf_profile *profile, enum conf_secret_kind kind,
		     struct secret *secret, char *error, size_t cap);

/* All that a dial needs; what there is none of is empty. */
struct conf_secrets {
	struct secret of[CONF_SECRET_KINDS];
};
/* A pipe that holds *SECRETS, which are wiped: its reading end, owned by the caller, or -errno. */
int conf_secrets_pipe(struct conf_secrets *secrets);
/* Reads such a pipe; 0, or -errno with *SECRETS empty. */
int conf_secrets_read(int fd, struct conf_secrets *secrets);

/* Sets `disabled` in the profile's file, keeping everything else of it; atomic.  0 or -errno. */
int conf_set_disabled(const char *dir, const char *name, bool disabled);

#endif
