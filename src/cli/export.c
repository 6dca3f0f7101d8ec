/* SPDX-License-Identifier: MIT */
/* `vpdial export`: a profile for another program. */
#include "base/secret.h"
#include "base/str.h"
#include "cli/cli.h"
#include "conf/ini.h"
#include "conf/options.h"
#include "import/writer.h"

#include <stdio.h>
#include <string.h>

/* The keys that the profile's file has. */
static size_t take_file(struct import_list *list, const char *path, const char *name)
{
	struct fault_list faults = {.path = path};
	struct conf_faults out = {0};
	size_t section = IMPORT_NONE;
	struct ini ini;

	if (ini_load(path, &ini, &faults) == 0) {
		section = import_section(list, IMPORT_CONNECTION, name);
		for (size_t i = 0; i < ini.entry_count; i++) {
			const struct ini_entry *e = &ini.entries[i];
			const struct conf_option *o = conf_option_find(e->key, CONF_IN_CONNECTION);

			if (o && !e->faulty)
				import_set(list, section, o->key, e->value);
		}
		ini_free(&ini);
	}
	fault_flush(&faults, &out);
	conf_faults_free(&out);
	return section;
}

int cli_export(struct cli *cli)
{
	const char *name = cli->args[0];
	struct conf_faults faults = {0};
	struct conf_profile profile;
	struct import_list *list;
	struct import_out out;
	size_t section;
	int r;

	if (!cli_profile_exists(cli, name))
		return cli_unknown_profile(cli, name);
	r = conf_load(cli->config_dir, name, &profile, &faults);
	conf_faults_free(&faults);
	if (r < 0) {
		cli_error("%s is faulty, run: vpdial check %s", name, name);
		return EXIT_OPTIONS;
	}
	list = import_list_new();
	if (!list || !import_out_new(&out)) {
		cli_error("out of memory");
		import_list_free(list);
		conf_profile_wipe(&profile);
		return EXIT_FATAL;
	}
	section = take_file(list, profile.file, name);
	conf_profile_wipe(&profile);
	if (section != IMPORT_NONE && !list->full) {
		import_export_routeros(&out, list, section,
				       (cli->given & CLI_OPTION_SHOW_SECRETS) != 0);
		fputs(out.text, stdout);
	}
	r = section == IMPORT_NONE || list->full || out.full ? EXIT_FATAL : EXIT_OK;
	if (r)
		cli_error("%s: it could not be written whole", name);
	import_out_free(&out);
	import_list_free(list);
	return r;
}
