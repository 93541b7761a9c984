/* thread_account.c - the CPU time of the process that no sample stands for, because its thread was not sampled then.
 *
 * What threads use before they are armed and after they left shows in the process's clock alone; so does that of the
 * library's own thread, which is not sampled.
 */
#include "sampler/live.h"
#include "sampler/thread_records.h"
#include "sampler/timer.h"

#include <time.h>

static _Atomic pid_t ignored; /* 0 = none */
static _Atomic uint64_t ignored_before_ns,
	ignored_seen_ns; /* CPU time: of those before it, and with it */
static struct {
	int64_t n;	     /* threads that ended */
	int64_t seen_ns;     /* CPU time of theirs while they were armed */
	int64_t at_start_ns; /* cpu_of_the_unarmed() when sampling began */
	_Atomic int64_t unseen_ns;
} ends;

void threads_ignore(pid_t tid)
{
	threads_lock();
	ignored_before_ns = atomic_load(&ignored_seen_ns);
	ignored = tid;
	threads_unlock();
}

uint64_t threads_ignored_cpu_ns(void)
{
	uint64_t now = ignored ? timer_thread_cpu_ns(ignored) : 0;

	if (now)
		ignored_seen_ns = ignored_before_ns + now;
	return ignored_seen_ns;
}

/* The CPU time of the process that is not that of a living thread, since it was armed. */
static int64_t cpu_of_the_unarmed(void)
{
	struct timespec process = { 0, 0 };
	int64_t armed = (int64_t)threads_ignored_cpu_ns();

	FOR_EACH_THREAD(t)
	if (t->tid)
		armed += (int64_t)timer_thread_cpu_ns(t->tid) - t->since_ns;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &process);
	return (int64_t)process.tv_sec * 1000000000 + process.tv_nsec - armed;
}

/* What threads use before they are armed and after they left shows in the process's clock alone; for a thread that
 * lives 1 ms it is a tenth.  (Threads that nobody saw are in it too, so it is bounded by what starts and ends cost.) */
static void note_unseen(bool to_the_end)
{
	enum { FEW_THREADS = 64, MOST_NS = 500000 };
	int64_t ns;

	if ((thread_records.n_running > FEW_THREADS && !to_the_end) ||
	    (ends.n == 0 && thread_records.n_running < 2))
		return;
	ns = cpu_of_the_unarmed() - ends.at_start_ns - ends.seen_ns;
	if (ns > (ends.n + thread_records.n_running) * MOST_NS)
		ns = (ends.n + thread_records.n_running) * MOST_NS;
	if (ns > 0)
		ends.unseen_ns = ns;
}

/* (A thread that ends with the process may hold the lock for ever.) */
uint64_t threads_unseen_cpu_ns(bool to_the_end)
{
	if (threads_trylock()) {
		note_unseen(to_the_end);
		threads_unlock();
	}
	return (uint64_t)ends.unseen_ns;
}

void thread_account_end(struct thread *t, int64_t cpu_ns)
{
	if (!atomic_load(&live.sampling))
		return;
	if (t->since_birth)
		engine_thread_ends(t, cpu_ns);
	ends.n++;
	ends.seen_ns += cpu_ns - t->since_ns;
}

void thread_account_vanished(struct thread *t)
{
	/* what its signals stood for is what is known */
	ends.seen_ns += t->clock_ns + (t->has_timer ? (int64_t)t->represented_ns : 0);
}

static void forget_ignored(void)
{
	ignored_before_ns = ignored_seen_ns = 0;
}

void thread_account_begin(void)
{
	forget_ignored();
	ends.n = ends.seen_ns = 0;
	ends.unseen_ns = 0;
	ends.at_start_ns = cpu_of_the_unarmed();
}

void thread_account_forked(void)
{
	ignored = 0;
	forget_ignored();
}

bool thread_is_ignored(pid_t tid)
{
	return tid == ignored;
}

bool thread_has_ignored(void)
{
	return ignored != 0;
}
