/* SPDX-License-Identifier: MIT */
/* Where random octets come from: the kernel in the program, a seeded generator in simulations. */
#ifndef VPDIAL_BASE_RANDOM_H
#define VPDIAL_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random_source {
	void (*fill)(void *ctx, void *buf, size_t len);
	void *ctx;
};

/* The kernel's generator (getrandom); aborts if it fails. */
extern const struct random_source random_kernel;

static inline void random_fill(const struct random_source *r, void *buf, size_t len)
{
	r->fill(r->ctx, buf, len);
}

uint32_t random_u32(const struct random_source *r);
/* Never zero. */
uint16_t random_u16_nonzero(const struct random_source *r);

#endif
