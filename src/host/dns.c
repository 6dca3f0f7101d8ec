/* SPDX-License-Identifier: MIT */
/* Name servers of the VPN: systemd-resolved, else resolvconf, else /etc/resolv.conf. */
#include "host/internal.h"
#include "host/names.h"
#include "host/stack.h"

#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

const char *host_dns_way_name(enum host_dns_way way)
{
	switch (way) {
	case HOST_DNS_WAY_NONE:
		return "none";
	case HOST_DNS_WAY_RESOLVED:
		return "resolved";
	case HOST_DNS_WAY_RESOLVCONF:
		return "resolvconf";
	case HOST_DNS_WAY_FILE:
		return "resolv.conf";
	}
	return "none";
}

/* Host name characters and spaces only: these words go to files and programs. */
static bool search_valid(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._- ", *p))
			return false;
	return !strstr(text, " -") && text[0] != '-';
}

int host_dns_edit_file(struct host *host, enum resolv_lock lock)
{
	const struct host_names *wish = &host->names;
	struct undo_step step = {.kind = UNDO_FILE};
	char boot[64];
	struct resolv_wish want = {
		.servers = wish->servers,
		.server_count = wish->server_count,
		.search = wish->search,
		.exclusively = wish->exclusively,
		.boot = boot,
	};
	int r;

	journal_boot_id(boot, sizeof(boot));
	r = resolv_edit_plan(host->name, &want, lock, &step.edit);
	if (r < 0)
		return r;
	r = host_push(host, &step);
	if (r < 0)
		return r;
	r = resolv_edit_do(host->steps[host->step_count - 1].edit);
	if (r < 0) {
		(void)undo_step_run(&host->steps[host->step_count - 1], &host->nl, NULL);
		host_pop(host);
	}
	return r;
}

void host_dns_clear_old(struct host *host)
{
	char boot[64];
	int r;

	journal_boot_id(boot, sizeof(boot));
	r = resolv_clear_old(host->name, boot);
	if (r > 0)
		log_notice(
			host->log,
			"name servers of a call that ended with the machine were taken out of %s",
			RESOLV_FILE);
	else if (r < 0)
		log_warn(host->log, "cannot take name servers of an earlier call out of %s: %s",
			 RESOLV_FILE, strerror(-r));
}

static void make_wish(struct host *host, const struct host_config *config, struct host_names *wish)
{
	memset(wish, 0, sizeof(*wish));
	if (config->dns_mode == HOST_DNS_NO)
		return;
	for (size_t i = 0; i < 2; i++)
		if (config->dns[i].s_addr && !host->names_left[i])
			wish->servers[wish->server_count++] = config->dns[i];
	if (search_valid(config->search_domains))
		str_copy(wish->search, sizeof(wish->search), config->search_domains);
	else
		log_warn(host->log, "search-domain is no list of domain names and is left out");
	wish->exclusively = config->dns_mode == HOST_DNS_EXCLUSIVELY;
	wish->all_names = config->default_route || wish->exclusively;
	str_copy(wish->ifname, sizeof(wish->ifname), config->ifname);
}

static bool wish_equal(const struct host_names *a, const struct host_names *b)
{
	return a->exclusively == b->exclusively && a->all_names == b->all_names &&
	       a->server_count == b->server_count &&
	       memcmp(a->servers, b->servers, sizeof(a->servers)) == 0 &&
	       strcmp(a->search, b->search) == 0 && strcmp(a->ifname, b->ifname) == 0;
}

bool host_dns_stands(const struct host *host)
{
	for (size_t i = 0; i < host->step_count; i++)
		if (host->steps[i].kind == UNDO_FILE)
			return resolv_edit_stands(host->steps[i].edit);
	return true;
}

void host_dns_apply(struct host *host, const struct host_config *config,
		    struct host_applied *applied)
{
	struct host_names wish;

	make_wish(host, config, &wish);
	if (!host_dns_stands(host) || !wish_equal(&wish, &host->names)) {
		host->names = wish;
		names_change(host);
	}
	applied->dns_way = host->names.way;
	for (size_t i = 0; i < 2; i++) {
		applied->dns_used[i] = config->dns[i].s_addr && !host->names_left[i];
		applied->dns_routed[i] = host->names_routed[i];
	}
}
