/* SPDX-License-Identifier: MIT */
/* The file of `connect --ipsec-keys`: whoever reads it can read the call, so it is root's alone. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* For tshark: decrypt at all. */
static const char head[] = "-o esp.enable_encryption_decode:TRUE\n";

static const char *fault_of(int fd, struct stat *st)
{
	if (fstat(fd, st) < 0)
		return strerror(errno);
	if (!S_ISREG(st->st_mode))
		return "it is not a file";
	if (st->st_uid != geteuid() || (st->st_mode & 077) || st->st_nlink != 1)
		return "it holds keys: it must be root's, with mode 600 and one name";
	if (st->st_size == 0 && write(fd, head, sizeof head - 1) != (ssize_t)sizeof head - 1)
		return strerror(errno);
	return NULL;
}

int cli_keyfile_open(struct cli *cli)
{
	const char *fault;
	struct stat st;

	if (!(cli->given & CLI_OPTION_IPSEC_KEYS))
		return 0;
	if (geteuid() != 0) {
		cli_error("--ipsec-keys is for root: who has the keys can read the call");
		return EXIT_NOT_PERMITTED;
	}
	/* Not to be followed to another's file, nor to wait for a FIFO's reader. */
	cli->keys_fd =
		open(cli->ipsec_keys,
		     O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	fault = cli->keys_fd < 0 ? strerror(errno) : fault_of(cli->keys_fd, &st);
	if (!fault)
		return 0;
	cli_error("--ipsec-keys %s: %s", cli->ipsec_keys, fault);
	return EXIT_OPTIONS;
}
