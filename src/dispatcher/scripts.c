/* SPDX-License-Identifier: MIT */
/* Finding and judging the administrator's scripts. */
#include "dispatcher/scripts.h"

#include "conf/trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_WAIT	    "no-wait.d"
#define ENTRIES_MAX 1024 /* looked at in one directory */

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

static bool file_good(const char *real, struct str *why)
{
	struct stat st;

	if (stat(real, &st) < 0)
		str_printf(why, "it cannot be read: %s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		str_printf(why, "it is no regular file");
	else if (!trust_file(&st, real, why))
		return false;
	else if (st.st_mode & (S_ISUID | S_ISGID)) {
		str_printf(why, "it is setuid or setgid (mode %04o), run: chmod ug-s ",
			   (unsigned)st.st_mode & 07777);
		trust_shown(why, real);
	} else if (access(real, X_OK) < 0) {
		str_printf(why, "it is not executable, run: chmod u+x ");
		trust_shown(why, real);
	} else
		return true;
	return false;
}

bool script_check(const char *path, char real[static PATH_MAX], struct str *why)
{
	if (path[0] != '/') {
		str_printf(why, "its path is relative");
		return false;
	}
	return trust_place(path, real, why) && file_good(real, why);
}
