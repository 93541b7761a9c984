/* at_fork.c - call what the C library has for it.
 *
 * glibc puts pthread_atfork and at_quick_exit into the library itself, as calls of functions that musl does not have.  A
 * program of musl's that inherits LD_PRELOAD must be able to load us: what musl lacks is referred to weakly, here and in
 * quirks.c, and tests/e2e_musl holds that nothing else is.
 * (A static program has them if it calls fork() or quick_exit().)
 */
#include "sampler/at_fork.h"

#include <dlfcn.h>
#include <stddef.h>

extern void *__dso_handle __attribute__((visibility("hidden")));
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *)
	__attribute__((weak));
extern int __cxa_at_quick_exit(void (*)(void *), void *) __attribute__((weak));

int call_at_fork(void (*before)(void), void (*parent)(void), void (*child)(void))
{
	int (*next)(void (*)(void), void (*)(void), void (*)(void));

	if (__register_atfork)
		return __register_atfork(before, parent, child, &__dso_handle);
	*(void **)&next = dlsym(RTLD_DEFAULT, "pthread_atfork");
	return next ? next(before, parent, child) : 0;
}

int call_at_quick_exit(void (*fn)(void))
{
	int (*next)(void (*)(void));

	if (__cxa_at_quick_exit)
		return __cxa_at_quick_exit((void (*)(void *))fn, &__dso_handle);
	*(void **)&next = dlsym(RTLD_DEFAULT, "at_quick_exit");
	return next ? next(fn) : 0;
}
