/* SPDX-License-Identifier: MIT */
/* How the kernel would reach an address. */
#include "host/internal.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

static void to_sockaddr(int family, const uint8_t *octets, unsigned ifindex,
			struct sockaddr_storage *out)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	memset(out, 0, sizeof(*out));
	if (family == AF_INET) {
		memcpy(&in.sin_addr, octets, 4);
		memcpy(out, &in, sizeof(in));
		return;
	}
	memcpy(&in6.sin6_addr, octets, 16);
	if (IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr))
		in6.sin6_scope_id = ifindex;
	memcpy(out, &in6, sizeof(in6));
}

void host_set_source(struct host *host, const struct sockaddr *source)
{
	host->source_family = source ? host_sockaddr_octets(source, host->source) : 0;
}

const uint8_t *host_source(const struct host *host, int family)
{
	return family == host->source_family ? host->source : NULL;
}

int host_path_to(struct host *host, const struct sockaddr *addr, unsigned bind_ifindex,
		 struct host_path *path, struct reason *reason)
{
	char name[INET6_ADDRSTRLEN], from[INET6_ADDRSTRLEN], text[200];
	uint8_t dst[16];
	int family = host_sockaddr_octets(addr, dst), r;
	struct host_rt found = {0}, entry;
	struct host_link link = {0};

	memset(path, 0, sizeof(*path));
	if (!family) {
		reason_set(reason, EXIT_FATAL, "no IP address to look up a route for");
		return -EAFNOSUPPORT;
	}
	r = host_rt_get(&host->nl, family, dst, host_source(host, family), bind_ifindex, false,
			&found);
	if (r == 0 && !found.oif)
		r = -ENETUNREACH;
	if (r == 0)
		r = host_link_get(&host->nl, found.oif, &link);
	if (r < 0) {
		inet_ntop(family, dst, name, sizeof(name));
		(void)host_nl_error(&host->nl, r, text, sizeof(text));
		if (host_source(host, family))
			reason_set(reason, EXIT_CONNECT_FAILED,
				   "no route to %s from the src-address %s, is it an address of "
				   "this machine: %s",
				   name, inet_ntop(family, host->source, from, sizeof(from)), text);
		else
			reason_set(reason, EXIT_CONNECT_FAILED, "no route to %s: %s", name, text);
		return r;
	}
	path->ifindex = found.oif;
	str_copy(path->ifname, sizeof(path->ifname), link.name);
	path->has_gateway = found.gateway_family != 0;
	if (path->has_gateway)
		to_sockaddr(found.gateway_family, found.gateway, found.oif, &path->gateway);
	if (found.has_source)
		to_sockaddr(family, found.source, found.oif, &path->source);
	else if (host_source(host, family))
		to_sockaddr(family, host->source, found.oif, &path->source);
	path->local = found.type == RTN_LOCAL;
	path->mtu = found.mtu ? found.mtu : link.mtu;
	/* The metric is only known of the table's entry; a kernel that cannot tell leaves 0. */
	if (host_rt_get(&host->nl, family, dst, host_source(host, family), bind_ifindex, true,
			&entry) == 0)
		path->metric = entry.metric;
	return 0;
}
