/* SPDX-License-Identifier: MIT */
/* Words of other programs that people type here, each with a sentence that says what it is here. */
#ifndef VPDIAL_CONF_FOREIGN_H
#define VPDIAL_CONF_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

enum foreign_kind { FOREIGN_COMMAND, FOREIGN_OPTION, FOREIGN_KEY };

struct foreign {
	enum foreign_kind kind;
	const char *words; /* with '|' between */
	const char *text;  /* no full stop */
};

/* What to say of WORD, which is none of ours, or NULL. */
const char *foreign_text(enum foreign_kind kind, const char *word);

/* The same for a key that is none of ours, also by the tables of the importers. */
bool foreign_hint(const char *key, char *out, size_t cap);

const struct foreign *foreign_words(size_t *count);

#endif
