/* SPDX-License-Identifier: MIT */
/* Names of connections: of profiles, of what runs, and of what was left. */
#include "cli/cli.h"

#include "base/str.h"
#include "client/client.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool cli_profile_exists(const struct cli *cli, const char *name)
{
	char path[2 * CONF_PATH_LEN];
	struct str s = str_make(path, sizeof(path));

	if (!conf_name_profile(name))
		return false;
	str_printf(&s, "%s/%s.conf", cli->config_dir, name);
	return access(path, F_OK) == 0;
}

bool cli_is_known(const struct cli *cli, const char *name)
{
	int fd;

	if (cli_profile_exists(cli, name))
		return true;
	fd = conf_name_valid(name) ? client_open(cli->run_dir, name) : -ENOENT;
	if (fd >= 0)
		close(fd);
	return fd != -ENOENT;
}

bool cli_has_leftover(const struct cli *cli, const char *name, const char *suffix)
{
	char path[2 * CONF_PATH_LEN];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s%s", cli->run_dir, name, suffix);
	/* An empty journal has nothing to undo. */
	return stat(path, &st) == 0 && (st.st_size > 0 || S_ISSOCK(st.st_mode));
}

size_t cli_running_names(const char *run_dir, const char *suffix, char ***names)
{
	size_t count = 0, end = strlen(suffix);
	DIR *d = opendir(run_dir);
	struct dirent *entry;

	*names = NULL;
	while (d && (entry = readdir(d))) {
		size_t len = strlen(entry->d_name);
		char **grown, *name;

		if (len <= end || strcmp(entry->d_name + len - end, suffix) != 0)
			continue;
		name = strndup(entry->d_name, len - end);
		grown = name && conf_name_profile(name)
				? realloc(*names, (count + 1) * sizeof(**names))
				: NULL;
		if (!grown) {
			free(name);
			continue;
		}
		*names = grown;
		grown[count++] = name;
	}
	if (d)
		closedir(d);
	return count;
}

void cli_names_free(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts, and drops what stands there twice. */
static size_t unite(char **names, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(names, count, sizeof(*names), compare);
	for (size_t i = 0; i < count; i++)
		if (kept && strcmp(names[kept - 1], names[i]) == 0)
			free(names[i]);
		else
			names[kept++] = names[i];
	return kept;
}

int cli_known_names(const struct cli *cli, char ***names, size_t *count)
{
	char **running, **grown;
	size_t n = cli_running_names(cli->run_dir, ".sock", &running);
	int r = conf_list(cli->config_dir, names, count);

	if (r < 0) {
		*names = NULL;
		*count = 0;
	}
	grown = realloc(*names, (*count + n + 1) * sizeof(**names));
	if (!grown) {
		cli_names_free(running, n);
		return -ENOMEM;
	}
	if (n)
		memcpy(grown + *count, running, n * sizeof(*running));
	free(running);
	*names = grown;
	*count = unite(grown, *count + n);
	return r;
}
