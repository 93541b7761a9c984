/* wrap_seccomp.c - step back before the host forbids itself what the library does.
 *
 * A program that loads a seccomp filter says which system calls it will make from then on, and may be ended for any
 * other.  It does not know ours.  So the two doors to filters, prctl and syscall, are watched: the filter's program is
 * run on each of our own calls (seccomp_filter.c), and if it would not bear one, sampling ends before the filter is
 * there: timers deleted, the keeper gone, the profile or the spool complete; after that the library makes no call of
 * its own.  What fits under the filter goes on.
 *
 * syscall() is written in assembly, as libc's is: there is no frame of ours for a call that returns twice.  (It is a door
 * to exec as well, and to what wants no thread beside the host's: see wrap_exec.c, wrap_rights.c,
 * wrap_actions.c.)
 */
#include "sampler/otel.h"
#include "sampler/preload.h"
#include "sampler/seccomp_filter.h"
#include "sampler/session.h"
#include "sampler/syscalls.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* The host's memory, or not: what it passes may be nothing (to ask whether the kernel knows a flag). */
static bool copy(void *to, const void *from, size_t n)
{
	struct iovec local = { to, n }, remote = { (void *)from, n };
	long got =
		raw_syscall6(SYS_process_vm_readv, getpid(), (long)&local, 1, (long)&remote, 1, 0);

	if ((got == -ENOSYS || got == -EPERM) &&
	    from) { /* a container's filter: trust the pointer */
		memcpy(to, from, n);
		return true;
	}
	return got == (long)n;
}

static void look_at_filter(const void *pointer)
{
	static struct sock_filter program[BPF_MAXINSNS];
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct sock_fprog filter;
	const char *call = NULL;

	if (!copy(&filter, pointer, sizeof(filter)) || filter.len == 0 || filter.len > BPF_MAXINSNS)
		return;
	pthread_mutex_lock(&lock);
	if (copy(program, filter.filter, filter.len * sizeof(*program)))
		call = seccomp_forbids(program, filter.len, preload_is_writer());
	pthread_mutex_unlock(&lock);
	if (call)
		preload_step_back(call);
}

/* The host asks for a mode of seccomp (SECCOMP_SET_MODE_ values). */
static void before_seccomp(long mode, const void *filter)
{
	otel_freeze();
	if (!session_is_of_this_process())
		return;
	if (mode == SECCOMP_SET_MODE_STRICT)
		preload_step_back("all but read and write");
	else if (mode == SECCOMP_SET_MODE_FILTER)
		look_at_filter(filter);
}

static long answer(long result)
{
	if (result >= -4095 && result < 0) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

EXPORT int prctl(int option, ...)
{
	long a[4];
	va_list ap;

	va_start(ap, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (option == PR_SET_SECCOMP && a[0] == SECCOMP_MODE_STRICT)
		before_seccomp(SECCOMP_SET_MODE_STRICT, NULL);
	else if (option == PR_SET_SECCOMP && a[0] == SECCOMP_MODE_FILTER)
		before_seccomp(SECCOMP_SET_MODE_FILTER, (const void *)a[1]);
	return (int)answer(raw_syscall6(SYS_prctl, option, a[0], a[1], a[2], a[3], 0));
}

/* What the assembly below goes on to. */
long sonde_seccomp_call(long number, long mode, long flags, const void *filter);

__attribute__((used)) long sonde_seccomp_call(long number, long mode, long flags,
					      const void *filter)
{
	if (mode != SECCOMP_SET_MODE_STRICT ||
	    (!flags && !filter)) /* else a question, as libseccomp asks it */
		before_seccomp(mode, filter);
	return answer(raw_syscall(number, mode, flags, (long)filter, 0));
}

__attribute__((used)) long sonde_failed_call(long result)
{
	return answer(result);
}

_Static_assert(SYS_seccomp == 317 && SYS_execve == 59 && SYS_execveat == 322 &&
		       SYS_unshare == 272 && SYS_setns == 308 && SYS_rt_sigaction == 13 &&
		       SYS_chroot == 161 && SYS_pivot_root == 155,
	       "the numbers in the assembly");

__asm__(".section sonde_text,\"ax\",@progbits\n"
	".globl syscall\n"
	".type syscall, @function\n"
	".balign 16\n"
	"syscall:\n"
	"	.cfi_startproc\n"
	"	cmpl	$317, %edi\n"
	"	je	sonde_seccomp_call\n"
	"	cmpl	$59, %edi\n"
	"	je	sonde_execve_call\n"
	"	cmpl	$322, %edi\n"
	"	je	sonde_execveat_call\n"
	"	cmpl	$13, %edi\n"
	"	je	sonde_rt_sigaction_call\n"
	"	cmpl	$272, %edi\n"
	"	je	sonde_unshare_call\n"
	"	cmpl	$308, %edi\n"
	"	je	sonde_setns_call\n"
	"	cmpl	$161, %edi\n"
	"	je	sonde_chroot_call\n"
	"	cmpl	$155, %edi\n"
	"	je	sonde_pivot_root_call\n"
	"	movq	%rdi, %rax\n"
	"	movq	%rsi, %rdi\n"
	"	movq	%rdx, %rsi\n"
	"	movq	%rcx, %rdx\n"
	"	movq	%r8, %r10\n"
	"	movq	%r9, %r8\n"
	"	movq	8(%rsp), %r9\n"
	"	syscall\n"
	"	cmpq	$-4095, %rax\n"
	"	jae	1f\n"
	"	ret\n"
	"1:	movq	%rax, %rdi\n"
	"	jmp	sonde_failed_call\n"
	"	.cfi_endproc\n"
	".size syscall, .-syscall\n"
	".previous\n");
