/* SPDX-License-Identifier: MIT */
/* Completion: which words may stand at the cursor; the shells' files only ask. */
#include "cli/cli.h"
#include "client/users.h"
#include "conf/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void offer(const char *word, const char *current)
{
	if (strncmp(word, current, strlen(current)) == 0)
		puts(word);
}

static void offer_commands(const char *current)
{
	size_t count;
	const struct cli_command *c = cli_commands(&count);

	for (size_t i = 0; i < count; i++)
		if (!c[i].hidden)
			offer(c[i].name, current);
}

static void offer_options(const struct cli_command *command, const char *current)
{
	unsigned legal = CLI_OPTIONS_GLOBAL | (command ? command->options : 0);
	size_t count;
	const struct cli_option *o = cli_options(&count);

	for (size_t i = 0; i < count; i++)
		if (o[i].id & legal)
			offer(o[i].name, current);
}

/* Who could be hung up; a name may stand in several rows. */
static void offer_users(const struct cli *cli, const char *current)
{
	struct users_row *rows = NULL;
	size_t count = 0;

	if (client_users(cli->run_dir, USERS_LIST, NULL, &rows, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		size_t before = 0;

		if (!rows[i].running)
			continue;
		while (before < i &&
		       !(rows[before].running && strcmp(rows[before].user, rows[i].user) == 0))
			before++;
		if (before == i)
			offer(rows[i].user, current);
		offer(rows[i].name, current);
	}
	free(rows);
}

/* What `disconnect` ends or undoes. */
static void offer_left(const struct cli *cli, const char *current)
{
	static const char *const suffixes[] = {".sock", ".journal", ".lockdown"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char **names;
		size_t count = cli_running_names(cli->run_dir, suffixes[i], &names);

		for (size_t k = 0; k < count; k++) {
			bool fresh = i == 0 || cli_has_leftover(cli, names[k], suffixes[i]);

			for (size_t before = 0; before < i && fresh; before++)
				fresh = !cli_has_leftover(cli, names[k], suffixes[before]);
			if (fresh)
				offer(names[k], current);
		}
		cli_names_free(names, count);
	}
}

static void offer_arguments(const struct cli *cli, enum cli_words words, const char *current)
{
	char **names = NULL;
	size_t count = 0;

	switch (words) {
	case CLI_WORDS_NONE:
	case CLI_WORDS_FILES:
		break;
	case CLI_WORDS_PROFILES:
	case CLI_WORDS_CHECKED:
		if (conf_list(cli->config_dir, &names, &count) < 0)
			count = 0;
		break;
	case CLI_WORDS_RUNNING:
		count = cli_running_names(cli->run_dir, ".sock", &names);
		break;
	case CLI_WORDS_LEFT:
		offer_left(cli, current);
		break;
	case CLI_WORDS_COMMANDS:
		offer_commands(current);
		offer("options", current);
		break;
	case CLI_WORDS_USERS:
		offer_users(cli, current);
		break;
	}
	for (size_t i = 0; i < count; i++)
		offer(names[i], current);
	cli_names_free(names, count);
}

/* The words before the cursor, read as the parser would. */
struct typed {
	const struct cli_command *command;
	size_t arguments;
	const char *first;	       /* of the arguments */
	const struct cli_option *open; /* waits for its value, which is the word at the cursor */
};

static void read_typed(struct cli *cli, struct typed *t)
{
	for (size_t i = 1; i < cli->arg_count; i++) {
		const char *word = cli->args[i];

		if (t->open) {
			if (t->open->id == CLI_OPTION_CONFIG)
				(void)conf_dir(cli->config_dir, sizeof(cli->config_dir), word);
			else if (t->open->id == CLI_OPTION_RUN_DIR)
				(void)snprintf(cli->run_dir, sizeof(cli->run_dir), "%s", word);
			t->open = NULL;
		} else if (*word == '-') {
			const struct cli_option *o = cli_option_find(word);

			t->open = o && o->value ? o : NULL;
		} else if (t->command) {
			if (t->arguments++ == 0)
				t->first = word;
		} else
			t->command = cli_command_find(word);
	}
}

/* What may stand behind a server, but not behind a profile. */
static void offer_keys(const struct cli *cli, const char *first, const char *current)
{
	size_t count;
	const struct conf_option *o = conf_options(&count);
	char word[80];

	for (size_t i = 0; i < count && !cli_profile_exists(cli, first); i++)
		if ((o[i].sections & CONF_IN_CONNECTION) && o[i].type != CONF_VALUE_SECRET) {
			(void)snprintf(word, sizeof(word), "%s=", o[i].key);
			offer(word, current);
		}
}

/* complete-words CURRENT [WORD BEFORE]...: one candidate in each line. */
int cli_complete_words(struct cli *cli)
{
	const char *current = cli->args[0];
	struct typed t = {0};

	read_typed(cli, &t);
	if (t.open) /* directories are the shell's own business */
		offer_arguments(cli, t.open->words, current);
	else if (*current == '-')
		offer_options(t.command, current);
	else if (!t.command)
		offer_commands(current);
	else if (t.arguments && t.command->run == cli_connect)
		offer_keys(cli, t.first, current);
	else if (t.arguments < t.command->max)
		offer_arguments(cli, t.command->words, current);
	return EXIT_OK;
}
