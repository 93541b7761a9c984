/* due.c - how much CPU time one signal of a perf event stands for.
 *
 * Runs inside the handler: arithmetic, one reading of the thread's CPU clock, and sometimes event_change().
 *
 * Signals are not counted: each stands for what the thread's CPU clock advanced, so that a signal that was blocked,
 * merged with another or late takes nothing from the total.  A thread's time is divided by due points, one period
 * apart, the first at a random phase (engine.c draws it), and each is represented by a signal near it.
 *
 * Signals do not come at the due points exactly.  The timer and the clock drift apart by what a virtual machine's host
 * steals, and a signal comes a little later out of a system call than out of a loop.  So a signal stands for the time
 * since the last one, rounded to whole periods: one, as a rule, wherever it was late.  Only when signals have drifted
 * three quarters of a period away from their due points does one stand for one more or one less.  (If each stood for
 * the due points nearest to it, then whenever the drift comes by the middle between two points the late ones would
 * stand for two periods and the others for none.)
 *
 * An event has one period, and the first expiry must come at the first due point.  So its period is that phase at
 * first, and signals come too often: those between due points stand for nothing, and only one that comes after a due
 * point stands for it.  The event is replaced by one of the right period, at a due point so that the next signals come
 * at due points too: at the first if its period is much too short, else when there were a few in vain.  That costs as
 * much as two signals; many short threads are gone before.
 */
#include "sampler/due.h"
#include "sampler/event.h"
#include "sampler/live.h"
#include "sampler/syscalls.h"

#include <time.h>

enum { MOST_IDLE = 4, LONGEST_PAUSE = 20000000 };

static int64_t period;

void due_setup(uint64_t period_ns)
{
	period = (int64_t)period_ns;
}

/* (A seccomp filter of the host may forbid the clock; then the signals are all there is to count.) */
static int64_t cpu_clock_ns(const struct thread *t)
{
	struct timespec now = { 0, 0 };

	if (raw_syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, (long)&now, 0, 0) < 0)
		return t->clock_ns + (int64_t)t->event_period_ns;
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void right_period(struct thread *t)
{
	t->idle_signals = 0;
	if (event_change(t, (uint64_t)period) == 0 || t->event_period_ns >= (uint64_t)period / 2)
		return;
	event_stop(t); /* the keeper gives it a timer */
	t->lacks_engine = true;
	live_want(WANT_THREADS);
}

/* A walk through hundreds of frames that have no rules may take longer than a period at high rates.  Then the next signal
 * would be there before the thread does anything at all, for ever.  (Whatever its period, a signal stands for the time
 * since the last one.) */
void due_handled(struct thread *t, bool may_be_long)
{
	int64_t took, pause;

	if (!atomic_load(&t->event))
		return;
	if (!may_be_long) {
		if (t->event_period_ns > (uint64_t)period)
			right_period(t);
		return;
	}
	took = cpu_clock_ns(t) - t->clock_ns;
	pause = took * 8 < LONGEST_PAUSE ? took * 8 : LONGEST_PAUSE;
	if (took * 4 > (int64_t)t->event_period_ns && pause > period)
		(void)event_change(t, (uint64_t)pause);
}

/* The due points that were passed, or are reached within a moment. */
static uint64_t points_until(const struct thread *t, int64_t now)
{
	int64_t past = now + period / 16 - t->due_ns;

	return past < 0 ? 0 : (uint64_t)(past / period) + 1;
}

static uint64_t periods_until(const struct thread *t, int64_t now)
{
	int64_t n = (now - t->counted_ns + period / 2) / period;
	int64_t late = now - (t->due_ns + (n - 1) * period), most = period / 4 * 3;

	if (late >= most)
		n++;
	else if (late < -most)
		n--;
	return n > 0 ? (uint64_t)n : 0;
}

uint64_t due_weight(struct thread *t)
{
	bool is_first_event = t->event_period_ns != (uint64_t)period;
	uint64_t n;
	int64_t now;

	if (!atomic_load(&t->event)) /* stopped, and the signal was on its way */
		return 0;
	now = t->clock_ns = cpu_clock_ns(t);
	n = is_first_event ? points_until(t, now) : periods_until(t, now);
	if (n == 0) {
		t->idle_signals++;
		return 0;
	}
	t->due_ns += (int64_t)n * period;
	t->counted_ns = now;
	if (is_first_event &&
	    (t->event_period_ns < (uint64_t)period / 2 || t->idle_signals >= MOST_IDLE))
		right_period(t);
	if (t->owed) {
		t->owed--;
		n++;
	}
	return n;
}
