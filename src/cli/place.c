/* SPDX-License-Identifier: MIT */
/* Files of profiles: made beside their place, loaded once as a dial would, and then put there. */
#include "cli/place.h"

#include "base/secret.h"
#include "base/str.h"
#include "conf/options.h"
#include "conf/server.h"
#include "import/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX (IMPORT_SECTIONS_MAX + 2)

struct placing {
	const struct cli *cli;
	struct import_list *list;
	char dir[CONF_PATH_LEN]; /* where the new files are until they are put into their place */
	unsigned how;
	bool faulty;
};

/* Whose keys may stand in the section. */
static unsigned sections_of(const struct import_section *s)
{
	if (s->place == IMPORT_CONNECTION)
		return CONF_IN_CONNECTION;
	if (s->place == IMPORT_PPP)
		return CONF_IN_PPP;
	if (strncasecmp(s->name, "secret ", 7) == 0)
		return CONF_IN_SECRET;
	if (strncasecmp(s->name, "interface ", 10) == 0)
		return CONF_IN_INTERFACE;
	if (strncasecmp(s->name, "pool ", 5) == 0)
		return CONF_IN_POOL;
	return CONF_IN_LISTENER;
}

/* What another program's file says may never choose a program that we run. */
static bool runs_program(const char *key)
{
	return strstr(key, "-command") || strcmp(key, "ip-up") == 0 || strcmp(key, "ip-down") == 0;
}

static void judge(struct import_list *list)
{
	for (size_t i = 0; i < list->item_count; i++) {
		struct import_item item = list->items[i];
		char buf[400];
		struct str why = str_make(buf, sizeof(buf));

		if (!item.key || item.replaced)
			continue;
		if (runs_program(item.key))
			str_printf(&why, "it runs a program, write it by hand if you want it");
		else if (conf_value_legal(item.key, sections_of(&list->sections[item.section]),
					  item.value, &why))
			continue;
		list->items[i].replaced = true;
		import_lost(list, item.section, item.key, item.value, buf);
	}
}

static void path_of(const char *dir, const struct import_list *list, size_t section, char *out,
		    size_t cap)
{
	const struct import_section *s = &list->sections[section];

	if (s->place == IMPORT_CONNECTION)
		(void)snprintf(out, cap, "%s/%s.conf", dir, s->name);
	else
		(void)snprintf(out, cap, "%s/%s", dir,
			       s->place == IMPORT_PPP ? "ppp-profiles.conf" : "server.conf");
}

/* Is this the first section of its file? */
static bool is_first(const struct import_list *list, size_t section)
{
	const struct import_section *s = &list->sections[section];

	if (s->dropped)
		return false;
	return s->place == IMPORT_CONNECTION || import_find(list, s->place, NULL) == section;
}

/* The text of a file that is there, terminated and of IMPORT_OUT_MAX octets at most, or NULL. */
static char *read_text(const char *path, mode_t *mode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = fd < 0 ? NULL : calloc(1, IMPORT_OUT_MAX + 1);
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;

	if (text && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*mode = st.st_mode & 07777;
		while (n > 0 && len < IMPORT_OUT_MAX) {
			n = read(fd, text + len, IMPORT_OUT_MAX - len);
			len += n > 0 ? (size_t)n : 0;
		}
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* Are there files or sections that would be written over?  Says so. */
static bool is_taken(const struct placing *p)
{
	bool taken = false;

	for (size_t i = 0; i < p->list->section_count; i++) {
		const struct import_section *s = &p->list->sections[i];
		char path[2 * CONF_PATH_LEN], *text;
		mode_t mode = 0;
		bool there;

		if (s->dropped)
			continue;
		path_of(p->cli->config_dir, p->list, i, path, sizeof(path));
		text = read_text(path, &mode);
		there = s->place == IMPORT_CONNECTION ? access(path, F_OK) == 0
						      : text && import_has_section(text, s->name);
		if (there && s->place == IMPORT_CONNECTION)
			cli_error("%s is there already: %s", path,
				  p->how & PLACE_OWN ? "choose another name for --save"
						     : "write --force to replace it, or --name for "
						       "another name");
		else if (there)
			cli_error("%s has a section [%s] already: write --force to replace it",
				  path, s->name);
		taken |= there;
		if (text)
			wipe(text, strlen(text));
		free(text);
	}
	return taken;
}

/* The whole file of which SECTION is the first. */
static void compose(const struct placing *p, size_t section, bool shown, struct import_out *out,
		    mode_t *mode)
{
	const struct import_list *list = p->list;
	enum import_place place = list->sections[section].place;
	char path[2 * CONF_PATH_LEN], *before;

	*mode = 0600;
	if (place == IMPORT_CONNECTION) {
		import_write_section(out, list, section, "connection", shown);
		return;
	}
	path_of(p->cli->config_dir, list, section, path, sizeof(path));
	before = shown ? read_text(path, mode) : NULL;
	if (before && *before) {
		import_write_others(out, list, place, before);
		wipe(before, strlen(before));
	}
	free(before);
	for (size_t i = section; i < list->section_count; i++)
		if (list->sections[i].place == place && !list->sections[i].dropped)
			import_write_section(out, list, i, list->sections[i].name, shown);
	if (place == IMPORT_SERVER)
		*mode = 0600;
}

static int write_all(const char *path, const struct import_out *out, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), r = 0;
	size_t at = 0;

	if (fd < 0)
		return -errno;
	while (at < out->len && r == 0) {
		ssize_t n = write(fd, out->text + at, out->len - at);

		if (n >= 0)
			at += (size_t)n;
		else if (errno != EINTR)
			r = -errno;
	}
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	close(fd);
	return r;
}

/* Writes all files to the directory beside their place; 0 or -errno. */
static int write_files(const struct placing *p)
{
	int r = 0;

	for (size_t i = 0; i < p->list->section_count && r == 0; i++) {
		char path[2 * CONF_PATH_LEN];
		struct import_out out;
		mode_t mode;

		if (!is_first(p->list, i))
			continue;
		if (!import_out_new(&out))
			return -ENOMEM;
		compose(p, i, true, &out, &mode);
		path_of(p->dir, p->list, i, path, sizeof(path));
		r = out.full ? -EFBIG : write_all(path, &out, mode);
		import_out_free(&out);
	}
	return r;
}

/* What the loader says of the new files, without the names of their directory. */
static void say_faults(struct placing *p, struct conf_faults *faults)
{
	size_t skip = strlen(p->dir) + 1;

	for (size_t i = 0; i < faults->count && i < 64; i++) {
		const char *line = faults->lines[i];

		if (line && strncmp(line, p->dir, skip - 1) == 0)
			line += skip;
		if (line && (p->how & PLACE_QUIET) && strstr(line, ": ")) /* there is no file */
			line = strstr(line, ": ") + 2;
		if (line)
			cli_error("%s", line);
	}
	p->faulty |= faults->count > 0;
	conf_faults_free(faults);
}

static void try_files(struct placing *p)
{
	struct conf_faults faults = {0};

	for (size_t i = 0; i < p->list->section_count; i++) {
		struct conf_profile profile;
		struct conf_server server;

		if (!is_first(p->list, i))
			continue;
		switch (p->list->sections[i].place) {
		case IMPORT_CONNECTION:
			if (conf_load(p->dir, p->list->sections[i].name, &profile, &faults) == 0)
				conf_profile_wipe(&profile);
			break;
		case IMPORT_PPP:
			break; /* with those that use it */
		case IMPORT_SERVER:
			if (conf_server_load(p->dir, &server, &faults) == 0)
				conf_server_free(&server);
			break;
		}
		say_faults(p, &faults);
	}
}

static size_t count_notes(const struct import_list *list, size_t section)
{
	size_t n = 0;

	for (size_t i = 0; i < list->item_count; i++)
		n += list->items[i].section == section && !list->items[i].key;
	return n;
}

static void say_placed(const struct placing *p, size_t section, const char *path)
{
	const struct import_section *s = &p->list->sections[section];
	size_t notes = count_notes(p->list, section);

	if (s->place != IMPORT_CONNECTION) {
		printf("%s: written\n", path);
		return;
	}
	printf("%s: written to %s", s->name, path);
	if (notes)
		printf("; its comments name %zu thing%s to look at", notes, notes == 1 ? "" : "s");
	printf("; dial it by: vpdial connect %s\n", s->name);
}

/* Each new file to its place; 0 or -errno. */
static int put_files(const struct placing *p)
{
	for (size_t i = 0; i < p->list->section_count; i++) {
		char from[2 * CONF_PATH_LEN], to[2 * CONF_PATH_LEN];
		bool alone = p->list->sections[i].place == IMPORT_CONNECTION &&
			     !(p->cli->given & CLI_OPTION_FORCE);

		if (!is_first(p->list, i))
			continue;
		path_of(p->dir, p->list, i, from, sizeof(from));
		path_of(p->cli->config_dir, p->list, i, to, sizeof(to));
		if (renameat2(AT_FDCWD, from, AT_FDCWD, to, alone ? RENAME_NOREPLACE : 0) < 0) {
			int error = errno;

			cli_error("%s: %s", to, strerror(error));
			return -error;
		}
		if (!(p->how & PLACE_QUIET))
			say_placed(p, i, to);
	}
	return 0;
}

/* Removes the directory and what is left in it. */
static void clear(const struct placing *p)
{
	char path[2 * CONF_PATH_LEN];

	for (size_t i = 0; i < p->list->section_count; i++) {
		path_of(p->dir, p->list, i, path, sizeof(path));
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/ppp-profiles.conf", p->dir);
	(void)unlink(path);
	(void)rmdir(p->dir);
}

int place_copy_ppp(const char *from, const char *to)
{
	char path[2 * CONF_PATH_LEN];
	struct import_out out = {.len = 0};
	mode_t mode = 0600;
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/ppp-profiles.conf", from);
	out.text = read_text(path, &mode);
	(void)snprintf(path, sizeof(path), "%s/ppp-profiles.conf", to);
	(void)unlink(path);
	if (!out.text)
		return 0;
	out.len = strlen(out.text);
	r = write_all(path, &out, mode);
	import_out_free(&out);
	if (r < 0)
		cli_error("%s: %s", path, strerror(-r));
	return r < 0 ? cli_status_of(r) : 0;
}

/* The directory of the profiles and the one above it, as far as they are missing. */
static int make_directory(const char *dir)
{
	char above[CONF_PATH_LEN], *slash;
	mode_t mode = geteuid() == 0 ? 0755 : 0700;

	if (access(dir, F_OK) == 0)
		return 0;
	(void)str_copy(above, sizeof(above), dir);
	slash = strrchr(above, '/');
	if (slash && slash != above) {
		*slash = '\0';
		(void)mkdir(above, mode);
	}
	return mkdir(dir, mode) < 0 && errno != EEXIST ? -errno : 0;
}

static int write_list(struct placing *p)
{
	int r = make_directory(p->cli->config_dir);

	if (r == 0 && snprintf(p->dir, sizeof(p->dir), "%s/.import.XXXXXX", p->cli->config_dir) >=
			      (int)sizeof(p->dir))
		r = -ENAMETOOLONG;
	if (r == 0 && !mkdtemp(p->dir))
		r = -errno;
	if (r < 0) {
		cli_error("%s: %s", p->cli->config_dir, strerror(-r));
		return cli_status_of(r);
	}
	r = write_files(p);
	if (r < 0)
		cli_error("%s: %s", p->dir, strerror(-r));
	if (r == 0) {
		/* Profiles name them, and the loader looks for them. */
		if (import_find(p->list, IMPORT_PPP, NULL) == IMPORT_NONE)
			(void)place_copy_ppp(p->cli->config_dir, p->dir);
		try_files(p);
		if (!p->faulty || !(p->how & PLACE_OWN))
			r = put_files(p);
	}
	clear(p);
	if (r < 0)
		return cli_status_of(r);
	return p->faulty ? EXIT_OPTIONS : EXIT_OK;
}

static int print_list(const struct placing *p)
{
	for (size_t i = 0; i < p->list->section_count; i++) {
		char path[2 * CONF_PATH_LEN];
		struct import_out out;
		mode_t mode;

		if (!is_first(p->list, i))
			continue;
		if (!import_out_new(&out)) {
			cli_error("out of memory");
			return EXIT_FATAL;
		}
		compose(p, i, false, &out, &mode);
		path_of(p->cli->config_dir, p->list, i, path, sizeof(path));
		printf("# to %s\n%s", path, out.text);
		import_out_free(&out);
	}
	return EXIT_OK;
}

int place_list(const struct cli *cli, struct import_list *list, unsigned how)
{
	struct placing p = {.cli = cli, .list = list, .how = how};

	if (!(how & PLACE_OWN))
		judge(list);
	if (list->full) {
		cli_error("there is too much in it for one import");
		return EXIT_OPTIONS;
	}
	if (cli->given & CLI_OPTION_DRY_RUN)
		return print_list(&p);
	if (!(cli->given & CLI_OPTION_FORCE) && is_taken(&p))
		return EXIT_OPTIONS;
	return write_list(&p);
}
