/* SPDX-License-Identifier: MIT */
/* What a target does not see of its rooms by itself: allocations that fail (calls of malloc,
 * calloc and aligned_alloc are linked with --wrap), and what they log. */
#include "fuzz.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static unsigned until_failure;

void fuzz_fail_allocation(unsigned n)
{
	until_failure = n;
}

static bool fails(void)
{
	return until_failure && --until_failure == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

static void on_line(void *ctx, enum log_level level, const char *text)
{
	(void)ctx;
	FUZZ_CHECK(level <= LOG_LEVEL_INFO);
	fuzz_check_text(text, strlen(text));
}

const struct log fuzz_log = {.fd = -1, .level = LOG_LEVEL_DEBUG, .seen = on_line};
