/* SPDX-License-Identifier: MIT */
/* The program: the command line, or, started by it, the supervisor of one profile or the server. */
#include "cli/cli.h"
#include "connection/supervisor.h"
#include "main/demo.h"
#include "main/monitor.h"
#include "main/policy.h"
#include "server/serve.h"

#include <string.h>

static int serve(const struct cli *cli)
{
	const struct serve_options options = {.config = cli->config_dir,
					      .run_dir = cli->run_dir,
					      .debug = cli->given & CLI_OPTION_DEBUG,
					      .ready_fd = -1};

	return serve_main(&options, &main_policy);
}

int main(int argc, char **argv)
{
	static const struct cli_programs programs = {.supervise = supervisor_main,
						     .serve = serve,
						     .demo = demo_run,
						     .monitor = monitor_run};

	if (argc > 1 && strcmp(argv[1], "supervise") == 0)
		return supervisor_main(argc - 1, argv + 1);
	return cli_main(argc, argv, &programs);
}
