/* SPDX-License-Identifier: MIT */
/* Limits, Landlock, and memory that is never executed. */
#include "session/sandbox_walls.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the session may still take: it needs about 10 MB, and no file, process or descriptor more
 * than those it was given and its event loop. */
#define DATA_MAX	(64u << 20)
#define DESCRIPTORS_MAX 16

/* A second wall behind the empty root, where the kernel has Landlock: no file at all, no TCP port.
 * Not having it is no fault. */
static void enter_landlock(void)
{
	/* Rights of files known to each version of the interface: none of them is granted. */
	static const unsigned file_rights[] = {0, 13, 14, 15, 15, 16};
	struct {
		uint64_t handled_access_fs, handled_access_net;
	} rules = {0};
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
	size_t known = sizeof file_rights / sizeof file_rights[0] - 1, size = 8;
	long fd;

	if (version < 1)
		return;
	rules.handled_access_fs =
		(UINT64_C(1) << file_rights[(size_t)version < known ? (size_t)version : known]) - 1;
	if (version >= 4) {
		rules.handled_access_net = 3; /* to bind, to connect */
		size = sizeof rules;
	}
	fd = syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return;
	(void)syscall(SYS_landlock_restrict_self, fd, 0);
	close((int)fd);
}

static int limit(int resource, rlim_t most)
{
	struct rlimit both = {most, most};

	return setrlimit((__rlimit_resource_t)resource, &both) < 0 ? -errno : 0;
}

static int enter_limits(void)
{
	static const struct {
		int resource;
		rlim_t most;
	} limits[] = {{RLIMIT_DATA, DATA_MAX},
		      {RLIMIT_NOFILE, DESCRIPTORS_MAX},
		      {RLIMIT_FSIZE, 0},
		      {RLIMIT_MEMLOCK, 0},
		      {RLIMIT_MSGQUEUE, 0}};
	int rc = 0;

	for (size_t i = 0; i < sizeof limits / sizeof limits[0] && rc == 0; i++)
		rc = limit(limits[i].resource, limits[i].most);
	return rc;
}

int sandbox_walls(void)
{
	enter_landlock();
	return enter_limits();
}

int sandbox_no_processes(void)
{
	return limit(RLIMIT_NPROC, 0);
}

/* Nothing that could be executed, and nothing that RLIMIT_DATA does not count. */
int sandbox_allow_memory(scmp_filter_ctx ctx)
{
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (rc < 0)
		return rc;
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
				SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_SHARED | MAP_GROWSDOWN, 0));
}
