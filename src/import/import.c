/* SPDX-License-Identifier: MIT */
/* One import: which reader for which file. */
#include "import/import.h"

#include "base/secret.h"
#include "base/str.h"
#include "import/formats.h"
#include "import/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef void reader(struct import_job *job, const struct import_file *file);

/* Tables of secrets are looked into by those that need one. */
static void read_by_others(struct import_job *job, const struct import_file *file)
{
	(void)job;
	(void)file;
}

/* In the order in which they are read: what stands later adds to what is there. */
static const struct {
	enum import_format format;
	reader *read; /* NULL = there is none */
	const char *text;
} formats[] = {
	{IMPORT_FORMAT_ROUTEROS, import_routeros, "a RouterOS configuration"},
	{IMPORT_FORMAT_PPPD, import_pppd, "a file of pppd's options"},
	{IMPORT_FORMAT_PPP_SECRETS, read_by_others, "a table of pppd's secrets"},
	{IMPORT_FORMAT_XL2TPD, import_xl2tpd, "an xl2tpd configuration"},
	{IMPORT_FORMAT_L2TP_SECRETS, read_by_others, "a table of xl2tpd's secrets"},
	{IMPORT_FORMAT_OURS, NULL, "a profile of vpdial"},
	{IMPORT_FORMAT_OPENVPN, NULL,
	 "a configuration of OpenVPN, which is another kind of tunnel"},
	{IMPORT_FORMAT_BINARY, NULL, "not a text"},
	{IMPORT_FORMAT_UTF16, NULL, "a text in UTF-16"},
	{IMPORT_FORMAT_SIGNED, NULL, "a signed configuration profile"},
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

const char *import_format_text(enum import_format format)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (formats[i].format == format)
			return formats[i].text;
	return "not a configuration that vpdial knows";
}

bool import_format_known(enum import_format format)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (formats[i].format == format)
			return formats[i].read != NULL;
	return false;
}

struct import_job *import_job_new(void)
{
	struct import_job *job = calloc(1, sizeof(*job));

	if (job)
		job->list = import_list_new();
	if (job && !job->list) {
		free(job);
		return NULL;
	}
	return job;
}

static void drop(struct import_file *file)
{
	if (file->text)
		wipe(file->text, file->len);
	free(file->text);
	file->text = NULL;
}

void import_job_free(struct import_job *job)
{
	if (!job)
		return;
	for (size_t i = 0; i < job->file_count; i++)
		drop(&job->files[i]);
	import_list_free(job->list);
	free(job);
}

bool import_job_add(struct import_job *job, struct import_file *file)
{
	if (job->file_count == IMPORT_FILES_MAX) {
		drop(file);
		return false;
	}
	file->format = import_recognise(file->path, file->text, file->len);
	job->files[job->file_count++] = *file;
	return true;
}

/* PATH as FROM means it, into OUT. */
static bool resolve(const struct import_file *from, const char *path, char *out, size_t cap)
{
	int dir = (int)(text_base_name(from->path) - from->path);

	if (*path == '/')
		dir = 0;
	return snprintf(out, cap, "%.*s%s", dir, from->path, path) < (int)cap;
}

const struct import_file *import_follow(struct import_job *job, const struct import_file *from,
					const char *path)
{
	struct import_file file = {.text = NULL};
	char whole[IMPORT_PATH_MAX];

	if (!*path || !resolve(from, path, whole, sizeof(whole)))
		return NULL;
	for (size_t i = 0; i < job->file_count; i++)
		if (strcmp(job->files[i].path, whole) == 0) {
			job->files[i].followed = true;
			return &job->files[i];
		}
	if (!job->opener.open || job->opener.open(job->opener.ctx, whole, &file) < 0)
		return NULL;
	(void)str_copy(file.path, sizeof(file.path), whole);
	file.followed = true;
	return import_job_add(job, &file) ? &job->files[job->file_count - 1] : NULL;
}

const struct import_file *import_next(const struct import_job *job, enum import_format format,
				      size_t *at)
{
	while (*at < job->file_count) {
		const struct import_file *file = &job->files[(*at)++];

		if (file->format == format)
			return file;
	}
	return NULL;
}

size_t import_connection(struct import_job *job, const char *name, const char *type)
{
	char clean[IMPORT_NAME_MAX], tried[IMPORT_NAME_MAX];
	size_t section;

	import_clean_name(name, clean);
	(void)str_copy(tried, sizeof(tried), clean);
	for (unsigned n = 2; import_find(job->list, IMPORT_CONNECTION, tried) != IMPORT_NONE; n++)
		(void)snprintf(tried, sizeof(tried), "%.*s-%u", IMPORT_NAME_MAX - 8, clean, n);
	section = import_section(job->list, IMPORT_CONNECTION, tried);
	if (type)
		import_set(job->list, section, "type", type);
	return section;
}

void import_refuse(struct import_job *job, const struct import_file *file, const char *what)
{
	char shown[200];
	struct str name = str_make(shown, sizeof(shown));

	str_clean(&name, file->path, strlen(file->path), 120);
	if (!*job->fault)
		(void)snprintf(job->fault, sizeof(job->fault), "%s %s", shown, what);
}

/* The fault of a file that no reader takes. */
static int refuse(struct import_job *job, const struct import_file *file)
{
	char shown[200];
	struct str name = str_make(shown, sizeof(shown)),
		   s = str_make(job->fault, sizeof(job->fault));

	str_clean(&name, file->path, strlen(file->path), 120);
	str_printf(&s, "%s is %s", shown, import_format_text(file->format));
	if (file->format == IMPORT_FORMAT_SIGNED)
		str_printf(&s, ": take the unsigned file, or cut the signature off with openssl "
			       "smime -verify -noverify -inform der -in FILE");
	else if (file->format == IMPORT_FORMAT_UTF16)
		str_printf(&s, ": save it as UTF-8");
	else if (file->format == IMPORT_FORMAT_OURS)
		str_printf(&s, ": copy it to the directory of the profiles");
	return -EINVAL;
}

static int read_named(struct import_job *job, size_t named)
{
	for (size_t f = 0; f < FORMATS; f++)
		for (size_t i = 0; formats[f].read && i < named; i++) {
			/* The reader may add files: the array stays where it is. */
			if (job->files[i].format == formats[f].format)
				formats[f].read(job, &job->files[i]);
		}
	return 0;
}

int import_run(struct import_job *job)
{
	struct str s;
	size_t named = job->file_count;
	bool found = false;

	for (size_t i = 0; i < named; i++)
		if (!import_format_known(job->files[i].format))
			return refuse(job, &job->files[i]);
	(void)read_named(job, named);
	if (job->list->full) {
		s = str_make(job->fault, sizeof(job->fault));
		str_printf(&s,
			   "too much for one import: at most %d connections and other parts, "
			   "and %d values",
			   IMPORT_SECTIONS_MAX, IMPORT_ITEMS_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < job->list->section_count; i++)
		found |= !job->list->sections[i].dropped;
	if (found)
		job->fault[0] = '\0';
	else if (!*job->fault)
		(void)str_copy(job->fault, sizeof(job->fault), "there is no PPTP or L2TP in it");
	return found ? 0 : -EINVAL;
}
