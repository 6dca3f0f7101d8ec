/* SPDX-License-Identifier: MIT */
/* Passwords: any octets, wiped when done with, never printed. */
#ifndef VPDIAL_BASE_SECRET_H
#define VPDIAL_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 256 characters (the limit of MS-CHAP) of at most four UTF-8 octets. */
#define SECRET_MAX 1024

struct secret {
	size_t len;
	uint8_t bytes[SECRET_MAX];
};

/* Copies LEN octets; false (and *S empty) if they do not fit. */
bool secret_set(struct secret *s, const void *bytes, size_t len);

/* Overwrites *S with zeros; the compiler may not leave it out. */
void secret_wipe(struct secret *s);

/* Overwrites any memory with zeros likewise. */
void wipe(void *p, size_t len);

/* Equal, in time that does not depend on where they differ. */
bool bytes_equal_ct(const void *a, const void *b, size_t len);

#endif
