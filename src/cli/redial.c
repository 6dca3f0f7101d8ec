/* SPDX-License-Identifier: MIT */
/* `vpdial redial`: hang up and dial again now, or cut a wait short. */
#include "cli/cli.h"
#include "client/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_MS 5000

static int redial_one(const struct cli *cli, const char *name)
{
	bool if_needed = cli->given & CLI_OPTION_IF_NEEDED;
	struct control_status status;
	int fd, r;

	if (!conf_name_valid(name))
		return cli_unknown_profile(cli, name);
	fd = client_open(cli->run_dir, name);
	if (fd == -ENOENT && !cli_profile_exists(cli, name))
		return cli_unknown_profile(cli, name);
	if (fd == -ENOENT) {
		cli_error("%s is not running; run: vpdial connect %s", name, name);
		return EXIT_HANGUP;
	}
	r = fd < 0 ? fd : client_send(fd, if_needed ? CONTROL_RECHECK : CONTROL_REDIAL);
	if (r == 0)
		r = client_receive(fd, &status, LIMIT_MS);
	if (fd >= 0)
		close(fd);
	if (r < 0)
		return cli_no_answer(cli, name, r);
	if (!if_needed)
		printf("%s is dialed again\n", name);
	return EXIT_OK;
}

int cli_redial(struct cli *cli)
{
	char **names;
	size_t count;
	int result = EXIT_OK;

	if (!(cli->given & CLI_OPTION_ALL))
		return redial_one(cli, cli->args[0]);
	count = cli_running_names(cli->run_dir, ".sock", &names);
	for (size_t i = 0; i < count; i++) {
		int fd = client_open(cli->run_dir, names[i]), r;

		if (fd == -ENOENT) /* nobody listens there any more */
			continue;
		if (fd >= 0)
			close(fd);
		r = redial_one(cli, names[i]);
		if (r && result == EXIT_OK)
			result = r;
	}
	cli_names_free(names, count);
	return result;
}
