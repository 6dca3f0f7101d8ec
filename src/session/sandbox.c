/* SPDX-License-Identifier: MIT */
/* Confinement: empty root, no capability, no new privilege, seccomp allow list. */
#include "session/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Each call with the reason why the session needs it.  Calls on paths, new sockets, processes,
 * ioctl and ptrace are absent on purpose: they kill the process. */
static const int allowed_calls[] = {
	/* data and control over descriptors that the supervisor passed */
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(shutdown),
	SCMP_SYS(close),
	/* the event loop */
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn),
	/* time and randomness (where the vDSO does not serve) */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getrandom),
	/* heap; executable mappings are refused below */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(madvise),
	SCMP_SYS(mremap),
	SCMP_SYS(futex),
	/* the end */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
#ifdef VPDIAL_SANITIZED
	/* what the sanitizers' run time needs to report and to check for leaks */
	SCMP_SYS(mmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(tgkill),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(sched_yield),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(stat),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(ioctl),
	SCMP_SYS(prctl),
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(wait4),
	SCMP_SYS(ptrace),
	SCMP_SYS(getdents64),
	SCMP_SYS(lseek),
	SCMP_SYS(getppid),
	SCMP_SYS(arch_prctl),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(dup),
	SCMP_SYS(dup2),
	SCMP_SYS(pipe),
	SCMP_SYS(pipe2),
	SCMP_SYS(execve),
	SCMP_SYS(fcntl),
	SCMP_SYS(getrlimit),
	SCMP_SYS(prlimit64),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(pread64),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
#endif
};

static int allow_calls(scmp_filter_ctx ctx)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof allowed_calls / sizeof allowed_calls[0] && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed_calls[i], 0);
	/* How the connection attempt of the TCP socket went; nothing else about sockets. */
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(getsockopt), 2,
				      SCMP_A1(SCMP_CMP_EQ, SOL_SOCKET, 0),
				      SCMP_A2(SCMP_CMP_EQ, SO_ERROR, 0));
#ifndef VPDIAL_SANITIZED
	/* Heap, but no memory that could be executed. */
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
#endif
	return rc;
}

static int enter_seccomp(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc;

	if (!ctx)
		return -ENOMEM;
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

int sandbox_enter(const char *empty_dir, uid_t uid, gid_t gid, const struct log *log)
{
	struct rlimit no_core = {0, 0};
	int rc = enter_empty_root(empty_dir);

	/* Without user namespaces an ordinary user cannot change the root; seccomp permits no call
	 * that takes a path, so this is a second wall that is missing, not the first. */
	if (rc == -EPERM && geteuid() != 0)
		log_info(log, "no empty root: the system permits no user namespace");
	else if (rc < 0)
		return rc;
	rc = become(uid, gid);
	if (rc < 0)
		return rc;
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	if (setrlimit(RLIMIT_CORE, &no_core) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return enter_seccomp();
}
