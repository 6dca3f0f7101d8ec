/* SPDX-License-Identifier: MIT */
/* Reading an INI file so that nothing is lost: a line scanner of our own finds lines, duplicates
 * and where values stand, iniparser reads the values.
 *
 * Grammar of a line: blank; `# comment` or `; comment`; `[section]`; `key = value [; comment]`.
 * A value is a word without quotes (a comment begins at a ';' or '#' that follows white space; one
 * that follows anything else is a fault, as iniparser would cut there) or stands between double
 * quotes, where \" and \\ mean " and \ and every other octet, a backslash included, means itself.
 * Keys and section names are compared in lower case. */
#ifndef VPDIAL_CONF_INI_H
#define VPDIAL_CONF_INI_H

#include "conf/fault.h"

#include <sys/stat.h>

#define INI_FILE_MAX  (256 * 1024)
#define INI_LINE_MAX  4096
#define INI_NAME_LEN  64
#define INI_ITEMS_MAX 2048

struct ini_section {
	unsigned line;
	char name[INI_NAME_LEN];
	size_t next_line; /* offset of the line after the header */
};

struct ini_entry {
	unsigned line;
	size_t section; /* index */
	char key[INI_NAME_LEN];
	bool quoted;
	bool faulty; /* its value could not be read; a fault says why */
	char *value; /* owned, NUL-terminated; "" of a faulty one; holds no NUL of its own */
	size_t value_len;
	size_t raw_at, raw_end; /* offsets of the value as it is written, quotes included */
};

struct ini {
	char *text; /* owned; the file */
	size_t len;
	struct stat st;
	bool untrusted;		      /* others may change it; a fault says how */
	struct ini_section *sections; /* owned */
	size_t section_count;
	struct ini_entry *entries; /* owned */
	size_t entry_count;
};

/* Reads PATH.  Returns 0 (with faults or without; what could be read is in *INI) or -errno (*INI
 * is empty).  Free with ini_free, which wipes it. */
int ini_load(const char *path, struct ini *ini, struct fault_list *faults);
void ini_free(struct ini *ini);

/* May the value of KEY be a secret?  Also true for keys that look like a misspelt password. */
bool ini_key_secret(const char *key);

/* KEY if it is made of a key's characters, else "(key)": what a fault line may show of it. */
const char *ini_key_shown(const char *key);

#endif
