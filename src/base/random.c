/* SPDX-License-Identifier: MIT */
/* Random octets of the kernel. */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static void kernel_fill(void *ctx, void *buf, size_t len)
{
	uint8_t *p = buf;

	(void)ctx;
	while (len) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno != EINTR)
			abort();
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

const struct random_source random_kernel = {.fill = kernel_fill};

uint32_t random_u32(const struct random_source *r)
{
	uint32_t v;

	random_fill(r, &v, sizeof v);
	return v;
}

uint16_t random_u16_nonzero(const struct random_source *r)
{
	return (uint16_t)(1 + random_u32(r) % 65535);
}
