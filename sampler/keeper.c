/* keeper.c - the one thread that the library adds to its host.
 *
 * It does everything that may not be done in a handler and cannot wait for the end: grow the spool, compile the unwind
 * tables of libraries that were opened, find threads that came by clone().  It sleeps on a futex that the handler
 * wakes when it needs something, blocks all signals, and is not sampled.  It has a table of descriptors of its own: what
 * it opens never takes the number that the host is about to get, and it keeps nothing open that the host closes.
 */
#include "sampler/live.h"
#include "sampler/modules.h"
#include "sampler/session.h"
#include "sampler/store.h"
#include "sampler/syscalls.h"
#include "sampler/threads.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_NS = 50000000, SLOW_EVERY = 5, STACK_BYTES = 256 * 1024 };

static pthread_t keeper;
static _Atomic pid_t keeper_tid;
static _Atomic bool is_running; /* somebody is to join it */
static _Atomic bool has_left;	/* of its own accord */
static pthread_mutex_t pause_lock = PTHREAD_MUTEX_INITIALIZER;

static void wait_for_work(void)
{
	struct timespec pause = { 0, session_window_pause_ns(PAUSE_NS) };

	if (atomic_load(&live.wanted) == 0)
		raw_syscall(SYS_futex, (long)&live.wanted, FUTEX_WAIT_PRIVATE, 0, (long)&pause);
}

/* Where that is not allowed, its files come and go among the host's. */
static void leave_descriptors(void)
{
	if (raw_syscall(SYS_unshare, CLONE_FILES, 0, 0, 0) == 0)
		raw_syscall(SYS_close_range, 0, ~0U, 0, 0);
}

static void *leave(void)
{
	atomic_store(&has_left, true);
	return NULL;
}

static void *run(void *arg)
{
	leave_descriptors();
	prctl(PR_SET_NAME, "sonde");
	threads_ignore((pid_t)raw_syscall(SYS_gettid, 0, 0, 0, 0));
	for (unsigned round = 0;; round++) {
		int wanted;

		wait_for_work();
		wanted = atomic_exchange(&live.wanted, 0);
		if (wanted & WANT_STOP)
			return NULL;
		if (!session_window_lasts())
			return leave();
		if ((wanted & WANT_SEGMENT) || segment_is_half_full(atomic_load(&live.segment)))
			session_grow();
		if (!session_window_is_ahead())
			session_note_clocks(false);
		if (wanted & WANT_THREADS)
			threads_mend();
		if (round % SLOW_EVERY == 0) {
			if (threads_all_gone())
				return leave();
			threads_scan();
			if (atomic_load(&live.sampling))
				threads_look_after();
		}
		if ((wanted & WANT_MODULES) || (round % SLOW_EVERY == 0)) {
			if (modules_changed())
				modules_refresh();
			modules_compile();
		}
	}
}

/* Known at once, and not when the keeper comes to run: the clock of a thread is made of its number. */
static pid_t number_of(pthread_t thread)
{
	clockid_t clock;

	return pthread_getcpuclockid(thread, &clock) == 0 ? (pid_t) ~(clock >> 3) : 0;
}

int keeper_start(void)
{
	long least = sysconf(_SC_THREAD_STACK_MIN);
	pthread_attr_t attr;
	sigset_t all, old;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, least > STACK_BYTES ? (size_t)least : STACK_BYTES);
	sigfillset(&all);
	atomic_store(&has_left, false);
	real_sigmask(SIG_SETMASK, &all, &old);
	rc = real_pthread_create(&keeper, &attr, run, NULL);
	real_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	keeper_tid = rc == 0 ? number_of(keeper) : 0;
	is_running = rc == 0;
	return -rc;
}

/* pthread_join returns when the thread has let go of its memory, a little before it is no thread of the process any
 * more.  (A debugger may keep what is left of it, and a filter of the host's does not know these calls.) */
static void wait_until_gone(void)
{
	struct timespec pause = { 0, 50000 };
	pid_t pid = getpid();

	if (raw_syscall(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0) != 0)
		return;
	for (int tries = 0; tries < 2000; tries++) {
		if (raw_syscall(SYS_tgkill, pid, keeper_tid, 0, 0) != 0)
			return;
		raw_syscall(SYS_nanosleep, (long)&pause, 0, 0, 0);
	}
}

void keeper_stop(void)
{
	if (!is_running)
		return;
	live_want(WANT_STOP);
	pthread_join(keeper, NULL);
	wait_until_gone();
	threads_ignore(0);
	atomic_store(&live.wanted, 0);
	is_running = false;
}

bool keeper_pause(void)
{
	if (!is_running || !session_is_of_this_process())
		return false;
	pthread_mutex_lock(&pause_lock);
	if (is_running) {
		keeper_stop();
		return true;
	}
	pthread_mutex_unlock(&pause_lock);
	return false;
}

void keeper_resume(void)
{
	keeper_start();
	pthread_mutex_unlock(&pause_lock);
}

void keeper_forked(void)
{
	atomic_store(&live.wanted, 0);
	is_running = false;
}

bool keeper_is_counted(void)
{
	return is_running && !has_left && session_is_of_this_process();
}

bool keeper_is(pid_t tid)
{
	return tid == keeper_tid && keeper_is_counted();
}
