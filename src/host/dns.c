/* SPDX-License-Identifier: MIT */
/* Name servers of the VPN: systemd-resolved, else resolvconf, else /etc/resolv.conf. */
#include "host/internal.h"
#include "host/stack.h"

#include "base/str.h"
#include "host/run.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define SEARCH_MAX 16

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

static bool resolved_answers(const struct log *log)
{
	const char *const argv[] = {"resolvectl", "--no-pager", "status", NULL};
	struct stat st;

	return stat("/run/systemd/resolve", &st) == 0 && S_ISDIR(st.st_mode) &&
	       run_found("resolvectl") && run_program(argv, NULL, 0, log) == 0;
}

static int resolved_set(const struct host_names *wish, const struct log *log)
{
	char servers[2][INET_ADDRSTRLEN], words[256], *at = words, *word;
	const char *dns[6] = {"resolvectl", "dns", wish->ifname};
	const char *domain[SEARCH_MAX + 5] = {"resolvectl", "domain", wish->ifname};
	const char *route[] = {"resolvectl", "default-route", wish->ifname, NULL, NULL};
	size_t n = 3;
	int r;

	for (size_t i = 0; i < wish->server_count; i++)
		dns[3 + i] = inet_ntop(AF_INET, &wish->servers[i], servers[i], INET_ADDRSTRLEN);
	r = run_program(dns, NULL, 0, log);
	if (r < 0)
		return r;
	if (wish->all_names)
		domain[n++] = "~.";
	str_copy(words, sizeof(words), wish->search);
	while ((word = strsep(&at, " ")) && n < SEARCH_MAX + 4)
		if (*word)
			domain[n++] = word;
	r = n > 3 ? run_program(domain, NULL, 0, log) : 0;
	/* Names of no domain come to these servers too, unless others are theirs.  Before version
	 * 240 resolved has no such switch, and does the same by itself. */
	route[3] = wish->all_names || n == 3 ? "yes" : "no";
	(void)run_program(route, NULL, 0, NULL);
	return r;
}

static int by_resolved(struct host *host, const struct host_names *wish)
{
	struct undo_step step = {.kind = UNDO_RESOLVED};
	int r;

	str_copy(step.ifname, sizeof(step.ifname), wish->ifname);
	r = host_push(host, &step);
	if (r < 0)
		return r;
	r = resolved_set(wish, host->log);
	if (r < 0) {
		(void)undo_step_run(&host->steps[host->step_count - 1], &host->nl, NULL);
		host_pop(host);
	}
	return r;
}

static int by_resolvconf(struct host *host, const struct host_names *wish)
{
	struct undo_step step = {.kind = UNDO_RESOLVCONF};
	char record[600], text[INET_ADDRSTRLEN];
	struct str s = str_make(record, sizeof(record));
	struct str name = str_make(step.record, sizeof(step.record));
	const char *argv[] = {"resolvconf", "-a", NULL, "-m", "0", NULL, NULL};
	int r;

	/* Debian's resolvconf prefers "tun.*" (its interface-order). */
	str_printf(&name, "tun.%s.vpdial", wish->ifname);
	for (size_t i = 0; i < wish->server_count; i++)
		str_printf(&s, "nameserver %s\n",
			   inet_ntop(AF_INET, &wish->servers[i], text, sizeof(text)));
	if (*wish->search)
		str_printf(&s, "search %s\n", wish->search);
	r = host_push(host, &step);
	if (r < 0)
		return r;
	argv[2] = host->steps[host->step_count - 1].record;
	if (wish->exclusively)
		argv[5] = "-x";
	r = run_program(argv, record, s.len, host->log);
	if (r < 0) {
		(void)undo_step_run(&host->steps[host->step_count - 1], &host->nl, NULL);
		host_pop(host);
	}
	return r;
}

static int by_file(struct host *host, const struct host_names *wish)
{
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
	r = resolv_edit_plan(host->name, &want, &step.edit);
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

static enum host_dns_way set_names(struct host *host, const struct host_names *wish)
{
	int r;

	if (resolved_answers(host->log) && by_resolved(host, wish) == 0)
		return HOST_DNS_WAY_RESOLVED;
	if (run_found("resolvconf") && by_resolvconf(host, wish) == 0)
		return HOST_DNS_WAY_RESOLVCONF;
	r = by_file(host, wish);
	if (r == 0)
		return HOST_DNS_WAY_FILE;
	log_warn(host->log, "the VPN's name servers are not used: cannot edit " RESOLV_FILE ": %s",
		 r == -ELOOP ? "it belongs to systemd-resolved or leads nowhere" : strerror(-r));
	return HOST_DNS_WAY_NONE;
}

void host_dns_apply(struct host *host, const struct host_config *config,
		    struct host_applied *applied)
{
	struct host_names wish;

	make_wish(host, config, &wish);
	if (!host_dns_stands(host) || !wish_equal(&wish, &host->names)) {
		host_undo_if(host, undo_step_dns);
		if (wish.server_count)
			wish.way = set_names(host, &wish);
		host->names = wish;
	}
	applied->dns_way = host->names.way;
	for (size_t i = 0; i < 2; i++) {
		applied->dns_used[i] = config->dns[i].s_addr && !host->names_left[i];
		applied->dns_routed[i] = host->names_routed[i];
	}
}
