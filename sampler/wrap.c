/* wrap.c - threads and exits: the libc functions that the library stands in for to follow its host.
 *
 * pthread_create, so that a thread has its timer before its first instruction and the labels of its creator.
 * _exit and _Exit, which run no exit handlers.
 * (Those that it stands in for to stay out of the host's way are in wrap_rights.c.)
 *
 * All of it is ordinary code, none runs in a handler.  The start routine lies in a section of its own whose addresses
 * are left out of stacks.
 */
#include "sampler/live.h"
#include "sampler/preload.h"
#include "sampler/session.h"
#include "sampler/syscalls.h"
#include "sampler/threads.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <threads.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef int (*create_fn)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

/* A static program has no next library to look in.  There libc's own is reached by its inner name, and thrd_create,
 * which calls it, makes the linker bring it along. */
extern int __pthread_create_2_1(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)
	__attribute__((weak));
__attribute__((used)) static int (*const volatile brings_pthread_create)(thrd_t *, thrd_start_t,
									 void *) = thrd_create;

/* A sanitizer must know of every thread; in a program that has its runtime and libsonde.a in it, ours hides its
 * pthread_create.  (Hidden: preloaded, we come after it, and must not go back there.) */
extern int __interceptor_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *),
					void *) __attribute__((weak, visibility("hidden")));

static pthread_once_t once = PTHREAD_ONCE_INIT;
static create_fn next_create;
static pthread_key_t leave_key;
static size_t default_stack_bytes;

/* Destructors of other keys may use CPU too, so ours asks to be called again until the last round.  (After which a
 * sanitizer knows the thread no more.) */
static void on_thread_exit(void *rounds)
{
	uintptr_t n = (uintptr_t)rounds;

	if (n < PTHREAD_DESTRUCTOR_ITERATIONS - (__interceptor_pthread_create ? 1 : 0))
		pthread_setspecific(leave_key, (void *)(n + 1));
	else if (!session_is_retired())
		threads_leave();
}

static void set_up(void)
{
	pthread_attr_t attr;

	next_create = __interceptor_pthread_create;
	if (!next_create)
		next_create = (create_fn)dlsym(RTLD_NEXT, "pthread_create");
	if (!next_create)
		next_create = __pthread_create_2_1;
	pthread_key_create(&leave_key, on_thread_exit);
	if (pthread_getattr_default_np(&attr) == 0) {
		pthread_attr_getstacksize(&attr, &default_stack_bytes);
		pthread_attr_destroy(&attr);
	}
}

int real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
			void *arg)
{
	pthread_once(&once, set_up);
	return next_create ? next_create(thread, attr, start, arg) : ENOSYS;
}

/* What of a created thread's stack is surely its own: not the guard at its lower end, nor the pages that static TLS
 * and the descriptor may take at the upper. */
static size_t usable_stack(const pthread_attr_t *attr)
{
	size_t bytes = default_stack_bytes, guard = 4096, margin = 16384;

	if (attr) {
		pthread_attr_getstacksize(attr, &bytes);
		pthread_attr_getguardsize(attr, &guard);
	}
	return bytes > guard + 2 * margin ? bytes - guard - margin : 0;
}

__attribute__((section("sonde_text"), noinline)) static void *run_thread(void *record)
{
	struct thread *t = record;
	void *(*start)(void *) = t->start;
	void *arg = t->arg;

	labels_go_to(t->inherited);
	signals_inherit_belief(t->believed);
	threads_enter(t);
	pthread_setspecific(leave_key, (void *)1);
	return start(arg);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
			  void *arg)
{
	struct thread *t;
	int rc;

	pthread_once(&once, set_up);
	t = session_is_retired() ? NULL : threads_new();
	if (!t)
		return real_pthread_create(thread, attr, start, arg);
	t->start = start;
	t->arg = arg;
	t->inherited = labels_current;
	t->believed = signals_believed_blocked();
	t->stack_bytes = usable_stack(attr);
	rc = real_pthread_create(thread, attr, run_thread, t);
	if (rc)
		threads_release(t);
	return rc;
}

EXPORT void _exit(int status)
{
	preload_finish();
	for (;;)
		raw_syscall(SYS_exit_group, status, 0, 0, 0);
}

EXPORT void _Exit(int status)
{
	_exit(status);
}
