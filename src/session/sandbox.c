/* SPDX-License-Identifier: MIT */
/* Confinement: empty root, no capability, no new privilege, seccomp allow list. */
#include "session/sandbox.h"

#include "base/capabilities.h"
#include "session/sandbox_walls.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

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
	{SCMP_SYS(dup3), "another socket in the place of one, when a client's port has changed"},
	{SCMP_SYS(epoll_create1), "the event loop, made after the confinement"},
	{SCMP_SYS(epoll_ctl), "the event loop"},
	{SCMP_SYS(epoll_wait), "the event loop"},
	{SCMP_SYS(epoll_pwait), "the event loop, where libc has no epoll_wait"},
	{SCMP_SYS(restart_syscall), "the kernel's own, after a stop and continue"},
	{SCMP_SYS(rt_sigreturn), "the kernel's own, after a signal"},
	{SCMP_SYS(clock_gettime), "time where the vDSO does not serve"},
	{SCMP_SYS(getrandom), "ids, challenges, magic numbers, Diffie-Hellman"},
	{SCMP_SYS(getpid), "OpenSSL's random numbers, which ask whether there was a fork"},
	{SCMP_SYS(brk), "the heap"},
	{SCMP_SYS(munmap), "the heap"},
	{SCMP_SYS(madvise), "memory given back once the call is up"},
	{SCMP_SYS(mremap), "the heap"},
	{SCMP_SYS(futex), "the turn to send, locks in libc and OpenSSL"},
	{SCMP_SYS(rt_sigprocmask), "the end of the sending thread"},
	{SCMP_SYS(exit), "the end"},
	{SCMP_SYS(exit_group), "the end"},
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
	return rc == 0 ? sandbox_allow_memory(ctx) : rc;
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
	rc = sandbox_walls();
	if (rc < 0)
		return rc;
	if (prepare)
		prepare(ctx);
	rc = sandbox_no_processes(); /* now that the threads are made */
	if (rc < 0)
		return rc;
	return enter_seccomp();
}
