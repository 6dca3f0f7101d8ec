/* SPDX-License-Identifier: MIT */
/* Confinement: empty root, no capability, no new privilege, seccomp allow list. */
#include "session/sandbox.h"

#include "base/capabilities.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the session may still take: it needs about 10 MB, and no file, process or descriptor more
 * than those it was given and its event loop. */
#define DATA_MAX	(64u << 20)
#define DESCRIPTORS_MAX 16

struct allowed {
	int call;
	const char *reason; /* why the session needs it */
};

/* Calls on paths, new sockets, processes, identities, ioctl and ptrace are absent on purpose: they
 * kill the process.  So are those that make threads: the one that sends is made before the filter,
 * which binds all threads at once. */
static const struct allowed allowed_calls[] = {
	{SCMP_SYS(read), "packets of the TUN device, PPTP's control connection"},
	{SCMP_SYS(readv), "the same in parts"},
	{SCMP_SYS(write), "packets to the TUN device, log lines, the call for the sending thread"},
	{SCMP_SYS(writev), "packets to the TUN device in parts"},
	{SCMP_SYS(recvfrom), "PPTP's control connection"},
	{SCMP_SYS(recvmsg), "requests of the supervisor, errors of the network"},
	{SCMP_SYS(recvmmsg), "bursts of packets from the tunnel"},
	{SCMP_SYS(close), "descriptors at the end"},
	{SCMP_SYS(epoll_create1), "the event loop, made after the confinement"},
	{SCMP_SYS(epoll_ctl), "the event loop"},
	{SCMP_SYS(epoll_wait), "the event loop"},
	{SCMP_SYS(epoll_pwait), "the event loop, where libc has no epoll_wait"},
	{SCMP_SYS(restart_syscall), "the kernel's own, after a stop and continue"},
	{SCMP_SYS(rt_sigreturn), "the kernel's own, after a signal"},
	{SCMP_SYS(clock_gettime), "time where the vDSO does not serve"},
	{SCMP_SYS(getrandom), "ids, challenges, magic numbers"},
	{SCMP_SYS(brk), "the heap"},
	{SCMP_SYS(munmap), "the heap"},
	{SCMP_SYS(madvise), "memory given back once the call is up"},
	{SCMP_SYS(mremap), "the heap"},
	{SCMP_SYS(futex), "the turn to send, locks in libc and OpenSSL"},
	{SCMP_SYS(rt_sigprocmask), "the end of the sending thread"},
	{SCMP_SYS(exit), "the end"},
	{SCMP_SYS(exit_group), "the end"},
#ifdef VPDIAL_SANITIZED
	/* what the sanitizers' run time needs to report and to check for leaks */
	{SCMP_SYS(mmap), "sanitizers"},
	{SCMP_SYS(mprotect), "sanitizers"},
	{SCMP_SYS(sigaltstack), "sanitizers"},
	{SCMP_SYS(getpid), "sanitizers"},
	{SCMP_SYS(gettid), "sanitizers"},
	{SCMP_SYS(tgkill), "sanitizers"},
	{SCMP_SYS(rt_sigaction), "sanitizers"},
	{SCMP_SYS(sched_yield), "sanitizers"},
	{SCMP_SYS(open), "sanitizers"},
	{SCMP_SYS(openat), "sanitizers"},
	{SCMP_SYS(readlink), "sanitizers"},
	{SCMP_SYS(readlinkat), "sanitizers"},
	{SCMP_SYS(stat), "sanitizers"},
	{SCMP_SYS(fstat), "sanitizers"},
	{SCMP_SYS(newfstatat), "sanitizers"},
	{SCMP_SYS(ioctl), "sanitizers"},
	{SCMP_SYS(prctl), "sanitizers"},
	{SCMP_SYS(clone), "sanitizers"},
	{SCMP_SYS(clone3), "sanitizers"},
	{SCMP_SYS(wait4), "sanitizers"},
	{SCMP_SYS(ptrace), "sanitizers"},
	{SCMP_SYS(getdents64), "sanitizers"},
	{SCMP_SYS(lseek), "sanitizers"},
	{SCMP_SYS(getppid), "sanitizers"},
	{SCMP_SYS(arch_prctl), "sanitizers"},
	{SCMP_SYS(process_vm_readv), "sanitizers"},
	{SCMP_SYS(sched_getaffinity), "sanitizers"},
	{SCMP_SYS(set_robust_list), "sanitizers"},
	{SCMP_SYS(rseq), "sanitizers"},
	{SCMP_SYS(dup), "sanitizers"},
	{SCMP_SYS(dup2), "sanitizers"},
	{SCMP_SYS(pipe), "sanitizers"},
	{SCMP_SYS(pipe2), "sanitizers"},
	{SCMP_SYS(execve), "sanitizers"},
	{SCMP_SYS(fcntl), "sanitizers"},
	{SCMP_SYS(getrlimit), "sanitizers"},
	{SCMP_SYS(prlimit64), "sanitizers"},
	{SCMP_SYS(getuid), "sanitizers"},
	{SCMP_SYS(geteuid), "sanitizers"},
	{SCMP_SYS(getgid), "sanitizers"},
	{SCMP_SYS(getegid), "sanitizers"},
	{SCMP_SYS(pread64), "sanitizers"},
	{SCMP_SYS(access), "sanitizers"},
	{SCMP_SYS(faccessat), "sanitizers"},
#endif
};

struct restricted {
	int call;
	const char *reason;
	unsigned count;
	struct scmp_arg_cmp arguments[2]; /* what COUNT of them must be */
};

/* clang-format off */
#define IS(argument, value)	{argument, SCMP_CMP_EQ, value, 0}
#define WITHOUT(argument, bits) {argument, SCMP_CMP_MASKED_EQ, bits, 0}
/* clang-format on */

static const struct restricted restricted_calls[] = {
	/* MSG_FASTOPEN would be a `connect` by the socket of a control connection that has ended.
	 */
	{SCMP_SYS(sendto), "control messages and frames", 1, {WITHOUT(3, MSG_FASTOPEN)}},
	{SCMP_SYS(sendmsg), "requests to the supervisor", 1, {WITHOUT(2, MSG_FASTOPEN)}},
	{SCMP_SYS(sendmmsg), "bursts of packets into the tunnel", 1, {WITHOUT(3, MSG_FASTOPEN)}},
	{SCMP_SYS(getsockopt),
	 "how the connection attempt went",
	 2,
	 {IS(1, SOL_SOCKET), IS(2, SO_ERROR)}},
#ifndef VPDIAL_SANITIZED
	/* Nothing that could be executed, and nothing that RLIMIT_DATA does not count. */
	{SCMP_SYS(mmap),
	 "the heap",
	 2,
	 {WITHOUT(2, PROT_EXEC), WITHOUT(3, MAP_SHARED | MAP_GROWSDOWN)}},
	{SCMP_SYS(mprotect), "the heap", 1, {WITHOUT(2, PROT_EXEC)}},
#endif
};

static int allow_calls(scmp_filter_ctx ctx)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof allowed_calls / sizeof allowed_calls[0] && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed_calls[i].call, 0);
	for (size_t i = 0; i < sizeof restricted_calls / sizeof restricted_calls[0] && rc == 0; i++)
		rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, restricted_calls[i].call,
					    restricted_calls[i].count,
					    restricted_calls[i].arguments);
	return rc;
}

static int enter_seccomp(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc;

	if (!ctx)
		return -ENOMEM;
	/* All threads, or none: one that is not confined would be a way out for the others. */
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0)
		rc = allow_calls(ctx);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}

#ifndef VPDIAL_SANITIZED
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
#endif

/* As root by CAP_SYS_CHROOT, else in a user namespace of its own. */
static int enter_empty_root(const char *dir)
{
	if (chroot(dir) == 0)
		return chdir("/") < 0 ? -errno : 0;
	if (errno != EPERM)
		return -errno;
	if (unshare(CLONE_NEWUSER) < 0 || chroot(dir) < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

static int become(uid_t uid, gid_t gid)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	return 0;
}

int sandbox_enter(const char *empty_dir, uid_t uid, gid_t gid, void (*prepare)(void *ctx),
		  void *ctx, const struct log *log)
{
	struct rlimit no_core = {0, 0};
	int rc = enter_empty_root(empty_dir);

	/* Without user namespaces an ordinary user cannot change the root; seccomp permits no call
	 * that takes a path, so this is a second wall that is missing, not the first. */
	if (rc == -EPERM && geteuid() != 0)
		log_info(log, "no empty root: the system permits no user namespace");
	else if (rc < 0)
		return rc;
	/* The bounding set while it still may: an ordinary user may not, and has nothing in it. */
	rc = capabilities_drop_bounds();
	if (rc == 0)
		rc = become(uid, gid);
	if (rc == 0)
		rc = capabilities_drop_all();
	if (rc < 0)
		return rc;
	if (setrlimit(RLIMIT_CORE, &no_core) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
#ifndef VPDIAL_SANITIZED
	enter_landlock();
	rc = enter_limits();
	if (rc < 0)
		return rc;
#endif
	if (prepare)
		prepare(ctx);
#ifndef VPDIAL_SANITIZED
	rc = limit(RLIMIT_NPROC, 0); /* now that the threads are made */
	if (rc < 0)
		return rc;
#endif
	return enter_seccomp();
}
