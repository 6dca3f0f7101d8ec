/* SPDX-License-Identifier: MIT */
/* A normalised copy of a file for iniparser, and what its dictionary makes of that. */
#include "conf/ini_values.h"

#include "base/random.h"
#include "base/secret.h"

#include <dictionary.h>
#include <errno.h>
#include <iniparser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE_OCTETS 384 /* 768 digits: iniparser 4.1 takes lines of 1024 */
#define PLAIN_MAX    768
#define NAME_MAX_LEN (2 * INI_NAME_LEN + 16)

static bool is_carried(const struct ini_entry *e)
{
	return e->quoted || ini_key_secret(e->key) || e->raw_end - e->raw_at > PLAIN_MAX;
}

/* The next octet of the value at *AT of the file's text, without quotes and their backslashes; -1
 * at the end. */
static int next_octet(const struct ini *ini, const struct ini_entry *e, size_t *at)
{
	const char *p = ini->text + *at, *end = ini->text + e->raw_end;

	if (e->quoted && *at == e->raw_at) /* the opening one */
		p++;
	end -= e->quoted;
	if (p >= end)
		return -1;
	if (e->quoted && *p == '\\' && p + 1 < end && (p[1] == '"' || p[1] == '\\'))
		p++;
	*at = (size_t)(p + 1 - ini->text);
	return (unsigned char)*p;
}

/* Octet N of the value, under the pad (as many octets as the file has) if it is secret. */
static uint8_t masked(const struct ini_entry *e, const uint8_t *pad, size_t n, uint8_t octet)
{
	return ini_key_secret(e->key) ? octet ^ pad[e->raw_at + n] : octet;
}

static void write_pieces(FILE *f, const struct ini *ini, const struct ini_entry *e,
			 const uint8_t *pad)
{
	size_t at = e->raw_at, n = 0;
	int octet;

	for (; (octet = next_octet(ini, e, &at)) >= 0; n++) {
		if (n % PIECE_OCTETS == 0)
			fprintf(f, "%s%s:%zu = ", n ? "\n" : "", e->key, n / PIECE_OCTETS);
		fprintf(f, "%02x", masked(e, pad, n, (uint8_t)octet));
	}
	fputc('\n', f);
}

static void write_copy(FILE *f, const struct ini *ini, const uint8_t *pad)
{
	size_t i = 0;

	for (size_t section = 0; section < ini->section_count; section++) {
		fprintf(f, "[%s]\n", ini->sections[section].name);
		for (; i < ini->entry_count && ini->entries[i].section == section; i++) {
			const struct ini_entry *e = &ini->entries[i];

			if (e->faulty)
				continue;
			if (is_carried(e))
				write_pieces(f, ini, e, pad);
			else
				fprintf(f, "%s = %.*s\n", e->key, (int)(e->raw_end - e->raw_at),
					ini->text + e->raw_at);
		}
	}
}

/* A descriptor of the copy, in memory, or -errno. */
static int make_copy(const struct ini *ini, const uint8_t *pad)
{
	int fd = memfd_create("vpdial-profile", MFD_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(dup(fd), "w");

	if (f)
		write_copy(f, ini, pad);
	if (!f || fclose(f) != 0) {
		if (fd >= 0)
			close(fd);
		return -EIO;
	}
	return fd;
}

/* iniparser's complaints name whole lines; ours name the line number. */
static int swallow(const char *format, ...)
{
	(void)format;
	return 0;
}

static dictionary *load_copy(int fd)
{
	char path[32];
	dictionary *dict;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	iniparser_set_error_callback(swallow);
	dict = iniparser_load(path);
	iniparser_set_error_callback(NULL);
	return dict;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The octets of a piece to OUT, at most CAP; their number, or -1 if these are not its digits. */
static int read_piece(const char *digits, char *out, size_t cap)
{
	int n = 0;

	for (; *digits; digits += 2, n++) {
		int high = digit(digits[0]), low = high < 0 ? -1 : digit(digits[1]);

		if (low < 0 || (size_t)n == cap)
			return -1;
		out[n] = (char)(high << 4 | low);
	}
	return n;
}

static bool take_pieces(dictionary *dict, const char *name, struct ini_entry *e, const uint8_t *pad,
			size_t cap)
{
	char piece[NAME_MAX_LEN + 16];
	const char *digits;
	int n = 0;

	for (size_t i = 0; n >= 0; i++) {
		(void)snprintf(piece, sizeof(piece), "%s:%zu", name, i);
		digits = iniparser_getstring(dict, piece, NULL);
		if (!digits)
			break;
		n = read_piece(digits, e->value + e->value_len, cap - e->value_len);
		if (n > 0)
			e->value_len += (size_t)n;
	}
	for (size_t i = 0; i < e->value_len; i++)
		e->value[i] = (char)masked(e, pad, i, (uint8_t)e->value[i]);
	return n >= 0;
}

static bool take_plain(dictionary *dict, const char *name, struct ini_entry *e, size_t cap)
{
	const char *value = iniparser_getstring(dict, name, NULL);

	if (!value || strlen(value) > cap)
		return false;
	e->value_len = strlen(value);
	memcpy(e->value, value, e->value_len);
	return true;
}

static int take(dictionary *dict, const struct ini *ini, struct ini_entry *e, const uint8_t *pad,
		struct fault_list *faults)
{
	size_t cap = e->raw_end - e->raw_at;
	char name[NAME_MAX_LEN];
	bool good = true;

	e->value = calloc(1, cap + 1);
	if (!e->value)
		return -ENOMEM;
	(void)snprintf(name, sizeof(name), "%s:%s", ini->sections[e->section].name, e->key);
	if (!e->faulty)
		good = is_carried(e) ? take_pieces(dict, name, e, pad, cap)
				     : take_plain(dict, name, e, cap);
	if (good)
		return 0;
	fault_add(faults, e->line, ini_key_shown(e->key),
		  "iniparser does not read it, use a plain name for the key");
	wipe(e->value, cap);
	e->value_len = 0;
	e->faulty = true;
	return 0;
}

static int read_all(struct ini *ini, const uint8_t *pad, struct fault_list *faults)
{
	int fd = make_copy(ini, pad), r = 0;
	dictionary *dict = fd < 0 ? NULL : load_copy(fd);

	if (fd < 0)
		return fd;
	close(fd);
	if (!dict)
		fault_add(faults, 0, NULL,
			  "iniparser cannot read the file, use plain names for keys");
	for (size_t i = 0; i < ini->entry_count && r == 0; i++) {
		ini->entries[i].faulty |= !dict;
		r = take(dict, ini, &ini->entries[i], pad, faults);
	}
	iniparser_freedict(dict);
	return r;
}

int ini_values_read(struct ini *ini, struct fault_list *faults)
{
	uint8_t *pad = malloc(ini->len + 1);
	int r;

	if (!pad)
		return -ENOMEM;
	random_fill(&random_kernel, pad, ini->len);
	r = read_all(ini, pad, faults);
	wipe(pad, ini->len);
	free(pad);
	return r;
}
