/* SPDX-License-Identifier: MIT */
/* The name that the server gives itself. */
#include "base/str.h"
#include "server/serving.h"

#include <unistd.h>

void serve_host_name(char *buf, size_t cap)
{
	if (gethostname(buf, cap - 1) < 0 || !buf[0])
		(void)str_copy(buf, cap, "vpdial");
	buf[cap - 1] = '\0';
}
