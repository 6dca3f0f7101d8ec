/* SPDX-License-Identifier: MIT */
/* Words of other programs that people type here, each with a sentence that says what it is here. */
#ifndef VPDIAL_CONF_FOREIGN_H
#define VPDIAL_CONF_FOREIGN_H

#include <stddef.h>

enum foreign_kind { FOREIGN_COMMAND, FOREIGN_OPTION, FOREIGN_KEY };

struct foreign {
	enum foreign_kind kind;
	const char *words; /* with '|' between */
	const char *text;  /* no full stop */
};

/* What to say of WORD, which is none of ours, or NULL. */
const char *foreign_text(enum foreign_kind kind, const char *word);

const struct foreign *foreign_words(size_t *count);

#endif
