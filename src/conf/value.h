/* SPDX-License-Identifier: MIT */
/* Values of options: text to field, judged by the option's type and limits. */
#ifndef VPDIAL_CONF_VALUE_H
#define VPDIAL_CONF_VALUE_H

#include "conf/options.h"

struct conf_text {
	const char *text; /* NUL-terminated, LEN octets */
	size_t len;
	bool quoted;
};

/* Reads TEXT into the option's field of *DRAFT.  On false the field is as before and WHY holds
 * what is wrong and what would be legal; never the text of a secret.  On true with a text in WHY
 * the value is taken, and the text is a warning. */
bool conf_value_read(const struct conf_option *option, const struct conf_text *text,
		     struct conf_draft *draft, struct str *why);

/* Seconds of "90", "90s", "1h30m", "1d"; false if it is none or more than UINT32_MAX. */
bool conf_duration_read(const char *text, uint32_t *seconds);

#endif
