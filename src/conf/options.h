/* SPDX-License-Identifier: MIT */
/* The one table of options: it feeds the file reader, `vpdial help options`, completion and the
 * test that compares the manual page with it. */
#ifndef VPDIAL_CONF_OPTIONS_H
#define VPDIAL_CONF_OPTIONS_H

#include "base/str.h"
#include "conf/profile.h"
#include "conf/server.h"

/* Where a key may stand. */
enum conf_section {
	CONF_IN_CONNECTION = 1 << 0, /* [connection] of NAME.conf */
	CONF_IN_PPP = 1 << 1,	     /* a section of ppp-profiles.conf */
	CONF_IN_LISTENER = 1 << 2,   /* [pptp-server] or [l2tp-server] of server.conf */
	CONF_IN_SECRET = 1 << 3,     /* [secret NAME] */
	CONF_IN_INTERFACE = 1 << 4,  /* [interface NAME] */
	CONF_IN_POOL = 1 << 5,	     /* [pool NAME] */
};

enum conf_value_type {
	CONF_VALUE_BOOLEAN,  /* yes, no; also true, false, on, off, 1, 0 */
	CONF_VALUE_U16,	     /* number within limits */
	CONF_VALUE_U32,	     /* the same */
	CONF_VALUE_MRRU,     /* disabled, or a number within limits */
	CONF_VALUE_DURATION, /* 30, 30s, 5m, 1h30m; 0 and no = off, if min is 0; in seconds */
	CONF_VALUE_WORD,     /* one of words */
	CONF_VALUE_SET,	     /* comma list of words */
	CONF_VALUE_TEXT,     /* any text */
	CONF_VALUE_USER,     /* text; DOMAIN\\user means DOMAIN\user */
	CONF_VALUE_IFNAME,   /* interface name */
	CONF_VALUE_HOST,     /* host name or address */
	CONF_VALUE_ADDRESS,  /* IPv4 or IPv6 address, kept as text */
	CONF_VALUE_WISH,     /* IPv4 address, '!' at its end = no other will do */
	CONF_VALUE_NAME,     /* profile name */
	CONF_VALUE_DNS,	     /* up to two IPv4 addresses */
	CONF_VALUE_DOMAINS,  /* list of domain names */
	CONF_VALUE_ROUTES,   /* list of routes */
	CONF_VALUE_SECRET,   /* quoted text or base64: */
	CONF_VALUE_POOL,     /* IPv4 address, two with '-' between, or a pool's name */
	CONF_VALUE_RANGE,    /* the same without names; what adjoins makes one range */
	CONF_VALUE_LISTEN,   /* list of addresses */
	CONF_VALUE_PROGRAM,  /* absolute path */
	CONF_VALUE_IKE,	     /* default, modern, old, or a list such as aes256-sha256-modp2048 */
	CONF_VALUE_ESP,	     /* the same for ESP, such as aes256-sha1 */
	CONF_VALUE_TYPE_COUNT
};

struct conf_option {
	const char *key;
	const char *alias; /* NULL if none */
	unsigned sections; /* set of enum conf_section */
	enum conf_value_type type;
	size_t offset; /* in struct conf_draft */
	size_t cap;    /* octets of a text field */
	uint32_t min, max;
	const struct word *words; /* ends with a NULL word */
	const char *def;	  /* default as it would be written; NULL = none */
	bool def_shown_only;	  /* the field's zero means that default */
	const char *unit;	  /* NULL if none */
	const char *help;	  /* one line */
};

/* A wished address, until both its parts go to the profile. */
struct conf_wish {
	struct in_addr address;
	bool must;
};

/* Addresses as they are written: a range, or the name of a pool of server.conf. */
struct conf_pool {
	struct address_pool range;
	char name[CONF_NAME_MAX]; /* "" = the range itself */
};

/* A profile while it is read. */
struct conf_draft {
	struct conf_profile p;
	char domain[CONF_USER_MAX];
	char comment[CONF_COMMENT_MAX]; /* of any section but a connection's: kept by its file */
	struct conf_wish local, remote;
	bool random_port;			  /* source-port = random, in RouterOS's words */
	bool fast_path;				  /* RouterOS's, without effect */
	struct conf_pool local_pool, remote_pool; /* of a PPP profile, for the server */
	/* One section of server.conf. */
	struct conf_listener listener;
	struct conf_secret secret;
	struct conf_pool secret_local, secret_remote;
	struct conf_interface interface;
	struct address_pool ranges; /* of a pool */
};

/* The table, in the order of the manual page: first the profiles' keys, then those of server.conf,
 * of which conf_options tells nothing. */
const struct conf_option *conf_options(size_t *count);
const struct conf_option *conf_server_options(size_t *count);

/* The option of this key or alias that may stand in one of SECTIONS, or NULL. */
const struct conf_option *conf_option_find(const char *key, unsigned sections);

/* The known key of SECTIONS that is nearest to KEY, or NULL. */
const char *conf_option_nearest(const char *key, unsigned sections);

/* Is the option known, but nothing except its default built so far? */
bool conf_option_only_default(const struct conf_option *option);

/* Is the value of such an option that was read the default? */
bool conf_option_is_default(const struct conf_option *option, const struct conf_draft *draft);

/* May KEY stand in one of SECTIONS with the value TEXT, as between quotes?  On false WHY holds what
 * is wrong; never the text of a secret. */
bool conf_value_legal(const char *key, unsigned sections, const char *text, struct str *why);

/* "yes or no", "a number from 64 to 1500": what would be legal, appended to OUT. */
void conf_option_legal(const struct conf_option *option, struct str *out);

/* Sets every field of *DRAFT to its default. */
void conf_defaults(struct conf_draft *draft);

#endif
