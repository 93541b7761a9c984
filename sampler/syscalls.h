/* syscalls.h - system calls that leave errno alone, for the handler and for places where glibc's wrapper is in the
 * way.  Async-signal-safe. */
#ifndef SONDE_SAMPLER_SYSCALLS_H
#define SONDE_SAMPLER_SYSCALLS_H

#include "sampler/arch.h"

#include <sys/syscall.h>

static inline long raw_syscall(long nr, long a, long b, long c, long d)
{
	return arch_syscall(nr, a, b, c, d, 0, 0); /* negative errno on failure */
}

static inline long raw_syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	return arch_syscall(nr, a, b, c, d, e, f);
}

#endif
