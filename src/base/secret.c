/* SPDX-License-Identifier: MIT */
/* Wiped memory and comparison in constant time. */
#include "base/secret.h"

#include <string.h>

bool secret_set(struct secret *s, const void *bytes, size_t len)
{
	secret_wipe(s);
	if (len > sizeof s->bytes)
		return false;
	if (len)
		memcpy(s->bytes, bytes, len);
	s->len = len;
	return true;
}

void secret_wipe(struct secret *s)
{
	wipe(s, sizeof *s);
}

void wipe(void *p, size_t len)
{
	explicit_bzero(p, len);
}

bool bytes_equal_ct(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t difference = 0;

	for (size_t i = 0; i < len; i++)
		difference |= x[i] ^ y[i];
	return difference == 0;
}
