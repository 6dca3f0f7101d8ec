/* SPDX-License-Identifier: MIT */
/* The one reader and the one writer for bytes that come from or go to outside.
 *
 * Both live on the stack and are passed by pointer.  A read or write that does
 * not fit fails the whole cursor: it stays failed, later reads return zero and
 * touch nothing, so that a decoder may check `failed` once at its end. */
#ifndef VPDIAL_BASE_CURSOR_H
#define VPDIAL_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

/* A reader over LEN octets at DATA, which must outlive it. */
static inline struct cursor cursor_make(const void *data, size_t len)
{
	const uint8_t *p = data;
	return (struct cursor){.at = p, .end = p ? p + len : p};
}

/* Octets not yet read; 0 when failed. */
static inline size_t cursor_left(const struct cursor *c)
{
	return c->failed ? 0 : (size_t)(c->end - c->at);
}

/* The next N octets, which are consumed, or NULL (and failed) if there are fewer. */
static inline const uint8_t *cursor_bytes(struct cursor *c, size_t n)
{
	const uint8_t *p = c->at;

	if (c->failed || n > (size_t)(c->end - c->at)) {
		c->failed = true;
		return NULL;
	}
	c->at += n;
	return p;
}

static inline void cursor_skip(struct cursor *c, size_t n)
{
	(void)cursor_bytes(c, n);
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 1);
	return p ? p[0] : 0;
}

/* Multi-octet fields are big-endian. */
static inline uint16_t cursor_u16(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 2);
	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 4);
	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

/* Copies N octets to DST; zeroes DST when there are fewer. */
static inline void cursor_copy(struct cursor *c, void *dst, size_t n)
{
	const uint8_t *p = cursor_bytes(c, n);

	if (p)
		memcpy(dst, p, n);
	else
		memset(dst, 0, n);
}

/* A reader over the next N octets, which are consumed here; failed if there are fewer. */
static inline struct cursor cursor_sub(struct cursor *c, size_t n)
{
	const uint8_t *p = cursor_bytes(c, n);

	if (!p)
		return (struct cursor){.failed = true};
	return cursor_make(p, n);
}

struct writer {
	uint8_t *start;
	uint8_t *at;
	uint8_t *end;
	bool failed;
};

/* A writer into CAP octets at DATA. */
static inline struct writer writer_make(void *data, size_t cap)
{
	uint8_t *p = data;
	return (struct writer){.start = p, .at = p, .end = p + cap};
}

/* Octets written so far. */
static inline size_t writer_len(const struct writer *w)
{
	return (size_t)(w->at - w->start);
}

/* Room for N octets, to be filled by the caller, or NULL (and failed). */
static inline uint8_t *writer_reserve(struct writer *w, size_t n)
{
	uint8_t *p = w->at;

	if (w->failed || n > (size_t)(w->end - w->at)) {
		w->failed = true;
		return NULL;
	}
	w->at += n;
	return p;
}

static inline void writer_bytes(struct writer *w, const void *src, size_t n)
{
	uint8_t *p = writer_reserve(w, n);

	if (p && n)
		memcpy(p, src, n);
}

static inline void writer_zeros(struct writer *w, size_t n)
{
	uint8_t *p = writer_reserve(w, n);

	if (p)
		memset(p, 0, n);
}

static inline void writer_u8(struct writer *w, uint8_t v)
{
	writer_bytes(w, &v, 1);
}

static inline void writer_u16(struct writer *w, uint16_t v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};
	writer_bytes(w, b, 2);
}

static inline void writer_u32(struct writer *w, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
	writer_bytes(w, b, 4);
}

/* Overwrites two octets at OFFSET (already written), for lengths known only at the end. */
static inline void writer_patch_u16(struct writer *w, size_t offset, uint16_t v)
{
	if (w->failed || offset + 2 > writer_len(w)) {
		w->failed = true;
		return;
	}
	w->start[offset] = (uint8_t)(v >> 8);
	w->start[offset + 1] = (uint8_t)v;
}

#endif
