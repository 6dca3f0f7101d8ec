/* SPDX-License-Identifier: MIT */
/* What `vpdial check` says of scripts: those that would not be run. */
#include "dispatcher/scripts.h"

#include "cli/cli.h"

#include <stdio.h>

void cli_check_program(const char *path)
{
	char real[PATH_MAX], text[3 * PATH_MAX];
	struct str why = str_make(text, sizeof(text));

	if (path[0] && !script_check(path, real, &why))
		printf("%s is not run: %s\n", path, text);
}

void cli_check_scripts(const struct cli *cli)
{
	static const char *const subs[] = {"", "pre-up.d", "pre-down.d"};
	struct script_dirs dirs;
	struct script_list list;

	if (!script_dirs_make(&dirs, cli->config_dir, false))
		return;
	for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
		if (script_list_read(&dirs, subs[i], &list) < 0)
			return;
		for (size_t k = 0; k < list.count; k++)
			cli_check_program(list.items[k].path);
		if (list.left_out)
			printf("%s/%s: more than %d scripts; %zu of them are not run\n",
			       dirs.dirs[0], subs[i], SCRIPTS_MAX, list.left_out);
		script_list_free(&list);
	}
}
