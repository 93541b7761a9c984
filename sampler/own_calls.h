/* own_calls.h - the system calls that the library makes in its host once it samples, as a table.
 *
 *	OWN_CALL(group, must, name, arguments...)
 *
 * A row has arguments of the kind that the library uses, but harmless: with them the call fails or does nothing.  So a
 * row can be put to a filter program, and can be made for a trial.
 *
 * Groups: HANDLER may be made by the signal handler in any thread of the host (tests/e2e_seccomp holds it to that),
 * LIBRARY by the library's ordinary code, WRITER where the library writes the profile itself or says something (the
 * first two rows are what it needs to say that it steps back).
 * must: MUST_WORK where the library could not bear an error; else an error is as good as an answer.
 */
#ifndef SONDE_SAMPLER_OWN_CALLS_H
#define SONDE_SAMPLER_OWN_CALLS_H

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#define OWN_CALLS(OWN_CALL)                                                                        \
	OWN_CALL(WRITER, MUST_WORK, openat, AT_FDCWD, 0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,  \
		 0666)                                                                             \
	OWN_CALL(WRITER, MUST_WORK, write, -1, 0, 0)                                               \
	OWN_CALL(HANDLER, MUST_WORK, rt_sigreturn, 0)                                              \
	OWN_CALL(HANDLER, MAY_FAIL, timer_settime, -1, 0, 0, 0)                                    \
	OWN_CALL(HANDLER, MAY_FAIL, prctl, PR_GET_NAME, 0)                                         \
	OWN_CALL(HANDLER, MAY_FAIL, prctl, PR_GET_SECCOMP, 0)                                      \
	OWN_CALL(HANDLER, MUST_WORK, futex, 0, FUTEX_WAKE_PRIVATE, 1, 0)                           \
	OWN_CALL(HANDLER, MAY_FAIL, clock_gettime, CLOCK_THREAD_CPUTIME_ID, 0)                     \
	OWN_CALL(HANDLER, MAY_FAIL, rt_sigprocmask, -1, 0, 0, 8)                                   \
	OWN_CALL(HANDLER, MUST_WORK, munmap, 0, 0)                                                 \
	OWN_CALL(HANDLER, MUST_WORK, gettid, 0)                                                    \
	OWN_CALL(HANDLER, MAY_FAIL, process_vm_readv, 0, 0, 0, 0, 0, 0)                            \
	OWN_CALL(LIBRARY, MUST_WORK, futex, 0, FUTEX_WAIT_PRIVATE, 0, 0)                           \
	OWN_CALL(LIBRARY, MUST_WORK, getpid, 0)                                                    \
	OWN_CALL(LIBRARY, MAY_FAIL, timer_create, -1, 0, 0)                                        \
	OWN_CALL(LIBRARY, MAY_FAIL, timer_delete, -1)                                              \
	OWN_CALL(LIBRARY, MAY_FAIL, clock_gettime, CLOCK_PROCESS_CPUTIME_ID, 0)                    \
	OWN_CALL(LIBRARY, MAY_FAIL, rt_sigprocmask, SIG_BLOCK, 0, 0, 8)                            \
	OWN_CALL(LIBRARY, MAY_FAIL, rt_sigaction, SIGPROF, 0, 0, 8)                                \
	OWN_CALL(LIBRARY, MAY_FAIL, mmap, 0, 0, PROT_READ | PROT_WRITE,                            \
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)                                               \
	OWN_CALL(LIBRARY, MAY_FAIL, mmap, 0, 0, PROT_READ | PROT_WRITE, MAP_SHARED, -1, 0)         \
	OWN_CALL(LIBRARY, MAY_FAIL, madvise, 0, 0, MADV_POPULATE_WRITE)                            \
	OWN_CALL(LIBRARY, MAY_FAIL, mremap, 0, 0, 0, MREMAP_MAYMOVE)                               \
	OWN_CALL(LIBRARY, MAY_FAIL, openat, AT_FDCWD, 0, O_RDONLY | O_CLOEXEC, 0)                  \
	OWN_CALL(LIBRARY, MAY_FAIL, openat, AT_FDCWD, 0, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0)       \
	OWN_CALL(LIBRARY, MUST_WORK, close, -1)                                                    \
	OWN_CALL(LIBRARY, MAY_FAIL, read, -1, 0, 0)                                                \
	OWN_CALL(LIBRARY, MAY_FAIL, pread64, -1, 0, 0, 0)                                          \
	OWN_CALL(LIBRARY, MAY_FAIL, newfstatat, AT_FDCWD, 0, 0, 0)                                 \
	OWN_CALL(LIBRARY, MAY_FAIL, getdents64, -1, 0, 0)                                          \
	OWN_CALL(LIBRARY, MAY_FAIL, readlink, 0, 0, 0)                                             \
	OWN_CALL(LIBRARY, MAY_FAIL, getcwd, 0, 0)                                                  \
	OWN_CALL(LIBRARY, MAY_FAIL, prlimit64, 0, RLIMIT_FSIZE, 0, 0)                              \
	OWN_CALL(LIBRARY, MAY_FAIL, fallocate, -1, 0, 0, 0)                                        \
	OWN_CALL(LIBRARY, MAY_FAIL, unshare, CLONE_FILES)                                          \
	OWN_CALL(LIBRARY, MAY_FAIL, close_range, ~0U, ~0U, 0)                                      \
	OWN_CALL(LIBRARY, MAY_FAIL, unlink, 0)                                                     \
	OWN_CALL(WRITER, MUST_WORK, rename, 0, 0)

#endif
