/* SPDX-License-Identifier: MIT */
#include "connection/cover.h"

#include "base/address.h"
#include "host/cover.h"

#include <errno.h>

int cover_hold(struct supervisor *s, struct reason *reason)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof bound;
	int fd = s->dialer.sockets.wire, rc;

	if (s->profile.ipsec.use != IPSEC_USE_EXTERNAL)
		return 0;
	if (getsockname(fd, (struct sockaddr *)&bound, &len) < 0)
		return -errno;
	s->covered_from = s->dialer.server_path.source;
	address_set_port(&s->covered_from, address_port(&bound));
	rc = host_cover_hold(fd, &s->covered_from, dialer_server(&s->dialer),
			     s->dialer.server_path.ifindex, reason);
	host_watch_policies(s->roam.watch, rc == 0);
	return rc;
}

bool cover_check(const struct supervisor *s, struct reason *why)
{
	*why = (struct reason){0};
	/* The socket is held to the policy: nothing has left meanwhile. */
	return s->profile.ipsec.use != IPSEC_USE_EXTERNAL ||
	       host_cover_look(&s->covered_from, dialer_server(&s->dialer),
			       s->dialer.server_path.ifindex, why) == 0;
}
