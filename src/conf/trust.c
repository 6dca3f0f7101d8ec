/* SPDX-License-Identifier: MIT */
/* Judging owners and modes on the way to a file. */
#include "conf/trust.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN_OCTETS 200

bool trust_is_root(void)
{
	unsigned inside, outside, count;
	FILE *f = geteuid() == 0 ? fopen("/proc/self/uid_map", "re") : NULL;
	/* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers */
	bool alone = f && fscanf(f, "%u %u %u", &inside, &outside, &count) == 3 && count == 1;

	if (f)
		(void)fclose(f);
	return geteuid() == 0 && !alone;
}

void trust_shown(struct str *why, const char *path)
{
	str_clean(why, path, strlen(path), SHOWN_OCTETS);
}

static bool owner_good(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

static bool directory_good(const char *path, bool sticky_good, struct str *why)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		str_printf(why, "its directory cannot be read: %s", strerror(errno));
		return false;
	}
	if (owner_good(st.st_uid) &&
	    (!(st.st_mode & 022) || (sticky_good && (st.st_mode & S_ISVTX))))
		return true;
	str_printf(why, "others may change its directory ");
	trust_shown(why, path);
	if (owner_good(st.st_uid))
		str_printf(why, " (mode %04o), run: chmod go-w ", (unsigned)st.st_mode & 07777);
	else
		str_printf(why, " (it belongs to uid %u), run: chown root ", (unsigned)st.st_uid);
	trust_shown(why, path);
	return false;
}

/* All directories above REAL. */
static bool directories_good(const char *real, bool sticky_good, struct str *why)
{
	char path[PATH_MAX];

	(void)str_copy(path, sizeof path, real);
	for (char *slash; (slash = strrchr(path, '/')); sticky_good = true) {
		slash[slash == path] = '\0';
		if (!directory_good(path, sticky_good, why))
			return false;
		if (slash == path)
			return true;
	}
	return false;
}

bool trust_place(const char *path, char real[static PATH_MAX], struct str *why)
{
	char dir[PATH_MAX], real_dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int len = slash ? (int)(slash + 1 - path) : 2;

	/* The directory where it was found may hold but a link to it. */
	if (snprintf(dir, sizeof dir, "%.*s", len, slash ? path : "./") >= (int)sizeof dir) {
		str_printf(why, "its path is too long");
		return false;
	}
	if (!realpath(path, real) || !realpath(dir, real_dir)) {
		str_printf(why, "it cannot be read: %s", strerror(errno));
		return false;
	}
	str_printf(&(struct str){.text = real_dir, .len = strlen(real_dir), .cap = sizeof real_dir},
		   "/");
	return directories_good(real_dir, false, why) && directories_good(real, true, why);
}

bool trust_file(const struct stat *st, const char *real, struct str *why)
{
	if (owner_good(st->st_uid) && !(st->st_mode & 022))
		return true;
	if (!owner_good(st->st_uid))
		str_printf(why, "it belongs to uid %u, run: chown root ", (unsigned)st->st_uid);
	else
		str_printf(why, "others may change it (mode %04o), run: chmod go-w ",
			   (unsigned)st->st_mode & 07777);
	trust_shown(why, real);
	return false;
}

bool trust_opened(const char *path, const struct stat *st, struct str *why)
{
	char real[PATH_MAX];
	struct stat now;

	if (!trust_file(st, path, why) || !trust_place(path, real, why))
		return false;
	if (stat(real, &now) == 0 && now.st_dev == st->st_dev && now.st_ino == st->st_ino)
		return true;
	str_printf(why, "it changes while it is read");
	return false;
}
