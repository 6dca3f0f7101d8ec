/* SPDX-License-Identifier: MIT */
/* What an import found: sections of our own files, with keys, values and notes.  All text is in one
 * block of fixed size, which is wiped at the end. */
#ifndef VPDIAL_IMPORT_LIST_H
#define VPDIAL_IMPORT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#define IMPORT_SECTIONS_MAX 512
#define IMPORT_ITEMS_MAX    8192
#define IMPORT_VALUE_MAX    2048 /* octets of one value, with its NUL */
#define IMPORT_NAME_MAX	    64	 /* the same of a profile's name */
#define IMPORT_NONE	    ((size_t)-1)

/* The file that a section goes to. */
enum import_place {
	IMPORT_CONNECTION, /* [connection] of NAME.conf */
	IMPORT_PPP,	   /* [NAME] of ppp-profiles.conf */
	IMPORT_SERVER,	   /* [NAME] of server.conf */
};

struct import_item {
	size_t section;
	const char *key; /* NULL = a note, a comment in the file that is written */
	const char *value;
	bool replaced; /* by a later value of the key */
	size_t next;   /* of its section, or IMPORT_NONE */
};

struct import_section {
	enum import_place place;
	const char *name;
	bool dropped;	    /* turned out to be nothing of ours */
	size_t first, last; /* of its items, or IMPORT_NONE */
};

struct import_list {
	char *text; /* owned */
	size_t used;
	struct import_section sections[IMPORT_SECTIONS_MAX];
	size_t section_count;
	struct import_item items[IMPORT_ITEMS_MAX];
	size_t item_count;
	bool full; /* something found no room */
};

/* An empty list, or NULL.  Free with import_list_free, which wipes it. */
struct import_list *import_list_new(void);
void import_list_free(struct import_list *list);

/* A new section; its index, or IMPORT_NONE where there is no more room, which all other functions
 * take and do nothing with. */
size_t import_section(struct import_list *list, enum import_place place, const char *name);
/* Gives SECTION another name. */
void import_rename(struct import_list *list, size_t section, const char *name);
/* The section of this place and name (any if NAME is NULL), or IMPORT_NONE. */
size_t import_find(const struct import_list *list, enum import_place place, const char *name);

/* Sets KEY of SECTION, in place of an earlier value. */
void import_set(struct import_list *list, size_t section, const char *key, const char *value);
/* Its value, or NULL. */
const char *import_get(const struct import_list *list, size_t section, const char *key);
void import_unset(struct import_list *list, size_t section, const char *key);

/* A comment of SECTION; whatever would act on a terminal or end the line is replaced. */
__attribute__((format(printf, 3, 4))) void import_note(struct import_list *list, size_t section,
						       const char *fmt, ...);
/* The comment "WORD = VALUE: not carried: WHY"; the value of what may be a secret is left out. */
void import_lost(struct import_list *list, size_t section, const char *word, const char *value,
		 const char *why);

/* May the value of this key or foreign word be a secret? */
bool import_is_secret(const char *word);

/* NAME with what no profile's name may hold replaced, cut to the length of one. */
void import_clean_name(const char *name, char out[static IMPORT_NAME_MAX]);

#endif
