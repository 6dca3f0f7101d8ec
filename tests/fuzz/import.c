/* SPDX-License-Identifier: MIT */
/* The importers: the first byte chooses the file's name, the rest is its text, up to an octet 0xff
 * a first file, and behind that one which the first may point at.  Whatever comes, notes and faults
 * are fit to be seen, and what is written is lines of "key = value", comments and headers. */
#include "fuzz.h"

#include "base/str.h"
#include "import/import.h"
#include "import/writer.h"

#include <errno.h>

struct more {
	const uint8_t *octets;
	size_t len;
};

static char *text_of(const uint8_t *octets, size_t len)
{
	char *text = malloc(len + 1);

	if (!text)
		return NULL;
	if (len)
		memcpy(text, octets, len);
	text[len] = '\0';
	return text;
}

static int open_more(void *ctx, const char *path, struct import_file *file)
{
	const struct more *more = ctx;

	FUZZ_CHECK(strlen(path) < IMPORT_PATH_MAX);
	if (more->len == 0)
		return -ENOENT;
	file->text = text_of(more->octets, more->len);
	file->len = more->len;
	return file->text ? 0 : -ENOMEM;
}

/* One line of a file that is written, without its end. */
static void check_line(const char *line, size_t len)
{
	const char *equals = memchr(line, '=', len);

	if (len == 0 || *line == '#') {
		fuzz_check_text(line, len);
		return;
	}
	if (*line == '[') {
		FUZZ_CHECK(line[len - 1] == ']');
		return;
	}
	FUZZ_CHECK(equals && equals > line + 1 && equals[-1] == ' ' && equals[1] == ' ');
	for (const char *p = line; p < equals - 1; p++)
		FUZZ_CHECK((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-');
}

static void check_written(const struct import_list *list, size_t section)
{
	const struct import_section *s = &list->sections[section];
	struct import_out out;

	FUZZ_CHECK(*s->name && strlen(s->name) < INT8_MAX && !strpbrk(s->name, "]\r\n/"));
	if (!import_out_new(&out))
		return;
	import_write_section(&out, list, section,
			     s->place == IMPORT_CONNECTION ? "connection" : s->name, true);
	for (size_t at = 0; at < out.len && !out.full;) {
		size_t n = strcspn(out.text + at, "\n");

		check_line(out.text + at, n);
		at += n + 1;
	}
	import_out_free(&out);
}

static void check(const struct import_job *job, int result)
{
	FUZZ_CHECK((result < 0) == (*job->fault != '\0'));
	fuzz_check_text(job->fault, strlen(job->fault));
	for (size_t i = 0; i < job->list->item_count; i++)
		if (!job->list->items[i].key)
			fuzz_check_text(job->list->items[i].value,
					strlen(job->list->items[i].value));
	for (size_t i = 0; i < job->list->section_count && i < 8; i++)
		check_written(job->list, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const names[] = {"/etc/ppp/peers/office", "chap-secrets",  "xl2tpd.conf",
					    "l2tp-secrets",	     "ipsec.secrets", "a"};
	struct import_file file = {.text = NULL};
	struct import_job *job;
	struct more more = {NULL, 0};
	const uint8_t *cut;

	if (len == 0)
		return 0;
	job = import_job_new();
	if (!job)
		return 0;
	(void)str_copy(file.path, sizeof(file.path), names[data[0] % 6]);
	data++;
	len--;
	cut = memchr(data, 0xff, len);
	if (cut && cut > data) {
		more = (struct more){cut + 1, (size_t)(data + len - cut) - 1};
		len = (size_t)(cut - data);
	}
	file.text = text_of(data, len);
	file.len = len;
	job->opener = (struct import_opener){.open = open_more, .ctx = &more};
	if (file.text && import_job_add(job, &file))
		check(job, import_run(job));
	import_job_free(job);
	return 0;
}
