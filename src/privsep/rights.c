/* SPDX-License-Identifier: MIT */
/* Which capabilities are kept, and why. */
#include "privsep/rights.h"

#include "base/capabilities.h"

#include <linux/capability.h>
#include <string.h>

static const struct {
	unsigned capability;
	bool serving; /* of the server alone */
	const char *reason;
} kept[] = {
	{CAP_NET_ADMIN, false, "TUN device, addresses, routes, rules; socket buffers"},
	{CAP_NET_RAW, false, "the GRE socket of PPTP; a source interface that is told"},
	{CAP_KILL, false, "a session and scripts, which run as other users"},
	{CAP_SETUID, false, "the process that looks up names becomes nobody"},
	{CAP_SETGID, false, "the same, and has no group"},
	{CAP_DAC_OVERRIDE, false, "profiles and run directories of other users"},
	{CAP_FOWNER, false, "resolv.conf keeps its mode"},
	{CAP_NET_BIND_SERVICE, true, "UDP port 500"},
	{CAP_CHOWN, false,
	 "resolv.conf keeps its owner; the group that may use the control socket"},
};

void rights_reduce(bool serving, const struct log *log)
{
	unsigned keep[sizeof kept / sizeof kept[0]];
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (serving || !kept[i].serving)
			keep[n++] = kept[i].capability;
	/* Not the permitted ones: a script that gained what we have not would lose its signal for
	 * our death (the kernel clears it then), and outlive us. */
	rc = capabilities_keep_effective(keep, n);
	if (rc < 0)
		log_warn(log, "the capabilities that are not needed stay: %s", strerror(-rc));
}
