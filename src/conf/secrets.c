/* SPDX-License-Identifier: MIT */
/* The way of secrets from the command to the supervisor, which is a fork of it: a pipe, so that
 * they are in no argument and no environment. */
#include "conf/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

_Static_assert(sizeof(struct conf_secrets) <= 4096, "a pipe takes them at once");

int conf_secrets_pipe(struct conf_secrets *secrets)
{
	int fds[2], r = 0;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	if (write(fds[1], secrets, sizeof(*secrets)) != (ssize_t)sizeof(*secrets))
		r = -EIO;
	wipe(secrets, sizeof(*secrets));
	close(fds[1]);
	if (r < 0)
		close(fds[0]);
	return r < 0 ? r : fds[0];
}

int conf_secrets_read(int fd, struct conf_secrets *secrets)
{
	bool good = read(fd, secrets, sizeof(*secrets)) == (ssize_t)sizeof(*secrets);

	for (unsigned kind = 0; good && kind < CONF_SECRET_KINDS; kind++)
		good = secrets->of[kind].len <= SECRET_MAX;
	if (!good)
		wipe(secrets, sizeof(*secrets));
	return good ? 0 : -EPROTO;
}
