/* timer.c - per-thread CPU-time timers: make and delete them.
 *
 * Made by raw system calls: glibc's timer_create has no name for another thread's CPU clock, and its timer_t hides
 * the kernel's number.
 */
#include "sampler/timer.h"
#include "base/hash.h"
#include "sampler/syscalls.h"
#include "sampler/tick.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

static int signal_number;

uint64_t timer_random(void)
{
	const char *bytes = (const char *)getauxval(AT_RANDOM); /* 16 of them, aligned to nothing */
	uint64_t random = 0;
	struct timespec now;

	if (bytes)
		memcpy(&random, bytes + sizeof(random), sizeof(random));
	clock_gettime(CLOCK_MONOTONIC, &now);
	random = hash_add(random, (uint64_t)now.tv_nsec);
	return hash_add(random, (uint64_t)getpid());
}

uint64_t timer_tick_ns(void)
{
	struct timespec coarse;

	/* The coarse clock is advanced at every tick, and its resolution is the tick's length. */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &coarse) || coarse.tv_sec ||
	    coarse.tv_nsec < 100000)
		return 4000000;
	return (uint64_t)coarse.tv_nsec;
}

void timer_setup(uint64_t period_ns, int signal, uint64_t first_phase)
{
	struct tick_setup setup = { .period_ns = period_ns, .first_phase = first_phase };

	setup.tick_ns = timer_tick_ns();
	tick_setup(&setup);
	signal_number = signal;
}

void timer_use_signal(int signal)
{
	signal_number = signal;
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
	struct timespec t = { 0, 0 };

	return raw_syscall(SYS_clock_gettime, thread_cpu_clock(tid), (long)&t, 0, 0) == 0
		       ? ns_of(&t)
		       : 0;
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
	t->clock_ns = (int64_t)timer_thread_cpu_ns(t->tid);
	rc = tick_set_timer(t->timer, 1);
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
