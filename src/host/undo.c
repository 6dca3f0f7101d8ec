/* SPDX-License-Identifier: MIT */
/* Undoing one change. */
#include "host/undo.h"

#include "host/run.h"

#include <errno.h>
#include <string.h>

bool undo_step_journaled(const struct undo_step *step)
{
	return step->kind == UNDO_PIN || step->kind == UNDO_KEEP || step->kind == UNDO_BLOCK ||
	       step->kind == UNDO_PROXY || step->kind == UNDO_RESOLVCONF || step->kind == UNDO_FILE;
}

bool undo_step_dns(const struct undo_step *step)
{
	return step->kind == UNDO_RESOLVED || step->kind == UNDO_RESOLVCONF ||
	       step->kind == UNDO_FILE;
}

static bool address_equal(const struct host_address *a, const struct host_address *b)
{
	size_t len = host_family_len(a->family);

	return a->ifindex == b->ifindex && a->family == b->family &&
	       a->prefix_len == b->prefix_len && a->has_peer == b->has_peer &&
	       memcmp(a->local, b->local, len) == 0 &&
	       (!a->has_peer || memcmp(a->peer, b->peer, len) == 0);
}

bool undo_step_equal(const struct undo_step *a, const struct undo_step *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case UNDO_LINK:
		return a->link.ifindex == b->link.ifindex;
	case UNDO_ADDRESS:
		return address_equal(&a->address, &b->address);
	case UNDO_ROUTE:
	case UNDO_PIN:
	case UNDO_KEEP:
	case UNDO_BLOCK:
		return host_rt_equal(&a->route, &b->route);
	case UNDO_PROXY:
		return a->proxy.ifindex == b->proxy.ifindex &&
		       memcmp(a->proxy.address, b->proxy.address, 4) == 0;
	case UNDO_NONE:
	case UNDO_RESOLVED:
	case UNDO_RESOLVCONF:
	case UNDO_FILE:
		break;
	}
	return false;
}

int undo_step_do(const struct undo_step *step, struct host_nl *nl)
{
	switch (step->kind) {
	case UNDO_LINK:
		return host_link_set(nl, step->link.ifindex, true, step->link.mtu);
	case UNDO_ADDRESS:
		return host_address_add(nl, &step->address);
	case UNDO_ROUTE:
	case UNDO_PIN:
	case UNDO_KEEP:
	case UNDO_BLOCK:
		return host_rt_add(nl, &step->route);
	case UNDO_PROXY:
		return host_proxy_add(nl, step->proxy.ifindex, step->proxy.address);
	case UNDO_NONE:
	case UNDO_RESOLVED:
	case UNDO_RESOLVCONF:
	case UNDO_FILE:
		break;
	}
	return -EINVAL;
}

/* What is gone already is undone. */
static int forgive(int r)
{
	return r == -ENODEV || r == -EADDRNOTAVAIL || r == -ESRCH || r == -ENXIO || r == -ENOENT
		       ? 0
		       : r;
}

int undo_step_file(const struct undo_step *step, enum resolv_lock lock, const struct log *log)
{
	int r = resolv_edit_undo(step->edit, lock);

	if (r == RESOLV_LINES_REMOVED)
		log_notice(log, "%s was changed by others meanwhile: only our lines were removed",
			   step->edit->path);
	return r < 0 ? r : 0;
}

bool undo_step_words(const struct undo_step *step, const char *argv[static UNDO_WORDS_MAX])
{
	bool resolved = step->kind == UNDO_RESOLVED;

	if (!resolved && step->kind != UNDO_RESOLVCONF)
		return false;
	argv[0] = resolved ? "resolvectl" : "resolvconf";
	argv[1] = resolved ? "revert" : "-d";
	argv[2] = resolved ? step->ifname : step->record;
	argv[3] = NULL;
	return true;
}

static int run(const struct undo_step *step, struct host_nl *nl, const struct log *log)
{
	const char *argv[UNDO_WORDS_MAX];

	switch (step->kind) {
	case UNDO_NONE:
		return 0;
	case UNDO_LINK:
		return forgive(host_link_set(nl, step->link.ifindex, false, 0));
	case UNDO_ADDRESS:
		return forgive(host_address_del(nl, &step->address));
	case UNDO_ROUTE:
	case UNDO_PIN:
	case UNDO_KEEP:
	case UNDO_BLOCK:
		return forgive(host_rt_del(nl, &step->route));
	case UNDO_RESOLVED:
	case UNDO_RESOLVCONF:
		return undo_step_words(step, argv) ? run_program(argv, NULL, 0, log) : -EINVAL;
	case UNDO_PROXY:
		return forgive(host_proxy_del(nl, step->proxy.ifindex, step->proxy.address));
	case UNDO_FILE:
		return undo_step_file(step, RESOLV_LOCK_WAIT, log);
	}
	return -EINVAL;
}

static const char *const names[] = {
	[UNDO_NONE] = "nothing",
	[UNDO_LINK] = "the link's state",
	[UNDO_ADDRESS] = "an address",
	[UNDO_ROUTE] = "a route",
	[UNDO_PIN] = "the route to the server",
	[UNDO_KEEP] = "the route to a host that kept its path",
	[UNDO_BLOCK] = "a route that leads nowhere",
	[UNDO_RESOLVED] = "the name servers in systemd-resolved",
	[UNDO_RESOLVCONF] = "the record in resolvconf",
	[UNDO_FILE] = "resolv.conf",
	[UNDO_PROXY] = "the ARP answer for the client",
};

void undo_step_failed(const struct undo_step *step, struct host_nl *nl, int r,
		      const struct log *log)
{
	char text[200];

	log_warn(log, "cannot restore %s: %s", names[step->kind],
		 host_nl_error(nl, r, text, sizeof(text)));
}

int undo_step_run(const struct undo_step *step, struct host_nl *nl, const struct log *log)
{
	int r;

	nl->text[0] = '\0';
	r = run(step, nl, log);
	if (r < 0)
		undo_step_failed(step, nl, r, log);
	return r;
}

void undo_step_free(struct undo_step *step)
{
	if (step->kind == UNDO_FILE)
		resolv_edit_free(step->edit);
	*step = (struct undo_step){.kind = UNDO_NONE};
}
