/* SPDX-License-Identifier: MIT */
/* A call inside IPsec of another program (`use-ipsec = external`). */
#include "host/cover.h"
#include "base/address.h"
#include "supervisor/internal.h"

#include <errno.h>

int cover_hold(struct supervisor *s, int fd, const struct sockaddr_storage *to,
	       struct reason *reason)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof bound;
	int rc;

	if (getsockname(fd, (struct sockaddr *)&bound, &len) < 0)
		return -errno;
	s->covered_from = s->server_path.source;
	address_set_port(&s->covered_from, address_port(&bound));
	rc = host_cover_hold(fd, &s->covered_from, to, s->server_path.ifindex, reason);
	host_watch_policies(s->watch, rc == 0);
	return rc;
}

void cover_check(struct supervisor *s)
{
	struct reason reason = {0};

	if (s->profile.ipsec.use != IPSEC_USE_EXTERNAL || !s->session.started ||
	    host_cover_look(&s->covered_from, &s->addresses[s->address_at], s->server_path.ifindex,
			    &reason) == 0)
		return;
	/* The socket is held to it: nothing has left meanwhile. */
	persist_dial_soon(s, reason.text);
}
