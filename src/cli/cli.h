/* SPDX-License-Identifier: MIT */
/* The command line: one table of commands and options feeds parser, help and completion. */
#ifndef VPDIAL_CLI_CLI_H
#define VPDIAL_CLI_CLI_H

#include "base/reason.h"
#include "conf/profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What kind of words completion offers for an argument or an option's value. */
enum cli_words {
	CLI_WORDS_NONE,
	CLI_WORDS_PROFILES,
	CLI_WORDS_RUNNING,  /* profiles with a control socket */
	CLI_WORDS_LEFT,	    /* the same, and those of which an end has left something */
	CLI_WORDS_CHECKED,  /* profiles and files */
	CLI_WORDS_COMMANDS, /* names of commands, and `options` */
	CLI_WORDS_FILES,    /* any files, which the shell knows */
	CLI_WORDS_USERS,    /* of the server: users and interfaces of their calls */
};

enum cli_option_id {
	CLI_OPTION_CONFIG = 1 << 0,
	CLI_OPTION_RUN_DIR = 1 << 1,
	CLI_OPTION_HELP = 1 << 2,
	CLI_OPTION_VERSION = 1 << 3,
	CLI_OPTION_FOREGROUND = 1 << 4,
	CLI_OPTION_TIMEOUT = 1 << 5,
	CLI_OPTION_DEBUG = 1 << 6,
	CLI_OPTION_ALL = 1 << 7,
	CLI_OPTION_JSON = 1 << 8,
	CLI_OPTION_DISCONNECT = 1 << 9,
	CLI_OPTION_REDIAL = 1 << 10,
	CLI_OPTION_IF_NEEDED = 1 << 11,
	CLI_OPTION_ONCE = 1 << 12,
	CLI_OPTION_NAME = 1 << 13,
	CLI_OPTION_FORCE = 1 << 14,
	CLI_OPTION_DRY_RUN = 1 << 15,
	CLI_OPTION_SAVE = 1 << 16,
	CLI_OPTION_IPSEC_KEYS = 1 << 17,
	CLI_OPTION_HISTORY = 1 << 18,
	CLI_OPTION_SHOW_SECRETS = 1 << 19,
};
#define CLI_OPTIONS_GLOBAL \
	(CLI_OPTION_CONFIG | CLI_OPTION_RUN_DIR | CLI_OPTION_HELP | CLI_OPTION_VERSION)

struct cli_option {
	enum cli_option_id id;
	const char *name;  /* with its two dashes */
	const char *value; /* what it takes, e.g. "SECONDS"; NULL = nothing */
	const char *help;
	enum cli_words words; /* what the value is; NONE = nothing that could be listed */
};

struct cli;

struct cli_command {
	const char *name;
	const char *synopsis; /* arguments, "" if none */
	const char *help;     /* one line */
	unsigned options;     /* set of enum cli_option_id beside the global ones */
	size_t min, max;      /* arguments */
	enum cli_words words; /* what the arguments are */
	bool hidden;	      /* not in help and completion */
	bool raw;	      /* every word behind the name is an argument */
	int (*run)(struct cli *cli);
};

/* The supervisor's program: argv as of `vpdial supervise ...`, from that word on. */
typedef int cli_supervise(int argc, char **argv);

struct cli;

/* What the command line starts, but whose rooms it may not include. */
struct cli_programs {
	cli_supervise *supervise; /* `connect`, in a process of its own */
	int (*serve)(const struct cli *cli);
	int (*demo)(const struct cli *cli);
	int (*monitor)(const struct cli *cli); /* with a terminal */
};

/* One invocation, parsed. */
struct cli {
	const struct cli_command *command;
	unsigned given; /* set of enum cli_option_id */
	char config_dir[CONF_PATH_LEN], run_dir[CONF_PATH_LEN];
	uint32_t timeout_s; /* 0 = none */
	char **args;
	size_t arg_count;
	const char *disconnect; /* of `users`; NULL = none */
	const char *ipsec_keys; /* of `connect`; NULL = none */
	int keys_fd;		/* of it; -1 = none */
	const char *name;	/* of `import`; NULL = none */
	const char *save;	/* of `connect`; NULL = none */
	cli_supervise *supervise;
	const struct cli_programs *programs;
};

/* Opens the file of --ipsec-keys, if it was given: 0, or an exit status after a message. */
int cli_keyfile_open(struct cli *cli);

/* Runs one command line; the exit status. */
int cli_main(int argc, char **argv, const struct cli_programs *programs);

/* The tables; *COUNT receives the number of rows. */
const struct cli_command *cli_commands(size_t *count);
const struct cli_option *cli_options(size_t *count);
const struct cli_command *cli_command_find(const char *name);
const struct cli_option *cli_option_find(const char *name);

/* "vpdial: text" on standard error. */
__attribute__((format(printf, 1, 2))) void cli_error(const char *fmt, ...);

#define CLI_OTHER_LIMIT_MS 2000 /* for a supervisor of another version */

/* Prints why the supervisor of NAME did not answer, ERROR of client.h: perhaps that it is of
 * another version, and what to do.  The exit status. */
int cli_no_answer(const struct cli *cli, const char *name, int error);

/* The exit status for -errno of something that was to be opened or read. */
int cli_status_of(int error);

/* Prints that the directory of the profiles cannot be read, for ERROR; the exit status. */
int cli_no_profiles(const struct cli *cli, int error);

/* Prints that there is no profile NAME, and the nearest; EXIT_OPTIONS. */
int cli_unknown_profile(const struct cli *cli, const char *name);

/* Is there a file for profile NAME? */
bool cli_profile_exists(const struct cli *cli, const char *name);

/* Is there a profile NAME, or does a connection of this name run? */
bool cli_is_known(const struct cli *cli, const char *name);

/* What the profile NAME itself tells of a connection that is not there (show.c). */
struct control_status;
void cli_describe_profile(const struct cli *cli, const char *name, struct control_status *status);

/* Is there a file NAME + SUFFIX in the run directory, a socket or not empty? */
bool cli_has_leftover(const struct cli *cli, const char *name, const char *suffix);

/* Names in RUN_DIR that have a file NAME + SUFFIX; the caller frees each and the array. */
size_t cli_running_names(const char *run_dir, const char *suffix, char ***names);
void cli_names_free(char **names, size_t count);
/* Those of all profiles and of all sockets of the run directory, sorted, each once; the caller
 * frees them whatever is returned: 0, or -errno where the profiles cannot be listed. */
int cli_known_names(const struct cli *cli, char ***names, size_t *count);

/* import.c: is the file another program's?  Then prints what it is, and the command that reads it.
 */
bool cli_say_foreign(const char *path);

/* scripts.c: prints a line for a program, or a script beside the profiles, that would not be run.
 */
void cli_check_program(const char *path);
void cli_check_scripts(const struct cli *cli);

/* The commands. */
int cli_connect(struct cli *cli);
int cli_disconnect(struct cli *cli);
int cli_redial(struct cli *cli);
int cli_status(struct cli *cli);
int cli_wait(struct cli *cli);
int cli_log(struct cli *cli);
int cli_monitor(struct cli *cli);
int cli_list(struct cli *cli);
int cli_enable(struct cli *cli);
int cli_disable(struct cli *cli);
int cli_check(struct cli *cli);
int cli_import(struct cli *cli);
int cli_export(struct cli *cli);
int cli_serve(struct cli *cli);
int cli_users(struct cli *cli);
/* `vpdial users --history`. */
int cli_history(const struct cli *cli);
int cli_demo(struct cli *cli);
int cli_help(struct cli *cli);
int cli_complete_words(struct cli *cli);

/* Prints the help of one command, or of all if COMMAND is NULL. */
void cli_help_print(const struct cli_command *command);

#endif
