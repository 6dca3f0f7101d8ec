/* SPDX-License-Identifier: MIT */
/* Help, made from the tables. */
#include "base/str.h"
#include "cli/cli.h"
#include "conf/foreign.h"
#include "conf/options.h"

#include <stdio.h>
#include <string.h>

static void print_options(unsigned set, const char *title)
{
	size_t count;
	const struct cli_option *o = cli_options(&count);
	char left[64];

	if (!set)
		return;
	printf("\n%s:\n", title);
	for (size_t i = 0; i < count; i++) {
		if (!(o[i].id & set))
			continue;
		(void)snprintf(left, sizeof(left), "%s%s%s", o[i].name, o[i].value ? " " : "",
			       o[i].value ? o[i].value : "");
		printf("  %-20s  %s\n", left, o[i].help);
	}
}

static void print_commands(void)
{
	size_t count;
	const struct cli_command *c = cli_commands(&count);

	printf("usage: vpdial [--config DIR] [--run-dir DIR] COMMAND ...\n\n"
	       "Dials PPTP and L2TP servers.\n\ncommands:\n");
	for (size_t i = 0; i < count; i++)
		if (!c[i].hidden)
			printf("  %-10s %-22s  %s\n", c[i].name, c[i].synopsis, c[i].help);
	print_options(CLI_OPTIONS_GLOBAL, "options of all commands");
	printf("\nvpdial help COMMAND tells the options of a command; vpdial(8) and\n"
	       "vpdial.conf(5) tell everything.\n");
}

void cli_help_print(const struct cli_command *command)
{
	if (!command) {
		print_commands();
		return;
	}
	printf("usage: vpdial %s%s%s%s\n\n%s\n", command->name,
	       command->options ? " [OPTION]..." : "", *command->synopsis ? " " : "",
	       command->synopsis, command->help);
	print_options(command->options, "options");
	print_options(CLI_OPTIONS_GLOBAL, "options of all commands");
}

/* Columns: key, default, what it is, what is legal; two spaces or more between them. */
static void print_keys(void)
{
	size_t count;
	const struct conf_option *o = conf_options(&count);
	char legal[300], key[64];

	for (size_t i = 0; i < count; i++) {
		struct str s = str_make(legal, sizeof(legal));

		conf_option_legal(&o[i], &s);
		(void)snprintf(key, sizeof(key), "%s%s%s", o[i].key, o[i].alias ? "|" : "",
			       o[i].alias ? o[i].alias : "");
		printf("%-23s  %-23s  %s: %s%s%s%s\n", key, o[i].def ? o[i].def : "-", o[i].help,
		       legal, o[i].unit ? " (" : "", o[i].unit ? o[i].unit : "",
		       o[i].unit ? ")" : "");
	}
}

int cli_help(struct cli *cli)
{
	const struct cli_command *c = cli->arg_count ? cli_command_find(cli->args[0]) : NULL;

	if (cli->arg_count && strcmp(cli->args[0], "options") == 0) {
		print_keys();
		return EXIT_OK;
	}
	if (cli->arg_count && !c) {
		const char *foreign = foreign_text(FOREIGN_COMMAND, cli->args[0]);

		cli_error("no help for %s%s%s", cli->args[0],
			  foreign ? ": " : ", see vpdial --help", foreign ? foreign : "");
		return EXIT_OPTIONS;
	}
	cli_help_print(c);
	return EXIT_OK;
}
