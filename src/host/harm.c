/* SPDX-License-Identifier: MIT */
/* What an address that the server names would cut off here, were it ours or reached by the tunnel.
 */
#include "host/internal.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

struct harm_search {
	unsigned tunnel;
	uint8_t address[16];
	bool gateway, linked;
};

static void harm_visit(void *ctx, const struct host_rt *rt)
{
	struct harm_search *s = ctx;

	if (rt->oif == s->tunnel || rt->type != RTN_UNICAST)
		return;
	if (rt->gateway_family == AF_INET && memcmp(rt->gateway, s->address, 4) == 0)
		s->gateway = true;
	/* The networks of links, and peers at them. */
	if (!rt->gateway_family && rt->protocol == RTPROT_KERNEL &&
	    host_prefix_covers(AF_INET, rt->dst, rt->prefix_len, s->address, 32))
		s->linked = true;
}

/* A line "nameserver ADDRESS" of resolv.conf, ours left out. */
static bool is_name_server(const struct host *host, struct in_addr address)
{
	FILE *in = fopen(RESOLV_FILE, "re");
	char line[256], text[64];
	bool found = false;
	struct in_addr a;

	for (size_t i = 0; i < host->names.server_count; i++)
		if (host->names.servers[i].s_addr == address.s_addr)
			address.s_addr = 0;
	while (in && address.s_addr && fgets(line, sizeof(line), in))
		if (sscanf(line, "nameserver %63s", text) == 1 && inet_pton(AF_INET, text, &a) == 1)
			found |= a.s_addr == address.s_addr;
	if (in)
		(void)fclose(in);
	return found;
}

const char *host_harm(struct host *host, const struct host_config *config, struct in_addr address,
		      enum host_harm_kind kind)
{
	struct harm_search s = {.tunnel = config->ifindex};
	uint8_t server[16];

	memcpy(s.address, &address, 4);
	if (host_sockaddr_octets((const struct sockaddr *)&config->server, server) == AF_INET &&
	    memcmp(server, s.address, 4) == 0)
		return "the server's own address";
	if (kind != HOST_HARM_LOCAL && address.s_addr == config->local.s_addr)
		return "our own address in the tunnel";
	if (host_rt_dump(&host->nl, AF_INET, harm_visit, &s) == 0 && s.gateway)
		return "a gateway of this network";
	if (host_address_there(&host->nl, 0, config->ifindex, AF_INET, s.address))
		return "an address of this machine";
	if (kind == HOST_HARM_LOCAL && is_name_server(host, address))
		return "a name server of this machine";
	return kind == HOST_HARM_SERVER && s.linked ? "in a network of this machine's own links"
						    : NULL;
}

bool host_on_link(struct host *host, const struct host_config *config, struct in_addr address)
{
	struct harm_search s = {.tunnel = config->ifindex};

	memcpy(s.address, &address, 4);
	return host_rt_dump(&host->nl, AF_INET, harm_visit, &s) == 0 && s.linked;
}
