/* SPDX-License-Identifier: MIT */
/* The way to the server, judged anew when the machine's network moves. */
#include "connection/way.h"

#include "base/str.h"
#include "privsep/offload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

unsigned bind_ifindex(const struct supervisor *s)
{
	return s->profile.bind_interface[0] ? if_nametoindex(s->profile.bind_interface) : 0;
}

/* The device may have been deleted or renamed by hand. */
int tun_ensure(struct supervisor *s, struct reason *reason)
{
	char name[IFNAMSIZ];
	int rc;

	if (s->tun.fd >= 0 && if_indextoname(s->tun.ifindex, name)) {
		str_copy(s->tun.ifname, sizeof s->tun.ifname, name);
		return 0;
	}
	str_copy(name, sizeof name, s->tun.fd >= 0 ? s->tun.ifname : s->profile.ifname);
	if (s->tun.fd >= 0) {
		host_undo(s->host);
		close(s->tun.fd);
		s->tun.fd = -1;
	}
	rc = host_tun_open(s->host, name, offload_tun(), &s->tun, reason);
	if (rc < 0)
		return rc;
	str_copy(s->status.ifname, sizeof s->status.ifname, s->tun.ifname);
	way_watch(s);
	return 1;
}

/* A packet from another address or by another link is no longer one of this call. */
static bool same_way(const struct host_path *a, const struct host_path *b)
{
	return a->ifindex == b->ifindex && memcmp(&a->source, &b->source, sizeof a->source) == 0;
}

enum way_change way_check(struct supervisor *s, struct life_input *in)
{
	struct reason reason = {0};
	struct host_path path;

	if (host_repin(s->host, dialer_server(&s->dialer), bind_ifindex(s), &path, &reason) < 0) {
		/* It may come back the same; if not, keep-alive tells. */
		if (s->way_now.ifindex)
			log_notice(&s->log, "%s", reason.text);
		s->way_now.ifindex = 0;
		return WAY_LOST;
	}
	s->way_now = path;
	if (same_way(&path, &s->dialer.server_path)) {
		s->dialer.server_path = path;
		return WAY_SAME;
	}
	in->why = (struct reason){0};
	reason_set(&in->why, EXIT_HANGUP, "the way to the server changed from %s to %s",
		   s->dialer.server_path.ifname, path.ifname);
	return WAY_CHANGED;
}

/* Where the server's name did not resolve, the way to an address of the documentation, which is
 * the default route, stands for the way to it.  *PATH has ifindex 0 where there is none. */
static void path_of_wait(struct supervisor *s, struct host_path *path)
{
	const struct sockaddr_in out4 = {.sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(0xc0000201)};
	const struct sockaddr_in6 out6 = {.sin6_family = AF_INET6,
					  .sin6_addr.s6_addr = {0x20, 0x01, 0x0d, 0xb8}};
	unsigned ifindex = bind_ifindex(s);
	struct reason reason = {0};
	int rc;

	if (s->dialer.address_count) {
		rc = host_repin(s->host, &s->dialer.addresses[0], ifindex, path, &reason);
	} else {
		rc = host_path_to(s->host, (const struct sockaddr *)&out4, ifindex, path, &reason);
		if (rc < 0)
			rc = host_path_to(s->host, (const struct sockaddr *)&out6, ifindex, path,
					  &reason);
	}
	if (rc < 0)
		path->ifindex = 0;
}

void way_note(struct supervisor *s)
{
	path_of_wait(s, &s->way_now);
}

/* A wait is cut short by a new way to the server, not by what else happens on this machine. */
bool way_check_wait(struct supervisor *s, struct life_input *in)
{
	struct host_path before = s->way_now;

	path_of_wait(s, &s->way_now);
	if (!s->way_now.ifindex ||
	    (before.ifindex && same_way(&before, &s->way_now) &&
	     memcmp(&before.gateway, &s->way_now.gateway, sizeof before.gateway) == 0))
		return false;
	in->why = (struct reason){0};
	reason_set(&in->why, EXIT_HANGUP, "%s",
		   before.ifindex ? "the way to the server changed"
				  : "there is a way to the server again");
	return true;
}

void way_watch(struct supervisor *s)
{
	host_watch_set(s->roam.watch, s->tun.fd >= 0 ? s->tun.ifindex : 0,
		       s->dialer.address_at < s->dialer.address_count ? dialer_server(&s->dialer)
								      : NULL);
}
