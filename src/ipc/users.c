/* SPDX-License-Identifier: MIT */
/* The judgement of records of the server's control socket. */
#include "ipc/users.h"

#include <string.h>

#define TERMINATED(field) (memchr(field, '\0', sizeof(field)) != NULL)

bool users_row_valid(const void *record, size_t len)
{
	struct users_row row;

	if (len != sizeof(row))
		return false;
	memcpy(&row, record, sizeof(row));
	return row.magic == USERS_MAGIC && row.version == USERS_VERSION && TERMINATED(row.name) &&
	       TERMINATED(row.user) && TERMINATED(row.type) && TERMINATED(row.client_address) &&
	       TERMINATED(row.local) && TERMINATED(row.remote) && TERMINATED(row.encoding) &&
	       TERMINATED(row.auth_method) && TERMINATED(row.ipsec);
}

bool users_request_valid(const void *record, size_t len)
{
	struct users_request request;

	if (len != sizeof(request))
		return false;
	memcpy(&request, record, sizeof(request));
	return request.magic == USERS_MAGIC && request.version == USERS_VERSION &&
	       (request.op == USERS_LIST || request.op == USERS_DISCONNECT) &&
	       TERMINATED(request.name);
}
