/* SPDX-License-Identifier: MIT */
/* Which capabilities are kept, and why. */
#include "supervisor/rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
	uint32_t wanted[_LINUX_CAPABILITY_U32S_3] = {0};
	long rc = syscall(SYS_capget, &head, sets);

	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		wanted[kept[i].capability / 32] |= UINT32_C(1) << (kept[i].capability % 32);
	/* Not the permitted ones: a script that gained what we have not would lose its signal for
	 * our death (the kernel clears it then), and outlive us. */
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		sets[i].effective &= wanted[i];
	if (rc == 0)
		rc = syscall(SYS_capset, &head, sets);
	if (rc < 0)
		log_warn(log, "the capabilities that are not needed stay: %s", strerror(errno));
}
