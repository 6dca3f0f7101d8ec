/* SPDX-License-Identifier: MIT */
/* Profile files as files: where they are, which there are, and the one key that is rewritten. */
#include "conf/ini.h"
#include "conf/profile.h"

#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool conf_name_valid(const char *name)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_.@+-";
	size_t len = strlen(name);

	return len > 0 && len < CONF_NAME_MAX && strspn(name, legal) == len && *name != '.' &&
	       *name != '-';
}

bool conf_name_profile(const char *name)
{
	return conf_name_valid(name) && strcmp(name, "ppp-profiles") != 0 &&
	       strcmp(name, "server") != 0;
}

int conf_dir(char *out, size_t cap, const char *dir)
{
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");
	struct str s = str_make(out, cap);
	size_t want;

	if (dir) {
		str_printf(&s, "%s", dir);
		want = strlen(dir);
	} else if (geteuid() == 0) {
		str_printf(&s, "%s", CONF_SYSTEM_DIR);
		want = strlen(CONF_SYSTEM_DIR);
	} else if (xdg && *xdg == '/') {
		str_printf(&s, "%s/vpdial", xdg);
		want = strlen(xdg) + 7;
	} else if (home && *home == '/') {
		str_printf(&s, "%s/.config/vpdial", home);
		want = strlen(home) + 15;
	} else
		return -ENOENT;
	return s.len == want ? 0 : -ENAMETOOLONG;
}

/* Length of the profile name in a file name, 0 if it is no profile. */
static size_t profile_file(const char *file, char name[static CONF_NAME_MAX])
{
	size_t len = strlen(file);

	if (len <= 5 || len - 5 >= CONF_NAME_MAX || strcmp(file + len - 5, ".conf") != 0)
		return 0;
	memcpy(name, file, len - 5);
	name[len - 5] = '\0';
	return conf_name_profile(name) ? len - 5 : 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int conf_list(const char *dir, char ***names, size_t *count)
{
	DIR *d = opendir(dir);
	char name[CONF_NAME_MAX], **list = NULL;
	struct dirent *entry;
	size_t n = 0;
	int r = 0;

	if (!d)
		return -errno;
	while (r == 0 && (entry = readdir(d))) {
		char **grown;

		if (!profile_file(entry->d_name, name))
			continue;
		grown = realloc(list, (n + 1) * sizeof(*list));
		if (grown)
			list = grown;
		if (!grown || !(list[n] = strdup(name)))
			r = -ENOMEM;
		else
			n++;
	}
	closedir(d);
	if (r < 0) {
		while (n > 0)
			free(list[--n]);
		free(list);
		return r;
	}
	if (n)
		qsort(list, n, sizeof(*list), compare_names);
	*names = list;
	*count = n;
	return 0;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno != EINTR)
			return -errno;
		if (w > 0) {
			p += w;
			n -= (size_t)w;
		}
	}
	return 0;
}

/* The file's octets up to AT, TEXT, and those from END on, to FD. */
static int write_changed(int fd, const struct ini *ini, size_t at, const char *text, size_t end)
{
	int r = write_all(fd, ini->text, at);

	if (r == 0)
		r = write_all(fd, text, strlen(text));
	if (r == 0)
		r = write_all(fd, ini->text + end, ini->len - end);
	if (r == 0 && fchmod(fd, ini->st.st_mode & 07777) < 0)
		r = -errno;
	if (r == 0 && fchown(fd, ini->st.st_uid, ini->st.st_gid) < 0)
		r = -errno;
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r;
}

/* Writes a new file beside PATH and puts it in its place. */
static int replace_file(const char *path, const struct ini *ini, size_t at, const char *text,
			size_t end)
{
	char temp[PATH_MAX + 16];
	const char *slash = strrchr(path, '/');
	int fd, r, dir = slash ? (int)(slash + 1 - path) : 0;

	if (snprintf(temp, sizeof(temp), "%.*s.%s.XXXXXX", dir, path, path + dir) >=
	    (int)sizeof(temp))
		return -ENAMETOOLONG;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_changed(fd, ini, at, text, end);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temp, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temp);
	return r;
}

static int change_disabled(const char *path, const struct ini *ini, bool disabled)
{
	char line[32];
	size_t section;

	for (section = 0; section < ini->section_count; section++)
		if (strcmp(ini->sections[section].name, "connection") == 0)
			break;
	if (section == ini->section_count)
		return -EINVAL;
	for (size_t i = 0; i < ini->entry_count; i++) {
		const struct ini_entry *e = &ini->entries[i];

		if (e->section == section && strcmp(e->key, "disabled") == 0)
			return replace_file(path, ini, e->raw_at, disabled ? "yes" : "no",
					    e->raw_end);
	}
	(void)snprintf(line, sizeof(line), "%sdisabled = %s\n",
		       ini->text[ini->sections[section].next_line - 1] == '\n' ? "" : "\n",
		       disabled ? "yes" : "no");
	return replace_file(path, ini, ini->sections[section].next_line, line,
			    ini->sections[section].next_line);
}

int conf_set_disabled(const char *dir, const char *name, bool disabled)
{
	char path[CONF_PATH_LEN], real[PATH_MAX];
	struct fault_list faults = {.path = path};
	struct conf_faults out = {0};
	struct ini ini = {0};
	int r;

	if (!conf_name_valid(name))
		return -ENOENT;
	if (snprintf(path, sizeof(path), "%s/%s.conf", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (!realpath(path, real)) /* the file behind a link is the one to replace */
		return -errno;
	r = ini_load(real, &ini, &faults);
	if (r == 0)
		r = faults.count ? -EINVAL : change_disabled(real, &ini, disabled);
	fault_flush(&faults, &out);
	conf_faults_free(&out);
	ini_free(&ini);
	return r;
}
