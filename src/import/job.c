/* SPDX-License-Identifier: MIT */
/* The files of an import, and what its readers need of it. */
#include "import/import.h"

#include "base/secret.h"
#include "base/str.h"
#include "import/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	if (file->len >= 3 && memcmp(file->text, "\xef\xbb\xbf", 3) == 0) {
		file->len -= 3;
		memmove(file->text, file->text + 3, file->len + 1);
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
