/* SPDX-License-Identifier: MIT */
/* Status as text: the colon layout of the manuals. */
#include "cli/text.h"

#include "base/str.h"

#include <string.h>

void text_status(FILE *out, const struct control_status *status)
{
	struct status_row rows[STATUS_ROWS_MAX];
	size_t n = status_rows(status, rows), width = 0;

	for (size_t i = 0; i < n; i++)
		if (strlen(rows[i].label) > width)
			width = strlen(rows[i].label);
	for (size_t i = 0; i < n; i++) {
		str_blank(rows[i].text); /* a user's name is the profile's, as it stands there */
		fprintf(out, "%*s: %s\n", (int)width, rows[i].label, rows[i].text);
	}
}
