/* wrap_exec.c - the exec functions: what a thread's perf event has sent must not reach the next program.
 *
 * An event ends at exec, but its last signal may come after that, when nobody handles SIGTRAP any more, and end the new
 * program.  So the event of the calling thread is stopped before, and started again when exec has failed.
 *
 * All of this may be called in signal handlers and in the child of a fork or vfork: no lock, no loader (the functions
 * to go on to are looked up before), and a child that shares its parent's memory leaves its parent's event alone.
 */
#include "sampler/event.h"
#include "sampler/exec_preload.h"
#include "sampler/live.h"
#include "sampler/session.h"
#include "sampler/syscalls.h"
#include "sampler/thread_table.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static struct {
	int (*execve)(const char *, char *const *, char *const *);
	int (*execvpe)(const char *, char *const *, char *const *);
	int (*fexecve)(int, char *const *, char *const *);
	int (*execveat)(int, const char *, char *const *, char *const *, int);
} next;

__attribute__((constructor)) static void look_up(void)
{
	*(void **)&next.execve = dlsym(RTLD_NEXT, "execve");
	*(void **)&next.execvpe = dlsym(RTLD_NEXT, "execvpe");
	*(void **)&next.fexecve = dlsym(RTLD_NEXT, "fexecve");
	*(void **)&next.execveat = dlsym(RTLD_NEXT, "execveat");
}

static struct thread *own_record(void)
{
	int tid = (int)raw_syscall(SYS_gettid, 0, 0, 0, 0);
	unsigned n = atomic_load(&thread_table.n);

	for (unsigned c = 0; c < n; c++)
		for (unsigned i = 0; i < CHUNK_THREADS; i++)
			if (thread_table.chunks[c]->threads[i].tid == tid)
				return &thread_table.chunks[c]->threads[i];
	return NULL;
}

/* When the mapping is gone a signal that was on its way has been handled, unless the thread blocks it. */
static struct thread *stop_own_event(void)
{
	struct thread *t = atomic_load(&live.sampling) ? own_record() : NULL;
	uint64_t trap = (uint64_t)1 << (SIGTRAP - 1);
	struct timespec at_once = { 0, 0 };

	session_note_exec();
	if (!t || !atomic_load(&t->event))
		return NULL;
	event_stop(t);
	raw_syscall(SYS_rt_sigtimedwait, (long)&trap, 0, (long)&at_once, sizeof(trap));
	return t;
}

static int go_on(struct thread *t, int rc)
{
	int error = errno;

	if (t && event_start(t, t->event_period_ns)) {
		t->lacks_engine = true;
		live_want(WANT_THREADS);
	}
	errno = error;
	return rc;
}

/* With `kept` for the environment. */
#define PASS_ON(function, ...)                                                                     \
	struct thread *stopped = stop_own_event();                                                 \
	size_t n_room = exec_preload_room(envp);                                                   \
	char *room[n_room], *const *kept = exec_preload_environment(envp, room, n_room);           \
                                                                                                   \
	if (!next.function)                                                                        \
		look_up();                                                                         \
	if (!next.function) {                                                                      \
		errno = ENOSYS;                                                                    \
		return go_on(stopped, -1);                                                         \
	}                                                                                          \
	return go_on(stopped, next.function(__VA_ARGS__))

EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	PASS_ON(execve, path, argv, kept);
}

EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	PASS_ON(execvpe, file, argv, kept);
}

EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	PASS_ON(fexecve, fd, argv, kept);
}

EXPORT int execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	PASS_ON(execveat, fd, path, argv, kept, flags);
}

EXPORT int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

EXPORT int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

/* ---- those that take the arguments one by one ---- */

static ptrdiff_t count(const char *first, va_list ap)
{
	ptrdiff_t n = 0;

	for (const char *at = first; at; at = va_arg(ap, const char *))
		n++;
	return n;
}

/* Into argv, up to and with the NULL. */
static void collect(char **argv, const char *first, va_list ap)
{
	for (*argv = (char *)first; *argv; *argv = va_arg(ap, char *))
		argv++;
}

#define WITH_ARGUMENTS(first, call)                                                                \
	va_list ap;                                                                                \
	ptrdiff_t n;                                                                               \
                                                                                                   \
	va_start(ap, first);                                                                       \
	n = count(first, ap);                                                                      \
	va_end(ap);                                                                                \
	{                                                                                          \
		char *argv[n + 1], *const *envp = environ;                                         \
                                                                                                   \
		va_start(ap, first);                                                               \
		collect(argv, first, ap);                                                          \
		call;                                                                              \
	}

EXPORT int execl(const char *path, const char *arg, ...)
{
	WITH_ARGUMENTS(arg, va_end(ap); return execve(path, argv, envp))
}

EXPORT int execlp(const char *file, const char *arg, ...)
{
	WITH_ARGUMENTS(arg, va_end(ap); return execvpe(file, argv, envp))
}

EXPORT int execle(const char *path, const char *arg, ...)
{
	WITH_ARGUMENTS(arg, envp = va_arg(ap, char *const *); va_end(ap);
		       return execve(path, argv, envp))
}

/* syscall(SYS_execve, ...) and its sibling: see wrap_seccomp.c. */
long sonde_execve_call(long number, const char *path, char *const *argv, char *const *envp);
long sonde_execveat_call(long number, long fd, const char *path, char *const *argv,
			 char *const *envp, long flags);

__attribute__((used)) long sonde_execve_call(long number, const char *path, char *const *argv,
					     char *const *envp)
{
	return execve(path, argv, envp);
}

__attribute__((used)) long sonde_execveat_call(long number, long fd, const char *path,
					       char *const *argv, char *const *envp, long flags)
{
	return execveat((int)fd, path, argv, envp, (int)flags);
}
