/* SPDX-License-Identifier: MIT */
/* Preloaded into linux.uml: kernels before 6.13 restore a guest process's floating-point registers
 * from a buffer of fixed size, and the host takes nothing but its processor's whole area, which is
 * larger where that has AMX ("put_fp_registers", then the guest's init dies).  What is missing is
 * zero, which the header of the area says is not in use. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define AREA_MAX       65536
#define NT_X86_XSTATE_ 0x202 /* the notes of <elf.h> and <linux/elf.h> exclude each other */

/* The area's size on this processor; 0 = not asked yet. */
static size_t area_size;

static long set_whole_area(pid_t pid, const struct iovec *given)
{
	static _Alignas(64) char area[AREA_MAX];
	struct iovec whole = {area, sizeof area};

	if (!area_size && syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE_, &whole) == 0)
		area_size = whole.iov_len;
	if (given->iov_len >= area_size)
		return -1;
	memset(area, 0, area_size);
	memcpy(area, given->iov_base, given->iov_len);
	whole.iov_len = area_size;
	return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE_, &whole);
}

/* As in glibc: what is read for PTRACE_PEEK* is the result, and errno tells a fault. */
long ptrace(enum __ptrace_request request, ...)
{
	long result, word;
	void *address, *data;
	pid_t pid;
	va_list more;

	va_start(more, request);
	pid = va_arg(more, pid_t);
	address = va_arg(more, void *);
	data = va_arg(more, void *);
	va_end(more);
	if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA ||
	    request == PTRACE_PEEKUSER) {
		result = syscall(SYS_ptrace, request, pid, address, &word);
		if (result < 0)
			return result;
		errno = 0;
		return word;
	}
	result = syscall(SYS_ptrace, request, pid, address, data);
	if (result < 0 && errno == EFAULT && request == PTRACE_SETREGSET &&
	    (long)address == NT_X86_XSTATE_)
		result = set_whole_area(pid, data);
	return result;
}
