/* SPDX-License-Identifier: MIT */
/* The packets of a burst to the socket: one system call, and over UDP one message for each run of
 * packets of one size, which the kernel (or the network card) takes apart. */
#include "path/internal.h"

#include <errno.h>
#include <netinet/udp.h>

#define SEGMENTS_MAX  64    /* the kernel's limit for one message */
#define SEGMENTED_MAX 65000 /* octets; IP and UDP headers come on top */
#define SEGMENT_PAUSE 1024  /* messages until another try, after a size that did not pass */
#define SEGMENT_NEVER UINT32_MAX

/* How many packets from AT on go into one message: all of one size, but the last may be shorter. */
static unsigned run_of_one_size(const struct path *path, unsigned at)
{
	const struct iovec *p = path->tx_packets;
	size_t size = p[at].iov_len, sum = size;
	unsigned n = 1;

	if (!path->config.udp_segment || path->segment_pause)
		return 1;
	for (; at + n < path->tx_count && n < SEGMENTS_MAX; n++) {
		sum += p[at + n].iov_len;
		if (p[at + n].iov_len > size || sum > SEGMENTED_MAX)
			break;
		if (p[at + n].iov_len < size)
			return n + 1;
	}
	return n;
}

/* The message of COUNT packets from P on. */
static void make_message(struct path *path, unsigned index, struct iovec *p, unsigned count)
{
	struct msghdr *msg = &path->tx_msgs[index].msg_hdr;
	union path_control *control = &path->tx_control[index];
	uint16_t size = (uint16_t)p->iov_len;

	*msg = (struct msghdr){.msg_iov = p, .msg_iovlen = count};
	if (path->target) {
		msg->msg_name = &path->config.peer;
		msg->msg_namelen = path->config.peer_len;
	}
	if (count == 1)
		return;
	control->header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof size),
					   .cmsg_level = IPPROTO_UDP,
					   .cmsg_type = UDP_SEGMENT};
	memcpy(CMSG_DATA(&control->header), &size, sizeof size);
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(sizeof size);
}

/* An ICMP error of an earlier packet, or a packet that is too large for the path. */
static void send_failed(struct path *path)
{
	path->tx_counters.wire_errors++;
	atomic_store_explicit(&path->shared.errors, true, memory_order_relaxed);
}

/* The kernel does not send this message in one piece (it never will if the socket's way leads
 * through IPsec, say): it goes in pieces. */
static void send_pieces(struct path *path, const struct msghdr *whole, int error)
{
	if (error == EIO || error == EOPNOTSUPP || error == ENOPROTOOPT)
		path->segment_pause = SEGMENT_NEVER;
	else if (error == EINVAL || error == EMSGSIZE)
		path->segment_pause = SEGMENT_PAUSE;
	for (size_t i = 0; i < whole->msg_iovlen; i++) {
		struct msghdr msg = {.msg_name = whole->msg_name,
				     .msg_namelen = whole->msg_namelen,
				     .msg_iov = whole->msg_iov + i,
				     .msg_iovlen = 1};

		if (sendmsg(path->config.wire_fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			path->tx_counters.wire_tx++;
		else if (errno == EAGAIN || errno == ENOBUFS)
			path->tx_counters.tx_full++;
		else
			send_failed(path);
	}
}

static size_t packets_of(const struct path *path, unsigned from, unsigned to)
{
	size_t n = 0;

	for (; from < to; from++)
		n += path->tx_msgs[from].msg_hdr.msg_iovlen;
	return n;
}

static void send_messages(struct path *path, unsigned count)
{
	unsigned sent = 0;

	while (sent < count) {
		const struct msghdr *next = &path->tx_msgs[sent].msg_hdr;
		int n = sendmmsg(path->config.wire_fd, path->tx_msgs + sent, count - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			path->tx_counters.wire_tx += packets_of(path, sent, sent + (unsigned)n);
			sent += (unsigned)n;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			path->tx_counters.tx_full += packets_of(path, sent, count);
			return;
		} else if (errno != EINTR) {
			if (next->msg_iovlen > 1)
				send_pieces(path, next, errno);
			else
				send_failed(path);
			sent++;
		}
	}
}

void path_send_packets(struct path *path)
{
	uint64_t errors = path->tx_counters.wire_errors;
	unsigned count = 0, done = path_send_fast(path);

	if (done == path->tx_count)
		return;
	for (unsigned at = done; at < path->tx_count; count++) {
		unsigned n = run_of_one_size(path, at);

		make_message(path, count, path->tx_packets + at, n);
		at += n;
	}
	if (path->segment_pause && path->segment_pause != SEGMENT_NEVER)
		path->segment_pause--;
	send_messages(path, count);
	path_raw_sent(path, path->tx_counters.wire_errors == errors);
}
