/* syscalls.h - system calls that leave errno alone, for the handler and for places where glibc's wrapper is in the
 * way.  Async-signal-safe. */
#ifndef SONDE_SAMPLER_SYSCALLS_H
#define SONDE_SAMPLER_SYSCALLS_H

#include "sampler/arch.h"

#include <sys/syscall.h>

static inline long raw_syscall(long nr, long a, long b, long c, long d)
{
	return arch_syscall(nr, a, b, c, d); /* negative errno on failure */
}

static inline long raw_syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#endif
