/* SPDX-License-Identifier: MIT */
/* Requests between supervisor and session, from either end in every phase.  A script of records:
 * of every type and any size, with descriptors and without. */
#include "fuzz.h"

#include "ipc/request.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2], null_fd;

/* One record as a damaged sender would send it. */
static void send_record(const uint8_t *record, size_t len, unsigned fd_count)
{
	int fds[5] = {null_fd, null_fd, null_fd, null_fd, null_fd};
	union {
		struct cmsghdr align;
		uint8_t octets[CMSG_SPACE(sizeof fds)];
	} control = {0};
	struct iovec iov = {(void *)(uintptr_t)record, len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd_count) {
		struct cmsghdr *c;

		msg.msg_control = control.octets;
		msg.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
	}
	(void)!sendmsg(pair[0], &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void receive(struct request_channel *channel)
{
	static struct request_message m;
	enum request_phase before = channel->phase;
	int result = request_receive(channel, &m);

	FUZZ_CHECK(result <= 1);
	if (result != 1) {
		FUZZ_CHECK(result == 0 || channel->phase == before);
		return;
	}
	FUZZ_CHECK(m.type > REQUEST_NONE && m.type < REQUEST_TYPE_COUNT);
	/* Each end takes only what the other one may say. */
	FUZZ_CHECK(channel->supervisor == (m.type >= REQUEST_READY));
	FUZZ_CHECK(m.type != REQUEST_START || before == REQUEST_PHASE_READY);
	FUZZ_CHECK(m.fd_count <= REQUEST_FDS_MAX && (m.fd_count == 0 || m.type == REQUEST_START));
	for (size_t i = 0; i < m.fd_count; i++)
		FUZZ_CHECK(close(m.fds[i]) == 0);
	FUZZ_CHECK(request_name(m.type));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t record[sizeof(struct request_message) + 64];
	struct cursor script = cursor_make(data, len);
	uint8_t how = fuzz_u8(&script);
	struct request_channel channel;
	int lowest, probe;

	if (!pair[0]) {
		FUZZ_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
		null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		FUZZ_CHECK(null_fd >= 0);
	}
	channel = (struct request_channel){pair[1], how & 1, 1u << (how >> 1 & 3)};
	lowest = dup(null_fd);
	close(lowest);
	for (unsigned n = 0; n < 32 && cursor_left(&script); n++) {
		uint32_t type = fuzz_u8(&script);
		uint8_t flags = fuzz_u8(&script);
		size_t size = fuzz_u16(&script) % sizeof record, some;
		const uint8_t *octets = fuzz_octets(&script, fuzz_u8(&script), &some);

		memset(record, flags & 8 ? 'x' : 0, sizeof record);
		memcpy(record, &type, sizeof type);
		if (some)
			memcpy(record + (flags & 16 ? 0 : sizeof type), octets, some);
		send_record(record, size, (flags & 7) % 6);
		receive(&channel);
	}
	while (recv(pair[1], record, sizeof record, MSG_DONTWAIT) > 0)
		;
	/* No descriptor was kept of what was refused. */
	probe = dup(null_fd);
	close(probe);
	FUZZ_CHECK(probe == lowest);
	return 0;
}
