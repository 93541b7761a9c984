/* handler_cost.c - a program that sees how long it is interrupted, for bench/handler.
 *
 * usage: handler_cost none|perf|timer HZ CPU_MS
 *
 * Reads the clock in a tight loop, 30 frames deep, until it has used so much CPU time.  Two readings that lie far apart
 * are an interruption: the kernel's interrupt, the signal, the handler, the way back.  It costs what the thread's CPU
 * clock says, less what passed before it, so that other programs which run meanwhile count only as far as they empty
 * the caches.  The lower quartile of those with a signal goes to stdout: "signals 2390 quartile 2310" (nanoseconds).
 * perf and timer: an empty SA_SIGINFO handler is called by what sonde would use, a perf event or a timer on the
 * thread's CPU clock; none: whoever is preloaded does that.
 * "refused" where the kernel gives no perf event.
 */
#include <linux/perf_event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	FRAMES = 30,
	OTHERS = 7, /* _start and two of libc, main, watch, clock_ns and what it calls */
	APART_NS = 700,
	MOST = 1 << 20
};

static uint32_t gaps[MOST];
static unsigned n_gaps;

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* ---- interruptions ---- */

static void empty(int sig, siginfo_t *si, void *context)
{
	(void)sig, (void)si, (void)context;
}

static void handle(int sig)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_RESTART };

	action.sa_sigaction = empty;
	sigaction(sig, &action, NULL);
}

static int start_event(long hz)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_TASK_CLOCK;
	attr.sample_period = (uint64_t)(1000000000 / hz);
	attr.exclude_hv = 1;
	attr.sigtrap = 1;
	attr.remove_on_exec = 1;
	handle(SIGTRAP);
	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC) < 0 ? -1 : 0;
}

static int start_timer(long hz)
{
	struct itimerspec spec = { { 0, 1000000000 / hz }, { 0, 1000000000 / hz } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF };
	timer_t timer;

	handle(SIGPROF);
	return timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) ||
	       timer_settime(timer, 0, &spec, NULL);
}

/* ---- what is interrupted ---- */

/* The kernel lays a signal's frame below the stack pointer, over what is written there: so a signal is told from an
 * interruption without one, whoever has the handler.  (Nothing that watch() calls reaches down as far as NEAR.) */
enum { NEAR = 1024, FAR = 6144, PATTERN = 0x5a };

static inline __attribute__((always_inline)) bool signal_came(uintptr_t stack)
{
	bool came = false;

	for (uintptr_t at = stack - NEAR; at > stack - FAR; at -= 8) {
		came |= *(volatile uint64_t *)at != PATTERN;
		*(volatile uint64_t *)at = PATTERN;
	}
	return came;
}

/* What the clocks themselves take of what watch() measures. */
static int64_t clocks_ns(void)
{
	int64_t least = INT64_MAX;

	for (int i = 0; i < 1000; i++) {
		int64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		int64_t begin = clock_ns(CLOCK_MONOTONIC), last = clock_ns(CLOCK_MONOTONIC);
		int64_t took = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu - (last - begin);

		if (took < least)
			least = took;
	}
	return least;
}

static __attribute__((noinline, noclone)) void watch(int64_t cpu_ns)
{
	uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
	int64_t clocks = clocks_ns();

	for (int64_t cpu = 0, end; cpu < cpu_ns; cpu = end) {
		int64_t begin, last, now;

		signal_came(stack);
		cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		begin = last = clock_ns(CLOCK_MONOTONIC);
		while ((now = clock_ns(CLOCK_MONOTONIC)) - last < APART_NS)
			last = now;
		end = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		if (signal_came(stack) && n_gaps < MOST)
			gaps[n_gaps++] = (uint32_t)(end - cpu - (last - begin) - clocks);
	}
}

static __attribute__((noinline, noclone)) void descend(int frames, int64_t cpu_ns)
{
	if (frames > 0)
		descend(frames - 1, cpu_ns);
	else
		watch(cpu_ns);
	__asm__ volatile("" ::: "memory");
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	long hz = argc == 4 ? atol(argv[2]) : 0, cpu_ms = argc == 4 ? atol(argv[3]) : 0;
	int rc = 0;

	if (hz < 1 || cpu_ms < 1) {
		fprintf(stderr, "usage: handler_cost none|perf|timer HZ CPU_MS\n");
		return 2;
	}
	if (strcmp(argv[1], "perf") == 0)
		rc = start_event(hz);
	else if (strcmp(argv[1], "timer") == 0)
		rc = start_timer(hz);
	if (rc) {
		puts("refused");
		return 0;
	}
	descend(FRAMES - OTHERS - 1, cpu_ms * 1000000LL);
	qsort(gaps, n_gaps, sizeof(gaps[0]), compare);
	printf("signals %u quartile %u\n", n_gaps, n_gaps ? gaps[n_gaps / 4] : 0);
	return 0;
}
