/* SPDX-License-Identifier: MIT */
/* The words of other programs' configurations: what each is here, or why it is nothing.  The
 * importers, the exporter and the hints of `check` read the same tables. */
#ifndef VPDIAL_IMPORT_WORDS_H
#define VPDIAL_IMPORT_WORDS_H

#include "import/list.h"

enum import_table {
	IMPORT_ROUTEROS_CLIENT,	 /* /interface pptp-client, l2tp-client */
	IMPORT_ROUTEROS_PPP,	 /* /ppp profile */
	IMPORT_ROUTEROS_SECRET,	 /* /ppp secret */
	IMPORT_ROUTEROS_SERVER,	 /* /interface pptp-server server, l2tp-server server */
	IMPORT_ROUTEROS_BINDING, /* /interface pptp-server, l2tp-server */
	IMPORT_ROUTEROS_POOL,	 /* /ip pool */
	IMPORT_ROUTEROS_ROUTE,	 /* /ip route */
	IMPORT_PPPD,
	IMPORT_XL2TPD_GLOBAL,
	IMPORT_XL2TPD_LAC,
	IMPORT_XL2TPD_LNS,
	IMPORT_IPSEC_CONF,
	IMPORT_SWANCTL,
	IMPORT_NM_CONNECTION, /* [connection], [ipv4], [ipv6] of a keyfile */
	IMPORT_NM_PPTP,
	IMPORT_NM_L2TP,
	IMPORT_OPENWRT,
	IMPORT_RASPHONE,
	IMPORT_POWERSHELL,
	IMPORT_APPLE,
	IMPORT_OPENVPN, /* for the hints only */
	IMPORT_TABLE_COUNT
};

/* What becomes of a word's value. */
enum import_how {
	IMPORT_LOST, /* nothing: `text` says why */
	IMPORT_TEXT, /* it is the key's value; where it is `text` it is the default, and nothing */
	IMPORT_BOOL, /* yes or no */
	IMPORT_INVERSE, /* no or yes */
	IMPORT_FIXED,	/* the word itself means key = text */
	IMPORT_IF_YES,	/* the same if its value is yes */
	IMPORT_WITHOUT, /* the list of the key loses `text` */
	IMPORT_ADD,	/* one more for the list of the key */
	IMPORT_OWN,	/* the format's own code does it */
};

struct import_word {
	const char *word; /* in lower case */
	const char *key;  /* ours; NULL = none */
	enum import_how how;
	const char *text;
	unsigned char args; /* pppd: how many words follow */
};

struct import_words {
	const char *program; /* whose words these are */
	const struct import_word *rows;
	size_t count;
};

const struct import_words *import_words(enum import_table table);

/* The row of WORD in any case, or NULL. */
const struct import_word *import_word_find(enum import_table table, const char *word);

/* Does to SECTION what the table says of WORD and VALUE: sets its key, or notes what is lost, also
 * that a word is unknown.  The row, or NULL; one of IMPORT_OWN is left to the caller. */
const struct import_word *import_take(struct import_list *list, size_t section,
				      enum import_table table, const char *word, const char *value);

/* What WORD, which is none of our keys, is in whose program: "pppd's idle is idle-timeout here".
 * False if no table has it. */
bool import_hint(const char *word, char *out, size_t cap);

/* The tables, each in the file of its programs. */
extern const struct import_words import_words_routeros[IMPORT_ROUTEROS_ROUTE + 1];
extern const struct import_words import_words_pppd[IMPORT_SWANCTL - IMPORT_PPPD + 1];
extern const struct import_words import_words_desktop[IMPORT_TABLE_COUNT - IMPORT_NM_CONNECTION];

#endif
