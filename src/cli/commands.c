/* SPDX-License-Identifier: MIT */
/* The table of commands and the table of options. */
#include "cli/cli.h"

#include <string.h>

static const struct cli_option options[] = {
	{CLI_OPTION_FOREGROUND, "--foreground", NULL, "stay, for a service manager",
	 CLI_WORDS_NONE},
	{CLI_OPTION_TIMEOUT, "--timeout", "SECONDS", "give up when not connected after so long",
	 CLI_WORDS_NONE},
	{CLI_OPTION_REDIAL, "--redial", NULL, "keep dialing until connected (or the --timeout)",
	 CLI_WORDS_NONE},
	{CLI_OPTION_IF_NEEDED, "--if-needed", NULL,
	 "leave calls alone that the network below still carries", CLI_WORDS_NONE},
	{CLI_OPTION_DEBUG, "--debug", NULL, "log each control frame", CLI_WORDS_NONE},
	{CLI_OPTION_IPSEC_KEYS, "--ipsec-keys", "FILE",
	 "write IPsec's keys there, to decrypt a capture (root)", CLI_WORDS_NONE},
	{CLI_OPTION_ALL, "--all", NULL, "every profile (connect: that is not disabled)",
	 CLI_WORDS_NONE},
	{CLI_OPTION_ONCE, "--once", NULL, "print the fields once, without a screen",
	 CLI_WORDS_NONE},
	{CLI_OPTION_JSON, "--json", NULL, "for programs", CLI_WORDS_NONE},
	{CLI_OPTION_DISCONNECT, "--disconnect", "NAME", "hang up this user's calls",
	 CLI_WORDS_USERS},
	{CLI_OPTION_SAVE, "--save", "NAME", "keep the call's keys as this profile", CLI_WORDS_NONE},
	{CLI_OPTION_NAME, "--name", "NAME", "what the one profile is called", CLI_WORDS_NONE},
	{CLI_OPTION_SHOW_SECRETS, "--show-secrets", NULL, "write secrets too", CLI_WORDS_NONE},
	{CLI_OPTION_FORCE, "--force", NULL, "replace profiles and sections that are there",
	 CLI_WORDS_NONE},
	{CLI_OPTION_DRY_RUN, "--dry-run", NULL, "print what would be written, without secrets",
	 CLI_WORDS_NONE},
	{CLI_OPTION_HISTORY, "--history", NULL, "list the calls that accounting-log wrote down",
	 CLI_WORDS_NONE},
	{CLI_OPTION_CONFIG, "--config", "DIR", "directory of the profiles (serve: or the file)",
	 CLI_WORDS_NONE},
	{CLI_OPTION_RUN_DIR, "--run-dir", "DIR", "directory of sockets and journals",
	 CLI_WORDS_NONE},
	{CLI_OPTION_HELP, "--help", NULL, "show help", CLI_WORDS_NONE},
	{CLI_OPTION_VERSION, "--version", NULL, "show the version", CLI_WORDS_NONE},
};

static const struct cli_command commands[] = {
	{.name = "connect",
	 .synopsis = "NAME | --all | SERVER [KEY=VALUE]...",
	 .help = "dial a profile, or a server without one",
	 .max = SIZE_MAX,
	 .options = CLI_OPTION_FOREGROUND | CLI_OPTION_TIMEOUT | CLI_OPTION_REDIAL |
		    CLI_OPTION_DEBUG | CLI_OPTION_ALL | CLI_OPTION_SAVE | CLI_OPTION_IPSEC_KEYS,
	 .words = CLI_WORDS_PROFILES,
	 .run = cli_connect},
	{.name = "disconnect",
	 .synopsis = "NAME | --all",
	 .help = "hang up and put routes and DNS back",
	 .max = 1,
	 .options = CLI_OPTION_ALL,
	 .words = CLI_WORDS_LEFT,
	 .run = cli_disconnect},
	{.name = "redial",
	 .synopsis = "NAME | --all",
	 .help = "hang up and dial again at once",
	 .max = 1,
	 .options = CLI_OPTION_ALL | CLI_OPTION_IF_NEEDED,
	 .words = CLI_WORDS_RUNNING,
	 .run = cli_redial},
	{.name = "status",
	 .synopsis = "[NAME]",
	 .help = "show the state of connections",
	 .max = 1,
	 .options = CLI_OPTION_JSON,
	 .words = CLI_WORDS_PROFILES,
	 .run = cli_status},
	{.name = "wait",
	 .synopsis = "NAME",
	 .help = "wait until a connection that is being dialed is up",
	 .min = 1,
	 .max = 1,
	 .options = CLI_OPTION_TIMEOUT,
	 .words = CLI_WORDS_RUNNING,
	 .run = cli_wait},
	{.name = "monitor",
	 .synopsis = "[NAME]",
	 .help = "watch connections on the whole screen; keys dial and hang up",
	 .max = 1,
	 .options = CLI_OPTION_ONCE,
	 .words = CLI_WORDS_PROFILES,
	 .run = cli_monitor},
	{.name = "log",
	 .synopsis = "NAME",
	 .help = "print the last events of a connection",
	 .min = 1,
	 .max = 1,
	 .words = CLI_WORDS_PROFILES,
	 .run = cli_log},
	{.name = "list", .synopsis = "", .help = "list all profiles", .run = cli_list},
	{.name = "enable",
	 .synopsis = "NAME",
	 .help = "have the profile dialed at boot by vpdial.service, and by connect --all",
	 .min = 1,
	 .max = 1,
	 .words = CLI_WORDS_PROFILES,
	 .run = cli_enable},
	{.name = "disable",
	 .synopsis = "NAME",
	 .help = "undo enable",
	 .min = 1,
	 .max = 1,
	 .words = CLI_WORDS_PROFILES,
	 .run = cli_disable},
	{.name = "check",
	 .synopsis = "[NAME | FILE]...",
	 .help = "report every fault of profiles",
	 .max = SIZE_MAX,
	 .words = CLI_WORDS_CHECKED,
	 .run = cli_check},
	{.name = "import",
	 .synopsis = "FILE... | -",
	 .help = "make profiles of another program's configuration",
	 .min = 1,
	 .max = SIZE_MAX,
	 .options = CLI_OPTION_NAME | CLI_OPTION_FORCE | CLI_OPTION_DRY_RUN,
	 .words = CLI_WORDS_FILES,
	 .run = cli_import},
	{.name = "export",
	 .synopsis = "NAME",
	 .help = "print a profile as commands of RouterOS",
	 .min = 1,
	 .max = 1,
	 .options = CLI_OPTION_SHOW_SECRETS,
	 .words = CLI_WORDS_PROFILES,
	 .run = cli_export},
	{.name = "serve",
	 .synopsis = "",
	 .help = "answer PPTP and L2TP calls as server.conf says",
	 .options = CLI_OPTION_DEBUG,
	 .run = cli_serve},
	{.name = "users",
	 .synopsis = "",
	 .help = "list who is connected to the server",
	 .options = CLI_OPTION_JSON | CLI_OPTION_DISCONNECT | CLI_OPTION_HISTORY,
	 .run = cli_users},
	{.name = "demo",
	 .synopsis = "",
	 .help = "show both protocols in namespaces of their own",
	 .run = cli_demo},
	{.name = "help",
	 .synopsis = "[COMMAND | options]",
	 .help = "explain a command, or list all keys of profiles",
	 .max = 1,
	 .words = CLI_WORDS_COMMANDS,
	 .run = cli_help},
	{.name = "complete-words",
	 .synopsis = "CURRENT [WORD]...",
	 .help = "words that may stand for CURRENT after the WORDs",
	 .min = 1,
	 .max = SIZE_MAX,
	 .hidden = true,
	 .raw = true,
	 .run = cli_complete_words},
};

const struct cli_command *cli_commands(size_t *count)
{
	*count = sizeof(commands) / sizeof(commands[0]);
	return commands;
}

const struct cli_option *cli_options(size_t *count)
{
	*count = sizeof(options) / sizeof(options[0]);
	return options;
}

const struct cli_command *cli_command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

const struct cli_option *cli_option_find(const char *name)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}
