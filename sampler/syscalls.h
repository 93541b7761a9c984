/* syscalls.h - system calls that leave errno alone, for the handler and for places where glibc's wrapper is in the
 * way.  x86-64 convention of the System V ABI, appendix A.2.  Async-signal-safe. */
#ifndef SONDE_SAMPLER_SYSCALLS_H
#define SONDE_SAMPLER_SYSCALLS_H

#include <sys/syscall.h>

static inline long raw_syscall(long nr, long a, long b, long c, long d)
{
	long ret;
	register long r10 __asm__("r10") = d;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret; /* negative errno on failure */
}

#endif
