/* tick.c - how much CPU time one signal stands for.
 *
 * tick_weight() runs inside the handler: arithmetic and, once for each thread, timer_settime.
 *
 * The kernel looks at CPU timers only at its scheduler tick (4 ms at CONFIG_HZ=250), whatever rate was asked for.
 * A timer that has run down since the last tick is delivered there, once, with an overrun count.  So:
 *
 *   - weight = 1 + overrun, and the total is right at any rate;
 *   - a thread's time before its first tick would be counted from its birth, its time after the last tick not at all,
 *     and most threads that live for less than a tick would not be seen.  Therefore the timer of a new thread runs
 *     down at once, its first signal comes with the first tick that hits it, and that signal stands for one whole
 *     tick: each tick hits a moment of the thread's time at random, so this is unbiased however short it lives.  (When
 *     the machine stood still and ticks were missed, the overrun tells, and it stands for all that time.)  Its timer is
 *     then set to the period, continuing from where the count stands;
 *   - how many of the short threads a tick happens to hit is chance.  When a thread ends its CPU time is known, and
 *     what its signals stood for too: the difference is a debt that the next first signals pay off, up to a tick
 *     each.  A debt says nothing of what the thread that pays it is doing, so no function gains by it, and the total
 *     follows the CPU time used instead of straying from it as the square root of the number of threads;
 *   - but where many threads begin together and then end together there is nobody left to pay, and where a busy machine
 *     takes the processor from a thread between ticks more often than at them, its ticks are too few.  So a thread that
 *     ends with whole periods of debt, its own and others', has them laid on one of its own samples (kept.c);
 *   - of processes shorter than a tick some are hit, and the others have no sample that a debt could be laid on: what the
 *     hits stand for is right on the average, and nothing is taken from them.
 *
 * The count of a thread starts at a phase in [0, period).  Phases follow the golden ratio from a random beginning, so
 * that those of many threads are spread evenly.
 */
#include "sampler/tick.h"
#include "sampler/kept.h"
#include "sampler/syscalls.h"

#include <time.h>

static uint64_t period_ns, tick;
static _Atomic uint64_t next_phase;
static _Atomic int64_t debt_ns;

static int64_t clamp(int64_t v, int64_t limit)
{
	return v < -limit ? -limit : v > limit ? limit : v;
}

void tick_setup(const struct tick_setup *setup)
{
	period_ns = setup->period_ns;
	tick = setup->tick_ns;
	atomic_store(&next_phase, setup->first_phase);
	atomic_store(&debt_ns, 0);
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

long tick_set_timer(int timer, uint64_t first_ns)
{
	struct itimerspec spec = { timespec_of(period_ns), timespec_of(first_ns ? first_ns : 1) };

	return raw_syscall(SYS_timer_settime, timer, 0, (long)&spec, 0);
}

uint64_t tick_weight(struct thread *t, const siginfo_t *si)
{
	uint64_t overrun = si->si_overrun > 0 ? (uint64_t)si->si_overrun : 0;
	uint64_t first = tick, phase;
	int64_t paid;

	if (!t->has_timer) /* deleted, and the signal was on its way */
		return 0;
	if (!t->is_young) {
		t->represented_ns += (1 + overrun) * period_ns;
		return 1 + overrun;
	}
	if (overrun * period_ns > first)
		first = overrun * period_ns;
	t->is_young = false;
	paid = clamp(atomic_load(&debt_ns), (int64_t)tick);
	atomic_fetch_sub(&debt_ns, paid);
	t->represented_ns += first;
	phase = draw_phase() + first + (uint64_t)paid;
	tick_set_timer(t->timer, period_ns - phase % period_ns);
	return phase / period_ns;
}

/* What a long life owes itself, rounded up or down as the debt of all says: so it is never a whole period from the truth. */
static int64_t share_of_long(int64_t own_ns, int64_t period)
{
	int64_t down = own_ns / period - (own_ns % period < 0);

	return down + (atomic_load(&debt_ns) - down * period >= period / 2);
}

/* What it owes itself, and of what others left one period, or as much as makes it half as long again, but no more than two
 * ticks (on a busy machine half the threads may end unseen).  (The debt of all is no measure of its own: it strays to both
 * sides.) */
static int64_t share_of_short(int64_t own_ns, int64_t cpu_ns, int64_t period)
{
	int64_t own = own_ns > 0 ? own_ns / period : 0;
	int64_t others = atomic_load(&debt_ns) / period - own;
	int64_t most = clamp(cpu_ns / 2, (int64_t)tick * 2) / period;

	most = most > 1 ? most : 1;
	return own + (others < -1 ? -1 : others > most ? most : others);
}

/* Whole periods on the thread's own sample. */
static void settle(struct thread *t, int64_t own_ns, int64_t cpu_ns)
{
	enum { LONG_LIFE = 32 }; /* periods */
	int64_t period = (int64_t)period_ns;
	bool is_long = cpu_ns >= LONG_LIFE * period;
	int64_t n = kept_add(t, is_long ? share_of_long(own_ns, period)
					: share_of_short(own_ns, cpu_ns, period));

	atomic_fetch_sub(&debt_ns, n * period);
}

void tick_thread_ends(struct thread *t, int64_t cpu_ns)
{
	int64_t own_ns = cpu_ns - (int64_t)t->represented_ns, limit = (int64_t)tick * 16;

	/* A thread that ran for long without a signal blocks it: its time must not be laid on others.  (Where a busy
	 * machine takes the processor from it before each tick, it may run for 60 ms without one.) */
	if (t->is_young && cpu_ns > limit)
		return;
	own_ns = clamp(own_ns, limit);
	atomic_fetch_add(&debt_ns, own_ns);
	settle(t, own_ns, cpu_ns);
}

void tick_process_ends(struct thread *t, int64_t cpu_ns)
{
	if (cpu_ns >= (int64_t)tick)
		tick_thread_ends(t, cpu_ns);
}
