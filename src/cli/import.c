/* SPDX-License-Identifier: MIT */
/* `vpdial import`: files of other programs to profiles. */
#include "import/import.h"
#include "cli/cli.h"
#include "cli/place.h"

#include "base/secret.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All of FD, a regular file or standard input, to FILE; 0 or -errno. */
static int read_all(int fd, struct import_file *file)
{
	char *text = malloc(IMPORT_FILE_MAX + 1);
	ssize_t n = 1;
	size_t len = 0;

	if (!text)
		return -ENOMEM;
	while (n > 0 && len <= IMPORT_FILE_MAX) {
		n = read(fd, text + len, IMPORT_FILE_MAX + 1 - len);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (n < 0 || len > IMPORT_FILE_MAX) {
		int error = n < 0 ? errno : EFBIG;

		wipe(text, len);
		free(text);
		return -error;
	}
	text[len] = '\0';
	file->text = text;
	file->len = len;
	return 0;
}

static int read_file(void *ctx, const char *path, struct import_file *file)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r = 0;
	struct stat st;

	(void)ctx;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else if (st.st_size > IMPORT_FILE_MAX)
		r = -EFBIG;
	if (r == 0)
		r = read_all(fd, file);
	close(fd);
	return r;
}

static int add_file(struct import_job *job, const char *word)
{
	struct import_file file = {.text = NULL};
	bool input = strcmp(word, "-") == 0;
	int r = -ENAMETOOLONG;

	if (str_copy(file.path, sizeof(file.path), input ? "standard input" : word))
		r = input ? read_all(STDIN_FILENO, &file) : read_file(NULL, word, &file);
	if (r < 0) {
		cli_error("%s: %s%s", word, r == -EINVAL ? "no regular file" : strerror(-r),
			  r == -EFBIG ? ", at most 256 KiB are read" : "");
		return cli_status_of(r);
	}
	if (import_job_add(job, &file))
		return 0;
	cli_error("too many files, at most %d are read", IMPORT_FILES_MAX);
	return EXIT_OPTIONS;
}

bool cli_say_foreign(const char *path)
{
	struct import_file file = {.text = NULL};
	enum import_format format;

	if (read_file(NULL, path, &file) < 0)
		return false;
	format = import_recognise(path, file.text, file.len);
	wipe(file.text, file.len);
	free(file.text);
	if (!import_format_known(format))
		return false;
	printf("%s: this is %s: vpdial import %s\n", path, import_format_text(format), path);
	return true;
}

/* --name N: for the one profile there is. */
static int rename_only(const struct cli *cli, struct import_list *list)
{
	size_t only = IMPORT_NONE, count = 0;

	if (!cli->name)
		return 0;
	for (size_t i = 0; i < list->section_count; i++)
		if (list->sections[i].place == IMPORT_CONNECTION && !list->sections[i].dropped) {
			only = i;
			count++;
		}
	if (count != 1) {
		cli_error("--name is for one connection, and there %s",
			  count ? "are several" : "is none");
		return EXIT_OPTIONS;
	}
	if (!conf_name_profile(cli->name)) {
		cli_error("--name %s: no name of a profile, use letters, digits and _ . @ + -",
			  cli->name);
		return EXIT_OPTIONS;
	}
	import_rename(list, only, cli->name);
	return 0;
}

/* Programs of the old set-up that would be in the way while they run. */
static const struct {
	const char *type, *program, *text;
} rivals[] = {
	{"l2tp", "xl2tpd", "holds port 1701: systemctl disable --now xl2tpd"},
	{"l2tp", "kl2tpd", "may hold port 1701: end it before you dial"},
	{"pptp", "pptp", "has a call up, whose routes may be in the way: poff, or kill it"},
};

static bool dials(const struct import_list *list, const char *type)
{
	for (size_t i = 0; i < list->section_count; i++) {
		const char *own = import_get(list, i, "type");

		if (!list->sections[i].dropped && own && strcmp(own, type) == 0)
			return true;
	}
	return false;
}

/* The name of the process in this directory of /proc. */
static bool process_name(const char *pid, char *out, size_t cap)
{
	char path[300];
	FILE *f;
	bool good;

	(void)snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = *pid >= '0' && *pid <= '9' ? fopen(path, "re") : NULL;
	if (!f)
		return false;
	good = fgets(out, (int)cap, f) != NULL;
	(void)fclose(f);
	out[strcspn(out, "\n")] = '\0';
	return good;
}

/* One line for each that runs. */
static void say_rivals(const struct import_list *list)
{
	const size_t count = sizeof(rivals) / sizeof(rivals[0]);
	bool said[sizeof(rivals) / sizeof(rivals[0])] = {false};
	DIR *d = opendir("/proc");
	struct dirent *entry;
	char name[64];

	while (d && (entry = readdir(d)))
		for (size_t i = 0; i < count && process_name(entry->d_name, name, sizeof(name));
		     i++) {
			if (said[i] || strcmp(name, rivals[i].program) != 0 ||
			    !dials(list, rivals[i].type))
				continue;
			said[i] = true;
			printf("%s still runs, and %s\n", rivals[i].program, rivals[i].text);
		}
	if (d)
		closedir(d);
}

int cli_import(struct cli *cli)
{
	struct import_job *job = import_job_new();
	int r = job ? 0 : EXIT_FATAL;

	for (size_t i = 0; i < cli->arg_count && r == 0; i++)
		r = add_file(job, cli->args[i]);
	if (r == 0) {
		job->opener = (struct import_opener){.open = read_file};
		if (import_run(job) < 0) {
			cli_error("%s", job->fault);
			r = EXIT_OPTIONS;
		}
	}
	if (r == 0)
		r = rename_only(cli, job->list);
	if (r == 0)
		r = place_list(cli, job->list, PLACE_FOREIGN);
	if (r != EXIT_FATAL && job && job->skipped && !*job->fault)
		printf("%zu commands of other parts of the configuration were left alone\n",
		       job->skipped);
	if ((r == EXIT_OK || r == EXIT_OPTIONS) && job && !*job->fault &&
	    !(cli->given & CLI_OPTION_DRY_RUN))
		say_rivals(job->list);
	import_job_free(job);
	return r;
}
