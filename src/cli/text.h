/* SPDX-License-Identifier: MIT */
/* Status and lists as text and as JSON. */
#ifndef VPDIAL_CLI_TEXT_H
#define VPDIAL_CLI_TEXT_H

#include "client/status.h"

#include <stdio.h>

/* "label: text" lines with the labels right-aligned. */
void text_status(FILE *out, const struct control_status *status);

/* One document, {"schema": 1, "connections": [...]}, of COUNT records; the fields are a contract
 * (vpdial(8), JSON STATUS).  0 or -ENOMEM. */
int json_status(FILE *out, const struct control_status *records, size_t count);

#endif
