/* SPDX-License-Identifier: MIT */
/* Finding and judging the administrator's scripts. */
#include "conf/scripts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_WAIT	     "no-wait.d"
#define ENTRIES_MAX  1024 /* looked at in one directory */
#define SHOWN_OCTETS 200

static bool put_path(char *out, size_t cap, const char *a, const char *b, const char *c)
{
	return snprintf(out, cap, "%s%s%s", a, b, c) < (int)cap;
}

bool script_dirs_make(struct script_dirs *d, const char *config_dir, bool networkmanager)
{
	static const char *const fixed[] = {VPDIAL_VENDORDIR, VPDIAL_SYSCONFDIR "/NetworkManager",
					    "/usr/lib/NetworkManager"};

	d->own = 2;
	d->count = networkmanager ? SCRIPT_DIRS_MAX : d->own;
	for (size_t i = 0; i < d->count; i++)
		if (!put_path(d->dirs[i], sizeof d->dirs[i], i ? fixed[i - 1] : config_dir,
			      "/dispatcher.d", ""))
			return false;
	return true;
}

/* Copies that editors and packet managers leave are no scripts. */
static bool name_counts(const char *name)
{
	static const char *const ends[] = {"~",	   ".rpmsave",	".rpmorig",  ".rpmnew",
					   ".swp", ".dpkg-old", ".dpkg-new", ".dpkg-dist"};
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		size_t end = strlen(ends[i]);

		if (len >= end && strcmp(name + len - end, ends[i]) == 0)
			return false;
	}
	return name[0] != '.' && len <= NAME_MAX;
}

/* Is PATH a link to something in the no-wait.d of ROOT?  DIR is the directory of PATH. */
static bool leads_to_no_wait(const char *path, const char *dir, const char *root)
{
	char target[PATH_MAX], wanted[PATH_MAX], real_wanted[PATH_MAX], real[PATH_MAX], *slash;
	ssize_t n = readlink(path, target, sizeof target - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	slash = strrchr(target, '/');
	if (!slash)
		return false;
	slash[slash == target] = '\0';
	return put_path(wanted, sizeof wanted, root, "/", NO_WAIT) &&
	       realpath(wanted, real_wanted) &&
	       put_path(wanted, sizeof wanted, target[0] == '/' ? "" : dir,
			target[0] == '/' ? "" : "/", target) &&
	       realpath(wanted, real) && strcmp(real, real_wanted) == 0;
}

static bool is_known(const struct script_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return true;
	return false;
}

/* Also what only hides others goes to the list; it is taken out at the end. */
static void add_entry(struct script_list *list, const struct script_dirs *dirs, size_t from,
		      const char *sub, const char *name)
{
	struct script *s = &list->items[list->count];
	char dir[CONF_PATH_LEN + 16];

	if (!name_counts(name) || is_known(list, name))
		return;
	if (list->count == SCRIPTS_MAX) {
		list->left_out++;
		return;
	}
	*s = (struct script){.foreign = from >= dirs->own};
	if (!str_copy(s->name, sizeof s->name, name) ||
	    !put_path(dir, sizeof dir, dirs->dirs[from], *sub ? "/" : "", sub) ||
	    !put_path(s->path, sizeof s->path, dir, "/", name))
		return;
	s->parallel = leads_to_no_wait(s->path, dir, dirs->dirs[from]);
	list->count++;
}

static void read_directory(struct script_list *list, const struct script_dirs *dirs, size_t from,
			   const char *sub)
{
	char path[CONF_PATH_LEN + 16];
	struct dirent *entry;
	DIR *d;

	if (!put_path(path, sizeof path, dirs->dirs[from], *sub ? "/" : "", sub))
		return;
	d = opendir(path);
	if (!d)
		return;
	for (int i = 0; i < ENTRIES_MAX && (entry = readdir(d)); i++)
		if (entry->d_type != DT_DIR)
			add_entry(list, dirs, from, sub, entry->d_name);
	closedir(d);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct script *)a)->name, ((const struct script *)b)->name);
}

static bool is_script(const struct script *s)
{
	struct stat st;

	return stat(s->path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

int script_list_read(const struct script_dirs *dirs, const char *sub, struct script_list *list)
{
	size_t kept = 0;

	*list = (struct script_list){.items = calloc(SCRIPTS_MAX + 1, sizeof *list->items)};
	if (!list->items)
		return -ENOMEM;
	for (size_t i = 0; i < dirs->count; i++)
		read_directory(list, dirs, i, sub);
	for (size_t i = 0; i < list->count; i++)
		if (is_script(&list->items[i]))
			list->items[kept++] = list->items[i];
	list->count = kept;
	if (kept)
		qsort(list->items, kept, sizeof *list->items, by_name);
	return 0;
}

void script_list_free(struct script_list *list)
{
	free(list->items);
	*list = (struct script_list){0};
}

static void shown(struct str *why, const char *path)
{
	str_clean(why, path, strlen(path), SHOWN_OCTETS);
}

static bool owner_good(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* Others may put files into a directory with the sticky bit, but not take away those of root. */
static bool directory_good(const char *path, struct str *why)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		str_printf(why, "its directory cannot be read: %s", strerror(errno));
		return false;
	}
	if (owner_good(st.st_uid) && (!(st.st_mode & 022) || (st.st_mode & S_ISVTX)))
		return true;
	str_printf(why, "others may change its directory ");
	shown(why, path);
	if (owner_good(st.st_uid))
		str_printf(why, " (mode %04o), run: chmod go-w ", (unsigned)st.st_mode & 07777);
	else
		str_printf(why, " (it belongs to uid %u), run: chown root ", (unsigned)st.st_uid);
	shown(why, path);
	return false;
}

static bool directories_good(const char *real, struct str *why)
{
	char path[PATH_MAX];

	(void)str_copy(path, sizeof path, real);
	for (char *slash; (slash = strrchr(path, '/'));) {
		slash[slash == path] = '\0';
		if (!directory_good(path, why))
			return false;
		if (slash == path)
			return true;
	}
	return false;
}

static bool file_good(const char *real, struct str *why)
{
	struct stat st;

	if (stat(real, &st) < 0)
		str_printf(why, "it cannot be read: %s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		str_printf(why, "it is no regular file");
	else if (!owner_good(st.st_uid)) {
		str_printf(why, "it belongs to uid %u, run: chown root ", (unsigned)st.st_uid);
		shown(why, real);
	} else if (st.st_mode & 022) {
		str_printf(why, "others may change it (mode %04o), run: chmod go-w ",
			   (unsigned)st.st_mode & 07777);
		shown(why, real);
	} else if (st.st_mode & (S_ISUID | S_ISGID)) {
		str_printf(why, "it is setuid or setgid (mode %04o), run: chmod ug-s ",
			   (unsigned)st.st_mode & 07777);
		shown(why, real);
	} else if (access(real, X_OK) < 0) {
		str_printf(why, "it is not executable, run: chmod u+x ");
		shown(why, real);
	} else
		return true;
	return false;
}

bool script_check(const char *path, char real[static PATH_MAX], struct str *why)
{
	char dir[PATH_MAX], real_dir[PATH_MAX], *slash;

	/* The directory where it was found may hold but a link to it. */
	if (!str_copy(dir, sizeof dir, path) || !(slash = strrchr(dir, '/')) || dir[0] != '/') {
		str_printf(why, "its path is relative or too long");
		return false;
	}
	slash[1] = '\0';
	if (!realpath(path, real) || !realpath(dir, real_dir)) {
		str_printf(why, "it cannot be read: %s", strerror(errno));
		return false;
	}
	str_printf(&(struct str){.text = real_dir, .len = strlen(real_dir), .cap = sizeof real_dir},
		   "/");
	return directories_good(real_dir, why) && directories_good(real, why) &&
	       file_good(real, why);
}
