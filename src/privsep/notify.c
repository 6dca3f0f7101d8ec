/* SPDX-License-Identifier: MIT */
/* Datagrams for the service manager. */
#include "privsep/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DATAGRAM_MAX 512

/* A path, or with "@" in front a name in the abstract name space. */
static bool set_address(struct notify *n, const char *name)
{
	size_t len = strlen(name);

	if ((*name != '/' && *name != '@') || len < 2 || len >= sizeof n->address.sun_path)
		return false;
	n->address.sun_family = AF_UNIX;
	memcpy(n->address.sun_path, name, len + 1);
	n->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (*name == '@')
		n->address.sun_path[0] = '\0';
	else
		n->address_len++;
	return true;
}

void notify_open(struct notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*n = (struct notify){.fd = -1};
	if (name && set_address(n, name))
		n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsetenv("NOTIFY_SOCKET");
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

/* A manager that does not read must not hold up the call. */
static void tell(const struct notify *n, const char *text)
{
	ssize_t sent;

	if (n->fd < 0)
		return;
	sent = sendto(n->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&n->address, n->address_len);
	(void)sent;
}

void notify_ready(struct notify *n)
{
	if (n->stopping || (n->ready && !n->reloading))
		return;
	n->ready = true;
	n->reloading = false;
	tell(n, "READY=1\n");
}

void notify_reloading(struct notify *n)
{
	char text[DATAGRAM_MAX];
	struct timespec now;

	if (!n->ready || n->stopping)
		return;
	n->reloading = true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n",
		       (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	tell(n, text);
}

void notify_stopping(struct notify *n)
{
	if (n->stopping)
		return;
	n->stopping = true;
	tell(n, "STOPPING=1\n");
}

void notify_status(const struct notify *n, const char *text)
{
	char line[DATAGRAM_MAX];
	int len = snprintf(line, sizeof line - 1, "STATUS=%s", text);

	if (len >= (int)sizeof line - 1)
		len = (int)sizeof line - 2;
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	line[len] = '\n';
	line[len + 1] = '\0';
	tell(n, line);
}
