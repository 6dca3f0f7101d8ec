/* SPDX-License-Identifier: MIT */
/* The program: the command line, or, started by it, the supervisor of one profile. */
#include "cli/cli.h"
#include "supervisor/supervisor.h"

#include <string.h>

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "supervise") == 0)
		return supervisor_main(argc - 1, argv + 1);
	return cli_main(argc, argv, supervisor_main);
}
