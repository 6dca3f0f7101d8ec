/* SPDX-License-Identifier: MIT */
/* Client of the control socket. */
#include "client/client.h"

#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_LIMIT_MS 5000
#define PLACE_LIMIT_MS	500 /* to be taken or to wait in the queue of the socket */

int client_run_dir(char *out, size_t cap, const char *dir)
{
	return control_run_dir(out, cap, dir);
}

int client_run_dir_make(const char *run_dir)
{
	if (mkdir(run_dir, geteuid() == 0 ? 0755 : 0700) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

int client_open(const char *run_dir, const char *name)
{
	const struct timeval limit = {.tv_usec = PLACE_LIMIT_MS * 1000};
	struct sockaddr_un addr;
	int fd, r = control_address(&addr, run_dir, name);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A supervisor that hangs takes nobody, and then connect would wait for ever. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
	    connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	r = errno == ECONNREFUSED || errno == ENOTDIR ? -ENOENT
	    : errno == EAGAIN			      ? -ETIMEDOUT
						      : -errno;
	close(fd);
	return r;
}

int client_send(int fd, enum control_op op)
{
	return client_send_as(fd, CONTROL_VERSION, op);
}

int client_send_as(int fd, uint32_t version, enum control_op op)
{
	const struct control_request request = {
		.magic = CONTROL_MAGIC, .version = version, .op = op};

	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) != (ssize_t)sizeof(request))
		return -errno;
	return 0;
}

/* One record of at most CAP octets: its size, or -errno as of client_receive. */
static ssize_t receive(int fd, void *record, size_t cap, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t start = clock_now_ms();
	ssize_t n;
	int r;

	do {
		uint64_t spent = clock_now_ms() - start;
		int left = timeout_ms < 0		  ? -1
			   : spent < (uint64_t)timeout_ms ? timeout_ms - (int)spent
							  : 0;

		r = poll(&p, 1, left);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	if (r == 0)
		return -ETIMEDOUT;
	n = recv(fd, record, cap, MSG_DONTWAIT);
	/* It closed with a request of ours unread, which is told once, before its last record. */
	if (n < 0 && errno == ECONNRESET)
		n = recv(fd, record, cap, MSG_DONTWAIT);
	if (n == 0)
		return -EPIPE;
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return n;
}

static const struct control_head ours = {CONTROL_MAGIC, CONTROL_VERSION};

int client_receive(int fd, struct control_status *status, int timeout_ms)
{
	struct control_other other;
	/* One octet more than a record, so that a longer one is seen to be longer. */
	struct {
		struct control_status status;
		uint8_t more;
	} record;
	ssize_t n = receive(fd, &record, sizeof(record), timeout_ms);

	if (n < 0)
		return (int)n;
	if (control_other_read(&record, (size_t)n, ours, &other))
		return -EPROTONOSUPPORT;
	if (!control_status_valid(&record, (size_t)n))
		return -EPROTO;
	memcpy(status, &record.status, sizeof(*status));
	return 0;
}

static int receive_events(int fd, struct control_events *events, int timeout_ms)
{
	struct {
		struct control_events events;
		uint8_t more;
	} record;
	ssize_t n = receive(fd, &record, sizeof(record), timeout_ms);

	if (n < 0)
		return (int)n;
	if (!control_events_valid(&record, (size_t)n))
		return -EPROTO;
	memcpy(events, &record.events, sizeof(*events));
	for (size_t i = 0; i < CONTROL_EVENTS_MAX; i++)
		str_blank(events->ring[i].text);
	return 0;
}

static bool ask_other(const char *run_dir, const char *name, uint32_t version, int timeout_ms,
		      struct control_other *other)
{
	union {
		struct control_other other;
		struct control_status status;
	} record;
	int fd = client_open(run_dir, name);
	ssize_t n = fd < 0 ? fd : client_send_as(fd, version, CONTROL_STATUS);

	if (n == 0)
		n = receive(fd, &record, sizeof(record), timeout_ms);
	if (fd >= 0)
		close(fd);
	return n > 0 && control_other_read(&record, (size_t)n, ours, other);
}

/* The oldest ones answer only who speaks as they do. */
bool client_other(const char *run_dir, const char *name, int timeout_ms,
		  struct control_other *other)
{
	return ask_other(run_dir, name, CONTROL_VERSION, timeout_ms, other) ||
	       ask_other(run_dir, name, CONTROL_VERSION_OLDEST, timeout_ms, other);
}

int client_status(const char *run_dir, const char *name, struct control_status *status)
{
	int fd = client_open(run_dir, name), r;

	if (fd < 0)
		return fd;
	r = client_send(fd, CONTROL_STATUS);
	if (r == 0)
		r = client_receive(fd, status, ANSWER_LIMIT_MS);
	close(fd);
	return r;
}

int client_last(const char *run_dir, const char *name, struct control_last *last)
{
	return control_last_read(run_dir, name, last);
}

int client_events(const char *run_dir, const char *name, struct control_events *events,
		  int timeout_ms)
{
	int fd = client_open(run_dir, name), r;

	if (fd < 0)
		return fd;
	r = client_send(fd, CONTROL_EVENTS);
	if (r == 0)
		r = receive_events(fd, events, timeout_ms);
	close(fd);
	return r;
}
