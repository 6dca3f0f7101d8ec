/* SPDX-License-Identifier: MIT */
/* Our own files, as text. */
#ifndef VPDIAL_IMPORT_WRITER_H
#define VPDIAL_IMPORT_WRITER_H

#include "import/list.h"

#define IMPORT_OUT_MAX (256 * 1024)

/* A text under construction; what does not fit sets `full`. */
struct import_out {
	char *text; /* owned, IMPORT_OUT_MAX + 1 octets, terminated */
	size_t len;
	bool full;
};

bool import_out_new(struct import_out *out);
/* Wipes it. */
void import_out_free(struct import_out *out);

/* The section [TITLE] with its keys, and behind them, as comments, its notes.  Secrets are left out
 * where they are not to be SHOWN. */
void import_write_section(struct import_out *out, const struct import_list *list, size_t section,
			  const char *title, bool shown);

/* Appends a copy of the file TEXT without the sections of this place that the list has too. */
void import_write_others(struct import_out *out, const struct import_list *list,
			 enum import_place place, const char *text);

/* Does the file TEXT have a section of this name? */
bool import_has_section(const char *text, const char *name);

/* Does the section hold a secret? */
bool import_section_secret(const struct import_list *list, size_t section);

/* The connection SECTION as commands of RouterOS; keys it has no word for are comments that the
 * importer reads.  Secrets are left out where they are not to be SHOWN. */
void import_export_routeros(struct import_out *out, const struct import_list *list, size_t section,
			    bool shown);

/* "key = value" as it is read again: in quotes where that is needed, a secret that has other octets
 * than of a line in base64. */
void import_write_value(struct import_out *out, const char *key, const char *value);

__attribute__((format(printf, 2, 3))) void import_out_printf(struct import_out *out,
							     const char *fmt, ...);

#endif
