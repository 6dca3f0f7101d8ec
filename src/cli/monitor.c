/* SPDX-License-Identifier: MIT */
/* `vpdial monitor`: the screen, or the fields once. */
#include "cli/cli.h"

#include <unistd.h>

int cli_monitor(struct cli *cli)
{
	if ((cli->given & CLI_OPTION_ONCE) || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return cli_status(cli);
	if (cli->arg_count && !cli_is_known(cli, cli->args[0]))
		return cli_unknown_profile(cli, cli->args[0]);
	return cli->programs->monitor(cli);
}
