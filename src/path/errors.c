/* SPDX-License-Identifier: MIT */
/* What the network says of packets that did not arrive. */
#include "path/internal.h"

#include <errno.h>
#include <linux/errqueue.h>

/* What ICMP or the kernel said, out of one message of the error queue; 0 if nothing.  *INFO is the
 * MTU of an EMSGSIZE. */
static int queued_error(struct msghdr *msg, uint32_t *info)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct sock_extended_err e;

		if (!((c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
		      (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR)) ||
		    c->cmsg_len < CMSG_LEN(sizeof e))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof e);
		*info = e.ee_info;
		return (int)e.ee_errno;
	}
	return 0;
}

/* ICMP's errors pile up in a queue of their own, and keep the socket ready until they are taken. */
void path_take_errors(struct path *path)
{
	for (int i = 0; i < PATH_ERRORS; i++) {
		char control[256] __attribute__((aligned(sizeof(size_t))));
		struct msghdr msg = {.msg_control = control, .msg_controllen = sizeof control};
		uint32_t info = 0;
		int error;

		if (recvmsg(path->config.wire_fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		error = queued_error(&msg, &info);
		path->rx_counters.wire_errors++;
		if (error == EMSGSIZE && path->callbacks.too_big)
			path->callbacks.too_big(path->callbacks.ctx, info);
		else if (error &&
			 path->config.encap == PROTOCOL_L2TP) /* PPTP has its TCP connection */
			path->callbacks.error(path->callbacks.ctx, error);
	}
}

void path_take_errors_of_sending(struct path *path)
{
	if (atomic_load_explicit(&path->shared.errors, memory_order_relaxed) &&
	    atomic_exchange(&path->shared.errors, false))
		path_take_errors(path);
}
