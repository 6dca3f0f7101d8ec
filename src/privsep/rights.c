/* SPDX-License-Identifier: MIT */
/* Which capabilities are kept, and why. */
#include "privsep/rights.h"

#include "base/capabilities.h"

#include <linux/capability.h>
#include <string.h>

static const struct {
	unsigned capability;
	const char *reason;
} kept[] = {
	{CAP_NET_ADMIN, "TUN device, addresses, routes, rules; socket buffers"},
	{CAP_NET_RAW, "the GRE socket of PPTP; a source interface that is told"},
	{CAP_KILL, "a session and scripts, which run as other users"},
	{CAP_SETUID, "the process that looks up names becomes nobody"},
	{CAP_SETGID, "the same, and has no group"},
	{CAP_DAC_OVERRIDE, "profiles and run directories of other users"},
	{CAP_FOWNER, "resolv.conf keeps its mode"},
	{CAP_CHOWN, "resolv.conf keeps its owner; the group that may use the control socket"},
};

void rights_reduce(const struct log *log)
{
	unsigned keep[sizeof kept / sizeof kept[0]];
	int rc;

	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		keep[i] = kept[i].capability;
	/* Not the permitted ones: a script that gained what we have not would lose its signal for
	 * our death (the kernel clears it then), and outlive us. */
	rc = capabilities_keep_effective(keep, sizeof keep / sizeof keep[0]);
	if (rc < 0)
		log_warn(log, "the capabilities that are not needed stay: %s", strerror(-rc));
}
