/* SPDX-License-Identifier: MIT */
/* Reader of the test vectors in tests/vectors (see the README there).
 *
 * Every function fails the running cmocka test, naming file, section and name, when something is
 * absent, malformed or too long.  FILE is a name such as "crypto.txt"; the directory is
 * $VPDIAL_TESTDIR/vectors, or tests/vectors below the working directory. */
#ifndef VPDIAL_TESTS_VECTORS_H
#define VPDIAL_TESTS_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest value in octets. */
#define VECTOR_MAX 2048

/* The directory of the test data: $VPDIAL_TESTDIR or "tests". */
const char *vector_dir(void);

/* Is there such a value?  (Fails only if the file cannot be read.) */
bool vector_has(const char *file, const char *section, const char *name);

/* The octets of a hexadecimal value (EMPTY = none) into OUT; returns their number. */
size_t vector_hex(const char *file, const char *section, const char *name, uint8_t *out,
		  size_t cap);

/* The same for a value that must have exactly LEN octets. */
void vector_hex_exact(const char *file, const char *section, const char *name, uint8_t *out,
		      size_t len);

/* A _txt value, NUL-terminated, into OUT; returns its length. */
size_t vector_text(const char *file, const char *section, const char *name, char *out, size_t cap);

/* A _dec value. */
unsigned long vector_dec(const char *file, const char *section, const char *name);

/* Calls EACH with every name of a section and its value as it stands in the file, in order;
 * returns how many there were.  Fails if there are none. */
size_t vector_each(const char *file, const char *section,
		   void (*each)(void *ctx, const char *name, const char *value), void *ctx);

/* Decodes hexadecimal TEXT (or EMPTY). */
size_t vector_decode(const char *text, uint8_t *out, size_t cap);

#endif
