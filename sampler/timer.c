/* timer.c - per-thread CPU-time timers, and how much CPU time one signal stands for.
 *
 * The kernel looks at CPU timers only at its scheduler tick (4 ms at CONFIG_HZ=250), whatever rate was asked for.
 * A timer that has run down since the last tick is delivered there, once, with an overrun count.  So:
 *
 *   - weight = 1 + overrun, and the total is right at any rate;
 *   - a thread's time before its first tick would be counted from its birth, its time after the last tick not at all,
 *     and most threads that live for less than a tick would not be seen.  Therefore the timer of a new thread runs
 *     down at once, its first signal comes with the first tick that hits it, and that signal stands for one whole
 *     tick: each tick hits a moment of the thread's time at random, so this is unbiased however short it lives.  Its
 *     timer is then set to the period, continuing from where the count stands;
 *   - how many of the short threads a tick happens to hit is chance.  When a thread ends its CPU time is known, and
 *     what its signals stood for too: the difference is a debt that the next first signals pay off, up to a tick
 *     each.  A debt says nothing of what the thread that pays it is doing, so no function gains by it, and the total
 *     follows the CPU time used instead of straying from it as the square root of the number of threads.  (What the
 *     end itself costs, in the kernel, is learnt from the process's clock: see threads.c.)
 *
 * What a preloaded library's host used before the library was started, loading programs mostly, is a debt as well.
 *
 * The count of a thread starts at a phase in [0, period).  Phases follow the golden ratio from a random beginning, so
 * that those of many threads are spread evenly.
 */
#include "sampler/timer.h"
#include "sampler/syscalls.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

static uint64_t period_ns, tick;
static int signal_number;
static _Atomic uint64_t next_phase;
static _Atomic int64_t debt_ns;

static int64_t clamp(int64_t v, int64_t limit)
{
	return v < -limit ? -limit : v > limit ? limit : v;
}

static uint64_t random_start(void)
{
	const uint64_t *random = (const uint64_t *)getauxval(AT_RANDOM);
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (random ? random[1] : 0) ^ (uint64_t)now.tv_nsec << 32 ^ (uint64_t)getpid() << 20;
}

void timer_setup(uint64_t period, int signal, uint64_t cpu_before_ns)
{
	struct timespec coarse;

	period_ns = period;
	signal_number = signal;
	/* The coarse clock is advanced at every tick, and its resolution is the tick's length. */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &coarse) || coarse.tv_sec ||
	    coarse.tv_nsec < 100000)
		coarse.tv_nsec = 4000000;
	tick = (uint64_t)coarse.tv_nsec;
	atomic_store(&next_phase, random_start());
	atomic_store(&debt_ns, clamp((int64_t)cpu_before_ns, (int64_t)tick));
}

void timer_use_signal(int signal)
{
	signal_number = signal;
}

static uint64_t draw_phase(void)
{
	uint64_t u = atomic_fetch_add(&next_phase, 0x9e3779b97f4a7c15ULL);

	return (uint64_t)((unsigned __int128)u * period_ns >> 64);
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ (time_t)(ns / 1000000000), (long)(ns % 1000000000) };
}

/* The kernel's name for "CPU time used by thread tid" (include/linux/posix-timers_types.h). */
static clockid_t thread_cpu_clock(pid_t tid)
{
	return (clockid_t)(~(unsigned)tid << 3 | 6);
}

static uint64_t ns_of(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_nsec;
}

uint64_t timer_thread_cpu_ns(pid_t tid)
{
	struct timespec t;

	return raw_syscall(SYS_clock_gettime, thread_cpu_clock(tid), (long)&t, 0, 0) == 0
		       ? ns_of(&t)
		       : 0;
}

/* The next expiry after so much more CPU time, then every period. */
static long set_timer(int timer, uint64_t first_ns)
{
	struct itimerspec spec = { timespec_of(period_ns), timespec_of(first_ns ? first_ns : 1) };

	return raw_syscall(SYS_timer_settime, timer, 0, (long)&spec, 0);
}

int timer_arm(struct thread *t)
{
	struct sigevent event;
	long rc;

	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_THREAD_ID;
	event.sigev_signo = signal_number;
	event.sigev_value.sival_ptr = t;
	event._sigev_un._tid = t->tid;
	rc = raw_syscall(SYS_timer_create, thread_cpu_clock(t->tid), (long)&event, (long)&t->timer,
			 0);
	if (rc < 0)
		return (int)rc;
	t->has_timer = true;
	t->is_young = true;
	t->represented_ns = 0;
	rc = set_timer(t->timer, 1);
	if (rc < 0)
		timer_delete_of(t);
	return (int)rc;
}

void timer_delete_of(struct thread *t)
{
	if (t->has_timer)
		raw_syscall(SYS_timer_delete, t->timer, 0, 0, 0);
	t->has_timer = false;
}

uint64_t timer_weight(struct thread *t, const siginfo_t *si)
{
	uint64_t weight = 1 + (uint64_t)(si->si_overrun > 0 ? si->si_overrun : 0), phase;
	int64_t paid;

	if (!t->is_young) {
		t->represented_ns += weight * period_ns;
		return weight;
	}
	t->is_young = false;
	paid = clamp(atomic_load(&debt_ns), (int64_t)tick);
	atomic_fetch_sub(&debt_ns, paid);
	t->represented_ns += tick;
	phase = draw_phase() + tick + (uint64_t)paid;
	set_timer(t->timer, period_ns - phase % period_ns);
	return phase / period_ns;
}

void timer_thread_ends(const struct thread *t, uint64_t cpu_ns)
{
	int64_t limit = (int64_t)tick * 4;

	/* A thread that ran for long without a signal blocks it: its time must not be laid on others. */
	if (t->is_young && (int64_t)cpu_ns > limit)
		return;
	atomic_fetch_add(&debt_ns, clamp((int64_t)(cpu_ns - t->represented_ns), limit));
}
