/* SPDX-License-Identifier: MIT */
/* Asking a running server who is connected. */
#include "client/users.h"

#include "base/str.h"
#include "client/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_LIMIT_S 3

static int ask(int fd, enum users_op op, const char *name)
{
	struct users_request request = {.magic = USERS_MAGIC, .version = USERS_VERSION, .op = op};
	struct timeval limit = {.tv_sec = ANSWER_LIMIT_S};

	if (name && !str_copy(request.name, sizeof(request.name), name))
		return -ENAMETOOLONG;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    send(fd, &request, sizeof(request), MSG_NOSIGNAL) != (ssize_t)sizeof(request))
		return -errno;
	return 0;
}

/* 1 for a row, 0 for the end, or -errno. */
static int receive(int fd, struct users_row *row)
{
	struct {
		struct users_row row;
		uint8_t more; /* so that a longer record is seen to be longer */
	} record;
	struct control_other other;
	ssize_t n = recv(fd, &record, sizeof(record), 0);

	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (n == 0)
		return -EPIPE;
	if (control_other_read(&record, (size_t)n,
			       (struct control_head){USERS_MAGIC, USERS_VERSION}, &other))
		return -EPROTONOSUPPORT;
	if (!users_row_valid(&record, (size_t)n))
		return -EPROTO;
	*row = record.row;
	return !row->end;
}

int client_users(const char *run_dir, enum users_op op, const char *name, struct users_row **rows,
		 size_t *count)
{
	int fd = client_open(run_dir, USERS_NAME), r;
	struct users_row row, *list = NULL, *grown;
	size_t n = 0;

	if (fd < 0)
		return fd;
	r = ask(fd, op, name);
	while (r >= 0 && (r = receive(fd, &row)) > 0) {
		grown = n < USERS_ROWS_MAX ? realloc(list, (n + 1) * sizeof(*list)) : NULL;
		if (!grown) {
			r = -ENOMEM;
			break;
		}
		list = grown;
		list[n++] = row;
	}
	close(fd);
	if (r < 0) {
		free(list);
		return r;
	}
	*rows = list;
	*count = n;
	return 0;
}
