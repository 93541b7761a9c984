/* wrap_clone.c - threads that a program makes by clone() itself.
 *
 * The creator gives such a thread its event or timer: the thread may have no thread-local storage of its own, so that
 * nothing of libc may be relied on in it.  When its function returns it notes what it used, by bare system calls; the
 * creator's next call, or the keeper, accounts for it.  (One that leaves by the exit system call, or that was made by a
 * bare system call, is found and missed by looking into /proc.)
 */
#include "sampler/live.h"
#include "sampler/session.h"
#include "sampler/syscalls.h"
#include "sampler/threads.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

enum { KERNEL_SET_BYTES = 8 };

typedef int (*clone_fn)(int (*)(void *), void *, int, void *, ...);

/* No signal of ours may come once the record is somebody else's. */
static void note_end(struct thread *t)
{
	struct timespec used = { 0, 1 };
	sigset_t ours;

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours.__val[0]); i++)
		ours.__val[i] = 0;
	signals_add_ours(&ours);
	raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, (long)&ours, 0, KERNEL_SET_BYTES);
	raw_syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, (long)&used, 0, 0);
	atomic_store(&t->ended_ns, (int64_t)used.tv_sec * 1000000000 + used.tv_nsec);
}

__attribute__((section("sonde_text"), noinline)) static int run_clone(void *record)
{
	struct thread *t = record;
	int rc = t->clone_start(t->arg);

	note_end(t);
	return rc;
}

EXPORT int clone(int (*start)(void *), void *stack, int flags, void *arg, ...)
{
	static clone_fn next;
	void *more[3];
	struct thread *t;
	va_list ap;
	int tid;

	va_start(ap, arg);
	for (int i = 0; i < 3; i++)
		more[i] = va_arg(ap, void *);
	va_end(ap);
	if (!next)
		next = (clone_fn)dlsym(RTLD_NEXT, "clone");
	if (!next) {
		errno = ENOSYS;
		return -1;
	}
	if (!start || !(flags & CLONE_THREAD) || !atomic_load(&live.sampling) ||
	    !session_is_of_this_process() || !(t = threads_new()))
		return next(start, stack, flags, arg, more[0], more[1], more[2]);
	t->clone_start = start;
	t->arg = arg;
	tid = next(run_clone, stack, flags, t, more[0], more[1], more[2]);
	if (tid > 0)
		threads_cloned(t, tid);
	else
		threads_release(t);
	return tid;
}
