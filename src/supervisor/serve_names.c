/* SPDX-License-Identifier: MIT */
/* Names that the server gives in texts: of callers, and its own. */
#include "base/str.h"
#include "supervisor/serving.h"

#include <arpa/inet.h>
#include <unistd.h>

char *serve_address(const struct sockaddr_storage *a, char *buf, size_t cap)
{
	const void *raw = a->ss_family == AF_INET6
				  ? (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr
				  : (const void *)&((const struct sockaddr_in *)a)->sin_addr;

	if (!inet_ntop(a->ss_family, raw, buf, (socklen_t)cap))
		buf[0] = '\0';
	return buf;
}

void serve_host_name(char *buf, size_t cap)
{
	if (gethostname(buf, cap - 1) < 0 || !buf[0])
		(void)str_copy(buf, cap, "vpdial");
	buf[cap - 1] = '\0';
}
