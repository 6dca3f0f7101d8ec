/* SPDX-License-Identifier: MIT */
/* The confinement of the session, attacked from inside: each attempt in a process of its own, once
 * confined (the kernel must kill it, or refuse) and once free (it must get through, or be refused
 * for another reason: else the first result would prove nothing). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY	   65534
#define THE_CALL   0 /* exit status: the call was made, whatever the kernel said to it */
#define NO_SANDBOX 99

static char dir[] = "/tmp/vpdial-sandbox-XXXXXX";
static int null_fd, stream[2];
static char room[64];

/* Attempts.  What they return is of no interest: to come back from the call is. */

static void try_open(void)
{
	syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}
#ifdef SYS_open
static void try_old_open(void)
{
	syscall(SYS_open, "/etc/passwd", O_RDONLY);
}
#endif
static void try_openat2(void)
{
	uint64_t how[3] = {O_RDONLY, 0, 0};

	syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", how, sizeof how);
}
static void try_create(void)
{
	syscall(SYS_mkdirat, AT_FDCWD, dir, 0700);
}
static void try_unlink(void)
{
	syscall(SYS_unlinkat, AT_FDCWD, "/nothing/here", 0);
}
static void try_stat(void)
{
	struct stat st;

	syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &st, 0);
}
static void try_readlink(void)
{
	syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", room, sizeof room);
}
static void try_chmod(void)
{
	syscall(SYS_fchmodat, AT_FDCWD, "/nothing/here", 0777);
}
static void try_socket(void)
{
	syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}
static void try_raw_socket(void)
{
	syscall(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP);
}
static void try_socketpair(void)
{
	int pair[2];

	syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
}
static void try_connect(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET};

	syscall(SYS_connect, stream[0], &to, sizeof to);
}
static void try_bind(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET};

	syscall(SYS_bind, stream[0], &at, sizeof at);
}
static void try_listen(void)
{
	syscall(SYS_listen, stream[0], 1);
}
static void try_accept(void)
{
	syscall(SYS_accept4, stream[0], NULL, NULL, SOCK_NONBLOCK);
}
static void try_setsockopt(void)
{
	int one = 1;

	syscall(SYS_setsockopt, stream[0], SOL_SOCKET, SO_DETACH_FILTER, &one, sizeof one);
}
static void try_getsockopt_of_another(void)
{
	int value;
	socklen_t len = sizeof value;

	syscall(SYS_getsockopt, stream[0], SOL_SOCKET, SO_TYPE, &value, &len);
}
static void try_exec(void)
{
	char *none[] = {NULL};

	syscall(SYS_execve, "/nothing/here", none, none);
}
static void try_execveat(void)
{
	char *none[] = {NULL};

	syscall(SYS_execveat, AT_FDCWD, "/nothing/here", none, none, 0);
}
#ifdef SYS_fork
static void try_fork(void)
{
	if (syscall(SYS_fork) == 0)
		syscall(SYS_exit_group, 0);
}
#endif
static void try_clone(void)
{
	if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0)
		syscall(SYS_exit_group, 0);
}
#ifdef SYS_vfork
static void try_vfork(void)
{
	/* The child must not return here: it has our stack. */
	if (vfork() == 0)
		_exit(0);
}
#endif
static int thread_work(void *arg)
{
	(void)arg;
	return 0;
}
/* As pthread_create does: no second thread is made once the process is confined. */
static void try_clone_of_a_thread(void)
{
	static uint8_t stack[65536] __attribute__((aligned(16)));

	clone(thread_work, stack + sizeof stack,
	      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
	      NULL);
}
static void *nothing(void *arg)
{
	return arg;
}
static void try_pthread_create(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, nothing, NULL) == 0)
		pthread_join(thread, NULL);
}
static void try_clone3(void)
{
	syscall(SYS_clone3, NULL, 0);
}
static void try_ptrace(void)
{
	syscall(SYS_ptrace, PTRACE_ATTACH, 1, 0, 0);
}
static void try_kill(void)
{
	syscall(SYS_kill, getppid(), 0);
}
static void try_tgkill(void)
{
	syscall(SYS_tgkill, 1, 1, 0);
}
static void try_pidfd(void)
{
	syscall(SYS_pidfd_open, 1, 0);
}
static void try_ioctl_tun(void)
{
	char request[40] = "tun-attack";

	syscall(SYS_ioctl, null_fd, TUNSETIFF, request);
}
static void try_ioctl_terminal(void)
{
	char c = 'x';

	syscall(SYS_ioctl, 0, TIOCSTI, &c);
}
static void try_mmap_exec(void)
{
	syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
/* Memory that no limit counts. */
static void try_mmap_shared(void)
{
	syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
static void try_mmap_growsdown(void)
{
	syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
}
/* A connection to whom it likes, by a socket whose own has ended. */
static void try_sendto_fastopen(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET};

	syscall(SYS_sendto, stream[0], room, 1, MSG_FASTOPEN, &to, sizeof to);
}
static void try_sendmsg_fastopen(void)
{
	struct msghdr m = {0};

	syscall(SYS_sendmsg, stream[0], &m, MSG_FASTOPEN);
}
static void try_sendmmsg_fastopen(void)
{
	struct mmsghdr m = {0};

	syscall(SYS_sendmmsg, stream[0], &m, 1, MSG_FASTOPEN);
}
static void try_shutdown(void)
{
	syscall(SYS_shutdown, stream[0], SHUT_RD);
}
static void try_mprotect_exec(void)
{
	syscall(SYS_mprotect, (uintptr_t)room & ~UINT64_C(4095), 4096, PROT_READ | PROT_EXEC);
}
static void try_pkey_mprotect(void)
{
	syscall(SYS_pkey_mprotect, (uintptr_t)room & ~UINT64_C(4095), 4096, PROT_READ | PROT_EXEC,
		-1);
}
static void try_memfd(void)
{
	syscall(SYS_memfd_create, "x", 0);
}
static void try_setuid(void)
{
	syscall(SYS_setuid, 0);
}
static void try_setresuid(void)
{
	syscall(SYS_setresuid, 0, 0, 0);
}
static void try_setgroups(void)
{
	syscall(SYS_setgroups, 0, NULL);
}
static void try_capset(void)
{
	syscall(SYS_capset, NULL, NULL);
}
static void try_unshare(void)
{
	syscall(SYS_unshare, CLONE_NEWUSER);
}
static void try_setns(void)
{
	syscall(SYS_setns, null_fd, 0);
}
static void try_mount(void)
{
	syscall(SYS_mount, "none", "/nothing/here", "tmpfs", 0, NULL);
}
static void try_chroot(void)
{
	syscall(SYS_chroot, "/nothing/here");
}
static void try_pivot_root(void)
{
	syscall(SYS_pivot_root, "/nothing", "/here");
}
static void try_bpf(void)
{
	union bpf_attr attr = {0};

	syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr);
}
static void try_perf(void)
{
	syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0);
}
static void try_userfaultfd(void)
{
	syscall(SYS_userfaultfd, 0);
}
static void try_io_uring(void)
{
	syscall(SYS_io_uring_setup, 1, NULL);
}
static void try_aio(void)
{
	unsigned long ctx = 0;

	syscall(SYS_io_setup, 1, &ctx);
}
static void try_readv_process(void)
{
	struct iovec one = {room, sizeof room};

	syscall(SYS_process_vm_readv, getppid(), &one, 1, &one, 1, 0);
}
static void try_writev_process(void)
{
	struct iovec one = {room, sizeof room};

	syscall(SYS_process_vm_writev, getppid(), &one, 1, &one, 1, 0);
}
static void try_keyctl(void)
{
	syscall(SYS_keyctl, 0, -3, 0);
}
static void try_module(void)
{
	syscall(SYS_init_module, NULL, 0, "");
}
static void try_prctl(void)
{
	syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}
static void try_seccomp(void)
{
	syscall(SYS_seccomp, 99, 0, NULL);
}
static void try_setrlimit(void)
{
	syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, NULL);
}
static void try_sethostname(void)
{
	syscall(SYS_sethostname, "", -1);
}
static void try_settime(void)
{
	syscall(SYS_clock_settime, 9999, NULL);
}
static void try_reboot(void)
{
	syscall(SYS_reboot, 0, 0, 0, NULL);
}
static void try_dup(void)
{
	syscall(SYS_dup, 0);
}
static void try_fcntl(void)
{
	syscall(SYS_fcntl, stream[0], F_SETOWN, 1);
}
static void try_unknown(void)
{
	syscall(4095);
}

static const struct attempt {
	const char *name;
	void (*make)(void);
} attempts[] = {
	{"openat", try_open},
#ifdef SYS_open
	{"open", try_old_open},
#endif
	{"openat2", try_openat2},
	{"mkdirat", try_create},
	{"unlinkat", try_unlink},
	{"stat", try_stat},
	{"readlinkat", try_readlink},
	{"fchmodat", try_chmod},
	{"socket", try_socket},
	{"socket (raw)", try_raw_socket},
	{"socketpair", try_socketpair},
	{"connect", try_connect},
	{"bind", try_bind},
	{"listen", try_listen},
	{"accept4", try_accept},
	{"setsockopt", try_setsockopt},
	{"getsockopt (not SO_ERROR)", try_getsockopt_of_another},
	{"execve", try_exec},
	{"execveat", try_execveat},
#ifdef SYS_fork
	{"fork", try_fork},
#endif
	{"clone", try_clone},
	{"clone of a thread", try_clone_of_a_thread},
#ifdef SYS_vfork
	{"vfork", try_vfork},
#endif
	{"pthread_create", try_pthread_create},
	{"clone3", try_clone3},
	{"ptrace", try_ptrace},
	{"kill", try_kill},
	{"tgkill", try_tgkill},
	{"pidfd_open", try_pidfd},
	{"ioctl TUNSETIFF", try_ioctl_tun},
	{"ioctl TIOCSTI", try_ioctl_terminal},
	{"mmap PROT_EXEC", try_mmap_exec},
	{"mmap MAP_SHARED", try_mmap_shared},
	{"mmap MAP_GROWSDOWN", try_mmap_growsdown},
	{"sendto MSG_FASTOPEN", try_sendto_fastopen},
	{"sendmsg MSG_FASTOPEN", try_sendmsg_fastopen},
	{"sendmmsg MSG_FASTOPEN", try_sendmmsg_fastopen},
	{"shutdown", try_shutdown},
	{"mprotect PROT_EXEC", try_mprotect_exec},
	{"pkey_mprotect PROT_EXEC", try_pkey_mprotect},
	{"memfd_create", try_memfd},
	{"setuid", try_setuid},
	{"setresuid", try_setresuid},
	{"setgroups", try_setgroups},
	{"capset", try_capset},
	{"unshare", try_unshare},
	{"setns", try_setns},
	{"mount", try_mount},
	{"chroot", try_chroot},
	{"pivot_root", try_pivot_root},
	{"bpf", try_bpf},
	{"perf_event_open", try_perf},
	{"userfaultfd", try_userfaultfd},
	{"io_uring_setup", try_io_uring},
	{"io_setup", try_aio},
	{"process_vm_readv", try_readv_process},
	{"process_vm_writev", try_writev_process},
	{"keyctl", try_keyctl},
	{"init_module", try_module},
	{"prctl", try_prctl},
	{"seccomp", try_seccomp},
	{"prlimit64", try_setrlimit},
	{"sethostname", try_sethostname},
	{"clock_settime", try_settime},
	{"reboot", try_reboot},
	{"dup", try_dup},
	{"fcntl", try_fcntl},
	{"a call that the kernel does not have", try_unknown},
};

/* What the session itself does: all of it works confined. */

static int works(void)
{
	char *heap = malloc(1 << 20), octets[4] = "abc", back[4];
	int error;
	socklen_t len = sizeof error;
	bool good = heap && write(stream[0], octets, 4) == 4 && read(stream[1], back, 4) == 4 &&
		    getsockopt(stream[0], SOL_SOCKET, SO_ERROR, &error, &len) == 0;

	free(heap);
	return good ? 0 : 1;
}

static int more_memory(void)
{
	volatile char *p = malloc((size_t)80 << 20);

	if (p)
		*p = 1;
	return p != NULL;
}

static int more_small_memory(void)
{
	size_t got = 0;

	for (void *p; got < ((size_t)80 << 20) && (p = malloc(64 << 10)); got += 64 << 10)
		memset(p, 1, 64 << 10);
	return got >= ((size_t)80 << 20);
}

/* A thread as the session has one: made when all is confined but for the filter; what it does later
 * the filter must judge as it judges the first thread. */
static struct {
	sem_t started, go;
	void (*make)(void);
	int (*work)(void);
	pthread_t thread;
} second;

static void *second_work(void *arg)
{
	sem_post(&second.started);
	sem_wait(&second.go);
	if (second.make) {
		second.make();
		syscall(SYS_exit_group, THE_CALL);
	}
	return second.work() == 0 ? NULL : arg;
}

static void make_second(void *ctx)
{
	sem_init(&second.started, 0, 0);
	sem_init(&second.go, 0, 0);
	if (pthread_create(&second.thread, NULL, second_work, ctx) != 0)
		_exit(NO_SANDBOX);
	sem_wait(&second.started);
}

/* In a child: MAKE or WORK, by a second thread; the first one only waits for its end. */
static void by_second_thread(void (*make)(void), int (*work)(void))
{
	void *result = NULL;

	second.make = make;
	second.work = work;
	sem_post(&second.go);
	if (pthread_join(second.thread, &result) != 0)
		syscall(SYS_exit_group, NO_SANDBOX);
	syscall(SYS_exit_group, result ? 1 : 0);
}

/* Runs MAKE or WORK in a child, free or confined, there by the first or a second thread; returns
 * the status as wait(2) gives it. */
enum how { FREE, CONFINED, CONFINED_THREAD };
static int run(void (*make)(void), int (*work)(void), enum how how)
{
	bool confined = how != FREE;
	const struct log log = {.fd = 2, .level = LOG_LEVEL_ERROR};
	struct rlimit no_core = {0, 0};
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		/* reboot, mount and the like must do no harm where nothing confines them */
		if (!confined && geteuid() == 0 &&
		    (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY)))
			_exit(NO_SANDBOX);
		if (confined &&
		    sandbox_enter(dir, NOBODY, NOBODY, how == CONFINED_THREAD ? make_second : NULL,
				  &second, &log) < 0)
			_exit(NO_SANDBOX);
		if (how == CONFINED_THREAD)
			by_second_thread(make, work);
		if (work)
			syscall(SYS_exit_group, work());
		make();
		syscall(SYS_exit_group, THE_CALL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int set_up(void **state)
{
	(void)state;
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return mkdtemp(dir) && null_fd >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, stream) == 0
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void each_forbidden_call_kills_the_session(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
		for (enum how how = CONFINED; how <= CONFINED_THREAD; how++) {
			int status = run(attempts[i].make, NULL, how);

			if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
				continue;
			print_error("%s%s: status %x instead of SIGSYS\n", attempts[i].name,
				    how == CONFINED ? "" : " by a thread", (unsigned)status);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

static void the_same_calls_do_not_kill_what_is_not_confined(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
		int status = run(attempts[i].make, NULL, FREE);

		if (!WIFEXITED(status) || WEXITSTATUS(status) != THE_CALL)
			print_error("%s: status %x\n", attempts[i].name, (unsigned)status);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == THE_CALL);
	}
}

static void what_a_session_does_works_confined(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, works, CONFINED), 0);
	assert_int_equal(run(NULL, works, CONFINED_THREAD), 0);
}

static void memory_beyond_the_limit_is_refused(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, more_memory, CONFINED), 0);
	assert_int_equal(run(NULL, more_small_memory, CONFINED), 0);
	assert_int_equal(WEXITSTATUS(run(NULL, more_memory, FREE)), 1);
	assert_int_equal(WEXITSTATUS(run(NULL, more_small_memory, FREE)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_forbidden_call_kills_the_session),
		cmocka_unit_test(the_same_calls_do_not_kill_what_is_not_confined),
		cmocka_unit_test(what_a_session_does_works_confined),
		cmocka_unit_test(memory_beyond_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
